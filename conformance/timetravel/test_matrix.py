"""The matrix, the rows that follow from it, and the nightly watch, on small packages that are called jax and numpy."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogue.toys import write_finding
from sharpbits.catalogue import load_finding
from timetravel.local_index import LocalIndex, serving

Run = Callable[..., subprocess.CompletedProcess[str]]

BODY = """
import json
from jax import value
print(json.dumps({"outcome": "ok" if value == 1 else "wrong-value", "observed": value, "expected": 1,
                  "error": abs(value - 1), "tolerance": 0}))
"""
DIES = "import os, jax\nif jax.value != 1: os.abort()\n" + BODY


@pytest.fixture(scope="session")
def index() -> Iterator[LocalIndex]:
    """Four releases of jax: from 0.3 on its value is wrong; the last one asks for what does not exist."""
    index = LocalIndex()
    index.add("numpy", "2.0", "2024-12-01T00:00:00Z")
    for minor in range(1, 5):
        index.add("jax", f"0.{minor}", f"2025-{2 * minor:02}-01T00:00:00Z", f"value = {1 if minor < 3 else 2}")
    index.add("jax", "0.5", "2025-10-01T00:00:00Z", "value = 2", ("jaxlib==0.5",))
    with serving(index):
        yield index


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    folder = tmp_path / "findings"
    script = {"dependencies": ["jax"]}
    rows = [
        {"when": "jax>=0.1,<0.3", "outcome": ["ok"], "seen": ["0.1"]},
        {"when": "jax>=0.3", "outcome": ["wrong-value"], "seen": ["0.3"]},
    ]
    write_finding(folder, "documented", BODY, component="jax", script=script, expect=rows, workaround="use B")
    write_finding(folder, "dies", DIES, component="jax", script=script, expect=[{**rows[0], "when": "jax>=0.1"}])
    return folder


def filled(sharpbits: Run, findings: Path, output: Path, *more: str) -> tuple[subprocess.CompletedProcess[str], dict]:  # type: ignore[type-arg]
    releases = "0.1,0.2,0.3,0.4,0.5"
    ended = sharpbits(
        "matrix", "--component", "jax", "--findings", findings, "--releases", releases, "-o", output, *more
    )
    return ended, json.loads(output.read_text()) if output.exists() else {}


def outcomes(document: dict, slug: str) -> list[str]:  # type: ignore[type-arg]
    return [cell["outcome"] for row in document["rows"] if row["id"] == f"jax/{slug}" for cell in row["cells"]]


def test_each_cell_is_what_the_finding_shows_on_that_release(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    ended, document = filled(sharpbits, findings, tmp_path / "matrix.json")
    assert ended.returncode == 1, ended.stderr  # one finding is not as documented
    assert outcomes(document, "documented") == ["ok", "ok", "wrong-value", "wrong-value", "untestable"]
    assert outcomes(document, "dies") == ["ok", "ok", "crash", "crash", "untestable"]
    assert [column["uploaded"] for column in document["columns"]][:2] == [
        "2025-02-01T00:00:00Z",
        "2025-04-01T00:00:00Z",
    ]
    assert "jaxlib" in document["columns"][4]["untestable"]
    assert "crash*" in ended.stdout
    assert "2 not as documented" in ended.stdout


def test_what_is_known_is_not_run_again(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    """Nor built: the environments may be gone."""
    _, first = filled(sharpbits, findings, tmp_path / "first.json")
    sharpbits("stack", "prune")
    started = time.monotonic()
    _, second = filled(sharpbits, findings, tmp_path / "second.json")
    assert time.monotonic() - started < 60
    assert "0 environments" in sharpbits("stack", "list").stdout
    assert second["rows"] == first["rows"]


def test_another_text_of_a_finding_is_run_anew(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    filled(sharpbits, findings, tmp_path / "first.json")
    path = findings / "jax" / "documented.py"
    path.write_text(path.read_text().replace('"wrong-value"', '"wrong-dtype"'))
    _, second = filled(sharpbits, findings, tmp_path / "second.json")
    assert outcomes(second, "documented")[2] == "wrong-dtype"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--releases", ">=0.2,<0.4"], ["0.2", "0.3"]),
        (["--since", "2025-05-01", "--releases", "<0.5"], ["0.3", "0.4"]),
        (["--releases", "jax==0.4"], ["0.4"]),
    ],
)
def test_releases_are_chosen_by_version_range_or_date(
    sharpbits: Run, findings: Path, tmp_path: Path, options: list[str], expected: list[str]
) -> None:
    output = tmp_path / "matrix.json"
    ended = sharpbits(
        "matrix", "--component", "jax", "--findings", findings, "-k", "documented", "-o", output, *options
    )
    assert ended.returncode == 0, ended.stderr
    assert [column["release"] for column in json.loads(output.read_text())["columns"]] == expected


def test_the_rows_that_a_matrix_implies_are_proposed_as_a_diff_and_hold_afterwards(
    sharpbits: Run, findings: Path, tmp_path: Path
) -> None:
    filled(sharpbits, findings, tmp_path / "matrix.json")
    before = (findings / "jax" / "dies.py").read_text()
    proposed = sharpbits("expect", "--update", "matrix.json", "--findings", "findings")
    assert proposed.returncode == 1, proposed.stderr
    row = """+#   { when = "jax>=0.3", outcome = ["crash"], match = 'SIGABRT', seen = ["0.3", "0.4"] },"""
    assert row in proposed.stdout
    assert (findings / "jax" / "dies.py").read_text() == before, "a proposal changes nothing"
    applied = subprocess.run(
        ["git", "apply", "-"], input=proposed.stdout, cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
    rows = load_finding(findings / "jax" / "dies.py").table.expect
    assert [(str(row.when[0]), [str(one) for one in row.outcome]) for row in rows] == [
        ("jax<0.3,>=0.1", ["ok"]),
        ("jax>=0.3", ["crash"]),
    ]
    ended, _ = filled(sharpbits, findings, tmp_path / "again.json")
    assert ended.returncode == 0, ended.stdout
    assert sharpbits("expect", "--update", "again.json", "--findings", "findings").returncode == 0


def test_releases_seen_as_documented_become_evidence(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    filled(sharpbits, findings, tmp_path / "matrix.json")
    assert sharpbits("expect", "--update", "matrix.json", "--findings", "findings", "--write").returncode == 1
    rows = load_finding(findings / "jax" / "documented.py").table.expect
    assert [[str(version) for version in row.seen] for row in rows] == [["0.1", "0.2"], ["0.3", "0.4"]]


@pytest.fixture
def varying(tmp_path: Path) -> Path:
    """A finding that dies on every third run, from jax 0.3 on."""
    folder, count = tmp_path / "varying", tmp_path / "count"
    body = (
        "import jax, os, pathlib\n"
        f"count = pathlib.Path({str(count)!r})\n"
        "runs = int(count.read_text()) + 1 if count.exists() else 1\n"
        "if jax.value != 1:\n    count.write_text(str(runs))\n    if runs % 3 == 0: os.abort()\n"
    )
    rows = [{"when": "jax>=0.1", "outcome": ["ok"], "seen": ["0.1"]}]
    write_finding(
        folder, "varies", body + BODY.replace("jax import value", "math import pi; value = 1"),
        component="jax", script={"dependencies": ["jax"]}, expect=rows, workaround="use B",
    )  # fmt: skip
    return folder


def cells_of(document: dict) -> list[dict]:  # type: ignore[type-arg]
    return list(document["rows"][0]["cells"])


def test_a_cell_that_runs_often_keeps_the_tally_of_what_it_showed(
    sharpbits: Run, varying: Path, tmp_path: Path
) -> None:
    _, once = filled(sharpbits, varying, tmp_path / "once.json")
    assert [cell.get("tally") for cell in cells_of(once)[:3]] == [{"ok": 1}] * 3
    _, often = filled(sharpbits, varying, tmp_path / "often.json", "--repeats", "6")
    assert [cell["tally"] for cell in cells_of(often)[:3]] == [{"ok": 6}, {"ok": 6}, {"crash": 2, "ok": 4}]
    third = cells_of(often)[2]
    assert (third["outcome"], third["verdict"]) == ("nondeterministic", "changed")
    assert third["seen"] == "ok 4 of 6, crash 2 of 6"


def test_a_result_of_fewer_runs_does_not_count_and_one_of_more_does(
    sharpbits: Run, varying: Path, tmp_path: Path
) -> None:
    for repeats, runs in (("1", 1), ("4", 4), ("2", 4), ("5", 5)):
        _, document = filled(sharpbits, varying, tmp_path / f"{repeats}.json", "--repeats", repeats)
        assert {sum(cell["tally"].values()) for cell in cells_of(document)[:4]} == {runs}


def test_a_finding_runs_at_least_as_often_as_it_asks_for_itself(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    path = findings / "jax" / "documented.py"
    path.write_text(path.read_text().replace("# workaround", "# repeats = 3\n# workaround", 1))
    _, document = filled(sharpbits, findings, tmp_path / "matrix.json", "--repeats", "2")
    runs = {row["id"]: sum(row["cells"][0]["tally"].values()) for row in document["rows"]}
    assert runs == {"jax/documented": 3, "jax/dies": 2}


def test_what_varies_is_proposed_with_all_outcomes_and_is_as_documented_afterwards(
    sharpbits: Run, varying: Path, tmp_path: Path
) -> None:
    filled(sharpbits, varying, tmp_path / "matrix.json", "--repeats", "6")
    proposed = sharpbits("expect", "--update", "matrix.json", "--findings", varying, "--write")
    row = """+#   { when = "jax>=0.3", outcome = ["crash", "ok"], match = 'SIGABRT', seen = ["0.3", "0.4"] },"""
    assert row in proposed.stdout, proposed.stderr
    ended, again = filled(sharpbits, varying, tmp_path / "again.json", "--repeats", "6")
    assert ended.returncode == 0, ended.stdout
    assert [cell["verdict"] for cell in cells_of(again)[:4]] == ["clear", "clear", "bites", "bites"]
    assert sharpbits("expect", "--update", "again.json", "--findings", varying).returncode == 0
    # Seen right by chance the next time, it is documented as it was.
    filled(sharpbits, varying, tmp_path / "once.json", "--fresh")
    assert sharpbits("expect", "--update", "once.json", "--findings", varying).returncode == 0


def test_rows_that_speak_of_another_package_are_left_to_a_person(
    sharpbits: Run, findings: Path, tmp_path: Path
) -> None:
    path = findings / "jax" / "dies.py"
    path.write_text(
        path.read_text().replace(
            'when = "jax>=0.1", outcome = ["ok"], seen = ["0.1"]', 'when = "numpy>=1", outcome = ["ok"], seen = ["2.0"]'
        )
    )
    filled(sharpbits, findings, tmp_path / "matrix.json")
    ended = sharpbits("expect", "--update", "matrix.json", "--findings", "findings")
    assert "left alone jax/dies: its rows speak of other packages than jax" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["matrix", "--component", "qref"], "has no releases"),
        (["matrix", "--component", "jax", "-k", "nothing_like_it"], "nothing_like_it"),
        (["matrix", "--component", "jax", "--releases", "9.9"], "9.9"),
        (["matrix", "--component", "jax", "--repeats", "0"], "--repeats"),
        (["matrix", "--component", "jax", "--releases", ">=="], "releases cannot be chosen"),
        (["matrix", "--component", "jax", "--html", "no/such/page.html"], "cannot be written"),
        (["expect", "--update", "missing.json"], "a matrix cannot be read"),
        (["watch", "--component", "qref"], "has no releases"),
        (["watch", "--component", "jax", "--reports", "findings/jax/dies.py"], "is no folder"),
        (["watch", "--component", "jax", "--reports", "findings/jax/dies.py/below"], "is no folder"),
    ],
    ids=lambda value: "_".join(value[:1] + value[-2:]) if isinstance(value, list) else "",
)
def test_a_request_that_cannot_be_met_is_refused_with_its_reason(
    sharpbits: Run, findings: Path, arguments: list[str], said: str
) -> None:
    ended = sharpbits(*arguments, "--findings", findings)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_watch_bisects_what_changed_by_itself(
    sharpbits: Run, findings: Path, tmp_path: Path, index: LocalIndex
) -> None:
    """The newest jax that can be installed is 0.4: one finding is as documented there, the other one changed."""
    ended = sharpbits("watch", "--component", "jax", "--findings", findings, "--reports", tmp_path / "reports")
    assert ended.returncode == 1, ended.stderr
    assert "changed jax/dies" in ended.stdout
    assert "jax 0.2 → 0.3" in ended.stdout
    reports = {path.name for path in (tmp_path / "reports").iterdir()}
    assert {"stack.txt", "check.json", "check.html", "jax-dies.md"} <= reports
    assert "jax-documented.md" not in reports
    assert "jax 0.2 → 0.3" in (tmp_path / "reports" / "jax-dies.md").read_text()
    assert json.loads((tmp_path / "reports" / "check.json").read_text())["counts"]["changed"] == 1


