"""`make release`: what must be the same before anything is built. tests/test_distribution.py tests what it builds."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import MAKE, write
from tools.release import problems

ROOT = Path(__file__).resolve().parent.parent
TAG = "; the tag of the version in pyproject.toml is v1.2.3"
CHANGES = "CHANGELOG.md has no section for the version; its heading is ## 1.2.3, YYYY-MM-DD"


@pytest.mark.parametrize(
    ("tag", "heading", "expected"),
    [
        ("v1.2.3", "## 1.2.3, 2026-01-31", []),
        ("v1.2.4", "## 1.2.3, 2026-01-31", [f"TAG is v1.2.4{TAG}"]),
        ("1.2.3", "## 1.2.3, 2026-01-31", [f"TAG is 1.2.3{TAG}"]),
        ("", "## 1.2.3, 2026-01-31", [f"TAG is not set{TAG}"]),
        ("v1.2.3", "## 1.2.3, not released", [CHANGES]),
        ("v1.2.3", "## 11.2.3, 2026-01-31", [CHANGES]),
        ("v1.2.3", "## 1x2.3, 2026-01-31", [CHANGES]),
        ("v1.2", "## Unreleased", [f"TAG is v1.2{TAG}", CHANGES]),
    ],
)
def test_problems(tmp_path: Path, tag: str, heading: str, expected: list[str]) -> None:
    """The tag is that of the version, and the changes of the version have their date."""
    write(tmp_path, {"pyproject.toml": '[project]\nversion = "1.2.3"\n', "CHANGELOG.md": f"# Changes\n\n{heading}\n"})
    assert problems(tag, tmp_path) == expected


def test_another_tag_builds_nothing() -> None:
    """`make release` ends at a tag that isn't that of the version, before it removes or builds anything."""
    done = subprocess.run(
        [*MAKE, "release"],
        cwd=ROOT,
        env={**os.environ, "TAG": "v0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("TAG is v0; the tag of the version in pyproject.toml is v")
