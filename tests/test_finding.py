"""Findings: the text that users see, and the data that it is made of."""

import copy
import importlib
import math
import pickle
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import iot_jobs
from iot_jobs.finding import Finding, Findings, FindingsError, Location, Place, Rule, dotted, shown
from iot_jobs.limits import DESCRIPTION, TEMPLATE_NAME

SOURCE = "https://example.com/speed"
RULE = Rule(code="JT999", title="speed is 1 to 5", why="AWS refuses the rest.", source=SOURCE, evidence="documented")
ADVICE = RULE.replace(severity="warning")


def speed(given: object = 7.5, **others: Any) -> Finding:
    finding = RULE.finding(loc=("rollout", "speed"), given=given, allowed="1 to 5", fix="lower it")
    return finding._replace(**others)


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


DOTTED: list[tuple[Location, str]] = [
    ((), ""),
    (("abort",), "abort"),
    (("abort", "criteria", 0, "threshold_percentage"), "abort.criteria[0].threshold_percentage"),
    ((2, "name"), "[2].name"),
    (("tags", "a.b"), "tags.a.b"),
]


@pytest.mark.parametrize(("loc", "text"), DOTTED)
def test_dotted(loc: Location, text: str) -> None:
    """A location reads as one string, with list indexes in brackets."""
    assert dotted(loc) == text


