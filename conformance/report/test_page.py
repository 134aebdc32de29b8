"""The HTML page of a run, read as text: what stands on it, and how `check --html` writes it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.programs import killed_at_the_end, obeying_signals, wait_for
from catalogue.toys import OK, WRONG_GRADIENT, command_line, documented, environment, private_cache, write_finding
from report.markup import Element, parse
from report.toy_runs import HERE, Run, result, seen
from sharpbits.catalogue import Finding, Judgement, Outcome, Result, Verdict
from sharpbits.report.ordering import worst_first
from sharpbits.report.plain_text import printable

WRONG = Judgement(Verdict.CHANGED, Outcome.WRONG_VALUE, (), "wrong-value")


def article(page: Element, name: str) -> Element:
    return page.one("article", **{"data-name": name})


def words(element: Element) -> str:
    return " ".join(element.text.split())


# What stands on the page


def test_every_finding_stands_there_worst_first(varied: Run) -> None:
    page = parse(varied.page())
    names = [one.attributes["data-name"] for one in page.all("article")]
    assert names == [one.finding.id for one in worst_first(varied.results)]
    assert [words(one.all("h3")[0]) for one in page.all("article")] == [
        one.finding.table.title for one in worst_first(varied.results)
    ]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "toy/wrong",
            [
                "Verdict bites", "Outcome wrong-gradient", "Severity silently wrong", "Component toy",
                "Since python 3.11.0", "Use instead sharpbits.errors.UsageError; upstream: use another transform",
                "A made-up finding.", "closed form", "Observed [0.0, 0.125, 0.25", "more]", "Error 4.875",
                "Tolerance 1e-09", "Detail worst", "Took 0.2 s, 3 MiB at most", "owner/project#12",
                "https://example.org/thread?a=1&b=2",
                "python>=3.11 (here) wrong-gradient; seen on 3.11.0", "toy/absent",
            ],
        ),
        ("toy/crashes", ["Signal SIGSEGV", "first line", "crash matching SIG[A-Z]+", "Last lines of stderr"]),
        (
            "third/bites_now",
            ["Verdict changed", "Exception ValueError", "bites now: documented ok, saw error", "To be ok everywhere."],
        ),
        (
            "third/flaky",
            [
                "Outcome ok 2 of 3, wrong-value 1 of 3", "3 runs", "The worst is run 2", "Error nan",
                "Run 1", "Run 3", "The other 2 runs",
            ],
        ),
        ("other/fine", ["Verdict clear", 'Observed "float32"', "Outcome ok"]),
        (
            "other/elsewhere",
            ["Verdict not applicable", "Outcome not run", "no-such-package is not installed", "needs only Python and"],
        ),
        ("other/malfunctions", ["Verdict broken", "printed no result", "it left no result to show"]),
    ],
)  # fmt: skip
def test_a_finding_tells_what_was_seen_and_what_is_known(varied: Run, name: str, parts: list[str]) -> None:
    text = words(article(parse(varied.page()), name))
    for part in parts:
        assert part in text


def test_what_to_use_instead_is_no_advice_where_nothing_bites(folder: Path) -> None:
    fine = seen("ok", observed=1.0, expected=1.0, error=0.0, tolerance=0.0)
    page = parse(Run([result(folder, "fine", fine, workaround="use A")]).page())
    assert "Use instead" not in words(page)
    assert "Where it bites, use instead use A" in words(page)


def test_a_clear_finding_says_until_when_it_bit(folder: Path) -> None:
    rows = [
        {"when": "jax<0.7", "outcome": ["wrong-value"], "seen": ["0.6.1", "0.6.2"]},
        {"when": "jax>=0.7", "outcome": ["ok"], "seen": ["0.7.1"]},
    ]
    fine = seen("ok", observed=1.0, expected=1.0, error=0.0, tolerance=0.0)
    text = words(parse(Run([result(folder, "fine", fine, expect=rows)]).page()))
    assert "Until jax 0.6.2" in text
    assert "jax>=0.7 (here) ok" in text
    assert "jax<0.7 wrong-value; seen on 0.6.1, 0.6.2" in text


def test_links_lead_to_the_upstream_issue_and_to_related_findings_on_the_page(varied: Run) -> None:
    page = parse(varied.page())
    links = {one.text: one.attributes["href"] for one in article(page, "toy/wrong").all("a")}
    assert links["owner/project#12"] == "https://github.com/owner/project/issues/12"
    assert links["toy/crashes"] == "#" + article(page, "toy/crashes").attributes["id"]
    assert "toy/absent" not in links, "it was not part of the run"


def test_the_filters_offer_what_occurs_and_count_it(varied: Run) -> None:
    form = parse(varied.page()).one("form", id="filters")
    offered = {words(group.one("legend")): [words(one) for one in group.all("label")] for group in form.all("fieldset")}
    assert offered == {
        "Severity": ["silently wrong (2)", "crash (1)", "error (1)", "harmless (1)", "unknown (2)"],
        "Verdict": ["bites (3)", "clear (1)", "changed (1)", "not applicable (1)", "broken (1)"],
        "Component": ["other (3)", "third (2)", "toy (2)"],
    }


def test_broken_files_are_listed_and_counted(varied: Run) -> None:
    page = parse(varied.page())
    assert "unreadable.py:7: the file is not Python; mend it" in words(
        page.one("section", **{"aria-labelledby": "broken"})
    )
    assert "2 broken" in words(page.one("ul", **{"aria-label": "Findings by verdict"}))


def test_a_run_without_findings_is_a_page_too(varied: Run) -> None:
    page = parse(Run([], broken=varied.broken).page())
    assert "unreadable.py" in words(page)
    assert page.all("form") == []


def test_an_interrupted_run_says_so(varied: Run) -> None:
    said = "The run was interrupted."
    assert said in words(parse(dataclasses.replace(varied, interrupted=True).page()))
    assert said not in words(parse(varied.page()))


def test_cached_results_are_told_from_fresh_ones(varied: Run) -> None:
    first, *others = varied.results
    page = parse(Run([dataclasses.replace(first, cached=True), *others]).page())
    assert "1 of 7 results are from earlier runs" in words(page)
    assert "From an earlier run" in words(article(page, first.finding.id))
    assert "From an earlier run" not in words(article(page, others[0].finding.id))


def test_the_environment_is_told_in_full(varied: Run) -> None:
    text = words(parse(varied.page()).one("section", **{"aria-labelledby": "environment"}))
    for part in (
        "jax 0.7.1", "numpy 2.4.6", "attrs 26.1.0", "CPython 3.11.7", "/usr/bin/python3", "Linux", "a processor",
        "x86_64, 2 cores", "a graphics processor, 24576 MiB, driver 580.1", "Devices 4",
        "XLA_FLAGS --xla_force_host_platform_device_count=4", HERE.fingerprint,
    ):  # fmt: skip
        assert part in text
    bare = words(parse(dataclasses.replace(varied, environment=environment()).page()))
    assert "GPU none" in bare
    assert "Variables none" in bare


# Numbers: shortened for the eye, whole in an element of their own

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=5), inner))


@given(observed=values, expected=values)
def test_no_part_of_a_value_is_lost(example: Finding, observed: Any, expected: Any) -> None:
    shown = seen("wrong-value", observed=observed, expected=expected, error=1.0, tolerance=0.5)
    page = parse(Run([Result(example, WRONG, (shown,))]).page())
    if page.all("table"):
        rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
        columns = [[printable(json.dumps(one, ensure_ascii=False)) for one in value] for value in (observed, expected)]
        assert [[row[0] for row in rows], [row[1] for row in rows]] == columns
    else:
        texts = {one.text for one in [*page.all("code"), *page.all("pre")]}
        for value in (observed, expected):
            assert printable(json.dumps(value, ensure_ascii=False)) in texts


@given(st.lists(st.integers(), min_size=100, max_size=200))
def test_a_long_list_is_cut_with_a_count_of_the_rest(example: Finding, numbers: list[int]) -> None:
    shown = seen("wrong-value", observed=numbers, expected=0, error=1.0, tolerance=0.5)
    page = parse(Run([Result(example, WRONG, (shown,))]).page())
    short = next(one.text for one in page.all("code") if "more]" in one.text)
    kept, rest = re.fullmatch(r"\[(.*), … (\d+) more\]", short).groups()  # type: ignore[union-attr]
    assert json.loads(f"[{kept}]") == numbers[: len(numbers) - int(rest)]
    assert len(short) < 200


def test_entries_of_two_lists_are_paired_with_their_difference(varied: Run) -> None:
    rows = article(parse(varied.page()), "toy/wrong").one("tbody").all("tr")
    assert len(rows) == 40
    assert [one.text for one in rows[3].children if isinstance(one, Element)] == ["3", "0.375", "0.0", "0.375"]


@pytest.mark.parametrize("beyond", [10**400, -(10**400), "nan", None, True])
def test_a_difference_that_is_no_number_is_left_out(example: Finding, beyond: Any) -> None:
    shown = seen("wrong-value", observed=[beyond] * 200, expected=[0.5] * 200, error="inf", tolerance=0.5)
    page = parse(Run([Result(example, WRONG, (shown,))]).page())
    assert {row.all("td")[2].text for row in page.one("tbody").all("tr")} == {""}


# Structure


def test_the_outline_of_the_page_is_sound(varied: Run) -> None:
    text = varied.page()
    assert text.startswith("<!doctype html>\n")
    page = parse(text)
    assert page.one("html").attributes["lang"] == "en"
    levels = [int(one.tag[1]) for one in page.descendants() if re.fullmatch("h[1-6]", one.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "no level is skipped"
    ids = [one.attributes["id"] for one in page.descendants() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for element in page.descendants():
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)
    for control in (*page.all("button"), *page.all("summary")):
        assert words(control)
    names = [words(one) for one in page.all("summary")]
    assert len(names) == len(set(names)), "a list of controls tells them apart"


def test_what_needs_a_script_is_hidden_without(varied: Run) -> None:
    page = parse(varied.page())
    needing = [one for one in page.descendants() if "data-needs-script" in one.attributes]
    assert all("hidden" in one.attributes for one in needing)
    within = {id(inner) for one in needing for inner in (one, *one.descendants())}
    assert all(id(one) in within for one in [*page.all("button"), *page.all("input")])


# The command line


def check(tmp_path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command_line(["check", *arguments]),
        env={**os.environ, **private_cache(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_check_writes_the_page_beside_the_table(folder: Path, tmp_path: Path) -> None:
    write_finding(folder, "wrong", WRONG_GRADIENT, expect=documented("wrong-gradient"))
    write_finding(folder, "unreadable", "def f(:")
    ended = check(tmp_path, "--findings", folder, "--html", "page.html")
    assert ended.returncode == 1
    assert "wrong-gradient" in ended.stdout
    page = parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "wrong-gradient" in words(article(page, "toy/wrong"))
    assert "unreadable.py" in words(page)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "findings", "page.html"], "no temporary file"


@pytest.mark.parametrize("target", ["no/such/folder/page.html", "."])
def test_a_page_that_cannot_be_written_is_told_before_anything_runs(folder: Path, tmp_path: Path, target: str) -> None:
    write_finding(folder, "runs", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + OK)
    ended = check(tmp_path, "--findings", folder, "--html", target)
    assert ended.returncode == 2
    assert "resolution:" in ended.stderr
    assert not (tmp_path / "ran").exists()


def test_an_interrupted_run_leaves_a_page_of_what_was_finished(folder: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    write_finding(folder, "a_quick", WRONG_GRADIENT, expect=documented("wrong-gradient"))
    write_finding(folder, "b_slow", f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(600)")
    program = subprocess.Popen(
        obeying_signals(command_line(["check", "--findings", folder, "--jobs", "1", "--html", tmp_path / "page.html"])),
        env={**os.environ, **private_cache(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with killed_at_the_end(program):
        wait_for(started.exists)
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 130
    page = parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert [one.attributes["data-name"] for one in page.all("article")] == ["toy/a_quick"]
    assert "The run was interrupted." in words(page)


def test_the_page_costs_nothing_where_none_is_asked_for() -> None:
    code = "import sys, sharpbits.cli, sharpbits.check; print('jinja2' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "False"
