"""The models' common behavior: frozen, strict, and reporting all findings at once.

A value that is known only at deployment is not checked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, WrapValidator, model_validator
from pydantic_core import core_schema

from iot_jobs.finding import REMOVE, Edit, Finding, FindingsError, Location, Rule, nearest_key
from iot_jobs.limits import TEMPLATE_REFERENCE, Count
from iot_jobs.unresolved import Unresolved, holds_token, may_be_nothing, reading

if TYPE_CHECKING:
    from pydantic import (
        GetCoreSchemaHandler,
        GetJsonSchemaHandler,
        ModelWrapValidatorHandler,
        ValidatorFunctionWrapHandler,
    )
    from pydantic_core import ErrorDetails

T = TypeVar("T")

# Concrete types are tested first, because this runs for every list: the abstract class takes five times as long.
_LISTS = (list, tuple)

UNKNOWN_KEY = Rule(
    code="JT003",
    title="every key is known",
    why="CloudFormation refuses unknown keys, and a misspelt key would otherwise be dropped silently.",
    source=TEMPLATE_REFERENCE,
    evidence="schema",
)
MISSING_VALUE = Rule(
    code="JT004",
    title="required values are present",
    why="AWS refuses a template without them.",
    source=TEMPLATE_REFERENCE,
    evidence="schema",
)
WRONG_KIND = Rule(
    code="JT005",
    title="every value has the expected type, such as a mapping or a list",
    why="CloudFormation refuses a value of the wrong type, and the CDK's L1 empties it silently.",
    source=TEMPLATE_REFERENCE,
    evidence="schema",
)

MOST_UNKNOWN = 50
"""The greatest number of unknown keys in one mapping that are reported one by one."""
MAPPING_OF = "a mapping of "
"""The start of a text that lists the names of a mapping's keys."""


def unknown_key(key: str, known: Iterable[str], loc: Location = (), *, given: Container[str] = ()) -> Finding:
    """Return the finding for an unknown key. Its fix is the closest known key that isn't already given."""
    names = sorted(known)
    near = nearest_key(key, [name for name in names if name not in given])
    fix, edit = (f"write {near}", Edit("key", near)) if near else ("remove it", REMOVE)
    return UNKNOWN_KEY.finding(loc=(*loc, key), given=key, allowed=", ".join(names), fix=fix, edit=edit)