SHOWN = [
    (None, "nothing"),
    (0, "0"),
    (False, "false"),
    ("", '""'),
    ("a", '"a"'),
    ("é 日 😀", '"é 日 😀"'),
    ("a\nb\t", '"a\\nb\\t"'),
    ("zero\u200bwidth \u2028", '"zero\\u200bwidth \\u2028"'),
    ("\x1b[31m\x7f\x9b", '"\\u001b[31m\\u007f\\u009b"'),
    ("\ud800", '"\\ud800"'),
    (math.nan, "NaN"),
    (7.5, "7.5"),
    ({"a": (1, None)}, '{"a": [1, null]}'),
    (Path("f.yaml"), '"f.yaml"'),
    ("x" * 98, '"' + "x" * 98 + '"'),
    ("x" * 99, '"' + "x" * 98 + "…"),
    ("x" * 100_000, '"' + "x" * 98 + "…"),
    ({("a", "b"): 1}, "a dict"),
    (deep(100_000), "[" * 99 + "…"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN, ids=[text[:20] for _, text in SHOWN])
def test_shown(value: object, text: str) -> None:
    """A value is shown as JSON on one line of at most 100 characters, with nothing invisible in it."""
    assert shown(value) == text


TEXTS = [
    (
        speed(),
        """\
error JT999 rollout.speed
  speed is 1 to 5
  given    7.5
  allowed  1 to 5
  source   https://example.com/speed
  fix      lower it""",
    ),
    (
        speed(given=None, place=Place("templates.a.speed", "prod.yaml", 31, 9)),
        """\
prod.yaml:31:9: error JT999 templates.a.speed
  speed is 1 to 5
  allowed  1 to 5
  source   https://example.com/speed
  fix      lower it""",
    ),
    (
        speed(place=Place("", "prod.yaml"), related=(Place("a", "a.yaml", 2, 1), Place("b"))),
        """\
prod.yaml: error JT999
  speed is 1 to 5
  given    7.5
  allowed  1 to 5
  see      a.yaml:2:1: a
  see      b
  source   https://example.com/speed
  fix      lower it""",
    ),
    (
        speed(related_locs=(("rollout", 0),), rule=ADVICE, acknowledged="measured on the bench"),
        """\
warning JT999 rollout.speed
  speed is 1 to 5
  given    7.5
  allowed  1 to 5
  see      rollout[0]
  source   https://example.com/speed
  fix      lower it
  accepted "measured on the bench\"""",
    ),
]


@pytest.mark.parametrize(("finding", "text"), TEXTS, ids=["plain", "placed", "related", "acknowledged"])
def test_text(finding: Finding, text: str) -> None:
    """A finding reads as one block: where, given, allowed, second places, source and fix."""
    assert str(finding) == text


def test_text_of_an_error() -> None:
    """An error is its findings one below the other, each with what they are about where that is in no file."""
    findings = (speed(), speed(given=8))
    assert str(FindingsError(findings)) == f"{findings[0]}\n{findings[1]}"
    text = str(FindingsError(findings, where="Jobs/A\n"))
    assert text == f"Jobs/A\\u000a: {findings[0]}\nJobs/A\\u000a: {findings[1]}"


def test_finding_data() -> None:
    """Code and severity are the rule's, and the path is the file's, or the model's where there is no file."""
    finding = speed()
    assert (finding.code, finding.severity, finding.path) == ("JT999", "error", "rollout.speed")
    placed = finding._replace(place=Place("Resources.T", "t.json"))
    assert placed.path == "Resources.T"


def test_under() -> None:
    """Seen from further out, the second places move along."""
    finding = speed(related_locs=(("rollout", "maximum"),)).under(("templates", 1))
    assert finding.loc == ("templates", 1, "rollout", "speed")
    assert finding.related_locs == (("templates", 1, "rollout", "maximum"),)


PLACES = [
    (Place("a"), ""),
    (Place("a", "f.yaml"), "f.yaml"),
    (Place("a", "f.yaml", 3), "f.yaml:3"),
    (Place("a", "f.yaml", 3, 7), "f.yaml:3:7"),
    (Place("a", None, 3, 7), "3:7"),
]


@pytest.mark.parametrize(("place", "text"), PLACES)
def test_place(place: Place, text: str) -> None:
    """A place reads as file, line and column, as far as they are known."""
    assert str(place) == text


def test_error_lists_everything() -> None:
    """A FindingsError is a ValueError that keeps its findings in order and whose text is all of them."""
    found = [speed(1), speed(2)]
    error = FindingsError(iter(found))
    assert isinstance(error, ValueError)
    assert error.findings == tuple(found)
    assert str(error) == f"{found[0]}\n{found[1]}"


def test_distinct() -> None:
    """A finding that repeats another is kept once; with another value or place it is another finding."""
    here, there = Place("a", "f.yaml", 1, 1), Place("a", "f.yaml", 2, 1)
    found = [speed(1, place=here), speed(2, place=here), speed(1, place=there), speed(1, place=here)]
    kept = Findings()
    kept += found
    assert list(kept) == found[:3]


def every_rule() -> list[Rule]:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(iot_jobs.__path__, "iot_jobs.")
        if not module.name.startswith(("iot_jobs.cdk", "iot_jobs.aws"))
    ]
    values = (value for module in modules for value in vars(module).values())
    return list({id(rule): rule for rule in values if isinstance(rule, Rule)}.values())


def test_codes() -> None:
    """Every rule has a code of its own."""
    codes = [rule.code for rule in every_rule()]
    assert len(codes) > 50
    assert sorted(codes) == sorted(set(codes))
    assert all(re.fullmatch(r"JT\d{3}", code) for code in codes)


def test_rules_say_what_why_and_whence() -> None:
    """Every rule has a title without a full stop, a reason that is a sentence, and a source."""
    for rule in every_rule():
        assert rule.title, rule.code
        assert not rule.title.endswith("."), rule.code
        assert rule.why.endswith("."), rule.code
        assert rule.source, rule.code


def test_findings_survive_a_copy() -> None:
    """A finding that went to another process and back is the same."""
    finding = TEMPLATE_NAME.check("")
    assert finding is not None
    assert copy.deepcopy(finding) == pickle.loads(pickle.dumps(finding)) == finding
    assert len({finding, copy.deepcopy(finding)}) == 1
    assert finding.rule != DESCRIPTION
    assert repr(finding.rule) == "<Text JT101>"
