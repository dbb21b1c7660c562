"""AWS Control Tower's proactive controls, checked by CloudFormation Guard: what the construct makes breaks none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from cdklabs.cdk_validator_cfnguard import CfnGuardValidator

from iot_jobs import JobDocument
from iot_jobs.cdk import JobTemplate, Placeholder


def with_everything(app: cdk.App) -> None:
    """A template with a made role, a parameter and an output."""
    stack = cdk.Stack(app, "Jobs")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "fleet-images")
    image, log = Placeholder.presigned_download(bucket, "image"), Placeholder.presigned_upload(bucket, "${thingName}")
    document = JobDocument.inline({"image": image, "log": log})
    JobTemplate(stack, "Update", template_name="update", description="Update", document=document)


def a_bucket(app: cdk.App) -> None:
    """A resource with much against it."""
    s3.CfnBucket(cdk.Stack(app, "Jobs"), "Bucket")


@pytest.mark.parametrize(
    ("build", "clean"),
    [(with_everything, True), (a_bucket, False)],
    ids=["a template", "a bucket, to see that the rules are read"],
)
def test_guard(tmp_path: Path, build: Callable[[cdk.App], None], clean: bool) -> None:
    """The report names resources that break a rule; those of job templates aren't among them."""
    app = cdk.App(outdir=str(tmp_path))
    # It has the interface of the CDK's plug-ins as it was before that was final.
    guard: Any = CfnGuardValidator(control_tower_rules_enabled=True)
    cdk.Validations.of(app).add_plugins(guard)
    build(app)
    try:
        app.synth()
    except RuntimeError as error:
        assert str(error).startswith("ValidationFailed")
    reports = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    violations = [one for report in reports for one in report["violations"]]
    assert (violations == []) == clean
