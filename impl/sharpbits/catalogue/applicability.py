"""Can this finding run here at all? If not, the one reason to tell."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding


def missing_requirement(finding: Finding, environment: Environment) -> str | None:
    """Return why the finding cannot run in this environment, or None where it can."""
    if finding.requires_python is not None and not finding.requires_python.contains(
        environment.versions["python"], prereleases=True
    ):
        return f"needs Python {finding.requires_python}, this is {environment.python}"
    marker_facts = {
        "python_version": ".".join(environment.python.split(".")[:2]),
        "python_full_version": environment.python,
        "platform_machine": environment.machine,
    }
    for need in finding.needs:
        if need.marker is not None and not need.marker.evaluate(marker_facts):
            continue
        name = canonicalize_name(need.name)
        if name not in environment.packages:
            return f"{need.name} is not installed"
        if name in environment.versions and not need.specifier.contains(environment.versions[name], prereleases=True):
            return f"needs {need}, {environment.packages[name]} is installed"
    for requirement in finding.table.requires:
        if requirement == "gpu" and not environment.gpus:
            return "needs a GPU, and none is visible"
        if requirement.startswith("devices>="):
            count = int(requirement.removeprefix("devices>="))
            if environment.devices < count:
                return f"needs {count} devices, {environment.devices} visible"
        if requirement.startswith("package:"):
            name = canonicalize_name(requirement.removeprefix("package:"))
            if name not in environment.packages:
                return f"{name} is not installed"
    return None
