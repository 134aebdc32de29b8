"""Which searches ``--resume`` goes on with, and which it refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.toys import write_finding
from sharpbits.catalogue import Outcome
from sharpbits.errors import UsageError
from sharpbits.timetravel.bisect_report import plan
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.scripts import scripts_in
from sharpbits.timetravel.stack import Pin, Stack
from sharpbits.timetravel.state import Draw, SearchState, open_state
from sharpbits.timetravel.subject import PytestSubject
from timetravel.damage import damaged
from timetravel.simulated import BAD, EPOCH, laboratory, observation

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PERIOD = ["--since", "2025-02-01", "--until", "2025-12-15"]
GRADIENT = "import solver, sys\nsys.exit(solver.gradient(1.0) != 2.0)\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states") / "state.json"


@pytest.mark.parametrize("state", [[], ["--state", "state.json"]], ids=["default-place", "named-place"])
def test_a_search_of_an_edited_script_is_not_resumed(sharpbits: Run, tmp_path: Path, state: list[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(GRADIENT)
    command = ["bisect", "--run", "python script.py", "--with", "solver", *PERIOD, *state]
    assert sharpbits(*command).returncode == 0
    assert sharpbits(*command, "--resume").returncode == 0
    script.write_text(GRADIENT + "# otherwise\n")
    refused = sharpbits(*command, "--resume")
    assert refused.returncode == 2
    assert "the state is of another question: the content of script.py differs" in refused.stderr


@pytest.mark.parametrize(
    ("command", "edited"),
    [
        ("python script.py data.csv", "data.csv"),
        ("python script.py --input=data.csv", "data.csv"),
        ("python script.py < data.csv", "data.csv"),
        ("python script.py", "helper.py"),
        ("python script.py", "package/inner.py"),
        ("python -c 'import runpy, sys; runpy.run_path(sys.argv[1] + \"/main.py\")' folder", "folder/main.py"),
    ],
)
def test_a_search_is_bound_to_all_that_its_command_names_and_its_scripts_import(
    sharpbits: Run, tmp_path: Path, command: str, edited: str
) -> None:
    for name in ("package", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "script.py").write_text("import helper\nfrom package import inner\n" + GRADIENT)
    (tmp_path / "helper.py").write_text("value = 1\n")
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "inner.py").write_text("value = 1\n")
    (tmp_path / "folder" / "main.py").write_text(GRADIENT)
    (tmp_path / "data.csv").write_text("1,2\n")
    arguments = ["bisect", "--run", command, "--with", "solver", *PERIOD]
    first = sharpbits(*arguments)
    assert first.returncode == 0, first.stderr
    assert sharpbits(*arguments, "--resume").returncode == 0
    (tmp_path / edited).write_text((tmp_path / edited).read_text() + "\n")
    refused = sharpbits(*arguments, "--resume")
    assert refused.returncode == 2
    assert f"the content of {edited} differs" in refused.stderr


@pytest.mark.parametrize(
    "command",
    ["python script.py out.txt", "python script.py out.txt > log.txt", "python script.py out.txt 2>'log.txt'"],
)
def test_what_a_command_writes_itself_is_no_part_of_the_question(sharpbits: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "script.py").write_text("import sys\nopen(sys.argv[1], 'a').write('x')\n" + GRADIENT)
    (tmp_path / "out.txt").write_text("earlier\n")
    arguments = ["bisect", "--run", command, "--with", "solver", *PERIOD]
    assert sharpbits(*arguments).returncode == 0
    (tmp_path / "log.txt").write_text("of no concern")
    (tmp_path / "out.txt").unlink()
    resumed = sharpbits(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr


@pytest.mark.parametrize(
    ("line", "departed"),
    [
        ("open(__file__, 'a').write('# edited')", "script.py"),
        ("os.remove(__file__)", "script.py"),
        ("open('helper.py', 'a').write('# edited')", "helper.py"),
        ("os.remove('data.csv')", "data.csv"),
        ("os.rename('../work', '../elsewhere')", "data.csv, helper.py, script.py"),
    ],
    ids=["edited", "removed", "module-edited", "data-removed", "folder-moved"],
)
def test_a_search_ends_where_what_it_is_about_changes_meanwhile(
    sharpbits: Run, tmp_path: Path, line: str, departed: str
) -> None:
    """Else what runs from then on would fail, and the releases would be blamed for it."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "script.py").write_text(f"import os, helper\n{line}\n" + GRADIENT)
    (work / "helper.py").write_text("value = 1\n")
    (work / "data.csv").write_text("1,2\n")
    command = f"cd {work} && python {work}/script.py {work}/data.csv"
    ended = sharpbits("bisect", "--run", command, "--with", "solver", *PERIOD)
    assert (ended.returncode, ended.stdout) == (2, "")
    told = ", ".join(str(work / name) for name in departed.split(", "))
    assert f"{told}: edited, moved or removed since it began" in ended.stderr


def test_a_search_of_an_edited_finding_is_not_resumed(sharpbits: Run, tmp_path: Path) -> None:
    body = "from solver import gradient\n"
    finding = write_finding(tmp_path / "findings", "wrong", body, script={"dependencies": ["solver"]})
    command = ["bisect", "wrong", "--findings", "findings", *PERIOD]
    sharpbits(*command)
    finding.write_text(finding.read_text() + "# otherwise\n")
    refused = sharpbits(*command, "--resume")
    assert refused.returncode == 2
    assert "the content of toy/wrong differs" in refused.stderr


