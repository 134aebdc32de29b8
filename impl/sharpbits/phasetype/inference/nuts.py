"""The No-U-Turn sampler (blackjax) on the same log-density as the particles: their check, and exact in the long run.

Source: Hoffman and Gelman, "The No-U-Turn Sampler", Journal of Machine Learning Research 15:1593 (2014). Chains begin
as seeded draws from the normal distribution at the mode, twice as wide; step size and mass matrix are adapted in the
warm-up that is thrown away, as Stan does.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64

from sharpbits.errors import UsageError
from sharpbits.extras import needs_extra
from sharpbits.phasetype.inference.draws import Draws
from sharpbits.phasetype.inference.errors import NotConvergedError
from sharpbits.phasetype.inference.posterior import Posterior
from sharpbits.phasetype.inference.whitening import whitened

logger = logging.getLogger(__name__)

#: R̂ above which chains do not agree (Vehtari et al., "Rank-normalization, folding, and localization", 2021), and above
#: which their draws are no result.
_DOUBTFUL, _USELESS = 1.01, 1.1


def nuts(
    posterior: Posterior,
    *,
    draws: int = 1000,
    warmup: int = 500,
    chains: int = 4,
    seed: int = 0,
    starts: int = 5,
    report: Callable[[int, int, float], None] | None = None,
) -> Draws:
    """Return parameters drawn from the posterior.

    Parameters
    ----------
    posterior
        Of the parameters.
    draws, warmup
        Of each chain: how many are kept, and how many before are not.
    chains
        Their number, at least 2: that they agree is what shows that they have forgotten where they began.
    seed
        Of all that is drawn.
    starts
        Of the search for the mode.
    report
        Is given the number of chains done, that of all, and the mean acceptance of the last.

    Raises
    ------
    UsageError
        Fewer than 4 draws, 20 of warm-up or 2 chains are asked for, or blackjax is not installed.
    NotConvergedError
        The chains do not agree.
    """
    if draws < 4 or warmup < 20 or chains < 2:
        raise UsageError(
            "the posterior cannot be sampled",
            why=f"{draws} draws after {warmup} of warm-up in {chains} chains were asked for",
            resolution="ask for at least 4 draws, 20 of warm-up and 2 chains",
        )
    blackjax = _blackjax()
    began = time.perf_counter()
    white = whitened(posterior, starts=starts, seed=seed)

    @jax.jit
    def chain(key: Any) -> tuple[Any, Any]:
        to_start, to_warm, to_draw = jax.random.split(key, 3)
        start = 2 * jax.random.normal(to_start, (len(white.mode),), jnp.float64)
        adaptation = blackjax.window_adaptation(blackjax.nuts, white.log_density)
        (state, parameters), _ = adaptation.run(to_warm, start, num_steps=warmup)
        step = blackjax.nuts(white.log_density, **parameters).step

        def draw(state: Any, key: Any) -> tuple[Any, Any]:
            state, info = step(key, state)
            return state, (state.position, info.is_divergent, info.acceptance_rate)

        _, (place, divergent, acceptance) = jax.lax.scan(draw, state, jax.random.split(to_draw, draws))
        return white.parameters(place), (jnp.sum(divergent), jnp.mean(acceptance))

    found, told = [], []
    for key in jax.random.split(jax.random.key(seed), chains):
        theta, info = chain(key)
        found.append(np.asarray(theta))
        told.append(tuple(map(float, info)))
        if report is not None:
            report(len(found), chains, told[-1][1])
    theta = np.stack(found)
    divergent = int(sum(count for count, _ in told))
    agreed = agreement(theta, divergent=divergent)
    return Draws(
        method="nuts",
        theta=theta,
        priors=tuple(posterior.priors),
        settled=agreed.settled,
        diagnostics={
            "chains": chains,
            "draws": draws,
            "warmup": warmup,
            "divergent": divergent,
            "acceptance": float(np.mean([acceptance for _, acceptance in told])),
            "seconds": time.perf_counter() - began,
        },
        effective=agreed.effective,
        r_hat=agreed.r_hat,
    )


class Agreement(NamedTuple):
    """How well chains agree; see :class:`~sharpbits.phasetype.inference.Draws`."""

    settled: bool
    effective: Float64[np.ndarray, " parameters"]
    r_hat: Float64[np.ndarray, " parameters"]


def agreement(theta: Float64[np.ndarray, "chains draws parameters"], *, divergent: int) -> Agreement:
    """Return how well chains agree, by blackjax; a doubt is logged.

    Parameters
    ----------
    theta
        What they drew.
    divergent
        How many of their steps went astray.

    Raises
    ------
    NotConvergedError
        They do not agree.
    """
    diagnostics = _blackjax().diagnostics
    r_hat = np.asarray(diagnostics.potential_scale_reduction(theta)).reshape(-1)
    if not np.all(r_hat <= _USELESS):
        raise NotConvergedError(
            "the posterior could not be sampled",
            why="the chains do not agree",
            resolution="draw more, warm up longer, or use priors that say more",
            r_hat=[round(float(one), 3) for one in r_hat],
            means=np.round(theta.mean(axis=1), 6).tolist(),
        )
    settled = divergent == 0 and bool(np.all(r_hat <= _DOUBTFUL))
    if not settled:
        logger.warning(
            "nuts: %d divergent steps, and chains that agree to R̂ = %.3f: draw more, or warm up longer",
            divergent,
            float(np.max(r_hat)),
        )
    return Agreement(settled, np.asarray(diagnostics.effective_sample_size(theta)).reshape(-1), r_hat)


def _blackjax() -> Any:
    with needs_extra("the posterior cannot be sampled by nuts", "phasetype"), warnings.catch_warnings():
        # What it imports warns of its own code: escapes in text, packages that are no longer cared for.
        warnings.simplefilter("ignore")
        import blackjax
        import blackjax.diagnostics
    return blackjax
