"""The assumptions of a forecast: the fleet, its devices, and AWS's scheduler, which AWS doesn't publish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from iot_jobs import limits
from iot_jobs.environment import Fleet, rates_problems
from iot_jobs.finding import Finding
from iot_jobs.template.part import WRONG_KIND, Model

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The default start is the first opening of a window from here on. It is fixed, so that the output never changes."""

HORIZON_MINUTES = 2 * 365 * 24 * 60
"""The end of every forecast: a job ends at most two years after it starts (API, SchedulingConfig)."""


@dataclass(frozen=True)
class Duration:
    """A time in minutes: exactly `median`, or lognormal with a geometric standard deviation of `spread`."""

    median: float
    spread: float | None = None

    @classmethod
    def parse(cls, value: float | str) -> Duration:
        """Return a duration from a number, or text such as `5` or `5:2`. Its limits are those of `limits.DURATION`."""
        median, colon, spread = str(value).partition(":")
        return cls(float(median), float(spread) if colon else None)

    def __str__(self) -> str:
        return f"{self.median:g}" + (f":{self.spread:g}" if self.spread is not None else "")


class Scheduler(Model):
    """Parameters of the scheduler, which AWS doesn't publish. Each default is an assumption, with its reason."""

    rounding: Literal["floor", "half_up"] = "floor"
    """A rate of 7.5 things a minute notifies 7: the guide calls the maximum and the base rate upper bounds."""
    catch_up: Literal["all", "one"] = "all"
    """`all`: a counter that passes several thresholds within a minute raises the rate once for each, because the
    guide's table counts cumulatively (1000, 2000, 3000), whenever the last rise was. `one`: one rise a minute."""
    comparison: Literal[">=", ">"] = ">="
    """An abort criterion fires at exactly its threshold: the guide says "at least"."""


ASSUMED = (
    "one batch is notified at the start of each minute, the first at creation",
    "a rate is rounded down, and rises once each time its counter passes the threshold",
    "the abort criteria are evaluated once a minute, after that minute's completions and before its batch",
    "an abort criterion counts executions, not things",
    "each execution fails, is rejected or hangs independently of all others, except where failures stick",
    "in the blast radius, every attempt fails on the bad share of devices, and the others behave as assumed",
    "offline things are notified, and their executions stay queued but are billed",
    "a retry is queued at once, or when the next window opens, and waits for its device again",
    f"in Python, the default start is the first opening from {SINCE:{limits.TIME_FORMAT}} UTC on, or that time",
)
"""The assumptions about AWS and devices that have no number, in words. AWS publishes none of them."""

NOT_MODELLED = (
    "other jobs: those that a device runs first, and the 500 that may roll out at once in an account and region",
    "things that join or leave the groups of a continuous job",
    "a job's end time, and manual changes to a job in progress",
    "step timers that devices set, and timeouts that AWS detects up to a minute late",
    "times of day at which devices are offline, and networks that slow down when many devices download at once",
)
"""The effects that the forecast leaves out."""


class Assumptions(Model):
    """The assumptions of a forecast about the fleet, its devices and the scheduler."""

    things: Annotated[int, limits.THINGS]
    """Number of things that the job targets, 1 or more."""
    failure_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that end FAILED, each independently of the others."""
    reject_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that end REJECTED. The three rates add up to at most 1."""
    hang_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that start and never report: TIMED_OUT at the timeout, in progress forever without one."""
    offline_rate: Annotated[float, limits.RATE] = 0
    """Share of things that are notified and never start their execution."""
    start_delay_minutes: Annotated[float | str, limits.DURATION] = 0
    """Time from when an execution is queued until the device starts it. A retry waits again."""
    run_time_minutes: Annotated[float | str, limits.DURATION] = 5
    """Time from when a device starts an execution until it reports. Assumed: AWS gives no figure, and 0 would hide the
    things that are notified before the first failure is known."""
    failure_time_minutes: Annotated[float | str, limits.DURATION] | None = None
    """The same time for an execution that ends FAILED, bad devices included. None: the run time. Beyond the timeout,
    the execution is TIMED_OUT instead."""
    failures_stick: Annotated[float, limits.RATE] = 0
    """Share of things on which, once an execution has FAILED, every further attempt fails. On the others each attempt
    is drawn afresh."""
    bad_release_rate: Annotated[float, limits.RATE] = 0.1
    """Share of devices on which every attempt fails if the release is bad. The risk says how often it is stopped."""
    start: datetime | None = None
    """Minute 0, in UTC if it has no time zone, in the years 1970 to 2199, which are those of AWS cron.

    None: the first opening of a window from `SINCE` on, or `SINCE` without windows.
    """
    scheduler: Scheduler = Scheduler()
    """Parameters of the scheduler, which AWS doesn't publish."""

    def problems(self) -> Iterator[Finding]:
        """Yield findings for rates that add up to more than 1, and for a start outside the years of AWS cron."""
        yield from rates_problems(self)
        if self.start is not None and not 1970 <= self.start.year <= 2199:
            yield WRONG_KIND.finding(
                loc=("start",),
                given=self.start.isoformat(),
                allowed="a time in the years 1970 to 2199",
                fix="use a year from 1970 to 2199",
            )

    @property
    def start_delay(self) -> Duration:
        """`start_delay_minutes`, parsed."""
        return Duration.parse(self.start_delay_minutes)

    @property
    def run_time(self) -> Duration:
        """`run_time_minutes`, parsed."""
        return Duration.parse(self.run_time_minutes)

    @property
    def failure_time(self) -> Duration:
        """`failure_time_minutes`, parsed; the run time if that is None."""
        return self.run_time if self.failure_time_minutes is None else Duration.parse(self.failure_time_minutes)

    @classmethod
    def of(cls, fleet: Fleet | None = None, **stated: Any) -> Assumptions:
        """Return the assumptions of a fleet, overridden by those stated here unless None. Raises `FindingsError`."""
        fields = set(cls.model_fields)
        values = {name: value for name, value in (fleet or ()) if name in fields and value is not None}
        return cls(**{**values, **{name: value for name, value in stated.items() if value is not None}})
