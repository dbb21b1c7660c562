"""^C: each program ends with one line, by a signal that is really sent."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands import MAKE, git, write
from tests.test_cli import GOOD

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 60
PROGRAMS = sorted(set(re.findall(r"-m tools\.(\w+)", (ROOT / "Makefile").read_text())))
# Runs a program that says so, and waits, where its module or its main function begins.
WAITS_AT = """
import runpy, sys, time
_, program, function = sys.argv
def wait(frame, event, _):
    if event == "call" and frame.f_code.co_name == function and frame.f_code.co_filename.endswith(f"/tools/{program}.py"):
        sys.setprofile(None)
        print("begun", flush=True)
        time.sleep(60)
sys.setprofile(wait)
runpy.run_module(f"tools.{program}", run_name="__main__", alter_sys=True)
"""
# Says so, and waits, in place of a module that is imported, or of git.
WAITS_IN_PYTHON = "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"
WAITS_IN_GIT = '#!/bin/sh\necho begun > "$BEGUN"\nexec sleep 60\n'

pytestmark = pytest.mark.e2e


@contextmanager
def running(*command: str, folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process, in a group of its own as a terminal gives one, that doesn't outlive the test."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("function", ["<module>", "main"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs(program: str, function: str) -> None:
    """Every program of the Makefile ends with one line, and by the signal, so that make stops too."""
    with running(sys.executable, "-c", WAITS_AT, program, function, folder=ROOT) as process:
        assert line_of(process) == "begun\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
        assert (process.returncode, errors) == (-signal.SIGINT, "interrupted\n")


def test_command_while_it_starts(tmp_path: Path) -> None:
    """The command ends with one line and exit code 130 while it is still importing."""
    (tmp_path / "click.py").write_text(WAITS_IN_PYTHON)
    with running(sys.executable, "-m", "iot_jobs", "check", ".", folder=tmp_path) as process:
        assert line_of(process) == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT_SECONDS) == ("", "interrupted\n")
        assert process.returncode == 130


def test_command_at_work(tmp_path: Path) -> None:
    """The command ends with one line and exit code 130 in the middle of its work, here while git is running."""
    write(tmp_path, GOOD)
    git(tmp_path, "init")
    write(tmp_path, {"bin/git": WAITS_IN_GIT})
    (tmp_path / "bin/git").chmod(0o755)
    os.mkfifo(tmp_path / "begun")
    environ = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "BEGUN": str(tmp_path / "begun")}
    with running(sys.executable, "-m", "iot_jobs", "review", "HEAD", ".", folder=tmp_path, environ=environ) as process:
        assert (tmp_path / "begun").read_text() == "begun\n"  # once git has written it
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT_SECONDS) == ("", "interrupted\n")
        assert process.returncode == 130


@pytest.mark.application
def test_make() -> None:
    """^C in a terminal, which all processes of a target get, says so and stops what was started."""
    with running(*MAKE, "deploy-local", folder=ROOT) as process:
        while not (line := line_of(process)).startswith("start local AWS"):
            assert line, "it ended too early"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
        assert re.fullmatch(r"interrupted\nmake(\[\d\])?: \*\*\* .*deploy-local.*\n", errors)
