"""The library against four other readings of AWS: what it accepts they accept, and where it is stricter it says why.

The registry schema and the API model are asked about thousands of properties; a local AWS, slower, about hundreds.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from iot_jobs import cloudformation
from iot_jobs.check import advice
from iot_jobs.cloudformation import Spelling
from iot_jobs.finding import Place, dotted
from iot_jobs.sources import Subject
from tests.oracles import api, registry, spelling, values
from tests.oracles.examples import neighbours, properties
from tests.oracles.ministack import MAX_TEMPLATE_BYTES, LocalIot
from tests.oracles.registry import Resource
from tests.oracles.stricter import API, EDGES, MINISTACK, REGISTRY, STACK, TABLE, Stricter, template
from tools.local_aws import local_aws

Verdict = list[str]
"""What an oracle has against something; empty where it accepts it."""

SPELLINGS = {registry.TEMPLATE: cloudformation.TEMPLATE, registry.JOB: cloudformation.JOB}
API_SPELLINGS = {registry.TEMPLATE: cloudformation.API_TEMPLATE, registry.JOB: cloudformation.API_JOB}
KNOWN_STRICTER = {
    oracle: {row.code for row in TABLE if oracle in row.oracles} for oracle in (REGISTRY, API, MINISTACK, STACK)
}


def errors(resource: Mapping[str, Any], as_spelt: Spelling) -> set[str]:
    """The codes of the library's errors; none is a yes."""
    read, found = cloudformation.values(resource, as_spelt)
    spec, more = as_spelt.model.judge(read)
    advised = advice(Subject(spec, lambda loc: Place(dotted(loc))), now=datetime(2026, 1, 1, tzinfo=UTC))
    # Other readings know no clock.
    return {one.code for one in (*found, *more, *advised) if one.severity == "error" and one.code != "JT815"}


def schema_verdicts(resource_type: str, resource: dict[str, Any], codes: set[str]) -> dict[str, Verdict]:
    """What the registry schema and the API model say of what CloudFormation sends."""
    resource = registry.sent(resource_type, resource)
    verdict: Verdict = []
    if not registry.accepts(resource_type, resource):
        # In words only where they will be read: they take long.
        verdict = ["no"] if codes else registry.refusals(resource_type, resource)
    return {
        REGISTRY: verdict,
        API: api.refusals(spelling.OPERATIONS[resource_type], spelling.request(resource_type, resource)),
    }


