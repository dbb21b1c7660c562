"""The parts of a template or job, from rollout to tags, each with its rules."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from iot_jobs import limits, windows
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import Edit, Finding, FindingsError, Location, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.template.part import WRONG_KIND, Items, Maybe, Model
from iot_jobs.unresolved import Unresolved, holds_token, is_unknown, known, may_be_nothing

EMPTY_ROLLOUT = Rule(
    code="JT205",
    title="a rollout has a maximum rate",
    why="The service refuses an empty rollout, and an exponential rate without a maximum; both schemas accept them.",
    source="Provide MaximumPerMinute value or provide ExponentialRate and MaximumPerMinute",
    evidence="measured",
)
BASE_ABOVE_MAXIMUM = Rule(
    code="JT206",
    title="the base rate is at most the maximum",
    why="The service refuses a rollout that would start above its maximum rate.",
    source="Exponential rollout baseRatePerMinute should be less than maximumPerMinute",
    evidence="measured",
)
ONE_INCREASE_CRITERION = Rule(
    code="JT207",
    title="a rate increase has exactly one criterion: notified or succeeded things",
    why="The service refuses a rate increase with neither criterion, and one with both, although the schemas accept "
    "them and examples in AWS's guide have both.",
    source="Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined",
    evidence="measured",
)
ABORT_FAILURE_TYPE_TWICE = Rule(
    code="JT305",
    title="abort criteria have different failure types",
    why="The service refuses two criteria for one failure type.",
    source="Multiple AbortCriteria cannot have the same failure type",
    evidence="measured",
)
RETRY_TOTAL = Rule(
    code="JT404",
    title="a device is retried at most 10 times in total",
    why="The guide allows 10 retries for both failure types together; the schemas limit each separately.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="documented",
)
RETRY_ALL_ALONE = Rule(
    code="JT405",
    title="a retry criterion for ALL is the only one",
    why="The service refuses ALL together with another failure type.",
    source="A retryCriteria with failure type ALL must be used by itself",
    evidence="measured",
)
RETRY_FAILURE_TYPE_TWICE = Rule(
    code="JT406",
    title="retry criteria have different failure types",
    why="Two numbers of retries for one failure type contradict each other.",
    source=API + "JobExecutionsRetryConfig.html",
    evidence="assumed",
)
WINDOW_CRON = Rule(
    code="JT603",
    title="a maintenance window's cron expression is well-formed and opens at least once",
    why="Schemas accept any text; a job with a malformed window never starts.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="documented",
)
WINDOW_CRON_FORM = Rule(
    code="JT606",
    title="a maintenance window's cron expression has a form that AWS documents",
    why="AWS doesn't document how it reads other forms, such as names in lower case, FRI-MON or LW; no rule and no "
    "forecast reads them.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="assumed",
)


# Cached, because templates share windows.
_cron_errors = lru_cache(maxsize=4096)(windows.cron_errors)


class RateIncreaseCriteria(Model):
    """The number of things after which the rate rises: at N, 2N, 3N from the start. Exactly one field is set."""

    number_of_notified_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Number of notified things, 1 or more."""
    number_of_succeeded_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Number of things that succeeded, 1 or more: with slow or failing devices the rate stays low."""

    def problems(self) -> Iterator[Finding]:
        """Check that exactly one criterion is given."""
        given = [name for name, value in self if value is not None]
        if not given or sum(not may_be_nothing(getattr(self, name)) for name in given) > 1:
            yield ONE_INCREASE_CRITERION.finding(
                given=given or None,
                allowed="exactly one of number_of_notified_things and number_of_succeeded_things",
                fix="remove one of the two" if given else "add one of the two",
                related=((given[0],), (given[1],)) if given else (),
            )


class ExponentialRate(Model):
    """A rate that starts low and is multiplied each time the criterion is met, up to the rollout's maximum."""

    base_rate_per_minute: Maybe[Annotated[int, limits.BASE_RATE_PER_MINUTE]]
    """Things per minute at the start, 1 to 1000, at most the maximum."""
    increment_factor: Maybe[Annotated[float, limits.INCREMENT_FACTOR]]
    """Factor that the rate is multiplied by, 1.1 to 5, with at most one digit after the decimal point."""
    rate_increase_criteria: Maybe[RateIncreaseCriteria]
    """Criterion for each increase."""


class RolloutConfig(Model):
    """The rate at which things are notified of the job. Without one, AWS notifies 1000 things per minute."""

    maximum_per_minute: Maybe[Annotated[int, limits.MAXIMUM_PER_MINUTE.replace(maximum=None)]] | None = None
    """Maximum things per minute, up to the quota: required with an exponential rate, the constant rate without one."""
    exponential_rate: Maybe[ExponentialRate] | None = None
    """A rate that rises. Without it, the rate is constant."""

    def problems(self) -> Iterator[Finding]:
        """Check that there is a maximum, and that the base rate isn't above it."""
        if self.maximum_per_minute is None:
            yield EMPTY_ROLLOUT.finding(
                loc=("maximum_per_minute",),
                allowed=limits.MAXIMUM_PER_MINUTE.allowed,
                fix="add maximum_per_minute" + (", or remove the rollout" if self.exponential_rate is None else ""),
            )
        maximum, exponential = known(self.maximum_per_minute), known(self.exponential_rate)
        base = exponential and known(exponential.base_rate_per_minute)
        if maximum is not None and base and base > maximum:
            yield BASE_ABOVE_MAXIMUM.finding(
                loc=("exponential_rate", "base_rate_per_minute"),
                given=base,
                allowed=f"at most the maximum of {maximum} things per minute",
                fix="lower the base rate, or raise the maximum",
                related=(("maximum_per_minute",),),
            )


