"""docs/deploying.md and its roles: what the guide shows is what the template makes, and enough for what the stacks hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode_str
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.commands import EXAMPLE

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "docs/github-roles.yaml"
GUIDE = (ROOT / "docs/deploying.md").read_text()
ACCOUNT = "123456789012"
# What the guide's example gives, and the defaults of the template.
GIVEN = {
    "Environment": "dev",
    "SubjectPrefix": "repo:OWNER@123456/REPOSITORY@456789",
    "Region": "us-east-1",
    "MakesPresignRoles": "false",
}
WITHOUT_ROLES = {"AWS::IoT::JobTemplate", "AWS::SSM::Parameter"}
"""The types of the stacks' resources, where each template names its presign role."""
# Permissions of a resource's handlers that its stacks have no use for.
UNUSED = {
    "AWS::IAM::Role": {
        "iam:AttachRolePolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DetachRolePolicy",
        "iam:PutRolePermissionsBoundary",
    },
}


def template() -> dict[str, Any]:
    """The template of the roles, with its functions written out."""
    decoded, problems = decode_str(TEMPLATE.read_text())
    assert not problems
    found: dict[str, Any] = json.loads(json.dumps(decoded))
    return found


def resolved(value: Any, parameters: dict[str, str]) -> Any:
    """A value as CloudFormation would have it, for the parts of its language that the template uses."""
    if isinstance(value, list):
        found = (resolved(one, parameters) for one in value)
        return [one for one in found if one is not None]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([A-Za-z:]+)\}", lambda found: parameters[found[1]], value["Fn::Sub"])
    if value == {"Ref": "AWS::NoValue"}:
        return None
    if set(value) == {"Ref"}:
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        name = {"MakesRoles": "MakesPresignRoles", "CreatesProvider": "CreateProvider"}[condition]
        return resolved(yes if parameters[name] == "true" else no, parameters)
    return {key: resolved(one, parameters) for key, one in value.items()}


def policies(**given: str) -> dict[str, Any]:
    """Every policy document that the template makes, by what it belongs to."""
    read = template()
    defaults = {name: str(one["Default"]) for name, one in read["Parameters"].items() if "Default" in one}
    parameters = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, **defaults, **GIVEN, **given}
    resources = read["Resources"]
    execution = resolved(resources["ExecutionPolicy"]["Properties"]["PolicyDocument"], parameters)
    found = {"ExecutionPolicy": execution}
    for name in ("DiffRole", "DeployRole"):
        role = resources[name]["Properties"]
        found[f"{name} trust"] = resolved(role["AssumeRolePolicyDocument"], parameters)
        (policy,) = role["Policies"]
        found[name] = resolved(policy["PolicyDocument"], parameters)
    return found


@pytest.mark.e2e
def test_cfn_lint() -> None:
    """cfn-lint finds nothing in the template."""
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", TEMPLATE], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_guide_shows_the_policies() -> None:
    """Each JSON block of the guide is a policy of the template, to the letter, and none is missing."""
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
    made = policies()
    making = policies(MakesPresignRoles="true")["ExecutionPolicy"]["Statement"][-1]
    assert shown == [
        made["DeployRole trust"],
        made["DeployRole"],
        made["DiffRole"],
        made["ExecutionPolicy"],
        making,
    ]


def test_trust() -> None:
    """Each role trusts one GitHub environment of one repository, compared as a whole, and no other audience."""
    for name, suffix in (("DiffRole", "dev-diff"), ("DeployRole", "dev")):
        (statement,) = policies()[f"{name} trust"]["Statement"]
        assert statement["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": f"{GIVEN['SubjectPrefix']}:environment:{suffix}",
            }
        }


@pytest.mark.parametrize(
    ("prefix", "taken"),
    [
        ("repo:owner/name", True),
        ("repo:owner@123456/name@456789", True),
        ("repo:my-org/my.repo_1", True),
        ("repo:owner/*", False),
        ("repo:*/*", False),
        ("repo:owner/name:environment", False),
        ("owner/name", False),
        ("repo:owner", False),
        ("", False),
    ],
)
def test_subject_prefix(prefix: str, taken: bool) -> None:
    """A prefix with a wildcard, or of another form than GitHub's, is refused by CloudFormation."""
    pattern = template()["Parameters"]["SubjectPrefix"]["AllowedPattern"]
    assert (re.fullmatch(pattern, prefix) is not None) is taken


