"""Fixes: applied as they read, each makes its finding go away and brings no other, in every spelling of a template."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from iot_jobs import limits
from iot_jobs.check import check
from iot_jobs.cloudformation import API_TEMPLATE, TEMPLATE, Names, Spelling, translate
from iot_jobs.finding import Edit, Finding, Location, nearest_key, shown
from iot_jobs.limits import Count, Limit, Minutes, Range, Text
from iot_jobs.render.findings import as_json
from iot_jobs.sources import read_paths
from iot_jobs.sources.source import read_on
from iot_jobs.template import JobTemplateSpec
from tests.oracles import registry, spelling
from tools import rules_doc

# Edits ---------------------------------------------------------------------------------------------------------------


def edited(value: Any, loc: Location, edit: Edit) -> Any:
    """The data of a file with an edit applied, as docs/cli.md describes it."""
    changed = deepcopy(value)
    inner: Any = changed
    for part in loc[:-1]:
        inner = inner[part]
    last: Any = loc[-1]
    if edit.kind == "value":
        inner[last] = edit.new
    elif edit.kind == "remove":
        del inner[last]
    else:
        assert edit.new not in inner
        inner[edit.new] = inner.pop(last)
    return changed


def findings(path: Path = Path()) -> list[Finding]:
    """What there is to find in the working directory or in a file there."""
    return list(check(read_paths([path]), now=rules_doc.NOW).findings)


def counted(found: list[Finding]) -> Counter[tuple[str, str]]:
    """Findings without their places, which move with the items of a list."""
    return Counter((one.code, shown(one.given)) for one in found)


def holds(path: Path = Path()) -> int:
    """Apply the edit of each finding alone; return how many there were."""
    before = findings(path)
    edits = [one for one in before if one.edit]
    for one in edits:
        assert one.edit
        assert one.place
        assert one.place.file
        file = Path(one.place.file)
        text, (source, _) = file.read_text(), read_on(file)
        assert source
        file.write_text(json.dumps(edited(source.data, one.place.loc, one.edit)))
        left = counted(before) - counted([one])
        new = counted(findings(path)) - left
        assert not new, (str(one), new)
        file.write_text(text)
    return len(edits)


@pytest.mark.parametrize("code", rules_doc.WITH_EXAMPLES)
def test_edits_of_examples(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit of a rule's example makes it good."""
    bad, _ = rules_doc.examples(code)
    if bad.suffix not in (".py", ".sh"):
        monkeypatch.chdir(tmp_path)
        name = rules_doc.name_of(bad)
        whole = bad.is_dir() or len(name.parts) > 1
        if whole:
            shutil.copytree(rules_doc.APPLICATION if bad.is_file() else bad, Path(), dirs_exist_ok=True)
        if bad.is_file():
            shutil.copy(bad, name)
        holds(Path() if whole else name)


# The same mistake in three spellings ---------------------------------------------------------------------------------

