"""Runs to report on, made without running anything: findings on disk, and what they are said to have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue.toys import OK, documented, environment, write_finding
from sharpbits.catalogue import (
    Environment,
    FindingFileError,
    Judgement,
    Observation,
    Outcome,
    Result,
    Verdict,
    judge,
    load_finding,
)
from sharpbits.gpu.devices import Gpu
from sharpbits.report.page import as_page

#: An environment with something in each of its fields.
HERE = environment(
    packages={"jax": "0.7.1", "numpy": "2.4.6", "attrs": "26.1.0"},
    variables={"XLA_FLAGS": "--xla_force_host_platform_device_count=4"},
    gpus=(Gpu("a graphics processor", "580.1", "24576 MiB"),),
)


@dataclass(frozen=True)
class Run:
    """The arguments of a report."""

    results: Sequence[Result]
    environment: Environment = HERE
    broken: Sequence[FindingFileError] = ()
    interrupted: bool = False

    def page(self) -> str:
        return as_page(self.results, self.environment, broken=self.broken, interrupted=self.interrupted)


def seen(outcome: str, **facts: Any) -> Observation:
    return Observation(Outcome(outcome), **{"detail": "", "seconds": 0.25, "peak_memory": 3 << 20, **facts})


def result(
    folder: Path,
    slug: str,
    *observations: Observation,
    body: str = OK,
    reason: str = "no-such-package is not installed",
    **table: Any,
) -> Result:
    """Judge what a finding is said to have shown; without an observation it is not applicable, for a reason."""
    finding = load_finding(write_finding(folder, slug, body, **table))
    if not observations:
        return Result(finding, Judgement(Verdict.NOT_APPLICABLE, Outcome.NOT_APPLICABLE, (), "not-applicable", reason))
    return Result(finding, judge(finding, HERE, observations), observations)


def bite(folder: Path, slug: str, outcome: str, family: str | None = "one_cause") -> Result:
    """Judge a finding that shows what is documented for it."""
    return result(folder, slug, seen(outcome), expect=documented(outcome), family=family)


def family_run(folder: Path) -> Run:
    """Three that bite, two that are clear, one that changed and one that cannot run, all of one family; and a loner."""
    return Run(
        [
            bite(folder, "a_loud", "error"),
            bite(folder, "b_silent", "wrong-gradient"),
            bite(folder, "c_crash", "crash"),
            bite(folder, "d_fine", "ok"),
            bite(folder, "e_fine", "ok"),
            result(folder, "f_news", seen("crash"), family="one_cause"),
            result(folder, "g_absent", family="one_cause", requires=["package:no-such-package"]),
            bite(folder, "h_alone", "error", family=None),
        ]
    )


def kept_away_run(folder: Path) -> Run:
    """Three that an absent package keeps away, of two components; one without a GPU; one that tells itself why not."""
    return Run(
        [
            bite(folder, "bites", "crash"),
            result(folder, "b_absent"),
            result(folder, "a_absent", family="one_cause"),
            result(folder, "c_absent", component="other"),
            result(folder, "no_gpu", reason="needs a GPU, and none is visible"),
            result(folder, "tells_itself", seen("not-applicable", detail="no-such-package is not installed")),
        ]
    )


def varied_run(folder: Path) -> Run:
    """One finding of each verdict, of several severities, of three components; long words, long lists, many repeats."""
    gradient = [0.125 * index for index in range(40)]
    long_word = "x" * 300
    malfunction = load_finding(write_finding(folder, "malfunctions", component="other"))
    results = [
        result(
            folder,
            "wrong",
            seen("wrong-gradient", observed=gradient, expected=[0.0] * 40, error=4.875, tolerance=1e-9, detail="worst"),
            expect=documented("wrong-gradient"),
            workaround="use another transform",
            instead="sharpbits.errors.UsageError",
            upstream=["https://github.com/owner/project/issues/12", "https://example.org/thread?a=1&b=2"],
            see=["toy/crashes", "toy/absent"],
        ),
        result(
            folder,
            "crashes",
            seen("crash", detail="killed by SIGSEGV", signal="SIGSEGV", stderr_tail=("first line", long_word)),
            expect=documented("crash", match="SIG[A-Z]+"),
            workaround="use " + long_word,
        ),
        result(folder, "bites_now", seen("error", detail="ValueError: no", exception="ValueError"), component="third"),
        result(
            folder,
            "flaky",
            seen("ok", observed=1.0, expected=1.0, error=0.0, tolerance=0.0),
            seen("wrong-value", observed=[[1, 2], [3, 4]] * 30, expected=long_word, error="nan", tolerance=0.5),
            seen("ok", observed=1.0, expected=1.0, error=0.0, tolerance=0.0),
            repeats=3,
            expect=documented("nondeterministic"),
            component="third",
        ),
        result(
            folder,
            "fine",
            seen("ok", observed="float32", expected="float32", error=0, tolerance=0),
            expect=documented("ok"),
            component="other",
            title=f"{long_word} is fine",
        ),
        result(folder, "elsewhere", component="other", requires=["package:no-such-package"]),
        Result(malfunction, Judgement(Verdict.BROKEN, Outcome.ERROR, (), "broken", "printed no result")),
    ]
    broken = FindingFileError(folder / "toy" / "unreadable.py", 7, "the file is not Python", resolution="mend it")
    return Run(results, broken=(broken,))
