"""Our limits against the two models that AWS publishes; what those say today is pinned, so that a change shows.

A failure in `test_what_aws_says` means that a new botocore or cfn-lint carries new numbers: read what changed, mend the
table, and look whether `iot_jobs.limits` has to follow.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from iot_jobs import cloudformation, limits
from iot_jobs.limits import Choice, Count, Limit, Printable, Range, Text
from iot_jobs.sources import Source
from iot_jobs.sources.subject import from_properties
from tests.oracles import api, registry, spelling, values

# A type with ! where it is required, a range, a pattern, words. The columns are CreateJobTemplate and CreateJob in the
# API model, AWS::IoT::JobTemplate and AWS::IoT::Job in the registry. = is what stands to the left, =! and =? the same
# but required or optional, - nothing of that name. Members are named as in the API.
AWS = r"""
jobTemplateId | string! 1..64 /[a-zA-Z0-9_-]+/ | - | = | -
jobArn | string | - | = | -
documentSource | string 1..1350 | = | = | =
document | string ..32768 | = | string 0..32768 | =
description | string! ..2028 /[^\p{C}]+/ | =? | string! 0..2028 /[^\p{C}]+/ | string 1..2028 /^[^\p{C}]+$/
presignedUrlConfig | structure | = | = | =
presignedUrlConfig.roleArn | string 20..2048 | = | string! 20..2048 AWS::IAM::Role.Arn | =?
presignedUrlConfig.expiresInSec | long 60..3600 | = | integer 60..3600 | =
jobExecutionsRolloutConfig | structure | = | = | =
jobExecutionsRolloutConfig.maximumPerMinute | integer 1.. | = | = | =
jobExecutionsRolloutConfig.exponentialRate | structure | = | = | =
jobExecutionsRolloutConfig.exponentialRate.baseRatePerMinute | integer! 1..1000 | = | integer! 1.. | integer! 1..1000
jobExecutionsRolloutConfig.exponentialRate.incrementFactor | double! 1.1..5 | = | double! 1..5 | double! 1.1..5
jobExecutionsRolloutConfig.exponentialRate.rateIncreaseCriteria | structure! | = | = | =
jobExecutionsRolloutConfig.exponentialRate.rateIncreaseCriteria.numberOfNotifiedThings | integer 1.. | = | = | =
jobExecutionsRolloutConfig.exponentialRate.rateIncreaseCriteria.numberOfSucceededThings | integer 1.. | = | = | =
abortConfig | structure | = | = | =
abortConfig.criteriaList | list! 1.. | = | = | =
abortConfig.criteriaList[] | structure | = | = | =
abortConfig.criteriaList[].failureType | string! FAILED REJECTED TIMED_OUT ALL | = | = | =
abortConfig.criteriaList[].action | string! CANCEL | = | = | =
abortConfig.criteriaList[].thresholdPercentage | double! ..100 | = | = | =
abortConfig.criteriaList[].minNumberOfExecutedThings | integer! 1.. | = | = | =
timeoutConfig | structure | = | = | =
timeoutConfig.inProgressTimeoutInMinutes | long | = | integer! 1..10080 | integer
tags | list | = | list ..50 uniqueItems | list uniqueItems
tags[] | structure | = | = | =
tags[].Key | string! 1..128 /^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$/ | = | = | =
tags[].Value | string 0..256 | = | string! 1..256 | string! 0..256
jobExecutionsRetryConfig | structure | = | = | =
jobExecutionsRetryConfig.criteriaList | list! 1..2 | = | =? | =!
jobExecutionsRetryConfig.criteriaList[] | structure | = | = | =
jobExecutionsRetryConfig.criteriaList[].failureType | string! FAILED TIMED_OUT ALL | = | =? | =!
jobExecutionsRetryConfig.criteriaList[].numberOfRetries | integer! 0..10 | = | =? | =!
maintenanceWindows | list | - | = | -
maintenanceWindows[] | structure | - | = | -
maintenanceWindows[].startTime | string! 1..256 | - | =? | -
maintenanceWindows[].durationInMinutes | integer! 1..1430 | - | =? | -
destinationPackageVersions | list | = | = | =
destinationPackageVersions[] | string 1..1600 /^arn:[!-~]+$/ | = | = | =
jobId | - | string! 1..64 /[a-zA-Z0-9_-]+/ | - | string! 1..64 /^[a-zA-Z0-9_-]+$/
targets | - | list! 1.. | - | =
targets[] | - | string ..2048 | - | string 0..2048
targetSelection | - | string CONTINUOUS SNAPSHOT | - | =
namespaceId | - | string /[a-zA-Z0-9_-]+/ | - | -
jobTemplateArn | - | string 1..1600 /^arn:[!-~]+$/ | - | =
documentParameters | - | map | - | structure
documentParameters{key} | - | string 1..128 /[a-zA-Z0-9_-]+/ | - | string /^[a-zA-Z0-9_-]+$/
documentParameters{value} | - | string 1..30720 /[^\p{C}]+/ | - | string 1..30720
schedulingConfig | - | structure | - | =
schedulingConfig.startTime | - | string 1..64 | - | =
schedulingConfig.endTime | - | string 1..64 | - | =
schedulingConfig.endBehavior | - | string STOP_ROLLOUT CANCEL FORCE_CANCEL | - | =
schedulingConfig.maintenanceWindows | - | list | - | =
schedulingConfig.maintenanceWindows[] | - | structure | - | =
schedulingConfig.maintenanceWindows[].startTime | - | string! 1..256 | - | =
schedulingConfig.maintenanceWindows[].durationInMinutes | - | integer! 1..1430 | - | =
"""
COLUMNS = (api.TEMPLATE, api.JOB, registry.TEMPLATE, registry.JOB)

Fields = dict[str, str]


def pinned() -> dict[str, Fields]:
    """The table, each cell written out."""
    columns: dict[str, Fields] = {column: {} for column in COLUMNS}
    for line in AWS.strip().splitlines():
        path, *cells = line.split(" | ")
        said = ""
        for column, cell in zip(COLUMNS, cells, strict=True):
            if cell == "-":
                continue
            if cell in ("=?", "=!"):
                kind, _, rest = said.partition(" ")
                said = f"{kind.rstrip('!')}{cell[1].rstrip('?')} {rest}".rstrip()
            elif cell != "=":
                said = cell
            columns[column][path] = said
    return columns


def text(kind: str, required: bool, minimum: object, maximum: object, *rest: str) -> str:
    """A cell of the table."""
    given = ["" if bound is None else str(bound) for bound in (minimum, maximum)]
    bounds = [f"{given[0]}..{given[1]}"] if any(given) else []
    return " ".join([kind + "!" * required, *bounds, *rest])


# Reading the models ---------------------------------------------------------------------------------------------------


def api_fields(shape: Any, path: str = "", *, required: bool = False) -> Iterator[tuple[str, str]]:
    """Everything in a shape, with what the API model says of it."""
    said = shape.metadata
    rest = [*said.get("enum", ()), *([f"/{said['pattern']}/"] if "pattern" in said else [])]
    if path:
        yield path, text(shape.type_name, required, said.get("min"), said.get("max"), *rest)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from api_fields(member, f"{path}.{name}".lstrip("."), required=name in shape.required_members)
    elif shape.type_name == "list":
        yield from api_fields(shape.member, f"{path}[]")
    elif shape.type_name == "map":
        yield from api_fields(shape.key, f"{path}{{key}}")
        yield from api_fields(shape.value, f"{path}{{value}}")


KINDS = {"object": "structure", "array": "list", "number": "double"}
BOUNDS = ({"minimum", "minLength", "minItems"}, {"maximum", "maxLength", "maxItems"})
SAID_ELSEWHERE = {
    "type",
    "properties",
    "patternProperties",
    "items",
    "required",
    "additionalProperties",
    "enum",
    "pattern",
    "$ref",
}
NO_RULES = {"description", "insertionOrder"}


def registry_fields(
    part: Mapping[str, Any], definitions: Mapping[str, Any], names: spelling.Names, path: str, *, required: bool = False
) -> Iterator[tuple[str, str]]:
    """Everything in a schema, with what it says; keywords that nobody foresaw are written out."""
    part = definitions[part["$ref"].rpartition("/")[2]] | part if "$ref" in part else part
    bounds = [next((part[word] for word in part if word in words), None) for words in BOUNDS]
    rest = [*part.get("enum", ()), *([f"/{part['pattern']}/"] if "pattern" in part else [])]
    unforeseen = part.keys() - SAID_ELSEWHERE - NO_RULES - BOUNDS[0] - BOUNDS[1]
    rest += [word if part[word] is True else str(part[word]) for word in sorted(unforeseen)]
    yield path, text(KINDS.get(part["type"], part["type"]), required, bounds[0], bounds[1], *rest)
    for name, member in part.get("properties", {}).items():
        theirs, inner = names.get(name, (name, {}))
        required = name in part.get("required", ())
        yield from registry_fields(member, definitions, inner, f"{path}.{theirs}", required=required)
    for pattern, member in part.get("patternProperties", {}).items():
        yield f"{path}{{key}}", f"string /{pattern}/"
        yield from registry_fields(member, definitions, {}, f"{path}{{value}}")
    if "items" in part:
        yield from registry_fields(part["items"], definitions, names, f"{path}[]")


def today(column: str) -> Fields:
    """What a column's model says today."""
    if column in (api.TEMPLATE, api.JOB):
        return dict(api_fields(api.input_shape(column)))
    schema = registry.schema(column)
    names = spelling.NAMES[column]
    read_only = {pointer.rpartition("/")[2] for pointer in schema["readOnlyProperties"]}
    fields: Fields = {}
    for name, member in schema["properties"].items():
        if name not in read_only:
            theirs, inner = names.get(name, (name, {}))
            required = name in schema["required"]
            fields |= dict(registry_fields(member, schema["definitions"], inner, theirs, required=required))
    return fields