FAMILY: dict[str, Any] = {
    "description": "Reboot a board",
    "rollout": {
        "maximum_per_minute": 50,
        "exponential_rate": {
            "base_rate_per_minute": 10,
            "increment_factor": 1.5,
            "rate_increase_criteria": {"number_of_notified_things": 40},
        },
    },
    "abort": {
        "criteria": [
            {
                "failure_type": "FAILED",
                "action": "CANCEL",
                "threshold_percentage": 20,
                "min_number_of_executed_things": 20,
            }
        ]
    },
    "retry": {"criteria": [{"failure_type": "TIMED_OUT", "number_of_retries": 1}]},
    "timeout": {"in_progress_timeout_in_minutes": 26},
    "presigned_url": {"role_arn": "arn:aws:iam::123456789012:role/presign", "expires_in_sec": 1560},
    "maintenance_windows": [{"start_time": "cron(0 2 ? * TUE-THU *)", "duration_in_minutes": 180}],
}
RATE = ("rollout", "exponential_rate")
ABORT, RETRY, WINDOW = ("abort", "criteria", 0), ("retry", "criteria", 0), ("maintenance_windows", 0)
ABSENT = object()
NUMBERS: dict[Location, Range] = {
    ("rollout", "maximum_per_minute"): limits.MAXIMUM_PER_MINUTE,
    (*RATE, "base_rate_per_minute"): limits.BASE_RATE_PER_MINUTE,
    (*RATE, "increment_factor"): limits.INCREMENT_FACTOR,
    (*RATE, "rate_increase_criteria", "number_of_notified_things"): limits.NUMBER_OF_THINGS,
    (*ABORT, "threshold_percentage"): limits.THRESHOLD_PERCENTAGE,
    (*ABORT, "min_number_of_executed_things"): limits.MIN_NUMBER_OF_EXECUTED_THINGS,
    (*RETRY, "number_of_retries"): limits.NUMBER_OF_RETRIES,
    ("timeout", "in_progress_timeout_in_minutes"): limits.IN_PROGRESS_TIMEOUT_IN_MINUTES,
    ("presigned_url", "expires_in_sec"): limits.EXPIRES_IN_SEC,
    (*WINDOW, "duration_in_minutes"): limits.DURATION_IN_MINUTES,
}


def outside(limit: Range) -> list[int | float]:
    """Numbers just outside a range, and far outside."""
    assert limit.maximum is not None
    step = 10**-limit.digits
    low = limit.minimum if limit.above else round(limit.minimum - step, limit.digits)
    return [-7, low, round(limit.maximum + step, limit.digits), 10**12]


def at(loc: Location) -> Any:
    """The value of the family at a location."""
    value: Any = FAMILY
    for part in loc:
        value = value[part]
    return value


OPTIONAL = {"number_of_notified_things", "expires_in_sec"}
RETRIES = [{"failure_type": name, "number_of_retries": 6} for name in ("FAILED", "TIMED_OUT", "ALL")]
VALUES: list[tuple[Location, list[Any]]] = [
    *((loc, [*outside(limit), "many", True, [], {}]) for loc, limit in NUMBERS.items()),
    *((loc, [at(loc) + 10**-limit.digits / 4]) for loc, limit in NUMBERS.items()),
    *((loc, [ABSENT, None]) for loc in NUMBERS if loc[-1] not in OPTIONAL),
    (("description",), [ABSENT, None, "", "x" * 2029, "two\nlines", []]),
    ((*ABORT, "failure_type"), [ABSENT, None, "failed", "TIMEOUT", "CANCELED", "", []]),
    ((*ABORT, "action"), ["cancel", "STOP", []]),
    ((*RETRY, "failure_type"), [ABSENT, None, "Failed", "REJECTED"]),
    (
        (*WINDOW, "start_time"),
        [
            *(ABSENT, None, "", "x" * 257, "cron(0 2 ? * MON *);", "cron(0 2, 14 ? * MON *)", "cron(0 2 * * ?)"),
            *("cron(0 0 2 ? * MON *)", "cron(0 24 ? * mon *)", "cron(0 2 * * MON *)", "0 24 32 13 8 1969"),
        ],
    ),
    (("presigned_url", "role_arn"), ["presign", "x" * 2049, []]),
    (("rollout",), [{}]),
    ((*RATE, "base_rate_per_minute"), [51]),
    (
        (*RATE, "rate_increase_criteria"),
        [{}, dict.fromkeys(("number_of_notified_things", "number_of_succeeded_things"), 1)],
    ),
    (("abort", "criteria"), [[], [FAMILY["abort"]["criteria"][0]] * 2]),
    (("retry", "criteria"), [[], RETRIES[:2], RETRIES[1:], RETRIES]),
    (("maintenance_windows",), [[FAMILY["maintenance_windows"][0]] * 2]),
    (("timeout",), [26]),
]
MISTAKES = [(loc, value) for loc, values in VALUES for value in values]
EACH_MISTAKE = pytest.mark.parametrize(
    ("loc", "value"),
    MISTAKES,
    ids=[f"{loc[-1]}={'absent' if value is ABSENT else shown(value)[:30]}" for loc, value in MISTAKES],
)


