"""Advice on templates and jobs that AWS accepts, but that harm a fleet, and what AWS is only assumed to refuse.

Each rule covers one template or job.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from iot_jobs import documents
from iot_jobs.check.budget import budget, can_forecast, states_budget
from iot_jobs.check.locations import AccountRegion, Named, elsewhere, unknown_regions
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment, Quotas
from iot_jobs.finding import Edit, Evidence, Finding, Location, Rule
from iot_jobs.limits import (
    API,
    DEFAULT_EXPIRES_IN_SEC,
    DEFAULT_MAXIMUM_PER_MINUTE,
    GUIDE,
    MAXIMUM_PER_MINUTE,
    TIME_FORMAT,
)
from iot_jobs.sources import Subject
from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.content import PACKAGE_VERSION_TWICE, repeated, window_problems, written
from iot_jobs.template.job import TARGET_TWICE, SchedulingConfig, instant
from iot_jobs.template.parts import (
    AbortConfig,
    AbortCriterion,
    MaintenanceWindow,
    PresignedUrlConfig,
    RetryConfig,
    RolloutConfig,
    known_items,
)
from iot_jobs.unresolved import Unresolved, known
from iot_jobs.volatile_tags import volatile_description, volatile_tag

_DETAILS = GUIDE + "jobs-configurations-details.html"
_HANDLER = (
    "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-iot/tree/main/aws-iot-jobtemplate"
)
_MOST_RETRIES = 10
_SHORTEST_LIFETIME = 300
"""Seconds that a presigned URL has to be valid. Assumed: AWS requires only the minimum of `EXPIRES_IN_SEC`."""

_Retries = list[tuple[int, Any]]
"""The known retry criteria, each with its index."""


def _advice(code: str, title: str, why: str, source: str, evidence: Evidence) -> Rule:
    return Rule(code=code, title=title, why=why, source=source, evidence=evidence, severity="warning")


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
    "Until enough things were notified or have succeeded it stays at the base rate, and the fleet has too few things.",
    API + "RateIncreaseCriteria.html",
    "documented",
)
NEVER_FIRES = _advice(
    "JT351",
    "an abort criterion can fire on the environment's fleet",
    "It is not evaluated until its minimum number of executions have completed, and the fleet can't have that many.",
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


def advice(
    subject: Subject,
    *,
    now: datetime,
    quotas: Quotas | None = None,
    locations: Sequence[AccountRegion] = (),
) -> Iterator[Finding]:
    """Yield advice and assumed errors of one template or job, and what its account and region refuse.

    The locations of findings are its spec's. `quotas` and `locations` are those of a subject without an environment; no
    quotas means AWS's defaults, no locations that they aren't known.
    """
    spec, environment = subject.spec, subject.environment
    timeout, retry = known(spec.timeout), known(spec.retry)
    minutes = known(timeout.in_progress_timeout_in_minutes) if timeout else None
    retries = known_items(retry.criteria) if retry else []
    scheduling = known(spec.scheduling) if isinstance(spec, JobSpec) else None
    # What is absent may be copied.
    absent = [] if spec.copies() else [name for name in _ASKED_IN_PRODUCTION if getattr(spec, name) is None]
    by_api = subject.spelling is not None and not subject.spelling.intrinsics

    yield from _repeated(retry, spec.destination_package_versions)
    yield from _volatile(known(spec.description), known(spec.tags) or {}, by_hand=subject.spelling is None)
    if rollout := known(spec.rollout):
        quotas = (environment.quotas if environment else quotas) or Quotas()
        yield from _rollout(rollout, quotas.maximum_per_minute, environment)
    if environment and states_budget(environment.fleet) and can_forecast():
        yield from budget(spec, environment.fleet)
    yield from _asked_in_production(absent, environment)
    if "abort" in absent:
        yield from _retry_without_abort(retries)
    if abort := known(spec.abort):
        yield from _abort(abort, retries, environment, no_timeout="timeout" in absent)
    if "timeout" in absent:
        yield from _retry_without_timeout(retries)
    if presigned_url := known(spec.presigned_url):
        yield from _presigned_url(presigned_url, has_default=by_api or subject.spelling is None)
    if isinstance(spec, JobTemplateSpec):
        yield from _windows(spec.maintenance_windows, minutes)
        named = Named(known(spec.job_arn), presigned_url, spec.destination_package_versions, written(spec.document))
        yield from _locations(named, environment, locations)
    else:
        yield from _under(("targets",), repeated(spec.targets, TARGET_TWICE, "target"))
    if scheduling:
        yield from _windows(scheduling.maintenance_windows, minutes, above=("scheduling",))
    if document := written(spec.document):
        yield from _document(document, subject.document_schema)
    if scheduling and not subject.deployed:
        yield from _start_time(scheduling, now, by_api=by_api)


def _locations(named: Named, environment: Environment | None, locations: Sequence[AccountRegion]) -> Iterator[Finding]:
    if environment:
        yield from unknown_regions(environment.region)
        yield from elsewhere(named, environment.locations)
        return
    for finding in elsewhere(named, locations):
        yield finding._replace(related_locs=())  # they are in an environment


def _repeated(retry: RetryConfig | None, versions: Sequence[str | Unresolved] | Unresolved) -> Iterator[Finding]:
    """Yield what a list has twice, which AWS is only assumed to refuse."""
    if retry:
        yield from _under(("retry",), retry.assumed_problems())
    yield from _under(("destination_package_versions",), repeated(versions, PACKAGE_VERSION_TWICE, "package version"))


def _under(prefix: Location, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding.under(prefix) for finding in findings)


def _rollout(rollout: RolloutConfig, quota: int, environment: Environment | None) -> Iterator[Finding]:
    maximum, exponential = known(rollout.maximum_per_minute), known(rollout.exponential_rate)
    if maximum is not None and maximum > quota:
        limit = MAXIMUM_PER_MINUTE.replace(maximum=quota)
        fix = "lower it, or state the quota that AWS raised: in the environment's quotas, or with --quota"
        yield limit.finding(loc=("rollout", "maximum_per_minute"), given=maximum, allowed=limit.allowed, fix=fix)
    if exponential and maximum is not None and known(exponential.base_rate_per_minute) == maximum:
        yield BASE_IS_MAXIMUM.finding(
            loc=("rollout", "exponential_rate", "base_rate_per_minute"),
            given=maximum,
            allowed=f"less than the maximum of {maximum} things per minute",
            fix=f"lower it to {maximum - 1}" if maximum > 1 else "remove the rollout, or raise the maximum",
            edit=Edit("value", maximum - 1) if maximum > 1 else None,
            related=(("rollout", "maximum_per_minute"),),
        )
    if environment and exponential and (increase := known(exponential.rate_increase_criteria)):
        things = environment.fleet.things
        for name, value in increase:
            number = known(value)
            if number is not None and number >= things:
                yield NEVER_RISES.finding(
                    loc=("rollout", "exponential_rate", "rate_increase_criteria", name),
                    given=number,
                    allowed=f"fewer than the fleet's {things} things",
                    fix="lower it to a fraction of the fleet",
                )


_ASKED_IN_PRODUCTION = {
    "rollout": (NO_ROLLOUT, "a rollout", "add a rollout with an exponential rate, which starts low"),
    "abort": (NO_ABORT, "abort criteria", "add an abort configuration with a criterion for ALL"),
    "timeout": (NO_TIMEOUT, "a timeout", "add a timeout with in_progress_timeout_in_minutes"),
}


def _asked_in_production(absent: Sequence[str], environment: Environment | None) -> Iterator[Finding]:
    for name in absent if environment and environment.production else ():
        rule, part, fix = _ASKED_IN_PRODUCTION[name]
        yield rule.finding(loc=(name,), allowed=f"a template with {part}, in a production environment", fix=fix)


def _retry_without_abort(retries: _Retries) -> Iterator[Finding]:
    if any(known(criterion.number_of_retries) for _, criterion in retries):
        yield RETRY_WITHOUT_ABORT.finding(
            loc=("retry",),
            allowed="retries with abort criteria",
            fix="add an abort configuration with a criterion for FAILED",
        )


def _abort(
    abort: AbortConfig, retries: _Retries, environment: Environment | None, *, no_timeout: bool
) -> Iterator[Finding]:
    fleet = environment.fleet if environment else None
    numbers = [known(criterion.number_of_retries) for _, criterion in retries]
    attempts = 1 + (_MOST_RETRIES if None in numbers else sum(number or 0 for number in numbers))
    criteria = known_items(abort.criteria)
    for index, criterion in criteria:
        if criterion.failure_type == "TIMED_OUT" and no_timeout:
            yield ABORT_WITHOUT_TIMEOUT.finding(
                loc=("abort", "criteria", index, "failure_type"),
                given="TIMED_OUT",
                allowed="TIMED_OUT with a timeout",
                fix="add a timeout with in_progress_timeout_in_minutes",
            )
        least = known(criterion.min_number_of_executed_things)
        if fleet and least is not None and least > fleet.things * attempts:
            most = fleet.things * attempts
            yield NEVER_FIRES.finding(
                loc=("abort", "criteria", index, "min_number_of_executed_things"),
                given=least,
                allowed=f"up to {most}, the most executions that a fleet of {fleet.things} things can have",
                fix="lower it to a fraction of the fleet",
            )
    all_known = criteria and len(criteria) == len(known(abort.criteria) or ())
    if not environment or not environment.production or not all_known:
        return
    half = environment.fleet.things * attempts // 2
    if not any(_helps(criterion, half) for _, criterion in criteria):
        yield NO_HELP.finding(
            loc=("abort", "criteria"),
            given=[known(criterion.failure_type) for _, criterion in criteria],
            allowed=f"a criterion not for REJECTED, below 100 %, and with a minimum of up to {half} executions",
            fix="add a criterion for ALL with a low percentage and a low minimum",
        )


def _helps(criterion: AbortCriterion, half: int) -> bool:
    """Return whether a criterion can stop a release that fails, before `half` of the executions have completed."""
    percentage = known(criterion.threshold_percentage)
    least = known(criterion.min_number_of_executed_things)
    return (
        criterion.failure_type != "REJECTED"
        and (percentage is None or percentage < 100)
        and (least is None or least <= half)
    )


def _retry_without_timeout(retries: _Retries) -> Iterator[Finding]:
    for index, criterion in retries:
        if criterion.failure_type in ("TIMED_OUT", "ALL") and known(criterion.number_of_retries) != 0:
            yield RETRY_WITHOUT_TIMEOUT.finding(
                loc=("retry", "criteria", index, "failure_type"),
                given=criterion.failure_type,
                allowed=f"{criterion.failure_type} with a timeout, or FAILED alone",
                fix="add a timeout with in_progress_timeout_in_minutes",
            )


def _presigned_url(presigned: PresignedUrlConfig, *, has_default: bool) -> Iterator[Finding]:
    """`has_default`: the construct or the API fills in a missing lifetime, which CloudFormation's handler doesn't."""
    if not has_default and "expires_in_sec" not in presigned.model_fields_set:
        yield NO_EXPIRY.finding(
            loc=("presigned_url", "expires_in_sec"),
            allowed="an explicit lifetime of 60 to 3600 seconds",
            fix=f"add expires_in_sec {DEFAULT_EXPIRES_IN_SEC}",
            edit=Edit("value", DEFAULT_EXPIRES_IN_SEC),
        )
        return
    expires = known(presigned.expires_in_sec)
    if expires is not None and expires < _SHORTEST_LIFETIME:
        yield EXPIRY_TOO_SHORT.finding(
            loc=("presigned_url", "expires_in_sec"),
            given=expires,
            allowed=f"{_SHORTEST_LIFETIME} seconds or more",
            fix=f"write {DEFAULT_EXPIRES_IN_SEC}, AWS's default",
            edit=Edit("value", DEFAULT_EXPIRES_IN_SEC),
        )


def _windows(
    windows: Sequence[MaintenanceWindow | Unresolved] | Unresolved, minutes: int | None, *, above: Location = ()
) -> Iterator[Finding]:
    yield from _under((*above, "maintenance_windows"), window_problems(windows))
    for index, window in known_items(windows):
        duration = known(window.duration_in_minutes)
        if minutes is not None and duration is not None and duration < minutes:
            yield WINDOW_TOO_SHORT.finding(
                loc=(*above, "maintenance_windows", index, "duration_in_minutes"),
                given=duration,
                allowed=f"at least the timeout of {minutes} minutes",
                fix="widen the window, or shorten the timeout",
                related=(("timeout", "in_progress_timeout_in_minutes"),),
            )


def _volatile(description: str | None, tags: Mapping[str, Any], *, by_hand: bool) -> Iterator[Finding]:
    if description is not None and (finding := volatile_description(description)):
        yield finding
    for key, value in tags.items():
        if finding := volatile_tag(key, known(value)):
            # The fix for the whole app helps if the CDK wrote the tag, but not in the application's own YAML files.
            own = "remove the tag: the git history of this file already shows each change"
            yield finding._replace(fix=own) if by_hand else finding


def _document(document: JobDocument, schema: str | Mapping[str, Any] | None) -> Iterator[Finding]:
    # A user's own schema can't be hashed, and is rare.
    findings = _of_document(document, schema) if isinstance(schema, str | None) else document_advice(document, schema)
    for finding in findings:
        yield finding.under(("document_schema",) if finding.rule is documents.SCHEMA else ("document",))


def document_advice(document: JobDocument, schema: str | Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """Return findings for a document that its agent would not take as written, or that holds what no document should.

    There are none if the document isn't JSON.
    """
    findings = [finding for finding in document.problems() if finding.severity == "warning"]
    if document.readable:
        findings += documents.problems(document.value, schema)
        findings += documents.content_problems(document.value)
    return tuple(findings)


# Cached, because the templates of several environments share documents.
_of_document = lru_cache(maxsize=1024)(document_advice)


def _start_time(scheduling: SchedulingConfig, now: datetime, *, by_api: bool) -> Iterator[Finding]:
    today = now.astimezone(UTC).replace(tzinfo=None)
    for name, earliest, latest, words in (
        ("start_time", timedelta(minutes=30), timedelta(days=365), "30 minutes to one year"),
        ("end_time", timedelta(minutes=30), timedelta(days=2 * 365), "30 minutes to two years"),
    ):
        text = known(getattr(scheduling, name))
        time = instant(text)
        if time is not None and not earliest <= time - today <= latest:
            # A stack may have created the job long ago; a request is about to.
            rule = START_PASSED if time - today < earliest and not by_api else START_TIME
            yield rule.finding(
                loc=("scheduling", name),
                given=text,
                allowed=f"{words} after {today:{TIME_FORMAT}}",
                fix="write a later time" if time - today < earliest else "write an earlier time",
            )
