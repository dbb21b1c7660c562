"""AWS cron: what is an expression, when a window opens, and which windows are open at once."""

import itertools
import pickle
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iot_jobs.windows import Cron, CronError, Overlap, cron_errors, overlaps, smallest_gap_in_minutes
from tests import oracle_cron as oracle

SYNTAX = "cron(minutes hours day-of-month month day-of-week year)"
SPACED = f"{SYNTAX}, with spaces between the fields only"
ONE_QUESTION_MARK = "? in exactly one of the two fields"
MINUTES = "0 to 59, wildcards , - * /"
HOURS = "0 to 23, wildcards , - * /"
DAYS_OF_MONTH = "1 to 31, wildcards , - * ? / L W"
MONTHS = "1 to 12 or JAN to DEC, wildcards , - * /"
DAYS_OF_WEEK = "1 to 7 or SUN to SAT, wildcards , - * ? L #"
YEARS = "1970 to 2199, wildcards , - * /"
SPECIAL_DAY_OF_MONTH = "L, or one of 1W to 31W, not in a list"
SPECIAL_DAY_OF_WEEK = "L, or one of 1L to 7L and 1#1 to 7#5, not in a list"
RISES = "a range in ascending order"
COMES = "a day that exists in one of the months and years"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# What opens when ------------------------------------------------------------------------------------------------------

OPENINGS = [
    # the samples of the guide
    ("cron(0 10 * * ? *)", "2026-11-20", "2026-11-20T10:00 2026-11-21T10:00"),
    ("cron(15 12 * * ? *)", "2026-11-20T12:15", "2026-11-20T12:15 2026-11-21T12:15"),
    ("cron(0 18 ? * MON-FRI *)", "2026-11-20", "2026-11-20T18:00 2026-11-23T18:00"),
    ("cron(0 8 1 * ? *)", "2026-11-20", "2026-12-01T08:00 2027-01-01T08:00"),
    ("cron(0 2 ? * 3#2 *)", "2026-11-01", "2026-11-10T02:00 2026-12-08T02:00"),
    ("cron(1/10 2 ? * TUE *)", "2026-11-24T02:40", "2026-11-24T02:41 2026-11-24T02:51 2026-12-01T02:01"),
    # lists, ranges, steps and names
    ("cron(0 2 ? * TUE-THU *)", "2026-11-20", "2026-11-24T02:00 2026-11-25T02:00 2026-11-26T02:00 2026-12-01T02:00"),
    ("cron(5,50 22-23 ? * 1,SAT *)", "2026-11-21T22:10", "2026-11-21T22:50 2026-11-21T23:05 2026-11-21T23:50"),
    ("cron(0 2-10/4 31 JAN-MAR,6 ? *)", "2026-01-31T03:00", "2026-01-31T06:00 2026-01-31T10:00 2026-03-31T02:00"),
    ("cron(*/25 0 */15 * ? *)", "2026-01-16T00:30", "2026-01-16T00:50 2026-01-31T00:00"),
    ("cron(0 0 20/7 * ? *)", "2026-01-21", "2026-01-27T00:00 2026-02-20T00:00"),
    ("cron(05 09 01 02 ? *)", "2026-01-21", "2026-02-01T09:05"),
    ("cron(0 0 ? * * *)", "2026-02-28", "2026-02-28T00:00 2026-03-01T00:00"),
    ("cron(0 0   ? * 7-7 *)", "2026-11-20", "2026-11-21T00:00 2026-11-28T00:00"),
    # the last day, and the last of a weekday
    ("cron(0 0 L * ? *)", "2026-01-31T00:01", "2026-02-28T00:00 2026-03-31T00:00"),
    ("cron(0 0 L 2 ? *)", "2027-01-01", "2027-02-28T00:00 2028-02-29T00:00"),
    ("cron(0 0 ? * L *)", "2026-11-20", "2026-11-21T00:00 2026-11-28T00:00"),
    ("cron(0 0 ? * 6L *)", "2026-11-01", "2026-11-27T00:00 2026-12-25T00:00"),
    ("cron(0 0 ? 2 1L *)", "2032-01-01", "2032-02-29T00:00"),
    # the nearest weekday, within the month
    ("cron(0 0 15W * ? *)", "2026-08-01", "2026-08-14T00:00 2026-09-15T00:00"),
    ("cron(0 0 15W 11 ? *)", "2026-11-01", "2026-11-16T00:00"),
    ("cron(0 0 1W * ? *)", "2026-08-01", "2026-08-03T00:00 2026-09-01T00:00"),
    ("cron(0 0 1W 11 ? *)", "2026-11-01", "2026-11-02T00:00"),
    ("cron(0 0 31W * ? *)", "2026-01-31", "2026-03-31T00:00 2026-05-29T00:00 2026-07-31T00:00"),
    ("cron(0 0 30W 8 ? *)", "2026-08-01", "2026-08-31T00:00"),
    ("cron(0 0 28W 2 ? 2027)", "1970-01-01", "2027-02-26T00:00"),
    ("cron(0 0 29W 2 ? *)", "2026-01-01", "2028-02-29T00:00"),
    # the fifth of a weekday, where there is one
    ("cron(0 0 ? * 3#5 *)", "2026-11-01", "2026-12-29T00:00 2027-03-30T00:00"),
    ("cron(0 0 ? * 1#1 *)", "2026-11-01", "2026-11-01T00:00 2026-12-06T00:00"),
    # leap days, 2100 having none, and the ends of years
    ("cron(0 0 29 2 ? *)", "2026-01-01", "2028-02-29T00:00 2032-02-29T00:00"),
    ("cron(0 0 29 2 ? *)", "2096-03-01", "2104-02-29T00:00"),
    ("cron(0 0 1 3 ? 2100)", "2099-01-01", "2100-03-01T00:00"),
    ("cron(59 23 31 12 ? *)", "2027-12-31T23:59", "2027-12-31T23:59 2028-12-31T23:59"),
    ("cron(0 0 1 1 ? 2027/2)", "2026-01-01", "2027-01-01T00:00 2029-01-01T00:00"),
    ("cron(0 0 1 1 ? 2027,2199)", "2027-01-02", "2199-01-01T00:00"),
    # no window is moved by a change to summer time
    ("cron(30 2 ? * SUN *)", "2026-03-22", "2026-03-22T02:30 2026-03-29T02:30 2026-04-05T02:30"),
]


