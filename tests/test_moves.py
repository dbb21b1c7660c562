"""Sequences of deployments: what a template refers to moves, policies keep templates, and templates move themselves.

The local AWS does as CloudFormation does, but for two things. It changes and removes exports that another stack
imports, which CloudFormation refuses: the steps keep an order that CloudFormation accepts, and `outcomes` checks that.
And it deletes what is replaced in a nested stack, or removed from it, before the stack above is updated, and pays no
heed there to a DeletionPolicy: no sequence keeps a template of a nested stack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct

from iot_jobs import JobDocument
from iot_jobs.cdk import JobTemplate, Placeholder, PresignedUrl
from tests.deployer import ACCOUNT, ENVIRONMENT, REGION, Deployer
from tools.local_aws import local_aws

pytestmark = pytest.mark.e2e

PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
IOT = iam.ServicePrincipal("iot.amazonaws.com")


@dataclass(frozen=True)
class Scene:
    """A sequence's part of an app. Its key is in all names, so that sequences share a server and a deployment."""

    app: cdk.App
    key: str
    stacks: list[str] = field(default_factory=list)

    def stack(self, name: str, *, filled: bool = True) -> cdk.Stack:
        """A stack that holds something whatever moves out of it: the CLI deletes an empty one."""
        stack = cdk.Stack(self.app, f"{self.key}-{name}", env=ENVIRONMENT)
        if filled:
            cdk.CfnWaitConditionHandle(stack, "Filling")
        self.stacks.append(stack.stack_name)
        return stack

    def template(self, scope: Construct, description: str = "one", **options: Any) -> JobTemplate:
        """The sequence's template."""
        given = {"template_name": self.key, "environment": self.key, "document": JobDocument.inline({"a": 1})}
        return JobTemplate(scope, "Reboot", description=description, **{**given, **options})


Build = Callable[[Scene], object]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A deployment of the app as it is now, or its removal."""

    build: Build
    then: str
    """The template whose ARN the parameter holds, numbered by first appearance, `-` for none; then others that exist."""
    fails: str | None = None
    """What the CLI prints where it fails. None: it succeeds."""
    only: str | None = None
    """The stack that is deployed, with those that it depends on. None: all of them."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    destroy: bool = False


TAKEN = "AWS::IoT::JobTemplate' with identifier '"
PUBLISHED = "ParameterAlreadyExists"
REPLACED = "cannot update a stack when a custom-named resource requires replacing"
REFUSED = "has.dot"


def role_in(name: str) -> Build:
    def build(scene: Scene) -> None:
        stacks = {one: scene.stack(one) for one in ("A", "B", "Jobs")}
        role = iam.Role(stacks[name], "Role", assumed_by=IOT)
        document = JobDocument.inline({"i": PRESIGNED})
        scene.template(stacks["Jobs"], document=document, presigned_url=PresignedUrl(role=role))

    return build


def bucket_in(name: str) -> Build:
    def build(scene: Scene) -> None:
        stacks = {one: scene.stack(one) for one in ("A", "B", "Jobs")}
        scene.template(stacks["Jobs"], s3.Bucket(stacks[name], "Bucket").bucket_arn)

    return build


def bucket(name: str | None) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        full_name = None if name is None else f"{scene.key}-{name}"
        scene.template(stack, s3.Bucket(stack, "Bucket", bucket_name=full_name).bucket_name)

    return build


def presigned_bucket(name: str) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        releases = s3.Bucket(stack, "Bucket", bucket_name=f"{scene.key}-{name}")
        document = JobDocument.inline({"i": Placeholder.presigned_download(releases, "image")})
        scene.template(stack, document=document)

    return build


def bucket_above(name: str) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        owner = s3.Bucket(stack, "Bucket", bucket_name=f"{scene.key}-{name}")
        scene.template(cdk.NestedStack(stack, "Inner"), owner.bucket_name)

    return build


def weak_bucket(name: str, **options: Any) -> Build:
    def build(scene: Scene) -> None:
        owner = s3.Bucket(scene.stack("A"), "Bucket", bucket_name=f"{scene.key}-{name}")
        cdk.CrossStackReferences.of(owner).produce(cdk.ReferenceStrength.WEAK)
        scene.template(scene.stack("Jobs"), owner.bucket_name, **options)

    return build


def role(**options: Any) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        scene.template(stack, iam.Role(stack, "Role", assumed_by=IOT, **options).role_arn)

    return build


def conditional(region: str) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        condition = cdk.CfnCondition(stack, "Is", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, region))
        scene.template(stack, cdk.Token.as_string(cdk.Fn.condition_if(condition.logical_id, "one", "two")))

    return build


