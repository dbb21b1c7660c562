"""Files, resources and answers that several tests read, and the reports of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iot_jobs.check import Report, check
from iot_jobs.sources import read_paths

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENT = '{"operation": "reboot.sh"}'
GROUP = "arn:aws:iot:eu-west-1:123456789012:thinggroup/boards"
TEMPLATE: dict[str, Any] = {"JobTemplateId": "reboot-1", "Description": "Reboot a board", "Document": DOCUMENT}
JOB: dict[str, Any] = {"JobId": "reboot-1", "Targets": [GROUP], "Document": DOCUMENT}

UNKNOWN = "neither a CloudFormation template, an environment, properties nor a job document"
UNREADABLE = "not readable as JSON or YAML, and doesn't mention job templates"
ELSEWHERE = "looks like {}, but is in no application (stacks/, job_documents/)"
NOT_NAMED = "templates.reboot: its family was not given as a PATH"
DESCRIBE = "check the output of describe-job or describe-job-template"
A_LIST = f"a list of jobs or job templates without their content: {DESCRIBE}"
NO_JOBS = "a CloudFormation template without job templates and jobs"
UNKNOWN_LOOP = "a loop over what is known only at deployment"

Files = dict[str, Any]
Seen = list[tuple[str, str, str]]


def not_installed(library: str, extra: str) -> str:
    """The error about a library that an extra would have brought."""
    return (
        f"{library} is not installed; install iot-jobs with its extra [{extra}]: pip install '.[{extra}]' in a checkout, "
        f"or pip install '<wheel>[{extra}]'"
    )


def write(root: Path, files: Files) -> None:
    """Files below a folder: text and bytes as they are, all else as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def report(*names: str) -> Report:
    """What this tool finds of its own accord, without AWS's validator."""
    return check(read_paths([Path(name) for name in names]), now=NOW, only_jobs=True)


def seen(one: Report) -> Seen:
    return [(str(finding.place), finding.code, finding.path) for finding in one.findings]


def skipped(one: Report) -> list[tuple[str, str]]:
    return [(skip.file, skip.reason) for skip in one.skipped]


def stack(**resources: dict[str, Any]) -> dict[str, Any]:
    kinds = {name: "AWS::IoT::Job" if "Targets" in one else "AWS::IoT::JobTemplate" for name, one in resources.items()}
    return {"Resources": {name: {"Type": kinds[name], "Properties": one} for name, one in resources.items()}}


YAML_STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Minutes: {Type: Number}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Reboot:
    Type: AWS::IoT::JobTemplate
    DependsOn: Bucket
    Properties:
      JobTemplateId: !Sub "reboot-${AWS::Region}"
      Description: Reboot a board
      DocumentSource: !GetAtt Bucket.DomainName
      TimeoutConfig:
        InProgressTimeoutInMinutes: 0
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3}}
Resources:
  Hello: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}
  Reboot:
    Type: AWS::IoT::JobTemplate
    Metadata: {SamResourceId: Reboot}
    Properties: {JobTemplateId: !Ref Name, Description: Reboot, DocumentSource: !Ref Url,
                 TimeoutConfig: {InProgressTimeoutInMinutes: 0}}
"""
DESCRIBED_TEMPLATE: dict[str, Any] = {
    "jobTemplateArn": "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot",
    "jobTemplateId": "reboot",
    "description": "Reboot a board",
    "documentSource": None,
    "document": DOCUMENT,
    "createdAt": 1767225600.0,
    "presignedUrlConfig": None,
    "jobExecutionsRolloutConfig": {"maximumPerMinute": 10, "exponentialRate": None},
    "abortConfig": None,
    "timeoutConfig": {"inProgressTimeoutInMinutes": 0},
    "jobExecutionsRetryConfig": None,
    "destinationPackageVersions": None,
    "maintenanceWindows": None,
}
DESCRIBED_JOB: dict[str, Any] = {
    "job": {
        "jobArn": "arn:aws:iot:eu-west-1:123456789012:job/reboot-1",
        "jobId": "reboot-1",
        "targetSelection": "SNAPSHOT",
        "status": "COMPLETED",
        "forceCanceled": None,
        "comment": "done",
        "targets": [GROUP],
        "description": "Reboot a board",
        "jobTemplateArn": "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot",
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 10},
        "createdAt": 1767225600.0,
        "lastUpdatedAt": 1767225600.0,
        "completedAt": None,
        "jobProcessDetails": {"numberOfSucceededThings": 3, "processingTargets": None},
        "timeoutConfig": {"inProgressTimeoutInMinutes": 0},
        "isConcurrent": True,
    }
}


def camel(value: Any) -> Any:
    """Properties in the API's spelling."""
    if isinstance(value, dict):
        return {key if key in ("Key", "Value") else key[0].lower() + key[1:]: camel(one) for key, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value


def where(text: str, word: str) -> str:
    """Line and column of a word that is once in a text."""
    before, _, after = text.partition(word)
    assert word not in after
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def lines(properties: dict[str, Any], indent: str = "") -> str:
    return "".join(f"{indent}{key}: {json.dumps(value)}\n" for key, value in properties.items())


WRONG = {"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}
BOTH = TEMPLATE | WRONG
TIMEOUT, API_TIMEOUT = "TimeoutConfig.InProgressTimeoutInMinutes", "timeoutConfig.inProgressTimeoutInMinutes"


ENVIRONMENT = """\
name: test
account: "123456789012"
region: eu-west-1
fleet: {things: 1000}
tags: {team: fleet}
templates:
  reboot:
    timeout: {in_progress_timeout_in_minutes: 0}
"""
FAMILY = """\
description: Reboot a board
document: reboot.json
timeout:
  in_progress_timeout_in_minutes: 10
rollout: {maximum_per_minute: 0}
"""
APPLICATION: Files = {
    "stacks/environments/test.yaml": ENVIRONMENT,
    "stacks/templates/reboot.yaml": FAMILY,
    "job_documents/reboot.json": '{\n "operation": "a.sh",\n "args": ["http://a"]\n}',
}


# What is found in a folder and what is named: codes, how many are checked, reasons for skipping.
Outcome = tuple[list[str], int, list[str]]


def outcome(one: Report) -> Outcome:
    return [finding.code for finding in one.findings], one.checked, [skip.reason for skip in one.skipped]