@pytest.mark.parametrize(("text", "start", "expected"), OPENINGS)
def test_openings(text: str, start: str, expected: str) -> None:
    """A window opens at the times that its expression says, in order, from the start on."""
    times = expected.split()
    assert cron_errors(text) == ()
    assert list(itertools.islice(Cron.parse(text).openings(utc(start)), len(times))) == [utc(time) for time in times]


NEXT = [
    ("just before", "2026-11-20T09:59:00+00:00", "2026-11-20T10:00"),
    ("at", "2026-11-20T10:00:00+00:00", "2026-11-20T10:00"),
    ("a microsecond after", "2026-11-20T10:00:00.000001+00:00", "2026-11-21T10:00"),
    ("a second before", "2026-11-20T09:59:59+00:00", "2026-11-20T10:00"),
    ("east of UTC", "2026-11-20T12:00:00+02:00", "2026-11-20T10:00"),
    ("west of UTC", "2026-11-20T05:01:00-05:00", "2026-11-21T10:00"),
    ("before the first year", "1969-07-20T20:17:00+00:00", "1970-01-01T10:00"),
    ("the very first date", "0001-01-01T00:00:00+00:00", "1970-01-01T10:00"),
    ("the last opening", "2199-12-31T10:00:00+00:00", "2199-12-31T10:00"),
    ("after the last opening", "2199-12-31T10:01:00+00:00", None),
    ("the very last date", "9999-12-31T23:59:59.999999+00:00", None),
]


@pytest.mark.parametrize(("at", "expected"), [row[1:] for row in NEXT], ids=[row[0] for row in NEXT])
def test_next_opening(at: str, expected: str | None) -> None:
    """The next opening is the first at or after an instant of any time zone, given in UTC."""
    opening = Cron.parse("cron(0 10 * * ? *)").next_opening(datetime.fromisoformat(at))
    assert opening == (None if expected is None else utc(expected))
    assert opening is None or opening.tzinfo is UTC


def test_next_opening_of_a_past_window() -> None:
    """A window whose years are over has no next opening."""
    assert Cron.parse("cron(0 10 * * ? 2020-2025)").next_opening(utc("2026-01-01")) is None


def test_openings_end() -> None:
    """The start is included and the end is not, to the second."""
    cron = Cron.parse("cron(0/30 * ? * * *)")
    first, second = utc("2027-12-31T23:30"), utc("2028-01-01T00:00")
    assert list(cron.openings(first, second)) == [first]
    assert list(cron.openings(first, second + timedelta(seconds=1))) == [first, second]
    assert list(cron.openings(first + timedelta(seconds=1), second)) == []
    assert list(cron.openings(second, first)) == []
    assert list(cron.openings(utc("2200-01-01"), utc("2201-01-01"))) == []


def test_openings_of_all_years() -> None:
    """Without an end, the openings stop with the year 2199."""
    openings = list(Cron.parse("cron(0 0 L * ? *)").openings(utc("1970-01-01")))
    assert (len(openings), openings[0], openings[-1]) == (230 * 12, utc("1970-01-31"), utc("2199-12-31"))


def test_naive_instants_are_refused() -> None:
    """An instant without a time zone is an error at once, not when the first opening is asked for."""
    cron, naive = Cron.parse("cron(0 10 * * ? *)"), datetime(2026, 11, 20)  # noqa: DTZ001 - the point of the test
    message = "2026-11-20T00:00:00 has no time zone: windows open in UTC"
    for ask in (
        lambda: cron.next_opening(naive),
        lambda: cron.openings(naive),
        lambda: cron.openings(utc("2026-11-20"), naive),
        lambda: overlaps([], since=naive),
    ):
        with pytest.raises(ValueError, match=message):
            ask()


# What is an expression ------------------------------------------------------------------------------------------------

Problem = tuple[str | None, str, str, str | None]


