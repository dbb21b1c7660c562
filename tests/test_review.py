"""A review: what differs between two templates, which way it goes, and what comes of it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_jobs import AbortConfig, AbortCriterion, FindingsError, Fleet, JobDocument, JobTemplateSpec
from iot_jobs.cloudformation import TEMPLATE, properties, values
from iot_jobs.forecast import Assumptions, Worst, forecast
from iot_jobs.render.forecast import data
from iot_jobs.render.review_words import TITLES, deployment_lines, figures, reasons
from iot_jobs.review import (
    ORDER,
    Change,
    Deploy,
    Deployment,
    Direction,
    Figures,
    Grant,
    Side,
    Template,
    Verdict,
    as_data,
    review,
    spec_changes,
)
from iot_jobs.review.compare_role import grant_changes, grants_in
from iot_jobs.review.directions import TABLE, Movement
from iot_jobs.unresolved import Unresolved
from tests.strategies import specs

RATE = {
    "maximum_per_minute": 500,
    "exponential_rate": {
        "base_rate_per_minute": 20,
        "increment_factor": 1.5,
        "rate_increase_criteria": {"number_of_succeeded_things": 500},
    },
}
FAILED = {"failure_type": "FAILED", "threshold_percentage": 4, "min_number_of_executed_things": 60}
ALL = {"failure_type": "ALL", "threshold_percentage": 4, "min_number_of_executed_things": 60}
WINDOW = {"start_time": "cron(0 1 ? * TUE *)", "duration_in_minutes": 60}
LATER = {"start_time": "cron(0 1 ? * WED *)", "duration_in_minutes": 60}
ROLE = "arn:aws:iam::123456789012:role/"
PACKAGE = "arn:aws:iot:eu-west-1:123456789012:package/agent"
STEP = {"action": {"name": "a", "type": "runHandler", "input": {"handler": "a.sh", "args": ["x"]}}}


def rated(**rate: Any) -> dict[str, Any]:
    """A rollout whose exponential rate has these values."""
    return {"rollout": {**RATE, "exponential_rate": {**RATE["exponential_rate"], **rate}}}  # type: ignore[dict-item]


def spec(**given: Any) -> JobTemplateSpec:
    """A template with these values, the document as a mapping."""
    document = given.pop("document", {"operation": "reboot.sh"})
    whole: dict[str, Any] = {"template_name": "t", "description": "d", **given}
    if "document_source" not in given:
        whole["document"] = JobDocument.inline(document)
    return JobTemplateSpec(**whole)


def steps(*changed: Mapping[str, Any]) -> dict[str, Any]:
    """A document with steps, each the one above with another action."""
    return {"document": {"steps": [{"action": {**STEP["action"], **one}} for one in changed]}}


# Of each kind: before, after, and path, values and direction there; the way back is the mirror.
def step_more(**more: Any) -> dict[str, Any]:
    found = steps({})
    found["document"]["steps"].append({"action": {"name": "b", **more}})
    return found


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], str, Any, Any, str]] = {
    "maximum": ({"rollout": {"maximum_per_minute": 5}}, {"rollout": {"maximum_per_minute": 6}},
                "rollout.maximum_per_minute", 5, 6, "riskier"),
    "rollout below the default": ({"rollout": {"maximum_per_minute": 999}}, {},
                                  "rollout.maximum_per_minute", 999, None, "riskier"),
    "rollout at the default": ({}, {"rollout": {"maximum_per_minute": 1000}},
                               "rollout.maximum_per_minute", None, 1000, "neutral"),
    "slow start": ({"rollout": RATE}, {"rollout": {"maximum_per_minute": 500}},
                   "rollout.exponential_rate", RATE["exponential_rate"], None, "riskier"),
    "base rate": (rated(), rated(base_rate_per_minute=21),
                  "rollout.exponential_rate.base_rate_per_minute", 20, 21, "riskier"),
    "factor": (rated(), rated(increment_factor=1.6), "rollout.exponential_rate.increment_factor", 1.5, 1.6, "riskier"),
    "succeeded": (rated(), rated(rate_increase_criteria={"number_of_succeeded_things": 499}),
                  "rollout.exponential_rate.rate_increase_criteria.number_of_succeeded_things", 500, 499, "riskier"),
    "notified": (rated(rate_increase_criteria={"number_of_notified_things": 2}),
                 rated(rate_increase_criteria={"number_of_notified_things": 1}),
                 "rollout.exponential_rate.rate_increase_criteria.number_of_notified_things", 2, 1, "riskier"),
    "what is counted": (rated(), rated(rate_increase_criteria={"number_of_notified_things": 900}),
                        "rollout.exponential_rate.rate_increase_criteria",
                        {"number_of_succeeded_things": 500}, {"number_of_notified_things": 900}, "riskier"),
    "criterion": ({"abort": {"criteria": [FAILED, ALL]}}, {"abort": {"criteria": [ALL]}},
                  "abort.criteria[FAILED]", {**FAILED, "action": "CANCEL"}, None, "riskier"),
    "abort": ({"abort": {"criteria": [ALL]}}, {}, "abort.criteria[ALL]", {**ALL, "action": "CANCEL"}, None, "riskier"),
    "threshold": ({"abort": {"criteria": [FAILED]}}, {"abort": {"criteria": [{**FAILED, "threshold_percentage": 4.01}]}},
                  "abort.criteria[FAILED].threshold_percentage", 4, 4.01, "riskier"),
    "minimum": ({"abort": {"criteria": [FAILED]}},
                {"abort": {"criteria": [{**FAILED, "min_number_of_executed_things": 61}]}},
                "abort.criteria[FAILED].min_number_of_executed_things", 60, 61, "riskier"),
    "retry": ({}, {"retry": {"criteria": [{"failure_type": "FAILED", "number_of_retries": 0}]}},
              "retry.criteria[FAILED]", None, {"failure_type": "FAILED", "number_of_retries": 0}, "neutral"),
    "retries": ({"retry": {"criteria": [{"failure_type": "ALL", "number_of_retries": 0}]}},
                {"retry": {"criteria": [{"failure_type": "ALL", "number_of_retries": 1}]}},
                "retry.criteria[ALL].number_of_retries", 0, 1, "neutral"),
    "timeout": ({"timeout": {"in_progress_timeout_in_minutes": 5}}, {"timeout": {"in_progress_timeout_in_minutes": 6}},
                "timeout.in_progress_timeout_in_minutes", 5, 6, "riskier"),
    "no timeout": ({"timeout": {"in_progress_timeout_in_minutes": 5}}, {},
                   "timeout.in_progress_timeout_in_minutes", 5, None, "riskier"),
    "expiry": ({"presigned_url": {"role_arn": ROLE + "a", "expires_in_sec": 60}},
               {"presigned_url": {"role_arn": ROLE + "a", "expires_in_sec": 61}},
               "presigned_url.expires_in_sec", 60, 61, "riskier"),
    "role": ({"presigned_url": {"role_arn": ROLE + "a"}}, {"presigned_url": {"role_arn": ROLE + "b"}},
             "presigned_url.role_arn", ROLE + "a", ROLE + "b", "neutral"),
    "window": ({"maintenance_windows": [WINDOW]}, {},
               "maintenance_windows[cron(0 1 ? * TUE *)]", WINDOW, None, "riskier"),
    "further window": ({"maintenance_windows": [LATER]}, {"maintenance_windows": [WINDOW, LATER]},
                       "maintenance_windows[cron(0 1 ? * TUE *)]", None, WINDOW, "riskier"),
    "duration": ({"maintenance_windows": [WINDOW]}, {"maintenance_windows": [{**WINDOW, "duration_in_minutes": 61}]},
                 "maintenance_windows[cron(0 1 ? * TUE *)].duration_in_minutes", 60, 61, "riskier"),
    "description": ({}, {"description": "e"}, "description", "d", "e", "neutral"),
    "tag": ({}, {"tags": {"a": "b"}}, "tags.a", None, "b", "neutral"),
    "tag with a dot": ({"tags": {"a.b": "1"}}, {"tags": {"a.b": "2"}}, "tags[a.b]", "1", "2", "neutral"),
    "package": ({"destination_package_versions": [PACKAGE + "/version/1"]},
                {"destination_package_versions": [PACKAGE + "/version/2"]},
                f"destination_package_versions[{PACKAGE}]", "1", "2", "neutral"),
    "another package": ({}, {"destination_package_versions": [PACKAGE + "/version/1"]},
                        f"destination_package_versions[{PACKAGE}]", None, "1", "neutral"),
    "source": ({"document_source": "https://bucket.s3.eu-west-1.amazonaws.com/a"}, {"document_source": "https://bucket.s3.eu-west-1.amazonaws.com/b"},
               "document_source", "https://bucket.s3.eu-west-1.amazonaws.com/a", "https://bucket.s3.eu-west-1.amazonaws.com/b", "neutral"),
    "step": (steps({}), steps({}, {"name": "b"}), "document.steps[b]", None, {"action": {**STEP["action"], "name": "b"}},
             "neutral"),
    "order of steps": (steps({}, {"name": "b"}), steps({"name": "b"}, {}), "document.steps.order", ["a", "b"], ["b", "a"],
                       "neutral"),
    "argument": (steps({}), steps({"input": {"handler": "a.sh", "args": ["y"]}}),
                 "document.steps[a].action.input.args[0]", "x", "y", "neutral"),
    "arguments": (steps({}), steps({"input": {"handler": "a.sh", "args": ["x", "y"]}}),
                  "document.steps[a].action.input.args", ["x"], ["x", "y"], "neutral"),
    "a key with a dot": ({"document": {}}, {"document": {"a.b": 1}}, 'document["a.b"]', None, 1, "neutral"),
    "null": ({"document": {}}, {"document": {"a": None}}, "document.a", None, "null", "neutral"),
    "true and 1": ({"document": {"a": True}}, {"document": {"a": 1}}, "document.a", True, 1, "neutral"),
    "failures ignored": (steps({}), steps({"ignoreStepFailure": "true"}),
                         "document.steps[a].action.ignoreStepFailure", None, "true", "riskier"),
    "failures ignored as before": (steps({}), steps({"ignoreStepFailure": "false"}),
                                   "document.steps[a].action.ignoreStepFailure", None, "false", "neutral"),
    "errors": (steps({"allowStdErr": 1}), steps({"allowStdErr": 2}),
               "document.steps[a].action.allowStdErr", 1, 2, "riskier"),
    "errors without a limit": (steps({"allowStdErr": 1}), steps({}),
                               "document.steps[a].action.allowStdErr", 1, None, "riskier"),
    "root": (steps({"runAsUser": "app"}), steps({"runAsUser": "root"}),
             "document.steps[a].action.runAsUser", "app", "root", "riskier"),
    "a step whose failure is ignored": (
        steps({}), step_more(ignoreStepFailure=True), "document.steps[b]", None,
        {"action": {"name": "b", "ignoreStepFailure": True}}, "riskier"),
    "a step as root": (
        steps({}), step_more(runAsUser="root"), "document.steps[b]", None,
        {"action": {"name": "b", "runAsUser": "root"}}, "riskier"),
    "a step": (
        steps({}), step_more(), "document.steps[b]", None, {"action": {"name": "b"}}, "neutral"),
    "the client's own user": (steps({"runAsUser": "app"}), steps({}),
                              "document.steps[a].action.runAsUser", "app", None, "riskier"),
    "root or the client's own user": (steps({"runAsUser": "root"}), steps({"runAsUser": ""}),
                                      "document.steps[a].action.runAsUser", "root", "", "neutral"),
    "condition": ({"document": {"conditions": [{"key": "k"}]}}, {"document": {}},
                  "document.conditions", [{"key": "k"}], None, "neutral"),
}  # fmt: skip
MIRROR = {"riskier": "safer", "neutral": "neutral"}


@pytest.mark.parametrize("name", ROWS)
def test_each_kind_in_both_directions(name: str) -> None:
    """A change is reported once, with its direction, and the reverse change has the opposite one."""
    before, after, path, old, new, direction = ROWS[name]
    (there,) = spec_changes(spec(**before), spec(**after))
    assert (there.path, there.before, there.after, there.direction) == (path, old, new, direction)
    (back,) = spec_changes(spec(**after), spec(**before))
    assert (back.path, back.before, back.after, back.direction) == (path, new, old, MIRROR[direction])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"abort": {"criteria": [FAILED, ALL]}}, {"abort": {"criteria": [ALL, FAILED]}}),
        ({"abort": {"criteria": [FAILED]}}, {"abort": {"criteria": [{**FAILED, "threshold_percentage": 4.0}]}}),
        (rated(increment_factor=2), rated(increment_factor=2.0)),
        ({"maintenance_windows": [WINDOW, LATER]}, {"maintenance_windows": [LATER, WINDOW]}),
        ({"document": '{"a": 1, "b": 2}'}, {"document": '{ "b":2,\n"a":1 }'}),
        ({"document": '{"a": 2}'}, {"document": '{"a": 2.0}'}),
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"b": "2", "a": "1"}}),
    ],
    ids=[
        "same",
        "order of criteria",
        "4 and 4.0",
        "2 and 2.0",
        "order of windows",
        "layout",
        "2 and 2.0 in it",
        "tags",
    ],
)
def test_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Layout, order and the spelling of numbers are no changes."""
    assert spec_changes(spec(**before), spec(**after)) == ()


