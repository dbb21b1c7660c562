"""Reports as text, JSON, GitHub annotations and SARIF: whole outputs of one report, and the structure of all."""

import json
import math
import re
from importlib.metadata import version
from typing import Any

import pytest

from iot_jobs.check import Report, rules
from iot_jobs.finding import Edit, Finding, Place
from iot_jobs.limits import INCREMENT_FACTOR
from iot_jobs.render import findings
from iot_jobs.render.jsonout import to_json
from iot_jobs.sources import Skipped, Source, Unknown
from tools import rules_doc

FACTOR = INCREMENT_FACTOR.finding(given=7.5, allowed="1.1 to 5", fix="lower it")._replace(
    place=Place("templates.reboot.rollout.increment_factor", "stacks/prod.yaml", 31, 9, ("templates", "reboot", 0)),
    edit=Edit("value", 5),
)
# What is hard to write in one format or another.
HARD = rules()["JT252"].finding(
    given='50 %\r\n,:\u200b é日😀 "\ud800"', allowed="100 %,\nor: less", fix="write é日😀::error::"
)
HARD = HARD._replace(
    place=Place("Resources.Ü,:.Properties", "a b/100%,é:x.json", 2, 5, ("Resources", "Ü,:", "\ud800")),
    edit=Edit("key", "é日😀::error::"),
    related=(
        Place("Resources.B", "a b/100%,é:x.json", 7, 1),
        Place("templates", "other.yaml", 3),
        Place("name", "b.yaml"),
    ),
)
NOWHERE = rules()["JT010"].finding(loc=("environment",), given={"a": [1, None]}, allowed="prod", fix="write prod")
ACCEPTED = (
    rules()["JT352"]
    .finding(allowed="abort criteria", fix="add abort")
    ._replace(
        place=Place("templates.reboot.abort", "stacks/prod.yaml", 12, 3),
        acknowledged="a reboot\ndoes no harm",
    )
)
SKIPPED = Skipped("notes.yaml", "not a mapping")
LATER = Unknown(Source("b.yaml", "a: !Ref B", {"a": {"Ref": "B"}}, lambda _: (1, 4)), ("a",), "${B}")
REPORT = Report(
    findings=(FACTOR, HARD, NOWHERE), acknowledged=(ACCEPTED,), checked=4, skipped=(SKIPPED,), unjudged=(LATER,)
)
EMPTY = Report(findings=(), acknowledged=(), checked=0, skipped=(), unjudged=())

FACTOR_SOURCE = "https://docs.aws.amazon.com/iot/latest/apireference/API_ExponentialRolloutRate.html"
BASE_SOURCE = "Exponential rollout baseRatePerMinute should be less than maximumPerMinute"
LAYOUT = "the application's folders: stacks/templates, stacks/environments and job_documents"
ABORT_SOURCE = "https://docs.aws.amazon.com/iot/latest/apireference/API_AbortConfig.html"