def whole(text: str, fix: str | None, allowed: str = SYNTAX) -> tuple[str, list[Problem]]:
    return text, [(None, text, allowed, fix)]


def one(text: str, field: str, given: str, allowed: str, fix: str | None = None) -> tuple[str, list[Problem]]:
    return text, [(field, given, allowed, fix)]


def both(day_of_month: str, day_of_week: str, fix: str) -> tuple[str, list[Problem]]:
    given = f"day-of-month {day_of_month}, day-of-week {day_of_week}"
    return f"cron(0 2 {day_of_month} * {day_of_week} *)", [(None, given, ONE_QUESTION_MARK, fix)]


REWRITTEN = "write cron(0 2 ? * MON *)"
NO_RATE = "write the opening time as a cron expression: rate and at are not supported"
YEAR = "add the sixth field, the year: * for every year"
SIX_FIELDS = "write six fields, such as cron(0 2 * * ? *)"
LAST_OF_MONTH = "write L in day-of-month for the last one of a month"

BAD: list[tuple[str, list[Problem]]] = [
    # the frame
    whole("", SIX_FIELDS),
    whole("cron()", SIX_FIELDS),
    whole("2027/01/01 02:00", SIX_FIELDS),
    whole("rate(5 minutes)", NO_RATE),
    whole("at(2027-01-01T02:00:00)", NO_RATE),
    whole("cron(0 2 * * ?)", "write cron(0 2 * * ? *)"),
    whole("0 2 * * *", "write cron(0 2 * * ? *)"),
    whole("cron(0 2 * * MON)", "write cron(0 2 ? * MON *)"),
    whole("cron(0 2 * * 1)", YEAR),  # Monday elsewhere, Sunday here
    whole("cron(0 2 1 * MON)", YEAR),
    whole("cron(61 2 * * ?)", YEAR),
    whole("cron(30 0 2 * * ? *)", SIX_FIELDS),
    whole("cron(0, 5 2 ? * MON *)", "write cron(0,5 2 ? * MON *), without spaces inside a field"),
    whole("cron(0 2 ? * TUE - THU *)", "write cron(0 2 ? * TUE-THU *), without spaces inside a field"),
    whole("cron(0 2 ? * MON *) cron(0 3 ? * TUE *)", SIX_FIELDS),
    whole("cron(0 0 2 * * ? *)", "write cron(0 2 * * ? *), without seconds"),
    whole("0 2 ? * MON *", REWRITTEN, SPACED),
    whole("CRON(0 2 ? * MON *)", REWRITTEN, SPACED),
    whole("cron(0 2 ? * MON *", REWRITTEN, SPACED),
    whole("cron(0 2 ? * MON *);", REWRITTEN, SPACED),
    whole("cron(0 2 ? * MON *))", REWRITTEN, SPACED),
    whole("'cron (0 2 ? * MON *)'", REWRITTEN, SPACED),
    whole("(0 2 ? * MON *)", REWRITTEN, SPACED),
    whole("cron( 0 2 ? * MON * )", REWRITTEN, SPACED),
    whole(" cron(0 2 ? * MON *)", REWRITTEN, SPACED),
    whole("cron(0 2 ? * MON *)\n", REWRITTEN, SPACED),
    whole("cron(0\t2 ? * MON *)", REWRITTEN, SPACED),
    # numbers: just below, just above, too wide, not one
    one("cron(60 2 ? * MON *)", "minutes", "60", MINUTES),
    one("cron(-1 2 ? * MON *)", "minutes", "-1", MINUTES),
    one("cron(000 2 ? * MON *)", "minutes", "000", MINUTES),
    one("cron(1.5 2 ? * MON *)", "minutes", "1.5", MINUTES),
    one("cron(\u0663 2 ? * MON *)", "minutes", "\u0663", MINUTES),
    one("cron(0 24 ? * MON *)", "hours", "24", HOURS, "write 0 for midnight"),
    one("cron(0 2 0 * ? *)", "day-of-month", "0", DAYS_OF_MONTH),
    one("cron(0 2 32 * ? *)", "day-of-month", "32", DAYS_OF_MONTH),
    one("cron(0 2 1 0 ? *)", "month", "0", MONTHS, "write JAN: numbers start at 1 here"),
    one("cron(0 2 1 13 ? *)", "month", "13", MONTHS),
    one("cron(0 2 ? * 0 *)", "day-of-week", "0", DAYS_OF_WEEK, "write SUN: numbers start at 1 here"),
    one("cron(0 2 ? * 8 *)", "day-of-week", "8", DAYS_OF_WEEK),
    one("cron(0 2 ? * 02 *)", "day-of-week", "02", DAYS_OF_WEEK),
    one("cron(0 2 1 * ? 1969)", "year", "1969", YEARS),
    one("cron(0 2 1 * ? 2200)", "year", "2200", YEARS),
    one("cron(0 2 1 * ? 26)", "year", "26", YEARS),
    # names
    one("cron(0 2 ? * mon *)", "day-of-week", "mon", DAYS_OF_WEEK, "write MON"),
    one("cron(0 2 ? * MON-Friday *)", "day-of-week", "MON-Friday", DAYS_OF_WEEK, "write MON-FRI"),
    one("cron(0 2 ? * mon-fri *)", "day-of-week", "mon-fri", DAYS_OF_WEEK, "write MON-FRI"),
    one("cron(0 2 ? * mon-x *)", "day-of-week", "mon-x", DAYS_OF_WEEK),
    one("cron(0 22-24 ? * MON *)", "hours", "22-24", HOURS),
    one("cron(0 2 30 february ? *)", "month", "february", MONTHS),
    one("cron(0 2 1 March ? *)", "month", "March", MONTHS, "write MAR"),
    one("cron(0 2 1 MON ? *)", "month", "MON", MONTHS),
    one("cron(0 2 ? * MON-6 *)", "day-of-week", "MON-6", "numbers or names at both ends", "write 2-6"),
    one("cron(0 2 1 JAN-6/3 ? *)", "month", "JAN-6/3", "numbers or names at both ends", "write 1-6/3"),
    # ranges and lists
    one("cron(0 22-2 ? * MON *)", "hours", "22-2", RISES, "write 22-23,0-2"),
    one("cron(0 22-2/2 ? * MON *)", "hours", "22-2/2", RISES),
    one("cron(0 2 ? * FRI-MON *)", "day-of-week", "FRI-MON", RISES, "write FRI-SAT,SUN-MON"),
    one("cron(0 2 28-3 * ? *)", "day-of-month", "28-3", RISES, "write 28-31,1-3"),
    one("cron(0 2 1 * ? 2030-2027)", "year", "2030-2027", RISES, "write 2027-2030"),
    one("cron(1-2-3 2 ? * MON *)", "minutes", "1-2-3", MINUTES),
    one("cron(1,,3 2 ? * MON *)", "minutes", "1,,3", "no empty term in a list"),
    one("cron(1, 2 ? * MON *)", "minutes", "1,", "no empty term in a list"),
    one("cron(*,5 2 ? * MON *)", "minutes", "*", "* alone, or with a step"),
    one("cron(*/5,3 2 ? * MON *)", "minutes", "*/5", "* alone, or with a step"),
    one("cron(*-5 2 ? * MON *)", "minutes", "*-5", "* alone, or with a step"),
    # steps
    one("cron(*/0 2 ? * MON *)", "minutes", "*/0", "a step of 1 to 59"),
    one("cron(0/60 2 ? * MON *)", "minutes", "0/60", "a step of 1 to 59"),
    one("cron(/5 2 ? * MON *)", "minutes", "/5", MINUTES),
    one("cron(5/ 2 ? * MON *)", "minutes", "5/", MINUTES),
    one("cron(0 2 1/31 * ? *)", "day-of-month", "1/31", "a step of 1 to 30"),
    one("cron(0 2 1 JAN/3 ? *)", "month", "JAN/3", "a step after numbers", "write 1/3"),
    one("cron(0 2 1 JAN-JUN/3 ? *)", "month", "JAN-JUN/3", "a step after numbers", "write 1-6/3"),
    one("cron(0 2 ? * */2 *)", "day-of-week", "*/2", DAYS_OF_WEEK, "list the days, as in MON,WED,FRI"),
    # wildcards where they don't belong, and special days that are not alone
    one("cron(? 2 ? * MON *)", "minutes", "?", MINUTES, "write *"),
    one("cron(0 2 1,? * ? *)", "day-of-month", "?", DAYS_OF_MONTH),
    one("cron(L 2 ? * MON *)", "minutes", "L", MINUTES),
    one("cron(0 2 LW * ? *)", "day-of-month", "LW", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 L-3 * ? *)", "day-of-month", "L-3", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 0W * ? *)", "day-of-month", "0W", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 32W * ? *)", "day-of-month", "32W", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 1W,15W * ? *)", "day-of-month", "1W,15W", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 1-5W * ? *)", "day-of-month", "1-5W", SPECIAL_DAY_OF_MONTH),
    one("cron(0 2 ? * FRIL *)", "day-of-week", "FRIL", SPECIAL_DAY_OF_WEEK, "write 6L"),
    one("cron(0 2 ? * TUE#2 *)", "day-of-week", "TUE#2", SPECIAL_DAY_OF_WEEK, "write 3#2"),
    one("cron(0 2 ? * 3#0 *)", "day-of-week", "3#0", SPECIAL_DAY_OF_WEEK),
    one("cron(0 2 ? * 3#6 *)", "day-of-week", "3#6", SPECIAL_DAY_OF_WEEK),
    one("cron(0 2 ? * 8#1 *)", "day-of-week", "8#1", SPECIAL_DAY_OF_WEEK),
    one("cron(0 2 ? * 3#1,6#3 *)", "day-of-week", "3#1,6#3", SPECIAL_DAY_OF_WEEK),
    one("cron(0 2 ? * 0L *)", "day-of-week", "0L", SPECIAL_DAY_OF_WEEK),
    # one of the two day fields
    both("*", "*", "write ? in day-of-week"),
    both("1", "*", "write ? in day-of-week"),
    both("*", "MON", "write ? in day-of-month"),
    both("1", "MON", "write ? in the field that doesn't apply"),
    both("?", "?", "write * in day-of-month"),
    # what never opens
    one("cron(0 2 30 2 ? *)", "day-of-month", "30 2 ? *", COMES, LAST_OF_MONTH),
    one("cron(0 2 31 4,6,SEP,11 ? *)", "day-of-month", "31 4,6,SEP,11 ? *", COMES, LAST_OF_MONTH),
    one("cron(0 2 29 2 ? 2027)", "day-of-month", "29 2 ? 2027", COMES, LAST_OF_MONTH),
    one("cron(0 2 29 2 ? 2100)", "day-of-month", "29 2 ? 2100", COMES, LAST_OF_MONTH),
    one("cron(0 2 30W 2 ? *)", "day-of-month", "30W 2 ? *", COMES),
    one(
        "cron(0 2 ? 2 3#5 2027)",
        "day-of-week",
        "? 2 3#5 2027",
        COMES,
        "write 3L in day-of-week for the last one of a month",
    ),
    # everything at once, in the order of the fields
    (
        "0 24 32 13 8 1969",
        [
            (None, "0 24 32 13 8 1969", SPACED, "write cron(0 24 32 13 8 1969)"),
            ("hours", "24", HOURS, "write 0 for midnight"),
            ("day-of-month", "32", DAYS_OF_MONTH, None),
            ("month", "13", MONTHS, None),
            ("day-of-week", "8", DAYS_OF_WEEK, None),
            ("year", "1969", YEARS, None),
            (None, "day-of-month 32, day-of-week 8", ONE_QUESTION_MARK, "write ? in the field that doesn't apply"),
        ],
    ),
    (
        "cron(61,5,60-70 2 ? * MON *)",
        [("minutes", "61", MINUTES, None), ("minutes", "60-70", MINUTES, None)],
    ),
]


