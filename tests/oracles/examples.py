"""Property objects in CloudFormation's spelling, valid and invalid, close to every limit.

A base is put together from parts that are valid alone, most of them at the edge of what is allowed; together they may
still clash. Then places of it are changed: a number moves over its edge, a text grows, loses its case or gets an odd
character, a member goes, comes, or turns into another kind. `neighbours` gives every single change of one object that
has everything, `properties` draws bases with any number of changes.
"""

import copy
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.oracles import registry

ACCOUNT = "123456789012"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/presign"
JOB_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}:job/basis"
BUCKET = "documents"
KEYS = ("job.json", "a/b%20c.json", "ü.json".encode().decode("latin-1"))
THING = f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/pump"
GROUP = f"arn:aws:iot:{REGION}:{ACCOUNT}:thinggroup/pumps"
MANAGED = f"arn:aws:iot:{REGION}::jobtemplate/AWS-Reboot:1.0"
TEMPLATE_ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}:jobtemplate/reboot"

_URL = f"https://{BUCKET}.s3.{REGION}.amazonaws.com/job.json"
_PATH_URL = f"https://s3.{REGION}.amazonaws.com/{BUCKET}/job.json"
_PACKAGE = f"arn:aws:iot:{REGION}:{ACCOUNT}:package/firmware/version/"

# One character of each general category of Unicode, and the marks that patterns and placeholders know.
ODD_CHARACTERS = (
    "Aaǅʰア\u0301\u0903\u20dd0\u2167²_-(\x29«»!+$^¦ \u2028\u2029\x00\n\t\x7f\u200b\u00ad\ufeff\ud800\udc00\ue000\uffff"
    "\u0378\u00a0é日😀\U000e0001\U0010ffff*./:@=%{}\"'\\<>&?#~;,|`"
)  # fmt: skip
_LENGTHS = (63, 64, 65, 127, 128, 129, 255, 256, 257, 1349, 1350, 1351, 1599, 1600, 1601, 2027, 2028, 2029, 2047, 2048,
            2049, 32767, 32768, 32769)  # fmt: skip
_WHOLE_NUMBERS = (-1, 0, 1, 2, 4, 5, 6, 9, 10, 11, 59, 60, 61, 100, 999, 1000, 1001, 1429, 1430, 1431, 1440, 3599, 3600,
                  3601, 10079, 10080, 10081, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**30)  # fmt: skip
_NUMBERS = (-5.0, -0.0, 0.0, 1e-7, 0.001, 0.005, 0.01, 0.1, 0.29, 0.5, 0.99, 1.0, 1.05, 1.09, 1.1, 1.11, 1.15, 1.2, 1.3,
            2.5, 4.35, 4.9, 4.99, 5.0, 5.01, 5.1, 9.999, 33.33, 99.99, 99.995, 99.999, 100.0, 100.001, 100.01, 1e2, 1e16,
            1e300)  # fmt: skip


def _sized(length: int, character: str = "x") -> str:
    """A document of that many characters."""
    return '{"a":"' + character * (length - 8) + '"}'


def _deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def _holding(*texts: str) -> str:
    return json.dumps({str(number): text for number, text in enumerate(texts)}, ensure_ascii=False)


_V1, _V2 = f"${{aws:iot:s3-presigned-url:{_URL}}}", f"${{aws:iot:s3-presigned-url-v2:{_PATH_URL}}}"
_PACKAGE_PLACEHOLDER = "${aws:iot:package:firmware:version:1.0:attributes:url}"

