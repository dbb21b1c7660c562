"""Validation of documents against a JSON Schema, with the requirements of the schema in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from iot_jobs.documents.families import ENDLESS, SchemaError, schema_text
from iot_jobs.documents.quick_schema import surely_fits
from iot_jobs.finding import REMOVE, Edit, Location, dotted, nearest, shown
from iot_jobs.jsontext import canonical

if TYPE_CHECKING:
    from jsonschema import ValidationError


_MOST_SCHEMA = 100_000
"""Number of characters of a schema, without blanks: jsonschema takes seconds for a larger one."""


class Misfit(NamedTuple):
    """A place where a document doesn't fit, and all requirements there. `keyword` is the first one that failed."""

    loc: Location
    keyword: str
    given: Any
    allowed: str
    fix: str
    edit: Edit | None


def misfits(value: object, schema: str | Mapping[str, Any]) -> list[Misfit]:
    """Return the places where a document doesn't fit a family's schema, or a user's own, ordered by location.

    A text with an AWS placeholder or a CDK token passes every check of its type or content. Raises `SchemaError` if the
    schema can't be run.
    """
    if isinstance(schema, str) and surely_fits(value, schema):
        return []
    from iot_jobs.documents import dialect  # takes 0.1 s to import

    if isinstance(schema, str):
        text = schema_text(schema)
    else:
        try:
            text = canonical(schema)
            if len(text) > _MOST_SCHEMA:
                raise SchemaError((len(text), f"a schema of up to {_MOST_SCHEMA} characters", ()))
            faults = _faults(text)
        except RecursionError:
            raise SchemaError((None, ENDLESS, ())) from None
        except ValueError as error:  # not JSON, or an invalid address
            raise SchemaError((None, f"a schema that can be read; {error}", ())) from None
        if faults:
            raise SchemaError(*faults)
    return _in_words(dialect.errors(value, text))


@lru_cache
def _faults(text: str) -> tuple[tuple[object, str, Location], ...]:
    """Return the faults of a schema itself: the value given, what is allowed, and the location."""
    from iot_jobs.documents import dialect

    schema = json.loads(text)
    wrong: list[tuple[object, str, Location]] = [
        (misfit.given, f"{misfit.allowed}, at {dotted(misfit.loc) or 'the top'} of the schema", misfit.loc)
        for misfit in _in_words(dialect.errors_in_schema(schema))
    ]
    dead = [] if wrong else dialect.dead_references(schema)
    return (*wrong, *((reference, "a reference within the schema; nothing is fetched", ()) for reference in dead))


def _in_words(errors: Iterable[ValidationError]) -> list[Misfit]:
    by_location: dict[Location, list[ValidationError]] = {}
    for error in errors:
        for leaf in _leaves(error):
            by_location.setdefault(tuple(leaf.absolute_path), []).append(leaf)
    return [_misfit(loc, by_location[loc]) for loc in sorted(by_location, key=_order)]


def _order(loc: Location) -> list[str]:
    return [f"{part:06}" if isinstance(part, int) else part for part in loc]


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the most specific errors: those of the closest alternative, or `error` itself if several are as close."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(next(iter(inner.relative_schema_path), None), []).append(inner)
    distances = {branch: _distance(inside) for branch, inside in branches.items()}
    nearest = [branch for branch, distance in distances.items() if distance == min(distances.values())]
    if len(nearest) != 1:
        yield error
        return
    for inner in branches[nearest[0]]:
        yield from _leaves(inner)


def _distance(errors: list[ValidationError]) -> tuple[bool, int, int]:
    """Return an alternative's distance: wrong type, wrong constants (`{"kind": {"const": ...}}`), number of errors."""
    another_type = any(error.validator == "type" and not error.path for error in errors)
    return another_type, sum(bool(error.path) and error.validator in ("const", "enum") for error in errors), len(errors)


