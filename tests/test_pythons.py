"""`make test-matrix`: which Pythons it finds, what MATRIX picks, and what it says of each."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.test_matrix import NoPythonError, Python, Run, interpreters, main, picked, supported_versions, usable

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ["3.11", "3.12", "3.13"]
VERSIONS = ("3.11.2", "3.11.7", "3.12.1", "3.13.0")


def python(version: str) -> Python:
    return Python(tuple(map(int, version.split("."))), version, f"/usr/bin/python{version}")


PYTHONS = list(map(python, VERSIONS))
FakePython = Callable[..., str]


@pytest.fixture
def fake(tmp_path: Path) -> FakePython:
    """Makes what answers as a Python of a version would."""

    def make(name: str, version: str, *, kind: str = "CPython", venv: bool = True, path: str | None = None) -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        numbers = [int(re.match(r"\d+", part)[0]) for part in version.split(".")]  # type: ignore[index]  # it matches
        answer = json.dumps([numbers, version, path or str(file), kind, venv])
        file.write_text(f"#!/bin/sh\necho '{answer}'\n")
        file.chmod(0o755)
        return str(file)

    return make


def test_supported_versions() -> None:
    """The versions are those of the classifiers, from the one that pip asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert supported_versions(ROOT) == SUPPORTED
    assert project["requires-python"] == f">={SUPPORTED[0]}"


def test_usable(fake: FakePython, tmp_path: Path) -> None:
    """Each version is there once, oldest first by number; the others have a reason; what is no Python is left out."""
    (tmp_path / "shim").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "shim").chmod(0o755)
    (tmp_path / "words").write_text("#!/bin/sh\necho 'no version'\n")
    (tmp_path / "words").chmod(0o755)
    paths = [
        fake("a", "3.11.10"),
        fake("b", "3.11.9"),
        fake("c", "3.11.10", path="/elsewhere"),
        fake("d", "3.10.2"),
        fake("e", "3.14.0rc1"),
        fake("f", "3.12.1", venv=False),
        fake("g", "3.13.0", venv=False),
        fake("h", "3.13.0"),
        fake("i", "3.11.4", kind="PyPy", path="/usr/bin/pypy"),
        str(tmp_path / "shim"),
        str(tmp_path / "words"),
        str(tmp_path / "nothing"),
    ]
    pythons, skipped = usable(paths, SUPPORTED)
    assert [(one.version, one.path) for one in pythons] == [
        ("3.11.9", str(tmp_path / "b")),
        ("3.11.10", str(tmp_path / "a")),
        ("3.13.0", str(tmp_path / "h")),
    ]
    assert skipped == {
        "3.10.2": "pyproject.toml promises 3.11, 3.12, 3.13",
        "3.11.4": "/usr/bin/pypy is PyPy",
        "3.12.1": f"{tmp_path / 'f'} can't make environments; install its package of venv",
        "3.14.0rc1": "pyproject.toml promises 3.11, 3.12, 3.13",
    }