_DOCUMENTS = (
    "{}", '{"a":1}', '{ "a" : [1, 2.50, 1e3, null, "\\u00e9"] }', _sized(32767), _sized(32768), _sized(10922, "é"),
    _holding(_V1), _holding(_V2), _holding(_V1, _V2), _deep(60),
    _holding(f"${{aws:iot:s3-presigned-url-upload:https://{BUCKET}.s3.{REGION}.amazonaws.com/${{thingName}}}}"),
    _holding(_PACKAGE_PLACEHOLDER),
)  # fmt: skip
_ODD_DOCUMENTS = (
    "", " ", "hello", "1", "[]", "null", '"text"', "{}\ufeff", "\ufeff{}", "{} {}", '{"a":1,}', '{"a":NaN}', '{"a":-Infinity}',
    '{"a":1,"a":2}', "{'a':1}", '{"a":"\n"}', '{"a":"\ud800"}', '{"a":"\\ud800"}', '{"a":"\\udc00\\ud800"}', '{"a":01}',
    '{"a":"\x00"}', '{"a":"\\u0000"}', "\u00a0{}", "{}\n", "\x0b{}", _sized(32769), _sized(32768, "é"), _sized(16388, "é"),
    _deep(500), _deep(999), _deep(1000), _deep(1001), _deep(5000), "[" * 3000, '{"a":' + "9" * 5000 + "}",
    _holding("${aws:iot:s3-presigned-url:https://example.com/a}"), _holding("${aws:iot:s3-presigned-url:"),
    _holding("${aws:iot:s3-presigned-url:s3://documents/job.json}"), _holding("${aws:iot:s3-presigned-url:}"),
    _holding(f"${{aws:iot:s3-presigned-url-v2:{_PATH_URL}?versionId=1}}"), _holding(f"${{aws:iot:s3-presigned-url-v2:{_PATH_URL} b}}"),
    _holding(f"${{aws:iot:s3-presigned-url:https://{BUCKET}.s3.amazonaws.com/}}"),
    _holding(f"${{aws:iot:s3-presigned-url-v2:https://s3.amazonaws.com/{BUCKET}/}}"),
    _holding("${aws:iot:parameter:version}"), _holding("${aws:iot:unknown:x}"), _holding("${aws:other}"),
    _holding("${aws:iot:package:other:version:1.0:attributes:url}"), _holding("${aws:iot:package::version::attributes:url}"),
    _holding("${aws:iot:package:firmware:version:$null:attributes:url}"), _holding("a${aws:iot:package:firmware:version:1.0:attributes}"),
    _holding(*[_V1] * 10), _holding(*[_V1] * 11), _holding("${aws:iot:s3-presigned-url:${aws:iot:s3-presigned-url:x}}"),
    _holding(f"${{aws:iot:s3-presigned-url-upload:https://{BUCKET}.s3.{REGION}.amazonaws.com/{'${jobId}' * 3}}}"),
    json.dumps({_V1: 1}),
)  # fmt: skip
_SOURCES = (
    _URL, _PATH_URL, f"https://s3.amazonaws.com/{BUCKET}/job.json", f"https://{BUCKET}.s3.amazonaws.com/job.json",
    f"https://{BUCKET}.s3-{REGION}.amazonaws.com/a/b%20c.json",
)  # fmt: skip
_ODD_SOURCES = (
    f"s3://{BUCKET}/job.json", f"http://{BUCKET}.s3.amazonaws.com/job.json", "https://example.com/job.json", f"${{aws:iot:s3-presigned-url:{_URL}}}",
    f"https://{BUCKET}.s3.amazonaws.com/", f"https://{BUCKET}.s3.amazonaws.com", f"https://s3.amazonaws.com/{BUCKET}", f"https://s3.amazonaws.com/{BUCKET}/",
    f"https://s3.amazonaws.com/{BUCKET}/?versionId=1", f"https://{BUCKET}.s3.amazonaws.com/?versionId=1", f"https://{BUCKET}.s3.amazonaws.com/#a",
    "https://s3.notamazonaws.com/documents/job.json", "https://documents.s3.notamazonaws.com/job.json", "https://documents.s3-.amazonaws.com/job.json",
    f"https://{BUCKET}.s3.dualstack.{REGION}.amazonaws.com/job.json", f"https://{BUCKET}.s3.cn-north-1.amazonaws.com.cn/job.json",
    f"https://{BUCKET}.s3.amazonaws.com/a b", f"https://{BUCKET}.s3.amazonaws.com/é", f"https://{BUCKET}.s3.amazonaws.com:443/job.json",
    f"https://user@{BUCKET}.s3.amazonaws.com/job.json", f"HTTPS://{BUCKET}.s3.amazonaws.com/job.json", f"{_URL}?versionId=1",
)  # fmt: skip
_CRONS = (
    "cron(0 2 ? * MON *)", "cron(0 2 ? * WED *)", "cron(30 12 1 1 ? 2027)", "cron(0 0 ? * 3#2 *)", "cron(0 22 L * ? *)",
    "cron(*/30 * * * ? *)", "cron(* * * * ? *)",
)  # fmt: skip
_ODD_CRONS = (
    "cron(0 2 * * * *)", "cron(0 2 * * ?)", "cron(60 2 ? * MON *)", "rate(1 day)", "2027-01-01T02:00:00Z", "0 2 ? * MON *",
    "cron(0 2 30 2 ? *)", "cron(0 2 ? * mon *)", " cron(0 2 ? * MON *)", "CRON(0 2 ? * MON *)", "", "cron()", "garbage",
)  # fmt: skip
_ARNS = (
    ROLE, JOB_ARN, THING, GROUP, MANAGED, TEMPLATE_ARN, f"{_PACKAGE}1.0", f"{_PACKAGE}$default", f"{_PACKAGE}$null",
    f"arn:aws-us-gov:iam::{ACCOUNT}:role/path/to/role", f"arn:aws:iam::{ACCOUNT}:user/somebody", "arn:aws:iam::1:role/x",
    "arn:aws:s3:::a", "arn:", "short", f"{_PACKAGE}", f"arn:aws:iot:{REGION}:{ACCOUNT}:job/", f"arn:aws:iot:{REGION}:{ACCOUNT}:job/a.b",
    f"arn:aws:iam::{ACCOUNT}:role/", f"arn:aws:iam::{ACCOUNT}:role/a b", f"arn:AWS:iam::{ACCOUNT}:role/presign", f"arn:aws:iot::{ACCOUNT}:thing/pump",
)  # fmt: skip
_TIMES = (
    "2030-01-01T00:00", "2030-01-01T00:29", "2030-01-01T00:30", "2031-12-31T00:00", "2031-12-31T23:59", "2032-01-01T00:01",
)  # fmt: skip
_ODD_TIMES = ("2030-01-01T00:00:00", "2030-01-01T00:00Z", "2030-01-01", "2030-02-30T00:00", "2030-1-1T0:0", "now", "")


