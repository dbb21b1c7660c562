"""What is compared: the job templates of one side, wherever they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from iot_jobs.cloudformation import properties
from iot_jobs.environment import Fleet
from iot_jobs.identity import emitted_digest
from iot_jobs.template import JobTemplateSpec


@dataclass(frozen=True)
class Grant:
    """What one statement about the presign role says of one action: where, and whether it is a denial.

    `trusts` is of the role's trust: then `resource` is who may act as it.
    """

    action: str
    resource: str
    denies: bool = False
    trusts: bool = False


@dataclass(frozen=True, kw_only=True)
class Template:
    """One job template of one side.

    `name` is the template's where the construct wrote it down, else the logical id. `emitted` are the properties as
    CloudFormation gets them; from a git revision those of the pure path, without the id, which is known at synth only.
    `grants` are what its presign role may do, None where the role isn't in sight. `acknowledged` are codes of warnings
    that the author accepted.
    """

    stack: str
    name: str
    spec: JobTemplateSpec
    emitted: Mapping[str, Any]
    id: Any = None
    """The id in AWS: text, or an intrinsic function; None where nothing is synthesized."""
    environment: str | None = None
    fleet: Fleet | None = None
    synthesized: bool = True
    generated: bool = False
    """Whether the construct made the id, so that it is no property that somebody wrote."""
    parameter: str | None = None
    """The SSM parameter that holds the current ARN."""
    kept_when_replaced: bool = False
    kept_when_removed: bool = False
    grants: frozenset[Grant] | None = None
    acknowledged: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What stands beside the template and says where it goes and whether it stays, by the path in a change."""
    broken: tuple[str, ...] = ()
    """The codes of the rules that the template breaks."""

    @cached_property
    def content(self) -> str:
        """The digest of all that is emitted, less the id: equal where CloudFormation sees the same template."""
        return emitted_digest(self.emitted)

    @classmethod
    def of(cls, spec: JobTemplateSpec, *, stack: str = "stack", **more: Any) -> Template:
        """A template from its spec, as nothing is synthesized from it yet."""
        return cls(
            stack=stack, name=str(spec.template_name), spec=spec, emitted=properties(spec), synthesized=False, **more
        )


@dataclass(frozen=True)
class Deployment:
    """One side. `name` is how the user called it; `lone` says that it is one template file, of a nameless stack.

    `stacks` are the names of its stacks, those without job templates too.
    """

    name: str
    templates: tuple[Template, ...] = field(default=())
    lone: bool = False
    stacks: frozenset[str] = frozenset()
