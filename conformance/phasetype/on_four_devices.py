"""Gradients of functions over four devices, by pmap and by shard_map, written to a file: run as a program."""

from __future__ import annotations

import functools
import sys
from typing import Any

import jax
import numpy as np

from phasetype.functions import FUNCTIONS
from phasetype.test_transforms import weighted

_jax: Any = jax  # parts of it have no types

#: What solves linear equations by JAX's ``custom_linear_solve``, which does not know what varies over devices.
SOLVING = ("laplace", "quantile", "moments", "moments of steps", "covariance", "epochs.moments", "epochs.covariance")


def main(path: str, *names: str) -> None:
    """Write ``[4, numbers]`` for each transform and function."""
    if len(jax.devices()) != 4:
        raise RuntimeError(f"there are {len(jax.devices())} devices")
    mesh = _jax.make_mesh((4,), ("rows",))
    rows = _jax.sharding.PartitionSpec("rows")
    found: dict[str, Any] = {}
    for name in names:
        function = FUNCTIONS[name]
        gradient = jax.grad(functools.partial(weighted, functools.partial(function.ours, implementation="kernel")))
        points = np.concatenate([function.points] * 2)
        found[f"pmap {name}"] = np.asarray(_jax.pmap(gradient)(points))
        sharded = _jax.shard_map(
            jax.vmap(gradient), mesh=mesh, in_specs=rows, out_specs=rows, check_vma=name not in SOLVING
        )
        found[f"shard_map {name}"] = np.asarray(jax.jit(sharded)(points))
    save: Any = np.savez
    save(path, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
