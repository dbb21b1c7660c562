"""What the workflows call: both sides of a review synthesized, an earlier revision, the annotations of a check."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import EXAMPLE, MAKE, git, write
from tools import deploy_assembly
from tools.deploy_assembly import AssemblyError, stacks_of, summary
from tools.deploy_local import Target, read_target
from tools.synth_revisions import RevisionError, commit_of, export, one, sides

ROOT = Path(__file__).resolve().parent.parent
# An application of its own, which writes its assembly without the CDK: Node is started for the CLI alone.
APP = """\
import json, os
from pathlib import Path
from words import DESCRIPTION
folder = Path(os.environ["CDK_OUTDIR"])
folder.mkdir(parents=True, exist_ok=True)
stack = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://123456789012/us-east-1",
    "properties": {"templateFile": "iot-jobs-dev.template.json"},
}
(folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"iot-jobs-dev": stack}}))
(folder / "iot-jobs-dev.template.json").write_text(json.dumps({"Description": DESCRIPTION}))
"""


def make(target: str, *, folder: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    """A target as a workflow runs it, whose set-up is done."""
    return subprocess.run(
        [*MAKE, *target.split()],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has no application, whose second has one, and whose third can't synthesize."""
    folder = tmp_path / "repository"
    write(folder, {"README.md": "", ".gitignore": "cdk.*\n__pycache__/\n"})
    git(folder, "init")
    for files in ({}, {"app.py": APP, "words.py": "DESCRIPTION = 'second'\n"}, {"words.py": "raise SystemExit(3)\n"}):
        write(folder, files)
        git(folder, "add", ".")
        git(folder, "commit", "--allow-empty", "-m", "next")
    write(folder, {"words.py": "DESCRIPTION = 'the working tree'\n"})
    return folder


def description(assembly: Path) -> str:
    """What the template of an assembly says it is."""
    found: str = json.loads((assembly / "iot-jobs-dev.template.json").read_text())["Description"]
    return found


