"""The batched statevector in ``jax.numpy``, for GPUs: the same method as the kernel, in whole-array operations.

Rotations of neighbouring wires are merged into one real matrix and applied by matrix products, which is what a GPU does
best; diagonals and the ring are element-wise. See ``impl/native/classifier/circuit.hpp`` for the identities used.
Whatever runs over all indices of a state is an outer combination of two tables over half of the wires each: few and
small operations, which XLA compiles in little time.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

#: This many neighbouring wires are rotated by one matrix product.
_MERGED = 5

#: Tensor cores would round to ten bits.
_einsum = functools.partial(jnp.einsum, precision=jax.lax.Precision.HIGHEST)


class _State(NamedTuple):
    """Real and imaginary parts, ``[rows, 2**wires]``; wire 0 is the most significant bit of the index."""

    re: jax.Array
    im: jax.Array


@jax.jit
def value(weights: jax.Array, angles: jax.Array) -> jax.Array:
    """Return ``<Z0>[rows]`` of ``weights[layers, wires, 3]`` and ``angles[rows, wires]``, both of one type."""
    if angles.shape[0] == 0:
        return jnp.zeros(0, angles.dtype)
    if weights.shape[0] == 0:
        return jnp.cos(angles[:, 0]) + _taint(angles)
    ket, _ = _final_state(weights, angles)
    return _measure(ket, weights.shape[1]) + _taint(weights)


@jax.jit
def value_and_jacobian(weights: jax.Array, angles: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return ``<Z0>[rows]`` and its derivatives ``[rows, layers, wires, 3]`` and ``[rows, wires]``."""
    layers, wires, _ = weights.shape
    rows = angles.shape[0]
    if rows == 0:
        return value(weights, angles), jnp.zeros((0, *weights.shape), weights.dtype), angles
    if layers == 0:
        by_angles = jnp.zeros_like(angles).at[:, 0].set(-jnp.sin(angles[:, 0])) + _taint(angles)[:, None]
        return value(weights, angles), jnp.zeros((rows, 0, wires, 3), weights.dtype), by_angles
    ket, before_last = _final_state(weights, angles)
    z = _measure(ket, wires) + _taint(weights)
    bra = _State(*(part * _observable(wires, ket.re.dtype) for part in ket))
    unused = jnp.zeros((rows, wires), weights.dtype)
    first, second, third = [unused] * layers, [unused] * layers, [unused] * layers
    for layer in range(layers - 1, 0, -1):
        second[layer] = _rotation_overlaps(bra, ket, wires)
        # The last state before a rotation was kept on the way forward, the others are computed back.
        bra = _unring(_rotate(bra, -weights[layer, :, 1]), weights, layer)
        ket = before_last if layer == layers - 1 else _unring(_rotate(ket, -weights[layer, :, 1]), weights, layer)
        change = bra.re * ket.im - bra.im * ket.re
        first[layer] = _signed_sums(change[:, _before_ring(wires)], wires)
        if layer > 1:
            third[layer - 1] = _signed_sums(change, wires)
    by_first_layer, by_angles = _differentiate_product(bra, weights[0], angles)
    by_weights = jnp.stack([jnp.stack(kinds, axis=-1) for kinds in zip(first, second, third, strict=True)], axis=1)
    return z, by_weights.at[:, 0].set(by_first_layer), by_angles


def _taint(numbers: jax.Array) -> jax.Array:
    """Return zero, or NaN where a number is not finite: the value does not depend on all of them, its validity does."""
    axes = (0, 1, 2) if numbers.ndim == 3 else (1,)
    return jnp.sum(numbers - numbers, axis=axes)


def _final_state(weights: jax.Array, angles: jax.Array) -> tuple[_State, _State]:
    """Return the state before the last ring, and the state before the ring before."""
    factors = _factors(_matrices(weights[0]), _encode(angles))
    high, low = (_product(half) for half in _halves(factors))
    product = (high[:, :, None] * low[:, None, :]).reshape(angles.shape[0], -1)
    ket = before = _State(product.real, product.imag)
    for layer in range(1, weights.shape[0]):
        before = ket
        ket = _rotate(_ring(ket, weights, layer), weights[layer, :, 1])
    return ket, before


# Layer 0


def _encode(angles: jax.Array) -> jax.Array:
    """Return RY(angles)|0>, ``[rows, wires, 2]``."""
    return jnp.stack([jnp.cos(angles / 2), jnp.sin(angles / 2)], axis=-1)


