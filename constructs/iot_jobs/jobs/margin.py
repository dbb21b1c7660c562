"""The margin of a job: the failures left until one of its abort criteria cancels it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from iot_jobs.jobs.job import Counts


class Margin(NamedTuple):
    """One abort criterion and the executions that it counts.

    `completed` are all executions that have ended, `failed` those of the criterion's failure type.
    """

    failure_type: str
    threshold_percentage: Decimal
    minimum: int
    failed: int
    completed: int

    @property
    def needed(self) -> int:
        """The further failures in a row after which the criterion is met: 0 if it is met now, `NEVER` if none suffice.

        With x more, `completed + x` have to reach the minimum, and `failed + x` the percentage of them. In hundredths
        of a percent all numbers are whole, and the smallest x is exact. Assumed: a criterion is met at its percentage,
        and every completed execution counts, whatever its status.
        """
        to_minimum = self.minimum - self.completed
        hundredths = int(self.threshold_percentage * 100)
        short = hundredths * self.completed - 10_000 * self.failed
        if short <= 0:
            return max(0, to_minimum)
        if hundredths >= 10_000:  # successes before it can't be outweighed
            return NEVER
        return max(0, to_minimum, -(-short // (10_000 - hundredths)))


NEVER = -1
"""The margin of a criterion of 100 % that a completed execution of another kind keeps from being met."""


def margins(members: Mapping[str, Any], counts: Counts) -> tuple[Margin, ...]:
    """Return the margin of each abort criterion of a job, in the job's order."""
    criteria = (members.get("abort") or {}).get("criteria") or ()
    return tuple(
        Margin(
            failure_type=criterion["failure_type"],
            threshold_percentage=Decimal(str(criterion["threshold_percentage"])),
            minimum=criterion["min_number_of_executed_things"],
            failed=counts.of(criterion["failure_type"]),
            completed=counts.completed,
        )
        for criterion in criteria
    )
