"""Property objects in CloudFormation's spelling, valid and invalid, close to every limit.

A base is put together from parts that are valid alone, most of them at the edge of what is allowed; together they may
still clash. Then places of it are changed: a number moves over its edge, a text grows, loses its case or gets an odd
character, a member goes, comes, or turns into another kind. `neighbours` gives every single change of one object that
has everything, `properties` draws bases with any number of changes.
"""

import copy
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.oracles import registry, values
from tests.oracles.registry import Resource

Place = list[Any]
"""The way to a value: keys and indexes."""


def _product(**parts: Sequence[Any]) -> list[dict[str, Any]]:
    """Every mapping with one of the parts under each name; a part of ... leaves the name out."""
    chosen = itertools.product(*parts.values())
    return [{name: part for name, part in zip(parts, row, strict=True) if part is not ...} for row in chosen]


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
    RoleArn=[values.ROLE, f"arn:aws-cn:iam::{values.ACCOUNT}:role/p/a/t/h", values.ROLE.ljust(2048, "x")],
    ExpiresInSec=[..., 60, 61, 3600],
)
_WINDOWS = [[], *([window] for window in _product(StartTime=values.CRONS, DurationInMinutes=[1, 30, 60, 1429, 1430]))]
_TWO_WINDOWS = [list(pair) for pair in itertools.pairwise(one[0] for one in _WINDOWS[1:])]
_PACKAGES = [
    [], [f"{values.PACKAGE}1.0"], [f"{values.PACKAGE}$default"], [f"{values.PACKAGE}1.0", f"{values.PACKAGE}2_-.0"],
    *[[f"{values.PACKAGE}{number}" for number in range(count)] for count in (24, 25, 26)],
]  # fmt: skip
_TAG_TEXTS = ("a", "a b", "owner:team/x", "k" * 128, "é日", "_.:/=+-@", "AWS", "0", "²", "Ⅷ")
_TAGS = [
    [], *([tag] for tag in _product(Key=_TAG_TEXTS, Value=[*_TAG_TEXTS, "v" * 256])),
    *[[{"Key": f"k{number}", "Value": "v"} for number in range(count)] for count in (2, 49, 50, 51)],
]  # fmt: skip
_TIMEOUTS = _product(InProgressTimeoutInMinutes=[1, 2, 60, 10079, 10080])
_ABORTS = [
    {"CriteriaList": [one] if alone else [one, other]}
    # The other one is half a list away, and so has another failure type.
    for one, other in zip(_ABORT_CRITERIA, _ABORT_CRITERIA[80:] + _ABORT_CRITERIA[:80], strict=True)
    for alone in (True, False)
]
_TARGETS = [[values.THING], [values.GROUP], [values.THING, values.GROUP], [f"{values.THING}{n}" for n in range(100)]]
_SCHEDULES = _product(
    StartTime=[..., values.TIMES[0], values.TIMES[0]],
    EndTime=[..., *values.TIMES[2:4]],
    EndBehavior=[..., "STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"],
    MaintenanceWindows=[..., [], _WINDOWS[1], _TWO_WINDOWS[5]],
)


def _optional(rate: str, retry: str) -> dict[str, Sequence[Any]]:
    return {
        "Description": _DESCRIPTIONS,
        "JobExecutionsRolloutConfig": [
            *_product(MaximumPerMinute=[1, 5, 50, 999, 1000] * 100),
            *_product(MaximumPerMinute=[1, 50, 1000, 1000, 1000], **{rate: _RATES}),
        ],
        "AbortConfig": _ABORTS,
        "JobExecutionsRetryConfig": [{retry: criteria} for criteria in _RETRIES],
        "TimeoutConfig": _TIMEOUTS,
        "PresignedUrlConfig": _PRESIGNS,
        "DestinationPackageVersions": _PACKAGES,
        "Tags": _TAGS,
    }


