"""Properties in the spellings of CloudFormation and of the API, to and from specs."""

from iot_jobs.cloudformation.conditions import Case, Declarations
from iot_jobs.cloudformation.intrinsics import Resolved, Scope, expanded, shown_unknown
from iot_jobs.cloudformation.names import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Names, Spelling
from iot_jobs.cloudformation.properties import TAG_KEY_TWICE, properties, translate, values, without_nulls

__all__ = [
    "API_JOB",
    "API_TEMPLATE",
    "JOB",
    "TAG_KEY_TWICE",
    "TEMPLATE",
    "Case",
    "Declarations",
    "Names",
    "Resolved",
    "Scope",
    "Spelling",
    "expanded",
    "properties",
    "shown_unknown",
    "translate",
    "values",
    "without_nulls",
]
