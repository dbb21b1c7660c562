"""`JobTemplate`: a checked `AWS::IoT::JobTemplate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk.aws_iot import CfnJobTemplate
from aws_cdk.interfaces.aws_iot import IJobTemplateRef, JobTemplateReference
from constructs import Construct

from iot_jobs import (
    AbortConfig,
    JobDocument,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RetryConfig,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.cloudformation import properties
from iot_jobs.limits import DEFAULT_EXPIRES_IN_SEC
from iot_jobs.unresolved import known


@dataclass(frozen=True, kw_only=True)
class PresignedUrl:
    """How presigned URLs are signed, with a role as an object instead of an ARN."""

    role: iam.IRole
    """The role that AWS IoT assumes to sign; it must trust `iot.amazonaws.com`."""
    expires_in_sec: int = DEFAULT_EXPIRES_IN_SEC
    """Seconds that a URL lives from when the device asks for the document, 60 to 3600."""


@jsii.implements(IJobTemplateRef)
class _ImportedJobTemplate(cdk.Resource):
    """A job template that exists already. Jobs can be created from it; nothing of it can be changed here."""

    def __init__(self, scope: Construct, id: str, *, arn: str) -> None:
        super().__init__(scope, id, environment_from_arn=arn)
        self._arn = arn

    @property
    def job_template_arn(self) -> str:
        """The template's ARN."""
        return self._arn

    @property
    def job_template_id(self) -> str:
        """The template's id: the last part of the ARN."""
        parts = cdk.Stack.of(self).split_arn(self._arn, cdk.ArnFormat.SLASH_RESOURCE_NAME)
        return str(parts.resource_name)

    @property
    def job_template_ref(self) -> JobTemplateReference:
        """A reference for other constructs."""
        return JobTemplateReference(job_template_arn=self.job_template_arn, job_template_id=self.job_template_id)


@jsii.implements(IJobTemplateRef)
class JobTemplate(cdk.Resource):
    """A job template, checked before anything is synthesized.

    Values are those of `iot_jobs.JobTemplateSpec`. Wrong ones raise `iot_jobs.FindingsError` (a `ValueError`) that
    lists every finding. A value that holds a CDK token passes unchecked. Every property of a template is create-only:
    a change replaces the resource, and a replacement needs another `template_name`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        template_name: str,
        description: str,
        document: JobDocument | None = None,
        document_source: str | None = None,
        job_arn: str | None = None,
        rollout: RolloutConfig | None = None,
        abort: AbortConfig | None = None,
        retry: RetryConfig | None = None,
        timeout: TimeoutConfig | None = None,
        presigned_url: PresignedUrlConfig | PresignedUrl | None = None,
        maintenance_windows: Sequence[MaintenanceWindow] = (),
        destination_package_versions: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Check the values and create the template.

        Args:
            scope: The construct that it belongs to.
            id: Its name within the scope.
            template_name: The template's id in AWS: 1 to 64 letters, digits, `_` and `-`.
            description: 1 to 2028 printable characters on one line.
            document: What devices are told to do: JSON of at most 32,768 bytes with at most 10 placeholders.
            document_source: The https URL of an S3 object, in place of `document`.
            job_arn: An existing job to copy; what else is given here replaces what the job has.
            rollout: Things per minute, constant or rising. None: 1000 a minute.
            abort: What cancels the job on its own. None: nothing does.
            retry: At most 10 retries for each device. None: none.
            timeout: Minutes that an execution may be in progress, 1 to 10080. None: no limit.
            presigned_url: Role and lifetime (60 to 3600 s) of presigned URLs; required if the document has any.
            maintenance_windows: When things are told, in UTC, for continuous jobs only. Empty: at any time.
            destination_package_versions: ARNs of at most 25 package versions that the job installs.
            tags: At most 50, beside those that `Tags.of` puts on it.

        Raises:
            FindingsError: With every finding at once, before jsii is reached.
        """
        if isinstance(presigned_url, PresignedUrl):
            presigned_url = PresignedUrlConfig(
                role_arn=presigned_url.role.role_arn, expires_in_sec=presigned_url.expires_in_sec
            )
        spec = JobTemplateSpec(
            template_name=template_name,
            description=description,
            document=document,
            document_source=document_source,
            job_arn=job_arn,
            rollout=rollout,
            abort=abort,
            retry=retry,
            timeout=timeout,
            presigned_url=presigned_url,
            maintenance_windows=maintenance_windows,
            destination_package_versions=destination_package_versions,
            tags={} if tags is None else tags,
        )
        super().__init__(scope, id)
        self._spec = spec
        self._resource = _resource(self, spec)

    @classmethod
    def from_spec(cls, scope: Construct, id: str, spec: JobTemplateSpec) -> Self:
        """Create a template from a finished spec, such as one of an environment's."""
        return cls(scope, id, **dict(spec))

    @staticmethod
    def from_job_template_arn(scope: Construct, id: str, job_template_arn: str) -> _ImportedJobTemplate:
        """Refer to an existing template by its ARN."""
        return _ImportedJobTemplate(scope, id, arn=job_template_arn)

    @staticmethod
    def from_job_template_id(scope: Construct, id: str, job_template_id: str) -> _ImportedJobTemplate:
        """Refer to an existing template of the stack's account and region by its id."""
        arn = cdk.Stack.of(scope).format_arn(service="iot", resource="jobtemplate", resource_name=job_template_id)
        return _ImportedJobTemplate(scope, id, arn=arn)

    @staticmethod
    def from_managed_template(scope: Construct, id: str, name: str, *, version: str = "1.0") -> _ImportedJobTemplate:
        """Refer to a template that AWS manages, such as `AWS-Reboot`. Its ARN has an empty account."""
        arn = cdk.Stack.of(scope).format_arn(
            service="iot", account="", resource="jobtemplate", resource_name=f"{name}:{version}"
        )
        return _ImportedJobTemplate(scope, id, arn=arn)

    @property
    def spec(self) -> JobTemplateSpec:
        """What the template was made from."""
        return self._spec

    @property
    def job_template_id(self) -> str:
        """The template's id in AWS, as a reference to the resource."""
        return self._resource.ref

    @property
    def job_template_arn(self) -> str:
        """The template's ARN, as a reference to the resource."""
        return self._resource.attr_arn

    @property
    def job_template_ref(self) -> JobTemplateReference:
        """A reference for other constructs."""
        return self._resource.job_template_ref


def _resource(scope: JobTemplate, spec: JobTemplateSpec) -> CfnJobTemplate:
    """The L1 with exactly `properties(spec)`.

    The L1 itself spells four blocks in camelCase and empties dicts in two others (aws/aws-cdk#32459), so that all but
    three properties are laid over it. Tags go through it, because that is where `Tags.of` merges its own.
    """
    emitted: dict[str, Any] = properties(spec)
    tags = emitted.pop("Tags", None)
    document = known(spec.document)
    if document is not None and document.holds_token:
        # Quotes in what a token stands for must be escaped once it is known.
        emitted["Document"] = cdk.Stack.of(scope).to_json_string(document.value)
    resource = CfnJobTemplate(
        scope,
        "Resource",
        job_template_id=emitted.pop("JobTemplateId"),
        description=emitted.pop("Description"),
        tags=tags and [cdk.CfnTag(key=tag["Key"], value=tag["Value"]) for tag in tags],
    )
    resource.add_override("Properties", emitted)
    return resource
