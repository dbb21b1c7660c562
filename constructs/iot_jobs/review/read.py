"""The job templates of one side: a cdk.out folder, any kind of file with job templates, or a git revision."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from iot_jobs.cloudformation import TEMPLATE, Declarations, Resolved, Scope, properties
from iot_jobs.documents.job_document import UNREADABLE
from iot_jobs.environment import Environment, Fleet
from iot_jobs.finding import Finding, FindingsError
from iot_jobs.identity import METADATA, parameter_name, template_name_of
from iot_jobs.presign import MADE_ROLE
from iot_jobs.review.compare_role import grants_in, grants_of_spec
from iot_jobs.review.git import RevisionError, exported
from iot_jobs.review.side import Deployment, Grant, Template
from iot_jobs.sources import Reading, Source, Subject, cdk_out, read, read_application, root_of
from iot_jobs.sources.kinds import read_file
from iot_jobs.sources.kinds.kind import File
from iot_jobs.sources.subject import from_properties
from iot_jobs.template import JobTemplateSpec
from iot_jobs.unresolved import holds_token, is_intrinsic, known

_TYPE = "AWS::IoT::JobTemplate"
_KEPT = ("Retain", "RetainExceptOnCreate")


class ReviewError(ValueError):
    """A side that can't be compared. The text says why."""


def deployment(given: str, *, near: Path) -> Deployment:
    """Return the side that the user names: a path if it exists, else a git revision of the application around `near`.

    Raises `FindingsError` with the errors that prevent reading, and `ReviewError`. A value that breaks a rule is
    treated as unknown and doesn't stop the review, because the change may be what fixes it.
    """
    path, kind = _path(given, near)
    if not given:
        raise ReviewError("a side is empty: name a cdk.out folder, a template or a git revision")
    if kind == "file":
        return Deployment(given, tuple(_template_file(path, _stem(Path(path.name)), {})), lone=True)
    if kind == "assembly":
        return _assembly(given, path)
    if kind == "application":
        return _application(given, path)
    root = root_of(near)
    if root is None:
        what = "neither a cdk.out folder nor a file"
        raise ReviewError(f"{given} is {what}, and there is no application here whose git revision could be read")
    try:
        with exported(root, given) as folder:
            # Before there was an application, or after it was deleted, a revision has no templates.
            is_empty = not any(path.is_file() for path in folder.rglob("*"))
            try:
                return Deployment(given) if is_empty else _application(given, folder)
            except FindingsError as error:
                raise FindingsError(_of_revision(one, given, folder) for one in error.findings) from None
    except RevisionError as error:
        raise ReviewError(f"{given} is not a cdk.out folder, a file or a git revision: {error}") from None


def _of_revision(finding: Finding, given: str, folder: Path) -> Finding:
    """Return a finding with the revision's files in place of their temporary folder."""
    place = finding.place
    if place is not None and place.file is not None:
        place = place._replace(file=place.file.replace(f"{folder.as_posix()}/", f"{given}:"))
    shown = given if finding.given == str(folder) else finding.given
    return finding._replace(place=place, given=shown)


def _path(given: str, near: Path) -> tuple[Path, Literal["file", "assembly", "application"] | None]:
    """Return the path and its kind, None if it is none of these. `.` is the application around `near`."""
    path = Path(given)
    if given == ".":
        path = root_of(near) or path
    try:
        if path.is_file():
            return path, "file"
        if cdk_out.is_cdk_out(path):
            return path, "assembly"
        # An empty path would be the working directory.
        if given and path.is_dir() and root_of(path) == path.resolve():
            return path, "application"
    except OSError:  # too long for a path, but it may be a revision
        pass
    return path, None


def _assembly(given: str, folder: Path) -> Deployment:
    """Return every stack of a cdk.out folder, including those of stages and nested stacks."""
    paths = cdk_out.templates(folder)
    if not paths:
        raise ReviewError(f"{folder} has no templates")
    settings = cdk_out.settings(folder)
    stacks = {_stem(path.relative_to(folder)): path for path in paths}
    templates = [
        template
        for stack, path in stacks.items()
        for template in _template_file(path, stack, _of_stack(settings.get(path)))
    ]
    return Deployment(given, tuple(templates), stacks=frozenset(stacks))


