"""Typed, frozen models of a job template and of a job.

Names are AWS's in snake_case. Each field keeps its limit of `iot_jobs.limits`; the rules between fields stand with the
part they concern. A field may hold `Unresolved` where only CloudFormation will know the value. Absent is None.
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
