"""`JobTemplate`: a checked `AWS::IoT::JobTemplate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ssm as ssm
from aws_cdk.interfaces.aws_iot import IJobTemplateRef, JobTemplateReference
from constructs import Construct

from iot_jobs import (
    AbortConfig,
    Fleet,
    JobDocument,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RetryConfig,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.cdk.durations import amount
from iot_jobs.cdk.errors import naming
from iot_jobs.cdk.grants import Permissions
from iot_jobs.cdk.ids import StackTemplates, Template
from iot_jobs.cdk.imported import ImportedJobTemplate
from iot_jobs.cdk.l1 import JobTemplateResource, PublishedArn, emitted_properties
from iot_jobs.cdk.metrics import JobMetrics
from iot_jobs.cdk.presign_role import PresignedUrl, as_written, presign_role
from iot_jobs.cdk.s3_document import S3Document
from iot_jobs.cdk.synth_checks import SynthChecks
from iot_jobs.cdk.tokens import FITTED, as_text, fitting
from iot_jobs.documents.placeholders import Placeholder
from iot_jobs.environment import TEMPLATE_TWICE
from iot_jobs.finding import Finding, FindingsError
from iot_jobs.identity import METADATA, PARAMETER_PREFIX, parameter_name
from iot_jobs.limits import ENVIRONMENT_NAME, IN_PROGRESS_TIMEOUT_IN_MINUTES, PARAMETER_NAME, TEMPLATE_NAME
from iot_jobs.presign import MADE_ROLE, all_access, with_role
from iot_jobs.template.part import WRONG_KIND
from iot_jobs.unresolved import Unresolved, between_tokens, holds_token, is_looked_up, is_unknown, known

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

_FIXED_ID = (
    "this template has a fixed id: the first edit of any property will fail to deploy, because CloudFormation "
    "creates the new template before it deletes the old one; leave job_template_id out, or change it with every edit"
)
_NO_VERSION = (
    "the document is an object without a version: new content under the same key changes nothing here, and is not "
    "deployed; pass its version, or use S3Document.from_asset"
)


_LITERAL = "use a literal value"
_TEXTS = {"template_name", "description", "document", "document_source", "job_arn"}


@jsii.implements(IJobTemplateRef, cdk.IStringProducer)
class JobTemplate(cdk.Resource, JobMetrics, Permissions):
    """A job template, checked before anything is synthesized, that can always be changed and deployed again.

    Values are those of `iot_jobs.JobTemplateSpec`. Invalid ones raise `iot_jobs.FindingsError` (a `ValueError`), which
    lists every finding. A value that holds a CDK token is not checked.

    Every property of a template is create-only, so its id is `<template_name>-<digest>`: an edit creates a new template
    and deletes the old one. The id is computed at synthesis from everything that is emitted, what it refers to, the
    stack's name, the logical id and `generation`. The SSM parameter `/iot-jobs/<environment>/<template_name>` holds the
    ARN of the current template, and so does a stack output; `JobTemplate.from_published` reads the parameter in another
    stack.

    If the document has presigned placeholders and no role is given, the construct creates a role that allows access to
    what the placeholders name and nothing else.
    """

    _owned = True

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        template_name: str,
        description: str,
        document: JobDocument | S3Document | None = None,
        document_source: str | None = None,
        job_arn: str | None = None,
        rollout: RolloutConfig | None = None,
        abort: AbortConfig | None = None,
        retry: RetryConfig | None = None,
        timeout: TimeoutConfig | cdk.Duration | None = None,
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
        fleet: Fleet | None = None,
    ) -> None:
        """Check the values and create the template.

        Args:
            scope: The construct to create it in.
            id: Its name within the scope.
            template_name: The first part of its id in AWS: 1 to 64 letters, digits, `_` and `-`.
            description: 1 to 2028 printable characters on one line.
            document: The instructions for devices: JSON of at most 32,768 bytes with at most 10 placeholders, in the
                template or in S3.
            document_source: The https URL or s3:// address of an S3 object, instead of `document`.
            job_arn: An existing job to copy; other arguments replace the job's values.
            rollout: Things notified per minute, constant or increasing. None: 1000.
            abort: Criteria that cancel the job automatically. None: it is never canceled automatically.
            retry: At most 10 retries for each device. None: no retries.
            timeout: How long an execution may be in progress, 1 to 10080 whole minutes. None: no limit.
            presigned_url: Role and lifetime (60 to 3600 s) of presigned URLs. None, or no role: the construct creates a
                role if the document has presigned placeholders.
            maintenance_windows: When things are notified, in UTC, for continuous jobs only. Empty: at any time.
                `Window.scheduled(...)` makes them from the CDK's schedules.
            destination_package_versions: ARNs of at most 25 package versions that the job installs.
            tags: Tags of this template. With those that `Tags.of` adds, at most 50.
            environment: Part of the parameter's name. None: the stack's name.
            parameter_prefix: The first part of the parameter's name. None: no parameter.
            job_template_id: A fixed id, which you change yourself with every edit.
            removal_policy: What happens to the template when it is removed from the stack. None: it is deleted. RETAIN
                keeps it and its role, except after a failed first deployment, and implies `keep_previous`.
            keep_previous: Leave the old template and its role when an edit replaces it. Each template counts towards
                the quota of 100.
            generation: Raise it to go back to earlier content whose template was kept under the same id.
            fleet: The things that its jobs target, for the forecasts of `iot-jobs review`. It is written into the
                resource's Metadata and doesn't change the id. None: unknown.

        Raises:
            FindingsError: With every finding and the construct's path, before anything is created.
        """
        inline = document.document if isinstance(document, S3Document) else document
        placeholders = _placeholders(inline)
        with naming(scope, id):
            presign = as_written(presigned_url)
            if job_arn is None:
                presign = with_role(presign, placeholders)
            spec = JobTemplateSpec(
                template_name=template_name,
                description=description,
                document=Unresolved(document) if inline is None and document is not None else inline,
                document_source=document_source,
                job_arn=job_arn,
                rollout=rollout,
                abort=abort,
                retry=retry,
                timeout=_timeout(timeout),
                presigned_url=presign,
                maintenance_windows=maintenance_windows,
                destination_package_versions=destination_package_versions,
                tags={} if tags is None else tags,
            )
            _check_id(job_template_id)
            _check_names(template_name, environment, parameter_prefix, generation)
            _check_blocks({name: value.value for name, value in spec if isinstance(value, Unresolved)})
        super().__init__(scope, id)
        stack = scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(self)
        templates = StackTemplates.of(stack)
        environment = environment or templates.name
        published = None
        if parameter_prefix is not None:
            published = parameter_name(environment, template_name, prefix=parameter_prefix)
            if not is_looked_up(published) and (wrong := PARAMETER_NAME.check(published)):
                raise FindingsError([wrong.under(("parameter_prefix",))], where=self.node.path)
            if published in templates.top.published:
                raise FindingsError([_published_twice(template_name)], where=self.node.path)
        if not templates.templates:
            SynthChecks(templates)
        if isinstance(document, S3Document):
            spec = self._in_s3(document, spec)
        block = known(spec.presigned_url)
        role = None
        if block is not None and block.role_arn == MADE_ROLE:
            role = presign_role(self, stack, all_access(placeholders), keep=keep_previous)
            made = block.model_copy(update={"role_arn": Unresolved(role.attr_arn)})
            spec = spec.model_copy(update={"presigned_url": made})
        self._spec = spec
        self.presign_role_arn = _text(block.role_arn) if (block := known(spec.presigned_url)) else None
        versions = map(_text, known(spec.destination_package_versions) or ())
        self._package_versions = tuple(one for one in versions if one is not None)
        metadata = {"template_name": template_name, "environment": environment, **_of_fleet(fleet)}
        template = Template(
            name=template_name,
            spec=spec,
            generation=generation,
            resources=1 + (published is not None) + (role is not None),
            published=published,
            uploaded=document.document.text if isinstance(document, S3Document) and document.document else None,
            metadata=metadata if job_template_id is None else None,
        )
        self._templates, self._template = templates, template
        emitted = emitted_properties(stack, spec)
        emitted["JobTemplateId"] = job_template_id or cdk.Lazy.uncached_string(self)
        emitted |= fitting({key: emitted[key] for key in FITTED & emitted.keys()})
        self._resource = template.resource = JobTemplateResource(self, "Resource", emitted, role=role)
        self._arn = template.arn = self._resource.attr_arn
        templates.templates.append(template)
        self._resource.add_metadata(METADATA, metadata)
        if job_template_id is not None:
            cdk.Annotations.of(self).add_warning_v2("iot-jobs:fixed-id", _FIXED_ID)
        self._keep_previous = keep_previous
        if removal_policy is not None or keep_previous:
            self._apply(removal_policy)
        if published is not None:
            templates.top.published.add(published)
            PublishedArn(templates.parameters, published, type="String", name=published, value=self._arn)
        cdk.CfnOutput(self, "Arn", value=self._arn)

    @classmethod
    def from_spec(
        cls,
        scope: Construct,
        id: str,
        spec: JobTemplateSpec,
        *,
        environment: str | None = None,
        fleet: Fleet | None = None,
    ) -> Self:
        """Create a template from a spec, such as one from an environment."""
        return cls(scope, id, environment=environment, fleet=fleet, **dict(spec))

    @staticmethod
    def from_job_template_arn(
        scope: Construct, id: str, job_template_arn: str, *, presign_role_arn: str | None = None
    ) -> ImportedJobTemplate:
        """Refer to an existing template by its ARN. The role is the one that `grant_create_job` allows passing."""
        return ImportedJobTemplate(scope, id, arn=job_template_arn, presign_role_arn=presign_role_arn)

    @staticmethod
    def from_job_template_id(
        scope: Construct, id: str, job_template_id: str, *, presign_role_arn: str | None = None
    ) -> ImportedJobTemplate:
        """Refer to an existing template in the stack's account and region by its id.

        The role is the one that `grant_create_job` allows passing.
        """
        arn = cdk.Stack.of(scope).format_arn(service="iot", resource="jobtemplate", resource_name=job_template_id)
        return ImportedJobTemplate(scope, id, arn=arn, presign_role_arn=presign_role_arn)

    @staticmethod
    def from_managed_template(scope: Construct, id: str, name: str, *, version: str = "1.0") -> ImportedJobTemplate:
        """Refer to a template that AWS manages, such as `AWS-Reboot`. Its ARN has an empty account."""
        arn = cdk.Stack.of(scope).format_arn(
            service="iot", account="", resource="jobtemplate", resource_name=f"{name}:{version}"
        )
        return ImportedJobTemplate(scope, id, arn=arn, managed=True)

    @staticmethod
    def from_published(
        scope: Construct,
        id: str,
        *,
        environment: str,
        template_name: str,
        parameter_prefix: str = PARAMETER_PREFIX,
        presign_role_arn: str | None = None,
    ) -> ImportedJobTemplate:
        """Refer to the current template with this name in another stack in the same account and region.

        CloudFormation reads the parameter each time it deploys the stack of `scope`, so deploy that stack after each
        change of the template. The role is the one that `grant_create_job` allows passing. It must be your own, because
        a role that was made for the template changes with its document.
        """
        name = parameter_name(environment, template_name, prefix=parameter_prefix)
        arn = ssm.StringParameter.value_for_string_parameter(scope, name)
        return ImportedJobTemplate(scope, id, arn=arn, presign_role_arn=presign_role_arn)

    def _in_s3(self, document: S3Document, spec: JobTemplateSpec) -> JobTemplateSpec:
        """Return the spec with the document's URL in S3."""
        located = document.locate(self)
        self._document_objects = located.objects
        if document.uploaded_by is not None:
            self.node.add_dependency(document.uploaded_by)
        if document.bucket is not None and document.version is None:
            cdk.Annotations.of(self).add_warning_v2("iot-jobs:document-version", _NO_VERSION)
        return spec.model_copy(update={"document": None, "document_source": Unresolved(located.url)})

    def produce(self, context: cdk.IResolveContext) -> str:
        """Return the id in AWS. The CDK calls this."""
        return self._templates.job_template_id(self._template, context)

    def apply_removal_policy(self, policy: cdk.RemovalPolicy) -> None:
        """Set what happens to the template when it is removed from the stack, like the argument `removal_policy`."""
        self._apply(policy)

    def _apply(self, policy: cdk.RemovalPolicy | None) -> None:
        if policy is not None:
            self._resource.apply_removal_policy(policy)
        if self._keep_previous:  # whatever happens to the template when it is removed
            self._resource.keeps = True
            self._resource.cfn_options.update_replace_policy = cdk.CfnDeletionPolicy.RETAIN

    @property
    def spec(self) -> JobTemplateSpec:
        """The spec that the template is made from."""
        return self._spec

    def forecast(self, *, things: int, trials: int | None = None, seed: int = 0, **assumed: Any) -> Forecast:
        """Return the forecast of a job from this template (docs/forecast.md). Needs the extra `forecast`.

        Args:
            things: Number of things that the job targets.
            trials: Number of rollouts to simulate for the risk; also adds percentiles. None: 250 to 1000 for the risk.
            seed: Seed of the simulation.
            assumed: Other fields of `iot_jobs.forecast.Assumptions`, such as `failure_rate=0.01`.

        Raises:
            ForecastError: A value is known only to CloudFormation.
            FindingsError: An assumption breaks a limit.
        """
        from iot_jobs.forecast import Assumptions, forecast

        return forecast(self._spec, Assumptions(things=things, **assumed), trials=trials, seed=seed)

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


