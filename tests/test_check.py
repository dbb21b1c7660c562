"""The check of what was read: advice at its boundaries, acknowledgements, duplicate ids, and jobs."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from iot_jobs import Environment, Fleet, JobDocument, JobTemplateSpec, Quotas, cloudformation
from iot_jobs.check import Report, advice, check, rules
from iot_jobs.cli import main
from iot_jobs.finding import Location, Place, dotted
from iot_jobs.sources import Document, Reading, Subject, read_paths
from iot_jobs.template import JobSpec, SchedulingConfig
from iot_jobs.unresolved import Unresolved

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/presign"
DOCUMENT = JobDocument('{"operation":"reboot.sh"}')
TEMPLATE: dict[str, Any] = {"template_name": "reboot", "description": "Reboot a board", "document": DOCUMENT}
SIGNED = JobDocument('{"args":["${aws:iot:s3-presigned-url:https://s3.amazonaws.com/images/app.tar}"]}')
SOURCE = "https://s3.eu-west-1.amazonaws.com/images/reboot.json"
LATER = Unresolved({"Ref": "Later"})

Found = list[tuple[str, str, Any]]


def place(loc: Location) -> Place:
    return Place(dotted(loc), "test.yaml", 1, 1)


def environment(
    things: int | None = None, *, hours: int | None = None, production: bool = False, **fleet_values: Any
) -> Environment | None:
    if things is None:
        return None
    fleet = Fleet(things=things, max_duration_hours=hours, **fleet_values)
    return Environment(name="test", account="123456789012", region="eu-west-1", production=production, fleet=fleet)


def template(change: dict[str, Any], **others: Any) -> Subject:
    spec, found = JobTemplateSpec.check(TEMPLATE | change)
    assert spec is not None, found
    return Subject(spec, place, **others)


def advised(subject: Subject, now: datetime = NOW) -> Found:
    return [(one.code, dotted(one.loc), one.given) for one in advice(subject, now=now)]


def rollout(maximum: Any, base: Any = None, **others: Any) -> dict[str, Any]:
    if base is None:
        return {"rollout": {"maximum_per_minute": maximum}}
    rate = {"increment_factor": 2, "rate_increase_criteria": {"number_of_succeeded_things": 5}}
    return {"rollout": {"maximum_per_minute": maximum, "exponential_rate": rate | {"base_rate_per_minute": base}}}


def abort(failure_type: Any = "FAILED", least: Any = 50) -> dict[str, Any]:
    criterion = {"failure_type": failure_type, "threshold_percentage": 5, "min_number_of_executed_things": least}
    return {"abort": {"criteria": [criterion]}}


def retry(*criteria: tuple[Any, Any]) -> dict[str, Any]:
    return {"retry": {"criteria": [{"failure_type": kind, "number_of_retries": count} for kind, count in criteria]}}


def timeout(minutes: Any) -> dict[str, Any]:
    return {"timeout": {"in_progress_timeout_in_minutes": minutes}}


def presigned(seconds: Any = None) -> dict[str, Any]:
    block = {"role_arn": ROLE} | ({} if seconds is None else {"expires_in_sec": seconds})
    return {"document": SIGNED, "presigned_url": block}


def windows(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"maintenance_windows": [{"start_time": text, "duration_in_minutes": minutes} for text, minutes in pairs]}


NIGHTLY = "cron(0 2 * * ? *)"
BASE, MAXIMUM = "rollout.exponential_rate.base_rate_per_minute", "rollout.maximum_per_minute"
LEAST, EXPIRES = "abort.criteria[0].min_number_of_executed_things", "presigned_url.expires_in_sec"
CRITERIA = "abort.criteria"
DURATION = "maintenance_windows[0].duration_in_minutes"

ROLLOUT: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("absent", {}, {}, []),
    ("only known to CloudFormation", {"rollout": LATER}, {}, []),
    ("a constant rate", rollout(10), {}, []),
    ("a base below the maximum", rollout(10, 9), {}, []),
    ("a base at the maximum", rollout(10, 10), {}, [("JT252", BASE, 10)]),
    ("a base at the lowest maximum", rollout(1, 1), {}, [("JT252", BASE, 1)]),
    ("a base that only CloudFormation knows", rollout(10, LATER), {}, []),
    ("a maximum that only CloudFormation knows", rollout(LATER, 10), {}, []),
]
# At 1000 things a minute, the last of 56,000 are notified in minute 55, and done five minutes later.
SLOW: Found = [("JT253", "rollout", "finishes in minute 61")]
DURATIONS: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("no environment", rollout(2, 1), {}, []),
    ("no time stated", rollout(2, 1), {"environment": environment(1000)}, []),
    ("just in time", {}, {"environment": environment(56_000, hours=1)}, []),
    ("one thing too many", {}, {"environment": environment(56_001, hours=1)}, SLOW),
    ("with more time", {}, {"environment": environment(56_001, hours=2)}, []),
    ("slow", rollout(16, 1), {"environment": environment(900, hours=1)}, [("JT253", "rollout", "finishes in minute 77")]),
    ("a time of their own", {}, {"environment": environment(56_001, hours=1, run_time_minutes=4)}, []),
    ("offline things", {}, {"environment": environment(56_001, hours=1, offline_rate=0.5)}, []),
    # A job that is created as a window closes waits for 23 hours.
    ("one window of an hour", windows((NIGHTLY, 60)), {"environment": environment(60_000, hours=25)}, []),
    (
        "one thing too many for the window",
        windows((NIGHTLY, 60)),
        {"environment": environment(60_001, hours=25)},
        [("JT253", "rollout", "finishes in minute 2825 after a start at 2026-01-01T03:00 UTC")],
    ),
    ("two windows in the time", windows((NIGHTLY, 60)), {"environment": environment(116_000, hours=48)}, []),
    (
        "one thing too many for two windows",
        windows((NIGHTLY, 60)),
        {"environment": environment(116_001, hours=48)},
        [("JT253", "rollout", "finishes in minute 2881 after a start at 2026-01-01T03:00 UTC")],
    ),
    (
        "a window that is too short",
        windows((NIGHTLY, 1)),
        {"environment": environment(10**6, hours=17520)},
        [("JT253", "rollout", "never finishes")],
    ),
    (
        "stopped at the fleet's own rates",
        abort(least=50),
        {"environment": environment(8000, hours=1, failure_rate=0.5)},
        [("JT253", "rollout", "never finishes"), ("JT356", "abort", "100 % of rollouts aborted")],
    ),
    ("a window only CloudFormation knows", windows((LATER, 1)), {"environment": environment(60_001, hours=1)}, []),
    ("windows only CloudFormation knows", {"maintenance_windows": LATER}, {"environment": environment(10**6, hours=1)},
     []),
]  # fmt: skip
# Ten a minute: when 50 have failed, in minute 9, another 40 are in flight.
CAREFUL = {"rollout": {"maximum_per_minute": 10}} | abort(least=50)
HARM: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("no budget", CAREFUL, {"environment": environment(1000)}, []),
    ("as many as are allowed", CAREFUL, {"environment": environment(1000, max_harmed=90)}, []),
    (
        "one more",
        CAREFUL,
        {"environment": environment(1000, max_harmed=89)},
        [("JT354", "abort", "90 things harmed, if a release fails on 100 % of devices")],
    ),
    ("a fleet of as many", {}, {"environment": environment(1000, max_harmed=1000)}, []),
    (
        "no abort",
        {},
        {"environment": environment(1000, max_harmed=0)},
        [("JT354", "abort", "1000 things harmed, if a release fails on 100 % of devices")],
    ),
    ("both budgets", CAREFUL, {"environment": environment(1000, hours=1, max_harmed=0)},
     [("JT253", "rollout", "finishes in minute 104"), ("JT354", "abort", "90 things harmed, if a release fails on 100 % of devices")]),
]  # fmt: skip
FLEET = {"environment": environment(50)}
PRODUCTION = {"environment": environment(50, production=True)}
GIVEN = rollout(10) | timeout(15)


def criteria(*rows: tuple[Any, Any, Any]) -> dict[str, Any]:
    names = ("failure_type", "threshold_percentage", "min_number_of_executed_things")
    return {"abort": {"criteria": [dict(zip(names, row, strict=True)) for row in rows]}}


PROTECTED: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("nothing", {}, PRODUCTION, [("JT254", "rollout", None), ("JT352", "abort", None), ("JT453", "timeout", None)]),
    ("nothing outside production", {}, FLEET, []),
    ("everything", GIVEN | abort(least=25), PRODUCTION, []),
    ("no rollout", timeout(15) | abort(least=25), PRODUCTION, [("JT254", "rollout", None)]),
    ("no timeout", rollout(10) | abort(least=25), PRODUCTION, [("JT453", "timeout", None)]),
    ("only known to CloudFormation", {"rollout": LATER, "abort": LATER, "timeout": LATER}, PRODUCTION, []),
    ("a minimum above half of the fleet", GIVEN | abort(least=26), PRODUCTION, [("JT355", CRITERIA, ["FAILED"])]),
    ("the same outside production", GIVEN | abort(least=26), FLEET, []),
    ("half of the executions with a retry", GIVEN | abort(least=50) | retry(("FAILED", 1)), PRODUCTION, []),
    ("more with a retry", GIVEN | abort(least=51) | retry(("FAILED", 1)), PRODUCTION, [("JT355", CRITERIA, ["FAILED"])]),
    ("REJECTED alone", GIVEN | criteria(("REJECTED", 5, 5)), PRODUCTION, [("JT355", CRITERIA, ["REJECTED"])]),
    ("REJECTED beside FAILED", GIVEN | criteria(("REJECTED", 5, 5), ("FAILED", 5, 5)), PRODUCTION, []),
    ("all of them", GIVEN | criteria(("ALL", 100, 5)), PRODUCTION, [("JT355", CRITERIA, ["ALL"])]),
    ("nearly all of them", GIVEN | criteria(("ALL", 99.99, 5)), PRODUCTION, []),
    ("none of several", GIVEN | criteria(("REJECTED", 5, 5), ("FAILED", 100, 5)), PRODUCTION,
     [("JT355", CRITERIA, ["REJECTED", "FAILED"])]),
    ("a share only CloudFormation knows", GIVEN | criteria(("ALL", LATER, 5)), PRODUCTION, []),
    ("a minimum only CloudFormation knows", GIVEN | criteria(("ALL", 5, LATER)), PRODUCTION, []),
    ("a criterion only CloudFormation knows", GIVEN | {"abort": {"criteria": [LATER]}}, PRODUCTION, []),
]  # fmt: skip
RISE = "rollout.exponential_rate.rate_increase_criteria.number_of_succeeded_things"
RAMP: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("below the fleet", rollout(10, 1), {"environment": environment(6)}, []),
    ("the whole fleet", rollout(10, 1), {"environment": environment(5)}, [("JT255", RISE, 5)]),
    ("above the fleet", rollout(10, 1), {"environment": environment(4)}, [("JT255", RISE, 5)]),
    ("above, without an environment", rollout(10, 1), {}, []),
]
ABORT: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("absent", {}, FLEET, []),
    ("absent in production", GIVEN, PRODUCTION, [("JT352", "abort", None)]),
    ("absent without an environment", {}, {}, []),
    ("below the fleet", abort(least=49), FLEET, []),
    ("the whole fleet", abort(least=50), FLEET, []),
    ("above the fleet", abort(least=51), FLEET, [("JT351", LEAST, 51)]),
    ("above, without an environment", abort(least=51), {}, []),
    ("above, only known to CloudFormation", abort(least=LATER), FLEET, []),
    ("as many as with one retry", abort(least=100) | retry(("FAILED", 1)), FLEET, []),
    ("more than with one retry", abort(least=101) | retry(("FAILED", 1)), FLEET, [("JT351", LEAST, 101)]),
    ("as many as with retries of both kinds", abort(least=200) | retry(("FAILED", 1), ("TIMED_OUT", 2)) | timeout(5),
     FLEET, []),
    ("more than with an unknown number of retries", abort(least=550) | {"retry": {"criteria": [{"failure_type": "FAILED",
     "number_of_retries": LATER}]}}, FLEET, []),
    ("more than with the most retries", abort(least=551) | {"retry": {"criteria": [{"failure_type": "FAILED",
     "number_of_retries": LATER}]}}, FLEET, [("JT351", LEAST, 551)]),
    ("more than with no retry", abort(least=51) | retry(("FAILED", 0)), FLEET, [("JT351", LEAST, 51)]),
    ("TIMED_OUT without a timeout", abort("TIMED_OUT"), {}, [("JT353", "abort.criteria[0].failure_type", "TIMED_OUT")]),
    ("TIMED_OUT with a timeout", abort("TIMED_OUT") | timeout(1), {}, []),
    ("TIMED_OUT, timeout only known to CloudFormation", abort("TIMED_OUT") | {"timeout": LATER}, {}, []),
    ("ALL without a timeout", abort("ALL"), {}, []),
    ("only CloudFormation knows of what", abort(LATER), {}, []),
]  # fmt: skip
RETRY: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("none without abort", retry(("FAILED", 0)), {}, []),
    ("one without abort", retry(("FAILED", 1)), {}, [("JT452", "retry", None)]),
    ("one beside abort", retry(("FAILED", 1)) | abort(), {}, []),
    ("one, abort only known to CloudFormation", retry(("FAILED", 1)) | {"abort": LATER}, {}, []),
    ("only known to CloudFormation", {"retry": LATER}, {}, []),
    ("TIMED_OUT without a timeout", retry(("TIMED_OUT", 1)) | abort(), {},
     [("JT451", "retry.criteria[0].failure_type", "TIMED_OUT")]),
    ("ALL without a timeout", retry(("ALL", 1)) | abort(), {}, [("JT451", "retry.criteria[0].failure_type", "ALL")]),
    ("no TIMED_OUT without a timeout", retry(("TIMED_OUT", 0)) | abort(), {}, []),
    ("the second without a timeout", retry(("FAILED", 1), ("TIMED_OUT", 1)) | abort(), {},
     [("JT451", "retry.criteria[1].failure_type", "TIMED_OUT")]),
    ("TIMED_OUT with a timeout", retry(("TIMED_OUT", 1)) | abort() | timeout(1), {}, []),
    ("in production, without abort", GIVEN | retry(("FAILED", 1)), PRODUCTION,
     [("JT352", "abort", None), ("JT452", "retry", None)]),
]  # fmt: skip
PRESIGNED: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("no lifetime in our own files", presigned(), {}, []),
    (
        "no lifetime in another's template",
        presigned(),
        {"spelling": cloudformation.TEMPLATE},
        [("JT551", "presigned_url.expires_in_sec", None)],
    ),
    ("no lifetime in a request to the API", presigned(), {"spelling": cloudformation.API_TEMPLATE}, []),
    ("a lifetime in another's template", presigned(300), {"spelling": cloudformation.TEMPLATE}, []),
    ("a lifetime only CloudFormation knows", presigned(LATER), {"spelling": cloudformation.TEMPLATE}, []),
    ("only known to CloudFormation", {"presigned_url": LATER}, {"spelling": cloudformation.TEMPLATE}, []),
    ("too short for a download to begin", presigned(299), {}, [("JT553", EXPIRES, 299)]),
    ("long enough", presigned(300), {}, []),
    ("the longest", presigned(3600), {}, []),
    ("shorter than the timeout", presigned(300) | timeout(10), {}, []),
    ("longer than the timeout", presigned(3600) | timeout(1), {}, []),
    ("the default, longer than the timeout", presigned() | timeout(1), {}, []),
    ("nothing to sign", presigned() | {"document": DOCUMENT}, {}, [("JT554", "presigned_url", None)]),
    ("a document in S3", {"document_source": SOURCE, "document": None, "presigned_url": {"role_arn": ROLE}}, {}, []),
    ("a document only CloudFormation knows", presigned() | {"document": LATER}, {}, []),
    ("a document with a token", presigned() | {"document": JobDocument('{"url": "${Token[TOKEN.1]}"}')}, {}, []),
]
WINDOWS: list[tuple[str, dict[str, Any], dict[str, Any], Found]] = [
    ("no timeout", windows((NIGHTLY, 1)), {}, []),
    ("shorter than the timeout", windows((NIGHTLY, 14)) | timeout(15), {}, [("JT651", DURATION, 14)]),
    ("as long as the timeout", windows((NIGHTLY, 15)) | timeout(15), {}, []),
    ("longer than the timeout", windows((NIGHTLY, 16)) | timeout(15), {}, []),
    ("only CloudFormation knows how long", windows((NIGHTLY, LATER)) | timeout(15), {}, []),
    ("a timeout only CloudFormation knows", windows((NIGHTLY, 1)) | timeout(LATER), {}, []),
    (
        "the second of two",
        windows((NIGHTLY, 15), ("cron(0 4 * * ? *)", 14)) | timeout(15),
        {},
        [("JT651", "maintenance_windows[1].duration_in_minutes", 14)],
    ),
]
ADVICE = {"rollout": ROLLOUT, "duration": DURATIONS, "harm": HARM, "production": PROTECTED, "ramp": RAMP, "abort": ABORT, "retry": RETRY, "presigned": PRESIGNED,
          "windows": WINDOWS}  # fmt: skip
ROWS = [pytest.param(*row[1:], id=f"{name}: {row[0]}") for name, rows in ADVICE.items() for row in rows]


@pytest.mark.parametrize(("change", "others", "expected"), ROWS)
def test_advice(change: dict[str, Any], others: dict[str, Any], expected: Found) -> None:
    """Advice starts at its boundary, and there is none about values that are absent or known only to CloudFormation."""
    assert advised(template(change, **others)) == expected


VOLATILE = [
    ("a date", "Release of 2026-01-31", "2026-01-31"),
    ("a date on which something ends", "Rotate the CA that expires 2030-01-01", None),
    ("a date until which something holds", "Trust the old CA until 31 Jan 2030", None),
    ("an id of a resource", "Move to vpc-1a2b3c4d", None),
    ("a phone number", "Call 1555123456", None),
    ("a number of builds", "build 5 tools", None),
    ("a date without hyphens", "Release 20260131", "20260131"),
    ("a date with a time", "as of 20260131T0200", "20260131T"),
    ("a short commit", "Install 3f9c2d1", "3f9c2d1"),
    ("a commit in capitals", "Install 3F9C2D1", "3F9C2D1"),
    ("a whole commit", f"Install {'0a' * 20}", "0a" * 20),
    ("a timestamp", "Made at 1767225600", "1767225600"),
    ("a timestamp in milliseconds", "Made at 1767225600000", "1767225600000"),
    ("a build", "Install build 7", "build 7"),
    ("a build's number", "Install Build#123", "Build#123"),
    ("a date in words", "Release of 21 Nov 2026", "21 Nov 2026"),
    ("a whole month", "1st of January, 2026", "1st of January, 2026"),
    ("a month first", "As of Sept. 3, 2026", "Sept. 3, 2026"),
    ("a date with slashes", "Made 11/21/2026", "11/21/2026"),
    ("a date with dots", "Made 21.11.2026", "21.11.2026"),
    ("a month and a year", "Plan for Nov 2026", None),
    ("a version of four parts", "Install 10.0.20348", None),
    ("a year", "Plan for 2026", None),
    ("a day that isn't one", "Part 2026-13-31", None),
    ("a version", "Install 3.1.4 and keep 2 slots", None),
    ("six hexadecimal digits", "Install 3f9c2d", None),
    ("thirteen hexadecimal digits", "Install 3f9c2d1a3f9c2", None),
    ("digits alone", "Call 1234567", None),
    ("letters alone", "Feed deadbeef to it", None),
    ("a builder", "Rebuild the index, then build it", None),
]


@pytest.mark.parametrize(("text", "match"), [row[1:] for row in VOLATILE], ids=[row[0] for row in VOLATILE])
def test_volatile_text(text: str, match: str | None) -> None:
    """What changes from build to build is found in a description, and in the value of a tag that may have it."""
    found = [] if match is None else [("JT151", "description", match)]
    assert advised(template({"description": text})) == found
    if "#" not in text and "," not in text:
        found = [("JT151", "tags.note", match)] if match else []
        assert advised(template({"tags": {"note": text}})) == found


TAG_KEYS = [
    *["commit", "Commit", "git-sha", "git_ref", "sha", "my:revision", "fleet/build", "build-id", "BuildNumber"],
    *["timestamp", "deployed_at", "updatedAt", "pipeline-id", "run_id"],
]
LASTING = ["team", "committee", "shape", "release", "buildings", "running", "environment", "sha-256-of", "repository"]
LASTING += ["github-repository", "ci-owner"]


@pytest.mark.parametrize("key", TAG_KEYS)
def test_volatile_tag(key: str) -> None:
    """A tag whose key names a build, a commit or a time is found whatever its value."""
    assert advised(template({"tags": {key: "x"}})) == [("JT151", f"tags.{key}", "x")]
    assert advised(template({"tags": {key: LATER}})) == [("JT151", f"tags.{key}", None)]


@pytest.mark.parametrize("key", LASTING)
def test_lasting_tag(key: str) -> None:
    """Other keys are nothing to report."""
    assert advised(template({"tags": {key: "x"}})) == []


def test_a_date_under_a_lasting_key() -> None:
    """A date stays the same if the tag says that something ends then."""
    assert advised(template({"tags": {"valid-until": "2030-01-01", "expires": "2030-01-01"}})) == []
    assert advised(template({"tags": {"valid": "2030-01-01"}})) == [("JT151", "tags.valid", "2030-01-01")]


def test_advice_on_the_document() -> None:
    """A document's placeholders, agent and content are advised on, below the template's document."""
    text = '{"operation":"a.sh","args":[5,"http://example.com"],"note":"${aws:iot:thing}","includeStdOut":true}'
    assert advised(template({"document": JobDocument(text)}, document_schema="device-client-old")) == [
        ("JT561", "document.note", "${aws:iot:thing}"),
        ("JT751", "document.includeStdOut", True),
        ("JT756", "document.args[0]", 5),
        ("JT762", "document.args[1]", "http://example.com"),
    ]
    assert advised(template({"document": LATER})) == []


def test_the_schema_that_was_chosen() -> None:
    """A document that doesn't fit the schema that was chosen is an error; one that only looks so is advice."""
    document = JobDocument('{"version":"1.0","steps":[{"action":{"type":"runHandler","input":{"handler":"a.sh"}}}]}')
    path = "document.steps[0].action.name"
    assert advised(template({"document": document})) == [("JT750", path, None)]
    assert advised(template({"document": document}, document_schema="device-client")) == [("JT710", path, None)]
    assert advised(template({"document": document}, document_schema={"type": "object"})) == []
    assert advised(template({"document": document}, document_schema={"type": "list"})) == [
        ("JT711", "document_schema.type", "list"),
    ]


