"""The engine: minute by minute, all things of a minute together. Cost grows with minutes, never with things.

Lanes are runs beside each other, the last axis of every array: the expected run and each failure rate of the blast
radius, or the trials of Monte Carlo (`montecarlo.py`). The order within a minute, an assumption of its own:

1. what has ended by now is counted, and its retries are queued: at once, or when a window opens;
2. abort is evaluated on what has completed so far;
3. inside a window, whatever is due begins, and the batch leaves; outside, what is due waits for the opening.

Expected values are fractions in general. Where every rate is 0 or 1 and times are exact, they are whole numbers, sums
of which are exact; elsewhere a share such as 4 % may come out a rounding error short of its threshold. So comparisons
leave a margin that is larger than rounding errors and smaller than the difference between whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from iot_jobs.forecast.assumptions import HORIZON_MINUTES
from iot_jobs.forecast.criteria import AbortCriteria
from iot_jobs.forecast.durations import Floats, Kernel, Lags
from iot_jobs.forecast.lanes import ADDED, MARGIN, Lanes, Ring, Rows, whole_steps
from iot_jobs.forecast.plan import Plan
from iot_jobs.forecast.schedule import Window
from iot_jobs.forecast.states import COUNTERS, DONE, HARMED, SUCCEEDED, endings, outcomes, states, steps

Spread = list[tuple[Ring, slice, Lags, Floats]]
"""Where what begins ends: the ring, its rows for each state, the lags and the share of each in each state."""


_MOST_BYTES = 128 * 2**20


class Engine:
    """Expected values of one plan. `bad` holds for each lane the share of things on which every attempt fails."""

    def __init__(self, plan: Plan, bad: Sequence[float]) -> None:
        assumed = plan.assumptions
        self.plan, self.bad = plan, np.array(bad, dtype=float)
        self.has_bad = bool(self.bad.any())
        kernels = (plan.after_delay, plan.at_opening)
        over = max(one.over for one in kernels)
        timeout = kernels[0].timed_out is not None
        self.states = states(
            plan.retries,
            bad=self.has_bad,
            fails=assumed.failure_rate > 0,
            times_out=timeout and (assumed.hang_rate > 0 or over > 0),
            bad_times_out=over > 0,
        )
        self.steps = steps(self.states, plan.retries)
        self.hang = np.array([[0.0 if one.bad else assumed.hang_rate] for one in self.states])
        self.times_out = timeout and bool(self.hang.any() or over > 0)
        count, lanes = len(self.states), len(self.bad)
        self.shares = endings(
            self.states,
            reject_rate=assumed.reject_rate,
            failure_rate=assumed.failure_rate,
            hang_rate=assumed.hang_rate,
        )
        self.step = self.steps @ outcomes(self.shares)[:, : count * (1 + self.times_out)]
        self.criteria = AbortCriteria(plan.criteria, comparison=assumed.scheduler.comparison)
        self.rates = np.array(plan.rates.steps, dtype=float)

        # Rings hold what is to come, by the minute in which it does; `early` what is reported before it is counted.
        parts = [self._parts(one) for one in kernels]
        lags = [lags for part in parts for lags, *_ in part]
        self.memory = 2 + max(int(one.minutes[-1]) for one in lags)
        self.whole, self.has_early = (any(one.early is early for one in lags) for early in (False, True))
        states_in_ring = count * (1 + self.times_out)
        self.ending, self.early = (
            Ring(self.memory if used else 1, states_in_ring, lanes) for used in (self.whole, self.has_early)
        )
        self.delayed, self.opened = (
            [(self.early if lags.early else self.ending, rows, lags, lags.shares[:, None, None] * share)
             for lags, rows, share in part]
            for part in parts
        )  # fmt: skip
        self.longest_delay = 0 if plan.delay is None else int(plan.delay.minutes[-1])
        self.beginning = Ring(self.longest_delay + 1, count, lanes)
        self.rings = (self.ending, self.early, self.beginning)
        self.tick = self.minute = 0
        self.waiting, self.owed = np.zeros((2, count, lanes))
        self.reported: Floats | None = None

        self.counters = np.zeros((COUNTERS, lanes))
        self.remaining = np.full(lanes, float(plan.things))
        self.rate, self.rises = np.full(lanes, self.rates[0]), np.zeros(lanes)
        self.released, self.notified, self.offline, self.begun, self.retries, self.canceled = np.zeros((6, lanes))
        self.alive, self.nothing = np.ones(lanes), np.zeros(lanes)
        self.fired = np.full((4, lanes), np.inf)
        self.rows: list[Any] = []
        self.blocks: list[Floats] = []
        self.windows: list[Window] = []
        self.before, self.unchanged = np.zeros((count + 1, lanes)), 0

    @classmethod
    def most_lanes(cls, plan: Plan, *, bad: bool) -> int:
        """How many lanes to run at once, so that memory has a bound."""
        one = cls(plan, [float(bad)])
        return max(1, _MOST_BYTES // sum(ring.values.nbytes for ring in one.rings))

    def run(self) -> Lanes:
        """From creation until nothing is to come in any lane, or to the horizon."""
        schedule = self.plan.schedule()
        minute = 0
        while minute <= HORIZON_MINUTES:
            window = schedule.at(minute)
            is_open = window is not None and window.opens <= minute
            queue = self._complete(is_open=is_open)
            self._abort(minute, queue)
            if is_open:
                self._release(queue)
            begins = self._due(queue)
            if is_open:
                begins = self._begin(begins)
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
        """Whether anything ends or is due later."""
        reported = self.reported is not None and bool(self.reported.any())
        return reported or any(bool(ring.filled.any()) for ring in self.rings)

    # What happens in a minute ----------------------------------------------------------------------------------------

    def _complete(self, *, is_open: bool) -> Floats:
        """Count what has ended; returns the retries that are queued, by state."""
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
        """What ends within this minute, and will be counted in the next."""
        if self.has_early:
            self.reported = self._ended(self.early.take(self.tick))

    def _ended(self, row: Floats) -> Floats:
        """What a row that is due adds; after an abort nothing is tried again."""
        flow = self.outcomes(row)
        if not self.alive.all():
            flow[DONE] += (flow[COUNTERS:] * (1 - self.alive)).sum(axis=0)
            flow[COUNTERS:] *= self.alive
        return flow

    def _abort(self, minute: int, queue: Floats) -> None:
        """Where a criterion is met, nothing more is released, and what is queued is canceled."""
        lanes = np.flatnonzero(self.criteria.met(self.counters[:4]) & (self.alive > 0))
        if not len(lanes):
            return
        queued = queue[:, lanes] + self.waiting[:, lanes] + self.beginning.values[:, :, lanes].sum(axis=0)
        self.canceled[lanes] = queued.sum(axis=0) + self.offline[lanes]
        queue[:, lanes] = 0
        self.waiting[:, lanes] = 0
        self.owed[:, lanes] = 0
        self.beginning.values[:, :, lanes] = 0
        self.remaining[lanes] = 0
        self.alive[lanes] = 0
        self.fired[0, lanes] = minute
        self.fired[1:, lanes] = np.array(self._now())[:, lanes]

    def _release(self, queue: Floats) -> None:
        """Send this minute's batch: those of it that are online are queued."""
        if len(self.rates) > 1:
            self._rise()
        self.released = np.minimum(self.rate, self.remaining)
        self.remaining -= self.released
        self.notified += self.released
        online = self.online(self.released)
        self.offline += self.released - online
        if self.has_bad:
            queue[1] += online * self.bad
            online = online - online * self.bad
        queue[0] += online

    def _rise(self) -> None:
        """The rate for this minute, by what was counted before its batch."""
        rates = self.plan.rates
        counted = self.counters[SUCCEEDED] if rates.counts_succeeded else self.notified
        rises = (counted + MARGIN) // rates.threshold
        if self.plan.assumptions.scheduler.catch_up == "one":
            rises = np.minimum(rises, self.rises + 1)
        self.rises = np.minimum(rises, len(self.rates) - 1)
        self.rate = self.rates[self.rises.astype(np.int64)]

    def _due(self, queue: Floats) -> Floats:
        """What is due to begin in this minute, when what is queued now has been put where it will be due."""
        if self.plan.delay is None:
            return queue
        if queue.any():
            self.delay(queue, self.beginning.rows(self.tick, self.plan.delay))
        return self.beginning.take(self.tick)

    def _begin(self, begins: Floats) -> Floats:
        """Let what is due begin, and at an opening what has waited for it; returns both."""
        if begins.any():
            self.start(begins, self.delayed, self.plan.after_delay.over)
        if self.plan.crons and self.waiting.any():
            self.start(self.waiting, self.opened, self.plan.at_opening.over)
            begins = begins + self.waiting
            self.waiting[:] = 0
        self.begun += begins.sum(axis=0)
        return begins

    def _use(self, window: Window) -> None:
        if not self.windows or self.windows[-1] != window:
            self.windows.append(window)

    # What is multiplied here is drawn in Monte Carlo ----------------------------------------------------------

    def outcomes(self, row: Floats) -> Floats:
        """How what has ended ended: what that adds to the counters, then to the queue in each state."""
        flow: Floats = self.step @ row
        return flow

    def online(self, released: Floats) -> Floats:
        """Those of a batch that will begin."""
        return released * (1 - self.plan.assumptions.offline_rate)

    def delay(self, queue: Floats, rows: Rows) -> None:
        """Put what is queued where it will begin."""
        if self.plan.delay is not None:
            self.beginning.values[rows] += self.plan.delay.shares[:, None, None] * queue

    def start(self, begins: Floats, spread: Spread, over: float) -> None:
        """Put what begins where it will end. `over` is the share of run times beyond the timeout."""
        del over  # the shares have it
        for ring, states_of, lags, shares in spread:
            rows = ring.rows(self.tick, lags)
            if len(rows) == 1:
                ring.values[rows[0], states_of] += shares[0] * begins
            else:
                ring.values[rows, states_of] += shares * begins

    def _parts(self, kernel: Kernel) -> list[tuple[Lags, slice, Floats]]:
        """How what begins ends: by itself, and timed out where that can be; the share of each, by state.

        What hangs and never times out does neither.
        """
        count = len(self.states)
        over = self.hang + (1 - self.hang) * kernel.over
        parts = [(kernel.ended, slice(0, count), 1 - over if self.times_out else 1 - self.hang)]
        if kernel.timed_out is not None and self.times_out:
            parts.append((kernel.timed_out, slice(count, 2 * count), over))
        return parts

    # Minutes that are passed over -----------------------------------------------------------------------------------

    def _idle(self, most: int) -> int:
        """Pass over minutes, up to `most`, until something ends or is due to begin. Return how many."""
        if self.reported is not None and self.reported.any():
            return 0
        passed = int(min([most, *(ring.ahead(self.tick) for ring in self.rings)]))
        self.tick += passed
        return passed

    def pass_over(self, begins: Floats, most: int) -> int:
        """Pass over minutes that are all alike, up to `most`. Return how many.

        When the same has begun in every minute for as long as executions take, each further minute adds the same again,
        until the things run out, a criterion comes near, or the rate may rise.
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
        self.offline += minutes * (self.released - self.online(self.released))
        self.notified += minutes * self.released
        self.remaining -= minutes * self.released
        if self.rows:
            last, before = np.array(self.rows[-1]), np.array(self.rows[-2])
            block: Floats = last + np.arange(1.0, minutes + 1)[:, None] * np.where(ADDED, last - before, 0.0)
            self.blocks += [np.array(self.rows, dtype=float), block[:-2]]
            self.rows = block[-2:].tolist()
        return minutes

    def _minutes_unrisen(self) -> float:
        """Return for how many minutes that are all alike the rate stays, in all lanes that send."""
        rates = self.plan.rates
        lanes = np.flatnonzero((self.released > 0) & (self.rises < len(self.rates) - 1))
        counted, more = (
            (self.counters[SUCCEEDED], self.flow[SUCCEEDED])
            if rates.counts_succeeded
            else (self.notified, self.released)
        )
        return whole_steps((self.rises[lanes] + 1) * rates.threshold - counted[lanes] - MARGIN, more[lanes])

    # What came of it -------------------------------------------------------------------------------------------------

    def note(self, minute: int, *, is_open: bool) -> None:
        """Log the first lane."""
        counters = self.counters[:, 0]
        if self.reported is not None:
            counters = counters + self.reported[:COUNTERS, 0]
        state = (self.released, 1 - self.alive, self.notified, self.begun, self.canceled, self.retries)
        rate = self.rate.item(0) * self.alive.item(0) * is_open
        self.rows.append([minute, rate, *(values.item(0) for values in state), *counters.tolist()])

    @property
    def log(self) -> Floats:
        """The first lane, minute by minute."""
        return np.concatenate([*self.blocks, np.array(self.rows)])

    def _now(self) -> tuple[Floats, Floats, Floats]:
        """Things notified, harmed, and with an execution that has not ended."""
        ended = self.counters[:4].sum(axis=0) + self.canceled
        return self.notified, self.counters[HARMED], self.notified + self.retries - ended

    def _result(self) -> Lanes:
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
