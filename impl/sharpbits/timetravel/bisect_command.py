"""What ``sharpbits bisect`` does: ask, plan, search with progress, report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from sharpbits.catalogue import Catalogue
from sharpbits.console import console
from sharpbits.errors import UsageError
from sharpbits.files import check_targets, is_special, write_atomically
from sharpbits.interruption import INTERRUPTED, interruptible
from sharpbits.timetravel.bisect_report import NEW_LOCK, OLD_LOCK, as_markdown, plan, summary
from sharpbits.timetravel.bisection import Bisection, run_bisection
from sharpbits.timetravel.dates import cutoff
from sharpbits.timetravel.environments import EnvironmentCache
from sharpbits.timetravel.history import history
from sharpbits.timetravel.laboratory import Laboratory, Probed
from sharpbits.timetravel.lock import write_lock
from sharpbits.timetravel.own_releases import ResolvedReleases
from sharpbits.timetravel.requests import Source
from sharpbits.timetravel.resolution import Resolver
from sharpbits.timetravel.state import SearchState, open_state
from sharpbits.timetravel.steps import consistent_steps
from sharpbits.timetravel.subject import CommandSubject, FindingSubject, PytestSubject, Subject

#: How far back a search goes that was given no date.
HORIZON = timedelta(days=730)
#: What is surer cannot be told from certain once it is shared among so many answers.
_SUREST = 0.999999999


@dataclass(frozen=True)
class BisectRequest:
    """The options of one ``bisect``."""

    name: str = ""
    run: str = ""
    with_requirements: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    packages: tuple[str, ...] = ()
    source: Source = field(default_factory=Source)
    repeats: int | None = None
    confidence: float = 0.99
    metric: str | None = None
    factor: float = 1.1
    timeout_s: float = 600.0
    resume: bool = False
    state: Path | None = None
    report: Path | None = None


def run_bisect(catalogue: Catalogue, request: BisectRequest) -> int:
    """Search, report, and return the exit status: 0 when the change was found, 130 when interrupted.

    Raises
    ------
    UsageError
        The request cannot be met as it stands: told before anything runs.
    UndecidedError
        An end cannot be tested, or the two do not differ; a VaryingError where it varies and no turn can be told.
    UvError
        The index cannot be asked.
    """
    _check(request)
    subject = _subject(catalogue, request)
    if request.report is not None:
        _check_beside(request.report, subject)
    now = datetime.now(UTC)
    until = min(cutoff(request.until), now) if request.until else now
    since = cutoff(request.since) if request.since else until - HORIZON
    requirements = request.source.requirements(subject.requirements)
    source = request.source.and_alone([subject.finding] if isinstance(subject, FindingSubject) else [])
    state = open_state(
        _question(request, subject, requirements),
        path=request.state,
        resume=request.resume,
        contents=subject.contents() | subject.data(),
    )
    progress = console(stderr=True)
    try:
        with interruptible() as stop:
            resolver = source.resolver(stop)
            found = _search(subject, resolver, requirements, (since, until), state, request, progress)
    except KeyboardInterrupt:
        progress.print("interrupted: the same command with --resume goes on", soft_wrap=True)
        return INTERRUPTED
    console().print(summary(found, subject), soft_wrap=True)
    if request.report is not None:
        _write_report(found, subject, request.report, progress)
    return 0


def _search(
    subject: Subject,
    resolver: Resolver,
    requirements: Sequence[str],
    period: tuple[datetime, datetime],
    state: SearchState,
    request: BisectRequest,
    progress: Console,
) -> Bisection:
    def tell(message: str) -> None:
        progress.print(message, style="dim", soft_wrap=True, markup=False)

    if state.history is None:
        state.keep_history(history(resolver, requirements, *period, packages=request.packages, on_progress=tell))
    past = state.history
    assert past is not None  # noqa: S101 (kept just above)
    if len(past.candidates) == 1:
        raise UsageError(
            "there is nothing to bisect",
            why=f"the whole period has one stack: no release of {', '.join(past.packages)} changed it",
            resolution="name an earlier date with --since, or other packages with --package",
        )
    planned = plan(past, old_end_given=request.since is not None, confidence=request.confidence)
    progress.print(planned, soft_wrap=True, markup=False)
    laboratory = Laboratory(
        subject,
        resolver.target.interpreter,
        EnvironmentCache.default(),
        state,
        request.source.options,
        request.metric,
        request.factor,
        resolver.stop,
    )
    number = {candidate.stack.digest: candidate for candidate in past.candidates}

    def told(probed: Probed) -> None:
        stack = probed.stack
        place = f"{number[stack.digest].until:%Y-%m-%d}" if stack.digest in number else "mixed"
        versions = ", ".join(f"{name} {stack.version(name)}" for name in past.packages if stack.version(name))
        tell(f"{len(laboratory.probed):3}  {place:10}  {probed.side.value}: {probed.seen}  [{versions}]")

    laboratory.on_probe = told
    return run_bisection(
        laboratory,
        past,
        old_end_given=request.since is not None,
        confidence=request.confidence,
        runs_at_ends=request.repeats,
        steps=consistent_steps(resolver, requirements),
        own=ResolvedReleases(resolver, requirements),
        on_progress=tell,
    )


def _check(request: BisectRequest) -> None:
    def refuse(why: str, resolution: str) -> None:
        raise UsageError("the bisection cannot be held", why=why, resolution=resolution)

    if bool(request.name) == bool(request.run):
        refuse("it takes a finding or test, or --run", "name one of them")
    if not 0.5 < request.confidence < 1:
        refuse(f"--confidence is {request.confidence}", "give a probability above 0.5 and below 1, such as 0.99")
    if not request.confidence <= _SUREST:
        refuse(f"--confidence is {request.confidence}", f"give a probability of at most {_SUREST}")
    if not 1 <= request.factor < math.inf:
        refuse(f"--factor is {request.factor}", "give a finite ratio of at least 1")
    if request.repeats is not None and request.repeats < 1:
        refuse(f"--repeats is {request.repeats}", "give a number of at least 1")
    if not 0 < request.timeout_s < math.inf:
        refuse(f"--timeout is {request.timeout_s}", "give a number of seconds above 0")
    targets = {"--report": request.report, "--state": request.state}
    tested = Path(request.name.partition("::")[0])
    if "::" in request.name and not tested.exists():
        refuse(f"there is no {tested}", "name a test as FILE::TEST, seen from this folder")
    check_targets(targets, "the bisection cannot be held", inputs=[tested] if "::" in request.name else [])


def _subject(catalogue: Catalogue, request: BisectRequest) -> Subject:
    extra = request.with_requirements
    if request.run:
        return CommandSubject(request.run, _needed(extra, "--run"), request.repeats or 1, request.timeout_s)
    if "::" in request.name:
        needed = (*_needed(extra, "a test"), "pytest")
        return PytestSubject(request.name, needed, request.repeats or 1, request.timeout_s)
    return FindingSubject(catalogue.find(request.name), extra)


def _needed(extra: tuple[str, ...], what: str) -> tuple[str, ...]:
    if not extra:
        raise UsageError(
            "the bisection cannot be held",
            why=f"{what} does not say which packages it needs",
            resolution="name them with --with, e.g. --with 'jax>=0.4.28' --with numpy",
        )
    return extra


def _question(request: BisectRequest, subject: Subject, requirements: Sequence[str]) -> dict[str, object]:
    """Return what makes a search this search and no other."""
    return {
        "subject": subject.name,
        "requirements": list(requirements),
        "--since": request.since,
        "--until": request.until,
        "--package": list(request.packages),
        "--metric": request.metric,
        "--factor": request.factor,
        "--repeats": request.repeats,
        "--confidence": request.confidence,
        "--timeout": request.timeout_s,
        "--python": str(request.source.python),
        "--default-index": request.source.default_index,
        "--index": list(request.source.extra_index),
        "--find-links": list(request.source.find_links),
        "--torch": request.source.torch,
        "--pre": sorted(request.source.pre),
    }


def _write_report(found: Bisection, subject: Subject, report: Path, progress: Console) -> None:
    """Write the report and, in a folder of its name, the locks of both sides and the reproducer of its commands."""
    if is_special(report):
        write_atomically(report, as_markdown(found, subject))  # a device or a pipe has nothing beside it
        return
    folder = _beside(report)
    folder.mkdir(exist_ok=True)
    write_lock(found.last_old.stack, folder / OLD_LOCK)
    write_lock(found.first_new.stack, folder / NEW_LOCK)
    names = [OLD_LOCK, NEW_LOCK]
    if isinstance(subject, FindingSubject):
        reproducer = folder / subject.finding.path.name
        write_atomically(reproducer, subject.finding.source)
        names.append(reproducer.name)
    write_atomically(report, as_markdown(found, subject))
    told = f"written to {report.absolute()}, and beside it {folder.name}/: {', '.join(names)}"
    progress.print(told, soft_wrap=True, markup=False)


def _beside(report: Path) -> Path:
    """Return the folder of the files that go with a report."""
    return report.with_name(f"{report.stem}.files")


def _check_beside(report: Path, subject: Subject) -> None:
    """Refuse a folder in which somebody keeps other things than an earlier report of this subject left there."""
    if is_special(report):
        return
    folder = _beside(report)
    ours = {OLD_LOCK, NEW_LOCK, *(Path(lock).stem for lock in (OLD_LOCK, NEW_LOCK))}
    if isinstance(subject, FindingSubject):
        ours.add(subject.finding.path.name)
    in_the_way = not folder.is_dir() and (folder.exists() or folder.is_symlink())
    theirs = sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []
    if in_the_way or theirs:
        raise UsageError(
            "the report cannot be written",
            why=f"the files that go with it belong into {folder}, which "
            + (f"holds {theirs[0]}" if theirs else "is no folder"),
            resolution="name another file with --report, or clear that place",
        )
