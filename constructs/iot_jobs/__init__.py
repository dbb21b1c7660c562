"""AWS IoT job templates as code: typed, checked before they are deployed, and read in fleet terms.

This package is pure Python and never starts Node; the CDK construct is in `iot_jobs.cdk`.
"""

from iot_jobs.document import JobDocument
from iot_jobs.environment import Environment, Fleet
from iot_jobs.finding import Finding, FindingsError
from iot_jobs.spec import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    JobTemplateSpec,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    TimeoutConfig,
)

__all__ = [
    "AbortConfig",
    "AbortCriterion",
    "Environment",
    "ExponentialRate",
    "Finding",
    "FindingsError",
    "Fleet",
    "JobDocument",
    "JobTemplateSpec",
    "MaintenanceWindow",
    "PresignedUrlConfig",
    "RateIncreaseCriteria",
    "RetryConfig",
    "RetryCriterion",
    "RolloutConfig",
    "TimeoutConfig",
]