@pytest.mark.parametrize(("text", "problems"), BAD)
def test_problems(text: str, problems: list[Problem]) -> None:
    """Every problem is reported with its field, its value, what is allowed and, if known, the fix."""
    assert [(error.field, error.given, error.allowed, error.fix) for error in cron_errors(text)] == problems
    with pytest.raises(CronError) as raised:
        Cron.parse(text)
    assert raised.value.args == problems[0]


@pytest.mark.parametrize(
    "text",
    [
        *("CRON(0 2 ? * MON *)", " cron(0 2 ? * MON *)", "cron( 0 2 ?  * MON\t* )"),
        *("cron(0 2 ? * mon *)", "cron(0 2 1 jan-Feb ? *)", "cron(0 2 ? * FRI-MON *)", "cron(0 22-2 ? * MON *)"),
        *("cron(*,5 2 ? * MON *)", "cron(0 2 ? * 2-FRI *)", "cron(0/60 2 ? * MON *)", "cron(0 2 1 JAN/3 ? *)"),
        *("cron(0 2 LW * ? *)", "cron(0 2 L-3 * ? *)", "cron(0 2 1W,15W * ? *)", "cron(0 2 1,L * ? *)"),
        *("cron(0 2 ? * FRIL *)", "cron(0 2 ? * tue#2 *)", "cron(0 2 ? * 3#1,6#3 *)", "cron(0 2 ? * MON,6L *)"),
    ],
)
def test_what_aws_may_read(text: str) -> None:
    """What AWS's table of fields doesn't rule out is assumed to be wrong."""
    assert [error.assumed for error in cron_errors(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        *("0 2 ? * MON *", "cron(0 2 ? * MON)", "rate(5 minutes)", "cron(0 2 ? * MON *", "cron(60 2 ? * MON *)"),
        *("cron(0 2 ? * monday *)", "cron(0 2 ? * mon-9 *)", "cron(*-5 2 ? * MON *)", "cron(0/0 2 ? * MON *)"),
        *("cron(0 2 32W * ? *)", "cron(0 2 L-31 * ? *)", "cron(0 2 LX * ? *)", "cron(0 2 ? * 8L *)"),
        *("cron(0 2 ? * 3#6 *)", "cron(0 2 ? * MON/2 *)", "cron(0 2 ? * MON, *)", "cron(0 2 1 * MON *)"),
        *("cron(0 2 30 2 ? *)", "cron(0 2 ? * MON,8L *)", "cron(L 2 ? * MON *)", "cron(0 2 ? * MON\u00a0*)"),
    ],
)
def test_what_is_malformed(text: str) -> None:
    """What breaks AWS's table of fields is wrong for sure."""
    assert [error.assumed for error in cron_errors(text)] == [False]


