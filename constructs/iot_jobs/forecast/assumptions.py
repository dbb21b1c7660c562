"""What a forecast assumes: the fleet, its devices, and what AWS doesn't publish about its scheduler."""

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
"""Where nobody says when a job starts: at the first opening of a window from here on; fixed, for the same output."""

HORIZON_MINUTES = 2 * 365 * 24 * 60
"""How far a forecast looks: a job ends at most two years after it starts (API, SchedulingConfig)."""


@dataclass(frozen=True)
class Duration:
    """Minutes that something takes: exactly `median`, or lognormal with a geometric standard deviation of `spread`."""

    median: float
    spread: float | None = None

    @classmethod
    def parse(cls, value: float | str) -> Duration:
        """From a number, or text such as `5` or `5:2`. The limits are `limits.DURATION`'s; see there."""
        median, colon, spread = str(value).partition(":")
        return cls(float(median), float(spread) if colon else None)

    def __str__(self) -> str:
        return f"{self.median:g}" + (f":{self.spread:g}" if self.spread is not None else "")


class Scheduler(Model):
    """What AWS doesn't publish of how it schedules a rollout. Each default is Assumed, for the reason beside it."""

    rounding: Literal["floor", "half_up"] = "floor"
    """A rate of 7.5 things a minute sends 7: `maximum` and base are upper bounds in the guide's words."""
    catch_up: Literal["all", "one"] = "all"
    """A counter that passes several thresholds within a minute raises the rate as often: the guide's table counts
    cumulatively (1000, 2000, 3000), and has no memory of when the last rise was. `one`: one rise a minute."""
    comparison: Literal[">=", ">"] = ">="
    """Abort fires at exactly the threshold: the guide says "at least"."""


ASSUMED = (
    "one batch leaves at the start of each minute, the first at creation",
    "a rate is rounded down, and rises as often as its counter has passed the threshold",
    "abort is evaluated once a minute, after that minute's completions and before its batch",
    "an abort criterion is met at exactly its percentage, and counts executions, not things",
    "what fails, rejects or hangs is drawn for each execution",
    "in the blast radius the failing share belongs to the device: every attempt fails, and other devices do as assumed",
    "offline things are notified and never begin; their executions are billed all the same",
    "a retry is queued at once, or when a window opens, and waits for its device again",
    f"without a start, the job is created at the first opening from {SINCE:{limits.TIME_FORMAT}} UTC on, or then",
)
"""What is taken for granted of AWS and of devices beside the numbers, in words. AWS publishes none of it."""

NOT_MODELLED = (
    "other jobs: those that a device does first, and the 500 that may roll out at once in an account and region",
    "things that join or leave the groups of a continuous job",
    "a job's end time, and whatever people do to a job that runs",
    "step timers that devices set, and timeouts that AWS notices up to a minute late",
    "times of day at which devices are offline, and networks that slow down when many download at once",
)
"""What the forecast knows nothing of."""


class Assumptions(Model):
    """What a forecast takes for granted about the fleet, its devices and the scheduler."""

    things: Annotated[int, limits.THINGS]
    """How many things the job is for, 1 or more."""
    failure_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that end FAILED, each drawn on its own."""
    reject_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that end REJECTED. The three rates add up to 1 at most."""
    hang_rate: Annotated[float, limits.RATE] = 0
    """Share of executions that begin and never report: TIMED_OUT at the timeout, in progress for ever without one."""
    offline_rate: Annotated[float, limits.RATE] = 0
    """Share of things that are notified and never begin."""
    start_delay_minutes: Annotated[float | str, limits.DURATION] = 0
    """From when an execution is queued to when the device begins; a retry waits again."""
    run_time_minutes: Annotated[float | str, limits.DURATION] = 5
    """From when a device begins to when it reports. Assumed: AWS says nothing of it, and 0 would hide what is reached
    before the first failure is known."""
    start: datetime | None = None
    """Minute 0, in UTC where it has no time zone, in the years 1970 to 2199, for which there is AWS cron.

    None: the first opening of a window from `SINCE` on, or `SINCE` where there are no windows.
    """
    scheduler: Scheduler = Scheduler()
    """What AWS doesn't publish."""

    def problems(self) -> Iterator[Finding]:
        """The rates leave no less than nothing, and the start is in a year that cron has."""
        yield from rates_problems(self)
        if self.start is not None and not 1970 <= self.start.year <= 2199:
            yield WRONG_KIND.finding(
                loc=("start",),
                given=self.start.isoformat(),
                allowed="a time in the years 1970 to 2199",
                fix="write such",
            )

    @property
    def start_delay(self) -> Duration:
        """`start_delay_minutes`, parsed."""
        return Duration.parse(self.start_delay_minutes)

    @property
    def run_time(self) -> Duration:
        """`run_time_minutes`, parsed."""
        return Duration.parse(self.run_time_minutes)

    @classmethod
    def of(cls, fleet: Fleet | None = None, **stated: Any) -> Assumptions:
        """What a fleet states, with what is stated here (unless None) before it. Raises `FindingsError`."""
        fields = set(cls.model_fields)
        values = {name: value for name, value in (fleet or ()) if name in fields and value is not None}
        return cls(**{**values, **{name: value for name, value in stated.items() if value is not None}})
