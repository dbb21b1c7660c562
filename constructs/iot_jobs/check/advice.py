"""Advice on templates and jobs that AWS accepts, but that harm a fleet, and what AWS is only assumed to refuse.

Each rule covers one template or job.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from iot_jobs import documents
from iot_jobs.check.advice_rules import (
    ABORT_WITHOUT_TIMEOUT,
    BASE_IS_MAXIMUM,
    EXPIRY_TOO_SHORT,
    FIXED_ID,
    NEVER_FIRES,
    NEVER_RISES,
    NO_ABORT,
    NO_EXPIRY,
    NO_HELP,
    NO_ROLLOUT,
    NO_TIMEOUT,
    NOTHING_TO_SIGN,
    RETRY_WITHOUT_ABORT,
    RETRY_WITHOUT_TIMEOUT,
    START_PASSED,
    START_TIME,
    WINDOW_TOO_SHORT,
)
from iot_jobs.check.locations import Named, elsewhere, unknown_regions
from iot_jobs.check.risk import can_forecast, risk, states_risk
from iot_jobs.cloudformation import AccountRegion
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment, Quotas
from iot_jobs.finding import MOST_FINDINGS, Edit, Finding, Location
from iot_jobs.identity import template_name_of
from iot_jobs.limits import (
    DEFAULT_EXPIRES_IN_SEC,
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

_MOST_RETRIES = 10
_SHORTEST_LIFETIME = 300
"""Seconds that a presigned URL has to be valid. Assumed: AWS requires only the minimum of `EXPIRES_IN_SEC`."""

_CHANGES = r"[0-9]$|[-_](?=[a-f]*[0-9])[0-9a-f]{7,}$"
"""The end of an id that its author changes: a version, or the digest of a commit."""

_Retries = list[tuple[int, Any]]
"""The known retry criteria, each with its index."""


def advice(
    subject: Subject,
    *,
    now: datetime,
    quotas: Quotas | None = None,
) -> Iterator[Finding]:
    """Yield advice and assumed errors of one template or job, and what its account and region refuse.

    The locations of findings are its spec's. `quotas` are those of a subject without an environment; None means AWS's
    defaults.
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
    if subject.has_fixed_id and isinstance(spec, JobTemplateSpec):
        yield from _fixed_id(known(spec.template_name))
    presigned_url, tags = known(spec.presigned_url), known(spec.tags) or {}
    texts: dict[Location, Any] = {("description",): spec.description, ("document_source",): spec.document_source}
    yield from _unfilled(texts | {("tags", key): value for key, value in tags.items()})
    yield from _volatile(known(spec.description), tags, by_hand=subject.spelling is None)
    if rollout := known(spec.rollout):
        quotas = (environment.quotas if environment else quotas) or Quotas()
        yield from _rollout(rollout, quotas.maximum_per_minute, environment)
    if environment and states_risk(fleet := environment.fleet.expecting(subject.expected)) and can_forecast():
        yield from risk(spec, fleet)
    yield from _asked_in_production(absent, environment)
    if "abort" in absent:
        yield from _retry_without_abort(retries)
    if abort := known(spec.abort):
        things = environment.fleet.things if environment else _things(spec)
        yield from _abort(abort, retries, environment, things, no_timeout="timeout" in absent)
    if "timeout" in absent:
        yield from _retry_without_timeout(retries)
    if presigned_url:
        yield from _unfilled({("presigned_url", "role_arn"): presigned_url.role_arn})
        yield from _presigned_url(presigned_url, has_default=by_api or subject.spelling is None)
        yield from _nothing_to_sign(presigned_url.role_arn, known(spec.document))
    if isinstance(spec, JobTemplateSpec):
        yield from _windows(spec.maintenance_windows, minutes)
        named = Named(known(spec.job_arn), presigned_url, spec.destination_package_versions, written(spec.document))
        yield from _locations(named, environment, subject.location)
    else:
        yield from _under(("targets",), repeated(spec.targets, TARGET_TWICE, "target"))
    if scheduling:
        yield from _windows(scheduling.maintenance_windows, minutes, above=("scheduling",))
    if document := written(spec.document):
        yield from _document(document, subject.document_schema)
    if scheduling and not subject.deployed:
        yield from _start_time(scheduling, now, by_api=by_api)


def _locations(named: Named, environment: Environment | None, location: AccountRegion) -> Iterator[Finding]:
    if environment:
        yield from unknown_regions(environment.region)
        yield from elsewhere(named, environment.locations)
        return
    for finding in elsewhere(named, [location]):
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


def _things(spec: JobTemplateSpec | JobSpec) -> int | None:
    """Return the number of things that a job lists; None if that is unknown, as with groups."""
    targets = (known(spec.targets) or ()) if isinstance(spec, JobSpec) else ()
    listed = [target for target in targets if isinstance(target, str) and ":thing/" in target]
    return len(listed) if targets and len(listed) == len(targets) else None


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
    abort: AbortConfig, retries: _Retries, environment: Environment | None, things: int | None, *, no_timeout: bool
) -> Iterator[Finding]:
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
        if things is not None and least is not None and least > things * attempts:
            yield NEVER_FIRES.finding(
                loc=("abort", "criteria", index, "min_number_of_executed_things"),
                given=least,
                allowed=f"up to {things * attempts}, the most executions that {things} things can have",
                fix="lower it to a fraction of the things",
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


def _nothing_to_sign(role: str | Unresolved | None, document: JobDocument | None) -> Iterator[Finding]:
    """Yield a finding for a presign role beside a document that has nothing to sign, as far as that is known."""
    if role in (None, Unresolved(None)) or document is None or not document.readable or document.holds_token:
        return  # there is no role, or one is reported as missing
    if not any(placeholder.presigned for placeholder in document.placeholders):
        yield NOTHING_TO_SIGN.finding(
            loc=("presigned_url",),
            allowed="a presigned placeholder in the document, or no role to sign with",
            fix="remove it, or write ${aws:iot:s3-presigned-url:...} where the document has a URL to sign",
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


def _fixed_id(template_id: str | None) -> Iterator[Finding]:
    if template_id is None or re.search(_CHANGES, template_id):
        return
    if template_name_of(template_id) == template_id:  # it has no digest of the construct
        yield FIXED_ID.finding(
            loc=("template_name",),
            given=template_id,
            allowed="an id with a version or a digest at its end",
            fix=f"write {template_id}-1 and raise the number with each edit, or use the construct JobTemplate, which "
            "makes the id itself",
        )


def _unfilled(texts: Mapping[Location, Any]) -> Iterator[Finding]:
    """Yield a finding for the first text of each property that is left to be filled in."""
    done: set[str | int] = set()
    for loc, text in texts.items():
        finding = documents.unfilled_text(text, loc) if isinstance(text, str) and loc[0] not in done else None
        if finding:
            done.add(loc[0])
            yield finding


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
        problems = chain(
            documents.problems(document.value, schema),
            documents.content_problems(document.value),
            documents.unfilled(document.value),
        )
        findings += islice(problems, MOST_FINDINGS + 1)
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
