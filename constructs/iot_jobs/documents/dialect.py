"""JSON Schema for job documents: placeholders pass, nothing is fetched, and each error has its exact location.

This module imports jsonschema, which takes 0.1 s; so only `schema` imports it, and only to run a schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend, validator_for
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012, Schema, specification_with

from iot_jobs.documents.families import ENDLESS, URN, SchemaError, is_filled_in, schema_text
from iot_jobs.finding import MOST_FINDINGS

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]

# These keywords can't be checked on a text that is filled in later.
_ABOUT_TEXT = ("type", "enum", "const", "pattern", "minLength", "maxLength", "format")
_HOLD_SCHEMAS = (
    "additionalProperties", "items", "prefixItems", "contains", "propertyNames", "not", "if", "then", "else", "anyOf",
    "oneOf", "allOf",
)  # fmt: skip
_HOLD_NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


def errors(value: object, text: str) -> list[ValidationError]:
    """Return the errors of a value under the schema in a JSON text. Raises `SchemaError` if the schema can't be run."""
    try:
        return list(islice(_validator(text).iter_errors(value), MOST_FINDINGS + 1))
    except RecursionError:
        raise SchemaError((None, ENDLESS, ())) from None
    except Unresolvable as error:
        raise SchemaError((error.ref, "references into the schema itself", ())) from None
    except (ArithmeticError, TypeError, ValueError, re.error) as error:
        raise SchemaError((None, f"a schema that can be run; {error}", ())) from None


def errors_in_schema(schema: Any) -> list[ValidationError]:
    """Return the errors of a schema under the rules of its own draft."""
    kind = _draft(schema)
    errors = kind(kind.META_SCHEMA, format_checker=kind.FORMAT_CHECKER).iter_errors(schema)
    return list(islice(errors, MOST_FINDINGS + 1))


def dead_references(schema: Any) -> list[str]:
    """Return the references of a schema that lead out of it, or nowhere. They are never fetched."""
    resource: Resource[Schema] = specification_with(_draft(schema).META_SCHEMA["$schema"]).create_resource(schema)
    dead = _dead_references(resource, _REGISTRY.resolver_with_root(resource))
    return list(islice(dead, MOST_FINDINGS + 1))


def _dead_references(resource: Resource[Schema], resolver: Any) -> Iterator[str]:
    contents = resource.contents
    for keyword in ("$ref", "$dynamicRef"):
        if isinstance(contents, Mapping) and keyword in contents:
            try:
                resolver.lookup(contents[keyword])
            except Unresolvable:
                yield contents[keyword]
    for inner in resource.subresources():
        yield from _dead_references(inner, resolver.in_subresource(inner))


def _retrieve(uri: str) -> Resource[Schema]:
    """Return a shipped schema; every other address is unknown."""
    try:
        schema = json.loads(schema_text(uri.removeprefix(URN)))
    except SchemaError:
        raise NoSuchResource(uri) from None
    del schema["$schema"]  # with it, jsonschema would continue with its own validator instead of ours
    return DRAFT202012.create_resource(schema)


_REGISTRY: Registry[Schema] = Registry(retrieve=_retrieve)  # type: ignore[call-arg]


def _draft(schema: Any) -> Any:
    named = isinstance(schema, Mapping) and isinstance(schema.get("$schema"), str)
    return validator_for(schema, default=Draft202012Validator) if named else Draft202012Validator


@lru_cache
def _validator(text: str) -> Any:
    schema = json.loads(text)
    return _lenient(_draft(schema))(_spelt_out(schema), registry=_REGISTRY)


@lru_cache
def _lenient(draft: Any) -> Any:
    """Return a draft's validator with our own implementation of a few keywords."""
    known = draft.VALIDATORS
    own = {name: keyword for name, keyword in _OWN.items() if name in known}
    own |= {name: reading(known[name]) for name, reading in _READINGS.items() if name in known}
    return extend(draft, own)  # type: ignore[no-untyped-call]


def _as_text(value: Any) -> Any:
    """Return a value with its placeholders turned into plain text, which is checked literally."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value.replace("${", "$").replace("#{", "#") if is_filled_in(value) else value


def _unless_filled_in(original: Keyword) -> Keyword:
    def check(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not is_filled_in(instance):
            yield from original(validator, wanted, instance, schema)

    return check


def _if(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check `if`, unless its result depends on a placeholder's value."""
    condition = validator.evolve(schema=wanted)
    holds = condition.is_valid(instance)
    branch = "then" if holds else "else"
    if branch in schema and holds == condition.is_valid(_as_text(instance)):
        yield from validator.descend(instance, schema[branch], schema_path=branch)


def _not(validator: Any, wanted: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    """Check `not`, which fails only if it does for any value of the placeholders."""
    refused = validator.evolve(schema=wanted)
    if refused.is_valid(instance) and refused.is_valid(_as_text(instance)):
        yield ValidationError("a value that is ruled out")


def _one_of(original: Keyword) -> Keyword:
    """Check `oneOf`, where several may fit if a placeholder can decide between them."""

    def check(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        for error in original(validator, wanted, instance, schema):
            if error.context or _as_text(instance) == instance:
                yield error

    return check


def _required(_: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Yield one error for each missing member, with the member's own location and schema."""
    if isinstance(instance, dict) and isinstance(wanted, list):
        for name in wanted:
            if name not in instance:
                member = schema.get("properties", {}).get(name, {})
                yield ValidationError(f"{name} is missing", path=[name], instance=None, schema=member)


def _spelt_out(schema: Any) -> Any:
    """Return a schema with an object in place of each `false`, for which jsonschema reports no location."""
    if isinstance(schema, list):
        return [_spelt_out(inner) for inner in schema]
    if not isinstance(schema, dict):
        return {"not": {}} if schema is False else schema
    inside = {name: _spelt_out(schema[name]) for name in _HOLD_SCHEMAS if name in schema}
    inside |= {
        name: {key: _spelt_out(inner) for key, inner in schema[name].items()}
        for name in _HOLD_NAMED_SCHEMAS
        if isinstance(schema.get(name), dict)
    }
    if schema.get("additionalProperties") is False:
        inside["additionalProperties"] = {"not": {}, "names": list(schema.get("properties", {}))}
    return schema | inside


_OWN: Mapping[str, Keyword] = {"if": _if, "not": _not, "required": _required}
_READINGS = {"oneOf": _one_of} | dict.fromkeys(_ABOUT_TEXT, _unless_filled_in)
