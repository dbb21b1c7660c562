"""What only shows late: aspects, tags on the whole app, and the quotas of a stack and a region."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk.assertions import Annotations, Match, Template
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import IConstruct

from iot_jobs import Environment, Fleet, JobDocument, JobTemplateSpec, RetryConfig, RetryCriterion, RolloutConfig
from iot_jobs.cdk import JobTemplate, StableTags
from iot_jobs.cdk.l1 import JobTemplateResource
from iot_jobs.identity import content_digest
from stacks.job_templates import JobTemplatesStack

TYPE = "AWS::IoT::JobTemplate"
ENV = cdk.Environment(account="123456789012", region="eu-west-1")


def reboot(scope: Any, id: str = "Reboot", **options: Any) -> JobTemplate:
    """A template with as little as possible."""
    given: dict[str, Any] = {
        "template_name": "reboot",
        "description": "Reboot",
        "document": JobDocument.inline({"a": 1}),
    }
    return JobTemplate(scope, id, **given | options)


def only(stack: cdk.Stack) -> dict[str, Any]:
    """The only template's resource."""
    (found,) = Template.from_stack(stack).find_resources(TYPE).values()
    return dict(found)


def warnings(stack: cdk.Stack, text: str) -> list[str]:
    """The warnings of a stack that hold a text."""
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(text))
    return [str(one.entry.data) for one in found]


@jsii.implements(cdk.IAspect)
class Change:
    """An aspect that changes every job template."""

    def __init__(self, change: Callable[[CfnJobTemplate], None]) -> None:
        self.change = change

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, CfnJobTemplate):
            self.change(node)


def assign(one: CfnJobTemplate) -> None:
    one.description = "Another"


def override(one: CfnJobTemplate) -> None:
    one.add_property_override("TimeoutConfig.InProgressTimeoutInMinutes", 5)


def remove(one: CfnJobTemplate) -> None:
    one.add_property_deletion_override("Description")
    one.add_property_override("Description", "Back")


def windows(one: CfnJobTemplate) -> None:
    window = CfnJobTemplate.MaintenanceWindowProperty(start_time="cron(0 1 ? * MON *)", duration_in_minutes=5)
    one.maintenance_windows = [window]


@pytest.mark.parametrize("change", [assign, override, remove, windows])
def test_aspects_move_the_id(change: Callable[[CfnJobTemplate], None]) -> None:
    """What an aspect changes in the L1 is part of what is emitted, and so of the id and of the digest of the content."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    reboot(stack)
    before = only(stack)["Properties"]
    stack = cdk.Stack(cdk.App(), "Jobs")
    reboot(stack)
    cdk.Aspects.of(stack).add(Change(change))
    after = only(stack)
    given = {key: value for key, value in after["Properties"].items() if key != "JobTemplateId"}
    assert given != {key: value for key, value in before.items() if key != "JobTemplateId"}
    assert after["Properties"]["JobTemplateId"] != before["JobTemplateId"]
    assert after["Metadata"]["iot-jobs"]["content"] == content_digest(given)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("A", {}),
        ("A", []),
        ("A", 0),
        ("A", False),
        ("A", {"b": None}),
        ("A.B", None),
        ("A.0.B", 1),
        ("A\\.B", 1),
        ("Description", None),
        ("Tags", []),
        ("TimeoutConfig", {}),
        ("TimeoutConfig", {"InProgressTimeoutInMinutes": None}),
        ("TimeoutConfig.InProgressTimeoutInMinutes", None),
        ("TimeoutConfig", [1]),
        ("TimeoutConfig", {"Ref": "A"}),
        ("MaintenanceWindows.0.StartTime", "z"),
    ],
)
def test_overrides_are_read_as_they_are_written(path: str, value: Any) -> None:
    """What the id is taken over is what the CDK makes of an override."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    given = {
        "JobTemplateId": "x",
        "Description": "d",
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 5},
        "MaintenanceWindows": [{"StartTime": "a", "DurationInMinutes": 4}],
    }
    resource = JobTemplateResource(stack, "Raw", given)
    resource.add_property_override(path, value)
    expected = resource.content()
    assert only(stack)["Properties"] == {"JobTemplateId": "x", **expected}


