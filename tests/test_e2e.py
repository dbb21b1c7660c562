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
from iot_jobs.spec import JobTemplateSpec
from tests.commands import MAKE
from tools.deploy_assembly import summary
from tools.local_aws import local_aws

ROOT = Path(__file__).resolve().parent.parent
APPLICATION = load_application(ROOT)
ACCOUNT = "123456789012"


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
    cdk = ROOT / "node_modules/.bin/cdk"
    run(*MAKE, "synth", folder=ROOT, environ=os.environ)
    places = [f"aws://{account}/{region}" for one in APPLICATION.environments for account, region in one.locations]
    with local_aws(account=ACCOUNT, region="us-east-1") as aws:

        def service(name: str, environment: Environment) -> Any:
            return boto3.client(
                name,
                region_name=environment.locations[0][1],
                endpoint_url=aws.endpoint_url,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="test",
            )

        policy = make_roles(service("cloudformation", APPLICATION.environments[0]))
        limited = ("--cloudformation-execution-policies", policy)
        run(cdk, "bootstrap", *places, *limited, folder=tmp_path, environ=aws.environ)
        for environment in APPLICATION.environments:
            execution = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{environment.locations[0][1]}"
            attached = service("iam", environment).list_attached_role_policies(RoleName=execution)
            assert [one["PolicyArn"] for one in attached["AttachedPolicies"]] == [policy]
        for environment in APPLICATION.environments:
            given = {
                **aws.environ,
                "ENVIRONMENT": environment.name,
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            }
            if environment is APPLICATION.environments[0]:
                shown = run(*MAKE, "diff-assembly", folder=ROOT, environ=given).stdout
                assert shown.count("[+] AWS::IoT::JobTemplate ") == len(environment.templates)
                assert (tmp_path / "summary.md").read_text() == summary(environment.name, shown)
            run(*MAKE, "deploy-assembly", folder=ROOT, environ=given)
            client = service("iot", environment)
            ids = [one["jobTemplateId"] for one in client.list_job_templates(maxResults=250)["jobTemplates"]]
            found = {template_name_of(one): read_back(client, one) for one in ids}
            wanted = {str(spec.template_name): without_tags(spec) for spec in environment.templates}
            assert found == wanted
            listed = run(Path(sys.executable).parent / "iot-jobs", "list", "--region", environment.locations[0][1],
                         folder=tmp_path, environ=aws.environ)  # fmt: skip
            assert all(one in listed.stdout for one in ids)
        difference = run(cdk, "diff", "--app", assembly, "--fail", folder=tmp_path, environ=aws.environ)
        assert "Number of stacks with differences: 0" in difference.stdout + difference.stderr
        for environment in APPLICATION.environments:
            cloudformation = service("cloudformation", environment)
            if environment.production:
                cloudformation.update_termination_protection(
                    EnableTerminationProtection=False, StackName=f"iot-jobs-{environment.name}"
                )
        run(cdk, "destroy", "--app", assembly, "--all", "--force", folder=tmp_path, environ=aws.environ)
        for environment in APPLICATION.environments:
            assert service("iot", environment).list_job_templates(maxResults=250)["jobTemplates"] == []


def make_roles(cloudformation: Any) -> str:
    """Deploy docs/github-roles.yaml with what docs/deploying.md says, and give the ARN of CloudFormation's policy.

    But for the provider, which the local AWS doesn't know.
    """
    guide = (ROOT / "docs/deploying.md").read_text()
    given = re.findall(r"--parameter-overrides (.*)", guide)[0].split()
    parameters = [
        {"ParameterKey": key, "ParameterValue": value} for key, _, value in (one.partition("=") for one in given)
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
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs == {
        "DiffRoleArn": f"arn:aws:iam::{ACCOUNT}:role/github-iot-jobs-dev-diff",
        "DeployRoleArn": f"arn:aws:iam::{ACCOUNT}:role/github-iot-jobs-dev-deploy",
        "ExecutionPolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/iot-jobs-dev-cloudformation",
    }
    assert f"--cloudformation-execution-policies {outputs['ExecutionPolicyArn']}\n" in guide
    return str(outputs["ExecutionPolicyArn"])


def read_back(client: Any, job_template_id: str) -> dict[str, Any]:
    """A deployed template in the API's spelling, as a spec would emit it."""
    answer = client.describe_job_template(jobTemplateId=job_template_id)
    given = {key: _set(value) for key, value in answer.items() if key != "ResponseMetadata" and _set(value)}
    read, found = values(given, API_TEMPLATE)
    spec, more = JobTemplateSpec.check(read)
    assert spec is not None, [*found, *more]
    return without_tags(spec)


def without_tags(spec: JobTemplateSpec) -> dict[str, Any]:
    """A spec's properties but for the id, and for tags, which the API doesn't describe."""
    return {key: value for key, value in properties(spec, API_TEMPLATE).items() if key not in ("tags", "jobTemplateId")}


def _set(value: Any) -> Any:
    """A value without the nulls that the API answers for what is not set."""
    if isinstance(value, dict):
        return {key: _set(item) for key, item in value.items() if item is not None}
    return value
