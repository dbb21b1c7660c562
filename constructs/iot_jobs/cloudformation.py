"""A spec as CloudFormation properties and back, without the CDK: pure, and its own inverse.

Three spellings of one model: ours in snake_case, CloudFormation's and the API's. `JobTemplate` and the API differ in
two names (`ExponentialRolloutRate` and `RetryCriteriaList` against `exponentialRate` and `criteriaList`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import Finding, Location, Rule, nearest
from iot_jobs.limits import TAGS, TEMPLATE_REFERENCE
from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.part import MAPPING_OF, MISSING_VALUE, WRONG_KIND, Model, unknown_key
from iot_jobs.template.parts import tag_problems
from iot_jobs.unresolved import NO_VALUE, Unresolved, is_dynamic, is_intrinsic

TAG_KEY_TWICE = Rule(
    code="JT113",
    title="no tag key stands twice",
    why="The service refuses a list of tags in which a key stands twice.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
)


class Names(dict[str, "str | tuple[str, Names]"]):
    """Our name of each field, and AWS's; for a field with parts, AWS's name and those of the parts."""

    @cached_property
    def ours(self) -> dict[str, str]:
        """AWS's name of each field, and ours."""
        return {theirs[0] if isinstance(theirs, tuple) else theirs: field for field, theirs in self.items()}

    @cached_property
    def words(self) -> dict[str, str]:
        """Each of our names at whatever depth, and AWS's."""
        return dict(_flat(self))

    @cached_property
    def spelt(self) -> Callable[[str], str]:
        """A sentence with AWS's names for ours; a name of one word, being English too, only in a list of names."""

        def spelt(text: str) -> str:
            pattern = _NAME if text.startswith(MAPPING_OF) else _LONG_NAME
            return re.sub(pattern, lambda found: self.words.get(found[0], found[0]), text)

        return lru_cache(maxsize=256)(spelt)  # rules say the same again and again

    def parts(self, field: str) -> Names:
        """The names of a field's parts; none where what is inside is the user's own, such as a document's keys."""
        theirs = self[field]
        return theirs[1] if isinstance(theirs, tuple) else _NONE


_NONE = Names()
_CRITERION = Names(
    failure_type="FailureType",
    threshold_percentage="ThresholdPercentage",
    min_number_of_executed_things="MinNumberOfExecutedThings",
    action="Action",
)
_RETRY = Names(failure_type="FailureType", number_of_retries="NumberOfRetries")
_INCREASE = Names(
    number_of_notified_things="NumberOfNotifiedThings", number_of_succeeded_things="NumberOfSucceededThings"
)
_RATE = Names(
    base_rate_per_minute="BaseRatePerMinute",
    increment_factor="IncrementFactor",
    rate_increase_criteria=("RateIncreaseCriteria", _INCREASE),
)
_WINDOW = Names(start_time="StartTime", duration_in_minutes="DurationInMinutes")


def _content(exponential_rate: str, retry_criteria: str) -> Names:
    """What a template and a job have in common, but for the names of two blocks."""
    rollout = Names(maximum_per_minute="MaximumPerMinute", exponential_rate=(exponential_rate, _RATE))
    return Names(
        description="Description",
        document="Document",
        document_source="DocumentSource",
        rollout=("JobExecutionsRolloutConfig", rollout),
        abort=("AbortConfig", Names(criteria=("CriteriaList", _CRITERION))),
        retry=("JobExecutionsRetryConfig", Names(criteria=(retry_criteria, _RETRY))),
        timeout=("TimeoutConfig", Names(in_progress_timeout_in_minutes="InProgressTimeoutInMinutes")),
        presigned_url=("PresignedUrlConfig", Names(role_arn="RoleArn", expires_in_sec="ExpiresInSec")),
        destination_package_versions="DestinationPackageVersions",
        tags="Tags",
    )


