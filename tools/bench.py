"""Speed as ratios: `make bench`. Each pair of commands runs in turn, whole processes, and the median ratio counts.

`make bench FOLDERS=...` counts the warnings of `iot-jobs check` on the files of folders too: public job documents, for
example, on which advice should be rare.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tools import synth_cost
from tools.local_aws import environ_without_aws

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
RUNS = 5
TEMPLATES = 400
REVIEWED = 200


@dataclass(frozen=True)
class Run:
    """One process from start to end: wall-clock seconds and its largest memory in MiB."""

    seconds: float
    mebibytes: float


def main() -> None:
    """Run every comparison and print a line for each."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environ = environ_without_aws(folder) | {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""}
        check = (str(BIN / "iot-jobs"), "check", "stacks")
        synth = (str(ROOT / "node_modules/.bin/cdk"), "synth", "--quiet", "--output", str(folder / "cdk.out"))
        compare("check the application, against cdk synth (at least 12)", check, synth, environ)
        for suffix, dump in (("json", json.dumps), ("yaml", yaml.safe_dump)):
            template = folder / f"template.{suffix}"
            template.write_text(dump(large_template(TEMPLATES)))
            check = (str(BIN / "iot-jobs"), "check", str(template))
            lint = (str(BIN / "cfn-lint"), str(template))
            title = f"check {TEMPLATES} templates in {suffix.upper()}, against cfn-lint"
            compare(f"{title} (at least 2)", check, lint, environ)
            compare(f"{title}, their job templates alone (at least 8)", (*check, "--only-jobs"), lint, environ)
        review(folder, environ)
    synth_cost.main()
    forecast()
    for name in sys.argv[1:]:
        warnings(Path(name))


def warnings(folder: Path) -> None:
    """Print how many warnings a file of a folder has, and which."""
    from iot_jobs.check import check
    from iot_jobs.sources import read_paths

    paths = sorted(path for path in folder.iterdir() if path.is_file())
    reports = [check(read_paths([path]), now=datetime.now(UTC)) for path in paths]
    codes = Counter(one.code for report in reports for one in report.findings if one.severity == "warning")
    most = ", ".join(f"{count} {code}" for code, count in codes.most_common())
    print(f"warnings a file in {folder.name}: {codes.total() / len(paths):.2f} ({len(paths)} files; {most or 'none'})")


def review(folder: Path, environ: dict[str, str]) -> None:
    """A review of 200 templates that all changed, against cdk diff of the same stacks with nothing deployed."""
    before = large_template(REVIEWED)
    after = json.loads(json.dumps(before).replace('"ThresholdPercentage": 2.5', '"ThresholdPercentage": 4'))
    for resource in after["Resources"].values():
        resource["Properties"]["JobTemplateId"] += "-next"
    paths = folder / "before.template.json", folder / "after.template.json"
    for path, template in zip(paths, (before, after), strict=True):
        path.write_text(json.dumps(template))
    app = folder / "reviewed"
    app.mkdir()
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "Reviewed.template.json"},
    }
    (app / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {"Reviewed": artifact}}))
    (app / "Reviewed.template.json").write_text(json.dumps(after))
    ours = (str(BIN / "iot-jobs"), "review", *map(str, paths))
    cdk = str(ROOT / "node_modules/.bin/cdk")
    diff = (cdk, "diff", "--app", str(app), "--template", str(paths[0]), "Reviewed")
    compare(f"review {REVIEWED} templates, against cdk diff", ours, diff, environ)
    compare("the same with forecasts for 3,000 things", (*ours, "--things", "3000"), diff, environ)


def forecast() -> None:
    """Ratios of the forecast's engines, within this process: each the best of several runs in turn."""
    from iot_jobs import JobDocument, JobTemplateSpec, RolloutConfig
    from iot_jobs.check import load_application
    from iot_jobs.forecast import Assumptions
    from iot_jobs.forecast import forecast as forecast_of
    from iot_jobs.forecast.engine import Engine
    from iot_jobs.forecast.plan import plan
    from tests.oracles import rollout_simpy

    def at(rate: int) -> JobTemplateSpec:
        rollout = RolloutConfig(maximum_per_minute=rate)
        return JobTemplateSpec(template_name="t", description="t", document=JobDocument.inline({}), rollout=rollout)

    def expected(rate: int, things: int) -> None:
        Engine(plan(at(rate), Assumptions(things=things, failure_rate=0.01, run_time_minutes=5)), [0.0]).run()

    def oracle() -> None:
        rollout = rollout_simpy.Rollout(things=100_000, maximum=1000)
        devices = rollout_simpy.Devices(failure_rate=0.01, run_time=(5, None))
        rollout_simpy.simulate(rollout, devices, seed=1, horizon=200)

    (prod,) = load_application(ROOT / "tests" / "application", environment="prod").environments
    (firmware,) = (one for one in prod.templates if one.template_name == "firmware-update")
    assumed = Assumptions.of(prod.fleet, failure_rate=0.003, run_time_minutes=12)
    ratio("forecast 10 million things, against 10,000 in as many minutes (at most 1.5)",
          lambda: expected(1000, 10_000_000), lambda: expected(1, 10_000))  # fmt: skip
    ratio("a process for each of 100,000 devices, against the forecast (at least 200)",
          oracle, lambda: expected(1000, 100_000), runs=2)  # fmt: skip
    ratio("the same, against the forecast with the blast radius",
          oracle, lambda: forecast_of(at(1000), Assumptions(things=100_000, failure_rate=0.01)), runs=2)  # fmt: skip
    ratio("the forecast of firmware-update for 250,000 things, against its expected values alone (at most 10)",
          lambda: forecast_of(firmware, assumed), lambda: forecast_of(firmware, assumed, with_risk=False))  # fmt: skip
    ratio("the same with 1,000 trials, against without",
          lambda: forecast_of(firmware, assumed, trials=1000), lambda: forecast_of(firmware, assumed))  # fmt: skip


