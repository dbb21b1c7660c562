"""Grants and metrics of a template: exactly what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Annotations, Match, Template
from aws_cdk.aws_iot import CfnThing, CfnThingGroup

from iot_jobs import FindingsError, JobDocument, PresignedUrlConfig
from iot_jobs.cdk import IJobTemplate, JobTemplate, Target
from tests.oracles.iam import allows, text, texts

ROLE = "arn:aws:iam::123456789012:role/presign"
IOT = "arn:aws:iot:eu-west-1:123456789012"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs", env=cdk.Environment(account="123456789012", region="eu-west-1"))


@pytest.fixture
def operator(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())


def owned(stack: cdk.Stack, **options: Any) -> JobTemplate:
    """A template of our own."""
    document = JobDocument.inline({"a": 1})
    return JobTemplate(stack, "Reboot", template_name="reboot", description="Reboot", document=document, **options)


def imported(stack: cdk.Stack) -> IJobTemplate:
    """A template that exists already."""
    return JobTemplate.from_job_template_arn(stack, "Imported", f"{IOT}:jobtemplate/reboot", presign_role_arn=ROLE)


def statements(stack: cdk.Stack) -> list[dict[str, Any]]:
    """What the only policy allows, with nothing left to resolve."""
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    found = policy["Properties"]["PolicyDocument"]["Statement"]
    return [{**one, "Resource": texts(one["Resource"])} for one in found]


def test_creating_jobs(stack: cdk.Stack, operator: iam.Role) -> None:
    """The template, any job, the given targets and no neighbour of them; the presign role may be passed on."""
    template = owned(stack, presigned_url=PresignedUrlConfig(role_arn=ROLE))
    arn = text(stack.resolve(template.job_template_arn))
    group = CfnThingGroup(stack, "Canary")
    thing = CfnThing(stack, "Board")
    targets: list[Any] = [f"{IOT}:thing/a", Target.thing("b"), Target.thing_group("c"), group, thing]
    template.grant_create_job(operator, targets=targets)
    found = statements(stack)
    assert found == [
        {
            "Effect": "Allow",
            "Action": "iot:CreateJob",
            "Resource": [
                arn,
                f"{IOT}:job/*",
                f"{IOT}:thing/a",
                f"{IOT}:thing/b",
                f"{IOT}:thinggroup/c",
                text(stack.resolve(group.attr_arn)),
                text(stack.resolve(thing.attr_arn)),
            ],
        },
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": [ROLE]},
    ]
    assert allows(found, "iot:CreateJob", f"{IOT}:thing/b")
    for action, resource in [
        ("iot:CreateJob", f"{IOT}:thing/bb"),
        ("iot:CreateJob", f"{IOT}:thinggroup/b"),
        ("iot:CreateJob", f"{IOT}:jobtemplate/other"),
        ("iot:CreateJob", "arn:aws:iot:us-east-1:123456789012:job/x"),
        ("iot:CancelJob", f"{IOT}:job/x"),
        ("iot:DescribeJobTemplate", arn),
        ("iam:PassRole", f"{ROLE}2"),
    ]:
        assert not allows(found, action, resource), (action, resource)


def test_no_role_to_pass(stack: cdk.Stack, operator: iam.Role) -> None:
    """Without a presign role nothing may be passed."""
    owned(stack).grant_create_job(operator, targets=[Target.thing("a")])
    assert [one["Action"] for one in statements(stack)] == ["iot:CreateJob"]


def test_package_versions(stack: cdk.Stack, operator: iam.Role) -> None:
    """A job may be created with the package versions that the template installs, and with no other."""
    version = f"{IOT}:package/agent/version/1.0"
    template = owned(stack, destination_package_versions=[version])
    template.grant_create_job(operator, targets=[Target.thing("a")])
    (statement,) = statements(stack)
    assert statement["Resource"][1:] == [f"{IOT}:job/*", f"{IOT}:thing/a", version]
    assert not allows([statement], "iot:CreateJob", f"{IOT}:package/agent/version/1.1")


def test_describing(stack: cdk.Stack, operator: iam.Role) -> None:
    """One template may be read, and no other."""
    template: IJobTemplate = owned(stack)
    template.grant_describe(operator)
    arn = text(stack.resolve(template.job_template_arn))
    found = statements(stack)
    assert found == [{"Effect": "Allow", "Action": "iot:DescribeJobTemplate", "Resource": [arn]}]
    assert not allows(found, "iot:DescribeJobTemplate", f"{arn}2")
    assert not allows(found, "iot:DeleteJobTemplate", arn)


def test_imported_templates(stack: cdk.Stack, operator: iam.Role) -> None:
    """What is imported can be granted and measured as what is owned."""
    template = imported(stack)
    template.grant_create_job(operator, targets=[Target.thing_group("c")])
    template.grant_describe(operator)
    assert statements(stack) == [
        {
            "Effect": "Allow",
            "Action": "iot:CreateJob",
            "Resource": [f"{IOT}:jobtemplate/reboot", f"{IOT}:job/*", f"{IOT}:thinggroup/c"],
        },
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": [ROLE]},
        {"Effect": "Allow", "Action": "iot:DescribeJobTemplate", "Resource": [f"{IOT}:jobtemplate/reboot"]},
    ]
    assert template.metric("QueuedJobExecutionCount", job_id="x").namespace == "AWS/IoT"


@pytest.mark.parametrize(
    ("targets", "path"),
    [
        ([], "JT802 targets"),
        ("arn", "JT802 targets"),
        (["fleet"], r"JT803 targets\[0\]"),
        ([Target.thing("a"), Target.thing("*")], r"JT803 targets\[1\]"),
        ([f"{IOT}:job/x"], r"JT803 targets\[0\]"),
    ],
)
def test_wrong_targets(stack: cdk.Stack, operator: iam.Role, targets: Any, path: str) -> None:
    """No target and what is neither thing nor group are findings, and nothing is granted."""
    with pytest.raises(FindingsError, match=path):
        owned(stack).grant_create_job(operator, targets=targets)
    Template.from_stack(stack).resource_count_is("AWS::IAM::Policy", 0)


METRICS: dict[str, Callable[..., Any]] = {
    "Queued": JobTemplate.metric_queued,
    "InProgress": JobTemplate.metric_in_progress,
    "Succeded": JobTemplate.metric_succeeded,
    "Failed": JobTemplate.metric_failed,
    "Rejected": JobTemplate.metric_rejected,
    "Removed": JobTemplate.metric_removed,
    "Canceled": JobTemplate.metric_canceled,
}


@pytest.mark.parametrize("status", METRICS)
def test_metrics(stack: cdk.Stack, status: str) -> None:
    """Names are AWS's own, misspelt ones too; the dimension is a job; a count is added up and a total is not."""
    template = owned(stack)
    for total, name, statistic in [(False, "Count", "Sum"), (True, "TotalCount", "Maximum")]:
        metric = METRICS[status](template, job_id="rollout-1", total=total)
        found = (metric.namespace, metric.metric_name, metric.dimensions, metric.statistic)
        assert found == ("AWS/IoT", f"{status}JobExecution{name}", {"JobId": "rollout-1"}, statistic)
    other = METRICS[status](template, job_id="rollout-1", statistic="Average", period=cdk.Duration.minutes(1))
    assert (other.statistic, other.period.to_seconds()) == ("Average", 60)


