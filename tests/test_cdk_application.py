"""The example as CloudFormation: what is synthesized for its environments, and by app.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from iot_jobs import Environment, FindingsError, Quotas
from iot_jobs.check import load_application
from iot_jobs.sources import Application
from stacks.job_templates import JobTemplatesStack
from tests.commands import EXAMPLE
from tests.synthesis import (
    PARAMETER,
    TEMPLATE,
    assert_clean_for_cdk_nag,
    assert_clean_for_cfn_lint,
    assert_metadata,
    assert_nothing_else,
    assert_parity,
    assert_same_bytes_again,
    assert_same_review_of_both_paths,
    environments,
    run_app,
    stack,
    synthesized,
    violations,
)

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = environments(EXAMPLE)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_parity(name: str) -> None:
    """The synthesized properties are those of the pure path, but for the id, which moves with them."""
    assert_parity(EXAMPLE, name)


@pytest.mark.parametrize(("name", "things"), [("dev", 50), ("staging", 3000), ("prod", 250_000)])
def test_metadata(name: str, things: int) -> None:
    """Metadata names template and environment, and holds the fleet and the digest of the content alone."""
    assert_metadata(EXAMPLE, name)
    written = [
        each["Metadata"]["iot-jobs"]
        for each in Template.from_json(dict(synthesized(EXAMPLE, name))).find_resources(TEMPLATE).values()
    ]
    assert [each["fleet"] for each in written] == [{"things": things}] * 7


def test_review_of_both_paths(tmp_path: Path) -> None:
    """What is synthesized and what the environments say are the same to a review: nothing changed."""
    assert assert_same_review_of_both_paths(EXAMPLE, tmp_path / "cdk.out") == 21


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_same_input_same_bytes(name: str) -> None:
    """Two synths of the same input are the same, byte for byte."""
    assert_same_bytes_again(EXAMPLE, name)


def test_intent() -> None:
    """Prod is slow, windowed and strict; a template's ARN is published, and nothing else is created."""
    template = Template.from_json(dict(synthesized(EXAMPLE, "prod")))
    template.resource_count_is(TEMPLATE, 7)
    template.resource_count_is(PARAMETER, 7)
    assert {resource["Type"] for resource in synthesized(EXAMPLE, "prod")["Resources"].values()} == {
        TEMPLATE,
        PARAMETER,
    }
    assert_nothing_else(EXAMPLE, "prod")
    template.has_resource_properties(
        TEMPLATE,
        {
            "JobTemplateId": Match.string_like_regexp("^firmware-update-"),
            "MaintenanceWindows": Match.any_value(),
            "AbortConfig": Match.any_value(),
            "Tags": Match.array_with([{"Key": "team", "Value": "fleet"}]),
        },
    )
    for spec in ENVIRONMENTS["prod"].templates:
        assert spec.abort is not None
    template.has_resource_properties(PARAMETER, {"Name": "/iot-jobs/prod/firmware-update"})


def test_termination_protection() -> None:
    """Only production's stack is protected from deletion, and every stack has the environment's tags."""
    assert {name: stack(EXAMPLE, name).termination_protection for name in ENVIRONMENTS} == {
        "dev": False,
        "prod": True,
        "staging": False,
    }
    for name in ENVIRONMENTS:
        assert stack(EXAMPLE, name).tags.tag_values() == {"team": "fleet", "environment": name}


def test_several_accounts_and_regions() -> None:
    """Each account has the templates in each region, in stacks of the same name with different ids in the app."""
    prod = ENVIRONMENTS["prod"]
    wide = Environment(
        name="prod",
        account=["123456789012", "000000000000"],
        region=["eu-west-1", "us-east-1"],
        fleet=prod.fleet,
        templates=[spec for spec in prod.templates if spec.template_name in ("reboot", "security-patch")],
    )
    assert wide.locations == (
        ("123456789012", "eu-west-1"),
        ("123456789012", "us-east-1"),
        ("000000000000", "eu-west-1"),
        ("000000000000", "us-east-1"),
    )
    app = cdk.App()
    stacks = JobTemplatesStack.in_all_locations(app, wide)
    assert {each.stack_name for each in stacks} == {"iot-jobs-prod"}
    assert {each.artifact_id: (each.account, each.region) for each in stacks} == {
        "iot-jobs-prod": ("123456789012", "eu-west-1"),
        "iot-jobs-prod-123456789012-us-east-1": ("123456789012", "us-east-1"),
        "iot-jobs-prod-000000000000-eu-west-1": ("000000000000", "eu-west-1"),
        "iot-jobs-prod-000000000000-us-east-1": ("000000000000", "us-east-1"),
    }
    assembly = app.synth()
    assert {each.environment.region for each in assembly.stacks} == {"eu-west-1", "us-east-1"}


