"""What an action does, and what AWS would refuse, known before the call."""

from __future__ import annotations

from typing import Any

import pytest

from iot_jobs.jobs import (
    JOB_STATUSES,
    Execution,
    of_cancel,
    of_cancel_execution,
    of_delete,
    of_delete_execution,
    update_refused,
)
from tests.test_jobs_watch import START, job

NO_WAY_BACK = "a canceled job can't be resumed: to continue, start another job"
UNKNOWN = "things not yet notified never will be; how many is unknown"


@pytest.mark.parametrize(
    ("counts", "force", "things", "effects"),
    [
        ({}, False, None, ("0 queued executions are canceled", "no execution is in progress", UNKNOWN)),
        ({}, False, 1, ("0 queued executions are canceled", "no execution is in progress",
                        "1 thing will never be notified")),
        ({"queued": 1, "in_progress": 1}, False, 2,
         ("1 queued execution is canceled", "1 execution in progress runs to completion")),
        ({"queued": 1200, "in_progress": 2}, False, 2000,
         ("1,200 queued executions are canceled", "2 executions in progress run to completion",
          "798 things will never be notified")),
        ({"in_progress": 2, "succeeded": 9}, True, 3,
         ("0 queued executions are canceled",
          "2 executions in progress are canceled; devices keep working, and can no longer report the result")),
    ],
)  # fmt: skip
def test_effects_of_a_cancel(counts: dict[str, Any], force: bool, things: int | None, effects: tuple[str, ...]) -> None:
    """It says what happens to how many executions in which status, and what nobody can undo."""
    assert of_cancel(job(**counts), force=force, things=things).effects == (*effects, NO_WAY_BACK)


def refused(consequence: Any) -> bool:
    return consequence.refused is not None


@pytest.mark.parametrize("status", JOB_STATUSES)
def test_statuses(status: str) -> None:
    """Each status allows what AWS allows in it."""
    open_ = status in ("SCHEDULED", "IN_PROGRESS")
    ended = status in ("COMPLETED", "CANCELED")
    deleting = status == "DELETION_IN_PROGRESS"
    assert open_ + ended + deleting == 1
    assert refused(of_cancel(job(status), force=False)) == (not open_)
    assert refused(of_cancel(job(status), force=True)) == (not open_)
    assert refused(of_delete(job(status), force=False, deletions=0)) == (not ended)
    assert refused(of_delete(job(status), force=True, deletions=0)) == deleting
    assert (update_refused(job(status), {"description": "x"}) is None) == (status == "IN_PROGRESS")


@pytest.mark.parametrize(("deletions", "expected"), [(0, False), (9, False), (10, True), (11, True)])
def test_ten_deletions(deletions: int, expected: bool) -> None:
    """The eleventh deletion at a time is refused, also by force."""
    assert refused(of_delete(job("COMPLETED"), force=False, deletions=deletions)) == expected
    assert refused(of_delete(job("IN_PROGRESS"), force=True, deletions=deletions)) == expected


@pytest.mark.parametrize(
    ("status", "cancel", "cancel_by_force", "delete", "delete_by_force"),
    [
        ("QUEUED", True, True, True, True),
        ("IN_PROGRESS", False, True, False, True),
        *((status, False, False, True, True)
          for status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")),
    ],
)  # fmt: skip
def test_executions(status: str, cancel: bool, cancel_by_force: bool, delete: bool, delete_by_force: bool) -> None:
    """An execution in progress needs force, and one that has ended can't be canceled."""
    execution = Execution(
        job_id="update", thing="t", number=1, status=status, queued_at=START, started_at=None, last_updated_at=START
    )
    assert refused(of_cancel_execution(execution, force=False)) == (not cancel)
    assert refused(of_cancel_execution(execution, force=True)) == (not cancel_by_force)
    assert refused(of_delete_execution(execution, force=False)) == (not delete)
    assert refused(of_delete_execution(execution, force=True)) == (not delete_by_force)
    works = any("keeps working" in effect for effect in of_delete_execution(execution, force=True).effects)
    assert works == (status == "IN_PROGRESS")


def retry(**numbers: int) -> dict[str, Any]:
    criteria = [{"failure_type": name, "number_of_retries": number} for name, number in numbers.items()]
    return {"retry": {"criteria": criteria}}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (retry(FAILED=2), retry(FAILED=0), None),
        (retry(FAILED=0), retry(FAILED=0), None),
        (retry(FAILED=2, TIMED_OUT=1), retry(TIMED_OUT=0, FAILED=0), None),
        (retry(FAILED=2), retry(FAILED=1), "the retries for FAILED can only be set to 0"),
        (retry(FAILED=2), retry(FAILED=3), "the retries for FAILED can only be set to 0"),
        (retry(FAILED=2), retry(TIMED_OUT=0), "the failure types of its retries must stay FAILED"),
        (retry(FAILED=2, TIMED_OUT=1), retry(FAILED=0), "the failure types of its retries must stay FAILED, TIMED_OUT"),
        ({}, retry(FAILED=0), "it was created without retries, and none can be added"),
        ({}, {"rollout": None}, "a job's rollout can be replaced, but not removed"),
        ({}, {"rollout": {"maximum_per_minute": 1}}, None),
    ],
)
def test_updates(before: dict[str, Any], after: dict[str, Any], reason: str | None) -> None:
    """Retries can only be set to 0, for the failure types that there are; no member can be removed."""
    assert update_refused(job(**before), after) == reason


def test_update_between_windows() -> None:
    """A job between two windows can't be updated, and it says when it can."""
    reason = update_refused(job("SCHEDULED", openings=(START,)), {"description": "x"})
    assert reason is not None
    assert reason.endswith("; the next window opens at 2026-12-01 02:00 UTC")
