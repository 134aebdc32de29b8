"""A linear map with a transpose of its own, which JAX may differentiate by its parameters as well.

``jax.custom_vjp`` rules out forward mode, ``jax.custom_jvp`` wants a rule that JAX can transpose, and it cannot
transpose a loop of unknown length. With a map like this in a ``custom_jvp`` rule, forward mode, reverse mode and
forward over reverse (Hessians) all work, under ``vmap`` too.
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

_jax: Any = jax  # these have no types, or not all
_ad: Any = ad
_batching: Any = batching
_mlir: Any = mlir

_Arrays = tuple[Any, ...]


class Linear(Protocol):
    """A map of arrays to arrays that depends on parameters, and its transpose. Equal ones are compiled once."""

    def forward(self, parameters: _Arrays, arguments: _Arrays) -> _Arrays:
        """Return the results, linear in the arguments."""

    def transpose(self, parameters: _Arrays, cotangents: _Arrays) -> _Arrays:
        """Return a cotangent for each argument."""

    def __hash__(self) -> int: ...


def linear_map(of: Linear, parameters: _Arrays, arguments: _Arrays) -> _Arrays:
    """Return ``of.forward(parameters, arguments)``, differentiable."""
    found: list[Any] = _map.bind(*parameters, *arguments, of=of, back=False, count=len(parameters), axes=())
    return tuple(found)


_map: Any = Primitive("sharpbits_linear_map")
_map.multiple_results = True


def _apply(*operands: Any, of: Linear, back: bool, count: int, axes: tuple[tuple[int | None, ...], ...]) -> list[Any]:
    function = of.transpose if back else of.forward

    def apply(*operands: Any) -> _Arrays:
        return function(operands[:count], operands[count:])

    for one in axes:  # of each vmap, from the inside to the outside
        apply = jax.vmap(apply, in_axes=one)
    return list(apply(*operands))


_evaluate = functools.partial(jax.jit, static_argnames=("of", "back", "count", "axes"))(_apply)
_map.def_impl(lambda *operands, **static: _evaluate(*operands, **static))
_mlir.register_lowering(_map, _mlir.lower_fun(_apply, multiple_results=True))


def _shapes(*operands: Any, **static: Any) -> list[Any]:
    structs = [_jax.ShapeDtypeStruct(one.shape, one.dtype) for one in operands]
    found = jax.eval_shape(functools.partial(_apply, **static), *structs)
    return [jax.core.ShapedArray(one.shape, one.dtype) for one in found]


_map.def_abstract_eval(_shapes)


def _jvp(primals: _Arrays, tangents: _Arrays, *, count: int, **static: Any) -> tuple[Any, Any]:
    static = {"count": count, **static}
    value = _map.bind(*primals, **static)
    total = None
    if not all(isinstance(one, _ad.Zero) for one in tangents[count:]):
        arguments = [_ad.instantiate_zeros(one) for one in tangents[count:]]
        total = _map.bind(*primals[:count], *arguments, **static)
    if not all(isinstance(one, _ad.Zero) for one in tangents[:count]):

        def by_parameters(*parameters: Any) -> list[Any]:
            return _apply(*parameters, *primals[count:], **static)

        parameters = tuple(_ad.instantiate_zeros(one) for one in tangents[:count])
        _, added = jax.jvp(by_parameters, tuple(primals[:count]), parameters)
        total = added if total is None else [one + other for one, other in zip(total, added, strict=True)]
    if total is None:
        total = [_ad.Zero.from_primal_value(one) for one in value]
    return value, total


_ad.primitive_jvps[_map] = _jvp


def _transpose(cotangents: Any, *operands: Any, of: Linear, back: bool, count: int, axes: Any) -> list[Any]:
    if all(isinstance(one, _ad.Zero) for one in cotangents):
        return [None] * len(operands)
    given = [_ad.instantiate_zeros(one) for one in cotangents]
    axes = tuple((*one[:count], *[0] * len(given)) for one in axes)
    found = _map.bind(*operands[:count], *given, of=of, back=not back, count=count, axes=axes)
    pairs = zip(found, operands[count:], strict=True)
    wanted = [one if _ad.is_undefined_primal(operand) else None for one, operand in pairs]
    return [None] * count + wanted


_ad.primitive_transposes[_map] = _transpose


def _batch(operands: Any, dimensions: Any, *, count: int, axes: Any, **static: Any) -> tuple[Any, Any]:
    size = next(one.shape[axis] for one, axis in zip(operands, dimensions, strict=True) if axis is not None)

    def in_front(number: int, operand: Any, axis: Any) -> Any:
        if axis is not None:
            return jnp.moveaxis(operand, axis, 0)
        # An argument always has the axis: then the transpose of a mapped map is the mapped transpose.
        return operand if number < count else jnp.broadcast_to(operand, (size, *operand.shape))

    moved = [in_front(*one) for one in zip(range(len(operands)), operands, dimensions, strict=True)]
    mapped = tuple(None if number < count and axis is None else 0 for number, axis in enumerate(dimensions))
    found = _map.bind(*moved, count=count, axes=(*axes, mapped), **static)
    return found, [0] * len(found)


_batching.primitive_batchers[_map] = _batch
