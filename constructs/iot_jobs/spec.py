"""Typed, frozen models of a job template: one field for each property of `AWS::IoT::JobTemplate`.

Names are AWS's in snake_case. Each field keeps its limit of `iot_jobs.limits`; the rules between fields stand with the
part they concern. A field may hold `Unresolved` where only CloudFormation will know the value. Absent is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from iot_jobs import limits, windows
from iot_jobs.document import JobDocument
from iot_jobs.finding import Finding, Location, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.model import WRONG_KIND, Items, Maybe, Model, invalid
from iot_jobs.placeholders import Placeholder
from iot_jobs.unresolved import Unresolved, holds_token, known

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
WINDOW_OVERLAP = Rule(
    code="JT604",
    title="maintenance windows overlap neither each other nor themselves",
    why="Assumed: AWS doesn't say what it does with overlapping windows; we take the stricter reading.",
    source=GUIDE + "jobs-configurations-details.html",
)
DOCUMENT_COMBINATION = Rule(
    code="JT105",
    title="a template has a document or a document source, or a job ARN to copy from",
    why="The service refuses both together, and neither unless there is a job ARN; schemas take all combinations.",
    source="measured: Job document and job document source cannot be specified at the same time",
)
PACKAGE_VERSION_TWICE = Rule(
    code="JT108",
    title="no destination package version stands twice",
    why="A package can have one version on a device.",
    source=API + "CreateJobTemplate.html",
)
PRESIGN_ROLE = Rule(
    code="JT503",
    title="a document with a presigned placeholder has a presign role",
    why="Without a role AWS IoT cannot sign the URL, and refuses the template.",
    source="measured: presignedUrlConfig role ARN is required to generate an S3 presigned url in job document",
)
PARAMETER_IN_TEMPLATE = Rule(
    code="JT512",
    title="a custom template's document has no ${aws:iot:parameter:...}",
    why="Parameters are filled for AWS managed templates only, and refused for all others.",
    source=GUIDE + "job-templates-managed.html",
)
PACKAGE_NOT_A_DESTINATION = Rule(
    code="JT515",
    title="a document's package placeholders match the destination package versions",
    why="AWS fills them from these versions; empty names need exactly one of them.",
    source=GUIDE + "preparing-jobs-for-service-package-catalog.html",
)


class RateIncreaseCriteria(Model):
    """After how many things the rate rises, counted from the start: at N, 2N, 3N and so on. Exactly one is given."""

    number_of_notified_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Things that were told of the job, 1 or more."""
    number_of_succeeded_things: Maybe[Annotated[int, limits.NUMBER_OF_THINGS]] | None = None
    """Things that succeeded, 1 or more: with slow or failing devices the rate stays low."""

    def problems(self) -> Iterator[Finding]:
        """Exactly one criterion."""
        given = [name for name, value in self if value is not None]
        if len(given) != 1:
            yield ONE_INCREASE_CRITERION.finding(
                given=given,
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
        criteria = _known_items(self.criteria)
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
        for error in windows.cron_errors(known(self.start_time) or "cron(0 0 * * ? *)"):
            yield WINDOW_CRON.finding(
                loc=("start_time",), given=error.given, allowed=error.allowed, fix=error.fix or "mend that field"
            )


class _Document:
    """Take a `JobDocument`, or what another floor made to stand for one, and report all that is wrong inside it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def validate(value: object) -> object:
            if not isinstance(value, JobDocument):
                finding = WRONG_KIND.finding(
                    given=value,
                    allowed="a JobDocument, or JSON text in a template",
                    fix="write JobDocument.inline(...)",
                )
                raise invalid("document", [finding])
            if found := [finding for finding in value.problems() if finding.severity == "error"]:
                raise invalid("document", found)
            return value

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "minLength": 1}


class _Tags:
    """Check keys and values of a mapping, and their number; values may be tokens."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def validate(value: object) -> object:
            if not isinstance(value, Mapping):
                raise invalid(
                    "tags", [WRONG_KIND.finding(given=value, allowed="a mapping of tags", fix="write key: value")]
                )
            found = [finding.under((str(key),)) for key in value if (finding := limits.TAG_KEY.check(key))]
            kept = {}
            for key, item in value.items():
                kept[key] = Unresolved(item) if holds_token(item) else item
                if not isinstance(kept[key], Unresolved) and (finding := limits.TAG_VALUE.check(item)):
                    found.append(finding.under((str(key),)))
            if finding := limits.TAGS.check(value):
                found.append(finding)
            if found:
                raise invalid("tags", found)
            return kept

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "object",
            "maxProperties": limits.TAGS.maximum,
            "propertyNames": limits.TAG_KEY.json_schema(),
            "additionalProperties": limits.TAG_VALUE.json_schema(),
        }


Tags = Annotated[Mapping[str, str | Unresolved], _Tags()]


