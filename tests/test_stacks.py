"""The application as CloudFormation: what is synthesized for every environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk.assertions import Match, Template
from cfnlint.api import lint
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from iot_jobs import Environment
from iot_jobs.check import load_application
from iot_jobs.cloudformation import properties
from iot_jobs.files import Application
from iot_jobs.identity import content_digest, template_name_of
from iot_jobs.review import deployment, review
from stacks.job_templates import JobTemplatesStack

ROOT = Path(__file__).resolve().parent.parent
APPLICATION = load_application(ROOT)
ENVIRONMENTS = {environment.name: environment for environment in APPLICATION.environments}
TYPE = "AWS::IoT::JobTemplate"


@cache
def stack(name: str) -> JobTemplatesStack:
    """An environment's stack in an app of its own."""
    return JobTemplatesStack(cdk.App(), f"iot-jobs-{name}", environment=ENVIRONMENTS[name])


@cache
def synthesized(name: str) -> Mapping[str, Any]:
    """An environment's CloudFormation template."""
    template: Mapping[str, Any] = Template.from_stack(stack(name)).to_json()
    return template


def job_templates(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The Properties of each job template by its name."""
    found = [one for one in template["Resources"].values() if one["Type"] == TYPE]
    return {template_name_of(one["Properties"]["JobTemplateId"]): one["Properties"] for one in found}


def readable(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template for people: documents as JSON, resources by type and name, without what bootstrapping adds."""
    resources = {}
    for one in template["Resources"].values():
        kept = {key: value for key, value in one.items() if key != "Metadata"}
        properties = dict(one["Properties"])
        if "Document" in properties:
            properties["Document"] = json.loads(properties["Document"])
        if one["Type"] == "AWS::SSM::Parameter":
            properties["Value"] = {"Fn::GetAtt": ["the template", "Arn"]}
        name = properties.get("JobTemplateId") or properties["Name"]
        resources[f"{one['Type']} {template_name_of(name)}"] = kept | {"Properties": properties}
    return {"Description": template["Description"], "Resources": dict(sorted(resources.items()))}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_snapshot(name: str, snapshot: SnapshotAssertion) -> None:
    """What each environment deploys, to be read like code."""
    assert readable(synthesized(name)) == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_parity(name: str) -> None:
    """The synthesized properties are those of the pure path, but for the id, which moves with them."""
    found = job_templates(synthesized(name))
    assert set(found) == {spec.template_name for spec in ENVIRONMENTS[name].templates}
    for spec in ENVIRONMENTS[name].templates:
        given = dict(found[str(spec.template_name)])
        assert given.pop("JobTemplateId").startswith(f"{spec.template_name}-")
        pure = properties(spec)
        assert given == {key: value for key, value in pure.items() if key != "JobTemplateId"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_metadata(name: str) -> None:
    """Metadata names template and environment, and holds the digest of the content alone."""
    for one in synthesized(name)["Resources"].values():
        if one["Type"] == TYPE:
            assert one["Metadata"]["iot-jobs"] == {
                "template_name": template_name_of(one["Properties"]["JobTemplateId"]),
                "environment": name,
                "fleet": {"things": ENVIRONMENTS[name].fleet.things},
                "content": content_digest(one["Properties"]),
            }


def test_review_of_both_paths(tmp_path: Path) -> None:
    """What is synthesized and what the environments say are the same to a review: nothing changed."""
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    for name, environment in ENVIRONMENTS.items():
        JobTemplatesStack(app, f"iot-jobs-{name}", environment=environment)
    app.synth()
    synthesized, declared = (deployment(str(one), near=ROOT) for one in (tmp_path / "cdk.out", ROOT))
    assert len(synthesized.templates) == len(declared.templates) == 21
    assert review(synthesized, declared).templates == ()
    assert {(one.environment, one.fleet, one.parameter) for one in synthesized.templates} == {
        (one.environment, one.fleet, one.parameter) for one in declared.templates
    }


def test_same_input_same_bytes() -> None:
    """Two synths of the same input are the same, byte for byte."""
    again = JobTemplatesStack(cdk.App(), "iot-jobs-prod", environment=ENVIRONMENTS["prod"])
    assert json.dumps(Template.from_stack(again).to_json()) == json.dumps(synthesized("prod"))


def test_intent() -> None:
    """Prod is slow, windowed and strict; a template's ARN is published, and nothing else is created."""
    template = Template.from_json(dict(synthesized("prod")))
    template.resource_count_is(TYPE, 7)
    template.resource_count_is("AWS::SSM::Parameter", 7)
    assert {one["Type"] for one in synthesized("prod")["Resources"].values()} == {TYPE, "AWS::SSM::Parameter"}
    template.has_resource_properties(
        TYPE,
        {
            "JobTemplateId": Match.string_like_regexp("^firmware-update-"),
            "MaintenanceWindows": Match.any_value(),
            "AbortConfig": Match.any_value(),
            "Tags": Match.array_with([{"Key": "team", "Value": "fleet"}]),
        },
    )
    for spec in ENVIRONMENTS["prod"].templates:
        assert spec.abort is not None
    template.has_resource_properties("AWS::SSM::Parameter", {"Name": "/iot-jobs/prod/firmware-update"})


def test_termination_protection() -> None:
    """Only production's stack is protected from deletion, and every stack has the environment's tags."""
    assert {name: stack(name).termination_protection for name in ENVIRONMENTS} == {
        "dev": False,
        "prod": True,
        "staging": False,
    }
    for name, environment in ENVIRONMENTS.items():
        assert stack(name).tags.tag_values() == environment.tags


def test_several_accounts_and_regions() -> None:
    """Each account has the templates in each region, a stack each of the same name, told apart in the app."""
    prod = ENVIRONMENTS["prod"]
    wide = Environment(
        name="prod",
        account=["123456789012", "000000000000"],
        region=["eu-west-1", "us-east-1"],
        fleet=prod.fleet,
        templates=prod.templates,
    )
    assert wide.locations == (
        ("123456789012", "eu-west-1"),
        ("123456789012", "us-east-1"),
        ("000000000000", "eu-west-1"),
        ("000000000000", "us-east-1"),
    )
    app = cdk.App()
    stacks = [
        JobTemplatesStack(app, f"s{index}", environment=wide, env=cdk.Environment(account=account, region=region))
        for index, (account, region) in enumerate(wide.locations)
    ]
    assert {one.stack_name for one in stacks} == {"iot-jobs-prod"}
    assembly = app.synth()
    assert {one.environment.region for one in assembly.stacks} == {"eu-west-1", "us-east-1"}


@pytest.mark.e2e
def test_cfn_lint() -> None:
    """cfn-lint has nothing to say about any environment; its informational rules are about style."""
    for name, environment in ENVIRONMENTS.items():
        found = lint(json.dumps(synthesized(name)), regions=list(environment.region))
        assert [str(match) for match in found if match.rule.severity != "informational"] == []


def test_cdk_nag(tmp_path: Path) -> None:
    """cdk-nag's AwsSolutions have nothing to say about any environment."""
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    for name, environment in ENVIRONMENTS.items():
        JobTemplatesStack(app, f"iot-jobs-{name}", environment=environment)
    app.synth()
    assert violations(tmp_path) == []


def violations(assembly: Path) -> list[Any]:
    """What the validation of an app found, warnings too."""
    report = json.loads((assembly / "validation-report.json").read_text())
    return [violation for plugin in report["pluginReports"] for violation in plugin["violations"]]


def run_app(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run app.py as the CLI does."""
    return subprocess.run(
        [sys.executable, ROOT / "app.py"],
        cwd=tmp_path,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path / "cdk.out"), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.e2e
def test_app_is_valid_for_the_cdk(tmp_path: Path) -> None:
    """The whole app passes the CDK's own validation with its findings as errors, and ours."""
    context = json.dumps({"@aws-cdk/core:validateAgainstDefaultRules": True})
    done = run_app(tmp_path, CDK_VALIDATION="true", CDK_CONTEXT_JSON=context)
    assert done.returncode == 0, done.stderr
    assert violations(tmp_path / "cdk.out") == []


@pytest.mark.e2e
def test_app_with_one_environment(tmp_path: Path) -> None:
    """`-c environment=prod` synthesizes that one alone."""
    done = run_app(tmp_path, CDK_CONTEXT_JSON='{"environment": "prod"}')
    assert done.returncode == 0, done.stderr
    assert [path.name for path in sorted((tmp_path / "cdk.out").glob("*.template.json"))] == [
        "iot-jobs-prod.template.json"
    ]


@pytest.mark.e2e
def test_app_with_an_unknown_environment(tmp_path: Path) -> None:
    """A misspelt environment is one finding that names the nearest, and nothing is synthesized."""
    done = run_app(tmp_path, CDK_CONTEXT_JSON='{"environment": "prd"}')
    assert done.returncode == 1
    assert "error JT010 environment\n" in done.stderr
    assert "fix      write prod\n" in done.stderr
    assert list((tmp_path / "cdk.out").glob("*.template.json")) == []


def test_application_is_found_from_any_file() -> None:
    """The application's root is found upward from any of its files."""
    one: Application = load_application(ROOT / "stacks/environments/prod.yaml", environment="prod")
    assert (one.root, [environment.name for environment in one.environments]) == (ROOT, ["prod"])
