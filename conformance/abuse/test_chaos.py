"""Killed, its disk filled, its folders removed at random moments: no file of the user's is lost, no answer is wrong.

Each round is made from its number alone. What comes of it still depends on what the machine does meanwhile; the rules
hold whatever that is.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import xml.etree.ElementTree as Xml
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from abuse.chaos import ATTACKS, Ended, Place, Program, contents, disk, run
from catalogue.toys import OK, WRONG_GRADIENT, command_line, documented, write_finding
from timetravel.local_index import LocalIndex, serving

#: Leaves a file where the round counts what was done.
MARKS = "import os, tempfile\ntempfile.mkstemp(dir=os.environ['CHAOS_MARKS'])\n"
#: Has a child in a session of its own that hears of no signal.
PARENT = """
import subprocess, sys
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(0.5)"
subprocess.run([sys.executable, "-c", code], start_new_session=True, check=True)
"""
OF_JAX = """
import json
from jax import value
print(json.dumps({"outcome": "ok" if value == 1 else "wrong-value", "observed": value, "expected": 1,
                  "error": abs(value - 1), "tolerance": 0}))
"""
SCRIPT = "import sys, helper\nfrom solver import gradient\nsys.exit(gradient(1.0) != 2.0)\n"


@pytest.fixture(scope="module")
def index() -> Iterator[LocalIndex]:
    """Three releases of jax, the last with another value; three of solver, the last with a wrong gradient."""
    index = LocalIndex()
    index.add("numpy", "2.0", "2024-12-01T00:00:00Z")
    for minor in range(1, 4):
        index.add("jax", f"0.{minor}", f"2025-{2 * minor:02}-01T00:00:00Z", f"value = {1 if minor < 3 else 2}")
    for minor in range(3):
        source = f"def gradient(x): return {2 if minor < 2 else 2.5} * x"
        index.add("solver", f"1.{minor}", f"2025-{2 * minor + 1:02}-10T12:00:00Z", source)
    with serving(index):
        yield index


@dataclass(frozen=True)
class Work:
    """One of the commands, and what is known of its answers."""

    #: Paths are relative to the folder of a round.
    arguments: tuple[str, ...]
    #: So many marks a run makes that nobody disturbs, more or less.
    marks: int
    #: Files it is asked for, relative to the folder of reports.
    reports: tuple[str, ...]
    #: Says what is wrong with what it says, given whether it was disturbed.
    wrong: Callable[[Place, Ended, bool], str]


def documents(place: Place) -> list[dict[str, Any]]:
    """The reports that were written, whole or of a part of the run."""
    found = [path.read_text() for path in place.out.glob("report*.json")]
    return [json.loads(text) for text in found if text != EARLIER]


def wrong_check(place: Place, ended: Ended, disturbed: bool) -> str:
    right = {"toy/fine": "clear", "toy/wrong": "bites", "toy/dies": "bites", "toy/parent": "clear", "toy/slow": "clear"}
    told = {one["id"]: one for document in documents(place) for one in document["findings"]}
    if not disturbed and told.keys() != right.keys():
        return f"only {sorted(told)} are told"
    for name, one in told.items():
        if one["verdict"] != right[name] and not (disturbed and one["verdict"] == "broken"):
            return f"{name} is told as {one['verdict']}: {one['message']}"
    return ""


def wrong_matrix(place: Place, ended: Ended, disturbed: bool) -> str:
    right = {"jax/value": ["ok", "wrong-value"], "jax/other": ["ok", "wrong-value"]}
    told = {row["id"]: row["cells"] for document in documents(place) for row in document["rows"]}
    if not disturbed and told.keys() != right.keys():
        return f"only {sorted(told)} are told"
    for name, cells in told.items():
        for cell, expected in zip(cells, right[name], strict=True):
            unknown = disturbed and cell["outcome"] in ("broken", "untestable")
            if cell["outcome"] != expected and not unknown:
                return f"{name} is told as {cell['outcome']}: {cell['detail']}"
    return ""


def wrong_bisect(place: Place, ended: Ended, disturbed: bool) -> str:
    if ended.status == 0 and "solver 1.1 → 1.2" not in ended.stdout:
        return "another culprit is named"
    if ended.status == 1:
        return "it is told as varying"
    return "" if disturbed or ended.status == 0 else "nothing was found"


WORK: Mapping[str, Work] = {
    "check": Work(
        (
            *("check", "--jobs", "2", "--findings", "project/toys", "-o", "disk/out/report.json"),
            *("--junit", "disk/out/report.xml", "--html", "disk/out/report.html"),
        ),
        22,
        ("report.json", "report.xml", "report.html"),
        wrong_check,
    ),
    "matrix": Work(
        (
            *("matrix", "--component", "jax", "--releases", "0.1,0.3", "--findings", "project/ofjax"),
            *("-o", "disk/out/report.json", "--html", "disk/out/report.html", "--picture", "disk/out/report.svg"),
        ),
        40,
        ("report.json", "report.html", "report.svg"),
        wrong_matrix,
    ),
    "bisect": Work(
        (
            *("bisect", "--run", "python script.py data.csv", "--with", "solver"),
            *("--since", "2025-01-15", "--until", "2025-06-15"),
            *("--report", "disk/out/report.md", "--state", "disk/out/state.json"),
        ),
        45,
        ("report.md", "state.json", "report.files/old.txt", "report.files/new.txt"),
        wrong_bisect,
    ),
}
#: What stands in a report that was there before.
EARLIER = "of an earlier run"
#: Signals that end a program which cannot do anything about it.
DEADLY = {"kill", "int-kill"}


def variables(place: Place, index: LocalIndex) -> dict[str, str]:
    """The variables of a run that works in a round's folders alone."""
    return {
        **os.environ,
        "COLUMNS": "200",
        "XDG_CACHE_HOME": str(place.cache),
        "SHARPBITS_ENVIRONMENTS": str(place.environments),
        "TMPDIR": str(place.tmp),
        "CHAOS_MARKS": str(place.marks),
        "UV_CACHE_DIR": str(place.disk / "uv"),
        "UV_DEFAULT_INDEX": f"{index.url}/simple/",
        "UV_INDEX": "",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def lay_out(place: Place, *, earlier: bool) -> None:
    """Write the user's files, with complete reports of an earlier run among them where these are asked for."""
    rows = [
        {"when": "jax>=0.1,<0.3", "outcome": ["ok"], "seen": ["0.1"]},
        {"when": "jax>=0.3", "outcome": ["wrong-value"], "seen": ["0.3"]},
    ]
    toys = place.project / "toys"
    write_finding(toys, "fine", MARKS + OK, expect=documented("ok"))
    write_finding(toys, "wrong", MARKS + WRONG_GRADIENT, expect=documented("wrong-gradient"))
    write_finding(toys, "dies", MARKS + "os.abort()", expect=documented("crash"))
    write_finding(toys, "parent", MARKS + PARENT + OK, expect=documented("ok"))
    write_finding(toys, "slow", MARKS + "import time; time.sleep(0.3)\n" + OK, expect=documented("ok"), repeats=2)
    script = {"dependencies": ["jax"]}
    for slug in ("value", "other"):
        write_finding(place.project / "ofjax", slug, MARKS + OF_JAX, component="jax", script=script, expect=rows)
    (place.project / "script.py").write_text(MARKS + SCRIPT)
    (place.project / "helper.py").write_text("value = 1\n")
    (place.project / "data.csv").write_text("1,2\n")
    for folder in (place.project, place.out, place.environments / "mine", place.cache / "another", place.tmp):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "thesis.txt").write_text(f"in {folder.name}")
        (folder / "thesis.txt").chmod(0o640)
    place.marks.mkdir()
    if earlier:
        for name in ("report.json", "report.xml", "report.html", "report.svg", "report.md"):
            (place.out / name).write_text(EARLIER)