def test_an_edited_test_is_another_subject(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    subject = PytestSubject(f"{file}::test_it", ())
    assert subject.contents() == {}
    file.write_text("def test_it(): pass\n")
    first = subject.contents()
    assert list(first) == [str(file)]
    file.write_text("def test_it(): assert 0\n")
    assert list(subject.contents()) == [str(file)]
    assert subject.contents() != first


@pytest.mark.parametrize(
    "option",
    [["--repeats", "3"], ["--confidence", "0.9"], ["--timeout", "5"], ["--package", "solver"], ["--pre", "solver"],
     ["--metric", "x"], ["--with", "logger"], ["--factor", "2"]],
    ids=lambda option: option[0],
)  # fmt: skip
def test_a_search_with_another_option_is_not_resumed(sharpbits: Run, option: list[str]) -> None:
    command = ["bisect", "--run", "exit 0", "--with", "solver", *PERIOD, "--state", "state.json"]
    assert "both ends show the same" in sharpbits(*command).stderr
    refused = sharpbits(*command, *option, "--resume")
    assert refused.returncode == 2
    assert "the state is of another question: " in refused.stderr


def test_the_scripts_of_a_command_are_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.sh", "package/__main__.py", "data.csv", "run"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("#!/bin/sh\n" if name == "run" else "1\n")
    for line, expected in (
        ("python a.py --input=data.csv > data.csv", ["a.py"]),
        ("sh -c 'python a.py && ./b.sh'", ["a.py", "b.sh"]),
        ("python -m package; python -m a", ["package/__main__.py", "a.py"]),
        ("./run 'unclosed", ["run"]),
        ("python missing.py \0", []),
    ):
        assert sorted(map(str, scripts_in(line))) == sorted(expected), line


def test_a_file_that_appears_after_the_start_is_a_difference(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    open_state({"a": 1}, path=state, resume=False).save()
    with pytest.raises(UsageError, match=r"the content of script\.py differ"):
        open_state({"a": 1}, path=state, resume=True, contents={"script.py": "0"})


def whole(path: Path) -> SearchState:
    """A state with everything that one can hold."""
    stacks = [Stack("3.11", "any", (Pin("p0", str(day), EPOCH), Pin("p1", "1")), "a day") for day in range(1, 4)]
    candidates = tuple(Candidate(EPOCH + timedelta(days=day), stack) for day, stack in enumerate(stacks))
    state = SearchState(path, {"subject": "a", "--factor": 1.1, "--package": ["p0"]})
    state.keep_history(History(candidates, ("p0",), ((EPOCH, "no solution"),)))
    failed = replace(BAD, error="inf", tolerance=0.5, exception="ValueError", text="ValueError\nno", stderr_tail=("a",))
    state.add(stacks[0], Draw(observation(Outcome.OK, 1.5)))
    state.add(stacks[2], Draw(failed))
    state.add(stacks[2], Draw(None, "cannot be built"))
    return state


def test_what_was_stored_is_what_is_resumed(path: Path) -> None:
    state = whole(path)
    resumed = open_state(state.request, path=path, resume=True)
    assert (resumed.request, resumed.history, resumed.draws) == (state.request, state.history, state.draws)


def resumed_and_used(path: Path) -> None:
    """Do what a search does with a state at first; a refusal in words is right too."""
    try:
        state = open_state(whole(path.with_name("other.json")).request, path=path, resume=True)
    except UsageError as refused:
        assert "resume" in str(refused)  # noqa: PT017 (either way is right)
        return
    if state.history is not None:
        plan(state.history)
    lab = laboratory(lambda stack: BAD, state=state)
    for draws in state.draws.values():
        for draw in draws:
            lab.read(draw)
            if draw.observation is not None:
                lab.subject.untestable(draw.observation)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda state: [], "the document is [], not an object"),
        (lambda state: {**state, "history": "x"}, "history is 'x', not an object"),
        (lambda state: {**state, "draws": {"a": [None]}}, "draws.a[0] is None, not an object"),
        (lambda state: {**state, "draws": {"a": [{"observation": 1, "untestable": None}]}}, "is 1, not an object"),
        (lambda state: {**state, "draws": {"a" * 5000: [None]}}, "aaa'[0] is None, not an object"),
    ],
)
def test_a_refusal_names_the_part_that_is_damaged(path: Path, change: Callable[[Any], object], why: str) -> None:
    request = whole(path).request
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(UsageError) as refused:
        open_state(request, path=path, resume=True)
    assert refused.value.why.startswith("its state is damaged: ")
    assert refused.value.why.endswith(why)
    assert len(refused.value.why) < 1000


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_state_is_refused_in_words_or_can_be_used(data: st.DataObject, path: Path) -> None:
    whole(path)
    path.write_text(json.dumps(damaged(data, json.loads(path.read_text()))))
    resumed_and_used(path)


@settings(max_examples=300)
@given(data=st.data())
def test_a_state_that_was_cut_or_overwritten_is_refused_in_words_or_can_be_used(
    data: st.DataObject, path: Path
) -> None:
    whole(path)
    text = path.read_bytes()
    start = data.draw(st.integers(0, len(text)))
    path.write_bytes(text[:start] + data.draw(st.binary(max_size=4)) + text[data.draw(st.integers(start, len(text))) :])
    resumed_and_used(path)


@pytest.mark.parametrize("content", ["", "null", "[]", "[" * 100_000, '{"format": 1}', '{"format": 2}'])
def test_a_file_that_is_no_state_is_refused(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(UsageError, match="a search cannot be resumed"):
        open_state({}, path=path, resume=True)