def _matrices(angles: jax.Array) -> jax.Array:
    """Return RZ(angles[2]) RY(angles[1]) RZ(angles[0]) for ``angles[wires, 3]``: complex ``[wires, 2, 2]``."""
    cosine, sine = jnp.cos(angles[:, 1] / 2), jnp.sin(angles[:, 1] / 2)
    plus, minus = (angles[:, 2] + angles[:, 0]) / 2, (angles[:, 2] - angles[:, 0]) / 2
    size = jnp.stack([cosine, -sine, sine, cosine], axis=-1)
    phase = jnp.stack([-plus, -minus, minus, plus], axis=-1)
    return jax.lax.complex(size * jnp.cos(phase), size * jnp.sin(phase)).reshape(-1, 2, 2)


def _derivatives(angles: jax.Array) -> jax.Array:
    """Return the derivatives of :func:`_matrices`, ``[3, wires, 2, 2]``: a rotation by a further half turn, halved."""
    shifts = np.pi * np.eye(3)[:, None, :]
    return jnp.stack([_matrices(angles + jnp.asarray(shift, angles.dtype)) for shift in shifts]) / 2


def _factors(matrices: jax.Array, encoded: jax.Array) -> jax.Array:
    """Return each wire's state behind the rotations of layer 0, ``[rows, wires, 2]``."""
    return jnp.sum(matrices * encoded[:, :, None, :], axis=-1)


def _halves(factors: jax.Array) -> tuple[jax.Array, jax.Array]:
    middle = factors.shape[1] // 2
    return factors[:, :middle], factors[:, middle:]


def _product(factors: jax.Array) -> jax.Array:
    """Return the product state of ``factors[rows, wires, 2]``, ``[rows, 2**wires]``."""
    bits = _bits(factors.shape[1])
    return jnp.prod(jnp.where(bits, factors[:, None, :, 1], factors[:, None, :, 0]), axis=-1)