def family(loc: Location, value: object) -> dict[str, Any]:
    """The family with one value replaced, or left out."""
    edit = Edit("remove", True) if value is ABSENT else Edit("value", value)
    whole: dict[str, Any] = edited(FAMILY, loc, edit)
    return whole


def spelt(value: Any, names: Names) -> Any:
    """A family's values in CloudFormation's spelling."""
    if isinstance(value, list):
        return [spelt(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    theirs = {key: theirs if isinstance(theirs := names[key], tuple) else (theirs, Names()) for key in value}
    return {name: spelt(value[key], parts) for key, (name, parts) in theirs.items()}


DOCUMENT = (
    '{"operation": "reboot.sh", "image": "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/images/a}"}'
)


def write_all(values: dict[str, Any]) -> Iterator[tuple[Path, Spelling | None, Location]]:
    """Write a template in its three spellings; yield each path to check, and what its locations begin with."""
    properties = {"JobTemplateId": "reboot-1", "Document": DOCUMENT, **spelt(values, TEMPLATE.names)}
    resource = {"Type": registry.TEMPLATE, "Properties": properties}
    shutil.copytree(rules_doc.APPLICATION, "family", dirs_exist_ok=True)
    Path("family/stacks/templates/reboot.yaml").write_text(json.dumps({"document": "reboot.json", **values}))
    Path("family/job_documents/reboot.json").write_text(DOCUMENT)
    Path("template.json").write_text(json.dumps({"Resources": {"Reboot": resource}}))
    Path("request.json").write_text(json.dumps(spelling.request(registry.TEMPLATE, properties)))
    yield Path("family"), None, ()
    yield Path("template.json"), TEMPLATE, ("Resources", "Reboot", "Properties")
    yield Path("request.json"), API_TEMPLATE, ()


def test_without_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template of these tests is good, in each spelling."""
    monkeypatch.chdir(tmp_path)
    for path, _, _ in write_all(FAMILY):
        assert [str(one) for one in findings(path)] == []


@EACH_MISTAKE
def test_edits_of_mistakes(loc: Location, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit of a mistake makes its finding go away, in each spelling."""
    monkeypatch.chdir(tmp_path)
    for path, _, _ in write_all(family(loc, value)):
        holds(path)


@EACH_MISTAKE
def test_one_mistake_one_advice(loc: Location, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake gives the same findings with the same fixes in each spelling, at the same place, in the file's words."""
    monkeypatch.chdir(tmp_path)
    (own_path, *_), *others = write_all(family(loc, value))
    own = [one for one in findings(own_path) if one.place and one.place.file and "templates" in one.place.file]
    assert own
    for path, names, prefix in others:
        assert names
        expected = []
        for one in own:
            place = prefix + translate(one.place.loc if one.place else (), None, names)
            fix = f"add {place[-1]}" if one.code == "JT004" else names.names.spelt(one.fix)
            expected.append((one.code, place, fix, one.edit))
        found = [(one.code, one.place.loc if one.place else (), one.fix, one.edit) for one in findings(path)]
        assert sorted(map(str, found)) == sorted(map(str, expected))


IF_NULL: dict[Location, list[tuple[str, str]]] = {
    ("description",): [("JT004", "add Description")],
    ("rollout", "maximum_per_minute"): [("JT205", "add MaximumPerMinute")],
    (*RATE, "base_rate_per_minute"): [("JT004", "add BaseRatePerMinute")],
    (*RATE, "increment_factor"): [("JT004", "add IncrementFactor")],
    (*RATE, "rate_increase_criteria"): [("JT004", "add RateIncreaseCriteria")],
    ("abort", "criteria"): [("JT004", "add CriteriaList")],
    (*ABORT, "action"): [("JT004", "add Action")],
    (*RETRY, "number_of_retries"): [("JT004", "add NumberOfRetries")],
    ("timeout", "in_progress_timeout_in_minutes"): [("JT004", "add InProgressTimeoutInMinutes")],
    ("presigned_url", "role_arn"): [("JT504", "add RoleArn, or remove PresignedUrlConfig")],
    (*WINDOW, "start_time"): [("JT004", "add StartTime")],
    ("presigned_url", "expires_in_sec"): [("JT005", "remove it"), ("JT551", "add ExpiresInSec 3600")],
    ("retry",): [("JT005", "remove it")],
    ("maintenance_windows",): [("JT005", "remove it")],
    ("presigned_url",): [("JT005", "remove it")],
}


@pytest.mark.parametrize("loc", IF_NULL, ids=lambda loc: loc[-1])
def test_null_in_a_stack_template(loc: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation refuses null: what may be absent is removed, and what may not gets a value."""
    monkeypatch.chdir(tmp_path)
    signs = loc not in (("presigned_url",), ("presigned_url", "role_arn"))
    properties = {"JobTemplateId": "reboot-1", "Document": DOCUMENT if signs else "{}", **spelt(FAMILY, TEMPLATE.names)}
    properties = edited(properties, translate(loc, None, TEMPLATE), Edit("value", None))
    resource = {"Type": registry.TEMPLATE, "Properties": properties}
    Path("template.json").write_text(json.dumps({"Resources": {"Reboot": resource}}))
    assert [(one.code, one.fix) for one in findings(Path("template.json"))] == IF_NULL[loc]
    holds(Path("template.json"))


FUNCTIONS: list[tuple[str, str, object]] = [
    ("15.6", "round it to 16", {"path": ["TimeoutConfig", "InProgressTimeoutInMinutes"], "value": 16}),
    ('{"Ref": "Minutes"}', "round it to 16", None),
    ('{"Fn::If": ["Prod", 15.6, 20]}', "round it to 16", None),
    ('{"Fn::If": ["Prod", null, 20]}', "add InProgressTimeoutInMinutes", None),
]


@pytest.mark.parametrize(("written", "fix", "edit"), FUNCTIONS)
def test_no_edit_of_a_function(
    written: str, fix: str, edit: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a function makes is not to be written in its place, nor is one of its arguments to be removed."""
    monkeypatch.chdir(tmp_path)
    properties = spelt(FAMILY, TEMPLATE.names) | {"JobTemplateId": "reboot-1", "Document": DOCUMENT}
    properties["TimeoutConfig"]["InProgressTimeoutInMinutes"] = json.loads(written)
    template = {
        "Parameters": {"Minutes": {"Type": "Number", "Default": 15.6}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
        "Resources": {"Reboot": {"Type": registry.TEMPLATE, "Properties": properties}},
    }
    Path("template.json").write_text(json.dumps(template))
    (found,) = json.loads(as_json(check(read_paths([Path("template.json")]), now=rules_doc.NOW)))["findings"]
    if edit is not None:
        found["edit"]["path"] = found["edit"]["path"][3:]
    assert (found["fix"], found["edit"]) == (fix, edit)


# Keys ----------------------------------------------------------------------------------------------------------------

KEYS: list[tuple[str, str | None]] = [
    ("RolloutConfig", "rollout"),
    ("rolloutConfig", "rollout"),
    ("rollout_config", "rollout"),
    ("JobExecutionRolloutConfig", "rollout"),
    ("RetryConfig", "retry"),
    ("abort_config", "abort"),
    ("PresignedURL", "presigned_url"),
    ("presigned", "presigned_url"),
    ("windows", "maintenance_windows"),
    ("DestinationPackages", "destination_package_versions"),
    ("Descripton", "description"),
    # a job's, or nobody's
    ("SchedulingConfig", None),
    ("scheduling", None),
    ("Targets", None),
    ("DocumentParameters", None),
    ("Config", None),
    ("NamespaceId", None),
]


@pytest.mark.parametrize(("key", "field"), KEYS)
def test_nearest_key(key: str, field: str | None) -> None:
    """The nearest key is so by its words, in each spelling, whatever the spelling of the misspelt one."""
    assert nearest_key(key, JobTemplateSpec.model_fields) == field
    for one in (TEMPLATE, API_TEMPLATE):
        near = nearest_key(key, one.keys)
        assert (None if near is None else one.names.ours[near]) == field


@pytest.mark.parametrize(
    ("key", "known", "near"),
    [
        ("ExponentialRate", ("ExponentialRolloutRate", "MaximumPerMinute"), "ExponentialRolloutRate"),
        ("max_per_minute", ("exponential_rate", "maximum_per_minute"), "maximum_per_minute"),
        ("Duration", ("StartTime", "DurationInMinutes"), "DurationInMinutes"),
        ("StopTime", ("StartTime", "EndTime"), None),
        ("ExpiresInSeconds", ("RoleArn", "ExpiresInSec"), "ExpiresInSec"),
        ("JobArn", ("RoleArn", "ExpiresInSec"), None),
        ("MinExecutedThings", ("MinNumberOfExecutedThings", "ThresholdPercentage"), "MinNumberOfExecutedThings"),
        ("RetryCriteriaList", ("CriteriaList",), "CriteriaList"),
        ("", ("CriteriaList",), None),
        ("Key", (), None),
    ],
)
def test_nearest_of_some(key: str, known: tuple[str, ...], near: str | None) -> None:
    """Shortened words count as far as they go, and words in common only with most others in common too."""
    assert nearest_key(key, known) == near


# Directions ----------------------------------------------------------------------------------------------------------

UP, DOWN = {"raise", "add"}, {"lower", "shorten", "remove", "combine"}
LIMITS: Mapping[str, Limit] = {name: one for name, one in vars(limits).items() if isinstance(one, Limit)}


def sides(limit: Limit) -> tuple[list[Any], list[Any]]:
    """Values that are too small for a limit, and values that are too large."""
    if isinstance(limit, Range):
        low = [value for value in (-5, 0, limit.minimum - 10**-limit.digits) if not limit.accepts(value)]
        return [*low, "-5"], [] if limit.maximum is None else [limit.maximum + 1, str(limit.maximum + 1), 1e300]
    if isinstance(limit, Minutes):
        return [-1, -0.1], [limit.maximum + 1]
    if isinstance(limit, Count):
        return ([[]] if limit.minimum else []), ([] if limit.maximum is None else [["x"] * (limit.maximum + 1)])
    return [], ["x" * (limit.maximum + 1)] if isinstance(limit, Text) and limit.minimum < limit.maximum else []


@pytest.mark.parametrize("name", LIMITS)
def test_directions(name: str) -> None:
    """The first word of a fix leads to the side of a limit's values that was missed."""
    for values, words in zip(sides(LIMITS[name]), (UP, DOWN), strict=True):
        for value in values:
            finding = LIMITS[name].check(value)
            assert finding
            assert finding.fix.split()[0] in words, (value, finding.fix)
            assert finding.edit is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01-01T00:29", None, [("JT851", "write a later time")]),
        ("2026-01-01T00:30", None, []),
        ("2027-01-01T00:00", None, []),
        ("2027-01-01T00:01", None, [("JT815", "write an earlier time")]),
        ("2026-02-01T02:00", "2026-02-01T02:29", [("JT811", "write a later end time")]),
        ("2026-02-01T02:00", "2026-01-31T02:00", [("JT811", "write a later end time")]),
        ("2027-01-01T00:00", "2029-01-01T00:00", [("JT811", "write an earlier end time")]),
    ],
)
def test_directions_of_times(
    start: str, end: str | None, expected: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time that is too early is to be later, and one that is too late earlier."""
    monkeypatch.chdir(tmp_path)
    scheduling = {"StartTime": start, **({"EndTime": end} if end else {})}
    target = "arn:aws:iot:eu-west-1:123456789012:thinggroup/boards"
    properties = {"JobId": "a", "Targets": [target], "Document": "{}", "SchedulingConfig": scheduling}
    Path("t.json").write_text(json.dumps({"Resources": {"Job": {"Type": registry.JOB, "Properties": properties}}}))
    assert [(one.code, one.fix) for one in findings(Path("t.json"))] == expected
