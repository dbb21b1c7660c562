"""The construct: what it emits, what it refuses, and what it lets pass."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Annotations, Match, Template
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    FindingsError,
    Fleet,
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
from iot_jobs.cdk import IJobTemplate, JobTemplate, JobTemplateRules, PresignedUrl

TYPE = "AWS::IoT::JobTemplate"
PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
EVERYTHING: dict[str, Any] = {
    "template_name": "firmware-update",
    "description": "Install an image",
    "document": JobDocument.inline({"image": PRESIGNED}),
    "job_arn": "arn:aws:iot:eu-west-1:123456789012:job/basis",
    "rollout": RolloutConfig(
        maximum_per_minute=500,
        exponential_rate=ExponentialRate(
            base_rate_per_minute=20,
            increment_factor=1.5,
            rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=500),
        ),
    ),
    "abort": AbortConfig(
        criteria=[AbortCriterion(failure_type="FAILED", threshold_percentage=2.5, min_number_of_executed_things=200)]
    ),
    "retry": RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=0)]),
    "timeout": TimeoutConfig(in_progress_timeout_in_minutes=60),
    "presigned_url": PresignedUrlConfig(role_arn="arn:aws:iam::123456789012:role/presign", expires_in_sec=900),
    "maintenance_windows": [MaintenanceWindow(start_time="cron(0 2 ? * TUE-THU *)", duration_in_minutes=180)],
    "destination_package_versions": ["arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"],
    "tags": {"team": "fleet"},
}


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs")


def reboot(scope: Construct, id: str = "Reboot", **options: Any) -> JobTemplate:
    """A template with as little as possible."""
    given: dict[str, Any] = {
        "template_name": "reboot",
        "description": "Reboot",
        "document": JobDocument.inline({"a": 1}),
    }
    return JobTemplate(scope, id, **given | options)


def emitted(stack: cdk.Stack) -> dict[str, Any]:
    """The properties of the only job template of a stack."""
    (found,) = Template.from_stack(stack).find_resources(TYPE).values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def job_template_id(stack: cdk.Stack) -> str:
    """Its id."""
    return str(emitted(stack)["JobTemplateId"])


def test_everything(stack: cdk.Stack) -> None:
    """Every property comes out as CloudFormation spells it, with nothing emptied, renamed or left out."""
    assert EVERYTHING.keys() == JobTemplateSpec.model_fields.keys() - {"document_source"}
    JobTemplate(stack, "FirmwareUpdate", **EVERYTHING)
    properties = emitted(stack)
    assert properties.pop("JobTemplateId").startswith("firmware-update-")
    assert properties == {
        "Description": "Install an image",
        "Document": json.dumps({"image": PRESIGNED}, separators=(",", ":")),
        "JobArn": "arn:aws:iot:eu-west-1:123456789012:job/basis",
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
                }
            ]
        },
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 0}]},
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/presign", "ExpiresInSec": 900},
        "MaintenanceWindows": [{"StartTime": "cron(0 2 ? * TUE-THU *)", "DurationInMinutes": 180}],
        "DestinationPackageVersions": ["arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"],
        "Tags": [{"Key": "team", "Value": "fleet"}],
    }


def test_the_l1_still_needs_our_overrides(stack: cdk.Stack) -> None:
    """The L1 emits its own types in camelCase; when this fails, aws/aws-cdk#32459 is mended: drop the overrides."""
    CfnJobTemplate(
        stack,
        "Raw",
        job_template_id="raw",
        description="x",
        timeout_config=CfnJobTemplate.TimeoutConfigProperty(in_progress_timeout_in_minutes=5),
        job_executions_retry_config={"RetryCriteriaList": [{"FailureType": "FAILED"}]},
    )
    properties = emitted(stack)
    assert properties["TimeoutConfig"] == {"inProgressTimeoutInMinutes": 5}
    assert properties["JobExecutionsRetryConfig"] == {}


