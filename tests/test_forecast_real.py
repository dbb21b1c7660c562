"""The forecast against a service that really rolls out: jobs from deployed templates on a local AWS, minute by minute."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import boto3
import pytest

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    JobDocument,
    JobTemplateSpec,
    RateIncreaseCriteria,
    RolloutConfig,
)
from iot_jobs.cdk import JobTemplate
from iot_jobs.forecast import Assumptions, Forecast, forecast
from tests.deployer import ACCOUNT, REGION, Deployer
from tools.local_aws import local_aws

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

THINGS = 200
MINUTES = 3
RUN_TIME = 0.5
"""Minutes: devices answer half a minute after they are notified, between two batches."""


def spec(name: str, **counted: int) -> JobTemplateSpec:
    """40 things a minute, doubling with every 40 that are counted; stopped where half of at least 60 fail."""
    return JobTemplateSpec(
        template_name=name,
        description="Roll out",
        document=JobDocument.inline({"operation": "update.sh"}),
        rollout=RolloutConfig(
            maximum_per_minute=120,
            exponential_rate=ExponentialRate(
                base_rate_per_minute=40, increment_factor=2, rate_increase_criteria=RateIncreaseCriteria(**counted)
            ),
        ),
        abort=AbortConfig(
            criteria=[AbortCriterion(failure_type="FAILED", threshold_percentage=50, min_number_of_executed_things=60)]
        ),
    )


SPECS = {
    "SUCCEEDED": spec("good", number_of_notified_things=40),
    "FAILED": spec("bad", number_of_succeeded_things=40),
}
"""By how the devices answer."""


class Rollout:
    """A job on a local AWS, and the devices that answer."""

    def __init__(self, deployer: Deployer, outcome: str) -> None:
        self.iot = deployer.iot
        self.data = boto3.client(
            "iot-jobs-data",
            region_name=REGION,
            endpoint_url=deployer.aws.endpoint_url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )
        self.job, self.outcome = SPECS[outcome].template_name, outcome
        group = self.iot.create_thing_group(thingGroupName=str(self.job))
        for number in range(THINGS):
            name = f"{self.job}-{number}"
            self.iot.create_thing(thingName=name)
            self.iot.add_thing_to_thing_group(thingGroupName=str(self.job), thingName=name)
        template = deployer.current("Rollouts", str(self.job))["jobTemplateArn"]
        self.iot.create_job(jobId=self.job, targets=[group["thingGroupArn"]], jobTemplateArn=template)
        self.created = self.iot.describe_job(jobId=self.job)["job"]["createdAt"].timestamp()

    def executions(self, **of: str) -> Iterator[dict[str, Any]]:
        for page in self.iot.get_paginator("list_job_executions_for_job").paginate(jobId=self.job, **of):
            yield from page["executionSummaries"]

    def answer(self) -> None:
        """Every device that was notified begins, and then each reports."""
        told = [one["thingArn"].rpartition("/")[2] for one in self.executions(status="QUEUED")]
        for status in ("IN_PROGRESS", self.outcome):
            for thing in told:
                self.data.update_job_execution(jobId=self.job, thingName=thing, status=status)

    def status(self) -> str:
        return str(self.iot.describe_job(jobId=self.job)["job"]["status"])

    def released(self) -> dict[int, int]:
        queued = [one["jobExecutionSummary"]["queuedAt"].timestamp() - self.created for one in self.executions()]
        assert all(-2 < seconds % 60 < 25 for seconds in queued), "the machine was too slow to tell minutes apart"
        return dict(Counter(int(seconds // 60) for seconds in queued))


def foretold(outcome: str) -> Forecast:
    rate = float(outcome == "FAILED")
    return forecast(SPECS[outcome], Assumptions(things=THINGS, run_time_minutes=RUN_TIME, failure_rate=rate))


def test_as_foretold(tmp_path: Path) -> None:
    """What is released in each minute, and the minute before whose batch the bad job is aborted, are as foretold."""
    with local_aws(account=ACCOUNT, region=REGION) as aws:
        deployer = Deployer(aws, tmp_path)

        def templates(stack: cdk.Stack) -> None:
            for one in SPECS.values():
                JobTemplate.from_spec(stack, str(one.template_name), one)

        deployer.deploy("Rollouts", lambda scope: templates(cdk.Stack.of(scope)))
        rollouts = {outcome: Rollout(deployer, outcome) for outcome in SPECS}
        canceled: dict[str, int] = {}
        for minute in range(MINUTES):
            for outcome, rollout in rollouts.items():
                time.sleep(max(0.0, rollout.created + 60 * minute + 28 - time.time()))
                rollout.answer()
                if rollout.status() == "CANCELED":
                    # Answers come between two batches, and are counted before the next one.
                    canceled.setdefault(outcome, minute + 1)
        for outcome, rollout in rollouts.items():
            expected = foretold(outcome)
            rows = {int(row["minute"]): row["released"] for row in expected.timeline if row["released"]}
            assert rollout.released() == rows
            assert canceled.get(outcome) == expected.timeline.aborted_minute
            statuses = Counter(one["jobExecutionSummary"]["status"] for one in rollout.executions())
            *_, last = expected.timeline
            assert statuses == Counter({outcome: int(last[outcome.lower()])})
        assert canceled == {"FAILED": 2}
