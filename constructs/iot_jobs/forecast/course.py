"""The course of rollouts drawn at random: the band in which 90 % of them are, over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from iot_jobs.forecast.durations import Floats

MOST_MOMENTS = 512
"""Maximum number of minutes in a course, and in a record of it, so that both are small however long the rollout."""
_SHARES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Band:
    """The counts that 5, 50 and 95 % of rollouts don't exceed, each the count of one rollout."""

    p5: int
    p50: int
    p95: int


@dataclass(frozen=True)
class Moment:
    """Things notified, and executions that succeeded and failed, from creation to the end of this minute."""

    minute: int
    notified: Band
    succeeded: Band
    failed: Band


class Record:
    """The counts of several rollouts by minute: of each noted minute, or each second, fourth... in a long rollout."""

    def __init__(self) -> None:
        self.minutes: list[int] = []
        self.counts: list[Floats] = []
        self.noted, self.step = 0, 1
        self.last: tuple[int, Floats] | None = None

    def note(self, minute: int, counts: Floats) -> None:
        """Record an array of counts by name (those of `Moment`) and rollout. Minutes come in order."""
        self.last = minute, counts
        if self.noted % self.step == 0:
            self.minutes.append(minute)
            self.counts.append(counts)
            if len(self.minutes) == MOST_MOMENTS:
                del self.minutes[1::2], self.counts[1::2]
                self.step *= 2
        self.noted += 1

    def all(self) -> tuple[list[int], Floats]:
        """Return the recorded minutes, always with the last one, and their counts in an array."""
        minutes, counts = self.minutes, self.counts
        if self.last is not None and self.last[0] != minutes[-1]:
            minutes, counts = [*minutes, self.last[0]], [*counts, self.last[1]]
        return minutes, np.array(counts)


def course(records: Sequence[Record]) -> tuple[Moment, ...]:
    """Return the course of the rollouts in all records, without minutes that change nothing."""
    recorded = [record.all() for record in records]
    minutes = np.unique(np.concatenate([noted for noted, _ in recorded]))
    minutes = minutes[np.unique(np.linspace(0, len(minutes) - 1, MOST_MOMENTS).round().astype(int))]
    # Between two of its minutes, a rollout stays as it was in the first.
    rows = [counts[np.searchsorted(noted, minutes, side="right") - 1] for noted, counts in recorded]
    counts = np.concatenate(rows, axis=2)
    ranks = [math.ceil(share * counts.shape[2]) - 1 for share in _SHARES]
    bands = np.partition(counts, ranks, axis=2)[:, :, ranks].astype(int)
    changed = np.append(True, (bands[1:] != bands[:-1]).any(axis=(1, 2)))
    return tuple(_moments(minutes[changed].tolist(), bands[changed].tolist()))


def _moments(minutes: Sequence[int], bands: Sequence[Sequence[Sequence[int]]]) -> Iterator[Moment]:
    for minute, (notified, succeeded, failed) in zip(minutes, bands, strict=True):
        yield Moment(minute, Band(*notified), Band(*succeeded), Band(*failed))


def peaks(
    minutes: Sequence[float] | Floats, values: Sequence[float] | Floats, spans: Sequence[tuple[float, float]]
) -> list[float]:
    """Return the largest value in each span of minutes, from its first up to, not including, its second.

    A value holds from its minute until the next one. The first minute is 0, and spans begin there or later.
    """
    held = np.asarray(values)
    lows, highs = np.array(spans, dtype=float).reshape(-1, 2).T
    first = np.searchsorted(minutes, lows, side="right") - 1
    last = np.maximum(np.searchsorted(minutes, highs, side="left"), first + 1)
    return [float(held[low:high].max()) for low, high in zip(first, last, strict=True)]
