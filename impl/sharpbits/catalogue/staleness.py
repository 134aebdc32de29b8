"""Expectation rows and pointers that have gone stale: no such release, no such implementation."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from sharpbits.catalogue.dotted import definition
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.releases import known_releases
from sharpbits.catalogue.schema import ExpectationRow


class StaleExpectationWarning(UserWarning):
    """A finding documents something that does not exist."""


def stale_parts(
    finding: Finding, known_ids: Collection[str], releases: Mapping[str, frozenset[Version]] | None = None
) -> list[str]:
    """Return one sentence for each stale part of a finding's metadata; packages without a list of releases pass.

    Parameters
    ----------
    known_ids
        The ids of the whole catalogue, for ``see``.
    releases
        The existing releases by canonical package name, by default the list shipped with the catalogue.
    """
    releases = known_releases() if releases is None else releases
    complaints = []
    for number, row in enumerate(finding.table.expect, start=1):
        foreign = _foreign(finding, row, releases)
        if foreign is not None:
            complaints.append(f"{finding.id}: row {number}: {foreign}")
        for need in row.when:
            existing = releases.get(canonicalize_name(need.name))
            if existing is not None and not any(need.specifier.contains(v, prereleases=True) for v in existing):
                complaints.append(f"{finding.id}: row {number}: no release of {need.name} satisfies {need.specifier}")
        existing = releases.get(canonicalize_name(row.when[0].name))
        if existing is not None:
            complaints.extend(
                f"{finding.id}: row {number}: {row.when[0].name} {version} was never released, but seen lists it"
                for version in row.seen
                if Version(version.public) not in existing
            )
    if finding.table.instead is not None and definition(finding.table.instead) is None:
        complaints.append(f"{finding.id}: instead names {finding.table.instead}, which does not exist")
    complaints.extend(
        f"{finding.id}: see names {reference}, and there is no such finding"
        for reference in finding.table.see
        if reference not in known_ids
    )
    return complaints


def _foreign(finding: Finding, row: ExpectationRow, releases: Collection[str]) -> str | None:
    """Return what is wrong where a row speaks of something that is no package, or none that the finding needs."""
    needed = {canonicalize_name(need.name) for need in finding.needs} | {"python"}
    for need in row.when:
        name = canonicalize_name(need.name)
        if name in needed or name in releases:
            continue
        known = sorted(needed | set(releases))
        meant = [one for one in known if name in one.split("-")] or difflib.get_close_matches(name, known, n=1)
        hint = f"; {meant[0]} is, if that is meant" if meant else ""
        return f"{need.name} is no package that the finding depends on{hint}"
    return None
