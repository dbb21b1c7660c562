"""Where the library refuses what an oracle accepts: by code, with the reason, its source, and examples.

A row's examples are refused by the library with the row's code, any other being in the table too, and accepted by
exactly the row's oracles. A source that begins with "measured: " is what AWS was recorded to answer, and what its local
stand-in answers to the examples, be it in another operation.
"""

from dataclasses import dataclass
from typing import Any

from tests.oracles import registry, values
from tests.oracles.registry import Resource

REGISTRY, API, MINISTACK, STACK = "registry", "api", "ministack", "stack"
"""The oracles: the registry schema, the API model, the local AWS's API and, for templates, its CloudFormation."""

_API = "https://docs.aws.amazon.com/iot/latest/apireference/API_"
_GUIDE = "https://docs.aws.amazon.com/iot/latest/developerguide/"
_CLOUDFORMATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-"
_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/iot_device_management.html"
_PACKAGES = _GUIDE + "preparing-jobs-for-service-package-catalog.html"

SCHEMAS = f"{REGISTRY} {API}"
STAND_IN = f"{MINISTACK} {STACK}"
ALL = f"{SCHEMAS} {STAND_IN}"
ALL_FOR_JOBS = f"{SCHEMAS} {MINISTACK}"


@dataclass(frozen=True)
class Stricter:
    """One reason for being stricter than some oracles."""

    code: str
    oracles: frozenset[str]
    reason: str
    source: str
    examples: tuple[Resource, ...]


def _row(code: str, accepted_by: str, reason: str, source: str, *examples: Resource) -> Stricter:
    return Stricter(code, frozenset(accepted_by.split()), reason, source, examples)


def template(**changes: Any) -> Resource:
    """A job template with these properties; ... leaves one out."""
    return registry.TEMPLATE, _merged({"JobTemplateId": "t", "Description": "d", "Document": "{}"}, changes)


def job(**changes: Any) -> Resource:
    """A job with these properties; ... leaves one out."""
    return registry.JOB, _merged({"JobId": "j", "Targets": [values.THING], "Document": "{}"}, changes)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (base | changes).items() if value is not ...}


def _rollout(maximum: Any = 100, **changes: Any) -> Resource:
    criteria = {"NumberOfNotifiedThings": 10}
    rate = {"BaseRatePerMinute": 10, "IncrementFactor": 2, "RateIncreaseCriteria": criteria} | changes
    both = _merged({"MaximumPerMinute": maximum, "ExponentialRolloutRate": rate}, {})
    return template(JobExecutionsRolloutConfig=both)


def _abort(*criteria: dict[str, Any], **changes: Any) -> Resource:
    """A template with these criteria, or with one; what they don't say is as usual."""
    usual = {"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 10, "MinNumberOfExecutedThings": 1}
    return template(AbortConfig={"CriteriaList": [usual | criterion for criterion in criteria or (changes,)]})


def _retry(*criteria: tuple[str, Any]) -> Resource:
    both = [{"FailureType": kind, "NumberOfRetries": number} for kind, number in criteria]
    return template(JobExecutionsRetryConfig={"RetryCriteriaList": both})


def _windows(*windows: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"StartTime": start, "DurationInMinutes": minutes} for start, minutes in windows]


def _holding(*texts: str, **changes: Any) -> Resource:
    """A template whose document holds these texts, with a role for presigned URLs."""
    return template(Document=values.holding(*texts), PresignedUrlConfig={"RoleArn": values.ROLE}, **changes)


def _tags(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs]


_MONDAY = "cron(0 2 ? * MON *)"
_PUMPS = [f"{values.THING}{number}" for number in range(101)]
_VERSIONS = [f"{values.PACKAGE}{number}" for number in range(26)]
_FIFTY_ONE = _tags(*((f"k{number}", "v") for number in range(51)))
_UPLOAD = "${aws:iot:s3-presigned-url-upload:https://documents.s3.us-east-1.amazonaws.com/"

