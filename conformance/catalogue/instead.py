"""Findings, and what they name to use instead: files loaded, snippets run, what ``sharpbits show`` prints."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path
from types import ModuleType

from rich.console import Console

from sharpbits.catalogue import Finding, default_folder, describe_environment, discover
from sharpbits.report.terminal import print_finding


def findings_that_name(prefix: str) -> dict[str, Finding]:
    """Return the shipped findings whose ``instead`` begins so, by their slugs."""
    findings = discover([default_folder()]).findings
    return {one.path.stem: one for one in findings if (one.table.instead or "").startswith(prefix)}


def names(findings: dict[str, Finding]) -> list[str]:
    """Return what findings name, each once."""
    return sorted({finding.table.instead or "" for finding in findings.values()})


def loaded(path: Path) -> ModuleType:
    """Return the finding's own file, of which only definitions run: its models and its oracle."""
    spec = importlib.util.spec_from_file_location(f"finding_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(source: str) -> str:
    """Run a snippet; return what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, "snippet", "exec"), {"__name__": "snippet"})
    return output.getvalue()


def numbers(output: str) -> list[float]:
    """Return the numbers that were printed, one by one or as arrays."""
    return [float(part) for part in output.replace("[", " ").replace("]", " ").split()]


def shown(finding: Finding) -> str:
    """Return what ``sharpbits show`` prints of a finding."""
    output = io.StringIO()
    print_finding(Console(file=output, width=40), finding, describe_environment(), None)
    return output.getvalue()
