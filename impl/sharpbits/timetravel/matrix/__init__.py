"""Findings by releases: ``run`` fills the matrix; ``table``, ``page`` and ``picture`` show it.

``document`` says what a matrix is and reads and writes its file. ``expect`` proposes the
expectation rows that it implies; ``command`` and ``expect_command`` are what the command line does.
"""
