"""Tables that must cover every property: each fails here when a property is added to the spec and forgotten in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from iot_jobs import JobDocument, JobTemplateSpec
from iot_jobs.cloudformation import TEMPLATE, Names
from iot_jobs.forecast import Assumptions
from iot_jobs.forecast.plan import ForecastError, plan
from iot_jobs.render.deployed import _DESCRIBED
from iot_jobs.render.values import _UNITS
from iot_jobs.review.compare import _COPIED, _FIELDS, spec_changes
from iot_jobs.review.consequence import _READ
from iot_jobs.template.part import Model
from tests.strategies import specs
from tests.test_review import ROWS

ARN = "arn:aws:iot:eu-west-1:123456789012:"


def parts(annotation: Any) -> Iterator[type[Model]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def leaves(model: type[Model], above: str = "") -> Iterator[str]:
    """The paths of all values without parts."""
    for name, field in model.model_fields.items():
        inner = next(parts(field.annotation), None)
        if inner is None:
            yield above + name
        else:
            yield from leaves(inner, f"{above}{name}.")


LEAVES = set(leaves(JobTemplateSpec))


def given_leaves(value: Any, above: str = "") -> Iterator[str]:
    """The paths of the values without parts that a spec has."""
    if isinstance(value, Model):
        for name, item in value:
            yield from given_leaves(item, f"{above}.{name}" if above else name)
    elif isinstance(value, tuple) and value and isinstance(value[0], Model):
        for item in value:
            yield from given_leaves(item, above)
    elif value is not None and value not in ((), {}):
        yield above


def rate(**changes: Any) -> Mapping[str, Any]:
    succeeded = {"number_of_succeeded_things": 100}
    exponential = {"base_rate_per_minute": 10, "increment_factor": 2, "rate_increase_criteria": succeeded}
    return {"rollout": {"maximum_per_minute": 100, "exponential_rate": exponential | changes}}


def criterion(**changes: Any) -> Mapping[str, Any]:
    values = {"failure_type": "FAILED", "threshold_percentage": 5, "min_number_of_executed_things": 10}
    return {"abort": {"criteria": [values | changes]}}


def retry(**changes: Any) -> Mapping[str, Any]:
    return {"retry": {"criteria": [{"failure_type": "FAILED", "number_of_retries": 1} | changes]}}


def presigned(**changes: Any) -> Mapping[str, Any]:
    return {"presigned_url": {"role_arn": "arn:aws:iam::123456789012:role/a", "expires_in_sec": 60} | changes}


def window(**changes: Any) -> Mapping[str, Any]:
    return {"maintenance_windows": [{"start_time": "cron(0 2 ? * MON *)", "duration_in_minutes": 60} | changes]}


GOOD: dict[str, Any] = {"template_name": "t", "description": "d", "document": JobDocument.inline({"a": 1})}
Changed = Mapping[str, Any]
# For each property two sets of values that differ in it alone. `action` has one value only: nothing can change.
CHANGES: dict[str, tuple[Changed, ...]] = {
    "template_name": ({}, {"template_name": "u"}),
    "description": ({}, {"description": "e"}),
    "document": ({}, {"document": JobDocument.inline({"a": 2})}),
    "document_source": tuple(
        {"document": None, "document_source": f"https://bucket.s3.eu-west-1.amazonaws.com/{key}"} for key in "ab"
    ),
    "job_arn": ({"job_arn": f"{ARN}job/a"}, {"job_arn": f"{ARN}job/b"}),
    "rollout.maximum_per_minute": ({"rollout": {"maximum_per_minute": 5}}, {"rollout": {"maximum_per_minute": 6}}),
    "rollout.exponential_rate.base_rate_per_minute": (rate(), rate(base_rate_per_minute=11)),
    "rollout.exponential_rate.increment_factor": (rate(), rate(increment_factor=2.1)),
    "rollout.exponential_rate.rate_increase_criteria.number_of_notified_things": tuple(
        rate(rate_increase_criteria={"number_of_notified_things": number}) for number in (1, 2)
    ),
    "rollout.exponential_rate.rate_increase_criteria.number_of_succeeded_things": tuple(
        rate(rate_increase_criteria={"number_of_succeeded_things": number}) for number in (1, 2)
    ),
    "abort.criteria.failure_type": (criterion(), criterion(failure_type="ALL")),
    "abort.criteria.threshold_percentage": (criterion(), criterion(threshold_percentage=6)),
    "abort.criteria.min_number_of_executed_things": (criterion(), criterion(min_number_of_executed_things=11)),
    "retry.criteria.failure_type": (retry(), retry(failure_type="TIMED_OUT")),
    "retry.criteria.number_of_retries": (retry(), retry(number_of_retries=2)),
    "timeout.in_progress_timeout_in_minutes": tuple(
        {"timeout": {"in_progress_timeout_in_minutes": minutes}} for minutes in (5, 6)
    ),
    "presigned_url.role_arn": (presigned(), presigned(role_arn="arn:aws:iam::123456789012:role/b")),
    "presigned_url.expires_in_sec": (presigned(), presigned(expires_in_sec=61)),
    "maintenance_windows.start_time": (window(), window(start_time="cron(0 3 ? * MON *)")),
    "maintenance_windows.duration_in_minutes": (window(), window(duration_in_minutes=61)),
    "destination_package_versions": tuple(
        {"destination_package_versions": [f"{ARN}package/p/version/{version}"]} for version in (1, 2)
    ),
    "tags": ({"tags": {"a": "b"}}, {"tags": {"a": "c"}}),
}
UNCHANGEABLE = {"abort.criteria.action"}
NEUTRAL = {"template_name", "job_arn"}


def pair(path: str) -> tuple[JobTemplateSpec, JobTemplateSpec]:
    before, after = CHANGES[path]
    return JobTemplateSpec(**{**GOOD, **before}), JobTemplateSpec(**{**GOOD, **after})


def test_every_property_is_changed_here() -> None:
    """These tests know a change of every property."""
    assert CHANGES.keys() | UNCHANGEABLE == LEAVES


@pytest.mark.parametrize("path", [path for path in CHANGES if path != "template_name"])
def test_the_review_sees_a_change(path: str) -> None:
    """A change of any property is one change of that property, and so are its arrival and its departure."""
    before, after = pair(path)
    top = path.partition(".")[0]
    absent = before.model_copy(update={top: JobTemplateSpec.model_fields[top].get_default(call_default_factory=True)})
    pairs = [(before, after), (after, before)]
    if top != "description":  # which is required
        pairs += [(before, absent), (absent, before)]
    for old, new in pairs:
        assert {re.split(r"[.[]", change.path)[0] for change in spec_changes(old, new)} == {top}


def test_the_review_has_every_field() -> None:
    """The review compares every field but the name, which decides which templates are compared."""
    assert _FIELDS.keys() == JobTemplateSpec.model_fields.keys() - {"template_name"}


def test_what_a_job_copies() -> None:
    """Every field but those that a template always has for itself may be copied from a job."""
    assert set(_COPIED) == JobTemplateSpec.model_fields.keys() - {"template_name", "description", "job_arn", "tags"}


@pytest.mark.parametrize("path", CHANGES)
def test_what_moves_the_forecast(path: str) -> None:
    """What changes the forecast's plan is read by the review's consequence, and nothing else is."""

    def planned(spec: JobTemplateSpec) -> str:
        try:
            return repr(plan(spec, Assumptions(things=100)))
        except ForecastError as error:
            return f"{error} {spec.job_arn}"

    before, after = pair(path)
    field = TEMPLATE.names[path.partition(".")[0]]
    assert (planned(before) != planned(after)) == ((field[0] if isinstance(field, tuple) else field) in _READ)


def test_what_is_described() -> None:
    """The list of deployed templates shows what a template's description in AWS holds: all but ids, tags and basis."""
    assert set(_DESCRIBED) == JobTemplateSpec.model_fields.keys() - {"template_name", "job_arn", "tags"}