def _of_fleet(fleet: Fleet | None) -> dict[str, Any]:
    """Return what a fleet states, as Metadata."""
    return {} if fleet is None else {"fleet": fleet.model_dump(exclude_none=True)}


def _placeholders(document: JobDocument | None) -> tuple[Placeholder, ...]:
    """Return the placeholders of a document; none if it isn't valid, which the spec then reports."""
    if not isinstance(document, JobDocument) or any(one.severity == "error" for one in document.problems()):
        return ()
    return document.placeholders


def _timeout(timeout: TimeoutConfig | cdk.Duration | None) -> Any:
    """Return the block, or the values of one for a duration."""
    if not isinstance(timeout, cdk.Duration):
        return timeout
    name = "in_progress_timeout_in_minutes"
    return {name: amount(timeout, "minutes", IN_PROGRESS_TIMEOUT_IN_MINUTES, ("timeout", name))}


def _text(value: str | Unresolved | None) -> str | None:
    """Return a value as text, which may be a token. None if it isn't text."""
    known_or_token = as_text(value.value if isinstance(value, Unresolved) else value)
    return known_or_token if isinstance(known_or_token, str) else None


def _check_names(template_name: str, environment: str | None, parameter_prefix: str | None, generation: int) -> None:
    """Check that the parts of ids and parameter names are known at synthesis. Raises `FindingsError`."""
    wrong = [
        WRONG_KIND.finding(loc=(name,), given=value, allowed=f"{allowed}; known at synthesis", fix=_LITERAL)
        for name, value, kind, allowed in (
            ("parameter_prefix", parameter_prefix, str | None, "text"),
            ("generation", generation, int, "a whole number"),
        )
        if holds_token(value) or not isinstance(value, kind)
    ] + [
        limit.finding(loc=(name,), given=value, allowed=f"{limit.allowed}; known at synthesis", fix=_LITERAL)
        for name, value, limit in (
            ("template_name", template_name, TEMPLATE_NAME),
            ("environment", environment, ENVIRONMENT_NAME),
        )
        if value is not None and not is_looked_up(value) and (holds_token(value) or not limit.accepts(value))
    ]
    if wrong:
        raise FindingsError(wrong)