def after_another(document: int) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        changed = JobDocument.inline({"a": document})
        other = JobTemplate(stack, "Other", template_name=f"{scene.key}other", description="d", document=changed)
        scene.template(stack, other.job_template_id)

    return build


def parameter(**options: Any) -> Build:
    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        scene.template(stack, cdk.CfnParameter(stack, "Value", default="one").value_as_string, **options)

    return build


def in_stack(name: str, *, stacks: Sequence[str] = ("A", "B"), after: str | None = None, filled: bool = True) -> Build:
    """The template in one of the stacks, which may be deployed after another."""

    def build(scene: Scene) -> None:
        made = {one: scene.stack(one, filled=filled) for one in stacks}
        scene.template(made[name])
        if after is not None:
            made[name].add_stack_dependency(made[after])

    return build


def in_nested_stack(scene: Scene) -> None:
    scene.template(cdk.NestedStack(scene.stack("A"), "Inner"))


POLICIES: dict[str, dict[str, Any]] = {
    "none": {},
    "DESTROY": {"removal_policy": cdk.RemovalPolicy.DESTROY},
    "keep_previous": {"keep_previous": True},
    "RETAIN": {"removal_policy": cdk.RemovalPolicy.RETAIN},
    "RemovalPolicies": {},  # of the stack
}
SIGNED = POLICIES.keys() - {"RemovalPolicies"}
"""Policies of a template alone. One of the stack keeps the role too, as it keeps whatever it finds there."""


def kept(
    policy: str, description: str | None, *, broken: bool = False, signed: bool = False, generation: int = 0
) -> Build:
    """A template, if any, under a policy; with a presign role of its own; with another resource that IoT refuses."""

    def build(scene: Scene) -> None:
        stack = scene.stack("Jobs")
        options = dict(POLICIES[policy])
        if signed:
            bucket = s3.Bucket.from_bucket_name(stack, "Releases", "releases")
            options["document"] = JobDocument.inline(
                {"i": Placeholder.presigned_download(bucket, f"{description}.bin")}
            )
        if description is not None:
            made = scene.template(stack, description, generation=generation, **options)
            if broken:
                other = CfnJobTemplate(stack, "Broken", job_template_id=REFUSED, description="x", document="{}")
                other.node.add_dependency(made)
        if policy == "RemovalPolicies":
            cdk.RemovalPolicies.of(stack).retain()

    return build


