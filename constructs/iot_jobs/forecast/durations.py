"""Times as lags: whole minutes from a start to an end, and the share of each.

An execution that ends at the exact time t is reported in minute floor(t). Abort criteria, rates and retries count it in
the first minute that isn't before t. An execution that takes no time is counted in the minute after the one in which it
started and ended, because that minute's completions were counted before. So an execution that ends whole minutes after
its start is counted in the minute in which it is reported, and any other is counted one minute later: it is `early`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
_OWN = 2  # of at least this share each, see `delays`:
_SEEN = 0.001


@dataclass(frozen=True)
class Lags:
    """Whole minutes in order, and the share of each. Shares add up to 1. `early`: reported before it is counted."""

    minutes: NDArray[np.int64]
    shares: Floats
    early: bool = False


@dataclass(frozen=True)
class Kernel:
    """The end of an execution that starts in a minute: after its run time, after its failure time, or by a timeout.

    `failed` is None if failures take a run time. `over` and `failed_over` are the shares of the times beyond the
    timeout. Those executions and hanging ones take `timed_out`, which is None without a timeout.
    """

    ended: Lags
    failed: Lags | None
    timed_out: Lags | None
    over: float
    failed_over: float


@dataclass(frozen=True)
class Delay:
    """A part of the start delays: its share of all, their whole minutes, and the end of what starts after those."""

    share: float
    lags: Lags
    kernel: Kernel


def delays(delay: Duration, run: Duration, failure: Duration | None, timeout: int | None) -> tuple[Delay, ...]:
    """Return the start delays, empty if devices start at once.

    The fraction of a minute at which a device starts is part of the kernel. Of a spread delay, each of the first
    `_OWN` whole minutes has its own fractions, because the distribution rises steeply there. Assumed: beyond those
    the fraction doesn't depend on the whole minutes.
    """
    if delay == Duration(0):
        return ()
    if delay.spread is None:
        whole, fraction = divmod(delay.median, 1)
        lags = Lags(np.array([int(whole)]), np.ones(1))
        return (Delay(1.0, lags, kernel(run, failure, timeout, [(round(fraction, 9), 1.0)])),)
    edges = np.arange(_FRACTIONS * math.ceil(_slowest(delay)) + 1) / _FRACTIONS
    parts = np.diff(_below(delay.median, delay.spread, edges)).reshape(-1, _FRACTIONS)
    parts /= parts.sum()
    first = np.flatnonzero(parts.sum(axis=1) >= _SEEN)[:_OWN]
    groups = [[minute] for minute in first] + [np.setdiff1d(np.arange(len(parts)), first)]
    found = []
    for group in groups:
        fractions, lags = parts[group].sum(axis=0), parts[group].sum(axis=1)
        share = float(fractions.sum())
        if share > 0:
            starts = [((index + 0.5) / _FRACTIONS, float(part) / share) for index, part in enumerate(fractions) if part]
            found.append(Delay(share, _merged(np.array(group), lags), kernel(run, failure, timeout, starts)))
    return tuple(found)


def kernel(
    run: Duration, failure: Duration | None, timeout: int | None, starts: Sequence[tuple[float, float]] = ((0.0, 1.0),)
) -> Kernel:
    """Return how executions end. `failure` None: FAILED ones take a run time, as all others do.

    `starts` are the fractions of a minute at which they start, each with its share. By default that is the beginning of
    a minute, as when a window opens.
    """
    timed_out = None
    if timeout is not None:
        # A timeout is a whole number of minutes from a start that need not be at the beginning of one.
        timed_out = Lags(np.array([timeout]), np.ones(1), early=any(start for start, _ in starts))
    over = _over(run, timeout)
    if failure is None:
        return Kernel(_ends(run, timeout, starts), None, timed_out, over, over)
    ended, failed = (_ends(time, timeout, starts) for time in (run, failure))
    return Kernel(ended, failed, timed_out, over, _over(failure, timeout))


def _ends(time: Duration, timeout: int | None, starts: Sequence[tuple[float, float]]) -> Lags:
    """Return the whole minutes from the minute of the start to the end, for times up to the timeout."""
    if time.spread is None and len(starts) == 1:
        end = round(starts[0][0] + time.median, 9)
        early = end != int(end) or not end
        return Lags(np.array([int(end)]), np.ones(1), early)
    over = _over(time, timeout)
    slowest = _slowest(time) if timeout is None else min(_slowest(time), timeout)
    bounds = np.arange(math.ceil(slowest) + 2)
    shares = np.zeros(len(bounds) - 1)
    for start, share in starts:
        reached = np.array([_up_to(time, bound - start, timeout) for bound in bounds.tolist()])
        reached[-1] = 1 - over  # the tail
        shares += share * np.diff(reached)
    if over == 1:
        shares[-1] = 1
    return _merged(bounds[:-1], shares, early=True)


def _over(time: Duration, timeout: int | None) -> float:
    """Return the share of times beyond the timeout. An execution that takes exactly as long has not timed out."""
    return 0.0 if timeout is None else 1 - _up_to(time, timeout)


def _up_to(time: Duration, minutes: float, timeout: int | None = None) -> float:
    """Return the share of times of at most this many minutes, and of at most the timeout."""
    if timeout is not None:
        minutes = min(minutes, timeout)
    if time.spread is None:
        return float(time.median <= minutes)
    return float(_below(time.median, time.spread, np.array([minutes]))[0])


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
