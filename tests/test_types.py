"""What type checkers say of user code."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "tests" / "typed_user_code.py"


def mypy(code: Path) -> Iterator[int]:
    """The lines with errors; only the modules of the CDK that pyproject.toml names are read, as all take minutes."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty", str(code)]
    found = run(command)
    for line in found.splitlines():
        match = re.match(rf"{re.escape(str(code.relative_to(ROOT)))}:(\d+): (error|note): ", line)
        assert match, found
        if match[2] == "error":
            yield int(match[1])


def pyright(code: Path) -> Iterator[int]:
    """The lines with errors."""
    command = ["node", "node_modules/pyright/index.js", "--outputjson", "--pythonpath", sys.executable, str(code)]
    found = run(command)
    for diagnostic in json.loads(found)["generalDiagnostics"]:
        assert diagnostic["file"] == str(code), found
        if diagnostic["severity"] == "error":
            yield diagnostic["range"]["start"]["line"] + 1


def run(command: list[str]) -> str:
    """The output of a type checker, which finds errors."""
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout + done.stderr
    return done.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_user_code(checker: Callable[[Path], Iterator[int]]) -> None:
    """A type checker finds the errors of user code, each on its line, and no others."""
    expected = [number for number, line in enumerate(CODE.read_text().splitlines(), 1) if "# expect-error" in line]
    assert sorted(set(checker(CODE))) == expected