def test_an_aspect_that_changes_nothing() -> None:
    """The same value once more leaves the id alone."""
    found = set()
    for description in (None, "Reboot"):
        stack = cdk.Stack(cdk.App(), "Jobs")
        template = reboot(stack)
        if description is not None:
            resource = template.node.default_child
            assert isinstance(resource, CfnJobTemplate)
            resource.description = description
            resource.add_property_override("Description", description)
        found.add(only(stack)["Properties"]["JobTemplateId"])
    assert len(found) == 1


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("TimeoutConfig", {"InProgressTimeoutInMinutes": 10081}, "JT410 timeout.in_progress_timeout_in_minutes"),
        ("Rollout", {"A": 1}, "JT003 Rollout"),
        ("Description", "two\nlines", "JT102 description"),
    ],
)
def test_aspects_are_held_to_the_rules(path: str, value: Any, finding: str) -> None:
    """What AWS would refuse fails the synth also where it came in late."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    reboot(stack)
    cdk.Aspects.of(stack).add(Change(lambda one: one.add_property_override(path, value)))
    with pytest.raises(RuntimeError, match=f"Jobs/Reboot/Resource: error {finding}"):
        app.synth()


def test_too_many_tags() -> None:
    """Tags from the app count too."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    reboot(stack, tags={f"key{number}": "x" for number in range(50)})
    app.synth()
    cdk.Tags.of(app).add("one", "more")
    with pytest.raises(RuntimeError, match="error JT112 tags"):
        app.synth(force=True)


def test_a_volatile_tag_is_told_once() -> None:
    """The warning names the tag and the line that excludes it, once for all templates; other tags are no matter."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    reboot(stack, "A", parameter_prefix=None)
    reboot(stack, "B", parameter_prefix=None)
    reboot(stack, "C", parameter_prefix=None, job_template_id="fixed")
    cdk.Tags.of(app).add("team", "fleet")
    assert warnings(stack, "replaces the job template") == []
    cdk.Tags.of(app).add("commit", "0a1b2c3")
    (warning,) = warnings(stack, "replaces the job template")
    assert warning.startswith(
        "the tag commit replaces the job template reboot and 2 more whenever its value changes, because tags are "
        'create-only; keep it off job templates: Tags.of(app).add("commit", ..., '
        'exclude_resource_types=["AWS::IoT::JobTemplate", "aws:cdk:stack"])'
    )


def test_the_line_that_excludes_it() -> None:
    """The line in the warning keeps the tag off job templates, and the id stays."""
    found = set()
    for commit in ("0a1b2c3", "1b2c3d4"):
        app = cdk.App()
        stack = cdk.Stack(app, "Jobs")
        reboot(stack)
        cdk.Tags.of(app).add("commit", commit, exclude_resource_types=["AWS::IoT::JobTemplate", "aws:cdk:stack"])
        assert warnings(stack, "replaces the job template") == []
        assert stack.tags.tag_values() == {}
        found.add(only(stack)["Properties"]["JobTemplateId"])
    assert len(found) == 1


def environment(**tags: str) -> Environment:
    """An environment with one template."""
    spec = JobTemplateSpec(
        template_name="reboot", description="Reboot", document=JobDocument.inline({"a": 1}), tags=tags
    )
    return Environment(
        name="test", account="123456789012", region="eu-west-1", fleet=Fleet(things=5), tags=tags, templates=[spec]
    )


@pytest.mark.parametrize("early", [True, False])
def test_our_stack_inherits_no_volatile_tag(early: bool) -> None:
    """A tag of the whole app reaches neither the stack nor its templates: it may change with each build."""
    app = cdk.App()
    if early:
        cdk.Tags.of(app).add("commit", "0a1b2c3", priority=500)
    stack = JobTemplatesStack(app, "iot-jobs-test", environment=environment(team="fleet"))
    if not early:
        cdk.Tags.of(app).add("commit", "0a1b2c3", priority=500)
    cdk.Tags.of(app).add("cost-center", "7")
    assert only(stack)["Properties"]["Tags"] == [{"Key": "team", "Value": "fleet"}]
    assert stack.tags.tag_values() == {"team": "fleet"}
    assert warnings(stack, "replaces the job template") == []


def test_declared_tags_stay() -> None:
    """A tag that the environment itself declares is its author's decision; it stays, with the warning."""
    stack = JobTemplatesStack(cdk.App(), "iot-jobs-test", environment=environment(commit="0a1b2c3"))
    assert only(stack)["Properties"]["Tags"] == [{"Key": "commit", "Value": "0a1b2c3"}]
    assert len(warnings(stack, "replaces the job template")) == 1


