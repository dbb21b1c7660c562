"""`Placeholder`: placeholders for a job document, built from the constructs that they name."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from iot_jobs.documents.placeholders import PRESIGNED_URL
from iot_jobs.finding import FindingsError
from iot_jobs.presign import encoded
from iot_jobs.unresolved import holds_token

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_KEY_BYTES = 1024

_BUCKETS: WeakKeyDictionary[IConstruct, dict[str, s3.IBucket | None]] = WeakKeyDictionary()
"""The buckets that placeholders name, by name, for each app; None if the app has none of this name.

A placeholder itself is text, and has no KMS key.
"""


class Placeholder:
    """Placeholders that AWS IoT fills in when a device requests the document. Each is text for a value in it.

    The bucket may be created by the same stack: the text then holds CDK tokens, and so does the document.
    """

    @staticmethod
    def presigned_download(bucket: s3.IBucket, key: str, version: str | None = None) -> str:
        """A URL for a device to download an object, in the v2 form.

        Args:
            bucket: Where the object is.
            key: The object's key as it is in S3; it is percent-encoded here, except for tokens.
            version: The object's version id. None: the newest when the device requests it.

        Raises:
            FindingsError: The key is empty, too long, or begins with a slash.
        """
        # Assumed: the mark and its equals sign are encoded too, as in AWS's guide.
        end = "" if version is None else f"%3FversionId%3D{encoded(version)}"
        return f"${{aws:iot:s3-presigned-url-v2:{object_url(_remembered(bucket), encoded(_checked(key)))}{end}}}"

    @staticmethod
    def presigned_upload(bucket: s3.IBucket, key: str) -> str:
        """A URL for a device to upload an object.

        Args:
            bucket: Where the object goes. It must be in the job's own region.
            key: The object's key, with `${thingName}`, `${jobId}` and `${executionNumber}` at most twice each.

        Raises:
            FindingsError: The key is empty, too long, or begins with a slash.
        """
        return f"${{aws:iot:s3-presigned-url-upload:{object_url(_remembered(bucket), _checked(key))}}}"


def named_bucket(scope: IConstruct, name: str) -> s3.IBucket | None:
    """Return the bucket of this name, if the app has it so far: made or imported, or named with `Placeholder`."""
    buckets = _BUCKETS.setdefault(scope.node.root, {})
    if name not in buckets:
        buckets |= dict(_in_tree(scope.node.root))
    return buckets.setdefault(name)


def _in_tree(root: IConstruct) -> Iterator[tuple[str, s3.IBucket]]:
    """Yield the buckets of an app by their names: those that it made have a token, and may have a name of their own."""
    for construct in root.node.find_all():
        if isinstance(construct, s3.BucketBase):
            yield construct.bucket_name, construct
            made = construct.node.default_child
            if isinstance(made, s3.CfnBucket) and made.bucket_name is not None:
                yield made.bucket_name, construct


def _remembered(bucket: s3.IBucket) -> s3.IBucket:
    _BUCKETS.setdefault(bucket.node.root, {})[bucket.bucket_name] = bucket
    return bucket


def object_url(bucket: s3.IBucket, key: str) -> str:
    """An object's https URL in path style, which also fits buckets with dots. The key must be encoded already."""
    region = bucket.env.region
    return f"https://s3.{region}.{_url_suffix(bucket, region)}/{bucket.bucket_name}/{key}"


def _url_suffix(bucket: s3.IBucket, region: str) -> str:
    """Return the end of a host name in the region's partition, written out where the region is known."""
    if holds_token(region) or "-iso" in region:
        return cdk.Stack.of(bucket).url_suffix
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _checked(key: str) -> str:
    if not holds_token(key) and (not key or key.startswith("/") or len(key.encode()) > _MAX_KEY_BYTES):
        finding = PRESIGNED_URL.finding(
            loc=("key",),
            given=key,
            allowed=f"an object's key of 1 to {_MAX_KEY_BYTES} bytes, without a leading /",
            fix="write the key as it is in S3, not percent-encoded",
        )
        raise FindingsError([finding])
    return key