def test_enough_for_the_stacks() -> None:
    """CloudFormation may do what the handlers of the stacks' resource types call, and nothing without a reason."""
    for kinds, makes in ((WITHOUT_ROLES, "false"), (WITHOUT_ROLES | {"AWS::IAM::Role"}, "true")):
        needed = {"ssm:GetParameters"}
        for kind in kinds:
            handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
            of_kind = {one for name in handlers if name != "list" for one in handlers[name]["permissions"]}
            needed |= of_kind - UNUSED.get(kind, set())
        statements = policies(MakesPresignRoles=makes)["ExecutionPolicy"]["Statement"]
        actions = [one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements]
        assert {action for some in actions for action in some} == needed


@pytest.mark.application
def test_the_types_of_the_stacks() -> None:
    """The stacks have no resources but those that the roles are made for."""
    types = {
        resource["Type"]
        for path in (ROOT / "tests/__snapshots__/test_stacks").iterdir()
        for resource in json.loads(path.read_text())["Resources"].values()
    }
    assert types - {"AWS::IAM::Role"} == WITHOUT_ROLES


def test_no_star() -> None:
    """No statement is for all actions or resources, and CloudFormation can't change the roles that deploy."""
    for document in policies(MakesPresignRoles="true").values():
        for statement in document["Statement"]:
            actions = statement["Action"]
            assert not any("*" in action for action in ([actions] if isinstance(actions, str) else actions))
            assert statement.get("Resource") != "*"
    (making,) = [
        one
        for one in policies(MakesPresignRoles="true")["ExecutionPolicy"]["Statement"]
        if one["Sid"] == "MakePresignRoles"
    ]
    assert making["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/iot-jobs/dev/*"
    names = [template()["Resources"][name]["Properties"]["RoleName"]["Fn::Sub"] for name in ("DiffRole", "DeployRole")]
    assert names == ["github-iot-jobs-${Environment}-diff", "github-iot-jobs-${Environment}-deploy"]


def test_the_presign_roles_fit() -> None:
    """The roles that the example's templates name may be passed."""
    text = "".join(path.read_text() for path in EXAMPLE.rglob("*.yaml"))
    names = set(re.findall(r"role_arn: arn:aws:iam::\d{12}:role/(\S+)", text))
    assert len(names) >= 3
    assert all("fleet-" in name for name in names)
    assert template()["Parameters"]["PresignRoles"]["Default"] == "*fleet-*"


def test_commands_of_the_guide() -> None:
    """The guide's make targets, parameters of the roles, workflows, variables and checks are those that there are."""
    shell = "".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL))
    makefile = (ROOT / "Makefile").read_text()
    assert all(
        re.search(rf"^{name}:", makefile, re.MULTILINE)
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", GUIDE, re.MULTILINE)
    )
    parameters = template()["Parameters"]
    given = dict(one.split("=") for one in re.findall(r"--parameter-overrides (.*)", shell)[0].split())
    required = {name for name, one in parameters.items() if "Default" not in one}
    assert required <= set(given) <= set(parameters)
    assert all(re.fullmatch(parameters[name]["AllowedPattern"], value) for name, value in given.items())
    assert set(re.findall(r"^\| `([A-Za-z]+)=", GUIDE, re.MULTILINE)) <= set(parameters)
    assert given == {name: value for name, value in GIVEN.items() if name in given}
    workflows = "".join(path.read_text() for path in (ROOT / ".github/workflows").iterdir())
    for variable in set(re.findall(r"`(AWS_[A-Z_]+)`", GUIDE)):
        assert f"vars.{variable} " in workflows
    for name in ("Checks", "Review", "Python ${{ matrix.python }} on ${{ matrix.runner }}"):
        assert f"    name: {name}\n" in workflows
    for name in ("Deploy", "Rollback"):
        assert f"workflow *{name}*" in GUIDE
        assert f"name: {name}\n" in workflows


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_links_of_the_guides(name: str) -> None:
    """Each link within the repository leads to a file, and to a heading in it."""
    for file, heading in re.findall(r"\]\(([a-z.-]*)(?:#([a-z-]+))?\)", (ROOT / "docs" / name).read_text()):
        target = ROOT / "docs" / (file or name)
        assert target.is_file()
        slugs = {
            line.lstrip("# ").lower().replace(" ", "-") for line in target.read_text().splitlines() if line[:1] == "#"
        }
        assert not heading or heading in slugs
