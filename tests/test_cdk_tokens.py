"""Tokens of every kind in every position, and texts that the CDK has yet to look up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Template

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    FindingsError,
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
from iot_jobs.cdk import JobTemplate, JobTemplateRules, Placeholder, PresignedUrl, Target
from iot_jobs.check import check
from iot_jobs.cloudformation import TEMPLATE
from iot_jobs.sources import read_paths

ENV = cdk.Environment(account="123456789012", region="eu-west-1")
PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = "cron(0 2 ? * TUE *)"


@jsii.implements(cdk.IStableAnyProducer)
class Late:
    """Says its value at synth."""

    def produce(self) -> Any:
        return {"Ref": "Text"}


@jsii.implements(cdk.IStableStringProducer)
class LateText:
    """Says its text at synth."""

    def produce(self) -> str:
        return cdk.Fn.ref("Text")


def condition(stack: cdk.Stack) -> Any:
    """What users most often write: one value or another, by region."""
    cdk.CfnCondition(stack, "Prod", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, "eu-west-1"))
    return cdk.Fn.condition_if("Prod", cdk.Fn.ref("Text"), cdk.Aws.NO_VALUE)


TEXT = {"Ref": "Text"}
KINDS: dict[str, tuple[Callable[[cdk.Stack], Any], Any]] = {
    "text": (lambda _: cdk.Fn.ref("Text"), TEXT),
    "text in text": (lambda _: f"a{cdk.Aws.REGION}", {"Fn::Join": ["", ["a", {"Ref": "AWS::Region"}]]}),
    "late text": (lambda _: cdk.Lazy.string(LateText()), TEXT),
    "JSON text": (
        lambda stack: stack.to_json_string({"a": cdk.Aws.REGION}),
        {"Fn::Join": ["", ['{"a":"', {"Ref": "AWS::Region"}, '"}']]},
    ),
    "number": (lambda _: cdk.Token.as_number({"Ref": "Text"}), TEXT),
    "object": (lambda _: cdk.Token.as_any({"Ref": "Text"}), TEXT),
    "reference": (lambda stack: cdk.CfnParameter(stack, "Text").value, TEXT),
    "late object": (lambda _: cdk.Lazy.any(Late()), TEXT),
    "condition": (condition, {"Fn::If": ["Prod", TEXT, {"Ref": "AWS::NoValue"}]}),
    "list": (lambda _: cdk.Token.as_list({"Ref": "Text"}), TEXT),
}


def abort(**values: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"failure_type": "FAILED", "threshold_percentage": 5, "min_number_of_executed_things": 20}
    return {"abort": AbortConfig(criteria=[AbortCriterion(**given | values)])}


def rate(**values: Any) -> dict[str, Any]:
    criteria = RateIncreaseCriteria(number_of_succeeded_things=5)
    given: dict[str, Any] = {"base_rate_per_minute": 5, "increment_factor": 1.5, "rate_increase_criteria": criteria}
    return {"rollout": RolloutConfig(maximum_per_minute=50, exponential_rate=ExponentialRate(**given | values))}


def window(**values: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"start_time": WINDOW, "duration_in_minutes": 60}
    return {"maintenance_windows": [MaintenanceWindow(**given | values)]}


def retry(**values: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"failure_type": "FAILED", "number_of_retries": 1}
    return {"retry": RetryConfig(criteria=[RetryCriterion(**given | values)])}


ROLLOUT, RATE = "JobExecutionsRolloutConfig", "ExponentialRolloutRate"
RETRY, WINDOWS = "JobExecutionsRetryConfig", "MaintenanceWindows"
CRITERION = ("AbortConfig", "CriteriaList", 0)
LISTS = {"AbortConfig.CriteriaList", f"{RETRY}.RetryCriteriaList", WINDOWS, "DestinationPackageVersions"}
BLOCKS = {"AbortConfig", RETRY, ROLLOUT, "TimeoutConfig", "PresignedUrlConfig", WINDOWS, "DestinationPackageVersions"}
POSITIONS: list[tuple[tuple[str | int, ...], Callable[[Any], dict[str, Any]]]] = [
    (("Description",), lambda token: {"description": token}),
    (("DocumentSource",), lambda token: {"document": None, "document_source": token}),
    (("JobArn",), lambda token: {"job_arn": token}),
    (("JobTemplateId",), lambda token: {"job_template_id": token}),
    ((ROLLOUT,), lambda token: {"rollout": token}),
    ((ROLLOUT, "MaximumPerMinute"), lambda token: {"rollout": RolloutConfig(maximum_per_minute=token)}),
    (
        (ROLLOUT, RATE),
        lambda token: {"rollout": RolloutConfig(maximum_per_minute=5, exponential_rate=token)},
    ),
    ((ROLLOUT, RATE, "BaseRatePerMinute"), lambda token: rate(base_rate_per_minute=token)),
    ((ROLLOUT, RATE, "IncrementFactor"), lambda token: rate(increment_factor=token)),
    ((ROLLOUT, RATE, "RateIncreaseCriteria"), lambda token: rate(rate_increase_criteria=token)),
    (
        (ROLLOUT, RATE, "RateIncreaseCriteria", "NumberOfNotifiedThings"),
        lambda token: rate(rate_increase_criteria=RateIncreaseCriteria(number_of_notified_things=token)),
    ),
    (
        (ROLLOUT, RATE, "RateIncreaseCriteria", "NumberOfSucceededThings"),
        lambda token: rate(rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=token)),
    ),
    (("AbortConfig",), lambda token: {"abort": token}),
    (("AbortConfig", "CriteriaList"), lambda token: {"abort": AbortConfig(criteria=token)}),
    (CRITERION, lambda token: {"abort": AbortConfig(criteria=[token])}),
    ((*CRITERION, "FailureType"), lambda token: abort(failure_type=token)),
    ((*CRITERION, "ThresholdPercentage"), lambda token: abort(threshold_percentage=token)),
    ((*CRITERION, "MinNumberOfExecutedThings"), lambda token: abort(min_number_of_executed_things=token)),
    ((*CRITERION, "Action"), lambda token: abort(action=token)),
    ((RETRY,), lambda token: {"retry": token}),
    ((RETRY, "RetryCriteriaList"), lambda token: {"retry": RetryConfig(criteria=token)}),
    ((RETRY, "RetryCriteriaList", 0), lambda token: {"retry": RetryConfig(criteria=[token])}),
    ((RETRY, "RetryCriteriaList", 0, "FailureType"), lambda token: retry(failure_type=token)),
    ((RETRY, "RetryCriteriaList", 0, "NumberOfRetries"), lambda token: retry(number_of_retries=token)),
    (("TimeoutConfig",), lambda token: {"timeout": token}),
    (
        ("TimeoutConfig", "InProgressTimeoutInMinutes"),
        lambda token: {"timeout": TimeoutConfig(in_progress_timeout_in_minutes=token)},
    ),
    (("PresignedUrlConfig",), lambda token: {"presigned_url": token}),
    (("PresignedUrlConfig", "RoleArn"), lambda token: {"presigned_url": PresignedUrlConfig(role_arn=token)}),
    (
        ("PresignedUrlConfig", "ExpiresInSec"),
        lambda token: {
            "presigned_url": PresignedUrl(expires_in_sec=token),
            "document": JobDocument.inline({"image": PRESIGNED}),
        },
    ),
    ((WINDOWS,), lambda token: {"maintenance_windows": token}),
    ((WINDOWS, 0), lambda token: {"maintenance_windows": [token]}),
    ((WINDOWS, 0, "StartTime"), lambda token: window(start_time=token)),
    ((WINDOWS, 0, "DurationInMinutes"), lambda token: window(duration_in_minutes=token)),
    (("DestinationPackageVersions",), lambda token: {"destination_package_versions": token}),
    (("DestinationPackageVersions", 0), lambda token: {"destination_package_versions": [token]}),
    (("Tags", 0, "Value"), lambda token: {"tags": {"team": token}}),
]


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs", env=ENV)


def template(scope: cdk.Stack, id: str = "Reboot", **options: Any) -> JobTemplate:
    """A template with as little as possible, in an environment named for its id."""
    given: dict[str, Any] = {
        "template_name": "reboot",
        "description": "Reboot",
        "document": JobDocument.inline({"a": 1}),
        "environment": id,
    }
    return JobTemplate(scope, id, **given | options)


def emitted(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    """The properties of all job templates of a stack, by their environment."""
    found = Template.from_stack(stack).find_resources("AWS::IoT::JobTemplate").values()
    return {one["Metadata"]["iot-jobs"]["environment"]: one["Properties"] for one in found}


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_every_position(stack: cdk.Stack, kind: str) -> None:
    """A token is emitted as what it stands for, wherever it is.

    But a list fits only in place of a list, and text around a token in place of no list and no block of the template.
    """
    make, expected = KINDS[kind]
    token = make(stack)
    passed: dict[str, tuple[str | int, ...]] = {}
    refused = set()
    for number, (path, options) in enumerate(POSITIONS):
        try:
            template(stack, f"T{number}", **options(token))
        except FindingsError:
            refused.add(".".join(map(str, path)))
        else:
            passed[f"T{number}"] = path
    properties = emitted(stack)
    assert {path: at(properties[id], path) for id, path in passed.items()} == dict.fromkeys(passed.values(), expected)
    positions = {".".join(map(str, path)) for path, _ in POSITIONS}
    assert refused == {"list": positions - LISTS, "text in text": BLOCKS}.get(kind, set())


def test_every_property_has_a_position() -> None:
    """The positions are those of every property, but the document, which has a test of its own."""
    names = {theirs[0] if isinstance(theirs, tuple) else theirs for theirs in TEMPLATE.names.values()} - {"Document"}
    assert {path[0] for path, _ in POSITIONS} == names


@pytest.mark.parametrize("kind", KINDS)
def test_inside_documents(stack: cdk.Stack, kind: str) -> None:
    """In a document a token becomes the JSON that the CDK makes of it."""
    token = KINDS[kind][0](stack)
    documents: list[dict[str, Any]] = [{"a": token, "b": 1}, {"a": [token, "b"]}, {"a": [token]}, {"a": {"b": token}}]
    if isinstance(token, str):
        documents.append({token: 1})
    for number, document in enumerate(documents):
        template(stack, f"T{number}", document=JobDocument.inline(document))
    assert [properties["Document"] for properties in emitted(stack).values()] == [
        stack.resolve(stack.to_json_string(document)) for document in documents
    ]


@pytest.mark.parametrize("kind", ["text", "late text", "JSON text", "object", "reference", "late object", "condition"])
def test_whole_documents(stack: cdk.Stack, kind: str) -> None:
    """A document that is known only at deployment is emitted as it is, and counts as a document."""
    make, expected = KINDS[kind]
    document = JobDocument.inline(make(stack))
    assert (document.unknown, document.problems(), document.placeholders) == (True, (), ())
    made = template(stack, document=document)
    again = JobTemplate.from_spec(stack, "Again", made.spec, environment="Again")
    assert again.spec == made.spec
    assert [properties["Document"] for properties in emitted(stack).values()] == [expected, expected]


@pytest.mark.parametrize("kind", ["text in text", "number", "list"])
def test_no_whole_documents(stack: cdk.Stack, kind: str) -> None:
    """Text around a token has to be JSON, and a token that is a number or a list is no document."""
    with pytest.raises(FindingsError, match=r"^error JT701\n"):
        JobDocument.inline(KINDS[kind][0](stack))


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"list"}))
@pytest.mark.parametrize(
    ("options", "finding"),
    [
        (lambda token: {"template_name": token}, "JT101 template_name"),
        (lambda token: {"environment": token}, "JT901 environment"),
        (lambda token: {"parameter_prefix": token}, "JT005 parameter_prefix"),
        (lambda token: {"generation": token}, "JT005 generation"),
        (lambda token: {"tags": {token: "fleet"}}, "JT110 tags"),
        (lambda token: {"tags": token}, "JT005 tags"),
    ],
    ids=["template_name", "environment", "parameter_prefix", "generation", "tag key", "tags"],
)
def test_what_is_known_at_synth(stack: cdk.Stack, kind: str, options: Any, finding: str) -> None:
    """Names of the template, its parameter and its tags, and the generation, are no tokens."""
    with pytest.raises(FindingsError, match=f"(?s)^Jobs/Reboot: error {finding}\n.*; [a-z ]*known at synth"):
        template(stack, **options(KINDS[kind][0](stack)))


def test_tags_of_others_are_kept(stack: cdk.Stack) -> None:
    """A tag whose value is an object leaves the tags that come with `Tags.of` alone."""
    template(stack, tags={"team": cdk.Fn.condition_if("Prod", "a", "b")})
    cdk.Tags.of(stack).add("owner", "fleet")
    assert emitted(stack)["Reboot"]["Tags"] == [
        {"Key": "owner", "Value": "fleet"},
        {"Key": "team", "Value": {"Fn::If": ["Prod", "a", "b"]}},
    ]


def test_grants_of_roles_that_are_objects(stack: cdk.Stack) -> None:
    """A role that is known only at deployment may be passed like any other."""
    operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    role: Any = cdk.Fn.condition_if("Prod", "a", "b")
    made = template(stack, presigned_url=PresignedUrlConfig(role_arn=role))
    made.grant_create_job(operator, targets=[Target.thing("a")])
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert [one["Resource"] for one in statements if one["Action"] == "iam:PassRole"] == [
        {"Fn::If": ["Prod", "a", "b"]}
    ]


def looked_up(stack: cdk.Stack, name: str = "/jobs/value") -> str:
    """What `value_from_lookup` returns before the CLI has looked the parameter up."""
    value = ssm.StringParameter.value_from_lookup(stack, name)
    assert value == f"dummy-value-for-{name}"
    return value


TEXTS: list[tuple[str, Callable[[Any], dict[str, Any]]]] = [
    *((".".join(map(str, path)), options) for path, options in POSITIONS if path[-1] in {
        "Description", "DocumentSource", "JobArn", "JobTemplateId", "RoleArn", "FailureType", "StartTime", "Value"
    }),
    ("template_name", lambda text: {"template_name": text}),
    ("environment", lambda text: {"environment": text}),
    ("parameter_prefix", lambda text: {"parameter_prefix": f"/{text}"}),
    ("package version", lambda text: {"destination_package_versions": [text]}),
    ("part of an ARN", lambda text: {"job_arn": f"arn:aws:iot:eu-west-1:123456789012:job/{text}"}),
    ("document", lambda text: {"document": JobDocument.inline(text)}),
    ("in the document", lambda text: {"document": JobDocument.inline({"a": text})}),
]  # fmt: skip


@pytest.mark.parametrize("options", [row[1] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_the_first_synth_of_a_lookup(tmp_path: Path, options: Any) -> None:
    """A text that has yet to be looked up is not checked, not by the plug-in either."""
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(JobTemplateRules())
    stack = cdk.Stack(app, "Jobs", env=ENV)
    text = looked_up(stack)
    template(stack, **options(text))
    app.synth()


def test_a_bucket_that_is_looked_up(stack: cdk.Stack) -> None:
    """The same goes for placeholders and targets that hold such a text."""
    text = looked_up(stack, "bucket")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", text)
    image = Placeholder.presigned_download(bucket, text, text)
    made = template(stack, document=JobDocument.inline({"image": image}))
    made.grant_create_job(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()), targets=[text])
    Template.from_stack(stack)


def test_found_values_are_checked(stack: cdk.Stack) -> None:
    """In the synth after the look-up, the value is checked."""
    key = "ssm:account=123456789012:parameterName=/jobs/value:region=eu-west-1"
    found = cdk.Stack(cdk.App(context={key: "two\nlines"}), "Jobs", env=ENV)
    value = ssm.StringParameter.value_from_lookup(found, "/jobs/value")
    with pytest.raises(FindingsError, match="JT102 description"):
        template(found, description=value)


def test_files_hold_no_lookups(tmp_path: Path) -> None:
    """In a file the same text is text, and checked, also where the CDK is loaded; in what was synthesized it isn't."""
    text = "dummy-value-for-/jobs/value"
    answer = {"jobTemplateId": "reboot", "description": "Reboot", "jobArn": text, "document": text}
    properties = {"JobTemplateId": "reboot-1", "Description": "Reboot", "JobArn": text, "Document": text}
    synthesized = {"Resources": {"Reboot": {"Type": "AWS::IoT::JobTemplate", "Properties": properties}}}
    codes = []
    for number, content in enumerate((answer, synthesized)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(content))
        codes.append([finding.code for finding in check(read_paths([path]), now=NOW).findings])
    assert codes == [["JT103", "JT701"], []]
    _, findings = JobTemplateSpec.judge({"template_name": "reboot", "description": "Reboot", "job_arn": text})
    assert [finding.path for finding in findings] == ["job_arn"]
