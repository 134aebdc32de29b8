"""What ``sharpbits expect`` does: show as a diff, or write, the rows that a matrix implies."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from sharpbits.catalogue import Catalogue, load_finding
from sharpbits.errors import UsageError
from sharpbits.files import write_atomically
from sharpbits.timetravel.matrix.expect import propose
from sharpbits.timetravel.matrix.run import FORMAT


def run_expect(catalogue: Catalogue, matrix: Path, *, write: bool) -> int:
    """Print the proposed rows as a diff that ``git apply`` reads; with ``write`` change the files too.

    Returns 1 where something is proposed, as ``diff`` does, else 0.

    Raises
    ------
    UsageError
        The matrix cannot be read.
    """
    document = read_matrix(matrix)
    proposed = 0
    for finding in catalogue.findings:
        proposal = propose(finding, document)
        if proposal.left_alone:
            sys.stderr.write(f"left alone {finding.id}: {proposal.left_alone}; see to it by hand\n")
        diff = proposal.diff(os.path.relpath(finding.path).replace(os.sep, "/"))
        if not diff:
            continue
        proposed += 1
        sys.stdout.write(diff)
        if write:
            write_atomically(finding.path, proposal.source)
            load_finding(finding.path)  # what was written is a valid finding, or this says what is not
    sys.stderr.write(f"{proposed} findings have other rows{', written' if write and proposed else ''}\n")
    return 1 if proposed else 0


def read_matrix(path: Path) -> dict[str, Any]:
    """Read a matrix that was stored with ``sharpbits matrix --output``.

    Raises
    ------
    UsageError
        It is missing, damaged, or of another format.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}, this sharpbits reads {FORMAT}")
        complete = all(len(row["cells"]) == len(document["columns"]) for row in document["rows"])
        if not complete:
            raise ValueError("a row has not one cell for each column")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "a matrix cannot be read", why=str(error), resolution="write one with `sharpbits matrix -o FILE`", path=path
        ) from error
    return dict(document)