# fmt: off
SCHEMAS_ALONE = [
    _row("JT101", "registry", "the service matches the whole id; the schema's pattern is not anchored",
         "measured: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+", template(JobTemplateId="a.b")),
    _row("JT101", "registry ministack stack", "the same for a line break at the end, which the stand-in overlooks too",
         _API + "CreateJobTemplate.html", template(JobTemplateId="a\n")),
    _row("JT105", SCHEMAS, "a document, a source or something to copy from is needed; no schema says so",
         "measured: Neither job document nor job document source is specified.", template(Document=...)),
    _row("JT105", SCHEMAS, "the same for a job",
         "measured: document is required if you do not specify a value for documentSource", job(Document=...)),
    _row("JT105", SCHEMAS, "a document and a source exclude each other, also beside a job ARN",
         "measured: Job document and job document source cannot be specified at the same time.",
         template(DocumentSource=values.URL), template(DocumentSource=values.URL, JobArn=values.JOB_ARN),
         job(DocumentSource=values.URL)),
    _row("JT104", SCHEMAS, "a document source is an S3 object; both schemas take any text",
         "measured: Job document source https://example.com/job.json is invalid.",
         template(Document=..., DocumentSource="https://example.com/job.json")),
    _row("JT110", SCHEMAS, "AWS keeps the prefix aws: for itself; the patterns allow it",
         'measured: Tags cannot begin with "aws:", offending tag: aws:a', template(Tags=_tags(("aws:a", "b")))),
    _row("JT111", "api", "a tag without a value is refused, although the API model has it optional",
         "measured: Invalid tag parameter exception. Please check the input.", template(Tags=[{"Key": "a"}])),
    _row("JT112", "api", "a resource has at most 50 tags; the API model doesn't say so",
         "measured: Too many tags provided in the request. Please check the input.", template(Tags=_FIFTY_ONE)),
    _row("JT112", SCHEMAS, "the same for a job, whose registry schema doesn't say so either",
         "measured: Too many tags provided in the request. Please check the input.", job(Tags=_FIFTY_ONE)),
    _row("JT301", SCHEMAS, "a threshold is above 0; neither schema has a minimum",
         "measured: for AbortCriteria must have value greater than 0", _abort(ThresholdPercentage=0),
         _abort(ThresholdPercentage=-5)),
    _row("JT301", SCHEMAS, "a threshold has two decimal digits; schemas take any number of them",
         "measured: Abort thresholdPercentage must have two or less decimal digits",
         _abort(ThresholdPercentage=0.005)),
    _row("JT305", SCHEMAS, "no two criteria have the same failure type; schemas take any list",
         "measured: Multiple AbortCriteria cannot have the same failure type",
         _abort({}, {})),
    _row("JT410", "api", "a timeout is 1 to 10080 minutes; the API model has no bounds",
         "measured: Provide valid timeout value, inProgressTimeoutInMinutes cannot be 0.",
         template(TimeoutConfig={"InProgressTimeoutInMinutes": 0})),
    _row("JT410", SCHEMAS, "the same for a job, whose registry schema has no bounds either",
         "measured: Provide valid timeout value, inProgressTimeoutInMinutes cannot be 10081.",
         job(TimeoutConfig={"InProgressTimeoutInMinutes": 10081})),
    _row("JT503", SCHEMAS, "what is to be signed needs a role; schemas don't read the document",
         "measured: Role must be provided for pre-sign S3 urls in job document of job t.",
         template(Document=values.holding(values.PRESIGNED))),
    _row("JT503", SCHEMAS, "the same for the v2 form",
         "measured: presignedUrlConfig role ARN is required to generate an S3 presigned url in job document.",
         template(Document=values.holding(values.PRESIGNED_V2))),
    _row("JT510", SCHEMAS, "a placeholder is closed; schemas don't read the document", "measured: Given S3 url",
         _holding("${aws:iot:s3-presigned-url:")),
    _row("JT513", SCHEMAS, "what is signed is an S3 object's URL",
         "measured: Given S3 url https://example.com/a is invalid.",
         _holding("${aws:iot:s3-presigned-url:https://example.com/a}")),
    _row("JT513", SCHEMAS, "the URL names a key", "measured: Error: Key cannot be null",
         _holding("${aws:iot:s3-presigned-url:https://documents.s3.amazonaws.com/}")),
    _row("JT701", SCHEMAS, "a document is JSON; schemas take any text",
         "measured: Job document located at request input is an invalid JSON document.", template(Document="hello"),
         template(Document='{"a":NaN}'), template(Document="\ufeff{}")),
    _row("JT701", SCHEMAS, "an empty document is no document",
         "measured: Neither job document nor job document source is specified.", template(Document="")),
    _row("JT704", SCHEMAS, "a document has at most 1000 levels; schemas don't read it",
         "measured: Job document located at request input is an invalid JSON document.",
         template(Document=values.deep(1001))),
    _row("JT803", SCHEMAS, "a target is an ARN; schemas take any text", "measured: Invalid target arn: pump",
         job(Targets=["pump"])),
    _row("JT806", SCHEMAS, "a template's ARN is one of a template; the patterns take any ARN",
         "measured: Resource type should be jobtemplate but found invalid resource type",
         job(Document=..., JobTemplateArn="arn:aws:s3:::a")),
    _row("JT810", SCHEMAS, "times are to the minute, without a zone; schemas take any text",
         "measured: must follow the format YYYY-MM-DDThh:mm.",
         job(SchedulingConfig={"StartTime": "2030-01-01T00:00:00Z"})),
]
"""The service refuses it, and so does its local stand-in."""

