"""action.yml itself, its steps run as a runner runs them, in a repository with two commits and a GitHub on loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from iot_jobs.action.review import base_of
from iot_jobs.render.review_markdown import MARKER
from tests.commands import git, link, write
from tests.oracles.github import REPOSITORY, TOKEN, GitHub, github
from tests.test_review_command import FAMILY

ROOT = Path(__file__).resolve().parent.parent
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text())
FILES = {
    "stacks/templates/reboot.yaml": FAMILY,
    "stacks/environments/prod.yaml": 'name: prod\naccount: "123456789012"\nregion: eu-west-1\nfleet: {things: 10000}\ntemplates: {reboot: {}}\n',
    "job_documents/reboot.json": '{"operation": "reboot.sh", "path": "default"}',
    # What a pull request may bring: none of it is to be imported.
    "click.py": "raise SystemExit('imported from the pull request')\n",
    "iot_jobs/__init__.py": "raise SystemExit('imported from the pull request')\n",
    "sitecustomize.py": "raise SystemExit('imported from the pull request')\n",
}
pytestmark = pytest.mark.e2e
REQUIREMENT = re.compile(r"^([a-z0-9-]+)==(\S+)((?: ;[^\\]*)?)", re.MULTILINE)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout as GitHub makes it: the merge of a pull request into main, which moved after the last push."""
    folder = tmp_path / "workspace"
    write(folder, FILES)
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "branch", "change")
    write(folder, {"stacks/templates/reboot.yaml": FAMILY.replace("Reboot a", "Restart a")})
    git(folder, "commit", "-am", "somebody else's")
    git(folder, "checkout", "change")
    write(folder, {"stacks/templates/reboot.yaml": FAMILY.replace("100", "200")})
    git(folder, "commit", "-am", "faster")
    git(folder, "checkout", "main")
    git(folder, "merge", "--no-edit", "change")
    return folder


@pytest.fixture
def api() -> Iterator[GitHub]:
    """A GitHub without comments."""
    with github() as held:
        yield held


class Runner:
    """Runs the steps of action.yml in a workspace, one after the other, until one fails."""

    def __init__(self, workspace: Path, api: GitHub, *, labels: tuple[str, ...] = ()) -> None:
        self.workspace, self.temp, self.api = workspace, workspace.parent / "temp", api
        self.temp.mkdir()
        here = {"repo": {"full_name": REPOSITORY}}
        base = {**here, "sha": git(workspace, "rev-parse", "HEAD~1~1")}
        pull_request = {"number": 7, "labels": [{"name": one} for one in labels], "head": here, "base": base}
        (self.temp / "event.json").write_text(json.dumps({"pull_request": pull_request}))
        python = self.temp / "python"  # without site-packages: what the steps import is what they install
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
        python.chmod(0o755)
        self.outputs: dict[str, dict[str, str]] = {"python": {"python-path": str(python)}}
        self.uploaded: list[str] = []
        self.log = ""

    def run(self, **inputs: str) -> int:
        """The exit code of the step that failed, or 0."""
        given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()} | inputs
        for step in ACTION["runs"]["steps"]:
            if "run" in step:
                code = self.command(step, given)
                if code:
                    return code
            elif step["uses"].startswith("actions/upload-artifact@"):
                found = Path(self.filled(step["with"]["path"], given))
                self.uploaded = [self.filled(step["with"]["name"], given), *sorted(one.name for one in found.iterdir())]
        return 0

    def command(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> int:
        """One `run:` step, with the variables that GitHub documents and those that it declares."""
        if step["name"] == "Install":
            install_from_here(self.temp / "iot-jobs-packages")
            return 0
        output, name = self.temp / "output", step.get("id", "")
        output.write_text("")
        ours = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
        environ = {name: os.environ[name] for name in ours if name in os.environ} | {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.api.url,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": git(self.workspace, "rev-parse", "HEAD"),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            **{name: self.filled(value, inputs) for name, value in step["env"].items()},
        }
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, cwd=self.workspace, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        self.log += done.stdout + done.stderr
        self.outputs[name] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done.returncode

    def filled(self, text: str, inputs: Mapping[str, str]) -> str:
        """A text with its expressions replaced; one that isn't known here is an error."""
        known = {
            "runner.temp": str(self.temp),
            "github.action_path": str(ROOT),
            "github.token": TOKEN,
            **{f"inputs.{name}": value for name, value in inputs.items()},
            **{
                f"steps.{step}.outputs.{name}": one
                for step, found in self.outputs.items()
                for name, one in found.items()
            },
        }
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], text)


def install_from_here(folder: Path) -> None:
    """What requirements-action.txt names, linked from where it is installed already: this needs no network."""
    folder.mkdir()
    for name, version in locked("requirements-action.txt"):
        installed = distribution(name)
        if installed.version == version:  # and not for another version of Python
            link(installed, folder)


def locked(file: str) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    """The marker and hashes of each package and version of a lock file."""
    blocks = re.split(r"\n(?=[a-z])", (ROOT / file).read_text())
    found = {}
    for block in blocks:
        line = REQUIREMENT.match(block)
        if line:
            found[line[1], line[2]] = (line[3].strip(), frozenset(re.findall(r"sha256:[0-9a-f]{64}", block)))
    return found


