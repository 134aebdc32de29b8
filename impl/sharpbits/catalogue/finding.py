"""A finding: one file with its metadata checked, ready to be run alone."""

from __future__ import annotations

import ast
import hashlib
import re
import stat
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pydantic import ValidationError

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.imports import imported_packages
from sharpbits.catalogue.metadata import FindingFileError, ScriptMetadata, read_metadata
from sharpbits.catalogue.schema import ExpectationRow, FindingTable, ScriptTable

#: A finding is a page of code; what is longer by a thousand times is something else, and takes minutes to parse.
_SIZE_LIMIT = 4 << 20
_SHOWN_INPUT = 200


@dataclass(frozen=True)
class Finding:
    """One documented finding: a file that can be run alone."""

    id: str
    path: Path
    source: str
    table: FindingTable
    dependencies: tuple[Requirement, ...]
    requires_python: SpecifierSet | None
    #: The third-party packages that it imports first of all; None where something else comes before.
    packages: tuple[str, ...] | None

    @property
    def needs(self) -> tuple[Requirement, ...]:
        """All that must be installed; first the packages that come without dependencies of their own."""
        return (*self.table.without_dependencies, *self.dependencies)

    @property
    def needs_in_words(self) -> tuple[str, ...]:
        """The packages that it needs, and how to install those that must not bring their own dependencies."""
        alone = [f"{need} (by itself: pip install --no-deps)" for need in self.table.without_dependencies]
        return (*alone, *map(str, self.dependencies))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's text: any change of it makes old results void."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def altered(self) -> bool:
        """Whether its file is no longer what was read: it was edited, moved or removed."""
        try:
            return self.path.read_text(encoding="utf-8") != self.source
        except (OSError, ValueError):
            return True

    def rows_for(self, environment: Environment) -> tuple[ExpectationRow, ...]:
        """Return the expectation rows that speak of these installed versions on this machine."""
        return tuple(row for row in self.rows_elsewhere(environment) if row.holds_on(environment))

    def rows_elsewhere(self, environment: Environment) -> tuple[ExpectationRow, ...]:
        """Return the expectation rows that speak of these installed versions, on whatever machine."""
        return tuple(row for row in self.table.expect if row.applies(environment.versions))


def load_finding(path: Path) -> Finding:
    """Read and check one finding file.

    Raises
    ------
    FindingFileError
        Unreadable, not Python, no metadata, or metadata that the schema refuses; names the line.
    """
    return finding_of(path, _text_of(path))


def finding_of(path: Path, source: str) -> Finding:
    """Check the text that a finding file has, or is to have.

    Raises
    ------
    FindingFileError
        As of :func:`load_finding`.
    """
    # What Python warns of in a finding (an escape it does not know) is told where the finding runs; whoever has turned
    # warnings into errors has not made it a file that is not Python.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        metadata = read_metadata(path, source)
        return _validated(path, source, metadata, imported_packages(_parsed(path, source)))


def _parsed(path: Path, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (RecursionError, MemoryError) as error:  # the parser's words for the end of its stack
        raise FindingFileError(
            path, 1, "an expression nests too deep for Python's parser", resolution="make `python FILE` run"
        ) from error
    except (SyntaxError, ValueError) as error:
        raise FindingFileError(
            path,
            getattr(error, "lineno", None) or 1,
            f"the file is not Python: {getattr(error, 'msg', error)}",
            resolution="make `python FILE` run",
        ) from error


def _text_of(path: Path) -> str:
    """Read a file of Python text, and nothing else: opening a pipe waits for whoever writes into it."""
    mend = "make it a readable Python file"
    if not path.name.isprintable():
        raise FindingFileError(
            path, 1, "its name has characters that cannot be printed", resolution="give the file a name in UTF-8"
        )
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FindingFileError(path, 1, f"it is {_kind(status.st_mode)}, not a file", resolution=mend)
        if status.st_size > _SIZE_LIMIT:
            raise FindingFileError(
                path, 1, f"it holds more than {_SIZE_LIMIT >> 20} MiB", resolution="keep data out of the file"
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        why = "it is a link to nothing" if path.is_symlink() else "there is no such file"
        raise FindingFileError(path, 1, why, resolution=mend) from error
    except UnicodeDecodeError as error:
        raise FindingFileError(path, 1, f"the file cannot be read as UTF-8 text: {error}", resolution=mend) from error
    except OSError as error:
        raise FindingFileError(
            path, 1, f"the file cannot be read: {error.strerror or type(error).__name__}", resolution=mend
        ) from error


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _validated(path: Path, source: str, metadata: ScriptMetadata, packages: tuple[str, ...] | None) -> Finding:
    tool = metadata.table.get("tool")
    table = tool.get("sharpbits") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise FindingFileError(
            path, metadata.first_line, "the metadata has no [tool.sharpbits] table", resolution="see CONTRIBUTING.md"
        )
    try:
        parsed = FindingTable.model_validate(table)
        script = ScriptTable.model_validate(metadata.table)
    except ValidationError as error:
        raise _schema_error(metadata, error) from error
    if parsed.component != path.parent.name:
        raise FindingFileError(
            path,
            metadata.line_of("component"),
            f"component is {parsed.component!r} but the file lies in the folder {path.parent.name!r}",
            resolution="make the two the same",
        )
    twice = _names(parsed.without_dependencies) & _names(script.dependencies)
    if twice:
        raise FindingFileError(
            path,
            metadata.line_of("without_dependencies"),
            f"{', '.join(sorted(twice))} is among the dependencies too, so uv would install it with its own",
            resolution="name it in one of the two",
        )
    return Finding(
        f"{parsed.component}/{path.stem}",
        path,
        source,
        parsed,
        script.dependencies,
        script.requires_python,
        packages,
    )


def _names(requirements: tuple[Requirement, ...]) -> set[str]:
    return {canonicalize_name(need.name) for need in requirements}


def _schema_error(metadata: ScriptMetadata, error: ValidationError) -> FindingFileError:
    """Turn the schema's first complaint into one line with its place in the file."""
    problem = error.errors(include_url=False)[0]
    place = [str(part) for part in problem["loc"] if not isinstance(part, int)]
    key = ".".join(place) or "the table"
    if problem["loc"][:1] == ("expect",) and len(problem["loc"]) > 1:
        line = _row_line(metadata, int(problem["loc"][1]))
    elif place and problem["type"] != "missing":
        line = metadata.line_of(f"\n{place[0]}")
    else:
        line = metadata.line_of("[tool.sharpbits]")
    said = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        why, resolution = f"{key} is missing", f"add {key}"
    elif problem["type"] == "extra_forbidden":
        known = ExpectationRow if place[:1] == ["expect"] else FindingTable
        why, resolution = f"{key} is not a known key", f"use one of {', '.join(known.model_fields)}"
    else:
        why, resolution = f"{key}: {said} (got {_brief(problem['input'])})", "correct the value"
    return FindingFileError(metadata.path, line, why, resolution=resolution)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_INPUT else f"{text[:_SHOWN_INPUT]}…"


def _row_line(metadata: ScriptMetadata, index: int) -> int:
    """Return the line of the expectation row of this index: each has one ``when``."""
    rows = [match.start() for match in re.finditer(r"\bwhen\s*=", metadata.text)]
    if index >= len(rows):
        return metadata.line_of("expect")
    return metadata.first_line + metadata.text.count("\n", 0, rows[index])
