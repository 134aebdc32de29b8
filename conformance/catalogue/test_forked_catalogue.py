"""Over the whole catalogue, a forked start shows what ``python FILE`` shows. Takes minutes: ``pytest -m nightly``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sharpbits.catalogue import (
    Environment,
    Finding,
    Observation,
    Parents,
    default_folder,
    describe_environment,
    discover,
    judge,
)
from sharpbits.catalogue.applicability import missing_requirement
from sharpbits.catalogue.forking import forkable
from sharpbits.catalogue.runner import run_once

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def here() -> Environment:
    return describe_environment()


@pytest.fixture(scope="module")
def parents() -> Iterator[Parents]:
    with Parents() as made:
        yield made


@pytest.mark.parametrize("finding", discover([default_folder()]).findings, ids=lambda finding: finding.id)
def test_a_forked_start_shows_what_python_file_shows(finding: Finding, here: Environment, parents: Parents) -> None:
    reason = missing_requirement(finding, here)
    if reason is not None:
        pytest.skip(reason)
    if not forkable(finding, here):
        pytest.skip("always runs as python FILE")
    if not parents.available(here):
        pytest.skip("nothing is forked here")
    forked, alone = run_once(finding, None, None, parents), run_once(finding, None, None)
    documented = {outcome for row in finding.rows_for(here) for outcome in row.outcome}
    if len(documented) > 1:  # it varies by itself: each start must show something of it
        assert {verdict_of(finding, here, forked), verdict_of(finding, here, alone)} <= {"bites", "clear"}
        return
    for fact in ("outcome", "exception", "signal", "tolerance"):
        assert getattr(forked, fact) == getattr(alone, fact), fact


def verdict_of(finding: Finding, here: Environment, observation: Observation) -> str:
    return str(judge(finding, here, [observation]).verdict)