UNCHECKED = [
    _row("JT103", ALL, "a job is named by its full ARN; the stand-in would say that there is no such job",
         _API + "CreateJobTemplate.html", template(Document=..., JobArn="basis")),
    _row("JT104", ALL, "the guide names https URLs only; the stand-in also reads http addresses",
         _GUIDE + "create-manage-jobs.html",
         template(Document=..., DocumentSource="http://documents.s3.amazonaws.com/job.json")),
    _row("JT106", ALL, "a destination is a package version; the patterns take any ARN", _PACKAGES,
         template(DestinationPackageVersions=[values.THING])),
    _row("JT107", ALL, "at most 25 package versions, says the API's prose; no schema does",
         _API + "CreateJobTemplate.html", template(DestinationPackageVersions=_VERSIONS)),
    _row("JT108", ALL, "assumed: the list is a set, as a device holds one version of a package",
         _API + "CreateJobTemplate.html", template(DestinationPackageVersions=_VERSIONS[:1] * 2)),
    _row("JT113", ALL, "a key stands once; the schema only refuses the same key with the same value",
         _GUIDE + "tagging-iot.html", template(Tags=_tags(("a", "b"), ("a", "c")))),
    _row("JT203", ALL, "a factor has one digit after the decimal point, says the API's prose; no schema does",
         _API + "ExponentialRolloutRate.html", _rollout(IncrementFactor=1.15)),
    _row("JT404", ALL, "the guide allows 10 retries for all failure types together",
         _GUIDE + "jobs-configurations-details.html", _retry(("FAILED", 6), ("TIMED_OUT", 5))),
    _row("JT405", ALL,
         'UpdateJob was measured to answer "A retryCriteria with failure type ALL must be used by itself."',
         _API + "RetryCriteria.html", _retry(("ALL", 1), ("FAILED", 1))),
    _row("JT406", ALL, "assumed: two numbers for one failure type contradict each other",
         _API + "JobExecutionsRetryConfig.html", _retry(("FAILED", 1), ("FAILED", 1))),
    _row("JT501", ALL, "a role's name has no blanks; the schema's format takes anything after the slash",
         "https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html",
         template(PresignedUrlConfig={"RoleArn": f"{values.ROLE} b"})),
    _row("JT503", ALL, "uploads are signed too", _GUIDE + "create-manage-jobs.html",
         template(Document=values.holding(_UPLOAD + "a}"))),
    _row("JT511", ALL, "the guide allows 10 placeholders in a document", _GUIDE + "job-templates-create.html",
         _holding(*[values.PRESIGNED] * 11)),
    _row("JT512", ALL, "parameters are for templates that AWS manages", _GUIDE + "job-templates-managed.html",
         _holding("${aws:iot:parameter:version}")),
    _row("JT513", ALL, "in the v2 form ?versionId= is percent-encoded, or the signature doesn't fit",
         _GUIDE + "create-manage-jobs.html",
         _holding(f"${{aws:iot:s3-presigned-url-v2:{values.PATH_URL}?versionId=1}}")),
    _row("JT514", ALL, "a package placeholder has one of the guide's forms", _PACKAGES,
         _holding("${aws:iot:package:firmware:version:1.0}", DestinationPackageVersions=_VERSIONS[:1])),
    _row("JT515", ALL, "a placeholder's package is one of the destinations", _PACKAGES,
         _holding(values.PACKAGE_PLACEHOLDER), _holding("${aws:iot:package::version::attributes:url}")),
    _row("JT516", ALL, "the service refuses a second layer of placeholders",
         _GUIDE + "software-package-catalog-troubleshooting.html",
         _holding(f"${{aws:iot:s3-presigned-url:https://documents.s3.amazonaws.com/{values.PRESIGNED}}}")),
    _row("JT517", ALL, "a local placeholder stands at most twice in a key", _GUIDE + "create-manage-jobs.html",
         _holding(_UPLOAD + "${jobId}" * 3 + "}")),
    _row("JT603", ALL, "a window starts at an AWS cron expression; schemas take any text",
         _GUIDE + "jobs-configurations-details.html", template(MaintenanceWindows=_windows(("garbage", 1)))),
    _row("JT604", ALL, "assumed: windows don't overlap", _GUIDE + "jobs-configurations-details.html",
         template(MaintenanceWindows=_windows((_MONDAY, 60), ("cron(30 2 ? * MON *)", 60))),
         template(MaintenanceWindows=_windows(("cron(0 * ? * MON *)", 61)))),
    _row("JT605", ALL, "assumed: nobody has so many windows; AWS publishes no limit, and each costs time to compare",
         _API + "MaintenanceWindow.html",
         template(MaintenanceWindows=_windows(*((f"cron(0 0 1 1 ? {year})", 1) for year in range(2030, 2131))))),
    _row("JT606", ALL, "assumed: a cron expression is one of those that the guide shows",
         _GUIDE + "jobs-configurations-details.html",
         template(MaintenanceWindows=_windows(("cron(0 2 ? * mon *)", 1)))),
    _row("JT701", ALL, "half a surrogate pair that is not escaped has no UTF-8, in which a device receives the document",
         "https://www.rfc-editor.org/rfc/rfc8259#section-8.1", template(Document='{"a":"\ud800"}')),
    _row("JT702", ALL_FOR_JOBS, "the quota counts bytes, schemas count characters", _QUOTAS,
         template(Document=values.sized(32768, "é"))),
    _row("JT802", ALL_FOR_JOBS, "the guide allows 100 targets; no schema has a maximum", _GUIDE + "job-limits.html",
         job(Targets=_PUMPS)),
    _row("JT803", ALL_FOR_JOBS, "a target is a thing or a thing group; the stand-in would say that there is none",
         _API + "CreateJob.html", job(Targets=["arn:aws:s3:::a"])),
    _row("JT804", ALL_FOR_JOBS, "assumed: the list of targets is a set", _API + "CreateJob.html",
         job(Targets=[values.THING] * 2)),
    _row("JT805", ALL_FOR_JOBS, "parameters are for templates that AWS manages",
         _GUIDE + "job-templates-managed.html", job(DocumentParameters={"minutes": "5"})),
    _row("JT810", ALL_FOR_JOBS, "a time is on a day that exists", _API + "SchedulingConfig.html",
         job(SchedulingConfig={"StartTime": "2030-02-30T00:00"})),
    _row("JT811", ALL_FOR_JOBS, "a job ends 30 minutes to 2 years after it starts, says the API's prose",
         _API + "SchedulingConfig.html",
         job(SchedulingConfig={"StartTime": "2030-01-01T00:00", "EndTime": "2030-01-01T00:29"})),
    _row("JT813", ALL_FOR_JOBS, "an end behavior goes with an end", _API + "SchedulingConfig.html",
         job(SchedulingConfig={"EndBehavior": "CANCEL"})),
    _row("JT814", ALL_FOR_JOBS,
         "windows need a continuous job with a start; the stand-in looks only at jobs from a template",
         _GUIDE + "jobs-configurations-details.html",
         job(TargetSelection="SNAPSHOT",
             SchedulingConfig={"StartTime": "2030-01-01T00:00", "MaintenanceWindows": _windows((_MONDAY, 60))}),
         job(TargetSelection="CONTINUOUS", SchedulingConfig={"MaintenanceWindows": _windows((_MONDAY, 60))})),
]
"""No oracle knows it: AWS's prose, another standard, or an assumption that is named."""