def test_stable_tags_leave_other_resources_alone() -> None:
    """Only job templates and stacks lose a volatile tag."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    reboot(stack)
    StableTags.add_to(stack)
    cdk.Tags.of(app).add("commit", "0a1b2c3")
    template = Template.from_stack(stack)
    assert "Tags" not in only(stack)["Properties"]
    (parameter,) = template.find_resources("AWS::SSM::Parameter").values()
    assert parameter["Properties"]["Tags"] == {"commit": "0a1b2c3"}


def test_quota_of_a_region() -> None:
    """From 51 templates of an app in one account and region on, a change to all of them needs more than the quota."""

    def warned(counts: list[int], env: cdk.Environment | None = ENV, **quotas: int) -> list[list[str]]:
        app = cdk.App(context={"iot-jobs:quotas": quotas})
        stacks = [cdk.Stack(app, f"Jobs{index}", env=env) for index in range(len(counts))]
        for stack, count in zip(stacks, counts, strict=True):
            for number in range(count):
                reboot(stack, f"T{number}", template_name=f"reboot-{number}")
        return [warnings(stack, "in one account and region") for stack in stacks]

    assert warned([50]) == [[]]
    assert warned([25, 25]) == [[], []]
    ((text,),) = warned([51])
    assert text.startswith(
        "this app has 51 job templates in one account and region, where the quota is 100 unless it was raised; a "
        "replacement is created before the old one is deleted, so a change to all of them at once takes 102; see "
    )
    first, second = warned([26, 25])
    assert first == []
    assert "51 job templates" in second[0]
    assert warned([51], templates_in_region=102) == [[]]
    ((text,),) = warned([51], templates_in_region=101)
    assert "where the quota is 101 as stated; a replacement" in text


@pytest.mark.parametrize(("rate", "quotas"), [(1000, {}), (2000, {"maximum_per_minute": 2000})])
def test_quota_of_a_rate(rate: int, quotas: dict[str, int]) -> None:
    """A rate may be as high as the quota, which the context states, and is an error of the synth above it."""

    def synth(maximum: int) -> None:
        app = cdk.App(context={"iot-jobs:quotas": quotas} if quotas else None)
        reboot(cdk.Stack(app, "Jobs"), "Reboot", rollout=RolloutConfig(maximum_per_minute=maximum))
        app.synth()

    synth(rate)
    with pytest.raises(RuntimeError, match=f"(?s)Jobs/Reboot/Resource: error JT201.*allowed  1 to {rate} things"):
        synth(rate + 1)


def test_an_unknown_quota() -> None:
    """A misspelt quota in the context is an error of the synth, with the nearest name."""
    app = cdk.App(context={"iot-jobs:quotas": {"maximum_per_minut": 2000}})
    reboot(cdk.Stack(app, "Jobs"), "Reboot")
    with pytest.raises(
        RuntimeError, match=r"(?s)context iot-jobs:quotas: error JT003.*fix      write maximum_per_minute"
    ):
        app.synth()


@pytest.mark.parametrize(
    ("count", "options", "expected"),
    [
        (160, {}, []),
        (161, {}, ["the 161 job templates of this stack take 161 outputs, and a stack may have 200"]),
        pytest.param(
            201,
            {"parameter_prefix": None},
            ["the 201 job templates of this stack take 201 outputs"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_quotas_of_a_stack(count: int, options: dict[str, Any], expected: list[str]) -> None:
    """Outputs and resources are warned of when four fifths of the quota are taken."""
    stack = cdk.Stack(cdk.App(), "Jobs", env=ENV)
    for number in range(count):
        reboot(stack, f"T{number}", template_name=f"reboot-{number}", **options)
    found = warnings(stack, "and a stack may have")
    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True))


def test_resources_of_a_stack() -> None:
    """A template with a role of its own is three resources."""
    stack = cdk.Stack(cdk.App(), "Jobs", env=ENV)
    image = "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/releases/image.bin}"
    for number in range(134):
        reboot(stack, f"T{number}", template_name=f"t{number}", document=JobDocument.inline({"a": image}))
    (text,) = warnings(stack, "and a stack may have 500")
    assert text.startswith("the 134 job templates of this stack take 402 resources, and a stack may have 500")


def test_late_texts() -> None:
    """A text that is only known at synth is checked then, with its size."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    late = cdk.Lazy.string(Late("x" * 2029))
    reboot(stack, description=late)
    with pytest.raises(RuntimeError, match="error JT102 description"):
        app.synth()


