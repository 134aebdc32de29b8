"""A search for its reader: the plan before it, the answer in the terminal, the report to paste upstream."""

from __future__ import annotations

from importlib.metadata import version
from itertools import pairwise

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined
from rich.text import Text

from sharpbits.report.plain_text import printable
from sharpbits.timetravel.bisection import Bisection
from sharpbits.timetravel.confirm import sure_runs
from sharpbits.timetravel.culprit import MOST_PROBES
from sharpbits.timetravel.dates import day_of
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.lock import lock_text
from sharpbits.timetravel.scripts import texts
from sharpbits.timetravel.search import Side, most_probes
from sharpbits.timetravel.stack import Pin, Stack, changes
from sharpbits.timetravel.subject import FindingSubject, Subject

_MIB = 2**20


#: The lock files that the commands of a report name.
OLD_LOCK, NEW_LOCK = "old.txt", "new.txt"


def plan(history: History, *, old_end_given: bool = True, confidence: float = 0.99) -> str:
    """Say what a search will cost: stacks to test, files to download."""
    stacks = [candidate.stack for candidate in history.candidates]
    first, last = history.candidates[0], history.candidates[-1]
    ends = set(stacks[0].pins) | set(stacks[-1].pins)
    steps = [{change.after for change in changes(before, after) if change.after} for before, after in pairwise(stacks)]
    between = set().union(*steps) - ends
    probes = most_probes(len(stacks), old_end_given=old_end_given)
    lines = [
        f"{len(stacks)} stacks from {first.until:%Y-%m-%d} to {last.until:%Y-%m-%d}, "
        f"by the releases of {', '.join(history.packages)}",
        f"at most {probes} of them are tested to find the turn, more only for stacks that cannot be tested; "
        f"then at most {MOST_PROBES} mixtures to find the package and its release",
        f"the two at the turn are run {sure_runs(confidence)} times more; "
        "where they show something else then, it varies, and all of this is done once more with more runs",
        f"to download, where uv does not have it yet: {_files(ends)} for the two ends, "
        f"and some of {_files(between)} between them",
    ]
    for moment, why in history.unresolvable:
        lines.append(f"no stack on {day_of(moment)}: {why[:200]}")
    return "\n".join(lines)


def summary(found: Bisection, subject: Subject) -> Text:
    """Return the answer: what changed, between which stacks, by which package."""
    text = Text()
    text.append(f"{found.kind}: {found.subject}\n", style="bold")
    for label, candidate, shows in (
        ("last  ", found.last_old, found.old_shows),
        ("first ", found.first_new, found.new_shows),
    ):
        text.append(f"{label} {printable(shows)}: stack of {candidate.until:%Y-%m-%d %H:%M} UTC")
        text.append(f"  {_versions(candidate, found)}\n", style="dim")
    for beyond in found.beyond:
        text.append(f"{printable(beyond)}\n", style="yellow")
    if not found.bracket.exact:
        hidden = found.bracket.first_new - found.bracket.last_old - 1
        text.append(f"a range: {hidden} between them could not be decided\n", style="yellow")
    text.append(f"culprit: {culprit_sentence(found)}\n", style="bold red" if len(found.culprit.packages) else "")
    released = release_sentence(found)
    if released:
        text.append(
            f"release: {released}\n", style="bold red" if found.narrowed and not found.narrowed.why else "yellow"
        )
    text.append(f"changed between the two: {', '.join(map(str, found.differing))}\n")
    tested = len(found.probed) - found.search_probes
    text.append(f"{found.search_probes} stacks and {tested} mixtures tested\n", style="dim")
    commands = reproduce(subject, OLD_LOCK, NEW_LOCK)
    text.append("to see either side (--report FILE.md writes the two locks, and a report for upstream):\n")
    for command in commands:
        text.append(f"  {command}\n")
    return text


