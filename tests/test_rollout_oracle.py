"""The rollout's oracle against cases worked out by hand; each expected list names the first minutes."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from tests.oracles.rollout_simpy import (
    ALL,
    ENDINGS,
    FAILED,
    REJECTED,
    SUCCEEDED,
    TIMED_OUT,
    Criterion,
    Devices,
    Outcome,
    Rollout,
    fires,
    minute_reached,
    rate,
    simulate,
)

ALL_FAIL = Devices(failure_rate=1)
WINDOWS = ((0, 2), (10, 12))


def run(rollout: Rollout, devices: Devices | None = None, *, seed: int = 1, horizon: int = 60) -> Outcome:
    return simulate(rollout, devices or Devices(), seed=seed, horizon=horizon)


def exactly(minutes: float) -> tuple[float, None]:
    return minutes, None


def after(failure: str, percent: str, minimum: int) -> tuple[Criterion, ...]:
    return ((failure, Decimal(percent), minimum),)


def test_constant() -> None:
    """10 things at 3 a minute are done at once, in minutes 0 to 3, and nothing else happens."""
    assert run(Rollout(things=10, maximum=3), horizon=5) == Outcome(
        released=[3, 3, 3, 1, 0],
        notified=[3, 6, 9, 10, 10],
        queued=[0, 0, 0, 0, 0],
        in_progress=[0, 0, 0, 0, 0],
        succeeded=[3, 6, 9, 10, 10],
        failed=[0, 0, 0, 0, 0],
        rejected=[0, 0, 0, 0, 0],
        timed_out=[0, 0, 0, 0, 0],
        done=[3, 6, 9, 10, 10],
        executions=10,
        retries=0,
        canceled=0,
        abort_minute=None,
        notified_at_abort=None,
        harmed=0,
        in_flight=0,
        harmed_final=0,
    )


def test_delays() -> None:
    """A thing is QUEUED for its start delay and IN_PROGRESS for its run time, each counted at a minute's end."""
    done = run(Rollout(things=2, maximum=1), Devices(start_delay=exactly(2), run_time=exactly(3)), horizon=8)
    assert done.queued == [1, 2, 1, 0, 0, 0, 0, 0]
    assert done.in_progress == [0, 0, 1, 2, 2, 1, 0, 0]
    assert done.done == [0, 0, 0, 0, 0, 1, 2, 2]


def test_fractions_of_a_minute() -> None:
    """What ends at a fractional time is reported in the minute that holds it."""
    devices = Devices(start_delay=exactly(1.75), run_time=exactly(1.5))
    done = run(Rollout(things=1), devices, horizon=5)
    assert (done.queued, done.in_progress, done.done) == ([1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1])


@pytest.mark.parametrize(
    ("percent", "of", "expected"),
    [(50, 10, 1), (60, 10, 1), (61, 10, 2), (90, 10, 2), (91, 10, 3), (100, 10, 3), (100, 11, None), (1, 10, 0)],
)
def test_minute_reached(percent: int, of: int, expected: int | None) -> None:
    """A share is reached in the first minute that has it, and maybe never."""
    assert minute_reached([3, 6, 9, 10, 10], percent=percent, of=of) == expected


def ramp(
    things: int, maximum: int, base: int, factor: str, *, notified: int | None = None, succeeded: int | None = None
) -> Rollout:
    return Rollout(things, maximum, base, Decimal(factor), notified, succeeded)


