"""What only shows when the whole app is there: late values, volatile tags, and the quotas of a stack and a region."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import jsii
from constructs import IValidation

from iot_jobs.cdk.ids import StackIds, Template
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

_ATTRIBUTE = "_iot_jobs_stacks"
_NEAR = 0.8
"""From which part of a stack's quota on it is warned of."""


@jsii.implements(IValidation)
class LateChecks:
    """One for each stack with job templates. What AWS would refuse fails the synth; the rest is warned of."""

    def __init__(self, ids: StackIds) -> None:
        """Add it to the stack of these ids, and to what the app knows of its stacks."""
        self._ids = ids
        root = ids.stack.node.root
        self._all: list[StackIds] = getattr(root, _ATTRIBUTE, [])
        self._all.append(ids)
        setattr(root, _ATTRIBUTE, self._all)
        self._place = (ids.stack.account, ids.stack.region)
        setattr(ids, _ATTRIBUTE, self._place)
        ids.stack.node.add_validation(self)

    def validate(self) -> list[str]:
        """Errors as texts. Called after all aspects, and before anything is synthesized."""
        if self._ids.contents is None:
            self._ids.resolve()
        for name, text in (*self._volatile_tags(), *self._quotas()):
            cdk.Annotations.of(self._ids.stack).add_warning_v2(f"iot-jobs:{name}", text)
        return [
            f"{template.resource.node.path}: {finding}"
            for template, content in self._contents()
            for finding in _late_findings(template, content)
        ]

    def _contents(self) -> Iterator[tuple[Template, dict[str, Any]]]:
        return zip(self._ids.templates, self._ids.contents or (), strict=True)

    def _volatile_tags(self) -> Iterator[tuple[str, str]]:
        """Each such tag once, however many templates have it."""
        found: dict[str, tuple[Finding, list[str]]] = {}
        for template, content in self._contents():
            for tag in content.get("Tags", ()):
                value = tag.get("Value")
                finding = volatile_tag(str(tag.get("Key")), value if isinstance(value, str) else None)
                if finding:
                    found.setdefault(str(tag["Key"]), (finding, []))[1].append(template.name)
        for key, (finding, names) in found.items():
            others = f" and {len(names) - 1} more" if len(names) > 1 else ""
            replaced = f"the tag {key} replaces the job template {names[0]}{others} whenever its value changes"
            yield f"volatile-tag-{key}", f"{replaced}, because tags are create-only; {finding.fix}"

    def _quotas(self) -> Iterator[tuple[str, str]]:
        here = [one for one in self._all if getattr(one, _ATTRIBUTE) == self._place]
        count = sum(len(one.templates) for one in here)
        if self._ids is here[-1] and count * 2 > MAX_TEMPLATES_IN_REGION:
            text = (
                f"this app has {count} job templates in one account and region, where the quota is "
                f"{MAX_TEMPLATES_IN_REGION} if it was not raised; a replacement is created before the old one is "
                f"deleted, so that a change to all of them at once takes {count * 2}; see {QUOTAS}"
            )
            yield "templates-in-region", text
        templates = self._ids.templates
        for what, used, quota in (
            ("resources", sum(one.resources for one in templates), MAX_RESOURCES_IN_STACK),
            ("outputs", len(templates), MAX_OUTPUTS_IN_STACK),
        ):
            if used > quota * _NEAR:
                text = f"the {len(templates)} job templates of this stack take {used} {what}, and a stack may have"
                text = f"{text} {quota}; put some of them into another stack; see {CLOUDFORMATION_QUOTAS}"
                yield f"{what}-in-stack", text


def _late_findings(template: Template, content: dict[str, Any]) -> tuple[Finding, ...]:
    """What is wrong with what is emitted, where that isn't what was checked when the template was made."""
    given = {key: value for key, value in template.emitted.items() if key != "JobTemplateId"}
    if given == content:
        return ()
    read, found = values({"JobTemplateId": template.name, **content})
    _, more = JobTemplateSpec.check(read)
    return (*found, *more)
