"""Environments: where they are deployed, and what they override in a family."""

from typing import Any

import pytest

from iot_jobs import Environment, Fleet, JobDocument, JobTemplateSpec
from iot_jobs.environment import overlay
from iot_jobs.finding import dotted

GOOD: dict[str, Any] = {
    "name": "prod",
    "account": "123456789012",
    "region": "eu-west-1",
    "fleet": {"things": 250_000},
}


def template(name: str) -> JobTemplateSpec:
    return JobTemplateSpec(template_name=name, description="a", document=JobDocument.inline({"steps": []}))


def problems(change: Any) -> list[tuple[str, str, Any]]:
    _, found = Environment.check(GOOD | change if isinstance(change, dict) else change)
    return [(one.code, dotted(one.loc), one.given) for one in found]


NOTHING: list[tuple[str, dict[str, Any]]] = [
    ("the least", {}),
    ("several accounts and regions", {"account": ["123456789012", "000000000000"], "region": ("eu-west-1", "us-east-1")}),
    ("one in a list", {"account": ["123456789012"]}),
    ("production", {"production": True}),
    ("tags", {"tags": {"team": "fleet"}}),
    ("templates", {"templates": [template("a"), template("b")]}),
    ("one thing", {"fleet": Fleet(things=1)}),
    ("what devices do", {"fleet": {"things": 1, "failure_rate": 0.5, "reject_rate": 0.5, "hang_rate": 0,
        "offline_rate": 1, "start_delay_minutes": 0, "run_time_minutes": "5:2",
        "failure_time_minutes": "2:1.5", "failures_stick": 1, "max_harmed": 0}}),
]  # fmt: skip