@pytest.mark.parametrize("column", COLUMNS)
def test_what_aws_says(column: str) -> None:
    """Each field, type, bound, pattern and word of AWS's models is as it was when the limits were written."""
    assert today(column) == pinned()[column]


# Ours -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ours:
    """One of our limits, the fields that it is for, and in what it is stricter than all that AWS's models say."""

    name: str
    fields: tuple[str, ...]
    stricter: Mapping[str, str] = field(default_factory=dict)


_RATE = "jobExecutionsRolloutConfig.exponentialRate"
_PLAIN = "the same characters, written in another order or unanchored"
LIMITS = (
    Ours("TEMPLATE_NAME", ("jobTemplateId",), {"pattern": _PLAIN}),
    Ours("DESCRIPTION", ("description",)),
    Ours("JOB_ARN", ("jobArn",), {
        "minimum": "an empty text is no ARN", "maximum": "as for other ARNs", "pattern": "it names a job, in full",
    }),
    Ours("DOCUMENT_SOURCE", ("documentSource",), {"pattern": "it is an S3 object's URL, says the guide"}),
    Ours("MAX_DOCUMENT_BYTES", ("document",)),
    Ours("PACKAGE_VERSIONS", ("destinationPackageVersions",), {"maximum": "25, says the API's prose"}),
    Ours("PACKAGE_VERSION", ("destinationPackageVersions[]",), {"pattern": "it names a package version"}),
    Ours("TAGS", ("tags",)),
    Ours("TAG_KEY", ("tags[].Key",), {"pattern": "aws: is AWS's own"}),
    Ours("TAG_VALUE", ("tags[].Value",)),
    Ours("MAXIMUM_PER_MINUTE", ("jobExecutionsRolloutConfig.maximumPerMinute",), {
        "maximum": "1000 is the quota, and what the service was measured to answer",
    }),
    Ours("BASE_RATE_PER_MINUTE", (f"{_RATE}.baseRatePerMinute",)),
    Ours("INCREMENT_FACTOR", (f"{_RATE}.incrementFactor",), {"1 digit": "says the API's prose"}),
    Ours("NUMBER_OF_THINGS", tuple(
        f"{_RATE}.rateIncreaseCriteria.numberOf{which}Things" for which in ("Notified", "Succeeded")
    )),
    Ours("ABORT_CRITERIA", ("abortConfig.criteriaList",)),
    Ours("ABORT_FAILURE_TYPE", ("abortConfig.criteriaList[].failureType",)),
    Ours("ABORT_ACTION", ("abortConfig.criteriaList[].action",)),
    Ours("THRESHOLD_PERCENTAGE", ("abortConfig.criteriaList[].thresholdPercentage",), {
        "minimum": "above 0, as the service was measured to answer", "2 digits": "as it was measured to answer",
    }),
    Ours("MIN_NUMBER_OF_EXECUTED_THINGS", ("abortConfig.criteriaList[].minNumberOfExecutedThings",)),
    Ours("RETRY_CRITERIA", ("jobExecutionsRetryConfig.criteriaList",)),
    Ours("RETRY_FAILURE_TYPE", ("jobExecutionsRetryConfig.criteriaList[].failureType",)),
    Ours("NUMBER_OF_RETRIES", ("jobExecutionsRetryConfig.criteriaList[].numberOfRetries",)),
    Ours("IN_PROGRESS_TIMEOUT_IN_MINUTES", ("timeoutConfig.inProgressTimeoutInMinutes",)),
    Ours("ROLE_ARN", ("presignedUrlConfig.roleArn",), {"pattern": "the registry's format, and no blanks in a name"}),
    Ours("EXPIRES_IN_SEC", ("presignedUrlConfig.expiresInSec",)),
    Ours("WINDOWS", ("maintenanceWindows", "schedulingConfig.maintenanceWindows"), {
        "maximum": "assumed: comparing each with each takes time, and nobody has so many",
    }),
    Ours("WINDOW_START_TIME", ("maintenanceWindows[].startTime", "schedulingConfig.maintenanceWindows[].startTime")),
    Ours("DURATION_IN_MINUTES", (
        "maintenanceWindows[].durationInMinutes", "schedulingConfig.maintenanceWindows[].durationInMinutes",
    )),
    Ours("JOB_ID", ("jobId",), {"pattern": _PLAIN}),
    Ours("TARGETS", ("targets",), {"maximum": "100, says the guide"}),
    Ours("TARGET", ("targets[]",), {
        "minimum": "an empty text is no ARN", "pattern": "it names a thing or a thing group, says the prose",
    }),
    Ours("TARGET_SELECTION", ("targetSelection",)),
    Ours("JOB_TEMPLATE_ARN", ("jobTemplateArn",), {"pattern": "it names a job template, says the prose"}),
    Ours("PARAMETER_KEY", ("documentParameters{key}",)),
    Ours("PARAMETER_VALUE", ("documentParameters{value}",)),
    Ours("SCHEDULE_TIME", ("schedulingConfig.startTime", "schedulingConfig.endTime"), {
        "minimum": "YYYY-MM-DDThh:mm, as the service was measured to answer",
        "maximum": "YYYY-MM-DDThh:mm", "pattern": "YYYY-MM-DDThh:mm",
    }),
    Ours("END_BEHAVIOR", ("schedulingConfig.endBehavior",)),
)  # fmt: skip
IN_NO_MODEL = {
    "MAX_PLACEHOLDERS": "what a document holds is in the guide alone",
    "MAX_DOCUMENT_DEPTH": "1000, as measured",
    "MAX_READ_DEPTH": "of our reader",
    "DEFAULT_EXPIRES_IN_SEC": "a default, which the models don't say",
    "DEFAULT_MAXIMUM_PER_MINUTE": "a default, which the models don't say",
    "PARAMETER_NAME": "of SSM, whose model says only that a name has up to 2048 characters",
    "ENVIRONMENT_NAME": "of our environment files",
    "ACCOUNT": "of our environment files",
    "REGION": "of our environment files",
    "THINGS": "of our environment files",
    "MAX_DURATION_HOURS": "of our environment files",
    "MAX_TEMPLATES_IN_REGION": "a quota of accounts, which the models don't say",
    "MAX_RESOURCES_IN_STACK": "a quota of CloudFormation",
    "MAX_OUTPUTS_IN_STACK": "a quota of CloudFormation",
    "MAX_LOGICAL_ID": "a quota of CloudFormation",
    "MAX_TEMPLATE_BYTES": "a quota of CloudFormation",
    "MAX_HARMED": "of our environment files",
    "STATED_QUOTA": "of our environment files",
    "RATE": "of our forecast",
    "DURATION": "of our forecast",
}
NOT_OURS = {"namespaceId": "set by AWS's own services, in no template and not in the registry"}


