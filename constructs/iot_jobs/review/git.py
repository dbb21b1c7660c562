"""The application's files at a git revision, read without a checkout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_FOLDERS = ("stacks/templates", "stacks/environments", "job_documents")
_LINK = b"120000"
_TIMEOUT_SECONDS = 120
# In a hook, git sets these to the hook's repository, which may not be the application's.
_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


class RevisionError(ValueError):
    """A revision that can't be read from git. The text says why."""


@contextmanager
def exported(root: Path, revision: str) -> Iterator[Path]:
    """Yield a temporary folder with the application's files at a revision. Raises `RevisionError`.

    `root` is the application's folder, which may be a subfolder of the repository.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode()
    listed = _git(root, "ls-tree", "-r", "-z", commit.strip(), "--", *_FOLDERS)
    entries = [entry.partition(b"\t") for entry in listed.split(b"\0") if entry]
    blobs = [(meta.split(), os.fsdecode(path)) for meta, _, path in entries if b" blob " in meta]
    contents = _contents(root, [meta[2] for meta, _ in blobs])
    with TemporaryDirectory(prefix="iot-jobs-") as created:
        folder = Path(created).resolve()
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        # Links last, so that no file is written through one.
        for (meta, path), content in sorted(zip(blobs, contents, strict=True), key=lambda file: file[0][0][0] == _LINK):
            _write(folder, path, content, is_link=meta[0] == _LINK)
        yield folder


def _write(folder: Path, path: str, content: bytes, *, is_link: bool) -> None:
    """Write a file below a folder. A file or link that leads out of it is left out, and later counts as missing."""
    target = folder / path
    if not target.resolve().is_relative_to(folder):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if not is_link:
        target.write_bytes(content)
    elif (target.parent / os.fsdecode(content)).resolve().is_relative_to(folder):
        target.symlink_to(os.fsdecode(content))


def _contents(root: Path, names: list[bytes]) -> Iterator[bytes]:
    """Yield the contents of objects, which one process reads."""
    answer = _git(root, "cat-file", "--batch", stdin=b"".join(name + b"\n" for name in names))
    position = 0
    for name in names:
        header, _, _ = answer[position : position + 200].partition(b"\n")
        _, _, size = header.rpartition(b" ")
        if not size.isdigit():
            raise RevisionError(f"git has no object {name.decode()}: fetch it")
        start = position + len(header) + 1
        position = start + int(size) + 1
        yield answer[start : start + int(size)]


def _git(root: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607  # git is found as users find it
            cwd=root,
            env={name: value for name, value in os.environ.items() if name not in _OTHERS},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except OSError as error:
        raise RevisionError(f"git can't be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise RevisionError(f"git took longer than {_TIMEOUT_SECONDS} s") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionError(lines[0] if lines else "git doesn't know this revision; a shallow clone has only a few")
    return done.stdout