SEQUENCES: dict[str, list[Step]] = {
    "a role moves from stack to stack": [
        Step(build=role_in("A"), then="1"),
        Step(build=role_in("B"), then="2", only="Jobs"),
        Step(build=role_in("B"), then="2"),
    ],
    "a role moves to the template's stack, and out again": [
        Step(build=role_in("A"), then="1"),
        Step(build=role_in("Jobs"), then="2", only="Jobs"),
        Step(build=role_in("A"), then="1"),
    ],
    "a bucket moves from stack to stack": [
        Step(build=bucket_in("A"), then="1"),
        Step(build=bucket_in("B"), then="2", only="Jobs"),
        Step(build=bucket_in("B"), then="2"),
    ],
    "a bucket is renamed": [
        Step(build=bucket(None), then="1"),
        Step(build=bucket("one"), then="2"),
        Step(build=bucket("two"), then="3"),
    ],
    "a bucket with presigned objects is renamed": [
        Step(build=presigned_bucket("one"), then="1"),
        Step(build=presigned_bucket("two"), then="2"),
    ],
    "a bucket above a nested stack is renamed": [
        Step(build=bucket_above("one"), then="1"),
        Step(build=bucket_above("two"), then="2"),
    ],
    # The CLI compares templates, and that of the stack is the same: it isn't deployed.
    "a bucket behind a weak reference is renamed": [
        Step(build=weak_bucket("one"), then="1"),
        Step(build=weak_bucket("two"), then="1"),
        Step(build=weak_bucket("two", generation=1), then="2"),
    ],
    "a role gets a name, and another": [
        Step(build=role(), then="1"),
        Step(build=role(role_name="moves-one"), then="2"),
        Step(build=role(role_name="moves-two"), then="3"),
    ],
    "a role gets another path": [
        Step(build=role(), then="1"),
        Step(build=role(path="/two/"), then="2"),
    ],
    "a condition changes": [
        Step(build=conditional(REGION), then="1"),
        Step(build=conditional("eu-west-2"), then="2"),
    ],
    "another template changes": [
        Step(build=after_another(1), then="1"),
        Step(build=after_another(2), then="2"),
        Step(build=after_another(1), then="1"),
    ],
    "a parameter's value changes": [
        Step(build=parameter(), then="1"),
        Step(build=parameter(), then="1", fails=REPLACED, parameters={"Jobs": "Value=two"}),
        Step(build=parameter(generation=1), then="2", parameters={"Jobs": "Value=two"}),
    ],
    "a template moves into a nested stack, and back": [
        Step(build=in_stack("A"), then="1"),
        Step(build=in_nested_stack, then="2", only="A"),
        Step(build=in_stack("A"), then="1"),
    ],
    "a template moves to another stack: the old stack first": [
        Step(build=in_stack("A"), then="1"),
        Step(build=in_stack("B"), then="-", only="A"),
        Step(build=in_stack("B"), then="2", only="B"),
    ],
    "a template moves to another stack: the new stack first": [
        Step(build=in_stack("A"), then="1"),
        Step(build=in_stack("B"), then="1", fails=PUBLISHED, only="B"),
        Step(build=in_stack("B"), then="-", only="A"),
        Step(build=in_stack("B"), then="2", only="B"),
    ],
    # Without a dependency the CLI deploys first what it has uploaded first: no order to rely on, nor to test.
    "a template moves to another stack, which depends on the old one": [
        Step(build=in_stack("B"), then="1"),
        Step(build=in_stack("A", after="B"), then="2"),
        Step(build=in_stack("A"), then="2"),
    ],
    "a template moves out of a stack that is then empty": [
        Step(build=in_stack("B", filled=False), then="1", only="B"),
        Step(build=in_stack("A", filled=False, after="B"), then="2"),
    ],
    "a stack is renamed": [
        Step(build=in_stack("Old", stacks=["Old"]), then="1"),
        Step(build=in_stack("New", stacks=["New"]), then="1", fails=PUBLISHED),
        Step(build=in_stack("Old", stacks=["Old"]), then="-", destroy=True),
        Step(build=in_stack("New", stacks=["New"]), then="2"),
    ],
    **{
        f"{policy}: an edit, removed, added again": [
            Step(build=kept(policy, "one"), then="1"),
            Step(build=kept(policy, "two"), then=edited),
            Step(build=kept(policy, None), then=removed),
            Step(build=kept(policy, "two"), then=edited),
        ]
        for policy, edited, removed in (("none", "2", "-"), ("DESTROY", "2", "-"), ("keep_previous", "2 1", "- 1"))
    },
    **{
        f"{policy}: an edit, removed, added again": [
            Step(build=kept(policy, "one"), then="1"),
            Step(build=kept(policy, "two"), then="2 1"),
            Step(build=kept(policy, None), then="- 1 2"),
            Step(build=kept(policy, "two"), then="- 1 2", fails=TAKEN),
            Step(build=kept(policy, "two", generation=1), then="3 1 2"),
        ]
        for policy in ("RETAIN", "RemovalPolicies")
    },
    **{
        f"{policy}: the first deployment fails": [
            Step(build=kept(policy, "one", broken=True, signed=policy in SIGNED), then="-", fails=REFUSED),
            Step(build=kept(policy, "one", signed=policy in SIGNED), then="1"),
        ]
        for policy in POLICIES
    },
    **{
        f"{policy}: an edit fails": [
            Step(build=kept(policy, "one", signed=policy in SIGNED), then="1"),
            Step(build=kept(policy, "two", broken=True, signed=policy in SIGNED), then="1", fails=REFUSED),
            Step(build=kept(policy, "two", signed=policy in SIGNED), then=edited),
        ]
        for policy, edited in (("none", "2"), ("keep_previous", "2 1"), ("RETAIN", "2 1"), ("RemovalPolicies", "2 1"))
    },
    "none: the stack is deleted and deployed again": [
        Step(build=kept("none", "one"), then="1"),
        Step(build=kept("none", "one"), then="-", destroy=True),
        Step(build=kept("none", "one"), then="1"),
    ],
    **{
        f"{policy}: the stack is deleted and deployed again": [
            Step(build=kept(policy, "one"), then="1"),
            Step(build=kept(policy, "one"), then="- 1", destroy=True),
            Step(build=kept(policy, "one"), then="- 1", fails=TAKEN),
            Step(build=kept(policy, "one", generation=1), then="2 1"),
        ]
        for policy in ("RETAIN", "RemovalPolicies")
    },
}


