"""`iot-jobs check` on anything at all: exit code 0, 1 or 2, never a traceback, and a report that can be read."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iot_jobs.check import check
from iot_jobs.cli import main
from iot_jobs.render import findings
from iot_jobs.sources import read_paths
from tests.commands import EXAMPLE
from tests.fuzz_files import folder_of, hostile_files, nasty_files
from tests.fuzz_process import checked

FORMATS = ("text", "json", "github", "sarif")
NAMES = ("a.json", "a.yaml", "a.yml", "a.template", "a")

quick = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
long = settings(max_examples=6000, derandomize=False, suppress_health_check=[HealthCheck.too_slow])

LEVEL = re.compile(r"::(?:error|warning) (?:[a-z]+=[^,\r\n]*,?)*::[^\r\n]*")


def check_report(path: Path, output: str = "text", *options: str) -> None:
    """Run the command in this process: whatever the input, it ends well and its output keeps its format."""
    result = CliRunner().invoke(main, ["check", str(path), "--format", output, *options], catch_exceptions=False)
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output
    report = result.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x9b]", report), "a control character reaches the terminal"
    if output == "json":
        found = json.loads(report)["findings"]
        assert (result.exit_code == 1) == any(options or one["severity"] == "error" for one in found)
        assert all(one["line"] is None or one["line"] >= 1 for one in found)
    elif output == "sarif":
        assert len(json.loads(report)["runs"]) == 1
    elif output == "github":
        assert all(LEVEL.fullmatch(line) for line in report.split("\n") if line)
    else:
        # Every block begins with its place, and everything else in it is indented.
        assert all(
            line.startswith("  ") or re.search(r" (?:JT\d{3}|[EF]\d{4})\b", line) for line in report.split("\n") if line
        )


NASTY_TEXT = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\r\n::error::x",
        "\x1b[31m",
        "\u2028",
        "\ud800",
        "\udcff",
        "\udc00\ud800",
        "${aws:",
        "${aws:iot:package:a:version:$null:attributes}",
        "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/b/${aws:iot:x}}",
        "${Token[TOKEN.1]}",
        "#{Token[A.1]}",
        "cron(0 0 31 2 ? *)",
        "cron(0/5 * ? * MON#5 2026-2199)",
        "AWS::IoT::JobTemplate",
        "AWS::NoValue",
        "9" * 5000,
        "{}",
        '{"\\ud800": [1e999]}',
        "[" * 2000,
        "../../etc/passwd",
        ".",
        "/",
        "a\0b.json",
        "x" * 300,
        "http://[::1",
        "2026-13-45T99:99",
        "٣",
    ]
)
TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | NASTY_TEXT
NUMBERS = st.sampled_from([0, -1, 10**30, 10**400, -0.0, 1e308, float("nan"), float("inf"), 0.1 + 0.2]) | st.integers()
ATOMS = st.none() | st.booleans() | NUMBERS | TEXT
FUNCTIONS = ("Ref", "Fn::Sub", "Fn::If", "Fn::GetAtt", "Fn::Transform", "Fn::ForEach::Loop", "Fn::")
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT, inner, max_size=4)
        | st.builds(lambda name, value: {name: value}, st.sampled_from(FUNCTIONS), inner)
    ),
    max_leaves=10,
)

WINDOW = {"StartTime": "cron(0 1 ? * MON *)", "DurationInMinutes": 60}
CONTENT = {
    "Description": "A job",
    "Document": '{"version": "1.0", "url": "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/b/k}"}',
    "AbortConfig": {
        "CriteriaList": [
            {"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 10}
        ]
    },
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 30},
    "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/r", "ExpiresInSec": 1800},
    "DestinationPackageVersions": ["arn:aws:iot:eu-west-1:123456789012:package/p/version/1"],
    "Tags": [{"Key": "team", "Value": "fleet"}],
}


def _rate(name: str) -> dict[str, Any]:
    criteria = {"NumberOfSucceededThings": 10}
    rate = {"BaseRatePerMinute": 5, "IncrementFactor": 1.5, "RateIncreaseCriteria": criteria}
    return {"MaximumPerMinute": 50, name: rate}


TEMPLATE = CONTENT | {
    "JobTemplateId": "t",
    "JobExecutionsRolloutConfig": _rate("ExponentialRolloutRate"),
    "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 1}]},
    "MaintenanceWindows": [WINDOW, WINDOW | {"StartTime": "cron(0 1 ? * TUE *)"}],
}
JOB = CONTENT | {
    "JobId": "j",
    "Targets": ["arn:aws:iot:eu-west-1:123456789012:thinggroup/g"],
    "TargetSelection": "CONTINUOUS",
    "JobExecutionsRolloutConfig": _rate("ExponentialRate"),
    "JobExecutionsRetryConfig": {"CriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 1}]},
    "SchedulingConfig": {"StartTime": "2030-01-01T00:00", "MaintenanceWindows": [WINDOW]},
}
CLOUDFORMATION = {
    "Resources": {
        "T": {"Type": "AWS::IoT::JobTemplate", "Properties": TEMPLATE},
        "U": {"Type": "AWS::IoT::JobTemplate", "Properties": TEMPLATE},
        "J": {"Type": "AWS::IoT::Job", "Properties": JOB},
    }
}


def _camel(value: Any) -> Any:
    """A property object as the API spells it."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