def _check_blocks(unresolved: Mapping[str, Any]) -> None:
    """Check that no text is in place of a block or list unless all of it is a token. Raises `FindingsError`.

    Tags must be named one by one: a token in their place would hide those of `Tags.of`.
    """
    wrong = []
    for name, value in unresolved.items():
        if name == "tags":
            allowed, fix = "a mapping of tags; keys are known at synthesis, values may be tokens", "name each tag"
        elif name not in _TEXTS and isinstance(value, str) and any(not token for _, token in between_tokens(value)):
            allowed, fix = "a value of the documented type, or a token in its place", "write nothing around the token"
        else:
            continue
        wrong.append(WRONG_KIND.finding(loc=(name,), given=value, allowed=allowed, fix=fix))
    if wrong:
        raise FindingsError(wrong)


def _published_twice(template_name: str) -> Finding:
    return TEMPLATE_TWICE.finding(
        loc=("template_name",),
        given=template_name,
        allowed="each name once in an environment of a stack",
        fix="rename one of the two, or give one of them another environment or parameter_prefix",
    )


def _check_id(job_template_id: Any) -> None:
    """Check a fixed id. Raises `FindingsError`."""
    if job_template_id is not None and (isinstance(job_template_id, list) or not is_unknown(job_template_id)):
        finding = TEMPLATE_NAME.check(job_template_id)
        if finding:
            raise FindingsError([finding.under(("job_template_id",))])