def ratio(title: str, slow: Callable[[], object], fast: Callable[[], object], *, runs: int = RUNS) -> None:
    """Print how many times as long one takes as the other, run in turn after a warm-up."""
    taken: tuple[list[float], list[float]] = ([], [])
    fast()
    for _ in range(runs):
        for function, seconds in zip((slow, fast), taken, strict=True):
            began = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - began)
    first, second = map(min, taken)
    print(f"{title}: {first / second:.2f} times ({first * 1000:.1f} ms, {second * 1000:.1f} ms)")


def compare(title: str, ours: Sequence[str], theirs: Sequence[str], environ: dict[str, str]) -> None:
    """Print medians of both commands, run in turn after a warm-up, and of the ratios pair by pair."""
    measure(ours, environ)
    measure(theirs, environ)
    # Ours is short, and a machine's speed changes from one second to the next: in each pair it runs three times.
    pairs = [(_mean([measure(ours, environ) for _ in range(3)]), measure(theirs, environ)) for _ in range(RUNS)]
    times = statistics.median(b.seconds / a.seconds for a, b in pairs)
    memory = statistics.median(b.mebibytes / a.mebibytes for a, b in pairs)
    seconds = f"{_median(pairs, 0):.2f} s, {_median(pairs, 1):.2f} s"
    print(f"{title}: {times:.1f} times faster, {1 / memory:.2f} of the memory ({seconds})")


def measure(command: Sequence[str], environ: dict[str, str]) -> Run:
    """Run a command to its end. Raises RuntimeError where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        error = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    # cfn-lint adds 2 for errors, 4 for warnings and 8 for information, and none of our templates has an error.
    allowed = (0, 4, 8, 12) if command[0].endswith("cfn-lint") else (0, 1)
    if process.returncode not in allowed:
        raise RuntimeError(f"{command[0]} failed:\n{error.decode(errors='replace')}")
    # Kibibytes on Linux, bytes on macOS.
    divisor = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(time.perf_counter() - began, usage.ru_maxrss / divisor)


def large_template(count: int) -> dict[str, object]:
    """Return a CloudFormation template with so many job templates, each with every block."""
    return {"Resources": {f"Template{number}": job_template(number) for number in range(count)}}


def job_template(number: int) -> dict[str, object]:
    """Return a job template in which every block is another one for each number below 1000, but for the retries.

    Of those there are 66 that are valid.
    """
    handler = {"name": "reboot", "type": "runHandler", "input": {"handler": f"reboot-{number}.sh"}}
    hour, minute = divmod(number, 60)
    failed, timed_out = [(first, second) for first in range(11) for second in range(11 - first)][number % 66]
    return {
        "Type": "AWS::IoT::JobTemplate",
        "Properties": {
            "JobTemplateId": f"template-{number}",
            "Description": f"Reboot device {number}",
            "Document": json.dumps({"version": "1.0", "steps": [{"action": handler}]}),
            "JobExecutionsRolloutConfig": {
                "MaximumPerMinute": 500 + number % 500,
                "ExponentialRolloutRate": {
                    "BaseRatePerMinute": 20,
                    "IncrementFactor": 1.5,
                    "RateIncreaseCriteria": {"NumberOfSucceededThings": 500 + number},
                },
            },
            "AbortConfig": {
                "CriteriaList": [
                    {
                        "Action": "CANCEL",
                        "FailureType": "FAILED",
                        "MinNumberOfExecutedThings": 200 + number,
                        "ThresholdPercentage": 2.5,
                    }
                ]
            },
            "JobExecutionsRetryConfig": {
                "RetryCriteriaList": [
                    {"FailureType": "FAILED", "NumberOfRetries": failed},
                    {"FailureType": "TIMED_OUT", "NumberOfRetries": timed_out},
                ]
            },
            "TimeoutConfig": {"InProgressTimeoutInMinutes": 30 + number},
            "MaintenanceWindows": [{"StartTime": f"cron({minute} {hour} ? * TUE *)", "DurationInMinutes": 60 + number}],
            "Tags": [{"Key": "owner", "Value": f"team {number}"}],
        },
    }


def _mean(runs: Sequence[Run]) -> Run:
    return Run(statistics.fmean(run.seconds for run in runs), statistics.fmean(run.mebibytes for run in runs))


def _median(pairs: Sequence[tuple[Run, Run]], side: int) -> float:
    return statistics.median(pair[side].seconds for pair in pairs)


if __name__ == "__main__":
    main()
