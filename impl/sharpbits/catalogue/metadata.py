"""Read the inline script metadata (PEP 723) of a finding: the block, its TOML, and the line each key stands on.

The format is https://packaging.python.org/en/latest/specifications/inline-script-metadata/.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharpbits.errors import SharpbitsError, escaped
from sharpbits.files import shown_path

# The regular expression of the specification, with the line's start kept for messages.
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


class FindingFileError(SharpbitsError):
    """A finding file cannot be used as it stands.

    Attributes
    ----------
    path, line
        Where; ``line`` counts from 1.
    """

    def __init__(self, path: Path, line: int, why: str, *, resolution: str) -> None:
        # What is quoted of the file may hold anything; the line stays one.
        why = escaped(why)
        super().__init__(
            f"{shown_path(path)}:{line}: not a valid finding file",
            why=why,
            resolution=resolution,
            path=shown_path(path),
            line=line,
        )
        self.path = path
        self.line = line


@dataclass(frozen=True)
class ScriptMetadata:
    """The ``script`` block of one file."""

    path: Path
    table: dict[str, Any]
    text: str
    first_line: int

    def line_of(self, needle: str) -> int:
        """Return the file's line on which the block shows this text; the block's first line where it does not.

        A leading newline in ``needle`` anchors it to the start of a line.
        """
        found = ("\n" + self.text).find(needle)
        return self.first_line + self.text.count("\n", 0, max(found, 0))


def read_metadata(path: Path, source: str) -> ScriptMetadata:
    """Extract the ``script`` block of a Python source text.

    Raises
    ------
    FindingFileError
        There is no such block, more than one, or its TOML does not parse.
    """
    blocks = [match for match in _BLOCK.finditer(source) if match["type"] == "script"]
    if not blocks:
        raise FindingFileError(
            path,
            1,
            "there is no inline script metadata (a comment block from '# /// script' to '# ///', PEP 723)",
            resolution="start the file with the block that CONTRIBUTING.md shows",
        )
    if len(blocks) > 1:
        raise FindingFileError(
            path,
            source.count("\n", 0, blocks[1].start()) + 1,
            f"there are {len(blocks)} 'script' metadata blocks, PEP 723 allows one",
            resolution="merge them into one block",
        )
    block = blocks[0]
    first_line = source.count("\n", 0, block.start("content")) + 1
    lines = block["content"].splitlines()
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise FindingFileError(
            path, first_line, "the metadata nests too deep", resolution="write it without lists of lists of lists"
        ) from error
    except ValueError as error:  # what is not TOML, and integers of thousands of digits
        at = re.search(r"at line (\d+)", str(error))
        line = first_line + int(at[1]) - 1 if at else first_line + len(lines) - 1
        raise FindingFileError(
            path, line, f"the metadata is not TOML: {error}", resolution="correct the TOML at that line"
        ) from error
    return ScriptMetadata(path, table, text, first_line)
