"""AWS cron as maintenance windows use it: parse, openings in UTC, overlaps.

A window opens at `cron(minutes hours day-of-month month day-of-week year)`, always UTC, and stays open for its
duration. The grammar is the table in AWS's guide (`SOURCE`):

    minutes       0-59              , - * /
    hours         0-23              , - * /
    day-of-month  1-31              , - * ? / L W     L is the last day, 15W the weekday nearest to the 15th
    month         1-12 or JAN-DEC   , - * /
    day-of-week   1-7 or SUN-SAT    , - * ? L #       1 is SUN, L is SAT, 6L the last Friday, 3#2 the second Tuesday
    year          1970-2199         , - * /

`?` stands in exactly one of the two day fields. AWS does not say what else its parser takes, so the stricter reading
holds. Assumed:
- `cron` and the names are written as above, not `Mon`; spaces stand between the fields only
- a number may have leading zeros up to the width of the field's largest value (`09`; a sample of AWS has it)
- `*/5`, `1/10` and `8-18/2` are steps; a step is 1 to largest minus smallest value, and goes with numbers, not names
- a range rises (not `FRI-MON`, `22-2`) and has numbers or names at both ends
- `*`, `L`, `15W`, `6L` and `3#2` stand alone, not in a list; `LW`, `L-3`, `FRIL` and `TUE#2` are refused
- `15W` stays within its month: a first that is a Saturday moves to Monday the third
- in a month without the day (`31` or `31W` in June, a fifth Tuesday) nothing opens; what never opens is an error
"""

from __future__ import annotations

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import combinations_with_replacement, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = "https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html"

_SYNTAX = "cron(minutes hours day-of-month month day-of-week year)"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_EPOCH = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = 1440  # minutes
_SUN, _SAT = 1, 7
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVERY_WEEK = sum(1 << day for day in range(0, 31, 7))


class CronError(ValueError):
    """One problem of an expression.

    `field` is a field's name in the table above, None for the expression as a whole. `given` is the part that is wrong,
    `allowed` what may stand there, `fix` what to write instead, None where only the author can know.
    """

    def __init__(self, field: str | None, given: str, allowed: str, fix: str | None = None) -> None:
        super().__init__(field, given, allowed, fix)
        self.field, self.given, self.allowed, self.fix = field, given, allowed, fix

    def __str__(self) -> str:
        given = f"{self.field} {self.given}" if self.field else self.given
        return f"{given}: allowed is {self.allowed}" + (f"; {self.fix}" if self.fix else "")


class Days(NamedTuple):
    """Which days of a month: a form of the grammar and its numbers (a set of them has bit n of `number` set for n)."""

    form: Literal["1-31", "L", "15W", "SUN-SAT", "6L", "3#2"]
    number: int = 0
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Cron:
    """When a window opens, in UTC. Made by `parse`; two are equal when written alike.

    Sets are integers with bit n set for member n: `times` holds minutes of the day (0 to 1439), `months` 1 to 12,
    `years` 1970 to 2199.
    """

    text: str
    times: int
    days: Days
    months: int
    years: int

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read an expression; CronError with its first problem. The length of the text is not checked."""
        cron, problems = _read(text)
        if cron is None:
            raise problems[0]
        return cron

    @property
    def calendar(self) -> int:
        """The set of days with an opening, 0 being the first of January 1970."""
        return _calendar(self.days, self.months, self.years)

    def next_opening(self, at: datetime) -> datetime | None:
        """The first opening at or after `at`, None if there is none up to 2199; ValueError if `at` has no time zone."""
        return next(self.openings(at), None)

    def openings(self, start: datetime, end: datetime | None = None) -> Iterator[datetime]:
        """The openings from `start` up to, not including, `end` (None: to the end of 2199), in order.

        The result is in UTC. ValueError if an argument has no time zone: a local time would be hours off, in silence.
        """
        stop = None if end is None else _minutes(end)
        return _openings(self, max(_minutes(start), 0), stop)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two windows that are open at once: their indices, equal for one window whose openings overlap.

    The two openings (UTC) are an example: the later comes before the earlier one's window has closed. The first is the
    earlier one where the indices are equal.
    """

    first: int
    second: int
    opening_first: datetime
    opening_second: datetime


