"""Synthesize git revisions: `make synth-revisions` both sides of a review, `make synth-revision` one to deploy.

A revision is exported from git, and synthesized with its own app, constructs and stacks by the Python and the CDK CLI
of this checkout. Nothing is checked out.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from iot_jobs.action.review import output

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / ".bin" / "cdk"
SIDES = ROOT / "cdk.review"
LIMIT_SECONDS = 300


class RevisionError(Exception):
    """A revision can't be exported or synthesized; the text says why."""


def main(command: str, environ: Mapping[str, str]) -> int:
    """Run one of the two commands and return the exit code."""
    try:
        if command == "sides":
            output(environ, **sides(environ.get("BASE") or "HEAD^1"))
        else:
            one(environ.get("REVISION", ""), branch="origin/main")
    except RevisionError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.TimeoutExpired:
        print(f"git or the CDK took more than {LIMIT_SECONDS} seconds", file=sys.stderr)
        return 1
    return 0


def sides(base: str, *, root: Path = ROOT, folder: Path = SIDES) -> dict[str, str]:
    """Both sides of a review of the working tree: two assemblies with ids and roles, or what there is without them.

    A base that doesn't synthesize, such as one from before there was an application, is compared as what its files say.
    A head that doesn't is an error.
    """
    commit = commit_of(base, root=root)
    shutil.rmtree(folder, ignore_errors=True)
    head = folder / "head"
    synthesize(root, head)
    try:
        with TemporaryDirectory(prefix="revision-") as exported:
            export(commit, Path(exported), root=root)
            synthesize(Path(exported), folder / "base")
    except RevisionError as error:
        print(f"{base} is compared by its files, without ids: {error}", file=sys.stderr)
        return {"base": commit, "head": "."}
    return {"base": str(folder / "base"), "head": str(head)}


def one(revision: str, *, branch: str, root: Path = ROOT) -> None:
    """Synthesize a commit of a branch into cdk.out; commits outside of it were not reviewed and are refused."""
    commit = commit_of(revision, root=root)
    merged = _git("merge-base", "--is-ancestor", commit, branch, root=root)
    if merged.returncode != 0:
        raise RevisionError(f"{revision} is not a commit of {branch}")
    assembly = root / "cdk.out"
    shutil.rmtree(assembly, ignore_errors=True)
    with TemporaryDirectory(prefix="revision-") as exported:
        export(commit, Path(exported), root=root)
        synthesize(Path(exported), assembly)


def commit_of(revision: str, *, root: Path) -> str:
    """Return the commit that a revision names."""
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", root=root)
    if done.returncode != 0:
        raise RevisionError(f"git doesn't know the revision {revision}; a shallow clone has only a few")
    return done.stdout.decode().strip()


def export(commit: str, folder: Path, *, root: Path) -> None:
    """Write the application's files as they are in a commit."""
    done = _git("archive", "--format=tar", commit, root=root)
    if done.returncode != 0:
        raise RevisionError(done.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # As tarfile's documentation says it for Pythons before 3.11.4, which have no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)  # noqa: S202  # of our own commit


def synthesize(folder: Path, assembly: Path) -> None:
    """Synthesize the application in a folder, with the folder's own modules before the installed ones."""
    if not (folder / "app.py").is_file():
        raise RevisionError("there is no app.py in it")
    paths = os.pathsep.join((str(folder), str(folder / "constructs")))
    done = subprocess.run(
        [CDK, "synth", "--quiet", "--app", f"'{sys.executable}' app.py", "--output", assembly],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(assembly, ignore_errors=True)
        raise RevisionError(f"it doesn't synthesize\n{done.stdout}{done.stderr}".rstrip())


def _git(*arguments: str, root: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", *arguments],  # noqa: S607  # git is found as users find it
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ))