def _of_stack(settings: cdk_out.StackSettings | None) -> dict[str, Any]:
    """Return the settings of a stack that are compared."""
    if settings is None:
        return {}
    return {
        "environment.account": settings.account,
        "environment.region": settings.region,
        "stack.termination_protection": settings.termination_protection,
    }


def _stem(path: Path) -> str:
    """Return a stack's name in the CDK from the path of its file."""
    name = path.as_posix()
    for ending in (".json", ".yaml", ".yml", ".template"):
        name = name.removesuffix(ending)
    return name


def _template_file(path: Path, stack: str, settings: Mapping[str, Any]) -> Iterator[Template]:
    source = read(path)
    resources = source.data.get("Resources") if isinstance(source.data, Mapping) else None
    if not isinstance(resources, Mapping):
        yield from _of_another_kind(path, source, stack)
        return
    parameters, declarations = dict(_parameters(resources)), Declarations(source.data)
    templates = {
        str(logical_id): _resource(source, str(logical_id), resource, stack, declarations)
        for logical_id, resource in resources.items()
        if isinstance(resource, Mapping) and resource.get("Type") == _TYPE
    }
    names = Counter(template.name for template in templates.values())
    for logical_id, template in templates.items():
        # Templates of a stack with the same name differ by their logical ids.
        name = template.name if names[template.name] == 1 else f"{template.name} ({logical_id})"
        merged = {**settings, **template.settings}
        yield dataclasses.replace(template, name=name, parameter=parameters.get(logical_id), settings=merged)


def _of_another_kind(path: Path, source: Source, stack: str) -> Iterator[Template]:
    """Yield the templates of a file that `check` reads too, such as a request or a response of the API."""
    reading = Reading()
    read_file(File(path, source, named=True, doubled=()), reading)
    templates = [subject for subject in reading.subjects if isinstance(subject.spec, JobTemplateSpec)]
    if not templates:
        finding = UNREADABLE.finding(
            given=source.name,
            allowed="a CloudFormation template, or a single job template",
            fix="name such a file or a cdk.out folder",
        )
        raise FindingsError([finding])
    for subject in templates:
        spec = subject.spec
        assert isinstance(spec, JobTemplateSpec)  # noqa: S101  # see above
        name = spec.template_name if isinstance(spec.template_name, str) else stack
        yield Template.of(
            spec.model_copy(update={"template_name": name}),
            stack=stack,
            grants=frozenset() if spec.presigned_url is None else None,
            broken=_broken(subject),
            kept_when_replaced=True,  # nobody deletes it
            kept_when_removed=True,
        )