def cron_errors(text: str) -> tuple[CronError, ...]:
    """All problems of an expression, field by field; () if it has none."""
    return tuple(_read(text)[1])


def smallest_gap_in_minutes(cron: Cron) -> int | None:
    """Minutes between the two closest successive openings of 1970 to 2199; None if there is only one opening."""
    times, days = list(_members(cron.times)), cron.calendar
    gaps = [later - earlier for earlier, later in pairwise(times)]
    # The zeros between two ones are the days without an opening. Neighbours first: the text of all days costs more.
    if days & days >> 1:
        gaps.append(_DAY - times[-1] + times[0])
    elif closed := f"{days:b}".split("1")[1:-1]:
        gaps.append((min(map(len, closed)) + 1) * _DAY - times[-1] + times[0])
    return min(gaps, default=None)


def overlaps(
    windows: Sequence[tuple[Cron, int]], *, since: datetime = datetime(2026, 1, 1, tzinfo=UTC)
) -> tuple[Overlap, ...]:
    """Each pair among (cron, duration in minutes) that is open at once anywhere in 1970 to 2199, by index.

    Durations are 1 to 1440, else ValueError. A window that opens as another closes does not overlap it. `since` only
    chooses the example: the first from that day (UTC) on, or the first of all where there is none.
    """
    for _, duration in windows:
        if not 1 <= duration <= _DAY:  # the search below looks at the same day and the next, no further
            raise ValueError(f"duration {duration}: allowed is 1 to {_DAY} minutes")
    start = max(_minutes(since) // _DAY, 0)
    crons = [cron for cron, _ in windows]
    open_times = [_spread(cron.times, duration) for cron, duration in windows]
    found = []
    for i, j in combinations_with_replacement(range(len(windows)), 2):
        if i == j:  # an opening is within its own window: look from the minute after
            rest = _spread(crons[i].times << 1, windows[i][1] - 1)
            examples = list(_opens_within(crons[i], rest, crons[i], start, itself=True))
        else:
            examples = list(_opens_within(crons[i], open_times[i], crons[j], start))
            examples += [(first, second) for second, first in _opens_within(crons[j], open_times[j], crons[i], start)]
        if examples:
            first, second = min(examples, key=lambda example: (min(example) < start * _DAY, max(example)))
            found.append(Overlap(i, j, _EPOCH + first * _MINUTE, _EPOCH + second * _MINUTE))
    return tuple(found)


def _opens_within(
    outer: Cron, open_times: int, inner: Cron, start: int, *, itself: bool = False
) -> Iterator[tuple[int, int]]:
    """Openings of `outer` and, while it is open, of `inner`, in minutes since 1970; from day `start` on if any.

    At most two examples: with the inner opening on the same day and on the next. Days and times of day do not depend on
    each other, so each is an intersection of two sets, exact over every day of the 230 years.
    """
    for offset in (0, 1):
        times = open_times >> offset * _DAY & inner.times
        days = outer.calendar & inner.calendar >> offset if times else 0
        if days:
            later = days >> start
            day = start + _lowest(later) if later else _lowest(days)
            second = offset * _DAY + _lowest(times)
            before = outer.times & (1 << second + (not itself)) - 1
            yield day * _DAY + before.bit_length() - 1, day * _DAY + second


def _openings(cron: Cron, start: int, stop: int | None) -> Iterator[datetime]:
    """The openings from `start` up to `stop`, both in minutes since 1970."""
    day, minute = divmod(start, _DAY)
    days, times = cron.calendar >> day, cron.times >> minute << minute
    while days:
        closed = _lowest(days)
        for minute in _members(cron.times if closed else times):
            opening = (day + closed) * _DAY + minute
            if stop is not None and opening >= stop:
                return
            yield _EPOCH + opening * _MINUTE
        day, days, times = day + closed + 1, days >> closed + 1, cron.times


def _minutes(at: datetime) -> int:
    """Whole minutes since 1970, rounded up."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone: windows open in UTC")
    return -((_EPOCH - at) // _MINUTE)


# Which of the 14 kinds a year is: its days, and the weekday (1 is SUN) of its first of January.
_KIND = {
    year: (366 if isleap(year) else 365, date(year, 1, 1).isoweekday() % 7 + 1)
    for year in range(_FIRST_YEAR, _LAST_YEAR + 1)
}
_KINDS = set(_KIND.values())


@lru_cache(maxsize=256)
def _calendar(days: Days, months: int, years: int) -> int:
    """The set of days with an opening, over all years; about ten kilobytes."""
    of_kind = {kind: _days_of_year(days, months, kind) for kind in _KINDS}
    calendar = 0
    # Decade by decade from the last: a shift costs as much as the number is long.
    for decade in range(_LAST_YEAR - 9, _FIRST_YEAR - 1, -10):
        members = passed = 0
        for year in range(decade, decade + 10):
            if years >> year & 1:
                members |= of_kind[_KIND[year]] << passed
            passed += _KIND[year][0]
        calendar = calendar << passed | members
    return calendar


@lru_cache(maxsize=1024)
def _days_of_year(days: Days, months: int, kind: tuple[int, int]) -> int:
    """The set of days with an opening in a kind of year, 0 being the first of January."""
    length_of_year, weekday = kind
    members = passed = 0
    for month, length in enumerate((31, length_of_year - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1):
        if months >> month & 1:
            members |= _days_of_month(days, (weekday - 1 + passed) % 7 + 1, length) << passed
        passed += length
    return members


@lru_cache(maxsize=1024)
def _days_of_month(days: Days, weekday: int, length: int) -> int:
    """The set of days with an opening in a month, 0 being the first, which is a `weekday` (1 is SUN)."""
    form, number, nth = days
    if form == "1-31":
        return number >> 1 & (1 << length) - 1
    if form == "L":
        return 1 << length - 1
    if form == "15W":
        weekday_there = (weekday + number - 2) % 7 + 1
        if weekday_there == _SAT:
            number += -1 if number > 1 else 2
        elif weekday_there == _SUN:
            number += 1 if number < length else -2
        return 1 << number - 1 if days.number <= length else 0
    if form == "SUN-SAT":
        return sum(_EVERY_WEEK << (day - weekday) % 7 for day in _members(number)) & (1 << length) - 1
    every_week = range((number - weekday) % 7, length, 7)
    if form == "6L":
        return 1 << every_week[-1]
    return 1 << every_week[nth - 1] if nth <= len(every_week) else 0


def _members(numbers: int) -> Iterator[int]:
    """The members of a set, in order."""
    while numbers:
        yield _lowest(numbers)
        numbers &= numbers - 1


def _lowest(numbers: int) -> int:
    """The smallest member of a set that is not empty."""
    return (numbers & -numbers).bit_length() - 1


def _spread(numbers: int, width: int) -> int:
    """Each member of a set and the `width` - 1 numbers after it, in a few doublings."""
    if width < 1:
        return 0
    done = 1
    while done < width:
        step = min(done, width - done)
        numbers |= numbers << step
        done += step
    return numbers


# Reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    """A line of the table."""

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
        """What a number or name stands for; None if it is not one of this field's."""
        if word in self.names:
            return self.low + self.names.index(word)
        # The width is looked at first: int() has an error of its own for 4,301 digits.
        number = int(word) if word.isdecimal() and len(word) <= len(str(self.high)) else -1
        return number if self.low <= number <= self.high else None

    def hint(self, word: str) -> str | None:
        """What the author of a word without a value may have meant."""
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
_YEAR = _Field("year", _FIRST_YEAR, _LAST_YEAR)
_TERM = re.compile(r"(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:/([0-9]{1,4}))?")


def _read(text: str) -> tuple[Cron | None, list[CronError]]:
    """The expression, or None and its problems."""
    body = text.strip()
    fields = (body[5:] if body[:5].lower() == "cron(" else body).removesuffix(")").split()
    if len(fields) != 6:
        fix = "add the sixth field, the year: * for every year" if len(fields) == 5 else None
        if body.startswith(("rate(", "at(")):
            fix = "write when the window opens as a cron expression: rate and at are not offered"
        return None, [CronError(None, text, _SYNTAX, fix)]
    problems: list[CronError] = []
    written = f"cron({' '.join(fields)})"
    if re.sub(" +", " ", text) != written:
        problems.append(CronError(None, text, f"{_SYNTAX}, with spaces between the fields only", f"write {written}"))
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
    # Year by year: nearly every expression opens in the first one, and the calendar of all years takes longer.
    if not any(_days_of_year(days, months, _KIND[year]) for year in _members(years)):
        return None, [_never(days, fields)]
    return Cron(text, sum(minutes << 60 * hour for hour in _members(hours)), days, months, years), []


def _both_or_neither(day_of_month: str, day_of_week: str) -> CronError:
    """The problem of `?` in both day fields or in neither."""
    fix = "write ? in the one that is not meant"
    if day_of_month == "?":
        fix = "write * in day-of-month"
    elif "*" in (day_of_month, day_of_week):
        fix = f"write ? in {_DAY_OF_WEEK.name if day_of_week == '*' else _DAY_OF_MONTH.name}"
    given = f"day-of-month {day_of_month}, day-of-week {day_of_week}"
    return CronError(None, given, "? in exactly one of the two", fix)


def _never(days: Days, fields: list[str]) -> CronError:
    """The problem of a day that does not come in any of the months and years."""
    field = _DAY_OF_MONTH if fields[4] == "?" else _DAY_OF_WEEK
    last = {"1-31": "L", "3#2": f"{days.number}L"}.get(days.form)
    fix = f"write {last} in {field.name} for the last one of a month" if last else None
    return CronError(field.name, " ".join(fields[2:]), "a day that comes in one of the months and years", fix)


def _days_form(field: _Field, text: str, problems: list[CronError]) -> Days | None:
    """What a day field asks for; None for `?` and for wrong ones."""
    if text == "?":
        return None
    if field is _DAY_OF_MONTH:
        if text == "L":
            return Days("L")
        if (match := re.fullmatch("([0-9]{1,2})W", text)) and (day := field.value(match[1])):
            return Days("15W", day)
        if "L" in text or "W" in text:
            problems.append(CronError(field.name, text, "L or one of 1W to 31W, and alone"))
            return None
        return Days("1-31", _values(field, text, problems))
    if text == "L":
        return Days("SUN-SAT", 1 << _SAT)
    if match := re.fullmatch("([1-7])L", text):
        return Days("6L", int(match[1]))
    if match := re.fullmatch("([1-7])#([1-5])", text):
        return Days("3#2", int(match[1]), int(match[2]))
    if "L" in text or "#" in text:
        number = field.value(text[:3])
        fix = f"write {number}{text[3:]}" if number and re.fullmatch("L|#[1-5]", text[3:]) else None
        problems.append(CronError(field.name, text, "L or one of 1L to 7L and 1#1 to 7#5, and alone", fix))
        return None
    return Days("SUN-SAT", _values(field, text, problems))


def _values(field: _Field, text: str, problems: list[CronError]) -> int:
    """The set of values that a list names; each wrong term is a problem."""
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
    """The values of one term of a list, or what is wrong with it."""

    def wrong(allowed: str, fix: str | None = None) -> CronError:
        return CronError(field.name, term, allowed, fix)

    match = _TERM.fullmatch(term)
    if match is None:
        return wrong(field.allowed, "write *" if term == "?" and "?" not in field.wildcards else None)
    start, end, step = match.groups()
    first = field.low if start == "*" else field.value(start)
    last = field.high if start == "*" or (end is None and step) else field.value(end or start)
    if first is None or last is None:
        return wrong(field.allowed, field.hint(start if first is None else end))
    if start == "*" and (end or not alone):
        return wrong("* alone, or with a step")
    if end and start.isdecimal() != end.isdecimal():
        return wrong("numbers or names at both ends", f"write {first}-{last}")
    if first > last:
        return wrong("a range that rises", _risen(field, start, end) if step is None else None)
    if step is None:
        return range(first, last + 1)
    if "/" not in field.wildcards:
        return wrong(field.allowed, "list the days, as in MON,WED,FRI")
    if not 1 <= int(step) <= field.high - field.low:
        return wrong(f"a step of 1 to {field.high - field.low}")
    if start in field.names:
        return wrong("a step from numbers", f"write {first}{f'-{last}' if end else ''}/{step}")
    return range(first, last + 1, int(step))


def _risen(field: _Field, start: str, end: str) -> str:
    """The same range without the wrap; years do not come round, so there the ends are swapped."""
    if field is _YEAR:
        return f"write {end}-{start}"
    low, high = (field.names[0], field.names[-1]) if start in field.names else (field.low, field.high)
    return f"write {start}-{high},{low}-{end}"