def test_one_riskier_change_is_not_outweighed() -> None:
    """Two safer changes beside a riskier one leave the verdict riskier."""
    before = spec(
        rollout={"maximum_per_minute": 9}, timeout={"in_progress_timeout_in_minutes": 9}, abort={"criteria": [ALL]}
    )
    after = spec(rollout={"maximum_per_minute": 8}, timeout={"in_progress_timeout_in_minutes": 8})
    found = review(side(before), side(after))
    assert [change.direction for change in found.templates[0].changes] == ["safer", "riskier", "safer"]
    assert found.verdict == "riskier"


def test_the_order_of_verdicts() -> None:
    """Riskier is graver than unknown, which is graver than safer; environments come in that order, then as they are."""
    given = {"timeout": {"in_progress_timeout_in_minutes": 5}}
    after = {
        "riskier": spec(timeout={"in_progress_timeout_in_minutes": 6}),
        "unknown": read({**properties(spec(**given)), "TimeoutConfig": {"Ref": "Timeout"}}),
        "safer": spec(timeout={"in_progress_timeout_in_minutes": 4}),
        "neutral": spec(**given, description="e"),
        "none": read({**properties(spec(**given)), "Document": '{ "operation": "reboot.sh"}'}),
    }
    assert tuple(after) == ORDER
    places: list[tuple[str, Verdict]] = [
        ("a", "none"), ("b", "neutral"), ("c", "safer"), ("d", "unknown"), ("e", "riskier"), ("f", "safer"),
        ("a", "safer"), ("g", "unknown"), ("g", "none"),
    ]  # fmt: skip
    sides = (
        Deployment(
            "x",
            tuple(
                Template(
                    stack="s", environment=place, name=str(index), spec=one, emitted=properties(one), synthesized=False
                )
                for index, (place, verdict) in enumerate(places)
                for one in (spec(**given) if which == "before" else after[verdict],)
            ),
        )
        for which in ("before", "after")
    )
    found = review(*sides)
    assert found.verdict == "riskier"
    assert [(one.environment, one.verdict) for one in found.templates] == [
        ("e", "riskier"), ("d", "unknown"), ("g", "unknown"), ("g", "none"), ("a", "none"), ("a", "safer"),
        ("c", "safer"), ("f", "safer"), ("b", "neutral"),
    ]  # fmt: skip


