"""The job templates that are deployed, compared with those that the files declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from iot_jobs.cloudformation import API_TEMPLATE, values, without_nulls
from iot_jobs.environment import Environment
from iot_jobs.identity import template_name_of
from iot_jobs.presign import MADE_ROLE
from iot_jobs.review.compare import spec_changes
from iot_jobs.review.directions import COPIED
from iot_jobs.template import JobTemplateSpec
from iot_jobs.unresolved import known

Standing = Literal["as declared", "differs", "missing", "left over"]
"""The standing of a template.

- differs: the published one isn't what the files say: they were edited and not deployed, or it was made again by hand
- missing: nothing is published under its name, or what is published is gone
- left over: it has an id of ours, and no environment publishes it
"""
STANDINGS: tuple[Standing, ...] = get_args(Standing)


@dataclass(frozen=True)
class Drift:
    """One template. `differences` are the paths of the values that differ, as a review spells them."""

    environment: str | None
    name: str
    standing: Standing
    template_id: str | None = None
    differences: tuple[str, ...] = ()


def drift(
    environments: Iterable[Environment],
    published: Mapping[tuple[str, str], str | None],
    deployed: Mapping[str, Mapping[str, Any]],
    ids: Iterable[str],
) -> Sequence[Drift]:
    """Return how every declared template stands, and those that are left over.

    `published` are the ids that environments publish, by environment and name; `deployed` the answers of
    `DescribeJobTemplate` for those that exist, `ids` all that exist in the region.
    """
    declared = [_declared(environment, published, deployed) for environment in environments]
    return [*(each for of in declared for each in of), *_left_over(set(published.values()), ids)]


def _declared(
    environment: Environment,
    published: Mapping[tuple[str, str], str | None],
    deployed: Mapping[str, Mapping[str, Any]],
) -> Iterator[Drift]:
    for spec in environment.templates:
        name = str(spec.template_name)
        template_id = published.get((environment.name, name))
        if template_id is None or template_id not in deployed:
            yield Drift(environment.name, name, "missing", template_id)
            continue
        different = tuple(_differences(spec, deployed[template_id]))
        yield Drift(environment.name, name, "differs" if different else "as declared", template_id, different)


def _differences(spec: JobTemplateSpec, answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the values that differ, where both are known.

    Ids are made at synthesis. AWS doesn't describe tags, nor the job that a template was copied from.
    """
    given = {key: value for key, value in without_nulls(answer).items() if key in API_TEMPLATE.keys}
    there = JobTemplateSpec.judge(values(given, API_TEMPLATE)[0])[0]
    there = there.model_copy(update={"tags": spec.tags, "job_arn": spec.job_arn})
    here_presigned, there_presigned = known(spec.presigned_url), known(there.presigned_url)
    if here_presigned and there_presigned and here_presigned.role_arn == MADE_ROLE:
        # The stack's own role, whose name only CloudFormation knows.
        there = there.model_copy(update={"presigned_url": there_presigned.model_copy(update={"role_arn": MADE_ROLE})})
    for change in spec_changes(spec, there):
        if change.reason != COPIED:
            yield change.path


def _left_over(published: set[str | None], ids: Iterable[str]) -> Iterator[Drift]:
    for template_id in sorted(ids):
        name = template_name_of(template_id)
        if name != template_id and template_id not in published:
            yield Drift(None, name, "left over", template_id)