def _misfit(loc: Location, errors: list[ValidationError]) -> Misfit:
    # If the type is wrong, nothing else matters.
    errors = [error for error in errors if error.validator == "type"][:1] or errors
    first = errors[0]
    fix, edit = _fix(first, loc)
    return Misfit(
        loc=loc,
        keyword=str(first.validator),
        given=_given(first),
        allowed=" and ".join(dict.fromkeys(_asked(error) for error in errors)),
        fix=fix,
        edit=edit if len(errors) == 1 else None,
    )


def _given(error: ValidationError) -> Any:
    """Return the value; for a list that is too short or too long, its number of items."""
    if isinstance(error.instance, list) and error.validator in ("minItems", "maxItems", "contains", "minContains"):
        return len(error.instance)
    return error.instance


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_WORDS = {
    "minLength": "{} or more characters",
    "maxLength": "{} or fewer characters",
    "minItems": "{} or more items",
    "maxItems": "{} or fewer items",
    "minProperties": "{} or more members",
    "maxProperties": "{} or fewer members",
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "format": "text of the format {}",
    "uniqueItems": "a list without duplicates",
}
_FIXES = {
    "enum": "choose one of these",
    "contains": "add one",
    "minItems": "add items",
    "maxItems": "shorten it",
    "minLength": "write more",
    "maxLength": "shorten it",
    "minimum": "raise it",
    "maximum": "lower it",
    "exclusiveMinimum": "raise it",
    "exclusiveMaximum": "lower it",
    "not": "remove it, or write what is allowed",
}


def _asked(error: ValidationError) -> str:
    """Return the requirement of the keyword that failed."""
    keyword, wanted, schema = str(error.validator), cast(Any, error.validator_value), error.schema
    if keyword in _WORDS:
        return _WORDS[keyword].format(wanted)
    if keyword in ("type", "enum", "const"):
        return _kind({keyword: wanted})
    if keyword == "required":
        return _kind(schema if error.instance is None else {"required": wanted})
    if keyword in ("anyOf", "oneOf") and error.context:
        return " or ".join(dict.fromkeys(_kind(branch) for branch in wanted))
    if keyword == "not" and wanted == {}:
        names = schema.get("names") if isinstance(schema, Mapping) else None
        return f"the names {', '.join(map(str, names))}" if names else "nothing"
    if keyword == "contains":
        return f"at least one item that is {_described(wanted) or _kind(wanted)}"
    if keyword == "pattern":
        return _described(schema) or f"text that matches {wanted}"
    return _described(schema) or f'a value that is valid under "{keyword}" in the schema'


def _kind(schema: Any) -> str:
    """Return a schema in a few words."""
    if not isinstance(schema, Mapping):
        return "a value"
    if "const" in schema:
        return shown(schema["const"])
    if "enum" in schema:
        return _either([shown(value) for value in schema["enum"]])
    required = ", ".join(map(str, schema.get("required", ())))
    if schema.get("type", "object") == "object" and required:
        return f"an object with {required}"
    if "type" in schema:
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        return _either([_TYPES[name] for name in types])
    return _described(schema) or "a value"


def _described(schema: Any) -> str:
    """Return a schema's own description as part of a sentence; empty if there is none."""
    words = str(schema.get("description", "")).split() if isinstance(schema, Mapping) else []
    text = " ".join(words).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _fix(error: ValidationError, loc: Location) -> tuple[str, Edit | None]:
    """Return what to do, and the same as data if the new value is certain."""
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "required":
        return (f"add {loc[-1]}" if error.instance is None else "add the missing members"), None
    if "names" in schema:
        near = nearest(str(loc[-1]), map(str, schema["names"]))
        return (f"write {near}, or remove it", None) if near else ("remove it", REMOVE)
    if error.validator == "enum":
        texts = [value for value in cast(list[object], error.validator_value) if isinstance(value, str)]
        if near := nearest(str(error.instance), texts):
            return f"write {shown(near)}", Edit("value", near)
    if error.validator == "const":
        return f"write {_asked(error)}", Edit("value", error.validator_value)
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        return f"write it like {shown(schema['examples'][0])}", None
    if error.validator == "type":
        return f"write {_asked(error)}", None
    return _FIXES.get(str(error.validator), "change it"), None
