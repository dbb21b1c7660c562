"""AWS IoT job templates as code: typed, checked before deployment, and reviewed by their effect on the fleet.

This package is pure Python and never starts Node; the CDK construct is in `iot_jobs.cdk`. Names are loaded when they
are first used, so that a command loads no more than it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iot_jobs.documents.job_document import JobDocument
    from iot_jobs.environment import Environment, Expectations, Fleet
    from iot_jobs.finding import Finding, FindingsError
    from iot_jobs.template import (
        AbortConfig,
        AbortCriterion,
        ExponentialRate,
        JobSpec,
        JobTemplateSpec,
        MaintenanceWindow,
        PresignedUrlConfig,
        RateIncreaseCriteria,
        RetryConfig,
        RetryCriterion,
        RolloutConfig,
        SchedulingConfig,
        TimeoutConfig,
    )

__all__ = [
    "AbortConfig",
    "AbortCriterion",
    "Environment",
    "Expectations",
    "ExponentialRate",
    "Finding",
    "FindingsError",
    "Fleet",
    "JobDocument",
    "JobSpec",
    "JobTemplateSpec",
    "MaintenanceWindow",
    "PresignedUrlConfig",
    "Quotas",
    "RateIncreaseCriteria",
    "RetryConfig",
    "RetryCriterion",
    "RolloutConfig",
    "SchedulingConfig",
    "TimeoutConfig",
]

_HOMES = {
    "Environment": "environment",
    "Finding": "finding",
    "FindingsError": "finding",
    "Expectations": "environment",
    "Fleet": "environment",
    "JobDocument": "documents.job_document",
    "Quotas": "environment",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'template')}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
