"""AWS cron expressions of maintenance windows: parsing, openings in UTC, overlaps.

A window opens at `cron(minutes hours day-of-month month day-of-week year)`, always UTC, and stays open for its
duration. The grammar is the table in AWS's guide (`SOURCE`):

    minutes       0-59              , - * /
    hours         0-23              , - * /
    day-of-month  1-31              , - * ? / L W     L is the last day, 15W the weekday nearest to the 15th
    month         1-12 or JAN-DEC   , - * /
    day-of-week   1-7 or SUN-SAT    , - * ? L #       1 is SUN, L is SAT, 6L the last Friday, 3#2 the second Tuesday
    year          1970-2199         , - * /

Exactly one of the two day fields is `?`. AWS doesn't document what else its parser accepts, so the stricter reading
applies: what isn't in this grammar is malformed, or is marked as `assumed` where AWS's parser may read it. Assumed:
- `cron` and the names are written as above, not `Mon`; spaces occur between the fields only
- a number may have leading zeros up to the width of the field's largest value (`09`, as in an AWS sample)
- `*/5`, `1/10` and `8-18/2` are steps; a step is 1 to largest minus smallest value, and follows numbers, not names
- a range rises (not `FRI-MON`, `22-2`) and has numbers or names at both ends
- `*`, `L`, `15W`, `6L` and `3#2` can't be part of a list; `LW`, `L-3`, `FRIL` and `TUE#2` are refused
- `15W` stays within its month: if the 1st is a Saturday, `1W` is Monday the 3rd
- in a month without the day (`31` or `31W` in June, a fifth Tuesday) no window opens; one that never opens is an error
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, pairwise
from typing import TYPE_CHECKING, NamedTuple

from iot_jobs.windows.days import FIRST_YEAR, Days, calendar_of, lowest, members, spread
from iot_jobs.windows.grammar import CronError, cron_errors, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["SOURCE", "Cron", "CronError", "Overlap", "cron_errors", "overlaps", "smallest_gap_in_minutes"]

SOURCE = "https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html"

_EPOCH = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = 1440  # minutes


class Cron(NamedTuple):
    """The opening times of a window, in UTC. Created by `parse`; equal if spelt alike.

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
        """Parse an expression. Raises `CronError` with its first problem. The length of the text is not checked."""
        reading, problems = read(text)
        if reading is None:
            raise problems[0]
        return cls(text, *reading)

    @property
    def calendar(self) -> int:
        """The set of days with an opening; day 0 is January 1, 1970."""
        return calendar_of(self.days, self.months, self.years)

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first opening at or after `at`, None if there is none up to 2199.

        Raises `ValueError` if `at` has no time zone.
        """
        return next(self.openings(at), None)

    def openings(self, start: datetime, end: datetime | None = None) -> Iterator[datetime]:
        """Return the openings in order, in UTC, from `start` up to but not including `end` (None: to the end of 2199).

        Raises `ValueError` if an argument has no time zone: a local time would silently be hours off.
        """
        stop = None if end is None else _minutes(end)
        return _openings(self, max(_minutes(start), 0), stop)


class Overlap(NamedTuple):
    """Two windows that are open at the same time: their indices, which are equal if a window overlaps itself.

    The two openings (UTC) are an example: the later one comes before the earlier one's window closes. If the indices
    are equal, the first opening is the earlier one.
    """

    first: int
    second: int
    opening_first: datetime
    opening_second: datetime


def smallest_gap_in_minutes(cron: Cron) -> int | None:
    """Return the minutes between the two closest successive openings of 1970 to 2199; None if there is only one."""
    times, days = list(members(cron.times)), cron.calendar
    gaps = [later - earlier for earlier, later in pairwise(times)]
    # The zeros between two ones are days without an opening. Adjacent days first: the text of all days costs more.
    if days & days >> 1:
        gaps.append(_DAY - times[-1] + times[0])
    elif closed := f"{days:b}".split("1")[1:-1]:
        gaps.append((min(map(len, closed)) + 1) * _DAY - times[-1] + times[0])
    return min(gaps, default=None)


def overlaps(
    windows: Sequence[tuple[Cron, int]], *, since: datetime = datetime(2026, 1, 1, tzinfo=UTC)
) -> Iterator[Overlap]:
    """Return the pairs of windows (cron, duration in minutes) that are open at the same time in 1970 to 2199, by index.

    They are searched for one by one, as they are needed: a hundred windows are thousands of pairs.

    Raises `ValueError` unless durations are 1 to 1440. A window that opens as another closes doesn't overlap it.
    `since` only selects the example: the first from that day (UTC) on, or the first of all if there is none.
    """
    for _, duration in windows:
        if not 1 <= duration <= _DAY:  # the search below covers the same day and the next only
            raise ValueError(f"duration {duration}: allowed is 1 to {_DAY} minutes")
    return _overlaps(windows, max(_minutes(since) // _DAY, 0))


def _overlaps(windows: Sequence[tuple[Cron, int]], start: int) -> Iterator[Overlap]:
    crons = [cron for cron, _ in windows]
    open_times = [spread(cron.times, duration) for cron, duration in windows]
    for i, j in combinations_with_replacement(range(len(windows)), 2):
        if i == j:  # an opening is within its own window, so the search starts a minute later
            rest = spread(crons[i].times << 1, windows[i][1] - 1)
            examples = list(_opens_within(crons[i], rest, crons[i], start, itself=True))
        else:
            examples = list(_opens_within(crons[i], open_times[i], crons[j], start))
            examples += [(first, second) for second, first in _opens_within(crons[j], open_times[j], crons[i], start)]
        if examples:
            first, second = min(examples, key=lambda example: (min(example) < start * _DAY, max(example)))
            yield Overlap(i, j, _EPOCH + first * _MINUTE, _EPOCH + second * _MINUTE)


def _opens_within(
    outer: Cron, open_times: int, inner: Cron, start: int, *, itself: bool = False
) -> Iterator[tuple[int, int]]:
    """Yield openings of `outer` with openings of `inner` while it is open, in minutes since 1970.

    There are at most two examples: one with the inner opening on the same day, one on the next. They are from day
    `start` on, if any are. Days and times of day are independent, so each is an intersection of two sets, exact over
    every day of the 230 years.
    """
    for offset in (0, 1):
        times = open_times >> offset * _DAY & inner.times
        days = outer.calendar & inner.calendar >> offset if times else 0
        if days:
            later = days >> start
            day = start + lowest(later) if later else lowest(days)
            second = offset * _DAY + lowest(times)
            before = outer.times & (1 << second + (not itself)) - 1
            yield day * _DAY + before.bit_length() - 1, day * _DAY + second


def _openings(cron: Cron, start: int, stop: int | None) -> Iterator[datetime]:
    """Yield the openings from `start` up to `stop`, both in minutes since 1970."""
    day, minute = divmod(start, _DAY)
    days, times = cron.calendar >> day, cron.times >> minute << minute
    while days:
        closed = lowest(days)
        for minute in members(cron.times if closed else times):
            opening = (day + closed) * _DAY + minute
            if stop is not None and opening >= stop:
                return
            yield _EPOCH + opening * _MINUTE
        day, days, times = day + closed + 1, days >> closed + 1, cron.times


def _minutes(at: datetime) -> int:
    """Return the whole minutes since 1970, rounded up."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone: windows open in UTC")
    return -((_EPOCH - at) // _MINUTE)
