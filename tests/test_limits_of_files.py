"""How large a file and a template may be, and how many findings are listed."""

import json
from pathlib import Path

import pytest

from iot_jobs.check import Report, check, rules
from iot_jobs.finding import INTERNAL_ERROR
from iot_jobs.render import findings
from iot_jobs.sources import read_paths
from tests.cases import NO_JOBS, NOW, TEMPLATE, WRONG, Files, report, seen, skipped, stack, write


def test_number_of_resources(here: Path) -> None:
    """A template has 500 resources at most, of whatever kind; loops are not resources yet."""
    topics = {f"Topic{index}": {"Type": "AWS::SNS::Topic"} for index in range(499)}
    most = stack(T=TEMPLATE)["Resources"] | topics | {"Fn::ForEach::All": []}
    write(here, {"most.json": {"Resources": most}, "more.json": {"Resources": most | {"Job": {"Type": "Custom::Job"}}}})
    assert seen(report("most.json")) == []
    assert [(one.code, one.path, one.given) for one in report("more.json").findings] == [("JT116", "Resources", 501)]
    write(here, {"others.json": {"Resources": topics | {"A": {}, "B": {}}}})
    assert (seen(report("others.json")), skipped(report("others.json"))) == ([], [("others.json", NO_JOBS)])


def test_templates_that_are_not_validated(here: Path) -> None:
    """AWS's validator doesn't run on a template with too many resources or findings, which is said."""
    topics = {f"Topic{index}": {"Type": "AWS::SNS::Topic"} for index in range(1000)}
    criteria = TEMPLATE | {"AbortConfig": {"CriteriaList": [{}] * 300}}
    write(here, {"a.json": {"Resources": stack(T=TEMPLATE)["Resources"] | topics}, "b.json": stack(T=criteria)})
    reason = "AWS's validator, for too many findings or resources, or a long id"
    found = check(read_paths([Path("a.json"), Path("b.json")]), now=NOW)
    assert skipped(found) == [("a.json", reason), ("b.json", reason)]


def test_size_of_a_template(here: Path) -> None:
    """A template has 1,000,000 bytes at most: bytes, not characters."""
    text = json.dumps({"Description": "é", **stack(T=TEMPLATE)}, ensure_ascii=False)
    blanks = " " * (1_000_000 - len(text.encode()))
    write(here, {"most.json": text + blanks, "more.json": text + blanks + " "})
    assert seen(report("most.json")) == []
    (found,) = report("more.json").findings
    assert (found.code, found.path, found.given, str(found.place)) == ("JT116", "", 1_000_001, "more.json:1:1")


def test_more_findings_than_anyone_reads(here: Path) -> None:
    """After a thousand findings in one file one more says so, and the rest of the file is not checked; others are."""
    criteria = TEMPLATE | {"AbortConfig": {"CriteriaList": [{}] * 25}}  # a hundred findings
    more = {f"T{index}": criteria | {"JobTemplateId": f"t{index}"} for index in range(10)}
    write(here, {"a.json": stack(**more), "b.json": stack(T=criteria)})
    assert len(report("a.json", "b.json").findings) == 1100
    write(here, {"a.json": stack(**more, U=TEMPLATE | WRONG, V=TEMPLATE | WRONG)})
    found = report("a.json", "b.json")
    assert len(found.findings) == 1101
    assert (str(found.findings[0]), found.checked) == (TOO_MANY, 12)


TOO_MANY = """\
a.json: error JT013
  a file has at most 1000 findings
  allowed  up to 1000 findings in a file; the rest of it was not checked
  source   the limits of a report: docs/cli.md
  fix      correct these, and check again"""


