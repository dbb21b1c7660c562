"""Checks of the whole app at synthesis: values set late, causes of failure in later deployments, and quotas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import IConstruct, IValidation

from iot_jobs.cdk.errors import in_one_line
from iot_jobs.cdk.ids import Emitted, StackTemplates, Template
from iot_jobs.check import advice
from iot_jobs.cloudformation import values
from iot_jobs.environment import TEMPLATE_TWICE, Quotas
from iot_jobs.finding import Finding, Location, Place, dotted
from iot_jobs.limits import (
    CLOUDFORMATION_QUOTAS,
    MAX_OUTPUTS_IN_STACK,
    MAX_RESOURCES_IN_STACK,
    MAX_TEMPLATES_IN_REGION,
    QUOTAS,
)
from iot_jobs.sources import Subject
from iot_jobs.template import JobTemplateSpec
from iot_jobs.unresolved import holds_token
from iot_jobs.volatile_tags import volatile_tag

_STACKS: WeakKeyDictionary[IConstruct, list[StackTemplates]] = WeakKeyDictionary()
"""The stacks with job templates of each app."""

QUOTAS_CONTEXT = "iot-jobs:quotas"
"""The key of the CDK's context with quotas that AWS raised, by name: those of `Quotas`."""
_NEAR = 0.8
"""The part of a stack's quota above which there is a warning."""
_KEPT = (
    "each edit of this template leaves the old one behind, and an account may have 100 job templates in a region; "
    "delete those that are no longer used, with: aws iot delete-job-template; raise generation to go back to content "
    "whose template was kept, or to add back a template that was kept when it was removed from the stack"
)
_KNOWN_LATER = (
    "is known only at deployment: a new value changes the job template {}, but not its id, and CloudFormation can't "
    "replace a template under the same id; raise generation with each new value, or pass a value known at synthesis, "
    "such as one from context or value_from_lookup"
)
_IF_ONE_ACCOUNT = "if both stacks are deployed to the same account"


@jsii.implements(IValidation)
class SynthChecks:
    """The checks of one stack with job templates. What AWS may refuse fails the synthesis; the rest is a warning."""

    def __init__(self, here: StackTemplates) -> None:
        """Add it to the stack, and the stack to those of its app."""
        self._here = here
        self._stacks = _STACKS.setdefault(here.stack.node.root, [])
        self._stacks.append(here)
        here.stack.node.add_validation(self)

    def validate(self) -> list[str]:
        """Return errors as texts. Called after all aspects, and before anything is synthesized."""
        here, present = self._here, self._here.present()
        here.validated = True
        for template in here.templates:
            if template not in present and template.published is not None:
                here.parameters.node.try_remove_child(template.published.replace("/", "--"))  # as the CDK spells ids
        contents = [(template, here.emitted(template)) for template in present]
        beside = [one for one in self._stacks if one.location == here.location]
        earlier = takewhile(lambda one: one is not here, beside)
        taken = {one.published: one for other in earlier for one in other.present() if one.published is not None}
        shared = [_published_twice(one, taken[one.published]) for one in present if one.published in taken]
        is_sure = not any(map(cdk.Token.is_unresolved, here.location))
        in_region: Iterable[tuple[str, str]] = ()
        if here is beside[-1]:  # once for all stacks of the region
            quota = max(_quotas(one.stack)[0].templates_in_region for one in beside)
            in_region = _quota_of_region(sum(len(one.present()) for one in beside), quota)
        for name, text in (
            *_volatile_tags((template.name, emitted.properties.get("Tags", ())) for template, emitted in contents),
            *_known_later((template.name, emitted.known_later) for template, emitted in contents),
            *_quotas_of_stack(len(present), sum(one.resources for one in present)),
            *in_region,
            *(() if is_sure else (("published-twice", f"{text}, {_IF_ONE_ACCOUNT}") for text in shared)),
        ):
            cdk.Annotations.of(here.stack).add_warning_v2(f"iot-jobs:{name}", text)
        quotas, errors = _quotas(here.stack)
        errors += shared if is_sure else []
        for template, emitted in contents:
            if template.resource.keeps:
                _warn(template, "iot-jobs:keep-previous", _KEPT)
            for finding in _findings(template, emitted, quotas, here.location):
                if finding.severity == "error":
                    if finding.rule.can_be_acknowledged and f"iot-jobs::{finding.code}" in _acknowledged(template):
                        continue
                    errors.append(f"{template.resource.node.path}: {finding}")
                elif finding.loc[:1] != ("tags",):  # those are one warning for the whole stack
                    text = f"{in_one_line(finding, finding.path)}; {finding.fix}"
                    _warn(template, f"iot-jobs::{finding.code}", text)
        return errors


