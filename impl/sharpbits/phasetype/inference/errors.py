"""What can go wrong when a graph is fitted to observations."""

from __future__ import annotations

from sharpbits.errors import SharpbitsError, UsageError


class DataError(UsageError, ValueError):
    """Observations are malformed, or impossible under the model whatever its parameters."""


class FitError(SharpbitsError):
    """A fit was tried and has no result."""


class NotConvergedError(FitError):
    """No start of an optimiser, or no chain, came to an end."""


class NotIdentifiedError(FitError):
    """The observations do not determine the parameters: in a direction the likelihood is flat, or rises without end."""


class DeviceError(SharpbitsError, RuntimeError):
    """What was asked for needs more devices than JAX has."""