def _differentiate_product(bra: _State, weights: jax.Array, angles: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the derivatives by layer 0 and by the angles, given the bra behind the rotations of layer 0."""
    encoded = _encode(angles)
    turned = jnp.stack([-encoded[..., 1], encoded[..., 0]], axis=-1)
    matrices, derivatives = _matrices(weights), _derivatives(weights)
    high, low = _halves(_factors(matrices, encoded))
    matrix = jax.lax.complex(bra.re, -bra.im).reshape(angles.shape[0], 2 ** high.shape[1], 2 ** low.shape[1])
    environment = jnp.concatenate(
        [
            _environments(_einsum("bhl,bl->bh", matrix, _product(low)), high),
            _environments(_einsum("bhl,bh->bl", matrix, _product(high)), low),
        ],
        axis=1,
    )
    changes = jnp.sum(derivatives * encoded[:, None, :, None, :], axis=-1)
    by_weights = 2 * jnp.sum((environment[:, None] * changes).real, axis=-1)
    by_angles = jnp.sum((environment * _factors(matrices, turned)).real, axis=-1)
    return by_weights.transpose(0, 2, 1), by_angles


def _environments(bra: jax.Array, factors: jax.Array) -> jax.Array:
    """Contract ``bra[rows, 2**wires]`` with all factors but one, for each: ``[rows, wires, 2]``."""
    wires = factors.shape[1]
    found = []
    for wire in range(wires):
        others = _product(factors.at[:, wire].set(1))
        found.append(jnp.sum((bra * others).reshape(bra.shape[0], 2**wire, 2, -1), axis=(1, 3)))
    return jnp.stack(found, axis=1) if wires else jnp.zeros((bra.shape[0], 0, 2), bra.dtype)


# Diagonals and the ring


def _bits(wires: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the bits of every index, ``[2**wires, wires]``."""
    shifted = np.arange(2**wires)[:, None] >> np.arange(wires)[::-1]
    return np.asarray(shifted & 1, np.bool_)


def _signs(wires: int, dtype: Any) -> jax.Array:
    """Return the sign of each wire's Z for every index, ``[2**wires, wires]``."""
    return jnp.asarray(np.where(_bits(wires), -1.0, 1.0), dtype)


def _diagonal(angles: jax.Array) -> jax.Array:
    """Return the phase angle of every index behind an RZ on every wire, ``[2**wires]``."""
    middle = angles.shape[0] // 2
    high, low = (_signs(len(half), half.dtype) @ half / -2 for half in (angles[:middle], angles[middle:]))
    return (high[:, None] + low).reshape(-1)


def _phases(weights: jax.Array, layer: int) -> tuple[jax.Array, jax.Array]:
    """Return the phases behind and before the ring that precedes a layer."""
    # The RZ that ends layer 0 is part of the product state.
    before = weights[layer - 1, :, 2] if layer > 1 else jnp.zeros_like(weights[0, :, 2])
    return _diagonal(before), _diagonal(weights[layer, :, 0])


def _ring(state: _State, weights: jax.Array, layer: int) -> _State:
    """Apply the RZ behind and before a ring, and the ring: all that lies between the RY of two layers."""
    before, after = _phases(weights, layer)
    source = _before_ring(weights.shape[1])
    phase = after + before[source]
    cosine, sine = jnp.cos(phase), jnp.sin(phase)
    re, im = state.re[:, source], state.im[:, source]
    return _State(cosine * re - sine * im, cosine * im + sine * re)


def _unring(state: _State, weights: jax.Array, layer: int) -> _State:
    """Undo :func:`_ring`."""
    before, after = _phases(weights, layer)
    target = _after_ring(weights.shape[1])
    phase = after[target] + before
    cosine, sine = jnp.cos(phase), jnp.sin(phase)
    re, im = state.re[:, target], state.im[:, target]
    return _State(cosine * re + sine * im, cosine * im - sine * re)


def _after_ring(wires: int) -> jax.Array:
    """Return where the ring sends every index."""
    return _permutation(wires, tuple(range(wires)) if wires > 1 else ())


def _before_ring(wires: int) -> jax.Array:
    """Return from where the ring fetches every index."""
    return _permutation(wires, tuple(reversed(range(wires))) if wires > 1 else ())


def _permutation(wires: int, controls: tuple[int, ...]) -> jax.Array:
    """Return where CNOTs to the next wire send every index: linear over bits, so two tables and an exclusive or."""
    low_wires = wires - wires // 2
    tables = []
    for table in (np.arange(2 ** (wires // 2)) << low_wires, np.arange(2**low_wires)):
        for control in controls:
            target = (control + 1) % wires
            table = table ^ (((table >> (wires - 1 - control)) & 1) << (wires - 1 - target))
        tables.append(jnp.asarray(table.astype(np.int32)))
    return (tables[0][:, None] ^ tables[1]).reshape(-1)


def _signed_sums(numbers: jax.Array, wires: int) -> jax.Array:
    """Sum ``numbers[rows, 2**wires]`` with the sign of each wire's Z: ``[rows, wires]``."""
    middle = wires // 2
    matrix = numbers.reshape(numbers.shape[0], 2**middle, -1)
    high = _einsum("bh,hw->bw", matrix.sum(axis=2), _signs(middle, numbers.dtype))
    low = _einsum("bl,lw->bw", matrix.sum(axis=1), _signs(wires - middle, numbers.dtype))
    return jnp.concatenate([high, low], axis=1)


# Measurement and rotations


def _observable(wires: int, dtype: Any) -> jax.Array:
    """Return the observable before the last ring: the signs of Z on every wire but 0 (on wire 0 where it is alone)."""
    middle = wires // 2
    high, low = _signs(middle, dtype), _signs(wires - middle, dtype)
    return (jnp.prod(high[:, 1:], axis=1)[:, None] * jnp.prod(low, axis=1)).reshape(-1)


def _measure(ket: _State, wires: int) -> jax.Array:
    return jnp.sum(_observable(wires, ket.re.dtype) * (ket.re**2 + ket.im**2), axis=1)


def _groups(wires: int) -> list[tuple[int, int]]:
    return [(start, min(wires, start + _MERGED)) for start in range(0, wires, _MERGED)]


def _rotate(state: _State, angles: jax.Array) -> _State:
    """Rotate every wire by RY."""
    wires = angles.shape[0]
    parts = list(state)
    for start, stop in _groups(wires):
        cosine, sine = jnp.cos(angles[start:stop] / 2), jnp.sin(angles[start:stop] / 2)
        bits = _bits(stop - start)
        row, column = bits[:, None], bits[None]
        merged = jnp.prod(jnp.where(row == column, cosine, jnp.where(row, sine, -sine)), axis=-1)
        for place, part in enumerate(parts):
            split = part.reshape(-1, 2 ** (stop - start), 2 ** (wires - stop))
            parts[place] = _einsum("kl,xly->xky", merged, split).reshape(part.shape)
    return _State(*parts)


def _rotation_overlaps(bra: _State, ket: _State, wires: int) -> jax.Array:
    """Return the derivatives by the RY angles of all wires, ``[rows, wires]``: Re<bra| -iY |ket> for each."""
    derivatives = []
    for start, stop in _groups(wires):
        shape = (-1, 2**start, 2 ** (stop - start), 2 ** (wires - stop))
        overlap = sum(
            _einsum("bxky,bxly->bkl", left.reshape(shape), right.reshape(shape))
            for left, right in zip(bra, ket, strict=True)
        )
        minus_i_y = np.array([[0.0, -1.0], [1.0, 0.0]])
        generators = [
            np.kron(np.kron(np.eye(2 ** (wire - start)), minus_i_y), np.eye(2 ** (stop - wire - 1)))
            for wire in range(start, stop)
        ]
        derivatives.append(_einsum("bkl,wkl->bw", overlap, jnp.asarray(np.stack(generators), ket.re.dtype)))
    return jnp.concatenate(derivatives, axis=1)
