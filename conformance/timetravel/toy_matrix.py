"""Matrix documents for the tests of the page and the picture: one with every outcome, and the parts to make others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sharpbits.timetravel.matrix.document import Matrix, matrix_of
from sharpbits.timetravel.matrix.signs import SIGNS

RELEASES = ("0.11.0", "0.12.0", "0.13.0", "0.14.0", "0.14.1", "0.15.0")
LINK = "https://github.com/owner/project/issues/12"


def column(release: str, **others: Any) -> dict[str, Any]:
    return {
        "release": release,
        "at": "2025-05-20T00:00:00Z",
        "uploaded": "2025-05-05T19:23:59Z",
        "versions": {"pennylane-catalyst": release, "pennylane": "0.41.1", "jax": "0.4.28", "scipy": "1.16.0"},
        "digest": "5" * 64,
        "untestable": None,
        **others,
    }


def cell(outcome: str, **others: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "verdict": "clear" if outcome == "ok" else "bites",
        "seen": outcome,
        "documented": [] if outcome == "broken" else [outcome],
        "detail": "",
        **dict.fromkeys(("signal", "exception", "error", "tolerance", "observed", "expected")),
        "seconds": 4.2,
        **others,
    }


def untestable(reason: str) -> dict[str, Any]:
    return cell("untestable", verdict="", seen="", documented=[], detail=reason, seconds=None)


def row(name: str, outcomes: list[str | dict[str, Any]], **others: Any) -> dict[str, Any]:
    return {
        "id": name,
        "component": name.partition("/")[0],
        "title": f"what {name.partition('/')[2]} shows",
        "summary": "A made-up finding that goes wrong.",
        "oracle": "the closed form",
        "workaround": "use another transform",
        "instead": None,
        "upstream": [LINK],
        "digest": "f" * 64,
        "cells": [cell(one) if isinstance(one, str) else one for one in outcomes],
        **others,
    }


def document(rows: list[dict[str, Any]], columns: list[dict[str, Any]], **others: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "package": "pennylane-catalyst",
        "generated": "2026-11-21T11:20:00Z",
        "python": "3.11.7",
        "platform": "linux-x86_64",
        "cpu": "a processor",
        "cores": 2,
        "columns": columns,
        "rows": rows,
        **others,
    }


def foreign(made: dict[str, Any]) -> Matrix:
    """Return the matrix of a document, also where package and releases have names that a file is refused for."""
    numbered = [one | {"release": str(number)} for number, one in enumerate(made["columns"])]
    matrix = matrix_of(made | {"package": "jax", "columns": numbered})
    named = zip(matrix.columns, made["columns"], strict=True)
    return replace(
        matrix, package=made["package"], columns=tuple(replace(one, release=made["release"]) for one, made in named)
    )


def varied_document() -> dict[str, Any]:
    """Every outcome, an unbuildable release, a flaky cell, an undocumented one, rows that change and others."""
    reason = "no solution: pennylane-catalyst 0.13.0 needs jax==0.6.0, which is not available for this Python"
    wrong = cell(
        "wrong-gradient", error=0.1, tolerance=1e-12, observed=[0.125 * number for number in range(60)],
        expected=[0.0] * 60, detail="largest difference in entry 59",
    )  # fmt: skip
    crash = cell("crash", signal="SIGABRT", detail="LLVM ERROR: cannot differentiate", seen="crash 1 of 3, ok 2 of 3")
    fixed = cell("ok", verdict="changed", documented=["wrong-gradient"], error=0.0, tolerance=1e-12)
    gone = untestable(reason)
    long = (
        "catalyst.grad of a loss that lax.maps the QNode: exponents are lost and the gradient is silently wrong in all"
    )
    rows = [
        row(
            "toy/lax_map", [crash, wrong, gone, wrong, wrong, fixed], title=long, instead="sharpbits.errors.UsageError"
        ),
        row("toy/always_wrong", ["wrong-value", "wrong-value", gone, "wrong-value", "wrong-value", "wrong-value"]),
        row("toy/always_fine", ["ok", "ok", gone, "ok", "ok", "ok"], upstream=[]),
        row("toy/loud", ["ok", "error", gone, "compile-error", "compile-error", "ok"]),
        row("other/hangs", ["hang", "hang", gone, "slow", "slow", "ok"], workaround=None),
        row("other/varies", ["nondeterministic", "wrong-dtype", gone, "silent-fallback", "ok", "ok"]),
        row("other/new", ["not-applicable", "not-applicable", gone, "ok", "ok", "ok"]),
        row("other/malfunctions", ["ok", cell("broken", verdict="broken", documented=[]), gone, "ok", "ok", "ok"]),
        row("other/never_built", [gone] * 6),
    ]
    columns = [column(release, untestable=reason if release == "0.13.0" else None) for release in RELEASES]
    columns[2] |= {"versions": {}, "digest": None, "uploaded": None}
    made = document(rows, columns)
    assert {one["outcome"] for each in rows for one in each["cells"]} == set(SIGNS)
    return made


def varied_matrix() -> Matrix:
    return matrix_of(varied_document())