STRICTER = {"threshold_percentage": (0.5, 50), "min_number_of_executed_things": (1, 300)}


@settings(max_examples=30)
@given(specs(), st.sampled_from(sorted(STRICTER)), st.data())
def test_directions_of_abort_criteria_are_those_of_the_forecast(
    one: JobTemplateSpec, name: str, data: st.DataObject
) -> None:
    """A change of an abort criterion that is riskier never harms fewer things, at any failure rate, and the other way."""
    values = data.draw(st.lists(st.integers(*map(math.ceil, STRICTER[name])), min_size=2, max_size=2, unique=True))
    kind = data.draw(st.sampled_from(["FAILED", "ALL"]))
    before, after = (
        one.model_copy(
            update={
                "job_arn": None,
                "abort": AbortConfig(
                    criteria=[AbortCriterion.model_validate({**FAILED, "failure_type": kind, name: value})]
                ),
            }
        )
        for value in values
    )
    (change,) = spec_changes(before, after)
    assumed = Assumptions(things=data.draw(st.integers(1, 3000)), failure_time_minutes=data.draw(st.integers(0, 9)))
    harmed = [
        [row.harmed_final for row in forecast(side, assumed, with_risk=False).blast_radius] for side in (before, after)
    ]
    riskier, safer = reversed(harmed) if change.direction == "riskier" else harmed
    assert all(more >= fewer - 1e-6 for more, fewer in zip(riskier, safer, strict=True))


def test_figures_against_a_rule() -> None:
    """Where more things are harmed at a lower rate, which is safer as a rule, the review says so; and the other way."""
    criteria = {"criteria": [{**FAILED, "threshold_percentage": 10, "min_number_of_executed_things": 20}]}
    slow, fast = (
        spec(
            rollout={
                "maximum_per_minute": 100,
                "exponential_rate": {
                    "base_rate_per_minute": 1,
                    "increment_factor": 2,
                    "rate_increase_criteria": {"number_of_notified_things": number},
                },
            },
            abort=criteria,
        )
        for number in (200, 5)
    )
    for sides, expected in (
        ((slow, fast), "riskier as a rule, but in this forecast the worst release harms fewer things"),
        ((fast, slow), "safer as a rule, but in this forecast the worst release harms more things"),
    ):
        both = (side(one, things=20_000) for one in sides)
        (found,) = review(*both, run_time_minutes=30, failure_time_minutes=1, failure_rate=0.003).templates
        assert list(reasons(found)) == [expected]
    (found,) = review(side(slow, things=20), side(fast, things=20)).templates
    assert (found.verdict, list(reasons(found))) == ("riskier", [])