def test_wrong_values_never_reach_node(stack: cdk.Stack) -> None:
    """All findings come at once, as a ValueError, and nothing is left in the stack."""
    with pytest.raises(FindingsError) as raised:
        reboot(stack, template_name="has.dot", description="", document=None)
    assert [finding.code for finding in raised.value.findings] == ["JT101", "JT102", "JT105"]
    assert isinstance(raised.value, ValueError)
    assert stack.node.children == []


@pytest.mark.parametrize(
    ("document", "code"),
    [(JobDocument("{"), "JT701"), (JobDocument("[" * 1001 + "]" * 1001), "JT704"), ("{}", "JT005 document")],
)
def test_wrong_documents(stack: cdk.Stack, document: Any, code: str) -> None:
    """A document that can't be read is a finding like any other."""
    with pytest.raises(FindingsError, match=f"error {code}"):
        reboot(stack, document=document)


def test_arguments_are_keywords(stack: cdk.Stack) -> None:
    """Arguments after scope and id are keyword-only."""
    with pytest.raises(TypeError):
        JobTemplate(stack, "Reboot", "reboot", "Reboot")  # type: ignore[call-arg]


def test_any_sequence(stack: cdk.Stack) -> None:
    """Any sequence is accepted as a list."""
    arn = "arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"
    criterion = AbortCriterion(failure_type="ALL", threshold_percentage=10, min_number_of_executed_things=20)
    reboot(stack, destination_package_versions=deque([arn]), abort=AbortConfig(criteria=(criterion,)))
    assert emitted(stack)["DestinationPackageVersions"] == [arn]


def test_tokens_pass(stack: cdk.Stack) -> None:
    """A text, a number and a list that hold tokens pass unchecked and are resolved, in the document as JSON."""
    bucket = s3.Bucket(stack, "Bucket")
    parameter = cdk.CfnParameter(stack, "Minutes", type="Number")
    versions = cdk.CfnParameter(stack, "Versions", type="CommaDelimitedList")
    reboot(
        stack,
        description=f"From {bucket.bucket_name}",
        document=JobDocument.inline({"bucket": bucket.bucket_name, "a": "x"}),
        timeout=TimeoutConfig(in_progress_timeout_in_minutes=parameter.value_as_number),  # type: ignore[arg-type]
        destination_package_versions=versions.value_as_list,
    )
    properties = emitted(stack)
    assert properties["TimeoutConfig"] == {"InProgressTimeoutInMinutes": {"Ref": "Minutes"}}
    assert properties["DestinationPackageVersions"] == {"Ref": "Versions"}
    assert properties["Description"] == {"Fn::Join": ["", ["From ", {"Ref": "Bucket83908E77"}]]}
    (blank, parts) = properties["Document"]["Fn::Join"]
    text = blank.join("the-bucket" if isinstance(part, Mapping) else part for part in parts)
    assert json.loads(text) == {"bucket": "the-bucket", "a": "x"}


def test_tokens_that_are_objects(stack: cdk.Stack) -> None:
    """What the CDK hands out as an object passes as well, in place of a text, a number, a list or a whole block."""
    condition = cdk.CfnCondition(stack, "Prod", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, "eu-west-1"))

    def choose(prod: Any, other: Any) -> Any:
        return cdk.Fn.condition_if(condition.logical_id, prod, other)

    windows = [MaintenanceWindow(start_time="cron(0 2 ? * TUE *)", duration_in_minutes=choose(60, 120))]
    reboot(
        stack,
        description=choose("a", "b"),
        timeout=TimeoutConfig(in_progress_timeout_in_minutes=choose(5, 60)),
        retry=RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=choose(1, 2))]),
        maintenance_windows=windows,
        destination_package_versions=choose(["a"], ["b"]),
        rollout=choose({"MaximumPerMinute": 5}, cdk.Aws.NO_VALUE),
    )
    properties = emitted(stack)
    assert properties.pop("JobTemplateId").startswith("reboot-")
    assert properties == {
        "Description": {"Fn::If": ["Prod", "a", "b"]},
        "Document": '{"a":1}',
        "TimeoutConfig": {"InProgressTimeoutInMinutes": {"Fn::If": ["Prod", 5, 60]}},
        "JobExecutionsRetryConfig": {
            "RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": {"Fn::If": ["Prod", 1, 2]}}]
        },
        "MaintenanceWindows": [
            {"StartTime": "cron(0 2 ? * TUE *)", "DurationInMinutes": {"Fn::If": ["Prod", 60, 120]}}
        ],
        "DestinationPackageVersions": {"Fn::If": ["Prod", ["a"], ["b"]]},
        "JobExecutionsRolloutConfig": {"Fn::If": ["Prod", {"MaximumPerMinute": 5}, {"Ref": "AWS::NoValue"}]},
    }


