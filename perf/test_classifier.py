"""Gates of the classifier: one batch gradient of the mean binary cross entropy, and an epoch.

Like is compared with like: float64 with peers whose amplitudes are complex128 (Lightning's always are under ``qjit``),
float32 with complex64. The larger grid, the figures of a machine and the plot: ``perf/classifier_scaling.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("catalyst", reason="the gates of the classifier need the extra catalyst")
optax = pytest.importorskip("optax", reason="the gates of the classifier need the extra classifier")

import classifier_steps as steps  # noqa: E402
from classifier_steps import Size  # noqa: E402
from sharpbits.classifier.modes import State, get_mode  # noqa: E402

DOUBLE = {"rtol": 1e-8, "atol": 1e-11}
SINGLE = {"rtol": 1e-3, "atol": 1e-5}


#: One of wires and rows varied at a time.
SIZES = [Size(), Size(wires=4), Size(wires=12), Size(rows=1), Size(rows=16), Size(rows=1024)]
#: A call of vmap(qjit) takes seconds where there are many rows.
SIZES_OF_VMAP = [*SIZES[:-1], pytest.param(SIZES[-1], marks=pytest.mark.long)]


@pytest.mark.parametrize("size", SIZES_OF_VMAP, ids=str)
def test_a_fused_gradient_is_forty_times_as_fast_as_vmap_of_qjit(contest: Callable[..., Any], size: Size) -> None:
    """Peer: the QNode compiled by Catalyst, one launch of it for each sample; JAX's part of the step is jitted too.

    Seen: several hundred times (perf/README.md). Forty leaves room for a machine that is busy with other things.
    """
    contest(steps.fused(size), steps.vmap(size), at_least=40.0, max_seconds=10, **DOUBLE)


# Without 64-bit types default.qubit still asks for complex128, is given complex64, and JAX remarks on it.
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")
@pytest.mark.parametrize("size", [*SIZES, Size(dtype="float32")], ids=str)
def test_a_fused_gradient_is_four_times_as_fast_as_backprop(contest: Callable[..., Any], size: Size) -> None:
    """Peer: the fastest that PennyLane offers on a CPU, compiled by XLA as a whole."""
    agreement = DOUBLE if size.dtype == "float64" else SINGLE
    contest(steps.fused(size), steps.backprop(size), at_least=4.0, max_seconds=10, **agreement)


@pytest.mark.parametrize("sizes", [{"rows": 1024}, {"wires": 12}], ids=str)
def test_single_precision_is_half_as_fast_again_as_double(contest: Callable[..., Any], sizes: dict[str, Any]) -> None:
    """Twice as many samples in a vector and half the memory; the call itself costs the same in both."""
    single, double = Size(**sizes, dtype="float32"), Size(**sizes)
    contest(steps.fused(single), steps.fused(double), at_least=1.5, max_seconds=10, **SINGLE)


@pytest.mark.parametrize("size", SIZES_OF_VMAP, ids=str)
def test_a_native_gradient_is_several_times_as_fast_as_vmap_of_qjit(contest: Callable[..., Any], size: Size) -> None:
    """The same Lightning kernels on fewer gates, launched from compiled code; the peer is differentiated call by call.

    Six times. At 12 wires most of the time is Lightning's own adjoint pass, which both have, so the ratio is the
    machine's: the same code was seen 5.6 and 7.9 times as fast. There it is four and a half.
    """
    at_least = 6.0 if size.wires < 12 else 4.5
    contest(steps.native(size), steps.vmap(size, jit=False), at_least=at_least, max_seconds=15, **DOUBLE)


def test_an_epoch_of_ten_thousand_rows_is_one_program(contest: Callable[..., Any]) -> None:
    """157 steps of Adam in one compiled call cost at most a quarter more than their gradients alone, one by one."""
    rows, batch, size = 10_000, 64, Size(dtype="float32")
    mode = get_mode("fused", "statevector", layers=size.layers, wires=size.wires, dtype=size.dtype)
    parameters, angles, labels = steps.problem(Size(size.wires, rows, size.layers, size.dtype))
    rows_of = np.resize(np.random.default_rng(0).permutation(rows), (-(-rows // batch), batch))
    optimiser = optax.adam(0.05)
    with steps.types_of(Size()):
        epoch = mode.epoch(optimiser)
        order, weights = jnp.asarray(rows_of), jnp.ones(rows_of.shape, size.dtype)

    def whole() -> Any:
        with steps.types_of(Size()):
            fresh = jax.tree.map(jnp.copy, parameters)  # an epoch takes its state with it
            return epoch(State(fresh, optimiser.init(fresh)), angles, labels, order, weights)

    gradient = steps.fused(size)

    def one_by_one() -> Any:
        return [gradient() for _ in range(len(order))]

    contest(whole, one_by_one, at_least=0.8, max_seconds=15)