ROLLOUT = [
    _row("JT201", ALL, "a rate is at most 1000; neither schema has a maximum",
         "measured: Member must have value less than or equal to 1000",
         template(JobExecutionsRolloutConfig={"MaximumPerMinute": 1001})),
    _row("JT202", "registry ministack stack",
         "a base rate is at most 1000; the template's registry schema has no maximum",
         "measured: Member must have value less than or equal to 1000", _rollout(1000, BaseRatePerMinute=1001)),
    _row("JT203", "registry stack", "a factor is at least 1.1; the template's registry schema says 1",
         _API + "ExponentialRolloutRate.html", _rollout(IncrementFactor=1), _rollout(IncrementFactor=1.05)),
    _row("JT205", ALL, "a rollout says a rate; schemas take an empty one",
         "measured: Provide MaximumPerMinute value or provide ExponentialRate and MaximumPerMinute",
         template(JobExecutionsRolloutConfig={})),
    _row("JT205", ALL, "an exponential rate has a maximum; schemas have it optional",
         "measured: Provide MaximumPerMinute value when ExponentialRate is defined", _rollout(...)),
    _row("JT206", ALL, "a rollout doesn't begin faster than it may become",
         "measured: Exponential rollout baseRatePerMinute should be less than maximumPerMinute.",
         _rollout(BaseRatePerMinute=101)),
    _row("JT207", ALL, "a rate rises by a criterion; schemas take none",
         "measured: Provide either NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria",
         _rollout(RateIncreaseCriteria={})),
    _row("JT207", ALL, "a rate rises by one criterion; schemas take both",
         "measured: Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria",
         _rollout(RateIncreaseCriteria={"NumberOfNotifiedThings": 1, "NumberOfSucceededThings": 1})),
]
"""The service refuses it; its local stand-in only where a job is updated."""