@pytest.mark.parametrize(
    ("rollout", "released"),
    [
        # the AWS guide's 50, 100, 200, 400, and on to the maximum; minute 37 overshoots 4000 by 200
        (
            ramp(10_000, 1000, 50, "2", notified=1000),
            [*[50] * 20, *[100] * 10, *[200] * 5, *[400] * 3, 800, *[1000] * 5],
        ),
        # several thresholds crossed by one batch are several rises: 20 notified is k = 4
        (ramp(50, 20, 5, "3", notified=5), [5, 15, 20, 10]),
        # 25 x 1.4 is 35, x 1.4 is 49 and not 48, and 109 notified is k = 4: 96.04
        (ramp(300, 1000, 25, "1.4", notified=25), [25, 35, 49, 96, 95]),
        # a fraction of a thing is never rounded up: 5.5, 6.05, 6.655
        (ramp(23, 1000, 5, "1.1", notified=5), [5, 5, 6, 6, 1]),
        # one below the threshold, and on it
        (ramp(40, 1000, 9, "2", notified=10), [9, 9, 18, 4]),
        (ramp(40, 1000, 10, "2", notified=10), [10, 20, 10]),
        # a base at and above the maximum, a threshold above the fleet
        (ramp(25, 10, 10, "2", notified=1), [10, 10, 5]),
        (ramp(25, 10, 20, "2", notified=1), [10, 10, 5]),
        (ramp(25, 100, 10, "2", notified=26), [10, 10, 5]),
        # successes of the minute itself come after its batch
        (ramp(70, 1000, 10, "2", succeeded=10), [10, 20, 40]),
    ],
)
def test_rates(rollout: Rollout, released: list[int]) -> None:
    """A batch is as large as the counter before it says, exactly."""
    assert run(rollout, horizon=len(released) + 1).released == [*released, 0]


def test_a_rate_after_very_many_rises() -> None:
    """The maximum holds, and is found without a power of millions."""
    assert rate(ramp(1, 1000, 1, "1.1", notified=1), notified=10**7, succeeded=0) == 1000


def test_a_ramp_by_successes_waits_for_slow_devices() -> None:
    """The rate rises when successes are in, not when things are notified, and never where nothing succeeds."""
    rollout = ramp(200, 100, 10, "2", succeeded=10)
    slow = Devices(run_time=exactly(3))
    assert run(rollout, slow, horizon=9).released == [10, 10, 10, 20, 40, 80, 30, 0, 0]
    assert run(rollout, ALL_FAIL, horizon=21).released == [*[10] * 20, 0]


def aborted(outcome: Outcome) -> tuple[int | None, int | None, int, int, int, int]:
    return (
        outcome.abort_minute,
        outcome.notified_at_abort,
        outcome.harmed,
        outcome.in_flight,
        outcome.harmed_final,
        outcome.canceled,
    )


@pytest.mark.parametrize(
    ("start_delay", "run_time", "expected"),
    [
        # 10 end in minute 0, after its evaluation; 20 are seen in minute 2, the first with 15
        (0, 0, (2, 20, 20, 0, 20, 0)),
        # what runs for less than a minute is seen in the same minute as what runs for none
        (0, 0.5, (2, 20, 20, 0, 20, 0)),
        (0, 1, (2, 20, 20, 0, 20, 0)),
        # 0 to 2 are released and the first two batches ended; the third runs on, and fails
        (0, 2, (3, 30, 20, 10, 30, 0)),
        (0, 3, (4, 40, 20, 20, 40, 0)),
        # the last batch is ready in the abort's minute, after the abort
        (1, 2, (4, 40, 20, 10, 30, 10)),
        (3, 0, (5, 50, 20, 0, 20, 30)),
    ],
)
def test_abort(start_delay: float, run_time: float, expected: tuple[int, ...]) -> None:
    """After an abort nothing is released, what is queued is canceled, and what is in progress ends as it will."""
    devices = Devices(failure_rate=1, start_delay=exactly(start_delay), run_time=exactly(run_time))
    done = run(Rollout(things=100, maximum=10, criteria=after(FAILED, "50", 15)), devices)
    assert aborted(done) == expected
    assert (done.notified[-1], done.queued[-1], done.in_progress[-1]) == (expected[1], 0, 0)
    assert done.executions == done.failed[-1] + done.canceled


