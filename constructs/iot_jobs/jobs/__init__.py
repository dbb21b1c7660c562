"""Jobs in AWS: their states, how near they are to an abort, how long they still take, and what an action does to them.

Pure: nothing here calls AWS, reads a clock or prints. `iot_jobs.aws` calls AWS, and `iot_jobs.cli` joins the two.
"""

from iot_jobs.jobs.compose import Composed, Schedule, composed, next_opening
from iot_jobs.jobs.consequence import (
    Consequence,
    of_cancel,
    of_cancel_execution,
    of_delete,
    of_delete_execution,
    update_refused,
)
from iot_jobs.jobs.job import (
    EXECUTION_STATUSES,
    JOB_STATUSES,
    Counts,
    Execution,
    Job,
    Summary,
    newest_first,
    thing_name,
)
from iot_jobs.jobs.margin import NEVER, Margin, margins
from iot_jobs.jobs.overrides import ON_UPDATE, as_request, checked, merged, parse_setting
from iot_jobs.jobs.rates import Rate, set_rate
from iot_jobs.jobs.request import Purpose, default_job_id, differences, fingerprint, request
from iot_jobs.jobs.targets import Target, of_arn, parse_target
from iot_jobs.jobs.time_left import SHARES, Expected, TimeLeft, time_left
from iot_jobs.jobs.watch import Plan, State, Trouble, Verdict, gone, missed, saw, why_canceled

__all__ = [
    "EXECUTION_STATUSES",
    "JOB_STATUSES",
    "NEVER",
    "ON_UPDATE",
    "SHARES",
    "Composed",
    "Consequence",
    "Counts",
    "Execution",
    "Expected",
    "Job",
    "Margin",
    "Plan",
    "Purpose",
    "Rate",
    "Schedule",
    "State",
    "Summary",
    "Target",
    "TimeLeft",
    "Trouble",
    "Verdict",
    "as_request",
    "checked",
    "composed",
    "default_job_id",
    "differences",
    "fingerprint",
    "gone",
    "margins",
    "merged",
    "missed",
    "newest_first",
    "next_opening",
    "of_arn",
    "of_cancel",
    "of_cancel_execution",
    "of_delete",
    "of_delete_execution",
    "parse_setting",
    "parse_target",
    "request",
    "saw",
    "set_rate",
    "thing_name",
    "time_left",
    "update_refused",
    "why_canceled",
]