_TEMPLATE = Names(template_name="JobTemplateId", job_arn="JobArn", maintenance_windows=("MaintenanceWindows", _WINDOW))
_SCHEDULING = Names(
    start_time="StartTime",
    end_time="EndTime",
    end_behavior="EndBehavior",
    maintenance_windows=("MaintenanceWindows", _WINDOW),
)
_JOB = Names(
    job_id="JobId",
    targets="Targets",
    job_template_arn="JobTemplateArn",
    document_parameters="DocumentParameters",
    target_selection="TargetSelection",
    scheduling=("SchedulingConfig", _SCHEDULING),
)


def _camel(names: Names) -> Names:
    """The API's spelling: the same names with a small first letter."""
    spelt = Names()
    for ours, theirs in names.items():
        name, parts = theirs if isinstance(theirs, tuple) else (theirs, None)
        name = name[0].lower() + name[1:]
        spelt[ours] = name if parts is None else (name, _camel(parts))
    return spelt


class Spelling(NamedTuple):
    """How one part of AWS writes a resource: its names, and whether values may be intrinsic functions.

    `answers` are names that stand in what the API answers, and in no request.
    """

    model: type[JobTemplateSpec | JobSpec]
    names: Names
    intrinsics: bool = True
    answers: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """AWS's names of the properties."""
        return frozenset(self.names.ours)

    def resolves(self, value: object) -> bool:
        """Whether CloudFormation will put another value in this one's place."""
        return self.intrinsics and (is_intrinsic(value) or is_dynamic(value))


def _flat(names: Names) -> Iterator[tuple[str, str]]:
    for ours, theirs in names.items():
        if isinstance(theirs, tuple):
            yield ours, theirs[0]
            yield from _flat(theirs[1])
        else:
            yield ours, theirs


# Here and elsewhere, patterns that few files need are text: re compiles them when they are first used.
_NAME = r"\b[a-z]+(?:_[a-z]+)*\b"
_LONG_NAME = r"\b[a-z]+(?:_[a-z]+)+\b"


TEMPLATE = Spelling(JobTemplateSpec, Names(_TEMPLATE | _content("ExponentialRolloutRate", "RetryCriteriaList")))
"""`AWS::IoT::JobTemplate`."""
JOB = Spelling(JobSpec, Names(_JOB | _content("ExponentialRate", "CriteriaList")))
"""`AWS::IoT::Job`."""
API_TEMPLATE = Spelling(
    JobTemplateSpec,
    _camel(Names(_TEMPLATE | _content("ExponentialRate", "CriteriaList"))),
    intrinsics=False,
    answers=frozenset({"jobTemplateArn", "createdAt"}),
)
"""`CreateJobTemplate`, `DescribeJobTemplate` and the AWS CLI."""
API_JOB = Spelling(
    JobSpec,
    _camel(JOB.names),
    intrinsics=False,
    answers=frozenset(
        [
            "jobArn",
            "status",
            "forceCanceled",
            "comment",
            "reasonCode",
            "createdAt",
            "lastUpdatedAt",
            "completedAt",
            "jobProcessDetails",
            "namespaceId",
            "isConcurrent",
            "scheduledJobRollouts",
        ]  # reads better than a column of names
    ),
)
"""`CreateJob`, `DescribeJob` and the AWS CLI."""

_TAG = ("Key", "Value")
_MANY = 50
"""Of how many unknown keys in one mapping each gets a finding of its own."""


class _TheirKey(str):
    """A key as it stands in the file, even where it is spelt like one of our own names."""

    __slots__ = ()


def properties(spec: JobTemplateSpec | JobSpec, spelling: Spelling = TEMPLATE) -> dict[str, Any]:
    """The resource's properties: what is absent is left out, whole numbers are written without a fraction."""
    emitted: dict[str, Any] = _emit(spec, spelling.names, spelling)
    return emitted


def without_nulls(given: Any) -> Any:
    """What the API answered without what it left unset: nulls, and blocks that hold nothing else."""
    if isinstance(given, list):
        return [without_nulls(item) for item in given]
    if not isinstance(given, Mapping):
        return given
    kept = {key: without_nulls(value) for key, value in given.items()}
    return {key: value for key, value in kept.items() if value is not None and value != {}}