TEXTS = [
    (
        "a base at the maximum",
        template(rollout(100, 100)),
        "less than the maximum of 100 things per minute",
        "lower it to 99",
    ),
    (
        "a base at a low maximum",
        template(rollout(2, 2)),
        "less than the maximum of 2 things per minute",
        "lower it to 1",
    ),
    (
        "a base at the lowest maximum",
        template(rollout(1, 1)),
        "less than the maximum of 1 things per minute",
        "remove the rollout, or raise the maximum",
    ),
    (
        "too slow for the windows",
        template(rollout(10, 1) | windows((NIGHTLY, 90)), environment=environment(5000, hours=48)),
        "2880 minutes for 5000 things, the environment's max_duration_hours",
        "raise the rate, widen the windows, or allow more time",
    ),
    (
        "a criterion that never fires",
        template(abort(least=500) | retry(("FAILED", 2)), environment=environment(100)),
        "up to 300, the most executions that 100 things can have",
        "lower it to a fraction of the things",
    ),
    (
        "a short lifetime",
        template(presigned(60) | timeout(15)),
        "300 seconds or more",
        "write 3600, AWS's default",
    ),
]


@pytest.mark.parametrize(("subject", "allowed", "fix"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_advice_does_the_sum(subject: Subject, allowed: str, fix: str) -> None:
    """Advice says what would be right, in numbers where it can."""
    (found,) = advice(subject, now=NOW)
    assert (found.allowed, found.fix) == (allowed, fix)


@pytest.mark.parametrize(
    "change", [retry(("FAILED", 1)), retry(("TIMED_OUT", 1)) | abort(least=9), abort("TIMED_OUT", 9)]
)
def test_what_is_copied(change: dict[str, Any]) -> None:
    """A job from a template, and a template from a job, have what these have: nothing is known to be missing."""
    managed = {"job_id": "a", "targets": [GROUP], "job_template_arn": MANAGED}
    spec, _ = JobSpec.check(managed | change)
    assert spec is not None
    copied = {"job_arn": "arn:aws:iot:eu-west-1:123456789012:job/first"}
    assert advised(Subject(spec, place)) + advised(template(copied | change, **PRODUCTION)) == []


def test_the_most_time() -> None:
    """The longest time that may be stated is no trouble."""
    assert advised(template(windows((NIGHTLY, 60)), environment=environment(10**6, hours=17520))) == []


@pytest.mark.parametrize(
    ("maximum", "stated", "option", "allowed"),
    [
        (1000, None, None, None),
        (1001, None, None, 1000),
        (2000, 2000, None, None),
        (2001, 2000, None, 2000),
        (2000, None, 2000, None),
        (2001, None, 2000, 2000),
        (500, 100, None, 100),
        # The environment's own quotas count, also where it states none.
        (2000, 1000, 2000, 1000),
    ],
)
def test_quota(maximum: int, stated: int | None, option: int | None, allowed: int | None) -> None:
    """A rate is judged by the quota of its environment, without one by that of the run, or by AWS's default."""
    where = environment(10**6)
    if where is not None and stated is not None:
        where = where.model_copy(update={"quotas": Quotas(maximum_per_minute=stated)})
    subject = template(rollout(maximum, 10), environment=where if stated else None)
    quotas = None if option is None else Quotas(maximum_per_minute=option)
    report = check(Reading([subject]), now=NOW, quotas=quotas)
    expected = [] if allowed is None else [("JT201", f"1 to {allowed} things per minute, a whole number")]
    assert [(one.code, one.allowed) for one in report.findings] == expected


# What is acknowledged of retries without abort, which are JT452.
ACKNOWLEDGED: list[tuple[str, dict[str, Any], list[tuple[str, str]], list[tuple[str, str | None]]]] = [
    ("nothing", {}, [("JT452", "retry")], []),
    ("with a reason", {"JT452": "harmless"}, [], [("JT452", "harmless")]),
    ("with an empty reason", {"JT452": ""}, [("JT012", "acknowledge.JT452"), ("JT452", "retry")], []),
    ("with blanks", {"JT452": " \n"}, [("JT012", "acknowledge.JT452"), ("JT452", "retry")], []),
    ("with no reason", {"JT452": None}, [("JT012", "acknowledge.JT452"), ("JT452", "retry")], []),
    ("with a number", {"JT452": 1}, [("JT012", "acknowledge.JT452"), ("JT452", "retry")], []),
    ("in small letters", {"jt452": "harmless"}, [("JT012", "acknowledge.jt452"), ("JT452", "retry")], []),
    ("an unknown code", {"JT452": "harmless", "JT000": "x"}, [("JT012", "acknowledge.JT000")], [("JT452", "harmless")]),
    ("an error's code", {"JT452": "harmless", "JT401": "x"}, [("JT012", "acknowledge.JT401")], [("JT452", "harmless")]),
    ("stale, as nothing of the kind is found", {"JT452": "harmless", "JT353": "x"}, [], [("JT452", "harmless")]),
]


@pytest.mark.parametrize(
    ("reasons", "findings", "acknowledged"),
    [row[1:] for row in ACKNOWLEDGED],
    ids=[row[0] for row in ACKNOWLEDGED],
)
def test_acknowledgement(
    reasons: dict[str, Any], findings: list[tuple[str, str]], acknowledged: list[tuple[str, str | None]]
) -> None:
    """A warning with a reason is kept apart; what can't be acknowledged or has no reason is an error itself."""
    report = check(Reading([template(retry(("FAILED", 1)), acknowledged=reasons)]), now=NOW)
    assert [(one.code, one.path) for one in report.findings] == findings
    assert [(one.code, one.acknowledged) for one in report.acknowledged] == acknowledged


def test_acknowledgement_is_for_one_template() -> None:
    """A template's acknowledgement leaves the warnings of another one."""
    reading = Reading([template(retry(("FAILED", 1)), acknowledged={"JT452": "x"}), template(abort("TIMED_OUT"))])
    report = check(reading, now=NOW)
    assert ([one.code for one in report.findings], [one.code for one in report.acknowledged]) == (["JT353"], ["JT452"])


VERSION = "arn:aws:iot:eu-west-1:123456789012:package/app/version/1"
ASSUMED: dict[str, dict[str, Any]] = {
    "JT108": {"destination_package_versions": [VERSION, VERSION]},
    "JT119": {"job_arn": "arn:aws:iot:us-east-1:123456789012:job/a"},
    "JT120": {"destination_package_versions": ["arn:aws:iot:us-east-1:123456789012:package/app/version/1"]},
    "JT406": retry(("FAILED", 1), ("FAILED", 2)) | abort(),
    "JT604": windows(("cron(0 * ? * MON *)", 61)),
    "JT605": windows(*((f"cron(0 0 1 1 ? {year})", 1) for year in range(2030, 2131))),
    "JT606": windows(("cron(0 2 ? * mon *)", 60)),
}
"""For each error that is assumed, what alone breaks it."""


@pytest.mark.parametrize("code", ASSUMED)
def test_an_assumed_error(code: str) -> None:
    """An assumed error is acknowledged with a reason, as a warning is, and fails the check otherwise."""
    report = check(Reading([template(ASSUMED[code], **FLEET)]), now=NOW)
    assert ([(one.code, one.severity) for one in report.findings], report.failed()) == ([(code, "error")], True)
    report = check(Reading([template(ASSUMED[code], acknowledged={code: "it deploys"}, **FLEET)]), now=NOW)
    assert (report.findings, report.failed(strict=True)) == ((), False)
    assert [(one.code, one.acknowledged) for one in report.acknowledged] == [(code, "it deploys")]


def test_assumed_errors() -> None:
    """These are all errors that can be acknowledged; the last one is about jobs, which state no acknowledgement."""
    found = [code for code, rule in rules().items() if rule.can_be_acknowledged and rule.severity == "error"]
    assert found == [*ASSUMED, "JT804"]


def test_an_error_of_the_advice_can_not_be_acknowledged() -> None:
    """A document that doesn't fit the schema that was chosen stays an error."""
    wrong = template({}, document_schema="freertos-ota", acknowledged={"JT710": "x"})
    report = check(Reading([wrong]), now=NOW)
    assert [one.code for one in report.findings] == ["JT012", "JT710"]
    assert report.acknowledged == ()


ERROR, WARNING = {"Description": ""}, {"Tags": [{"Key": "commit", "Value": "a"}]}
FAILED = [
    ("nothing", {}, False, 0),
    ("nothing, strict", {}, True, 0),
    ("a warning", WARNING, False, 0),
    ("a warning, strict", WARNING, True, 1),
    ("an error", ERROR, False, 1),
    ("an error, strict", ERROR, True, 1),
    ("both", ERROR | WARNING, False, 1),
]


@pytest.mark.parametrize(("change", "strict", "code"), [row[1:] for row in FAILED], ids=[row[0] for row in FAILED])
def test_exit_code(change: dict[str, Any], strict: bool, code: int, tmp_path: Path) -> None:
    """Errors fail the check, and with --strict warnings do."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(resources(Reboot=TEMPLATE_PROPERTIES | change)))
    report = check(read_paths([path]), now=NOW)
    assert report.failed(strict=strict) is bool(code)
    assert CliRunner().invoke(main, ["check", str(path), *(["--strict"] if strict else [])]).exit_code == code


def test_acknowledged_warnings_pass_strict() -> None:
    """An acknowledged warning doesn't count, with --strict neither."""
    report = check(Reading([template(retry(("FAILED", 1)), acknowledged={"JT452": "x"})]), now=NOW)
    assert not report.failed(strict=True)


TEMPLATE_PROPERTIES = {"JobTemplateId": "reboot-1", "Description": "Reboot a board", "Document": DOCUMENT.text}
THING, GROUP = "arn:aws:iot:eu-west-1:123456789012:thing/", "arn:aws:iot:eu-west-1:123456789012:thinggroup/boards"
JOB_PROPERTIES = {"JobId": "reboot", "Targets": [GROUP], "Document": DOCUMENT.text}


def resources(**properties: dict[str, Any]) -> dict[str, Any]:
    kinds = {name: "AWS::IoT::Job" if "Targets" in one else "AWS::IoT::JobTemplate" for name, one in properties.items()}
    return {"Resources": {name: {"Type": kinds[name], "Properties": one} for name, one in properties.items()}}


OTHER = TEMPLATE_PROPERTIES | {"JobTemplateId": "restart-1"}
NAMED_LATER = TEMPLATE_PROPERTIES | {"JobTemplateId": {"Ref": "Name"}}
NAMED_OTHERWISE = TEMPLATE_PROPERTIES | {"JobTemplateId": {"Ref": "OtherName"}}
WRONG = TEMPLATE_PROPERTIES | {"JobTemplateId": "re.boot"}
AGAIN = ("JT114", "Resources.B.Properties.JobTemplateId", ["Resources.A.Properties.JobTemplateId"])
TWICE: list[tuple[str, list[dict[str, Any]], list[tuple[str, str, list[str]]]]] = [
    ("two ids", [resources(A=TEMPLATE_PROPERTIES, B=OTHER)], []),
    ("one id twice", [resources(A=TEMPLATE_PROPERTIES, B=TEMPLATE_PROPERTIES)], [AGAIN]),
    (
        "one id three times",
        [resources(A=TEMPLATE_PROPERTIES, B=TEMPLATE_PROPERTIES, C=TEMPLATE_PROPERTIES)],
        [AGAIN, ("JT114", "Resources.C.Properties.JobTemplateId", ["Resources.A.Properties.JobTemplateId"])],
    ),
    ("a template and a job of one id", [resources(A=TEMPLATE_PROPERTIES, B=JOB_PROPERTIES)], []),
    (
        "two jobs of one id",
        [resources(A=JOB_PROPERTIES, B=JOB_PROPERTIES)],
        [("JT114", "Resources.B.Properties.JobId", ["Resources.A.Properties.JobId"])],
    ),
    ("one id that only CloudFormation knows", [resources(A=NAMED_LATER, B=NAMED_LATER)], [AGAIN]),
    ("two ids that only CloudFormation knows", [resources(A=NAMED_LATER, B=NAMED_OTHERWISE)], []),
    ("one id in two files", [resources(A=TEMPLATE_PROPERTIES), resources(A=TEMPLATE_PROPERTIES)], []),
]


@pytest.mark.parametrize(("files", "expected"), [row[1:] for row in TWICE], ids=[row[0] for row in TWICE])
def test_ids_that_stand_twice(
    files: list[dict[str, Any]], expected: list[tuple[str, str, list[str]]], tmp_path: Path
) -> None:
    """An id may be used once in a CloudFormation template, and again in the templates of other stacks."""
    for index, data in enumerate(files):
        (tmp_path / f"{index}.json").write_text(json.dumps(data))
    report = check(read_paths([tmp_path]), now=NOW, only_jobs=True)
    assert [(one.code, one.path, [other.path for other in one.related]) for one in report.findings] == expected


JOB: dict[str, Any] = {"job_id": "reboot-1", "targets": [GROUP], "document": DOCUMENT}
MANAGED = "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0"
CUSTOM = "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot"
START: dict[str, Any] = {"start_time": "2026-02-01T02:00"}
WINDOW: dict[str, Any] = {"maintenance_windows": [{"start_time": NIGHTLY, "duration_in_minutes": 60}]}


def things(count: int) -> dict[str, Any]:
    return {"targets": [f"{THING}{number}" for number in range(count)]}


def schedule(*, continuous: bool | None = None, **values: Any) -> dict[str, Any]:
    selection = {} if continuous is None else {"target_selection": "CONTINUOUS" if continuous else "SNAPSHOT"}
    return {"scheduling": values} | selection


JOBS: list[tuple[str, dict[str, Any], Found]] = [
    ("the least", {}, []),
    ("no targets", things(0), [("JT802", "targets", 0)]),
    ("one target", things(1), []),
    ("100 targets", things(100), []),
    ("101 targets", things(101), [("JT802", "targets", 101)]),
    ("a thing and a group", {"targets": [f"{THING}a", GROUP]}, []),
    ("a target that only CloudFormation knows", {"targets": [LATER, LATER]}, []),
    ("targets that only CloudFormation knows", {"targets": LATER}, []),
    ("a target twice", {"targets": [GROUP, GROUP]}, [("JT804", "targets[1]", GROUP)]),
    ("a job as a target", {"targets": [CUSTOM]}, [("JT803", "targets[0]", CUSTOM)]),
    ("a target by name", {"targets": ["boards"]}, [("JT803", "targets[0]", "boards")]),
    ("a start", schedule(**START), []),
    ("windows on a continuous job with a start", schedule(continuous=True, **START, **WINDOW), []),
    ("windows on a snapshot job", schedule(continuous=False, **START, **WINDOW),
     [("JT814", "target_selection", "SNAPSHOT")]),
    ("windows where nothing is said", schedule(**START, **WINDOW), [("JT814", "target_selection", None)]),
    ("windows without a start", schedule(continuous=True, **WINDOW), [("JT814", "scheduling.start_time", None)]),
    ("windows with neither", schedule(**WINDOW),
     [("JT814", "target_selection", None), ("JT814", "scheduling.start_time", None)]),
    ("no windows in the list", schedule(continuous=False, maintenance_windows=[]), []),
    ("a window shorter than the timeout",
     schedule(continuous=True, **START, maintenance_windows=[{"start_time": NIGHTLY, "duration_in_minutes": 14}])
     | timeout(15), [("JT651", "scheduling.maintenance_windows[0].duration_in_minutes", 14)]),
    ("a window as long as the timeout",
     schedule(continuous=True, **START, maintenance_windows=[{"start_time": NIGHTLY, "duration_in_minutes": 15}])
     | timeout(15), []),
    ("windows, selection only known to CloudFormation",
     schedule(**START, **WINDOW) | {"target_selection": LATER}, []),
    ("windows, start only known to CloudFormation", schedule(continuous=True, start_time=LATER, **WINDOW), []),
    ("a window that overlaps itself",
     schedule(continuous=True, **START, maintenance_windows=[{"start_time": "cron(0 * * * ? *)",
                                                              "duration_in_minutes": 61}]),
     [("JT604", "scheduling.maintenance_windows[0].duration_in_minutes", 61)]),
    ("an end", schedule(end_time="2026-02-01T02:00"), []),
    ("an end and what it does", schedule(end_time="2026-02-01T02:00", end_behavior="CANCEL"), []),
    ("what an end does, without one", schedule(end_behavior="CANCEL"),
     [("JT813", "scheduling.end_behavior", "CANCEL")]),
    ("an end only known to CloudFormation", schedule(end_time=LATER, end_behavior="CANCEL"), []),
    ("an end 29 minutes after the start", schedule(**START, end_time="2026-02-01T02:29"),
     [("JT811", "scheduling.end_time", "2026-02-01T02:29")]),
    ("an end 30 minutes after the start", schedule(**START, end_time="2026-02-01T02:30"), []),
    ("an end two years after the start, and more from now", schedule(**START, end_time="2028-02-01T02:00"),
     [("JT815", "scheduling.end_time", "2028-02-01T02:00")]),
    ("an end a minute later", schedule(**START, end_time="2028-02-01T02:01"),
     [("JT811", "scheduling.end_time", "2028-02-01T02:01")]),
    ("an end before the start", schedule(**START, end_time="2026-01-31T02:00"),
     [("JT811", "scheduling.end_time", "2026-01-31T02:00")]),
    ("a start after the end only known to CloudFormation", schedule(start_time=LATER, end_time="2026-02-01T02:29"), []),
    ("a day that doesn't exist", schedule(start_time="2026-02-30T02:00"),
     [("JT810", "scheduling.start_time", "2026-02-30T02:00")]),
    ("seconds", schedule(start_time="2026-02-01T02:00:00"),
     [("JT810", "scheduling.start_time", "2026-02-01T02:00:00")]),
    ("parameters of a managed template",
     {"document": None, "job_template_arn": MANAGED, "document_parameters": {"a": "b"}}, []),
    ("parameters of a template of one's own",
     {"document": None, "job_template_arn": CUSTOM, "document_parameters": {"a": "b"}},
     [("JT805", "document_parameters", ["a"])]),
    ("the longest parameter",
     {"document": None, "job_template_arn": MANAGED, "document_parameters": {"a" * 128: "b" * 30_720}}, []),
    ("parameters that are too long",
     {"document": None, "job_template_arn": MANAGED, "document_parameters": {"a" * 129: "a", "a": "b" * 30_721}},
     [("JT807", f"document_parameters.{'a' * 129}", "a" * 129), ("JT808", "document_parameters.a", "b" * 30_721)]),
    ("parameters that are no text",
     {"document": None, "job_template_arn": MANAGED, "document_parameters": {"a": 5, "b": ""}},
     [("JT808", "document_parameters.a", 5), ("JT808", "document_parameters.b", "")]),
    ("parameters of a document", {"document_parameters": {"a": "b"}}, [("JT805", "document_parameters", ["a"])]),
    ("parameters of a template only CloudFormation knows",
     {"document": None, "job_template_arn": LATER, "document_parameters": {"a": "b"}}, []),
    ("no parameters", {"document_parameters": {}}, []),
    ("nothing to do", {"document": None}, [("JT105", "document", None)]),
    ("a document and a source", {"document_source": "https://fleet.s3.eu-west-1.amazonaws.com/a.json"},
     [("JT105", "document_source", "https://fleet.s3.eu-west-1.amazonaws.com/a.json")]),
    ("a constant rate, which CloudFormation's handler of jobs takes", rollout(10), []),
    ("retries without abort", retry(("FAILED", 1)), [("JT452", "retry", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in JOBS], ids=[row[0] for row in JOBS])
def test_jobs(change: dict[str, Any], expected: Found) -> None:
    """A job's own rules hold, between its parts too."""
    spec, findings = JobSpec.check({key: value for key, value in (JOB | change).items() if value is not None})
    found = [(one.code, dotted(one.loc), one.given) for one in findings]
    assert found + (advised(Subject(spec, place)) if spec else []) == expected


RELATED = [
    ("a template of one's own", {"document": None, "job_template_arn": CUSTOM}, ["job_template_arn"]),
    ("no template", {}, []),
]


@pytest.mark.parametrize(("change", "related"), [row[1:] for row in RELATED], ids=[row[0] for row in RELATED])
def test_parameters_name_the_template(change: dict[str, Any], related: list[str]) -> None:
    """The template that takes no parameters is named beside them, if there is one."""
    values = {key: value for key, value in (JOB | change).items() if value is not None}
    _, (found,) = JobSpec.check(values | {"document_parameters": {"a": "b"}})
    assert [dotted(loc) for loc in found.related_locs] == related


TIMES = [
    ("start_time", timedelta(minutes=29), False),
    ("start_time", timedelta(minutes=30), True),
    ("start_time", timedelta(days=365), True),
    ("start_time", timedelta(days=365, minutes=1), False),
    ("start_time", timedelta(minutes=-1), False),
    ("end_time", timedelta(minutes=29), False),
    ("end_time", timedelta(minutes=30), True),
    ("end_time", timedelta(days=2 * 365), True),
    ("end_time", timedelta(days=2 * 365, minutes=1), False),
]


@pytest.mark.parametrize(("name", "distance", "fine"), TIMES, ids=[f"{name} {distance}" for name, distance, _ in TIMES])
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))], ids=["utc", "india"])
def test_times_from_now(name: str, distance: timedelta, fine: bool, zone: timezone) -> None:
    """A job starts 30 minutes to a year from now, in any time zone; in a stack, a time that has passed is a warning."""
    text = f"{NOW + distance:%Y-%m-%dT%H:%M}"
    times: dict[str, Any] = {name: text}
    job = JobSpec(**JOB, scheduling=SchedulingConfig(**times))
    for spelling in (cloudformation.JOB, cloudformation.API_JOB):
        # A stack may have created the job before the time passed; a request is about to.
        code = "JT851" if spelling.intrinsics and distance < timedelta(minutes=30) else "JT815"
        expected = [] if fine else [(code, f"scheduling.{name}", text)]
        assert advised(Subject(job, place, spelling=spelling), NOW.astimezone(zone)) == expected


