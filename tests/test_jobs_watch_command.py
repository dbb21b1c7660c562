"""`iot-jobs jobs watch` over answers of a fake AWS with its own clock: what it prints, how it ends, what it survives."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from iot_jobs.jobs import Counts, Execution, Expected, Job, Plan, Purpose, Trouble, margins, missed, saw
from iot_jobs.render import job_words
from iot_jobs.render import watch as render
from iot_jobs.render.region import Region
from tests.fake_iot import START, FakeIot, Refusal, described, execution, iot, over_time, summary, tags
from tests.test_jobs_margin import members as criterion
from tests.test_jobs_watch import job, states

__all__ = ["iot"]

ROOT = Path(__file__).resolve().parent.parent
ABORT = {
    "criteriaList": [
        {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 2.5, "minNumberOfExecutedThings": 200}
    ]
}
FORECAST = tags(
    template="firmware-update",
    environment="prod",
    things="100",
    forecast_p50_minutes="60",
    forecast_p95_minutes="80",
    forecast_course_minutes="6 12 18 24 30 36 42 48 54",
)
LOST = EndpointConnectionError(endpoint_url="https://iot.eu-west-1.amazonaws.com")
GOES_ON = "the job continues in AWS; to watch it again: iot-jobs jobs watch update\n"


def prepared(iot: FakeIot, *changes: tuple[float, Any], about: Any = FORECAST) -> FakeIot:
    """A service whose job is each of these from its minute on."""
    iot.answers |= {
        "DescribeJob": over_time(iot, *changes),
        "ListTagsForResource": about,
        "ListJobExecutionsForJob": lambda asked: {
            "executionSummaries": [summary(f"{asked['status'].lower()}-{index}", asked["status"]) for index in range(2)]
        },
        "DescribeJobExecution": lambda asked: execution(
            asked["thingName"], asked["thingName"].partition("-")[0].upper(),
            statusDetails={"detailsMap": {"reason": "no space"}},
        ),
    }  # fmt: skip
    return iot


def test_sentences(iot: FakeIot) -> None:
    """Without a terminal there is a sentence for each change, a heartbeat after 30 s of silence, and the failures last."""
    prepared(
        iot,
        (0, described(counts={"queued": 50}, abortConfig=ABORT)),
        (1, described(counts={"queued": 90, "succeeded": 8, "failed": 2}, abortConfig=ABORT)),
        (2, described(status="COMPLETED", counts={"succeeded": 98, "failed": 2}, abortConfig=ABORT)),
    )
    result = iot.run("watch", "update")
    assert result.exit_code == 0
    assert result.stdout == (
        "02:00:00 update: IN_PROGRESS, rolling out\n"
        "02:00:00 rate set to 50/min\n"
        "02:00:30 50 of 100 notified; 50 queued; 38 min to 1 h 20 min left (forecast; so far on time)\n"
        "02:01:00 2 more failed, 2 in all: failed-0 FAILED: reason=no space; failed-1 FAILED: reason=no space\n"
        "02:01:00 FAILED 2.5 % of 200 or more: 2 of 10; fires after 190 more in a row\n"
        "02:01:00 100 of 100 notified; 90 queued, 8 succeeded, 2 failed; "
        "5 min to 1 h 15 min left (forecast; so far 5 min ahead)\n"
        "02:01:30 100 of 100 notified; 90 queued, 8 succeeded, 2 failed; "
        "8 min to 1 h 15 min left (forecast; so far 4 min ahead)\n"
        "02:02:00 update: COMPLETED\n"
        "02:02:00 100 of 100 notified; 98 succeeded, 2 failed\n"
        "update: completed; 98 succeeded, 2 failed\n"
        "  failed-0 FAILED: reason=no space\n"
        "  failed-1 FAILED: reason=no space\n"
    )
    assert len(iot.asked("DescribeJob")) == 13
    assert len(iot.asked("DescribeJobExecution")) == 2


def test_json_lines(iot: FakeIot) -> None:
    """With --json each look is an object on a line with the same members, the last with a verdict."""
    prepared(
        iot,
        (0, described(counts={"queued": 50}, abortConfig=ABORT)),
        (0.1, described(status="COMPLETED", counts={"succeeded": 99, "rejected": 1}, abortConfig=ABORT)),
    )
    result = iot.run("watch", "update", "--json", "--max-failed", "0")
    assert result.exit_code == 1
    first, last = map(json.loads, result.stdout.splitlines())
    assert list(first) == list(last)
    assert first == {
        "at": "2026-12-01T02:00:00Z",
        "job": "update",
        "status": "IN_PROGRESS",
        "phase": "rolling out",
        "reason_code": None,
        "comment": None,
        "things": 100,
        "notified": 50,
        "completed": 0,
        "executions": {
            "queued": 50, "in_progress": 0, "succeeded": 0, "failed": 0,
            "timed_out": 0, "rejected": 0, "removed": 0, "canceled": 0,
        },
        "rate": {"per_minute": 50, "rises_at": None, "rises_to": None, "counted": "notified", "seen_per_minute": None},
        "minutes_left": {"low": 39.0, "high": 81.0, "slower_by": 0.0},
        "criteria": [
            {
                "failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 200,
                "failed": 0, "completed": 0, "fires_after": 200,
            }
        ],
        "failures": [],
        "trouble": None,
        "verdict": None,
    }  # fmt: skip
    assert [failure["thing"] for failure in last["failures"]] == ["rejected-0", "rejected-1"]
    assert last["minutes_left"] is None
    assert last["verdict"] == {"exit_code": 1, "reason": "1 failed, more than the 0 allowed", "job_goes_on": False}


def test_page() -> None:
    """On a terminal there is a page with all that is known."""
    exponential = {
        "base_rate_per_minute": 20,
        "increment_factor": 1.5,
        "rate_increase_criteria": {"number_of_succeeded_things": 500},
    }
    criterion = {"failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 200}
    members: dict[str, Any] = {
        "rollout": {"maximum_per_minute": 500, "exponential_rate": exponential},
        "abort": {"criteria": [criterion, criterion | {"failure_type": "ALL", "threshold_percentage": 10}]},
    }
    purpose = Purpose("firmware-update", "prod", 200)
    looks = [
        job(concurrent=True, queued=50, **members),
        job(concurrent=True, queued=100, **members),
        job(concurrent=True, queued=140, succeeded=8, failed=2, **members),
    ]
    page = render.page(states(Plan(purpose=purpose), *looks)[-1], purpose, 80)
    assert page == (
        "update  IN_PROGRESS, rolling out  (02:02:00 UTC)\n"
        "firmware-update in prod, started 2026-12-01 02:00:00 UTC\n"
        f"notified    {'█' * 30}{'░' * 10} 150 of 200, 75 %\n"
        f"ended       {'█' * 2}{'░' * 38} 10 of 200, 5 %\n"
        "executions  140 queued, 8 succeeded, 2 failed\n"
        "rate        set to 20/min, 30/min from 500 succeeded; observed 50/min\n"
        "abort       FAILED 2.5 % of 200 or more: 2 of 10; fires after 190 more in a row\n"
        "            ALL 10 % of 200 or more: 2 of 10; fires after 190 more in a row\n"
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_page_fits(width: int) -> None:
    """No line of the page is wider than the terminal where words allow it."""
    purpose = Purpose("firmware-update", "prod", 123_456)
    (state,) = states(Plan(purpose=purpose), job(concurrent=True, queued=99_999, succeeded=8))
    assert max(map(len, render.page(state, purpose, width).splitlines())) <= width


def test_hostile_details(iot: FakeIot) -> None:
    """What a device or somebody in AWS wrote can't command the terminal, nor start a line of its own."""
    evil = "\x1b[2J\n::error::x\u202e\x9b31m"
    prepared(iot, (0, described(status="CANCELED", counts={"failed": 1}, comment=evil, reasonCode="X")))
    iot.answers["DescribeJobExecution"] = execution("t", "FAILED", statusDetails={"detailsMap": {evil: evil}})
    for arguments in ([], ["--json"]):
        result = iot.run("watch", "update", *arguments)
        assert result.exit_code == 1
        assert all(line.isprintable() for line in result.stdout.replace("\u202e", "").splitlines())
        assert ("\u202e" in result.stdout) == bool(arguments)  # it is no control character, and JSON may have it
        assert "::error" not in [line[:7] for line in result.stdout.splitlines()]
    (state,) = states(Plan(), job("CANCELED", comment=evil, in_progress=1))
    assert all(
        line.isprintable() for line in render.page(state, Purpose(template=evil, environment=evil), 80).splitlines()
    )