@pytest.mark.e2e
def test_sides(repository: Path, tmp_path: Path) -> None:
    """Each side is synthesized with its own modules, and the working tree stays as it is."""
    before = git(repository, "status", "--porcelain")
    found = sides("HEAD~1", root=repository, folder=tmp_path / "sides")
    assert found == {"base": str(tmp_path / "sides/base"), "head": str(tmp_path / "sides/head")}
    assert [description(Path(one)) for one in found.values()] == ["second", "the working tree"]
    assert git(repository, "status", "--porcelain") == before


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("base", "said"), [("HEAD~2", "there is no app.py in it\n"), ("HEAD", "it doesn't synthesize\n")]
)
def test_base_without_an_assembly(
    repository: Path, tmp_path: Path, base: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the base can't be synthesized, both sides are compared as files, and stderr says so."""
    found = sides(base, root=repository, folder=tmp_path / "sides")
    assert found == {"base": git(repository, "rev-parse", base), "head": "."}
    assert capsys.readouterr().err.startswith(f"{base} is compared by its files, without ids: {said}")
    assert sorted(path.name for path in (tmp_path / "sides").iterdir()) == ["head"]


@pytest.mark.e2e
def test_head_without_an_assembly(repository: Path, tmp_path: Path) -> None:
    """A working tree that can't be synthesized is an error."""
    write(repository, {"app.py": "raise SystemExit('wrong')\n"})
    with pytest.raises(RevisionError, match=r"(?s)^it doesn't synthesize\n.*wrong"):
        sides("HEAD~1", root=repository, folder=tmp_path / "sides")


def test_export(repository: Path, tmp_path: Path) -> None:
    """The files of a commit are written as they are in it, programs and links among them."""
    (repository / "program").write_text("#!/bin/sh\n")
    (repository / "program").chmod(0o755)
    (repository / "link").symlink_to("program")
    git(repository, "add", "program", "link")
    git(repository, "commit", "-m", "a program")
    export("HEAD", tmp_path / "exported", root=repository)
    exported = {path.name: path.stat().st_mode & 0o100 for path in (tmp_path / "exported").iterdir()}
    assert exported == {".gitignore": 0, "README.md": 0, "app.py": 0, "words.py": 0, "program": 0o100, "link": 0o100}
    assert (tmp_path / "exported/link").is_symlink()
    assert (tmp_path / "exported/words.py").read_text() == "raise SystemExit(3)\n"


@pytest.mark.parametrize("revision", ["nowhere", "", "--all", "HEAD:app.py"])
def test_no_revision(repository: Path, revision: str) -> None:
    """What git doesn't know is one line."""
    with pytest.raises(RevisionError) as told:
        commit_of(revision, root=repository)
    assert str(told.value) == f"git doesn't know the revision {revision}; a shallow clone has only a few"


@pytest.mark.e2e
def test_one(repository: Path) -> None:
    """An earlier commit of the branch takes the place of what was in cdk.out."""
    write(repository, {"cdk.out/old.template.json": "{}"})
    one("HEAD~1", branch="main", root=repository)
    assert description(repository / "cdk.out") == "second"
    assert not (repository / "cdk.out/old.template.json").exists()


def test_what_was_never_merged(repository: Path) -> None:
    """A commit that isn't the branch's is not synthesized, and so not deployed."""
    git(repository, "checkout", "-q", "-b", "mine", "HEAD~1", "--force")
    git(repository, "commit", "--allow-empty", "-m", "mine")
    with pytest.raises(RevisionError, match=r"^HEAD is not a commit of main$"):
        one("HEAD", branch="main", root=repository)
    assert not (repository / "cdk.out").exists()


@pytest.fixture
def workspace(repository: Path) -> Path:
    """The repository with our Makefile and tools, set up already, on a main of which all but the last commit is known."""
    shutil.copy(ROOT / "Makefile", repository)
    shutil.copytree(ROOT / "tools", repository / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "pyproject.toml", "package.json", "package-lock.json"):
        (repository / name).touch()
        os.utime(repository / name, (0, 0))  # older than the stamps of the set-up
    for name in (".venv", "node_modules"):
        (repository / name).symlink_to(ROOT / name)
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    return repository


@pytest.mark.e2e
def test_make_synth_revisions(workspace: Path, tmp_path: Path) -> None:
    """The command of the pull request outputs both sides' folders for the next step."""
    done = make("synth-revisions BASE=HEAD^1", folder=workspace, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert done.returncode == 0, done.stderr
    folder = workspace / "cdk.review"
    assert (tmp_path / "output").read_text() == f"base={folder}/base\nhead={folder}/head\n"
    assert [description(folder / side) for side in ("base", "head")] == ["second", "the working tree"]


@pytest.mark.e2e
def test_make_synth_revision(workspace: Path) -> None:
    """The command of the rollback synthesizes what was on main, and says in one line what else it is given."""
    done = make("synth-revision", folder=workspace, REVISION="HEAD~1")
    assert done.returncode == 0, done.stderr
    assert description(workspace / "cdk.out") == "second"
    for revision, said in (
        ("HEAD", "HEAD is not a commit of origin/main"),
        ("$(touch pwned)x", "git doesn't know the revision $(touch pwned)x; a shallow clone has only a few"),
    ):
        done = make("synth-revision", folder=workspace, REVISION=revision)
        assert (done.returncode, done.stderr.splitlines()[0]) == (2, said)
    assert not (workspace / "pwned").exists()


@pytest.mark.e2e
def test_make_annotate(workspace: Path) -> None:
    """The example has nothing to annotate, and a mistake in it is an error at its line."""
    shutil.copytree(EXAMPLE, workspace, dirs_exist_ok=True)
    done = make("annotate", folder=workspace)
    assert (done.returncode, "::" in done.stdout) == (0, False)
    write(workspace, {"stacks/templates/reboot.yaml": "description: Reboot\ndocument: rebot.json\n"})
    done = make("annotate", folder=workspace)
    assert done.returncode == 2
    assert "::error file=stacks/templates/reboot.yaml,line=2,col=1,title=JT706::document: " in done.stdout


def assembly_with(folder: Path, **stacks: str) -> Path:
    """An assembly's manifest with stacks and their names."""
    kind = "aws:cloudformation:stack"
    artifacts = {key: {"type": kind, "properties": {"stackName": name}} for key, name in stacks.items()}
    manifest = {"artifacts": artifacts | {"Tree": {"type": "cdk:tree", "properties": {}}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_stacks_of(tmp_path: Path) -> None:
    """An environment's stacks are those with its stack name, in every account and region, and no other's."""
    found = assembly_with(tmp_path, a="iot-jobs-prod", b="iot-jobs-prod", c="iot-jobs-prod-canary", d="iot-jobs-dev")
    assert stacks_of("prod", found) == ("a", "b")
    assert stacks_of("prod-canary", found) == ("c",)


def test_target_of_a_local_deployment(tmp_path: Path) -> None:
    """An environment is found by its whole name, in one of its places, whatever other names begin with it."""
    stacks = {
        "iot-jobs-prod-canary": ("iot-jobs-prod-canary", "123456789012/us-east-1"),
        "iot-jobs-prod": ("iot-jobs-prod", "123456789012/eu-west-1"),
        "iot-jobs-prod-000000000000-us-east-1": ("iot-jobs-prod", "000000000000/us-east-1"),
    }
    artifacts = {
        key: {"type": "aws:cloudformation:stack", "environment": f"aws://{place}", "properties": {"stackName": name}}
        for key, (name, place) in stacks.items()
    }
    write(tmp_path, {"manifest.json": json.dumps({"artifacts": artifacts})})
    assert read_target("prod", tmp_path) == Target("iot-jobs-prod", "123456789012", "eu-west-1")
    assert read_target("prod-canary", tmp_path) == Target("iot-jobs-prod-canary", "123456789012", "us-east-1")
    with pytest.raises(AssemblyError, match=r"^ENVIRONMENT is pro; the assembly has prod, prod-canary$"):
        read_target("pro", tmp_path)


@pytest.mark.parametrize("environment", ["", "prod", "dev*", "--all"])
def test_no_stacks(tmp_path: Path, environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An environment that isn't in the assembly is an error, and never all of them."""
    found = assembly_with(tmp_path, a="iot-jobs-dev", b="iot-jobs-staging")
    given = environment or "not set"
    assert deploy_assembly.main("deploy", {"ENVIRONMENT": environment}, assembly=found) == 1
    assert capsys.readouterr().err == f"ENVIRONMENT is {given}; the assembly has dev, staging\n"


def test_no_assembly(tmp_path: Path) -> None:
    """Without an assembly there is nothing to deploy."""
    with pytest.raises(AssemblyError, match=r"is no assembly \(No such file or directory\); make synth writes it$"):
        stacks_of("dev", tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"artifacts": []}', '{"artifacts": {"a": 1}}', '{"artifacts": {"a": {}}}']
)
def test_a_manifest_that_is_none(tmp_path: Path, text: str) -> None:
    """A manifest that the CDK has not written is one line."""
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(AssemblyError, match=r"manifest\.json can't be read; make synth writes it anew$"):
        stacks_of("dev", tmp_path)


@pytest.mark.parametrize("command", ["diff", "deploy"])
@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_code_of_the_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int) -> None:
    """A deployment that fails is not a green one."""
    cli = tmp_path / "cdk"
    cli.write_text(f"#!/bin/sh\nexit {code}\n")
    cli.chmod(0o755)
    monkeypatch.setattr(deploy_assembly, "CDK", cli)
    found = assembly_with(tmp_path, a="iot-jobs-dev")
    assert deploy_assembly.main(command, {"ENVIRONMENT": "dev"}, assembly=found) == code


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ("no change\n", "### dev: difference to what is deployed\n\n```\nno change\n```\n"),
        ("a ```` b", "### dev: difference to what is deployed\n\n`````\na ```` b\n`````\n"),
    ],
)
def test_summary(difference: str, expected: str) -> None:
    """Nothing in the difference ends its block."""
    assert summary("dev", difference) == expected


@pytest.mark.parametrize(("more", "cut"), [(-1, False), (0, False), (1, True)])
def test_summary_is_cut(more: int, cut: bool) -> None:
    """A long difference is cut below what GitHub takes, within no character, and says so."""
    written = summary("dev", "é" * (deploy_assembly.MOST_BYTES // 2) + "x" * more if more >= 0 else "é" * 10)
    assert written.endswith("\nCut here; all of it is in the log.\n") is cut
    assert len(written.encode()) < 1024**2