ONLY_OF_TEMPLATES = {
    "tags[].Value": ("JT118", {"Tags": [{"Key": "a", "Value": ""}]}),
    "presignedUrlConfig.roleArn": ("JT504", {"PresignedUrlConfig": {"ExpiresInSec": 300}}),
}
"""What the registry schema of job templates alone asks of a field: our code for it, and an example."""


@dataclass(frozen=True)
class Bounds:
    """What all columns together leave of a field."""

    kind: str
    minimum: float
    maximum: float
    patterns: frozenset[str]
    words: frozenset[str]


INTEGERS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
CELL = re.compile(r"(?P<kind>\w+)!?(?: (?P<low>[\d.]*?)\.\.(?P<high>[\d.]*))?(?: /(?P<pattern>.*)/)?(?: (?P<rest>.*))?")


def strictest(path: str) -> Bounds:
    """The strictest of what the columns say of a field, without what is asked of templates alone."""
    columns = [fields for column, fields in pinned().items() if path in fields]
    if path in ONLY_OF_TEMPLATES:
        columns.remove(pinned()[registry.TEMPLATE])
    cells = [CELL.fullmatch(fields[path]) for fields in columns]
    said = [cell for cell in cells if cell]
    assert said
    assert len(said) == len(cells)
    kind = said[0]["kind"]
    low, high = INTEGERS.get(kind, (float("-inf") if kind == "double" else 0, float("inf")))
    return Bounds(
        kind,
        max([low, *(float(cell["low"]) for cell in said if cell["low"])]),
        min([high, *(float(cell["high"]) for cell in said if cell["high"])]),
        frozenset(cell["pattern"].strip("^$") for cell in said if cell["pattern"]),
        frozenset.intersection(*(frozenset((cell["rest"] or "").split()) for cell in said)),
    )


