"""The parser of cron expressions: the table of fields, and every problem with its fix."""

from __future__ import annotations

import re
from typing import NamedTuple

from iot_jobs.windows.days import FIRST_YEAR, KIND, LAST_YEAR, SAT, Days, days_of_year, members

_SYNTAX = "cron(minutes hours day-of-month month day-of-week year)"
_MOST_PROBLEMS = 10
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class CronError(ValueError):
    """A problem in an expression.

    `field` is a field's name in the table above, None for the expression as a whole. `given` is the wrong part,
    `allowed` the values allowed there, `fix` what to write, None if only the author can know it, and `better` the whole
    expression with it. `assumed` says that AWS's table of fields doesn't rule it out: its parser may read it.
    """

    def __init__(
        self,
        field: str | None,
        given: str,
        allowed: str,
        fix: str | None = None,
        *,
        better: str | None = None,
        assumed: bool = False,
    ) -> None:
        super().__init__(field, given, allowed, fix)
        self.field, self.given, self.allowed, self.fix, self.assumed = field, given, allowed, fix, assumed
        self.better = better

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
    """Return all problems of an expression, field by field; of very many some, certain ones before assumed ones."""
    problems = read(text)[1]
    if len(problems) > _MOST_PROBLEMS:
        problems = sorted(problems, key=lambda problem: problem.assumed)[:_MOST_PROBLEMS]
    return tuple(problems)


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

    def meant(self, word: str) -> tuple[str, str]:
        """Return what an invalid word means, or the word, and a reason if that isn't evident."""
        if word[:3].upper() in self.names:
            return word[:3].upper(), ""
        if word == "0" and self.names:
            return self.names[0], ": numbers start at 1 here"
        return ("0", " for midnight") if self.name == "hours" and word == "24" else (word, "")


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
_FRAME = re.compile(r"(?:cron\s*)?\(", re.IGNORECASE)
_QUOTES = " \t\r\n\"'`"
_NAMES = tuple(field.name for field in (_MINUTES, _HOURS, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK, _YEAR))


def read(text: str) -> tuple[Reading | None, list[CronError]]:
    """Return the parsed expression, or None and its problems.

    A fix that would leave its problem there, or bring another, is left out.
    """
    reading, problems = _read(text)
    known = {_about(problem) for problem in problems}
    for index, problem in enumerate(problems):
        left = set() if problem.better is None else set(map(_about, _read(problem.better)[1]))
        if not left < known or _about(problem) in left:
            problems[index] = CronError(problem.field, problem.given, problem.allowed, assumed=problem.assumed)
    return reading, problems


def _about(problem: CronError) -> tuple[str | None, str]:
    return problem.field, problem.given


def _read(text: str) -> tuple[Reading | None, list[CronError]]:
    body = text.lstrip(_QUOTES).rstrip(_QUOTES + ";,.)")
    frame = _FRAME.match(body)
    fields = body[frame.end() if frame else 0 :].split()
    if len(fields) != 6:
        return None, [_not_six(text, fields)]
    problems: list[CronError] = []
    written = _expression(fields)
    if re.sub(" +", " ", text) != written:
        allowed = f"{_SYNTAX}, with spaces between the fields only"
        whole = re.fullmatch(r"[ \t]*cron\([ -~\t]*\)[ \t]*", text, re.IGNORECASE) is not None
        problems.append(CronError(None, text, allowed, f"write {written}", better=written, assumed=whole))
    minutes = _values(_MINUTES, fields[0], problems)
    hours = _values(_HOURS, fields[1], problems)
    days_of_month = _days_form(_DAY_OF_MONTH, fields[2], problems)
    months = _values(_MONTH, fields[3], problems)
    days_of_week = _days_form(_DAY_OF_WEEK, fields[4], problems)
    years = _values(_YEAR, fields[5], problems)
    if (fields[2] == "?") == (fields[4] == "?"):
        problems.append(_both_or_neither(fields))
    for problem in problems:
        if problem.field and problem.better:
            problem.better = _replaced(fields, problem.field, problem.given, problem.better)
    days = days_of_month or days_of_week
    if problems or days is None:
        return None, problems
    # Year by year, because nearly every expression opens in the first one, and the calendar of all years takes longer.
    if not any(days_of_year(days, months, KIND[year]) for year in members(years)):
        return None, [_never(days, fields)]
    return Reading(sum(minutes << 60 * hour for hour in members(hours)), days, months, years), []


def _expression(fields: list[str]) -> str:
    return f"cron({' '.join(fields)})"


def _replaced(fields: list[str], name: str, given: str, new: str) -> str:
    """Return an expression with another text for a field or for a term of it."""
    index = _NAMES.index(name)
    terms = [new if term == given else term for term in fields[index].split(",")]
    field = new if fields[index] == given else ",".join(terms)
    return _expression([*fields[:index], field, *fields[index + 1 :]])


