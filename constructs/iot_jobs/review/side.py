"""One side of a comparison: its job templates, whatever their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from iot_jobs.cloudformation import Case, properties
from iot_jobs.environment import Fleet
from iot_jobs.identity import emitted_digest
from iot_jobs.template import JobTemplateSpec


@dataclass(frozen=True)
class Grant:
    """One action in one statement about the presign role, its resource, and whether it is denied.

    `trusts` marks a statement of the role's trust policy, whose `resource` is the principal that may assume it.
    """

    action: str
    resource: str
    denies: bool = False
    trusts: bool = False


@dataclass(frozen=True, kw_only=True)
class Template:
    """One job template of one side.

    `name` is the template's name from the Metadata, else the logical id. `emitted` are the properties as CloudFormation
    gets them; from a git revision without the id, which is known only at synthesis. `grants` are the permissions of
    its presign role, None if the role isn't in the template. `acknowledged` are the codes of warnings that the author
    acknowledged.
    """

    stack: str
    name: str
    spec: JobTemplateSpec
    emitted: Mapping[str, Any]
    cases: tuple[tuple[Case, JobTemplateSpec], ...] = ()
    """The spec in each case in which its values differ; they have what `spec` leaves unknown. Empty for only one."""
    id: Any = None
    """The id in AWS: text, or an intrinsic function. None without synthesis."""
    environment: str | None = None
    fleet: Fleet | None = None
    synthesized: bool = True
    generated: bool = False
    """True if the construct derived the id; False if it was written by hand, or isn't known."""
    parameter: str | None = None
    """The SSM parameter that holds the current ARN."""
    kept_when_replaced: bool = False
    kept_when_removed: bool = False
    grants: frozenset[Grant] | None = None
    acknowledged: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings outside the template, such as its account or deletion policy, by their path in a change."""
    broken: tuple[str, ...] = ()
    """The codes of the rules that the template breaks."""

    @cached_property
    def content(self) -> str:
        """The digest of all emitted properties except the id, equal if CloudFormation sees the same template."""
        return emitted_digest(self.emitted)

    @classmethod
    def of(cls, spec: JobTemplateSpec, *, stack: str = "stack", **fields: Any) -> Template:
        """Return a template from its spec, without synthesis."""
        return cls(
            stack=stack, name=str(spec.template_name), spec=spec, emitted=properties(spec), synthesized=False, **fields
        )


@dataclass(frozen=True)
class Deployment:
    """One side. `name` is what the user typed. `lone` marks a single template file, which doesn't name its stack.

    `stacks` are the names of its stacks, including those without job templates.
    """

    name: str
    templates: tuple[Template, ...] = field(default=())
    lone: bool = False
    stacks: frozenset[str] = frozenset()
