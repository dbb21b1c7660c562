"""Times as lags in whole minutes: in how many minutes, with which share, something that begins now ends.

What ends at the exact time t belongs to the minute floor(t), and is reported in it. It is counted, for abort criteria,
rates and retries, in the first minute that isn't before t; but what takes no time, in the minute after the one in which
it began and ended, for that minute's completions were counted before. So what ends at a whole minute after its start is
counted in the minute in which it is reported, and all else one minute later: `early` says so.
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
    """Whole minutes in order, and the share of each; shares add up to 1. `early`: reported before it is counted."""

    minutes: NDArray[np.int64]
    shares: Floats
    early: bool = False


@dataclass(frozen=True)
class Kernel:
    """What becomes of an execution that begins in a minute: it ends by itself after `ended`, or times out.

    `over` is the share of run times beyond the timeout; those and the hanging ones take `timed_out`, which is None
    without a timeout.
    """

    ended: Lags
    timed_out: Lags | None
    over: float


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
    """The share of run times beyond the timeout; what takes exactly as long has not timed out."""
    return 0.0 if timeout is None else 1 - _up_to(run, timeout)


def _fractions(delay: Duration) -> list[tuple[float, float]]:
    """The fraction of a minute that a delay has beyond whole minutes, with shares."""
    if delay.spread is None:
        return [(round(delay.median % 1, 9), 1.0)]
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

    slowest: float = time.median * time.spread ** NormalDist().inv_cdf(1 - TAIL)
    return min(slowest, 10 * 10080)


def _merged(lags: NDArray[np.int64], shares: Floats, *, early: bool = False) -> Lags:
    """Those lags that have a share, no more than `MOST_LAGS` of them; the shares add up to 1."""
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
