"""The kinds of limit: range, minutes, text, choice and count, each with its check, its text and its JSON Schema.

A limit is part of the model's type annotations (`Annotated[int, limits.IN_PROGRESS_TIMEOUT_IN_MINUTES]`), which feed
the check, the error text and the JSON Schema.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sized
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

from iot_jobs.finding import Edit, Finding, FindingsError, Rule, nearest_key
from iot_jobs.unresolved import Unresolved, is_looked_up

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

# Concrete types are tested first, because this runs for every value: the abstract class takes five times as long.
_SIZED = (list, tuple, dict)
_SPREAD = r"([0-9]{1,6}(?:\.[0-9]{1,6})?):([0-9]{1,3}(?:\.[0-9]{1,6})?)"
_QUOTED = r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?"
_SEPARATED = r"[0-9]{1,3}(?:[,.'_ ][0-9]{3}){1,5}"


class Limit(Rule):
    """A rule about a single value.

    `fix` is what to do with a value of a wrong form. Which way to change one that is too small or too large follows
    from the bounds; `if_small` and `if_large` continue that sentence, or are the sentence for a number of items.
    """

    fix: str = ""
    if_small: str = ""
    if_large: str = ""
    takes_text = False
    """True if its values are text, which the CDK may have yet to look up."""

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        raise NotImplementedError

    def accepts(self, value: object) -> bool:
        """Return whether a value is within the limit; a value of another type is not."""
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """Return the limit as JSON Schema keywords, as far as JSON Schema can express it."""
        raise NotImplementedError

    def check(self, value: object) -> Finding | None:
        """Return the finding for a value that breaks the limit, else None."""
        if self.accepts(value):
            return None
        fix, edit = self.remedy(value)
        return self.finding(given=value, allowed=self.allowed, fix=fix, edit=edit)

    def remedy(self, _: object, /) -> tuple[str, Edit | None]:
        """Return what to do with a value that breaks the limit, and the same as data if the new value is certain."""
        return self.fix, None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic run this limit instead of its own type check, so that each value has one error text."""
        accepts, takes_text = self.accepts, self.takes_text

        def validate(value: object) -> object:
            if takes_text and is_looked_up(value):
                return Unresolved(value)
            if accepts(value):
                return value
            raise FindingsError(filter(None, [self.check(value)]))

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the JSON Schema of a value under this limit."""
        return self.json_schema()


class Range(Limit):
    """A number from `minimum` to `maximum`, both included unless `above` excludes the minimum.

    `digits` is the greatest number of digits after the decimal point; 0 allows integers only, and refuses 5.0 because
    the API does. A maximum of None means no maximum.
    """

    minimum: int | float
    maximum: int | float | None
    unit: str = ""
    digits: int = 0
    above: bool = False

    @property
    def allowed(self) -> str:
        """The range with its unit and number of digits."""
        low = f"above {self.minimum}" if self.above else f"{self.minimum}"
        if self.maximum is None:
            text = low if self.above else f"{low} or more"
        else:
            text = f"{low}, up to {self.maximum}" if self.above else f"{low} to {self.maximum}"
        count = {0: "a whole number", 1: "one digit", 2: "two digits", 6: "six digits"}[self.digits]
        return f"{text}{self.unit and ' ' + self.unit}, {count}{' after the decimal point' if self.digits else ''}"

    def accepts(self, value: object) -> bool:
        """Return whether a number is in the range. A float counts as its shortest decimal, so 1.1 has one digit."""
        if isinstance(value, int):
            exact = not isinstance(value, bool)
        elif isinstance(value, float) and self.digits:
            exact = math.isfinite(value) and round(value, self.digits) == value
        else:
            return False
        high_enough = value > self.minimum or (value == self.minimum and not self.above)
        return exact and high_enough and (self.maximum is None or value <= self.maximum)

    def remedy(self, value: object, /) -> tuple[str, Edit | None]:
        """Return what to do with a value's type, its digits or its size."""
        number, how = _spelt(value) if isinstance(value, bool) or not isinstance(value, int | float) else (value, "")
        if math.isfinite(number) and self.accepts(rounded := round(number, self.digits or None)):
            return (f"write {rounded}{how}" if rounded == number else f"round it to {rounded}"), Edit("value", rounded)
        lowest = 10**-self.digits if self.above else self.minimum
        if number < lowest:
            return f"raise it to {lowest} or more{self.if_small}", None
        if self.maximum is not None and number > self.maximum:
            return f"lower it to {self.maximum} or less{self.if_large}", None
        return "write a number, without quotes or unit", None

    def json_schema(self) -> dict[str, Any]:
        """Return type and bounds. The digits are left out: binary fractions are not exact multiples of 0.1."""
        schema: dict[str, Any] = {"type": "number" if self.digits else "integer"}
        schema["exclusiveMinimum" if self.above else "minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        return schema


class Minutes(Limit):
    """A time of 0 to `maximum` minutes: `5` is exactly 5, `"5:2"` a median of 5 and a factor of 2.

    The factor is the geometric standard deviation of a lognormal distribution, above 1 and up to `spread`.
    """

    maximum: int
    spread: int

    @property
    def allowed(self) -> str:
        """The two forms."""
        return (
            f"0 to {self.maximum} minutes, or text such as 5:2, a median above 0 and a factor above 1, up to "
            f"{self.spread}"
        )

    def accepts(self, value: object) -> bool:
        """Return whether a value is a number in the range, or text with a median and a factor in theirs."""
        if isinstance(value, str):
            match = re.fullmatch(_SPREAD, value)
            return match is not None and 0 < float(match[1]) <= self.maximum and 1 < float(match[2]) <= self.spread
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= self.maximum

    def remedy(self, value: object, /) -> tuple[str, Edit | None]:
        """Return which way to change a number; for any other value, the two forms."""
        if isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
            return ("raise it to 0 or more" if value < 0 else f"lower it to {self.maximum} or less"), None
        return self.fix, None

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of a number, or of text with a colon."""
        number = {"type": "number", "minimum": 0, "maximum": self.maximum}
        return {"anyOf": [number, {"type": "string", "pattern": f"^{_SPREAD}$"}]}


class Text(Limit):
    r"""Text of `minimum` to `maximum` characters that fully matches `pattern`, if any; `words` describes it.

    Python and ECMA-262 read the pattern alike except for \w, which therefore occurs only in brackets.
    """

    minimum: int
    maximum: int
    pattern: str | None = None
    takes_text = True
    words: str = ""
    may_be_number: bool = True
    """Whether a number could be meant as this text, with quotes forgotten."""

    @property
    def allowed(self) -> str:
        """The length and the characters."""
        if self.minimum == self.maximum:
            return f"{self.minimum} characters{self.words and ', ' + self.words}"
        return f"text of {self.minimum} to {self.maximum} characters{self.words and ', ' + self.words}"

    def accepts(self, value: object) -> bool:
        """Return whether a text has an allowed length, and the pattern matches all of it."""
        if not isinstance(value, str) or not self.minimum <= len(value) <= self.maximum:
            return False
        return self.pattern is None or re.fullmatch(self.pattern, value) is not None

    def remedy(self, value: object, /) -> tuple[str, Edit | None]:
        """Return what to do with a value's length or characters; quotes, if only they are missing."""
        quoted = json.dumps(value) if self.may_be_number and isinstance(value, int | float) else ""
        if quoted and self.accepts(quoted):
            return f'write "{quoted}", in quotes', Edit("value", quoted)
        if isinstance(value, str) and self.minimum < self.maximum < len(value):
            return f"shorten it to {self.maximum} or fewer characters", None
        return self.fix, None

    def json_schema(self) -> dict[str, Any]:
        r"""Return length and anchored pattern. JSON Schema's patterns are ECMA-262's, in which \w is ASCII only."""
        schema: dict[str, Any] = {"type": "string", "minLength": self.minimum, "maxLength": self.maximum}
        if self.pattern is not None:
            schema["pattern"] = f"^(?:{self.pattern})$".replace(r"\w", r"\p{L}\p{N}_")
        return schema


class Printable(Text):
    """Text without characters of the Unicode category C: control, format, private use, surrogate, unassigned."""

    def accepts(self, value: object) -> bool:
        """Return whether length, pattern and characters are allowed. Assumed: AWS's Unicode tables are Python's."""
        if not Text.accepts(self, value) or not isinstance(value, str):
            return False
        if value.isascii():
            return value.isprintable()
        import unicodedata  # only needed for text beyond ASCII

        return not any(unicodedata.category(character).startswith("C") for character in value)


class Choice(Limit):
    """One of a few words, in this exact spelling."""

    values: tuple[str, ...]
    takes_text = True

    @property
    def allowed(self) -> str:
        """The words."""
        return ", ".join(self.values[:-1]) + (" or " if len(self.values) > 1 else "") + self.values[-1]

    def accepts(self, value: object) -> bool:
        """Return whether a value is one of the words."""
        return isinstance(value, str) and value in self.values

    def remedy(self, value: object, /) -> tuple[str, Edit | None]:
        """Return the word that a value most likely means, or the choice."""
        near = self.values[0] if len(self.values) == 1 else None
        if isinstance(value, str):
            near = near or nearest_key(value, self.values)
        return (f"write {near}", Edit("value", near)) if near else ("choose one of these, in capitals", None)

    def json_schema(self) -> dict[str, Any]:
        """Return the words as an enum."""
        return {"enum": list(self.values)}


class Count(Limit):
    """The number of items in a list or mapping; None is no maximum. The items are checked separately."""

    minimum: int
    maximum: int | None
    items: str

    @property
    def allowed(self) -> str:
        """The allowed number of items."""
        if self.maximum is None:
            return f"{self.minimum} or more {self.items}"
        return (
            f"{self.minimum} to {self.maximum} {self.items}" if self.minimum else f"up to {self.maximum} {self.items}"
        )

    def accepts(self, value: object) -> bool:
        """Return whether a value is a list or mapping that is neither too short nor too long."""
        if not isinstance(value, _SIZED) and (not isinstance(value, Sized) or isinstance(value, str | bytes)):
            return False
        return len(value) >= self.minimum and (self.maximum is None or len(value) <= self.maximum)

    def far_over(self, value: Sized) -> bool:
        """Return whether there are too many items to report each of them: ten times the maximum, or of 100."""
        return len(value) > 10 * (self.maximum or 100)

    def check(self, value: object) -> Finding | None:
        """Return the finding for a wrong number of items; its `given` is that number, not the items."""
        if self.accepts(value):
            return None
        given = len(value) if isinstance(value, Sized) and not isinstance(value, str | bytes) else value
        small = isinstance(given, int) and given < self.minimum
        return self.finding(given=given, allowed=self.allowed, fix=self.if_small if small else self.if_large)

    def json_schema(self) -> dict[str, Any]:
        """Return the bounds of the list's length."""
        schema: dict[str, Any] = {"minItems": self.minimum} if self.minimum else {}
        return schema | ({} if self.maximum is None else {"maxItems": self.maximum})


def _spelt(value: object) -> tuple[int | float, str]:
    """Return the number that a text spells, and what to leave out of its spelling; NaN if it is none."""
    if isinstance(value, str) and re.fullmatch(_QUOTED, value):
        return (float(value) if "." in value else int(value)), ", without quotes"
    if isinstance(value, str) and re.fullmatch(_SEPARATED, value):
        return int(re.sub("[^0-9]", "", value)), ", without separators"
    return math.nan, ""
