"""Ids at synth: each is independent of the others, reproducible, and leaves users' constructs alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk import cloudformation_include as include
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct, IConstruct

from iot_jobs import FindingsError, JobDocument
from iot_jobs.cdk import JobTemplate, PresignedUrl
from iot_jobs.cdk.l1 import JobTemplateResource

PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
NAMES = ("a", "b", "c")


def template(scope: Construct, name: str = "reboot", **options: Any) -> JobTemplate:
    """A template with as little as possible; its construct has the same name."""
    given: dict[str, Any] = {"template_name": name, "description": "d", "document": JobDocument.inline({"a": 1})}
    return JobTemplate(scope, name, **given | options)


def resource(of: JobTemplate) -> CfnJobTemplate:
    """The L1 of a template."""
    child = of.node.default_child
    assert isinstance(child, CfnJobTemplate)
    return child


def of_type(assembly: Any, stack: str, kind: type[CfnJobTemplate | ssm.CfnParameter]) -> dict[str, dict[str, Any]]:
    """The resources of a type in a synthesized stack, by logical id."""
    found = assembly.get_stack_by_name(stack).template["Resources"].items()
    return {logical_id: each for logical_id, each in found if each["Type"] == kind.CFN_RESOURCE_TYPE_NAME}


def ids(app: cdk.App, stack: str = "Jobs", **options: Any) -> set[str]:
    """The ids of a stack's templates."""
    found = of_type(app.synth(**options), stack, CfnJobTemplate).values()
    return {each["Properties"]["JobTemplateId"] for each in found}


def three() -> tuple[cdk.App, cdk.Stack, list[JobTemplate]]:
    """An app with a stack of three templates, tagged late."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    templates = [template(stack, name) for name in NAMES]
    cdk.Tags.of(app).add("team", "fleet")
    return app, stack, templates


THREE = {"a-mcjdk7uieo", "b-dvqnjkyogn", "c-56rqxormms"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("skip_validation", [False, True])
def test_a_template_that_is_removed(name: str, skip_validation: bool) -> None:
    """Whichever template is taken out of the tree, the others keep their ids, and its parameter goes with it."""
    app, stack, _ = three()
    assert stack.node.try_remove_child(name)
    assert ids(app, skip_validation=skip_validation) == {each for each in THREE if not each.startswith(name)}
    if not skip_validation:
        assert len(of_type(app.synth(), "Jobs", ssm.CfnParameter)) == 2


@pytest.mark.parametrize("chosen", [(0,), (1,), (0, 1), (0, 1, 2)])
def test_an_id_that_is_assigned(chosen: tuple[int, ...]) -> None:
    """An id that is assigned through the L1 stays, and the other templates keep theirs."""
    app, _, templates = three()
    for index in chosen:
        resource(templates[index]).job_template_id = f"mine-{index}"
    expected = {each for each in THREE if NAMES.index(each[0]) not in chosen} | {f"mine-{index}" for index in chosen}
    assert ids(app) == expected
    assert ids(app, force=True) == expected
    resource(templates[2]).job_template_id = "later"
    assert ids(app, force=True) == {each for each in expected if not each.startswith(("c-", "mine-2"))} | {"later"}


def test_another_synth() -> None:
    """What is changed between two synths of an app moves the ids of what it changes, and no other."""
    app, stack, templates = three()
    resource(templates[1]).description = "Another"
    template(stack, "new")
    found = ids(app)
    assert found & THREE == {each for each in THREE if each[0] != "b"}
    assert sorted(each.partition("-")[0] for each in found) == ["a", "b", "c", "new"]
    resource(templates[1]).description = "d"
    assert ids(app, force=True) == {*THREE, *(each for each in found if each.startswith("new-"))}
    cdk.Tags.of(app).add("team", "others")
    assert not ids(app, force=True, skip_validation=True) & (found | THREE)


def test_an_id_that_is_asked_for_early() -> None:
    """To resolve an id before the app is synthesized fixes nothing: what is tagged and added afterwards counts."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    first, second = template(stack, "a"), template(stack, "b")
    early = stack.resolve(resource(first).job_template_id)
    third = template(stack, "c")
    later = stack.resolve([resource(each).job_template_id for each in (second, third)])
    cdk.Tags.of(app).add("team", "fleet")
    assert [each.partition("-")[0] for each in (early, *later)] == ["a", "b", "c"]
    assert not {early, *later} & THREE
    assert ids(app) == THREE


