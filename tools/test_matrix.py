"""The fast tests on each supported Python of this machine, and on the lowest dependencies: `make test-matrix`.

Each runs in an environment of its own in `.venv-matrix`, which the Makefile sets up as it does `.venv`, and which is
kept while it is up to date. MATRIX picks some: a version (`3.12` or `3.12.1`), `older` or `newer` than the Python that
runs this, `lowest`. It takes the standard library alone, so that any of these Pythons can run it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ".venv-matrix"
LOWEST = "requirements-lowest.txt"
PROBE = """
import importlib.util, json, os, platform, sys
can_make_environments = importlib.util.find_spec("ensurepip") is not None
print(json.dumps([sys.version_info[:3], platform.python_version(), os.path.realpath(sys.executable),
                  platform.python_implementation(), can_make_environments]))
"""
PROBE_LIMIT_SECONDS = 30


class NoPythonError(Exception):
    """MATRIX names a version that isn't on this machine; the text says which are."""


@dataclass(frozen=True, order=True)
class Python:
    """An interpreter: its version as numbers and in words, and its path."""

    numbers: tuple[int, ...]
    version: str
    path: str

    @property
    def minor(self) -> str:
        """The version without its last number, such as 3.12."""
        return ".".join(map(str, self.numbers[:2]))


@dataclass(frozen=True)
class Run:
    """The tests on one Python, with the locked versions of the dependencies or with the lowest ones."""

    python: Python
    lowest: bool = False

    @property
    def name(self) -> str:
        """The name in the report."""
        return f"{self.python.version}, lowest versions" if self.lowest else self.python.version

    @property
    def environment(self) -> str:
        """The folder of its environment, below the root."""
        return f"{ENVIRONMENTS}/{self.python.version}{'-lowest' if self.lowest else ''}"


def main(environ: Mapping[str, str], *, root: Path = ROOT) -> int:
    """Run what MATRIX picks, and return the exit code: 1 where tests fail, 2 where a version isn't on this machine."""
    supported = supported_versions(root)
    pythons, skipped = usable(interpreters(environ, supported), supported)
    running = Python(sys.version_info[:3], platform.python_version(), sys.executable)
    try:
        runs, elsewhere = picked(environ.get("MATRIX", "").split(), pythons, supported=supported, running=running)
    except NoPythonError as error:
        print(error, file=sys.stderr)
        return 2
    results = [(run.name, *tested(run, environ, root=root)) for run in runs]
    print()
    for name, result, seconds in results:
        print(f"{name:<24}{result} in {seconds:.0f} s")
    for name, reason in {**skipped, **elsewhere}.items():
        print(f"{name:<24}skipped: {reason}")
    return int(any(result != "passed" for _, result, _ in results))


def supported_versions(root: Path) -> list[str]:
    """Return the versions that pyproject.toml promises, such as 3.12, oldest first."""
    classifiers = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    start = "Programming Language :: Python :: 3."
    minors = sorted(int(line.removeprefix(start)) for line in classifiers if line.startswith(start))
    return [f"3.{minor}" for minor in minors]


def interpreters(environ: Mapping[str, str], supported: Sequence[str]) -> Iterator[str]:
    """Yield the places of Pythons: this one, those on the path, the system's, and those of pyenv."""
    yield sys.executable
    for name in ("python3", *(f"python{version}" for version in supported)):
        if path := shutil.which(name, path=environ.get("PATH")):
            yield path
    yield "/usr/bin/python3"
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob("versions/*/bin/python")))


def usable(paths: Iterable[str], supported: Sequence[str]) -> tuple[list[Python], dict[str, str]]:
    """The Pythons that can run the tests, each version once and oldest first, and why the others can't, by version."""
    pythons: dict[str, Python] = {}
    skipped: dict[Python, str] = {}
    for path in paths:
        try:
            command = [path, "-c", PROBE]
            probe = subprocess.run(command, capture_output=True, timeout=PROBE_LIMIT_SECONDS, check=True)
            numbers, version, real, implementation, can_make_environments = json.loads(probe.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            continue  # no Python, or a pyenv shim for a version that isn't chosen
        python = Python(tuple(numbers), version, real)
        if implementation != "CPython":
            skipped[python] = f"{real} is {implementation}"
        elif python.minor not in supported:
            skipped[python] = f"pyproject.toml promises {', '.join(supported)}"
        elif not can_make_environments:
            skipped[python] = f"{real} can't make environments; install its package of venv"
        else:
            pythons.setdefault(version, python)
    reasons = {python.version: reason for python, reason in sorted(skipped.items()) if python.version not in pythons}
    return sorted(pythons.values()), reasons


def picked(
    words: Sequence[str], pythons: Sequence[Python], *, supported: Sequence[str], running: Python
) -> tuple[list[Run], dict[str, str]]:
    """What to run for the words of MATRIX, without any everything, and why a word stands for nothing here.

    Raises `NoPythonError` for a version that isn't here.
    """
    runs: list[Run] = []
    reasons: dict[str, str] = {}
    for word in words or [*(python.version for python in pythons), "lowest"]:
        if word == "lowest":
            found = [Run(python, lowest=True) for python in pythons if python.minor == supported[0]][:1]
            reason = f"no Python here is a {supported[0]}"
        elif word == "older":
            found = [Run(python) for python in pythons if python.numbers < running.numbers][:1]
            reason = f"no Python here is older than {running.version}"
        elif word == "newer":
            found = [Run(python) for python in pythons if python.numbers > running.numbers][-1:]
            reason = f"no Python here is newer than {running.version}"
        else:
            found = [Run(python) for python in pythons if word in (python.version, python.minor)]
            if not found:
                here = ", ".join(python.version for python in pythons) or "none"
                raise NoPythonError(f"there is no Python {word} here that can run the tests, only {here}")
        if not found:
            reasons[word] = reason
        runs += [run for run in found if run not in runs]
    return runs, reasons


def tested(run: Run, environ: Mapping[str, str], *, root: Path) -> tuple[str, float]:
    """Set up the environment, run the tests in it, and return the result and the seconds."""
    print(f"\nPython {run.name} ({run.python.path})", flush=True)
    began = time.monotonic()
    folder = root / run.environment
    if folder.exists() and not (folder / "bin/python").exists():  # the Python that it was made with is gone
        shutil.rmtree(folder)
    # A make within make would take over the settings of the outer one.
    inherited = {name: value for name, value in environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    overlay = [f"OVERLAY={LOWEST}"] if run.lowest else []
    set_up = [
        "make",
        "--silent",
        f"VENV={run.environment}",
        f"PYTHON={run.python.path}",
        *overlay,
        f"{run.environment}/.ready",
    ]
    tests = [f"{run.environment}/bin/python", "-m", "pytest", "-q", "-m", "not slow and not e2e"]
    for command, failure in ((set_up, "could not be set up"), (tests, "failed")):
        if subprocess.run(command, cwd=root, env=inherited, check=False).returncode != 0:
            return failure, time.monotonic() - began
    return "passed", time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(os.environ))
