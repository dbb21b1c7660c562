"""Conversion of a spec to CloudFormation properties and back, without the CDK; a round trip changes nothing.

A model has three spellings: ours in snake_case, CloudFormation's and the API's. `JobTemplate` and the API differ in
two names (`ExponentialRolloutRate` and `RetryCriteriaList` against `exponentialRate` and `criteriaList`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from iot_jobs.cloudformation.names import NO_NAMES, TEMPLATE, Names, Spelling
from iot_jobs.cloudformation.scalars import as_text, for_limit, for_model
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import REMOVE, Edit, Finding, Location, Rule, nearest_key
from iot_jobs.limits import PARAMETER_VALUE, TAG_KEY, TAG_VALUE, TAGS, TEMPLATE_REFERENCE, Limit
from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.job_template import tags_without_value
from iot_jobs.template.part import MISSING_VALUE, MOST_UNKNOWN, WRONG_KIND, Model, further_unknown, unknown_key
from iot_jobs.template.parts import tag_problems
from iot_jobs.unresolved import NO_VALUE, Unresolved, holds_token, is_intrinsic

TAG_KEY_TWICE = Rule(
    code="JT113",
    title="tag keys are unique",
    why="The service refuses a list of tags with a duplicate key.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    evidence="documented",
)

_TAG = ("Key", "Value")


class _TheirKey(str):
    """A key as spelt in the file, which `translate` keeps even if it equals one of our names."""

    __slots__ = ()


def properties(spec: JobTemplateSpec | JobSpec, spelling: Spelling = TEMPLATE) -> dict[str, Any]:
    """Return the resource's properties: absent values are left out, whole numbers have no fraction."""
    emitted: dict[str, Any] = _emit(spec, spelling.names, spelling)
    return emitted


def without_nulls(given: Any) -> Any:
    """Return an API response without its unset values: nulls, and blocks that hold nothing else."""
    if isinstance(given, list):
        return [without_nulls(item) for item in given]
    if not isinstance(given, Mapping):
        return given
    kept = {key: without_nulls(value) for key, value in given.items()}
    return {key: value for key, value in kept.items() if value is not None and value != {}}


def values(given: Mapping[str, Any], spelling: Spelling = TEMPLATE) -> tuple[dict[str, Any], list[Finding]]:
    """Return properties as values for `JobTemplateSpec.check`, and findings for those that can't be converted.

    Intrinsic functions become `Unresolved`, `AWS::NoValue` is left out, and a scalar in CloudFormation's spelling
    becomes the number or text that it stands for. Locations use the model's names; `translate` turns them into those of
    `given`.
    """
    findings: list[Finding] = []
    read = _mapping(given, spelling.names, spelling, (), findings)
    if spelling.intrinsics:
        read = for_model(read, spelling.model)
    document, tags, parameters = read.get("document"), read.get("tags"), read.get("document_parameters")
    if spelling.intrinsics:
        document = as_text(document)
    if isinstance(document, str):
        read["document"] = _document(document)
    if tags is not None and not isinstance(tags, Unresolved):
        read["tags"] = _read_tags(given[str(spelling.names["tags"])], spelling, findings)
    if isinstance(parameters, Mapping) and spelling.intrinsics:
        known = {name: item for name, item in parameters.items() if item != NO_VALUE}
        read["document_parameters"] = {
            name: Unresolved(item) if is_intrinsic(item) else for_limit(item, PARAMETER_VALUE)
            for name, item in known.items()
        }
    return read, findings


def translate(loc: Location, given: Any, spelling: Spelling = TEMPLATE) -> Location:
    """Return a location in a spec in the spelling of `given`, the properties that the spec was read from."""
    names = spelling.names
    words: list[str | int] = []
    for position, part in enumerate(loc):
        theirs = None if isinstance(part, int) or type(part) is _TheirKey else names.get(part)
        if theirs is None:
            words.append(part)
        elif part == "tags" and position == 0:
            return _tag_location(loc, given, spelling)
        elif isinstance(theirs, tuple):
            words.append(theirs[0])
            names = theirs[1]
        else:
            words.append(theirs)
            names = NO_NAMES  # the keys inside are the user's own, such as a document's
    return tuple(words)


def _emit(value: Any, names: Names, spelling: Spelling) -> Any:
    if isinstance(value, Unresolved):
        return value.value
    if isinstance(value, JobDocument):
        return value.text
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, tuple):
        return [_emit(item, names, spelling) for item in value]
    if isinstance(value, Mapping):
        return {key: _emit(value[key], names, spelling) for key in sorted(value)}
    if not isinstance(value, Model):
        return value
    emitted = {}
    for field, theirs in names.items():
        inner = getattr(value, field)
        if inner is None or (isinstance(inner, tuple | dict) and not inner):
            continue
        name, parts = theirs if isinstance(theirs, tuple) else (theirs, NO_NAMES)
        emitted[name] = _emit(inner, parts, spelling)
        if field == "tags" and isinstance(inner, Mapping):
            emitted[name] = [dict(zip(_TAG, item, strict=True)) for item in emitted[name].items()]
    return emitted


_PLAIN = (str, int, float)


def _read(given: Any, names: Names, spelling: Spelling, loc: Location, findings: list[Finding]) -> Any:
    """Return a value with our names in its mappings, at all depths. Other values are left for the model to check."""
    if spelling.resolves(given):
        return Unresolved(given)
    if isinstance(given, list):
        return [_read(item, names, spelling, (*loc, index), findings) for index, item in enumerate(given)]
    return _mapping(given, names, spelling, loc, findings) if names and isinstance(given, Mapping) else given


