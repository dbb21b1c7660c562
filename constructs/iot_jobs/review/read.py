"""The job templates of one side: a cdk.out folder, a CloudFormation template, or the application at a git revision."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from iot_jobs.cloudformation import TEMPLATE, properties
from iot_jobs.documents.job_document import UNREADABLE
from iot_jobs.environment import Environment, Fleet
from iot_jobs.finding import Finding, FindingsError
from iot_jobs.identity import METADATA, parameter_name, template_name_of
from iot_jobs.presign import MADE_ROLE
from iot_jobs.review.compare_role import grants_in, grants_of_spec
from iot_jobs.review.git import RevisionError, exported
from iot_jobs.review.side import Deployment, Grant, Template
from iot_jobs.sources import Source, Subject, cdk_out, read, read_application, root_of
from iot_jobs.sources.subject import from_properties
from iot_jobs.template import JobTemplateSpec
from iot_jobs.unresolved import is_intrinsic, known

_TYPE = "AWS::IoT::JobTemplate"
_KEPT = ("Retain", "RetainExceptOnCreate")


class ReviewError(ValueError):
    """What can't be compared; the text says why."""


def deployment(given: str, *, near: Path) -> Deployment:
    """What the user names: a path where there is one, else a git revision of the application around `near`.

    Raises `FindingsError` with what keeps it from being read, and `ReviewError`. A value that breaks a rule is unknown,
    and no reason to stop: the other side may be the one that mends it.
    """
    path, kind = _path(given, near)
    if not given:
        raise ReviewError("a side has no name: give a cdk.out folder, a template or a git revision")
    if kind == "file":
        return Deployment(given, tuple(_template_file(path, _stem(Path(path.name)), {})), lone=True)
    if kind == "assembly":
        return _assembly(given, path)
    if kind == "application":
        return _application(given, path)
    root = root_of(near)
    if root is None:
        what = "neither a cdk.out folder nor a file"
        raise ReviewError(f"{given} is {what}, and there is no application here to read a git revision of")
    try:
        with exported(root, given) as folder:
            # From before there was an application, or from after it: what is compared with it is all new, or all gone.
            nothing = not any(path.is_file() for path in folder.rglob("*"))
            try:
                return Deployment(given) if nothing else _application(given, folder)
            except FindingsError as error:
                raise FindingsError(_of_revision(one, given, folder) for one in error.findings) from None
    except RevisionError as error:
        raise ReviewError(f"{given} is neither a cdk.out folder, a file nor a git revision: {error}") from None


def _of_revision(finding: Finding, given: str, folder: Path) -> Finding:
    """A finding about the revision's files, not about the folder in which they are for the moment."""
    place = finding.place
    if place is not None and place.file is not None:
        place = place._replace(file=place.file.replace(f"{folder.as_posix()}/", f"{given}:"))
    shown = given if finding.given == str(folder) else finding.given
    return finding._replace(place=place, given=shown)


def _path(given: str, near: Path) -> tuple[Path, Literal["file", "assembly", "application"] | None]:
    """What stands at a path, if anything of ours does. `.` is the application, from wherever within it."""
    path = Path(given)
    if given == ".":
        path = root_of(near) or path
    try:
        if path.is_file():
            return path, "file"
        if cdk_out.is_cdk_out(path):
            return path, "assembly"
        # Path makes the working directory of no text at all.
        if given and path.is_dir() and root_of(path) == path.resolve():
            return path, "application"
    except OSError:  # too long for a path, but perhaps a revision
        pass
    return path, None


def _assembly(given: str, folder: Path) -> Deployment:
    """Every stack of a cdk.out folder, those of stages and nested stacks too."""
    paths = cdk_out.templates(folder)
    if not paths:
        raise ReviewError(f"{folder} has no templates in it")
    settings = cdk_out.settings(folder)
    stacks = {_stem(path.relative_to(folder)): path for path in paths}
    templates = [
        template
        for stack, path in stacks.items()
        for template in _template_file(path, stack, _of_stack(settings.get(path)))
    ]
    return Deployment(given, tuple(templates), stacks=frozenset(stacks))


def _of_stack(settings: cdk_out.StackSettings | None) -> dict[str, Any]:
    """Return what a change of a stack's settings is compared by."""
    if settings is None:
        return {}
    return {
        "environment.account": settings.account,
        "environment.region": settings.region,
        "stack.termination_protection": settings.termination_protection,
    }


def _stem(path: Path) -> str:
    """A stack's name in the CDK, as its file has it."""
    name = path.as_posix()
    for ending in (".json", ".yaml", ".yml", ".template"):
        name = name.removesuffix(ending)
    return name


def _template_file(path: Path, stack: str, settings: Mapping[str, Any]) -> Iterator[Template]:
    source = read(path)
    resources = source.data.get("Resources") if isinstance(source.data, Mapping) else None
    if not isinstance(resources, Mapping):
        finding = UNREADABLE.finding(
            given=source.name, allowed="a CloudFormation template", fix="name a template or a cdk.out folder"
        )
        raise FindingsError([finding])
    parameters = dict(_parameters(resources))
    ours = {str(name): one for name, one in resources.items() if isinstance(one, Mapping) and one.get("Type") == _TYPE}
    found = {name: _resource(source, name, one, stack=stack, resources=resources) for name, one in ours.items()}
    names = Counter(one.name for one in found.values())
    for logical_id, one in found.items():
        # Two of the same name in a stack are told apart by where they stand.
        name = one.name if names[one.name] == 1 else f"{one.name} ({logical_id})"
        beside = {**settings, **one.settings}
        yield dataclasses.replace(one, name=name, parameter=parameters.get(logical_id), settings=beside)