class JobTemplateSpec(Model):
    """Everything that AWS knows about a job template. Every property is create-only, tags and description too."""

    template_name: Maybe[Annotated[str, limits.TEMPLATE_NAME]]
    """1 to 64 letters, digits, _ and -."""
    description: Maybe[Annotated[str, limits.DESCRIPTION]]
    """1 to 2028 printable characters on one line."""
    document: Maybe[Annotated[JobDocument, _Document()]] | None = None
    """What the device is told to do, at most 32,768 bytes of JSON."""
    document_source: Maybe[Annotated[str, limits.DOCUMENT_SOURCE]] | None = None
    """The https URL of an S3 object that holds the document."""
    job_arn: Maybe[Annotated[str, limits.JOB_ARN]] | None = None
    """A job to copy from: what else is given here replaces the job's."""
    rollout: Maybe[RolloutConfig] | None = None
    """None: 1000 things a minute."""
    abort: Maybe[AbortConfig] | None = None
    """None: the rollout goes on whatever happens."""
    retry: Maybe[RetryConfig] | None = None
    """None: no retries."""
    timeout: Maybe[TimeoutConfig] | None = None
    """None: executions never time out."""
    presigned_url: Maybe[PresignedUrlConfig] | None = None
    """Required where the document has a presigned placeholder."""
    maintenance_windows: Maybe[Annotated[Sequence[Maybe[MaintenanceWindow]], Items(limits.WINDOWS)]] = ()
    """Empty: at any time. They must not overlap."""
    destination_package_versions: Maybe[
        Annotated[Sequence[Maybe[Annotated[str, limits.PACKAGE_VERSION]]], Items(limits.PACKAGE_VERSIONS)]
    ] = ()
    """ARNs of at most 25 package versions that the job installs."""
    tags: Maybe[Tags] = Field(default_factory=dict)
    """At most 50, each with a value."""

    def problems(self) -> Iterator[Finding]:
        """The rules between parts."""
        yield from self._document_problems()
        yield from self._placeholder_problems()
        yield from self._window_problems()
        yield from self._package_problems()

    def _document_problems(self) -> Iterator[Finding]:
        sources = [name for name in ("document", "document_source") if getattr(self, name) is not None]
        if len(sources) == 2:
            yield DOCUMENT_COMBINATION.finding(
                loc=("document_source",),
                given=known(self.document_source),
                allowed="a document or a document source, not both",
                fix="remove one of them",
                related=(("document",),),
            )
        elif not sources and self.job_arn is None:
            yield DOCUMENT_COMBINATION.finding(
                loc=("document",),
                allowed="a document, a document source, or a job ARN to copy from",
                fix="add a document",
            )

    def _placeholder_problems(self) -> Iterator[Finding]:
        for placeholder in self._placeholders():
            loc: Location = ("document", *placeholder.loc)
            if placeholder.kind == "parameter":
                yield PARAMETER_IN_TEMPLATE.finding(
                    loc=loc,
                    given=placeholder.text,
                    allowed="no parameters in a custom template",
                    fix="write the value out, or use another template for each value",
                )
            # A template that copies a job takes the job's role where it gives none.
            if placeholder.presigned and self.presigned_url is None and self.job_arn is None:
                yield PRESIGN_ROLE.finding(
                    loc=("presigned_url",),
                    allowed=f"a role, because the document holds {placeholder.text}",
                    fix="add presigned_url with the ARN of a role that AWS IoT may assume",
                    related=(loc,),
                )
                return

    def _package_problems(self) -> Iterator[Finding]:
        versions = known(self.destination_package_versions)
        if versions is None or any(isinstance(version, Unresolved) for version in versions):
            return
        for index, version in enumerate(versions):
            if version in versions[:index]:
                yield PACKAGE_VERSION_TWICE.finding(
                    loc=("destination_package_versions", index),
                    given=version,
                    allowed="each package version once",
                    fix="remove it",
                    related=(("destination_package_versions", versions.index(version)),),
                )
        destinations = [_package_of(str(version)) for version in versions]
        for placeholder in self._placeholders():
            package = placeholder.package
            if package is None or self.job_arn is not None:
                continue
            named = len(versions) == 1 if package == ("", "") else package in destinations
            if not named:
                only = "exactly one destination package version, because the placeholder names none"
                yield PACKAGE_NOT_A_DESTINATION.finding(
                    loc=("document", *placeholder.loc),
                    given=placeholder.text,
                    allowed=only if package == ("", "") else f"one of the {len(versions)} destination package versions",
                    fix="add its ARN to destination_package_versions, or mend the placeholder",
                    related=(("destination_package_versions",),),
                )

    def _window_problems(self) -> Iterator[Finding]:
        found = []
        for index, window in enumerate(known(self.maintenance_windows) or ()):
            if not isinstance(window, Unresolved):
                start, duration = known(window.start_time), known(window.duration_in_minutes)
                if start is not None and duration is not None:
                    found.append((index, start, duration))
        for overlap in windows.overlaps([(windows.Cron.parse(start), duration) for _, start, duration in found]):
            first, second = found[overlap.first], found[overlap.second]
            itself = overlap.first == overlap.second
            yield WINDOW_OVERLAP.finding(
                loc=("maintenance_windows", second[0], "duration_in_minutes" if itself else "start_time"),
                given=second[2] if itself else second[1],
                allowed="windows apart from each other; "
                f"the one of {overlap.opening_first:%Y-%m-%d %H:%M} is open at {overlap.opening_second:%Y-%m-%d %H:%M}",
                fix="shorten the window, or move it",
                related=() if itself else (("maintenance_windows", first[0]),),
            )

    def _placeholders(self) -> tuple[Placeholder, ...]:
        document = known(self.document)
        return document.placeholders if document is not None else ()


def _known_items(items: Sequence[Any] | Unresolved) -> list[tuple[int, Any]]:
    """The items that can be judged, each with its index."""
    return [(i, item) for i, item in enumerate(known(items) or ()) if not isinstance(item, Unresolved)]


def _twice(criteria: Sequence[Any] | Unresolved) -> Iterator[tuple[Location, Location, str]]:
    """Where a failure type stands again, where it stood first, and which it is."""
    first: dict[str, Location] = {}
    for index, criterion in _known_items(criteria):
        loc: Location = ("criteria", index, "failure_type")
        failure_type = known(criterion.failure_type)
        if failure_type in first:
            yield loc, first[failure_type], failure_type
        elif failure_type is not None:
            first[failure_type] = loc


def _package_of(arn: str) -> tuple[str, str]:
    """Name and version in a package version's ARN."""
    name, _, version = arn.partition(":package/")[2].partition("/version/")
    return name, version
