"""The parser of cron expressions: the table of fields, and every problem with its fix."""

from __future__ import annotations

import re
from typing import NamedTuple

from iot_jobs.windows.days import FIRST_YEAR, KIND, LAST_YEAR, SAT, Days, days_of_year, members

_SYNTAX = "cron(minutes hours day-of-month month day-of-week year)"
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class CronError(ValueError):
    """A problem in an expression.

    `field` is a field's name in the table above, None for the expression as a whole. `given` is the wrong part,
    `allowed` the values allowed there, `fix` the replacement, None if only the author can know it. `assumed` says that
    AWS's table of fields doesn't rule it out: its parser may read it.
    """

    def __init__(
        self, field: str | None, given: str, allowed: str, fix: str | None = None, *, assumed: bool = False
    ) -> None:
        super().__init__(field, given, allowed, fix)
        self.field, self.given, self.allowed, self.fix, self.assumed = field, given, allowed, fix, assumed

    def __str__(self) -> str:
        given = f"{self.field} {self.given}" if self.field else self.given
        return f"{given}: allowed is {self.allowed}" + (f"; {self.fix}" if self.fix else "")


class Reading(NamedTuple):
    """The content of an expression: minutes of the day, days of a month, months and years, all as sets."""

    times: int
    days: Days
    months: int
    years: int


def cron_errors(text: str) -> tuple[CronError, ...]:
    """Return all problems of an expression, field by field."""
    return tuple(read(text)[1])


class _Field(NamedTuple):
    """A row of the table."""

    name: str
    low: int
    high: int
    wildcards: str = ", - * /"
    names: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{names}, wildcards {self.wildcards}"

    def value(self, word: str) -> int | None:
        """Return the value of a number or name; None if it isn't valid in this field."""
        if word in self.names:
            return self.low + self.names.index(word)
        # The width is checked first, because int() raises an error for 4,301 digits.
        number = int(word) if word.isdecimal() and len(word) <= len(str(self.high)) else -1
        return number if self.low <= number <= self.high else None

    def hint(self, word: str) -> str | None:
        """Return a fix for an invalid word, None if its meaning can't be guessed."""
        if word[:3].upper() in self.names:
            return f"write {word[:3].upper()}"
        if word == "0" and self.names:
            return f"write {self.names[0]}: numbers start at 1 here"
        return "write 0 for midnight" if self.name == "hours" and word == "24" else None


_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_DAY_OF_MONTH = _Field("day-of-month", 1, 31, ", - * ? / L W")
_MONTH = _Field("month", 1, 12, names=_MONTH_NAMES)
_DAY_OF_WEEK = _Field("day-of-week", 1, 7, ", - * ? L #", _DAY_NAMES)
_YEAR = _Field("year", FIRST_YEAR, LAST_YEAR)
_DAY_OF_MONTH_FORM = re.compile("L|LW|L-(?:[1-9]|[12][0-9]|30)|(?:0?[1-9]|[12][0-9]|3[01])W", re.IGNORECASE)
_DAY_OF_WEEK_FORM = re.compile(f"L|(?:[1-7]|{'|'.join(_DAY_NAMES)})(?:L|#[1-5])", re.IGNORECASE)
"""Forms of special days that AWS's table neither shows nor rules out."""
_TERM = re.compile(r"(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:/([0-9]{1,4}))?")


def read(text: str) -> tuple[Reading | None, list[CronError]]:
    """Return the parsed expression, or None and its problems."""
    body = text.strip()
    fields = (body[5:] if body[:5].lower() == "cron(" else body).removesuffix(")").split()
    if len(fields) != 6:
        fix = {5: "add the sixth field, the year: * for every year",
               7: f"write cron({' '.join(fields[1:])}), without seconds"}.get(
            len(fields), "write six fields, such as cron(0 2 * * ? *)")  # fmt: skip
        if body.startswith(("rate(", "at(")):
            fix = "write the opening time as a cron expression: rate and at are not supported"
        return None, [CronError(None, text, _SYNTAX, fix)]
    problems: list[CronError] = []
    written = f"cron({' '.join(fields)})"
    if re.sub(" +", " ", text) != written:
        allowed = f"{_SYNTAX}, with spaces between the fields only"
        whole = re.fullmatch(r"[ \t]*cron\([ -~\t]*\)[ \t]*", text, re.IGNORECASE) is not None
        problems.append(CronError(None, text, allowed, f"write {written}", assumed=whole))
    minutes = _values(_MINUTES, fields[0], problems)
    hours = _values(_HOURS, fields[1], problems)
    days_of_month = _days_form(_DAY_OF_MONTH, fields[2], problems)
    months = _values(_MONTH, fields[3], problems)
    days_of_week = _days_form(_DAY_OF_WEEK, fields[4], problems)
    years = _values(_YEAR, fields[5], problems)
    if (fields[2] == "?") == (fields[4] == "?"):
        problems.append(_both_or_neither(fields[2], fields[4]))
    days = days_of_month or days_of_week
    if problems or days is None:
        return None, problems
    # Year by year, because nearly every expression opens in the first one, and the calendar of all years takes longer.
    if not any(days_of_year(days, months, KIND[year]) for year in members(years)):
        return None, [_never(days, fields)]
    return Reading(sum(minutes << 60 * hour for hour in members(hours)), days, months, years), []