@pytest.mark.parametrize("change", [row[1] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_nothing_to_report(change: dict[str, Any]) -> None:
    """What can be deployed is accepted."""
    assert problems(change) == []


WRONG: list[tuple[str, Any, list[tuple[str, str, Any]]]] = [
    ("no mapping", None, [("JT005", "", None)]),
    ("a list", ["prod"], [("JT005", "", ["prod"])]),
    ("a name with a dot", {"name": "prod.eu"}, [("JT901", "name", "prod.eu")]),
    ("an account without quotes", {"account": 123456789012}, [("JT902", "account", 123456789012)]),
    ("an account of 11 digits", {"account": "12345678901"}, [("JT902", "account", "12345678901")]),
    ("one account of two", {"account": ["123456789012", 5]}, [("JT902", "account[1]", 5)]),
    ("an account twice", {"account": ["123456789012"] * 2}, [("JT005", "account", ["123456789012"] * 2)]),
    ("no account", {"account": []}, [("JT005", "account", [])]),
    ("a mapping of accounts", {"account": {"a": "123456789012"}}, [("JT902", "account", {"a": "123456789012"})]),
    ("a region in words", {"region": "Ireland"}, [("JT903", "region", "Ireland")]),
    ("production in words", {"production": "yes"}, [("JT005", "production", "yes")]),
    ("production as a number", {"production": 1}, [("JT005", "production", 1)]),
    ("no things", {"fleet": {"things": 0}}, [("JT904", "fleet.things", 0)]),
    ("half a thing", {"fleet": {"things": 0.5}}, [("JT904", "fleet.things", 0.5)]),
    ("rates above 1", {"fleet": {"things": 1, "failure_rate": 1.1}}, [("JT907", "fleet.failure_rate", 1.1)]),
    ("rates of more than 1", {"fleet": {"things": 1, "failure_rate": 0.6, "hang_rate": 0.5}},
     [("JT910", "fleet.failure_rate", 1.1)]),
    ("a time in words", {"fleet": {"things": 1, "run_time_minutes": "5"}}, [("JT908", "fleet.run_time_minutes", "5")]),
    ("less than no harm", {"fleet": {"things": 1, "max_harmed": -1}}, [("JT909", "fleet.max_harmed", -1)]),
    ("a fleet that is a number", {"fleet": 5}, [("JT005", "fleet", 5)]),
    ("an empty fleet", {"fleet": {}}, [("JT004", "fleet.things", None)]),
    ("an unknown key", {"regions": ["eu-west-1"]}, [("JT003", "regions", "regions")]),
    ("a tag of AWS", {"tags": {"aws:a": "b"}}, [("JT110", "tags.aws:a", "aws:a")]),
    ("a template twice", {"templates": [template("a"), template("a")]}, [("JT905", "templates[1].template_name", "a")]),
    (
        "everything at once",
        {"name": "", "account": 5, "region": "x", "production": "no", "fleet": {"things": True}, "tags": []},
        [
            ("JT901", "name", ""),
            ("JT902", "account", 5),
            ("JT903", "region", "x"),
            ("JT005", "production", "no"),
            ("JT904", "fleet.things", True),
            ("JT005", "tags", []),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_values(change: Any, expected: list[tuple[str, str, Any]]) -> None:
    """All errors are listed at once, each value as it was written."""
    assert problems(change) == expected


def test_required_values() -> None:
    """Name, account, region and fleet are required."""
    _, found = Environment.check({})
    assert [(one.code, one.fix) for one in found] == [
        ("JT004", f"add {name}") for name in ("name", "account", "region", "fleet")
    ]


def test_a_template_twice_names_both() -> None:
    """A duplicate name is one finding with both places."""
    _, (found,) = Environment.check(GOOD | {"templates": [template("a"), template("b"), template("a")]})
    assert (dotted(found.loc), [dotted(loc) for loc in found.related_locs]) == (
        "templates[2].template_name",
        ["templates[0].template_name"],
    )


LOCATIONS = [
    ("123456789012", "eu-west-1", [("123456789012", "eu-west-1")]),
    (
        ["123456789012", "000000000000"],
        ["eu-west-1", "us-east-1"],
        [
            ("123456789012", "eu-west-1"),
            ("123456789012", "us-east-1"),
            ("000000000000", "eu-west-1"),
            ("000000000000", "us-east-1"),
        ],
    ),
]


@pytest.mark.parametrize(("account", "region", "expected"), LOCATIONS, ids=["one", "two of each"])
def test_locations(account: Any, region: Any, expected: list[tuple[str, str]]) -> None:
    """Each account has the templates in each region, in the order in which they were written."""
    assert list(Environment(**GOOD | {"account": account, "region": region}).locations) == expected


OVERLAYS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("nothing over nothing", {}, {}, {}),
    ("nothing over something", {"a": 1}, {}, {"a": 1}),
    ("another key", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ("a scalar replaces", {"a": 1}, {"a": 2}, {"a": 2}),
    ("0 replaces", {"a": 1}, {"a": 0}, {"a": 0}),
    ("False replaces", {"a": True}, {"a": False}, {"a": False}),
    ("empty text replaces", {"a": "b"}, {"a": ""}, {"a": ""}),
    ("a mapping merges", {"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, {"a": {"b": 1, "c": 3, "d": 4}}),
    ("deeply", {"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 9}}}, {"a": {"b": {"c": 9, "d": 2}}}),
    ("an empty mapping changes nothing", {"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ("a list replaces", {"a": [1, 2, {"b": 1}]}, {"a": [{"c": 2}]}, {"a": [{"c": 2}]}),
    ("an empty list replaces", {"a": [1]}, {"a": []}, {"a": []}),
    ("None removes", {"a": 1, "b": 2}, {"a": None}, {"b": 2}),
    ("None removes a mapping", {"a": {"b": 1}}, {"a": None}, {}),
    ("None removes within", {"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
    (
        "None stays where there is nothing to remove",
        {"a": 1},
        {"b": None, "c": {"d": None}},
        {"a": 1, "b": None, "c": {"d": None}},
    ),
    ("a mapping replaces a scalar", {"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
    ("a mapping replaces a list", {"a": [1]}, {"a": {"b": 2}}, {"a": {"b": 2}}),
    ("a scalar replaces a mapping", {"a": {"b": 1}}, {"a": 2}, {"a": 2}),
]


@pytest.mark.parametrize(
    ("family", "change", "expected"), [row[1:] for row in OVERLAYS], ids=[row[0] for row in OVERLAYS]
)
def test_overlay(family: dict[str, Any], change: dict[str, Any], expected: dict[str, Any]) -> None:
    """A mapping merges, a list or scalar replaces, None removes; and neither of the two is changed by it."""
    before = repr((family, change))
    assert overlay(family, change) == expected
    assert repr((family, change)) == before
