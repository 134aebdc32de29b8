"""The HTML page needs no other file, no foreign text becomes markup in it, and a source on it is the file's own."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.toys import OK, environment, write_finding
from report.markup import parse
from report.toy_runs import Run, result, seen
from sharpbits.catalogue import Finding, FindingFileError, Judgement, Outcome, Result, Verdict, load_finding
from sharpbits.errors import escaped
from sharpbits.report.plain_text import printable

# One file that needs no other


def test_nothing_leads_off_the_page_but_upstream_links(varied: Run) -> None:
    page = parse(varied.page())
    fetching = {"src", "srcset", "action", "formaction", "data", "poster", "background", "ping", "manifest", "style"}
    for element in page.descendants():
        assert not fetching & element.attributes.keys()
        assert element.tag not in {"link", "iframe", "object", "embed", "base", "img"}
    upstream = {link for one in varied.results for link in one.finding.table.upstream}
    ids = {element.attributes.get("id") for element in page.descendants()}
    for link in page.all("a"):
        target = link.attributes["href"]
        assert target in upstream or target.removeprefix("#") in ids
    assert not re.search(
        r"@import|url\(|\bfetch\b|XMLHttpRequest|import\(", page.one("style").text + page.one("script").text
    )


def test_the_policy_admits_this_style_and_this_script_and_nothing_else(varied: Run) -> None:
    page = parse(varied.page())
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.one(tag).text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert set(rules.values()) == {"'none'"}


# Foreign text stays text

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></style></textarea></pre>--><img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m and \x07 and \x9b31m",
    """ " onmouseover="alert(1)" ' onfocus='alert(1)' """,
    "&lt;b&gt; &amp; &#60;",
    "{{ 7 * 7 }} {% raw %} {# note #}",
    "\ud800 alone",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_shown_and_never_becomes_markup(folder: Path, text: str) -> None:
    told = text.encode("utf-8", "replace").decode()  # a file's metadata is UTF-8
    table = {
        "title": f"title {told}",
        "summary": f"summary {told}",
        "oracle": f"oracle {told}",
        "workaround": f"use {told}",
    }
    observation = seen(
        "error", detail=f"detail {text}", observed=[f"observed {text}"] * 40, expected={f"expected {text}": text},
        error=1.0, tolerance=0.5, exception=f"exception {text}", signal=f"signal {text}",
        stderr_tail=(f"stderr {text}",),
    )  # fmt: skip
    one = result(folder, "hostile", observation, **table)
    named = dataclasses.replace(one.finding, id=f"toy/{text}", path=Path(f"/folder/{text}.py"))
    judgement = dataclasses.replace(one.judgement, message=f"message {text}", seen=f"seen {text}")
    broken = FindingFileError(Path(f"/broken {text}"), 1, f"why {text}", resolution=f"resolution {text}")
    hostile = environment(
        cpu=f"cpu {text}", platform=f"platform {text}", executable=f"executable {text}",
        packages={f"package {text}": f"version {text}"}, variables={f"XLA {text}": f"variable {text}"},
    )  # fmt: skip
    html = Run([dataclasses.replace(one, finding=named, judgement=judgement)], hostile, [broken]).page()
    page = parse(html)
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert not [name for each in page.descendants() for name in each.attributes if name.startswith("on")]
    assert "\x1b" not in html
    html.encode()
    shown = " ".join(page.text.split())
    for label in (
        "title", "summary", "oracle", "use", "detail", "exception", "signal", "stderr", "message", "seen", "broken",
        "why", "resolution", "cpu", "platform", "executable", "package", "version", "XLA", "variable",
    ):  # fmt: skip
        kept = told if label in ("title", "summary", "oracle", "use") else text
        if label == "why":
            kept = escaped(text)  # a broken file's fault is one line wherever it is shown
        assert " ".join(printable(f"{label} {kept}").split()) in shown
    assert page.one("article").attributes["data-name"] == printable(f"toy/{text}")


@given(st.text())
def test_any_detail_is_shown_as_it_is(example: Finding, detail: str) -> None:
    shown = seen("error", detail=detail, stderr_tail=(detail,))
    judgement = Judgement(Verdict.CHANGED, Outcome.ERROR, (Outcome.OK,), "error", f"said {detail}")
    page = parse(Run([Result(example, judgement, (shown,))]).page())
    assert f"said {printable(detail)}" in page.text
    assert len(page.all("script")) == len(page.all("article")) == 1
    if detail:
        assert printable(detail) in [one.text for one in page.all("dd")]


# The source can be copied as it is

BROKEN = Judgement(Verdict.BROKEN, Outcome.ERROR, (), "broken")

STRANGE = """

BLOCK# tab\there, form feed \x0c, escape \x1b[31m, bell \x07, trailing space\x20
text = '</code></pre><script>alert(1)</script> &lt; &amp;amp; \u2028 \u00e9 \U0001d11e \x9f {{ x }}'



# no newline at the end"""


@pytest.mark.parametrize("text", ["BLOCK" + OK, STRANGE, "BLOCK"], ids=["plain", "strange", "empty"])
def test_the_source_on_the_page_is_the_file_byte_for_byte(folder: Path, text: str) -> None:
    path = write_finding(folder, "example", "")
    path.write_bytes(text.replace("BLOCK", path.read_text(encoding="utf-8")).encode())
    page = parse(Run([Result(load_finding(path), BROKEN)]).page())
    assert page.one("pre", **{"class": "source"}).text.encode() == path.read_bytes()


# Surrogates and NUL are no Python source, and Python reads every line ending as a newline.
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")))
def test_any_source_is_kept(example: Finding, source: str) -> None:
    page = parse(Run([Result(dataclasses.replace(example, source=source), BROKEN)]).page())
    assert page.one("pre", **{"class": "source"}).text == source
