"""`Window`: maintenance windows from the CDK's schedules and durations."""

from __future__ import annotations

from typing import Protocol

import aws_cdk as cdk

from iot_jobs import MaintenanceWindow
from iot_jobs.cdk.durations import amount
from iot_jobs.finding import FindingsError
from iot_jobs.limits import DURATION_IN_MINUTES, WINDOW_START_TIME

_UTC = {"Etc/UTC", "UTC"}


class Schedule(Protocol):
    """`aws_events.Schedule` or `aws_scheduler.ScheduleExpression`, made by `cron`."""

    @property
    def expression_string(self) -> str:
        """The expression, such as `cron(0 2 ? * TUE *)`."""


class Window:
    """Maintenance windows, for `maintenance_windows=` of `JobTemplate`."""

    @staticmethod
    def scheduled(schedule: Schedule | str, duration: cdk.Duration) -> MaintenanceWindow:
        """A window that opens on a schedule.

        Args:
            schedule: `aws_events.Schedule.cron(...)`, `aws_scheduler.ScheduleExpression.cron(...)` or text, in UTC.
            duration: 1 to 1430 whole minutes.

        Raises:
            FindingsError: The schedule is a rate or a single time, or not in UTC, or the duration is out of range.
        """
        zone = getattr(schedule, "time_zone", None)
        if zone is not None and zone.timezone_name not in _UTC:
            finding = WINDOW_START_TIME.finding(
                loc=("start_time",),
                given=zone.timezone_name,
                allowed="a schedule in UTC, the only time zone that AWS IoT supports",
                fix="convert the hours, and use TimeZone.ETC_UTC",
            )
            raise FindingsError([finding])
        return MaintenanceWindow(
            start_time=schedule if isinstance(schedule, str) else schedule.expression_string,
            duration_in_minutes=amount(duration, "minutes", DURATION_IN_MINUTES, ("duration_in_minutes",)),
        )
