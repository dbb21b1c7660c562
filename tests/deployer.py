"""Deployments to a local AWS by the real CDK CLI, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from aws_cdk import App, Environment, Stack
from constructs import Construct

from tools.local_aws import LocalAws

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT, REGION = "123456789012", "eu-west-1"
ENVIRONMENT = Environment(account=ACCOUNT, region=REGION)
Build = Callable[[Construct], object]


class Deployer:
    """Deploys stacks with the real CLI, and reads back what is there."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws, self.folder, self.count = aws, folder, 0
        settings = {"region_name": REGION, "endpoint_url": aws.endpoint_url}
        settings |= {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
        names = ("iot", "ssm", "iam", "cloudformation")
        self.iot, self.ssm, self.iam, self.cloudformation = (boto3.client(name, **settings) for name in names)
        self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI from a folder without a cdk.json."""
        command = [str(ROOT / "node_modules/.bin/cdk"), *arguments]
        environ = dict(self.aws.environ)
        return subprocess.run(
            command, env=environ, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )

    def synth(self, build: Callable[[App], object]) -> str:
        """Synthesize an app in this process; gives the folder of its assembly."""
        self.count += 1
        app = App(outdir=str(self.folder / f"cdk.out.{self.count}"), analytics_reporting=False)
        build(app)
        app.synth()
        return app.outdir

    def deploy(self, name: str, build: Build, *, succeeds: bool = True) -> str:
        """Synthesize a stack in this process and deploy it; gives what the CLI printed."""
        out = self.synth(lambda app: build(Stack(app, name, env=ENVIRONMENT)))
        done = self.cdk("deploy", "--app", out, "--require-approval", "never", name)
        assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ids(self) -> set[str]:
        """The ids of all job templates."""
        pages = self.iot.get_paginator("list_job_templates").paginate()
        return {one["jobTemplateId"] for page in pages for one in page["jobTemplates"]}

    def current(self, environment: str, template_name: str) -> Mapping[str, Any]:
        """The template whose ARN the parameter holds, as AWS describes it."""
        arn = self.ssm.get_parameter(Name=f"/iot-jobs/{environment}/{template_name}")["Parameter"]["Value"]
        answer: Mapping[str, Any] = self.iot.describe_job_template(jobTemplateId=arn.rpartition("/")[2])
        assert answer["jobTemplateArn"] == arn
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
