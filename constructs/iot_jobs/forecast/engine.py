"""The engine: minute by minute, all things of a minute together. Cost grows with minutes, never with things.

Lanes are parallel runs, the last axis of every array: the expected run and each failure rate of the blast radius, or
the trials of Monte Carlo (`montecarlo.py`). Assumed: the order within a minute is

1. executions that have ended are counted, and their retries are queued: at once, or when a window opens;
2. abort is evaluated on the executions that have completed so far;
3. inside a window, due executions start and the batch is notified; outside, they wait for the opening.

Expected values are fractions in general. If every rate is 0 or 1 and times are exact, they are whole numbers, whose
sums are exact. Otherwise a share such as 4 % may be a rounding error short of its threshold. So comparisons leave a
margin that is larger than rounding errors and smaller than the difference between whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from iot_jobs.forecast.assumptions import HORIZON_MINUTES
from iot_jobs.forecast.criteria import AbortCriteria
from iot_jobs.forecast.durations import Delay, Floats, Kernel, Lags
from iot_jobs.forecast.lanes import ADDED, COLUMNS, MARGIN, NEGLIGIBLE, Lanes, Ring, whole_steps
from iot_jobs.forecast.plan import TOO_MUCH, ForecastError, Plan
from iot_jobs.forecast.schedule import Window
from iot_jobs.forecast.states import COUNTERS, DONE, HARMED, SUCCEEDED, fates, in_turn, outcomes, states, steps, weights


class Way(NamedTuple):
    """A way in which executions end: the ring, its rows for each state, and the share of starts by lag and state.

    `chance` is the probability of this way, by state, if it is none of those before it.
    """

    ring: Ring
    rows: slice
    lags: Lags
    shares: Floats
    chance: Floats


class Start(NamedTuple):
    """Future starts after a part of the delays: their ring, the share of each lag, and the ways in which they end."""

    ring: Ring
    delay: Delay
    shares: Floats
    ways: list[Way]


_MOST_BYTES = 128 * 2**20
_MOST_ROWS = 4096
_LAG = 2  # nanoseconds, as below
MOST_WORK = 8 * 10**9
"""Nanoseconds of work, roughly, above which a forecast is refused: counted, not measured, to be the same everywhere."""


class Engine:
    """Expected values of one plan. `bad` is the share of things on which every attempt fails, for each lane."""

    nanoseconds = 60_000, 15
    """The time that a minute takes, and each state of each lane in it, on an ordinary machine."""

    def __init__(self, plan: Plan, bad: Sequence[float]) -> None:
        assumed = plan.assumptions
        self.plan, self.bad = plan, np.array(bad, dtype=float)
        self.has_bad = bool(self.bad.any())
        kernels = (plan.at_once, *(delay.kernel for delay in plan.delays))
        over, failed_over = plan.at_once.over, plan.at_once.failed_over
        timeout, apart = plan.at_once.timed_out is not None, plan.at_once.failed is not None
        self.states = states(
            plan.retries,
            bad=self.has_bad,
            fails=assumed.failure_rate > 0,
            sticks=assumed.failures_stick > 0,
            times_out=timeout and (assumed.hang_rate > 0 or over > 0 or failed_over > 0),
            bad_times_out=failed_over > 0,
        )
        self.steps = steps(self.states, plan.retries)
        self.fates = fates(
            self.states,
            failure_rate=assumed.failure_rate,
            reject_rate=assumed.reject_rate,
            hang_rate=assumed.hang_rate,
        )
        times_out = timeout and (assumed.hang_rate > 0 or over > 0 or failed_over > 0)
        self.endings = outcomes(self.states, self.fates, sticks=assumed.failures_stick, apart=apart)
        if not times_out:
            self.endings.pop()
        self.hangs = np.zeros((len(self.states), 1)) if timeout else self.fates[:, 3:]
        self.step = self.steps @ weights(self.endings)
        count, lanes = len(self.states), len(self.bad)
        self.criteria = AbortCriteria(plan.criteria, comparison=assumed.scheduler.comparison)
        self.rates = np.array(plan.rates.steps, dtype=float)

        # Rings hold future ends and starts by their minute; `early` has the ends that are reported before counted.
        parts = [self._parts(kernel) for kernel in kernels]
        all_lags = [lags for part in parts for lags, *_ in part]
        self.memory = 2 + max(int(lags.minutes[-1]) for lags in all_lags)
        self.whole, self.has_early = (any(lags.early is early for lags in all_lags) for early in (False, True))
        self.ending, self.early = (
            Ring(self.memory if used else 1, count * len(self.endings), lanes) for used in (self.whole, self.has_early)
        )
        self.at_once, *delayed = (
            [Way(self.early if lags.early else self.ending, slice(count * way, count * (way + 1)), lags,
                 lags.shares[:, None, None] * share, chance) for way, (lags, share, chance) in enumerate(part)]
            for part in parts
        )  # fmt: skip
        self.beginnings = [
            Start(Ring(int(delay.lags.minutes[-1]) + 1, count, lanes), delay,
                  (delay.share * delay.lags.shares)[:, None, None], ways)
            for delay, ways in zip(plan.delays, delayed, strict=True)
        ]  # fmt: skip
        self.longest_delay = max((int(delay.lags.minutes[-1]) for delay in plan.delays), default=0)
        self.rings = (self.ending, self.early, *(start.ring for start in self.beginnings))
        self.tick = self.minute = self.work = 0
        self.waiting, self.owed = np.zeros((2, count, lanes))
        self.reported: Floats | None = None

        self.counters = np.zeros((COUNTERS, lanes))
        self.remaining = np.full(lanes, float(plan.things))
        self.rate, self.rises = np.full(lanes, self.rates[0]), np.zeros(lanes)
        self.released, self.notified, self.offline, self.begun, self.retries, self.canceled = np.zeros((6, lanes))
        self.alive, self.nothing, self.lost = np.ones(lanes), np.zeros(lanes), np.zeros(lanes)
        self.fired = np.full((4, lanes), np.inf)
        self.rows: list[Any] = []
        self.blocks: list[Floats] = []
        self.windows: list[Window] = []
        self.before, self.unchanged = np.zeros((count + 1, lanes)), 0

    @classmethod
    def most_lanes(cls, plan: Plan, *, bad: bool) -> int:
        """Return how many lanes to run at once, so that memory is bounded."""
        engine = cls(plan, [float(bad)])
        return max(1, _MOST_BYTES // sum(ring.values.nbytes for ring in engine.rings))

    @property
    def work_per_minute(self) -> int:
        """The work of a minute, roughly, as in `MOST_WORK`."""
        ways = [self.at_once, *(start.ways for start in self.beginnings)]
        lags = [way.lags for group in ways for way in group] + [start.delay.lags for start in self.beginnings]
        minute, state = self.nanoseconds
        return minute + len(self.bad) * len(self.states) * (state + _LAG * sum(len(one.minutes) for one in lags))

    def run(self) -> Lanes:
        """Run from creation until no lane has anything to come, or to the horizon. Raises `ForecastError`."""
        schedule = self.plan.schedule()
        minute, per_minute = 0, self.work_per_minute
        while minute <= HORIZON_MINUTES:
            self.work += per_minute
            if self.work > MOST_WORK:
                raise ForecastError(TOO_MUCH)
            window = schedule.at(minute)
            is_open = window is not None and window.opens <= minute
            queue = self._complete(is_open=is_open)
            self._abort(minute, queue)
            if is_open:
                self._release(queue)
            due = self._due(queue)
            begins: Floats = sum((starts for starts, _ in due[1:]), start=due[0][0])
            if is_open:
                begins = self._begin(begins, due)
            else:
                self.waiting += begins
                self.released, self.unchanged = self.nothing, 0
            if window is not None and is_open and self.plan.crons and (self.released[0] or begins[:, 0].any()):
                self._use(window)
            self._report()
            self.note(minute, is_open=is_open)
            if not (self.remaining.any() or self.waiting.any() or self.owed.any() or self._comes()):
                break
            self.tick += 1
            minute += 1
            until = HORIZON_MINUTES + 1 if window is None else max(window.closes if is_open else window.opens, minute)
            if is_open and self.remaining.any():
                minute += self.pass_over(begins, min(until, HORIZON_MINUTES) - minute)
            else:
                minute += self._idle(until - minute)
        self.minute = minute
        return self._result()

    def _comes(self) -> bool:
        """Return whether more than a rounding error ends or is due to start later."""
        unfinished = self.notified - self.offline - self.lost - self.counters[DONE]
        if unfinished.max() <= NEGLIGIBLE * self.plan.things:
            return False
        reported = self.reported is not None and bool(self.reported.any())
        return reported or any(bool(ring.filled.any()) for ring in self.rings)

    # The steps of a minute -------------------------------------------------------------------------------------------

    def _complete(self, *, is_open: bool) -> Floats:
        """Count the executions that have ended. Return the retries that are queued, by state."""
        flow = (
            self._ended(self.ending.take(self.tick))
            if self.whole
            else np.zeros((COUNTERS + len(self.states), len(self.bad)))
        )
        if self.reported is not None:
            flow += self.reported
            self.reported = None
        self.flow = flow
        self.counters += flow[:COUNTERS]
        queue = flow[COUNTERS:].copy()
        if not is_open:
            self.owed += queue
            queue[:] = 0
        elif self.plan.crons:
            queue += self.owed
            self.owed[:] = 0
        self.retries += queue.sum(axis=0)
        return queue

    def _report(self) -> None:
        """Report the executions that end within this minute and will be counted in the next."""
        if self.has_early:
            self.reported = self._ended(self.early.take(self.tick))

    def _ended(self, row: Floats) -> Floats:
        """Return what a due row adds to the counters and the queue. After an abort nothing is retried."""
        flow = self.outcomes(row)
        if not self.alive.all():
            flow[DONE] += (flow[COUNTERS:] * (1 - self.alive)).sum(axis=0)
            flow[COUNTERS:] *= self.alive
        return flow

    def _abort(self, minute: int, queue: Floats) -> None:
        """Stop the rollout and cancel queued executions in each lane in which a criterion is met."""
        lanes = np.flatnonzero(self.criteria.met(self.counters[:4]) & (self.alive > 0))
        if not len(lanes):
            return
        queued = queue[:, lanes] + self.waiting[:, lanes]
        for start in self.beginnings:
            queued += start.ring.values[:, :, lanes].sum(axis=0)
            start.ring.values[:, :, lanes] = 0
        self.canceled[lanes] = queued.sum(axis=0) + self.offline[lanes]
        self.lost[lanes] += (queued + self.owed[:, lanes]).sum(axis=0)
        queue[:, lanes] = 0
        self.waiting[:, lanes] = 0
        self.owed[:, lanes] = 0
        self.remaining[lanes] = 0
        self.alive[lanes] = 0
        self.fired[0, lanes] = minute
        self.fired[1:, lanes] = np.array(self._now())[:, lanes]

    def _release(self, queue: Floats) -> None:
        """Notify this minute's batch, and queue the executions of its online things."""
        if len(self.rates) > 1:
            self._rise()
        self.released = np.minimum(self.rate, self.remaining)
        self.remaining -= self.released
        self.notified += self.released
        online = self.online(self.released)
        self.offline += self.released - online
        if self.has_bad:
            bad = self.spoilt(online)
            queue[1] += bad
            online = online - bad
        queue[0] += online

    def _rise(self) -> None:
        """Set the rate of this minute from the counters before its batch."""
        rates = self.plan.rates
        counted = self.counters[SUCCEEDED] if rates.counts_succeeded else self.notified
        rises = (counted + MARGIN) // rates.threshold
        if self.plan.assumptions.scheduler.catch_up == "one":
            rises = np.minimum(rises, self.rises + 1)
        self.rises = np.minimum(rises, len(self.rates) - 1)
        self.rate = self.rates[self.rises.astype(np.int64)]

    def _due(self, queue: Floats) -> list[tuple[Floats, list[Way]]]:
        """Schedule the starts of queued executions. Return those that are due now, and the ways in which they end."""
        if not self.beginnings:
            return [(queue, self.at_once)]
        if queue.any():
            self.delay(queue)
        return [(start.ring.take(self.tick), start.ways) for start in self.beginnings]

    def _begin(self, begins: Floats, due: list[tuple[Floats, list[Way]]]) -> Floats:
        """Start the due executions and, at an opening, those that waited for it. Return their sum."""
        for starts, ways in due:
            if starts.any():
                self.start(starts, ways)
        if self.plan.crons and self.waiting.any():
            self.start(self.waiting, self.at_once)
            begins = begins + self.waiting
            self.waiting[:] = 0
        self.begun += begins.sum(axis=0)
        return begins

    def _use(self, window: Window) -> None:
        if not self.windows or self.windows[-1] != window:
            self.windows.append(window)

    # Multiplied here, drawn at random in Monte Carlo -----------------------------------------------------------------

    def outcomes(self, row: Floats) -> Floats:
        """Return what ended executions add to the counters, then to the queue in each state."""
        flow: Floats = self.step @ row
        return flow

    def online(self, released: Floats) -> Floats:
        """Return the online things of a batch."""
        return released * (1 - self.plan.assumptions.offline_rate)

    def spoilt(self, online: Floats) -> Floats:
        """Return the bad things of a batch."""
        bad: Floats = online * self.bad
        return bad

    def delay(self, queue: Floats) -> None:
        """Schedule the starts of queued executions."""
        for start in self.beginnings:
            start.ring.add(start.ring.rows(self.tick, start.delay.lags), slice(None), start.shares, queue)

    def start(self, begins: Floats, ways: list[Way]) -> None:
        """Schedule the ends of executions that start."""
        if self.hangs.any():
            self.lost += (self.hangs * begins).sum(axis=0)
        for way in ways:
            rows = way.ring.rows(self.tick, way.lags)
            if len(rows) == 1:
                way.ring.values[rows[0], way.rows] += way.shares[0] * begins
            else:
                way.ring.add(rows, way.rows, way.shares, begins)

    def _parts(self, kernel: Kernel) -> list[tuple[Lags, Floats, Floats]]:
        """Return the ways in which executions end, as in `endings`: lags, share of starts by state, and chance.

        An execution that hangs and has no timeout ends in none of them.
        """
        succeeded, failed, rejected, hanging = self.fates.T[..., None]
        ran = succeeded + rejected
        if kernel.failed is None:
            lags, shares = [kernel.ended], [(ran + failed) * (1 - kernel.over)]
        else:
            lags, shares = [kernel.ended, kernel.failed], [ran * (1 - kernel.over), failed * (1 - kernel.failed_over)]
        if kernel.timed_out is not None:
            lags.append(kernel.timed_out)
            shares.append(hanging + ran * kernel.over + failed * kernel.failed_over)
        chances = in_turn([*shares, self.hangs])
        return list(zip(lags, shares, chances, strict=False))[: len(self.endings)]

    # Skipped minutes -------------------------------------------------------------------------------------------------

    def _idle(self, most: int) -> int:
        """Skip minutes, up to `most`, until something ends or is due to start. Return how many."""
        if self.reported is not None and self.reported.any():
            return 0
        passed = int(min([most, *(ring.ahead(self.tick) for ring in self.rings)]))
        self.tick += passed
        return passed

    def pass_over(self, begins: Floats, most: int) -> int:
        """Skip minutes that are all alike, up to `most`. Return how many.

        When the same executions have started in every minute for as long as executions take, each further minute adds
        the same again, until the things run out, a criterion comes near, or the rate may rise.
        """
        now = np.concatenate((begins, self.released[None]))
        same = self.released.any() and np.array_equal(now, self.before)
        self.before = now
        self.unchanged = self.unchanged + 1 if same else 0
        if self.unchanged <= self.memory + self.longest_delay:
            return 0
        sending, alive = self.released > 0, self.alive > 0
        minutes = int(
            min(
                (self.remaining[sending] / self.released[sending]).min(),
                most,
                self.criteria.minutes_unmet(self.counters[:4, alive], self.flow[:4, alive]),
                self._minutes_unrisen(),
            )
        )
        if minutes < 2:
            return 0
        self.counters += minutes * self.flow[:COUNTERS]
        self.retries += minutes * self.flow[COUNTERS:].sum(axis=0)
        self.begun += minutes * begins.sum(axis=0)
        self.lost += minutes * (self.hangs * begins).sum(axis=0)
        self.offline += minutes * (self.released - self.online(self.released))
        self.notified += minutes * self.released
        self.remaining -= minutes * self.released
        if self.rows:
            last, before = np.array(self.rows[-1]), np.array(self.rows[-2])
            block: Floats = np.outer(np.arange(1.0, minutes + 1), np.where(ADDED, last - before, 0.0))
            block += last
            self.blocks += [np.array(self.rows, dtype=float), block[:-2]]
            self.rows = block[-2:].tolist()
        return minutes

    def _minutes_unrisen(self) -> float:
        """Return for how many identical minutes the rate stays the same in all lanes that still notify things."""
        rates = self.plan.rates
        lanes = np.flatnonzero((self.released > 0) & (self.rises < len(self.rates) - 1))
        counted, per_minute = (
            (self.counters[SUCCEEDED], self.flow[SUCCEEDED])
            if rates.counts_succeeded
            else (self.notified, self.released)
        )
        return whole_steps((self.rises[lanes] + 1) * rates.threshold - counted[lanes] - MARGIN, per_minute[lanes])

    # Results ---------------------------------------------------------------------------------------------------------

    def note(self, minute: int, *, is_open: bool) -> None:
        """Log the first lane."""
        counters = self.counters[:, 0]
        if self.reported is not None:
            counters = counters + self.reported[:COUNTERS, 0]
        state = (self.released, 1 - self.alive, self.notified, self.begun, self.canceled, self.retries)
        rate = self.rate.item(0) * self.alive.item(0) * is_open
        self.rows.append([minute, rate, *(values.item(0) for values in state), *counters.tolist()])
        if len(self.rows) > _MOST_ROWS:  # a list of numbers takes several times the memory of an array
            self.blocks.append(np.array(self.rows[:-2]))
            self.rows = self.rows[-2:]

    @property
    def log(self) -> Floats:
        """The log of the first lane, minute by minute."""
        self.blocks = [np.concatenate([*self.blocks, np.array(self.rows, dtype=float).reshape(-1, len(COLUMNS))])]
        self.rows = []
        return self.blocks[0]

    def _now(self) -> tuple[Floats, Floats, Floats]:
        """Return the things notified, harmed, and with an execution that has not ended."""
        ended = self.counters[:4].sum(axis=0) + self.canceled
        return self.notified, self.counters[HARMED], self.notified + self.retries - ended

    def _result(self) -> Lanes:
        if self.reported is not None:  # in the last minute of the horizon
            self.counters += self.reported[:COUNTERS]
        alive = self.alive > 0
        for values, last in zip(self.fired[1:], self._now(), strict=True):
            values[alive] = last[alive]
        minute, notified, harmed, in_flight = self.fired
        return Lanes(
            minute=minute,
            notified=notified,
            harmed=harmed,
            in_flight=in_flight,
            harmed_final=self.counters[HARMED],
            executions=self.notified + self.retries,
            retries=self.retries,
        )