def values(given: Mapping[str, Any], spelling: Spelling = TEMPLATE) -> tuple[dict[str, Any], list[Finding]]:
    """Properties as values of `JobTemplateSpec`, for `JobTemplateSpec.check`, and what can't be carried over.

    Intrinsic functions become `Unresolved`, and `AWS::NoValue` is left out. Locations are in the model's words;
    `translate` turns them into those of `given`.
    """
    found: list[Finding] = []
    read = _mapping(given, spelling.names, spelling, (), found)
    document, tags, parameters = read.get("document"), read.get("tags"), read.get("document_parameters")
    if isinstance(document, str):
        read["document"] = _document(document)
    if tags is not None and not isinstance(tags, Unresolved):
        read["tags"] = _read_tags(given[str(spelling.names["tags"])], spelling, found)
    if isinstance(parameters, Mapping) and spelling.intrinsics:
        known = {name: item for name, item in parameters.items() if item != NO_VALUE}
        read["document_parameters"] = {
            name: Unresolved(item) if is_intrinsic(item) else item for name, item in known.items()
        }
    return read, found


def translate(loc: Location, given: Any, spelling: Spelling = TEMPLATE) -> Location:
    """A location in a spec in the words of the properties that it was read from."""
    names = spelling.names
    words: list[str | int] = []
    for position, part in enumerate(loc):
        theirs = None if isinstance(part, int) or type(part) is _TheirKey else names.get(part)
        if theirs is None:
            words.append(part)
        elif part == "tags" and position == 0:
            return _tag_location(loc, given, spelling)
        elif isinstance(theirs, tuple):
            words.append(theirs[0])
            names = theirs[1]
        else:
            words.append(theirs)
            names = _NONE  # what is inside is the user's own, such as a document's keys
    return tuple(words)


def _emit(value: Any, names: Names, spelling: Spelling) -> Any:
    if isinstance(value, Unresolved):
        return value.value
    if isinstance(value, JobDocument):
        return value.text
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, tuple):
        return [_emit(item, names, spelling) for item in value]
    if isinstance(value, Mapping):
        return {key: _emit(value[key], names, spelling) for key in sorted(value)}
    if not isinstance(value, Model):
        return value
    emitted = {}
    for field, theirs in names.items():
        inner = getattr(value, field)
        if inner is None or (isinstance(inner, tuple | dict) and not inner):
            continue
        name, parts = theirs if isinstance(theirs, tuple) else (theirs, _NONE)
        emitted[name] = _emit(inner, parts, spelling)
        if field == "tags" and isinstance(inner, Mapping):
            emitted[name] = [dict(zip(_TAG, item, strict=True)) for item in emitted[name].items()]
    return emitted


_PLAIN = (str, int, float)


def _read(given: Any, names: Names, spelling: Spelling, loc: Location, found: list[Finding]) -> Any:
    """Mappings with our names, at whatever depth; anything else stays, for the model to judge."""
    if spelling.resolves(given):
        return Unresolved(given)
    if isinstance(given, list):
        return [_read(item, names, spelling, (*loc, index), found) for index, item in enumerate(given)]
    return _mapping(given, names, spelling, loc, found) if names and isinstance(given, Mapping) else given


def _mapping(
    given: Mapping[str, Any], names: Names, spelling: Spelling, loc: Location, found: list[Finding]
) -> dict[str, Any]:
    ours = names.ours
    read: dict[str, Any] = {}
    unknown: list[str] = []
    for key, value in given.items():
        field = ours.get(key)
        if field is None:
            if (loc or key not in spelling.answers) and not (spelling.intrinsics and value == NO_VALUE):
                unknown.append(str(key))
        elif isinstance(value, _PLAIN):
            read[field] = Unresolved(value) if spelling.resolves(value) else value
        elif value is None:
            if spelling.intrinsics:  # the API answers null for what is not set; CloudFormation refuses it
                found.append(WRONG_KIND.finding(loc=(*loc, field), allowed="a value; null is refused", fix="remove it"))
                read[field] = Unresolved(value)
        elif not spelling.intrinsics or value != NO_VALUE:
            read[field] = _read(value, names.parts(field), spelling, (*loc, field), found)
    if unknown:
        read = _meant(unknown, given, ours) | read
        found += _unknown(unknown, given, ours, loc)
    if "action" in names and "action" not in read and loc and isinstance(loc[-1], int):
        # Only our own spelling implies it.
        found.append(MISSING_VALUE.finding(loc=(*loc, "action"), allowed="required; CANCEL", fix="add it"))
    return read