def _warn(template: Template, id: str, text: str) -> None:
    """Add a warning to the construct of a template."""
    cdk.Annotations.of(template.resource.node.scopes[-2]).add_warning_v2(id, text)


def _quotas(stack: cdk.Stack) -> tuple[Quotas, list[str]]:
    """Return the quotas that the context states, and what is wrong with them; AWS's defaults if anything is."""
    context = stack.node.try_get_context(QUOTAS_CONTEXT)
    stated, findings = Quotas.check({} if context is None else context)
    return stated or Quotas(), [f"context {QUOTAS_CONTEXT}: {finding}" for finding in findings]


def _quota_of_region(count: int, quota: int) -> Iterator[tuple[str, str]]:
    if count * 2 > quota:
        basis = "unless it was raised" if quota == MAX_TEMPLATES_IN_REGION else "as stated"
        text = (
            f"this app has {count} job templates in one account and region, where the quota is "
            f"{quota} {basis}; a replacement is created before the old one is "
            f"deleted, so a change to all of them at once takes {count * 2}; see {QUOTAS}"
        )
        yield "templates-in-region", text


def _quotas_of_stack(templates: int, resources: int) -> Iterator[tuple[str, str]]:
    for what, used, quota in (
        ("resources", resources, MAX_RESOURCES_IN_STACK),
        ("outputs", templates, MAX_OUTPUTS_IN_STACK),
    ):
        if used > quota * _NEAR:
            text = f"the {templates} job templates of this stack take {used} {what}, and a stack may have"
            text = f"{text} {quota}; put some of them into another stack; see {CLOUDFORMATION_QUOTAS}"
            yield f"{what}-in-stack", text


def _published_twice(template: Template, other: Template) -> str:
    """Return the error for a template whose parameter another stack's template publishes too."""
    finding = TEMPLATE_TWICE.finding(
        loc=("template_name",),
        given=template.name,
        allowed=f"one template for the parameter {template.published}, which {other.resource.node.path} publishes",
        fix="rename one of the two, or give one of them another environment or parameter_prefix",
    )
    return f"{template.resource.node.path}: {finding}"


def _volatile_tags(tags_of: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each such tag once, however many templates have it."""
    found: dict[str, tuple[Finding, list[str]]] = {}
    for template, tags in tags_of:
        for tag in tags:
            value = tag.get("Value")
            finding = volatile_tag(str(tag.get("Key")), value if isinstance(value, str) else None)
            if finding:
                found.setdefault(str(tag["Key"]), (finding, []))[1].append(template)
    for key, (finding, names) in found.items():
        replaced = f"the tag {key} replaces the job template {_first(names)} whenever its value changes"
        yield f"volatile-tag-{key}", f"{replaced}, because tags are create-only; {finding.fix}"


def _known_later(values_of: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    """Yield each value that only CloudFormation knows once, however many templates have it."""
    found: dict[str, list[str]] = {}
    for template, known_later in values_of:
        for name in known_later:
            found.setdefault(name, []).append(template)
    for name, names in found.items():
        yield f"known-at-deployment-{name}", f"{name} {_KNOWN_LATER.format(_first(names))}"


def _first(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _findings(template: Template, emitted: Emitted, quotas: Quotas, location: tuple[str, str]) -> Iterator[Finding]:
    """Yield errors in values that changed since the construct checked them, and advice on what is emitted."""
    spec = template.spec
    given = {key: value for key, value in template.resource.given.items() if key != "JobTemplateId"}
    if given != emitted.properties:
        read, found = values({"JobTemplateId": template.name, **emitted.properties})
        spec, more = JobTemplateSpec.judge(read)
        yield from (*found, *more)
    account, region = (None if holds_token(part) else part for part in location)
    subject = Subject(spec, _nowhere, location=(account, region))
    yield from advice(subject, now=datetime.now(UTC), quotas=quotas)


def _acknowledged(template: Template) -> set[str]:
    """Return the ids acknowledged on a template's construct and above it: the CDK itself hides warnings alone."""
    key = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
    scopes = template.resource.node.scopes
    entries = [entry for scope in scopes for entry in scope.node.metadata if entry.type == key]
    return {id for entry in entries for id in entry.data}


def _nowhere(loc: Location) -> Place:
    return Place(dotted(loc))
