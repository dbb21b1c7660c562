"""Template ids, derived from all that makes a template what it is, and the names for looking a template up.

Every property of `AWS::IoT::JobTemplate` is create-only, and a replacement is created before the old one is deleted, so
each edit needs a new id. Ids are derived from the emitted properties: same input, same id, on every machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from iot_jobs.limits import TEMPLATE_NAME

DIGEST_LENGTH = 10
"""Characters of a digest: 50 bits, so that two of a thousand templates collide with a chance of one in two billion."""

METADATA = "iot-jobs"
"""The construct's key in a resource's Metadata. Metadata can change without replacing the resource."""
PARAMETER_PREFIX = "/iot-jobs"
"""The default prefix of the name of the parameter that holds a template's current ARN."""

_ID = "JobTemplateId"


def emitted_digest(properties: Mapping[str, Any], behind: Mapping[str, Any] | None = None) -> str:
    """Return a digest of all properties except the id, and of what is known `behind` the references in them.

    The properties are those that CloudFormation receives, with values known only at deployment as intrinsic functions.
    They must hold no unresolved CDK token, because its text changes with each synthesis (aws/aws-cdk#38674).
    """
    emitted = {key: value for key, value in properties.items() if key != _ID}
    return _digest([emitted, behind] if behind else emitted)


def content_digest(properties: Mapping[str, Any]) -> str:
    """Return a digest of what a job does: all properties except the id and the tags, which say where and whose it is.

    It is the same in every environment whose template does the same.
    """
    return emitted_digest({key: value for key, value in properties.items() if key != "Tags"})


def job_template_id(template_name: str, emitted: str, *, stack_name: str, logical_id: str) -> str:
    """Return `<template_name>-<digest>`, at most 64 characters; `emitted` is the digest of the emitted properties.

    The digest also covers stack and logical id, so that neither two stacks of one account nor a construct that was
    moved within its stack ask for an id that is still in use. A long name is truncated; the digest covers the whole
    name, and so keeps truncated names apart.
    """
    digest = _digest([template_name, stack_name, logical_id, emitted])
    return f"{template_name[: TEMPLATE_NAME.maximum - DIGEST_LENGTH - 1]}-{digest}"


def parameter_name(environment: str, template_name: str, *, prefix: str = PARAMETER_PREFIX) -> str:
    """Return the name of the SSM parameter that holds a template's current ARN."""
    return f"{prefix}/{environment}/{template_name}"


def template_name_of(job_template_id: str) -> str:
    """Return the name in an id that `job_template_id` made; any other id unchanged."""
    name, _, digest = job_template_id.rpartition("-")
    return name if name and len(digest) == DIGEST_LENGTH and set(digest) <= _ALPHABET else job_template_id


_ALPHABET = set("abcdefghijklmnopqrstuvwxyz234567")


def _digest(value: object) -> str:
    text = json.dumps(_whole(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().lower()[:DIGEST_LENGTH]


def _whole(value: Any) -> Any:
    """Return the value with whole numbers as integers, because 2.0 and 2 are emitted alike."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value
