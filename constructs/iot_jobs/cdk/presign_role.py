"""The role that AWS IoT assumes to sign URLs: if none is given, one for exactly what the document names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from iot_jobs import PresignedUrlConfig
from iot_jobs.cdk.durations import amount
from iot_jobs.cdk.placeholder import named_bucket
from iot_jobs.finding import FindingsError
from iot_jobs.identity import emitted_digest
from iot_jobs.limits import DEFAULT_EXPIRES_IN_SEC, EXPIRES_IN_SEC
from iot_jobs.presign import ObjectAccess
from iot_jobs.unresolved import holds_token

_WILDCARD_RULE = "AwsSolutions::AwsSolutions-IAM5"
"""The rule of cdk-nag that every * in a resource breaks."""
_WILDCARD = "AWS IoT fills the placeholders in an upload's key, for each thing, job and attempt; ${*} is no wildcard"

_ANOTHER_ACCOUNT = (
    "the bucket {bucket} is in account {owner}: its policy, and that of its key, must allow the presign role of "
    "account {account} to access what the document's placeholders name, because the role's own policy is not enough"
)


@dataclass(frozen=True, kw_only=True)
class PresignedUrl:
    """The signing of presigned URLs, with a role as an object instead of an ARN."""

    role: iam.IRole | None = None
    """The role that AWS IoT assumes to sign; it must trust `iot.amazonaws.com`. None: the construct creates one."""
    expires_in: cdk.Duration | None = None
    """How long a URL is valid after the device requests the document, 60 to 3600 s. None: `expires_in_sec`."""
    expires_in_sec: int | None = None
    """The same in seconds, as in `PresignedUrlConfig`. If both are None: 3600."""

    def values(self) -> dict[str, Any]:
        """Return the block for `PresignedUrlConfig`. Raises `FindingsError` if the lifetime is given twice."""
        role_arn = None if self.role is None else self.role.role_arn
        loc, seconds = ("presigned_url", "expires_in"), self.expires_in_sec
        if self.expires_in is not None:
            if seconds is not None:
                finding = EXPIRES_IN_SEC.finding(
                    loc=loc, given=seconds, allowed="one lifetime", fix="remove one of the two"
                )
                raise FindingsError([finding])
            seconds = amount(self.expires_in, "seconds", EXPIRES_IN_SEC, loc)
        return {"role_arn": role_arn, "expires_in_sec": DEFAULT_EXPIRES_IN_SEC if seconds is None else seconds}


def as_written(presigned_url: PresignedUrlConfig | PresignedUrl | None) -> Any:
    """Return the block with the role as its ARN; a mapping if the role may still be missing."""
    return presigned_url.values() if isinstance(presigned_url, PresignedUrl) else presigned_url


def presign_role(scope: Construct, stack: cdk.Stack, access: Iterable[ObjectAccess], *, keep: bool) -> iam.CfnRole:
    """Create a role with this access, which AWS IoT may assume for this account and region only.

    Its logical id depends on its permissions, so a document that names other objects gets another role, and the
    template another id. Until the new template exists nothing changes for the old one, and with `keep` the old role
    stays for the templates and jobs that still use it.

    The role may use the KMS key of a bucket that is in the app before it.

    Assumed: AWS IoT sends a source ARN in the account and region, but not yet that of a job
    (https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html).
    """
    access = sorted(access)
    named: Any = [[one.action, one.bucket, one.key] for one in access]
    keys = _keys(scope, stack, access)
    content: dict[str, Any] = {"objects": named} | ({"keys": [list(one) for one in keys]} if keys else {})
    if keys or any(holds_token(text) for one in named for text in one):
        content = stack.resolve(content)
    partition, source = stack.partition, stack.format_arn(
        service="iot", resource="*", arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
    )  # fmt: skip
    statements = []
    for action, group in groupby(access, key=lambda one: one.action):
        resources = [f"arn:{partition}:s3:::{one.bucket}/{one.key}" for one in group]
        statements.append(
            {"Effect": "Allow", "Action": action, "Resource": resources if len(resources) > 1 else resources[0]}
        )
    statements += [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in keys]
    role = iam.CfnRole(
        scope,
        f"PresignRole{emitted_digest(content)}",
        description="AWS IoT signs the URLs of a job document with it",
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "iot.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": stack.account},
                        "ArnLike": {"aws:SourceArn": source},
                    },
                }
            ],
        },
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name="Objects", policy_document={"Version": "2012-10-17", "Statement": statements}
            )
        ],
    )
    wild = [one for one in access if "*" in one.key]
    if wild:
        named = stack.resolve([f"arn:{partition}:s3:::{one.bucket}/{one.key}" for one in wild])
        # The CDK takes no braces in the id of an acknowledgment.
        ids = [f"{_WILDCARD_RULE}[Resource::{flat}]" for flat in map(_flat, named) if not {*"{}"} & {*flat}]
        cdk.Validations.of(role).acknowledge(*(cdk.Acknowledgment(id=one, reason=_WILDCARD) for one in ids))
    if keep:
        role.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    return role


def _keys(scope: Construct, stack: cdk.Stack, access: Iterable[ObjectAccess]) -> list[tuple[str, str]]:
    """Return actions and ARNs of the keys that encrypt the objects of buckets in the app.

    The policies of keys and buckets are not changed, as `grant_read` doesn't change those of imported buckets. In the
    same account the role's own policy is enough; for another one a warning says what its owner must allow.
    """
    keys: dict[tuple[str, str], None] = {}
    for one in access:
        bucket = named_bucket(scope, one.bucket)
        if bucket is None:
            continue
        key = bucket.encryption_key
        if key is not None:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
            keys["kms:GenerateDataKey" if one.action == "s3:PutObject" else "kms:Decrypt", key.key_arn] = None
        owner, account = bucket.env.account, stack.account
        if owner != account and not holds_token(owner) and not holds_token(account):
            text = _ANOTHER_ACCOUNT.format(bucket=bucket.node.path, owner=owner, account=account)
            cdk.Annotations.of(scope).add_warning_v2("iot-jobs:bucket-of-another-account", text)
    return list(keys)


def _flat(value: Any) -> str:
    """Return a resolved text as cdk-nag names it: values that only CloudFormation knows in angle brackets."""
    if isinstance(value, str):
        return value.replace("${", "<").replace("}", ">")
    (function, argument), *_ = value.items()
    if function == "Fn::Join":
        return "".join(map(_flat, argument[1]))
    return f"<{argument if isinstance(argument, str) else '.'.join(argument)}>"
