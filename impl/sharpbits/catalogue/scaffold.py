"""The beginning of a finding: a file that runs, documents nothing yet, and says where to go on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sharpbits.catalogue.lone import LONE
from sharpbits.errors import UsageError
from sharpbits.files import write_atomically

_NAME = re.compile(r"[a-z0-9_]+/[a-z0-9_]+")
_TEMPLATE = '''# /// script
# requires-python = ">=3.11"
# dependencies = [{dependencies}]
#
# [tool.sharpbits]
# title = "what happens to the user, in one line"
# component = "{component}"
# summary = """
# What the user did, what came of it, how bad that is.
# """
# oracle = "what the observed value is held against, and why it is independent"
# workaround = "what to use instead today, in one line"
{more}# ///
import json

import numpy as np

observed = np.zeros(3)  # of the package under test
expected = np.zeros(3)  # closed form, NumPy, SciPy, finite differences of the same forward pass: never the suspect
error = float(np.max(np.abs(observed - expected)))
tolerance = 8 * float(np.finfo(np.float64).eps)  # from the arithmetic, with the reason, not from what happened to pass
print(
    json.dumps(
        {{
            "outcome": "ok" if error <= tolerance else "wrong-value",
            "observed": observed.tolist(),
            "expected": expected.tolist(),
            "error": error,
            "tolerance": tolerance,
        }}
    )
)
'''
#: What most file systems take for a name.
_LONGEST = 200
#: What to depend on for findings of a component, where that is not the component's own name.
_PACKAGES = {"catalyst": "pennylane-catalyst", "lightning": "pennylane-lightning"}


def _begun(component: str) -> str:
    """Return the text of a finding that says nothing yet about a package."""
    package = _PACKAGES.get(component, component)
    needs, more = [package, "numpy"], ""
    if package in LONE:
        needs, more = list(LONE[package]), f"# without_dependencies = {json.dumps([package])}\n"
    return _TEMPLATE.format(component=component, dependencies=", ".join(map(json.dumps, needs)), more=more)


def scaffold(name: str, folder: Path) -> Path:
    """Write the beginning of a finding to ``folder/COMPONENT/SLUG.py``; return where.

    Raises
    ------
    UsageError
        The name is not ``component/slug``, there is such a finding already, or the folder does not exist.
    """

    def refuse(why: str, resolution: str) -> UsageError:
        return UsageError("the finding was not written", why=why, resolution=resolution)

    if not _NAME.fullmatch(name):
        raise refuse(f"{name!r} is no name of one", "give COMPONENT/SLUG, in small letters, digits and _")
    if not folder.is_dir():
        raise refuse(f"{folder} is not a folder", "name an existing folder of findings with --findings")
    component, slug = name.split("/")
    if slug.startswith("_") or slug == "conftest":
        raise refuse(f"a file called {slug}.py is not taken for a finding", "choose another slug")
    path = folder / component / f"{slug}.py"
    if max(len(component), len(path.name)) > _LONGEST:
        raise refuse(f"a part of it is longer than {_LONGEST} characters", "choose a shorter one")
    if path.exists() or path.is_symlink():
        raise refuse(f"{path} is there already", "choose another slug, or edit that file")
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise refuse(str(error), "name a folder of findings that you may write to") from error
    write_atomically(path, _begun(component))
    return path
