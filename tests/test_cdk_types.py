"""The CDK's own types as arguments: durations, schedules, and options of metrics."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_scheduler as scheduler
from aws_cdk.assertions import Template

from iot_jobs import FindingsError, JobDocument, MaintenanceWindow, TimeoutConfig, limits
from iot_jobs.cdk import JobTemplate, PresignedUrl, Window
from iot_jobs.cdk.metrics import MetricOptions

PRESIGNED = "${aws:iot:s3-presigned-url-v2:https://example.s3.eu-west-1.amazonaws.com/image}"
THREE_HOURS = cdk.Duration.hours(3)


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs")


def template(scope: cdk.Stack, **options: Any) -> JobTemplate:
    """A template with presigned URLs."""
    document = JobDocument.inline({"image": PRESIGNED})
    return JobTemplate(scope, "Reboot", template_name="reboot", description="Reboot", document=document, **options)


def emitted(stack: cdk.Stack) -> dict[str, Any]:
    """The properties of the only job template of a stack."""
    (found,) = Template.from_stack(stack).find_resources("AWS::IoT::JobTemplate").values()
    return dict(found["Properties"])


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (cdk.Duration.minutes(15), 15),
        (cdk.Duration.seconds(60), 1),
        (cdk.Duration.days(7), 10080),
        (cdk.Duration.minutes(cdk.Token.as_number({"Ref": "Minutes"})), {"Ref": "Minutes"}),
    ],
)
def test_timeout(stack: cdk.Stack, duration: cdk.Duration, expected: Any) -> None:
    """A timeout may be a duration, of whole minutes."""
    template(stack, timeout=duration)
    assert emitted(stack)["TimeoutConfig"] == {"InProgressTimeoutInMinutes": expected}


def test_a_duration_is_the_same_as_its_block(stack: cdk.Stack) -> None:
    """The spec doesn't know in which way a timeout was given."""
    template(stack, timeout=cdk.Duration.hours(1), presigned_url=PresignedUrl(expires_in=cdk.Duration.minutes(30)))
    other = cdk.Stack(cdk.App(), "Jobs")
    block = TimeoutConfig(in_progress_timeout_in_minutes=60)
    template(other, timeout=block, presigned_url=PresignedUrl(expires_in_sec=1800))
    assert emitted(stack) == emitted(other)


@pytest.mark.parametrize(
    ("options", "finding", "given"),
    [
        ({"timeout": cdk.Duration.minutes(0)}, "JT410 timeout.in_progress_timeout_in_minutes", "0"),
        ({"timeout": cdk.Duration.seconds(90)}, "JT410 timeout.in_progress_timeout_in_minutes", "1.5"),
        ({"timeout": cdk.Duration.days(8)}, "JT410 timeout.in_progress_timeout_in_minutes", "11520"),
        (
            {"timeout": cdk.Duration.hours(cdk.Token.as_number({"Ref": "Hours"}))},
            "JT410 timeout.in_progress_timeout_in_minutes",
            '"a token in hours"\n  allowed  .*; a token only in minutes',
        ),
        (
            {"presigned_url": PresignedUrl(expires_in=cdk.Duration.hours(2))},
            "JT502 presigned_url.expires_in_sec",
            "7200",
        ),
        (
            {"presigned_url": PresignedUrl(expires_in=cdk.Duration.hours(1), expires_in_sec=3600)},
            "JT502 presigned_url.expires_in",
            "3600\n  allowed  one lifetime",
        ),
    ],
)
def test_wrong_durations(stack: cdk.Stack, options: dict[str, Any], finding: str, given: str) -> None:
    """A duration is held to the limits of its value, and the construct is named."""
    with pytest.raises(FindingsError, match=f"^Jobs/Reboot: error {finding}\n.*\n  given    {given}"):
        template(stack, **options)
    assert stack.node.children == []


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("cron(0 2 ? * TUE *)", "cron(0 2 ? * TUE *)"),
        (events.Schedule.cron(minute="0", hour="2", week_day="TUE"), "cron(0 2 ? * TUE *)"),
        (scheduler.ScheduleExpression.cron(minute="0", hour="2", day="1"), "cron(0 2 1 * ? *)"),
        (scheduler.ScheduleExpression.cron(minute="0", time_zone=cdk.TimeZone.ETC_UTC), "cron(0 * * * ? *)"),
    ],
)
def test_windows(stack: cdk.Stack, schedule: Any, expected: str) -> None:
    """A schedule of the CDK opens a window at the same times as its text."""
    window = Window.scheduled(schedule, cdk.Duration.minutes(30))
    assert window == MaintenanceWindow(start_time=expected, duration_in_minutes=30)
    template(stack, maintenance_windows=[window])
    assert emitted(stack)["MaintenanceWindows"] == [{"StartTime": expected, "DurationInMinutes": 30}]


@pytest.mark.parametrize(
    ("schedule", "duration", "finding"),
    [
        (scheduler.ScheduleExpression.cron(hour="2", time_zone=cdk.TimeZone.EUROPE_BERLIN), THREE_HOURS,
         "JT601 start_time\n.*\n  given    \"Europe/Berlin\"\n  allowed  a schedule in UTC"),
        (events.Schedule.rate(cdk.Duration.hours(1)), THREE_HOURS, "JT603 start_time\n.*\n  given    \"rate"),
        (scheduler.ScheduleExpression.rate(cdk.Duration.hours(1)), THREE_HOURS, "JT603 start_time\n.*\n  given    \"rate"),
        (scheduler.ScheduleExpression.expression("at(2026-11-20T13:00:00)"), THREE_HOURS, "JT603 start_time"),
        ("cron(0 2 ? * TUE *)", cdk.Duration.seconds(90), "JT602 duration_in_minutes\n.*\n  given    1.5"),
        ("cron(0 2 ? * TUE *)", cdk.Duration.days(1), "JT602 duration_in_minutes\n.*\n  given    1440"),
    ],
)  # fmt: skip
def test_wrong_windows(schedule: Any, duration: cdk.Duration, finding: str) -> None:
    """AWS IoT opens windows by cron expressions in UTC, for less than a day."""
    with pytest.raises(FindingsError, match=f"^error {finding}"):
        Window.scheduled(schedule, duration)


def test_metric_options_are_those_of_the_cdk() -> None:
    """The typed options are the CDK's, but for those that every metric of a job has."""
    theirs = set(inspect.signature(cloudwatch.Metric.__init__).parameters) - {"self"}
    assert set(MetricOptions.__annotations__) == theirs - {"namespace", "metric_name", "dimensions_map"}


def test_misspelt_options(stack: cdk.Stack) -> None:
    """A misspelt option fails where it is written."""
    with pytest.raises(TypeError, match="priod"):
        template(stack).metric_failed(job_id="x", priod=cdk.Duration.minutes(1))  # type: ignore[call-arg]


def test_choices_have_the_types_of_their_limits() -> None:
    """What a type checker allows is what the limit does."""
    for name, choice in vars(limits).items():
        if isinstance(choice, limits.Choice):
            assert choice.values == get_args(getattr(limits, name.title().replace("_", "")))
