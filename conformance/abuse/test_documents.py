"""Stored runs of the gates and stored matrices, mutated: read as what they are, or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from abuse.drive import amounts, drive, refusal
from abuse.texts import mutated
from gate.test_bad_figures import SOUND
from sharpbits.errors import UsageError
from sharpbits.gate.comparison import compare_runs
from sharpbits.gate.report import GateReport, as_markdown
from sharpbits.gate.storage import load_run
from sharpbits.timetravel.matrix.document import matrix_of, read_matrix
from timetravel.damage import damaged
from timetravel.toy_matrix import cell, column, document, row

MATRIX = document(
    [
        row("toy/a", ["ok", cell("wrong-gradient", error=0.1, tolerance=1e-12, observed=[0.5], expected=[0.0])]),
        row("toy/b", [cell("crash", signal="SIGABRT", exception="CompileError", tally={"crash": 2}), "ok"]),
    ],
    [column("0.14.1"), column("0.15.0", digest=None, untestable="no solution")],
)


def documents(sound: dict[str, Any]) -> st.SearchStrategy[str]:
    """Texts of a document with some part damaged, of its structure or of its text."""

    @st.composite
    def structures(draw: st.DrawFn) -> str:
        return json.dumps(damaged(draw(st.data()), sound))

    return structures() | mutated([json.dumps(sound)])


def write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


@amounts
def test_a_stored_run_is_compared_or_refused(tmp_path: Path, amount: int) -> None:
    path, sound = tmp_path / "run.json", tmp_path / "sound.json"
    sound.write_text(json.dumps(SOUND))
    reference = load_run(sound)

    def rule(text: str) -> bool:
        write(path, text)
        try:
            run = load_run(path)
        except UsageError as error:
            return refusal(error.why, error.resolution)
        for before, after in ((reference, run), (run, reference), (run, run)):
            rows = compare_runs(before, after, cross_machine=True)
            report = GateReport(before, after, rows, [])
            as_markdown(report).encode()
            assert report.fails == any(row.change.fails for row in rows) or report.broken_claims
        return True

    drive(amount, documents(SOUND), rule)


@amounts
def test_a_stored_matrix_is_read_as_it_was_written_or_refused(tmp_path: Path, amount: int) -> None:
    path = tmp_path / "matrix.json"

    def rule(text: str) -> bool:
        write(path, text)
        try:
            matrix = read_matrix(path)
        except UsageError as error:
            return refusal(error.why, error.resolution)
        assert matrix_of(json.loads(matrix.as_json())) == matrix
        return True

    drive(amount, documents(MATRIX), rule)
