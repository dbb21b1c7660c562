"""References and ids: whatever changes a template in AWS changes its id, and nothing else does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Annotations, Match
from aws_cdk.aws_iot import CfnJobTemplate
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from constructs import Construct
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_jobs import JobDocument
from iot_jobs.cdk import JobTemplate, PresignedUrl
from iot_jobs.cdk.references import NAMING

PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
IOT = iam.ServicePrincipal("iot.amazonaws.com")
Build = Callable[[cdk.App], object]


def template(scope: Construct, description: str = "d", **options: Any) -> JobTemplate:
    """A template whose description holds what a test refers to."""
    given = {"template_name": "reboot", "document": JobDocument.inline({"a": 1}), "environment": "test"}
    return JobTemplate(scope, "Reboot", description=description, **{**given, **options})


def emitted(build: Build, folder: Path) -> tuple[str, Mapping[str, Any]]:
    """The id and the other properties of an app's template `Reboot`."""
    app = cdk.App(outdir=str(folder), context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    build(app)
    app.synth()
    files = [json.loads(path.read_text()) for path in folder.rglob("*.template.json")]
    (found,) = (
        each["Properties"]
        for file in files
        for name, each in file.get("Resources", {}).items()
        if each["Type"] == CfnJobTemplate.CFN_RESOURCE_TYPE_NAME and name.startswith("Reboot")
    )
    return found.pop("JobTemplateId"), found


def role_in(stack: str) -> Build:
    def build(app: cdk.App) -> None:
        stacks = {name: cdk.Stack(app, name) for name in ("A", "B", "Jobs")}
        role = iam.Role(stacks[stack], "Role", assumed_by=IOT)
        template(stacks["Jobs"], document=JobDocument.inline({"i": PRESIGNED}), presigned_url=PresignedUrl(role=role))

    return build


def bucket_in(stack: str, **options: Any) -> Build:
    def build(app: cdk.App) -> None:
        stacks = {name: cdk.Stack(app, name, stack_name=options.get("stack_name")) for name in ("A", "B")}
        stacks["Jobs"] = cdk.Stack(app, "Jobs")
        template(stacks["Jobs"], s3.Bucket(stacks[stack], "Bucket").bucket_name)

    return build


def bucket(**options: Any) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        template(stack, s3.Bucket(stack, "Bucket", **options).bucket_name)

    return build


def role(**options: Any) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        template(stack, iam.Role(stack, "Role", assumed_by=IOT, **options).role_arn)

    return build


def named_by_another(name: str) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        first = s3.Bucket(stack, "First", bucket_name=name)
        second = s3.Bucket(stack, "Second", bucket_name=cdk.Fn.join("-", [first.bucket_name, "logs"]))
        template(stack, cdk.Fn.sub("${Second}", {"Second": second.bucket_arn}))

    return build


def conditional(other: str) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        condition = cdk.CfnCondition(stack, "Is", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, other))
        template(stack, cdk.Token.as_string(cdk.Fn.condition_if(condition.logical_id, "a", "b")))

    return build


def nested(name: str, *, deep: bool = False) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        owner = s3.Bucket(stack, "Bucket", bucket_name=name)
        inner = cdk.NestedStack(stack, "Inner")
        template(cdk.NestedStack(inner, "Deep") if deep else inner, owner.bucket_name)

    return build


def parameter_value(value: str) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        template(stack, ssm.CfnParameter(stack, "Value", type="String", value=value).attr_value)

    return build


def other_template(document: int) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        changed = JobDocument.inline({"a": document})
        other = JobTemplate(stack, "Other", template_name="other", description="d", document=changed)
        template(stack, other.job_template_id)

    return build


