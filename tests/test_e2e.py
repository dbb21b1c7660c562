"""The whole way: every environment deployed to a local AWS with the real CLI, read back, and destroyed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from iot_jobs import Environment
from iot_jobs.check import load_application
from iot_jobs.cloudformation import API_TEMPLATE, properties, values
from iot_jobs.identity import template_name_of
from iot_jobs.presign import MADE_ROLE
from iot_jobs.template import JobTemplateSpec
from tests.commands import MAKE
from tools.deploy_assembly import summary
from tools.local_aws import local_aws
from tools.workflows import promotion_order

pytestmark = pytest.mark.application

ROOT = Path(__file__).resolve().parent.parent
APPLICATION = load_application(ROOT)
CDK = ROOT / "node_modules/.bin/cdk"
IN_THE_GUIDE = "123456789012"
"""The account of docs/deploying.md."""


def run(*command: str | Path, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command that has to succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.e2e
def test_the_whole_way(tmp_path: Path) -> None:
    """What is deployed is what the environments say; a second look finds no difference; all of it can be removed."""
    assembly = ROOT / "cdk.out"
    run(*MAKE, "synth", folder=ROOT, environ=os.environ)
    first, *_ = APPLICATION.environments
    account, region = first.locations[0]
    deployed: dict[tuple[str, str], set[str]] = {}
    with local_aws(account=account, region=region) as aws:

        def service(name: str, place: tuple[str, str]) -> Any:
            return boto3.client(
                name,
                region_name=place[1],
                endpoint_url=aws.endpoint_url,
                aws_access_key_id=place[0],
                aws_secret_access_key="test",
            )

        policy = make_roles(service("cloudformation", first.locations[0]), account)
        # Environments may share an account and region, which is bootstrapped once.
        for place in sorted({place for environment in APPLICATION.environments for place in environment.locations}):
            limited = ("--cloudformation-execution-policies", policy)
            credentials = {**aws.environ, "AWS_ACCESS_KEY_ID": place[0]}
            run(CDK, "bootstrap", "aws://" + "/".join(place), *limited, folder=tmp_path, environ=credentials)
            execution = f"cdk-hnb659fds-cfn-exec-role-{place[0]}-{place[1]}"
            attached = service("iam", place).list_attached_role_policies(RoleName=execution)
            assert [each["PolicyArn"] for each in attached["AttachedPolicies"]] == [policy]
        for environment in APPLICATION.environments:
            given = {
                **aws.environ,
                "ENVIRONMENT": environment.name,
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            }
            if environment is first:
                shown = run(*MAKE, "diff-assembly", folder=ROOT, environ=given).stdout
                count = len(environment.templates) * len(environment.locations)
                assert shown.count("[+] AWS::IoT::JobTemplate ") == count
                assert (tmp_path / "summary.md").read_text() == summary(environment.name, shown)
            run(*MAKE, "deploy-assembly", folder=ROOT, environ=given)
            for place in environment.locations:
                ids = deployed_ids(service("cloudformation", place), environment)
                client = service("iot", place)
                found = {template_name_of(each): read_back(client, each) for each in ids}
                for template in found.values():
                    name_made_role(template, f"arn:aws:iam::{place[0]}:role/iot-jobs/{environment.name}/")
                assert found == {str(spec.template_name): without_tags(spec) for spec in environment.templates}
                deployed.setdefault(place, set()).update(ids)
                listed = run(Path(sys.executable).parent / "iot-jobs", "templates", "list", "--region", place[1], folder=tmp_path,
                             environ={**aws.environ, "AWS_ACCESS_KEY_ID": place[0], "COLUMNS": "200"})  # fmt: skip
                assert all(each in listed.stdout for each in ids)
        for place, expected in deployed.items():
            listing = service("iot", place).list_job_templates(maxResults=250)["jobTemplates"]
            assert {each["jobTemplateId"] for each in listing} == expected
        difference = run(CDK, "diff", "--app", assembly, "--fail", folder=tmp_path, environ=aws.environ)
        assert "Number of stacks with differences: 0" in difference.stdout + difference.stderr
        for environment in APPLICATION.environments:
            for place in environment.locations:
                if environment.production:
                    service("cloudformation", place).update_termination_protection(
                        EnableTerminationProtection=False, StackName=environment.stack_name
                    )
        run(CDK, "destroy", "--app", assembly, "--all", "--force", folder=tmp_path, environ=aws.environ)
        for place in deployed:
            assert service("iot", place).list_job_templates(maxResults=250)["jobTemplates"] == []


@pytest.mark.e2e
def test_deploy_local() -> None:
    """The first environment is deployed, and those that could be are listed."""
    environ = {name: value for name, value in os.environ.items() if name != "ENVIRONMENT"}
    printed = run(*MAKE, "deploy-local", folder=ROOT, environ=environ).stdout
    first, *_ = ordered = promotion_order(APPLICATION.environments)
    account, region = first.locations[0]
    names = ", ".join(environment.name for environment in ordered)
    *_, last = printed.splitlines()
    assert (
        last
        == f"This is {first.name} in account {account}, {region}. Another: make deploy-local ENVIRONMENT=..., of {names}"
    )
    for spec in first.templates:
        # Of a long name an id has the first 53 characters.
        assert re.search(rf"\b{str(spec.template_name)[:53]}-[a-z2-7]{{10}}\b", printed)


def deployed_ids(cloudformation: Any, environment: Environment) -> list[str]:
    """The ids of the job templates in an environment's stack."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=environment.stack_name)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::IoT::JobTemplate"]