def test_every_kind_has_both_ways() -> None:
    """The table is closed under the way back: what is riskier one way is safer the other."""
    back = {Movement.ADDED: Movement.REMOVED, Movement.RAISED: Movement.LOWERED, Movement.CHANGED: Movement.CHANGED}
    back |= {there: here for here, there in back.items()}
    for (kind, movement), (direction, reason) in TABLE.items():
        assert TABLE[kind, back[movement]][0] == direction.mirrored, kind
        assert reason


def test_what_is_only_known_at_deployment() -> None:
    """A value that can't be compared is unknown, except where no change of it has a direction; the reason says why."""
    path = "timeout.in_progress_timeout_in_minutes"
    given = properties(spec(timeout={"in_progress_timeout_in_minutes": 5}))
    text = {**given, "Description": {"Ref": "Text"}}
    function = {**given, "TimeoutConfig": {"InProgressTimeoutInMinutes": {"Ref": "Minutes"}}}
    broken = {**given, "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}
    before, *after = (read(one) for one in (given, text, function, broken))
    assert [spec_changes(before, one) for one in after] == [
        (Change("description", "d", {"Ref": "Text"}, Direction.NEUTRAL, "not compared: only known at deployment"),),
        (Change(path, 5, {"Ref": "Minutes"}, Direction.UNKNOWN, "not compared: only known at deployment"),),
        (Change(path, 5, 0, Direction.UNKNOWN, "not compared: breaks a rule, run iot-jobs check"),),
    ]


def read(given: Mapping[str, Any]) -> JobTemplateSpec:
    """Properties as a spec; what breaks a rule is unknown."""
    read, _ = values(given, TEMPLATE)
    return JobTemplateSpec.judge(read)[0]


FIELD_OF = {
    theirs[0] if isinstance(theirs, tuple) else theirs: ours
    for ours, theirs in TEMPLATE.names.items()
    if ours != "template_name"
}


WITHOUT_DIRECTION = {
    "description",
    "document_source",
    "job_arn",
    "retry",
    "destination_package_versions",
    "tags",
}


@given(specs(), specs(), st.data())
def test_what_is_unknown_is_told_once(one: JobTemplateSpec, other: JobTemplateSpec, data: st.DataObject) -> None:
    """A field that isn't known on one side is one change that isn't compared, in both directions."""
    field = data.draw(st.sampled_from(sorted(FIELD_OF.values())))
    unknown = other.model_copy(update={field: Unresolved({"Ref": "X"})})
    for before, after in ((one, unknown), (unknown, one)):
        found = [change for change in spec_changes(before, after) if change.path.split(".")[0].split("[")[0] == field]
        direction = "neutral" if field in WITHOUT_DIRECTION else "unknown"
        assert [(change.direction, change.reason) for change in found] == [(direction, found[0].reason)]
        assert found[0].reason.startswith("not compared: ")
    assert spec_changes(unknown, unknown) == ()


def test_what_is_copied_is_not_judged() -> None:
    """Where a job is copied, a value that isn't there isn't known, so that adding one is neither riskier nor safer."""
    arn = "arn:aws:iot:eu-west-1:123456789012:job/j"
    retry = {"criteria": [{"failure_type": "FAILED", "number_of_retries": 1}]}
    for added, direction in (({"abort": {"criteria": [ALL]}}, "unknown"), ({"retry": retry}, "neutral")):
        (change,) = spec_changes(spec(job_arn=arn), spec(job_arn=arn, **added))
        assert (change.direction, change.reason) == (
            direction,
            "not compared: an absent value is copied from the job that job_arn names, which is not known here",
        )


def side(*found: JobTemplateSpec, things: int | None = None, **more: Any) -> Deployment:
    """One side with these templates in one stack."""
    fleet = None if things is None else Fleet(things=things)
    return Deployment("x", tuple(Template.of(one, fleet=fleet, **more) for one in found))


@given(specs())
def test_nothing_differs_from_itself(one: JobTemplateSpec) -> None:
    """A template compared with itself has no change."""
    assert spec_changes(one, one) == ()
    assert review(side(one), side(one)).templates == ()


@given(specs(), specs())
def test_the_way_back_is_the_mirror(one: JobTemplateSpec, other: JobTemplateSpec) -> None:
    """From b to a, every change from a to b is there with its values exchanged and its direction mirrored."""
    there = {change.path: change for change in spec_changes(one, other)}
    back = {change.path: change for change in spec_changes(other, one)}
    assert there.keys() == back.keys()
    for path, change in there.items():
        mirrored = (back[path].after, back[path].before, back[path].direction.mirrored)
        assert (change.before, change.after, change.direction) == mirrored


@given(specs(), specs())
def test_every_property_that_differs_is_told(one: JobTemplateSpec, other: JobTemplateSpec) -> None:
    """Each property that is emitted differently is in a change, and no path is repeated."""
    before, after = (
        {**given, "Document": json.loads(given.get("Document", "null"))}
        for given in (properties(one), properties(other))
    )
    found = [change.path for change in spec_changes(one, other)]
    told = {name for path in found for name in FIELD_OF.values() if path.split(".")[0].split("[")[0] == name}
    different = {FIELD_OF[key] for key in FIELD_OF if unordered(before.get(key)) != unordered(after.get(key))}
    assert told == different
    assert len(found) == len(set(found))


def unordered(value: Any) -> Any:
    """A property with the items of its lists in an order of their own."""
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    return sorted(map(unordered, value), key=str) if isinstance(value, list) else value


@given(st.lists(specs(), min_size=2, max_size=4, unique_by=lambda one: one.template_name))
def test_matching_by_name(found: list[JobTemplateSpec]) -> None:
    """What is on one side only was added or removed, whatever the order."""
    gone, *kept = found
    there = review(side(*found), side(*reversed(kept)))
    back = review(side(*kept), side(*found))
    assert [(one.name, one.fate, one.verdict) for one in there.templates] == [
        (gone.template_name, "removed", "neutral")
    ]
    assert [(one.name, one.fate, one.verdict) for one in back.templates] == [(gone.template_name, "added", "neutral")]


def test_a_rename_is_recognised() -> None:
    """A template that goes and another one with the same content that comes are one with another name."""
    (found,) = review(side(spec()), side(spec(template_name="u"))).templates
    assert (found.name, found.fate, found.verdict) == ("u", "renamed", "neutral")
    assert [(one.path, one.before, one.after) for one in found.changes] == [("template_name", "t", "u")]
    other = review(side(spec()), side(spec(template_name="u", description="e")))
    assert [(one.name, one.fate) for one in other.templates] == [("u", "added"), ("t", "removed")]


def test_a_rename_stays_in_its_stack() -> None:
    """The same content in another stack is another template."""
    found = review(side(spec(), stack="a"), side(spec(template_name="u"), stack="b"))
    assert [(one.stack, one.fate) for one in found.templates] == [("b", "added"), ("a", "removed")]


def test_consequence() -> None:
    """A rate twice as high halves the time and, with what is underway, doubles those that a bad release reaches."""
    before = spec(rollout={"maximum_per_minute": 100}, abort={"criteria": [ALL]})
    after = spec(rollout={"maximum_per_minute": 200}, abort={"criteria": [ALL]})
    (found,) = review(side(before, things=10_000), side(after, things=10_000)).templates
    assert found.consequence is not None
    sides = found.consequence.before.figures, found.consequence.after.figures
    for made, harmed, finish in zip(sides, (500, 1000), (104, 54), strict=True):
        assert made == Figures(
            aborted_percent=0,
            bad_harmed_p95=made.bad_harmed_p95 if made else None,  # drawn at random
            worst_harmed_p95=harmed,
            worst_failure_rate_percent=100,
            smallest_stopping_failure_rate_percent=4,
            shortest_finish=finish,
            longest_finish=finish,
            executions=10_000,
        )
    factors = found.consequence.factors
    assert 1.7 < (factors.pop("bad_harmed_p95") or 0) < 2.3
    assert factors == {"worst_harmed_p95": 2, "longest_finish": 0.5192, "executions": 1}
    assert found.consequence.assumed == {
        "things": 10_000,
        "failure_rate": 0,
        "reject_rate": 0,
        "hang_rate": 0,
        "offline_rate": 0,
        "start_delay_minutes": 0,
        "run_time_minutes": 5,
        "failure_time_minutes": 5,
        "failures_stick": 0,
        "bad_release_rate": 0.1,
        "start": "2026-01-01T00:00",
    }


def test_the_figures_are_those_of_the_forecast() -> None:
    """Both sides are forecast with what head's fleet states, and what is stated for the review in place of it."""
    night = {"maintenance_windows": [{"start_time": "cron(0 1 ? * TUE *)", "duration_in_minutes": 60}]}
    before, after = spec(abort={"criteria": [ALL]}), spec(abort={"criteria": [ALL]}, **night)
    fleets = Fleet(things=500, run_time_minutes=9), Fleet(things=400, failure_rate=0.02, run_time_minutes=3)
    sides = (Template.of(one, fleet=fleet) for one, fleet in zip((before, after), fleets, strict=True))
    base, head = (Deployment("x", (one,)) for one in sides)
    (found,) = review(base, head, run_time_minutes=7, start=datetime(2026, 1, 6, tzinfo=UTC)).templates
    assert found.consequence is not None
    start = datetime(2026, 1, 6, tzinfo=UTC)
    assumed = Assumptions(things=400, failure_rate=0.02, run_time_minutes=7, start=start)
    for one, made in ((before, found.consequence.before), (after, found.consequence.after)):
        expected = forecast(one, assumed)
        assert made.forecast is not None
        assert data(made.forecast) == data(expected)
        risk, starts = expected.risk, expected.starts
        assert risk is not None
        finish = (risk.healthy.finish.p95,) * 2
        if starts is not None:
            finish = (starts.shortest.minutes, starts.longest.minutes)
        assert made.figures == Figures(
            aborted_percent=risk.healthy.aborted_percent,
            bad_harmed_p95=risk.bad.harmed.p95,
            worst_harmed_p95=risk.worst.harmed_p95,
            worst_failure_rate_percent=risk.worst.failure_rate_percent,
            smallest_stopping_failure_rate_percent=expected.smallest_stopping_failure_rate_percent,
            shortest_finish=finish[0],
            longest_finish=finish[1],
            executions=expected.executions.total,
        )
    assert found.consequence.assumed["things"] == 400


@pytest.mark.parametrize(
    ("verdict", "harmed", "said"),
    [
        ("riskier", 905, True),
        ("riskier", 915, False),
        ("riskier", 1500, False),
        ("safer", 1100, False),
        ("safer", 1101, True),
        ("safer", 500, False),
        ("neutral", 5000, False),
        ("unknown", 5000, False),
    ],
)
def test_figures_within_chance(verdict: Verdict, harmed: int, said: bool) -> None:
    """A tenth more or fewer things may be chance, and is not said to go against the rule."""
    (found,) = review(side(spec(), things=9), side(spec(description="e"), things=9)).templates
    assert found.consequence is not None
    drawn = found.consequence.before.forecast
    assert drawn is not None
    assert drawn.risk is not None
    before, after = (
        Side(dataclasses.replace(drawn, risk=dataclasses.replace(drawn.risk, worst=Worst(100, count))))
        for count in (1000, harmed)
    )
    consequence = dataclasses.replace(found.consequence, before=before, after=after)
    shown = list(reasons(dataclasses.replace(found, verdict=verdict, consequence=consequence)))
    assert [line.startswith(f"{verdict} as a rule, but") for line in shown] == [True] * said


def test_forecasts_that_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first forecasts of a review draw rollouts; the others have expected values."""
    monkeypatch.setattr("iot_jobs.review.consequence.MOST_DRAWN", 2)
    base, head = (
        side(*(spec(template_name=f"t{one}", rollout={"maximum_per_minute": rate + one}) for one in (1, 2)), things=60)
        for rate in (10, 20)
    )
    found = [one.consequence for one in review(base, head).templates]
    drawn = [one and (one.before.forecast, one.after.forecast) for one in found]
    assert [[side is not None and side.risk is not None for side in pair or ()] for pair in drawn] == [
        [True, True],
        [False, False],
    ]


def test_rollouts_too_long_to_draw() -> None:
    """Without a risk its figures are unknown, with the reason; the others are there."""
    (found,) = review(side(spec(), things=60), side(spec(description="e"), things=60)).templates
    assert found.consequence is not None
    drawn = found.consequence.before.forecast
    assert drawn is not None
    consequence = dataclasses.replace(found.consequence, after=Side(dataclasses.replace(drawn, risk=None)))
    found = dataclasses.replace(found, consequence=consequence)
    why = "rollouts this long, or for this many changes, take minutes to simulate"
    assert list(reasons(found)) == [f"risk after not computed: {why}"]
    assert {TITLES[name]: shown for name, shown in figures(found)} == {
        "false aborts": "0 % -> unknown",
        "harmed if bad": f"{drawn.risk.bad.harmed.p95 if drawn.risk else 0} -> unknown",
        "harmed at worst": "60 at 100 % -> unknown",
        "stops from": "never",
        "done": "5 min",
        "executions": "60",
    }
    assert as_data(consequence)["after"]["risk"] is None


def test_stated_values_break_a_rule() -> None:
    """Rates that add up to more than 1 with the fleet's are refused."""
    sides = side(spec(), things=9), side(spec(description="e"), things=9)
    assert review(*sides, failure_rate=1.0).templates
    with pytest.raises(FindingsError, match="JT910"):
        review(*sides, failure_rate=1.0, hang_rate=0.1)


def test_no_consequence_without_a_fleet() -> None:
    """Without a fleet there is a reason instead, or the number of --things, which overrides an environment's fleet."""
    sides = side(spec()), side(spec(description="e"))
    (found,) = review(*sides).templates
    assert (found.consequence, found.consequence_reason) == (None, "the size of its fleet is not known: add --things")
    (found,) = review(*sides, things=7).templates
    assert found.consequence is not None
    assert (found.consequence.assumed["things"], found.consequence_reason) == (7, None)
    for things, expected in ((None, 9), (7, 7)):
        (found,) = review(side(spec(), things=9), side(spec(description="e")), things=things).templates
        assert found.consequence is not None
        assert found.consequence.assumed["things"] == expected


def test_no_consequence_where_nothing_is_known() -> None:
    """Where neither side can be forecast, the reason is that of the new one; where one can, it is there alone."""
    function = read({**properties(spec()), "TimeoutConfig": {"Ref": "Timeout"}})
    sides = side(function), side(function.model_copy(update={"description": "e"}))
    (found,) = review(*sides, things=7).templates
    reason = "timeout is not known before deployment"
    assert (found.consequence, found.consequence_reason) == (None, reason)
    (found,) = review(side(function), side(spec()), things=7).templates
    assert found.consequence is not None
    assert (found.consequence.before.reason, found.consequence.before.figures) == (reason, None)
    assert found.consequence.factors["executions"] is None


def test_added_and_removed() -> None:
    """What is there on one side only has no changes, is forecast on that side, and its parameter comes or goes."""
    there = Deployment("x", (Template.of(spec(), fleet=Fleet(things=10), parameter="/p"),))
    (added,) = review(Deployment("none"), there).templates
    (removed,) = review(there, Deployment("none")).templates
    assert (added.changes, removed.changes) == ((), ())
    assert added.consequence is not None
    assert removed.consequence is not None
    assert (added.consequence.before.figures, removed.consequence.after.figures) == (None, None)
    assert added.consequence.after.figures == removed.consequence.before.figures
    assert added.deploy == Deploy(True, None, None, None, "/p", "created")
    assert removed.deploy == Deploy(True, None, None, "removed", "/p", "removed")


def test_a_new_parameter() -> None:
    """A parameter that is added, moved or removed by a change is reported."""

    def found(before: str | None, after: str | None) -> Any:
        sides = (
            Deployment("x", (Template.of(spec(description=text), parameter=name),))
            for text, name in (("d", before), ("e", after))
        )
        (one,) = review(*sides).templates
        return one.deploy.parameter, one.deploy.parameter_is

    assert found(None, None) == (None, None)
    assert found(None, "/p") == ("/p", "created")
    assert found("/p", None) == ("/p", "removed")
    assert found("/p", "/p") == ("/p", "updated")


GRANT = Grant("s3:GetObject", "b/a")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([GRANT], [GRANT], []),
        ([], [GRANT], [("presign_role.allow[s3:GetObject]", None, ["b/a"], "riskier")]),
        ([GRANT], [GRANT, Grant("s3:GetObject", "b/b")], [("presign_role.allow[s3:GetObject]", ["b/a"], ["b/a", "b/b"], "riskier")]),
        ([GRANT], [Grant("s3:GetObject", "b/b")], [("presign_role.allow[s3:GetObject]", ["b/a"], ["b/b"], "neutral")]),
        ([GRANT], [Grant("s3:GetObject", "b/*")], [("presign_role.allow[s3:GetObject]", ["b/a"], ["b/*"], "riskier")]),
        ([GRANT], [Grant("s3:GetObject", "b/${*}")], [("presign_role.allow[s3:GetObject]", ["b/a"], ["b/${*}"], "neutral")]),
        ([Grant("s3:GetObject", 'b/a if {"x":1}')], [GRANT],
         [("presign_role.allow[s3:GetObject]", ['b/a if {"x":1}'], ["b/a"], "riskier")]),
        ([Grant("s3:GetObject", 'b/a if {"x":1}')], [Grant("s3:GetObject", 'b/* if {"x":1}'), ],
         [("presign_role.allow[s3:GetObject]", ['b/a if {"x":1}'], ['b/* if {"x":1}'], "riskier")]),
        ([GRANT], [Grant("s3:GetObject", 'b/* if {"x":1}')],
         [("presign_role.allow[s3:GetObject]", ["b/a"], ['b/* if {"x":1}'], "neutral")]),
        ([Grant("s3:GetObject", "b/a/*")], [Grant("s3:GetObject", "b/*")],
         [("presign_role.allow[s3:GetObject]", ["b/a/*"], ["b/*"], "riskier")]),
        ([Grant("s3:GetObject", "b/a/*")], [Grant("s3:GetObject", "b/c/*")],
         [("presign_role.allow[s3:GetObject]", ["b/a/*"], ["b/c/*"], "neutral")]),
        ([Grant("s3:GetObject", "b/?")], [Grant("s3:GetObject", "b/a")],
         [("presign_role.allow[s3:GetObject]", ["b/?"], ["b/a"], "safer")]),
        ([Grant("s3:GetObject", 'b if {"x":"1"}')], [Grant("s3:GetObject", 'b if {"x":"*"}')],
         [("presign_role.allow[s3:GetObject]", ['b if {"x":"1"}'], ['b if {"x":"*"}'], "riskier")]),
        ([Grant("s3:GetObject", "all but a")], [Grant("s3:GetObject", "all but a, b")],
         [("presign_role.allow[s3:GetObject]", ["all but a"], ["all but a, b"], "safer")]),
        ([Grant("sts:AssumeRole", "for a", trusts=True)], [Grant("sts:AssumeRole", "for *", trusts=True)],
         [("presign_role.trust[sts:AssumeRole]", ["for a"], ["for *"], "riskier")]),
        ([Grant("s3:*", "*", denies=True)], [], [("presign_role.deny[s3:*]", ["*"], None, "riskier")]),
        ([GRANT], [Grant("s3:PutObject", "b/a")],
         [("presign_role.allow[s3:GetObject]", ["b/a"], None, "safer"),
          ("presign_role.allow[s3:PutObject]", None, ["b/a"], "riskier")]),
    ],
)  # fmt: skip
def test_grants(before: list[Grant], after: list[Grant], changes: list[Any]) -> None:
    """What the presign role gained or lost, action by action, and its mirror."""
    assert [(one.path, one.before, one.after, one.direction) for one in grant_changes(before, after)] == changes
    back = [(one.path, one.after, one.before, one.direction.mirrored) for one in grant_changes(after, before)]
    assert back == changes


