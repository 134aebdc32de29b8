"""A finding's own mistakes are told as such; the same exceptions from within a package are news of the stack."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from catalogue.toys import environment, write_finding
from sharpbits.catalogue import Verdict, load_finding, run_finding

HERE = environment()
PACKAGE = """
import json

def misses_a_name():
    return undefined_here

def misses_a_module():
    import nowhere_to_be_found

def generates_code():
    exec("also_undefined")

def dumps():
    json.dumps(object())
"""


def verdict_of(folder: Path, body: str) -> tuple[Verdict, str]:
    """Run a finding that has a package of its own beside it."""
    file = write_finding(folder, "x", textwrap.dedent(body))
    (file.parent / "upstream.py").write_text(PACKAGE)
    result = run_finding(load_finding(file), HERE)
    return result.verdict, result.judgement.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("jnp.zeros(3)", "NameError in line"),
        ("def f():\n    total += 1\nf()", "UnboundLocalError in line"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("from nowhere_to_be_found.parts import one", "nowhere_to_be_found"),
        ("import json, pathlib\njson.dumps({'observed': pathlib.Path()})", "not JSON serializable"),
        ("import json, pathlib\njson.dumps({'observed': [pathlib.Path()]}, indent=1)", "not JSON serializable"),
    ],
)
def test_a_mistake_of_the_file_is_broken_and_says_what_to_mend(tmp_path: Path, body: str, words: str) -> None:
    verdict, message = verdict_of(tmp_path, body)
    assert verdict is Verdict.BROKEN
    assert words in message
    assert "upstream" not in message


@pytest.mark.parametrize(
    "body",
    [
        "import upstream\nupstream.misses_a_name()",
        "import upstream\nupstream.misses_a_module()",
        "import upstream\nupstream.generates_code()",
        "import upstream\nupstream.dumps()",
        "import json.no_such_part",
        "raise TypeError('a number is not JSON serializable')",
        "[].append()",
        "1 / 0",
    ],
)
def test_an_exception_of_a_package_is_news_of_the_stack(tmp_path: Path, body: str) -> None:
    assert verdict_of(tmp_path, body)[0] is Verdict.CHANGED
