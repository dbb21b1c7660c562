"""Checks of the whole app at synth: late values, what later deployments will meet, and quotas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import IConstruct, IValidation

from iot_jobs.cdk.ids import Emitted, StackTemplates, Template
from iot_jobs.cloudformation import values
from iot_jobs.environment import TEMPLATE_TWICE
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

Contents = list[tuple[Template, Emitted]]
"""Templates with what they emit."""

_STACKS: WeakKeyDictionary[IConstruct, list[StackTemplates]] = WeakKeyDictionary()
"""The stacks with job templates of each app."""

_NEAR = 0.8
"""The part of a stack's quota above which the synth warns."""
_KEPT = (
    "each edit of this template leaves the old one behind, and an account may have 100 job templates in a region; "
    "delete those that are no longer used, with: aws iot delete-job-template; raise generation to go back to content "
    "whose template was kept, or to add a template again that was kept when it was removed"
)
_KNOWN_LATER = (
    "is known only at deployment: another value changes the job template {}, but not its id, and CloudFormation can't "
    "replace a template under the same id; raise generation with each new value, or pass a value known at synth, such "
    "as one from context or value_from_lookup"
)


@jsii.implements(IValidation)
class SynthChecks:
    """One for each stack with job templates. What AWS would refuse fails the synth; the rest is a warning."""

    def __init__(self, here: StackTemplates) -> None:
        """Add it to the stack, and the stack to those of its app."""
        self._here = here
        self._stacks = _STACKS.setdefault(here.stack.node.root, [])
        self._stacks.append(here)
        here.stack.node.add_validation(self)

    def validate(self) -> list[str]:
        """Errors as texts. Called after all aspects, and before anything is synthesized."""
        here = self._here
        present = here.present()
        for template in here.templates:
            if template not in present and template.published is not None:
                here.parameters.node.try_remove_child(template.published.replace("/", "--"))  # as the CDK spells ids
        contents = [(template, here.emitted(template)) for template in present]
        shared = list(_published_twice(present, takewhile(lambda one: one is not here, self._stacks), here.location))
        is_sure = not any(map(cdk.Token.is_unresolved, here.location))
        for name, text in (
            *_volatile_tags(contents),
            *_known_later(contents),
            *_quotas_of_stack(present),
            *self._quota_of_region(),
            *(() if is_sure else (("published-twice", f"{text}, if both stacks have one account") for text in shared)),
        ):
            cdk.Annotations.of(here.stack).add_warning_v2(f"iot-jobs:{name}", text)
        for template in present:
            if template.resource.keeps:
                cdk.Annotations.of(template.resource.node.scopes[-2]).add_warning_v2("iot-jobs:keep-previous", _KEPT)
        found = [(template, finding) for template, now in contents for finding in _late_findings(template, now)]
        late = [f"{template.resource.node.path}: {finding}" for template, finding in found]
        return [*shared, *late] if is_sure else late

    def _quota_of_region(self) -> Iterator[tuple[str, str]]:
        here = [stack for stack in self._stacks if stack.location == self._here.location]
        if self._here is not here[-1]:
            return
        count = sum(len(stack.present()) for stack in here)
        if count * 2 > MAX_TEMPLATES_IN_REGION:
            text = (
                f"this app has {count} job templates in one account and region, where the quota is "
                f"{MAX_TEMPLATES_IN_REGION} if it was not raised; a replacement is created before the old one is "
                f"deleted, so that a change to all of them at once takes {count * 2}; see {QUOTAS}"
            )
            yield "templates-in-region", text


def _quotas_of_stack(templates: Sequence[Template]) -> Iterator[tuple[str, str]]:
    for what, used, quota in (
        ("resources", sum(one.resources for one in templates), MAX_RESOURCES_IN_STACK),
        ("outputs", len(templates), MAX_OUTPUTS_IN_STACK),
    ):
        if used > quota * _NEAR:
            text = f"the {len(templates)} job templates of this stack take {used} {what}, and a stack may have"
            text = f"{text} {quota}; put some of them into another stack; see {CLOUDFORMATION_QUOTAS}"
            yield f"{what}-in-stack", text


def _published_twice(
    templates: Sequence[Template], others: Iterator[StackTemplates], location: tuple[str, str]
) -> Iterator[str]:
    """Yield a text for each template whose parameter another stack of the same account and region creates too."""
    taken = {one.published: one for other in others if other.location == location for one in other.present()}
    for template in templates:
        if template.published is not None and template.published in taken:
            path = taken[template.published].resource.node.path
            finding = TEMPLATE_TWICE.finding(
                loc=("template_name",),
                given=template.name,
                allowed=f"one template for the parameter {template.published}, which {path} publishes",
                fix="rename one of the two, or give one an environment or a parameter_prefix of its own",
            )
            yield f"{template.resource.node.path}: {finding}"


def _volatile_tags(contents: Contents) -> Iterator[tuple[str, str]]:
    """Yield each such tag once, however many templates have it."""
    found: dict[str, tuple[Finding, list[str]]] = {}
    for template, emitted in contents:
        for tag in emitted.properties.get("Tags", ()):
            value = tag.get("Value")
            finding = volatile_tag(str(tag.get("Key")), value if isinstance(value, str) else None)
            if finding:
                found.setdefault(str(tag["Key"]), (finding, []))[1].append(template.name)
    for key, (finding, names) in found.items():
        replaced = f"the tag {key} replaces the job template {_first(names)} whenever its value changes"
        yield f"volatile-tag-{key}", f"{replaced}, because tags are create-only; {finding.fix}"


def _known_later(contents: Contents) -> Iterator[tuple[str, str]]:
    """Yield each value that only CloudFormation knows once, however many templates have it."""
    found: dict[str, list[str]] = {}
    for template, emitted in contents:
        for name in emitted.known_later:
            found.setdefault(name, []).append(template.name)
    for name, names in found.items():
        yield f"known-at-deployment-{name}", f"{name} {_KNOWN_LATER.format(_first(names))}"


def _first(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _late_findings(template: Template, emitted: Emitted) -> tuple[Finding, ...]:
    """Return the findings of emitted properties, where they differ from those that were checked before."""
    given = {key: value for key, value in template.resource.given.items() if key != "JobTemplateId"}
    if given == emitted.properties:
        return ()
    read, found = values({"JobTemplateId": template.name, **emitted.properties})
    _, more = JobTemplateSpec.check(read)
    return (*found, *more)