FIXES = [
    (text, error)
    for text, _ in BAD
    for error in cron_errors(text)
    if error.fix and re.match(r"write (?!six|the )(?!.*doesn't apply)", error.fix)
]


@pytest.mark.parametrize(("text", "error"), FIXES)
def test_fixes(text: str, error: CronError) -> None:
    """What a fix says to write is in the whole expression that it leads to, which has only problems that were there."""
    assert error.fix is not None
    assert error.better is not None
    assert error.fix.removeprefix("write ").split()[0].strip(":,") in error.better
    others = {(other.field, other.given) for other in cron_errors(text)} - {(error.field, error.given)}
    assert {(other.field, other.given) for other in cron_errors(error.better)} <= others


def test_the_words_of_a_problem() -> None:
    """A problem reads as one line, and survives a process pool."""
    field, whole = cron_errors("cron(0 2 ? * FRI-MON *)")[0], cron_errors("cron(0 2 1 * MON *)")[0]
    assert str(field) == "day-of-week FRI-MON: allowed is a range in ascending order; write FRI-SAT,SUN-MON"
    assert str(whole) == (
        "day-of-month 1, day-of-week MON: allowed is ? in exactly one of the two fields; write ? in the field that doesn't apply"
    )
    assert str(pickle.loads(pickle.dumps(field))) == str(field)