def test_error_metrics(stack: cdk.Stack) -> None:
    """Errors of client and service have a metric each."""
    template = owned(stack)
    assert template.metric_client_errors(job_id="x").metric_name == "ClientErrorCount"
    assert template.metric_server_errors(job_id="x").metric_name == "ServerErrorCount"


def test_a_grantee_in_another_stack(stack: cdk.Stack, operator: iam.Role) -> None:
    """The export that another stack imports can't change, and a template's ARN does: a warning says so."""

    def warned(of: cdk.Stack) -> int:
        found = Annotations.from_stack(of).find_warning(
            "*", Match.string_like_regexp("the grantee is in another stack")
        )
        return len(found)

    owned(stack).grant_create_job(operator, targets=[Target.thing("a")])
    imported(stack).grant_create_job(operator, targets=[Target.thing("a")])
    assert warned(stack) == 0
    app = cdk.App()
    templates, others = cdk.Stack(app, "Jobs"), cdk.Stack(app, "Others")
    elsewhere = iam.Role(others, "Operator", assumed_by=iam.AccountRootPrincipal())
    imported(templates).grant_create_job(elsewhere, targets=[Target.thing("a")])
    assert warned(templates) == 0
    owned(templates).grant_create_job(elsewhere, targets=[Target.thing("a")])
    assert warned(templates) == 1


def test_roles_that_are_not_known(stack: cdk.Stack, operator: iam.Role) -> None:
    """A grant on an import whose presign role isn't known warns once, and says what to pass."""
    unknown = [
        JobTemplate.from_published(stack, "A", environment="prod", template_name="reboot"),
        JobTemplate.from_job_template_id(stack, "B", "reboot"),
        JobTemplate.from_job_template_arn(stack, "C", f"{IOT}:jobtemplate/reboot"),
    ]
    fine: list[IJobTemplate] = [
        JobTemplate.from_published(stack, "D", environment="prod", template_name="reboot", presign_role_arn=ROLE),
        JobTemplate.from_job_template_id(stack, "E", "reboot", presign_role_arn=ROLE),
        JobTemplate.from_managed_template(stack, "F", "AWS-Reboot"),
        owned(stack),
    ]
    for template in (*unknown, *unknown, *fine):
        template.grant_create_job(operator, targets=[Target.thing("a")])
        template.grant_describe(operator)
    warned = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("pass presign_role_arn"))
    assert [one.id for one in warned] == ["/Jobs/A", "/Jobs/B", "/Jobs/C"]
