"""Times as lags: whole minutes from a start to an end, and the share of each.

An execution that ends at the exact time t is reported in minute floor(t). Abort criteria, rates and retries count it in
the first minute that isn't before t. An execution that takes no time is counted in the minute after the one in which it
started and ended, because that minute's completions were counted before. So an execution that ends whole minutes after
its start is counted in the minute in which it is reported, and any other is counted one minute later: it is `early`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iot_jobs.forecast.assumptions import Duration

Floats = NDArray[np.float64]

TAIL = 1e-6
"""The slowest share of a lognormal time, which is taken to end at its last minute."""
MOST_LAGS = 256
"""Maximum number of lags of a time. The lags of a longer time are merged, by at most a few percent of the lag."""
_FRACTIONS = 20  # parts of a minute, for a device that may start anywhere within one


@dataclass(frozen=True)
class Lags:
    """Whole minutes in order, and the share of each. Shares add up to 1. `early`: reported before it is counted."""

    minutes: NDArray[np.int64]
    shares: Floats
    early: bool = False


@dataclass(frozen=True)
class Kernel:
    """The end of an execution that starts in a minute: by itself after `ended`, or by a timeout.

    `over` is the share of run times beyond the timeout. Those and hanging executions take `timed_out`, which is None
    without a timeout.
    """

    ended: Lags
    timed_out: Lags | None
    over: float


def delay_lags(delay: Duration) -> Lags:
    """Return the whole minutes until a device starts. The kernel adds the fraction of a minute that is left out."""
    if delay.spread is None:
        return Lags(np.array([math.floor(delay.median)]), np.ones(1))
    bounds = np.arange(math.ceil(_slowest(delay)) + 1)
    return _merged(bounds[:-1], np.diff(_below(delay.median, delay.spread, bounds)))


def kernel(delay: Duration | None, run: Duration, timeout: int | None) -> Kernel:
    """Return how executions end. `delay` None: they start at the beginning of a minute, as when a window opens.

    Otherwise they start the delay's fraction of a minute later. Assumed: the fraction of a spread delay doesn't depend
    on its whole minutes.
    """
    starts = [(0.0, 1.0)] if delay is None else _fractions(delay)
    timed_out = None
    if timeout is not None:
        # A timeout is a whole number of minutes from a start that need not be at the beginning of one.
        timed_out = Lags(np.array([timeout]), np.ones(1), early=any(start for start, _ in starts))
    if run.spread is None and len(starts) == 1:
        end = round(starts[0][0] + run.median, 9)
        early = end != int(end) or not end
        return Kernel(Lags(np.array([int(end)]), np.ones(1), early), timed_out, float(_over(run, timeout)))
    over = _over(run, timeout)
    slowest = _slowest(run) if timeout is None else min(_slowest(run), timeout)
    bounds = np.arange(math.ceil(slowest) + 2)
    shares = np.zeros(len(bounds) - 1)
    for start, share in starts:
        reached = np.array([_up_to(run, bound - start, timeout) for bound in bounds.tolist()])
        reached[-1] = 1 - over  # the tail
        shares += share * np.diff(reached)
    if over == 1:
        shares[-1] = 1
    return Kernel(_merged(bounds[:-1], shares, early=True), timed_out, over)


def _over(run: Duration, timeout: int | None) -> float:
    """Return the share of run times beyond the timeout. A run that takes exactly as long has not timed out."""
    return 0.0 if timeout is None else 1 - _up_to(run, timeout)


def _fractions(delay: Duration) -> list[tuple[float, float]]:
    """Return the fractions of a minute that a delay has beyond whole minutes, each with its share."""
    if delay.spread is None:
        return [(round(delay.median % 1, 9), 1.0)]
    edges = np.arange(_FRACTIONS + 1) / _FRACTIONS
    whole = np.arange(math.ceil(_slowest(delay)))
    below = _below(delay.median, delay.spread, (whole[:, None] + edges).ravel())
    shares = np.diff(below.reshape(len(whole), -1), axis=1).sum(axis=0)
    shares /= shares.sum()
    return [((edge + 0.5 / _FRACTIONS), float(share)) for edge, share in zip(edges, shares, strict=False)]


def _up_to(run: Duration, minutes: float, timeout: int | None = None) -> float:
    """Return the share of run times of at most this many minutes, and of at most the timeout."""
    if timeout is not None:
        minutes = min(minutes, timeout)
    if run.spread is None:
        return float(run.median <= minutes)
    return float(_below(run.median, run.spread, np.array([minutes]))[0])


def _below(median: float, spread: float, minutes: NDArray[np.number]) -> Floats:
    """Return the lognormal distribution function at these minutes."""
    scale = math.log(spread) * math.sqrt(2)
    middle = math.log(median)
    return np.array([0.5 * (1 + math.erf((math.log(m) - middle) / scale)) if m > 0 else 0.0 for m in minutes.tolist()])


def _slowest(time: Duration) -> float:
    """Return the time that a share of `TAIL` exceeds, 10 weeks at most; an exact time as it is."""
    if time.spread is None:
        return time.median
    from statistics import NormalDist

    slowest: float = time.median * time.spread ** NormalDist().inv_cdf(1 - TAIL)
    return min(slowest, 10 * 10080)


def _merged(lags: NDArray[np.int64], shares: Floats, *, early: bool = False) -> Lags:
    """Return the lags that have a share, at most `MOST_LAGS` of them, with shares that add up to 1."""
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
        return Lags(lags, np.ones(1), early)
    return Lags(lags, shares / shares.sum(), early)
