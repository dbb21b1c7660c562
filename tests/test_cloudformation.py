"""A spec as CloudFormation properties and back: its own inverse, in both spellings."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    JobDocument,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.cloudformation import API_TEMPLATE, JOB, TEMPLATE, Spelling, properties, translate, values
from iot_jobs.finding import Location, dotted
from iot_jobs.unresolved import Unresolved
from tests.strategies import specs

ROLE = "arn:aws:iam::123456789012:role/presign"
PACKAGE = "arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"

EVERYTHING = JobTemplateSpec(
    template_name="firmware-update",
    description="Install a signed image and reboot",
    document=JobDocument.inline({"version": "1.0", "steps": []}),
    job_arn="arn:aws:iot:eu-west-1:123456789012:job/first",
    rollout=RolloutConfig(
        maximum_per_minute=500,
        exponential_rate=ExponentialRate(
            base_rate_per_minute=20,
            increment_factor=1.5,
            rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=500),
        ),
    ),
    abort=AbortConfig(
        criteria=[
            AbortCriterion(failure_type="FAILED", threshold_percentage=2.5, min_number_of_executed_things=200),
            AbortCriterion(failure_type="ALL", threshold_percentage=5.0, min_number_of_executed_things=200),
        ]
    ),
    retry=RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=0)]),
    timeout=TimeoutConfig(in_progress_timeout_in_minutes=60),
    presigned_url=PresignedUrlConfig(role_arn=ROLE),
    maintenance_windows=[MaintenanceWindow(start_time="cron(0 2 ? * TUE-THU *)", duration_in_minutes=180)],
    destination_package_versions=[PACKAGE],
    tags={"team": "fleet", "impact": "restarts-device"},
)
TEMPLATE_PROPERTIES: dict[str, Any] = {
    "JobTemplateId": "firmware-update",
    "Description": "Install a signed image and reboot",
    "Document": '{"steps":[],"version":"1.0"}',
    "JobArn": "arn:aws:iot:eu-west-1:123456789012:job/first",
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 500,
        "ExponentialRolloutRate": {
            "BaseRatePerMinute": 20,
            "IncrementFactor": 1.5,
            "RateIncreaseCriteria": {"NumberOfSucceededThings": 500},
        },
    },
    "AbortConfig": {
        "CriteriaList": [
            {
                "FailureType": "FAILED",
                "ThresholdPercentage": 2.5,
                "MinNumberOfExecutedThings": 200,
                "Action": "CANCEL",
            },
            {"FailureType": "ALL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 200, "Action": "CANCEL"},
        ]
    },
    "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 0}]},
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
    "PresignedUrlConfig": {"RoleArn": ROLE, "ExpiresInSec": 3600},
    "MaintenanceWindows": [{"StartTime": "cron(0 2 ? * TUE-THU *)", "DurationInMinutes": 180}],
    "DestinationPackageVersions": [PACKAGE],
    "Tags": [{"Key": "impact", "Value": "restarts-device"}, {"Key": "team", "Value": "fleet"}],
}
API_PROPERTIES: dict[str, Any] = {
    "jobTemplateId": "firmware-update",
    "description": "Install a signed image and reboot",
    "document": '{"steps":[],"version":"1.0"}',
    "jobArn": "arn:aws:iot:eu-west-1:123456789012:job/first",
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 500,
        "exponentialRate": {
            "baseRatePerMinute": 20,
            "incrementFactor": 1.5,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 500},
        },
    },
    "abortConfig": {
        "criteriaList": [
            {
                "failureType": "FAILED",
                "thresholdPercentage": 2.5,
                "minNumberOfExecutedThings": 200,
                "action": "CANCEL",
            },
            {"failureType": "ALL", "thresholdPercentage": 5, "minNumberOfExecutedThings": 200, "action": "CANCEL"},
        ]
    },
    "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 0}]},
    "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
    "presignedUrlConfig": {"roleArn": ROLE, "expiresInSec": 3600},
    "maintenanceWindows": [{"startTime": "cron(0 2 ? * TUE-THU *)", "durationInMinutes": 180}],
    "destinationPackageVersions": [PACKAGE],
    "tags": [{"Key": "impact", "Value": "restarts-device"}, {"Key": "team", "Value": "fleet"}],
}
SPELLINGS = pytest.mark.parametrize("spelling", [TEMPLATE, API_TEMPLATE], ids=["template", "api"])


def read(given: dict[str, Any], spelling: Spelling = TEMPLATE) -> JobTemplateSpec:
    """The spec of properties in which nothing is wrong."""
    read_values, found = values(given, spelling)
    spec, more = JobTemplateSpec.check(read_values)
    assert [str(finding) for finding in (*found, *more)] == []
    assert spec is not None
    return spec


def problems(given: Any, spelling: Spelling = TEMPLATE) -> list[tuple[str, str]]:
    """Code and path, in the words of the properties, of everything that is wrong in them."""
    read_values, found = values(given, spelling)
    _, more = JobTemplateSpec.check(read_values)
    return [(one.code, dotted(translate(one.loc, given, spelling))) for one in (*found, *more)]


def as_emitted(value: Any) -> str:
    """JSON in which 5 and 5.0 differ, as they do in a template."""
    return json.dumps(value, indent=1)


def test_every_property_of_a_template() -> None:
    """Every field is a property in PascalCase, with nothing emptied, whole numbers without a fraction, tags by key."""
    assert (
        as_emitted(properties(EVERYTHING)).splitlines()
        == as_emitted({name: TEMPLATE_PROPERTIES[name] for name in properties(EVERYTHING)}).splitlines()
    )
    assert properties(EVERYTHING).keys() == TEMPLATE_PROPERTIES.keys()
    assert read(TEMPLATE_PROPERTIES) == EVERYTHING


def test_every_member_of_the_api() -> None:
    """The API's names are the same in camelCase, but for exponentialRate and criteriaList; its tags keep capitals."""
    assert properties(EVERYTHING, API_TEMPLATE) == API_PROPERTIES
    assert read(API_PROPERTIES, API_TEMPLATE) == EVERYTHING


