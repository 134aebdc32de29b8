"""What must be installed by itself: no list of this project names it, and each of its commands installs it so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sharpbits.catalogue.lone import LONE

ROOT = Path(__file__).parents[2]


def test_what_must_come_without_dependencies_is_in_no_list_of_this_project() -> None:
    """Neither it nor what its metadata requires."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = table["project"]
    listed = [*table["build-system"]["requires"], *project["dependencies"]]
    listed += [one for extra in project["optional-dependencies"].values() for one in extra]
    for stack in (ROOT / "fixtures" / "stacks").glob("*.txt"):
        listed += [line.partition("#")[0].strip() for line in stack.read_text(encoding="utf-8").splitlines()]
    names = {canonicalize_name(Requirement(one).name) for one in listed if one}
    assert len(names) > 30
    assert not names & (LONE.keys() | {"mpfr", "eigen"})


@pytest.mark.parametrize("package", LONE)
@pytest.mark.parametrize("path", ["README.md", ".ci/run", ".github/workflows/suite.yml"])
def test_each_command_that_installs_it_installs_nothing_that_it_requires(path: str, package: str) -> None:
    """And another one what it imports."""
    text = (ROOT / path).read_text(encoding="utf-8")
    commands = [one.split() for one in re.split(r"\n|&&", text) if "pip install" in one]
    named = [{re.split("[=<>~]", word)[0] for word in command} for command in commands]
    # An environment may be called after it: what is installed stands last.
    alone = [command for command in commands if re.fullmatch(rf"{package}([=<>~].*)?", command[-1])]
    assert alone, f"{path} does not install {package}"
    assert all("--no-deps" in command for command in alone)
    assert any(names >= set(LONE[package]) for names in named), f"{path} does not install what {package} imports"