def test_a_token_in_another_stack() -> None:
    """A reference to another stack becomes an import of its export."""
    app = cdk.App()
    owner, user = cdk.Stack(app, "Owner"), cdk.Stack(app, "User")
    role = iam.Role(owner, "Role", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    reboot(user, document=JobDocument.inline({"image": PRESIGNED}), presigned_url=PresignedUrl(role=role))
    block = emitted(user)["PresignedUrlConfig"]
    assert (list(block["RoleArn"]), block["ExpiresInSec"]) == (["Fn::ImportValue"], 3600)


def test_references(stack: cdk.Stack) -> None:
    """Id, ARN and reference are those of the resource, and the L1's helpers take the construct."""
    template = reboot(stack)
    logical_id = next(iter(Template.from_stack(stack).find_resources(TYPE)))
    assert stack.resolve(template.job_template_id) == {"Ref": logical_id}
    assert stack.resolve(template.job_template_arn) == {"Fn::GetAtt": [logical_id, "Arn"]}
    assert stack.resolve(CfnJobTemplate.arn_for_job_template(template)) == {"Fn::GetAtt": [logical_id, "Arn"]}
    assert (template.env.account, template.env.region) == (stack.account, stack.region)


def test_imports(stack: cdk.Stack) -> None:
    """Existing templates are referred to by ARN, id, managed name, or published name."""
    arn = "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot-abc"
    by_arn = JobTemplate.from_job_template_arn(stack, "A", arn)
    assert (by_arn.job_template_id, by_arn.job_template_arn) == ("reboot-abc", arn)
    reference = by_arn.job_template_ref
    assert (reference.job_template_id, reference.job_template_arn) == ("reboot-abc", arn)
    by_id = JobTemplate.from_job_template_id(stack, "B", "reboot-abc")
    assert stack.resolve(by_id.job_template_arn)["Fn::Join"][1][-1] == ":jobtemplate/reboot-abc"
    managed = JobTemplate.from_managed_template(stack, "C", "AWS-Reboot", version="1.0")
    assert stack.resolve(managed.job_template_arn)["Fn::Join"][1][-1] == "::jobtemplate/AWS-Reboot:1.0"
    published = JobTemplate.from_published(stack, "D", environment="prod", template_name="reboot")
    parameter = stack.resolve(published.job_template_arn)["Ref"]
    assert Template.from_stack(stack).find_parameters(parameter)[parameter]["Default"] == "/iot-jobs/prod/reboot"


def test_ids_move_with_content_and_only_with_content() -> None:
    """Layout, key order and a second synth leave the id alone; every real change of content or place moves it."""

    def made(name: str = "Jobs", id: str = "Reboot", tag: str | None = None, **options: Any) -> str:
        app = cdk.App()
        stack = cdk.Stack(app, name)
        reboot(stack, id, **options)
        if tag is not None:
            cdk.Tags.of(app).add("team", tag)
        return job_template_id(stack)

    first = made()
    same = [
        made(),
        made(document=JobDocument.inline('{ "a" :\n 1 }')),
        made(environment="other", parameter_prefix=None),
    ]
    assert set(same) == {first}
    two = JobDocument.inline('{"b": 2, "a": 1}')
    assert made(document=two) == made(document=JobDocument.inline({"a": 1, "b": 2}))
    moved = [
        made("Other"),
        made(id="Restart"),
        made(tag="a"),
        made(tag="b"),
        made(document=two),
        made(document=JobDocument.inline('{"a": 1.0}')),
        made(description="Reboot now"),
        made(generation=1),
        made(template_name="reboo"),
    ]
    assert len({first, *moved}) == 1 + len(moved)


def test_ids_without_validation_and_again() -> None:
    """The ids are right where validation is skipped, anywhere in the tree, and when synthesized again."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    early = Construct(stack, "Early")
    reboot(stack, parameter_prefix="/a")
    reboot(early, parameter_prefix="/b")

    def ids() -> list[str]:
        template = app.synth(skip_validation=True, force=True).get_stack_by_name("Jobs").template
        found = template["Resources"].values()
        return [one["Properties"]["JobTemplateId"] for one in found if one["Type"] == TYPE]

    before = ids()
    assert len(set(before)) == 2
    assert all(one.startswith("reboot-") for one in before)
    assert ids() == before
    cdk.Tags.of(stack).add("late", "tag")
    assert not set(ids()) & set(before)


def test_long_names_are_cut_and_stay_apart() -> None:
    """An id has at most 64 characters, and two long names that differ at the end have different ids."""
    found = set()
    for end in "ab":
        stack = cdk.Stack(cdk.App(), "Jobs")
        reboot(stack, template_name="x" * 63 + end)
        found.add(job_template_id(stack))
    assert [len(one) for one in found] == [64, 64]


def test_metadata_moves_no_id(stack: cdk.Stack) -> None:
    """A fleet is written as it is stated, also beside a fixed id, and the id stays the same."""
    fleet = Fleet(things=50, failure_rate=0.01)
    reboot(stack, fleet=fleet)
    other = cdk.Stack(cdk.App(), "Jobs")
    reboot(other)
    assert job_template_id(stack) == job_template_id(other)
    fixed = cdk.Stack(cdk.App(), "Fixed")
    reboot(fixed, job_template_id="mine", environment="prod", fleet=fleet)
    written = {"things": 50, "failure_rate": 0.01}
    for one, expected in (
        (stack, {"environment": "Jobs", "fleet": written}),
        (fixed, {"environment": "prod", "fleet": written}),
    ):
        (found,) = Template.from_stack(one).find_resources("AWS::IoT::JobTemplate").values()
        metadata = dict(found["Metadata"]["iot-jobs"])
        assert ("content" in metadata) == (one is stack)
        metadata.pop("content", None)
        assert metadata == {"template_name": "reboot", **expected}


def test_an_id_of_ones_own(stack: cdk.Stack) -> None:
    """It is used unchanged and checked, and a warning says what the first edit will do."""
    reboot(stack, job_template_id="mine")
    assert job_template_id(stack) == "mine"
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp("first edit of any property will fail"))
    with pytest.raises(FindingsError, match="JT101 job_template_id"):
        reboot(stack, "Other", job_template_id="has.dot")


def test_published_name(stack: cdk.Stack) -> None:
    """The parameter is named for environment and template, and can be named otherwise or left out."""
    reboot(stack, "A")
    reboot(stack, "B", environment="prod")
    reboot(stack, "C", environment="prod", parameter_prefix="/fleet")
    reboot(stack, "D", parameter_prefix=None)
    found = Template.from_stack(stack).find_resources(ssm.CfnParameter.CFN_RESOURCE_TYPE_NAME).values()
    assert sorted(one["Properties"]["Name"] for one in found) == [
        "/fleet/prod/reboot",
        "/iot-jobs/Jobs/reboot",
        "/iot-jobs/prod/reboot",
    ]


@pytest.mark.parametrize(
    ("prefix", "accepted"),
    [
        ("/fleet", True),
        ("/fleet/iot.jobs_1-2", True),
        ("/AWSome", False),
        ("/aws/fleet", False),
        ("/SSM", False),
        ("/fleet/aws", True),
        ("fleet", False),
        ("", True),
        ("/", False),
        ("/fleet/", False),
        ("/my fleet", False),
        ("/x" * 13, True),
        ("/x" * 14, False),
    ],
)
def test_parameter_names(stack: cdk.Stack, prefix: str, accepted: bool) -> None:
    """A name that SSM would refuse is an error before anything is created."""
    if accepted:
        reboot(stack, parameter_prefix=prefix)
        return
    with pytest.raises(FindingsError, match="JT911 parameter_prefix") as raised:
        reboot(stack, parameter_prefix=prefix)
    assert raised.value.where == "Jobs/Reboot"


def test_nested_stacks_publish_apart() -> None:
    """Nested stacks of one id in two parents have a parameter each, in the stack that is deployed."""
    app = cdk.App()
    for name in ("One", "Two"):
        reboot(cdk.NestedStack(Construct(cdk.Stack(app, name), "Part"), "Inner"))
    assembly = app.synth()
    for name in ("One", "Two"):
        resources = assembly.get_stack_by_name(name).template["Resources"].values()
        (found,) = (one["Properties"]["Name"] for one in resources if one["Type"] == "AWS::SSM::Parameter")
        assert found == f"/iot-jobs/{name}-Part-Inner/reboot"


IRELAND, VIRGINIA = (cdk.Environment(account="123456789012", region=region) for region in ("eu-west-1", "us-east-1"))


@pytest.mark.parametrize(
    ("first", "second", "error", "warning"),
    [
        (IRELAND, IRELAND, True, False),
        (None, None, False, True),
        (IRELAND, VIRGINIA, False, False),
        (IRELAND, None, False, False),
    ],
)
def test_two_stacks_that_publish_one_parameter(
    first: cdk.Environment | None, second: cdk.Environment | None, error: bool, warning: bool
) -> None:
    """In one account and region that is an error which names both templates, and may be one where these aren't known."""
    app = cdk.App()
    stacks = [cdk.Stack(app, name, env=env) for name, env in (("One", first), ("Two", second))]
    for stack in stacks:
        reboot(stack, environment="prod")
    if error:
        with pytest.raises(RuntimeError, match=r"Two/Reboot/Resource: error JT905 .*[^¶]*One/Reboot") as raised:
            app.synth()
        assert "the parameter /iot-jobs/prod/reboot" in str(raised.value)
    else:
        app.synth()
        told = Annotations.from_stack(stacks[1]).find_warning("*", Match.string_like_regexp("if both stacks are"))
        assert bool(told) == warning


def test_forecast(stack: cdk.Stack) -> None:
    """A template says what it will do to a fleet, as the library does; what holds a token can't be foretold."""
    from iot_jobs.forecast import Assumptions, ForecastError, forecast

    rate: Any = cdk.CfnParameter(stack, "Rate", type="Number").value_as_number
    template, later = (
        JobTemplate(stack, name, template_name=name, description="a", document=JobDocument.inline({}), rollout=rollout)
        for name, rollout in (
            ("a", RolloutConfig(maximum_per_minute=10)),
            ("b", RolloutConfig(maximum_per_minute=rate)),
        )
    )
    found = template.forecast(things=35, run_time_minutes=2)
    assert found.notified == forecast(template.spec, Assumptions(things=35, run_time_minutes=2)).notified
    assert (found.notified.p100, found.done.p100) == (3, 5)
    with pytest.raises(ForecastError, match=r"rollout\.maximum_per_minute"):
        later.forecast(things=35)


def test_policies(stack: cdk.Stack) -> None:
    """Templates are deleted with the stack and when replaced, unless asked otherwise; keeping them is warned of."""
    reboot(stack, "A", parameter_prefix=None)
    reboot(stack, "B", parameter_prefix=None, keep_previous=True)
    reboot(stack, "C", parameter_prefix=None, removal_policy=cdk.RemovalPolicy.RETAIN)
    found = Template.from_stack(stack).find_resources(TYPE).values()
    policies = sorted((str(one.get("DeletionPolicy")), str(one.get("UpdateReplacePolicy"))) for one in found)
    assert policies == [("None", "None"), ("None", "Retain"), ("RetainExceptOnCreate", "Retain")]
    warned = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("leaves the old one behind"))
    assert [one.id for one in warned] == ["/Jobs/B", "/Jobs/C"]