def test_it_waits_longer_for_an_older_job(iot: FakeIot) -> None:
    """Looks are 10 s apart at first, and a minute apart after an hour; --interval is the least."""
    prepared(iot, (0, described(counts={"queued": 50})))
    assert iot.run("watch", "update", "--timeout", "2h").exit_code == 3
    at = [call.at for call in iot.calls if call.operation == "DescribeJob"]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    assert pauses[1:60] == [10] * 59
    assert pauses[-5:-1] == [60] * 4
    assert at[-1] - at[0] == timedelta(hours=2)  # the last look is at the timeout
    iot.calls.clear()
    assert iot.run("watch", "update", "--timeout", "1h", "--interval", "5m").exit_code == 3
    assert len(iot.asked("DescribeJob")) == 1 + 12


def test_it_waits_longer_for_a_job_that_starts_later(iot: FakeIot) -> None:
    """Hours before its start a job is looked at once a minute, and more often when the start is near."""
    prepared(iot, (0, described(status="SCHEDULED", schedulingConfig={"startTime": "2026-12-01T05:00"})))
    iot.run("watch", "update", "--timeout", "3h")
    at = [call.at for call in iot.calls if call.operation == "DescribeJob"]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(at)][1:-1]
    assert (pauses[0], pauses[-1]) == (60, 10)
    assert pauses == sorted(pauses, reverse=True)