# Files by name, with the number of findings that a report lists, and of those that it has no room for.
DEVICE_CLIENT = {"document_schema": "device-client", "description": "d", "document": "d.json"}
STEP = {"action": {"name": "a", "type": "runHandler", "input": {"handler": "h", "args": [1] * 5000}}}
LOADS: dict[str, tuple[Files, int, int]] = {
    "a document for a chosen agent": (
        {"f.yaml": DEVICE_CLIENT, "d.json": {"version": "1.0", "steps": [STEP]}}, 1001, 0,
    ),
    "placeholders": ({"a.json": {"steps": [], "a": ["${aws:"] * 4000}}, 1001, 0),
    "a document of twice the size": ({"a.json": {"steps": [], "a": "${aws:" * 10_916}}, 2, 0),
    "a document of more": ({"a.json": {"steps": [], "a": "${aws:" * 10_920}}, 1, 0),
    "placeholders in Sub": (
        {"a.json": stack(T=TEMPLATE | {"Document": {"Fn::Sub": "".join(f"${{aws:{n}}}" for n in range(2000))}})}, 1001, 0,
    ),
    "keys of a YAML file": ({"a.yaml": "a: 1\n" * 2000}, 1001, 0),
    "a long key": ({"a.json": stack(T=TEMPLATE | {"k" * 500_000: 1})}, 1, 0),
    "terms of a cron": (
        {"a.json": stack(T=TEMPLATE | {"MaintenanceWindows": [
            {"StartTime": f"cron({','.join(f'x{n}' for n in range(60))} 1 ? * MON *)", "DurationInMinutes": 1}]})}, 10, 0,
    ),
    "wide letters in many files": (
        {f"{number}.json": stack(T=TEMPLATE | {"\U0001f600" * 600 + str(key): 1 for key in range(40)})
         for number in range(30)}, 544, 656,
    ),
}  # fmt: skip


@pytest.mark.parametrize("load", LOADS)
def test_number_of_findings(here: Path, load: str) -> None:
    """However much is wrong, a report lists so many findings, counts the others, and has less than 5 MB."""
    files, listed, left_out = LOADS[load]
    write(here, files)
    found = report(*files)
    assert (len(found.findings), sum(found.left_out.values()), found.failed()) == (listed, left_out, True)
    assert max(len(written(found).encode()) for written in findings.FORMATS.values()) < 5_000_000


def test_what_is_left_out_counts(here: Path) -> None:
    """The exit code covers findings that are left out, and the summary and JSON count them."""
    (rate,) = (one for one in rules().values() if one.code == "JT201")
    left_out = Report((), (), 1, (), (), {rate: 3})
    assert (left_out.failed(), left_out.crashed()) == (True, False)
    assert findings.summary(left_out) == "1 checked, 0 errors, 0 warnings, 3 more findings left out"
    assert json.loads(findings.as_json(left_out))["left_out"] == 3
    assert Report((), (), 1, (), (), {INTERNAL_ERROR: 1}).crashed()


def test_many_skipped_files(here: Path) -> None:
    """A thousand skipped files are listed, and how many more there are."""
    write(here, {f"{number}.json": "[]" for number in range(1003)})
    assert (len(skipped(report("."))), skipped(report("."))[-1]) == (1001, ("3 more", "too many to be listed"))


def test_large_template_in_yaml(here: Path) -> None:
    """A YAML template of nearly CloudFormation's 1,000,000 bytes is checked; above them it is refused for its size."""
    count = 400
    template = json.dumps({**TEMPLATE, "JobTemplateId": "ID", "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}})
    resources = "".join(
        f"  T{index}: {{Type: AWS::IoT::JobTemplate, Properties: {template.replace('ID', f'reboot-{index}')}}}\n"
        for index in range(count)
    )
    head = "Resources:\n" + resources
    write(here, {"a.yaml": head + "#" * (1_000_000 - len(head)), "b.yaml": head + "#" * (1_000_001 - len(head))})
    assert [code for _, code, _ in seen(report("a.yaml"))] == ["JT410"] * count
    assert [code for _, code, _ in seen(report("b.yaml"))] == ["JT116"] + ["JT410"] * count
