"""Errors of constructs: each says which construct it is about."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from constructs import Construct

from iot_jobs import FindingsError, JobDocument, TimeoutConfig
from iot_jobs.cdk import JobTemplate


def template(scope: Construct, id: str, **options: Any) -> JobTemplate:
    """A template with as little as possible."""
    given: dict[str, Any] = {"template_name": "reboot", "description": "d", "document": JobDocument.inline({"a": 1})}
    return JobTemplate(scope, id, **given | options)


def test_one_of_a_loop() -> None:
    """Of templates that are created in a loop, the text names those that are wrong, one line for each finding."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    texts = []
    for number, description in enumerate(("Reboot", "", "Reboot", "two\nlines")):
        try:
            template(
                stack,
                f"T{number}",
                template_name=f"t.{number}" if number == 3 else f"t{number}",
                description=description,
            )
        except FindingsError as error:
            texts.append([line for line in str(error).splitlines() if not line.startswith(" ")])
    assert texts == [
        ["Jobs/T1: error JT102 description"],
        ["Jobs/T3: error JT101 template_name", "Jobs/T3: error JT102 description"],
    ]


def test_whole_text() -> None:
    """The construct's path is printed where a file and its line would be; the rest of the finding is the same as elsewhere."""
    stack = cdk.Stack(cdk.Stage(cdk.App(), "Prod"), "Jobs")
    with pytest.raises(FindingsError) as raised:
        template(Construct(stack, "Fleet"), "Reboot", job_template_id="has.dot")
    (finding,) = raised.value.findings
    assert (raised.value.where, finding.code, finding.path) == ("Prod/Jobs/Fleet/Reboot", "JT101", "job_template_id")
    assert str(raised.value) == f"Prod/Jobs/Fleet/Reboot: {finding}"
    assert stack.node.find_child("Fleet").node.children == []


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"document": None}, "JT105 document"),
        ({"job_template_id": "has.dot"}, "JT101 job_template_id"),
        ({"environment": "a b"}, "JT901 environment"),
        ({}, "JT905 template_name"),
    ],
)
def test_all_errors_of_a_template(options: dict[str, Any], finding: str) -> None:
    """Whatever is wrong, values of the spec or what only the construct knows, the template is named."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    template(stack, "First")
    with pytest.raises(FindingsError, match=f"^Jobs/Second: error {finding}\n"):
        template(stack, "Second", **options)


def test_grants() -> None:
    """Wrong targets of a grant name the template that was to be granted."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    imported = JobTemplate.from_managed_template(stack, "Managed", "AWS-Reboot")
    for granted, path in ((template(stack, "Reboot"), "Jobs/Reboot"), (imported, "Jobs/Managed")):
        with pytest.raises(FindingsError, match=rf"^{path}: error JT\d+ targets\[1\]\n"):
            granted.grant_create_job(role, targets=["arn:aws:iot:eu-west-1:123456789012:thing/a", "b"])


def test_errors_of_parts() -> None:
    """A part that is wrong by itself is no construct, and names none."""
    with pytest.raises(FindingsError) as raised:
        TimeoutConfig(in_progress_timeout_in_minutes=0)
    assert raised.value.where is None
    assert str(raised.value).startswith("error JT410 in_progress_timeout_in_minutes\n")
