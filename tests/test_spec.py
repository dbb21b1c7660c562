"""Job templates: each field's limit, each rule between fields, and everything at once."""

import math
from collections import deque
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    FindingsError,
    JobDocument,
    JobSpec,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.check import advice
from iot_jobs.environment import overlay
from iot_jobs.finding import Finding, Place, dotted
from iot_jobs.sources import Subject
from iot_jobs.unresolved import Unresolved
from tests.strategies import specs

ROLE = "arn:aws:iam::123456789012:role/presign"
API = "https://docs.aws.amazon.com/iot/latest/apireference/API_"
SOURCE = "https://bucket.s3.eu-west-1.amazonaws.com/a.json"
JOB = "arn:aws:iot:eu-west-1:123456789012:job/first"
TOKEN = "${Token[TOKEN.7]}"  # a CDK token, nothing secret
URL = "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/bucket/key}"

Problem = tuple[str, str] | tuple[str, str, str]
"""Code, path, and the second place if there is one."""
Case = tuple[str, dict[str, Any], list[Problem]]


def package(name: str, version: str = "1.0") -> str:
    return f"arn:aws:iot:eu-west-1:123456789012:package/{name}/version/{version}"


def placeholder(name: str, version: str = "1.0") -> str:
    return f"${{aws:iot:package:{name}:version:{version}:attributes:url}}"


def document(*texts: str) -> JobDocument:
    return JobDocument.inline({"texts": texts})


GOOD: dict[str, Any] = {"template_name": "reboot", "description": "Reboot", "document": document()}
RATE = {
    "base_rate_per_minute": 10,
    "increment_factor": 1.5,
    "rate_increase_criteria": {"number_of_succeeded_things": 100},
}


def exponential(**change: Any) -> dict[str, Any]:
    """A rollout with an exponential rate that is changed in places; None takes a value away."""
    return {"rollout": overlay({"maximum_per_minute": 100, "exponential_rate": RATE}, change)}


def criterion(failure_type: Any = "FAILED", threshold: Any = 5, least: Any = 10, **more: Any) -> dict[str, Any]:
    return {
        "failure_type": failure_type,
        "threshold_percentage": threshold,
        "min_number_of_executed_things": least,
    } | more


def abort(*criteria: Any) -> dict[str, Any]:
    return {"abort": {"criteria": list(criteria)}}


def retry(*criteria: tuple[Any, Any]) -> dict[str, Any]:
    return {"retry": {"criteria": [{"failure_type": kind, "number_of_retries": count} for kind, count in criteria]}}


def window(start_time: Any = "cron(0 2 ? * MON *)", duration_in_minutes: Any = 60) -> dict[str, Any]:
    return {"start_time": start_time, "duration_in_minutes": duration_in_minutes}


def assumed_problems(spec: JobTemplateSpec) -> list[Finding]:
    advised = advice(Subject(spec, lambda loc: Place(dotted(loc))), now=datetime(2026, 1, 1, tzinfo=UTC))
    return [finding for finding in advised if finding.severity == "error"]


def problems(change: dict[str, Any]) -> list[Problem]:
    """What is wrong with the good template after a change, and then what is assumed to be wrong."""
    spec, found = JobTemplateSpec.judge(GOOD | change)
    assert (JobTemplateSpec.check(GOOD | change)[0] is None) == bool(found)
    listed: list[Problem] = []
    for one in (*found, *assumed_problems(spec)):
        others = tuple(dotted(loc) for loc in one.related_locs)
        listed.append((one.code, dotted(one.loc), others[0]) if len(others) == 1 else (one.code, dotted(one.loc)))
    return listed


NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("the least", {}),
    ("a document source", {"document": None, "document_source": SOURCE}),
    ("a job to copy", {"document": None, "job_arn": JOB}),
    ("a job and a document", {"job_arn": JOB}),
    ("a job and a document source", {"document": None, "document_source": SOURCE, "job_arn": JOB}),
    ("absent everything", dict.fromkeys(["document_source", "job_arn", "rollout", "abort", "retry", "timeout"])),
    ("empty lists", {"maintenance_windows": [], "destination_package_versions": (), "tags": {}}),
    ("a constant rate", {"rollout": {"maximum_per_minute": 1000}}),
    ("an exponential rate", exponential()),
    ("a base equal to the maximum", exponential(exponential_rate={"base_rate_per_minute": 100})),
    ("notified things", exponential(exponential_rate={"rate_increase_criteria": {
        "number_of_succeeded_things": None, "number_of_notified_things": 1}})),
    ("the smallest threshold", abort(criterion(threshold=0.01, least=1))),
    ("the action", abort(criterion(action="CANCEL"))),
    ("every failure type", abort(*map(criterion, ("FAILED", "REJECTED", "TIMED_OUT", "ALL")))),
    ("no retries", retry(("FAILED", 0))),
    ("ten retries", retry(("ALL", 10))),
    ("ten retries together", retry(("FAILED", 7), ("TIMED_OUT", 3))),
    ("a timeout", {"timeout": {"in_progress_timeout_in_minutes": 10080}}),
    ("a role", {"presigned_url": {"role_arn": ROLE}}),
    ("a role and a placeholder", {"document": document(URL), "presigned_url": {"role_arn": ROLE}}),
    ("a placeholder and a job's role", {"document": document(URL), "job_arn": JOB}),
    ("windows apart", {"maintenance_windows": [window(), window("cron(0 3 ? * MON *)", 1380)]}),
    ("25 packages", {"destination_package_versions": [package(f"p{n}") for n in range(25)]}),
    ("a package", {"document": document(placeholder("p")), "destination_package_versions": [package("p")]}),
    ("the default version", {"document": document(placeholder("p", "$default")),
                             "destination_package_versions": [package("p", "$default")]}),
    ("a nameless package", {"document": document(placeholder("", "")), "destination_package_versions": [package("p")]}),
    ("a package of a job", {"document": document(placeholder("p")), "job_arn": JOB}),
    ("tags", {"tags": {"team": "fleet", "a b": " "}}),
    ("an unknown placeholder", {"document": document("${aws:iot:unknown:x}")}),
]  # fmt: skip