def test_every_field_is_there() -> None:
    """The sample above leaves out only one field, which excludes another."""
    absent = {name for name, value in EVERYTHING if value in (None, (), {})}
    assert absent == {"document_source"}


def test_what_is_absent_is_left_out() -> None:
    """None, no windows, no packages and no tags are no properties; 0 retries are a value."""
    spec = JobTemplateSpec(
        template_name="a",
        description="b",
        document_source="https://bucket.s3.eu-west-1.amazonaws.com/a.json",
        retry=RetryConfig(criteria=[RetryCriterion(failure_type="ALL", number_of_retries=0)]),
    )
    assert properties(spec) == {
        "JobTemplateId": "a",
        "Description": "b",
        "DocumentSource": "https://bucket.s3.eu-west-1.amazonaws.com/a.json",
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 0}]},
    }


@SPELLINGS
@given(spec=specs())
def test_round_trip(spelling: Spelling, spec: JobTemplateSpec) -> None:
    """Any spec comes back from its properties, and from their JSON text, as it was."""
    emitted = properties(spec, spelling)
    assert read(emitted, spelling) == spec
    assert read(json.loads(json.dumps(emitted)), spelling) == spec
    assert as_emitted(properties(read(emitted, spelling), spelling)) == as_emitted(emitted)


INTRINSIC = st.sampled_from(
    [{"Ref": "Name"}, {"Fn::Sub": "${AWS::Region}-x"}, {"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::If": ["C", 1, 2]}]
)


@st.composite
def with_intrinsics(draw: st.DrawFn) -> dict[str, Any]:
    """The properties of a spec, with any of their values replaced by intrinsic functions."""

    def replaced(value: Any, *, key: str = "") -> Any:
        if key not in ("", "Key") and draw(st.integers(0, 3)) == 0:
            return draw(INTRINSIC)
        if isinstance(value, dict):
            return {name: replaced(inner, key=name) for name, inner in value.items()}
        if isinstance(value, list):
            return [replaced(inner, key=key) for inner in value]
        return value

    emitted: dict[str, Any] = replaced(properties(draw(specs())))
    return emitted


@given(with_intrinsics())
def test_intrinsic_functions_pass(given_properties: dict[str, Any]) -> None:
    """An intrinsic function is accepted in place of any value, whatever is beside it, and is emitted unchanged."""
    assert properties(read(given_properties)) == given_properties