@pytest.mark.parametrize(("synthesized", "changes"), [(True, ["presign_role.trust[sts:AssumeRole]"]), (False, [])])
def test_the_trust_of_a_made_role(synthesized: bool, changes: list[str]) -> None:
    """Who may act as a made role is compared only where both sides are synthesized, for files don't say."""
    trusted = frozenset([GRANT, Grant("sts:AssumeRole", "for a", trusts=True)])
    before, after = (
        dataclasses.replace(Template.of(spec()), synthesized=there, grants=grants)
        for there, grants in ((True, trusted), (synthesized, frozenset([GRANT])))
    )
    for base, head in ((before, after), (after, before)):
        templates = review(Deployment("a", (base,)), Deployment("b", (head,))).templates
        assert [change.path for template in templates for change in template.changes] == changes


def test_grants_of_a_role_in_the_template() -> None:
    """Inline policies, policies beside it, managed ones and the trust are read, with functions as text."""
    object_arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::b/a"]]}
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": object_arn}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "iot.amazonaws.com"}}
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [trust]},
                "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}],
                "ManagedPolicyArns": [{"Ref": "Policy"}],
                "PermissionsBoundary": {"Ref": "Boundary"},
            },
        },
        "Beside": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {
                    "Statement": {
                        "Effect": "Deny",
                        "NotAction": "s3:*",
                        "Resource": "*",
                        "Condition": {"Bool": {"x": {"Ref": "P"}}},
                    }
                },
            },
        },
        "Other": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"Roles": ["other"], "PolicyDocument": {"Statement": statement}},
        },
    }
    assert set(grants_in(resources, {"Fn::GetAtt": ["Role", "Arn"]}) or ()) == {
        Grant("s3:GetObject", "arn:${AWS::Partition}:s3:::b/a"),
        Grant("as managed policy", "${Policy}"),
        Grant("sts:AssumeRole", 'for {"Service":"iot.amazonaws.com"}', trusts=True),
        Grant("all but permissions boundary", "${Boundary}", denies=True),
        Grant("all but s3:*", '* if {"Bool":{"x":"${P}"}}', denies=True),
    }
    for other in ({"Fn::GetAtt": "Role.Arn"}, {"Fn::Sub": "${Role.Arn}"}):
        assert grants_in(resources, other) == grants_in(resources, {"Fn::GetAtt": ["Role", "Arn"]})
    assert [grants_in(resources, one) for one in (ROLE + "a", {"Fn::GetAtt": ["Beside", "Arn"]}, {"Ref": "Role"})] == [
        None
    ] * 3
    assert grants_in(resources, {"Fn::Sub": "${Role.Arn}-x"}) is None


