"""The plug-in: what it says about a template that CloudFormation would not take as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.aws_iot import CfnJobTemplate

from iot_jobs import JobDocument
from iot_jobs.cdk import JobTemplate, JobTemplateRules


def report(folder: Path, build: Callable[[cdk.Stack], object]) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the synth of a stack is refused, and all violations."""
    # The CDK counts resources itself, unless it is told otherwise.
    app = cdk.App(outdir=str(folder), context={"@aws-cdk/core:stackResourceLimit": 0})
    cdk.Validations.of(app).add_plugins(JobTemplateRules())
    build(cdk.Stack(app, "Jobs"))
    refused = False
    try:
        app.synth()
    except RuntimeError as error:
        assert str(error).startswith("ValidationFailed")
        refused = True
    plugins = json.loads((folder / "validation-report.json").read_text())["pluginReports"]
    return refused, [violation for plugin in plugins for violation in plugin["violations"]]


def documents(count: int) -> Callable[[cdk.Stack], None]:
    """Templates with documents of 30 KB."""

    def build(stack: cdk.Stack) -> None:
        for number in range(count):
            document = JobDocument.inline({"text": "x" * 30_000})
            JobTemplate(stack, f"T{number}", template_name=f"t{number}", description="d", document=document)

    return build


def other_resources(kilobytes: int) -> Callable[[cdk.Stack], None]:
    """A good template beside other resources of some size."""

    def build(stack: cdk.Stack) -> None:
        documents(1)(stack)
        for number in range(10):
            value = "x" * (kilobytes * 100)
            cdk.CfnResource(stack, f"R{number}", type="AWS::CloudFormation::WaitConditionHandle").add_metadata(
                "x", value
            )

    return build


@pytest.mark.parametrize(
    ("build", "code", "limit"),
    [
        (documents(30), None, None),
        (documents(40), "JT116", "1000000"),
        (other_resources(900), None, None),
        (other_resources(1500), "JT116", "1000000"),
        (other_resources(2100), "JT001", "2000000"),
    ],
)
def test_large_templates(
    build: Callable[[cdk.Stack], None], code: str | None, limit: str | None, tmp_path: Path
) -> None:
    """A template that is too large for CloudFormation, or to be read at all, is a violation, and names the template."""
    refused, violations = report(tmp_path, build)
    size = (tmp_path / "Jobs.template.json").stat().st_size
    found = [each for each in violations if each["severity"] == "error"]
    assert refused == (code is not None)
    assert [each["ruleName"] for each in found] == [code] * refused
    assert [each["description"].partition(";")[0] for each in found] == [
        f"Jobs.template.json: given {size}, allowed up to {limit} bytes"
    ] * refused


def test_too_many_resources(tmp_path: Path) -> None:
    """Their number is counted, and said of the template's Resources."""

    def build(stack: cdk.Stack) -> None:
        documents(1)(stack)
        for number in range(499):
            cdk.CfnResource(stack, f"R{number}", type="AWS::CloudFormation::WaitConditionHandle")

    refused, violations = report(tmp_path, build)
    assert refused
    assert [each["description"].partition(";")[0] for each in violations if each["severity"] == "error"] == [
        "Jobs.template.json Resources: given 501, allowed up to 500 resources in a template"
    ]


def test_places(tmp_path: Path) -> None:
    """A violation of a resource names its construct, and where in the resource it is, with list items by name."""

    def build(stack: cdk.Stack) -> None:
        criterion = {
            "FailureType": "FAILED",
            "Action": "STOP",
            "ThresholdPercentage": 5,
            "MinNumberOfExecutedThings": 1,
        }
        CfnJobTemplate(
            stack,
            "Raw",
            job_template_id="raw",
            description="x",
            document="{}",
            abort_config={"CriteriaList": [criterion]},
        )

    refused, violations = report(tmp_path, build)
    assert refused
    found = [
        (each["violatingConstructs"][0]["constructPath"], each["description"].partition(":")[0])
        for each in violations
        if each["severity"] == "error"
    ]
    assert found == [("Jobs/Raw", "Properties.AbortConfig.CriteriaList[0 FAILED].Action")]
