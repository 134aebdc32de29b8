"""Parameters drawn from a posterior, and what they say: mean, standard deviation, quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from sharpbits.errors import UsageError
from sharpbits.phasetype.inference.priors import Prior


@dataclass(frozen=True)
class ParameterSummary:
    """What is known of one parameter.

    Attributes
    ----------
    mean, standard_deviation
        Of the posterior.
    quantiles
        Probability: the parameter below which it lies.
    effective
        How many independent draws would tell its mean as well; None for particles, which are placed, not drawn.
    r_hat
        How much wider the chains are together than each is; 1 where they agree; None for particles.
    """

    mean: float
    standard_deviation: float
    quantiles: Mapping[float, float]
    effective: float | None
    r_hat: float | None


@dataclass(frozen=True, eq=False)
class Draws:
    """Parameters of a posterior.

    Attributes
    ----------
    method
        ``svgd`` or ``nuts``.
    theta
        ``[chains, draws, p]``; particles are one chain.
    priors
        Of the parameters.
    settled
        Whether the method came to its end: particles at rest, chains in agreement.
    diagnostics
        What the method tells of itself.
    effective, r_hat
        ``[p]``, or None; see :class:`ParameterSummary`.
    """

    method: str
    theta: Float64[np.ndarray, "chains draws parameters"]
    priors: Sequence[Prior]
    settled: bool
    diagnostics: Mapping[str, float | int | str] = field(default_factory=dict)
    effective: Float64[np.ndarray, " parameters"] | None = None
    r_hat: Float64[np.ndarray, " parameters"] | None = None

    @property
    def pooled(self) -> Float64[np.ndarray, "all parameters"]:
        """The draws of all chains."""
        return self.theta.reshape(-1, self.theta.shape[-1])

    def summary(self, probabilities: Sequence[float] = (0.025, 0.25, 0.5, 0.75, 0.975)) -> tuple[ParameterSummary, ...]:
        """Return what is known of each parameter.

        Raises
        ------
        UsageError
            A probability is not between 0 and 1.
        """
        if not all(0 <= probability <= 1 for probability in probabilities):
            raise UsageError(
                "there are no such quantiles",
                why=f"{list(probabilities)} are not all probabilities",
                resolution="give numbers between 0 and 1",
            )
        pooled = self.pooled
        quantiles = np.quantile(pooled, probabilities, axis=0)
        return tuple(
            ParameterSummary(
                mean=float(pooled[:, at].mean()),
                standard_deviation=float(pooled[:, at].std()),
                quantiles=dict(zip(map(float, probabilities), map(float, quantiles[:, at]), strict=True)),
                effective=None if self.effective is None else float(self.effective[at]),
                r_hat=None if self.r_hat is None else float(self.r_hat[at]),
            )
            for at in range(pooled.shape[1])
        )
