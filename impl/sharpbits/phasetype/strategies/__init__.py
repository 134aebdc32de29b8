"""Five ways of recording many eliminations: ``sequential``, ``vmap``, ``pmap``, ``dask``, and ``auto``, one file each.

All of them run the same work (:mod:`~sharpbits.phasetype.strategies.work`) and give the same bytes. None ever stands in
for another: what was asked for runs, or there is an error.
"""

from sharpbits.phasetype.strategies.base import Strategy
from sharpbits.phasetype.strategies.registry import STRATEGIES, get_strategy

__all__ = ["STRATEGIES", "Strategy", "get_strategy"]
