"""The cost of the construct in a synth: templates made with it, against the raw L1 with the same output.

`python -m tools.synth_cost` runs both in turn, each in a process of its own, and prints the ratios; with `ours` or
`raw` it synthesizes once. The output is the same but for the ids, and is compared.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from aws_cdk.aws_iot import CfnJobTemplate

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    JobDocument,
    MaintenanceWindow,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.cdk import JobTemplate

STACKS, TEMPLATES = 4, 100
"""Four stacks of as many templates as a region may have."""
RUNS = 5
DOCUMENT = json.dumps(
    {
        "steps": [{"action": {"input": {"handler": "reboot.sh"}, "name": "n", "type": "runHandler"}}],
        "version": "1.0",
    },
    separators=(",", ":"),
)


def main() -> None:
    """Compare, or synthesize once and print the seconds and the templates."""
    builds = {"ours": ours, "raw": raw}
    if sys.argv[1:]:
        print(json.dumps(synthesize(builds[sys.argv[1]])))
        return
    pairs = [(_run("ours"), _run("raw")) for _ in range(RUNS + 1)][1:]  # the first is to warm up
    if any(without_ids(mine.templates) != without_ids(theirs.templates) for mine, theirs in pairs):
        raise RuntimeError("the construct and the raw L1 differ in more than ids")
    tell("synth", [(mine.seconds, theirs.seconds) for mine, theirs in pairs])
    tell("whole process", [(mine.whole, theirs.whole) for mine, theirs in pairs])


def tell(what: str, pairs: list[tuple[float, float]]) -> None:
    """Print the median ratio, and both medians."""
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    seconds = ", ".join(f"{statistics.median(pair[side] for pair in pairs):.2f} s" for side in (0, 1))
    title = f"{STACKS * TEMPLATES} templates with the construct, against the raw L1"
    print(f"{title}: {ratio:.2f} times the time, {what} ({seconds})")


@dataclass(frozen=True)
class Run:
    """Return the seconds of one synth, those of the whole process, and its templates."""

    seconds: float
    whole: float
    templates: list[Any]


def _run(build: str) -> Run:
    """Synthesize in a process of its own, so that neither warms the other."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tools.synth_cost", build]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    whole = time.perf_counter() - began
    seconds, templates = json.loads(done.stdout)
    return Run(seconds, whole, templates)


def synthesize(build: Callable[[cdk.Stack], None]) -> tuple[float, list[Any]]:
    """Return the seconds from the app to its templates, and the templates."""
    with tempfile.TemporaryDirectory(prefix="synth-cost-") as folder:
        began = time.perf_counter()
        app = cdk.App(outdir=folder, analytics_reporting=False, builtin_cloud_formation_validation=False)
        for number in range(STACKS):
            build(cdk.Stack(app, f"Jobs{number}"))
        assembly = app.synth()
        seconds = time.perf_counter() - began
        return seconds, [stack.template for stack in assembly.stacks]


def ours(stack: cdk.Stack) -> None:
    """Build the templates of one stack, with the construct."""
    for number in range(TEMPLATES):
        JobTemplate(
            stack,
            f"T{number}",
            template_name=f"reboot-{number}",
            description="Reboot a device",
            document=JobDocument.inline(DOCUMENT),
            rollout=RolloutConfig(
                maximum_per_minute=500,
                exponential_rate=ExponentialRate(
                    base_rate_per_minute=20,
                    increment_factor=1.5,
                    rate_increase_criteria=RateIncreaseCriteria(number_of_succeeded_things=500),
                ),
            ),
            abort=AbortConfig(
                criteria=[
                    AbortCriterion(failure_type="FAILED", threshold_percentage=2.5, min_number_of_executed_things=200)
                ]
            ),
            retry=RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=number % 10)]),
            timeout=TimeoutConfig(in_progress_timeout_in_minutes=60),
            maintenance_windows=[
                MaintenanceWindow(start_time=f"cron({number % 60} 2 ? * TUE *)", duration_in_minutes=180)
            ],
            tags={"team": "fleet"},
        )


def raw(stack: cdk.Stack) -> None:
    """Build the same with the L1, as users of the CDK write it."""
    for number in range(TEMPLATES):
        resource = CfnJobTemplate(
            stack,
            f"T{number}",
            job_template_id=f"reboot-{number}-{stack.node.id}",
            description="Reboot a device",
            document=DOCUMENT,
            job_executions_rollout_config={
                "MaximumPerMinute": 500,
                "ExponentialRolloutRate": {
                    "BaseRatePerMinute": 20,
                    "IncrementFactor": 1.5,
                    "RateIncreaseCriteria": {"NumberOfSucceededThings": 500},
                },
            },
            abort_config={
                "CriteriaList": [
                    {
                        "Action": "CANCEL",
                        "FailureType": "FAILED",
                        "MinNumberOfExecutedThings": 200,
                        "ThresholdPercentage": 2.5,
                    }
                ]
            },
            job_executions_retry_config=CfnJobTemplate.JobExecutionsRetryConfigProperty(
                retry_criteria_list=[
                    CfnJobTemplate.RetryCriteriaProperty(failure_type="FAILED", number_of_retries=number % 10)
                ]
            ),
            timeout_config={"InProgressTimeoutInMinutes": 60},
            maintenance_windows=[
                CfnJobTemplate.MaintenanceWindowProperty(
                    start_time=f"cron({number % 60} 2 ? * TUE *)", duration_in_minutes=180
                )
            ],
            tags=[cdk.CfnTag(key="team", value="fleet")],
        )
        resource.add_metadata("iot-jobs", {"template_name": f"reboot-{number}", "environment": "Jobs", "content": "x"})
        arn = resource.attr_arn
        name = f"/iot-jobs/Jobs/reboot-{number}"
        ssm.CfnParameter(stack, f"Parameter{number}", type="String", name=name, value=arn)
        cdk.CfnOutput(stack, f"Output{number}", value=arn)


def without_ids(templates: list[Any]) -> list[Any]:
    """Return the resources of the templates in any order, without ids, logical ids and digests."""
    found = []
    for template in templates:
        resources = []
        for one in template["Resources"].values():
            properties = {
                key: value for key, value in one["Properties"].items() if key not in ("JobTemplateId", "Name", "Value")
            }
            resources.append([one["Type"], properties, sorted(one.get("Metadata", {}).get("iot-jobs", ()))])
        found.append([sorted(resources, key=json.dumps), len(template["Outputs"])])
    return found


if __name__ == "__main__":
    main()
