"""The parts of a template or job, from rollout to tags, and the rules within each."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from iot_jobs import limits, windows
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import Finding, FindingsError, Location, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.template.part import WRONG_KIND, Items, Maybe, Model
from iot_jobs.unresolved import Unresolved, holds_token, known, may_be_nothing

EMPTY_ROLLOUT = Rule(
    code="JT205",
    title="a rollout has a maximum rate",
    why="An empty rollout is refused, and so is an exponential rate without a maximum; both schemas take them.",
    source=API + "JobExecutionsRolloutConfig.html",
)
BASE_ABOVE_MAXIMUM = Rule(
    code="JT206",
    title="the base rate is not above the maximum",
    why="The service refuses a rollout that would begin faster than it may become.",
    source="measured: Exponential rollout baseRatePerMinute should be less than maximumPerMinute",
)
ONE_INCREASE_CRITERION = Rule(
    code="JT207",
    title="the rate rises by exactly one criterion: notified or succeeded things",
    why="The service refuses none and both, although schemas take them and examples in AWS's guide give both.",
    source="measured: Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria "
    "is defined",
)
ABORT_FAILURE_TYPE_TWICE = Rule(
    code="JT305",
    title="no two abort criteria have the same failure type",
    why="The service refuses them.",
    source="measured: Multiple AbortCriteria cannot have the same failure type",
)
RETRY_TOTAL = Rule(
    code="JT404",
    title="a device is retried at most 10 times in all",
    why="The guide allows 10 retries for both failure types together; the schemas count each on its own.",
    source=GUIDE + "jobs-configurations-details.html",
)
RETRY_ALL_ALONE = Rule(
    code="JT405",
    title="a retry criterion for ALL stands alone",
    why="The service refuses ALL beside another failure type.",
    source="measured: A retryCriteria with failure type ALL must be used by itself",
)
RETRY_FAILURE_TYPE_TWICE = Rule(
    code="JT406",
    title="no two retry criteria have the same failure type",
    why="Assumed: two numbers for one failure type contradict each other.",
    source=API + "JobExecutionsRetryConfig.html",
)
WINDOW_CRON = Rule(
    code="JT603",
    title="a maintenance window's cron expression is well-formed and opens at least once",
    why="Schemas take any text; a job with a malformed window never starts.",
    source=GUIDE + "jobs-configurations-details.html",
)


# Templates share their windows.
_cron_errors = lru_cache(maxsize=4096)(windows.cron_errors)


class RateIncreaseCriteria(Model):
    """After how many things the rate rises, counted from the start: at N, 2N, 3N and so on. Exactly one is given."""

    number_of_notified_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Things that were told of the job, 1 or more."""
    number_of_succeeded_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Things that succeeded, 1 or more: with slow or failing devices the rate stays low."""

    def problems(self) -> Iterator[Finding]:
        """Exactly one criterion."""
        given = [name for name, value in self if value is not None]
        if not given or sum(not may_be_nothing(getattr(self, name)) for name in given) > 1:
            yield ONE_INCREASE_CRITERION.finding(
                given=given or None,
                allowed="exactly one of number_of_notified_things and number_of_succeeded_things",
                fix="remove one of them" if given else "add one of them",
                related=((given[0],), (given[1],)) if given else (),
            )


class ExponentialRate(Model):
    """A rate that begins low and is multiplied each time the criterion is met, up to the rollout's maximum."""

    base_rate_per_minute: Maybe[Annotated[int, limits.BASE_RATE_PER_MINUTE]]
    """Things per minute at the start, 1 to 1000, at most the maximum."""
    increment_factor: Maybe[Annotated[float, limits.INCREMENT_FACTOR]]
    """What the rate is multiplied by, 1.1 to 5, one digit after the decimal point."""
    rate_increase_criteria: Maybe[RateIncreaseCriteria]
    """When it is multiplied."""