TEXT = f"""\
stacks/prod.yaml:31:9: error JT203 templates.reboot.rollout.increment_factor
  the increment factor is 1.1 to 5, with at most one digit after the decimal point
  given    7.5
  allowed  1.1 to 5
  source   {FACTOR_SOURCE}
  fix      lower it
a b/100%,é:x.json:2:5: warning JT252 Resources.Ü,:.Properties
  the base rate is below the maximum
  given    "50 %\\r\\n,:\\u200b é日😀 \\"\\ud800\\""
  allowed  100 %,
or: less
  see      a b/100%,é:x.json:7:1: Resources.B
  see      other.yaml:3: templates
  see      b.yaml: name
  source   assumed: {BASE_SOURCE}
  fix      write é日😀::error::
error JT010 environment
  the requested environment exists
  given    {{"a": [1, null]}}
  allowed  prod
  source   {LAYOUT}
  fix      write prod
stacks/prod.yaml:12:3: acknowledged JT352 templates.reboot.abort: "a reboot\\ndoes no harm"
"""
GITHUB = (
    "::error file=stacks/prod.yaml,line=31,col=9,title=JT203::templates.reboot.rollout.increment_factor: given 7.5; "
    "allowed 1.1 to 5; fix: lower it\n"
    "::warning file=a b/100%25%2Cé%3Ax.json,line=2,col=5,title=JT252::Resources.Ü,:.Properties: "
    'given "50 %25\\r\\n,:\\u200b é日😀 \\"\\ud800\\""; allowed 100 %25,%0Aor: less; fix: write é日😀::error::\n'
    '::error title=JT010::environment: given {"a": [1, null]}; allowed prod; fix: write prod\n'
)
JSON: dict[str, Any] = {
    "findings": [
        {
            "code": "JT203",
            "severity": "error",
            "file": "stacks/prod.yaml",
            "line": 31,
            "column": 9,
            "path": "templates.reboot.rollout.increment_factor",
            "given": 7.5,
            "when": None,
            "allowed": "1.1 to 5",
            "source": FACTOR_SOURCE,
            "evidence": "documented",
            "fix": "lower it",
            "edit": {"path": ["templates", "reboot", 0], "value": 5},
            "related": [],
        },
        {
            "code": "JT252",
            "severity": "warning",
            "file": "a b/100%,é:x.json",
            "line": 2,
            "column": 5,
            "path": "Resources.Ü,:.Properties",
            "given": '50 %\r\n,:\u200b é日😀 "?"',
            "when": None,
            "allowed": "100 %,\nor: less",
            "source": BASE_SOURCE,
            "evidence": "assumed",
            "fix": "write é日😀::error::",
            "edit": {"path": ["Resources", "Ü,:", "?"], "key": "é日😀::error::"},
            "related": [
                {"file": "a b/100%,é:x.json", "line": 7, "column": 1, "path": "Resources.B"},
                {"file": "other.yaml", "line": 3, "column": None, "path": "templates"},
                {"file": "b.yaml", "line": None, "column": None, "path": "name"},
            ],
        },
        {
            "code": "JT010",
            "severity": "error",
            "file": None,
            "line": None,
            "column": None,
            "path": "environment",
            "given": '{"a": [1, null]}',
            "when": None,
            "allowed": "prod",
            "source": LAYOUT,
            "evidence": "own",
            "fix": "write prod",
            "edit": None,
            "related": [],
        },
    ],
    "acknowledged": [
        {
            "code": "JT352",
            "severity": "warning",
            "file": "stacks/prod.yaml",
            "line": 12,
            "column": 3,
            "path": "templates.reboot.abort",
            "given": None,
            "when": None,
            "allowed": "abort criteria",
            "source": ABORT_SOURCE,
            "evidence": "documented",
            "fix": "add abort",
            "edit": None,
            "related": [],
            "reason": "a reboot\ndoes no harm",
        }
    ],
    "checked": 4,
    "skipped": [{"file": "notes.yaml", "reason": "not a mapping"}],
    "unjudged": [{"file": "b.yaml", "line": 1, "column": 4, "path": "a", "value": "${B}"}],
    "left_out": 0,
}


def sarif_rule(code: str, **others: Any) -> dict[str, Any]:
    rule = rules()[code]
    texts = {"shortDescription": {"text": rule.title}, "fullDescription": {"text": rule.why}}
    data = {"defaultConfiguration": {"level": rule.severity}, "properties": {"evidence": rule.evidence}}
    return {"id": code, **texts, **data, **others}


