"""What is synthesized from an application, and what holds for the stacks of any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
from aws_cdk.assertions import Template
from cfnlint.api import lint

from iot_jobs import Environment
from iot_jobs.check import load_application
from iot_jobs.cloudformation import properties
from iot_jobs.identity import content_digest, template_name_of
from iot_jobs.review import Change, deployment, review
from stacks.job_templates import JobTemplatesStack

TEMPLATE, PARAMETER, ROLE = "AWS::IoT::JobTemplate", "AWS::SSM::Parameter", "AWS::IAM::Role"


@cache
def environments(root: Path) -> dict[str, Environment]:
    """The environments of the application in a folder, by name."""
    return {environment.name: environment for environment in load_application(root).environments}


@cache
def stack(root: Path, name: str) -> JobTemplatesStack:
    """An environment's stack in its first account and region, in an app of its own."""
    return JobTemplatesStack(cdk.App(), f"iot-jobs-{name}", environment=environments(root)[name])


@cache
def synthesized(root: Path, name: str) -> Mapping[str, Any]:
    """The CloudFormation template of an environment's stack."""
    template: Mapping[str, Any] = Template.from_stack(stack(root, name)).to_json()
    return template


def app_of(root: Path, folder: Path) -> cdk.App:
    """An app with the stacks of all environments, to be synthesized into a folder."""
    app = cdk.App(outdir=str(folder))
    for environment in environments(root).values():
        JobTemplatesStack.in_all_locations(app, environment)
    return app