def _mapping(
    given: Mapping[str, Any], names: Names, spelling: Spelling, loc: Location, findings: list[Finding]
) -> dict[str, Any]:
    ours = names.ours
    read: dict[str, Any] = {}
    unknown: list[str] = []
    for key, value in given.items():
        field = ours.get(key)
        if field is None:
            if (loc or key not in spelling.others) and not (spelling.intrinsics and value == NO_VALUE):
                unknown.append(str(key))
        elif isinstance(value, _PLAIN):
            read[field] = Unresolved(value) if spelling.resolves(value) else value
        elif value is None:
            if spelling.intrinsics:  # the API returns null for unset values; CloudFormation refuses it
                allowed = "a value; null is refused"
                findings.append(WRONG_KIND.finding(loc=(*loc, field), allowed=allowed, fix="remove it", edit=REMOVE))
        elif not spelling.intrinsics or value != NO_VALUE:
            read[field] = _read(value, names.parts(field), spelling, (*loc, field), findings)
    if unknown:
        read = _misspelt(unknown, given, ours) | read
        findings += _unknown(unknown, given, ours, loc)
    if "action" in names and "action" not in read and loc and isinstance(loc[-1], int):
        # Only our own spelling has a default.
        here = (*loc, "action")
        findings.append(
            MISSING_VALUE.finding(loc=here, allowed="required; CANCEL", fix="add it", edit=Edit("value", "CANCEL"))
        )
    return read


# A document caches what is derived from it, and the templates of several environments share documents.
_document = lru_cache(maxsize=1024)(JobDocument)


def _misspelt(unknown: list[str], given: Mapping[Any, Any], ours: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that misspelt keys most likely stand for, as unknown values, so that none counts as missing."""
    names = {key: nearest_key(key, ours) for key in unknown[:MOST_UNKNOWN]}
    return {ours[name]: Unresolved(given.get(key)) for key, name in names.items() if name}


def _unknown(
    unknown: list[str], given: Mapping[Any, Any], known: Mapping[str, str], loc: Location
) -> Iterator[Finding]:
    for key in unknown[:MOST_UNKNOWN]:
        yield unknown_key(_TheirKey(key), known, loc, given=given)
    yield from (finding.under(loc) for finding in further_unknown(unknown, known))


def _read_tags(given: Any, spelling: Spelling, findings: list[Finding]) -> Any:
    """Return tags as a mapping; unresolved as a whole if any of them is."""
    if not isinstance(given, list):
        findings.append(WRONG_KIND.finding(loc=("tags",), given=given, allowed="a list of tags", fix="write a list"))
        return {}
    key_name, value_name = _TAG
    read: dict[str, Any] = {}
    whole = True
    if TAGS.far_over(given):
        findings.append(TAGS.finding(loc=("tags",), given=len(given), allowed=TAGS.allowed, fix=TAGS.if_large))
        return {}
    for index, tag in enumerate(given):
        loc: Location = ("tags", index)
        if _is_late(tag, spelling) or (isinstance(tag, Mapping) and _is_late(tag.get(key_name), spelling)):
            whole = False
            continue
        unknown = [str(key) for key in tag if key not in _TAG][:MOST_UNKNOWN] if isinstance(tag, Mapping) else []
        findings += [unknown_key(name, _TAG, loc, given=tag) for name in unknown]
        misspelt = {nearest_key(name, [tag_name for tag_name in _TAG if tag_name not in tag]) for name in unknown}
        key = _tag_key(tag, spelling)
        if key_name in misspelt:
            whole = False
        elif not isinstance(tag, Mapping) or not isinstance(key, str):
            findings.append(
                WRONG_KIND.finding(loc=loc, given=tag, allowed=f"{key_name} and {value_name}", fix="write both")
            )
        else:
            value = tag.get(value_name)
            if key in read:
                findings.append(
                    TAG_KEY_TWICE.finding(
                        loc=loc, given=key, allowed="each tag key once", fix="remove one", related=(("tags", key),)
                    )
                )
            else:
                unknown_value = value_name in misspelt or _is_late(value, spelling)
                read[key] = Unresolved(value) if unknown_value else _scalar(value, TAG_VALUE, spelling)
    if whole:
        return read
    findings += [finding.under(("tags",)) for finding in tag_problems(read)]
    findings += tags_without_value(read) if spelling.model is JobTemplateSpec else ()
    return Unresolved(given)


def _is_late(value: Any, spelling: Spelling) -> bool:
    """Return whether a value or a part of a text is known only at deployment."""
    return spelling.resolves(value) or (spelling.intrinsics and holds_token(value))


def _tag_key(tag: Any, spelling: Spelling) -> Any:
    """Return the key of a tag, None if it has none."""
    return _scalar(tag.get(_TAG[0]), TAG_KEY, spelling) if isinstance(tag, Mapping) else None


def _scalar(value: Any, limit: Limit, spelling: Spelling) -> Any:
    return for_limit(value, limit) if spelling.intrinsics else value


def _tag_location(loc: Location, given: Any, spelling: Spelling) -> Location:
    """Return the location of a tag's value in the list; the model names a tag by its key.

    A key that is refused is reported at the tag.
    """
    name = spelling.names["tags"]
    tags = given.get(name) if isinstance(given, Mapping) else None
    words: tuple[str | int, ...] = (str(name),)
    if len(loc) == 1 or not isinstance(tags, list):
        return words
    if isinstance(loc[1], int):
        return (*words, *loc[1:])
    for index, tag in enumerate(tags):
        if isinstance(tag, Mapping) and _tag_key(tag, spelling) == loc[1]:
            at_value = _TAG[1] in tag and TAG_KEY.accepts(loc[1])
            return (*words, index, _TAG[1]) if at_value else (*words, index)
    return words
