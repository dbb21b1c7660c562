"""How our models are built: frozen, strict, and reporting all findings at once.

A value may also be one that only CloudFormation will know, and then passes unchecked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import core_schema

from iot_jobs.finding import Finding, FindingsError, Location, Rule, nearest
from iot_jobs.limits import TEMPLATE_REFERENCE, Count, Found, invalid
from iot_jobs.unresolved import Unresolved, holds_token, may_be_nothing

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import ErrorDetails

T = TypeVar("T")

# Asked for by name first, in what runs for every list: the abstract class takes five times as long.
_LISTS = (list, tuple)

UNKNOWN_KEY = Rule(
    code="JT003",
    title="every key is a known one",
    why="CloudFormation refuses unknown keys, and a misspelt one would otherwise be left out without a word.",
    source=TEMPLATE_REFERENCE,
)
MISSING_VALUE = Rule(
    code="JT004",
    title="required values are there",
    why="AWS refuses a template without them.",
    source=TEMPLATE_REFERENCE,
)
WRONG_KIND = Rule(
    code="JT005",
    title="a mapping stands where a mapping is expected, and a list where a list is",
    why="CloudFormation refuses the wrong kind, and the CDK's L1 empties it without a word.",
    source=TEMPLATE_REFERENCE,
)

MAPPING_OF = "a mapping of "
"""What a list of the names of a mapping's keys begins with."""


def unknown_key(key: str, known: Iterable[str], loc: Location = (), *, given: Container[str] = ()) -> Finding:
    """The finding for a key that doesn't exist, naming the nearest one that does and isn't given beside it."""
    names = sorted(known)
    near = nearest(key, [name for name in names if name not in given])
    fix = f"write {near}" if near else "remove it"
    return UNKNOWN_KEY.finding(loc=(*loc, key), given=key, allowed=", ".join(names), fix=fix)


def _carried(line: ErrorDetails) -> Found | None:
    """What an error of pydantic's carries, None for one of its own."""
    return line["ctx"]["found"] if line["type"] == "findings" else None


def _findings(lines: Iterable[ErrorDetails]) -> list[Finding]:
    """The findings that errors carry, each at its full location, in order."""
    found = [(line["loc"], _carried(line)) for line in lines]
    return [finding.under(loc) for loc, carried in found if carried for finding in carried.findings]


def _later(value: Any) -> Unresolved | None:
    """A value that can't be judged before it is deployed, None for one that can."""
    if isinstance(value, Unresolved):
        return value
    return Unresolved(value) if holds_token(value) else None


class _OrUnresolved:
    """Let tokens and `Unresolved` pass, and check all else as usual."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        inner = handler(source)
        if inner["type"] == "function-plain" and inner["function"]["type"] == "no-info":
            judge: Any = inner["function"]["function"]  # a limit: one call does for both, and most fields have one

            def validate_plain(value: Any) -> Any:
                later = None if type(value) is int else _later(value)
                return judge(value) if later is None else later

            # With what `inner` knows of its JSON Schema.
            return {**inner, "function": {"type": "no-info", "function": validate_plain}}

        def validate(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
            later = None if type(value) is dict or isinstance(value, Model) else _later(value)
            return check(value) if later is None else later

        return core_schema.no_info_wrap_validator_function(validate, inner)


if TYPE_CHECKING:
    Maybe = Annotated[T | Unresolved, _OrUnresolved()]
else:

    class Maybe:
        """A value that is checked now, or only known to CloudFormation and then passed on unchecked."""

        def __class_getitem__(cls, kind):
            """Without the union, which would be made anew for each field and takes longer than all else in it."""
            return Annotated[kind, _OrUnresolved()]


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
                raise invalid([finding])
            # What may turn out to be nothing is not counted, where the count would be wrong with it.
            wrong = self.count.check(value) and self.count.check([one for one in value if not may_be_nothing(one)])
            found = [wrong] if wrong else []
            if self.count.far_over(value):
                far = wrong or self.count.finding(given=len(value), allowed="fewer items", fix="split the list")
                raise invalid([far])
            rest: Any = None
            try:
                items: tuple[Any, ...] = check(tuple(value))
            except ValidationError as error:
                lines = error.errors(include_url=False)
                found += _findings(lines)
                rest = None if wrong else _rest(list(value), lines)
            if found:
                raise invalid(found, rest)
            return items

        (item,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(validate, handler(GenericAlias(tuple, (item, ...))))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The items' schema with the bounds of the length."""
        return handler(schema) | self.count.json_schema()