REQUIRED = {"JobTemplateId": "a", "Description": "b"}
DOCUMENT = {"Document": '{"steps":[]}'}


FIELD_BY_FIELD = [
    ({"Description": {"Ref": "D"}, "JobTemplateId": "a b"}, [("JT101", "JobTemplateId")]),
    (
        {"TimeoutConfig": {"InProgressTimeoutInMinutes": {"Ref": "T"}, "inProgressTimeoutInMinutes": 5}},
        [("JT003", "TimeoutConfig.inProgressTimeoutInMinutes")],
    ),
    (
        {
            "AbortConfig": {
                "CriteriaList": [
                    {"Ref": "A"},
                    {"FailureType": {"Ref": "F"}, "ThresholdPercentage": 0, "Action": "CANCEL"},
                ]
            }
        },
        [
            ("JT301", "AbortConfig.CriteriaList[1].ThresholdPercentage"),
            ("JT004", "AbortConfig.CriteriaList[1].MinNumberOfExecutedThings"),
        ],
    ),
    ({"Tags": [{"Key": "a", "Value": {"Ref": "A"}}, {"Key": "aws:b", "Value": "c"}]}, [("JT110", "Tags[1]")]),
]


@pytest.mark.parametrize(("given_properties", "expected"), FIELD_BY_FIELD)
def test_neighbours_of_intrinsic_functions_are_checked(
    given_properties: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Values beside an intrinsic function are still checked."""
    assert problems(REQUIRED | DOCUMENT | given_properties) == expected


NO_VALUE = {"Ref": "AWS::NoValue"}


def test_no_value_is_absent() -> None:
    """AWS::NoValue leaves a property out, on every level."""
    given_properties = REQUIRED | DOCUMENT
    rollout = {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 5, "ExponentialRolloutRate": NO_VALUE}}
    assert read(given_properties | {"AbortConfig": NO_VALUE, "Tags": NO_VALUE}) == read(given_properties)
    assert read(given_properties | rollout).rollout == RolloutConfig(maximum_per_minute=5)
    assert problems(DOCUMENT | {"JobTemplateId": "a", "Description": NO_VALUE}) == [("JT004", "Description")]


def test_the_api_has_no_intrinsic_functions() -> None:
    """What looks like an intrinsic function in an API request is a value of the wrong kind there."""
    assert problems({"jobTemplateId": "a", "description": {"Ref": "D"}, "document": "{}"}, API_TEMPLATE) == [
        ("JT102", "description")
    ]


def test_nulls_of_the_api_are_absent() -> None:
    """The API answers null for what is not set, on every level; CloudFormation has no null."""
    given_members = {
        "jobTemplateId": "a",
        "description": "b",
        "document": "{}",
        "timeoutConfig": None,
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 5, "exponentialRate": None},
    }
    assert read(given_members, API_TEMPLATE).rollout == RolloutConfig(maximum_per_minute=5)
    assert problems(REQUIRED | DOCUMENT | {"TimeoutConfig": {"InProgressTimeoutInMinutes": None}}) == [
        ("JT005", "TimeoutConfig.InProgressTimeoutInMinutes"),
        ("JT004", "TimeoutConfig.InProgressTimeoutInMinutes"),
    ]


UNKNOWN_KEYS = [
    ({"JobExecutionRolloutConfig": {}}, "JobExecutionRolloutConfig", "write JobExecutionsRolloutConfig"),
    ({"NamespaceId": "a"}, "NamespaceId", "remove it"),
    ({"timeoutConfig": {}}, "timeoutConfig", "write TimeoutConfig"),
    ({"TimeoutConfig": {"Timeout": 5}}, "TimeoutConfig.Timeout", "remove it"),
    (
        {"JobExecutionsRetryConfig": {"CriteriaList": []}},
        "JobExecutionsRetryConfig.CriteriaList",
        "write RetryCriteriaList",
    ),
    (
        {"AbortConfig": {"CriteriaList": [{"failureType": "ALL", "Action": "CANCEL"}]}},
        "AbortConfig.CriteriaList[0].failureType",
        "write FailureType",
    ),
    ({"Tags": [{"Key": "a", "Value": "b", "Name": "c"}]}, "Tags[0].Name", "remove it"),
    # keys that are ours, not AWS's
    ({"description": "c"}, "description", "write Description"),
    ({"tags": []}, "tags", "write Tags"),
    ({"job_arn": "c"}, "job_arn", "write JobArn"),
    ({"rollout": {}}, "rollout", "write JobExecutionsRolloutConfig"),
    ({"TimeoutConfig": {"timeout": 5}}, "TimeoutConfig.timeout", "remove it"),
]


@pytest.mark.parametrize(("given_properties", "path", "fix"), UNKNOWN_KEYS)
def test_unknown_keys(given_properties: dict[str, Any], path: str, fix: str) -> None:
    """An unknown key is reported at its place, as it is spelt there, with the nearest known one."""
    _, found = values(given_properties)
    assert [(one.code, dotted(translate(one.loc, given_properties)), one.fix) for one in found] == [
        ("JT003", path, fix)
    ]


def test_many_unknown_keys() -> None:
    """After 50 unknown keys of a mapping, one finding counts the rest."""
    for number, more in ((50, []), (51, ["unknown keys, 1 more"]), (60, ["unknown keys, 10 more"])):
        _, found = values({f"Key{n}": 1 for n in range(number)})
        assert [one.code for one in found[:50]] == ["JT003"] * 50
        assert [one.given for one in found[50:]] == more


TAGS: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("none", [], []),
    ("some", [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}], []),
    ("a mapping", {"a": "b"}, [("JT005", "Tags")]),
    ("null", None, [("JT005", "Tags")]),
    ("text", ["a"], [("JT005", "Tags[0]")]),
    ("no key", [{"Value": "a"}], [("JT005", "Tags[0]")]),
    ("a key that is a number", [{"Key": 2026, "Value": "a"}], []),
    ("a key that is a list", [{"Key": [], "Value": "a"}], [("JT005", "Tags[0]")]),
    ("scalars for values", [{"Key": "a", "Value": 12345}, {"Key": "b", "Value": True}, {"Key": "c", "Value": 1.5}], []),
    ("a number that is too long", [{"Key": 1, "Value": 10**256}], [("JT111", "Tags[0].Value")]),
    ("any characters", [{"Key": "a", "Value": "O'Brien & sons, 50% https://wiki/x?y=1#z\t😀"}], []),
    ("a value of 257", [{"Key": "a", "Value": "v" * 257}], [("JT111", "Tags[0].Value")]),
    ("no value", [{"Key": "a"}], [("JT111", "Tags[0]")]),
    ("an empty value", [{"Key": "b", "Value": "c"}, {"Key": "a", "Value": ""}], [("JT118", "Tags[1].Value")]),
    ("a key twice", [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}], [("JT113", "Tags[1]")]),
    ("51 of them", [{"Key": str(n), "Value": "a"} for n in range(51)], [("JT112", "Tags")]),
    ("501 of them, no longer one by one", [{"Key": str(n), "Value": ""} for n in range(501)], [("JT112", "Tags")]),
    ("a key of AWS", [{"Key": "aws:a", "Value": "b"}], [("JT110", "Tags[0]")]),
]


@pytest.mark.parametrize(("tags", "expected"), [row[1:] for row in TAGS], ids=[row[0] for row in TAGS])
def test_tags(tags: Any, expected: list[tuple[str, str]]) -> None:
    """Tags are a list of keys and values, and each finding names the place in the list."""
    assert problems(REQUIRED | DOCUMENT | {"Tags": tags}) == expected


UNRESOLVED_TAGS: list[Any] = [
    {"Ref": "Tags"},
    [{"Fn::If": ["C", {"Key": "a", "Value": "b"}, {"Ref": "AWS::NoValue"}]}],
    [{"Key": {"Ref": "K"}, "Value": "b"}, {"Key": "c", "Value": "d"}],
]


@pytest.mark.parametrize("tags", UNRESOLVED_TAGS)
def test_tags_of_unknown_keys(tags: Any) -> None:
    """Tags whose keys only CloudFormation knows pass as a whole, and are emitted unchanged."""
    spec = read(REQUIRED | DOCUMENT | {"Tags": tags})
    assert spec.tags == Unresolved(tags)
    assert properties(spec)["Tags"] == tags


TRANSLATED: list[tuple[Location, str]] = [
    ((), ""),
    (("template_name",), "JobTemplateId"),
    (
        ("rollout", "exponential_rate", "increment_factor"),
        "JobExecutionsRolloutConfig.ExponentialRolloutRate.IncrementFactor",
    ),
    (("abort", "criteria", 1, "threshold_percentage"), "AbortConfig.CriteriaList[1].ThresholdPercentage"),
    (("retry", "criteria"), "JobExecutionsRetryConfig.RetryCriteriaList"),
    (("maintenance_windows", 0, "start_time"), "MaintenanceWindows[0].StartTime"),
    (("destination_package_versions", 3), "DestinationPackageVersions[3]"),
    (("tags",), "Tags"),
    (("tags", "team"), "Tags[1].Value"),
    (("tags", "unknown"), "Tags"),
    (("tags", 0), "Tags[0]"),
    (("document", "steps", 0, "action"), "Document.steps[0].action"),
    # a document's own keys stay, also where they are the name of a field
    (("document", "description"), "Document.description"),
    (("document", "steps", 0, "timeout", "tags"), "Document.steps[0].timeout.tags"),
    (("document", "rollout", "maximum_per_minute"), "Document.rollout.maximum_per_minute"),
]


@pytest.mark.parametrize(("loc", "path"), TRANSLATED, ids=[dotted(loc) for loc, _ in TRANSLATED])
def test_translate(loc: Location, path: str) -> None:
    """A location in the model is translated to the properties' names, tags by their index."""
    assert dotted(translate(loc, TEMPLATE_PROPERTIES)) == path


def test_translate_to_the_api() -> None:
    """The API's words differ from the template's in capitals and in two names."""
    loc: Location = ("rollout", "exponential_rate", "increment_factor")
    assert dotted(translate(loc, {}, API_TEMPLATE)) == "jobExecutionsRolloutConfig.exponentialRate.incrementFactor"
    assert dotted(translate(("retry", "criteria", 0), {}, API_TEMPLATE)) == "jobExecutionsRetryConfig.criteriaList[0]"
    assert dotted(translate(("tags", "team"), API_PROPERTIES, API_TEMPLATE)) == "tags[1].Value"


TIMEOUT, EXPIRY = "TimeoutConfig.InProgressTimeoutInMinutes", "PresignedUrlConfig.ExpiresInSec"
THRESHOLD, FACTOR = (
    "AbortConfig.CriteriaList.0.ThresholdPercentage",
    "JobExecutionsRolloutConfig.ExponentialRolloutRate.IncrementFactor",
)
SCALARS: list[tuple[str, Any, Any]] = [
    (TIMEOUT, "15", 15),
    (TIMEOUT, "10080", 10080),
    (TIMEOUT, "10081", None),
    (TIMEOUT, "0", None),
    (TIMEOUT, "15.0", None),
    (TIMEOUT, 15.0, None),
    (TIMEOUT, "015", None),
    (TIMEOUT, " 15", None),
    (TIMEOUT, "1e1", None),
    (TIMEOUT, "fifteen", None),
    (TIMEOUT, "", None),
    (TIMEOUT, True, None),
    (TIMEOUT, "true", None),
    (EXPIRY, "300", 300),
    (THRESHOLD, "20.5", 20.5),
    (THRESHOLD, "20", 20),
    (THRESHOLD, "20.555", None),
    (THRESHOLD, "0.0", None),
    (THRESHOLD, "nan", None),
    (FACTOR, "1.5", 1.5),
    (FACTOR, "1.0", None),
    ("JobTemplateId", 20260101, "20260101"),
    ("JobTemplateId", True, "true"),
    ("JobTemplateId", 1.5, None),
    ("Description", 5, "5"),
    ("Description", 1.5, "1.5"),
    ("Document", 5, "5"),
    ("Document", True, "true"),
    ("AbortConfig.CriteriaList.0.Action", True, None),
    ("MaintenanceWindows.0.DurationInMinutes", "60", 60),
]


@pytest.mark.parametrize(
    ("path", "given", "expected"), SCALARS, ids=[f"{path}-{given!r}" for path, given, _ in SCALARS]
)
def test_scalars(path: str, given: Any, expected: Any) -> None:
    """A scalar passes as the number or text that it stands for, and is else reported as it is written."""
    loc: Location = tuple(int(part) if part.isdigit() else part for part in path.split("."))
    written = put(SCALAR_PROPERTIES, loc, given)
    read, found = values(written)
    spec, more = JobTemplateSpec.judge(read)
    if expected is None:
        (finding,) = (*found, *more)
        assert (translate(finding.loc, written), finding.given, type(finding.given)) == (loc, given, type(given))
    else:
        assert (*found, *more) == ()
        assert properties(spec) == put(SCALAR_PROPERTIES, loc, expected)


def test_scalars_of_the_api() -> None:
    """A request is JSON: a number in quotes is text, and a number is no text."""
    request = {
        "jobTemplateId": "a",
        "description": 5,
        "document": "{}",
        "timeoutConfig": {"inProgressTimeoutInMinutes": "15"},
    }
    read, found = values(request, API_TEMPLATE)
    _, more = JobTemplateSpec.check(read)
    assert [(one.code, dotted(one.loc)) for one in (*found, *more)] == [
        ("JT410", "timeout.in_progress_timeout_in_minutes"),
        ("JT102", "description"),
    ]


def test_tags_of_the_api() -> None:
    """The key and value of a tag in a request are text, and the value may be empty."""
    spec = {"jobTemplateId": "a", "description": "d", "document": "{}"}
    for tags, expected in (
        ([{"Key": "a", "Value": 5}], ["JT111"]),
        ([{"Key": 5, "Value": "a"}], ["JT005"]),
    ):
        read, found = values(spec | {"tags": tags}, API_TEMPLATE)
        _, more = JobTemplateSpec.check(read)
        assert [one.code for one in (*found, *more)] == expected


SCALAR_PROPERTIES: dict[str, Any] = {
    "JobTemplateId": "reboot",
    "Description": "Reboot a board",
    "Document": "{}",
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
    "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/presign", "ExpiresInSec": 3600},
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 10,
        "ExponentialRolloutRate": {
            "BaseRatePerMinute": 5,
            "IncrementFactor": 2,
            "RateIncreaseCriteria": {"NumberOfNotifiedThings": 5},
        },
    },
    "AbortConfig": {
        "CriteriaList": [
            {"FailureType": "ALL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 9, "Action": "CANCEL"}
        ]
    },
    "MaintenanceWindows": [{"StartTime": "cron(0 2 * * ? *)", "DurationInMinutes": 60}],
}


