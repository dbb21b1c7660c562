"""The rules of advice, and of jobs' times; `advice` applies them."""

from __future__ import annotations

from iot_jobs.finding import Evidence, Rule
from iot_jobs.limits import API, DEFAULT_MAXIMUM_PER_MINUTE, GUIDE

_DETAILS = GUIDE + "jobs-configurations-details.html"
_HANDLER = (
    "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot/tree/main/aws-iot-jobtemplate"
)


def _advice(code: str, title: str, why: str, source: str, evidence: Evidence) -> Rule:
    return Rule(code=code, title=title, why=why, source=source, evidence=evidence, severity="warning")


FIXED_ID = _advice(
    "JT152",
    "the id of a job template in CloudFormation can change with each edit",
    "Every property is create-only, so an edit replaces the template, and CloudFormation creates the new one before it "
    "deletes the old one: it refuses every edit that keeps the id.",
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename reboot and update "
    "the stack again.",
    "measured",
)
BASE_IS_MAXIMUM = _advice(
    "JT252",
    "the base rate is below the maximum",
    "The service's message says that it should be lower: equal rates may be refused, although an AWS sample has them.",
    "Exponential rollout baseRatePerMinute should be less than maximumPerMinute",
    "assumed",
)
NO_ROLLOUT = _advice(
    "JT254",
    "templates of a production environment have a rollout",
    f"Without one, AWS notifies {DEFAULT_MAXIMUM_PER_MINUTE} things per minute from the start: many devices have a bad "
    "release before any has failed.",
    API + "JobExecutionsRolloutConfig.html",
    "documented",
)
NEVER_RISES = _advice(
    "JT255",
    "a rollout's rate can rise on the environment's fleet",
    "Until enough things have been notified or have succeeded, it stays at the base rate; the fleet has too few "
    "things.",
    API + "RateIncreaseCriteria.html",
    "documented",
)
NEVER_FIRES = _advice(
    "JT351",
    "an abort criterion can fire on the environment's fleet, or on the things that a job lists",
    "It is not evaluated until its minimum number of executions have completed, and there can't be that many.",
    API + "AbortCriteria.html",
    "documented",
)
NO_ABORT = _advice(
    "JT352",
    "templates of a production environment have abort criteria",
    "Without them, a bad release is rolled out to every device.",
    API + "AbortConfig.html",
    "documented",
)
ABORT_WITHOUT_TIMEOUT = _advice(
    "JT353",
    "an abort criterion for TIMED_OUT requires a timeout",
    "Without a timeout, an execution times out only if the device itself sets a step timer.",
    _DETAILS,
    "documented",
)
NO_HELP = _advice(
    "JT355",
    "abort criteria of a production environment can stop a bad release in time",
    "None of them does: REJECTED is for devices that refuse the job, one success keeps 100 % from being reached, and a "
    "minimum above half of the fleet comes too late.",
    API + "AbortCriteria.html",
    "documented",
)
RETRY_WITHOUT_TIMEOUT = _advice(
    "JT451",
    "a retry of TIMED_OUT requires a timeout",
    "The guide asks for one; without it executions don't time out, and none is retried.",
    _DETAILS,
    "documented",
)
RETRY_WITHOUT_ABORT = _advice(
    "JT452",
    "retries require abort criteria",
    "Otherwise a bad release runs on every device as often as the retries allow, and each run is billed.",
    _DETAILS,
    "documented",
)
NO_TIMEOUT = _advice(
    "JT453",
    "templates of a production environment have a timeout",
    "Without one, the execution of a device that hangs stays IN_PROGRESS, and counts towards no abort criterion.",
    _DETAILS,
    "documented",
)
NOTHING_TO_SIGN = _advice(
    "JT554",
    "a template with a role that signs URLs has a presigned placeholder in its document",
    "Nothing is signed, and the role can read or write objects for no reason.",
    API + "PresignedUrlConfig.html",
    "documented",
)
NO_EXPIRY = _advice(
    "JT551",
    "a presigned URL configuration states the lifetime of URLs",
    "CloudFormation's published handler fails without it, and the deployed one may fail too.",
    _HANDLER,
    "assumed",
)
EXPIRY_TOO_SHORT = _advice(
    "JT553",
    "a presigned URL is valid for 5 minutes or more",
    "The time starts when the device requests the document: if it restarts or runs other steps first, the URL may have "
    "expired before the download starts, and S3 refuses it. AWS states no such minimum.",
    API + "PresignedUrlConfig.html",
    "assumed",
)
WINDOW_TOO_SHORT = _advice(
    "JT651",
    "a maintenance window is at least as long as the timeout",
    "Executions that start in the window continue after it closes, outside the intended hours.",
    _DETAILS,
    "documented",
)
START_TIME = Rule(
    code="JT815",
    title="a job starts 30 minutes to one year from now, and ends at most two years from now",
    why="The service refuses other times.",
    source=API + "SchedulingConfig.html",
    evidence="documented",
)
START_PASSED = _advice(
    "JT851",
    "a job's start and end are in the future, unless the stack has already created the job",
    "The service refuses to create a job for a time that has passed. A job that the stack has created is left alone.",
    API + "SchedulingConfig.html",
    "documented",
)