def make_roles(cloudformation: Any, account: str) -> str:
    """Deploy docs/github-roles.yaml with what docs/deploying.md says, and give the ARN of CloudFormation's policy.

    But for the provider, which the local AWS doesn't know.
    """
    guide = (ROOT / "docs/deploying.md").read_text()
    given = re.findall(r"--parameter-overrides (.*)", guide)[0].split()
    parameters = [
        {"ParameterKey": key, "ParameterValue": value} for key, _, value in (each.partition("=") for each in given)
    ]
    cloudformation.create_stack(
        StackName="github-iot-jobs-dev",
        TemplateBody=(ROOT / "docs/github-roles.yaml").read_text(),
        Parameters=[*parameters, {"ParameterKey": "CreateProvider", "ParameterValue": "false"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="github-iot-jobs-dev", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    (stack,) = cloudformation.describe_stacks(StackName="github-iot-jobs-dev")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs == {
        "DiffRoleArn": f"arn:aws:iam::{account}:role/github-iot-jobs-dev-diff",
        "DeployRoleArn": f"arn:aws:iam::{account}:role/github-iot-jobs-dev-deploy",
        "ExecutionPolicyArn": f"arn:aws:iam::{account}:policy/iot-jobs-dev-cloudformation",
    }
    shown = outputs["ExecutionPolicyArn"].replace(account, IN_THE_GUIDE)
    assert f"--cloudformation-execution-policies {shown}\n" in guide
    return str(outputs["ExecutionPolicyArn"])


def read_back(client: Any, job_template_id: str) -> dict[str, Any]:
    """A deployed template in the API's spelling, as a spec would emit it."""
    answer = client.describe_job_template(jobTemplateId=job_template_id)
    given = {key: _set(value) for key, value in answer.items() if key != "ResponseMetadata" and _set(value)}
    read, found = values(given, API_TEMPLATE)
    spec, more = JobTemplateSpec.check(read)
    assert spec is not None, [*found, *more]
    return without_tags(spec)


def name_made_role(template: dict[str, Any], path: str) -> None:
    """Write the role that the construct made, which only its stack's environment may have, as a spec does."""
    presigned = template.get("presignedUrlConfig", {})
    if presigned.get("roleArn", "").startswith(path):
        presigned["roleArn"] = MADE_ROLE.value


def without_tags(spec: JobTemplateSpec) -> dict[str, Any]:
    """A spec's properties but for the id, and for tags, which the API doesn't describe."""
    return {key: value for key, value in properties(spec, API_TEMPLATE).items() if key not in ("tags", "jobTemplateId")}


def _set(value: Any) -> Any:
    """A value without the nulls that the API answers for what is not set."""
    if isinstance(value, dict):
        return {key: _set(item) for key, item in value.items() if item is not None}
    return value
