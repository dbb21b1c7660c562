"""The state machine of a watch, without AWS, a clock or a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iot_jobs.jobs import Counts, Expected, Job, Plan, Purpose, State, Trouble, Verdict, gone, missed, saw, set_rate
from iot_jobs.jobs.rates import Rate

START = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ABORTED = "Abort criteria for failure type FAILED with threshold 2.50% met."


def job(status: str = "IN_PROGRESS", *, concurrent: Any = False, **values: Any) -> Job:
    """A job with these counts; all else is a member of `Job`, or of `members`."""
    counts = Counts(**{name: values.pop(name) for name in Counts._fields if name in values})
    own = {name: values.pop(name) for name in Job.__dataclass_fields__ if name in values}
    base: dict[str, Any] = {
        "job_id": "update",
        "arn": "arn:aws:iot:eu-west-1:123456789012:job/update",
        "targets": (),
        "created_at": START,
        "last_updated_at": START,
    }
    return Job(**base, status=status, counts=counts, is_concurrent=concurrent, members=values, **own)


def states(plan: Plan, *jobs: Job, every: timedelta = MINUTE) -> list[State]:
    """The states after these looks, one a minute."""
    found: list[State] = []
    for index, each in enumerate(jobs):
        found.append(saw(plan, found[-1] if found else None, each, (), START + index * every))
    return found


def verdict(plan: Plan, *jobs: Job) -> Verdict | None:
    return states(plan, *jobs)[-1].verdict


def phases(*jobs: Job) -> list[str]:
    return [state.phase for state in states(Plan(), *jobs)]


def test_phases_of_a_rollout() -> None:
    """A job waits, notifies, has notified all once two looks agree, and completes."""
    assert phases(
        job("SCHEDULED"),
        job(),  # begun, and nothing is counted yet
        job(queued=10, concurrent=True),
        job(queued=20),  # perhaps the next batch hasn't begun
        job(queued=19, succeeded=1),
        job(queued=18, succeeded=2, concurrent=True),
        job("COMPLETED", succeeded=20),
    ) == ["scheduled", "rolling out", "rolling out", "rolling out", "notified", "rolling out", "completed"]


def test_phases_between_windows() -> None:
    """SCHEDULED before anything was notified is before the start, and afterwards between two windows."""
    assert phases(
        job("SCHEDULED"), job(concurrent=True), job("SCHEDULED"), job("SCHEDULED", queued=5), job(concurrent=True, queued=9)
    ) == ["scheduled", "rolling out", "between windows", "between windows", "rolling out"]  # fmt: skip
    assert phases(job("SCHEDULED", succeeded=5)) == ["between windows"]  # a watch that begins there


def test_a_concurrent_job_waits_for_its_turn() -> None:
    """Where 500 jobs roll out at once, another is IN_PROGRESS and notifies nothing: not all are notified then."""
    assert phases(job(), job(), job()) == ["rolling out"] * 3


COMPLETED = job("COMPLETED", succeeded=97, failed=1, timed_out=1, rejected=1)
VERDICTS: list[tuple[str, Plan, list[Job], Verdict | None]] = [
    ("completed", Plan(), [COMPLETED], Verdict(0, "completed")),
    ("3 allowed", Plan(max_failed=3), [COMPLETED], Verdict(0, "completed")),
    ("2 allowed", Plan(max_failed=2), [COMPLETED], Verdict(1, "3 failed, more than the 2 allowed")),
    ("none allowed, none failed", Plan(max_failed=0), [job("COMPLETED", succeeded=9)], Verdict(0, "completed")),
    (
        "over it while it runs",
        Plan(max_failed=0),
        [job(failed=1, queued=9, concurrent=True)],
        Verdict(1, "1 failed, more than the 0 allowed", goes_on=True),
    ),
    ("still running", Plan(), [job(queued=9)] * 5, None),
    ("counters lag", Plan(), [job("COMPLETED", in_progress=1, succeeded=9)], None),
    ("counters stay behind", Plan(), [job("COMPLETED", in_progress=1)] * 2, Verdict(0, "completed")),
    ("one look isn't enough", Plan("notified"), [job(concurrent=True, queued=1), job(queued=9)], None),
    (
        "all notified",
        Plan("notified"),
        [job(concurrent=True, queued=1), job(queued=9), job(queued=9)],
        Verdict(0, "all things are notified", goes_on=True),
    ),
    ("all notified at once", Plan("notified"), [job(queued=9)], Verdict(0, "all things are notified", goes_on=True)),
    ("completed is notified", Plan("notified"), [COMPLETED], Verdict(0, "completed")),
    (
        "all notified, and failed",
        Plan("notified", max_failed=0),
        [job(queued=9, failed=1)],
        Verdict(1, "1 failed, more than the 0 allowed", goes_on=True),
    ),
    ("canceled, devices at it", Plan(), [job("CANCELED", in_progress=1, canceled=9)], None),
    ("canceled, queued to be canceled", Plan(), [job("CANCELED", queued=1, canceled=9)], None),
    ("canceled", Plan(), [job("CANCELED", canceled=9)], Verdict(1, "canceled")),
    (
        "canceled by somebody",
        Plan(),
        [job("CANCELED", reason_code="BAD_IMAGE", comment="see ticket 7")],
        Verdict(1, "canceled: BAD_IMAGE, see ticket 7"),
    ),
    (
        "aborted",
        Plan(),
        [job("CANCELED", reason_code="ABORT_CANCEL", comment=ABORTED, failed=5)],
        Verdict(1, f"aborted by its criteria: {ABORTED}"),
    ),
    ("being deleted", Plan(), [job("DELETION_IN_PROGRESS")] * 9, None),
    ("before the timeout", Plan(timeout=2 * MINUTE), [job(queued=1)] * 2, None),
    ("timeout", Plan(timeout=2 * MINUTE), [job(queued=1)] * 3, Verdict(3, "stopped watching at the timeout", goes_on=True)),
    ("timeout at the end", Plan(timeout=2 * MINUTE), [job(queued=1)] * 2 + [COMPLETED], Verdict(0, "completed")),
    (
        "timeout while devices are at it",
        Plan(timeout=MINUTE),
        [job("CANCELED", in_progress=31, comment="stop")] * 2,
        Verdict(1, "canceled: stop; 31 not finished yet", goes_on=True),
    ),
    ("timeout before the start", Plan(timeout=MINUTE), [job("SCHEDULED")] * 2,
     Verdict(3, "stopped watching at the timeout", goes_on=True)),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "jobs", "expected"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS])
def test_verdicts(plan: Plan, jobs: list[Job], expected: Verdict | None) -> None:
    """The watch ends for good in the last of these states, and in none before."""
    found = states(plan, *jobs)
    assert found[-1].verdict == expected
    assert [state.verdict for state in found[:-1]] == [None] * (len(jobs) - 1)


def test_no_answer() -> None:
    """A watch waits half an hour for an answer, from the first that it missed; what doesn't pass ends it at once."""
    (last,) = states(Plan(), job(queued=1))
    for minutes in (1, 15, 30):
        last = missed(Plan(), last, Trouble("throttled", passes=True), START + minutes * MINUTE)
        assert (last.verdict, last.trouble_since) == (None, START + MINUTE)
    over = missed(Plan(), last, Trouble("no connection", passes=True), START + 31 * MINUTE)
    assert over.verdict == Verdict(3, "no answer from AWS for 30 minutes: no connection", goes_on=True)
    refused = missed(Plan(), last, Trouble("not allowed", passes=False), START + 31 * MINUTE)
    assert refused.verdict == Verdict(3, "not allowed", goes_on=True)
    again = saw(Plan(), last, job(queued=2), (), START + 31 * MINUTE)
    assert (again.verdict, again.trouble, again.trouble_since) == (None, None, None)


