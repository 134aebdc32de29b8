"""How the gradients of many particles are computed: one after the other, as one batch, or over devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from sharpbits.errors import UsageError
from sharpbits.phasetype.inference.errors import DeviceError

#: ``none``: one particle after the other. ``vmap``: all as one batch, on one device. ``pmap``: a share on each device.
PARALLEL = ("none", "vmap", "pmap")

_jax: Any = jax  # parts of it have no types


def check_parallel(parallel: str, particles: int) -> None:
    """Make sure that particles can be shared out like that.

    Raises
    ------
    UsageError
        There is no such way, or the particles cannot be shared out evenly.
    DeviceError
        ``pmap``, and JAX has one device.
    """
    if parallel not in PARALLEL:
        raise UsageError(
            "the particles cannot be moved",
            why=f"parallel={parallel!r} is none of {', '.join(PARALLEL)}",
            resolution="name one of them",
        )
    if parallel != "pmap":
        return
    devices = jax.local_devices()
    if len(devices) == 1:
        raise DeviceError(
            "parallel='pmap' cannot be used",
            why=f"it needs several devices, and JAX has one: {devices[0]}",
            resolution="use parallel='vmap', which uses all cores of one device; or give JAX more devices, on CPUs "
            "with XLA_FLAGS=--xla_force_host_platform_device_count=N",
            devices=[str(device) for device in devices],
        )
    if particles % len(devices):
        raise UsageError(
            "the particles cannot be moved",
            why=f"{particles} particles cannot be shared out evenly to {len(devices)} devices",
            resolution=f"use {particles // len(devices) * len(devices) or len(devices)} particles, "
            f"or {(particles // len(devices) + 1) * len(devices)}",
        )


def mapped(of_rows: Callable[[Any], tuple[Any, Any]], parallel: str) -> Callable[[Any], tuple[Any, Any]]:
    """Return a function of all rows ``[n, p]`` that computes what ``of_rows`` does, in one of these ways."""
    if parallel == "vmap":
        return of_rows
    if parallel == "none":

        def one_after_the_other(rows: Any) -> tuple[Any, Any]:
            values, gradients = lax.map(lambda row: of_rows(row[None]), rows)
            return values[:, 0], gradients[:, 0]

        return jax.jit(one_after_the_other)
    devices = jax.local_devices()
    on_devices = _jax.pmap(of_rows, devices=devices)

    def shared(rows: Any) -> tuple[Any, Any]:
        # From the host: what lies on one device, newer pmaps do not spread.
        shares = np.asarray(rows).reshape(len(devices), -1, rows.shape[-1])
        values, gradients = on_devices(shares)
        # What comes next is one device's.
        values, gradients = jax.device_put((values, gradients), devices[0])
        return jnp.reshape(values, (-1,)), jnp.reshape(gradients, rows.shape)

    return shared