ONE_SCHEMA = [
    _row("JT004", "registry stack", "the API requires it; the registry schema has it optional",
         _API + "CreateJobTemplate.html", template(MaintenanceWindows=[{}]),
         template(MaintenanceWindows=[{"StartTime": _MONDAY}]), template(JobExecutionsRetryConfig={}),
         template(JobExecutionsRetryConfig={"RetryCriteriaList": [{"FailureType": "FAILED"}]})),
    _row("JT004", "api ministack stack", "CloudFormation requires it; the API has it optional",
         _CLOUDFORMATION + "resource-iot-jobtemplate.html", template(TimeoutConfig={})),
    _row("JT504", "api ministack stack", "CloudFormation requires a role in the block; the API has it optional",
         _CLOUDFORMATION + "resource-iot-jobtemplate.html", template(PresignedUrlConfig={})),
    _row("JT004", ALL_FOR_JOBS, "a job's timeout says a time, although both schemas have it optional",
         "measured: Provide valid timeout value, inProgressTimeoutInMinutes cannot be null.", job(TimeoutConfig={})),
    _row("JT102", "registry ministack stack",
         "the service matches the whole description; the template's pattern is not anchored",
         "measured: Member must satisfy regular expression pattern: [^\\p{C}]+", template(Description="a\nb")),
    _row("JT102", "ministack", "the same for a job, whose pattern is anchored",
         "measured: Member must satisfy regular expression pattern: [^\\p{C}]+", job(Description="a\nb")),
    _row("JT118", "api ministack stack",
         "CloudFormation wants a tag's value to have a character; the API takes an empty one",
         _CLOUDFORMATION + "properties-iot-jobtemplate-tag.html", template(Tags=_tags(("a", "")))),
    _row("JT501", "api ministack stack", "the role is a role; the API model takes any text of 20 characters",
         "measured: Given role arn:aws:iam::123456789012:user/somebody is invalid.",
         template(PresignedUrlConfig={"RoleArn": "arn:aws:iam::123456789012:user/somebody"})),
    _row("JT807", "registry ministack",
         "the API's key has at most 128 characters; the registry schema has no maximum", _API + "CreateJob.html",
         job(Document=..., JobTemplateArn=values.MANAGED, DocumentParameters={"a" * 129: "b"})),
    _row("JT808", "registry ministack", "the API's value has no control characters; the registry schema takes any",
         _API + "CreateJob.html", job(Document=..., JobTemplateArn=values.MANAGED, DocumentParameters={"a": "b\nc"})),
    _row("JT005", "api stack", "a template holds no null, which the API reads as absent",
         "measured by cfn-lint's E0000: Null values are not allowed", template(TimeoutConfig=None),
         template(Tags=None)),
    *(_row(code, accepted_by, "JSON Schema calls 1.0 an integer; the API's clients refuse it",
           "https://json-schema.org/draft-07/json-schema-validation#rfc.section.6.1.1", example)
      for code, accepted_by, example in (
          ("JT201", "registry stack", template(JobExecutionsRolloutConfig={"MaximumPerMinute": 5.0})),
          ("JT202", "registry stack", _rollout(BaseRatePerMinute=1.0)),
          ("JT204", "registry stack", _rollout(RateIncreaseCriteria={"NumberOfNotifiedThings": 1.0})),
          ("JT302", "registry stack", _abort(MinNumberOfExecutedThings=1.0)),
          ("JT401", "registry stack", _retry(("FAILED", 1.0))),
          ("JT410", "registry", template(TimeoutConfig={"InProgressTimeoutInMinutes": 1.0})),
          ("JT502", "registry stack", template(PresignedUrlConfig={"RoleArn": values.ROLE, "ExpiresInSec": 60.0})),
          ("JT602", "registry stack", template(MaintenanceWindows=_windows((_MONDAY, 1.0)))),
      )),
    *(_row(code, "registry ministack stack", "the API's integers have 32 bits; the registry schema has no maximum",
           "https://smithy.io/2.0/spec/simple-types.html#integer", example)
      for code, example in (
          ("JT204", _rollout(RateIncreaseCriteria={"NumberOfNotifiedThings": 2**31})),
          ("JT302", _abort(MinNumberOfExecutedThings=2**31)),
      )),
]
"""The API model refuses it and the registry schema doesn't, or the other way round."""