def our_bounds(limit: Limit | int) -> tuple[float, float]:
    """The smallest and the greatest value or size that we take."""
    if isinstance(limit, int):
        return 0, limit
    assert isinstance(limit, Range | Text | Count)
    # What is above 0 is the next number that a float can say.
    minimum = 5e-324 if isinstance(limit, Range) and limit.above else limit.minimum
    return minimum, float("inf") if limit.maximum is None else limit.maximum


def differences(limit: Limit | int, theirs: Bounds) -> Iterator[str]:
    """In what a limit of ours is stricter than AWS's models; it is never looser."""
    if isinstance(limit, Choice):
        assert set(limit.values) == theirs.words
        return
    low, high = our_bounds(limit)
    assert low >= theirs.minimum, "a smaller value than AWS takes"
    assert high <= theirs.maximum, "a greater value than AWS takes"
    if low > theirs.minimum:
        yield "minimum"
    if high < theirs.maximum:
        yield "maximum"
    if isinstance(limit, Range) and theirs.kind == "double":
        yield f"{limit.digits} digit{'s' * (limit.digits > 1)}"
    ours = limit.pattern if isinstance(limit, Text) else None
    if isinstance(limit, Printable) and ours is None:
        ours = r"[^\p{C}]+"
    if ours is None:
        assert not theirs.patterns, "a pattern that AWS has and we have not"
    elif theirs.patterns != {ours}:
        yield "pattern"