def _both_or_neither(day_of_month: str, day_of_week: str) -> CronError:
    """Return the problem of `?` in both day fields or in neither."""
    fix = "write ? in the field that doesn't apply"
    if day_of_month == "?":
        fix = "write * in day-of-month"
    elif "*" in (day_of_month, day_of_week):
        fix = f"write ? in {_DAY_OF_WEEK.name if day_of_week == '*' else _DAY_OF_MONTH.name}"
    given = f"day-of-month {day_of_month}, day-of-week {day_of_week}"
    return CronError(None, given, "? in exactly one of the two fields", fix)


def _never(days: Days, fields: list[str]) -> CronError:
    """Return the problem of a day that none of the months and years has."""
    field = _DAY_OF_MONTH if fields[4] == "?" else _DAY_OF_WEEK
    last = {"1-31": "L", "3#2": f"{days.number}L"}.get(days.form)
    fix = f"write {last} in {field.name} for the last one of a month" if last else None
    return CronError(field.name, " ".join(fields[2:]), "a day that exists in one of the months and years", fix)


def _days_form(field: _Field, text: str, problems: list[CronError]) -> Days | None:
    """Return the days of a day field; None for `?` and for an invalid field."""
    if text == "?":
        return None
    if field is _DAY_OF_MONTH:
        if text == "L":
            return Days("L")
        if "L" in text or "W" in text:
            if (match := re.fullmatch("([0-9]{1,2})W", text)) and (day := field.value(match[1])):
                return Days("15W", day)
            allowed = "L, or one of 1W to 31W, not in a list"
            problems.append(CronError(field.name, text, allowed, assumed=_each(field, text, _DAY_OF_MONTH_FORM)))
            return None
        return Days("1-31", _values(field, text, problems))
    if text == "L":
        return Days("SUN-SAT", 1 << SAT)
    if "L" in text or "#" in text:
        if match := re.fullmatch("([1-7])L", text):
            return Days("6L", int(match[1]))
        if match := re.fullmatch("([1-7])#([1-5])", text):
            return Days("3#2", int(match[1]), int(match[2]))
        number = field.value(text[:3])
        fix = f"write {number}{text[3:]}" if number and re.fullmatch("L|#[1-5]", text[3:]) else None
        allowed = "L, or one of 1L to 7L and 1#1 to 7#5, not in a list"
        problems.append(CronError(field.name, text, allowed, fix, assumed=_each(field, text, _DAY_OF_WEEK_FORM)))
        return None
    return Days("SUN-SAT", _values(field, text, problems))


def _each(field: _Field, text: str, form: re.Pattern[str]) -> bool:
    """Return whether each term of a list has a form, or is one that may stand in any list."""
    return all(form.fullmatch(term) or isinstance(_term(field, term, alone=True), range) for term in text.split(","))


def _values(field: _Field, text: str, problems: list[CronError]) -> int:
    """Return the set of values in a list; each invalid term is a problem."""
    values, terms = 0, text.split(",")
    if "" in terms:
        problems.append(CronError(field.name, text, "no empty term in a list"))
    for term in filter(None, terms):
        read = _term(field, term, alone=len(terms) == 1)
        if isinstance(read, CronError):
            problems.append(read)
        elif read.step == 1:
            values |= (1 << read.stop) - (1 << read.start)
        else:
            values |= sum(1 << value for value in read)
    return values


def _term(field: _Field, term: str, *, alone: bool) -> range | CronError:
    """Return the values of one term of a list, or its problem."""

    def wrong(allowed: str, fix: str | None = None, *, assumed: bool = False) -> CronError:
        return CronError(field.name, term, allowed, fix, assumed=assumed)

    match = _TERM.fullmatch(term)
    if match is None:
        return wrong(field.allowed, "write *" if term == "?" and "?" not in field.wildcards else None)
    start, end, step = match.groups()
    first = field.low if start == "*" else field.value(start)
    last = field.high if start == "*" or (end is None and step) else field.value(end or start)
    if first is None or last is None:
        ends = [name for name in (start, end) if name]
        words = [name[:3].upper() if name[:3].upper() in field.names else name for name in ends]
        named = end and all(field.value(word) is not None for word in words)
        fix = f"write {'-'.join(words)}" if named else field.hint(start if first is None else end)
        small = all(field.value(name.upper()) is not None for name in ends)
        return wrong(field.allowed, fix, assumed=small and start != "*")
    if start == "*" and (end or not alone):
        return wrong("* alone, or with a step", assumed=not end)
    if end and start.isdecimal() != end.isdecimal():
        return wrong("numbers or names at both ends", f"write {first}-{last}", assumed=True)
    if first > last:
        fix = _ascending(field, start, end) if step is None else None
        return wrong("a range in ascending order", fix, assumed=True)
    if step is None:
        return range(first, last + 1)
    if "/" not in field.wildcards:
        return wrong(field.allowed, "list the days, as in MON,WED,FRI")
    if not 1 <= int(step) <= field.high - field.low:
        return wrong(f"a step of 1 to {field.high - field.low}", assumed=int(step) > 0)
    if start in field.names:
        return wrong("a step after numbers", f"write {first}{f'-{last}' if end else ''}/{step}", assumed=True)
    return range(first, last + 1, int(step))


def _ascending(field: _Field, start: str, end: str) -> str:
    """Return a fix with the same range in ascending order; years don't wrap around, so their ends are swapped."""
    if field is _YEAR:
        return f"write {end}-{start}"
    low, high = (field.names[0], field.names[-1]) if start in field.names else (field.low, field.high)
    return f"write {start}-{high},{low}-{end}"
