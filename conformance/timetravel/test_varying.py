"""Subjects that vary: a coin has no culprit, a flake that becomes frequent has one, and certainty costs little."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from scipy.stats import binom

from sharpbits.catalogue import Observation
from sharpbits.timetravel.bisection import run_bisection
from sharpbits.timetravel.confirm import mixture_runs, sure_runs
from sharpbits.timetravel.ends import UndecidedError, VaryingError
from sharpbits.timetravel.history import Candidate, History
from sharpbits.timetravel.search import most_probes
from sharpbits.timetravel.stack import Pin, Stack
from timetravel.simulated import BAD, EPOCH, GOOD, at_least, failing_at, laboratory, observation, random_history

SEARCHES = 400
#: So many false names would be seen once in a thousand times if 1 in 100 searches gave one.
MOST_NAMES = int(binom.ppf(0.999, SEARCHES, 0.01))


@pytest.mark.parametrize("old_end_given", [True, False])
@pytest.mark.parametrize("rate", [0.5, 0.2, 0.9])
def test_of_a_hundred_searches_for_what_a_coin_brought_at_most_one_names_anyone(
    rate: float, old_end_given: bool
) -> None:
    told: Counter[str] = Counter()
    for seed in range(SEARCHES):
        generator = random.Random(seed)
        lab = laboratory(failing_at(lambda stack: rate, generator))
        try:
            found = run_bisection(lab, random_history(generator), old_end_given=old_end_given, confidence=0.99)
            told[str(sorted(found.culprit.packages))] += 1
        except VaryingError:
            told["varying"] += 1
        except UndecidedError:
            told["the same"] += 1
    named = SEARCHES - told["varying"] - told["the same"]
    assert named <= MOST_NAMES, told
    assert told["varying"] >= 0.3 * SEARCHES, told


@pytest.mark.parametrize("old_end_given", [True, False])
@pytest.mark.parametrize("rates", [(0.2, 0.8), (0.0, 0.7)])
def test_a_flake_that_becomes_frequent_is_found_nine_times_of_ten(
    rates: tuple[float, float], old_end_given: bool
) -> None:
    right = wrong = runs = 0
    searches = 200
    for seed in range(searches):
        generator = random.Random(seed)
        history = random_history(generator)
        turn = generator.randrange(1, len(history.candidates))
        before, after = (history.candidates[number].stack for number in (turn - 1, turn))
        (name,) = (pin.name for pin in after.pins if pin.version != before.version(pin.name))
        guilty = at_least(name, int(after.version(name) or 0))
        lab = laboratory(failing_at(partial(_rate, rates, guilty), generator))
        try:
            found = run_bisection(lab, history, old_end_given=old_end_given, confidence=0.99)
        except UndecidedError:
            continue
        finally:
            runs += lab.runs
        exact = (found.bracket.last_old, found.bracket.first_new) == (turn - 1, turn)
        right += exact and found.culprit.packages == {name}
        wrong += not exact or found.culprit.packages != {name}
    assert runs <= 400 * searches, "ends, a dozen stacks and both neighbours, at most 70 runs each"
    assert right >= 0.9 * searches, (right, wrong)
    assert wrong <= int(binom.ppf(0.999, searches, 0.02)), (right, wrong)


@pytest.mark.parametrize("old_end_given", [True, False])
@pytest.mark.parametrize("confidence", [0.95, 0.99, 0.999])
def test_a_change_that_never_varies_costs_a_stated_number_of_runs_more(confidence: float, old_end_given: bool) -> None:
    """Each neighbour of the turn four times more at 99 %, and the two mixtures that a culprit rests on twice."""
    for seed in range(100):
        generator = random.Random(seed)
        history = random_history(generator)
        guilty = at_least("p1", generator.randrange(1, 4))
        if not guilty(history.candidates[-1].stack):
            continue
        lab = laboratory(partial(_shown, guilty))
        found = run_bisection(lab, history, old_end_given=old_end_given, confidence=confidence)
        assert found.culprit.packages == {"p1"}
        more = lab.runs - len(found.probed)
        assert more <= 2 * sure_runs(confidence) + 2 * mixture_runs(confidence)
        assert found.search_probes <= most_probes(len(history.candidates), old_end_given=old_end_given)
    assert (sure_runs(0.99), mixture_runs(0.99)) == (4, 2)


def test_so_many_runs_are_sure_that_two_alike_stacks_pass_less_often_than_stated() -> None:
    for confidence in (0.6, 0.75, 0.9, 0.99, 0.999999):
        runs = sure_runs(confidence)
        assert 4.0**-runs <= (1 - confidence) * (1 + 1e-6)
        assert 4.0 ** -(runs - 1) > 1 - confidence


@pytest.mark.parametrize("level", [1.0, 1.4])
def test_numbers_at_a_turn_are_drawn_again(level: float) -> None:
    """Both ends are lucky at first; then the numbers are what they always were, or stay apart."""
    history = History(
        tuple(Candidate(EPOCH + timedelta(days=day), Stack("3.11", "any", (Pin("p0", str(day)),))) for day in range(2)),
        ("p0",),
    )
    generator = random.Random(5)
    drawn: Counter[str] = Counter()

    def shows(stack: Stack) -> object:
        version = stack.version("p0") or ""
        drawn[version] += 1
        lucky = 1.4 if version == "1" else 1.0
        return observation(
            number=(lucky if drawn[version] <= 10 else level if version == "1" else 1.0) * generator.uniform(0.95, 1.05)
        )

    lab = laboratory(shows, metric="observed")  # type: ignore[arg-type]
    if level == 1.0:
        with pytest.raises(VaryingError, match="what looked like a turn"):
            run_bisection(lab, history, old_end_given=True, confidence=0.99)
    else:
        assert run_bisection(lab, history, old_end_given=True, confidence=0.99).culprit.packages == {"p0"}


def _rate(rates: tuple[float, float], guilty: Callable[[Stack], bool], stack: Stack) -> float:
    return rates[guilty(stack)]


def _shown(guilty: Callable[[Stack], bool], stack: Stack) -> Observation:
    return BAD if guilty(stack) else GOOD