def put(value: Any, loc: Location, leaf: Any) -> Any:
    """A copy of a value with something else at a location."""
    if not loc:
        return leaf
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[loc[0]] = put(value[loc[0]], loc[1:], leaf)
    return copied


def test_document_of_another_kind() -> None:
    """A document is JSON text in a template: a mapping there is one finding, not a document."""
    assert problems(REQUIRED | {"Document": {"steps": []}}) == [("JT005", "Document")]
    assert problems(REQUIRED | {"Document": "{"}) == [("JT701", "Document")]


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        (TEMPLATE, "add ExponentialRolloutRate with BaseRatePerMinute 1, or a timeout"),
        (JOB, "add ExponentialRate with BaseRatePerMinute 1, or a timeout"),
        (API_TEMPLATE, "add exponentialRate with baseRatePerMinute 1, or a timeout"),
    ],
)
def test_a_sentence_is_spelt_as_the_file_spells(spelling: Spelling, expected: str) -> None:
    """Our names become AWS's, and English words stay."""
    assert spelling.names.spelt("add exponential_rate with base_rate_per_minute 1, or a timeout") == expected


def test_a_list_of_names_is_spelt_whole() -> None:
    """Names of one word are replaced too in a list of nothing but names."""
    given = "a mapping of start_time, duration_in_minutes, document, snake_case"
    expected = "a mapping of StartTime, DurationInMinutes, Document, snake_case"
    assert TEMPLATE.names.spelt(given) == expected