def _product(**values: Sequence[Any]) -> list[dict[str, Any]]:
    """Every mapping with one of the values under each name; a value of ... leaves the name out."""
    chosen = itertools.product(*values.values())
    return [{name: value for name, value in zip(values, row, strict=True) if value is not ...} for row in chosen]


_IDS = ("a", "Z9_-", "a" * 63, "a" * 64)
_DESCRIPTIONS = ("d", "Two words.", "x" * 2027, "x" * 2028, "é 日本 😀", "a\u00a0b", "a\u2028b", "e\u0301", "$&*")
_COUNTS = (1, 2, 1000, 2**31 - 1)
_CRITERIA = [{name: count} for name in ("NumberOfNotifiedThings", "NumberOfSucceededThings") for count in _COUNTS]
_RATES = _product(
    BaseRatePerMinute=[1, 2, 50, 999, 1000],
    IncrementFactor=[1.1, 1.2, 2, 2.0, 2.5, 4.9, 5, 5.0],
    RateIncreaseCriteria=_CRITERIA,
)
_ABORT_CRITERIA = _product(
    FailureType=["FAILED", "REJECTED", "TIMED_OUT", "ALL"],
    Action=["CANCEL"],
    ThresholdPercentage=[0.01, 0.1, 0.29, 1, 2.5, 4.35, 33.33, 99.99, 100, 100.0],
    MinNumberOfExecutedThings=_COUNTS,
)
_RETRIES = [
    [{"FailureType": kind, "NumberOfRetries": number} for kind, number in criteria]
    for criteria in (
        [("FAILED", 0)], [("TIMED_OUT", 10)], [("ALL", 1)], [("ALL", 10)], [("FAILED", 5), ("TIMED_OUT", 5)],
        [("TIMED_OUT", 10), ("FAILED", 0)], [("FAILED", 0), ("TIMED_OUT", 0)], [("FAILED", 6), ("TIMED_OUT", 5)],
        [("FAILED", 1), ("FAILED", 1)], [("ALL", 1), ("FAILED", 1)],
    )
]  # fmt: skip
_PRESIGNS = _product(
    RoleArn=[ROLE, f"arn:aws-cn:iam::{ACCOUNT}:role/p/a/t/h", ROLE.ljust(2048, "x")], ExpiresInSec=[..., 60, 61, 3600]
)
_WINDOWS = [[], *([window] for window in _product(StartTime=_CRONS, DurationInMinutes=[1, 30, 60, 1429, 1430]))]
_TWO_WINDOWS = [list(pair) for pair in itertools.pairwise(one[0] for one in _WINDOWS[1:])]
_PACKAGES = [
    [], [f"{_PACKAGE}1.0"], [f"{_PACKAGE}$default"], [f"{_PACKAGE}1.0", f"{_PACKAGE}2_-.0"],
    *[[f"{_PACKAGE}{number}" for number in range(count)] for count in (24, 25, 26)],
]  # fmt: skip
_TAG_TEXTS = ("a", "a b", "owner:team/x", "k" * 128, "é日", "_.:/=+-@", "AWS", "0", "²", "Ⅷ")
_TAGS = [
    [], *([tag] for tag in _product(Key=_TAG_TEXTS, Value=[*_TAG_TEXTS, "v" * 256])),
    *[[{"Key": f"k{number}", "Value": "v"} for number in range(count)] for count in (2, 49, 50, 51)],
]  # fmt: skip
_PARTS: dict[str, Sequence[Any]] = {
    "MaximumPerMinute": (1, 5, 50, 999, 1000, 1000, 1000),
    "TimeoutConfig": _product(InProgressTimeoutInMinutes=[1, 2, 60, 10079, 10080]),
    "PresignedUrlConfig": _PRESIGNS,
    "DestinationPackageVersions": _PACKAGES,
    "Tags": _TAGS,
}
_CONTENTS = [*({"Document": text} for text in _DOCUMENTS * 3), *({"DocumentSource": url} for url in _SOURCES)]
_SCHEDULES = _product(
    StartTime=[..., _TIMES[0], _TIMES[0]],
    EndTime=[..., *_TIMES[2:4]],
    EndBehavior=[..., "STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"],
    MaintenanceWindows=[..., [], _WINDOWS[1], _TWO_WINDOWS[5]],
)


