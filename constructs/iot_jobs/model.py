"""How our models are built: frozen, strict, and reporting all findings at once.

A value may also be one that only CloudFormation will know, and then passes unchecked.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from iot_jobs.finding import Finding, FindingsError, Location, Rule
from iot_jobs.limits import TEMPLATE_REFERENCE, Count
from iot_jobs.unresolved import Unresolved, holds_token, may_be_nothing

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

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
    nearest = nearest_key(key, [name for name in names if name not in given])
    fix = f"write {nearest}" if nearest else "remove it"
    return UNKNOWN_KEY.finding(loc=(*loc, key), given=key, allowed=", ".join(names), fix=fix)


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The known key that an unknown one is most likely meant to be, None where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(key[:64].lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    return next((name for name in names if near and name.lower() == near[0]), None)


def invalid(title: str, findings: Iterable[Finding]) -> ValidationError:
    """Findings as the exception that pydantic collects from nested models."""
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(
                type=PydanticCustomError("finding", "{finding}", {"finding": finding}), loc=finding.loc, input=None
            )
            for finding in findings
        ],
    )


def findings_of(error: ValidationError) -> tuple[Finding, ...]:
    """The findings inside a pydantic error, each at its full location, in order."""
    found = []
    for line in error.errors(include_url=False):
        finding: Finding = line["ctx"]["finding"]
        prefix = line["loc"][: len(line["loc"]) - len(finding.loc)]
        found.append(finding.under(tuple(prefix)))
    return tuple(found)


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
            later = None if type(value) is dict else _later(value)
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
                raise invalid("list", [finding])
            # What may turn out to be nothing is not counted, where the count would be wrong with it.
            wrong = self.count.check(value) and self.count.check([one for one in value if not may_be_nothing(one)])
            found = [wrong] if wrong else []
            if self.count.far_over(value):
                far = wrong or self.count.finding(given=len(value), allowed="fewer items", fix="split the list")
                raise invalid("list", [far])
            try:
                items: tuple[Any, ...] = check(tuple(value))
            except ValidationError as error:
                found.extend(findings_of(error))
            if found:
                raise invalid("list", found)
            return items

        (item,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(validate, handler(GenericAlias(tuple, (item, ...))))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The items' schema with the bounds of the length."""
        return handler(schema) | self.count.json_schema()


_VALUES_ALONE = object()
"""Says as a validation's context that the rules between values are not asked: what they find is known already."""


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
                found = findings_of(error)
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
        try:
            return cls.model_validate(values), ()
        except ValidationError as error:
            return None, findings_of(error)

    @classmethod
    def unknown(cls) -> Self:
        """The model of which nothing is known."""
        return cls.model_construct(None, **dict.fromkeys(cls.model_fields, Unresolved(None)))

    @classmethod
    def judgeable(cls, values: Mapping[str, Any], found: Iterable[Finding]) -> Self | None:
        """The model with all that `found` names unknown, for advice about the rest; None where nothing can be said."""
        return cls._judged(values, found, partial(cls.model_validate, context=_VALUES_ALONE))

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if type(data) is not dict and isinstance(data, cls):
            return data
        if not isinstance(data, dict) and not isinstance(data, Mapping):
            names = ", ".join(cls.model_fields)
            raise invalid(
                cls.__name__, [WRONG_KIND.finding(given=data, allowed=MAPPING_OF + names, fix="write a mapping")]
            )
        found: list[Finding] = []
        try:
            model = handler(data)
        except ValidationError as error:
            found = [cls._own(line) for line in error.errors(include_url=False)]
            judged = cls._judged(data, found, handler)
            if judged is None:
                raise invalid(cls.__name__, found) from None
            model = judged
        if info.context is not _VALUES_ALONE:
            found.extend(model.problems())
        if found:
            raise invalid(cls.__name__, found)
        return model

    @classmethod
    def _own(cls, line: Any) -> Finding:
        """One of pydantic's own errors, or one of ours that passed through it, as a finding relative to this model."""
        loc: Location = tuple(line["loc"])
        if line["type"] == "finding":
            finding: Finding = line["ctx"]["finding"]
            return finding.under(loc[: len(loc) - len(finding.loc)])
        if line["type"] == "missing":
            return MISSING_VALUE.finding(loc=loc, allowed="required", fix=f"add {loc[-1]}")
        if line["type"] == "extra_forbidden":
            return unknown_key(str(loc[-1]), [name for name, field in cls.model_fields.items() if not field.exclude])
        if line["type"] == "bool_type":
            return WRONG_KIND.finding(loc=loc, given=line["input"], allowed="true or false", fix="write true or false")
        return WRONG_KIND.finding(loc=loc, given=line["input"], allowed=line["msg"][:1].lower() + line["msg"][1:],
                                  fix="write a value of that kind")  # fmt: skip

    @classmethod
    def _judged(cls, data: Mapping[str, Any], found: Iterable[Finding], validate: Callable[[Any], Self]) -> Self | None:
        """The model with bad values unknown: first each where it stands, then the whole fields that hold them.

        None for a model whose values can't be unknown, such as an environment.
        """
        kept = {key: value for key, value in data.items() if key in cls.model_fields}
        bad = [(finding.loc, finding.rule is UNKNOWN_KEY) for finding in found]
        for depth in (None, 1, 1):  # what depends on a bad value may turn bad in its turn, once
            judged: Any = kept
            for loc, unknown in bad:
                judged = _without(judged, loc[:depth], drop=unknown)
            try:
                return validate(judged)
            except ValidationError as error:
                bad += [(cls._own(line).loc, False) for line in error.errors(include_url=False)]
        return None


def _without(value: Any, loc: Location, *, drop: bool) -> Any:
    """A value with what stands at `loc` unknown, whether it is there or not; `drop` leaves it out instead."""
    if not loc or isinstance(value, Unresolved):
        return value if isinstance(value, Unresolved) else Unresolved(value)
    first, rest = loc[0], loc[1:]
    if isinstance(value, Mapping):
        if drop and (first not in value or not rest):
            return {key: item for key, item in value.items() if key != first}
        return {**value, first: _without(value.get(first), rest, drop=drop)}
    if isinstance(value, list | tuple) and isinstance(first, int) and first < len(value):
        return [*value[:first], _without(value[first], rest, drop=drop), *value[first + 1 :]]
    return Unresolved(value)