SARIF: dict[str, Any] = {
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "iot-jobs",
                    "version": version("iot-jobs"),
                    "rules": [
                        sarif_rule("JT010"),
                        sarif_rule("JT203", helpUri=FACTOR_SOURCE),
                        sarif_rule("JT252"),
                        sarif_rule("JT352", helpUri=ABORT_SOURCE),
                    ],
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": [
                {
                    "ruleId": "JT203",
                    "level": "error",
                    "message": {
                        "text": "templates.reboot.rollout.increment_factor: given 7.5; allowed 1.1 to 5; fix: lower it"
                    },
                    "locations": [
                        {
                            "logicalLocations": [{"fullyQualifiedName": "templates.reboot.rollout.increment_factor"}],
                            "physicalLocation": {
                                "artifactLocation": {"uri": "stacks/prod.yaml"},
                                "region": {"startLine": 31, "startColumn": 9},
                            },
                        }
                    ],
                },
                {
                    "ruleId": "JT252",
                    "level": "warning",
                    "message": {
                        "text": 'Resources.Ü,:.Properties: given "50 %\\r\\n,:\\u200b é日😀 \\"\\ud800\\""; '
                        "allowed 100 %,\nor: less; fix: write é日😀::error::"
                    },
                    "locations": [
                        {
                            "logicalLocations": [{"fullyQualifiedName": "Resources.Ü,:.Properties"}],
                            "physicalLocation": {
                                "artifactLocation": {"uri": "a%20b/100%25%2C%C3%A9%3Ax.json"},
                                "region": {"startLine": 2, "startColumn": 5},
                            },
                        }
                    ],
                    "relatedLocations": [
                        {
                            "logicalLocations": [{"fullyQualifiedName": "Resources.B"}],
                            "physicalLocation": {
                                "artifactLocation": {"uri": "a%20b/100%25%2C%C3%A9%3Ax.json"},
                                "region": {"startLine": 7, "startColumn": 1},
                            },
                        },
                        {
                            "logicalLocations": [{"fullyQualifiedName": "templates"}],
                            "physicalLocation": {
                                "artifactLocation": {"uri": "other.yaml"},
                                "region": {"startLine": 3, "startColumn": 1},
                            },
                        },
                        {
                            "logicalLocations": [{"fullyQualifiedName": "name"}],
                            "physicalLocation": {"artifactLocation": {"uri": "b.yaml"}},
                        },
                    ],
                },
                {
                    "ruleId": "JT010",
                    "level": "error",
                    "message": {"text": 'environment: given {"a": [1, null]}; allowed prod; fix: write prod'},
                    "locations": [],
                },
                {
                    "ruleId": "JT352",
                    "level": "warning",
                    "message": {"text": "templates.reboot.abort: allowed abort criteria; fix: add abort"},
                    "locations": [
                        {
                            "logicalLocations": [{"fullyQualifiedName": "templates.reboot.abort"}],
                            "physicalLocation": {
                                "artifactLocation": {"uri": "stacks/prod.yaml"},
                                "region": {"startLine": 12, "startColumn": 3},
                            },
                        }
                    ],
                    "suppressions": [{"kind": "inSource", "justification": "a reboot\ndoes no harm"}],
                },
            ],
        }
    ],
}


def one_line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def each_on_its_line(items: Any, indent: str) -> str:
    """Items of a list, each in a line."""
    inner = f",\n{indent}  ".join(map(one_line, items))
    return f"[\n{indent}  {inner}\n{indent}]" if items else "[]"


def json_text(report: Any) -> str:
    """The JSON report to the letter, with a line for each finding."""
    return (
        f'{{\n  "findings": {each_on_its_line(report["findings"], "  ")},\n'
        f'  "acknowledged": {each_on_its_line(report["acknowledged"], "  ")},\n'
        f'  "checked": {report["checked"]},\n'
        f'  "skipped": {each_on_its_line(report["skipped"], "  ")},\n'
        f'  "unjudged": {each_on_its_line(report["unjudged"], "  ")},\n'
        f'  "left_out": {report["left_out"]}\n}}\n'
    )


def sarif_text(report: Any) -> str:
    """The SARIF report to the letter, with a line for each result."""
    (run,) = report["runs"]
    results = each_on_its_line(run["results"], "      ")
    return (
        f'{{\n  "$schema": {one_line(report["$schema"])},\n  "version": "2.1.0",\n  "runs": [\n    {{\n'
        f'      "tool": {{\n        "driver": {one_line(run["tool"]["driver"])}\n      }},\n'
        f'      "columnKind": "unicodeCodePoints",\n      "results": {results}\n    }}\n  ]\n}}\n'
    )


WHOLE = {"text": TEXT, "json": json_text(JSON), "github": GITHUB, "sarif": sarif_text(SARIF)}
NOTHING = {
    "text": "",
    "json": json_text({"findings": [], "acknowledged": [], "checked": 0, "skipped": [], "unjudged": [], "left_out": 0}),
    "github": "",
    "sarif": sarif_text(
        SARIF
        | {
            "runs": [
                {
                    "tool": {"driver": {"name": "iot-jobs", "version": version("iot-jobs"), "rules": []}},
                    "columnKind": "unicodeCodePoints",
                    "results": [],
                }
            ]
        }
    ),
}
EACH = pytest.mark.parametrize("name", list(findings.FORMATS))


@EACH
def test_whole_output(name: str) -> None:
    """A report with everything in it reads so, to the letter."""
    assert findings.FORMATS[name](REPORT) == WHOLE[name]