class AbortCriterion(Model):
    """Cancels the job if at least `threshold_percentage` of the completed executions failed, once enough completed."""

    failure_type: Maybe[Annotated[limits.AbortFailureType, limits.ABORT_FAILURE_TYPE]]
    """FAILED, REJECTED, TIMED_OUT, or ALL for the three together."""
    threshold_percentage: Maybe[Annotated[float, limits.THRESHOLD_PERCENTAGE]]
    """Percent of completed executions, above 0 up to 100, with at most two digits after the decimal point."""
    min_number_of_executed_things: Maybe[Annotated[int, limits.MIN_NUMBER_OF_EXECUTED_THINGS]]
    """Number of executions that must complete before the criterion is evaluated, 1 or more."""
    action: Maybe[Annotated[limits.AbortAction, limits.ABORT_ACTION]] = "CANCEL"
    """CANCEL: the rollout stops and queued executions are canceled; those in progress continue."""


class AbortConfig(Model):
    """Criteria that stop the rollout. They are evaluated in order, though CloudFormation may reorder them."""

    criteria: Maybe[Annotated[Sequence[Maybe[AbortCriterion]], Items(limits.ABORT_CRITERIA)]]
    """At least one, with different failure types."""

    def problems(self) -> Iterator[Finding]:
        """Check that failure types differ."""
        for loc, other, failure_type in _twice(self.criteria):
            yield ABORT_FAILURE_TYPE_TWICE.finding(
                loc=loc, given=failure_type, allowed="each failure type once", fix="merge the two", related=(other,)
            )


class RetryCriterion(Model):
    """The number of retries for one failure type."""

    failure_type: Maybe[Annotated[limits.RetryFailureType, limits.RETRY_FAILURE_TYPE]]
    """FAILED, TIMED_OUT, or ALL for both."""
    number_of_retries: Maybe[Annotated[int, limits.NUMBER_OF_RETRIES]]
    """0 to 10."""


class RetryConfig(Model):
    """Retries of failed or timed-out executions, at most 10 per device. Each retry is billed as an execution."""

    criteria: Maybe[Annotated[Sequence[Maybe[RetryCriterion]], Items(limits.RETRY_CRITERIA)]]
    """One criterion, or one for FAILED and one for TIMED_OUT."""

    def problems(self) -> Iterator[Finding]:
        """Check that ALL is the only failure type, and that there are at most 10 retries."""
        criteria = known_items(self.criteria)
        if len(criteria) > 1:
            for index, criterion in criteria:
                if criterion.failure_type == "ALL":
                    yield RETRY_ALL_ALONE.finding(
                        loc=("criteria", index, "failure_type"),
                        given="ALL",
                        allowed="ALL alone, or FAILED and TIMED_OUT",
                        fix="remove the other criterion, or name FAILED and TIMED_OUT",
                    )
        total = sum(known(criterion.number_of_retries) or 0 for _, criterion in criteria)
        if total > limits.NUMBER_OF_RETRIES.maximum:  # type: ignore[operator]  # this range has a maximum
            yield RETRY_TOTAL.finding(
                loc=("criteria",), given=total, allowed="at most 10 retries in total", fix="lower a number of retries"
            )

    def assumed_problems(self) -> Iterator[Finding]:
        """Check that failure types differ."""
        for loc, other, failure_type in _twice(self.criteria):
            yield RETRY_FAILURE_TYPE_TWICE.finding(
                loc=loc, given=failure_type, allowed="each failure type once", fix="merge the two", related=(other,)
            )


class TimeoutConfig(Model):
    """The time that an execution may be in progress. Without one, AWS waits forever for a device that never reports."""

    in_progress_timeout_in_minutes: Maybe[Annotated[int, limits.IN_PROGRESS_TIMEOUT_IN_MINUTES]]
    """Minutes from IN_PROGRESS to TIMED_OUT, 1 to 10080 (7 days)."""


class PresignedUrlConfig(Model):
    """Role and lifetime of the presigned URLs in the document."""

    role_arn: Maybe[Annotated[str, limits.ROLE_ARN]] | None = None
    """The role that AWS IoT assumes to sign: it needs s3:GetObject for downloads and s3:PutObject for uploads. A job
    template requires it in this block."""
    expires_in_sec: Maybe[Annotated[int, limits.EXPIRES_IN_SEC]] = limits.DEFAULT_EXPIRES_IN_SEC
    """Seconds that a URL is valid after the device requests the document, 60 to 3600. The default is AWS's own, and is
    always emitted: CloudFormation's published handler fails on a block without it."""


