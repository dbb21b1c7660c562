"""The command in a process of its own that is timed and weighed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
SECONDS = 10
"""When a run is stopped: long enough to say by how much the limit was missed."""

# A process inherits the peak memory of the one that forked it: a small one starts the command for pytest.
_LAUNCHER = """
import json, os, resource, signal, sys
limit, report, *command = sys.argv[1:]
child = os.fork()
if not child:
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
    signal.alarm(10 * int(limit))  # for what waits and does nothing
    os.execv(command[0], command)
_, status, usage = os.wait4(child, 0)
unit = 1 if sys.platform == "darwin" else 1024
with open(report, "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit], file)
"""
_COMMAND = (sys.executable, "-m", "iot_jobs", "check")


@dataclass(frozen=True)
class Run:
    """How a run of the command ended, and what it took: seconds of work, whatever else the machine does."""

    code: int
    seconds: float
    megabytes: float
    report: bytes
    errors: str


def checked(path: Path, *options: str) -> Run:
    """`iot-jobs check PATH`, measured. Its own limits keep it from hurting the machine."""
    with tempfile.TemporaryDirectory() as folder:
        report, out, errors = (Path(folder) / name for name in ("report", "out", "errors"))
        with out.open("wb") as stdout, errors.open("wb") as stderr:
            subprocess.run(
                [sys.executable, "-S", "-c", _LAUNCHER, str(SECONDS), str(report), *_COMMAND, str(path), *options],
                check=True, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=path.parent,
                preexec_fn=_limit_memory,
            )  # fmt: skip
        code, seconds, size = json.loads(report.read_text())
        return Run(code, seconds, size / MEGABYTE, out.read_bytes(), errors.read_text(errors="replace"))


def _limit_memory() -> None:
    import resource  # only where there are processes to limit

    if sys.platform != "darwin":  # which refuses it
        resource.setrlimit(resource.RLIMIT_AS, (4096 * MEGABYTE, 4096 * MEGABYTE))