def of_type(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The resources of a type, by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def readable(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template for people: documents as JSON, resources by type and name, without what bootstrapping adds."""
    resources, owners = {}, {}
    for resource in of_type(template, TEMPLATE).values():
        role = made_role(template, resource["Properties"])
        if role is not None:
            owners[role] = template_name_of(resource["Properties"]["JobTemplateId"])
    for logical_id, resource in template["Resources"].items():
        kept = {key: value for key, value in resource.items() if key != "Metadata"}
        properties = dict(resource["Properties"])
        if "Document" in properties:
            properties["Document"] = json.loads(properties["Document"])
        if made_role(template, properties) is not None:
            properties["PresignedUrlConfig"] = properties["PresignedUrlConfig"] | {
                "RoleArn": {"Fn::GetAtt": ["the role", "Arn"]}
            }
        if resource["Type"] == PARAMETER:
            properties["Value"] = {"Fn::GetAtt": ["the template", "Arn"]}
        name = owners.get(logical_id) or properties.get("JobTemplateId") or properties["Name"]
        resources[f"{resource['Type']} {template_name_of(name)}"] = kept | {"Properties": properties}
    return {"Description": template["Description"], "Resources": dict(sorted(resources.items()))}


def made_role(template: Mapping[str, Any], properties: Mapping[str, Any]) -> str | None:
    """The logical id of the role that was made to sign a job template's URLs, None where none was."""
    arn = properties.get("PresignedUrlConfig", {}).get("RoleArn")
    if not isinstance(arn, dict):
        return None
    logical_id, attribute = arn["Fn::GetAtt"]
    assert (template["Resources"][logical_id]["Type"], attribute) == (ROLE, "Arn")
    return str(logical_id)


def is_arn_of_made_role(changes: Sequence[Change]) -> bool:
    """Whether all that changed is the ARN of a role that the synth makes, which has its logical id only there."""
    made = ("presigned_url.role_arn", {"Fn::GetAtt": ["PresignRole", "Arn"]})
    return [(change.path, change.after) for change in changes] == [made]


def assert_parity(root: Path, name: str) -> None:
    """The synthesized properties are those of the pure path, but for the id, which moves with them, and made roles."""
    template, specs = synthesized(root, name), environments(root)[name].templates
    emitted = [resource["Properties"] for resource in of_type(template, TEMPLATE).values()]
    by_name = {template_name_of(each["JobTemplateId"]): dict(each) for each in emitted}
    assert set(by_name) == {spec.template_name for spec in specs}
    for spec in specs:
        found = by_name[str(spec.template_name)]
        assert found.pop("JobTemplateId").startswith(f"{spec.template_name}-")
        expected = {key: value for key, value in properties(spec).items() if key != "JobTemplateId"}
        role = made_role(template, found)
        if role is not None:
            assert expected["PresignedUrlConfig"].pop("RoleArn") == {"Fn::GetAtt": ["PresignRole", "Arn"]}
            expected["PresignedUrlConfig"] |= {"RoleArn": {"Fn::GetAtt": [role, "Arn"]}}
        assert found == expected


def assert_metadata(root: Path, name: str) -> None:
    """Metadata names template and environment, and holds the fleet and the digest of the content alone."""
    for resource in of_type(synthesized(root, name), TEMPLATE).values():
        template = template_name_of(resource["Properties"]["JobTemplateId"])
        assert resource["Metadata"]["iot-jobs"] == {
            "template_name": template,
            "environment": name,
            "fleet": environments(root)[name].fleet_of(template).model_dump(exclude_none=True),
            "content": content_digest(resource["Properties"]),
        }


def assert_same_review_of_both_paths(root: Path, folder: Path) -> int:
    """What is synthesized and what the environments say are the same to a review. Return how many templates there are."""
    app_of(root, folder).synth()
    emitted, declared = (deployment(str(side), near=root) for side in (folder, root))
    found = environments(root).values()
    assert len(emitted.templates) == sum(len(each.templates) * len(each.locations) for each in found)
    assert len(declared.templates) == sum(len(each.templates) for each in found)
    assert [
        template for template in review(emitted, declared).templates if not is_arn_of_made_role(template.changes)
    ] == []
    assert {(each.environment, each.fleet, each.parameter) for each in emitted.templates} == {
        (each.environment, each.fleet, each.parameter) for each in declared.templates
    }
    return len(declared.templates)


def assert_same_bytes_again(root: Path, name: str) -> None:
    """Two synths of the same input are the same, byte for byte."""
    again = JobTemplatesStack(cdk.App(), f"iot-jobs-{name}", environment=environments(root)[name])
    assert json.dumps(Template.from_stack(again).to_json()) == json.dumps(synthesized(root, name))


def assert_nothing_else(root: Path, name: str) -> None:
    """Each template has a published name, a role only where it names none, and nothing else is created."""
    template, environment = synthesized(root, name), environments(root)[name]
    names = sorted(resource["Properties"]["Name"] for resource in of_type(template, PARAMETER).values())
    assert names == sorted(f"/iot-jobs/{name}/{spec.template_name}" for spec in environment.templates)
    made = {made_role(template, resource["Properties"]) for resource in of_type(template, TEMPLATE).values()}
    assert set(of_type(template, ROLE)) == made - {None}
    assert {resource["Type"] for resource in template["Resources"].values()} <= {TEMPLATE, PARAMETER, ROLE}


def assert_clean_for_cfn_lint(root: Path, name: str) -> None:
    """cfn-lint has nothing to say about an environment; its informational rules are about style."""
    matches = lint(json.dumps(synthesized(root, name)), regions=list(environments(root)[name].region))
    assert [str(match) for match in matches if match.rule.severity != "informational"] == []


def assert_clean_for_cdk_nag(root: Path, folder: Path) -> None:
    """cdk-nag's AwsSolutions have nothing to say about any environment."""
    app = app_of(root, folder)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    app.synth()
    assert violations(folder) == []


def violations(assembly: Path) -> list[Any]:
    """What the validation of an app found, warnings too."""
    report = json.loads((assembly / "validation-report.json").read_text())
    return [violation for plugin in report["pluginReports"] for violation in plugin["violations"]]


def run_app(root: Path, assembly: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a folder's app.py as the CLI does."""
    return subprocess.run(
        [sys.executable, root / "app.py"],
        cwd=assembly.parent,
        env={**os.environ, "CDK_OUTDIR": str(assembly), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