class MaintenanceWindow(Model):
    """A recurring period during which things are notified of the job. Only continuous jobs may have windows."""

    start_time: Maybe[Annotated[str, limits.WINDOW_START_TIME]]
    """`cron(minutes hours day-of-month month day-of-week year)` in UTC."""
    duration_in_minutes: Maybe[Annotated[int, limits.DURATION_IN_MINUTES]]
    """Minutes, 1 to 1430. Executions in progress when the window closes continue."""

    def problems(self) -> Iterator[Finding]:
        """Check the cron expression, field by field."""
        errors = self._cron_errors()
        if not all(error.assumed for error in errors):
            yield from map(_cron_finding, errors)

    def assumed_problems(self) -> Iterator[Finding]:
        """Check that the cron expression has a documented form."""
        yield from map(_cron_finding, self._cron_errors())

    def _cron_errors(self) -> Sequence[windows.CronError]:
        start_time = known(self.start_time)
        return () if start_time is None else _cron_errors(start_time)


def _cron_finding(error: windows.CronError) -> Finding:
    rule = WINDOW_CRON_FORM if error.assumed else WINDOW_CRON
    fix = error.fix or f"correct {error.field or 'it'}"
    edit = None if error.better is None else Edit("value", error.better)
    return rule.finding(loc=("start_time",), given=error.given, allowed=error.allowed, fix=fix, edit=edit)


Windows = Maybe[Annotated[Sequence[Maybe[MaintenanceWindow]], Items(limits.WINDOWS.replace(maximum=None))]]
"""Windows of any number: the maximum is assumed."""


def _document(value: object) -> object:
    """Return a `JobDocument` unchanged, or its text as `Unresolved` if it is known only at deployment.

    Raises `FindingsError` for any other value, and with all errors in the document.
    """
    if not isinstance(value, JobDocument):
        finding = WRONG_KIND.finding(
            given=value,
            allowed="a JobDocument, or JSON text in a template",
            fix="write it as text; in Python with JobDocument.inline(...)",
        )
        raise FindingsError([finding])
    if errors := [finding for finding in value.problems() if finding.severity == "error"]:
        raise FindingsError(errors)
    return Unresolved(value.text) if value.unknown else value


Document = Annotated[JobDocument, PlainValidator(_document), WithJsonSchema({"type": "string", "minLength": 1})]


def tag_problems(tags: Mapping[str, Any]) -> list[Finding]:
    """Return findings for the keys, values and number of tags. Locations are relative to the mapping."""
    count = limits.TAGS.check(tags)
    if count and limits.TAGS.far_over(tags):
        return [count]
    findings = entry_problems(tags, limits.TAG_KEY, limits.TAG_VALUE)
    return [*findings, count] if count else findings


def entry_problems(given: Mapping[str, Any], key_limit: limits.Limit, value_limit: limits.Limit) -> list[Finding]:
    """Return findings for the keys of a mapping, then for its values."""
    wrong = [(key, finding) for key in given if (finding := key_limit.check(key))]
    findings = [finding.under((str(key),))._replace(edit=None) for key, finding in wrong]  # an edit is of the value
    for key, item in given.items():
        if not isinstance(item, Unresolved) and (finding := value_limit.check(item)):
            findings.append(finding.under((str(key),)))
    return findings


def _tags(value: object) -> dict[str, Any]:
    """Check the keys, values and number of tags; values may be tokens."""
    if not isinstance(value, Mapping):
        raise FindingsError([WRONG_KIND.finding(given=value, allowed="a mapping of tags", fix="write key: value")])
    if late := [key for key in value if holds_token(key)]:
        allowed = f"{limits.TAG_KEY.allowed}; known at synthesis"
        raise FindingsError([limits.TAG_KEY.finding(given=key, allowed=allowed, fix="use a literal") for key in late])
    unknown = {key for key, item in value.items() if is_unknown(item) and not isinstance(item, list)}
    tags = {key: Unresolved(item) if key in unknown else item for key, item in value.items()}
    if problems := tag_problems(tags):
        raise FindingsError(problems)
    return tags


Tags = Annotated[
    Mapping[str, str | Unresolved],
    PlainValidator(_tags),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": limits.TAGS.maximum,
            "propertyNames": limits.TAG_KEY.json_schema(),
            "additionalProperties": limits.TAG_VALUE.json_schema() | {"minLength": 1},  # as a template requires
        }
    ),
]


def known_items(items: Sequence[Any] | Unresolved) -> list[tuple[int, Any]]:
    """Return the items that are not unresolved, each with its index."""
    return [(i, item) for i, item in enumerate(known(items) or ()) if not isinstance(item, Unresolved)]


def _twice(criteria: Sequence[Any] | Unresolved) -> Iterator[tuple[Location, Location, str]]:
    """Yield each repeated failure type: its location, the location of its first occurrence, and the type."""
    first: dict[str, Location] = {}
    for index, criterion in known_items(criteria):
        loc: Location = ("criteria", index, "failure_type")
        failure_type = known(criterion.failure_type)
        if failure_type in first:
            yield loc, first[failure_type], failure_type
        elif failure_type is not None:
            first[failure_type] = loc