def _resource(
    source: Source, logical_id: str, resource: Mapping[str, Any], stack: str, declarations: Declarations
) -> Template:
    """Return a resource with its functions resolved as far as the template tells, and its cases."""
    given = resource.get("Properties", {})
    if is_intrinsic(given) or not isinstance(given, Mapping):
        raise ReviewError(f"{source.name}: Resources.{logical_id}.Properties is not a literal mapping")

    def within(scope: Scope) -> tuple[JobTemplateSpec, Subject]:
        subject = from_properties(source, ("Resources", logical_id, "Properties"), given, TEMPLATE, scope=scope)
        assert isinstance(subject.spec, JobTemplateSpec)  # noqa: S101  # it is what TEMPLATE reads
        return subject.spec, subject

    spec, subject = within(declarations.scope)
    # Samples would make different texts of one form the same.
    cases = tuple(
        (case, within(case.scope(declarations.scope)._replace(samples={}))[0]) for case in declarations.cases(resource)
    )
    emitted = Resolved(given, declarations.scope).value
    template_id = emitted.get("JobTemplateId")
    metadata = resource.get("Metadata")
    ours = metadata.get(METADATA) if isinstance(metadata, Mapping) else None
    ours = ours if isinstance(ours, Mapping) else {}
    name, environment = ours.get("template_name"), ours.get("environment")
    fleet = Fleet.check(ours["fleet"])[0] if isinstance(ours.get("fleet"), Mapping) else None
    beside = {f"resource.{key}": resource.get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy", "Condition")}
    conditions = declarations.expressions(sorted({name for case, _ in cases for name in case.truths}))
    beside |= {f"condition.{name}": expression for name, expression in conditions.items()}
    return Template(
        stack=stack,
        name=name if isinstance(name, str) else logical_id,
        spec=spec,
        cases=cases,
        emitted=emitted,
        id=given.get("JobTemplateId") if holds_token(template_id) else template_id,
        environment=environment if isinstance(environment, str) else None,
        fleet=fleet,
        generated=isinstance(name, str) and _made_of(name, template_id),
        kept_when_replaced=resource.get("UpdateReplacePolicy") in _KEPT,
        kept_when_removed=resource.get("DeletionPolicy") in _KEPT,
        grants=_grants(spec, emitted, source.data["Resources"]),
        settings={**_of_fleet(fleet), **beside},
        broken=_broken(subject),
    )


def _of_fleet(fleet: Fleet | None) -> dict[str, Any]:
    return {} if fleet is None else {f"environment.fleet.{name}": value for name, value in fleet}


def _broken(subject: Subject) -> tuple[str, ...]:
    return tuple(sorted({finding.code for finding in subject.findings if finding.severity == "error"}))


def _made_of(name: str, job_template_id: Any) -> bool:
    """Return whether the construct made the id from the template's name."""
    made = template_name_of(job_template_id) if isinstance(job_template_id, str) else None
    return made is not None and made != job_template_id and name.startswith(made)


def _grants(spec: JobTemplateSpec, emitted: Mapping[str, Any], resources: Mapping[str, Any]) -> frozenset[Grant] | None:
    """Return the presign role's permissions: none without a role, None if the role isn't in the template."""
    if spec.presigned_url is None:
        return frozenset()
    block = known(spec.presigned_url)
    return None if block is None else grants_in(resources, emitted["PresignedUrlConfig"].get("RoleArn"))


def _parameters(resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the logical id of each resource whose ARN is in an SSM parameter, and the parameter's name."""
    for resource in resources.values():
        given = resource.get("Properties") if isinstance(resource, Mapping) else None
        if isinstance(given, Mapping) and resource.get("Type") == "AWS::SSM::Parameter":
            value, name = given.get("Value"), given.get("Name")
            target = value.get("Fn::GetAtt") if isinstance(value, Mapping) else None
            if isinstance(target, list) and target and isinstance(name, str):
                yield str(target[0]), name


def _application(given: str, root: Path) -> Deployment:
    """Return the templates of all environments. Raises `FindingsError` for errors outside a template's values."""
    application, reading = read_application(root)
    about_values = {id(finding) for subject in reading.subjects for finding in subject.findings}
    errors = [
        finding for finding in reading.findings if finding.severity == "error" and id(finding) not in about_values
    ]
    if errors:
        raise FindingsError(errors)
    broken = {id(subject.spec): _broken(subject) for subject in reading.subjects}
    templates = (
        _of_environment(spec, environment, broken.get(id(spec), ()))
        for environment in application.environments
        for spec in environment.templates
    )
    stacks = frozenset(environment.stack_name for environment in application.environments)
    return Deployment(given, tuple(templates), stacks=stacks)


def _of_environment(spec: JobTemplateSpec, environment: Environment, broken: tuple[str, ...]) -> Template:
    name = str(spec.template_name)
    fleet = environment.fleet_of(name)
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
        fleet=fleet,
        synthesized=False,
        parameter=parameter_name(environment.name, name),
        grants=grants,
        acknowledged=frozenset(environment.acknowledged.get(name, {})),
        settings={
            "environment.account": _one_or_all(environment.account),
            "environment.region": _one_or_all(environment.region),
            "environment.production": environment.production,
            **_of_fleet(fleet),
        },
        broken=broken,
    )


def _one_or_all(value: str | Sequence[str]) -> str | list[str]:
    """Return the only name, or the list if there are several."""
    names = [value] if isinstance(value, str) else list(value)
    return names[0] if len(names) == 1 else names
