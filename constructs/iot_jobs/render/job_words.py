"""The words for jobs and executions that every report about them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from iot_jobs.finding import one_line
from iot_jobs.jobs import NEVER, Counts, Execution, Margin, Rate, TimeLeft, of_arn
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE
from iot_jobs.render.numbers import duration


def clock(at: datetime) -> str:
    """Return a time of day."""
    return f"{at:%H:%M:%S}"


def day(at: datetime | None) -> str:
    """Return a time to the second, nothing for None. A heading or sentence says that it is in UTC."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def iso(at: datetime | None) -> str | None:
    """Return a time for JSON."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def span(minutes: float) -> str:
    """Return minutes, rounded, as the two largest units: 41 min, 3 h 20 min, 2 d 5 h."""
    return duration(max(0, round(minutes)))


def waited(time: timedelta) -> str:
    """Return a short time, in seconds below a minute."""
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 60 else span(seconds / 60)


def executions(counts: Counts) -> str:
    """Return the executions by status, those that there are."""
    present = (f"{number:,} {name.replace('_', ' ')}" for name, number in counts._asdict().items() if number)
    return ", ".join(present) or "none yet"


def rollout(members: Mapping[str, Any]) -> str:
    """Return how fast things are notified."""
    block = members.get("rollout") or {}
    maximum = block.get("maximum_per_minute") or DEFAULT_MAXIMUM_PER_MINUTE
    exponential = block.get("exponential_rate")
    if not exponential:
        return f"{maximum}/min"
    ((name, number),) = exponential["rate_increase_criteria"].items()  # AWS takes exactly one
    counted = name.removeprefix("number_of_").removesuffix("_things")
    base, factor = exponential["base_rate_per_minute"], exponential["increment_factor"]
    return f"{base}/min, x{factor:g} per {number} {counted}, up to {maximum}/min"


def rate(current: Rate) -> str:
    """Return the rate that a rollout is set to, and its next rise."""
    rise = f", {current.rises_to}/min from {current.rises_at:,} {current.counted}" if current.rises_at else ""
    return f"set to {current.per_minute}/min{rise}"


def margin(of: Margin) -> str:
    """Return an abort criterion and how far it is from being met."""
    needed = of.needed
    if needed == NEVER:
        distance = "can no longer fire"
    elif needed == 0:
        distance = "is met"
    else:
        distance = f"fires after {needed:,} more in a row"
    percentage = f"{of.threshold_percentage.normalize():f}"
    return f"{of.failure_type} {percentage} % of {of.minimum:,} or more: {of.failed:,} of {of.completed:,}; {distance}"


def left(time: TimeLeft) -> str:
    """Return the time left as a range, with what it rests on."""
    behind = round(time.slower_by)
    pace = f"so far {span(abs(behind))} {'behind' if behind > 0 else 'ahead'}" if behind else "so far on time"
    low, high = span(time.low), span(time.high)
    between = low if low == high else f"{low} to {high}"
    return f"{between} left (forecast; {pace})"


def target(arn: str) -> str:
    """Return a target as an operator types it."""
    return one_line(str(of_arn(arn)) if arn.count(":") >= 5 else arn)


def failure(execution: Execution) -> str:
    """Return a failed execution with what its device reported."""
    details = ", ".join(f"{key}={value}" for key, value in sorted((execution.details or {}).items()))
    again = f" (execution {execution.number})" if execution.number > 1 else ""
    return one_line(f"{execution.thing}{again} {execution.status}" + (f": {details}" if details else ""))


def criteria(members: Mapping[str, Any]) -> str:
    """Return the abort criteria, without what was counted."""
    found = (members.get("abort") or {}).get("criteria") or ()
    return (
        ", ".join(
            f"{each['failure_type']} {each['threshold_percentage']:g} % of "
            f"{each['min_number_of_executed_things']:,} or more"
            for each in found
        )
        or "never"
    )


def retries(members: Mapping[str, Any]) -> str:
    """Return the retries by failure type."""
    criteria = (members.get("retry") or {}).get("criteria") or ()
    return ", ".join(f"{each.get('failure_type')} {each.get('number_of_retries')}" for each in criteria) or "none"


def schedule(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines about start, end and windows, those that there are."""
    scheduling = members.get("scheduling") or {}
    if start := scheduling.get("start_time"):
        yield "starts", f"{start} UTC"
    if end := scheduling.get("end_time"):
        yield "ends", f"{end} UTC, {scheduling.get('end_behavior') or 'STOP_ROLLOUT'}"
    for window in scheduling.get("maintenance_windows") or ():
        yield "window", f"{window.get('start_time')} for {window.get('duration_in_minutes')} min"
