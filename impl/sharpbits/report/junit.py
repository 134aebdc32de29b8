"""One run as JUnit XML, which CI systems read: one test case a finding, one suite a component."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sharpbits.catalogue import Environment, FindingFileError, Result, Verdict
from sharpbits.files import shown_path
from sharpbits.report.plain_text import printable


def as_junit(
    results: Sequence[Result],
    environment: Environment,
    *,
    broken: Sequence[FindingFileError] = (),
    interrupted: bool = False,
) -> str:
    """Return the XML text: ``changed`` is a failure, ``broken`` an error, ``not applicable`` skipped.

    An interrupted run is an error, too: what did not run by then stands nowhere.
    """
    document = JUnitXml("sharpbits")
    by_component = sorted(results, key=lambda result: result.finding.id)
    for component, group in groupby(by_component, key=lambda result: result.finding.table.component):
        suite = TestSuite(component)
        for name, version in environment.stack().items():
            suite.add_property(name, version)
        suite.add_testcases([_case(result) for result in group])
        document.add_testsuite(suite)
    if broken:
        suite = TestSuite("unreadable finding files")
        for error in broken:
            case = TestCase(shown_path(Path(error.path.stem)), classname=shown_path(Path(error.path.parent.name)))
            case.result = [Error(printable(f"line {error.line}: {error.why}"))]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    if interrupted:
        suite = TestSuite("sharpbits")
        case = TestCase("the whole run", classname="sharpbits")
        case.result = [Error("it was interrupted: what did not finish by then is not listed")]
        suite.add_testcase(case)
        document.add_testsuite(suite)
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text.decode()


def _case(result: Result) -> TestCase:
    case = TestCase(result.finding.path.stem, classname=result.finding.table.component, time=result.seconds)
    said = result.judgement.message
    match result.verdict:
        case Verdict.CHANGED:
            case.result = [Failure(printable(said))]
        case Verdict.BROKEN:
            case.result = [Error(printable(said))]
        case Verdict.NOT_APPLICABLE:
            case.result = [Skipped(printable(said))]
        case _:
            worst = result.worst
            case.system_out = printable(f"{result.verdict}: {result.judgement.seen} {worst.detail if worst else ''}")
    return case