def published(*stacks: str, parameter: str = "/p") -> Deployment:
    """One side with the same template in some stacks, each of which publishes it."""
    made = tuple(Template.of(spec(), stack=stack, parameter=parameter) for stack in stacks)
    return Deployment("x", made, stacks=frozenset({"A", "B"}))


@pytest.mark.parametrize(
    ("base", "head", "after_stack"),
    [
        (published("A"), published("B"), "A"),
        (published("A"), published("B", parameter="/q"), None),
        (published("A"), published("A", "B"), None),  # one for each region
        (published(), published("B"), None),
    ],
)
def test_a_template_that_moves_to_another_stack(base: Deployment, head: Deployment, after_stack: str | None) -> None:
    """Its old stack comes first, because a parameter can't be created twice."""
    (added,) = (one for one in review(base, head).templates if one.fate == "added")
    assert added.deploy.after_stack == after_stack
    told = [line for line in deployment_lines(added) if "first" in line]
    expected = "deploy or delete the stack A first: it publishes the same parameter, which can't be created twice"
    assert told == ([expected] if after_stack else [])


def test_a_stack_that_is_gone() -> None:
    """A stack that nobody deploys any more stays with its templates; where the stack is still there, they go."""
    one = Template.of(spec(), stack="s", parameter="/p")
    for stacks, expected in (
        (frozenset(), (False, "untouched", "untouched")),
        (frozenset({"s"}), (True, "removed", "removed")),
    ):
        found = review(Deployment("a", (one,), stacks=frozenset({"s"})), Deployment("b", stacks=stacks))
        deployed = found.templates[0].deploy
        assert (deployed.id_changes, deployed.old, deployed.parameter_is) == expected
    left = review(Deployment("a", (one,), stacks=frozenset({"s"})), Deployment("b"))
    assert next(deployment_lines(left.templates[0])) == "the id stays the same"
    line = list(deployment_lines(left.templates[0]))[1]
    assert line == "the stack s is no longer deployed, and stays as it is until it is deleted"


