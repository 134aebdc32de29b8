"""Which strategies there are, and how ``auto`` chooses. Nothing here ever falls back."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from typing import Any

from sharpbits.phasetype.errors import UnknownStrategyError, shown
from sharpbits.phasetype.strategies.base import Strategy

logger = logging.getLogger(__name__)

#: Where the class of each is.
_STRATEGIES = {
    "sequential": ("sharpbits.phasetype.strategies.sequential", "Sequential"),
    "vmap": ("sharpbits.phasetype.strategies.vmap", "Vmap"),
    "pmap": ("sharpbits.phasetype.strategies.pmap", "Pmap"),
    "dask": ("sharpbits.phasetype.strategies.dask", "Dask"),
}
STRATEGIES = ("auto", *_STRATEGIES)


def get_strategy(name: str = "auto", *, scheduler: str | None = None, workers: int = 0) -> Strategy:
    """Return a strategy that can run here.

    ``auto`` is a rule: without JAX ``sequential``; with several devices ``pmap``; else ``vmap``. The choice is logged.

    Parameters
    ----------
    scheduler, workers
        Of strategy ``dask`` only: a running scheduler's address, or how many workers to start in this process.

    Raises
    ------
    UnknownStrategyError
        There is no such strategy, or it takes no scheduler or workers. A ValueError.
    MissingPackageError
        It needs JAX or Dask.distributed, which is not installed. An ImportError.
    DevicesError
        It needs several devices. A RuntimeError.
    """
    if name not in STRATEGIES:
        raise UnknownStrategyError(
            "no such strategy",
            why=f"{shown(name)} is none of {', '.join(STRATEGIES)}",
            resolution="name one of these strategies",
        )
    options: dict[str, Any] = {}
    if name == "dask":
        if workers < 0 or (scheduler is not None and workers):
            raise UnknownStrategyError(
                "strategy='dask' cannot be used",
                why="both a running scheduler and workers to start were given" if workers > 0 else f"{workers} workers",
                resolution="give the scheduler, or a number of workers, or neither",
            )
        options = {"scheduler": scheduler, "workers": workers}
    elif scheduler is not None or workers:
        raise UnknownStrategyError(
            f"strategy={name!r} cannot be used",
            why="a scheduler or workers were given, which only strategy='dask' takes",
            resolution="leave them out, or use strategy='dask'",
        )
    module, cls = _STRATEGIES[_chosen() if name == "auto" else name]
    strategy: Strategy = getattr(importlib.import_module(module), cls)(**options)
    return strategy


def _chosen() -> str:
    if importlib.util.find_spec("jax") is None:
        logger.info("strategy auto: sequential, because JAX is not installed")
        return "sequential"
    import jax

    devices = jax.device_count()
    if devices > 1:
        logger.info("strategy auto: pmap, because there are %d devices", devices)
        return "pmap"
    logger.info("strategy auto: vmap, because there is one device, and %d processors", len(os.sched_getaffinity(0)))
    return "vmap"
