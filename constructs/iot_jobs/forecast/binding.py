"""The reasons why a rollout can't be quicker, or isn't possible at all, in plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from iot_jobs.forecast.screening import at_most
from iot_jobs.forecast.search import Bound, Found, Margins, Search
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE

AS_QUICK = 1.05
"""A rollout that takes up to this many times as long counts as equally quick."""


@dataclass(frozen=True)
class Goals:
    """The promises that settings have to keep. The bad release, which has to be stopped, is one of the assumptions.

    `max_harmed`: things, in 95 % of rollouts of any release. `false_abort`: share of healthy rollouts that are stopped,
    above 0. `max_hours`: None for no limit. `max_per_minute`: the greatest maximum rate.
    """

    max_harmed: int
    max_hours: int | None = None
    false_abort: float = 0.01
    max_per_minute: int = DEFAULT_MAXIMUM_PER_MINUTE

    @property
    def until(self) -> float:
        """The minute by which a healthy rollout has to be done."""
        return math.inf if self.max_hours is None else self.max_hours * 60


@dataclass(frozen=True)
class Binding:
    """A goal, or a part of the template, that keeps a rollout from being quicker or from being possible, and why."""

    goal: str
    why: str


def slows(
    search: Search, found: Found, bound: Bound, goals: Goals, *, twice: float | None, looser: Search
) -> Iterator[Binding]:
    """Yield what keeps the rollout from being quicker.

    `twice` are the minutes with twice as many things harmed. `looser` may stop `LOOSER` times as many
    healthy releases.
    """
    now = time(found.minutes)
    if twice is not None and twice * AS_QUICK < found.minutes:
        why = f"if {count(2 * bound.harmed)} things may be harmed, it would take {time(twice)}, not {now}"
        yield Binding("max_harmed", why)
    ramp = found.ramp
    relaxed = looser.quickest(bound, Margins(), ramp)
    if relaxed is not None and relaxed.minutes * AS_QUICK < found.minutes:
        yield Binding(
            "false_abort",
            f"if {100 * LOOSER * goals.false_abort:g} % of healthy releases may be stopped by mistake, it would take "
            f"{time(relaxed.minutes)}, not {now}",
        )
    always_open = search.open_minutes(ramp)
    if always_open * AS_QUICK < found.minutes:
        yield Binding("maintenance_windows", f"without windows, it would take {time(always_open)}, not {now}")
    at_best = search.things / ramp.maximum
    if at_best >= always_open / 2:
        yield Binding(
            "max_per_minute",
            f"{count(search.things)} things at {count(ramp.maximum)} a minute take {time(at_best)} of the "
            f"{time(always_open)} in which things may be notified or run",
        )
    if found.minutes * AS_QUICK > goals.until:
        yield Binding("max_hours", f"it takes {now}; a slower rollout would harm fewer things")


LOOSER = 5
"""So many times as many healthy releases may be stopped, to see whether the rollout would be quicker."""


def nothing_to_ramp(goals: Goals, things: int) -> Binding:
    """Return why no rollout is possible where the rate can't rise."""
    if goals.max_per_minute < 2:
        return Binding("max_per_minute", "a base rate is below the maximum: allow at least 2 things a minute")
    return Binding("things", f"a fleet of {things} things has none left once the rate has risen: a ramp has no effect")


def too_harmful_when_healthy(search: Search, goals: Goals) -> Binding:
    """Return why no rollout is possible if even a healthy release harms too many things."""
    least = math.ceil(float(at_most(search.things, search.healthy)))
    return Binding(
        "max_harmed",
        f"a healthy release alone fails on up to {count(least)} of {count(search.things)} things, more than "
        f"{count(goals.max_harmed)}: allow more than {count(least)}, or roll out to fewer things",
    )


def too_slow(search: Search, found: Found, goals: Goals) -> Binding:
    """Return why no rollout is possible in time."""
    at_best = search.things / found.ramp.maximum
    return Binding(
        "max_hours",
        f"the quickest rollout that harms at most {count(goals.max_harmed)} things takes {time(found.minutes)}, more "
        f"than {goals.max_hours} hours; {count(search.things)} things at {count(found.ramp.maximum)} a minute take "
        f"{time(at_best)} in any case",
    )


def too_harmful(search: Search, bound: Bound, margins: Margins) -> Binding:
    """Return why no rollout harms so few things: what the slowest one does."""
    slowest = search.slowest(bound)
    assumed = search.opening.assumptions
    first = math.ceil(assumed.start_delay.median + assumed.failure_time.median)
    if (reached := first * slowest.base) >= bound.harmed:
        return Binding(
            "max_harmed",
            f"{first} minutes until a failure is reported, at {slowest.base} a minute, reach {count(reached)} things "
            f"before the first result, and {count(bound.harmed)} may be harmed",
        )
    if search.bad <= bound.tolerated and math.isinf(search.harm(slowest, bound, margins).harmed[-1]):
        return Binding(
            "bad_release",
            f"a release that fails on {100 * search.bad:g} % of devices isn't stopped in 95 % of rollouts by any "
            "criterion that doesn't stop healthy ones",
        )
    healthy, tolerated = f"{100 * search.healthy:.2g} %", f"{100 * bound.tolerated:.2g} %"
    return Binding(
        "false_abort",
        f"{count(bound.harmed)} things are harmed by a release that fails on {tolerated} of devices and isn't stopped; "
        f"no criteria stop every worse release in time without stopping healthy ones, which fail on {healthy}",
    )


def unverified(goals: Goals) -> Binding:
    """Return why settings that the search found aren't suggested."""
    return Binding(
        "max_harmed",
        "in simulated rollouts, the settings that come closest miss a goal: allow more than "
        f"{count(goals.max_harmed)} things harmed, or more than {100 * goals.false_abort:g} % of false aborts",
    )


def count(number: float) -> str:
    """Return a number with thousands separators, rounded."""
    return f"{number:,.0f}"


def time(minutes: float) -> str:
    """Return minutes, or hours from two on."""
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"