_CONTENTS: list[dict[str, Any]] = [
    *({"Document": text} for text in values.DOCUMENTS * 3),
    *({"DocumentSource": url} for url in values.SOURCES),
]
_REQUIRED: dict[str, dict[str, Sequence[Any]]] = {
    registry.TEMPLATE: {"JobTemplateId": _IDS, "Description": _DESCRIPTIONS},
    registry.JOB: {"JobId": _IDS, "Targets": _TARGETS},
}
_SOURCES_OF_CONTENT = {
    registry.TEMPLATE: [*_CONTENTS, {"JobArn": values.JOB_ARN}, {"Document": "{}", "JobArn": values.JOB_ARN}],
    registry.JOB: [
        *_CONTENTS,
        {"JobTemplateArn": values.TEMPLATE_ARN},
        {"JobTemplateArn": values.MANAGED, "DocumentParameters": {"minutes": "5"}},
    ],
}
_OPTIONAL = {
    registry.TEMPLATE: _optional("ExponentialRolloutRate", "RetryCriteriaList")
    | {"MaintenanceWindows": _WINDOWS + _TWO_WINDOWS},
    registry.JOB: _optional("ExponentialRate", "CriteriaList")
    | {"SchedulingConfig": _SCHEDULES, "TargetSelection": ["CONTINUOUS", "CONTINUOUS", "SNAPSHOT"]},
}


def _pick(draw: st.DrawFn, items: Sequence[Any]) -> Any:
    """One of the items: as `sampled_from`, which would look at all of them each time."""
    return items[draw(st.integers(0, len(items) - 1))]


@st.composite
def _bases(draw: st.DrawFn, resource_type: str) -> dict[str, Any]:
    """Properties put together from parts that are valid alone."""
    given = dict(_pick(draw, _SOURCES_OF_CONTENT[resource_type]))
    wanted = draw(st.integers(0, 2**10 - 1))
    if "s3-presigned-url" in given.get("Document", ""):
        given["PresignedUrlConfig"] = _pick(draw, _PRESIGNS)
    if "aws:iot:package" in given.get("Document", ""):
        given["DestinationPackageVersions"] = _PACKAGES[1]
        wanted &= ~(1 << 6)
    for name, parts in _REQUIRED[resource_type].items():
        given[name] = _pick(draw, parts)
    for place, (name, parts) in enumerate(_OPTIONAL[resource_type].items()):
        if wanted >> place & 1:
            given[name] = _pick(draw, parts)
    return given


_TEXTS = st.text(st.sampled_from("a-Z_9" + values.ODD_CHARACTERS), max_size=8)


@st.composite
def properties(draw: st.DrawFn, resource_type: str = registry.TEMPLATE, *, changes: int = 3) -> dict[str, Any]:
    """Properties of a resource: about two fifths as put together, the others with one to so many changes."""
    given = draw(_bases(resource_type))
    for _ in range(_pick(draw, [0, 0, *range(1, changes + 1)])):
        if places := _places(given):
            place = _pick(draw, places)
            given = _changed(given, place, _pick(draw, _changes(given, place)))
    if draw(st.integers(0, 9)) == 0:
        name = _pick(draw, ["JobTemplateId", "JobId", "Description", "DocumentSource", "JobArn", "Document"])
        given |= {name: draw(_TEXTS)}
    return given


FULL_TEMPLATE = {
    "JobTemplateId": "reboot-1",
    "Description": "Reboots a pump.",
    "Document": values.holding(values.PRESIGNED, values.PACKAGE_PLACEHOLDER),
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
    "PresignedUrlConfig": {"RoleArn": values.ROLE, "ExpiresInSec": 300},
    "MaintenanceWindows": [{"StartTime": cron, "DurationInMinutes": 60} for cron in values.CRONS[:2]],
    "DestinationPackageVersions": [f"{values.PACKAGE}1.0", f"{values.PACKAGE}2.0"],
    "Tags": [{"Key": "owner", "Value": "pumps"}, {"Key": "stage", "Value": "dev"}],
}
"""A template with everything, in its usual values."""
FULL_JOB = {
    "JobId": "reboot-1",
    "Targets": [values.THING, values.GROUP],
    "JobTemplateArn": values.MANAGED,
    "DocumentParameters": {"minutes": "5"},
    "TargetSelection": "CONTINUOUS",
    "JobExecutionsRolloutConfig": {
        "MaximumPerMinute": 100,
        "ExponentialRate": FULL_TEMPLATE["JobExecutionsRolloutConfig"]["ExponentialRolloutRate"],  # type: ignore[index]
    },
    "JobExecutionsRetryConfig": {"CriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 2}]},
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 30},
    "SchedulingConfig": {
        "StartTime": values.TIMES[0],
        "EndTime": values.TIMES[3],
        "EndBehavior": "CANCEL",
        "MaintenanceWindows": [{"StartTime": values.CRONS[0], "DurationInMinutes": 60}],
    },
}
"""A job with everything that a template hasn't."""
BASES = (
    (registry.TEMPLATE, FULL_TEMPLATE),
    (registry.TEMPLATE, {"JobTemplateId": "a", "Description": "d", "DocumentSource": values.URL}),
    (registry.TEMPLATE, {"JobTemplateId": "a", "Description": "d", "JobArn": values.JOB_ARN}), (registry.JOB, FULL_JOB),
    (registry.JOB, {"JobId": "a", "Targets": [values.THING], "Document": "{}", "Tags": [{"Key": "a", "Value": "b"}]}),
)  # fmt: skip