@st.composite
def _bases(draw: st.DrawFn, *, job: bool) -> dict[str, Any]:
    """Properties put together from valid parts."""

    def pick(values: Sequence[Any]) -> Any:
        return copy.deepcopy(draw(st.sampled_from(values)))

    given: dict[str, Any] = {"JobId" if job else "JobTemplateId": pick(_IDS)}
    if job:
        given["Targets"] = pick([[THING], [GROUP], [THING, GROUP], [f"{THING}{number}" for number in range(100)]])
        content = [*_CONTENTS, {"JobTemplateArn": TEMPLATE_ARN}]
        content.append({"JobTemplateArn": MANAGED, "DocumentParameters": {"minutes": "5"}})
    else:
        content = [*_CONTENTS, {"JobArn": JOB_ARN}, {"Document": "{}", "JobArn": JOB_ARN}]
    given |= pick(content)
    wanted = draw(st.integers(0, 2**9 - 1))
    if not job or wanted & 1:
        given["Description"] = pick(_DESCRIPTIONS)
    if wanted & 2:
        given["JobExecutionsRolloutConfig"] = {"MaximumPerMinute": pick(_PARTS["MaximumPerMinute"])}
        if wanted & 1:
            given["JobExecutionsRolloutConfig"]["ExponentialRate" if job else "ExponentialRolloutRate"] = pick(_RATES)
    if wanted & 4:
        given["AbortConfig"] = {"CriteriaList": [pick(_ABORT_CRITERIA) for _ in range(1 + (wanted & 1))]}
    if wanted & 8:
        given["JobExecutionsRetryConfig"] = {"CriteriaList" if job else "RetryCriteriaList": pick(_RETRIES)}
    for bit, name in enumerate(("TimeoutConfig", "PresignedUrlConfig", "DestinationPackageVersions", "Tags"), start=4):
        if wanted & 1 << bit:
            given[name] = pick(_PARTS[name])
    if wanted & 1 << 8 and job:
        given["SchedulingConfig"] = pick(_SCHEDULES)
        given["TargetSelection"] = pick(["CONTINUOUS", "CONTINUOUS", "SNAPSHOT"])
    elif wanted & 1 << 8:
        given["MaintenanceWindows"] = pick([*_WINDOWS, *_TWO_WINDOWS])
    return given


