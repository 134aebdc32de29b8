"""The errors of the classifier: in the shape of :mod:`sharpbits.errors`, of the types that scikit-learn expects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sklearn.exceptions import NotFittedError

from sharpbits.errors import SharpbitsError, UsageError


class InvalidDataError(SharpbitsError, ValueError):
    """The data has the wrong shape or content: a third class, a NaN, a text in a column of numbers."""


class InvalidTypeError(SharpbitsError, TypeError):
    """The data is of a kind that cannot be used at all, e.g. a sparse matrix."""


class UntrainedError(SharpbitsError, NotFittedError):  # type: ignore[misc]
    """A model that was not trained yet is asked for an answer."""


class UnavailableError(UsageError):
    """A mode or a device needs something that is not installed here; the resolution says what."""


class UnsupportedError(UsageError):
    """A mode, a device and an option that make no sense together."""


class DivergenceError(SharpbitsError):
    """The loss is no longer a finite number.

    Attributes
    ----------
    epoch, step, batch
        Where: the epoch and the batch within it count from 1, the step counts from 1 over all epochs.
    """

    def __init__(self, what: str, *, why: str, resolution: str, epoch: int, step: int, batch: int) -> None:
        super().__init__(what, why=why, resolution=resolution, epoch=epoch, step=step, batch=batch)
        self.epoch = epoch
        self.step = step
        self.batch = batch


@contextmanager
def as_ours() -> Iterator[None]:
    """Raise scikit-learn's complaints about data in the shape of our errors, which are of the same built-in types."""
    try:
        yield
    except NotFittedError as error:
        raise UntrainedError("the model is not trained", why=str(error), resolution="call fit first") from error
    except ValueError as error:
        raise InvalidDataError("the data cannot be used", why=str(error), resolution="correct the data") from error
    except TypeError as error:
        raise InvalidTypeError(
            "the data cannot be used", why=str(error), resolution="give a dense array of numbers"
        ) from error