class Model(BaseModel):
    """A frozen part of a template, equal by value. Wrong values raise `FindingsError` with every finding in it.

    A value that breaks its own limit counts as unknown for the rules between values, so that those still see the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    if not TYPE_CHECKING:  # type checkers see the fields, as pydantic declares them

        def __init__(self, **values):
            try:
                super().__init__(**values)
            except ValidationError as error:
                found = _findings(error.errors(include_url=False))
            else:
                return
            raise FindingsError(found)

        # Without this mark pydantic would call __init__ for nested parts too, and lose their locations.
        __init__.__pydantic_base_init__ = True

    def problems(self) -> Iterator[Finding]:
        """Breaches of the rules between this part's values. Values may be absent or unresolved."""
        return iter(())

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> tuple[Self | None, tuple[Finding, ...]]:
        """The model, or None with all findings. Locations are relative to `values`."""
        model, found = cls.judge(values)
        return None if found else model, found

    @classmethod
    def judge(cls, values: Mapping[str, Any]) -> tuple[Self, tuple[Finding, ...]]:
        """The model with all that is wrong in it unknown, for advice about the rest, and all findings."""
        try:
            return cls.model_validate(values), ()
        except ValidationError as error:
            (line,) = error.errors(include_url=False)
            found: Found = line["ctx"]["found"]
            return found.judged if isinstance(found.judged, cls) else cls._unknown(), found.findings

    @classmethod
    def _unknown(cls) -> Self:
        return cls.model_construct(None, **dict.fromkeys(cls.model_fields, Unresolved(None)))

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if type(data) is not dict and isinstance(data, cls):
            return data
        if not isinstance(data, dict) and not isinstance(data, Mapping):
            names = ", ".join(cls.model_fields)
            raise invalid([WRONG_KIND.finding(given=data, allowed=MAPPING_OF + names, fix="write a mapping")])
        found: list[Finding] = []
        try:
            model = handler(data)
        except ValidationError as error:
            lines = error.errors(include_url=False)
            for line in lines:
                found += _findings([line]) if _carried(line) else [cls._own(line)]
            judged = cls._judged(data, lines, handler)
            if judged is None:
                raise invalid(found) from None
            model = judged
        if problems := list(model.problems()):
            raise invalid(found + problems, _without(model, [finding.loc for finding in problems]))
        if found:
            raise invalid(found, model)
        return model

    @classmethod
    def _judged(
        cls, data: Mapping[str, Any], lines: Iterable[ErrorDetails], handler: ModelWrapValidatorHandler[Self]
    ) -> Self | None:
        """The model with bad values unknown: first each where it stands, then the whole fields that hold them.

        None for a model whose values can't be unknown, such as an environment.
        """
        rest = _rest({key: value for key, value in data.items() if key in cls.model_fields}, lines)
        for _ in range(3):  # what depends on a bad value may turn bad in its turn, once
            try:
                return handler(rest)
            except ValidationError as error:
                fields = {str(line["loc"][0]) for line in error.errors(include_url=False)}
                rest |= {field: Unresolved(data.get(field)) for field in fields}
        return None

    @classmethod
    def _own(cls, line: ErrorDetails) -> Finding:
        """One of pydantic's own errors as a finding relative to this model."""
        loc = line["loc"]
        if line["type"] == "missing":
            return MISSING_VALUE.finding(loc=loc, allowed="required", fix=f"add {loc[-1]}")
        if line["type"] == "extra_forbidden":
            return unknown_key(str(loc[-1]), [name for name, field in cls.model_fields.items() if not field.exclude])
        if line["type"] == "bool_type":
            return WRONG_KIND.finding(loc=loc, given=line["input"], allowed="true or false", fix="write true or false")
        return WRONG_KIND.finding(loc=loc, given=line["input"], allowed=line["msg"][:1].lower() + line["msg"][1:],
                                  fix="write a value of that kind")  # fmt: skip


def _rest(values: Any, lines: Iterable[ErrorDetails]) -> Any:
    """The values of a mapping or list, each that has errors as far as it can be judged, else unknown."""
    bad: list[Location] = []
    for line in lines:
        loc, found = line["loc"], _carried(line)
        if line["type"] == "extra_forbidden":
            continue
        if found is None:
            bad.append(loc)
        elif found.judged is not None and len(loc) == 1:
            values[loc[0]] = found.judged
        else:
            bad += [loc + finding.loc for finding in found.findings]
    return _without(values, bad) if bad else values


def _without(value: Any, bad: Iterable[Location]) -> Any:
    """A value with what stands at each location unknown, whether it is there or not."""
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
