"""The days on which a window opens, as sets: integers with bit n set for member n."""

from __future__ import annotations

from calendar import isleap
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_YEAR, LAST_YEAR = 1970, 2199
SUN, SAT = 1, 7
_EVERY_WEEK = sum(1 << day for day in range(0, 31, 7))


class Days(NamedTuple):
    """Days of a month: a form of the grammar and its numbers (for a set, bit n of `number` is set for each n)."""

    form: Literal["1-31", "L", "15W", "SUN-SAT", "6L", "3#2"]
    number: int = 0
    nth: int = 0


# The kind of each year, one of 14: its number of days, and the weekday (1 is SUN) of January 1.
KIND = {
    year: (366 if isleap(year) else 365, date(year, 1, 1).isoweekday() % 7 + 1)
    for year in range(FIRST_YEAR, LAST_YEAR + 1)
}
_KINDS = set(KIND.values())


@lru_cache(maxsize=256)
def calendar_of(days: Days, months: int, years: int) -> int:
    """Return the set of days with an opening, over all years; about ten kilobytes."""
    of_kind = {kind: days_of_year(days, months, kind) for kind in _KINDS}
    calendar = 0
    # Decade by decade from the last, because a shift takes time proportional to the number's length.
    for decade in range(LAST_YEAR - 9, FIRST_YEAR - 1, -10):
        members = passed = 0
        for year in range(decade, decade + 10):
            if years >> year & 1:
                members |= of_kind[KIND[year]] << passed
            passed += KIND[year][0]
        calendar = calendar << passed | members
    return calendar


@lru_cache(maxsize=1024)
def days_of_year(days: Days, months: int, kind: tuple[int, int]) -> int:
    """Return the set of days with an opening in a kind of year; day 0 is January 1."""
    length_of_year, weekday = kind
    members = passed = 0
    for month, length in enumerate((31, length_of_year - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1):
        if months >> month & 1:
            members |= _days_of_month(days, (weekday - 1 + passed) % 7 + 1, length) << passed
        passed += length
    return members


@lru_cache(maxsize=1024)
def _days_of_month(days: Days, weekday: int, length: int) -> int:
    """Return the set of days with an opening in a month; day 0 is the 1st, which is a `weekday` (1 is SUN)."""
    form, number, nth = days
    if form == "1-31":
        return number >> 1 & (1 << length) - 1
    if form == "L":
        return 1 << length - 1
    if form == "15W":
        weekday_there = (weekday + number - 2) % 7 + 1
        if weekday_there == SAT:
            number += -1 if number > 1 else 2
        elif weekday_there == SUN:
            number += 1 if number < length else -2
        return 1 << number - 1 if days.number <= length else 0
    if form == "SUN-SAT":
        return sum(_EVERY_WEEK << (day - weekday) % 7 for day in members(number)) & (1 << length) - 1
    every_week = range((number - weekday) % 7, length, 7)
    if form == "6L":
        return 1 << every_week[-1]
    return 1 << every_week[nth - 1] if nth <= len(every_week) else 0


def members(numbers: int) -> Iterator[int]:
    """Yield the members of a set, in order."""
    while numbers:
        yield lowest(numbers)
        numbers &= numbers - 1


def lowest(numbers: int) -> int:
    """Return the smallest member of a non-empty set."""
    return (numbers & -numbers).bit_length() - 1


def spread(numbers: int, width: int) -> int:
    """Return each member of a set and the `width` - 1 numbers after it, in a few doublings."""
    if width < 1:
        return 0
    done = 1
    while done < width:
        step = min(done, width - done)
        numbers |= numbers << step
        done += step
    return numbers
