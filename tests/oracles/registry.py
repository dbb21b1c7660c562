"""The CloudFormation registry's verdict: its published schemas of the two resource types, by a plain validator.

The schemas are those that cfn-lint carries. What they say is what CloudFormation itself checks before it calls the
service: less than the service wants.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from cfnlint.rules.formats.IamRoleArn import IamRoleArn
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from jsonschema.validators import extend

from tests.oracles.patterns import matches_somewhere

TEMPLATE = "AWS::IoT::JobTemplate"
JOB = "AWS::IoT::Job"

Resource = tuple[str, dict[str, Any]]
"""A resource type and properties."""


@cache
def schema(resource_type: str) -> dict[str, Any]:
    """The resource type's schema in us-east-1; all regions have the same."""
    published: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return published


def refusals(resource_type: str, properties: object) -> list[str]:
    """What the schema has against these properties, each with its place; empty where it takes them."""
    return [f"{error.json_path}: {error.message}" for error in _validator(resource_type).iter_errors(properties)]


def accepts(resource_type: str, properties: object) -> bool:
    """Whether the schema takes these properties."""
    valid: bool = _validator(resource_type).is_valid(properties)
    return valid


def sent(resource_type: str, properties: Any) -> Any:
    """What CloudFormation makes of these properties before it validates them: each scalar as the schema's type.

    It makes all scalars text, and then has no other type than the schema's
    (https://docs.rs/cloudformation-validate-template-model, `coercion`). A truth value is no number.
    """
    return _sent(properties, _validator(resource_type).schema)


def _sent(value: Any, part: dict[str, Any]) -> Any:
    kind = part.get("type")
    if isinstance(value, dict):
        inner = part.get("properties", {})
        others: dict[str, Any] = next(iter(part.get("patternProperties", {}).values()), {})
        return {name: _sent(item, inner.get(name, others)) for name, item in value.items()}
    if isinstance(value, list):
        return [_sent(item, part.get("items", {})) for item in value]
    if kind == "string" and isinstance(value, bool | int | float):
        return json.dumps(value)
    if kind in _NUMBERS and isinstance(value, str) and re.fullmatch(_NUMBERS[kind], value):
        return json.loads(value)
    return value


_WHOLE = "-?(0|[1-9][0-9]*)"
_NUMBERS = {"integer": _WHOLE, "number": rf"{_WHOLE}(\.[0-9]+)?"}


@cache
def _validator(resource_type: str) -> Any:
    # What is read-only is no input, which the schema says in a list of its own.
    published = schema(resource_type)
    read_only = {pointer.removeprefix("/properties/") for pointer in published["readOnlyProperties"]}
    properties = {name: part for name, part in published["properties"].items() if name not in read_only}
    whole = _inlined(published | {"properties": properties}, published["definitions"])
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("AWS::IAM::Role.Arn")(_is_role_arn)
    return _Validator(whole, format_checker=formats)


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    """The schema with each reference replaced by what it refers to: the same verdicts, several times faster."""
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    inlined = {name: _inlined(item, definitions) for name, item in part.items() if name not in ("$ref", "definitions")}
    if "$ref" in part:
        inlined = _inlined(definitions[part["$ref"].removeprefix("#/definitions/")], definitions) | inlined
    return inlined


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not matches_somewhere(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern}")


def _is_role_arn(instance: object) -> bool:
    return not isinstance(instance, str) or matches_somewhere(IamRoleArn().pattern, instance)


_Validator = extend(jsonschema.Draft7Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
