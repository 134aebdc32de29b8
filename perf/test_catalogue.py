"""Gates of the catalogue: what isolation costs, and how fast the command line answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sharpbits.catalogue import Verdict, describe_environment, load_finding, run_finding

FINDING = """# /// script
# [tool.sharpbits]
# title = "a third of a second of work"
# component = "toy"
# summary = "Stands for the shortest useful finding."
# oracle = "none is needed"
# ///
import json, time
end = time.perf_counter() + 0.3
while time.perf_counter() < end:
    pass
print(json.dumps({"outcome": "ok", "observed": 1, "expected": 1, "error": 0, "tolerance": 0}))
"""


def test_isolation_costs_at_most_a_third_over_a_bare_subprocess(contest: Callable[..., Any], tmp_path: Path) -> None:
    """Own session, limits, process-table scans and classification, against ``subprocess.run`` of the same file.

    Peer: the plain subprocess that one would write instead. The finding works for 0.3 s, less than any import of jax
    takes, so in the catalogue the share is smaller still.
    """
    path = tmp_path / "toy" / "work.py"
    path.parent.mkdir()
    path.write_text(FINDING)
    finding, here = load_finding(path), describe_environment()

    def isolated() -> None:
        assert run_finding(finding, here).verdict is Verdict.CLEAR

    def bare() -> None:
        subprocess.run([sys.executable, path], check=True, capture_output=True, text=True)

    contest(isolated, bare, at_least=0.75)


def test_help_costs_at_most_three_times_an_empty_typer_program(contest: Callable[..., Any], tmp_path: Path) -> None:
    """``sharpbits --help`` answers before any heavy import, so it costs what typer costs.

    Peer: the smallest typer program with one command.
    """
    empty = tmp_path / "empty.py"
    empty.write_text("import typer\napp = typer.Typer()\n@app.command()\ndef run() -> None: ...\napp()\n")

    def ours() -> None:
        subprocess.run([sys.executable, "-m", "sharpbits.cli", "--help"], check=True, capture_output=True)

    def theirs() -> None:
        subprocess.run([sys.executable, empty, "--help"], check=True, capture_output=True)

    contest(ours, theirs, at_least=1 / 3)