@pytest.mark.parametrize(
    ("percent", "minimum", "succeeded", "failed", "expected"),
    [
        ("10", 10, 9, 1, True),
        ("10", 10, 10, 1, False),
        ("10.01", 10, 9, 1, False),
        ("10", 11, 9, 1, False),
        ("0.07", 1, 9993, 7, True),  # 0.07 * 10000 is above 700 in floats
        ("0.07", 1, 9994, 7, False),
        ("33.33", 1, 2, 1, True),
        ("33.34", 1, 2, 1, False),
        ("100", 1, 0, 1, True),
        ("100", 1, 1, 99, False),
        ("0.01", 1, 1, 0, False),
        ("10", 1, 0, 0, False),
    ],
)
def test_exact_percentages(percent: str, minimum: int, succeeded: int, failed: int, expected: bool) -> None:
    """A criterion fires on its exact percentage and its exact minimum, and not just below."""
    ended = dict.fromkeys(ENDINGS, 0) | {SUCCEEDED: succeeded, FAILED: failed}
    assert fires((FAILED, Decimal(percent), minimum), ended) is expected
    assert fires((ALL, Decimal(percent), minimum), ended) is expected


def test_failure_types_count_their_own() -> None:
    """A type counts its own failures among all executions that ended; ALL counts the three failures."""
    ended = {SUCCEEDED: 40, FAILED: 30, REJECTED: 20, TIMED_OUT: 10}
    for kind, percent in ((FAILED, 30), (REJECTED, 20), (TIMED_OUT, 10), (ALL, 60)):
        assert fires((kind, Decimal(percent), 100), ended)
        assert not fires((kind, percent + Decimal("0.01"), 100), ended)


@pytest.mark.parametrize(
    ("criteria", "devices"),
    [
        (after(FAILED, "1", 11), ALL_FAIL),  # more than there are things
        (after(REJECTED, "1", 1), ALL_FAIL),
        (after(FAILED, "1", 1), Devices(reject_rate=1)),
        (after(TIMED_OUT, "1", 1), Devices(hang_rate=1)),  # without a timeout
        (after(ALL, "0.01", 1), Devices()),
        (after(ALL, "0.01", 1), Devices(failure_rate=1, offline_rate=1)),
    ],
)
def test_a_criterion_that_cannot_fire(criteria: tuple[Criterion, ...], devices: Devices) -> None:
    """Everything is released."""
    done = run(Rollout(things=10, maximum=3, criteria=criteria), devices)
    assert (done.abort_minute, done.notified_at_abort, done.notified[-1]) == (None, None, 10)


def test_retries_make_a_minimum_above_the_fleet_reachable() -> None:
    """Completed executions are counted, not things: 10 things fail twice, which makes 20."""
    rollout = Rollout(things=10, criteria=after(FAILED, "100", 20), retries=((FAILED, 1),))
    assert aborted(run(rollout, ALL_FAIL)) == (2, 10, 10, 0, 10, 0)


def test_any_criterion_aborts() -> None:
    """The second fires where the first does not."""
    criteria = (*after(FAILED, "1", 1), *after(REJECTED, "100", 10))
    assert run(Rollout(things=20, maximum=5, criteria=criteria), Devices(reject_rate=1)).abort_minute == 2


def test_abort_with_nothing_left_to_stop() -> None:
    """The minute after the last execution ended is still evaluated."""
    done = run(Rollout(things=5, criteria=after(FAILED, "100", 5)), ALL_FAIL)
    assert aborted(done) == (1, 5, 5, 0, 5, 0)
    assert done.done[0] == 5


def test_windows() -> None:
    """Batches leave in windows, and a ready device in a closed one starts at the next opening, before which it waits."""
    devices = Devices(start_delay=exactly(1))
    done = run(Rollout(things=10, maximum=3, windows=WINDOWS), devices, horizon=14)
    assert done.released == [3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0]
    assert done.done == [0, *[3] * 9, 6, 9, 9, 9]
    assert done.queued == [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1]
    assert (done.in_flight, done.canceled) == (1, 0)


def test_windows_leave_executions_alone() -> None:
    """What is in progress ends in a closed window; a fractional time is in the window of its minute."""
    devices = Devices(start_delay=exactly(0.5), run_time=exactly(2))
    done = run(Rollout(things=2, maximum=1, windows=WINDOWS), devices, horizon=5)
    assert (done.in_progress, done.done) == ([1, 2, 1, 0, 0], [0, 0, 1, 2, 2])