class RolloutConfig(Model):
    """How fast things are told of the job. Without one, AWS tells 1000 things a minute."""

    maximum_per_minute: Maybe[Annotated[int, limits.MAXIMUM_PER_MINUTE]] | None = None
    """Things per minute at most, 1 to 1000; required with an exponential rate, a constant rate without one."""
    exponential_rate: Maybe[ExponentialRate] | None = None
    """A rate that rises; None for a constant one."""

    def problems(self) -> Iterator[Finding]:
        """There is a maximum, and the base rate isn't above it."""
        if self.maximum_per_minute is None:
            yield EMPTY_ROLLOUT.finding(
                loc=("maximum_per_minute",),
                allowed=limits.MAXIMUM_PER_MINUTE.allowed,
                fix="add maximum_per_minute" + (", or leave the rollout out" if self.exponential_rate is None else ""),
            )
        maximum, exponential = known(self.maximum_per_minute), known(self.exponential_rate)
        base = exponential and known(exponential.base_rate_per_minute)
        if maximum is not None and base and base > maximum:
            yield BASE_ABOVE_MAXIMUM.finding(
                loc=("exponential_rate", "base_rate_per_minute"),
                given=base,
                allowed=f"less than the maximum of {maximum} things per minute",
                fix="lower the base rate, or raise the maximum",
                related=(("maximum_per_minute",),),
            )


class AbortCriterion(Model):
    """When to cancel the job: at `threshold_percentage` of completed executions, once enough have completed."""

    failure_type: Maybe[Annotated[str, limits.ABORT_FAILURE_TYPE]]
    """FAILED, REJECTED, TIMED_OUT, or ALL for the three together."""
    threshold_percentage: Maybe[Annotated[float, limits.THRESHOLD_PERCENTAGE]]
    """Percent of completed executions, above 0 up to 100, two digits after the decimal point."""
    min_number_of_executed_things: Maybe[Annotated[int, limits.MIN_NUMBER_OF_EXECUTED_THINGS]]
    """How many executions must have completed before the criterion is looked at, 1 or more."""
    action: Maybe[Annotated[str, limits.ABORT_ACTION]] = "CANCEL"
    """CANCEL: nothing more is released and what is queued is canceled; what is in progress goes on."""


class AbortConfig(Model):
    """What stops the rollout on its own. Criteria are looked at in order, though CloudFormation may reorder them."""

    criteria: Maybe[Annotated[Sequence[Maybe[AbortCriterion]], Items(limits.ABORT_CRITERIA)]]
    """At least one, each with a failure type of its own."""

    def problems(self) -> Iterator[Finding]:
        """No failure type stands twice."""
        for loc, other, failure_type in _twice(self.criteria):
            yield ABORT_FAILURE_TYPE_TWICE.finding(
                loc=loc, given=failure_type, allowed="each failure type once", fix="merge the two", related=(other,)
            )


class RetryCriterion(Model):
    """How often an execution that ended so is queued again."""

    failure_type: Maybe[Annotated[str, limits.RETRY_FAILURE_TYPE]]
    """FAILED, TIMED_OUT, or ALL for both."""
    number_of_retries: Maybe[Annotated[int, limits.NUMBER_OF_RETRIES]]
    """0 to 10."""


class RetryConfig(Model):
    """How often a device tries again: at most 10 times in all. Each retry is billed as an execution."""

    criteria: Maybe[Annotated[Sequence[Maybe[RetryCriterion]], Items(limits.RETRY_CRITERIA)]]
    """One, or one for FAILED and one for TIMED_OUT."""

    def problems(self) -> Iterator[Finding]:
        """ALL stands alone, no failure type twice, at most 10 retries in all."""
        for loc, other, failure_type in _twice(self.criteria):
            yield RETRY_FAILURE_TYPE_TWICE.finding(
                loc=loc, given=failure_type, allowed="each failure type once", fix="merge the two", related=(other,)
            )
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
                loc=("criteria",), given=total, allowed="at most 10 retries in all", fix="lower one of the numbers"
            )


class TimeoutConfig(Model):
    """How long an execution may be in progress. Without one, a device that never reports is waited for forever."""

    in_progress_timeout_in_minutes: Maybe[Annotated[int, limits.IN_PROGRESS_TIMEOUT_IN_MINUTES]]
    """Minutes from the device's start to TIMED_OUT, 1 to 10080 (7 days)."""


