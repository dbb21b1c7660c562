"""What users write, for type checkers: a line with `expect-error` is an error, and no other line is.

`tests/test_types.py` runs mypy and pyright on it. It is never run.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    Fleet,
    JobDocument,
    JobSpec,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    SchedulingConfig,
    TimeoutConfig,
)
from iot_jobs.cdk import IJobTemplate, JobTemplate, Placeholder, PresignedUrl, S3Document, Target, Window
from iot_jobs.check import load_application
from iot_jobs.forecast import Assumptions, forecast


class Jobs(cdk.Stack):
    """A stack as users write it."""

    def __init__(self, scope: Construct, id: str, *, operators: iam.IRole) -> None:
        super().__init__(scope, id)
        releases = s3.Bucket(self, "Releases", versioned=True)
        image = Placeholder.presigned_download(releases, "gateway/4.2.0.img")
        condition = cdk.CfnCondition(self, "Prod", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, "eu-west-1"))
        firmware = JobTemplate(
            self,
            "Firmware",
            template_name="firmware-update",
            description=f"Install an image in {cdk.Aws.REGION}",
            document=JobDocument.inline({"image": image, "mode": cdk.Fn.condition_if(condition.logical_id, "a", "b")}),
            rollout=RolloutConfig(maximum_per_minute=500),
            abort=AbortConfig(
                criteria=[
                    AbortCriterion(failure_type="FAILED", threshold_percentage=5, min_number_of_executed_things=20),
                    AbortCriterion(
                        failure_type="TIMED_OUT",
                        threshold_percentage=2.5,
                        min_number_of_executed_things=20,
                        action="CANCEL",
                    ),
                ]
            ),
            retry=RetryConfig(criteria=(RetryCriterion(failure_type="ALL", number_of_retries=3),)),
            timeout=cdk.Duration.minutes(15),
            presigned_url=PresignedUrl(expires_in=cdk.Duration.minutes(30)),
            maintenance_windows=[
                Window.scheduled(events.Schedule.cron(minute="0", hour="2"), cdk.Duration.hours(1)),
                Window.scheduled(scheduler.ScheduleExpression.cron(minute="0", hour="4"), cdk.Duration.hours(1)),
                MaintenanceWindow(start_time="cron(0 6 ? * TUE *)", duration_in_minutes=60),
            ],
            tags={"team": "fleet"},
            removal_policy=cdk.RemovalPolicy.RETAIN,
            fleet=Fleet(things=5000),
        )
        firmware.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        late = JobDocument.inline(self.to_json_string({"region": self.region}))
        JobTemplate(
            self,
            "Late",
            template_name="late",
            description="A document that is known at deployment",
            document=late,
            timeout=TimeoutConfig(in_progress_timeout_in_minutes=60),
            presigned_url=PresignedUrlConfig(role_arn=operators.role_arn),
        )
        JobTemplate(
            self,
            "Diagnostics",
            template_name="diagnostics",
            description="Collect diagnostics",
            document=S3Document.from_bucket(releases, "diagnostics.json", "1"),
        )
        reboot = JobTemplate.from_managed_template(self, "Reboot", "AWS-Reboot")
        published = JobTemplate.from_published(self, "Published", environment="prod", template_name="reboot")
        either: list[IJobTemplate] = [firmware, reboot, published]
        for template in either:
            template.grant_create_job(operators, targets=[Target.thing("a"), Target.thing_group("b"), "arn"])
            metric: cloudwatch.Metric = template.metric("Name", job_id="x", period=cdk.Duration.minutes(5))
            metric.create_alarm(self, "Alarm", threshold=1, evaluation_periods=1)
            cdk.CfnOutput(self, "Output", value=CfnJobTemplate.arn_for_job_template(template))
            cdk.CfnOutput(self, "Region", value=template.env.region)
        firmware.metric_failed(job_id="x", total=True, label="failed", statistic="Average")
        resource: cdk.IResource = firmware
        print(resource.stack.region, firmware.forecast(things=50, failure_rate=0.01).done.p100)

        AbortCriterion(failure_type="FAIL", threshold_percentage=5, min_number_of_executed_things=20)  # expect-error
        AbortCriterion(failure_type="FAILED", threshold_percentage="5", min_number_of_executed_things=2)  # expect-error
        AbortCriterion(failure_type="FAILED", threshold_percentage=5)  # expect-error
        RetryCriterion(failure_type="REJECTED", number_of_retries=3)  # expect-error
        RolloutConfig(max_per_minute=5)  # expect-error
        TimeoutConfig(in_progress_timeout_in_minutes=cdk.Duration.minutes(5))  # expect-error
        SchedulingConfig(end_behavior="STOP")  # expect-error
        PresignedUrl(expires_in=30)  # expect-error
        Window.scheduled("cron(0 2 ? * TUE *)", 60)  # expect-error
        Window.scheduled(cdk.Duration.hours(1), cdk.Duration.hours(1))  # expect-error
        Placeholder.presigned_download("releases", "gateway.img")  # expect-error
        JobDocument.inline(["a"])  # expect-error
        firmware.metric_failed(job_id="x", priod=cdk.Duration.minutes(3))  # expect-error
        firmware.metric_failed(job_id="x", period=3)  # expect-error
        firmware.metric_failed()  # expect-error
        firmware.grant_create_job(operators)  # expect-error
        firmware.grant_create_job(operators, targets=[5])  # expect-error
        firmware.apply_removal_policy("retain")  # expect-error
        firmware.job_template_arn = "arn"  # expect-error
        either.append(releases)  # expect-error
        JobTemplate(self, "A", "reboot", "Reboot")  # expect-error
        JobTemplate(self, "A", template_name="a", description="a", timeout=15)  # expect-error
        JobTemplate(self, "A", template_name="a", description="a", document={"a": 1})  # expect-error
        JobTemplate(self, "A", template_name="a", description="a", documnet=late)  # expect-error
        JobTemplate(self, "A", template_name="a", description="a", maintenance_windows=["cron"])  # expect-error
        JobTemplate(self, "A", template_name="a", description="a", removal_policy="retain")  # expect-error


def without_the_cdk() -> None:
    """The same models in a script."""
    spec = JobTemplateSpec(template_name="reboot", description="Reboot", document=JobDocument.inline('{"a": 1}'))
    result = forecast(spec, Assumptions(things=50_000, run_time_minutes=10))
    print(result.notified.p100, result.done.p100 or 0)
    JobSpec(job_id="reboot", targets=["arn"], target_selection="SNAPSHOT", job_template_arn="arn")
    for environment in load_application(Path("stacks")).environments:
        print(environment.name.upper())
    JobSpec(job_id="reboot", targets=["arn"], target_selection="ONCE")  # expect-error
    Assumptions(thing=50_000)  # expect-error
    Fleet(things="many")  # expect-error
    load_application("stacks")  # expect-error