@pytest.mark.parametrize(
    ("windows", "released"),
    [
        ((), [0, 0, 0, 0, 0]),
        (((1, 1),), [0, 0, 0, 0, 0]),
        (((1, 2), (2, 3)), [0, 3, 3, 0, 0]),
        (((4, 99),), [0, 0, 0, 0, 3]),
        (None, [3, 3, 3, 1, 0]),
    ],
)
def test_window_edges(windows: tuple[tuple[int, int], ...] | None, released: list[int]) -> None:
    """A window holds its first minute and not its last, may adjoin another one, and may be longer than the run."""
    assert run(Rollout(things=10, maximum=3, windows=windows), horizon=5).released == released


def test_abort_in_a_closed_window() -> None:
    """The criteria are evaluated in every minute, and what waits for a window is canceled."""
    devices = Devices(failure_rate=1, start_delay=exactly(1), run_time=exactly(3))
    done = run(Rollout(things=99, maximum=3, windows=WINDOWS, criteria=after(FAILED, "1", 1)), devices)
    assert aborted(done) == (4, 6, 3, 0, 3, 3)


@pytest.mark.parametrize(
    ("retries", "devices", "ended", "tries"),
    [
        ((), ALL_FAIL, 0, 1),
        (((FAILED, 0),), ALL_FAIL, 0, 1),
        (((FAILED, 2),), ALL_FAIL, 2, 3),
        (((ALL, 2),), ALL_FAIL, 2, 3),
        (((TIMED_OUT, 2),), ALL_FAIL, 0, 1),
        (((FAILED, 2),), Devices(failure_rate=1, run_time=exactly(1)), 3, 3),
        (((FAILED, 2),), Devices(failure_rate=1, start_delay=exactly(1)), 5, 3),  # the delay holds for each try
        (((FAILED, 2),), Devices(failure_rate=1, run_time=exactly(1.5)), 5, 3),  # 0 to 1.5, 2 to 3.5, 4 to 5.5
        (((ALL, 2),), Devices(reject_rate=1), 0, 1),
        (((FAILED, 3), (TIMED_OUT, 1)), Devices(hang_rate=1), 10, 2),
        (((ALL, 1),), Devices(hang_rate=1), 10, 2),
        (((FAILED, 3),), Devices(hang_rate=1), 5, 1),
        (((FAILED, 2),), Devices(failing_share=1.0, hang_rate=0.5, reject_rate=0.5), 2, 3),
        (((FAILED, 2),), Devices(failure_rate=1, run_time=exactly(9), failure_time=exactly(1)), 3, 3),
        (((FAILED, 2),), Devices(failure_rate=1, failures_stick=1), 2, 3),
    ],
)
def test_retries(retries: tuple[tuple[str, int], ...], devices: Devices, ended: int, tries: int) -> None:
    """A failure is retried as often as its type allows, in the minute that sees it, and its thing is done after that."""
    done = run(Rollout(things=4, retries=retries, timeout_minutes=5), devices)
    assert minute_reached(done.done, percent=100, of=4) == ended
    assert done.done[:ended] == [0] * ended
    assert (done.executions, done.retries) == (4 * tries, 4 * (tries - 1))
    assert done.harmed == (4 if done.failed[-1] else 0)  # things and not executions


def test_retries_wait_for_windows() -> None:
    """A failure seen in a closed window is queued again when the next one opens, and not before."""
    rollout = Rollout(things=2, windows=((0, 2), (10, 12), (20, 22)), retries=((FAILED, 2),))
    done = run(rollout, Devices(failure_rate=1, run_time=exactly(2)), horizon=24)
    assert done.queued == [0] * 24
    assert done.failed == [*[0] * 2, *[2] * 10, *[4] * 10, *[6] * 2]
    assert done.done == [*[0] * 22, 2, 2]