def is_whole(path: Path) -> bool:
    """Tell a report that a reader can use from a part of one."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return isinstance(json.loads(text), dict)
    if path.suffix in (".xml", ".svg"):
        return Xml.fromstring(text) is not None
    return text.rstrip().endswith("</html>") if path.suffix == ".html" else text.endswith("\n")


def assert_the_users_files_are_as_they_were(
    place: Place, before: Mapping[str, Mapping[str, Any]], work: Work, *, attack: str, earlier: bool
) -> None:
    asked = {("out", report) for report in work.reports}
    for name, files in before.items():
        folder: Path = getattr(place, name)
        here, elsewhere = contents(folder), contents(folder.with_name(f"{name}.moved"))
        remained = elsewhere | here
        if attack != f"no-{name}":
            assert files.keys() <= remained.keys(), f"of {name} there are gone {files.keys() - remained.keys()}"
        for path, facts in remained.items():
            replaced = earlier and (name, path) in asked
            if path in files and not replaced:
                assert facts == files[path], f"{name}/{path} was changed"
            elif name in ("project", "out") and path not in files:
                assert (name, re.sub(r"\.partial\d*(?=\.)", "", path)) in asked, f"{name}/{path} came into being"
    for report in place.out.rglob("*"):
        if report.is_file() and report.name != "thesis.txt" and report.read_text() != EARLIER:
            assert is_whole(report), f"{report.name} is no whole report"


def assert_it_ended_in_words(ended: Ended, attack: str) -> None:
    assert "Traceback" not in ended.stdout + ended.stderr, str(ended)
    if ended.status == -signal.SIGKILL:
        assert attack in DEADLY, str(ended)
        return
    assert ended.status in (0, 1, 2, 130), str(ended)
    if ended.status == 130:
        assert "interrupted" in ended.stderr, str(ended)
    if ended.status == 2:
        assert re.search(r"^sharpbits: \S", ended.stderr, re.MULTILINE), str(ended)


#: Each command twice: interrupted, killed, held to a quota, without disk space, without a folder that it works in.
ROUNDS = [0, 7, 20, 21, 28, 35]


@pytest.mark.parametrize(
    "number",
    [*ROUNDS, *(pytest.param(number, marks=pytest.mark.nightly, id=f"night-{number}") for number in range(200))],
)
def test_nothing_is_lost_and_no_answer_is_wrong_whatever_happens_meanwhile(
    tmp_path: Path, index: LocalIndex, number: int
) -> None:
    chance = random.Random(number)
    name, attack = list(WORK)[number % 3], list(ATTACKS)[number // 3 % len(ATTACKS)]
    work, place, earlier = WORK[name], Place(tmp_path / "round"), chance.random() < 0.5
    moment, after = chance.randint(0, work.marks), chance.random()
    command = command_line([str(place.root / one) if "/" in one else one for one in work.arguments])

    with disk(place, small=attack == "filled") as mounted:
        if attack == "filled" and not mounted:
            attack = "limited"

        def strike(program: Program) -> None:
            program.wait_for(moment, after)
            ATTACKS[attack](program, chance)

        lay_out(place, earlier=earlier)
        folders = ("project", "out", "environments", "cache", "tmp")
        before = {one: contents(getattr(place, one)) for one in folders}
        ended = run(place, command, variables(place, index), strike)
        print(f"{name}, {attack} after {moment} marks and {after:.2f}\n{ended}")
        assert_it_ended_in_words(ended, attack)
        assert_the_users_files_are_as_they_were(place, before, work, attack=attack, earlier=earlier)
        if attack not in DEADLY:
            assert [path.name for path in place.tmp.iterdir()] == ["thesis.txt"], "what is temporary is gone"
        wrong = work.wrong(place, ended, True)
        assert not wrong, wrong

        # Whoever mends what was done and asks again gets the right answer. A removal that the command got in the way of
        # is finished first: of half an environment nobody knows whose it is, and it is refused in words.
        (place.disk / "filler").unlink(missing_ok=True)
        begun = [getattr(place, attack.removeprefix("no-"))] if attack.startswith("no-") else []
        for folder in (place.project, place.out, place.tmp, place.marks, *begun):
            shutil.rmtree(folder, ignore_errors=True)
        lay_out(place, earlier=False)
        again = run(place, command, variables(place, index), lambda program: None)
        print(f"again: {again}")
        assert_it_ended_in_words(again, "none")
        wrong = work.wrong(place, again, False)
        assert not wrong, wrong
        assert again.status == 0