def test_what_breaks_a_rule_is_not_deployed() -> None:
    """A template that breaks a rule keeps its stack from being deployed, unless it did so before."""
    good, broken = Template.of(spec()), Template.of(spec(description="e"), broken=("JT404", "JT407"))
    blocked = "it breaks JT404, JT407, so its stack can't be deployed; run iot-jobs check"
    for before, after, expected in ((good, broken, blocked), (broken, good, None)):
        (one,) = review(Deployment("a", (before,)), Deployment("b", (after,))).templates
        assert one.deploy.blocked == expected
    assert review(Deployment("a", (broken,)), Deployment("b", (broken,))).templates == ()
    (one,) = review(Deployment("a"), Deployment("b", (broken,))).templates
    assert one.deploy.blocked == blocked


def template(content: str, *, id: str = "t-1", fleet: None = None, **more: Any) -> Deployment:
    """A side with one synthesized template of this description."""
    one = spec(description=content, **more)
    return Deployment("x", (Template(stack="s", name="t", spec=one, emitted=properties(one), id=id),))


def test_a_fixed_id_is_a_trap() -> None:
    """Content that changes under the same id blocks, and leaves the verdict as it is."""
    found = review(template("a"), template("b"))
    assert found.verdict == "neutral"
    assert [one.deploy.blocked is not None for one in found.templates] == [True]
    assert [found.failed(one) for one in ("riskier", "any", "none")] == [True, True, False]
    assert review(template("a"), template("b", id="t-2")).blocked == ()
    assert review(template("a"), template("a")).templates == ()


