"""What ``sharpbits expect`` does: show as a diff, or write, the rows that a matrix implies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sharpbits.catalogue import Catalogue
from sharpbits.catalogue.finding import finding_of
from sharpbits.files import check_target, write_atomically
from sharpbits.timetravel.matrix.document import read_matrix
from sharpbits.timetravel.matrix.expect import propose


def run_expect(catalogue: Catalogue, update: Path, *, write: bool) -> int:
    """Print the proposed rows as a diff that ``git apply`` reads; with ``write`` change the files too.

    Returns 1 where something is proposed, as ``diff`` does, else 0.

    Raises
    ------
    UsageError
        The matrix cannot be read; with ``write``, one of the files may not be written to, or is itself the matrix. Then
        none of them is changed.
    """
    matrix = read_matrix(update)
    proposals = [propose(finding, matrix) for finding in catalogue.findings]
    changed = [proposal for proposal in proposals if proposal.source != proposal.finding.source]
    if write:
        for proposal in changed:
            path = proposal.finding.path
            check_target(path, "the rows cannot be written", inputs=[update])
            finding_of(path, proposal.source)  # a valid finding, or this says what is not
    for proposal in proposals:
        if proposal.left_alone:
            sys.stderr.write(f"left alone {proposal.finding.id}: {proposal.left_alone}; see to it by hand\n")
    for proposal in changed:
        path = proposal.finding.path
        sys.stdout.write(proposal.diff(os.path.relpath(path).replace(os.sep, "/")))
        if write:
            # Read as text, the line ends of all systems are one.
            end = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
            write_atomically(path, proposal.source.replace("\n", end))
    sys.stderr.write(f"{len(changed)} findings have other rows{', written' if write and changed else ''}\n")
    return 1 if changed else 0
