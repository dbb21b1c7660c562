"""Advice about the construct's templates: an annotation on each, said once, and acknowledged by its code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match
from aws_cdk.aws_iot import CfnJobTemplate

from iot_jobs import JobDocument, MaintenanceWindow, PresignedUrlConfig
from iot_jobs.cdk import JobTemplate
from tests.test_cdk_plugin import report

OVER_ITSELF = MaintenanceWindow(start_time="cron(0 * ? * MON *)", duration_in_minutes=61)
ROLE = "arn:aws:iam::123456789012:role/presign"
SHORT = PresignedUrlConfig(role_arn=ROLE, expires_in_sec=60)
GIVEN: dict[str, Any] = {"template_name": "reboot", "description": "d", "document": JobDocument.inline({"a": 1})}
SIGNED = GIVEN | {
    "document": JobDocument.inline({"a": "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/images/app.tar}"})
}


def warned(stack: cdk.Stack) -> list[tuple[str, str]]:
    """The ids of the constructs with a warning of a rule, and the texts."""
    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("iot-jobs::JT"))
    return [(one.id, str(one.entry.data)) for one in found]


def synth(stack: cdk.Stack) -> None:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    app.synth()


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs")


def test_an_annotation(stack: cdk.Stack) -> None:
    """A warning of `check` is an annotation of its template, with place, value, limit and fix."""
    JobTemplate(stack, "Reboot", presigned_url=SHORT, **SIGNED)
    JobTemplate(stack, "Other", **GIVEN | {"template_name": "other"})
    assert warned(stack) == [
        (
            "/Jobs/Reboot",
            "presigned_url.expires_in_sec: given 60, allowed 300 seconds or more; a presigned URL is valid for "
            "5 minutes or more; write 3600, AWS's default "
            "[ack: iot-jobs::JT553]",
        )
    ]


def test_what_an_aspect_changes(stack: cdk.Stack) -> None:
    """Advice is about what is emitted, whoever wrote it."""
    resource = JobTemplate(stack, "Reboot", presigned_url=SHORT, **GIVEN).node.default_child
    assert isinstance(resource, CfnJobTemplate)
    resource.add_property_deletion_override("PresignedUrlConfig")
    assert warned(stack) == []
    resource.add_property_override("PresignedUrlConfig", {"RoleArn": ROLE, "ExpiresInSec": 70})
    assert [text.partition(" ")[0] for _, text in warned(stack)] == ["presigned_url.expires_in_sec:", "presigned_url:"]


@pytest.mark.parametrize("early", [True, False])
def test_an_acknowledgment(stack: cdk.Stack, early: bool) -> None:
    """The code acknowledges it on the template and above it."""
    if early:
        cdk.Validations.of(stack).acknowledge(cdk.Acknowledgment(id="iot-jobs::JT553", reason="it deploys"))
    template = JobTemplate(stack, "Reboot", presigned_url=SHORT, **SIGNED)
    if not early:
        cdk.Validations.of(template).acknowledge(cdk.Acknowledgment(id="iot-jobs::JT553", reason="it deploys"))
    assert warned(stack) == []


def test_an_assumed_error(stack: cdk.Stack) -> None:
    """What AWS is only assumed to refuse fails the synth, and not the construct."""
    JobTemplate(stack, "Reboot", maintenance_windows=[OVER_ITSELF], **GIVEN)
    with pytest.raises(
        RuntimeError, match=r"Jobs/Reboot/Resource: error JT604 maintenance_windows\[0\].duration_in_minutes"
    ):
        synth(stack)


@pytest.mark.parametrize("on", ["Jobs/Reboot", "Jobs"])
def test_an_acknowledged_error(tmp_path: Path, on: str) -> None:
    """An assumed error is acknowledged on the template or above it, for the plug-in too."""

    def build(stack: cdk.Stack) -> None:
        template = JobTemplate(stack, "Reboot", maintenance_windows=[OVER_ITSELF], **GIVEN)
        (construct,) = (one for one in (template, stack) if one.node.path == on)
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id="iot-jobs::JT604", reason="it deploys"))

    assert report(tmp_path, build) == (False, [])


def test_an_error_is_not_acknowledged(stack: cdk.Stack) -> None:
    """What AWS refuses fails the synth whatever is acknowledged."""
    resource = JobTemplate(stack, "Reboot", **GIVEN).node.default_child
    assert isinstance(resource, CfnJobTemplate)
    resource.add_property_override("TimeoutConfig", {"InProgressTimeoutInMinutes": 0})
    cdk.Validations.of(stack).acknowledge(cdk.Acknowledgment(id="iot-jobs::JT410", reason="it deploys"))
    with pytest.raises(RuntimeError, match="Jobs/Reboot/Resource: error JT410"):
        synth(stack)


def test_a_tag_is_one_warning(stack: cdk.Stack) -> None:
    """A tag that would replace all templates isn't advice on each of them."""
    JobTemplate(stack, "Reboot", tags={"commit": "0123abc"}, **GIVEN)
    assert warned(stack) == []
    Annotations.from_stack(stack).has_warning("/Jobs", Match.string_like_regexp("the tag commit replaces"))


def test_once_beside_the_plug_in(tmp_path: Path) -> None:
    """The plug-in leaves it to the construct, and warns of templates that are made otherwise."""

    def build(stack: cdk.Stack) -> None:
        JobTemplate(stack, "Reboot", presigned_url=SHORT, **SIGNED)
        CfnJobTemplate(
            stack,
            "Raw",
            job_template_id="raw-1",
            description="d",
            document=SIGNED["document"].text,
            presigned_url_config={"RoleArn": ROLE, "ExpiresInSec": 60},
        )

    refused, violations = report(tmp_path, build)
    assert not refused
    assert [
        (one["ruleName"], one["violatingConstructs"][0]["constructPath"])
        for one in violations
        if one["ruleName"].startswith("JT")
    ] == [("JT553", "Jobs/Raw")]