@st.composite
def properties(draw: st.DrawFn, resource_type: str = registry.TEMPLATE, *, changes: int = 3) -> dict[str, Any]:
    """Properties of a resource: about two fifths as put together, the others with one to so many changes."""
    given = draw(_bases(job=resource_type == registry.JOB))
    for _ in range(draw(st.sampled_from([0, 0, *range(1, changes + 1)]))):
        places = list(_places(given))
        if places:
            holder, key = draw(st.sampled_from(places))
            _change(holder, key, draw(st.sampled_from(_changes(holder, key))))
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(["JobTemplateId", "JobId", "Description", "DocumentSource", "JobArn", "Document"]))
        given[name] = draw(st.text(st.sampled_from("a-Z_9" + ODD_CHARACTERS), max_size=8))
    return given


FULL_TEMPLATE = {
    "JobTemplateId": "reboot-1",
    "Description": "Reboots a pump.",
    "Document": _holding(_V1, _PACKAGE_PLACEHOLDER),
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 100,
        "ExponentialRolloutRate": {
            "BaseRatePerMinute": 10,
            "IncrementFactor": 2.5,
            "RateIncreaseCriteria": {"NumberOfNotifiedThings": 10},
        },
    },
    "AbortConfig": {
        "CriteriaList": [
            {"FailureType": kind, "Action": "CANCEL", "ThresholdPercentage": 12.5, "MinNumberOfExecutedThings": 5}
            for kind in ("FAILED", "TIMED_OUT")
        ]
    },
    "JobExecutionsRetryConfig": {
        "RetryCriteriaList": [{"FailureType": kind, "NumberOfRetries": 2} for kind in ("FAILED", "TIMED_OUT")]
    },
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 30},
    "PresignedUrlConfig": {"RoleArn": ROLE, "ExpiresInSec": 300},
    "MaintenanceWindows": [{"StartTime": cron, "DurationInMinutes": 60} for cron in _CRONS[:2]],
    "DestinationPackageVersions": [f"{_PACKAGE}1.0", f"{_PACKAGE}2.0"],
    "Tags": [{"Key": "owner", "Value": "pumps"}, {"Key": "stage", "Value": "dev"}],
}
"""A template with everything, in its usual values."""
FULL_JOB = {
    "JobId": "reboot-1",
    "Targets": [THING, GROUP],
    "Description": "Reboots a pump.",
    "JobTemplateArn": MANAGED,
    "DocumentParameters": {"minutes": "5"},
    "TargetSelection": "CONTINUOUS",
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 100,
        "ExponentialRate": FULL_TEMPLATE["JobExecutionsRolloutConfig"]["ExponentialRolloutRate"],  # type: ignore[index]
    },
    "JobExecutionsRetryConfig": {"CriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 2}]},
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 30},
    "SchedulingConfig": {
        "StartTime": _TIMES[0],
        "EndTime": _TIMES[3],
        "EndBehavior": "CANCEL",
        "MaintenanceWindows": [{"StartTime": _CRONS[0], "DurationInMinutes": 60}],
    },
    "Tags": [{"Key": "owner", "Value": "pumps"}],
}
"""A job with everything that a template hasn't."""
BASES = (
    (registry.TEMPLATE, FULL_TEMPLATE),
    (registry.TEMPLATE, {"JobTemplateId": "a", "Description": "d", "DocumentSource": _URL}),
    (registry.TEMPLATE, {"JobTemplateId": "a", "Description": "d", "JobArn": JOB_ARN}),
    (registry.JOB, FULL_JOB),
    (registry.JOB, {"JobId": "a", "Targets": [THING], "Document": "{}"}),
)


