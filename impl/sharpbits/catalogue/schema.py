"""The schema of a finding's metadata: every key of ``[tool.sharpbits]``, its type, and what is refused."""

from __future__ import annotations

import re
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sharpbits.catalogue.machine import Condition, Machine
from sharpbits.catalogue.outcome import Outcome
from sharpbits.catalogue.pattern import TextPattern


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text.strip():
        raise ValueError("must be one non-empty line")
    return text.strip()


def _prose(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return " ".join(text.split())


def _requirement(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(f"not a requirement specifier: {str(error).splitlines()[0]}") from error


def _version(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return Version(text)
    except InvalidVersion as error:
        raise ValueError(str(error)) from error


def _specifiers(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(str(error)) from error


def _pattern(text: Any) -> Any:
    return TextPattern(text) if isinstance(text, str) else text


def _condition(text: Any) -> Any:
    return Condition(text) if isinstance(text, str) else text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _requires(text: str) -> str:
    if not re.fullmatch(r"gpu|devices>=[1-9]\d*|package:[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise ValueError("must be 'gpu', 'devices>=N' or 'package:NAME'")
    return text


def _link(text: str) -> str:
    if not re.fullmatch(r"https?://\S+", text):
        raise ValueError("must be a web address")
    return text


def _dotted(text: str) -> str:
    if not re.fullmatch(r"sharpbits(\.[A-Za-z_]\w*)+", text):
        raise ValueError("must be a dotted name inside sharpbits")
    return text


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+", text):
        raise ValueError("must be the id of a finding, component/slug")
    return text


OneLine = Annotated[str, AfterValidator(_one_line)]
Prose = Annotated[str, AfterValidator(_prose)]
AsRequirement = Annotated[Requirement, BeforeValidator(_requirement)]
AsCondition = Annotated[Condition, BeforeValidator(_condition)]
AsVersion = Annotated[Version, BeforeValidator(_version)]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ExpectationRow(_Schema):
    """What is documented for a range of versions, and on which of them it was seen."""

    #: Requirements that must all hold of the installed versions; ``seen`` counts versions of the first one's package.
    when: Annotated[tuple[AsRequirement, ...], BeforeValidator(_listed), Field(min_length=1)]
    #: The outcomes that are as documented; several for a known intermittent.
    outcome: Annotated[tuple[Outcome, ...], BeforeValidator(_listed), Field(min_length=1)]
    #: The versions on which this was actually seen: the row's evidence.
    seen: Annotated[tuple[AsVersion, ...], BeforeValidator(_listed), Field(min_length=1)]
    #: Searched in the text of an exception, a compiler's diagnostic or a signal.
    match: Annotated[TextPattern | None, BeforeValidator(_pattern)] = None
    #: Conditions that must all hold of the machine, for what is the processor's, the cores' or the GPU's doing.
    where: Annotated[tuple[AsCondition, ...], BeforeValidator(_listed)] = ()
    #: The machines on which it was seen, in words; required with ``where``.
    machines: Annotated[tuple[OneLine, ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="after")
    def _evidence_lies_in_range(self) -> ExpectationRow:
        for version in self.seen:
            if not self.when[0].specifier.contains(version, prereleases=True):
                raise ValueError(f"seen lists {version}, which {self.when[0]} does not cover")
        if self.where and not self.machines:
            raise ValueError("where needs machines: the ones on which this was seen, e.g. 'EPYC without AVX-512'")
        return self

    @property
    def bites(self) -> bool:
        """Whether the row documents anything but ``ok``."""
        return any(outcome is not Outcome.OK for outcome in self.outcome)

    def applies(self, versions: dict[str, Version]) -> bool:
        """Whether all of ``when`` holds of these installed versions (canonical names)."""
        return all(
            canonicalize_name(need.name) in versions
            and need.specifier.contains(versions[canonicalize_name(need.name)], prereleases=True)
            for need in self.when
        )

    def holds_on(self, machine: Machine) -> bool:
        """Whether all of ``where`` holds of this machine."""
        return all(condition.holds(machine) for condition in self.where)


class FindingTable(_Schema):
    """The ``[tool.sharpbits]`` table."""

    title: OneLine
    component: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    #: Findings of one cause name the same family; a report shows those that behave alike as one line.
    family: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = None
    summary: Prose
    #: In words, what the observed value is held against, and why that is independent of it.
    oracle: Prose
    upstream: tuple[Annotated[str, AfterValidator(_link)], ...] = ()
    #: Dotted name in impl that does the job right.
    instead: Annotated[str, AfterValidator(_dotted)] | None = None
    #: What to use upstream today, in one line.
    workaround: OneLine | None = None
    #: Ids of related findings, e.g. the one that shows the workaround to be right.
    see: tuple[Annotated[str, AfterValidator(_identifier)], ...] = ()
    requires: tuple[Annotated[str, AfterValidator(_requires)], ...] = ()
    #: Packages that it needs and that must be installed without what their own metadata requires.
    without_dependencies: tuple[AsRequirement, ...] = ()
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    memory_mib: Annotated[int, Field(ge=64, le=1 << 24)] = 4096
    #: Always started as ``python FILE``: the finding is about an import, or about how a process starts.
    alone: bool = False
    expect: tuple[ExpectationRow, ...] = ()


class ScriptTable(BaseModel):
    """The keys of PEP 723 itself; other tools' tables are theirs."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)

    dependencies: tuple[AsRequirement, ...] = ()
    requires_python: Annotated[SpecifierSet | None, BeforeValidator(_specifiers), Field(alias="requires-python")] = None
