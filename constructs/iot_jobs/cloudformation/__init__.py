"""Properties in the spellings of CloudFormation and of the API, to and from specs."""

from iot_jobs.cloudformation.conditions import Case, Declarations, when
from iot_jobs.cloudformation.intrinsics import Resolved, Scope, expanded, mentioned, shown_unknown
from iot_jobs.cloudformation.names import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Names, Spelling
from iot_jobs.cloudformation.properties import TAG_KEY_TWICE, properties, translate, values, without_nulls
from iot_jobs.cloudformation.scalars import as_text
from iot_jobs.cloudformation.stack import UNKNOWN_STACK, AccountRegion, Stack

__all__ = [
    "API_JOB",
    "API_TEMPLATE",
    "JOB",
    "TAG_KEY_TWICE",
    "TEMPLATE",
    "UNKNOWN_STACK",
    "AccountRegion",
    "Case",
    "Declarations",
    "Names",
    "Resolved",
    "Scope",
    "Spelling",
    "Stack",
    "as_text",
    "expanded",
    "mentioned",
    "properties",
    "shown_unknown",
    "translate",
    "values",
    "when",
    "without_nulls",
]
