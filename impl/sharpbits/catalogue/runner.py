"""Run findings, one or many side by side, each repeat in a process of its own, and judge what they show."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import psutil

from sharpbits.catalogue.applicability import missing_requirement
from sharpbits.catalogue.cache import ResultCache
from sharpbits.catalogue.environment import Environment, child_variables
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.forking import START, ForkRefusedError, Parents, forkable
from sharpbits.catalogue.judgement import Judgement, judge
from sharpbits.catalogue.observation import Observation, observe
from sharpbits.catalogue.outcome import Outcome, Severity, Verdict
from sharpbits.catalogue.process import Limits, run_isolated
from sharpbits.catalogue.reported import MalfunctionError


@dataclass(frozen=True)
class Result:
    """What came of one finding in one environment."""

    finding: Finding
    judgement: Judgement
    observations: tuple[Observation, ...] = ()
    cached: bool = False

    @property
    def verdict(self) -> Verdict:
        """The judgement's verdict."""
        return self.judgement.verdict

    @property
    def severity(self) -> Severity:
        """The worst of what the repeats showed: sometimes silently wrong is silently wrong."""
        return min((observation.outcome.severity for observation in self.observations), default=Severity.NONE)

    @property
    def worst(self) -> Observation | None:
        """The observation that bites most, to show."""
        return min(self.observations, key=lambda one: one.outcome.rank, default=None)

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all repeats."""
        return sum(observation.seconds for observation in self.observations)


class InterruptedRunError(Exception):
    """The run was stopped before this finding ended; nothing is known of it."""


def run_finding(
    finding: Finding,
    environment: Environment,
    *,
    python: Path | None = None,
    cache: ResultCache | None = None,
    fresh: bool = False,
    stop: threading.Event | None = None,
    parents: Parents | None = None,
    altered: Callable[[], str] = lambda: "",
) -> Result:
    """Run one finding in an environment's interpreter as often as it asks for, and judge it.

    Parameters
    ----------
    python
        The interpreter that ``environment`` describes; None for the running one.
    cache
        Where results are kept; None keeps none.
    fresh
        Run even where the cache has a result.
    stop
        Once set, the running process is killed.
    parents
        Processes that have imported its packages, to fork from where that is safe; None runs ``python FILE``. Whatever
        is not as documented in a forked run is run again as ``python FILE`` before it is told.
    altered
        Says what of the environment is no longer as it was, empty where nothing is; asked before something that is not
        as documented is told or kept: it would be news of packages that were half removed meanwhile.

    Raises
    ------
    InterruptedRunError
        ``stop`` was set before the finding had ended.
    """
    reason = missing_requirement(finding, environment)
    if reason is not None:
        outcome = Outcome.NOT_APPLICABLE
        return Result(finding, Judgement(Verdict.NOT_APPLICABLE, outcome, (), str(outcome), reason))
    known = cache.get(finding, environment) if cache is not None and not fresh else None
    if known is not None:
        return Result(finding, judge(finding, environment, known), known, cached=True)
    result = _forked(finding, environment, python, stop, parents) if parents is not None else None
    if result is not None:
        if cache is not None:
            cache.put(finding, environment, result.observations)
        return result
    try:
        observations = tuple(run_once(finding, python, stop) for _ in range(finding.table.repeats))
    except (MalfunctionError, OSError) as problem:
        why = str(problem) if isinstance(problem, MalfunctionError) else f"it could not be run: {problem}"
        return _broken(finding, _elsewhere(altered()) or why)
    judgement = judge(finding, environment, observations)
    why = _elsewhere(altered()) if judgement.verdict is Verdict.CHANGED else ""
    if why:
        return _broken(finding, why)
    if cache is not None:
        cache.put(finding, environment, observations)
    return Result(finding, judgement, observations)


def _elsewhere(reason: str) -> str:
    return reason and f"the environment changed while it ran ({reason}): run again"


def _broken(finding: Finding, why: str) -> Result:
    return Result(finding, Judgement(Verdict.BROKEN, Outcome.ERROR, (), "broken", f"{finding.path}: {why}"))


def _forked(
    finding: Finding,
    environment: Environment,
    python: Path | None,
    stop: threading.Event | None,
    parents: Parents,
) -> Result | None:
    """Run the finding once in a forked process; None where that cannot be, or is not enough to be told."""
    if not forkable(finding, environment) or not parents.available(environment):
        return None
    try:
        observation = run_once(finding, python, stop, parents)
    except ForkRefusedError as refused:
        if stop is not None and stop.is_set():
            raise InterruptedRunError from refused
        parents.tell(f"{refused}: findings with these imports run as `python FILE`")
        return None
    except (MalfunctionError, OSError):
        return None
    judgement = judge(finding, environment, [observation])
    as_documented = judgement.verdict in (Verdict.BITES, Verdict.CLEAR) and not judgement.message
    return Result(finding, judgement, (observation,)) if as_documented else None


def run_once(
    finding: Finding, python: Path | None, stop: threading.Event | None, parents: Parents | None = None
) -> Observation:
    """Run the file once, in an empty folder that vanishes with whatever the run left in it.

    Raises
    ------
    ForkRefusedError
        There are ``parents``, and they could not fork.
    MalfunctionError
        The run says nothing of the packages.
    OSError
        There is no place for a folder, or the interpreter cannot be started.
    """
    limits = Limits(finding.table.timeout_s, finding.table.memory_mib << 20)
    with tempfile.TemporaryDirectory(prefix="sharpbits-", ignore_cleanup_errors=True) as folder:
        variables = child_variables(foreign=python is not None) | {
            "TMPDIR": folder,
            # Shows where in the Python program a signal struck.
            "PYTHONFAULTHANDLER": "1",
            # Results and tracebacks are read by a program.
            "NO_COLOR": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        if parents is not None:
            end = parents.run(finding, python, cwd=Path(folder), variables=variables, limits=limits, stop=stop)
        else:
            command = [python or sys.executable, START, finding.path.resolve()]
            end = run_isolated(command, cwd=Path(folder), variables=variables, limits=limits, stop=stop)
        stayed = Path(folder).is_dir()
    if end.interrupted:
        raise InterruptedRunError
    if not stayed:
        raise MalfunctionError("the folder in which it ran was removed meanwhile: run again")
    if finding.altered:
        raise MalfunctionError("its file was edited, moved or removed meanwhile: run again")
    return observe(end, finding.path.resolve())


def side_by_side(findings: Sequence[Finding]) -> int:
    """How many findings may run at once: one a core, as long as each could fill its memory limit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    largest = max((finding.table.memory_mib for finding in findings), default=1) << 20
    return max(1, min(cores, psutil.virtual_memory().available // largest))


def run_all(
    findings: Sequence[Finding],
    run: Callable[[Finding, threading.Event], Result],
    *,
    environment: Environment,
    jobs: int = 0,
    stop: threading.Event | None = None,
    on_start: Callable[[Finding], None] = lambda finding: None,
    on_end: Callable[[Finding, Result | None], None] = lambda finding, result: None,
) -> tuple[list[Result], bool]:
    """Run findings side by side; return the results of those that ended, and whether the run was interrupted.

    As many run at once as ``jobs`` says; 0: as cores and memory allow. A finding that is documented to hang in this
    environment only sleeps until its time limit and takes no core from the others: those run beside, one at a time.

    Once ``stop`` is set, and on KeyboardInterrupt, every running process is killed before this returns. ``run`` gets
    the finding and the event that tells it to stop; ``on_start`` and ``on_end`` follow the progress, the latter in this
    thread.
    """
    jobs = jobs or side_by_side(findings)
    stop = stop or threading.Event()

    def waits(finding: Finding) -> bool:
        return jobs > 1 and any(Outcome.HANG in row.outcome for row in finding.rows_for(environment))

    def started(finding: Finding) -> Result | None:
        if stop.is_set():
            return None
        on_start(finding)
        try:
            return run(finding, stop)
        except InterruptedRunError:
            return None

    with (
        ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="finding") as pool,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="waiting") as aside,
    ):
        futures = {(aside if waits(finding) else pool).submit(started, finding): finding for finding in findings}
        try:
            for future in as_completed(futures):
                on_end(futures[future], future.result())
        except KeyboardInterrupt:
            stop.set()
        except BaseException:
            stop.set()  # the pool's exit below waits for the children's death only
            raise
        interrupted = stop.is_set()
    # Read anew from the futures: an interrupt may have struck between a finding's end and the progress it made.
    ended = (future.result() for future in futures)
    return [result for result in ended if result is not None], interrupted