@EACH
def test_nothing_found(name: str) -> None:
    """An empty report prints nothing, or a complete document without findings where the format needs one."""
    assert findings.FORMATS[name](EMPTY) == NOTHING[name]


@EACH
def test_utf_8(name: str) -> None:
    """Each output can be written as UTF-8, whatever the values are."""
    assert findings.FORMATS[name](REPORT).encode().decode() == WHOLE[name]


CONTRACT = [
    *("code", "severity", "file", "line", "column", "path", "given", "when"),
    *("allowed", "source", "evidence", "fix", "edit", "related"),
]


def test_json_contract() -> None:
    """The members of the JSON report are those that docs/cli.md documents, and each finding has all of them."""
    data = json.loads(findings.as_json(REPORT))
    assert list(data) == ["findings", "acknowledged", "checked", "skipped", "unjudged", "left_out"]
    assert [list(one) for one in data["findings"]] == [CONTRACT] * 3
    assert [list(one) for one in data["acknowledged"]] == [[*CONTRACT, "reason"]]
    assert list(data["findings"][1]["related"][0]) == ["file", "line", "column", "path"]


GIVEN: list[tuple[object, object]] = [
    (None, None),
    (0, 0),
    (False, False),
    (7.5, 7.5),
    (10**30, 10**30),
    (math.nan, "nan"),
    (-math.inf, "-inf"),
    ("", ""),
    ("a" * 100, "a" * 100),
    ("a" * 101, "a" * 99 + "…"),
    (10**100, "1" + "0" * 98 + "…"),
    ("\ud800a", "?a"),
    ([1, "a"], '[1, "a"]'),
    ({"a": {1, 2}}, '{"a": "{1, 2}"}'),
    (["a" * 200], '["' + "a" * 97 + "…"),
]


@pytest.mark.parametrize(("given", "expected"), GIVEN, ids=[repr(given)[:20] for given, _ in GIVEN])
def test_given_in_json(given: object, expected: object) -> None:
    """A short scalar is the same in JSON, if JSON has it; anything else is shown as its short text."""
    report = EMPTY._replace(findings=(FACTOR._replace(given=given),))
    (found,) = json.loads(findings.as_json(report), parse_constant=pytest.fail)["findings"]
    assert found["given"] == expected
    assert type(found["given"]) is type(expected)


GITHUB_TEXTS = [
    ("a%b", "file=a%25b,"),
    ("a,b", "file=a%2Cb,"),
    ("a:b", "file=a%3Ab,"),
    ("a\nb", "file=a%0Ab,"),
    ("a\r\nb", "file=a%0D%0Ab,"),
    ("%0A", "file=%250A,"),
    ("é 日", "file=é 日,"),
]


@pytest.mark.parametrize(("file", "written"), GITHUB_TEXTS, ids=[repr(file) for file, _ in GITHUB_TEXTS])
def test_github_properties(file: str, written: str) -> None:
    """A file's name ends neither its property nor the command."""
    report = EMPTY._replace(findings=(FACTOR._replace(place=Place("a", file, 1, 2)),))
    output = findings.github(report)
    assert output.startswith(f"::error {written}line=1,col=2,title=JT203::a: given")
    assert output.count("\n") == 1


SUMMARIES = [
    (EMPTY, "0 checked, 0 errors, 0 warnings"),
    (REPORT, "4 checked, 2 errors, 1 warning, 1 acknowledged, 1 skipped, 1 value known only at deployment"),
    (EMPTY._replace(checked=1, findings=(FACTOR,)), "1 checked, 1 error, 0 warnings"),
    (EMPTY._replace(skipped=(SKIPPED, SKIPPED)), "0 checked, 0 errors, 0 warnings, 2 skipped"),
    (EMPTY._replace(unjudged=(LATER, LATER)), "0 checked, 0 errors, 0 warnings, 2 values known only at deployment"),
]


@pytest.mark.parametrize(("report", "text"), SUMMARIES, ids=[text for _, text in SUMMARIES])
def test_summary(report: Report, text: str) -> None:
    """One line counts what was checked and found, and what was acknowledged or skipped if anything was."""
    assert findings.summary(report) == text