class Player:
    """Plays all sequences at once: the first step of each, then the second, and so on."""

    def __init__(self, deployer: Deployer) -> None:
        self.deployer = deployer
        self.numbers: dict[str, list[str]] = {}

    def play(self, steps: Mapping[str, Step]) -> dict[str, str]:
        """Take one step of each sequence; gives what came of it."""
        together = {key: step for key, step in steps.items() if not (step.fails or step.destroy)}
        # One deployment of all that should succeed. If it fails, each is deployed for itself, and one of them tells why.
        output = self.run(together, "--concurrency", "4")
        alone = steps.keys() - together.keys() if output is None else steps.keys()
        printed = {key: self.run({key: steps[key]}) for key in steps if key in alone}
        return {key: self.state(key) + self.difference(step, printed.get(key)) for key, step in steps.items()}

    def run(self, steps: Mapping[str, Step], *options: str) -> str | None:
        """Run the CLI once; gives what it printed where it failed, or None."""
        scenes: list[Scene] = []

        def build(app: cdk.App) -> None:
            for key, step in steps.items():
                scenes.append(Scene(app, key))
                step.build(scenes[-1])

        out = self.deployer.synth(build)
        command = ["deploy", "--require-approval", "never", *options]
        if any(step.destroy for step in steps.values()):
            command = ["destroy", "--force"]
        for scene, step in zip(scenes, steps.values(), strict=True):
            command += scene.stacks if step.only is None else [f"{scene.key}-{step.only}"]
            for stack, value in step.parameters.items():
                command += ["--parameters", f"{scene.key}-{stack}:{value}"]
        done = self.deployer.cdk(*command, "--app", out)
        return None if done.returncode == 0 else done.stdout + done.stderr

    @staticmethod
    def difference(step: Step, output: str | None) -> str:
        """What a deployment came to that it shouldn't have."""
        if output is None:
            return "" if step.fails is None else ", where it should have failed"
        return "" if step.fails is not None and step.fails in output else f", and failed: {output}"

    def state(self, key: str) -> str:
        """What is there of a sequence, in the words of `Step.then`, and what is missing or left behind."""
        deployer = self.deployer
        there = {one for one in deployer.ids() if one.startswith(f"{key}-")}
        known = self.numbers.setdefault(key, [])
        known += sorted(there - set(known))
        try:
            current = deployer.current(key, key)["jobTemplateId"]
        except deployer.ssm.exceptions.ParameterNotFound:
            current = "-"
        except deployer.iot.exceptions.ResourceNotFoundException:
            current = "one that is gone"
        numbers = {one: str(number) for number, one in enumerate(known, 1)}
        others = sorted((numbers[one] for one in there - {current}), key=int)
        state = " ".join([numbers.get(current, current), *others])
        described = (deployer.iot.describe_job_template(jobTemplateId=one) for one in there)
        used = {one.get("presignedUrlConfig", {}).get("roleArn") for one in described} - {None}
        roles = {one["Arn"] for page in deployer.iam.get_paginator("list_roles").paginate() for one in page["Roles"]}
        made = {one for one in roles if f"role/{key}-" in one and "PresignRole" in one}
        return state + ", without its role" * (not used <= roles) + ", with a role too many" * (not made <= used)


def imported_from_nowhere(deployer: Deployer) -> set[str]:
    """The exports that a stack imports and none has: CloudFormation doesn't let it come to that."""
    stacks = deployer.cloudformation.describe_stacks()["Stacks"]
    exported = {output.get("ExportName") for stack in stacks for output in stack.get("Outputs", ())}
    imported: set[str] = set()
    for stack in stacks:
        body = deployer.cloudformation.get_template(StackName=stack["StackName"])["TemplateBody"]
        imported |= set(re.findall(r'"Fn::ImportValue": *"([^"]+)"', json.dumps(body)))
    return imported - exported


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What came of each step of each sequence."""
    keys = {f"s{index}": title for index, title in enumerate(SEQUENCES)}
    came: dict[str, list[str]] = {title: [] for title in SEQUENCES}
    with local_aws(account=ACCOUNT, region=REGION) as aws:
        deployer = Deployer(aws, tmp_path_factory.mktemp("moves"))
        player = Player(deployer)
        for steps in zip_longest(*SEQUENCES.values()):
            now = {key: step for key, step in zip(keys, steps, strict=True) if step is not None}
            for key, outcome in player.play(now).items():
                came[keys[key]].append(outcome)
            assert imported_from_nowhere(deployer) == set()
    return came


@pytest.mark.parametrize("title", SEQUENCES)
def test_sequences(outcomes: dict[str, list[str]], title: str) -> None:
    """After each deployment the parameter holds the current template, and the others are gone or kept."""
    assert outcomes[title] == [step.then for step in SEQUENCES[title]]
