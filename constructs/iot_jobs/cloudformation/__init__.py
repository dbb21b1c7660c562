"""Properties in the spellings of CloudFormation and of the API, to and from specs."""

from iot_jobs.cloudformation.names import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Names, Spelling
from iot_jobs.cloudformation.properties import TAG_KEY_TWICE, properties, translate, values, without_nulls

__all__ = [
    "API_JOB",
    "API_TEMPLATE",
    "JOB",
    "TAG_KEY_TWICE",
    "TEMPLATE",
    "Names",
    "Spelling",
    "properties",
    "translate",
    "values",
    "without_nulls",
]
