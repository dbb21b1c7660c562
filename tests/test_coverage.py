"""`make coverage`: what it prints and how it ends where the tests run too little of the library."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.commands import MAKE

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.e2e
def test_below_the_floor(tmp_path: Path) -> None:
    """Tests that run little of the library fail below the floor, and each line that they don't run is printed."""
    measuring = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [*MAKE, "coverage", "PYTEST_ARGS=-n 0 -q tests/test_table.py"],
        cwd=ROOT,
        env={**measuring, "COVERAGE_FILE": str(tmp_path / "coverage"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(r"(?m)^constructs/iot_jobs/sources/cdk_out\.py +(\d+) +\1 +\d+ +0 +0% +3-\d+$", done.stdout)
    assert "constructs/iot_jobs/render/table.py" not in done.stdout
    assert re.search(
        r"(?m)^FAIL Required test coverage of \d+\.0% not reached\. Total coverage: \d+\.\d+%$", done.stdout
    )