@pytest.mark.parametrize(
    ("policies", "expected", "warned"),
    [
        (["retain"], ("RetainExceptOnCreate", "Retain"), True),
        (["destroy"], ("Delete", "Delete"), False),
        (["retain", "destroy"], ("Delete", "Delete"), False),
        (["retain_on_update_or_delete"], ("RetainExceptOnCreate", "Retain"), True),
    ],
)
def test_policies_of_a_whole_stack(
    stack: cdk.Stack, policies: list[str], expected: tuple[str, str], warned: bool
) -> None:
    """A policy that an aspect sets does the same as the argument, and leaves the parameter alone."""
    reboot(stack)
    for policy in policies:
        getattr(cdk.RemovalPolicies.of(stack), policy)(priority=100 + policies.index(policy))
    found = Template.from_stack(stack)
    (resource,) = found.find_resources(TYPE).values()
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == expected
    (parameter,) = found.find_resources(ssm.CfnParameter.CFN_RESOURCE_TYPE_NAME).values()
    assert not parameter.keys() & {"DeletionPolicy", "UpdateReplacePolicy"}
    told = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("raise generation"))
    assert bool(told) == warned


@pytest.mark.parametrize("policy", [cdk.RemovalPolicy.DESTROY, cdk.RemovalPolicy.RETAIN])
@pytest.mark.parametrize(
    "options", [{}, {"keep_previous": True}, {"document": JobDocument.inline({"image": PRESIGNED})}]
)
def test_a_removal_policy_that_comes_later(policy: cdk.RemovalPolicy, options: dict[str, Any]) -> None:
    """`apply_removal_policy` does what the argument does, for the template and for a role that was made for it."""
    argument, method = cdk.Stack(cdk.App(), "Jobs"), cdk.Stack(cdk.App(), "Jobs")
    reboot(argument, removal_policy=policy, **options)
    reboot(method, **options).apply_removal_policy(policy)
    assert Template.from_stack(method).to_json() == Template.from_stack(argument).to_json()


