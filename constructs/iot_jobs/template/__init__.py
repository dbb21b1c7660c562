"""Typed, frozen models of a job template and of a job.

Names follow AWS's, in snake_case. Each field has its limit from `iot_jobs.limits`; rules between fields are in the part
that has the fields. A value that is known only at deployment is `Unresolved`, an absent one None.
"""

from iot_jobs.template.job import JobSpec, SchedulingConfig
from iot_jobs.template.job_template import JobTemplateSpec
from iot_jobs.template.parts import (
    AbortConfig,
    AbortCriterion,
    ExponentialRate,
    MaintenanceWindow,
    PresignedUrlConfig,
    RateIncreaseCriteria,
    RetryConfig,
    RetryCriterion,
    RolloutConfig,
    Tags,
    TimeoutConfig,
)

__all__ = [
    "AbortConfig",
    "AbortCriterion",
    "ExponentialRate",
    "JobSpec",
    "JobTemplateSpec",
    "MaintenanceWindow",
    "PresignedUrlConfig",
    "RateIncreaseCriteria",
    "RetryConfig",
    "RetryCriterion",
    "RolloutConfig",
    "SchedulingConfig",
    "Tags",
    "TimeoutConfig",
]
