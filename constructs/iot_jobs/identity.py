"""Ids that move with a template's content, and only with it; and the names under which a template is found again.

Every property of `AWS::IoT::JobTemplate` is create-only, and a replacement is created before the old one is deleted, so
that any edit needs another id. These are derived from what is emitted: same input, same id, on every machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from iot_jobs.limits import TEMPLATE_NAME

DIGEST_LENGTH = 10
"""Characters of a digest: 50 bits, so that two of a thousand templates meet with a chance of one in two billion."""

METADATA = "iot-jobs"
"""The key of what the construct writes into a resource's Metadata, which replaces nothing."""
PARAMETER_PREFIX = "/iot-jobs"
"""What the name of the parameter with a template's current ARN begins with, where nothing else is asked for."""

_ID = "JobTemplateId"


def emitted_digest(properties: Mapping[str, Any]) -> str:
    """A digest of all properties less the id.

    Properties are those that CloudFormation gets, with what only it will know as intrinsic functions. A CDK token that
    isn't resolved yet must not be among them, because its text changes from synth to synth (aws/aws-cdk#38674).
    """
    return _digest({key: value for key, value in properties.items() if key != _ID})


def content_digest(properties: Mapping[str, Any]) -> str:
    """A digest of what a job does: less the id and the tags, which say where it is and whose.

    It is the same in every environment whose template does the same.
    """
    return emitted_digest({key: value for key, value in properties.items() if key != "Tags"})


def job_template_id(template_name: str, emitted: str, *, stack_name: str, logical_id: str) -> str:
    """`<template_name>-<digest>`, at most 64 characters; `emitted` is the digest of what is emitted.

    The digest is taken over that, and over stack and logical id, so that neither two stacks of one account nor
    a construct that was moved within its stack ever ask for an id that is still in use. A long name is cut, and told
    apart by the digest, which has seen it whole.
    """
    digest = _digest([template_name, stack_name, logical_id, emitted])
    return f"{template_name[: TEMPLATE_NAME.maximum - DIGEST_LENGTH - 1]}-{digest}"


def parameter_name(environment: str, template_name: str, *, prefix: str = PARAMETER_PREFIX) -> str:
    """The name of the SSM parameter that holds a template's current ARN."""
    return f"{prefix}/{environment}/{template_name}"


def template_name_of(job_template_id: str) -> str:
    """The name in an id that `job_template_id` made; any other id as it is."""
    name, _, digest = job_template_id.rpartition("-")
    return name if name and len(digest) == DIGEST_LENGTH and set(digest) <= _ALPHABET else job_template_id


_ALPHABET = set("abcdefghijklmnopqrstuvwxyz234567")


def _digest(value: object) -> str:
    text = json.dumps(_whole(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().lower()[:DIGEST_LENGTH]


def _whole(value: Any) -> Any:
    """The value with whole numbers as integers: 2.0 and 2 are emitted alike."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value
