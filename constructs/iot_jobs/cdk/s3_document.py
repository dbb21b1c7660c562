"""`S3Document`: a job document that AWS IoT reads from S3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct, IDependable

from iot_jobs import JobDocument, documents
from iot_jobs.cdk.placeholder import object_url
from iot_jobs.finding import FindingsError
from iot_jobs.presign import encoded, only


@dataclass(frozen=True)
class Located:
    """The https URL of a document, and the permissions that reading it requires: action and ARN."""

    url: str
    objects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class S3Document:
    """A document in S3, for `document=` of `JobTemplate` instead of a `JobDocument`.

    AWS IoT reads the object when the template is created and (assumed) again for each job, with the caller's
    permissions. CloudFormation's role needs `s3:GetObject` on it (the CDK's bootstrap grants this), and so does whoever
    creates jobs (`grant_create_job` grants this).
    """

    document: JobDocument | None = None
    """The content of the object. None: unknown."""
    path: str | None = None
    bucket: s3.IBucket | None = None
    key: str = ""
    version: str | None = None
    uploaded_by: IDependable | None = None

    @classmethod
    def from_asset(
        cls, path: str | PathLike[str], *, document_schema: str | Mapping[str, Any] | None = None
    ) -> S3Document:
        """A file that the CDK uploads before it deploys, named by the digest of its content. Layout doesn't matter.

        The same rules apply as to a document in the template, such as the limit of 32,768 bytes. `document_schema` is a
        built-in schema such as `device-client`, or your own JSON Schema. Raises `FindingsError` with all errors in it.
        """
        document = JobDocument.from_file(path)
        checked = document_schema is not None and document.readable
        problems = documents.problems(document.value, document_schema) if checked else ()
        if errors := [one for one in problems if one.severity == "error"]:
            raise FindingsError(errors)
        return cls(document=document, path=fspath(path))

    @classmethod
    def from_bucket(
        cls, bucket: s3.IBucket, key: str, version: str | None = None, *, uploaded_by: IDependable | None = None
    ) -> S3Document:
        """An object in a bucket. Its content isn't checked.

        Args:
            bucket: The bucket.
            key: The object's key as it is in S3.
            version: Its version id, which is part of the URL and so of the template's id. None: the newest when the
                template is created; new content under the same key then changes nothing, and a warning says so.
            uploaded_by: The construct that uploads the object, such as a `BucketDeployment`; the template waits for it.
        """
        return cls(bucket=bucket, key=key, version=version, uploaded_by=uploaded_by)

    def locate(self, scope: Construct) -> Located:
        """Return the location. An asset becomes a child of the scope."""
        if self.bucket is not None:
            # Assumed: a document source may name a version, as an object's URL does.
            version = "" if self.version is None else f"?versionId={encoded(self.version)}"
            actions = ("s3:GetObject",) if self.version is None else ("s3:GetObject", "s3:GetObjectVersion")
            arn = self.bucket.arn_for_objects(only(self.key))
            return Located(object_url(self.bucket, encoded(self.key)) + version, tuple((one, arn) for one in actions))
        assert self.document is not None  # noqa: S101  # both class methods ensure it
        assert self.path is not None  # noqa: S101
        # From the canonical text: a file with only a new layout is the same document.
        digest = hashlib.sha256(self.document.text.encode()).hexdigest()
        asset = s3_assets.Asset(
            scope, "Document", path=self.path, asset_hash=digest, asset_hash_type=cdk.AssetHashType.CUSTOM
        )
        return Located(asset.http_url, (("s3:GetObject", asset.bucket.arn_for_objects(asset.s3_object_key)),))