def test_timeout_without_an_answer() -> None:
    """The timeout holds also while nobody answers."""
    plan = Plan(timeout=2 * MINUTE)
    (first,) = states(plan, job(queued=1))
    trouble = Trouble("throttled", passes=True)
    assert missed(plan, first, trouble, START + MINUTE).verdict is None
    assert missed(plan, first, trouble, START + 2 * MINUTE).verdict == Verdict(
        3, "stopped watching at the timeout", goes_on=True
    )


def test_deleted() -> None:
    """A job that is gone has ended badly."""
    (last,) = states(Plan(), job("DELETION_IN_PROGRESS"))
    assert gone(last, START + MINUTE).verdict == Verdict(1, "the job was deleted")


@pytest.mark.parametrize(
    ("plan", "scheduling", "selection", "expected"),
    [
        (Plan(), None, "CONTINUOUS", True),
        (Plan(), None, "SNAPSHOT", False),
        (Plan(), {"end_time": "2026-12-02T02:00"}, "CONTINUOUS", False),
        (Plan(), {"start_time": "2026-12-02T02:00"}, "CONTINUOUS", True),
        (Plan("notified"), None, "CONTINUOUS", False),
        (Plan(timeout=MINUTE), None, "CONTINUOUS", False),
    ],
)
def test_never_ends(plan: Plan, scheduling: Any, selection: str, expected: bool) -> None:
    """A continuous job without an end never completes, unless the watch has another end."""
    assert plan.never_ends(job(target_selection=selection, scheduling=scheduling)) is expected


