"""Files that are made from the application and committed: `make snapshots` updates them and prints what changed.

That is the workflows, which name the environments, and the snapshots of tests/test_stacks.py, which show what is
deployed. All other tests have an application of their own.
"""

import subprocess
import sys
from pathlib import Path

from iot_jobs import FindingsError
from iot_jobs.check import load_application
from tools import workflows

ROOT = Path(__file__).resolve().parent.parent
TEST = "tests/test_stacks.py::test_snapshot"
SNAPSHOTS = ROOT / "tests" / "__snapshots__" / "test_stacks"


def main() -> int:
    """Update everything and print a line for each file that changed. Exit code 1 means that something failed."""
    try:
        environments = load_application(ROOT).environments
        changes = [f"updated {path}" for path in workflows.update()]
    except (FindingsError, workflows.WorkflowError) as error:
        print(error, file=sys.stderr)
        return 1
    before = snapshots()
    # Which are unused is only known to syrupy where all tests of the file run.
    for path in set(before) - {SNAPSHOTS / f"test_snapshot[{environment.name}].json" for environment in environments}:
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses=0", "--quiet", "--snapshot-update", TEST],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"{done.stdout}{done.stderr}", file=sys.stderr)
        return 1
    after = snapshots()
    for path in sorted(before | after):
        if before.get(path) != after.get(path):
            verb = "updated" if path in before and path in after else "added" if path in after else "removed"
            changes.append(f"{verb} {path.relative_to(ROOT)}")
    print("\n".join(changes) or "everything is up to date")
    return 0


def snapshots() -> dict[Path, bytes]:
    """Return the content of each snapshot."""
    return {path: path.read_bytes() for path in SNAPSHOTS.glob("*.json")}


if __name__ == "__main__":
    sys.exit(main())
