"""Tell a finding's own mistake from upstream's: it is no news of the stack, and nothing to tell upstream.

Only what can be nobody else's is taken for one: a name that the file itself does not know, an import at the file's own
hand of a package that its metadata does not declare and nothing installed, a result that JSON cannot write.
"""

from __future__ import annotations

import re
from pathlib import Path

_TRACEBACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_UNKNOWN_NAMES = ("NameError", "UnboundLocalError")
_END = re.compile(r"^(?P<type>NameError|UnboundLocalError|ModuleNotFoundError|TypeError): (?P<text>.*)$", re.MULTILINE)
_MODULE = re.compile(r"No module named '(?P<name>[^'.]+)'$")


def own_mistake(stderr: str, file: Path) -> str | None:
    r"""Return what to mend in the file where its uncaught exception is its own mistake, in a line; else None.

    >>> told = 'Traceback (most recent call last):\n  File "x.py", line 3, in <module>\nNameError: no jnp\n'
    >>> own_mistake(told, Path("x.py"))
    'NameError in line 3 of the file itself (no jnp): define the name, or import it'
    """
    _, header, block = stderr.rpartition(_TRACEBACK)
    end = _END.search(block) if header else None
    if end is None:
        return None
    frames = list(_FRAME.finditer(block, 0, end.start()))
    own = [index for index, frame in enumerate(frames) if Path(frame["file"]) == file]
    if not own:
        return None
    kind, text = end["type"], end["text"].strip()
    where = f"{kind} in line {frames[own[-1]]['line']} of the file itself ({text})"
    innermost = own[-1] == len(frames) - 1
    if kind in _UNKNOWN_NAMES and innermost:
        return f"{where}: define the name, or import it"
    if kind == "ModuleNotFoundError" and innermost and (module := _MODULE.search(text)):
        return f"{where}: declare the package that has {module['name']} among its dependencies"
    rest = frames[own[-1] + 1 :]
    by_json = bool(rest) and all(Path(frame["file"]).parent.name == "json" for frame in rest)
    if kind == "TypeError" and by_json and text.endswith("is not JSON serializable"):
        return f"{where}: print plain numbers and lists, e.g. array.tolist() or float(x)"
    return None
