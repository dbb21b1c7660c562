"""The repository's application as CloudFormation, whatever is in it: what is synthesized for every environment."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from iot_jobs.cli.selection import assumptions, selected
from iot_jobs.forecast import forecast
from tests.synthesis import (
    assert_clean_for_cdk_nag,
    assert_clean_for_cfn_lint,
    assert_metadata,
    assert_nothing_else,
    assert_parity,
    assert_same_bytes_again,
    assert_same_review_of_both_paths,
    environments,
    readable,
    run_app,
    stack,
    synthesized,
    violations,
)

pytestmark = pytest.mark.application

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = environments(ROOT)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_snapshot(name: str, snapshot: SnapshotAssertion) -> None:
    """What each environment deploys, to be read like code; `make snapshots` writes it."""
    assert readable(synthesized(ROOT, name)) == snapshot(extension_class=JSONSnapshotExtension)


def test_snapshots_are_of_the_environments() -> None:
    """No environment that is gone has left its snapshot."""
    names = {path.name for path in (ROOT / "tests/__snapshots__/test_stacks").iterdir()}
    assert names == {f"test_snapshot[{name}].json" for name in ENVIRONMENTS}, "run make snapshots"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment(name: str) -> None:
    """What is synthesized is what the files say, twice the same, and nothing else."""
    assert_parity(ROOT, name)
    assert_metadata(ROOT, name)
    assert_same_bytes_again(ROOT, name)
    assert_nothing_else(ROOT, name)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_stack(name: str) -> None:
    """Only a production stack is protected from deletion, and every stack has its environment's tags."""
    assert stack(ROOT, name).termination_protection is ENVIRONMENTS[name].production
    assert stack(ROOT, name).tags.tag_values() == ENVIRONMENTS[name].tags


def test_review_of_both_paths(tmp_path: Path) -> None:
    """What is synthesized and what the environments say are the same to a review: nothing changed."""
    assert_same_review_of_both_paths(ROOT, tmp_path / "cdk.out")


@pytest.mark.e2e
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_cfn_lint(name: str) -> None:
    """cfn-lint has nothing to say about any environment."""
    assert_clean_for_cfn_lint(ROOT, name)


def test_cdk_nag(tmp_path: Path) -> None:
    """cdk-nag's AwsSolutions have nothing to say about any environment."""
    assert_clean_for_cdk_nag(ROOT, tmp_path)


@pytest.mark.e2e
def test_app_is_valid_for_the_cdk(tmp_path: Path) -> None:
    """The whole app passes the CDK's own validation with its findings as errors, and ours but for advice."""
    context = json.dumps({"@aws-cdk/core:validateAgainstDefaultRules": True})
    done = run_app(ROOT, tmp_path / "cdk.out", CDK_VALIDATION="true", CDK_CONTEXT_JSON=context)
    assert done.returncode == 0, done.stderr
    assert [each for each in violations(tmp_path / "cdk.out") if each.get("severity") != "warning"] == []


def forecast_comments() -> dict[tuple[str, str], str]:
    """What comments in environments say of forecasts, by the name of the environment's file and of the template."""
    texts = {path.stem: path.read_text() for path in sorted((ROOT / "stacks/environments").glob("*.yaml"))}
    found = {name: re.findall(r"(?m)^  ([\w-]+):\n +# (Forecast: .*)$", text) for name, text in texts.items()}
    return {(name, template): words for name, pairs in found.items() for template, words in pairs}


FORECAST_COMMENTS = forecast_comments()


@pytest.mark.parametrize(("name", "template"), FORECAST_COMMENTS, ids=map("-".join, FORECAST_COMMENTS))
def test_comments_tell_the_forecast(name: str, template: str) -> None:
    """A comment "Forecast: ..." has the figures of the forecast for the rates and times that the files state."""
    (subject,) = selected(ROOT / f"stacks/environments/{name}.yaml", template)
    risk = forecast(subject.spec, assumptions(subject, {})).risk
    assert risk is not None
    assert FORECAST_COMMENTS[name, template] == (
        f"Forecast: {round(risk.healthy.aborted_percent, 1):g} % of healthy rollouts are stopped; "
        f"a bad release harms up to {risk.bad.harmed.p95:,.0f} things, the worst up to {risk.worst.harmed_p95:,.0f}."
    )
