"""Which releases of the packages under test exist: a list shipped with the catalogue, so that checks need no network.

``python -m sharpbits.catalogue.releases`` asks the package index (through pip and its configuration) and rewrites it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from sharpbits.errors import SharpbitsError
from sharpbits.files import write_atomically

LIST = Path(__file__).with_name("releases.json")


@cache
def known_releases() -> dict[str, frozenset[Version]]:
    """Return the releases of each listed package, pre-releases included."""
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    return {canonicalize_name(name): frozenset(map(Version, versions)) for name, versions in listed.items()}


def released(package: str) -> list[str]:
    """Ask the package index for every release of a package, newest first.

    Raises
    ------
    SharpbitsError
        pip gave no list: no network, or no such package.
    """
    command = [sys.executable, "-m", "pip", "index", "versions", "--pre", "--ignore-requires-python", package]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    for line in ended.stdout.splitlines():
        if line.startswith("Available versions:"):
            return [version.strip() for version in line.partition(":")[2].split(",")]
    raise SharpbitsError(
        "the releases cannot be listed",
        why=(ended.stderr.strip().splitlines() or ["pip printed no versions"])[-1],
        resolution="check the network and pip's index configuration",
        package=package,
    )


def refresh() -> None:
    """Rewrite the list, for the packages that are in it. A release that was once listed stays: yanked ones existed."""
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    for package, versions in listed.items():
        # A local version (torch's "+cpu") is a build of a release, not a release.
        public = {Version(version).public for version in [*versions, *released(package)]}
        listed[package] = sorted(public, key=Version, reverse=True)
    write_atomically(LIST, json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    refresh()