@pytest.mark.parametrize(
    ("windows", "executions", "canceled"),
    [
        (None, 20, 10),  # queued by step 1 of the minute of the abort
        (((0, 1), (5, 9)), 10, 0),  # never queued
        (((0, 1), (1, 9)), 20, 10),
    ],
)
def test_an_abort_ends_retries(windows: tuple[tuple[int, int], ...] | None, executions: int, canceled: int) -> None:
    """A retry is owed by what fails up to the abort: canceled if it is queued, and its thing is not done."""
    rollout = Rollout(things=10, windows=windows, criteria=after(FAILED, "100", 10), retries=((FAILED, 3),))
    done = run(rollout, ALL_FAIL)
    assert aborted(done) == (1, 10, 10, 0, 10, canceled)
    assert (done.executions, done.failed[-1], done.done[-1]) == (executions, 10, 0)


def test_no_retries_after_an_abort() -> None:
    """What is in progress at the abort is done when it ends, however it does."""
    rollout = Rollout(things=20, maximum=10, criteria=after(FAILED, "100", 10), retries=((FAILED, 3),))
    done = run(rollout, Devices(failure_rate=1, run_time=exactly(2)))
    assert aborted(done) == (2, 20, 10, 10, 20, 10)
    assert done.done == [0, 0, 0, *[10] * 57]


def test_offline() -> None:
    """An offline thing is notified, stays QUEUED, and is canceled by an abort."""
    done = run(Rollout(things=7, timeout_minutes=1), Devices(offline_rate=1), horizon=9)
    assert (done.notified[0], done.queued, done.done[-1], done.in_flight) == (7, [7] * 9, 0, 7)
    mixed = Rollout(things=100, maximum=10, criteria=after(FAILED, "100", 1))
    stopped = run(mixed, Devices(failure_rate=1, offline_rate=0.5))
    assert stopped.abort_minute == 1
    assert stopped.harmed + stopped.canceled == 10
    assert (stopped.in_flight, stopped.queued[-1]) == (0, 0)


@pytest.mark.parametrize(
    ("timeout", "devices", "ended", "timed_out"),
    [
        (None, Devices(hang_rate=1), None, False),
        (5, Devices(hang_rate=1), 5, True),
        (5, Devices(hang_rate=1, run_time=exactly(3)), 5, True),
        (5, Devices(hang_rate=1, start_delay=exactly(3)), 8, True),  # from the start, not from the notification
        (5, Devices(run_time=exactly(5)), 5, False),
        (5, Devices(run_time=exactly(5.5)), 5, True),
        (5, Devices(failure_rate=1, run_time=exactly(6)), 5, True),
        (5, Devices(failure_rate=1, failure_time=exactly(5.5)), 5, True),
        (5, Devices(failure_rate=1, run_time=exactly(6), failure_time=exactly(5)), 5, False),
        (5, Devices(run_time=exactly(3), failure_time=exactly(6)), 3, False),
        (5, Devices(reject_rate=1, run_time=exactly(3), failure_time=exactly(1)), 3, False),
        (None, Devices(run_time=exactly(6)), 6, False),
    ],
)
def test_timeouts(timeout: int | None, devices: Devices, ended: int | None, timed_out: bool) -> None:
    """What hangs or runs too long times out that many minutes after its start, and without a timeout hangs for ever."""
    done = run(Rollout(things=3, timeout_minutes=timeout), devices)
    assert minute_reached(done.done, percent=100, of=3) == ended
    assert done.timed_out[-1] == (3 if timed_out else 0)
    assert done.in_progress[-1] == done.in_flight == (3 if ended is None else 0)