def test_timeout_says_that_the_job_goes_on(iot: FakeIot) -> None:
    """A watch that stops leaves the job alone, and says so."""
    prepared(iot, (0, described(counts={"queued": 50})))
    result = iot.run("watch", "update", "--timeout", "30s")
    assert result.exit_code == 3
    assert result.stdout.endswith(f"update: stopped watching at the timeout; 50 queued\n{GOES_ON}")


def test_interrupt(iot: FakeIot) -> None:
    """So does one that is interrupted."""

    def interrupt(_: Any) -> Any:
        raise KeyboardInterrupt

    prepared(iot, (0, described(counts={"queued": 50})))
    looks = [described(counts={"queued": 50}), described(counts={"queued": 50}), interrupt]
    iot.answers["DescribeJob"] = lambda asked: value(asked) if callable(value := looks.pop(0)) else value
    result = iot.run("watch", "update")
    assert (result.exit_code, result.stderr) == (130, f"stopped watching; {GOES_ON}")


PASSING = [
    Refusal("ThrottlingException", "Rate exceeded", 429),
    Refusal("ServiceUnavailableException", "later", 503),
    Refusal("InternalFailureException", "oops", 500),
    Refusal("SomethingNew", "oops", 502),
    Refusal("SomethingNew", "slow down", 429),
    Refusal("ExpiredTokenException", "The security token included in the request is expired", 403),
    LOST,
    ConnectTimeoutError(endpoint_url="https://iot.eu-west-1.amazonaws.com"),
]


@pytest.mark.parametrize("trouble", PASSING, ids=repr)
def test_trouble_that_passes(iot: FakeIot, trouble: Any) -> None:
    """After throttling, errors of the service, lost connections and expired credentials it goes on; it says so twice."""
    running = described(counts={"queued": 50})
    prepared(iot, (0, running), (1, trouble), (8, described(status="COMPLETED", counts={"succeeded": 50})))
    result = iot.run("watch", "update")
    assert (result.exit_code, result.stdout.count("no answer from AWS, trying again")) == (0, 1)
    assert "AWS answers again after" in result.stdout
    assert len(iot.asked("DescribeJob")) < 20  # the pauses grow
    expired = isinstance(trouble, Refusal) and trouble.code.startswith("Expired")
    assert (iot.sessions > 1) == expired  # credentials are read again


