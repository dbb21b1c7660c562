"""How large a file and a template may be, and how many findings are listed."""

import json
from pathlib import Path

from tests.cases import NO_JOBS, TEMPLATE, report, seen, skipped, stack, write


def test_number_of_resources(here: Path) -> None:
    """A template has 500 resources at most, of whatever kind; loops are not resources yet."""
    topics = {f"Topic{index}": {"Type": "AWS::SNS::Topic"} for index in range(499)}
    most = stack(T=TEMPLATE)["Resources"] | topics | {"Fn::ForEach::All": []}
    write(here, {"most.json": {"Resources": most}, "more.json": {"Resources": most | {"Job": {"Type": "Custom::Job"}}}})
    assert seen(report("most.json")) == []
    assert [(one.code, one.path, one.given) for one in report("more.json").findings] == [("JT116", "Resources", 501)]
    write(here, {"others.json": {"Resources": topics | {"A": {}, "B": {}}}})
    assert (seen(report("others.json")), skipped(report("others.json"))) == ([], [("others.json", NO_JOBS)])


def test_size_of_a_template(here: Path) -> None:
    """A template has 1,000,000 bytes at most: bytes, not characters."""
    text = json.dumps({"Description": "é", **stack(T=TEMPLATE)}, ensure_ascii=False)
    blanks = " " * (1_000_000 - len(text.encode()))
    write(here, {"most.json": text + blanks, "more.json": text + blanks + " "})
    assert seen(report("most.json")) == []
    (found,) = report("more.json").findings
    assert (found.code, found.path, found.given, str(found.place)) == ("JT116", "", 1_000_001, "more.json:1:1")


def test_more_findings_than_anyone_reads(here: Path) -> None:
    """After ten thousand findings in one file the rest of it is skipped with a finding; other files are not."""
    criteria = TEMPLATE | {"AbortConfig": {"CriteriaList": [{}] * 250}}  # a thousand findings
    more = {f"T{index}": criteria | {"JobTemplateId": f"t{index}"} for index in range(10)}
    write(here, {"a.json": stack(**more, U=TEMPLATE, V=TEMPLATE), "b.json": stack(T=criteria)})
    found = report("a.json", "b.json")
    assert len(found.findings) == 11_000
    assert skipped(found) == [("a.json", "2 of its 12 resources, after 10000 findings")]
    write(here, {"a.json": stack(**{name: more[name] for name in list(more)[1:]}, U=TEMPLATE, V=TEMPLATE)})
    assert (len(seen(report("a.json"))), skipped(report("a.json"))) == (9001, [])  # U and V have the same id


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
