"""The page of a matrix, read as text: what stands on it, that it needs no other file, that foreign text stays text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.markup import Element, parse
from sharpbits.catalogue import Outcome
from sharpbits.report.plain_text import printable
from sharpbits.timetravel.matrix.document import Blank, read_matrix
from sharpbits.timetravel.matrix.page import matrix_page
from sharpbits.timetravel.matrix.signs import PAINTS, SIGNS
from sharpbits.timetravel.matrix.table import counts
from timetravel.toy_matrix import LINK, RELEASES, cell, column, document, foreign, row, varied_matrix


def words(element: Element) -> str:
    return " ".join(element.text.split())


def table_row(page: Element, name: str) -> Element:
    return page.one("tr", **{"data-name": name})


def detail(page: Element, name: str) -> Element:
    return page.one("article", **{"data-name": name})


# What stands on the page


def test_rows_are_findings_by_component_the_worst_first_and_columns_are_releases() -> None:
    page = parse(matrix_page(varied_matrix()))
    head, *_ = page.one("thead").all("tr")
    assert [words(one) for one in head.all("th", scope="col")][:2] == ["Finding", "0.11.0 2025-05-05"]
    assert [one.text for one in head.all("time")] == ["2025-05-05"] * 2 + ["2025-05-20"] + ["2025-05-05"] * 3
    groups = {words(group.one("th", scope="rowgroup")): group for group in page.all("tbody")}
    assert {name: [one.attributes["data-name"] for one in group.all("tr")[1:]] for name, group in groups.items()} == {
        "other": ["other/varies", "other/hangs", "other/malfunctions", "other/new", "other/never_built"],
        "toy": ["toy/lax_map", "toy/always_wrong", "toy/loud", "toy/always_fine"],
    }
    assert page.one("caption").text.strip()
    for one in page.all("tr", **{"class": "row"}):
        assert words(one.one("th", scope="row"))
        assert len(one.all("td")) == len(RELEASES)


def test_a_cell_has_a_symbol_a_word_and_a_hint_with_its_numbers() -> None:
    page = parse(matrix_page(varied_matrix()))
    cells = [td.one("a") for td in table_row(page, "toy/lax_map").all("td")]
    assert [words(one) for one in cells] == [
        "↯ crash", "✗ silently wrong: gradient", "? untested", *["✗ silently wrong: gradient"] * 2,
        "✓ ok*, not as documented",
    ]  # fmt: skip
    crash, wrong, gone, *_, fixed = [one.attributes["title"] for one in cells]
    assert crash.splitlines()[0] == "0.11.0: crash 1 of 3, ok 2 of 3"
    assert "Signal: SIGABRT" in crash
    assert "Error: 0.1, tolerance 1e-12" in wrong
    assert "Observed: [0.0, 0.125, " in wrong
    assert "Took: 4.2 s" in wrong
    assert "Reason: no solution: pennylane-catalyst 0.13.0 needs jax==0.6.0" in gone
    assert "Documented: wrong-gradient (not what was seen)" in fixed


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "toy/lax_map",
            [
                "What happens A made-up finding", "Held against the closed form",
                "Use instead sharpbits.errors.UsageError; upstream: use another transform", "owner/project#12",
                "On 0.12.0, 2025-05-05 ✗ silently wrong: gradient Outcome wrong-gradient",
                "Documented wrong-gradient Error 0.1, tolerance 1e-12 Observed [0.0, 0.125",
                "more] Expected [0.0, 0.0", "Detail largest difference in entry 59", "Id: toy/lax_map",
                "On 0.13.0, 2025-05-20 ? untested Outcome untestable Reason no solution",
            ],
        ),
        ("toy/always_fine", ["Outcome ok Documented ok Took 4.2 s"]),
    ],
)  # fmt: skip
def test_a_finding_tells_what_is_known_and_what_each_release_shows(name: str, parts: list[str]) -> None:
    text = words(detail(parse(matrix_page(varied_matrix())), name))
    for part in parts:
        assert part in text
    assert ("Upstream" in text) == (name == "toy/lax_map")


def test_each_cell_leads_to_its_detail_and_each_column_to_its_stack() -> None:
    page = parse(matrix_page(varied_matrix()))
    for one in page.all("tr", **{"class": "row"}):
        name = one.attributes["data-name"]
        places = {each.attributes["id"]: each for each in detail(page, name).all("div") if "id" in each.attributes}
        links = [td.one("a").attributes["href"].removeprefix("#") for td in one.all("td")]
        assert list(places) == links
        assert [places[link].attributes["data-release"] for link in links] == list(RELEASES)
    head = {words(one): one.attributes["href"].removeprefix("#") for one in page.one("thead").all("a")}
    stack = words(page.one("article", id=head["0.12.0"]))
    for part in ("pennylane-catalyst 0.12.0", "jax 0.4.28", "Lock 555", "All 4 packages of 0.12.0", "scipy 1.16.0"):
        assert part in stack
    assert "Could not be tested: no solution" in words(page.one("article", id=head["0.13.0"]))


def test_the_legend_explains_every_sign_on_the_page_and_no_other() -> None:
    page = parse(matrix_page(varied_matrix()))
    legend = [words(one) for one in page.one("ul", **{"class": "legend"}).all("li")]
    assert [one.split()[0] for one in legend] == [*(sign.symbol for sign in SIGNS.values()), "*"]
    plain = parse(matrix_page(foreign(document([row("toy/a", ["ok"])], [column("1")]))))
    assert [words(one) for one in plain.one("ul", **{"class": "legend"}).all("li")] == ["✓ ok it works"]


def test_a_row_changes_where_it_shows_two_outcomes() -> None:
    page = parse(matrix_page(varied_matrix()))
    changing = {one.attributes["data-name"] for one in page.all("tr", **{"data-changes": "true"})}
    assert changing == {"toy/lax_map", "toy/loud", "other/hangs", "other/varies", "other/new"}
    assert "5 findings differ between releases" in words(page)


def test_a_matrix_without_rows_or_columns_is_a_page_too() -> None:
    for empty in (document([], []), document([], [column("1")]), document([row("toy/a", [])], [])):
        assert not parse(matrix_page(foreign(empty))).all("table")


# For every eye

#: What of linear red, green and blue is left to the colour-blind (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHTS = {
    "trichromat": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanope": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranope": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanope": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]


def luminance(colour: str) -> float:
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def lab(rgb: list[float]) -> tuple[float, float, float]:
    """CIE L*a*b*, in which a distance of 2 can just be seen."""
    red, green, blue = (min(1.0, max(0.0, one)) for one in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (one ** (1 / 3) if one > 0.008856 else 7.787 * one + 16 / 116 for one in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_two_severities_differ_for_every_eye(sight: str, scheme: str) -> None:
    grounds = {name: paint.dark_ground if scheme == "dark" else paint.ground for name, paint in PAINTS.items()}
    for one, other in itertools.combinations(grounds, 2):
        seen = [
            lab([sum(part * value for part, value in zip(line, linear(grounds[name]), strict=True))
                 for line in SIGHTS[sight]])
            for name in (one, other)
        ]  # fmt: skip
        distance = sum((left - right) ** 2 for left, right in zip(*seen, strict=True)) ** 0.5
        assert distance > 12, (one, other)


def test_text_on_every_colour_has_the_contrast_that_wcag_asks_for() -> None:
    for paint in PAINTS.values():
        for pair in ((paint.ground, paint.ink), (paint.dark_ground, paint.dark_ink)):
            dark, light = sorted(map(luminance, pair))
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_signs_are_told_apart_without_colour_and_are_no_emoji() -> None:
    assert len({sign.word for sign in SIGNS.values()}) == len(SIGNS)
    assert {sign.paint for sign in SIGNS.values()} == set(PAINTS)
    symbols = {sign.paint: sign.symbol for sign in SIGNS.values()}
    assert len(set(symbols.values())) == len(symbols), "one symbol for each severity"
    # Among the blocks that have emoji, these two characters are none.
    pictures = re.compile("[\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001ffff]")
    assert {one for one in symbols.values() if pictures.search(one)} <= {"✓", "✗"}


# One file that needs no other


def test_nothing_leads_off_the_page_but_upstream_links() -> None:
    page = parse(matrix_page(varied_matrix()))
    fetching = {"src", "srcset", "action", "formaction", "data", "poster", "background", "ping", "manifest", "style"}
    ids = [element.attributes["id"] for element in page.descendants() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.descendants():
        assert not fetching & element.attributes.keys()
        assert element.tag not in {"link", "iframe", "object", "embed", "base", "img"}
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set(element.attributes.get(name, "").split()) <= set(ids)
    for link in page.all("a"):
        target = link.attributes["href"]
        assert target == LINK or target.removeprefix("#") in ids
    assert not re.search(
        r"@import|url\(|\bfetch\b|XMLHttpRequest|import\(|innerHTML", page.one("style").text + page.one("script").text
    )


def test_the_policy_admits_this_style_and_this_script_and_nothing_else() -> None:
    page = parse(matrix_page(varied_matrix()))
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.one(tag).text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert set(rules.values()) == {"'none'"}


def test_the_same_matrix_gives_the_same_page_also_when_it_was_stored_meanwhile(tmp_path: Path) -> None:
    made = varied_matrix()
    first = matrix_page(made)
    (tmp_path / "matrix.json").write_text(made.as_json())
    assert matrix_page(read_matrix(tmp_path / "matrix.json")) == first


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        (LINK, True), ("http://example.org/a?b=1&c=2", True), ("javascript:alert(1)", False), ("//example.org", False),
        ("data:text/html,x", False), (" javascript:alert(1)", False), ("JaVaScRiPt:alert(1)", False), ("https:", False),
        ("http://[broken", False), ("file:///etc/passwd", False),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_web_or_is_text(link: str, leads: bool) -> None:
    page = parse(matrix_page(foreign(document([row("toy/a", ["ok"], upstream=[link])], [column("1")]))))
    assert [one.attributes["href"] for one in detail(page, "toy/a").all("a")] == [link] * leads
    assert ("owner/project#12" if link == LINK else link.strip()) in words(detail(page, "toy/a"))


# Foreign text stays text

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>", "</script><script>alert(1)</script>", "</style></title>--><img src=x onerror=a()>",
        "\x1b[31mred\x1b[0m \x07 \x9b31m", """ " onmouseover="alert(1)" ' onfocus='alert(1)' """, "&lt;b&gt; &#60;",
        "{{ 7 * 7 }} {% raw %} {# note #}", "\ud800 alone", "javascript:alert(1)",
    ]
)  # fmt: skip
text = HOSTILE | st.text(max_size=20)
values = st.none() | st.recursive(
    st.booleans() | st.integers() | st.floats() | text, lambda inner: st.lists(inner, max_size=9), max_leaves=40
)
finite = st.floats(allow_nan=False, allow_infinity=False)
VERDICTS = {Blank.BROKEN: "broken", Blank.UNTESTABLE: ""}
cells = st.builds(
    lambda outcome, verdict, **others: cell(outcome, verdict=VERDICTS.get(outcome, verdict), **others),
    st.sampled_from(list(SIGNS)), st.sampled_from(["bites", "clear", "changed"]), seen=text,
    documented=st.lists(st.sampled_from(list(Outcome)), max_size=2),
    detail=text, signal=st.none() | text, exception=st.none() | text,
    error=st.none() | finite | st.sampled_from(["nan", "inf"]), tolerance=st.none() | finite,
    observed=values, expected=values, seconds=st.none() | st.floats(0, 1000),
)  # fmt: skip


