"""Each template has its id whatever happens to others; constructs keep out of each other's way, and name themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Template
from constructs import Construct

from iot_jobs import FindingsError, JobDocument
from iot_jobs.cdk import JobTemplate, JobTemplateRules
from iot_jobs.cdk.l1 import JobTemplateResource

TYPE = "AWS::IoT::JobTemplate"
NAMES = ("first", "second", "third")


def template(scope: Construct, name: str, **options: Any) -> JobTemplate:
    values: dict[str, Any] = {"template_name": name, "description": name, "document": JobDocument.inline({"a": 1})}
    return JobTemplate(scope, name, **values | options)


def ids(change: Callable[[cdk.Stack], object] | None = None) -> dict[str, str]:
    """The ids of three templates of a stack by their descriptions, after a change of the tree."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    for name in NAMES:
        template(stack, name)
    if change is not None:
        change(stack)
    resources = Template.from_stack(stack).find_resources(TYPE).values()
    return {one["Properties"]["Description"]: one["Properties"]["JobTemplateId"] for one in resources}


def resource(stack: cdk.Stack, name: str) -> JobTemplateResource:
    found = stack.node.find_child(name).node.find_child("Resource")
    assert isinstance(found, JobTemplateResource)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_template_that_is_removed(name: str) -> None:
    """Whichever template is taken out of the tree, the others have the ids that they had beside it."""

    def remove(stack: cdk.Stack) -> None:
        stack.node.try_remove_child("Published")
        stack.node.find_child("Default").node.try_remove_child("Published")
        stack.node.try_remove_child(name)

    assert ids(remove) == {other: given for other, given in ids().items() if other != name}


@pytest.mark.parametrize("name", NAMES)
def test_an_id_that_is_assigned(name: str) -> None:
    """Whichever template gets an id through its L1 has that one, and the others have theirs."""

    def assign(stack: cdk.Stack) -> None:
        resource(stack, name).job_template_id = "mine"

    assert ids(assign) == {**ids(), name: "mine"}


def test_ids_in_a_second_synth() -> None:
    """A template that changes between two synths of an app has another id in the second, and the others keep theirs."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    for name in NAMES:
        template(stack, name)
    seen = []
    for description in ("first", "changed"):
        resource(stack, "first").description = description
        resources = app.synth(force=True).get_stack_by_name("Jobs").template["Resources"].values()
        seen.append([one["Properties"]["JobTemplateId"] for one in resources if one["Type"] == TYPE])
    before, after = seen
    assert (before[0] != after[0], before[1:]) == (True, after[1:])


def test_a_construct_of_the_users_own_named_published() -> None:
    """Our constructs in a stack collide with none of the user's, and parameters keep their logical ids."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    Construct(stack, "Published")
    template(stack, "reboot")
    (logical_id,) = Template.from_stack(stack).find_resources(ssm.CfnParameter.CFN_RESOURCE_TYPE_NAME)
    assert logical_id.startswith("PublishediotjobsJobsreboot")


def test_an_error_names_its_construct() -> None:
    """Which of many templates is wrong is in the text: the path of its construct."""
    stack = cdk.Stack(cdk.Stage(cdk.App(), "Prod"), "Jobs")
    for index in range(5):
        description = "" if index == 3 else "Reboot"
        try:
            template(stack, f"reboot-{index}", description=description)
        except FindingsError as error:
            assert str(error).startswith("Prod/Jobs/reboot-3: error JT102 description\n")
            assert [finding.code for finding in error.findings] == ["JT102"]
            break
    else:
        pytest.fail("nothing was wrong")


@pytest.mark.parametrize(
    ("kilobytes", "codes"),
    [(900, []), (1100, ["JT116"]), (2100, ["JT001"])],
    ids=["fits", "too large", "far too large"],
)
def test_rules_on_a_large_template(kilobytes: int, codes: list[str], tmp_path: Path) -> None:
    """The plug-in reports a template that is larger than CloudFormation takes, however large."""
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(JobTemplateRules())
    stack = cdk.Stack(app, "Jobs")
    template(stack, "reboot")
    for index in range(kilobytes // 30):
        handle = cdk.CfnWaitConditionHandle(stack, f"Filling{index}")
        handle.add_metadata("filling", "x" * 30_000)
    if codes:
        with pytest.raises(RuntimeError):
            app.synth()
    else:
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    violations = [one for plugin in report["pluginReports"] for one in plugin["violations"]]
    assert [one["ruleName"] for one in violations] == codes