STAND_IN_ALONE = [
    _row(code, accepted_by, "the registry schema and the API model refuse it; the stand-in leaves that to them",
         f"{_API}{page}.html", *examples)
    for code, accepted_by, page, *examples in (
        ("JT003", "stack", "CreateJobTemplate", template(Unknown=1),
         template(Arn="arn:aws:iot:us-east-1:123456789012:jobtemplate/t"),
         template(TimeoutConfig={"InProgressTimeoutInMinutes": 1, "Unknown": 1}),
         template(Tags=[{"Key": "a", "Value": "b", "Unknown": 1}])),
        ("JT005", "stack", "CreateJobTemplate", template(TimeoutConfig=[]), template(Document={})),
        ("JT102", STAND_IN, "CreateJobTemplate", template(Description=""), template(Description="x" * 2029)),
        ("JT106", STAND_IN, "CreateJobTemplate", template(DestinationPackageVersions=["x"])),
        ("JT201", "stack", "JobExecutionsRolloutConfig", template(JobExecutionsRolloutConfig={"MaximumPerMinute": 0})),
        ("JT202", "stack", "ExponentialRolloutRate", _rollout(BaseRatePerMinute=0)),
        ("JT203", STAND_IN, "ExponentialRolloutRate", _rollout(IncrementFactor=5.1)),
        ("JT204", "stack", "RateIncreaseCriteria", _rollout(RateIncreaseCriteria={"NumberOfNotifiedThings": 0})),
        ("JT003", "stack", "CreateJobTemplate", template(Document=..., jobArn=values.JOB_ARN)),
        ("JT301", STAND_IN, "AbortCriteria", _abort(ThresholdPercentage=True)),
        ("JT303", STAND_IN, "AbortCriteria", _abort(FailureType="")),
        ("JT306", STAND_IN, "AbortCriteria", _abort(Action="")),
        ("JT401", STAND_IN, "RetryCriteria", _retry(("FAILED", 11))),
        ("JT402", STAND_IN, "RetryCriteria", _retry(("REJECTED", 1))),
        ("JT403", "stack", "JobExecutionsRetryConfig", _retry()),
        ("JT403", STAND_IN, "JobExecutionsRetryConfig", _retry(("ALL", 1), ("FAILED", 1), ("TIMED_OUT", 1))),
        ("JT502", "stack", "PresignedUrlConfig",
         template(PresignedUrlConfig={"RoleArn": values.ROLE, "ExpiresInSec": 59})),
        ("JT502", STAND_IN, "PresignedUrlConfig",
         template(PresignedUrlConfig={"RoleArn": values.ROLE, "ExpiresInSec": 3601})),
        ("JT601", "stack", "MaintenanceWindow", template(MaintenanceWindows=_windows(("", 1)))),
        ("JT601", STAND_IN, "MaintenanceWindow", template(MaintenanceWindows=_windows((_MONDAY.ljust(257), 1)))),
        ("JT602", "stack", "MaintenanceWindow", template(MaintenanceWindows=_windows((_MONDAY, 0)))),
        ("JT602", STAND_IN, "MaintenanceWindow", template(MaintenanceWindows=_windows((_MONDAY, 1431)))),
        ("JT801", "ministack", "CreateJob", job(JobId="a\n")),
        ("JT806", "ministack", "CreateJob", job(Document=..., JobTemplateArn=values.MANAGED + "\n")),
        ("JT809", "ministack", "CreateJob",
         job(Document=..., JobTemplateArn=values.MANAGED, TargetSelection="ALL")),
        ("JT807", "ministack", "CreateJob",
         job(Document=..., JobTemplateArn=values.MANAGED, DocumentParameters={"a.b": "c"})),
        ("JT812", "ministack", "SchedulingConfig",
         job(SchedulingConfig={"EndTime": "2030-01-01T00:00", "EndBehavior": "STOP"})),
    )
]
"""Both schemas refuse it."""