def test_directions() -> None:
    """The table of the review's tests has a change of every property that isn't neutral, or says that it is."""
    tested = {re.sub(r"\[.*?\]", "", row[2]) for row in ROWS.values()}
    missing = {path for path in LEAVES if not any(path == one or path.startswith(f"{one}.") for one in tested)}
    assert missing == NEUTRAL


def test_units() -> None:
    """Every number has a unit in a review."""
    numbers = {path.rpartition(".")[2] for path in CHANGES if isinstance(leaf(pair(path)[0], path), int | float)}
    assert _UNITS.keys() == numbers


def leaf(spec: Any, path: str) -> Any:
    for name in path.split("."):
        spec = getattr(spec, name)
        spec = spec[0] if isinstance(spec, tuple) and spec else spec
    return spec


def test_names_of_aws() -> None:
    """Every field and part has a name in CloudFormation, and nothing else has."""

    def named(model: type[Model], names: Names) -> bool:
        inner = {name: next(parts(field.annotation), None) for name, field in model.model_fields.items()}
        return names.keys() == inner.keys() and all(
            named(part, names.parts(name)) for name, part in inner.items() if part is not None
        )

    assert named(JobTemplateSpec, TEMPLATE.names)


def test_generated_specs_have_every_property() -> None:
    """The generator behind the property tests gives every property a value."""
    seen: set[str] = set()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(specs())
    def collect(spec: JobTemplateSpec) -> None:
        seen.update(given_leaves(spec))

    collect()
    assert seen == LEAVES
