"""A rollout simulated device by device: a process for each thing and one for the job, and no arithmetic of cohorts.

Time is in minutes since the job was created, and a job's minute m begins at the exact time m. Whatever the job does, it
does at that time, in this order:

1. Completions. An execution whose end is due at m or before, time-outs included, has ended. The retries that are owed
   are queued at once, or, where the minute is in no window, in this step of the first minute that is in one.
2. Abort. The criteria see all executions that have ended. When one fires, nothing more is released or retried, what is
   QUEUED, retries of step 1 included, becomes CANCELED, and what is IN_PROGRESS runs on.
3. Starts. In a window, what is QUEUED may start if its device is ready, and the minute's batch leaves: all of it at the
   time m, by a rate that sees what was notified before, or has succeeded by step 1.

So nothing that a batch causes is seen before step 1 of the next minute, even if nothing takes any time: an execution
that starts in step 3 of m and runs for 0 minutes ends at the time m, is seen in m+1, and is retried in m+1.

Between those steps devices live by their own, fractional times. An execution queued at the minute q is ready at the
time s = q + start delay, and starts then if floor(s) is in a window (or if there are none), else in step 3 of the next
minute that is. It ends at the time s + run time, or s + failure time if it will be FAILED, or s + timeout if it hangs or
would take longer than the timeout; having taken exactly the timeout it has not timed out. Without a timeout what hangs
is IN_PROGRESS for ever. What is ready at an integer m starts in step 3 of m, and so is CANCELED by an abort in m; what ends at m, having started before
step 3 of m, is seen in m. What ends at the time t is reported in the minute floor(t).

Devices. Offline, failing and sticky are properties of a device, drawn once for each. An offline one is QUEUED for ever.
A failing one ends each execution FAILED, and neither rejects nor hangs. A sticky one is failing from the time on at
which an execution on it has ended FAILED. All others draw once for each execution, and the
three rates share that draw: of executions the hang rate hangs, the reject rate is REJECTED, the failure rate is FAILED
and the rest SUCCEEDED, so the rates sum to 1 at most. Times are drawn for each execution. They are floats, so a minute's
edge is only hit exactly by delays that are exact in binary.

Ties in SimPy. Of events at one time the one with the lowest priority comes first. Ends are `Timeout`s, of SimPy's own
priority NORMAL (1); the three steps have the priorities 2, 3 and 4, each a `Turn`. So step 1 waits for all ends that are
due, while an end that step 3 causes at the same time finds the steps of the minute behind it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Any

import simpy
from simpy.events import EventPriority

SUCCEEDED, FAILED, REJECTED, TIMED_OUT, ALL = "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "ALL"
ENDINGS = (SUCCEEDED, FAILED, REJECTED, TIMED_OUT)

_RETRIES, _ABORT, _STARTS = EventPriority(2), EventPriority(3), EventPriority(4)

Criterion = tuple[str, Decimal, int]
"""A failure type or ALL, the threshold in percent, and the executions that must have ended before."""

Delay = tuple[float, float | None]
"""A median in minutes and the geometric standard deviation; None for exactly the median."""

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Rollout:
    """What a template and its targets say. A base needs a factor and one of the thresholds."""

    things: int
    maximum: int = 1000
    base: int | None = None
    factor: Decimal | None = None
    notified_threshold: int | None = None
    succeeded_threshold: int | None = None
    windows: tuple[tuple[int, int], ...] | None = None
    """Minutes from opening up to, not including, closing; None: always open."""
    criteria: tuple[Criterion, ...] = ()
    timeout_minutes: int | None = None
    retries: tuple[tuple[str, int], ...] = ()
    """Of one thing, for FAILED and TIMED_OUT, each with its own count, or for ALL, which is both with one count."""


@dataclass(frozen=True)
class Devices:
    """How devices answer; rates are fractions."""

    failure_rate: float = 0.0
    reject_rate: float = 0.0
    hang_rate: float = 0.0
    offline_rate: float = 0.0
    start_delay: Delay = (0, None)
    run_time: Delay = (0, None)
    failing_share: float | None = None
    """The probability that a device fails at every attempt; the failure rate is that of the others."""
    failure_time: Delay | None = None
    """How long what is FAILED takes; None: the run time."""
    failures_stick: float = 0.0
    """The probability that a device, having failed once, fails at every attempt."""

    def __post_init__(self) -> None:
        if self.failure_rate + self.reject_rate + self.hang_rate > 1 + 1e-9:
            raise ValueError("the rates of failures, rejections and hangs sum to more than 1")


@dataclass(frozen=True)
class Outcome:
    """What happened. Each list has an item for each minute: in `released` of that minute alone, else at its end."""

    released: list[int]
    notified: list[int]
    queued: list[int]
    in_progress: list[int]
    succeeded: list[int]
    failed: list[int]
    rejected: list[int]
    timed_out: list[int]
    done: list[int]
    """Things whose last execution has ended SUCCEEDED, FAILED, REJECTED or TIMED_OUT, with no retry owed. After an abort
    none is. A thing is never done whose execution was CANCELED, or that was owed a retry when the job was aborted."""
    executions: int
    """All that were ever queued, retries included; a retry that waited for a window in vain was not."""
    retries: int
    canceled: int
    """Executions that were QUEUED in the minute of the abort; 0 without one."""
    abort_minute: int | None
    notified_at_abort: int | None
    harmed: int
    """Things on which an execution had ended FAILED by step 1 of the abort's minute, or by the end."""
    in_flight: int
    """Things notified whose execution had not ended by the abort (those IN_PROGRESS, the QUEUED being CANCELED), or by
    the end (QUEUED or IN_PROGRESS)."""
    harmed_final: int
    """Things on which an execution had ended FAILED by the end."""