@pytest.mark.e2e
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_cfn_lint(name: str) -> None:
    """cfn-lint has nothing to say about any environment."""
    assert_clean_for_cfn_lint(EXAMPLE, name)


def test_cdk_nag(tmp_path: Path) -> None:
    """cdk-nag's AwsSolutions have nothing to say about any environment."""
    assert_clean_for_cdk_nag(EXAMPLE, tmp_path)


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """The example with the repository's app.py and stacks."""
    folder = tmp_path / "application"
    shutil.copytree(EXAMPLE, folder)
    shutil.copy(ROOT / "app.py", folder)
    for path in (ROOT / "stacks").glob("*.py"):
        shutil.copy(path, folder / "stacks")
    return folder


@pytest.mark.e2e
def test_app_is_valid_for_the_cdk(application: Path, tmp_path: Path) -> None:
    """The whole app passes the CDK's own validation with its findings as errors, and ours."""
    context = json.dumps({"@aws-cdk/core:validateAgainstDefaultRules": True})
    done = run_app(application, tmp_path / "cdk.out", CDK_VALIDATION="true", CDK_CONTEXT_JSON=context)
    assert done.returncode == 0, done.stderr
    assert violations(tmp_path / "cdk.out") == []


@pytest.mark.e2e
def test_app_with_one_environment(application: Path, tmp_path: Path) -> None:
    """`-c environment=prod` synthesizes that one alone, and none whose name begins alike."""
    prod = (application / "stacks/environments/prod.yaml").read_text()
    (application / "stacks/environments/prod-canary.yaml").write_text(prod.replace("name: prod", "name: prod-canary"))
    done = run_app(application, tmp_path / "cdk.out", CDK_CONTEXT_JSON='{"environment": "prod"}')
    assert done.returncode == 0, done.stderr
    assert [path.name for path in sorted((tmp_path / "cdk.out").glob("*.template.json"))] == [
        "iot-jobs-prod.template.json"
    ]


def test_quotas_of_an_environment(application: Path) -> None:
    """The stack's templates are checked with the quotas that its environment states."""
    path = application / "stacks/environments/dev.yaml"
    faster = path.read_text().replace(
        "rollout: null         # all boards", "rollout: {maximum_per_minute: 2000}  # all"
    )
    path.write_text(faster)
    with pytest.raises(FindingsError, match="error JT201"):
        load_application(application, environment="dev")
    path.write_text(f"{faster}\nquotas: {{maximum_per_minute: 2000}}\n")
    (environment,) = load_application(application, environment="dev").environments
    app = cdk.App()
    JobTemplatesStack(app, "Jobs", environment=environment)
    app.synth()
    app = cdk.App()
    JobTemplatesStack(app, "Jobs", environment=environment.model_copy(update={"quotas": Quotas()}))
    with pytest.raises(RuntimeError, match="error JT201"):
        app.synth()


def test_an_acknowledged_error_is_deployed(application: Path) -> None:
    """What the files acknowledge of an assumed error is loaded, and synthesized as it is written."""
    windows = '[{start_time: "cron(0 * ? * MON *)", duration_in_minutes: 61}]'
    family = application / "stacks/templates/reboot.yaml"
    family.write_text(f"{family.read_text()}\nmaintenance_windows: {windows}\n")
    with pytest.raises(FindingsError, match="error JT604"):
        load_application(application, environment="dev")
    family.write_text(f"{family.read_text()}\nacknowledge: {{JT604: it deploys}}\n")
    (environment,) = load_application(application, environment="dev").environments
    template = Template.from_stack(JobTemplatesStack(cdk.App(), "Jobs", environment=environment))
    template.has_resource_properties(
        TEMPLATE, {"MaintenanceWindows": [{"StartTime": "cron(0 * ? * MON *)", "DurationInMinutes": 61}]}
    )


def test_app_with_an_unknown_environment(application: Path, tmp_path: Path) -> None:
    """A misspelt environment is one finding that names the nearest, and nothing is synthesized."""
    done = run_app(application, tmp_path / "cdk.out", CDK_CONTEXT_JSON='{"environment": "prd"}')
    assert done.returncode == 1
    assert "error JT010 environment\n" in done.stderr
    assert "fix      write prod\n" in done.stderr
    assert list((tmp_path / "cdk.out").glob("*.template.json")) == []


def test_application_is_found_from_any_file() -> None:
    """The application's root is found upward from any of its files."""
    found: Application = load_application(EXAMPLE / "stacks/environments/prod.yaml", environment="prod")
    assert (found.root, [environment.name for environment in found.environments]) == (EXAMPLE, ["prod"])