def test_equal_expressions() -> None:
    """Two windows are equal when they are written alike, and can be members of a set."""
    text = "cron(0 2 ? * MON *)"
    assert {Cron.parse(text), Cron.parse(text)} == {Cron.parse(text)}
    assert Cron.parse(text) != Cron.parse("cron(0 2 ? * 2 *)")
    assert Cron.parse(text).text == text


# How far apart, and which at once -------------------------------------------------------------------------------------

GAPS = [
    ("cron(* * * * ? *)", 1),
    ("cron(0/7 * * * ? *)", 4),
    ("cron(0 10 * * ? *)", 1440),
    ("cron(0 1,23 * * ? *)", 120),
    ("cron(0 1,23 ? * MON *)", 1320),
    ("cron(0 1,23 ? * SUN,MON *)", 120),
    ("cron(0 2 ? * MON *)", 7 * 1440),
    ("cron(0 2 ? * MON,WED *)", 2 * 1440),
    ("cron(0 2 L * ? *)", 28 * 1440),
    ("cron(0 2 29 2 ? *)", 1461 * 1440),
    ("cron(0 2 29 2 ? 2096,2104)", 2921 * 1440),
    ("cron(0 2 31 12 ? 2027)", None),
    ("cron(0 2,3 31 12 ? 2027)", 60),
]


@pytest.mark.parametrize(("text", "expected"), GAPS)
def test_smallest_gap(text: str, expected: int | None) -> None:
    """The smallest gap is that of the two closest openings, None where there is only one."""
    assert smallest_gap_in_minutes(Cron.parse(text)) == expected


Window = tuple[str, int]
Pair = tuple[int, int, str, str]

DAILY = "cron(0 10 * * ? *)"
OVERLAPS: list[tuple[str, list[Window], list[Pair]]] = [
    ("no window", [], []),
    ("one window", [(DAILY, 1430)], []),
    ("touching its own next opening", [(DAILY, 1440)], []),
    ("touching", [(DAILY, 60), ("cron(0 11 * * ? *)", 60)], []),
    ("a minute too long", [(DAILY, 61), ("cron(0 11 * * ? *)", 60)], [(0, 1, "01-01T10:00", "01-01T11:00")]),
    ("in the other order", [("cron(0 11 * * ? *)", 60), (DAILY, 61)], [(0, 1, "01-01T11:00", "01-01T10:00")]),
    ("the same opening", [(DAILY, 1), (DAILY, 1)], [(0, 1, "01-01T10:00", "01-01T10:00")]),
    ("itself in an hour", [("cron(0/30 2 * * ? *)", 31)], [(0, 0, "01-01T02:00", "01-01T02:30")]),
    ("touching itself in an hour", [("cron(0/30 2 * * ? *)", 30)], []),
    ("itself over midnight", [("cron(0 1,23 * * ? *)", 121)], [(0, 0, "01-01T23:00", "01-02T01:00")]),
    ("itself on neighbouring days only", [("cron(0 1,23 ? * MON,TUE *)", 121)], [(0, 0, "01-05T23:00", "01-06T01:00")]),
    ("not on neighbouring days", [("cron(0 1,23 ? * MON,WED *)", 121)], []),
    ("other weekdays", [("cron(0 2 ? * MON *)", 600), ("cron(0 2 ? * TUE *)", 600)], []),
    (
        "into the next day",
        [("cron(0 22 ? * MON *)", 241), ("cron(0 2 ? * TUE *)", 60)],
        [(0, 1, "01-05T22:00", "01-06T02:00")],
    ),
    (
        "into the next month",
        [("cron(0 22 L * ? *)", 241), ("cron(0 2 1 * ? *)", 60)],
        [(0, 1, "01-31T22:00", "02-01T02:00")],
    ),
    (
        "out of the month before",
        [("cron(0 2 1 * ? *)", 60), ("cron(0 22 L * ? *)", 241)],
        [(0, 1, "02-01T02:00", "01-31T22:00")],
    ),
    (
        "over the end of a year",
        [("cron(0 23 31 12 ? 2027)", 121), ("cron(0 1 1 1 ? 2028)", 60)],
        [(0, 1, "2027-12-31T23:00", "2028-01-01T01:00")],
    ),
    ("over the end of another year", [("cron(0 23 31 12 ? 2027)", 121), ("cron(0 1 1 1 ? 2027)", 60)], []),
    ("other years", [("cron(0 10 * * ? 2027)", 60), ("cron(0 10 * * ? 2028)", 60)], []),
    (
        "on a leap day only",
        [("cron(0 22 28 2 ? *)", 300), ("cron(0 0 29 2 ? *)", 1)],
        [(0, 1, "2028-02-28T22:00", "2028-02-29T00:00")],
    ),
    (
        "once in the past",
        [("cron(0 10 1 1 ? 2020)", 60), (DAILY, 60)],
        [(0, 1, "2020-01-01T10:00", "2020-01-01T10:00")],
    ),
    (
        "in the past over midnight, from 2026 on within a day",
        [("cron(0 10,23 31 12 ? 2019,2027)", 121), ("cron(0 1,11 1,31 1,12 ? 2020,2027)", 60)],
        [(0, 1, "2027-12-31T10:00", "2027-12-31T11:00")],
    ),
    (
        "the first day and the last",
        [
            (f"cron({time})", 2)
            for time in ("0 0 1 1 ? 1970", "1 0 1 1 ? 1970", "59 23 31 12 ? 2199", "58 23 31 12 ? 2199")
        ],
        [(0, 1, "1970-01-01T00:00", "1970-01-01T00:01"), (2, 3, "2199-12-31T23:59", "2199-12-31T23:58")],
    ),
    (
        "every pair once",
        [(DAILY, 60), ("cron(30 10 * * ? *)", 60), ("cron(0 12 * * ? *)", 60), ("cron(0 9 * * ? *)", 1381)],
        [
            (0, 1, "01-01T10:00", "01-01T10:30"),
            (0, 3, "01-01T10:00", "01-01T09:00"),
            (1, 3, "01-01T10:30", "01-01T09:00"),
            (2, 3, "01-01T12:00", "01-01T09:00"),
        ],
    ),
]