class Turn(simpy.Event):
    """A timeout with a priority, that is, with a place among the events of its time."""

    def __init__(self, env: simpy.Environment, delay: float, priority: EventPriority) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, priority, delay)


def simulate(rollout: Rollout, devices: Devices, *, seed: int, horizon: int) -> Outcome:
    """Run a job and its devices through the minutes from 0 up to, not including, the horizon, which is the end."""
    return _Job(rollout, devices, random.Random(seed), horizon).outcome()


def minute_reached(counts: Sequence[int], *, percent: int, of: int) -> int | None:
    """The first minute in which a count is this share of all; None if it never is."""
    return next((minute for minute, count in enumerate(counts) if 100 * count >= percent * of), None)


def rate(rollout: Rollout, *, notified: int, succeeded: int) -> int:
    """How many things the next batch may have."""
    if rollout.base is None:
        return rollout.maximum
    assert rollout.factor is not None
    if rollout.notified_threshold is not None:
        rises = notified // rollout.notified_threshold
    else:
        assert rollout.succeeded_threshold is not None
        rises = succeeded // rollout.succeeded_threshold
    exact = Fraction(rollout.base)
    for _ in range(rises):
        if exact >= rollout.maximum:  # a power of thousands would take long, and end at the same maximum
            break
        exact *= Fraction(rollout.factor)
    return math.floor(min(Fraction(rollout.maximum), exact))


def fires(criterion: Criterion, ended: dict[str, int]) -> bool:
    """Whether a criterion is met by these numbers of ended executions."""
    kind, threshold, minimum = criterion
    completed = sum(ended[ending] for ending in ENDINGS)
    failures = completed - ended[SUCCEEDED] if kind == ALL else ended[kind]
    return completed >= minimum and 100 * failures >= Fraction(threshold) * completed


