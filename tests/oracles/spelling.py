"""CloudFormation's properties as requests of the API, by a table of its own: nothing of the library's."""

from typing import Any

from tests.oracles import api, registry

Names = dict[str, "tuple[str, Names]"]
"""CloudFormation's name of each property, with the API's and the names inside it."""


def _same(*names: str) -> Names:
    return {name: (name[0].lower() + name[1:], {}) for name in names}


_RATE: Names = _same("BaseRatePerMinute", "IncrementFactor") | {
    "RateIncreaseCriteria": ("rateIncreaseCriteria", _same("NumberOfNotifiedThings", "NumberOfSucceededThings")),
}
_ABORT = _same("FailureType", "Action", "ThresholdPercentage", "MinNumberOfExecutedThings")
_WINDOWS: Names = {"MaintenanceWindows": ("maintenanceWindows", _same("StartTime", "DurationInMinutes"))}


def _both(exponential_rate: str, retry_criteria: str) -> Names:
    return _same("Description", "Document", "DocumentSource", "DestinationPackageVersions") | {
        "JobExecutionsRolloutConfig": (
            "jobExecutionsRolloutConfig",
            _same("MaximumPerMinute") | {exponential_rate: ("exponentialRate", _RATE)},
        ),
        "AbortConfig": ("abortConfig", {"CriteriaList": ("criteriaList", _ABORT)}),
        "JobExecutionsRetryConfig": (
            "jobExecutionsRetryConfig",
            {retry_criteria: ("criteriaList", _same("FailureType", "NumberOfRetries"))},
        ),
        "TimeoutConfig": ("timeoutConfig", _same("InProgressTimeoutInMinutes")),
        "PresignedUrlConfig": ("presignedUrlConfig", _same("RoleArn", "ExpiresInSec")),
        "Tags": ("tags", {"Key": ("Key", {}), "Value": ("Value", {})}),
    }


NAMES: dict[str, Names] = {
    registry.TEMPLATE: _both("ExponentialRolloutRate", "RetryCriteriaList")
    | _same("JobTemplateId", "JobArn")
    | _WINDOWS,
    registry.JOB: _both("ExponentialRate", "CriteriaList")
    | _same("JobId", "Targets", "JobTemplateArn", "TargetSelection", "DocumentParameters")
    | {"SchedulingConfig": ("schedulingConfig", _same("StartTime", "EndTime", "EndBehavior") | _WINDOWS)},
}
OPERATIONS = {registry.TEMPLATE: api.TEMPLATE, registry.JOB: api.JOB}


def request(resource_type: str, properties: object) -> Any:
    """The same in the API's names. A name that CloudFormation doesn't know becomes one that the API doesn't know."""
    return _request(properties, NAMES[resource_type])


def _request(value: object, names: Names) -> Any:
    if isinstance(value, list):
        return [_request(item, names) for item in value]
    if not isinstance(value, dict) or not names:
        return value
    spelt = {}
    for name, item in value.items():
        theirs, inner = names.get(name, (f"unknown {name}", {}))
        spelt[theirs] = _request(item, inner)
    return spelt
