"""`JobTemplate`: a checked `AWS::IoT::JobTemplate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from aws_cdk.aws_iot import CfnJobTemplate
from aws_cdk.interfaces import ResourceEnvironment
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
from iot_jobs.cdk.ids import StackIds
from iot_jobs.cloudformation import properties
from iot_jobs.finding import FindingsError
from iot_jobs.limits import DEFAULT_EXPIRES_IN_SEC, TEMPLATE_NAME
from iot_jobs.unresolved import holds_token, known

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

PARAMETER_PREFIX = "/iot-jobs"
"""What the name of the parameter with a template's current ARN begins with, where nothing else is asked for."""

_FIXED_ID = (
    "this template has an id of its own: the first edit of any property will fail to deploy, because CloudFormation "
    "creates the new template before it deletes the old one; leave job_template_id out, or change it with every edit"
)
_KEEP_PREVIOUS = (
    "each edit of this template leaves the old one behind, and an account may have 100 job templates in a region; "
    "delete those that no longer serve, with: aws iot delete-job-template"
)


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
class JobTemplate(Construct):
    """A job template, checked before anything is synthesized, that can always be changed and deployed again.

    Values are those of `iot_jobs.JobTemplateSpec`. Wrong ones raise `iot_jobs.FindingsError` (a `ValueError`) that
    lists every finding. A value that holds a CDK token passes unchecked.

    Every property of a template is create-only, so its id is `<template_name>-<digest>`, taken at synth over all that
    is emitted: an edit gives a new template and deletes the old one, and what changes nothing leaves the id alone. The
    SSM parameter `/iot-jobs/<environment>/<template_name>` holds the ARN of the current one, and so does a stack
    output; `JobTemplate.from_published` reads it in another stack.
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
        environment: str | None = None,
        parameter_prefix: str | None = PARAMETER_PREFIX,
        job_template_id: str | None = None,
        removal_policy: cdk.RemovalPolicy | None = None,
        keep_previous: bool = False,
        generation: int = 0,
    ) -> None:
        """Check the values and create the template.

        Args:
            scope: The construct that it belongs to.
            id: Its name within the scope.
            template_name: What its id begins with: 1 to 64 letters, digits, `_` and `-`.
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
            environment: Part of the parameter's name. None: the stack's name.
            parameter_prefix: What the parameter's name begins with. None: no parameter.
            job_template_id: An id of your own, which you change yourself with every edit.
            removal_policy: What happens when the template is removed from the stack. None: it is deleted.
            keep_previous: Leave the old template when an edit replaces it. Each one counts towards the quota of 100.
            generation: Raise it to go back to earlier content whose template was kept, and still has its id.

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
        fixed = _fixed_id(job_template_id)
        super().__init__(scope, id)
        self._spec = spec
        stack = cdk.Stack.of(self)
        ids = StackIds.of(stack)
        emitted = _emitted(stack, spec)
        self._resource = _resource(self, emitted, ids.next_id() if fixed is None else fixed)
        environment = environment or _name_of(stack)
        if fixed is None:
            ids.add(
                self._resource,
                name=template_name,
                emitted=emitted,
                metadata={"template_name": template_name, "environment": environment},
                generation=generation,
            )
        else:
            cdk.Annotations.of(self).add_warning_v2("iot-jobs:fixed-id", _FIXED_ID)
        if removal_policy is not None:
            self._resource.apply_removal_policy(removal_policy, apply_to_update_replace_policy=False)
        if keep_previous:
            self._resource.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN
            cdk.Annotations.of(self).add_warning_v2("iot-jobs:keep-previous", _KEEP_PREVIOUS)
        self._arn = self._resource.attr_arn
        if parameter_prefix is not None:
            name = f"{parameter_prefix}/{environment}/{template_name}"
            # In the stack, not in here: a template that moves in the tree must not ask for the name a second time.
            ssm.CfnParameter(stack, f"Parameter{name}", type="String", name=name, value=self._arn)
        cdk.CfnOutput(self, "Arn", value=self._arn)

    @classmethod
    def from_spec(cls, scope: Construct, id: str, spec: JobTemplateSpec, *, environment: str | None = None) -> Self:
        """Create a template from a finished spec, such as one of an environment's."""
        return cls(scope, id, environment=environment, **dict(spec))

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

    @staticmethod
    def from_published(
        scope: Construct, id: str, *, environment: str, template_name: str, parameter_prefix: str = PARAMETER_PREFIX
    ) -> _ImportedJobTemplate:
        """Refer to the current template of a name in another stack of the account and region.

        CloudFormation reads the parameter at each deployment of the stack that this stands in.
        """
        arn = ssm.StringParameter.value_for_string_parameter(scope, f"{parameter_prefix}/{environment}/{template_name}")
        return _ImportedJobTemplate(scope, id, arn=arn)

    @property
    def spec(self) -> JobTemplateSpec:
        """What the template was made from."""
        return self._spec

    def forecast(self, *, things: int, trials: int | None = None, seed: int = 0, **assumed: Any) -> Forecast:
        """What a job from this template will do to so many things: see docs/forecast.md. Needs the extra `forecast`.

        Args:
            things: How many the job is for.
            trials: Draw so many rollouts beside the expected one. None: none.
            seed: What they are drawn from.
            assumed: Other fields of `iot_jobs.forecast.Assumptions`, such as `failure_rate=0.01`.

        Raises:
            ForecastError: Where a value is only known to CloudFormation.
            FindingsError: Where what is assumed breaks a limit.
        """
        from iot_jobs.forecast import Assumptions, forecast

        return forecast(self._spec, Assumptions(things=things, **assumed), trials=trials, seed=seed)

    @property
    def env(self) -> ResourceEnvironment:
        """The account and region of the stack."""
        return self._resource.env

    @property
    def job_template_id(self) -> str:
        """The template's id in AWS, as a reference to the resource."""
        return self._resource.ref

    @property
    def job_template_arn(self) -> str:
        """The template's ARN, as a reference to the resource."""
        return self._arn

    @property
    def job_template_ref(self) -> JobTemplateReference:
        """A reference for other constructs."""
        return self._resource.job_template_ref


