"""A local AWS's verdict: ministack, which answers as AWS was measured to, asked as a user would ask.

It knows rules that no schema states (combinations of documents, abort criteria), and leaves to the client what the
schemas say. Its UpdateJob checks rollout, presigned URLs and retries, which its CreateJobTemplate and CreateJob don't.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tools.local_aws import LocalAws

STACK_WITHIN_SECONDS = 60.0
MAX_TEMPLATE_BYTES = 51_200
"""What CloudFormation takes as an inline template."""

_UPDATABLE = (
    "description",
    "presignedUrlConfig",
    "jobExecutionsRolloutConfig",
    "abortConfig",
    "timeoutConfig",
    "jobExecutionsRetryConfig",
)
# The request is fine, and what it names is not here: a bucket, a job, the partition of China.
_NOT_THERE = re.compile(r"(not|cannot be) found|\.amazonaws\.com\.cn/\S* is invalid")


class LocalIot:
    """A running local AWS, asked through boto3. None is "yes", a text is why not."""

    def __init__(self, aws: LocalAws) -> None:
        """Make the clients; nothing is asked yet."""
        config = Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"})
        session = boto3.Session(aws_access_key_id=aws.account, aws_secret_access_key="test", region_name=aws.region)
        make = {"endpoint_url": aws.endpoint_url, "config": config}
        self._iot = session.client("iot", **make)
        self._s3 = session.client("s3", **make)
        self._cloudformation = session.client("cloudformation", **make)
        self._stacks = 0

    def close(self) -> None:
        """Close the connections."""
        for client in (self._iot, self._s3, self._cloudformation):
            client.close()

    def put_object(self, bucket: str, key: str, text: str) -> None:
        """An object for document sources; the bucket is made with it."""
        self._s3.create_bucket(Bucket=bucket)
        self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode())

    def put_things(self, *things: str, group: str) -> None:
        """Things, and a group for jobs to target."""
        self._iot.create_thing_group(thingGroupName=group)
        for thing in things:
            self._iot.create_thing(thingName=thing)

    def put_job(self, job_id: str, target: str) -> None:
        """A job to copy."""
        self._iot.create_job(jobId=job_id, targets=[target], document="{}")

    def create_job_template(self, request: Mapping[str, Any]) -> str | None:
        """CreateJobTemplate. What was made is deleted again."""
        refusal = self._ask(self._iot.create_job_template, request)
        if refusal is None:
            self._ask(self._iot.delete_job_template, {"jobTemplateId": request["jobTemplateId"]})
        return refusal

    def create_job(self, request: Mapping[str, Any]) -> str | None:
        """CreateJob. What was made is deleted again."""
        refusal = self._ask(self._iot.create_job, request)
        if refusal is None:
            self._ask(self._iot.delete_job, {"jobId": request["jobId"], "force": True})
        return refusal

    def update_job(self, request: Mapping[str, Any]) -> str | None:
        """UpdateJob, of a job that doesn't exist, with the blocks that it shares with the two others."""
        blocks = {name: request[name] for name in _UPDATABLE if request.get(name) is not None}
        return self._ask(self._iot.update_job, {"jobId": "nowhere", **blocks}) if blocks else None

    def create_stack(self, resources: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """The job templates that CloudFormation does not create, each with its reason. The stack is deleted again."""
        self._stacks += 1
        name = f"stack{self._stacks}"
        body = json.dumps(
            {
                "Resources": {
                    key: {"Type": "AWS::IoT::JobTemplate", "Properties": given} for key, given in resources.items()
                }
            }
        )
        try:
            self._cloudformation.create_stack(StackName=name, TemplateBody=body)
        except (ClientError, BotoCoreError) as error:
            return dict.fromkeys(resources, str(error))
        status = self._settled(name)
        failed = {}
        if status != "CREATE_COMPLETE":
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
            for event in (event for page in pages for event in page["StackEvents"]):
                reason = event.get("ResourceStatusReason", "")
                if event["ResourceStatus"] == "CREATE_FAILED" and event["LogicalResourceId"] in resources:
                    failed[event["LogicalResourceId"]] = reason
            failed = {key: reason for key, reason in failed.items() if not _NOT_THERE.search(reason)}
        self._cloudformation.delete_stack(StackName=name)
        return failed

    def created(self, template: str, parameters: Mapping[str, str]) -> dict[str, Any] | str:
        """The job template that CloudFormation creates from a template with one, as it is described; else why not.

        It is empty if its condition doesn't hold. The stack is deleted again.
        """
        self._stacks += 1
        name = f"stack{self._stacks}"
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        try:
            self._cloudformation.create_stack(StackName=name, TemplateBody=template, Parameters=given)
        except (ClientError, BotoCoreError) as error:
            return str(error)
        if self._settled(name) == "CREATE_COMPLETE":
            resources = self._cloudformation.describe_stack_resources(StackName=name)["StackResources"]
            found: dict[str, Any] | str = {}
            for resource in resources:
                found = self._iot.describe_job_template(jobTemplateId=resource["PhysicalResourceId"])
        else:
            events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
            found = "; ".join(event.get("ResourceStatusReason", "") for event in events)
        self._cloudformation.delete_stack(StackName=name)
        return found

    def _settled(self, name: str) -> str:
        deadline = time.monotonic() + STACK_WITHIN_SECONDS
        while time.monotonic() < deadline:
            status: str = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.02)
        raise TimeoutError(f"{name} is not settled after {STACK_WITHIN_SECONDS} s")

    def _ask(self, operation: Any, request: Mapping[str, Any]) -> str | None:
        try:
            operation(**request)
        except ClientError as error:
            message: str = error.response["Error"]["Message"]
            return None if _NOT_THERE.search(message) else message
        except (BotoCoreError, TypeError, UnicodeError) as error:
            return f"{type(error).__name__}: {error}"
        return None
