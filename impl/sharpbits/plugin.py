"""The pytest plugin: every finding file is a test item, run in isolation and judged by what it documents.

``pytest conformance`` collects the files below the ini option ``sharpbits_findings``. A finding that behaves as
documented passes, shown as ``BITES`` or ``CLEAR`` with ``-rA``; one that ``changed`` fails; one whose requirements are
absent is skipped with the reason. Each runs in a process of its own, so no crash can end the pytest run or an xdist
worker, and an expected crash is a pass.
"""

from __future__ import annotations

import os
import re
import threading
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sharpbits.files import program_path, shown_path

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from sharpbits.catalogue import Environment, Finding, FindingFileError, Parents, Result

_VERDICT = "sharpbits_verdict"
#: How often an xdist worker looks whether its controller is still there.
_LOOK_S = 0.5
#: In a test suite such a block can stand inside a text; only at the start of a line is it a file's own.
_METADATA = re.compile(r"^# /// script$.*?^# \[tool\.sharpbits\]$", re.MULTILINE | re.DOTALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the folders of findings and the interpreter to run them in."""
    parser.addini("sharpbits_findings", "Folders whose Python files are findings.", type="paths", default=[])
    group = parser.getgroup("sharpbits")
    group.addoption(
        "--sharpbits-python",
        metavar="PATH",
        type=Path,
        help="Interpreter of the environment in which findings run; default: pytest's own.",
    )
    group.addoption(
        "--sharpbits-isolated",
        action="store_true",
        help="Start each finding as `python FILE`, none by forking a process that has its packages.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Look at the folders of findings, and collect from them where no file or folder was named.

    Raises
    ------
    pytest.UsageError
        A folder of the ini option does not exist.
    """
    session = config.stash[_SESSION] = _Session(config)
    for folder in session.folders:
        if not folder.is_dir():
            raise pytest.UsageError(f"sharpbits_findings names {folder}, which is no folder")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        # pytest looks where it was started or at its testpaths only; a folder elsewhere would be left out unsaid.
        collected = [Path(config.invocation_params.dir, argument).resolve() for argument in config.args]
        for folder in session.folders:
            if not any(place == folder or place in folder.parents for place in collected):
                config.args.append(str(folder))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no process behind."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect a finding, however it was named: nobody else may import it into this process, which it could end."""
    # What other plugins (Python's own, doctest) make of it is dropped before it imports anything.
    others = yield
    if file_path.suffix == ".py" and _is_ours(file_path, parent.config.stash[_SESSION].folders, others=bool(others)):
        return [finding_file(parent, file_path)]
    return others


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a folder that has a finding's name as the finding that it is in the way of."""
    below = any(folder in path.parents for folder in parent.config.stash[_SESSION].folders)
    return finding_file(parent, path) if below and path.suffix == ".py" else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Add what lies in a folder of findings and pytest passes over without a word: pipes, sockets, links to nothing."""
    from sharpbits.catalogue.discovery import is_finding_file

    report = yield
    if isinstance(collector, pytest.Directory) and report.passed:
        folders = collector.config.stash[_SESSION].folders
        if any(folder == collector.path or folder in collector.path.parents for folder in folders):
            for path in sorted(collector.path.iterdir()):
                if path.suffix == ".py" and is_finding_file(path) and not path.is_file() and not path.is_dir():
                    report.result.append(finding_file(collector, path))
    return report


def _is_ours(path: Path, folders: Sequence[Path], *, others: bool) -> bool:
    """Tell a file below a folder of findings, or one elsewhere that carries their metadata and others would import."""
    from sharpbits.catalogue.discovery import is_finding_file

    if not is_finding_file(path):
        return False
    if any(folder in path.parents for folder in folders):
        return True
    if not others:
        return False
    try:
        return _METADATA.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def pytest_collection_finish(session: pytest.Session) -> None:
    """Warn of what the collected findings document and does not exist."""
    if getattr(session.config, "workerinput", {}).get("workerid", "gw0") != "gw0":
        return  # every xdist worker collects the same items; one of them speaks
    findings = [item.finding for item in session.items if isinstance(item, FindingItem) and item.finding is not None]
    if not findings:
        return
    from sharpbits.catalogue.staleness import StaleExpectationWarning, stale_parts

    known = session.config.stash[_SESSION].known_ids()
    for finding in findings:
        for complaint in stale_parts(finding, known):
            _warn(StaleExpectationWarning(complaint))


def _warn(warning: Warning) -> None:
    """Warn as the project's filters say; raised as an error here, it would end the whole run, not one test."""
    try:
        warnings.warn(warning, stacklevel=2)
    except type(warning):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(warning, stacklevel=2)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Show a passed finding by its verdict, so that ``-rA`` tells what bites from what is clear."""
    verdict = dict(report.user_properties).get(_VERDICT) if report.when == "call" and report.passed else None
    return ("passed", ".", str(verdict).upper()) if verdict else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the verdicts."""
    counts: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            verdict = dict(getattr(report, "user_properties", ())).get(_VERDICT)
            # Set while the test is called; the report of its teardown repeats it.
            if verdict and report.when == "call":
                counts[verdict] = counts.get(verdict, 0) + 1
    if counts:
        line = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        terminalreporter.write_sep("-", f"sharpbits: {line}")


class FindingChangedError(Exception):
    """A finding did not behave as documented."""


def finding_file(parent: pytest.Collector, path: Path) -> FindingFile:
    """Return the collector of a finding file, under a name that every worker and report can pass on."""
    name = shown_path(Path(path.name))
    above = parent.nodeid if parent.nodeid not in ("", ".") else ""
    return FindingFile.from_parent(parent, path=path, name=name, nodeid=f"{above}/{name}" if above else name)


class FindingFile(pytest.File):
    """A finding file; it holds one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the finding, or an item that fails with what is wrong with the file: others still run."""
        from sharpbits.catalogue import FindingFileError, load_finding

        try:
            loaded: Finding | FindingFileError = load_finding(self.path)
        except FindingFileError as error:
            loaded = error
        yield FindingItem.from_parent(self, name="behaves_as_documented", loaded=loaded)


class FindingItem(pytest.Item):
    """Runs one finding and holds what it shows against what is documented for the installed versions."""

    def __init__(self, *, loaded: Finding | FindingFileError, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._loaded = loaded
        if self.finding is not None:
            self.keywords[self.finding.table.component] = True

    @property
    def finding(self) -> Finding | None:
        """The finding; None where the file is not a valid one."""
        from sharpbits.catalogue import Finding

        return self._loaded if isinstance(self._loaded, Finding) else None

    def runtest(self) -> None:
        """Run the finding in its own process."""
        from sharpbits.catalogue import Verdict, run_finding
        from sharpbits.catalogue.environment import altered_since
        from sharpbits.catalogue.runner import InterruptedRunError
        from sharpbits.report.plain_text import printable

        if self.finding is None:
            raise self._loaded  # type: ignore[misc]
        session = self.config.stash[_SESSION]
        try:
            result = run_finding(
                self.finding,
                session.environment(),
                python=session.python,
                stop=session.stop,
                parents=session.parents,
                altered=lambda: altered_since(session.environment(), session.python),
            )
        except InterruptedRunError as error:
            raise KeyboardInterrupt from error  # nobody waits for this worker's results any more
        self.user_properties.append((_VERDICT, str(result.verdict)))
        self.add_report_section("call", "sharpbits", _evidence(result))
        message = printable(result.judgement.message)
        if result.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(message)
        if result.verdict.fails:
            raise FindingChangedError(f"{result.verdict}: {message}")

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """Show the message alone: a traceback through the runner tells nothing."""
        from sharpbits.errors import SharpbitsError
        from sharpbits.report.plain_text import printable

        if isinstance(excinfo.value, FindingChangedError | SharpbitsError):
            return printable(str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the test in reports, which other processes and files are to hold."""
        return Path(shown_path(self.path)), 0, self.nodeid


class _Session:
    """What the findings of one pytest process share."""

    def __init__(self, config: pytest.Config) -> None:
        self.folders: list[Path] = [folder.resolve() for folder in config.getini("sharpbits_findings")]
        chosen: Path | None = config.getoption("--sharpbits-python")
        self.python = None if chosen is None else program_path(chosen)
        self._environment: Environment | None = None
        self._isolated: bool = config.getoption("--sharpbits-isolated")
        self._parents: Parents | None = None
        self._controller = os.getppid() if hasattr(config, "workerinput") else None

    @cached_property
    def stop(self) -> threading.Event:
        """Set when the controller of this xdist worker is gone; pytest's own process has none."""
        return threading.Event() if self._controller is None else _gone_with(self._controller)

    @property
    def parents(self) -> Parents | None:
        """The processes to fork findings from, started as they are wanted; None where each shall run by itself."""
        from sharpbits.catalogue import Parents

        if self._parents is None and not self._isolated:
            self._parents = Parents()
        return self._parents

    def close(self) -> None:
        """End the processes."""
        if self._parents is not None:
            self._parents.close()

    def environment(self) -> Environment:
        """Describe the environment, once."""
        from sharpbits.catalogue import describe_environment

        if self._environment is None:
            self._environment = describe_environment(self.python)
        return self._environment

    def known_ids(self) -> set[str]:
        """Return the ids of all findings in the configured folders, collected or not."""
        from sharpbits.catalogue.discovery import finding_files

        paths = [path for folder in self.folders for path in finding_files(folder)]
        return {f"{path.parent.name}/{path.stem}" for path in paths}


_SESSION = pytest.StashKey[_Session]()


def _gone_with(parent: int) -> threading.Event:
    """Return an event that is set when the process that started this one has ended.

    A worker whose controller was killed lets its test go on for another five seconds, and then interrupts it.
    """
    gone = threading.Event()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        gone.set()

    threading.Thread(target=watch, name="sharpbits-watch", daemon=True).start()
    return gone


def _evidence(result: Result) -> str:
    """Tell what each run showed, for ``-rA`` and for failures: as data, which steers no terminal."""
    from sharpbits.report.plain_text import printable

    lines = [f"{result.verdict}: {result.judgement.seen}"]
    for observation in result.observations:
        numbers = f", error {observation.error}, tolerance {observation.tolerance}" if observation.error else ""
        lines.append(f"{observation.outcome} in {observation.seconds:.1f} s{numbers} {observation.detail}".rstrip())
    worst = result.worst
    if worst is not None and result.verdict.fails:
        lines.extend(worst.stderr_tail)
    return printable("\n".join(lines))