def test_the_watch_is_quiet_when_all_is_as_documented(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    (findings / "jax" / "dies.py").unlink()
    ended = sharpbits("watch", "--component", "jax", "--findings", findings, "--reports", tmp_path / "reports")
    assert ended.returncode == 0, ended.stderr
    assert not re.search(r"culprit", ended.stdout)


def test_what_is_known_is_told_where_no_environment_can_be_kept(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    filled(sharpbits, findings, tmp_path / "first.json")
    path = findings / "jax" / "documented.py"
    path.write_text(path.read_text() + "# edited\n")
    command = ["matrix", "--component", "jax", "--findings", findings, "--releases", "0.1,0.3", "-o", "second.json"]
    ended = sharpbits(*command, SHARPBITS_ENVIRONMENTS=str(path / "below-a-file"))
    assert ended.returncode == 1, ended.stderr
    second = json.loads((tmp_path / "second.json").read_text())
    assert outcomes(second, "dies") == ["ok", "crash"]
    assert outcomes(second, "documented") == ["untestable", "untestable"]
    (row,) = (row for row in second["rows"] if row["id"] == "jax/documented")
    assert "an environment cannot be kept" in row["cells"][0]["detail"]


def test_a_package_that_the_index_does_not_have_is_refused(sharpbits: Run, findings: Path, tmp_path: Path) -> None:
    write_finding(findings, "fine", BODY, component="torch")
    ended = sharpbits("matrix", "--component", "torch", "--findings", findings, "--releases", "1.0")
    assert ended.returncode == 2
    assert "torch==1.0" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_environment_that_was_damaged_says_nothing_of_its_release_and_is_built_anew(
    sharpbits: Run, findings: Path, tmp_path: Path
) -> None:
    _, first = filled(sharpbits, findings, tmp_path / "first.json")
    for module in (tmp_path / "cache" / "sharpbits" / "environments").glob("*/lib/python*/site-packages/jax.py"):
        module.unlink()
    ended, damaged = filled(sharpbits, findings, tmp_path / "damaged.json", "--fresh")
    assert ended.returncode == 1, ended.stderr
    assert outcomes(damaged, "documented")[:4] == ["broken"] * 4
    assert "jax.py" in damaged["rows"][0]["cells"][0]["detail"]
    _, again = filled(sharpbits, findings, tmp_path / "again.json", "--fresh")
    assert [outcomes(again, slug) for slug in ("documented", "dies")] == [
        outcomes(first, slug) for slug in ("documented", "dies")
    ]