@jsii.implements(cdk.IStableStringProducer)
class Late:
    """Says its text at synth."""

    def __init__(self, text: str) -> None:
        self.text = text

    def produce(self) -> str:
        return self.text


def test_output_is_the_same_again() -> None:
    """A second synth of the same app gives the same templates."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    reboot(stack)
    cdk.Aspects.of(stack).add(Change(override))
    first, second = (app.synth(force=True).get_stack_by_name("Jobs").template for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_each_synth_checks_again() -> None:
    """What is changed between two synths is checked, also where no id is made here."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    resource = reboot(stack, job_template_id="mine").node.default_child
    assert isinstance(resource, CfnJobTemplate)
    app.synth()
    resource.timeout_config = {"InProgressTimeoutInMinutes": 0}
    with pytest.raises(RuntimeError, match=r"JT410 timeout\.in_progress_timeout_in_minutes"):
        app.synth(force=True)


SMALL, CAPITAL = ({"failureType": "FAILED", "numberOfRetries": 2}, {"FailureType": "FAILED", "NumberOfRetries": 2})
ASSIGNED: list[tuple[str, Callable[[], Any], bool]] = [
    ("its own spelling", lambda: {"retryCriteriaList": [SMALL]}, True),
    (
        "a structure",
        lambda: CfnJobTemplate.JobExecutionsRetryConfigProperty(
            retry_criteria_list=[CfnJobTemplate.RetryCriteriaProperty(failure_type="FAILED", number_of_retries=2)]
        ),
        True,
    ),
    ("a token of its own spelling", lambda: cdk.Token.as_any({"retryCriteriaList": [SMALL]}), True),
    ("an item of its own spelling", lambda: {"retryCriteriaList": [cdk.Token.as_any(SMALL)]}, True),
    ("CloudFormation's spelling", lambda: {"RetryCriteriaList": [CAPITAL]}, False),
    ("CloudFormation's spelling within", lambda: {"retryCriteriaList": [CAPITAL]}, False),
    ("a token of CloudFormation's spelling", lambda: cdk.Token.as_any({"RetryCriteriaList": [CAPITAL]}), False),
    ("an item of CloudFormation's spelling", lambda: {"retryCriteriaList": [cdk.Token.as_any(CAPITAL)]}, False),
    ("Python's spelling", lambda: {"retry_criteria_list": [SMALL]}, False),
]


@pytest.mark.parametrize(("value", "taken"), [row[1:] for row in ASSIGNED], ids=[row[0] for row in ASSIGNED])
def test_spellings_of_what_is_assigned(value: Callable[[], Any], taken: bool) -> None:
    """What the L1 writes is what is checked and digested; what it would empty is refused."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    resource = reboot(stack).node.default_child
    assert isinstance(resource, CfnJobTemplate)
    resource.job_executions_retry_config = value()
    if not taken:
        with pytest.raises(RuntimeError, match="error JT004 retry"):
            Template.from_stack(stack)
        return
    declared = cdk.Stack(cdk.App(), "Jobs")
    reboot(declared, retry=RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=2)]))
    assert only(stack) == only(declared)