def culprit_sentence(found: Bisection) -> str:
    """Name the packages to blame, and how sure that is."""
    moved = {change.name: change for change in found.differing}
    names = ", ".join(str(moved[name]) for name in sorted(found.culprit.packages))
    if found.culprit.packages == frozenset(moved) and len(moved) > 1:
        return f"{names}, together: no smaller set of them was seen to bring it"
    sure = {
        True: "it alone brings the change, and everything else without it does not",
        False: "it alone brings the change, and so does everything else without it",
        None: "it alone brings the change; everything else without it could not be tested",
    }[found.culprit.necessary]
    if len(found.culprit.packages) > 1:
        how = "no smaller set does" if found.culprit.smallest else "smaller sets do not, or could not be tested"
        sure = f"{how}; {sure.replace('it alone brings', 'together they bring').replace('without it', 'without them')}"
    return f"{names} ({sure})"


def release_sentence(found: Bisection) -> str:
    """Say which of the culprit's own releases it is, or why that is not known; nothing where there is no other."""
    if len(found.culprit.packages) > 1:
        return "the packages were seen to bring it together only, so their releases were not tried one by one"
    narrowed = found.narrowed
    if narrowed is None or not (narrowed.tried or narrowed.why):
        return ""
    if not narrowed.why:
        return f"{narrowed.package} {narrowed.first_new} ({narrowed.last_old} does not bring it yet)"
    return f"{narrowed.package}, after {narrowed.last_old} and up to {narrowed.first_new}: {narrowed.why}"


def reproduce(subject: Subject, *locks: str) -> list[str]:
    """Return, for each lock file, the command that shows what the subject does in that stack."""
    commands = []
    for lock in locks:
        folder = lock.removesuffix(".txt")
        python = f"{folder}/bin/python"
        built = f"uv venv {folder} && uv pip install --python {python} --no-deps -r {lock}"
        commands.append(f"{built} && {subject.command(python)}")
    return commands


def as_markdown(found: Bisection, subject: Subject) -> str:
    """Return a report that stands for itself, to paste into an upstream issue."""
    templates = Templates(
        loader=PackageLoader("sharpbits.timetravel"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (Markdown, not HTML; what comes from outside stands in code blocks)
    )
    finding = subject.finding if isinstance(subject, FindingSubject) else None
    scripts = texts(subject.scripts())
    python = _python_version(found.last_old.stack)
    commands = [
        command.replace("uv venv ", f"uv venv --python {python} ") for command in reproduce(subject, OLD_LOCK, NEW_LOCK)
    ]
    evidence = [
        (" + ".join(sorted(names)) or "nothing", side.value)
        for names, side in sorted(found.culprit.evidence.items(), key=lambda one: (len(one[0]), sorted(one[0])))
    ]
    return templates.get_template("report.md").render(
        found=found,
        finding=finding,
        scripts=scripts,
        culprit=culprit_sentence(found),
        release=release_sentence(found),
        evidence=evidence,
        undecided=[one for one in found.probed if one.side not in (Side.OLD, Side.NEW)],
        sides=[
            (found.last_old, found.old_shows, lock_text(found.last_old.stack), commands[0]),
            (found.first_new, found.new_shows, lock_text(found.first_new.stack), commands[1]),
        ],
        packages=[name for name in found.history.packages if found.first_new.stack.version(name)],
        printable=lambda text: printable(text).replace("```", "'''"),
        printable_whole=printable,
        sharpbits=version("sharpbits"),
    )


def _python_version(stack: Stack) -> str:
    return ".".join(stack.python.split(".")[:2])


def _versions(candidate: Candidate, found: Bisection) -> str:
    names = (name for name in found.history.packages if candidate.stack.version(name))
    return ", ".join(f"{name} {candidate.stack.version(name)}" for name in names)


def _files(pins: set[Pin]) -> str:
    known = [pin.size for pin in pins if pin.size is not None]
    if len(known) < len(pins):
        return f"{len(pins)} files (the index does not say how large)"
    return f"{len(pins)} files ({sum(known) / _MIB:.0f} MiB)"
