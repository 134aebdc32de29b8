"""Stored runs of the gates and stored matrices, mutated: read as what they are, or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

from abuse.drive import amounts, drive, refusal
from abuse.texts import documents, write
from gate.test_bad_figures import SOUND
from sharpbits.errors import UsageError
from sharpbits.gate.comparison import compare_runs
from sharpbits.gate.report import GateReport, as_html, as_markdown
from sharpbits.gate.storage import load_run
from sharpbits.timetravel.matrix.document import matrix_of, read_matrix
from sharpbits.timetravel.matrix.page import matrix_page
from sharpbits.timetravel.matrix.picture import matrix_picture
from timetravel.toy_matrix import cell, column, document, row

MATRIX = document(
    [
        row("toy/a", ["ok", cell("wrong-gradient", error=0.1, tolerance=1e-12, observed=[0.5], expected=[0.0])]),
        row("toy/b", [cell("crash", signal="SIGABRT", exception="CompileError", tally={"crash": 2}), "ok"]),
    ],
    [column("0.14.1"), column("0.15.0", digest=None, untestable="no solution")],
)

#: A page with plots takes a fifth of a second.
DRAWN_EVERY = 40


@amounts
def test_a_stored_run_is_compared_or_refused(tmp_path: Path, amount: int) -> None:
    path, sound = tmp_path / "run.json", tmp_path / "sound.json"
    sound.write_text(json.dumps(SOUND))
    reference = load_run(sound)
    read = 0

    def rule(text: str) -> bool:
        write(path, text)
        try:
            run = load_run(path)
        except UsageError as error:
            return refusal(error.why, error.resolution)
        nonlocal read
        read += 1
        for before, after in ((reference, run), (run, reference), (run, run)):
            rows = compare_runs(before, after, cross_machine=True)
            report = GateReport(before, after, rows, [])
            as_markdown(report).encode()
            assert report.fails == any(row.change.fails for row in rows) or report.broken_claims
        if read % DRAWN_EVERY == 0:
            try:
                as_html(report).encode()
            except UsageError as error:  # a single time has no history
                refusal(error.why)
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
        for shown in (matrix_page(matrix), matrix_picture(matrix)):
            shown.encode()
        return True

    drive(amount, documents(MATRIX), rule)
