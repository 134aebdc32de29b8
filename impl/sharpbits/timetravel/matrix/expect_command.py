"""What ``sharpbits expect`` does: show as a diff, or write, the rows that a matrix implies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sharpbits.catalogue import Catalogue, load_finding
from sharpbits.files import write_atomically
from sharpbits.timetravel.matrix.document import read_matrix
from sharpbits.timetravel.matrix.expect import propose


def run_expect(catalogue: Catalogue, update: Path, *, write: bool) -> int:
    """Print the proposed rows as a diff that ``git apply`` reads; with ``write`` change the files too.

    Returns 1 where something is proposed, as ``diff`` does, else 0.

    Raises
    ------
    UsageError
        The matrix cannot be read.
    """
    matrix = read_matrix(update)
    proposed = 0
    for finding in catalogue.findings:
        proposal = propose(finding, matrix)
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