def lazy_mapping(value: str) -> Build:
    def build(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Jobs")
        mapping = cdk.CfnMapping(stack, "Map", mapping={"a": {"b": value}}, lazy=True)
        template(stack, mapping.find_in_map("a", "b"))

    return build


MOVES = {
    "a role moves into another stack": (role_in("Jobs"), role_in("A")),
    "a role moves out of one stack into another": (role_in("A"), role_in("B")),
    "a bucket moves out of one stack into another": (bucket_in("A"), bucket_in("B")),
    "the stack of a bucket is renamed": (bucket_in("A"), bucket_in("A", stack_name="C")),
    "a bucket is renamed": (bucket(bucket_name="one"), bucket(bucket_name="two")),
    "a bucket gets a name": (bucket(), bucket(bucket_name="two")),
    "a role is renamed": (role(role_name="one"), role(role_name="two")),
    "a role gets another path": (role(), role(path="/two/")),
    "a bucket is named by another": (named_by_another("one"), named_by_another("two")),
    "a condition asks for something else": (conditional("eu-west-1"), conditional("eu-west-2")),
    "a bucket above a nested stack is renamed": (nested("one"), nested("two")),
    "a bucket two levels above is renamed": (nested("one", deep=True), nested("two", deep=True)),
    "a parameter that the stack makes gets another value": (parameter_value("one"), parameter_value("two")),
    "another template changes": (other_template(1), other_template(2)),
    "a value of a mapping that is resolved at synth": (lazy_mapping("one"), lazy_mapping("two")),
}


@pytest.mark.parametrize(("before", "after"), MOVES.values(), ids=MOVES)
def test_what_moves_the_id(before: Build, after: Build, tmp_path: Path) -> None:
    """A reference that stands for something else gives another id, whether or not it is written otherwise."""
    first, second, third = (
        emitted(build, tmp_path / str(index)) for index, build in enumerate((before, after, before))
    )
    assert first == third
    assert first[0] != second[0]


STAYS = {
    "a bucket gets what doesn't replace it": (bucket(), bucket(versioned=True)),
    "a role gets what doesn't replace it": (role(), role(description="x", max_session_duration=cdk.Duration.hours(2))),
}


@pytest.mark.parametrize(("before", "after"), STAYS.values(), ids=STAYS)
def test_what_does_not(before: Build, after: Build, tmp_path: Path) -> None:
    """A change that leaves the reference's value alone leaves the id alone."""
    assert emitted(before, tmp_path / "1") == emitted(after, tmp_path / "2")


@pytest.mark.parametrize("kind", NAMING)
def test_names_are_those_of_the_schema(kind: str) -> None:
    """What counts of a resource is what CloudFormation replaces it for."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    replaced = {path.rpartition("/")[2] for path in schema["createOnlyProperties"]}
    assert {name[0].upper() + name[1:] for name in NAMING[kind]} == replaced


LATER: dict[str, tuple[Callable[[cdk.Stack], str], list[str]]] = {
    "a parameter": (lambda stack: cdk.CfnParameter(stack, "Minutes").value_as_string, ["Minutes"]),
    "an SSM parameter": (
        lambda stack: ssm.StringParameter.value_for_string_parameter(stack, "/a"),
        ["SsmParameterValueaC96584B6F00A464EAD1953AFF4B05118Parameter"],
    ),
    "a dynamic reference": (lambda _: "{{resolve:ssm:/a}}", ["{{resolve:ssm:/a}}"]),
    "a version of a dynamic reference": (lambda _: "{{resolve:ssm:/a:3}}", []),
    "a mapping": (
        lambda stack: cdk.CfnMapping(stack, "Map", mapping={"x": {"y": "z"}}).find_in_map("x", "y"),
        ["Map"],
    ),
    "an attribute of a custom resource": (
        lambda stack: cdk.CustomResource(stack, "Custom", service_token="arn:aws:sns:::x").get_att_string("X"),
        ["Custom"],
    ),
    "an import": (lambda _: cdk.Fn.import_value("x"), []),
    "the region": (lambda _: cdk.Aws.REGION, []),
    "a bucket named by a parameter": (
        lambda stack: (
            s3.Bucket(stack, "Bucket", bucket_name=cdk.CfnParameter(stack, "Name").value_as_string).bucket_name
        ),
        ["Name"],
    ),
}


@pytest.mark.parametrize(("make", "names"), LATER.values(), ids=LATER)
def test_what_only_cloudformation_knows(make: Callable[[cdk.Stack], str], names: list[str]) -> None:
    """A value that may change without its reference is warned of, with the ways out; one that can't isn't."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    template(stack, f"x {make(stack)}")
    app.synth()
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("known only at deployment"))
    assert [str(each.entry.data).split(" is known")[0] for each in found] == names
    assert all("raise generation" in str(each.entry.data) for each in found)


CHOICES: dict[str, list[Any]] = {
    "kind": ["bucket", "role", "parameter"],
    "owner": ["A", "B", "Jobs", "Jobs/Inner"],
    "user": ["Jobs", "Jobs/Inner", "Jobs/Inner/Deep"],
    "renamed": [{}, {"A": "Renamed"}, {"B": "A2"}],
    "construct": ["One", "Two"],
    "name": [None, "fleet-one", "fleet-two"],
    "form": ["{}", "x {}", "{} {}", "sub", "join", "document"],
}
"""Where a template and what it refers to are, what that is, its name, and how the template refers to it."""


def app_of(chosen: Mapping[str, Any]) -> Build:
    def build(app: cdk.App) -> None:
        renamed, name, form = chosen["renamed"], chosen["name"], chosen["form"]
        stacks: dict[str, cdk.Stack] = {}
        for one in ("A", "B", "Jobs"):
            stacks[one] = cdk.Stack(app, one, stack_name=renamed.get(one))
        stacks["Jobs/Inner"] = cdk.NestedStack(stacks["Jobs"], "Inner")
        stacks["Jobs/Inner/Deep"] = cdk.NestedStack(stacks["Jobs/Inner"], "Deep")
        owner, user = stacks[chosen["owner"]], stacks[chosen["user"]]
        if chosen["kind"] == "bucket":
            value = s3.Bucket(owner, chosen["construct"], bucket_name=name).bucket_arn
        elif chosen["kind"] == "role":
            value = iam.Role(owner, chosen["construct"], assumed_by=IOT, role_name=name).role_arn
        else:
            value = ssm.CfnParameter(owner, chosen["construct"], type="String", value=name or "x").attr_value
        if form == "document":
            template(user, document=JobDocument.inline({"a": value}))
        elif form == "sub":
            template(user, cdk.Fn.sub("${X}-x", {"X": value}))
        else:
            template(user, cdk.Fn.join("-", ["a", value]) if form == "join" else form.replace("{}", value))

    return build


@given(st.fixed_dictionaries({key: st.sampled_from(values) for key, values in CHOICES.items()}), st.data())
@settings(max_examples=25, deadline=None)
def test_other_properties_have_another_id(chosen: dict[str, Any], data: st.DataObject) -> None:
    """Two apps that differ in one respect have the same id only where they emit the same."""
    key = data.draw(st.sampled_from(sorted(CHOICES)))
    changed = chosen | {key: data.draw(st.sampled_from(CHOICES[key]))}
    with tempfile.TemporaryDirectory() as folder:
        (first, emission), (second, another) = (
            emitted(app_of(each), Path(folder) / str(index)) for index, each in enumerate((chosen, changed))
        )
    assert first != second or emission == another
