"""Templates can always be changed and deployed again: the real CDK CLI against a local AWS, edit by edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct

from iot_jobs import AbortConfig, AbortCriterion, Environment, Fleet, JobDocument, JobTemplateSpec
from iot_jobs.cdk import JobTemplate, Placeholder, S3Document
from stacks.job_templates import JobTemplatesStack
from tests.deployer import ACCOUNT, REGION, Build, Deployer
from tools.local_aws import local_aws

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def deployer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployer]:
    with local_aws(account=ACCOUNT, region=REGION) as aws:
        yield Deployer(aws, tmp_path_factory.mktemp("updates"))


def reboot(
    document: str = '{"operation": "reboot.sh"}', threshold: float = 10, tag: str = "a", **options: Any
) -> Build:
    """A stack with one template."""

    def build(scope: Construct) -> None:
        JobTemplate(
            scope,
            "Reboot",
            template_name="reboot",
            description="Reboot a device",
            document=JobDocument.inline(document),
            abort=AbortConfig(
                criteria=[
                    AbortCriterion(failure_type="ALL", threshold_percentage=threshold, min_number_of_executed_things=20)
                ]
            ),
            tags={"team": tag},
            **options,
        )

    return build


def raw(document: str) -> Build:
    """The same with the L1 and a fixed id."""

    def build(scope: Construct) -> None:
        CfnJobTemplate(scope, "Raw", job_template_id="raw", description="Reboot a device", document=document)

    return build


def test_every_edit_deploys(deployer: Deployer) -> None:
    """Layout changes nothing; each real edit deploys under a new id, the parameter follows, and the old one is gone."""
    deployer.deploy("Edits", reboot())
    first = deployer.current("Edits", "reboot")["jobTemplateId"]
    deployer.deploy("Edits", reboot('{\n  "operation":   "reboot.sh"\n}\n'))
    assert deployer.current("Edits", "reboot")["jobTemplateId"] == first
    edits = [
        reboot('{"operation": "restart.sh"}'),
        reboot('{"operation": "restart.sh"}', threshold=5),
        reboot('{"operation": "restart.sh"}', threshold=5, tag="b"),
        reboot(),
    ]
    seen = {first}
    for edit in edits[:-1]:
        deployer.deploy("Edits", edit)
        now = deployer.current("Edits", "reboot")
        assert now["jobTemplateId"] not in seen
        assert {one for one in deployer.ids() if one.startswith("reboot-")} == {now["jobTemplateId"]}
        seen.add(now["jobTemplateId"])
    assert now["abortConfig"]["criteriaList"][0]["thresholdPercentage"] == 5
    deployer.deploy("Edits", edits[-1])
    assert deployer.current("Edits", "reboot")["jobTemplateId"] == first
    deployer.cdk("destroy", "--app", str(deployer.folder / f"cdk.out.{deployer.count}"), "--force", "Edits")
    assert not {one for one in deployer.ids() if one.startswith("reboot-")}


def test_a_fixed_id_does_not(deployer: Deployer) -> None:
    """The same edit of a raw L1 under its fixed id fails, as does that of a template with an id of its own."""
    deployer.deploy("Raw", raw("{}"))
    output = deployer.deploy("Raw", raw('{"a":1}'), succeeds=False)
    assert "custom-named resource" in output
    deployer.deploy("Fixed", reboot(job_template_id="fixed"))
    assert "custom-named resource" in deployer.deploy(
        "Fixed", reboot(threshold=5, job_template_id="fixed"), succeeds=False
    )


def test_a_failed_deployment_rolls_back(deployer: Deployer) -> None:
    """A deployment that fails leaves the old template and the parameter as they were."""
    deployer.deploy("Failing", reboot())
    before = deployer.current("Failing", "reboot")

    def failing(stack: Construct) -> None:
        reboot(threshold=5)(stack)
        # Fails after the new template is there: the service refuses this document.
        broken = CfnJobTemplate(stack, "Broken", job_template_id="has.dot", description="x", document="{}")
        broken.add_resource_dependency(next(one for one in stack.node.find_all() if isinstance(one, ssm.CfnParameter)))

    deployer.deploy("Failing", failing, succeeds=False)
    assert deployer.current("Failing", "reboot") == before


def test_kept_templates(deployer: Deployer) -> None:
    """With `keep_previous` the old template stays, and going back to its content takes another generation."""
    deployer.deploy("Kept", reboot(keep_previous=True))
    first = deployer.current("Kept", "reboot")["jobTemplateId"]
    deployer.deploy("Kept", reboot(threshold=5, keep_previous=True))
    second = deployer.current("Kept", "reboot")["jobTemplateId"]
    assert {first, second} <= deployer.ids()
    deployer.deploy("Kept", reboot(keep_previous=True), succeeds=False)
    assert deployer.current("Kept", "reboot")["jobTemplateId"] == second
    deployer.deploy("Kept", reboot(keep_previous=True, generation=1))
    third = deployer.current("Kept", "reboot")["jobTemplateId"]
    assert third not in (first, second)


def test_one_family_in_two_environments(deployer: Deployer) -> None:
    """The same family in two environments of one account and region has a template and a name in each."""

    def environment(name: str) -> Environment:
        spec = JobTemplateSpec(
            template_name="reboot", description="Reboot a device", document=JobDocument.inline({"operation": "reboot"})
        )
        return Environment(name=name, account=ACCOUNT, region=REGION, fleet=Fleet(things=5), templates=[spec])

    app = cdk.App(outdir=str(deployer.folder / "environments"), analytics_reporting=False)
    for name in ("blue", "green"):
        JobTemplatesStack(app, f"iot-jobs-{name}", environment=environment(name))
    digests = {
        one["Metadata"]["iot-jobs"]["content"]
        for stack in app.synth().stacks
        for one in stack.template["Resources"].values()
        if one["Type"] == "AWS::IoT::JobTemplate"
    }
    assert len(digests) == 1
    done = deployer.cdk("deploy", "--app", app.outdir, "--require-approval", "never", "--all", "--concurrency", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    blue, green = (deployer.current(name, "reboot") for name in ("blue", "green"))
    assert blue["jobTemplateId"] != green["jobTemplateId"]
    assert blue["document"] == green["document"]


def test_a_hundred_templates(deployer: Deployer) -> None:
    """A hundred templates deploy in one stack, and so does a change to each of them."""

    def hundred(document: str) -> Build:
        def build(scope: Construct) -> None:
            for number in range(100):
                JobTemplate(
                    scope,
                    f"T{number}",
                    template_name=f"many-{number}",
                    description="One of many",
                    document=JobDocument.inline(document),
                )

        return build

    def many() -> set[str]:
        return {one for one in deployer.ids() if one.startswith("many-")}

    deployer.deploy("Many", hundred('{"a": 1}'))
    first = many()
    deployer.deploy("Many", hundred('{"a": 2}'))
    second = many()
    assert (len(first), len(second), first & second) == (100, 100, set())
    assert deployer.current("Many", "many-99")["document"] == '{"a":2}'


@pytest.mark.parametrize("keep", [False, True])
def test_roles_and_documents_in_s3(deployer: Deployer, tmp_path: Path, keep: bool) -> None:
    """A template with a bucket, a role of its own and a document in S3 deploys, and so does another content of each.

    The role of the old template goes with it, or stays with it where it is kept.
    """
    stack_name = f"Presigned{keep}"

    def build(key: str) -> Build:
        path = tmp_path / f"{key}.json"
        path.write_text(f'{{"operation": "{key}"}}')

        def stack(scope: Construct) -> None:
            bucket = s3.Bucket(scope, "Releases")
            JobTemplate(
                scope,
                "Firmware",
                template_name="firmware",
                description="Install an image",
                document=JobDocument.inline({"image": Placeholder.presigned_download(bucket, f"{key} image.bin")}),
                keep_previous=keep,
            )
            JobTemplate(
                scope,
                "Script",
                template_name="script",
                description="Run a script",
                document=S3Document.from_asset(path),
            )

        return stack

    seen = set()
    roles = []
    for key in ("first", "second"):
        deployer.deploy(stack_name, build(key))
        firmware, script = (deployer.current(stack_name, name) for name in ("firmware", "script"))
        assert f"/{key}%20image.bin}}" in firmware["document"]
        assert "Token" not in firmware["document"]
        role = firmware["presignedUrlConfig"]["roleArn"]
        assert firmware["presignedUrlConfig"]["expiresInSec"] == 3600
        policy = deployer.iam.get_role_policy(RoleName=role.rpartition("/")[2], PolicyName="Objects")["PolicyDocument"]
        (statement,) = policy["Statement"]
        assert statement["Action"] == "s3:GetObject"
        assert statement["Resource"].endswith(f"/{key} image.bin")
        seen |= {firmware["jobTemplateId"], script["jobTemplateId"], role, script["documentSource"]}
        roles.append(role)
    assert len(seen) == 8
    there = {one["Arn"] for page in deployer.iam.get_paginator("list_roles").paginate() for one in page["Roles"]}
    assert [role in there for role in roles] == [keep, True]


def test_neighbours_and_moves(deployer: Deployer) -> None:
    """Two stacks with the same template live side by side, and a construct that is moved within its stack deploys."""
    deployer.deploy("East", reboot())
    deployer.deploy("West", reboot())
    east, west = (deployer.current(name, "reboot")["jobTemplateId"] for name in ("East", "West"))
    assert east != west

    deployer.deploy("East", lambda stack: reboot()(Construct(stack, "Inner")))
    moved = deployer.current("East", "reboot")["jobTemplateId"]
    assert moved not in (east, west)
    assert east not in deployer.ids()