@pytest.mark.parametrize(
    ("ours", "path"),
    [(ours, path) for ours in LIMITS for path in ours.fields],
    ids=lambda value: getattr(value, "name", value),
)
def test_our_limit(ours: Ours, path: str) -> None:
    """Each limit of ours is the strictest that AWS's models say, and stricter only where the table says why."""
    assert set(differences(getattr(limits, ours.name), strictest(path))) == set(ours.stricter)


@pytest.mark.parametrize(("code", "example"), ONLY_OF_TEMPLATES.values(), ids=ONLY_OF_TEMPLATES)
def test_what_only_templates_are_asked(code: str, example: dict[str, Any]) -> None:
    """What the registry asks of a template alone is asked neither of a job nor of a request, nor do we ask it."""
    template = {"JobTemplateId": "a", "Description": "d", "Document": "{}"} | example
    job = {"JobId": "a", "Targets": [values.THING], "Document": "{}"} | example
    for resource_type, resource, as_spelt, as_requested, expected in (
        (registry.TEMPLATE, template, cloudformation.TEMPLATE, cloudformation.API_TEMPLATE, {code}),
        (registry.JOB, job, cloudformation.JOB, cloudformation.API_JOB, set()),
    ):
        request = spelling.request(resource_type, resource)
        assert (registry.accepts(resource_type, resource), codes(resource, as_spelt)) == (not expected, expected)
        assert (api.accepts(spelling.OPERATIONS[resource_type], request), codes(request, as_requested)) == (True, set())


def codes(given: dict[str, Any], as_spelt: cloudformation.Spelling) -> set[str]:
    """The codes of the errors in properties."""
    source = Source("a.json", "", given, lambda loc: (1, 1))
    return {finding.code for finding in from_properties(source, (), given, as_spelt).findings}


def test_characters_of_tag_keys() -> None:
    """A key holds exactly the characters of the published class [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]."""
    ours = {character for character in map(chr, range(sys.maxunicode + 1)) if limits.TAG_KEY.accepts(character)}
    theirs = {chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] in "LZN"}
    assert ours == theirs | set("_.:/=+-@")


def test_no_limit_is_forgotten() -> None:
    """Every limit and number of ours is in the table, or there is a reason why none of AWS's models has it."""
    numbers = {name for name, value in vars(limits).items() if isinstance(value, Limit) or type(value) is int}
    numbers = {name for name in numbers if not name.startswith("_")}
    assert numbers == {ours.name for ours in LIMITS} | IN_NO_MODEL.keys()


def test_no_field_is_forgotten() -> None:
    """Every field of AWS's models that holds more than other fields has a limit of ours, or a reason to have none."""
    theirs = {
        path
        for fields in pinned().values()
        for path, said in fields.items()
        if said.rstrip("!") not in ("structure", "map")
    }
    assert theirs == {path for ours in LIMITS for path in ours.fields} | NOT_OURS.keys()