TABLE = (*SCHEMAS_ALONE, *UNCHECKED, *ROLLOUT, *ONE_SCHEMA, *STAND_IN_ALONE)
EDGES = (
    template(JobTemplateId="a" * 64, Description="x" * 2028),
    template(Document=values.sized(32768)),
    template(Document=values.deep(100)),
    template(Document=..., DocumentSource=values.URL),
    template(Document=..., JobArn=values.JOB_ARN),
    template(DestinationPackageVersions=_VERSIONS[:25]),
    template(Tags=_FIFTY_ONE[:50]),
    template(Tags=_tags(("k" * 128, "v" * 256), ("a b", "é"))),
    template(JobExecutionsRolloutConfig={"MaximumPerMinute": 1}),
    template(JobExecutionsRolloutConfig={"MaximumPerMinute": 1000}),
    _rollout(1000, BaseRatePerMinute=1000, IncrementFactor=1.1),
    _rollout(1, BaseRatePerMinute=1, IncrementFactor=5, RateIncreaseCriteria={"NumberOfSucceededThings": 2**31 - 1}),
    _abort(ThresholdPercentage=0.01, MinNumberOfExecutedThings=2**31 - 1),
    _abort(ThresholdPercentage=100, MinNumberOfExecutedThings=1),
    _abort(*({"FailureType": kind} for kind in ("FAILED", "REJECTED", "TIMED_OUT", "ALL"))),
    _retry(("FAILED", 5), ("TIMED_OUT", 5)),
    _retry(("ALL", 10)),
    _retry(("FAILED", 0)),
    template(TimeoutConfig={"InProgressTimeoutInMinutes": 1}),
    template(TimeoutConfig={"InProgressTimeoutInMinutes": 10080}),
    template(PresignedUrlConfig={"RoleArn": values.ROLE, "ExpiresInSec": 60}),
    template(PresignedUrlConfig={"RoleArn": values.ROLE.ljust(2048, "x"), "ExpiresInSec": 3600}),
    _holding(*[values.PRESIGNED] * 10),
    _holding(_UPLOAD + "${jobId}" * 2 + "}"),
    _holding(values.PACKAGE_PLACEHOLDER, DestinationPackageVersions=[f"{values.PACKAGE}1.0"]),
    template(MaintenanceWindows=_windows((_MONDAY, 60), ("cron(0 3 ? * MON *)", 1430))),
    template(MaintenanceWindows=_windows(("cron(0 * ? * MON *)", 60))),
    template(MaintenanceWindows=_windows(*((f"cron(0 0 1 1 ? {year})", 1) for year in range(2030, 2130)))),
    job(Targets=_PUMPS[:100]),
    job(Document=..., JobTemplateArn=values.MANAGED, DocumentParameters={"a" * 128: "x" * 30720}),
    job(SchedulingConfig={"StartTime": "2030-01-01T00:00", "EndTime": "2030-01-01T00:30", "EndBehavior": "CANCEL"}),
    job(SchedulingConfig={"StartTime": "2030-01-01T00:00", "EndTime": "2032-01-01T00:00"}),
    job(TargetSelection="CONTINUOUS",
        SchedulingConfig={"StartTime": "2030-01-01T00:00", "MaintenanceWindows": _windows((_MONDAY, 60))}),
)
# fmt: on
"""Just inside what the rows refuse: accepted by the library and by every oracle."""