def _not_six(text: str, fields: list[str]) -> CronError:
    """Return the problem of another number of fields; its fix leaves nothing out but seconds of 0."""
    tight = re.sub(r"\s*([,/-])\s*", r"\1", " ".join(fields)).split()
    for likely, why in (
        (tight, ", without spaces inside a field"),
        (fields[1:] if fields[:1] in (["0"], ["00"]) else [], ", without seconds"),
        # Other tools count the days of the week from 0.
        (_one_question_mark([*fields, "*"]) if len(fields) == 5 and not re.search("[0-9]", fields[4]) else [], ""),
    ):
        if len(likely) == 6 and not _read(better := _expression(likely))[1]:
            return CronError(None, text, _SYNTAX, f"write {better}{why}", better=better)
    fix = "write six fields, such as cron(0 2 * * ? *)"
    if len(fields) == 5:
        fix = "add the sixth field, the year: * for every year"
    if text.strip().startswith(("rate(", "at(")):
        fix = "write the opening time as a cron expression: rate and at are not supported"
    return CronError(None, text, _SYNTAX, fix)


def _one_question_mark(fields: list[str]) -> list[str]:
    """Return six fields with `?` in one of the day fields, if it is evident in which."""
    day_of_month, day_of_week = fields[2], fields[4]
    if day_of_month == day_of_week == "?":
        day_of_month = "*"
    elif "?" not in (day_of_month, day_of_week):
        if day_of_week == "*":
            day_of_week = "?"
        elif day_of_month == "*":
            day_of_month = "?"
    return [*fields[:2], day_of_month, fields[3], day_of_week, fields[5]]


def _both_or_neither(fields: list[str]) -> CronError:
    """Return the problem of `?` in both day fields or in neither."""
    given = f"{_DAY_OF_MONTH.name} {fields[2]}, {_DAY_OF_WEEK.name} {fields[4]}"
    better = _one_question_mark(fields)
    changed = [f"write {new} in {name}" for name, old, new in zip(_NAMES, fields, better, strict=True) if old != new]
    return CronError(
        None,
        given,
        "? in exactly one of the two fields",
        *(changed or ["write ? in the field that doesn't apply"]),
        better=_expression(better) if changed else None,
    )


def _never(days: Days, fields: list[str]) -> CronError:
    """Return the problem of a day that none of the months and years has."""
    field = _DAY_OF_MONTH if fields[4] == "?" else _DAY_OF_WEEK
    last = {"1-31": "L", "3#2": f"{days.number}L"}.get(days.form)
    fix = f"write {last} in {field.name} for the last one of a month" if last else None
    better = _replaced(fields, field.name, fields[_NAMES.index(field.name)], last) if last else None
    return CronError(
        field.name, " ".join(fields[2:]), "a day that exists in one of the months and years", fix, better=better
    )


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
        better = f"{number}{text[3:]}" if number and re.fullmatch("L|#[1-5]", text[3:]) else None
        fix = better and f"write {better}"
        allowed = "L, or one of 1L to 7L and 1#1 to 7#5, not in a list"
        assumed = _each(field, text, _DAY_OF_WEEK_FORM)
        problems.append(CronError(field.name, text, allowed, fix, better=better, assumed=assumed))
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

    def wrong(allowed: str, better: str | None = None, why: str = "", *, assumed: bool = False) -> CronError:
        fix = None if better is None else f"write {better}{why}"
        return CronError(field.name, term, allowed, fix, better=better, assumed=assumed)

    match = _TERM.fullmatch(term)
    if match is None:
        return wrong(field.allowed, "*" if term == "?" and "?" not in field.wildcards else None)
    start, end, step = match.groups()
    first = field.low if start == "*" else field.value(start)
    last = field.high if start == "*" or (end is None and step) else field.value(end or start)
    if first is None or last is None:
        ends = [name for name in (start, end) if name]
        meant = [field.meant(name) if field.value(name) is None else (name, "") for name in ends]
        better = "-".join(word for word, _ in meant) + (f"/{step}" if step else "")
        why = next((why for _, why in meant if why), "")
        small = all(field.value(name.upper()) is not None for name in ends)
        return wrong(field.allowed, better if better != term else None, why, assumed=small and start != "*")
    if start == "*" and (end or not alone):
        return wrong("* alone, or with a step", assumed=not end)
    if end and start.isdecimal() != end.isdecimal():
        return wrong("numbers or names at both ends", f"{first}-{last}" + (f"/{step}" if step else ""), assumed=True)
    if first > last:
        rising = _ascending(field, start, end) if step is None else None
        return wrong("a range in ascending order", rising, assumed=True)
    if step is None:
        return range(first, last + 1)
    if "/" not in field.wildcards:
        return CronError(field.name, term, field.allowed, "list the days, as in MON,WED,FRI")
    if not 1 <= int(step) <= field.high - field.low:
        return wrong(f"a step of 1 to {field.high - field.low}", assumed=int(step) > 0)
    if start in field.names:
        return wrong("a step after numbers", f"{first}{f'-{last}' if end else ''}/{step}", assumed=True)
    return range(first, last + 1, int(step))


def _ascending(field: _Field, start: str, end: str) -> str:
    """Return the same range in ascending order; years don't wrap around, so their ends are swapped."""
    if field is _YEAR:
        return f"{end}-{start}"
    low, high = (field.names[0], field.names[-1]) if start in field.names else (field.low, field.high)
    return f"{start}-{high},{low}-{end}"
