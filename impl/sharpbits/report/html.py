"""What every page and picture is made with: the templates of a package, escaping, and the content policy's hashes.

A page refers to nothing outside itself; its policy lets its own inline style and script through by their hash, and
nothing else. Whatever enters a template is escaped, and stripped of control characters.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sharpbits.report.plain_text import printable


@cache
def templates(package: str) -> Environment:
    """Return the templates of a package, e.g. ``sharpbits.report``; an undefined name is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def shown(value: object) -> object:
    """Every text that enters a page passes here, but for the page's own markup and a finding's source."""
    return value if isinstance(value, Markup) else printable(str(value))


def own_text(package: str, name: str) -> Markup:
    """Return a file of a package's templates as it stands, to be inlined."""
    return Markup(files(package).joinpath("templates", name).read_text("utf-8"))  # noqa: S704 -- our own


def policy_hash(text: str) -> str:
    """Return what a content security policy calls this inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
