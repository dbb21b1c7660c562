"""The values behind references of a stack's templates, as far as they are known at synthesis.

`{"Ref": "Bucket"}` stays the same when the bucket is renamed, but the value of the property that holds it doesn't.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import aws_cdk as cdk
from constructs import IConstruct

from iot_jobs.unresolved import is_intrinsic

NAMING = {
    "AWS::IAM::Role": ("roleName", "path"),
    "AWS::IoT::SoftwarePackage": ("packageName",),
    "AWS::IoT::SoftwarePackageVersion": ("packageName", "versionName"),
    "AWS::S3::Bucket": ("bucketName", "bucketNamePrefix", "bucketNamespace"),
}
"""The properties whose change replaces the resource. Of other types all properties count."""

_PROPERTIES = "aws:cdk:cloudformation:props"
_IN_TEXT = re.compile(r"\$\{([^!}][^}]*)\}")
# A reference to one version of a parameter always has the same value.
_DYNAMIC = re.compile(r"\{\{resolve:(?!ssm:[^:}]+:[0-9]+\}\})[^}]*\}\}")
_PURE = {
    *("Fn::And", "Fn::Base64", "Fn::Equals", "Fn::ImportValue", "Fn::Join", "Fn::Length"),
    *("Fn::Not", "Fn::Or", "Fn::Select", "Fn::Split", "Fn::ToJsonString"),
}
"""Functions that depend only on their arguments. An export can't change while a stack imports it."""


class References:
    """The elements of a stack that its templates may refer to."""

    def __init__(self, stack: cdk.Stack, id_of: Callable[[IConstruct], str | None]) -> None:
        """Keep the stack; read nothing yet. `id_of` returns the id of a `JobTemplate`, None for other constructs."""
        self._stack = stack
        self._id_of = id_of

    def behind(self, emitted: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what is known about each reference in a value, by its name, and the names of what isn't known."""
        behind: dict[str, Any] = {}
        unknown: dict[str, None] = {}
        waiting = list(_references(emitted))
        seen = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            kind, _, logical_id = name.partition(" ")
            value = self._value(logical_id) if kind == "value" else None
            if value is None:
                unknown[logical_id] = None
            elif value != {}:
                behind[logical_id] = value
                waiting += _references(value)
        return behind, tuple(sorted(unknown))

    def _value(self, logical_id: str) -> Any:
        """Return what is known about an element: {} if nothing could change, None if its value is known only later."""
        element = self._elements.get(logical_id)
        if isinstance(element, cdk.CfnCondition):
            return self._stack.resolve(element.expression)
        if isinstance(element, cdk.CfnParameter):
            return self._argument(logical_id)
        if not isinstance(element, cdk.CfnResource):
            return {} if element is None else None  # a mapping, whose content the CDK doesn't show
        if (job_template_id := self._id_of(element)) is not None:
            return job_template_id
        kind = element.cfn_resource_type
        if kind.startswith("Custom::") or kind in ("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack"):
            return None
        properties = _properties(self._stack, element)
        return {key: value for key, value in properties.items() if key in NAMING.get(kind, properties)}

    def _argument(self, name: str) -> Any:
        """Return the value that a nested stack gets for a parameter, None for a parameter that users set."""
        parent, nested = self._stack.nested_stack_parent, self._stack.nested_stack_resource
        if parent is None or nested is None:
            return None
        given = _properties(parent, nested).get("parameters", {}).get(name)
        above, unknown = References(parent, self._id_of).behind(given)
        return None if given is None or unknown else {"given": given, "behind": above}

    @cached_property
    def _elements(self) -> Mapping[str, cdk.CfnElement]:
        """The elements by logical id."""
        found = [one for one in _own(self._stack) if isinstance(one, cdk.CfnElement)]
        return dict(zip(self._stack.resolve([one.logical_id for one in found]), found, strict=True))


def _own(stack: cdk.Stack) -> Iterator[IConstruct]:
    """Yield the constructs of a stack, without those of other stacks in it."""
    below = stack.node.find_all()  # one round trip for all, each before what is in it
    index = 1
    while index < len(below):
        one = below[index]
        if isinstance(one, cdk.Stack | cdk.Stage):
            index += len(one.node.find_all())
        else:
            yield one
            index += 1


def _properties(stack: cdk.Stack, resource: cdk.CfnResource) -> dict[str, Any]:
    """Return the properties of an L1, in the CDK's spelling; {} for a resource without its own class."""
    inspect = getattr(resource, "inspect", None)
    if inspect is None:
        return {}
    inspector = cdk.TreeInspector()
    inspect(inspector)
    resolved: dict[str, Any] = stack.resolve(inspector.attributes[_PROPERTIES])
    return resolved


def _references(value: Any) -> Iterator[str]:
    """Yield the references in a value: `value Name` to an element of the template, `later ...` to anything else."""
    if isinstance(value, str):
        yield from (f"later {text}" for text in _DYNAMIC.findall(value))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _references(item)
    elif isinstance(value, Mapping):
        is_condition = len(value) == 1 and isinstance(value.get("Condition"), str)
        for key, argument in value.items():
            yield from _of_function(key, argument) if is_condition or is_intrinsic(value) else _references(argument)


def _of_function(function: str, argument: Any) -> Iterator[str]:
    names: list[Any] = []
    match function, argument:
        case "Ref" | "Condition", str(name):
            names = [name]
        case "Fn::GetAtt", str(name):
            names = [name.partition(".")[0]]
        case "Fn::GetAtt", [name, *_]:
            names = [name]
        case "Fn::If", [name, *branches]:
            names = [name]
            yield from _references(branches)
        case "Fn::Sub", text:
            text, given = text if isinstance(text, list) else (text, {})
            names = [name.partition(".")[0] for name in _IN_TEXT.findall(text) if name not in given]
            yield from _references([text, *given.values()])
        case "Fn::FindInMap", [name, *keys]:
            names = [name]
            yield from _references(keys)
        case _, argument:
            if function.startswith("Fn::") and function not in _PURE:
                yield f"later {function}"
            yield from _references(argument)
    yield from (f"value {name}" for name in names if not str(name).startswith("AWS::"))