def test_interpreters(fake: FakePython, tmp_path: Path) -> None:
    """This Python, those on the path by name, the system's and those of pyenv are found."""
    on_path = [fake(f"bin/{name}", "3.12.1") for name in ("python3", "python3.13")]
    fake("bin/python3.9", "3.9.1")
    of_pyenv = [fake(f"pyenv/versions/{version}/bin/python", version) for version in ("3.11.7", "3.9.1")]
    environ = {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert list(interpreters(environ, SUPPORTED)) == [sys.executable, *on_path, "/usr/bin/python3", *of_pyenv]


PICKED: list[tuple[str, str, tuple[str, ...], list[str], dict[str, str]]] = [
    ("", "3.11.7", VERSIONS, [*VERSIONS, "3.11.2, lowest versions"], {}),
    ("3.12.1", "3.11.7", VERSIONS, ["3.12.1"], {}),
    ("3.11", "3.11.7", VERSIONS, ["3.11.2", "3.11.7"], {}),
    ("3.13 3.13.0", "3.11.7", VERSIONS, ["3.13.0"], {}),
    ("lowest", "3.11.7", VERSIONS, ["3.11.2, lowest versions"], {}),
    ("lowest", "3.12.1", VERSIONS[2:], [], {"lowest": "no Python here is a 3.11"}),
    ("older newer", "3.11.7", VERSIONS, ["3.11.2", "3.13.0"], {}),
    ("older newer", "3.12.1", VERSIONS, ["3.11.2", "3.13.0"], {}),
    ("older newer", "3.11.2", VERSIONS, ["3.13.0"], {"older": "no Python here is older than 3.11.2"}),
    ("older newer", "3.13.0", VERSIONS, ["3.11.2"], {"newer": "no Python here is newer than 3.13.0"}),
    ("", "3.13.0", ("3.13.0",), ["3.13.0"], {"lowest": "no Python here is a 3.11"}),
]


@pytest.mark.parametrize(("words", "running", "here", "expected", "reasons"), PICKED)
def test_picked(words: str, running: str, here: tuple[str, ...], expected: list[str], reasons: dict[str, str]) -> None:
    """Each word selects Pythons of this machine, each once; without any, all of them and the lowest are run."""
    runs, found = picked(words.split(), list(map(python, here)), supported=SUPPORTED, running=python(running))
    assert ([run.name for run in runs], found) == (expected, reasons)


@pytest.mark.parametrize("word", ["3.14", "3.1", "3", "3.12.2", "oldest", "lowest-direct"])
def test_a_version_that_is_not_here(word: str) -> None:
    """A version that isn't on this machine, or another word, is an error, and not a run less."""
    with pytest.raises(NoPythonError) as raised:
        picked(["3.12", word], PYTHONS, supported=SUPPORTED, running=PYTHONS[0])
    assert str(raised.value) == f"there is no Python {word} here that can run the tests, only {', '.join(VERSIONS)}"


def test_environments() -> None:
    """Each run has an environment of its own."""
    runs = [Run(one, lowest) for one in PYTHONS for lowest in (False, True)]
    assert len({run.environment for run in runs}) == len(runs)
    assert Run(PYTHONS[0], lowest=True).environment == ".venv-matrix/3.11.2-lowest"


# Sets up an environment whose Python notes what it is run with, and fails where BAD says so.
MAKEFILE = """\
OVERLAY :=
$(VENV)/.ready:
	test "$(PYTHON)" != "$(UNMADE)"
	test -z "$(findstring k,$(firstword $(MAKEFLAGS)))"
	mkdir -p $(VENV)/bin
	printf '#!/bin/sh\\necho "$$0 $$* $(OVERLAY)" >> log\\ntest $$0 != $(VENV_OF_BAD)/bin/python\\n' > $(VENV)/bin/python
	chmod +x $(VENV)/bin/python
	touch $@
"""


@pytest.fixture
def workspace(tmp_path: Path, fake: FakePython, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A checkout of nothing, with two Pythons that can't run and this one's numbers as the default."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    paths = [fake("one", "3.11.2"), fake("two", "3.13.0"), fake("old", "3.10.1")]
    monkeypatch.setattr("tools.test_matrix.interpreters", lambda environ, supported: iter(paths))
    return {"PATH": os.environ["PATH"], "MAKEFLAGS": "k", "UNMADE": "none", "VENV_OF_BAD": "none"}


TESTS = "-m pytest -q -m not slow and not e2e"


def test_run(workspace: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every Python runs the fast tests in an environment that is made once, and the report says what was run."""
    for _ in range(2):
        assert main(workspace, root=tmp_path) == 0
        printed = re.sub(r"in \d+ s", "in 1 s", capfd.readouterr().out)
        assert printed == (
            f"\nPython 3.11.2 ({tmp_path}/one)\n\nPython 3.13.0 ({tmp_path}/two)\n"
            f"\nPython 3.11.2, lowest versions ({tmp_path}/one)\n\n"
            "3.11.2                  passed in 1 s\n"
            "3.13.0                  passed in 1 s\n"
            "3.11.2, lowest versions passed in 1 s\n"
            "3.10.1                  skipped: pyproject.toml promises 3.11, 3.12, 3.13\n"
        )
        made = [path.stat().st_mtime_ns for path in sorted(tmp_path.glob(".venv-matrix/*/.ready"))]
        assert len(made) == 3
    assert made == [path.stat().st_mtime_ns for path in sorted(tmp_path.glob(".venv-matrix/*/.ready"))]
    assert (tmp_path / "log").read_text().splitlines()[:3] == [
        f".venv-matrix/3.11.2/bin/python {TESTS} ",
        f".venv-matrix/3.13.0/bin/python {TESTS} ",
        f".venv-matrix/3.11.2-lowest/bin/python {TESTS} requirements-lowest.txt",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "result"),
    [("VENV_OF_BAD", ".venv-matrix/3.11.2", "failed"), ("UNMADE", "one", "could not be set up")],
)
def test_failure(
    workspace: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str], variable: str, value: str, result: str
) -> None:
    """A Python whose tests or set-up fail doesn't keep the next from running, and the exit code says it."""
    given = workspace | {
        variable: str(tmp_path / value) if variable == "UNMADE" else value,
        "MATRIX": "older 3.11.2 3.13",
    }
    assert main(given, root=tmp_path) == 1
    report = re.sub(r"in \d+ s", "in 1 s", capfd.readouterr().out).splitlines()
    assert report[report.index("", 3) + 1 :][:2] == [
        f"3.11.2                  {result} in 1 s",
        "3.13.0                  passed in 1 s",
    ]


def test_a_python_that_is_gone(workspace: dict[str, str], tmp_path: Path) -> None:
    """An environment whose Python was removed is made again."""
    assert main(workspace | {"MATRIX": "3.13"}, root=tmp_path) == 0
    interpreter = tmp_path / ".venv-matrix/3.13.0/bin/python"
    interpreter.unlink()
    interpreter.symlink_to(tmp_path / "gone")
    assert main(workspace | {"MATRIX": "3.13"}, root=tmp_path) == 0
    assert (tmp_path / "log").read_text().count("3.13.0") == 2


def test_nothing_to_run(workspace: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version that isn't here ends with 2 and one line."""
    assert main(workspace | {"MATRIX": "3.12"}, root=tmp_path) == 2
    assert capsys.readouterr() == ("", "there is no Python 3.12 here that can run the tests, only 3.11.2, 3.13.0\n")


@pytest.mark.e2e
def test_any_python_runs_it() -> None:
    """Every Python of this machine that can run the tests can run the tool, with its standard library alone."""
    pythons, _ = usable(interpreters(os.environ, SUPPORTED), SUPPORTED)
    assert pythons
    for one in pythons:
        done = subprocess.run(
            [one.path, "-S", "-m", "tools.test_matrix"],
            cwd=ROOT,
            env={**os.environ, "MATRIX": "none"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        here = ", ".join(python.version for python in pythons)
        assert (done.returncode, done.stderr) == (
            2,
            f"there is no Python none here that can run the tests, only {here}\n",
        )