def test_a_template_has_no_times() -> None:
    """`now` matters to jobs alone: the same template gives the same report at any time."""
    subject = template(retry(("FAILED", 1)) | windows((NIGHTLY, 60)), environment=environment(100, hours=24))
    assert advised(subject, NOW) == advised(subject, NOW + timedelta(days=5000))


def document(text: str) -> Document:
    return Document(JobDocument(text), lambda loc: Place(dotted(loc), "document.json", 1, 1), "document.json")


DOCUMENTS: list[tuple[str, str, Found]] = [
    ("good", '{"operation":"reboot.sh"}', []),
    ("anything", '{"what":"ever"}', []),
    ("advice", '{"operation":"a.sh","args":["http://a"]}', [("JT762", "args[0]", "http://a")]),
    ("not JSON", "{", [("JT701", "", None)]),
    ("a list", "[]", []),
    (
        "an error and advice",
        '{"operation":"a.sh","args":["http://a"],"a":"${aws:iot:"}',
        [("JT510", "a", "${aws:iot:"), ("JT762", "args[0]", "http://a")],
    ),
    ("a secret", '{"a":"AKIAIOSFODNN7EXAMPLE"}', [("JT760", "a", "***")]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_documents_alone(text: str, expected: Found) -> None:
    """A document on its own is checked as one in a template: errors, and advice as far as it can be read."""
    report = check(Reading(documents=[document(text)]), now=NOW)
    assert [(one.code, one.path, one.given) for one in report.findings] == expected
    assert report.checked == 1


def test_order_of_a_report() -> None:
    """Findings come by file, line, column and code, each once, whatever the order of reading."""

    spec = template({"description": "of 2026-01-31"} | retry(("FAILED", 1))).spec

    def at(line: int, column: int, file: str = "a.yaml") -> Subject:
        return Subject(spec, lambda loc: Place(dotted(loc), file, line, column))

    subjects = [at(2, 1), at(1, 2), at(1, 1, "b.yaml"), at(1, 2), at(1, 1)]
    report = check(Reading(subjects), now=NOW)
    places = [(str(one.place), one.code) for one in report.findings]
    files = ["a.yaml:1:1", "a.yaml:1:2", "a.yaml:2:1", "b.yaml:1:1"]
    assert places == [(file, code) for file in files for code in ("JT151", "JT452")]


def test_report_counts_all_that_was_read() -> None:
    """Templates, jobs and documents count as checked."""
    job = Subject(JobSpec(**JOB), place)
    report = check(Reading([template({}), job], [document("{}")]), now=NOW)
    assert report == Report(findings=(), acknowledged=(), checked=3, skipped=(), unjudged=())


@pytest.mark.parametrize(
    ("things", "least", "expected"),
    [
        ([f"{THING}a", f"{THING}b"], 3, [("JT351", LEAST, 3)]),
        ([f"{THING}a", f"{THING}b"], 2, []),
        ([f"{THING}a", GROUP], 3, []),
        ([f"{THING}a", LATER], 3, []),
        (LATER, 3, []),
    ],
)
def test_an_abort_on_listed_things(things: Any, least: int, expected: Found) -> None:
    """An abort criterion can't fire if a job lists fewer things than it asks for; a group's size is unknown."""
    spec, found = JobSpec.check({"job_id": "a", "targets": things, "document": DOCUMENT} | abort(least=least))
    assert spec is not None, found
    assert advised(Subject(spec, place)) == expected
