"""^C: each program ends with one line, by a signal that is really sent."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.commands import MAKE, git, write
from tests.test_cli import GOOD
from tests.test_pipelines import assembly_with

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 60
# All but one, which starts no other program and is done at once.
PROGRAMS = [name for name in re.findall(r"-m tools\.(.+)", (ROOT / "Makefile").read_text()) if name != "workflows"]
# Starts a program that says so, and waits, where it would start its first child.
BLOCKED = """
import runpy, subprocess, sys, time
class Blocked(subprocess.Popen):
    def __init__(self, *_, **__):
        print("begun", flush=True)
        time.sleep(60)
    def __del__(self): pass
subprocess.Popen = Blocked
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
# Says so, and waits, in place of a module that is imported, or of git.
WAITS_IN_PYTHON = "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"
WAITS_IN_GIT = '#!/bin/sh\necho begun > "$BEGUN"\nexec sleep 60\n'

pytestmark = pytest.mark.e2e


def interrupted(command: list[str], *, folder: Path, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code and stderr of a process that is interrupted when it has printed a line."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, errors


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(program: str, tmp_path: Path) -> None:
    """Every program of the Makefile ends with one line, and by the signal, so that make stops too."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".github", ".venv", "job_documents", "node_modules", "pyproject.toml", "stacks", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "cdk.out").mkdir()
    assembly_with(tmp_path / "cdk.out", dev="iot-jobs-dev")
    name, *arguments = program.split()
    command = [sys.executable, "-c", BLOCKED, f"tools.{name}", *arguments]
    found = interrupted(command, folder=tmp_path, environ={"ENVIRONMENT": "dev", "CHROMIUM": sys.executable})
    assert found == (-signal.SIGINT, "interrupted\n")


def test_command_while_it_starts(tmp_path: Path) -> None:
    """The command ends with one line and exit code 130 while it is still importing."""
    (tmp_path / "click.py").write_text(WAITS_IN_PYTHON)
    command = [sys.executable, "-m", "iot_jobs", "check", "."]
    assert interrupted(command, folder=tmp_path) == (130, "interrupted\n")


def test_command_at_work(tmp_path: Path) -> None:
    """The command ends with one line and exit code 130 in the middle of its work, here while git is running."""
    write(tmp_path, GOOD)
    git(tmp_path, "init")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text(WAITS_IN_GIT)
    (tmp_path / "bin/git").chmod(0o755)
    os.mkfifo(tmp_path / "begun")
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "iot_jobs", "review", "HEAD", "."],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "BEGUN": str(tmp_path / "begun")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (tmp_path / "begun").read_text() == "begun\n"  # once git has written it
    process.send_signal(signal.SIGINT)
    assert (*process.communicate(timeout=LIMIT_SECONDS), process.returncode) == ("", "interrupted\n", 130)


def test_make() -> None:
    """^C in a terminal, which all processes of a target get, says so and stops what was started."""
    process = subprocess.Popen(
        [*MAKE, "deploy-local"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    while not (line := process.stdout.readline()).startswith("start local AWS"):
        assert line, "it ended too early"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT_SECONDS)
    assert re.fullmatch(r"interrupted\nmake: \*\*\* .*deploy-local.*\n", errors)
