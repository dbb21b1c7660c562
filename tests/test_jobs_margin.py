"""How far a job is from an abort, against a count that tries every number."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iot_jobs.jobs import NEVER, Counts, margins


def members(failure_type: str = "FAILED", percentage: float = 2.5, minimum: int = 200) -> dict[str, object]:
    """A job with one abort criterion."""
    criterion = {
        "failure_type": failure_type,
        "threshold_percentage": percentage,
        "min_number_of_executed_things": minimum,
        "action": "CANCEL",
    }
    return {"abort": {"criteria": [criterion]}}


def needed(counts: Counts, **criterion: object) -> int:
    (margin,) = margins(members(**criterion), counts)  # type: ignore[arg-type]
    return margin.needed


@pytest.mark.parametrize(
    ("failed", "succeeded", "expected"),
    [
        (0, 0, 200),  # all that is missing are executions
        (0, 199, 6),  # the sixth makes 6 of 205, 2.93 %; the fifth made 5 of 204, 2.45 %
        (4, 195, 1),  # 5 of 200 is 2.5 %
        (3, 196, 3),  # 6 of 202 is 2.97 %, and 5 of 201 is 2.49 %
        (5, 194, 1),  # 5 of 199 is enough, and one execution is missing
        (5, 195, 0),  # exactly 2.5 % of exactly 200
        (5, 196, 1),
        (7, 205, 0),
        (6, 206, 0),
        (4, 208, 2),
    ],
)
def test_margin(failed: int, succeeded: int, expected: int) -> None:
    """At, below and above the percentage and the number of executions."""
    assert needed(Counts(failed=failed, succeeded=succeeded)) == expected


@pytest.mark.parametrize(("failure_type", "expected"), [("FAILED", 3), ("TIMED_OUT", 4), ("REJECTED", 5), ("ALL", 12)])
def test_failure_types(failure_type: str, expected: int) -> None:
    """A criterion counts its own type, ALL the three together; every execution that has ended is in the total."""
    counts = Counts(queued=9, in_progress=9, succeeded=1, failed=3, timed_out=4, rejected=5, removed=2, canceled=6)
    (margin,) = margins(members(failure_type), counts)
    assert (margin.failed, margin.completed) == (expected, 21)


def test_every_execution_has_to_fail() -> None:
    """A criterion of 100 % can be met until one execution ends otherwise, and then never."""
    assert needed(Counts(failed=3), percentage=100, minimum=5) == 2
    assert needed(Counts(failed=5), percentage=100, minimum=5) == 0
    assert needed(Counts(failed=5, succeeded=1), percentage=100, minimum=5) == NEVER


def test_no_criteria() -> None:
    """A job without criteria has no margins."""
    assert margins({}, Counts(failed=3)) == ()


@given(
    hundredths=st.integers(1, 10_000),
    minimum=st.integers(1, 40),
    failed=st.integers(0, 12),
    others=st.integers(0, 12),
)
@example(hundredths=9_999, minimum=1, failed=0, others=12)
@example(hundredths=10_000, minimum=20, failed=12, others=0)
def test_margin_is_the_smallest_number(hundredths: int, minimum: int, failed: int, others: int) -> None:
    """No smaller number of failures in a row meets the criterion, and this one does."""
    threshold = Fraction(hundredths, 100)

    def met(more: int) -> bool:
        completed = failed + others + more
        return completed >= minimum and Fraction(100 * (failed + more), completed) >= threshold

    found = needed(Counts(failed=failed, succeeded=others), percentage=hundredths / 100, minimum=minimum)
    if found == NEVER:
        assert hundredths == 10_000
        assert others
    else:
        assert met(found)
        assert not any(met(more) for more in range(max(0, found - 5000), found))