def test_lock_file() -> None:
    """The action installs what the rest is tested with: the same versions with the same hashes, and no CDK."""
    ours, everything = locked("requirements-action.txt"), locked("requirements.txt")
    assert {"pydantic", "numpy", "click", "jsonschema", "pyyaml"} <= {name for name, _ in ours}
    assert not {"aws-cdk-lib", "jsii", "boto3"} & {name for name, _ in ours}
    assert all(hashes for _, hashes in ours.values())
    assert {one: everything[one][1] for one in ours} == {one: hashes for one, (_, hashes) in ours.items()}


def test_riskier(workspace: Path, api: GitHub) -> None:
    """A riskier change is reported in one comment, in the summary and in an artifact, and fails until it is acknowledged."""
    runner = Runner(workspace, api)
    assert runner.run() == 1
    assert runner.outputs["review"] == {"verdict": "riskier"}
    assert runner.uploaded == ["iot-jobs-review", "review.html", "review.json", "review.md"]
    (comment,) = api.comments
    assert comment["body"].startswith(f"{MARKER}\n**Riskier: 1 changed**\n")
    assert comment["body"].endswith("\nThe label `riskier-acknowledged` acknowledges riskier changes.\n")
    assert "Restart" not in comment["body"]  # what others have merged is no part of it
    assert (runner.temp / "summary.md").read_text() == comment["body"]
    annotations = [line for line in runner.log.splitlines() if line.startswith("::")]
    assert [line.partition(" ")[0] for line in annotations] == [
        "::warning",
        "::error::riskier;",
    ]
    assert TOKEN not in runner.log
    assert "imported from" not in runner.log


def test_acknowledged(workspace: Path, api: GitHub) -> None:
    """With the label that the workflow names the same change passes."""
    runner = Runner(workspace, api, labels=("we-know",))
    assert runner.run(**{"acknowledged-label": "we-know", "things": "500", "artifact": "fleet"}) == 0
    assert api.comments[0]["body"].endswith("\nAcknowledged by the label `we-know`.\n")
    assert runner.uploaded[0] == "fleet"


def test_no_change(workspace: Path, api: GitHub) -> None:
    """Two sides that are the same pass."""
    runner = Runner(workspace, api)
    assert runner.run(base="HEAD", head="HEAD") == 0
    assert [one["body"] for one in api.comments] == [f"{MARKER}\nNo job template changed.\n"]


@pytest.mark.parametrize("base", ["nowhere", "--help", "$(touch pwned); `id`"])
def test_could_not_run(workspace: Path, api: GitHub, base: str) -> None:
    """A base that can't be read fails the job, and takes the place of the earlier review in the comment."""
    api.add(f"{MARKER}\n**Safer: 1 changed**\n")
    runner = Runner(workspace, api)
    assert runner.run(base=base) == 1
    assert runner.outputs["review"] == {"verdict": "failed"}
    assert runner.uploaded == ["iot-jobs-review", "review.json", "review.md"]
    (comment,) = api.comments
    assert comment["body"].startswith(f"{MARKER}\n**The review could not run**\n\n<pre>Error: ")
    assert "::error::the review could not run; the log of its step says why\n" in runner.log


def test_no_base(workspace: Path, api: GitHub) -> None:
    """Started by a push, the action needs a base."""
    runner = Runner(workspace, api)
    (runner.temp / "event.json").write_text('{"ref": "refs/heads/main"}')
    assert runner.run() == 1
    assert runner.log.splitlines() == [
        "this is not a pull request: name a base",
        "::notice::this is not a pull request: the review is only in the job summary",
        "::error::the review could not run; the log of its step says why",
    ]
    assert api.asked == []


def test_errors_in_the_files(workspace: Path, api: GitHub) -> None:
    """What keeps the files from being compared is in the comment, as text."""
    write(workspace, {"stacks/environments/prod.yaml": "name: <b>prod</b>\n"})
    runner = Runner(workspace, api)
    assert runner.run() == 1
    assert "error JT" in api.comments[0]["body"]
    assert "<b>" not in api.comments[0]["body"]


def test_base_of(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is the first parent of GitHub's merge, else what the event names; a push has none."""
    monkeypatch.chdir(workspace)
    started_by = {"pull_request": {"base": {"sha": "0a1b2c3"}}}
    head, first, second = git(workspace, "rev-parse", "HEAD", "HEAD^1", "HEAD^2").splitlines()
    assert base_of(started_by, merged=head) == first
    assert base_of(started_by, merged=second) == "0a1b2c3"
    assert base_of(started_by, merged="") == "0a1b2c3"
    assert base_of({}, merged=head) == ""
    git(workspace, "checkout", second)
    assert base_of(started_by, merged=second) == "0a1b2c3"


@pytest.mark.slow
def test_install(tmp_path: Path) -> None:
    """The first step installs, from the registry that pip is set up with, all that a review needs."""
    (install,) = (step for step in ACTION["runs"]["steps"] if step.get("name") == "Install")
    given = {**os.environ, "PYTHON": sys.executable, "PACKAGES": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    subprocess.run(["bash", "-e", "-c", install["run"]], env=given, check=True, timeout=300)
    given["PYTHONPATH"] = f"{tmp_path}:{ROOT / 'constructs'}"
    command = [sys.executable, "-S", "-P", "-m", "iot_jobs", "review", "HEAD", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "nothing changed\n")