class _Job:
    """One run. Of each kind of event there is a total so far, and a number for each minute."""

    def __init__(self, rollout: Rollout, devices: Devices, draw: random.Random, horizon: int) -> None:
        self.rollout, self.devices, self.draw, self.horizon = rollout, devices, draw, horizon
        kinds = ("notified", "queued", "started", "canceled", "harmed", "done", *ENDINGS)
        self.total = dict.fromkeys(kinds, 0)
        self.by_minute = {kind: [0] * horizon for kind in kinds}
        self.is_open = [rollout.windows is None] * horizon
        for opening, closing in rollout.windows or ():
            for minute in range(opening, min(closing, horizon)):
                self.is_open[minute] = True
        self.at_abort: dict[str, int] | None = None
        self.env = simpy.Environment()
        self.retries_queued = self.env.event()  # by the next step 1 in a window
        self.window_open = self.env.event()  # in the next step 3 in a window
        self.env.process(self._minutes())
        self.env.run(until=horizon)

    def _count(self, kind: str, number: int = 1) -> None:
        self.total[kind] += number
        self.by_minute[kind][math.floor(self.env.now)] += number

    def _minutes(self) -> Process:
        """The job's own process: the three steps of each minute, until nothing can happen that they would see."""
        for minute in range(self.horizon):
            yield Turn(self.env, min(minute, 1), _RETRIES)
            if self.is_open[minute]:
                self.retries_queued.succeed()  # of priority NORMAL: they are queued before the next step
                self.retries_queued = self.env.event()
            yield Turn(self.env, 0, _ABORT)
            if any(fires(criterion, self.total) for criterion in self.rollout.criteria):
                self._count("canceled", self.total["queued"] - self.total["started"])
                self.at_abort = {**self.total, "minute": minute}
                return
            if self.is_open[minute]:
                self.window_open.succeed()
                self.window_open = self.env.event()
                if self.total["notified"] < self.rollout.things:
                    self._release()
            if self.total["done"] == self.rollout.things:
                return

    def _release(self) -> None:
        notified = self.total["notified"]
        allowed = rate(self.rollout, notified=notified, succeeded=self.total[SUCCEEDED])
        batch = min(allowed, self.rollout.things - notified)
        self._count("notified", batch)
        for _ in range(batch):
            self.env.process(self._thing())

    def _thing(self) -> Process:
        """One thing, from its notification to the end of its last execution."""
        offline = self._happens(self.devices.offline_rate)
        failing = self._happens(self.devices.failing_share or 0.0)
        sticky = self._happens(self.devices.failures_stick)
        left = dict(self.rollout.retries)
        harmed = False
        while True:
            self._count("queued")
            if offline:
                return
            yield Turn(self.env, self._time(self.devices.start_delay), _STARTS)
            if not self.is_open[math.floor(self.env.now)]:
                yield self.window_open
            if self._is_aborted():
                return  # canceled, and counted there
            self._count("started")
            ending, minutes = self._execution(failing=failing)
            if minutes is None:
                return
            yield self.env.timeout(minutes)
            self._count(ending)
            failing = failing or (sticky and ending == FAILED)
            if ending == FAILED and not harmed:
                harmed = True
                self._count("harmed")
            kind = ALL if ALL in left and ending in (FAILED, TIMED_OUT) else ending
            if self._is_aborted() or left.get(kind, 0) == 0:
                self._count("done")
                return
            left[kind] -= 1
            yield self.retries_queued

    def _execution(self, *, failing: bool) -> tuple[str, float | None]:
        """How an execution will end, and after how many minutes; None for never."""
        timeout, failure_time = self.rollout.timeout_minutes, self.devices.failure_time
        ending = FAILED if failing else self._ending()
        minutes = self._time(self.devices.run_time if failure_time is None or ending != FAILED else failure_time)
        if timeout is not None and (ending == TIMED_OUT or minutes > timeout):
            return TIMED_OUT, timeout
        return ending, None if ending == TIMED_OUT else minutes

    def _ending(self) -> str:
        drawn = self.draw.random()
        for ending, share in (
            (TIMED_OUT, self.devices.hang_rate),
            (REJECTED, self.devices.reject_rate),
            (FAILED, self.devices.failure_rate),
        ):
            if drawn < share:
                return ending
            drawn -= share
        return SUCCEEDED

    def _is_aborted(self) -> bool:
        return self.at_abort is not None

    def _happens(self, probability: float) -> bool:
        return self.draw.random() < probability

    def _time(self, delay: Delay) -> float:
        median, deviation = delay
        if deviation is None or median == 0:
            return median
        return self.draw.lognormvariate(math.log(median), math.log(deviation))

    def outcome(self) -> Outcome:
        """What happened until the horizon."""
        so_far = {kind: list(accumulate(numbers)) for kind, numbers in self.by_minute.items()}
        ended = [sum(numbers) for numbers in zip(*(so_far[ending] for ending in ENDINGS), strict=True)]
        left_queue = zip(so_far["queued"], so_far["started"], so_far["canceled"], strict=True)
        then = self.total if self.at_abort is None else self.at_abort
        return Outcome(
            released=self.by_minute["notified"],
            notified=so_far["notified"],
            queued=[queued - started - canceled for queued, started, canceled in left_queue],
            in_progress=[started - over for started, over in zip(so_far["started"], ended, strict=True)],
            succeeded=so_far[SUCCEEDED],
            failed=so_far[FAILED],
            rejected=so_far[REJECTED],
            timed_out=so_far[TIMED_OUT],
            done=so_far["done"],
            executions=self.total["queued"],
            retries=self.total["queued"] - self.total["notified"],
            canceled=self.total["canceled"],
            abort_minute=None if self.at_abort is None else then["minute"],
            notified_at_abort=None if self.at_abort is None else then["notified"],
            harmed=then["harmed"],
            in_flight=then["queued"] - then["canceled"] - sum(then[ending] for ending in ENDINGS),
            harmed_final=self.total["harmed"],
        )