@pytest.mark.parametrize(("windows", "expected"), [row[1:] for row in OVERLAPS], ids=[row[0] for row in OVERLAPS])
def test_overlaps(windows: list[Window], expected: list[Pair]) -> None:
    """Windows overlap when both are open at some minute; the example is the first from 2026 on, if there is one."""
    found = tuple(overlaps([(Cron.parse(text), duration) for text, duration in windows]))
    assert found == tuple(
        Overlap(i, j, *(utc(time if len(time) > 11 else f"2026-{time}") for time in times)) for i, j, *times in expected
    )


def test_overlaps_since() -> None:
    """The example can be asked for from another day on."""
    windows = [(Cron.parse(DAILY), 60)] * 2
    for since, day in (("2031-05-05T23:59", "2031-05-05"), ("1960-01-01", "1970-01-01"), ("2300-01-01", "1970-01-01")):
        opening = utc(f"{day}T10:00")
        assert tuple(overlaps(windows, since=utc(since))) == (Overlap(0, 1, opening, opening),)


@pytest.mark.parametrize("duration", [-1, 0, 1441])
def test_overlaps_refuses_other_durations(duration: int) -> None:
    """A duration is 1 minute to a day: a longer one would reach past the days that are compared."""
    with pytest.raises(ValueError, match=f"duration {duration}: allowed is 1 to 1440 minutes"):
        overlaps([(Cron.parse(DAILY), duration)])


# Against the oracle ---------------------------------------------------------------------------------------------------


def terms(low: int, high: int, names: tuple[str, ...] = (), *, step: bool = True) -> st.SearchStrategy[str]:
    """One field's values, ranges and steps, mostly as lists of one."""
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted)
    steps = st.integers(1, high - low)
    forms = [number.map(str), pair.map(lambda ends: f"{ends[0]}-{ends[1]}")]
    if step:
        forms.append(st.builds("{}/{}".format, number, steps))
        forms.append(st.builds(lambda ends, step: f"{ends[0]}-{ends[1]}/{step}", pair, steps))
    if names:
        forms.append(number.map(lambda value: names[value]))
        forms.append(pair.map(lambda ends: f"{names[ends[0]]}-{names[ends[1]]}"))
    return st.lists(st.one_of(forms), min_size=1, max_size=3).map(",".join)


def expressions(years: st.SearchStrategy[str], *, busy: bool = True) -> st.SearchStrategy[str]:
    """Valid expressions of all forms, some of which never open. Few openings a day unless busy."""
    number = st.integers(0, 59).map(str)
    minutes = st.one_of(st.just("*"), st.just("*/7"), terms(0, 59)) if busy else st.one_of(number, st.just("0/30"))
    hours = st.one_of(st.just("*"), terms(0, 23)) if busy else terms(0, 23, step=False).filter(lambda t: len(t) < 6)
    day_of_month = st.one_of(
        st.sampled_from(["*", "L", "*/3", "31", "29-31"]), st.integers(1, 31).map("{}W".format), terms(1, 31)
    )
    day_of_week = st.one_of(
        st.sampled_from(["*", "L"]),
        st.integers(1, 7).map("{}L".format),
        st.builds("{}#{}".format, st.integers(1, 7), st.integers(1, 5)),
        terms(1, 7, oracle.WEEKDAYS, step=False),
    )
    days = st.one_of(st.tuples(day_of_month, st.just("?")), st.tuples(st.just("?"), day_of_week))
    months = st.one_of(st.just("*"), st.just("2"), st.just("*/5"), terms(1, 12, oracle.MONTHS))
    return st.builds(
        lambda minutes, hours, days, month, year: f"cron({minutes} {hours} {days[0]} {month} {days[1]} {year})",
        *(minutes, hours, days, months, years),
    )