class PresignedUrlConfig(Model):
    """How presigned URLs in the document are signed."""

    role_arn: Maybe[Annotated[str, limits.ROLE_ARN]]
    """The role that AWS IoT assumes to sign: it needs s3:GetObject for downloads and s3:PutObject for uploads."""
    expires_in_sec: Maybe[Annotated[int, limits.EXPIRES_IN_SEC]] = limits.DEFAULT_EXPIRES_IN_SEC
    """Seconds that a URL lives from when the device asks for the document, 60 to 3600. The default is AWS's own, and is
    written out: CloudFormation's published handler fails on a block without it."""


class MaintenanceWindow(Model):
    """A time, again and again, in which things are told of the job. Only continuous jobs may have windows."""

    start_time: Maybe[Annotated[str, limits.WINDOW_START_TIME]]
    """`cron(minutes hours day-of-month month day-of-week year)` in UTC."""
    duration_in_minutes: Maybe[Annotated[int, limits.DURATION_IN_MINUTES]]
    """1 to 1430. What is in progress when the window closes goes on."""

    def problems(self) -> Iterator[Finding]:
        """The cron expression is well-formed, field by field."""
        start_time = known(self.start_time)
        for error in () if start_time is None else _cron_errors(start_time):
            yield WINDOW_CRON.finding(
                loc=("start_time",),
                given=error.given,
                allowed=error.allowed,
                fix=error.fix or f"mend {error.field or 'it'}",
            )


def _document(value: object) -> object:
    """Take a `JobDocument`, or what another floor made to stand for one, and report all that is wrong inside it."""
    if not isinstance(value, JobDocument):
        finding = WRONG_KIND.finding(
            given=value,
            allowed="a JobDocument, or JSON text in a template",
            fix="write it as text; in Python with JobDocument.inline(...)",
        )
        raise FindingsError([finding])
    if errors := [finding for finding in value.problems() if finding.severity == "error"]:
        raise FindingsError(errors)
    return value


Document = Annotated[JobDocument, PlainValidator(_document), WithJsonSchema({"type": "string", "minLength": 1})]


def tag_problems(tags: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with the keys and values of tags, and with their number, relative to the mapping."""
    wrong = limits.TAGS.check(tags)
    if wrong and limits.TAGS.far_over(tags):
        return [wrong]
    found = entry_problems(tags, limits.TAG_KEY, limits.TAG_VALUE)
    return [*found, wrong] if wrong else found


def entry_problems(given: Mapping[str, Any], key_limit: limits.Limit, value_limit: limits.Limit) -> list[Finding]:
    """What is wrong with the keys of a mapping, then with its values, each on its own."""
    found = [finding.under((str(key),)) for key in given if (finding := key_limit.check(key))]
    for key, item in given.items():
        if not isinstance(item, Unresolved) and (finding := value_limit.check(item)):
            found.append(finding.under((str(key),)))
    return found


def _tags(value: object) -> dict[str, Any]:
    """Check keys and values of a mapping, and their number; values may be tokens."""
    if not isinstance(value, Mapping):
        raise FindingsError([WRONG_KIND.finding(given=value, allowed="a mapping of tags", fix="write key: value")])
    tags = {key: Unresolved(item) if holds_token(item) else item for key, item in value.items()}
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
            "additionalProperties": limits.TAG_VALUE.json_schema(),
        }
    ),
]


def known_items(items: Sequence[Any] | Unresolved) -> list[tuple[int, Any]]:
    """The items that can be judged, each with its index."""
    return [(i, item) for i, item in enumerate(known(items) or ()) if not isinstance(item, Unresolved)]


def _twice(criteria: Sequence[Any] | Unresolved) -> Iterator[tuple[Location, Location, str]]:
    """Where a failure type stands again, where it stood first, and which it is."""
    first: dict[str, Location] = {}
    for index, criterion in known_items(criteria):
        loc: Location = ("criteria", index, "failure_type")
        failure_type = known(criterion.failure_type)
        if failure_type in first:
            yield loc, first[failure_type], failure_type
        elif failure_type is not None:
            first[failure_type] = loc
