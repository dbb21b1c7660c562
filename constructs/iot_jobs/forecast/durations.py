"""Times as lags in whole minutes: in how many minutes, with which share, something that begins now is counted.

What ends at the exact time t is counted in the first minute that isn't before t, but never in the minute in which it
began: that minute's completions have been counted by then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iot_jobs.forecast.assumptions import Duration

Floats = NDArray[np.float64]

TAIL = 1e-6
"""The share at the slow end of a lognormal time that is taken to end at its last minute."""
MOST_LAGS = 256
"""How many lags a time may have; those of a longer time are merged, by at most a few percent of the lag."""
_FRACTIONS = 20  # parts of a minute, where a device's start falls anywhere within one


@dataclass(frozen=True)
class Lags:
    """Whole minutes in order, and the share of each; shares add up to 1."""

    minutes: NDArray[np.int64]
    shares: Floats

    @property
    def exact(self) -> bool:
        """Whether there is one lag only."""
        return len(self.minutes) == 1


@dataclass(frozen=True)
class Kernel:
    """What becomes of an execution that begins in a minute: it ends by itself after `ended`, or times out.

    `over` is the share of run times beyond the timeout, `timed_out` when those and the hanging ones are counted (None
    without a timeout). `instant` says that what ends by itself does so in the very moment in which it began.
    """

    ended: Lags
    timed_out: Lags | None
    over: float
    instant: bool


def delay_lags(delay: Duration) -> Lags:
    """In how many whole minutes a device begins: a fraction of a minute is left out here and added by the kernel."""
    if delay.spread is None:
        return Lags(np.array([math.floor(delay.median)]), np.ones(1))
    bounds = np.arange(math.ceil(_slowest(delay)) + 1)
    return _merged(bounds[:-1], np.diff(_below(delay, bounds)))


def kernel(delay: Duration | None, run: Duration, timeout: int | None) -> Kernel:
    """How executions end. `delay` None: they begin at the start of a minute, as when a window opens.

    Otherwise they begin a fraction of a minute later, that of the delay. Assumed: where a delay is spread, its fraction
    doesn't depend on its whole minutes.
    """
    starts = [(0.0, 1.0)] if delay is None else _fractions(delay)
    over = 0.0 if timeout is None else 1 - _up_to(run, timeout)
    slowest = run.median if run.spread is None else _slowest(run)
    last = max(1, math.ceil(1 + (slowest if timeout is None else min(slowest, timeout))))
    lags = np.arange(1, last + 1)
    shares = np.zeros(last)
    if over < 1:
        for start, share in starts:
            reached = np.array([_up_to(run, lag - start, timeout) for lag in (0, *lags)])
            reached[0] = 0  # what ends at once is counted a minute later
            reached[-1] = reached[-1] if run.spread is None else 1 - over
            shares += share * np.diff(reached)
    else:
        shares[-1] = 1
    timed_out = None
    if timeout is not None:
        timed_out = _collected([(math.ceil(timeout + start), share) for start, share in starts])
    instant = run == Duration(0) and all(start == 0 for start, _ in starts)
    return Kernel(_merged(lags, shares), timed_out, over, instant)


def _fractions(delay: Duration) -> list[tuple[float, float]]:
    """The fraction of a minute that a delay has beyond whole minutes, with shares."""
    if delay.spread is None:
        return [(delay.median % 1, 1.0)]
    edges = np.arange(_FRACTIONS + 1) / _FRACTIONS
    whole = np.arange(math.ceil(_slowest(delay)))
    shares = np.diff(_below(delay, (whole[:, None] + edges).ravel()).reshape(len(whole), -1), axis=1).sum(axis=0)
    shares /= shares.sum()
    return [((edge + 0.5 / _FRACTIONS), float(share)) for edge, share in zip(edges, shares, strict=False)]


def _up_to(run: Duration, minutes: float, timeout: int | None = None) -> float:
    """The share of run times of at most so many minutes, and of at most the timeout."""
    if timeout is not None:
        minutes = min(minutes, timeout)
    if run.spread is None:
        return float(run.median <= minutes)
    return float(_below(run, np.array([minutes]))[0])


def _below(time: Duration, minutes: NDArray[np.number]) -> Floats:
    """The lognormal distribution function."""
    if time.spread is None:
        raise ValueError("an exact time has no distribution")
    scale = math.log(time.spread) * math.sqrt(2)
    middle = math.log(time.median)
    return np.array([0.5 * (1 + math.erf((math.log(m) - middle) / scale)) if m > 0 else 0.0 for m in minutes.tolist()])


def _slowest(time: Duration) -> float:
    """The time that all but `TAIL` keep."""
    if time.spread is None:
        return time.median
    from statistics import NormalDist

    return min(time.median * time.spread ** NormalDist().inv_cdf(1 - TAIL), 10 * 10080)


def _collected(pairs: list[tuple[int, float]]) -> Lags:
    found: dict[int, float] = {}
    for lag, share in pairs:
        found[lag] = found.get(lag, 0.0) + share
    lags = sorted(found)
    return Lags(np.array(lags), np.array([found[lag] for lag in lags]))


def _merged(lags: NDArray[np.int64], shares: Floats) -> Lags:
    """Lags with a share, no more than `MOST_LAGS` of them; the shares add up to 1."""
    kept = shares > 0
    lags, shares = lags[kept], shares[kept]
    if len(lags) > MOST_LAGS:
        half = MOST_LAGS // 2
        edges = np.unique(np.geomspace(half, len(lags), half).astype(np.int64))
        groups = [*range(half), *edges[:-1]]
        sums = np.add.reduceat(shares, groups)
        middles = np.add.reduceat(lags * shares, groups) / sums
        lags, shares = np.rint(middles).astype(np.int64), sums
    if len(lags) == 1:
        return Lags(lags, np.ones(1))
    return Lags(lags, shares / shares.sum())