def neighbours() -> Iterator[Resource]:
    """Every single change of the bases, of a list's items only the first, each with its resource type."""
    for resource_type, base in BASES:
        for place in _places(base, first=1):
            for change in _changes(base, place):
                yield resource_type, _changed(base, place, change)


REMOVED = object()
"""In place of a value: the member goes."""


def _changes(given: Any, place: Place) -> list[tuple[Any, Any]]:
    """What may become of a place: its key, which may be another, and its value."""
    *holders, key = place
    for holder in holders:
        given = given[holder]
    value = given[key]
    changes = [(key, other) for other in (REMOVED, *_other_kinds(value), *_others(key, value))]
    if isinstance(given, dict):
        changes += [(other, value) for other in ("Unknown", key[:1].lower() + key[1:], key.upper())]
    return changes


def _changed(given: Any, place: Place, change: tuple[Any, Any]) -> Any:
    """A copy with one change; all that is not on the way there is shared."""
    key, *rest = place
    copied = copy.copy(given)
    if rest:
        copied[key] = _changed(given[key], rest, change)
        return copied
    other_key, value = change
    if other_key != key or value is REMOVED:
        del copied[key]
    if value is not REMOVED:
        copied[other_key] = value
    return copied


def _other_kinds(value: object) -> list[Any]:
    return [None, True, 0, 1.5, "", "1", [], [[]], {}, {"Unknown": 1}, [value], {"Inner": value}]


def _others(key: object, value: Any) -> list[Any]:
    """Other values of the same kind."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [value - 1, value + 1, float(value), value + 0.5, str(value), *values.WHOLE_NUMBERS, *values.NUMBERS]
    if isinstance(value, list):
        return [value + value[:1], value[:1] * 3, value[:1] * 26, value[:1] * 51, [*value, None], [*value, {}]]
    if isinstance(value, dict):
        return [value | {"Unknown": 1}, value | {"Action": "ABORT"}]
    if key == "Document":
        return [*values.DOCUMENTS, *values.ODD_DOCUMENTS]
    own: dict[object, Sequence[Any]] = {
        "DocumentSource": values.SOURCES + values.ODD_SOURCES,
        "StartTime": values.CRONS + values.ODD_CRONS + values.TIMES + values.ODD_TIMES,
        "EndTime": values.TIMES + values.ODD_TIMES,
    }
    if value.startswith("arn:"):
        own = {key: values.ARNS}
    words = ["ALL", "FAILED", "REJECTED", "TIMED_OUT", "CANCEL", "ABORT", "SNAPSHOT", "CONTINUOUS", "STOP_ROLLOUT"]
    shapes = [f"{value} ", f" {value}", f"{value}\n", value.lower(), value.upper(), f"aws:{value}", f"{value}{value}"]
    characters = [value + character for character in values.ODD_CHARACTERS]
    return [*own.get(key, words), *shapes, *characters, *(value.ljust(length, "x") for length in values.LENGTHS)]


def _places(value: object, *, first: int = 2) -> list[Place]:
    """The way to everything inside a value, of a list only to the first items."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value[:first]))
    return [[key, *rest] for key, item in items for rest in ([], *_places(item, first=first))]