# What is derived from a document stays with it, and the templates of several environments share theirs.
_document = lru_cache(maxsize=1024)(JobDocument)


def _meant(unknown: list[str], given: Mapping[Any, Any], ours: Mapping[str, str]) -> dict[str, Any]:
    """What is meant by misspelt keys: it is there, but isn't known."""
    names = {key: nearest(key, ours) for key in unknown[:_MANY]}
    return {ours[name]: Unresolved(given.get(key)) for key, name in names.items() if name}


def _unknown(
    unknown: list[str], given: Mapping[Any, Any], known: Mapping[str, str], loc: Location
) -> Iterator[Finding]:
    for key in unknown[:_MANY]:
        yield unknown_key(_TheirKey(key), known, loc, given=given)
    if len(unknown) > _MANY:
        more = f"{len(unknown) - _MANY} more unknown keys"
        yield WRONG_KIND.finding(loc=loc, given=more, allowed=", ".join(sorted(known)), fix="remove them")


def _read_tags(given: Any, spelling: Spelling, found: list[Finding]) -> Any:
    """Tags as a mapping; unresolved as a whole where one of them is."""
    if not isinstance(given, list):
        found.append(WRONG_KIND.finding(loc=("tags",), given=given, allowed="a list of tags", fix="write a list"))
        return {}
    key_name, value_name = _TAG
    read: dict[str, Any] = {}
    whole = True
    if TAGS.far_over(given):
        found.append(TAGS.finding(loc=("tags",), given=len(given), allowed=TAGS.allowed, fix=TAGS.fix))
        return {}
    for index, tag in enumerate(given):
        loc: Location = ("tags", index)
        if spelling.intrinsics and (
            is_intrinsic(tag) or (isinstance(tag, Mapping) and is_intrinsic(tag.get(key_name)))
        ):
            whole = False
            continue
        unknown = [str(key) for key in tag if key not in _TAG][:_MANY] if isinstance(tag, Mapping) else []
        found += [unknown_key(name, _TAG, loc, given=tag) for name in unknown]
        meant = {nearest(name, [one for one in _TAG if one not in tag]) for name in unknown}
        if key_name in meant:
            whole = False
        elif not isinstance(tag, Mapping) or not isinstance(tag.get(key_name), str):
            found.append(
                WRONG_KIND.finding(loc=loc, given=tag, allowed=f"{key_name} and {value_name}", fix="write both")
            )
        else:
            key, value = tag[key_name], tag.get(value_name)
            if key in read:
                found.append(
                    TAG_KEY_TWICE.finding(
                        loc=loc, given=key, allowed="each tag key once", fix="remove one", related=(("tags", key),)
                    )
                )
            else:
                read[key] = Unresolved(value) if value_name in meant or spelling.resolves(value) else value
    if whole:
        return read
    found += [finding.under(("tags",)) for finding in tag_problems(read)]
    return Unresolved(given)


def _tag_location(loc: Location, given: Any, spelling: Spelling) -> Location:
    """A tag's place in the list, where the model names it by its key."""
    name = spelling.names["tags"]
    tags = given.get(name) if isinstance(given, Mapping) else None
    words: tuple[str | int, ...] = (str(name),)
    if len(loc) == 1 or not isinstance(tags, list):
        return words
    if isinstance(loc[1], int):
        return (*words, *loc[1:])
    key_name, _ = _TAG
    for index, tag in enumerate(tags):
        if isinstance(tag, Mapping) and tag.get(key_name) == loc[1]:
            return (*words, index)
    return words