@jsii.implements(cdk.IAspect)
class Asks:
    """An aspect that resolves the ids of all templates as often as it is invoked."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked = 0

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, CfnJobTemplate):
            for _ in range(self.times):
                cdk.Stack.of(node).resolve([node.job_template_id, node.ref, node.attr_arn])
                self.asked += 1


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("skip_validation", [False, True])
def test_an_aspect_that_asks_for_ids(times: int, skip_validation: bool) -> None:
    """An aspect may resolve ids, however often; they are taken when the app is rendered, in each synth."""
    app, _, _ = three()
    aspect = Asks(times)
    cdk.Aspects.of(app).add(aspect)
    for synth in (1, 2):
        assert ids(app, force=True, skip_validation=skip_validation) == THREE
        assert aspect.asked == synth * 3 * times


def cross_stack(app: cdk.App) -> None:
    owner, user = cdk.Stack(app, "Owner"), cdk.Stack(app, "Jobs")
    role = iam.Role(owner, "Role", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    image = JobDocument.inline({"i": PRESIGNED})
    template(user, document=image, presigned_url=PresignedUrl(role=role), description=f"x {role.role_arn}")
    template(user, "c", document=JobDocument.inline({"i": role.role_arn}))


def nested(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Jobs")
    inner = cdk.NestedStack(stack, "Inner")
    bucket = s3.Bucket(stack, "Bucket")
    template(inner, description=f"{bucket.bucket_name} {inner.stack_name}")
    template(stack, "p", description=inner.stack_name, generation=2)


def staged(app: cdk.App) -> None:
    template(cdk.Stack(cdk.Stage(app, "Stage"), "Jobs"), description=cdk.Aws.REGION)


def tokens(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Jobs")
    minutes = cdk.CfnParameter(stack, "Minutes", type="Number")
    template(stack, description=f"for {minutes.value_as_string}", tags={"x": "y"})
    template(stack, "fixed", job_template_id="fixed")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (cross_stack, ["c-irpznpuhl7", "reboot-r3l36aq5gc"]),
        (nested, ["p-vdbbv4xung", "reboot-h7sungdx6r"]),
        (staged, ["reboot-v7bhlt34tj"]),
        (tokens, ["fixed", "reboot-mq5ctau5to"]),
    ],
)
def test_ids_never_move_by_themselves(build: Callable[[cdk.App], None], expected: list[str], tmp_path: Path) -> None:
    """Ids are the same in every version, in every synth, and whatever the CDK makes of references between stacks."""
    app = cdk.App(outdir=str(tmp_path))
    build(app)
    for _ in range(2):
        app.synth(force=True)
        files = [json.loads(path.read_text()) for path in tmp_path.rglob("*.template.json")]
        found = [each for file in files for each in file["Resources"].values()]
        templates = [each for each in found if each["Type"] == CfnJobTemplate.CFN_RESOURCE_TYPE_NAME]
        assert sorted(each["Properties"]["JobTemplateId"] for each in templates) == expected


def test_one_reading_serves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many templates there are, each is read once, and what holds tokens is resolved together."""
    app, _, templates = three()
    for each in templates:
        resource(each).description = cdk.Aws.REGION
    read: list[str] = []
    content = JobTemplateResource.content

    def counted(self: JobTemplateResource) -> dict[str, Any]:
        read.append(self.node.path)
        return content(self)

    monkeypatch.setattr(JobTemplateResource, "content", counted)
    resolve = cdk.Stack.resolve
    resolved: list[object] = []

    def recorded(self: cdk.Stack, value: Any) -> Any:
        resolved.append(value)
        return resolve(self, value)

    monkeypatch.setattr(cdk.Stack, "resolve", recorded)
    app.synth()
    assert read == [f"Jobs/{name}/Resource" for name in NAMES]
    assert len(resolved) == 1


@pytest.mark.parametrize(("name", "first"), [("Published", True), ("Published", False), ("Default", True)])
def test_names_of_users(name: str, first: bool) -> None:
    """A stack may have a child of its own with such a name; the parameters keep their logical ids."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    if first:
        Construct(stack, name)
    template(stack)
    template(stack, "b")
    if not first:
        Construct(stack, name)
    assert list(of_type(app.synth(), "Jobs", ssm.CfnParameter)) == [
        "PublishediotjobsJobsreboot4B57C9A1",
        "PublishediotjobsJobsb6E7AF06D",
    ]


def test_a_moved_template_keeps_its_parameter() -> None:
    """Wherever a template is in its stack or those nested in it, the parameter has the same logical id."""
    app = cdk.App()
    template(cdk.NestedStack(cdk.Stack(app, "Jobs"), "Inner"), environment="Jobs")
    found = [list(of_type(app.synth(), "Jobs", ssm.CfnParameter))]
    for path in ((), ("Inner",), ("Default", "Published")):
        app = cdk.App()
        scope: Construct = cdk.Stack(app, "Jobs")
        for part in path:
            scope = Construct(scope, part)
        template(scope)
        found.append(list(of_type(app.synth(), "Jobs", ssm.CfnParameter)))
    assert found == [["PublishediotjobsJobsreboot4B57C9A1"]] * 4


def test_nothing_is_written_on_users_objects() -> None:
    """Neither app nor stack gets an attribute."""
    app = cdk.App()
    stack = cdk.Stack(app, "Jobs")
    before = set(vars(app)), set(vars(stack))
    template(stack)
    app.synth()
    assert (set(vars(app)), set(vars(stack))) == before


def test_stacks_that_were_not_created_in_python(tmp_path: Path) -> None:
    """The templates of a stack belong together, also where each look at the stack gives another Python object."""
    child, parent = tmp_path / "child.json", tmp_path / "parent.json"
    child.write_text('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    parent.write_text(
        '{"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}}}}'
    )
    app = cdk.App(outdir=str(tmp_path / "out"))
    whole = include.CfnInclude(
        cdk.Stack(app, "Jobs"),
        "Include",
        template_file=str(parent),
        load_nested_stacks={"Child": include.CfnIncludeProps(template_file=str(child))},
    )
    stacks = [whole.get_nested_stack("Child").stack for _ in range(3)]
    assert stacks[0] is not stacks[1]
    template(stacks[0])
    template(stacks[1], "b")
    with pytest.raises(FindingsError, match="JT905 template_name"):
        JobTemplate(stacks[2], "C", template_name="b", description="d", document=JobDocument.inline({}))
    app.synth()
    (path,) = (tmp_path / "out").glob("*.nested.template.json")
    found = json.loads(path.read_text())["Resources"].values()
    templates = [each for each in found if each["Type"] == CfnJobTemplate.CFN_RESOURCE_TYPE_NAME]
    assert {each["Properties"]["JobTemplateId"] for each in templates} == {"b-gpkhyuzatr", "reboot-lq3hmdq3bo"}