def test_a_resource_of_the_cdk(stack: cdk.Stack) -> None:
    """A template is what the CDK calls a resource, owned if it was made here, and an `IJobTemplate` in any case."""
    owned = reboot(stack)
    imported = JobTemplate.from_managed_template(stack, "Managed", "AWS-Reboot")
    found = [
        (isinstance(one, IJobTemplate), cdk.Resource.is_resource(one), cdk.Resource.is_owned_resource(one))
        for one in (owned, imported, stack, iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    ]
    assert found == [(True, True, True), (True, True, False), (False, False, False), (False, True, True)]
    assert not isinstance("arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot", IJobTemplate)
    assert (owned.stack, owned.env.account, owned.env.region) == (stack, stack.account, stack.region)
    either: list[IJobTemplate] = [owned, imported]
    assert [CfnJobTemplate.arn_for_job_template(one) for one in either] == [one.job_template_arn for one in either]


def test_rules_in_the_cdk(tmp_path: Any) -> None:
    """The plug-in finds what is wrong in an L1, and warnings alone don't fail a synth."""

    def synthesize(**properties: Any) -> list[tuple[str, str]]:
        app = cdk.App(outdir=str(tmp_path))
        cdk.Validations.of(app).add_plugins(JobTemplateRules())
        CfnJobTemplate(cdk.Stack(app, "Jobs"), "Raw", description="x", document="{}", **properties)
        failed = False
        try:
            app.synth()
        except RuntimeError:
            failed = True
        report = json.loads((tmp_path / "validation-report.json").read_text())
        violations = [one for plugin in report["pluginReports"] for one in plugin["violations"]]
        assert failed == any(one["severity"] == "error" for one in violations)
        return sorted((one["ruleName"], one["severity"]) for one in violations)

    assert synthesize(job_template_id="good-1") == []
    presigned = {"RoleArn": "arn:aws:iam::123456789012:role/presign"}
    assert synthesize(job_template_id="good-1", presigned_url_config=presigned) == [
        ("JT551", "warning"),
        ("JT554", "warning"),
    ]
    assert synthesize(job_template_id="has.dot", presigned_url_config=presigned) == [
        ("JT101", "error"),
        ("JT551", "warning"),
        ("JT554", "warning"),
    ]


def test_rules_in_nested_and_empty_stacks(tmp_path: Any) -> None:
    """A template in a stack within a stack is found, however deep; a stack with nothing in it is no matter."""
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(JobTemplateRules())
    cdk.Stack(app, "Empty")
    outer = cdk.NestedStack(cdk.Stack(app, "Jobs"), "Outer")
    CfnJobTemplate(outer, "Good", description="x", document="{}", job_template_id="good-1")
    inner = cdk.NestedStack(outer, "Inner")
    CfnJobTemplate(inner, "Bad", description="x", document="{}", job_template_id="has.dot")
    with pytest.raises(RuntimeError):
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    violations = [one for plugin in report["pluginReports"] for one in plugin["violations"]]
    assert [one["ruleName"] for one in violations] == ["JT101"]


def test_names_that_differ_in_punctuation_alone() -> None:
    """Logical ids have only letters and digits, and names that differ in other characters don't collide."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    for index, name in enumerate(("log-collection", "logcollection", "log_collection", "LogCollection")):
        JobTemplate(stack, f"T{index}", template_name=name, description="d", document=JobDocument.inline({}))
    found = Template.from_stack(stack).find_resources(ssm.CfnParameter.CFN_RESOURCE_TYPE_NAME)
    assert len(found) == 4


def test_a_name_twice() -> None:
    """A name that is published already is a finding, unless it is published elsewhere or not at all."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    given: dict[str, Any] = {"template_name": "reboot", "description": "d", "document": JobDocument.inline({})}
    JobTemplate(stack, "A", **given)
    with pytest.raises(FindingsError, match="JT905 template_name"):
        JobTemplate(stack, "B", **given)
    JobTemplate(stack, "C", environment="other", **given)
    JobTemplate(stack, "D", parameter_prefix="/other", **given)
    JobTemplate(stack, "E", parameter_prefix=None, **given)
    assert len(Template.from_stack(stack).find_resources("AWS::IoT::JobTemplate")) == 4


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"template_name": cdk.Aws.STACK_NAME}, "JT101 template_name"),
        ({"environment": cdk.Aws.REGION}, "JT901 environment"),
        ({"environment": "a b"}, "JT901 environment"),
        ({"environment": "/"}, "JT901 environment"),
    ],
)
def test_what_names_are_made_of_is_known(values: dict[str, str], code: str) -> None:
    """The id and the parameter's name are made from these, so that they can be no tokens."""
    given: dict[str, Any] = {"template_name": "reboot", "description": "d", "document": JobDocument.inline({})}
    with pytest.raises(FindingsError, match=code):
        JobTemplate(cdk.Stack(cdk.App(), "Jobs"), "A", **given | values)
