"""Find the finding files, keep the readable ones and say what is wrong with the others."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sharpbits.catalogue.finding import Finding, load_finding
from sharpbits.catalogue.metadata import FindingFileError
from sharpbits.catalogue.selection import matches
from sharpbits.errors import UsageError

#: So many ids are told where one was wanted.
_TOLD = 10
#: What a folder of findings looks like.
LAYOUT = "lay findings out as FOLDER/COMPONENT/SLUG.py; `sharpbits new COMPONENT/SLUG --findings FOLDER` writes one"


@dataclass(frozen=True)
class Catalogue:
    """All findings below some folders, sorted by id, and the files that could not be loaded."""

    findings: tuple[Finding, ...]
    broken: tuple[FindingFileError, ...]

    def find(self, name: str) -> Finding:
        """Return the finding with this id, this slug, or the only one whose id contains the text.

        Raises
        ------
        UsageError
            None or several match; close names are suggested.
        """
        exact = [finding for finding in self.findings if name in (finding.id, finding.path.stem)]
        matches = exact or [finding for finding in self.findings if name in finding.id]
        if len(matches) == 1:
            return matches[0]
        ids = [finding.id for finding in self.findings]
        if matches:
            told = [finding.id for finding in matches[:_TOLD]] + ["…"] * (len(matches) > _TOLD)
            why = f"{name!r} matches {len(matches)} findings: {', '.join(told)}"
        else:
            why = f"no finding is called {name!r}"
            for error in self.broken:
                if name.rpartition("/")[2] == error.path.stem:
                    raise error
            close = difflib.get_close_matches(name, ids + [i.partition("/")[2] for i in ids], n=3)
            if close:
                why += "; close: " + ", ".join(close)
        raise UsageError(
            "no single finding has this name", why=why, resolution="take an id from `sharpbits check --list`"
        )

    def faces_of(self, finding: Finding) -> tuple[Finding, ...]:
        """Return the other findings of its family."""
        family = finding.table.family
        return tuple(one for one in self.findings if family and one.table.family == family and one.id != finding.id)


def default_folder() -> Path:
    """Return the catalogue's folder: the checkout's own where sharpbits runs from one, else the installed copy.

    Raises
    ------
    UsageError
        Neither is there, i.e. the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parents[1] / "conformance" / "findings", package / "findings"):
        if folder.is_dir():
            return folder
    raise UsageError(
        "the catalogue of findings is missing",
        why=f"neither a checkout's conformance/findings nor {package / 'findings'} exists",
        resolution="reinstall sharpbits, or name a folder with --findings",
    )


def is_finding_file(path: Path) -> bool:
    """Tell a finding's file from caches and private modules."""
    return not path.name.startswith(("_", ".")) and path.name != "conftest.py" and "__pycache__" not in path.parts


def finding_files(folder: Path) -> list[Path]:
    """List the finding files below a folder."""
    return sorted(path for path in folder.rglob("*.py") if is_finding_file(path))


def discover(folders: Iterable[Path]) -> Catalogue:
    """Load every finding below these folders; one bad file does not hide the others.

    Raises
    ------
    UsageError
        A folder does not exist, or two files claim the same id.
    """
    findings: dict[str, Finding] = {}
    broken: list[FindingFileError] = []
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(
                "the findings cannot be listed",
                why=f"{folder} is not a folder",
                resolution="name an existing folder of finding files",
            )
        for path in finding_files(folder):
            try:
                finding = load_finding(path)
            except FindingFileError as error:
                broken.append(error)
                continue
            if finding.id in findings:
                raise UsageError(
                    "two findings have the same id",
                    why=f"{findings[finding.id].path} and {path} are both {finding.id}",
                    resolution="rename one of the files",
                )
            findings[finding.id] = finding
    return Catalogue(tuple(findings[name] for name in sorted(findings)), tuple(broken))


def select(catalogue: Catalogue, *, expression: str | None, component: str | None) -> Catalogue:
    """Keep what belongs to a component and satisfies a ``-k`` expression by its id or title.

    Raises
    ------
    UsageError
        The component has no finding, the expression is malformed, or nothing is left.
    """
    components = {finding.table.component for finding in catalogue.findings}
    components |= {error.path.parent.name for error in catalogue.broken}
    if component is not None and component not in components:
        raise UsageError(
            "nothing to check",
            why=f"no finding has the component {component!r}",
            resolution=f"use one of: {', '.join(sorted(components)) or '(the catalogue is empty)'}",
        )

    def kept(folder: str, text: str) -> bool:
        return component in (None, folder) and (expression is None or matches(expression, text))

    selected = Catalogue(
        tuple(
            finding
            for finding in catalogue.findings
            if kept(finding.table.component, f"{finding.id} {finding.table.title}")
        ),
        tuple(
            error
            for error in catalogue.broken
            if kept(error.path.parent.name, f"{error.path.parent.name}/{error.path.stem}")
        ),
    )
    if not selected.findings and not selected.broken:
        raise UsageError(
            "nothing to check",
            why=f"no finding matches -k {expression!r}" if expression else "there is no finding in the folders",
            resolution="see the names with `sharpbits check --list`" if expression else LAYOUT,
        )
    return selected