TWO_YEARS = (date(2027, 1, 1), date(2028, 12, 31))
TWO_YEARS_FIELD = st.sampled_from(["2027", "2028", "2027-2028", "2027,2028"])
ANY_YEARS = st.one_of(st.sampled_from(["*", "*/3", "1970-2199"]), terms(1970, 2199))


def parsed(text: str) -> Cron | None:
    """The expression, or None where it never opens."""
    errors = cron_errors(text)
    assert [error.allowed for error in errors] in ([], [COMES])
    return None if errors else Cron.parse(text)


@given(expressions(ANY_YEARS), st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.integers(0, 1439))
def test_openings_are_the_oracle_s(text: str, day: date, minute: int) -> None:
    """The openings of five weeks are those that the oracle finds, also where it finds none."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    end = min(start + timedelta(days=35), utc("2200-01-01"))
    expected = [
        opening for opening in oracle.openings(text, day, min(end.date(), date(2199, 12, 31))) if start <= opening < end
    ]
    cron = parsed(text)
    assert expected == ([] if cron is None else list(cron.openings(start, end)))
    if cron is not None and (opening := cron.next_opening(start)) is not None:
        assert oracle.opens_on(text, opening.date())
        assert oracle.opens_at(text, opening.hour, opening.minute)
        assert not expected or opening == expected[0]


@given(expressions(TWO_YEARS_FIELD, busy=False))
def test_gaps_are_the_oracle_s(text: str) -> None:
    """The smallest gap is that of all openings, and an expression without any is refused."""
    expected = oracle.openings(text, *TWO_YEARS)
    gaps = [(later - earlier) // timedelta(minutes=1) for earlier, later in itertools.pairwise(expected)]
    cron = parsed(text)
    assert (cron is None) == (not expected)
    assert cron is None or smallest_gap_in_minutes(cron) == min(gaps, default=None)


@given(st.lists(st.tuples(expressions(TWO_YEARS_FIELD, busy=False), st.integers(1, 1440)), min_size=1, max_size=3))
def test_overlaps_are_the_oracle_s(drawn: list[Window]) -> None:
    """Every overlap is found, none is made up, and the example is the first minute at which both are open."""
    windows = [(cron, duration) for text, duration in drawn if (cron := parsed(text)) is not None]
    openings = [oracle.openings(cron.text, *TWO_YEARS) for cron, _ in windows]
    expected = []
    for i, j in itertools.combinations_with_replacement(range(len(windows)), 2):
        if i == j:
            pair = oracle.first_overlap_with_itself(openings[i], windows[i][1])
        else:
            pair = oracle.first_overlap(openings[i], windows[i][1], openings[j], windows[j][1])
        if pair is not None:
            expected.append(Overlap(i, j, *pair))
    assert list(overlaps(windows)) == expected


@st.composite
def nearly_expressions(draw: st.DrawFn) -> str:
    """Expressions with up to three characters changed."""
    text = draw(expressions(ANY_YEARS))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text) - 1))
        change = draw(st.sampled_from("0123456789*/,-?LW#MONcron() \t") | st.just(""))
        text = text[:place] + change + text[place + draw(st.integers(0, 1)) :]
    return text


def assert_accepted_alike(text: str) -> None:
    errors = cron_errors(text)
    assert oracle.accepts(text) == all(error.allowed == COMES for error in errors), text
    assert errors or Cron.parse(text).text == text


@given(nearly_expressions())
def test_what_is_accepted_is_the_oracle_s(text: str) -> None:
    """A text is accepted, or refused for no more than never opening, exactly when the table allows it."""
    assert_accepted_alike(text)


NEIGHBOURS = (
    "cron(0 2 ? * TUE-THU *)",
    "cron(1/10 8-18/2 L 2,JUN ? 2027)",
    "cron(*/5 0,23 15W */3 ? 2027-2199)",
    "cron(* * ? JAN 3#2 *)",
    "cron(59 09 ? 12 6L *)",
    "cron(0 0 * * ? *)",
)


@pytest.mark.parametrize("text", NEIGHBOURS)
def test_neighbours_are_accepted_as_the_oracle_does(text: str) -> None:
    """Every text that is one character away is accepted exactly when the table allows it."""
    for place, character in itertools.product(range(len(text)), ["", *"0123456789*/,-?LW#MONcron() \t"]):
        assert_accepted_alike(text[:place] + character + text[place + 1 :])
        assert_accepted_alike(text[:place] + character + text[place:])


@given(st.text("01239*/,-?LW#MON()\n\x00\u0663é ", max_size=300))
@example("cron(" + "9" * 5000 + " 2 ? * MON *)")
@example("cron(0/" + "9" * 5000 + " 2 ? * MON *)")
@example(" " * 100_000)
def test_any_text(text: str) -> None:
    """No text is too odd for an answer, be it a number too long for Python."""
    assert all(isinstance(str(error), str) for error in cron_errors(text))
