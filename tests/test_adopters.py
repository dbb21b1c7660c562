"""The application of somebody else in this repository: its own tests follow it, and the library's don't know it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import EXAMPLE, MAKE, git, write

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "${aws:iot:s3-presigned-url-v2:https://example-models.s3.eu-west-1.amazonaws.com/model.bin}"
FAMILY = {
    "stacks/templates/model-update.yaml": """\
description: Load a model
document: model-update.json
abort:
  criteria:
    - {failure_type: ALL, threshold_percentage: 10, min_number_of_executed_things: 10}
timeout: {in_progress_timeout_in_minutes: 10}
""",
    "job_documents/model-update.json": '{"version": "1.0", "steps": [{"action": {"name": "load", "type": "runHandler", '
    f'"input": {{"handler": "download-file.sh", "args": ["{PLACEHOLDER}", "/var/tmp/model.bin"]}}}}}}]}}\n',
}


def run(*command: str | Path, folder: Path) -> str:
    """What a command that has to succeed prints, without the settings of the pytest that runs this."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this tree, set up already, with the example as its application and what is made from it."""
    folder = tmp_path_factory.mktemp("example")
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        path = ROOT / name
        if path.is_file() and not re.match("(?:stacks/(?:templates|environments)|job_documents)/", name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
    for path in EXAMPLE.rglob("*.*"):
        text = path.read_text().replace("=../../../../stacks/schemas/", "=../schemas/")
        write(folder, {path.relative_to(EXAMPLE).as_posix(): text})
    for name in (".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    run(*MAKE, "snapshots", folder=folder)
    return folder


@pytest.fixture
def checkout(example: Path, tmp_path: Path) -> Path:
    """A copy of that, to be edited."""
    return shutil.copytree(example, tmp_path / "checkout", symlinks=True)


def environments(checkout: Path) -> list[Path]:
    return sorted((checkout / "stacks/environments").iterdir())


def add_a_family(checkout: Path) -> None:
    """Add a family whose documents have presigned placeholders and which names no role to all environments."""
    write(checkout, FAMILY)
    for path in environments(checkout):
        path.write_text(f"{path.read_text()}  model-update: {{}}\n")


def add_an_environment(checkout: Path) -> None:
    """Add an environment that shares account and region with prod, and the beginning of its name."""
    text = (checkout / "stacks/environments/prod.yaml").read_text()
    text, count = re.subn("(?m)^name: prod$", "name: prod-canary", text)
    assert count == 1
    write(checkout, {"stacks/environments/prod-canary.yaml": text.replace("{things: 250000}", "{things: 2500}")})


def remove_a_family(checkout: Path) -> None:
    """Remove a family and its document."""
    for path in environments(checkout):
        text, count = re.subn(r"(?ms)^  reboot:.*?(?=^  \S|\Z)", "", path.read_text())
        assert count == 1
        path.write_text(text)
    for name in ("stacks/templates/reboot.yaml", "job_documents/reboot.json"):
        (checkout / name).unlink()


def remove_an_environment(checkout: Path) -> None:
    """Remove the environment that a change reaches first."""
    (checkout / "stacks/environments/dev.yaml").unlink()


SNAPSHOTS = "tests/__snapshots__/test_stacks/test_snapshot"
SHIPPED = [f"updated {SNAPSHOTS}[{name}].json" for name in ("dev", "prod", "staging")]
WORKFLOWS = ["updated .github/workflows/deploy.yml", "updated .github/workflows/rollback.yml"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("edits", "printed", "selected"),
    [
        pytest.param([add_a_family], SHIPPED, "application and not e2e", id="a family more"),
        pytest.param(
            [add_an_environment],
            [*WORKFLOWS, f"added {SNAPSHOTS}[prod-canary].json"],
            "application and not e2e",
            id="an environment more",
        ),
        pytest.param([remove_a_family], SHIPPED, "application and not e2e", id="a family less"),
        pytest.param(
            [remove_an_environment],
            [*WORKFLOWS, f"removed {SNAPSHOTS}[dev].json"],
            "application and not e2e",
            id="an environment less",
        ),
        pytest.param(
            [add_a_family, add_an_environment, remove_a_family, remove_an_environment],
            [*WORKFLOWS, f"added {SNAPSHOTS}[prod-canary].json", f"removed {SNAPSHOTS}[dev].json", *SHIPPED[1:]],
            "application",
            id="all of it",
        ),
    ],
)
def test_an_application_of_ones_own(
    checkout: Path, edits: list[Callable[[Path], None]], printed: list[str], selected: str
) -> None:
    """After `make snapshots`, which says what it wrote, the tests of the application pass without another edit."""
    for edit in edits:
        edit(checkout)
    assert sorted(run(*MAKE, "snapshots", folder=checkout).splitlines()[1:]) == sorted(printed)
    run(sys.executable, "-m", "pytest", "--numprocesses=0", "-m", selected, folder=checkout)


@pytest.mark.slow
@pytest.mark.e2e
def test_the_library_knows_no_application(checkout: Path) -> None:
    """All other tests pass where there is no application at all."""
    for name in ("stacks/templates", "stacks/environments", "job_documents"):
        shutil.rmtree(checkout / name)
    git(checkout, "init")
    git(checkout, "add", ".")
    # At import these read the application that isn't there.
    theirs = [
        f"--ignore={path}"
        for path in (checkout / "tests").glob("test_*.py")
        if "pytestmark = pytest.mark.application" in path.read_text()
    ]
    assert theirs
    run(sys.executable, "-m", "pytest", "-m", "not application and not slow and not e2e", *theirs, folder=checkout)


@pytest.mark.e2e
def test_nothing_to_update(checkout: Path) -> None:
    """`make snapshots` writes nothing where nothing changed, and where the application has errors it prints them."""
    assert run(*MAKE, "snapshots", folder=checkout).splitlines()[1:] == ["everything is up to date"]
    write(checkout, {"stacks/environments/prod.yaml": "name: prod\n"})
    done = subprocess.run([*MAKE, "snapshots"], cwd=checkout, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("stacks/environments/prod.yaml:1:1: error JT004 account\n")