def test_number_of_things() -> None:
    """It is what the start counted until all are notified, then what AWS counts; with retries that is too much."""
    plan = Plan(purpose=Purpose(things=100))
    running = [job(concurrent=True, queued=10), job(queued=98), job(queued=98)]
    assert [state.things for state in states(plan, *running)] == [100, 100, 98]
    assert [state.things for state in states(Plan(), *running)] == [None, None, 98]
    retried = [replace(each, members={"retry": {"criteria": []}, "x": 1}) for each in running]
    assert [state.things for state in states(plan, *retried)] == [100, 100, 100]


def test_time_left_is_that_of_the_forecast() -> None:
    """There is a time left while the job rolls out; not before, after, or without a forecast."""
    expected = Expected(100, 120, (10, 20, 30, 40, 50, 60, 70, 80, 90))
    plan = Plan(purpose=Purpose(things=10, expected=expected))
    looks = [job("SCHEDULED"), job(concurrent=True, queued=5, succeeded=5), job("CANCELED", in_progress=1)]
    left = [state.left for state in states(plan, *looks, every=50 * MINUTE)]
    assert left[0] is left[2] is None
    assert left[1] == pytest.approx((29, 71, 0))
    assert [state.left for state in states(Plan(), *looks)] == [None] * 3
    retried = job(concurrent=True, queued=10, failed=10)  # each of the ten has to run again
    assert states(plan, retried, retried, every=50 * MINUTE)[1].left == pytest.approx((29, 71, 0))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(), Rate(20, 100, 30, "notified")),
        (Counts(queued=99), Rate(20, 100, 30, "notified")),
        (Counts(queued=99, succeeded=1), Rate(30, 200, 45, "notified")),
        (Counts(succeeded=250), Rate(45, 300, 50, "notified")),
        (Counts(succeeded=300), Rate(50)),
        (Counts(succeeded=10**6), Rate(50)),
    ],
)
def test_set_rate(counts: Counts, expected: Rate) -> None:
    """A rate rises at each threshold, is rounded down (20, 30, 45, 67.5), and stays at the maximum."""
    exponential = {
        "base_rate_per_minute": 20,
        "increment_factor": 1.5,
        "rate_increase_criteria": {"number_of_notified_things": 100},
    }
    assert set_rate({"rollout": {"maximum_per_minute": 50, "exponential_rate": exponential}}, counts) == expected


def test_set_rate_without_a_rise() -> None:
    """A constant rate has no rise, and without a rollout it is AWS's own."""
    assert set_rate({"rollout": {"maximum_per_minute": 7}}, Counts()) == Rate(7)
    assert set_rate({}, Counts()) == Rate(1000)


def test_seen_rate() -> None:
    """The rate that is seen is that of the last five minutes; less than one says nothing."""
    rollout = [job(concurrent=True, queued=30 * minute) for minute in range(9)] + [job(queued=240)] * 7
    seen = [state.seen_per_minute for state in states(Plan(), *rollout)]
    assert seen[0] is None
    assert seen[1:9] == [30] * 8
    assert seen[9:] == [24, 18, 12, 6, 0, 0, 0]
    assert [state.seen_per_minute for state in states(Plan(), *rollout, every=timedelta(seconds=20))[:4]] == [
        None,
        None,
        None,
        90,
    ]


def test_a_week_of_watching() -> None:
    """Ten thousand looks take a moment, and what is kept of them stays small."""
    looks = [job(concurrent=True, queued=minute) for minute in range(7 * 24 * 60)]
    last = states(Plan(), *looks)[-1]
    assert (last.verdict, len(last.samples)) == (None, 6)
