"""An independent reading of AWS cron for the tests: slow predicates over plain dates, no sets and no bits.

Written from the grammar's table alone. `accepts` says whether a text is an expression (be it one that never opens),
`opens_on` and `opens_at` whether a window opens on a day and at a time of day; the rest is enumeration.
"""

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

MONTHS = ("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_NAMES: tuple[tuple[str, ...], ...] = ((), (), (), MONTHS, WEEKDAYS, ())


def accepts(text: str) -> bool:
    """Whether the text is an expression by the strict reading of the table."""
    match = re.fullmatch(r"cron\(" + " +".join([r"([^\s]+)"] * 6) + r"\)", text)
    if match is None:
        return False
    fields = match.groups()
    if [fields[2], fields[4]].count("?") != 1:
        return False
    return all(_accepts_field(position, field) for position, field in enumerate(fields))


def _accepts_field(position: int, field: str) -> bool:
    special = {2: r"\?|L|(0?[1-9]|[12][0-9]|3[01])W", 4: r"\?|L|[1-7]L|[1-7]#[1-5]"}.get(position)
    if field == "*" or (special and re.fullmatch(special, field)):
        return True
    if field.startswith("*/"):
        return _accepts_step(position, field[2:])
    return all(_accepts_term(position, term) for term in field.split(","))


def _accepts_step(position: int, step: str) -> bool:
    low, high = _BOUNDS[position]
    return position != 4 and re.fullmatch("[0-9]{1,4}", step) is not None and 1 <= int(step) <= high - low


def _accepts_term(position: int, term: str) -> bool:
    low, high = _BOUNDS[position]
    head, slash, step = term.partition("/")
    ends = head.split("-")
    if len(ends) > 2 or (slash and not _accepts_step(position, step)):
        return False
    if all(end and end in _NAMES[position] for end in ends):
        numbers = [_NAMES[position].index(end) for end in ends]
        return not slash and numbers == sorted(numbers)
    if all(re.fullmatch("[0-9]+", end) and len(end) <= len(str(high)) for end in ends):
        numbers = [int(end) for end in ends]
        return numbers == sorted(numbers) and all(low <= number <= high for number in numbers)
    return False


def opens_on(text: str, day: date) -> bool:
    """Whether a window opens at some time of that day."""
    _, _, day_of_month, month, day_of_week, year = _fields(text)
    if not _holds(year, day.year, low=1970) or not _holds(month, day.month, low=1, names=MONTHS):
        return False
    return _day_of_month_holds(day_of_month, day) if day_of_week == "?" else _day_of_week_holds(day_of_week, day)


def opens_at(text: str, hour: int, minute: int) -> bool:
    """Whether a window opens at that time, on the days that it opens on."""
    return _holds(_fields(text)[0], minute, low=0) and _holds(_fields(text)[1], hour, low=0)


def openings(text: str, first: date, last: date) -> list[datetime]:
    """All openings from one day to another, both included."""
    times = [divmod(minute, 60) for minute in range(1440) if opens_at(text, *divmod(minute, 60))]
    days = [day for day in _days(first, last) if opens_on(text, day)]
    return [datetime(day.year, day.month, day.day, *time, tzinfo=UTC) for day in days for time in times]


def first_overlap(
    one: Sequence[datetime], minutes_one: int, other: Sequence[datetime], minutes_other: int
) -> tuple[datetime, datetime] | None:
    """The openings of two windows, by all their openings, that are the first to be open at once."""
    here = [(inner, outer, inner) for outer, inner in _opens_within(one, minutes_one, other)]
    there = [(inner, inner, outer) for outer, inner in _opens_within(other, minutes_other, one)]
    return min(here + there)[1:] if here + there else None


def first_overlap_with_itself(openings: Sequence[datetime], minutes: int) -> tuple[datetime, datetime] | None:
    """The first two openings of one window of which the second comes before the first one's has closed."""
    return next((pair for pair in pairwise(openings) if pair[1] - pair[0] < timedelta(minutes=minutes)), None)


def _opens_within(
    outer: Sequence[datetime], minutes: int, inner: Sequence[datetime]
) -> Iterator[tuple[datetime, datetime]]:
    for opening in inner:
        place = bisect_right(outer, opening)
        if place and opening - outer[place - 1] < timedelta(minutes=minutes):
            yield outer[place - 1], opening


def _fields(text: str) -> list[str]:
    return text[len("cron(") : -1].split()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _holds(field: str, value: int, *, low: int, names: Sequence[str] = ()) -> bool:
    for term in field.split(","):
        head, _, step = term.replace("*", f"{low}-9999").partition("/")
        ends = [names.index(end) if end in names else int(end) for end in head.split("-")]
        if step and len(ends) == 1:
            ends.append(9999)
        if ends[0] <= value <= ends[-1] and (value - ends[0]) % int(step or 1) == 0:
            return True
    return False


def _day_of_month_holds(field: str, day: date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == length
    if field.endswith("W"):
        wanted = int(field[:-1])
        work_days = [number for number in range(1, length + 1) if day.replace(day=number).weekday() < 5]
        return wanted <= length and day.day == min(work_days, key=lambda number: abs(number - wanted))
    return _holds(field, day.day, low=1)


def _day_of_week_holds(field: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if field == "L":
        return weekday == 7
    if field.endswith("L"):
        return weekday == int(field[0]) and (day + timedelta(days=7)).month != day.month
    if "#" in field:
        return [weekday, (day.day + 6) // 7] == [int(number) for number in field.split("#")]
    return _holds(field, weekday, low=1, names=WEEKDAYS)