ALONE: dict[str, Any] = {
    "cloudformation": CLOUDFORMATION,
    "resource": CLOUDFORMATION["Resources"]["J"],
    "properties": TEMPLATE,
    "request": _camel(TEMPLATE),
    "answer": {"job": _camel(JOB) | {"jobArn": "arn:aws:iot:eu-west-1:123456789012:job/j", "createdAt": 1.5}},
    "document": json.loads((EXAMPLE / "job_documents/firmware-update.json").read_text()),
    "tasks": {"version": 1, "operation": "install", "packageName": "x", "workingDirectory": ".", "steps": []},
}
WINDOWS_HERE = [{"start_time": "cron(0 1 ? * MON *)", "duration_in_minutes": 60}]
FAMILY: dict[str, Any] = {
    "description": "A job",
    "document": "d.json",
    "document_schema": "device-client",
    "acknowledge": {"JT352": "a reason"},
    "rollout": {
        "maximum_per_minute": 50,
        "exponential_rate": {
            "base_rate_per_minute": 5,
            "increment_factor": 1.5,
            "rate_increase_criteria": {"number_of_succeeded_things": 10},
        },
    },
    "abort": {"criteria": [{"failure_type": "ALL", "threshold_percentage": 5, "min_number_of_executed_things": 10}]},
    "retry": {"criteria": [{"failure_type": "FAILED", "number_of_retries": 1}]},
    "timeout": {"in_progress_timeout_in_minutes": 30},
    "presigned_url": {"role_arn": "arn:aws:iam::123456789012:role/r", "expires_in_sec": 1800},
    "maintenance_windows": WINDOWS_HERE,
    "tags": {"team": "fleet"},
}
ENVIRONMENT: dict[str, Any] = {
    "name": "dev",
    "account": "123456789012",
    "region": "eu-west-1",
    "production": True,
    "fleet": {"things": 100, "max_duration_hours": 24},
    "tags": {"environment": "dev"},
    "templates": {"f": {"timeout": {"in_progress_timeout_in_minutes": 20}, "maintenance_windows": WINDOWS_HERE}},
}
SCHEMA: dict[str, Any] = {"type": "object", "required": ["version"], "properties": {"version": {"pattern": "^1"}}}
APPLICATION: dict[str, Any] = {
    "stacks/templates/f.yaml": FAMILY,
    "stacks/environments/dev.yaml": ENVIRONMENT,
    "job_documents/d.json": ALONE["document"],
}
OWN_SCHEMA = APPLICATION | {
    "stacks/templates/f.yaml": FAMILY | {"document_schema": "own.schema.json"},
    "job_documents/own.schema.json": SCHEMA,
}


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _ways(item, (*way, key))


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A valid value with one to three places replaced, removed, doubled or renamed."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(list(_ways(value))))
        new = draw(VALUES)
        if not way:
            if draw(st.integers(0, 9)) == 0:
                return new
            continue
        inner = value
        for part in way[:-1]:
            inner = inner[part]
        change = draw(st.sampled_from(["replace", "replace", "remove", "rename", "double"]))
        if change == "replace":
            inner[way[-1]] = new
        elif change == "remove":
            del inner[way[-1]]
        elif isinstance(inner, dict):
            inner[draw(TEXT)] = inner[way[-1]] if change == "double" else inner.pop(way[-1])
        else:
            inner.append(copy.deepcopy(inner[way[-1]]))
    return value