def neighbours() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every single change of the bases, each with its resource type."""
    for resource_type, base in BASES:
        for number, (holder, key) in enumerate(_places(base)):
            for change in _changes(holder, key):
                given = copy.deepcopy(base)
                _change(*_places(given)[number], change)
                yield resource_type, given


REMOVED = object()
"""In place of a value: the member goes."""


def _changes(holder: Any, key: Any) -> list[tuple[Any, Any]]:
    """What may become of one place: a key, which may be another, and its value."""
    value = holder[key]
    changes = [(key, other) for other in (REMOVED, *_other_kinds(value), *_others(key, value))]
    if isinstance(holder, dict):
        changes += [(other, value) for other in ("Unknown", key[:1].lower() + key[1:], key.upper())]
    return changes


def _change(holder: Any, key: Any, change: tuple[Any, Any]) -> None:
    other_key, value = change
    if other_key != key or value is REMOVED:
        del holder[key]
    if value is not REMOVED:
        holder[other_key] = copy.deepcopy(value)


def _other_kinds(value: object) -> list[Any]:
    return [None, True, 0, 1.5, "", "1", [], [[]], {}, {"Unknown": 1}, [value], {"Inner": value}]


def _others(key: object, value: Any) -> list[Any]:
    """Other values of the same kind."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [value - 1, value + 1, float(value), value + 0.5, str(value), *_WHOLE_NUMBERS, *_NUMBERS]
    if isinstance(value, list):
        return [value + value[:1], value[:1] * 3, value[:1] * 26, value[:1] * 51, [*value, None], [*value, {}]]
    if isinstance(value, dict):
        return [value | {"Unknown": 1}, value | {"Action": "ABORT"}]
    if key == "Document":
        return [*_DOCUMENTS, *_ODD_DOCUMENTS]
    own: dict[object, Sequence[Any]] = {
        "DocumentSource": _SOURCES + _ODD_SOURCES,
        "StartTime": _CRONS + _ODD_CRONS + _TIMES + _ODD_TIMES,
        "EndTime": _TIMES + _ODD_TIMES,
    }
    if value.startswith("arn:"):
        own = {key: _ARNS}
    words = ["ALL", "FAILED", "REJECTED", "TIMED_OUT", "CANCEL", "ABORT", "SNAPSHOT", "CONTINUOUS", "STOP_ROLLOUT"]
    shapes = [f"{value} ", f" {value}", f"{value}\n", value.lower(), value.upper(), f"aws:{value}", f"{value}{value}"]
    characters = [value + character for character in ODD_CHARACTERS]
    return [*own.get(key, words), *shapes, *characters, *(value.ljust(length, "x") for length in _LENGTHS)]


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every holder and key inside a value, of a long list only the first two."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value[:2]))
    return [place for key, item in items for place in ((value, key), *_places(item))]