@pytest.mark.parametrize("trouble", PASSING, ids=repr)
def test_trouble_that_stays(iot: FakeIot, trouble: Any) -> None:
    """After half an hour without an answer it stops, and the job goes on."""
    prepared(iot, (0, described(counts={"queued": 50})), (1, trouble))
    result = iot.run("watch", "update")
    assert result.exit_code == 3
    assert "no answer from AWS for 30 minutes: " in result.stdout
    assert result.stdout.endswith(GOES_ON)
    assert timedelta(minutes=31) <= iot.time - START <= timedelta(minutes=37)
    at = [call.at for call in iot.calls if call.operation == "DescribeJob" and call.at > START + timedelta(seconds=50)]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    assert pauses == [20, 40, 80, 160, *[300] * (len(pauses) - 4)]


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (
            Refusal("AccessDeniedException", "not authorized", 403),
            "allow iot:DescribeJob on job/update for these credentials",
        ),
        (
            Refusal("InvalidRequestException", "no", 400),
            "iot:DescribeJob: InvalidRequestException: no; correct the request",
        ),
    ],
)
def test_trouble_that_doesnt_pass(iot: FakeIot, refusal: Refusal, text: str) -> None:
    """A permission that is taken away, and what else doesn't pass, ends the watch at once."""
    prepared(iot, (0, described(counts={"queued": 50})), (1, refusal))
    result = iot.run("watch", "update")
    assert (result.exit_code, iot.time - START, text in result.stdout) == (3, timedelta(minutes=1), True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            Refusal("ResourceNotFoundException", "Job update cannot be found.", 404),
            "iot:DescribeJob: ResourceNotFoundException: Job update cannot be found; "
            "check the name, the account and the region",
        ),
        (Refusal("AccessDeniedException", "no", 403),
         "iot:DescribeJob: AccessDeniedException: no; allow iot:DescribeJob on job/update for these credentials"),
        (Refusal("ExpiredTokenException", "expired", 403),
         "iot:DescribeJob: ExpiredTokenException: expired; log in again, for example with aws sso login, or renew the keys"),
        (LOST,
         'Could not connect to the endpoint URL: "https://iot.eu-west-1.amazonaws.com"; try again'),
        (
            described(targetSelection="CONTINUOUS"),
            "update is continuous and has no end, so it never completes: add --until notified, or --timeout",
        ),
    ],
)  # fmt: skip
def test_could_not_run(iot: FakeIot, answer: Any, error: str) -> None:
    """What can't be watched from the start is exit code 2."""
    prepared(iot, (0, answer))
    result = iot.run("watch", "update")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {error}\n")


def test_deleted_under_the_watch(iot: FakeIot) -> None:
    """A job that is deleted meanwhile has ended badly, and isn't waited for."""
    gone = Refusal("ResourceNotFoundException", "Job update cannot be found.", 404)
    prepared(
        iot,
        (0, described(counts={"queued": 50})),
        (1, described(status="DELETION_IN_PROGRESS", counts={"queued": 20})),
        (3, gone),
    )
    result = iot.run("watch", "update")
    assert (result.exit_code, iot.time - START) == (1, timedelta(minutes=3))
    assert "update: DELETION_IN_PROGRESS\n" in result.stdout
    assert result.stdout.endswith("update: the job was deleted; 20 queued\n")


def test_canceled_while_devices_are_at_it(iot: FakeIot) -> None:
    """An abort isn't the end while devices are at it."""
    aborted = {"reasonCode": "ABORT_CANCEL", "comment": "Abort criteria met."}
    prepared(
        iot,
        (0, described(counts={"queued": 50, "in_progress": 31})),
        (1, described(status="CANCELED", counts={"in_progress": 31, "canceled": 50}, **aborted)),
        (5, described(status="CANCELED", counts={"succeeded": 31, "canceled": 50}, **aborted)),
    )
    result = iot.run("watch", "update")
    assert (result.exit_code, iot.time - START) == (1, timedelta(minutes=5))
    assert "update: CANCELED, 31 not finished yet, aborted by its criteria: Abort criteria met.\n" in result.stdout
    assert result.stdout.endswith("update: aborted by its criteria: Abort criteria met.; 31 succeeded, 50 canceled\n")


def test_days_between_windows(iot: FakeIot) -> None:
    """A job of two nights is watched through the day between them, and both starts are said."""
    scheduled = {"startTime": "2026-12-01T03:00"}
    night: dict[str, Any] = {"scheduledJobRollouts": [{"startTime": "2026-12-02T03:00:00"}]}
    more: dict[str, Any] = {
        "targetSelection": "CONTINUOUS",
        "schedulingConfig": scheduled | {"endTime": "2026-12-03T03:00"},
    }
    prepared(
        iot,
        (0, described(status="SCHEDULED", **more)),
        (60, described(counts={"queued": 50}, **more)),
        (240, described(status="SCHEDULED", counts={"queued": 10, "succeeded": 40}, **more, **night)),
        (25 * 60, described(counts={"queued": 50, "succeeded": 40}, **more)),
        (28 * 60, described(status="COMPLETED", counts={"succeeded": 90}, **more)),
    )
    result = iot.run("watch", "update")
    assert result.exit_code == 0
    changes = [line.partition("update: ")[2] for line in result.stdout.splitlines() if " update: " in line]
    assert changes == [
        "SCHEDULED, starts at 2026-12-01 03:00:00 UTC",
        "IN_PROGRESS, rolling out",
        "SCHEDULED, between windows, the next one opens at 2026-12-02 03:00:00 UTC",
        "IN_PROGRESS, rolling out",
        "COMPLETED",
    ]


