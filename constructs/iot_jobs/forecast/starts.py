"""The effect of the start: with windows, how long a rollout takes depends on when its job is created."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from iot_jobs.forecast.engine import Engine
from iot_jobs.forecast.lanes import all_reached
from iot_jobs.forecast.plan import Plan
from iot_jobs.limits import TIME_FORMAT

WEEK = 7 * 24 * 60
MOST_STARTS = 28
"""Maximum number of starts that are tried: every opening and every close of two windows a day."""


@dataclass(frozen=True)
class Start:
    """A start (UTC), and the minutes until all things are done. None: never."""

    start: str
    minutes: int | None


@dataclass(frozen=True)
class Starts:
    """The start in a week from which a rollout is done soonest, and the one from which it takes longest."""

    shortest: Start
    longest: Start


class Begun(NamedTuple):
    """A start in UTC, and the minutes until all things are done, None for never."""

    start: datetime
    minutes: int | None


def starts(plan: Plan) -> Starts | None:
    """Return the extremes over the starts of a week; None without windows."""
    found = extremes(plan)
    return found and Starts(*(Start(f"{one.start:{TIME_FORMAT}}", one.minutes) for one in found))


def extremes(plan: Plan) -> tuple[Begun, Begun] | None:
    """Return the shortest and the longest rollout over the starts of a week; None without windows: all are alike.

    In between openings, the time to wait shrinks minute by minute. So a rollout takes longest if its job is created as
    a window closes, and least at an opening. If there are more than `MOST_STARTS`, they are evenly thinned.
    """
    if not plan.crons:
        return None
    moments = sorted(set(_moments(plan)))
    tried = [_started(plan, moment) for moment in moments[:: -(-len(moments) // MOST_STARTS)]]

    def length(one: Begun) -> float:
        return math.inf if one.minutes is None else one.minutes

    return min(tried, key=length), max(tried, key=length)


def _moments(plan: Plan) -> Iterator[int]:
    """Yield the plan's own start, and each opening and close within a week of it, in minutes from that start."""
    schedule, minute = plan.schedule(), 0
    yield minute
    while (window := schedule.at(minute)) is not None and window.opens < WEEK:
        minute = window.closes
        yield from (moment for moment in (window.opens, window.closes) if 0 <= moment < WEEK)


def _started(plan: Plan, moment: int) -> Begun:
    start = plan.start + timedelta(minutes=moment)
    engine = Engine(replace(plan, start=start), [0.0])
    engine.run()
    return Begun(start, all_reached(engine.log, "done", plan.things))
