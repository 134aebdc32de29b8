"""Mode ``fused``: the batch as one statevector computation with its own derivative, no PennyLane device."""

from __future__ import annotations

from sharpbits.classifier.errors import UnavailableError
from sharpbits.classifier.modes.base import JaxMode, Setup


class Fused(JaxMode):
    """The kernel of :mod:`sharpbits.classifier.fused` for all rows at once."""

    def __init__(self, setup: Setup) -> None:
        try:
            from sharpbits.classifier.fused import expectation
        except ImportError as error:
            raise UnavailableError(
                "the mode fused is not available",
                why=f"its kernel is not part of this installation: {error}",
                resolution="install sharpbits with a C++ compiler at hand, or name another mode",
            ) from error
        super().__init__(setup, expectation)
