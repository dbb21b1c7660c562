"""Checks of the whole app at synth: late values, volatile tags, and the quotas of a stack and a region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import IConstruct, IValidation

from iot_jobs.cdk.ids import StackTemplates, Template
from iot_jobs.cloudformation import values
from iot_jobs.finding import Finding
from iot_jobs.limits import (
    CLOUDFORMATION_QUOTAS,
    MAX_OUTPUTS_IN_STACK,
    MAX_RESOURCES_IN_STACK,
    MAX_TEMPLATES_IN_REGION,
    QUOTAS,
)
from iot_jobs.template import JobTemplateSpec
from iot_jobs.volatile_tags import volatile_tag

Contents = list[tuple[Template, Mapping[str, Any]]]
"""Templates with their properties at synth."""

_STACKS: WeakKeyDictionary[IConstruct, list[StackTemplates]] = WeakKeyDictionary()
"""The stacks with job templates of each app."""

_NEAR = 0.8
"""From which part of a stack's quota on it is warned of."""


@jsii.implements(IValidation)
class SynthChecks:
    """One for each stack with job templates. What AWS would refuse fails the synth; the rest is warned of."""

    def __init__(self, here: StackTemplates) -> None:
        """Add it to the stack, and the stack to what the app knows of its stacks."""
        self._here = here
        self._stacks = _STACKS.setdefault(here.stack.node.root, [])
        self._stacks.append(here)
        here.stack.node.add_validation(self)

    def validate(self) -> list[str]:
        """Errors as texts. Called after all aspects, and before anything is synthesized."""
        contents = self._here.emitted()
        for name, text in (*_volatile_tags(contents), *self._quotas()):
            cdk.Annotations.of(self._here.stack).add_warning_v2(f"iot-jobs:{name}", text)
        return [
            f"{template.resource.node.path}: {finding}"
            for template, content in contents
            for finding in _late_findings(template, content)
        ]

    def _quotas(self) -> Iterator[tuple[str, str]]:
        here = [stack for stack in self._stacks if stack.location == self._here.location]
        count = sum(len(stack.templates) for stack in here)
        if self._here is here[-1] and count * 2 > MAX_TEMPLATES_IN_REGION:
            text = (
                f"this app has {count} job templates in one account and region, where the quota is "
                f"{MAX_TEMPLATES_IN_REGION} if it was not raised; a replacement is created before the old one is "
                f"deleted, so that a change to all of them at once takes {count * 2}; see {QUOTAS}"
            )
            yield "templates-in-region", text
        templates = self._here.templates
        for what, used, quota in (
            ("resources", sum(one.resources for one in templates), MAX_RESOURCES_IN_STACK),
            ("outputs", len(templates), MAX_OUTPUTS_IN_STACK),
        ):
            if used > quota * _NEAR:
                text = f"the {len(templates)} job templates of this stack take {used} {what}, and a stack may have"
                text = f"{text} {quota}; put some of them into another stack; see {CLOUDFORMATION_QUOTAS}"
                yield f"{what}-in-stack", text


def _volatile_tags(contents: Contents) -> Iterator[tuple[str, str]]:
    """Each such tag once, however many templates have it."""
    found: dict[str, tuple[Finding, list[str]]] = {}
    for template, content in contents:
        for tag in content.get("Tags", ()):
            value = tag.get("Value")
            finding = volatile_tag(str(tag.get("Key")), value if isinstance(value, str) else None)
            if finding:
                found.setdefault(str(tag["Key"]), (finding, []))[1].append(template.name)
    for key, (finding, names) in found.items():
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        replaced = f"the tag {key} replaces the job template {names[0]}{others} whenever its value changes"
        yield f"volatile-tag-{key}", f"{replaced}, because tags are create-only; {finding.fix}"


def _late_findings(template: Template, content: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of emitted properties, where they differ from those that were checked before."""
    given = {key: value for key, value in template.resource.given.items() if key != "JobTemplateId"}
    if given == content:
        return ()
    read, found = values({"JobTemplateId": template.name, **content})
    _, more = JobTemplateSpec.check(read)
    return (*found, *more)
