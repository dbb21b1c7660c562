"""The source of a job: a published template, one named by its ARN, a managed one, or a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cloudformation import API_TEMPLATE, properties, values, without_nulls
from iot_jobs.finding import Finding
from iot_jobs.identity import parameter_name, template_name_of
from iot_jobs.limits import JOB_TEMPLATE_ARN, PARAMETER_VALUE
from iot_jobs.template.part import MISSING_VALUE, unknown_key

if TYPE_CHECKING:
    from iot_jobs.aws import Aws

_MANAGED = "AWS-"
_FILES = (".json", ".yaml", ".yml")


class Origin(NamedTuple):
    """A template: its name, and its `members` in our words, as far as they are known.

    `arn` is None for a file, whose members a job has to have itself. `parameters` are those of a managed template.
    """

    name: str
    arn: str | None
    members: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...] = ()


def origin(aws: Aws, template: str, environment: str | None) -> Origin:
    """Return what TEMPLATE names. Raises `CannotRun` where it can't be found."""
    if JOB_TEMPLATE_ARN.accepts(template):
        name = template.partition(":jobtemplate/")[2].partition(":")[0]
        return _managed(aws, name) if "::jobtemplate/" in template else _deployed(aws, template)
    if template.startswith(_MANAGED):
        return _managed(aws, template)
    if template.endswith(_FILES):
        return _file(Path(template))
    if environment is None:
        raise CannotRun(
            f"{template} is the name of a template: add --environment with the one that publishes it; "
            f"or give its ARN, a managed template ({_MANAGED}...), or a file"
        )
    return _deployed(aws, _published(aws, environment, template))


def parameter_problems(of: Origin, given: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the parameters that a managed template doesn't have, needs, or wants in another form."""
    known = {str(each["key"]): each for each in of.parameters if each.get("key")}
    for key in given.keys() - known.keys():
        yield unknown_key(key, known, ("param",))
    for key, parameter in sorted(known.items()):
        loc = ("param", key)
        about = str(parameter.get("description") or "required")
        if key not in given:
            if not parameter.get("optional"):
                yield MISSING_VALUE.finding(loc=loc, allowed=about, fix=f"add --param {key}=...")
        elif not _fits(str(parameter.get("regex") or ""), given[key]):
            allowed = f"{about}: {parameter['regex']}"
            fix = f"write it like {parameter['example']}" if parameter.get("example") else PARAMETER_VALUE.fix
            yield PARAMETER_VALUE.finding(loc=loc, given=given[key], allowed=allowed, fix=fix)


def _fits(pattern: str, value: str) -> bool:
    """Return whether a value fits a pattern of Java's; one that Python can't read is left to AWS."""
    try:
        return not pattern or re.fullmatch(pattern, value) is not None
    except re.error:
        return True


def _published(aws: Aws, environment: str, name: str) -> str:
    from iot_jobs.aws import AwsError

    try:
        return aws.parameter(parameter_name(environment, name))
    except AwsError as error:
        if error.kind != "missing":
            raise
        raise CannotRun(
            f"environment {environment} publishes no template {name} in {aws.region}; "
            "`iot-jobs templates list` lists those that are deployed"
        ) from None


def _deployed(aws: Aws, arn: str) -> Origin:
    answer = aws.template(arn.rpartition("/")[2])
    given = {key: value for key, value in without_nulls(answer).items() if key in API_TEMPLATE.keys}
    members, _ = values(given, API_TEMPLATE)
    return Origin(template_name_of(answer["jobTemplateId"]), arn, members)


def _managed(aws: Aws, name: str) -> Origin:
    managed = aws.managed_template(name)
    return Origin(name, managed.arn, {"description": managed.description}, managed.parameters)


def _file(path: Path) -> Origin:
    from iot_jobs.sources import read_paths
    from iot_jobs.template import JobTemplateSpec

    if not path.is_file():
        raise CannotRun(f"{path}: there is no such file")
    reading = read_paths([path])
    specs = [each.spec for each in reading.subjects if isinstance(each.spec, JobTemplateSpec)]
    if len(specs) != 1:
        raise CannotRun(f"{path} holds {len(specs)} job templates; a job needs exactly one")
    (spec,) = specs
    members, findings = values(properties(spec, API_TEMPLATE), API_TEMPLATE)
    if findings or reading.findings:
        raise CannotRun(f"{path} has errors: run iot-jobs check {path}")
    return Origin(str(spec.template_name), None, members)