def test_without_tags(iot: FakeIot) -> None:
    """A job that somebody else started has no forecast; a watch that may not read tags says why there is none."""
    done = described(status="COMPLETED", counts={"succeeded": 9})
    prepared(iot, (0, described(counts={"queued": 9})), (0.1, done), about={"tags": []})
    assert iot.run("watch", "update").stderr == ""
    prepared(iot, (0, done), about=Refusal("AccessDeniedException", "no", 403))
    result = iot.run("watch", "update")
    assert (result.exit_code, result.stderr) == (
        0,
        "no forecast: the job's tags can't be read: iot:ListTagsForResource: "
        "AccessDeniedException: no; allow iot:ListTagsForResource on job/update for these credentials\n",
    )


def test_without_executions(iot: FakeIot) -> None:
    """A watch that may not list executions goes on without the failures."""
    prepared(iot, (0, described(counts={"failed": 9})), (1, described(status="COMPLETED", counts={"failed": 9})))
    iot.answers["ListJobExecutionsForJob"] = Refusal("AccessDeniedException", "no", 403)
    result = iot.run("watch", "update")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "update: completed; 9 failed")


def test_botocore_retries(iot: FakeIot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a watch sees any trouble, botocore has tried three times."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    throttled = Refusal("ThrottlingException", "Rate exceeded", 429)
    done = described(status="COMPLETED", counts={"succeeded": 9})
    prepared(iot, (0, done))
    iot.answers["DescribeJob"] = [throttled, throttled, done]
    assert iot.run("watch", "update").exit_code == 0
    assert iot.operations.count("DescribeJob") == 3


# On a terminal ----------------------------------------------------------------------------------------------------------

ON_A_TERMINAL = """
from tests.fake_iot import FakeIot, described, over_time, tags
from iot_jobs.cli import main
from iot_jobs.cli.runtime import Runtime

iot = FakeIot()
looks = [described(counts={"queued": 5}), described(counts={"queued": 9}), RAISED]
def look(asked):
    found = looks.pop(0)
    if found is None:
        raise KeyboardInterrupt
    return found
iot.answers = {"DescribeJob": look, "ListTagsForResource": tags(things="9")}
runtime = Runtime(session=iot.session, now=iot.now, sleep=iot.sleep, random=lambda: 0.5)
main(["jobs", "watch", "update"], obj=runtime, prog_name="iot-jobs")
"""
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@pytest.mark.parametrize(
    ("last", "code", "ends"),
    [
        ('described(status="COMPLETED", counts={"succeeded": 9})', 0, "update: completed; 9 succeeded\r\n"),
        ("None", 130, f"stopped watching; {GOES_ON[:-1]}\r\n"),
    ],
)
def test_on_a_terminal(last: str, code: int, ends: str) -> None:
    """The page is drawn in place, and the last one stays, also after ^C; the cursor is back."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    environ = {**os.environ, "TERM": "xterm", "AWS_MAX_ATTEMPTS": "1"}
    for name in ("COLUMNS", "LINES", "NO_COLOR", "AWS_PROFILE"):
        environ.pop(name, None)
    command = [sys.executable, "-c", ON_A_TERMINAL.replace("RAISED", last)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=ROOT) as child:
        os.close(theirs)
        output = b""
        with suppress(OSError):  # at the end, on Linux
            while chunk := os.read(ours, 65536):
                output += chunk
        os.close(ours)
    text = output.decode()
    assert (child.returncode, text[-len(ends) :]) == (code, ends)
    assert text.count(HIDE) == text.count(SHOW) == 1
    assert "9 of 9, 100 %" in text
    assert "\x1b[1A" in text


def test_region(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A region knows the width of the terminal, and cuts lines that are too long."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "20")
    with Region() as region:
        assert region.width == 20
        region.draw("a" * 19 + "\n" + "b" * 21 + "\n")
    printed = capsys.readouterr().out
    assert "a" * 19 in printed
    assert "b" * 19 + "…" in printed
    assert "b" * 20 not in printed


def test_page_with_everything() -> None:
    """A page has the time left, the failures and why there was no answer; the template's id where no tag has its name."""
    expected = Expected(100, 120, (10, 20, 30, 40, 50, 60, 70, 80, 90))
    plan = Plan(purpose=Purpose(things=20, expected=expected))
    members: dict[str, Any] = {
        "target_selection": "CONTINUOUS",
        "job_template_arn": "arn:x:jobtemplate/update-abcdefghij",
    }
    failures = [
        Execution(job_id="update", thing=f"t{index}", number=index, status="FAILED", queued_at=START, started_at=None,
                  last_updated_at=START, details={"reason": "no space"})
        for index in (1, 2)
    ]  # fmt: skip
    seen = saw(plan, None, job(concurrent=True, queued=10, failed=10, **members), failures, START + timedelta(hours=1))
    state = missed(plan, seen, Trouble("throttled", passes=True), START + timedelta(hours=1, minutes=1))
    assert render.page(state, plan.purpose, 80) == (
        "update  IN_PROGRESS, rolling out  (03:01:00 UTC)\n"
        "update-abcdefghij, continuous, started 2026-12-01 02:00:00 UTC\n"
        f"notified    {'█' * 40} 20 of 20, 100 %\n"
        f"ended       {'█' * 20}{'░' * 20} 10 of 20, 50 %\n"
        "executions  10 queued, 10 failed\n"
        "rate        set to 1000/min\n"
        "time        29 min to 1 h 25 min left (forecast; so far 10 min behind)\n"
        "failures    02:00:00 t1 FAILED: reason=no space\n"
        "            02:00:00 t2 (execution 2) FAILED: reason=no space\n"
        "            all: iot-jobs jobs executions update --status FAILED\n"
        "no answer   throttled\n"
    )


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (job("SCHEDULED"), "SCHEDULED, starts at 2026-12-01 02:00:00 UTC"),
        (job("SCHEDULED", queued=1), "SCHEDULED, between windows"),
        (job("SCHEDULED", queued=1, openings=(START,)),
         "SCHEDULED, between windows, the next one opens at 2026-12-01 02:00:00 UTC"),
        (job(queued=1), "IN_PROGRESS, all notified"),
        (job("CANCELED", in_progress=2), "CANCELED, 2 not finished yet, canceled"),
        (job("CANCELED", reason_code="ABORT_CANCEL", comment="why"), "CANCELED, aborted by its criteria: why"),
        (job("COMPLETED"), "COMPLETED"),
        (job("DELETION_IN_PROGRESS"), "DELETION_IN_PROGRESS"),
    ],
)  # fmt: skip
def test_titles(found: Job, title: str) -> None:
    """The first line says in which stage a job is; nothing is made up where the number of things isn't known."""
    (state,) = states(Plan(), found)
    lines = render.page(state, Purpose(), 200).splitlines()
    assert lines[:2] == [f"update  {title}  (02:00:00 UTC)", "no template, started 2026-12-01 02:00:00 UTC"]
    assert any("of an unknown number of things" in line for line in lines) == (state.things in (None, 0))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(succeeded=200, failed=10), "FAILED 2.5 % of 200 or more: 10 of 210; is met"),
        (Counts(), "FAILED 2.5 % of 200 or more: 0 of 0; fires after 200 more in a row"),
    ],
)
def test_margin_in_words(counts: Counts, words: str) -> None:
    """A criterion is met, or it fires after some more."""
    assert [job_words.margin(margin) for margin in margins(criterion(), counts)] == [words]


def test_margin_of_all_in_words() -> None:
    """One that asks for every execution can't fire once one has succeeded."""
    (margin,) = margins(criterion(percentage=100), Counts(succeeded=1))
    assert job_words.margin(margin) == "FAILED 100 % of 200 or more: 0 of 1; can no longer fire"


@pytest.mark.parametrize(
    "option", [("--timeout", "10"), ("--timeout", "0s"), ("--interval", "1 h"), ("--interval", "-1s")]
)
def test_times(iot: FakeIot, option: tuple[str, str]) -> None:
    """A time has a unit, and is more than none."""
    result = iot.run("watch", "update", *option)
    assert (result.exit_code, iot.calls) == (2, [])
    assert "is not a time; write a number and s, m, h or d, such as 10m" in result.stderr