# Parts of YAML and JSON that say something to a parser, in any order.
MARKS = (
    ["\n"] * 9
    + list("\t\r\x85\ufeff|{}[],:'\"#~=@`")
    + ["- ", "? ", "b: ", "&a ", "*a", "<<: ", ">-\n", "\n---\n", "\n...\n"]
)
TAGS = [
    "!Sub ",
    "!GetAtt ",
    "!Ref ",
    "! ",
    "!!binary ",
    "!!set ",
    "!!float x ",
    "!!python/object:os.system ",
    "%TAG ! a",
]
WORDS = ["a", "0x", "0o7", "1:30", ".inf", "-.nan", "1e999", "1_000", "2026-01-01", "yes", "null", "-0", "1.", "é"]
NAMES_OF_OURS = [
    "Resources: ",
    "templates: ",
    "Type: AWS::IoT::JobTemplate",
    "JobTemplateId: x",
    "Properties: ",
    "Tags: ",
]
TOKENS = st.sampled_from([*MARKS, *TAGS, *WORDS, *NAMES_OF_OURS, '"Document": ', "\\ud800", "%YAML 1.1\n---\n"])
SOUP = st.lists(TOKENS, max_size=25).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def _bytes(folder: Path, name: str, raw: bytes, output: str) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / name).write_bytes(raw)
    check_report(folder / name, output)
    check_report(folder, output, "--strict")


def _alone(folder: Path, name: str, value: Any, output: str) -> None:
    _bytes(folder, name, json.dumps(value).encode(), output)


def _application(folder: Path, application: dict[str, Any], output: str) -> None:
    shutil.rmtree(folder)
    for name, value in application.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value))
    check_report(folder, output)


RAW = st.binary(max_size=60) | SOUP.map(str.encode) | SOUP.map(lambda text: text.encode("utf-16"))
APPLICATIONS = st.sampled_from([APPLICATION, OWN_SCHEMA]).flatmap(
    lambda one: st.sampled_from(sorted(one)).flatmap(
        lambda name: mutated(one[name]).map(lambda value: {**one, name: value})
    )
)
ONES = st.sampled_from(sorted(ALONE)).flatmap(lambda name: mutated(ALONE[name]))
NAMED, OUTPUT = st.sampled_from(NAMES), st.sampled_from(FORMATS)


@quick
@given(name=NAMED, raw=RAW, output=OUTPUT)
def test_any_bytes(folder: Path, name: str, raw: bytes, output: str) -> None:
    """No bytes break the command."""
    _bytes(folder, name, raw, output)


@quick
@given(name=NAMED, value=VALUES, output=OUTPUT)
def test_any_structure(folder: Path, name: str, value: Any, output: str) -> None:
    """No value of JSON breaks the command, whatever the file is called."""
    _alone(folder, name, value, output)


@quick
@given(name=NAMED, value=ONES, output=OUTPUT)
def test_mutated_files(folder: Path, name: str, value: Any, output: str) -> None:
    """Valid templates, properties, API calls and documents with anything in place of any value."""
    _alone(folder, name, value, output)


@quick
@given(application=APPLICATIONS, output=OUTPUT)
def test_mutated_applications(folder: Path, application: dict[str, Any], output: str) -> None:
    """A valid application with anything in place of any value of an environment, family, document or schema."""
    _application(folder, application, output)


@pytest.mark.slow
@long
@given(name=NAMED, raw=RAW, output=OUTPUT)
def test_any_bytes_for_long(folder: Path, name: str, raw: bytes, output: str) -> None:
    """The same, new examples in each run."""
    _bytes(folder, name, raw, output)


@pytest.mark.slow
@long
@given(name=NAMED, value=ONES | VALUES, output=OUTPUT)
def test_mutated_files_for_long(folder: Path, name: str, value: Any, output: str) -> None:
    """The same, new examples in each run."""
    _alone(folder, name, value, output)


