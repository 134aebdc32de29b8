"""Small real catalogues to run: finding files written to disk, each of them a rule's example."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from sharpbits.catalogue import Environment

#: The body of a finding that reports what its oracle says.
OK = """
import json
print(json.dumps({"outcome": "ok", "observed": 1.0, "expected": 1.0, "error": 0.0, "tolerance": 0.0}))
"""

#: The body of a finding that is silently wrong.
WRONG_GRADIENT = """
import json
print(json.dumps({"outcome": "wrong-gradient", "observed": [0.5], "expected": [1.0], "error": 0.5, "tolerance": 1e-9}))
"""


def metadata_block(table: dict[str, Any], **script: Any) -> str:
    """Write a PEP 723 block; JSON's strings, numbers and lists are TOML's too."""
    lines = [f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in script.items()]
    lines.append("[tool.sharpbits]")
    for key, value in table.items():
        if key == "expect":
            rows = ["  {" + ", ".join(f"{name} = {json.dumps(v)}" for name, v in row.items()) + "}," for row in value]
            lines += ["expect = [", *rows, "]"]
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(["# /// script", *(f"# {line}" for line in lines), "# ///", ""])


def write_finding(folder: Path, slug: str, body: str = OK, *, component: str = "toy", **table: Any) -> Path:
    """Write ``folder/component/slug.py``; ``table`` overrides the metadata's keys, None drops one."""
    script = table.pop("script", {"dependencies": []})
    complete = {
        "title": f"what {slug} shows",
        "component": component,
        "summary": "A made-up finding.",
        "oracle": "closed form",
        **table,
    }
    path = folder / component / f"{slug}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    block = metadata_block({key: value for key, value in complete.items() if value is not None}, **script)
    path.write_text(block + body, encoding="utf-8")
    return path


def documented(*outcomes: str, **row: Any) -> list[dict[str, Any]]:
    """Return one expectation row that applies to every interpreter the suite runs on."""
    return [{"when": "python>=3.11", "outcome": list(outcomes), "seen": ["3.11.0"], **row}]


def environment(**facts: Any) -> Environment:
    """Describe an environment that need not exist."""
    plain: dict[str, Any] = {
        "python": "3.11.7",
        "implementation": "CPython",
        "executable": "/usr/bin/python3",
        "platform": "Linux",
        "machine": "x86_64",
        "cpu": "a processor",
        "cores": 2,
        "packages": {},
        "variables": {},
        "system": "Linux",
        "features": (),
        "gpus": (),
    }
    return Environment(**{**plain, **facts})


def alive(pid: int) -> bool:
    """Ask the process table; a zombie is dead, it only waits for its parent to notice."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_line(arguments: Sequence[str | Path]) -> list[str]:
    return [sys.executable, "-m", "sharpbits.cli", *map(str, arguments)]


def private_cache(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}
