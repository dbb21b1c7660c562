"""Existing job templates."""

from __future__ import annotations

import aws_cdk as cdk
import jsii
from aws_cdk.interfaces.aws_iot import IJobTemplateRef, JobTemplateReference
from constructs import Construct

from iot_jobs.cdk.grants import Permissions
from iot_jobs.cdk.metrics import JobMetrics


@jsii.implements(IJobTemplateRef)
class ImportedJobTemplate(cdk.Resource, JobMetrics, Permissions):
    """An existing job template. Jobs can be created from it; it can't be changed here."""

    def __init__(
        self, scope: Construct, id: str, *, arn: str, presign_role_arn: str | None = None, managed: bool = False
    ) -> None:
        """Import the template of an ARN; `presign_role_arn` is the role that `grant_create_job` allows passing.

        Templates that AWS manages (`managed`) have no role.
        """
        super().__init__(scope, id, environment_from_arn=arn)
        self._arn = arn
        self.presign_role_arn = presign_role_arn
        self._role_unknown = presign_role_arn is None and not managed

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