def faults(log: dict[str, Any]) -> list[str]:
    """What SARIF 2.1.0 requires and a log doesn't have: members, kinds, references between them, bounds."""
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    ids = [rule["id"] for rule in driver["rules"]]
    wanted = {
        "version": log["version"] == "2.1.0",
        "schema": log["$schema"].startswith("https://"),
        "driver name": bool(driver["name"]),
        "rule ids once": len(ids) == len(set(ids)),
        "column kind": run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints"),
    }
    for rule in driver["rules"]:
        wanted[f"{rule['id']} texts"] = bool(rule["shortDescription"]["text"]) and bool(rule["fullDescription"]["text"])
        wanted[f"{rule['id']} level"] = rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        wanted[f"{rule['id']} help"] = re.fullmatch(r"https://[!-~]+", rule.get("helpUri", "https://a")) is not None
    for result in run["results"]:
        code = result["ruleId"]
        wanted[f"{code} is a rule"] = code in ids
        wanted[f"{code} message"] = bool(result["message"]["text"])
        wanted[f"{code} result level"] = result["level"] in ("none", "note", "warning", "error")
        for suppression in result.get("suppressions", ()):
            wanted[f"{code} suppression"] = suppression["kind"] in ("inSource", "external")
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            physical = location.get("physicalLocation", {"artifactLocation": {"uri": "a"}})
            region = physical.get("region", {"startLine": 1, "startColumn": 1})
            uri = physical["artifactLocation"]["uri"]
            wanted[f"{code} uri {uri}"] = re.fullmatch(r"(?:[A-Za-z0-9/._~-]|%[0-9A-F]{2})+", uri) is not None
            wanted[f"{code} region"] = min(region["startLine"], region["startColumn"]) >= 1
            wanted[f"{code} name"] = isinstance(location["logicalLocations"][0]["fullyQualifiedName"], str)
    return [name for name, holds in wanted.items() if not holds]


def test_sarif_structure() -> None:
    """A finding of every rule with an example makes a log that has what SARIF requires."""
    found = [one for code in rules_doc.WITH_EXAMPLES for one in rules_doc.findings(rules_doc.examples(code)[0])]
    for report in (REPORT, EMPTY, EMPTY._replace(findings=tuple(found))):
        assert faults(json.loads(findings.sarif(report))) == []


@EACH
def test_every_rule_in_every_format(name: str) -> None:
    """A finding of every rule with an example can be rendered, and names its code."""

    def rendered(one: Finding) -> str:
        return findings.FORMATS[name](EMPTY._replace(findings=(one,)))

    found = [one for code in rules_doc.WITH_EXAMPLES for one in rules_doc.findings(rules_doc.examples(code)[0])]
    assert [one.code for one in found if one.code not in rendered(one)] == []


@EACH
def test_file_names_that_are_no_utf_8(name: str) -> None:
    """A file whose name is no UTF-8 is reported too."""
    report = EMPTY._replace(findings=(FACTOR._replace(place=Place("a", "b\udcff", 1, 2)),))
    assert "JT203" in findings.FORMATS[name](report).encode().decode()


@EACH
def test_half_a_character(name: str) -> None:
    """A report can be written in UTF-8, wherever in it there is half of a surrogate pair from a file's JSON."""
    half = "\ud800"
    told = FACTOR._replace(given=half, allowed=f"no {half}", fix=f"remove {half}", acknowledged=f"for {half}")
    report = EMPTY._replace(findings=(told,), acknowledged=(told,), skipped=(Skipped(half, half),))
    written = findings.FORMATS[name](report).encode().decode()
    assert "JT203" in written
    if name in ("json", "sarif"):
        assert half not in json.dumps(json.loads(written), ensure_ascii=False)


def test_json_holds_no_control_characters() -> None:
    """Text is as readable as it was, and nothing in it moves a terminal's cursor."""
    assert to_json({"é\x7f\x9b": "\x1b\u0085"}) == '{\n  "é\\u007f\\u009b": "\\u001b\\u0085"\n}\n'


def test_json_is_utf_8() -> None:
    """Half of a surrogate pair is a question mark, in a value and in a key; a whole pair stays the character it is."""
    assert to_json({"\udfff": "a\ud800b😀"}) == '{\n  "?": "a?b😀"\n}\n'
    assert to_json(["\udfff"], levels=1) == '[\n  "?"\n]\n'