@pytest.mark.parametrize("change", [row[1] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_nothing_to_report(change: dict[str, Any]) -> None:
    """What AWS accepts is accepted."""
    assert problems(change) == []


@given(specs())
def test_valid_templates(spec: JobTemplateSpec) -> None:
    """A valid template has no problem, equals itself made again, and keeps its parts."""
    assert list(spec.problems()) == []
    assert JobTemplateSpec(**dict(spec)) == spec


FIELDS: list[Case] = [
    ("no name", {"template_name": None}, [("JT004", "template_name")]),
    ("a name with a dot", {"template_name": "a.b"}, [("JT101", "template_name")]),
    ("a name of 65", {"template_name": "a" * 65}, [("JT101", "template_name")]),
    ("a number for a name", {"template_name": 5}, [("JT101", "template_name")]),
    ("an empty description", {"description": ""}, [("JT102", "description")]),
    ("a description on two lines", {"description": "a\nb"}, [("JT102", "description")]),
    ("no job's ARN", {"job_arn": "first"}, [("JT103", "job_arn")]),
    ("a plain source", {"document": None, "document_source": "http://a/b"}, [("JT104", "document_source")]),
    ("a mapping for a document", {"document": {"steps": []}}, [("JT005", "document")]),
    ("text for a document", {"document": "{}"}, [("JT005", "document")]),
    ("a document with problems", {"document": JobDocument("[1")}, [("JT701", "document")]),
    ("a document with more", {"document": JobDocument('["${aws:"]')},
     [("JT510", "document[0]")]),
    # rollout
    ("a rollout that is a number", {"rollout": 5}, [("JT005", "rollout")]),
    ("no thing per minute", {"rollout": {"maximum_per_minute": 0}}, [("JT201", "rollout.maximum_per_minute")]),
    ("True for 1", {"rollout": {"maximum_per_minute": True}}, [("JT201", "rollout.maximum_per_minute")]),
    ("5.0 for 5", {"rollout": {"maximum_per_minute": 5.0}}, [("JT201", "rollout.maximum_per_minute")]),
    ("a base of 0", exponential(exponential_rate={"base_rate_per_minute": 0}),
     [("JT202", "rollout.exponential_rate.base_rate_per_minute")]),
    ("a factor of 1", exponential(exponential_rate={"increment_factor": 1}),
     [("JT203", "rollout.exponential_rate.increment_factor")]),
    ("a factor of two digits", exponential(exponential_rate={"increment_factor": 1.25}),
     [("JT203", "rollout.exponential_rate.increment_factor")]),
    ("a factor that is no number", exponential(exponential_rate={"increment_factor": math.nan}),
     [("JT203", "rollout.exponential_rate.increment_factor")]),
    ("a criterion of 0", exponential(exponential_rate={"rate_increase_criteria": {"number_of_succeeded_things": 0}}),
     [("JT204", "rollout.exponential_rate.rate_increase_criteria.number_of_succeeded_things")]),
    ("parts of a rate missing", {"rollout": {"maximum_per_minute": 5, "exponential_rate": {}}},
     [("JT004", f"rollout.exponential_rate.{name}") for name in RATE]),
    # abort
    ("a threshold of 0", abort(criterion(threshold=0)), [("JT301", "abort.criteria[0].threshold_percentage")]),
    ("a threshold of -5", abort(criterion(threshold=-5)), [("JT301", "abort.criteria[0].threshold_percentage")]),
    ("a threshold of 101", abort(criterion(threshold=101)), [("JT301", "abort.criteria[0].threshold_percentage")]),
    ("three digits", abort(criterion(threshold=2.505)), [("JT301", "abort.criteria[0].threshold_percentage")]),
    ("an infinite threshold", abort(criterion(threshold=math.inf)),
     [("JT301", "abort.criteria[0].threshold_percentage")]),
    ("nothing executed", abort(criterion(least=0)), [("JT302", "abort.criteria[0].min_number_of_executed_things")]),
    ("another failure type", abort(criterion("CANCELED")), [("JT303", "abort.criteria[0].failure_type")]),
    ("no criteria", abort(), [("JT304", "abort.criteria")]),
    ("no list of criteria", {"abort": {}}, [("JT004", "abort.criteria")]),
    ("another action", abort(criterion(action="STOP")), [("JT306", "abort.criteria[0].action")]),
    # retry
    ("-1 retries", retry(("FAILED", -1)), [("JT401", "retry.criteria[0].number_of_retries")]),
    ("11 retries", retry(("FAILED", 11)), [("JT401", "retry.criteria[0].number_of_retries")]),
    ("False for 0", retry(("FAILED", False)), [("JT401", "retry.criteria[0].number_of_retries")]),
    ("retries of the rejected", retry(("REJECTED", 1)), [("JT402", "retry.criteria[0].failure_type")]),
    ("no retry criteria", retry(), [("JT403", "retry.criteria")]),
    ("three retry criteria", retry(("FAILED", 1), ("TIMED_OUT", 1), ("XX", 1)),
     [("JT403", "retry.criteria"), ("JT402", "retry.criteria[2].failure_type")]),
    # timeout and presigned URLs
    ("a timeout of 0", {"timeout": {"in_progress_timeout_in_minutes": 0}},
     [("JT410", "timeout.in_progress_timeout_in_minutes")]),
    ("a timeout of a week and a minute", {"timeout": {"in_progress_timeout_in_minutes": 10081}},
     [("JT410", "timeout.in_progress_timeout_in_minutes")]),
    ("an empty timeout", {"timeout": {}}, [("JT004", "timeout.in_progress_timeout_in_minutes")]),
    ("a timeout in words", {"timeout": {"in_progress_timeout_in_minutes": "5"}},
     [("JT410", "timeout.in_progress_timeout_in_minutes")]),
    ("a role's name", {"presigned_url": {"role_arn": "presign"}}, [("JT501", "presigned_url.role_arn")]),
    ("no role", {"presigned_url": {}}, [("JT504", "presigned_url.role_arn")]),
    ("59 seconds", {"presigned_url": {"role_arn": ROLE, "expires_in_sec": 59}},
     [("JT502", "presigned_url.expires_in_sec")]),
    ("3601 seconds", {"presigned_url": {"role_arn": ROLE, "expires_in_sec": 3601}},
     [("JT502", "presigned_url.expires_in_sec")]),
    ("None for seconds", {"presigned_url": {"role_arn": ROLE, "expires_in_sec": None}}, []),
    # windows
    ("one window alone", {"maintenance_windows": window()}, [("JT005", "maintenance_windows")]),
    ("an empty window", {"maintenance_windows": [{}]},
     [("JT004", "maintenance_windows[0].start_time"), ("JT004", "maintenance_windows[0].duration_in_minutes")]),
    ("no start", {"maintenance_windows": [window("")]}, [("JT601", "maintenance_windows[0].start_time")]),
    ("257 characters", {"maintenance_windows": [window("x" * 257)]}, [("JT601", "maintenance_windows[0].start_time")]),
    ("no minute", {"maintenance_windows": [window(duration_in_minutes=0)]},
     [("JT602", "maintenance_windows[0].duration_in_minutes")]),
    ("1431 minutes", {"maintenance_windows": [window(duration_in_minutes=1431)]},
     [("JT602", "maintenance_windows[0].duration_in_minutes")]),
    # packages and tags
    ("26 packages", {"destination_package_versions": [package(f"p{n}") for n in range(26)]},
     [("JT107", "destination_package_versions")]),
    ("a package's name", {"destination_package_versions": [package("p"), "p"]},
     [("JT106", "destination_package_versions[1]")]),
    ("one package alone", {"destination_package_versions": package("p")}, [("JT005", "destination_package_versions")]),
    ("51 tags", {"tags": {str(n): "a" for n in range(51)}}, [("JT112", "tags")]),
    ("a tag of AWS", {"tags": {"aws:a": "b"}}, [("JT110", "tags.aws:a")]),
    ("an empty tag", {"tags": {"a": ""}}, [("JT118", "tags.a")]),
    ("None for a tag", {"tags": {"a": None}}, [("JT111", "tags.a")]),
    ("a tag that is a number", {"tags": {"a": 5}}, [("JT111", "tags.a")]),
    ("a tag that is wrong throughout", {"tags": {"a*": "", "b": 5}}, [("JT110", "tags.a*"), ("JT111", "tags.b"), ("JT118", "tags.a*")]),
    ("a key that is a number", {"tags": {5: "a"}}, [("JT110", "tags.5")]),
    ("a list of tags", {"tags": [{"Key": "a", "Value": "b"}]}, [("JT005", "tags")]),
    # keys
    ("a property of a job", {"targets": []}, [("JT003", "targets")]),
    ("a misspelt property", {"rolout": {}}, [("JT003", "rolout")]),
    ("a misspelt member", {"timeout": {"in_progress_timeout_in_minutes": 5, "minutes": 5}},
     [("JT003", "timeout.minutes")]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_fields(change: dict[str, Any], expected: list[Problem]) -> None:
    """Each field is checked against its own limit, and the finding names the field."""
    assert problems(change) == expected


def test_required_fields() -> None:
    """A name, a description and what to do are required; nothing else is."""
    _, found = JobTemplateSpec.check({})
    assert [(one.code, one.path, one.fix) for one in found] == [
        ("JT004", "template_name", "add template_name"),
        ("JT004", "description", "add description"),
        ("JT105", "document", "add a document"),
    ]


RULES: list[Case] = [
    # document, document source, job
    ("a document and a source", {"document_source": SOURCE}, [("JT105", "document_source", "document")]),
    ("both, and a job", {"document_source": SOURCE, "job_arn": JOB}, [("JT105", "document_source", "document")]),
    ("neither", {"document": None}, [("JT105", "document")]),
    # rollout
    ("an empty rollout", {"rollout": {}}, [("JT205", "rollout.maximum_per_minute")]),
    ("an exponential rate alone", exponential(maximum_per_minute=None), [("JT205", "rollout.maximum_per_minute")]),
    ("a base above the maximum", exponential(exponential_rate={"base_rate_per_minute": 101}),
     [("JT206", "rollout.exponential_rate.base_rate_per_minute", "rollout.maximum_per_minute")]),
    ("a maximum of 1", exponential(maximum_per_minute=1),
     [("JT206", "rollout.exponential_rate.base_rate_per_minute", "rollout.maximum_per_minute")]),
    ("no increase criterion",
     exponential(exponential_rate={"rate_increase_criteria": {"number_of_succeeded_things": None}}),
     [("JT207", "rollout.exponential_rate.rate_increase_criteria")]),
    ("both increase criteria",
     exponential(exponential_rate={"rate_increase_criteria": {"number_of_notified_things": 1}}),
     [("JT207", "rollout.exponential_rate.rate_increase_criteria")]),
    # abort and retry
    ("a failure type twice", abort(criterion("FAILED"), criterion("ALL"), criterion("FAILED", 9, 9)),
     [("JT305", "abort.criteria[2].failure_type", "abort.criteria[0].failure_type")]),
    ("a failure type three times", abort(criterion(), criterion(), criterion()),
     [("JT305", f"abort.criteria[{index}].failure_type", "abort.criteria[0].failure_type") for index in (1, 2)]),
    ("11 retries together", retry(("FAILED", 10), ("TIMED_OUT", 1)), [("JT404", "retry.criteria")]),
    ("ALL beside another", retry(("ALL", 1), ("FAILED", 1)), [("JT405", "retry.criteria[0].failure_type")]),
    ("ALL after another", retry(("TIMED_OUT", 1), ("ALL", 0)), [("JT405", "retry.criteria[1].failure_type")]),
    ("a retried type twice", retry(("FAILED", 1), ("FAILED", 1)),
     [("JT406", "retry.criteria[1].failure_type", "retry.criteria[0].failure_type")]),
    ("ALL twice and 11 in all", retry(("ALL", 6), ("ALL", 5)),
     [("JT405", "retry.criteria[0].failure_type"), ("JT405", "retry.criteria[1].failure_type"),
      ("JT404", "retry.criteria")]),
    # windows
    ("no cron expression", {"maintenance_windows": [window("rate(5 minutes)")]},
     [("JT603", "maintenance_windows[0].start_time")]),
    ("two mistakes in one expression", {"maintenance_windows": [window("cron(60 24 ? * MON *)")]},
     [("JT603", "maintenance_windows[0].start_time")] * 2),
    ("a window that never opens", {"maintenance_windows": [window("cron(0 2 30 2 ? *)")]},
     [("JT603", "maintenance_windows[0].start_time")]),
    ("windows that touch by a minute too much", {"maintenance_windows": [window(), window("cron(59 2 ? * MON *)")]},
     [("JT604", "maintenance_windows[1].start_time", "maintenance_windows[0]")]),
    ("a window over itself", {"maintenance_windows": [window("cron(0/30 2 ? * MON *)", 31)]},
     [("JT604", "maintenance_windows[0].duration_in_minutes")]),
    ("a window twice", {"maintenance_windows": [window(), window()]},
     [("JT604", "maintenance_windows[1].start_time", "maintenance_windows[0]")]),
    # placeholders
    ("a signed URL without a role", {"document": document("a", URL)},
     [("JT503", "presigned_url", "document.texts[1]")]),
    ("two signed URLs without a role", {"document": document(URL, URL)},
     [("JT503", "presigned_url", "document.texts[0]")]),
    ("a parameter", {"document": document("${aws:iot:parameter:p}")}, [("JT512", "document.texts[0]")]),
    ("a parameter, with a job", {"document": document("${aws:iot:parameter:p}"), "job_arn": JOB},
     [("JT512", "document.texts[0]")]),
    ("a broken placeholder beside them",
     {"document": JobDocument(f'{{"a":["{URL}","${{aws:iot:parameter:p}}","${{aws:"]}}')},
     [("JT510", "document.a[2]"), ("JT503", "presigned_url", "document.a[0]"), ("JT512", "document.a[1]")]),
    ("no JSON at all", {"document": JobDocument("{")}, [("JT701", "document")]),
    ("11 placeholders", {"document": JobDocument('{"a":["' + '","'.join(["${aws:iot:unknown}"] * 11) + '"]}')},
     [("JT511", "document.a[10]")]),
    # packages
    ("a package twice", {"destination_package_versions": [package("p"), package("q"), package("p")]},
     [("JT108", "destination_package_versions[2]", "destination_package_versions[0]")]),
    ("no such package", {"document": document(placeholder("q")), "destination_package_versions": [package("p")]},
     [("JT515", "document.texts[0]", "destination_package_versions")]),
    ("another version", {"document": document(placeholder("p", "2.0")), "destination_package_versions": [package("p")]},
     [("JT515", "document.texts[0]", "destination_package_versions")]),
    ("no packages", {"document": document(placeholder("p"))},
     [("JT515", "document.texts[0]", "destination_package_versions")]),
    ("a nameless package of none", {"document": document(placeholder("", ""))},
     [("JT515", "document.texts[0]", "destination_package_versions")]),
    ("a nameless package of two",
     {"document": document(placeholder("", "")), "destination_package_versions": [package("p"), package("q")]},
     [("JT515", "document.texts[0]", "destination_package_versions")]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_rules_between_fields(change: dict[str, Any], expected: list[Problem]) -> None:
    """Values that clash are one finding that names them both."""
    assert problems(change) == expected


def test_both_increase_criteria_name_both() -> None:
    """Two increase criteria are one finding that names them both."""
    _, found = JobTemplateSpec.check(
        GOOD | exponential(exponential_rate={"rate_increase_criteria": {"number_of_notified_things": 1}})
    )
    (one,) = found
    assert one.given == ["number_of_notified_things", "number_of_succeeded_things"]
    assert [loc[-1] for loc in one.related_locs] == one.given


AT_ONCE: list[Case] = [
    (
        "broken parts, and rules between what is sound",
        {
            "template_name": "a b",
            "timeout": {"in_progress_timeout_in_minutes": 0},
            "document_source": SOURCE,
            "destination_package_versions": [package("p"), package("p")],
        },
        [
            ("JT410", "timeout.in_progress_timeout_in_minutes"),
            ("JT101", "template_name"),
            ("JT105", "document_source", "document"),
            ("JT108", "destination_package_versions[1]", "destination_package_versions[0]"),
        ],
    ),
    (
        "a broken description, and a placeholder without a role",
        {"description": "", "document": document(URL, "${aws:iot:parameter:p}")},
        [
            ("JT102", "description"),
            ("JT503", "presigned_url", "document.texts[0]"),
            ("JT512", "document.texts[1]"),
        ],
    ),
    (
        "a broken factor, and a base above the maximum",
        exponential(exponential_rate={"base_rate_per_minute": 200, "increment_factor": 9}),
        [
            ("JT203", "rollout.exponential_rate.increment_factor"),
            ("JT206", "rollout.exponential_rate.base_rate_per_minute", "rollout.maximum_per_minute"),
        ],
    ),
    (
        "a broken criterion between two that clash",
        abort(criterion("FAILED"), criterion("ALL", threshold=0), criterion("FAILED")),
        [
            ("JT301", "abort.criteria[1].threshold_percentage"),
            ("JT305", "abort.criteria[2].failure_type", "abort.criteria[0].failure_type"),
        ],
    ),
    (
        "one broken window, and two that overlap",
        {"maintenance_windows": [window(duration_in_minutes=0), window(), window()]},
        [
            ("JT602", "maintenance_windows[0].duration_in_minutes"),
            ("JT604", "maintenance_windows[2].start_time", "maintenance_windows[1]"),
        ],
    ),
    (
        "a broken document is no missing document",
        {"document": JobDocument("[1"), "template_name": ""},
        [("JT701", "document"), ("JT101", "template_name")],
    ),
    (
        "a broken role is no missing role",
        {"document": document(URL), "presigned_url": {"role_arn": "x"}},
        [("JT501", "presigned_url.role_arn")],
    ),
    (
        "a broken maximum is no missing maximum",
        exponential(maximum_per_minute=0),
        [("JT201", "rollout.maximum_per_minute")],
    ),
]


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in AT_ONCE], ids=[row[0] for row in AT_ONCE])
def test_everything_at_once(change: dict[str, Any], expected: list[Problem]) -> None:
    """All findings come in one run: a broken value counts as unknown, and the rules between the others still run."""
    assert problems(change) == expected


def test_text() -> None:
    """The whole text of an error: every finding with its path, value, limit, source and fix."""
    with pytest.raises(FindingsError) as raised:
        JobTemplateSpec(
            **GOOD
            | exponential(maximum_per_minute=5)
            | {
                "template_name": "firmware update",
                "document_source": SOURCE,
                "timeout": {"in_progress_timeout_in_minutes": 0},
            }
        )
    assert (
        str(raised.value)
        == f"""\
error JT206 rollout.exponential_rate.base_rate_per_minute
  the base rate is at most the maximum
  given    10
  allowed  at most the maximum of 5 things per minute
  see      rollout.maximum_per_minute
  source   measured: Exponential rollout baseRatePerMinute should be less than maximumPerMinute
  fix      lower the base rate, or raise the maximum
error JT410 timeout.in_progress_timeout_in_minutes
  the in-progress timeout is 1 to 10080 minutes
  given    0
  allowed  1 to 10080 minutes (7 days), a whole number
  source   {API}TimeoutConfig.html
  fix      raise it to 1 or more
error JT101 template_name
  a template's name and id are 1 to 64 letters, digits, underscores or hyphens
  given    "firmware update"
  allowed  text of 1 to 64 characters, letters, digits, _ and - only
  source   {API}CreateJobTemplate.html
  fix      write a name of letters, digits, _ and - only
error JT105 document_source
  a template has a document or a document source, or a job ARN to copy from
  given    "{SOURCE}"
  allowed  a document or a document source, not both
  see      document
  source   measured: Job document and job document source cannot be specified at the same time
  fix      remove one of them"""
    )


def test_parts_list_all_of_their_own() -> None:
    """A part that is made on its own raises at once, with all of its findings and paths from itself."""
    with pytest.raises(FindingsError) as raised:
        RolloutConfig(
            maximum_per_minute=0,
            exponential_rate={"base_rate_per_minute": 0, "increment_factor": 9, "rate_increase_criteria": {}},  # type: ignore[arg-type]
        )
    assert sorted((one.code, dotted(one.loc)) for one in raised.value.findings) == [
        ("JT201", "maximum_per_minute"),
        ("JT202", "exponential_rate.base_rate_per_minute"),
        ("JT203", "exponential_rate.increment_factor"),
        ("JT207", "exponential_rate.rate_increase_criteria"),
    ]


UNRESOLVED: list[tuple[str, dict[str, Any]]] = [
    ("name and description", {"template_name": TOKEN, "description": f"for {TOKEN}"}),
    ("a document", {"document": Unresolved({"Fn::Sub": "{}"})}),
    ("a document source", {"document": None, "document_source": f"https://{TOKEN}"}),
    ("a job", {"document": None, "job_arn": TOKEN}),
    ("a maximum", exponential(maximum_per_minute=Unresolved({"Ref": "M"}))),
    ("a base", exponential(exponential_rate={"base_rate_per_minute": Unresolved({"Ref": "B"})})),
    ("a rate", exponential(exponential_rate=Unresolved({"Ref": "R"}))),
    ("a rollout", {"rollout": Unresolved({"Ref": "R"})}),
    ("a count of things", exponential(exponential_rate={"rate_increase_criteria": {
        "number_of_succeeded_things": Unresolved({"Ref": "N"})}})),
    ("a failure type", abort(criterion(TOKEN), criterion(TOKEN), criterion("FAILED"))),
    ("a criterion", abort(Unresolved({"Ref": "A"}), criterion())),
    ("criteria", {"abort": {"criteria": Unresolved({"Ref": "A"})}, "retry": {"criteria": Unresolved({"Ref": "B"})}}),
    ("a number of retries", retry(("FAILED", 10), ("TIMED_OUT", Unresolved({"Ref": "R"})))),
    ("a retried type", retry(("FAILED", 5), (TOKEN, 5))),
    ("a timeout", {"timeout": {"in_progress_timeout_in_minutes": Unresolved({"Ref": "T"})}}),
    ("a role", {"document": document(URL), "presigned_url": {"role_arn": TOKEN}}),
    ("presigned URLs", {"document": document(URL), "presigned_url": Unresolved({"Ref": "P"})}),
    ("a start", {"maintenance_windows": [window(TOKEN), window()]}),
    ("a duration", {"maintenance_windows": [window(duration_in_minutes=Unresolved({"Ref": "D"})), window()]}),
    ("windows", {"maintenance_windows": Unresolved({"Ref": "W"})}),
    ("a package", {"document": document(placeholder("p")), "destination_package_versions": [TOKEN]}),
    ("packages", {"document": document(placeholder("p")),
                  "destination_package_versions": ["#{Token[TOKEN.3]}"]}),
    ("a tag", {"tags": {"team": TOKEN}}),
    ("tags", {"tags": Unresolved([{"Fn::If": []}])}),
]  # fmt: skip


@pytest.mark.parametrize("change", [row[1] for row in UNRESOLVED], ids=[row[0] for row in UNRESOLVED])
def test_unresolved_values_pass(change: dict[str, Any]) -> None:
    """A value that only CloudFormation will know is not checked, neither alone nor beside other values."""
    assert problems(change) == []


REF = {"Ref": "D"}
IF = {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}
BESIDE_UNRESOLVED: list[Case] = [
    ("retries", retry(("FAILED", 11), ("TIMED_OUT", Unresolved(1))), [("JT401", "retry.criteria[0].number_of_retries")]),
    ("retries in all", retry(("FAILED", 10), (TOKEN, 1)), [("JT404", "retry.criteria")]),
    ("a rollout", {"rollout": {"exponential_rate": Unresolved({"Ref": "R"})}}, [("JT205", "rollout.maximum_per_minute")]),
    ("both documents", {"document": Unresolved(REF), "document_source": SOURCE},
     [("JT105", "document_source", "document")]),
    ("either document", {"document": Unresolved(IF), "document_source": Unresolved(IF)}, []),
    ("a document and a token", {"document_source": TOKEN}, []),
    ("either criterion",
     exponential(exponential_rate={"rate_increase_criteria": {"number_of_notified_things": Unresolved(IF)}}), []),
    ("both criteria",
     exponential(exponential_rate={"rate_increase_criteria": {"number_of_notified_things": Unresolved(REF)}}),
     [("JT207", "rollout.exponential_rate.rate_increase_criteria")]),
    ("a third retry, if any",
     {"retry": {"criteria": [*retry(("FAILED", 1), ("TIMED_OUT", 1))["retry"]["criteria"], Unresolved(IF)]}}, []),
    ("a third retry",
     {"retry": {"criteria": [*retry(("FAILED", 1), ("TIMED_OUT", 1))["retry"]["criteria"], Unresolved(REF)]}},
     [("JT403", "retry.criteria")]),
    ("abort", abort(Unresolved("x"), criterion(), criterion()),
     [("JT305", "abort.criteria[2].failure_type", "abort.criteria[1].failure_type")]),
    ("windows", {"maintenance_windows": [window(TOKEN), window(), window()]},
     [("JT604", "maintenance_windows[2].start_time", "maintenance_windows[1]")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"), [row[1:] for row in BESIDE_UNRESOLVED], ids=[row[0] for row in BESIDE_UNRESOLVED]
)
def test_values_beside_unresolved_ones_are_judged(change: dict[str, Any], expected: list[Problem]) -> None:
    """The rules run on what is known."""
    assert problems(change) == expected


def test_parts_from_python() -> None:
    """Parts may be objects, any sequence is accepted as a list, and the template equals one made from mappings."""
    made = JobTemplateSpec(
        template_name="reboot",
        description="Reboot",
        document=document(),
        rollout=RolloutConfig(
            maximum_per_minute=100,
            exponential_rate=ExponentialRate(
                base_rate_per_minute=10,
                increment_factor=1.5,
                rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=100),
            ),
        ),
        abort=AbortConfig(
            criteria=deque(
                [AbortCriterion(failure_type="FAILED", threshold_percentage=5, min_number_of_executed_things=10)]
            )
        ),
        retry=RetryConfig(criteria=(RetryCriterion(failure_type="ALL", number_of_retries=0),)),
        timeout=TimeoutConfig(in_progress_timeout_in_minutes=5),
        presigned_url=PresignedUrlConfig(role_arn=ROLE),
        maintenance_windows=(MaintenanceWindow(start_time="cron(0 2 ? * MON *)", duration_in_minutes=60),),
    )
    assert made == JobTemplateSpec(
        **GOOD
        | exponential()
        | abort(criterion())
        | retry(("ALL", 0))
        | {"timeout": {"in_progress_timeout_in_minutes": 5}, "presigned_url": {"role_arn": ROLE}}
        | {"maintenance_windows": [window()]}
    )
    assert made.presigned_url == PresignedUrlConfig(role_arn=ROLE, expires_in_sec=3600)


def test_templates_are_frozen() -> None:
    """A template can't be changed once it was checked."""
    spec = JobTemplateSpec(**GOOD)
    with pytest.raises(ValueError, match="frozen"):
        spec.description = "other"


def test_many_overlaps() -> None:
    """The first overlaps of windows are reported one by one, and the rest as a number."""
    spec = JobTemplateSpec(**GOOD | {"maintenance_windows": [window()] * 7})
    fixes = [finding.fix for finding in assumed_problems(spec)]
    assert (len(fixes), fixes[-1]) == (20, "shorten the window, or move it; more pairs overlap")
    spec = JobTemplateSpec(**GOOD | {"maintenance_windows": [window()] * 6})
    assert {finding.fix for finding in assumed_problems(spec)} == {"shorten the window, or move it"}


def test_far_too_many() -> None:
    """Of many times too many tags, and of too many document parameters, one finding gives the number."""
    many = {str(number): "" for number in range(501)}
    with pytest.raises(FindingsError) as raised:
        JobTemplateSpec(**GOOD | {"tags": many})
    assert [(one.code, one.path, one.given) for one in raised.value.findings] == [("JT112", "tags", 501)]
    for count, findings in ((100, []), (101, [("JT005", 101, "at most 100 parameters")])):
        _, found = JobSpec.check({"job_id": "a", "document_parameters": {str(number): "a" for number in range(count)}})
        assert [
            (one.code, one.given, one.allowed)
            for one in found
            if one.path == "document_parameters" and one.code != "JT805"
        ] == findings
