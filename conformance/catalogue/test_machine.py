"""Rows that speak of a machine: conditions on the fingerprint, and what is said where no row does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import environment, write_finding
from sharpbits.catalogue import (
    Environment,
    Finding,
    FindingFileError,
    Observation,
    Outcome,
    Verdict,
    describe_environment,
    judge,
    load_finding,
)
from sharpbits.catalogue.judgement import NOT_THIS_MACHINE
from sharpbits.catalogue.machine import Condition
from sharpbits.gpu.devices import Gpu

HERE = environment(features=("avx2", "fma"), cores=4, gpus=(Gpu("NVIDIA H100 PCIe", "580.1", "80 GiB"),))


def row(*outcomes: str, **more: Any) -> dict[str, Any]:
    return {"when": "python>=3.11", "outcome": list(outcomes), "seen": ["3.11.0"], **more}


def finding(folder: Path, *rows: dict[str, Any]) -> Finding:
    return load_finding(write_finding(folder, "x", expect=list(rows)))


def saw(outcome: str) -> list[Observation]:
    return [Observation(Outcome(outcome), "", seconds=1.0, peak_memory=0)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("avx2", True),
        ("not avx2", False),
        ("avx512f", False),
        ("not avx512f", True),
        ("cores<4", False),
        ("cores<=4", True),
        ("cores>4", False),
        ("cores>=2", True),
        ("system=Linux", True),
        ("system=Darwin", False),
        ("machine=x86_64", True),
        ("gpu=h100", True),
        ("gpu=A100", False),
    ],
)
def test_a_condition_holds_by_the_facts_of_the_fingerprint(text: str, holds: bool) -> None:
    assert Condition(text).holds(HERE) is holds


@given(
    feature=st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True), features=st.sets(st.sampled_from(["avx2", "fma"]))
)
def test_a_feature_and_its_absence_never_hold_together(feature: str, features: set[str]) -> None:
    machine = environment(features=tuple(sorted(features)))
    assert Condition(feature).holds(machine) is not Condition(f"not {feature}").holds(machine)
    assert Condition(feature).holds(machine) is (feature in features)


@pytest.mark.parametrize("text", ["", "AVX2", "cores=2", "cores<0", "system=", "not not avx2", "nor avx2", "gpu = "])
def test_what_is_no_condition_is_refused_with_the_forms_there_are(tmp_path: Path, text: str) -> None:
    with pytest.raises(FindingFileError, match="condition on a machine"):
        finding(tmp_path, row("crash", where=text, machines="a machine"))


def test_a_row_about_a_machine_names_those_it_was_seen_on(tmp_path: Path) -> None:
    with pytest.raises(FindingFileError, match="where needs machines"):
        finding(tmp_path, row("crash", where="avx2"))


def test_a_row_counts_on_its_machines_only(tmp_path: Path) -> None:
    one = finding(
        tmp_path,
        row("wrong-value", where="not avx512f", machines="old"),
        row("ok", where="avx512f", machines="new"),
    )
    old, new = environment(), environment(features=("avx512f",))
    verdicts = {
        (name, outcome): judge(one, where, saw(outcome)).verdict
        for name, where in (("old", old), ("new", new))
        for outcome in ("wrong-value", "ok")
    }
    assert verdicts == {
        ("old", "wrong-value"): Verdict.BITES,
        ("old", "ok"): Verdict.CHANGED,
        ("new", "wrong-value"): Verdict.CHANGED,
        ("new", "ok"): Verdict.CLEAR,
    }


@pytest.mark.parametrize(("outcome", "verdict"), [("wrong-value", Verdict.BITES), ("ok", Verdict.CLEAR)])
def test_what_other_machines_document_is_said_and_no_failure_on_one_that_no_row_speaks_of(
    tmp_path: Path, outcome: str, verdict: Verdict
) -> None:
    one = finding(
        tmp_path,
        row("wrong-value", where=["system=Linux", "machine=aarch64"], machines="a Graviton"),
        row("ok", where="avx512f", machines="a Xeon"),
    )
    judgement = judge(one, environment(), saw(outcome))
    assert judgement.verdict is verdict
    assert judgement.message == NOT_THIS_MACHINE


def test_what_no_machine_documents_changed_on_every_machine(tmp_path: Path) -> None:
    one = finding(tmp_path, row("wrong-value", where="avx512f", machines="a Xeon"))
    assert judge(one, environment(), saw("crash")).verdict is Verdict.CHANGED


def test_the_fingerprint_has_the_features_that_the_kernel_lists() -> None:
    here: Environment = describe_environment()
    # Oracle: the file itself, read another way.
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    listed = {
        word
        for line in text.splitlines()
        if line.lower().startswith(("flags", "features"))
        for word in line.split()[2:]
    }
    assert set(here.features) == listed
    assert here.system == "Linux"
