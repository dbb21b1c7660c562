"""Abort criteria over lanes: whether one is met, and for how long none will be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.lanes import MARGIN, SHARE_MARGIN, whole_steps
from iot_jobs.forecast.plan import Criterion

_NEAR = 0.5
"""Ten-thousandths of an execution: within this distance of a threshold no minute is skipped."""


class AbortCriteria:
    """The abort criteria of a plan. `completed` holds the completed executions by outcome and lane.

    Shares are compared in ten-thousandths of an execution, in which whole numbers of failures and hundredths of a
    percent stay whole. `_distances` has the two sides of the comparison; `met` decides whether equality counts.
    """

    def __init__(self, criteria: Sequence[Criterion], *, comparison: str) -> None:
        """`comparison` is `>=` where a criterion is met at its threshold, else `>`."""
        self.meets_at_threshold = comparison == ">="
        self.weights = np.array(
            [
                [10_000.0 * (outcome in criterion.failures) - criterion.hundredths for outcome in range(4)]
                for criterion in criteria
            ]
        ).reshape(-1, 4)
        self.minimums = np.array([[criterion.minimum - MARGIN] for criterion in criteria])

    def met(self, completed: Floats) -> NDArray[np.bool_]:
        """Return for each lane whether any criterion is met."""
        if not len(self.weights):
            return np.zeros(completed.shape[1], dtype=bool)
        missing, short = self._distances(completed)
        margin = np.minimum(_NEAR, SHARE_MARGIN * completed.sum(axis=0))
        reached = short <= margin if self.meets_at_threshold else short < -margin
        met: NDArray[np.bool_] = ((missing <= 0) & reached).any(axis=0)
        return met

    def minutes_unmet(self, completed: Floats, per_minute: Floats) -> float:
        """Return for how many minutes no criterion is met in any lane, when `per_minute` complete in each."""
        if not len(self.weights):
            return np.inf
        missing, short = self._distances(completed)
        still_missing, still_short = self._distances(completed + per_minute)
        waits = missing > 0
        distance = np.where(waits, missing, short - _NEAR)
        return whole_steps(distance, np.where(waits, missing - still_missing, short - still_short))

    def _distances(self, completed: Floats) -> tuple[Floats, Floats]:
        """Return what each criterion still needs: completed executions, and ten-thousandths of a failure."""
        return self.minimums - completed.sum(axis=0), -(self.weights @ completed)