def disagreements(codes: set[str], verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """Where the library accepts what an oracle refuses, or refuses without a known reason what one accepts."""
    for oracle, verdict in verdicts.items():
        if not codes and verdict:
            yield f"accepted, but {oracle} says {verdict}"
        unexplained = codes - KNOWN_STRICTER.get(oracle, codes)
        if unexplained and not verdict:
            yield f"{', '.join(sorted(unexplained))} refuses it, but {oracle} accepts it, and no reason is known"


def shown(resource_type: str, resource: dict[str, Any]) -> str:
    text = json.dumps(resource)
    return f"{resource_type} {text if len(text) < 2000 else text[:2000] + '…'}"


# The schemas ----------------------------------------------------------------------------------------------------------


def every(step: int, *, start: int = 0) -> list[Resource]:
    """Every so many of the single changes."""
    return [example for number, example in enumerate(neighbours()) if number % step == start]


@pytest.mark.parametrize("start", [0, *(pytest.param(start, marks=pytest.mark.slow) for start in (1, 2))])
def test_single_changes(start: int) -> None:
    """The library and the schemas agree on any one change of a complete template or job, except for known reasons."""
    found: dict[str, str] = {}
    answers: Counter[tuple[str, bool]] = Counter()
    for resource_type, resource in every(3, start=start):
        codes = errors(resource, SPELLINGS[resource_type])
        answers[resource_type, not codes] += 1
        for disagreement in disagreements(codes, schema_verdicts(resource_type, resource, codes)):
            found.setdefault(disagreement, shown(resource_type, resource))
    assert found == {}
    assert min(answers.values()) > 50, "the examples are nearly all right or nearly all wrong"


def assert_agreement(resource_type: str, resource: dict[str, Any]) -> None:
    codes = errors(resource, SPELLINGS[resource_type])
    verdicts = schema_verdicts(resource_type, resource, codes)
    found = list(disagreements(codes, verdicts))
    # In the API's own spelling, where null is as good as absent, and a number is no text.
    request = spelling.request(resource_type, resource)
    codes = errors(request, API_SPELLINGS[resource_type])
    found += disagreements(codes, {API: api.refusals(spelling.OPERATIONS[resource_type], request)})
    # The client takes no null, which the API reads as absent.
    if not codes and "null" not in json.dumps({**request, "document": ""}):
        found += ["accepted, but the client doesn't send it"] * api.client_refuses(
            spelling.OPERATIONS[resource_type], request
        )
    assert found == [], shown(resource_type, resource)


FEW = settings(max_examples=150, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=10_000, suppress_health_check=list(HealthCheck))


@FEW
@given(properties(registry.TEMPLATE))
def test_templates(resource: dict[str, Any]) -> None:
    """The library and the schemas agree on combinations of parts and changes of a template, in both spellings."""
    assert_agreement(registry.TEMPLATE, resource)


@FEW
@given(properties(registry.JOB))
def test_jobs(resource: dict[str, Any]) -> None:
    """The library and the schemas agree on combinations of parts and changes of a job, in both spellings."""
    assert_agreement(registry.JOB, resource)


@pytest.mark.slow
@MANY
@given(properties(registry.TEMPLATE, changes=5))
def test_many_templates(resource: dict[str, Any]) -> None:
    """The same for many more templates, with more changes."""
    assert_agreement(registry.TEMPLATE, resource)


@pytest.mark.slow
@MANY
@given(properties(registry.JOB, changes=5))
def test_many_jobs(resource: dict[str, Any]) -> None:
    """The same for many more jobs, with more changes."""
    assert_agreement(registry.JOB, resource)


# The reasons ----------------------------------------------------------------------------------------------------------

ROWS = pytest.mark.parametrize("row", TABLE, ids=[f"{row.code}-{number}" for number, row in enumerate(TABLE)])


@ROWS
def test_reason_for_being_stricter(row: Stricter) -> None:
    """Each example of the table is refused with its code, and accepted by those schemas that the row names."""
    assert row.examples
    for resource_type, resource in row.examples:
        codes = errors(resource, SPELLINGS[resource_type])
        verdicts = schema_verdicts(resource_type, resource, codes)
        assert row.code in codes
        assert all(codes <= KNOWN_STRICTER[oracle] for oracle in row.oracles)
        assert {oracle for oracle, verdict in verdicts.items() if not verdict} == row.oracles & {REGISTRY, API}


@pytest.mark.parametrize(("resource_type", "resource"), EDGES, ids=range(len(EDGES)))
def test_edge(resource_type: str, resource: dict[str, Any]) -> None:
    """Values just inside of every limit are accepted, by the schemas too."""
    assert errors(resource, SPELLINGS[resource_type]) == set()
    assert schema_verdicts(resource_type, resource, set()) == {REGISTRY: [], API: []}


# The local AWS --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local_iot() -> Iterator[LocalIot]:
    """A local AWS in which everything exists that the examples name."""
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.startswith("AWS_"):
                environment.delenv(name)
        environment.setenv("AWS_CONFIG_FILE", os.devnull)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        with local_aws(account=values.ACCOUNT, region=values.REGION) as aws:
            iot = LocalIot(aws)
            for key in ("job.json", "a/b c.json"):
                iot.put_object(values.BUCKET, key, "{}")
            iot.put_things("pump", group="pumps")
            iot.put_job("basis", values.THING)
            yield iot
            iot.close()


DOCUMENTS = [
    template(Document=text, PresignedUrlConfig={"RoleArn": values.ROLE})
    for text in values.DOCUMENTS + values.ODD_DOCUMENTS
]
SOURCES = [template(Document=..., DocumentSource=url) for url in values.SOURCES + values.ODD_SOURCES]


def service_verdicts(iot: LocalIot, resource_type: str, resource: dict[str, Any]) -> dict[str, Verdict]:
    """What the local AWS says to creating this, and to updating a job with the same blocks."""
    request = spelling.request(resource_type, registry.sent(resource_type, resource))
    create = iot.create_job if resource_type == registry.JOB else iot.create_job_template
    answers = {MINISTACK: create(request), "UpdateJob": iot.update_job(request)}
    return {oracle: [answer] if answer else [] for oracle, answer in answers.items()}


def service_disagreements(iot: LocalIot, examples: Iterable[Resource]) -> dict[str, str]:
    found: dict[str, str] = {}
    for resource_type, resource in examples:
        codes = errors(resource, SPELLINGS[resource_type])
        for disagreement in disagreements(codes, service_verdicts(iot, resource_type, resource)):
            found.setdefault(disagreement, shown(resource_type, resource))
    return found


@pytest.mark.e2e
def test_local_api(local_iot: LocalIot) -> None:
    """A local AWS creates what the library accepts, and takes its blocks in an update."""
    examples = every(40) + list(EDGES) + DOCUMENTS + SOURCES
    assert service_disagreements(local_iot, examples) == {}


@pytest.mark.slow
def test_local_api_at_length(local_iot: LocalIot) -> None:
    """The same for every single change, and for combinations."""
    assert service_disagreements(local_iot, every(1)) == {}

    @settings(max_examples=1000, suppress_health_check=list(HealthCheck))
    @given(properties(registry.TEMPLATE))
    def combine(resource: dict[str, Any]) -> None:
        assert service_disagreements(local_iot, [(registry.TEMPLATE, resource)]) == {}

    combine()


def stacks(templates: Iterable[dict[str, Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    """The templates packed into stacks that CloudFormation takes, each template with an id of its own."""
    stack: dict[str, dict[str, Any]] = {}
    room, ids = MAX_TEMPLATE_BYTES - 1000, set()
    for number, each in enumerate(templates):
        unique = each["JobTemplateId"] if each["JobTemplateId"] not in ids else f"t{number}"
        ids.add(unique)
        size = len(json.dumps(each)) + 100
        if size > MAX_TEMPLATE_BYTES - 1000:
            continue  # a document of 32,768 bytes, with much to escape
        if size > room:
            yield stack
            stack, room = {}, MAX_TEMPLATE_BYTES - 1000
        stack[f"Template{number}"] = each | {"JobTemplateId": unique}
        room -= size
    yield stack


def assert_stacks_agree(iot: LocalIot, examples: Iterable[Resource]) -> None:
    judged = [
        # The local CloudFormation passes scalars on as they are.
        (registry.sent(resource_type, resource), errors(resource, cloudformation.TEMPLATE))
        for resource_type, resource in examples
        if resource_type == registry.TEMPLATE
    ]
    failed: dict[str, str] = {}
    for stack in stacks(resource for resource, codes in judged if not codes):
        failed |= iot.create_stack(stack)
    assert failed == {}
    found: dict[str, str] = {}
    for resource, codes in judged:
        if codes and len(json.dumps(resource)) < MAX_TEMPLATE_BYTES - 1000:
            verdict = list(iot.create_stack({"Template": resource}).values())
            found |= {text: shown(registry.TEMPLATE, resource) for text in disagreements(codes, {STACK: verdict})}
    assert found == {}


@pytest.mark.e2e
def test_local_stacks(local_iot: LocalIot) -> None:
    """A local CloudFormation creates what the library accepts, many templates to a stack."""
    assert_stacks_agree(local_iot, every(40, start=20) + list(EDGES))


@pytest.mark.slow
def test_local_stacks_at_length(local_iot: LocalIot) -> None:
    """The same for every single change."""
    assert_stacks_agree(local_iot, every(1))


@pytest.mark.e2e
@ROWS
def test_reason_against_local_aws(row: Stricter, local_iot: LocalIot) -> None:
    """The local AWS accepts each example where its row says so, and gives the answer that its source cites."""
    for resource_type, resource in row.examples:
        verdicts = service_verdicts(local_iot, resource_type, resource)
        update = verdicts.pop("UpdateJob")
        if resource_type == registry.TEMPLATE:
            verdicts[STACK] = list(local_iot.create_stack({"Template": resource}).values())
        assert {oracle for oracle, verdict in verdicts.items() if not verdict} == row.oracles & {MINISTACK, STACK}
        measured = row.source.removeprefix("measured: ")
        assert measured == row.source or measured in " ".join(verdicts[MINISTACK] + update)
