"""Lanes, runs beside each other: what came of each, and how the first one is logged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iot_jobs.forecast.durations import Floats

MARGIN = 1e-5
"""Executions: what a comparison of two counts takes for a rounding error."""

SHARE_MARGIN = 1e-8
"""The same for a failure share, in ten-thousandths of an execution for each completed one; 0.5 in all at most."""

COLUMNS = (
    *("minute", "rate", "released", "aborted", "notified", "begun", "canceled", "retries"),
    *("succeeded", "failed", "rejected", "timed_out", "harmed", "done"),
)
"""The log of the first lane, one row for each minute that was looked at. What ends is there in its own minute."""

ADDED = np.array([name not in ("rate", "released", "aborted") for name in COLUMNS])
"""Which columns are sums from creation on."""


@dataclass(frozen=True)
class Lanes:
    """What came of each lane.

    `minute` is that of the abort, infinite where none fires; `notified`, `harmed` and `in_flight` hold then, or at the
    end.
    """

    minute: Floats
    notified: Floats
    harmed: Floats
    in_flight: Floats
    harmed_final: Floats
    executions: Floats
    retries: Floats


def figure(value: float) -> float:
    """An expected value to three digits after the point; a whole one as an integer."""
    rounded = round(float(value), 3)
    return int(rounded) if rounded.is_integer() else rounded