def test_the_bytes_of_a_document_are_content() -> None:
    """A new layout of a raw document under a fixed id has no effect on devices, but can't be deployed."""

    def raw(text: str) -> Deployment:
        one = spec()
        given = properties(one) | {"Document": text}
        return Deployment("x", (Template(stack="s", name="t", spec=read(given), emitted=given, id="t-1"),))

    found = review(raw('{"a":1}'), raw('{ "a":1}'))
    assert (found.verdict, found.templates[0].changes, len(found.blocked)) == ("none", (), 1)


@pytest.mark.parametrize(
    ("before", "after", "blocked"),
    [
        ({}, {"commit": "x"}, True),
        ({"commit": "x"}, {"commit": "y"}, True),
        ({"commit": "x"}, {"commit": "x"}, False),
        ({"commit": "x"}, {}, False),
        ({}, {"team": "fleet"}, False),
        ({}, {"version": "2026-01-31"}, True),
    ],
)
def test_volatile_tags_are_a_trap(before: dict[str, str], after: dict[str, str], blocked: bool) -> None:
    """A tag that came with this change, and will change with the next, blocks; acknowledged, it doesn't."""
    sides = template("a", tags=before), template("b", id="t-2", tags=after)
    assert bool(review(*sides).blocked) == blocked
    accepted = Template.of(spec(tags=after), acknowledged=frozenset({"JT151"}))
    assert review(side(spec()), Deployment("x", (accepted,))).blocked == ()


@pytest.mark.parametrize(
    ("verdict", "fail_on", "failed"),
    [
        *itertools.product(["none"], ["riskier", "any", "none"], [False]),
        *(("neutral", "any", True), ("neutral", "riskier", False), ("neutral", "none", False)),
        *(("unknown", "any", True), ("unknown", "riskier", True), ("unknown", "none", False)),
        *(("riskier", "any", True), ("riskier", "riskier", True), ("riskier", "none", False)),
        *(("safer", "any", True), ("safer", "riskier", False), ("safer", "none", False)),
    ],
)
def test_fail_on(verdict: str, fail_on: Any, failed: bool) -> None:
    """What stops a pipeline."""
    after = {
        "none": spec(timeout={"in_progress_timeout_in_minutes": 5}),
        "neutral": spec(timeout={"in_progress_timeout_in_minutes": 5}, description="e"),
        "unknown": read({**properties(spec()), "TimeoutConfig": {"InProgressTimeoutInMinutes": {"Ref": "Minutes"}}}),
        "riskier": spec(timeout={"in_progress_timeout_in_minutes": 6}),
        "safer": spec(timeout={"in_progress_timeout_in_minutes": 4}),
    }
    found = review(side(after["none"]), side(after[verdict]))
    assert (found.verdict, found.failed(fail_on)) == (verdict, failed)


def test_what_has_no_names_of_its_own() -> None:
    """Two criteria for one failure type break a rule, whatever the deployment; their changes can't be matched."""
    good = spec(abort={"criteria": [FAILED]})
    criteria = [AbortCriterion.model_validate({**FAILED, "threshold_percentage": share}) for share in (4, 5)]
    twice = AbortConfig.model_construct(criteria=criteria)
    (change,) = spec_changes(good, good.model_copy(update={"abort": twice}))
    assert (change.path, change.reason) == ("abort.criteria", "not compared: breaks a rule, run iot-jobs check")