def further_unknown(unknown: Sequence[str], known: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for the unknown keys beyond the first `MOST_UNKNOWN`, if there are any."""
    if len(unknown) > MOST_UNKNOWN:
        more = f"unknown keys, {len(unknown) - MOST_UNKNOWN} more"
        yield WRONG_KIND.finding(given=more, allowed=", ".join(sorted(known)), fix="remove them")


def _unless_unresolved(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Let tokens and `Unresolved` through, and check all other values as usual."""
    if isinstance(value, Unresolved):
        return value
    if type(value) is dict or isinstance(value, Model) or not holds_token(value):
        return check(value)
    if isinstance(value, _LISTS):
        check(value)  # refuses it if a list isn't allowed; its only element is a token too
    return Unresolved(value)


if TYPE_CHECKING:
    Maybe = Annotated[T | Unresolved, WrapValidator(_unless_unresolved)]
else:
    # At run time without the union, whose members pydantic would try one by one.
    Maybe = Annotated[T, WrapValidator(_unless_unresolved)]
"""A value that is checked, or an unresolved one that is passed on unchecked."""


class Items:
    """Any sequence, kept as a tuple, of a length within `count`; the items are checked one by one."""

    def __init__(self, count: Count) -> None:
        """Keep the limit."""
        self.count = count

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Report the length and all items at once."""

        def validate(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if not isinstance(value, _LISTS) and (not isinstance(value, Sequence) or isinstance(value, str | bytes)):
                finding = WRONG_KIND.finding(given=value, allowed=f"a list of {self.count.items}", fix="write a list")
                raise FindingsError([finding])
            # A value that may turn out to be absent is not counted if the count would be wrong with it.
            wrong = self.count.check(value) and self.count.check([item for item in value if not may_be_nothing(item)])
            if self.count.far_over(value):
                far = wrong or self.count.finding(given=len(value), allowed="fewer items", fix="split the list")
                raise FindingsError([far])
            findings = [wrong] if wrong else []
            try:
                items: tuple[Any, ...] = check(tuple(value))
            except ValidationError as error:
                errors = list(_errors(error))
                findings += [finding.under(loc) for loc, inner in errors for finding in inner.findings]
                if not wrong:
                    raise FindingsError(findings, rest=_rest(list(value), errors)) from None
            if findings:
                raise FindingsError(findings)
            return items

        (item,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(validate, handler(GenericAlias(tuple, (item, ...))))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the items' schema with the bounds of the length."""
        return handler(schema) | self.count.json_schema()


class Model(BaseModel):
    """A frozen part of a template, compared by value. Invalid values raise one `FindingsError` with all findings.

    A value that breaks its own limit counts as unknown in the rules between values, so that the others are still
    checked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    if not TYPE_CHECKING:  # type checkers see the fields, as pydantic declares them

        def __init__(self, **values):
            # pydantic calls this for nested parts too, and adds their location to the error.
            fields = type(self).model_fields
            unknown = [key for key in values if key not in fields]
            values = {key: value for key, value in values.items() if key in fields and value is not None}
            findings, is_known = self._fill(values)
            shown = [name for name, field in fields.items() if not field.exclude] if unknown else ()
            # An unresolved value may be what the misspelt key stands for.
            given = {key for key, value in values.items() if not isinstance(value, Unresolved)}
            findings += [unknown_key(key, shown, given=given) for key in unknown[:MOST_UNKNOWN]]
            findings += further_unknown(unknown, shown)
            if not is_known:
                raise FindingsError(findings)
            if problems := list(self.problems()):
                rest = _without(self, [finding.loc for finding in problems])
                raise FindingsError([*findings, *problems], rest=rest)
            if findings:
                raise FindingsError(findings, rest=self)

    def _fill(self, values: dict[str, Any]) -> tuple[list[Finding], bool]:
        """Set the fields, with unknowns for bad values. Return the findings, and whether the fields are set.

        First each bad value itself becomes unknown, then the whole field that holds it. The fields of some models, such
        as an environment's, can't be unknown.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            errors = list(_errors(error))
        else:
            return [], True
        findings = [finding.under(loc) for loc, inner in errors for finding in inner.findings]
        rest = _rest(dict(values), errors)
        for _ in range(3):  # a value that depends on a bad one may itself turn bad, once
            try:
                super().__init__(**rest)
            except ValidationError as error:
                bad = {str(line["loc"][0]) for line in error.errors(include_url=False)}
                rest |= {field: Unresolved(values.get(field)) for field in bad}
            else:
                return findings, True
        return findings, False

    def problems(self) -> Iterator[Finding]:
        """Yield violations of the rules between this part's values. Values may be absent or unresolved."""
        return iter(())

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> tuple[Self | None, tuple[Finding, ...]]:
        """Return the model, or None and all findings. Locations are relative to `values`."""
        model, findings = cls.judge(values)
        return None if findings else model, findings

    @classmethod
    def judge(cls, values: Mapping[str, Any]) -> tuple[Self, tuple[Finding, ...]]:
        """Return the model with each invalid value unknown, for advice about the others, and all findings."""
        token = reading.set(True)
        try:
            return cls(**cls._keywords(values)), ()
        except FindingsError as error:
            return cls._unknown() if error.rest is None else error.rest, error.findings
        finally:
            reading.reset(token)

    @classmethod
    def _unknown(cls) -> Self:
        return cls.model_construct(None, **dict.fromkeys(cls.model_fields, Unresolved(None)))

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report a value that isn't a mapping as a finding."""
        return handler(values if isinstance(values, cls) else cls._keywords(values))

    @classmethod
    def _keywords(cls, values: object) -> dict[str, Any]:
        """Return a mapping as keyword arguments."""
        if isinstance(values, dict | Mapping):
            return {key if isinstance(key, str) else str(key): value for key, value in values.items()}
        names = ", ".join(cls.model_fields)
        raise FindingsError([WRONG_KIND.finding(given=values, allowed=MAPPING_OF + names, fix="write a mapping")])


def _errors(error: ValidationError) -> Iterator[tuple[Location, FindingsError]]:
    """Yield the findings of pydantic's error, each with the location of the value that they are relative to."""
    for line in error.errors(include_url=False):
        carried = line.get("ctx", {}).get("error")
        yield line["loc"], carried if isinstance(carried, FindingsError) else FindingsError([_finding(line)])


def _finding(line: ErrorDetails) -> Finding:
    """Return the finding for an error of pydantic's own, relative to the value that is wrong."""
    if line["type"] == "missing":
        return MISSING_VALUE.finding(allowed=f"{line['loc'][-1]} (required)", fix=f"add {line['loc'][-1]}")
    if line["type"] == "bool_type":
        return WRONG_KIND.finding(given=line["input"], allowed="true or false", fix="write true or false")
    allowed = line["msg"][:1].lower() + line["msg"][1:]
    return WRONG_KIND.finding(given=line["input"], allowed=allowed, fix="write a value of that type")


def _rest(values: Any, errors: Iterable[tuple[Location, FindingsError]]) -> Any:
    """Return a mapping or list in which each value with errors is replaced by its known rest, or by an unknown."""
    bad: list[Location] = []
    for loc, error in errors:
        if error.rest is not None and len(loc) == 1:
            values[loc[0]] = error.rest
        else:
            bad += [loc + finding.loc for finding in error.findings]
    return _without(values, bad) if bad else values


def _without(value: Any, bad: Iterable[Location]) -> Any:
    """Return a copy of a value in which each location, present or absent, is unknown."""
    if isinstance(value, Unresolved):
        return value
    inner: dict[Any, list[Location]] = {}
    for loc in bad:
        if not loc:
            return Unresolved(value)
        inner.setdefault(loc[0], []).append(loc[1:])
    if isinstance(value, Model):
        return value.model_copy(update={key: _without(getattr(value, key), rest) for key, rest in inner.items()})
    if isinstance(value, Mapping):
        return {**value, **{key: _without(value.get(key), rest) for key, rest in inner.items()}}
    if isinstance(value, _LISTS) and all(index in range(len(value)) for index in inner):
        return tuple(_without(item, inner[index]) if index in inner else item for index, item in enumerate(value))
    return Unresolved(value)
