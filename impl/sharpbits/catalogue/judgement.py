"""Hold what was seen against what is documented for the installed versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version

from sharpbits.catalogue.environment import Environment
from sharpbits.catalogue.finding import Finding
from sharpbits.catalogue.observation import Observation
from sharpbits.catalogue.outcome import FAILURES, Outcome, Verdict
from sharpbits.catalogue.pattern import SlowPatternError
from sharpbits.catalogue.schema import ExpectationRow

#: What is said where other rows of these versions document what was seen, and none speaks of this machine.
NOT_THIS_MACHINE = "not documented for this machine"


@dataclass(frozen=True)
class Judgement:
    """A verdict and the sentence that explains it."""

    verdict: Verdict
    #: ``nondeterministic`` where the repeats disagree.
    outcome: Outcome
    #: The documented outcomes for the installed versions.
    documented: tuple[Outcome, ...]
    #: What was seen, with counts where repeats disagree.
    seen: str
    #: What to make of it; filled for ``changed``, and where no row speaks of this machine.
    message: str = ""


def judge(finding: Finding, environment: Environment, observations: Sequence[Observation]) -> Judgement:
    """Judge the repeats of one finding.

    Every observation must be explained by an expectation row that applies; without a row, only ``ok`` is. Repeats of
    different outcomes are ``nondeterministic``, and as documented where the rows list each of them or that word. On a
    machine that no row of these versions speaks of, what their other rows document is said as it is, and no failure.
    Where a row's ``match`` finds no end in what was seen, the finding is ``broken``.
    """
    try:
        return _judged(finding, environment, observations)
    except SlowPatternError as problem:
        told = f"{finding.path}: {problem.why}; {problem.resolution}"
        return Judgement(Verdict.BROKEN, Outcome.ERROR, (), "broken", told)


def _judged(finding: Finding, environment: Environment, observations: Sequence[Observation]) -> Judgement:
    rows = finding.rows_for(environment)
    elsewhere = finding.rows_elsewhere(environment)
    documented = tuple(dict.fromkeys(outcome for row in rows for outcome in row.outcome)) or (Outcome.OK,)
    tally = Counter(observation.outcome for observation in observations)
    if len(tally) == 1:
        outcome, seen = observations[0].outcome, str(observations[0].outcome)
    else:
        outcome = Outcome.NONDETERMINISTIC
        seen = ", ".join(f"{name} {count} of {len(observations)}" for name, count in tally.most_common())
    if outcome is Outcome.NOT_APPLICABLE:
        return Judgement(Verdict.NOT_APPLICABLE, outcome, documented, seen, observations[0].detail)
    if not rows and elsewhere and all(any(_explains(row, one) for row in elsewhere) for one in observations):
        verdict = Verdict.CLEAR if outcome is Outcome.OK else Verdict.BITES
        documented = tuple(dict.fromkeys(outcome for row in elsewhere for outcome in row.outcome))
        return Judgement(verdict, outcome, documented, seen, NOT_THIS_MACHINE)
    unexplained = [observation for observation in observations if not any(_explains(row, observation) for row in rows)]
    if not rows:
        unexplained = [observation for observation in observations if observation.outcome is not Outcome.OK]
    varying = outcome is Outcome.NONDETERMINISTIC and Outcome.NONDETERMINISTIC in documented
    if not unexplained or varying:
        verdict = Verdict.CLEAR if outcome is Outcome.OK else Verdict.BITES
        return Judgement(verdict, outcome, documented, seen)
    message = _explain_change(finding, environment, rows, documented, unexplained[0], seen)
    return Judgement(Verdict.CHANGED, outcome, documented, seen, message)


@dataclass(frozen=True)
class Since:
    """A release that bounds where a finding bites.

    >>> print(Since("since", "jax", Version("0.6.2")), Since("until", "jax", Version("0.6.2")), sep=", ")
    jax 0.6.2, until jax 0.6.2
    """

    word: Literal["since", "until", "from"]
    package: str
    version: Version

    @property
    def release(self) -> str:
        """Package and version."""
        return f"{self.package} {self.version}"

    def __str__(self) -> str:
        return self.release if self.word == "since" else f"{self.word} {self.release}"


def since(finding: Finding, environment: Environment) -> Since | None:
    """Return since which release it bites: the oldest on which what bites here was seen.

    For versions that are documented as clear: until which, the newest before them that was seen to bite; where none
    before them does, from which, the oldest that does.
    """
    applying = [row for row in finding.rows_for(environment) if row.bites]
    if applying:
        row = min(applying, key=lambda row: min(row.seen))
        return Since("since", row.when[0].name, min(row.seen))
    biting = [row for row in finding.table.expect if row.bites]
    if not biting:
        return None
    package = biting[0].when[0].name
    seen = sorted(version for row in biting if row.when[0].name == package for version in row.seen)
    installed = environment.versions.get(package)
    older = [version for version in seen if installed is None or version <= installed]
    return Since("until", package, older[-1]) if older else Since("from", package, seen[0])


def _explains(row: ExpectationRow, observation: Observation) -> bool:
    if observation.outcome not in row.outcome:
        return False
    if row.match is None or observation.outcome not in FAILURES:
        return True
    return row.match.search(observation.text or observation.detail)


def _explain_change(
    finding: Finding,
    environment: Environment,
    rows: Sequence[ExpectationRow],
    documented: Sequence[Outcome],
    unexplained: Observation,
    seen: str,
) -> str:
    listed = " or ".join(documented)
    on = ", ".join(f"{name} {version}" for name, version in _relevant(finding, environment).items())
    if unexplained.outcome in documented:
        patterns = " or ".join(f"/{row.match.pattern}/" for row in rows if row.match is not None)
        change = f"{unexplained.outcome} as documented, but not with the documented text {patterns}"
    elif unexplained.outcome is Outcome.OK:
        change = f"no longer bites: documented {listed}, saw {seen}"
    elif documented == (Outcome.OK,):
        change = f"bites now: documented ok, saw {seen}"
    else:
        change = f"bites otherwise: documented {listed}, saw {seen}"
    if rows:
        versions = sorted({version for row in rows for version in row.seen})
        evidence = "documented on " + ", ".join(map(str, versions))
    else:
        evidence = "no expectation row covers these versions"
    if not finding.table.expect:
        row = _row_to_paste(finding, environment, unexplained.outcome)
        evidence += ", as the finding has none"
        what_to_do = f"if a second run (--fresh) agrees, add an expectation row: {row}"
    else:
        what_to_do = (
            "if a second run (--fresh) agrees, add an expectation row with these versions to "
            f"{finding.path.name}, and tell upstream where it got worse"
        )
    return f"{change}{_told(unexplained)}; on {on or 'this environment'}; {evidence}; {what_to_do}"


def _told(observation: Observation) -> str:
    return f" ({observation.detail})" if observation.detail else ""


def _row_to_paste(finding: Finding, environment: Environment, outcome: Outcome) -> str:
    """Write the first expectation row of a finding, for what was seen here."""
    named = [need.name for need in finding.needs if canonicalize_name(need.name) in environment.versions]
    # What a finding is about stands first among its dependencies; NumPy is only its oracle.
    package = next((name for name in named if name != "numpy"), named[0] if named else "python")
    version = environment.versions[canonicalize_name(package)]
    return f'expect = [{{ when = "{package}>={version}", outcome = ["{outcome}"], seen = ["{version}"] }}]'


def _relevant(finding: Finding, environment: Environment) -> dict[str, Version]:
    """Return the installed versions of the packages the finding speaks of."""
    names = [need.name for row in finding.table.expect for need in row.when]
    names += [need.name for need in finding.needs]
    return {name: environment.versions[name] for name in dict.fromkeys(names) if name in environment.versions}
