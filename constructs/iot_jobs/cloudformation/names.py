"""The names of properties: ours in snake_case, CloudFormation's, and those of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.part import MAPPING_OF
from iot_jobs.unresolved import is_dynamic, is_intrinsic, is_looked_up


class Names(dict[str, "str | tuple[str, Names]"]):
    """A mapping from our field names to AWS's; for a field with parts, to AWS's name and the names of the parts."""

    @cached_property
    def ours(self) -> dict[str, str]:
        """The inverse: from AWS's field names to ours."""
        return {theirs[0] if isinstance(theirs, tuple) else theirs: field for field, theirs in self.items()}

    @cached_property
    def words(self) -> dict[str, str]:
        """A mapping from our names to AWS's, at all depths."""
        return dict(_flat(self))

    @cached_property
    def spelt(self) -> Callable[[str], str]:
        """A function that replaces our names in a sentence with AWS's.

        A name of one word is also English, and replaced only in a list of names.
        """

        def spelt(text: str) -> str:
            pattern = _NAME if text.startswith(MAPPING_OF) else _LONG_NAME
            return re.sub(pattern, lambda match: self.words.get(match[0], match[0]), text)

        return lru_cache(maxsize=256)(spelt)  # findings of one rule repeat their texts

    def parts(self, field: str) -> Names:
        """Return the names of a field's parts; none if the keys inside are the user's own, such as a document's."""
        theirs = self[field]
        return theirs[1] if isinstance(theirs, tuple) else NO_NAMES


NO_NAMES = Names()
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
    """Return the names that a template and a job have in common; two blocks are named differently."""
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
    """Return the API's spelling: the same names with a lower-case first letter."""
    spelt = Names()
    for ours, theirs in names.items():
        name, parts = theirs if isinstance(theirs, tuple) else (theirs, None)
        name = name[0].lower() + name[1:]
        spelt[ours] = name if parts is None else (name, _camel(parts))
    return spelt


class Spelling(NamedTuple):
    """A resource's spelling in one part of AWS: its names, and whether values may be intrinsic functions.

    `answers` are names that occur in the API's responses only, never in a request; `marks` are those of them that every
    response has: an ARN and a time. `others` are names of requests that aren't checked: CloudFormation has no such
    property.
    """

    model: type[JobTemplateSpec | JobSpec]
    names: Names
    intrinsics: bool = True
    answers: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """AWS's names for the properties."""
        return frozenset(self.names.ours)

    def is_answer(self, given: Mapping[str, Any]) -> bool:
        """Return whether these members come from a response: it has an ARN and a time."""
        return bool(self.marks) and self.marks <= given.keys()

    def resolves(self, value: object) -> bool:
        """Return whether CloudFormation will replace this value at deployment, or the CDK in the next synthesis."""
        return self.intrinsics and (is_intrinsic(value) or is_dynamic(value) or is_looked_up(value))


def _flat(names: Names) -> Iterator[tuple[str, str]]:
    for ours, theirs in names.items():
        if isinstance(theirs, tuple):
            yield ours, theirs[0]
            yield from _flat(theirs[1])
        else:
            yield ours, theirs


# Here and elsewhere, patterns that few files need are kept as text: re compiles them on first use.
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
    marks=frozenset({"jobTemplateArn", "createdAt"}),
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
            "isConcurrent",
            "scheduledJobRollouts",
        ]  # reads better than a column of names
    ),
    marks=frozenset({"jobArn", "createdAt"}),
    others=frozenset({"namespaceId"}),
)
"""`CreateJob`, `DescribeJob` and the AWS CLI."""
