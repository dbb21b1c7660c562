"""What CloudFormation's functions come to in a local AWS: the job template that it creates, against ours from the text.

All parameters, the account and the region are stated, so that nothing is left unknown.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from iot_jobs.cloudformation import TEMPLATE, Declarations, Resolved, Stack
from iot_jobs.cloudformation import values as read
from tests.oracles import registry, spelling, values
from tests.oracles.evaluation import Choice, stated, text
from tests.oracles.functions import SLOTS as PROPERTIES
from tests.oracles.functions import Case, cases, template, uses
from tests.oracles.ministack import LocalIot
from tools.local_aws import local_aws

pytestmark = pytest.mark.e2e
MANY = settings(
    max_examples=2000, derandomize=True, database=None, deadline=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
Properties = dict[str, Any]


class Known(NamedTuple):
    """A disagreement that is the local AWS's: when it holds of what it says, and of what we resolve."""

    reason: str
    holds: Callable[[Properties | str, Properties], bool]
    example: Case


def _example(name: str, value: Any) -> Case:
    return template(next(slot for slot in PROPERTIES if slot.path[-1] == name), value)


def _has_text_for_timeout(theirs: Properties | str, ours: Properties) -> bool:
    minutes = ours.get("TimeoutConfig", {}).get("InProgressTimeoutInMinutes")
    return "Provide valid timeout value" in theirs and isinstance(minutes, str)


def _escapes(theirs: Properties | str, ours: Properties) -> bool:
    if isinstance(theirs, str) or differing(theirs, ours).keys() != {"document"}:
        return False
    same: bool = json.loads(theirs["document"]) == json.loads(ours["Document"])
    return same


KNOWN = (
    Known(
        "it hands numbers on as functions make them, as text, and refuses text for a timeout",
        _has_text_for_timeout,
        _example("InProgressTimeoutInMinutes", {"Fn::Sub": "60"}),
    ),
    Known(
        "its Fn::ToJsonString escapes letters that aren't ASCII",
        _escapes,
        _example("Document", {"Fn::ToJsonString": {"a": "é"}}),
    ),
)


@pytest.fixture(scope="module")
def local_iot() -> Iterator[LocalIot]:
    with local_aws(account=values.ACCOUNT, region=values.REGION) as aws:
        iot = LocalIot(aws)
        yield iot
        iot.close()


@pytest.fixture(scope="module")
def compared() -> Iterator[Counter[str]]:
    """How many templates were compared, by what came out."""
    counter: Counter[str] = Counter()
    yield counter
    assert counter["created"] > 50
    assert counter["not created"] > 20


def parameters(case: Case) -> dict[str, str]:
    """A value for each parameter, the first that the template states."""
    choice: Choice = next(stated(case.template))
    given = {name: ",".join(one) if isinstance(one, list) else one for name, one in choice.items()}
    return dict.fromkeys(case.template.get("Parameters", {}), "7") | given


def resolved(case: Case) -> Properties | None:
    """The properties that we resolve, with nothing left; None if the resource isn't created."""
    stack = Stack(account=values.ACCOUNT, region=values.REGION, parameters=parameters(case))
    declarations = Declarations(case.template, stack)
    if not declarations.may_both_hold(case.resource.get("Condition"), None):
        return None
    known = declarations.cases(case.resource)
    assert len(known) <= 1, "all values are stated"
    scope = known[0].scope(declarations.scope) if known else declarations.scope
    properties: Properties = Resolved(case.resource["Properties"], scope).value
    return properties


def is_right(properties: Properties) -> bool:
    """Whether we find nothing wrong: only then does the local AWS have to create it."""
    made, found = read(properties, TEMPLATE)
    return all(one.severity != "error" for one in (*found, *TEMPLATE.model.judge(made)[1]))


def api(properties: Properties) -> Properties:
    request: Properties = spelling.request(registry.TEMPLATE, properties)
    return {key: value for key, value in request.items() if key != "tags"}  # which aren't described


def comparable(value: Any) -> Any:
    """A value without nulls, and with each number as one, whether it is written as text or not."""
    if isinstance(value, Mapping):
        return {key: comparable(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    try:
        return float(text(value))
    except ValueError:
        return value


def differing(theirs: Properties, ours: Properties) -> Properties:
    """What the local AWS created and we resolve otherwise: both values of each property."""
    pairs = {name: (comparable(theirs.get(name)), comparable(value)) for name, value in api(ours).items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def disagreement(theirs: Properties | str, ours: Properties | None) -> object:
    """What differs between what the local AWS created and what we resolve; empty for nothing."""
    if isinstance(theirs, str) or ours is None or not theirs:
        return "" if ours is None and theirs == {} else (theirs, ours)
    return differing(theirs, ours)


@MANY
@given(case=cases())
def test_created_templates(case: Case, local_iot: LocalIot, compared: Counter[str]) -> None:
    """A local AWS creates what we resolve, and nothing where we say that the condition is false."""
    # Its loops have to have different names, and the generator gives all loops in properties one.
    if case.resource_type != registry.TEMPLATE or case.copies != [{}] or case.text.count("ForEach::Keys") > 1:
        return
    ours = resolved(case)
    if ours is not None and not is_right(ours):
        return
    theirs = local_iot.created(case.text, parameters(case))
    found = disagreement(theirs, ours)
    assert not found or any(ours is not None and row.holds(theirs, ours) for row in KNOWN), found
    compared["not created" if ours is None else "created"] += uses(
        case.template["Resources"], "Ref", "Fn::If", "Fn::Sub"
    )


@pytest.mark.parametrize("row", KNOWN, ids=[row.reason for row in KNOWN])
def test_known_disagreements(row: Known, local_iot: LocalIot) -> None:
    """Each known disagreement is still one."""
    ours = resolved(row.example)
    assert ours is not None
    theirs = local_iot.created(row.example.text, {})
    assert disagreement(theirs, ours)
    assert row.holds(theirs, ours)