@st.composite
def matrices(draw: st.DrawFn) -> dict[str, Any]:
    releases = draw(st.lists(text, unique_by=printable, max_size=3))
    columns = [
        column(one, versions=draw(st.dictionaries(text, text, max_size=3)), untestable=draw(st.none() | text),
               digest=draw(st.none() | text))
        for one in releases
    ]  # fmt: skip
    rows = [
        row(f"toy/{name}", draw(st.lists(cells, min_size=len(columns), max_size=len(columns))), component=draw(text),
            title=draw(text), summary=draw(text), oracle=draw(text), workaround=draw(st.none() | text),
            instead=draw(st.none() | text), upstream=draw(st.lists(text | st.just(LINK), max_size=2)))
        for name in draw(st.lists(text, unique_by=printable, max_size=3))
    ]  # fmt: skip
    return document(rows, columns, package=draw(text), cpu=draw(text), platform=draw(text), python=draw(text))


@settings(max_examples=50)
@given(matrices())
def test_any_text_is_shown_and_never_becomes_markup(made: dict[str, Any]) -> None:
    html = matrix_page(foreign(made))
    html.encode()
    assert "\x1b" not in html
    page = parse(html)
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert not page.all("img")
    assert not [name for one in page.descendants() for name in one.attributes if name.startswith("on")]
    assert all(re.match("https?://|#", one.attributes["href"]) for one in page.all("a"))
    assert len(page.all("td")) == len(made["rows"]) * len(made["columns"])
    for one in made["rows"]:
        place = detail(page, printable(one["id"]))
        for part in ("title", "summary", "oracle", "workaround", "instead"):
            assert printable(one[part] or "") in place.text
        for each in one["cells"]:
            assert not each["detail"] or printable(each["detail"]) in [dd.text for dd in place.all("dd")]


def test_a_page_of_an_interrupted_run_says_so() -> None:
    whole, partial = varied_matrix(), replace(varied_matrix(), interrupted=True)
    assert "The run was interrupted." in words(parse(matrix_page(partial)))
    assert "The run was interrupted." not in words(parse(matrix_page(whole)))
    assert "interrupted" in counts(partial)
    assert "interrupted" not in counts(whole)