def _resource(
    source: Source, logical_id: str, resource: Mapping[str, Any], *, stack: str, resources: Mapping[str, Any]
) -> Template:
    given = resource.get("Properties", {})
    if is_intrinsic(given) or not isinstance(given, Mapping):
        raise ReviewError(f"{source.name}: Resources.{logical_id}.Properties is not written out")
    subject = from_properties(source, ("Resources", logical_id, "Properties"), given, TEMPLATE)
    spec = subject.spec
    assert isinstance(spec, JobTemplateSpec)  # noqa: S101  # it is what TEMPLATE reads
    metadata = resource.get("Metadata")
    ours = metadata.get(METADATA) if isinstance(metadata, Mapping) else None
    ours = ours if isinstance(ours, Mapping) else {}
    name, environment = ours.get("template_name"), ours.get("environment")
    fleet = Fleet.check(ours["fleet"])[0] if isinstance(ours.get("fleet"), Mapping) else None
    beside = {f"resource.{key}": resource.get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy", "Condition")}
    return Template(
        stack=stack,
        name=name if isinstance(name, str) else logical_id,
        spec=spec,
        emitted=given,
        id=given.get("JobTemplateId"),
        environment=environment if isinstance(environment, str) else None,
        fleet=fleet,
        generated=isinstance(name, str) and _made_of(name, given.get("JobTemplateId")),
        kept_when_replaced=resource.get("UpdateReplacePolicy") in _KEPT,
        kept_when_removed=resource.get("DeletionPolicy") in _KEPT,
        grants=_grants(spec, given, resources),
        settings={**_of_fleet(fleet), **beside},
        broken=_broken(subject),
    )


def _of_fleet(fleet: Fleet | None) -> dict[str, Any]:
    return {} if fleet is None else {f"environment.fleet.{name}": value for name, value in fleet}


def _broken(subject: Subject) -> tuple[str, ...]:
    return tuple(sorted({finding.code for finding in subject.findings if finding.severity == "error"}))


def _made_of(name: str, job_template_id: Any) -> bool:
    """Whether the construct made the id from the template's name."""
    made = template_name_of(job_template_id) if isinstance(job_template_id, str) else None
    return made is not None and made != job_template_id and name.startswith(made)


def _grants(spec: JobTemplateSpec, given: Mapping[str, Any], resources: Mapping[str, Any]) -> frozenset[Grant] | None:
    """What the presign role may do: nothing without one, None where it isn't in sight."""
    if spec.presigned_url is None:
        return frozenset()
    block = known(spec.presigned_url)
    return None if block is None else grants_in(resources, given["PresignedUrlConfig"].get("RoleArn"))


def _parameters(resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The SSM parameters that hold the ARN of a resource of the template, by its logical id."""
    for resource in resources.values():
        given = resource.get("Properties") if isinstance(resource, Mapping) else None
        if isinstance(given, Mapping) and resource.get("Type") == "AWS::SSM::Parameter":
            value, name = given.get("Value"), given.get("Name")
            target = value.get("Fn::GetAtt") if isinstance(value, Mapping) else None
            if isinstance(target, list) and target and isinstance(name, str):
                yield str(target[0]), name


def _application(given: str, root: Path) -> Deployment:
    """The templates of all environments. Raises `FindingsError` where more than values of a template is wrong."""
    application, reading = read_application(root)
    about_values = {id(finding) for subject in reading.subjects for finding in subject.findings}
    wrong = [one for one in reading.findings if one.severity == "error" and id(one) not in about_values]
    if wrong:
        raise FindingsError(wrong)
    broken = {id(subject.spec): _broken(subject) for subject in reading.subjects}
    found = (
        _of_environment(spec, environment, broken.get(id(spec), ()))
        for environment in application.environments
        for spec in environment.templates
    )
    stacks = frozenset(environment.stack_name for environment in application.environments)
    return Deployment(given, tuple(found), stacks=stacks)


def _of_environment(spec: JobTemplateSpec, environment: Environment, broken: tuple[str, ...]) -> Template:
    name = str(spec.template_name)
    block = known(spec.presigned_url)
    grants: frozenset[Grant] | None = frozenset()
    if block is not None:
        grants = grants_of_spec(spec) if block.role_arn == MADE_ROLE else None
    return Template(
        stack=environment.stack_name,  # of the first account and region; the others have the same templates
        name=name,
        spec=spec,
        emitted=properties(spec),
        environment=environment.name,
        fleet=environment.fleet,
        synthesized=False,
        parameter=parameter_name(environment.name, name),
        grants=grants,
        acknowledged=frozenset(environment.acknowledged.get(name, {})),
        settings={
            "environment.account": _one_or_all(environment.account),
            "environment.region": _one_or_all(environment.region),
            "environment.production": environment.production,
            **_of_fleet(environment.fleet),
        },
        broken=broken,
    )


def _one_or_all(given: str | Sequence[str]) -> str | list[str]:
    """A list of one is that one."""
    names = [given] if isinstance(given, str) else list(given)
    return names[0] if len(names) == 1 else names