def _emitted(stack: cdk.Stack, spec: JobTemplateSpec) -> dict[str, Any]:
    """The properties but for id and tags, which are known at synth only."""
    emitted = properties(spec)
    document = known(spec.document)
    if document is not None and document.holds_token:
        # Quotes in what a token stands for must be escaped once it is known.
        emitted["Document"] = stack.to_json_string(document.value)
    return emitted


def _resource(scope: Construct, emitted: dict[str, Any], job_template_id: str) -> CfnJobTemplate:
    """The L1 with exactly these properties.

    The L1 itself spells four blocks in camelCase and empties dicts in two others (aws/aws-cdk#32459), so that all but
    three properties are laid over it. Tags go through it, because that is where `Tags.of` merges its own.
    """
    del emitted["JobTemplateId"]
    tags = emitted.pop("Tags", None)
    resource = CfnJobTemplate(
        scope,
        "Resource",
        job_template_id=job_template_id,
        description=emitted["Description"],
        tags=tags and [cdk.CfnTag(key=tag["Key"], value=tag["Value"]) for tag in tags],
    )
    resource.add_override("Properties", {key: value for key, value in emitted.items() if key != "Description"})
    return resource


def _fixed_id(job_template_id: str | None) -> str | None:
    """An id of the user's own, checked. Raises `FindingsError`."""
    if job_template_id is not None and not holds_token(job_template_id):
        finding = TEMPLATE_NAME.check(job_template_id)
        if finding:
            raise FindingsError([finding.under(("job_template_id",))])
    return job_template_id


def _name_of(stack: cdk.Stack) -> str:
    """The stack's name, or that of the construct where a parent stack makes one up."""
    return stack.node.id if cdk.Token.is_unresolved(stack.stack_name) else stack.stack_name