@pytest.mark.slow
@long
@given(application=APPLICATIONS, output=OUTPUT)
def test_mutated_applications_for_long(folder: Path, application: dict[str, Any], output: str) -> None:
    """The same, new examples in each run."""
    _application(folder, application, output)


@pytest.mark.parametrize("output", FORMATS)
def test_inputs_are_valid(folder: Path, output: str) -> None:
    """What is mutated is read as what it is: only so do mutations reach the rules."""
    _application(folder, OWN_SCHEMA, output)
    for name, value in ALONE.items():
        _alone(folder, f"{name}.json", value, output)
        _alone(folder, f"{name}.yaml", value, output)


@pytest.mark.parametrize("name", sorted(ALONE))
def test_half_a_character_anywhere(folder: Path, name: str) -> None:
    """Half of a surrogate pair, in any text or key, is reported in each format as something that UTF-8 can say."""
    paths: list[Path] = []
    for *above, last in filter(None, _ways(ALONE[name])):
        for place in (None, -1):  # at the end, and before a closing brace
            value = copy.deepcopy(ALONE[name])
            inner = value
            for part in above:
                inner = inner[part]
            old = inner[last] if isinstance(inner[last], str) else last
            new = f"{old[:place]}\ud800{old[len(old) + (place or 0) :]}" if isinstance(old, str) else old
            if isinstance(inner[last], str):
                inner[last] = new
            elif isinstance(inner, dict):
                inner[new] = inner.pop(last)
            paths.append(folder / f"{name}-{len(paths)}.json")
            paths[-1].write_text(json.dumps(value))
            report = check(read_paths([paths[-1]]), now=datetime(2026, 1, 1, tzinfo=UTC), only_jobs=True)
            assert not any("\ud800" in written(report) for written in findings.FORMATS.values())
    report = check(read_paths(paths), now=datetime(2026, 1, 1, tzinfo=UTC))  # with AWS's validator
    assert not any("\ud800" in written(report) for written in findings.FORMATS.values())


NASTY = nasty_files()


@pytest.mark.slow
@pytest.mark.parametrize("make", [pytest.param(one.make, id=one.name, marks=one.marks) for one in NASTY])
def test_nasty_files(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Each nasty file in a process of its own: it ends within 5 seconds and 500 MB, without a traceback."""
    run = checked(make(folder_of(tmp_path)))
    assert run.code in (0, 1, 2), run.errors
    assert "Traceback" not in run.errors
    assert run.seconds < 5
    assert run.megabytes < 500


@pytest.mark.slow
@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("make", [pytest.param(one.make, id=one.name) for one in hostile_files()])
def test_hostile_files(tmp_path: Path, make: Callable[[Path], Path], output: str) -> None:
    """A check ends within 5 seconds for each megabyte, within 500 MB, and prints less than 5 MB."""
    path = make(folder_of(tmp_path))
    size = sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
    run = checked(path, "--format", output)
    assert run.code in (0, 1, 2), run.errors
    assert "Traceback" not in run.errors
    assert run.seconds < 5 * max(1, size / 1_000_000)
    assert run.megabytes < 500
    assert len(run.report) + len(run.errors.encode()) < 5_000_000


@pytest.mark.parametrize("output", FORMATS)
def test_odd_names(tmp_path: Path, output: str) -> None:
    """A file's name can't be mistaken for markup: it neither ends the report nor begins a line of it."""
    make = next(one.make for one in NASTY if one.name == "odd names")
    run = checked(make(folder_of(tmp_path)), "--format", output)
    assert run.code == 1
    assert "Traceback" not in run.errors
    assert b"\nb::error" not in run.report
    assert b"\x1b" not in run.report


@pytest.mark.parametrize("output", ["text", *(pytest.param(one, marks=pytest.mark.slow) for one in FORMATS[1:])])
def test_no_node(folder: Path, output: str) -> None:
    """Whatever is printed or acknowledged, neither the CDK nor jsii is loaded, which would start Node."""
    application = APPLICATION | {"stacks/templates/f.yaml": FAMILY | {"acknowledge": {"JT352": "meant"}}}
    _application(folder, application, output)
    code = (
        "import sys\nfrom iot_jobs.cli import main\n"
        "try: main()\nexcept SystemExit: sys.exit(bool({'aws_cdk', 'jsii'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", code, "check", str(folder), "--format", output]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
