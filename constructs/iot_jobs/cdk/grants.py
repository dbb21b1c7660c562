"""Grants on a job template: to create jobs from it, and to read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk.interfaces.aws_iot import IJobTemplateRef, IThingGroupRef, IThingRef, JobTemplateReference
from constructs import Construct
from typing_extensions import Protocol, runtime_checkable  # that of the CDK's interfaces

from iot_jobs.cdk.errors import naming
from iot_jobs.cdk.metrics import MetricOptions
from iot_jobs.finding import FindingsError
from iot_jobs.limits import TARGET, TARGETS
from iot_jobs.unresolved import is_unknown

_ACROSS_STACKS = (
    "the grantee is in another stack, which imports this template's ARN: CloudFormation then refuses the next edit of "
    "the template, because an export that is in use can't change; use JobTemplate.from_published in that stack"
)

_ROLE_UNKNOWN = (
    "grant_create_job allows no iam:PassRole, because the presign role of this imported template isn't known; if its "
    "document has presigned placeholders, the grantee can't create jobs: pass presign_role_arn where it is imported; a "
    "role that was made for a template changes with its document, so give the template your own role with "
    "PresignedUrl(role=...)"
)


@dataclass(frozen=True)
class Target:
    """A thing or thing group by name, in the account and region of the template."""

    kind: Literal["thing", "thinggroup"]
    """The kind, as in the target's ARN."""
    name: str
    """1 to 128 letters, digits, `:`, `_` and `-`."""

    @classmethod
    def thing(cls, name: str) -> Target:
        """A single thing."""
        return cls("thing", name)

    @classmethod
    def thing_group(cls, name: str) -> Target:
        """All things in a thing group."""
        return cls("thinggroup", name)


@runtime_checkable
class IJobTemplate(cdk.IResource, IJobTemplateRef, Protocol):
    """A job template, owned or imported. `isinstance` works for both."""

    @property
    def job_template_arn(self) -> str:
        """The template's ARN."""

    @property
    def job_template_id(self) -> str:
        """The template's id in AWS."""

    @property
    def job_template_ref(self) -> JobTemplateReference:
        """A reference for other constructs."""

    def grant_create_job(
        self, grantee: iam.IGrantable, *, targets: Sequence[str | Target | IThingRef | IThingGroupRef]
    ) -> iam.Grant:
        """Allow the grantee to create jobs from the template for these targets."""

    def grant_describe(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow the grantee to read the template."""

    def metric(self, metric_name: str, *, job_id: str, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """A metric of a job that was created from the template."""


class Permissions:
    """The grants of a job template, a mixin for constructs."""

    presign_role_arn: str | None = None
    """The role that signs URLs; None if there is none, or it isn't known."""
    _owned = False
    """True if the template is a resource of the stack, whose ARN changes with each edit."""
    _role_unknown = False
    """True if the template may have a presign role that isn't known."""
    _document_objects: tuple[tuple[str, str], ...] = ()
    """Actions and ARNs that reading the document from S3 requires."""
    _package_versions: tuple[str, ...] = ()
    """ARNs of the package versions that a job from the template installs."""

    @property
    def job_template_arn(self) -> str:
        """The template's ARN."""
        raise NotImplementedError

    def grant_create_job(
        self, grantee: iam.IGrantable, *, targets: Sequence[str | Target | IThingRef | IThingGroupRef]
    ) -> iam.Grant:
        """Allow the grantee to create jobs from this template, for these targets and no others.

        This also allows jobs for these targets that are created without the template, with another document: AWS
        authorizes each resource separately, and a job's ARN doesn't say what the job was created from.

        It allows `iot:CreateJob` on the template, on jobs of any id, on the targets, and on the package versions that
        the template installs; `iam:PassRole` on the presign role, without a condition `iam:PassedToService`,
        because AWS doesn't document that AWS IoT sets this key; and reading a document in S3. Assumed: it is read with
        the permissions of whoever creates the job
        (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html).

        Args:
            grantee: The principal that may create jobs.
            targets: ARNs, names as `Target.thing(...)` or `Target.thing_group(...)`, or constructs of either.

        Raises:
            FindingsError: There is no target, or one is neither a thing nor a group.
        """
        stack = cdk.Stack.of(_construct(self))
        if self._owned and isinstance(grantee, Construct) and cdk.Stack.of(grantee) is not stack:
            cdk.Annotations.of(_construct(self)).add_warning_v2("iot-jobs:grant-across-stacks", _ACROSS_STACKS)
        if self._role_unknown:
            cdk.Annotations.of(_construct(self)).add_warning_v2("iot-jobs:presign-role-unknown", _ROLE_UNKNOWN)
        with naming(_construct(self)):
            arns = _target_arns(stack, targets)
        jobs = stack.format_arn(service="iot", resource="job", resource_name="*")
        resources = [self.job_template_arn, jobs, *arns, *self._package_versions]
        grant = iam.Grant.add_to_principal(grantee=grantee, actions=["iot:CreateJob"], resource_arns=resources)
        allowed = [("iam:PassRole", self.presign_role_arn)] if self.presign_role_arn is not None else []
        for action, arn in (*allowed, *self._document_objects):
            more = iam.Grant.add_to_principal(grantee=grantee, actions=[action], resource_arns=[arn])
            grant = grant.combine(more)
        return grant

    def grant_describe(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow `iot:DescribeJobTemplate` on this template."""
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=["iot:DescribeJobTemplate"], resource_arns=[self.job_template_arn]
        )


def _target_arns(stack: cdk.Stack, targets: Sequence[Any]) -> list[str]:
    """Check targets and return their ARNs."""
    if not targets or isinstance(targets, str):
        finding = TARGETS.finding(given=targets, allowed="a list of at least one target", fix="name things or groups")
        raise FindingsError([finding.under(("targets",))])
    arns: list[str] = []
    found = []
    for index, target in enumerate(targets):
        arn = target
        if isinstance(target, Target):
            # Checked as part of a sample ARN, because the real account and region may be tokens.
            arn = f"arn:aws:iot:us-east-1:000000000000:{target.kind}/{target.name}"
        elif hasattr(target, "thing_group_ref"):
            arn = target.thing_group_ref.thing_group_arn
        elif hasattr(target, "thing_ref"):
            arn = target.thing_ref.thing_arn
        if not is_unknown(arn) and (wrong := TARGET.check(arn)):
            found.append(wrong.under(("targets", index)))
        if isinstance(target, Target):
            arn = stack.format_arn(service="iot", resource=target.kind, resource_name=target.name)
        arns.append(arn)
    if found:
        raise FindingsError(found)
    return arns


def _construct(permissions: Permissions) -> Construct:
    assert isinstance(permissions, Construct)  # noqa: S101  # see the docstring of Permissions
    return permissions
