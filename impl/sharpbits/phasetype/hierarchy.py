"""Recording by strongly connected components: each by itself, wherever that is done, then joined to one trace.

::

    trace = record_hierarchically(graph)                                     # here, one after another
    trace = record_hierarchically(graph, cache=TraceCache.default())         # what is on disk is not recorded again
    trace = record_hierarchically(graph, strategy="dask", scheduler="tcp://host:8786")

Equal components are recorded once. All strategies give the same trace, to the byte.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator

from sharpbits.phasetype.cache import TraceCache
from sharpbits.phasetype.components import find_components
from sharpbits.phasetype.elimination import Elimination
from sharpbits.phasetype.errors import IncompleteResultsError
from sharpbits.phasetype.graph import Graph
from sharpbits.phasetype.pattern import Pattern
from sharpbits.phasetype.strategies import Strategy, get_strategy
from sharpbits.phasetype.strategies.work import settled
from sharpbits.phasetype.trace import Trace, stitch

logger = logging.getLogger(__name__)


def record_hierarchically(
    graph: Graph,
    *,
    strategy: str = "sequential",
    cache: TraceCache | None = None,
    scheduler: str | None = None,
    workers: int = 0,
    progress: bool = False,
) -> Trace:
    """Return the trace of a graph, recorded by components.

    Parameters
    ----------
    strategy
        ``sequential``, ``vmap``, ``pmap``, ``dask`` or ``auto``
        (:func:`~sharpbits.phasetype.strategies.registry.get_strategy`). Checked before anything else.
    cache
        Where eliminations are looked for first and kept; None: nowhere.
    scheduler, workers
        Of ``dask`` only.
    progress
        Whether to show a bar on stderr.

    Raises
    ------
    UnknownStrategyError, MissingPackageError, DevicesError
        The strategy cannot be used; these are a ValueError, an ImportError, a RuntimeError.
    CacheFolderError, DamagedTraceError, CacheError
        The cache cannot be used; a PermissionError and two RuntimeErrors.
    RecordingError, IncompleteResultsError, GraphError
        The recording failed, on whatever worker: a RuntimeError, and two ValueErrors. Nothing of it is kept.

    Examples
    --------
    ::

        from sharpbits.phasetype import coalescent, record_hierarchically

        graph = coalescent(60)
        trace = record_hierarchically(graph)
        print(*trace.moments(graph, [1.0]))  # the mean: 2 (1 - 1/60)
    """
    with get_strategy(strategy, scheduler=scheduler, workers=workers) as chosen:
        with chosen.together():
            if cache is not None:
                cache.check()
        components = find_components(graph)
        patterns = components.patterns()
        recorded = record_patterns(patterns.values(), chosen, cache=cache, progress=progress)
    return stitch(components, {number: recorded[pattern] for number, pattern in patterns.items()})


def record_patterns(
    patterns: Iterable[Pattern], strategy: Strategy, *, cache: TraceCache | None = None, progress: bool = False
) -> dict[Pattern, Elimination]:
    """Return the elimination of each pattern; arguments and errors are those of :func:`record_hierarchically`."""
    wanted = list(dict.fromkeys(patterns))
    found: dict[Pattern, Elimination] = {}
    with strategy.together():
        if cache is not None:
            found = {one: stored for one in wanted if (stored := cache.get(one)) is not None}
    missing = strategy.agreed([one.key for one in wanted], [one not in found for one in wanted])
    units = [one for one, is_missing in zip(wanted, missing, strict=True) if is_missing]
    logger.info(
        "recording %d of %d structures by strategy %s; %d are in the cache",
        len(units),
        len(wanted),
        strategy.name,
        len(found),
    )
    if not units:
        return found
    recorded: dict[Pattern, Elimination] = {}
    with _bar(len(units), shown=progress) as advance:
        for number, outcome in strategy.run([one.document for one in units], advance):
            recorded[units[number]] = settled(outcome, units[number], strategy.name, f"{number + 1} of {len(units)}")
    absent = [number for number, one in enumerate(units) if one not in recorded]
    if absent:
        raise IncompleteResultsError(
            "the recorded eliminations are incomplete",
            why=f"{len(absent)} of {len(units)} did not come back, the first of unit {absent[0] + 1}",
            resolution="run again; if it stays so, use strategy='sequential' and report it",
            strategy=strategy.name,
            pattern=repr(units[absent[0]]),
            hash=units[absent[0]].key[:16],
        )
    if cache is not None:
        cache.put({one: recorded[one] for one in units if one not in found})
    return found | recorded


@contextlib.contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    if not shown:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sharpbits.console import console

    columns = (TextColumn("recording"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True)) as bar:
        task = bar.add_task("recording", total=total)
        yield lambda: bar.advance(task)