@pytest.mark.parametrize("seed", range(20))
def test_conservation(seed: int) -> None:
    """In each minute every execution is in one state, and no thing is lost, whatever happens."""
    rollout = Rollout(
        things=300,
        maximum=50,
        base=5,
        factor=Decimal("1.3"),
        notified_threshold=20,
        windows=((0, 20), (40, 60)) if seed % 2 else None,
        criteria=after(ALL, "40", 100) if seed % 3 else (),
        timeout_minutes=9,
        retries=((FAILED, 2), (TIMED_OUT, 1)) if seed % 4 else ((ALL, 2),),
    )
    devices = Devices(0.2, 0.1, 0.1, 0.1, (2, 2.0), (3, 1.5), 0.3 if seed % 5 else None)
    done = run(rollout, devices, seed=seed, horizon=200)
    assert done == run(rollout, devices, seed=seed, horizon=200)
    ended = done.succeeded[-1] + done.failed[-1] + done.rejected[-1] + done.timed_out[-1]
    assert done.executions == done.queued[-1] + done.in_progress[-1] + ended + done.canceled
    assert done.executions == done.notified[-1] + done.retries
    assert done.harmed <= done.harmed_final <= min(done.notified[-1], done.failed[-1])
    assert done.harmed_final <= done.harmed + done.in_flight
    assert done.retries <= 3 * done.notified[-1]
    counts: dict[str, Any] = {name: value for name, value in asdict(done).items() if isinstance(value, list)}
    assert all(min(numbers) >= 0 and len(numbers) == 200 for numbers in counts.values())
    for name in ("notified", "succeeded", "failed", "rejected", "timed_out", "done"):
        assert counts[name] == sorted(counts[name])
    if rollout.windows:
        assert not any(done.released[20:40] + done.released[60:])


def test_rates_of_devices() -> None:
    """Of many executions each share ends as its rate says, within four standard errors."""
    things = 20_000
    devices = Devices(failure_rate=0.2, reject_rate=0.1, hang_rate=0.05, offline_rate=0.3)
    done = run(Rollout(things=things, timeout_minutes=5), devices)
    online = things - done.queued[-1]
    for count, share, of in (
        (online, 0.7, things),
        (done.failed[-1], 0.2, online),
        (done.rejected[-1], 0.1, online),
        (done.timed_out[-1], 0.05, online),
    ):
        assert abs(count - share * of) < 4 * (of * share * (1 - share)) ** 0.5


@pytest.mark.slow
def test_failing_devices() -> None:
    """The failing share fails at every attempt, and the failure rate applies to the others at each attempt."""
    things, share, failures = 20_000, 0.25, 0.5
    rollout = Rollout(things=things, retries=((FAILED, 2),))
    done = run(rollout, Devices(failure_rate=failures, failing_share=share))
    expected = things * (share + (1 - share) * failures**3)
    assert abs(things - done.succeeded[-1] - expected) < 4 * (things * 0.25) ** 0.5
    assert abs(done.harmed - things * (share + (1 - share) * failures)) < 4 * (things * 0.25) ** 0.5


def test_sticky_failures() -> None:
    """A sticky device that fails once fails at every attempt; on the others each attempt is drawn afresh."""
    things, failures, sticky = 4000, 0.5, 0.25
    rollout = Rollout(things=things, retries=((FAILED, 2),))
    done = run(rollout, Devices(failure_rate=failures, failures_stick=sticky))
    expected = things * failures * (sticky + (1 - sticky) * failures**2)
    assert abs(things - done.succeeded[-1] - expected) < 4 * (things * 0.25) ** 0.5
    stuck = run(rollout, Devices(failure_rate=failures, failures_stick=1))
    assert stuck.retries == 2 * stuck.harmed


@pytest.mark.slow
def test_lognormal_times() -> None:
    """Half of the run times are below the median, and five in six below the median times the deviation."""
    done = run(Rollout(things=1), Devices(run_time=(0, 2.0)))
    assert done.done[0] == 1
    ends = []
    for seed in range(400):
        one = run(Rollout(things=1), Devices(run_time=(64, 2.0)), seed=seed, horizon=2000)
        ends.append(minute_reached(one.done, percent=100, of=1) or 0)
    assert statistics.median(ends) == pytest.approx(64, rel=0.15)
    assert sum(end < 128 for end in ends) / 400 == pytest.approx(0.841, abs=0.07)


def test_rates_above_one() -> None:
    """Shares of one draw can't sum to more than all."""
    with pytest.raises(ValueError, match="sum to more than 1"):
        Devices(failure_rate=0.6, reject_rate=0.3, hang_rate=0.2)
