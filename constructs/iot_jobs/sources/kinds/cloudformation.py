"""A CloudFormation template: the job templates and jobs among its resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from iot_jobs.cloudformation import JOB, TEMPLATE, UNKNOWN_STACK, Declarations, Stack, as_text, expanded
from iot_jobs.finding import Edit, Location, Rule, nearest
from iot_jobs.limits import (
    CLOUDFORMATION_QUOTAS,
    MAX_LOGICAL_ID,
    MAX_RESOURCES_IN_STACK,
    MAX_TEMPLATE_BYTES,
    TEMPLATE_REFERENCE,
)
from iot_jobs.sources.cdk_out import was_validated
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.source import Source
from iot_jobs.sources.subject import Reading, Skipped, Subject, Surroundings, read_properties
from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.part import MISSING_VALUE, WRONG_KIND, unknown_key
from iot_jobs.unresolved import Unresolved, holds_token, is_intrinsic, known

ID_TWICE = Rule(
    code="JT114",
    title="the ids of job templates, and those of jobs, are unique in a CloudFormation template",
    why="The second one can't be created.",
    source=TEMPLATE_REFERENCE,
    evidence="documented",
)

RESOURCE_TYPE = Rule(
    code="JT115",
    title="a resource has a known type",
    why="The deployment fails before anything is created, because CloudFormation doesn't know the type.",
    source=TEMPLATE_REFERENCE,
    evidence="documented",
)

TEMPLATE_SIZE = Rule(
    code="JT116",
    title="a CloudFormation template is within CloudFormation's size limits",
    why="CloudFormation refuses a larger one before anything is created.",
    source=CLOUDFORMATION_QUOTAS,
    evidence="documented",
)

LOGICAL_ID = Rule(
    code="JT117",
    title="the logical id of a template or job has only letters and digits",
    why="CloudFormation refuses the whole template otherwise.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html",
    evidence="documented",
)

PARAMETER_GIVEN = Rule(
    code="JT121",
    title="the value given for a parameter is one that the template allows",
    why="CloudFormation refuses the deployment before anything is created.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
    evidence="documented",
)

RESOURCE_TYPES = {"AWS::IoT::JobTemplate": TEMPLATE, "AWS::IoT::Job": JOB}
_ATTRIBUTES = (
    *("Type", "Properties", "Condition", "DependsOn", "Metadata"),
    *("CreationPolicy", "DeletionPolicy", "UpdatePolicy", "UpdateReplacePolicy"),
    "Description",  # not documented; templates that AWS made have it, and the CDK writes it
)
_FEW = 20
"""The number of unknown attributes of one resource that get a finding each."""


def resources(source: Source) -> Reading:
    """Return the job templates and jobs of a CloudFormation template, which may have no resources."""
    reading = Reading()
    if isinstance(source.data, Mapping) and isinstance(source.data.get("Resources"), Mapping):
        read_template(source, reading)
    return reading


def read_template(source: Source, reading: Reading, stack: Stack = UNKNOWN_STACK) -> None:
    """Add the resources of a CloudFormation template, and findings for repeated ids."""
    declarations = Declarations(source.data, stack)
    reading.parameters |= declarations.parameters.keys()
    with_defaults = declarations.with_defaults()
    ids = _Ids(declarations, reading)
    resources = source.data["Resources"]
    found = False
    subjects: dict[str, tuple[Subject, object]] = {}
    for name, member in resources.items():
        if source.name in reading.findings.full:
            break
        copies = expanded(name, member, with_defaults)
        if copies is None:
            reading.skipped.append(Skipped(source.name, f"{name}: a loop over what is known only at deployment"))
        for copy in copies or ():
            kind = copy.body.get("Type") if isinstance(copy.body, Mapping) else None
            here = ("Resources", *copy.loc)
            if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
                found = _misspelt(source, here, kind, reading) or found
                continue
            found = True
            if is_intrinsic(copy.body):
                reading.skipped.append(Skipped(source.name, f"Resources.{copy.key}: an intrinsic function"))
            elif not declarations.may_both_hold(condition := copy.body.get("Condition"), None):
                reading.skipped.append(Skipped(source.name, f"Resources.{copy.key}: {condition} is never true"))
            elif _frame(source, here, copy.key, copy.body, reading):
                around = Surroundings(declarations, condition, copy.values)
                given, spelling = copy.body.get("Properties", {}), RESOURCE_TYPES[kind]
                subject = read_properties(source, (*here, "Properties"), given, spelling, reading, around)
                if subject is not None:
                    ids.add(subject, around.condition)
                    subjects[copy.key] = subject, given.get("JobTemplateArn")
    _windows_of_templates(subjects, reading)
    if found:
        _given(source, declarations, reading)
        _size(source, reading)
        _yaml(source, reading)
    else:
        reading.skipped.append(Skipped(source.name, "a CloudFormation template without job templates and jobs"))


class _Ids:
    """The ids of a template's job templates and jobs, each with the first resource that has it."""

    def __init__(self, declarations: Declarations, reading: Reading) -> None:
        self._declarations = declarations
        self._reading = reading
        self._first: dict[tuple[type, object], tuple[Subject, object]] = {}

    def add(self, subject: Subject, condition: object) -> None:
        """Add a finding if another resource has the same id, and both may be created."""
        field_name = "template_name" if isinstance(subject.spec, JobTemplateSpec) else "job_id"
        given = getattr(subject.spec, field_name)
        unknown = given.value if isinstance(given, Unresolved) else None
        if given is None or not (isinstance(given, str) or is_intrinsic(unknown) or holds_token(unknown)):
            return
        first, other = self._first.setdefault((type(subject.spec), given), (subject, condition))
        if first is not subject and self._declarations.may_both_hold(condition, other):
            finding = ID_TWICE.finding(
                loc=(field_name,),
                given=given if unknown is None else unknown,
                allowed="each id once in a template",
                fix="rename one of the two",
            )
            placed = subject.placed(finding)
            self._reading.findings += [placed._replace(related=(first.place((field_name,)),))]


def _windows_of_templates(subjects: Mapping[str, tuple[Subject, object]], reading: Reading) -> None:
    """Add what jobs lack for the maintenance windows of the templates that they are made from, in the same stack.

    Each subject comes with the value of its `JobTemplateArn`.
    """
    for subject, arn in subjects.values():
        template, _ = subjects.get(_referred(arn), (None, None))
        job, spec = subject.spec, template and template.spec
        if not isinstance(job, JobSpec) or not isinstance(spec, JobTemplateSpec) or template is None:
            continue
        scheduling = known(job.scheduling)
        own = scheduling is not None and scheduling.maintenance_windows
        if known(spec.maintenance_windows) and not own:
            windows = template.place(("maintenance_windows",))
            for finding in map(subject.placed, job.needs_for_windows()):
                reading.findings += [finding._replace(related=(windows,))]


def _given(source: Source, declarations: Declarations, reading: Reading) -> None:
    """Add findings for the values that are given for parameters, and that the template doesn't allow."""
    for name, allowed in declarations.refused.items():
        hidden = as_text(declarations.parameters[name].get("NoEcho")) == "true"
        given = "****" if hidden else declarations.stack.parameters[name]
        finding = PARAMETER_GIVEN.finding(
            given=given, allowed=allowed, fix="give another value, or allow this one in the template"
        )
        reading.find(finding, source.place(("Parameters", name)))


def _referred(value: object) -> str:
    """Return the logical id of the resource that a value refers to, empty for none."""
    if not is_intrinsic(value):
        return ""
    attribute = value.get("Fn::GetAtt")
    name = value.get("Ref") or (attribute[:1] if isinstance(attribute, list) else attribute)
    return str(name[0] if isinstance(name, list) and name else name).partition(".")[0]


def _yaml(source: Source, reading: Reading) -> None:
    """Add what the YAML reader found about the whole template, and about resources of ours."""
    for finding in source.deployed:
        section, name = (*finding.loc, "", "")[:2]
        resource = source.data["Resources"].get(name) if section == "Resources" else None
        if not finding.loc:
            reading.findings += [finding]
        elif isinstance(resource, Mapping) and str(resource.get("Type")) in RESOURCE_TYPES:
            reading.find(finding, source.place(finding.loc))


def _misspelt(source: Source, here: Location, kind: object, reading: Reading) -> bool:
    """Return whether a type is a misspelt one of ours, and add a finding if so."""
    near = nearest(kind, RESOURCE_TYPES, cutoff=0.92) if isinstance(kind, str) else None
    if near:
        finding = RESOURCE_TYPE.finding(
            given=kind, allowed=", ".join(RESOURCE_TYPES), fix=f"write {near}", edit=Edit("value", near)
        )
        reading.find(finding, source.place((*here, "Type")))
    return bool(near)


def _frame(source: Source, here: Location, name: str, resource: Mapping[str, Any], reading: Reading) -> bool:
    """Return whether a resource's properties can be checked, and add findings about its id and attributes."""
    if not (name.isascii() and name.isalnum() and len(name) <= MAX_LOGICAL_ID):
        kept = re.sub("[^A-Za-z0-9]", "", name)[:MAX_LOGICAL_ID]
        finding = LOGICAL_ID.finding(
            given=name,
            allowed=f"1 to {MAX_LOGICAL_ID} ASCII letters and digits",
            fix=f"write {kept or 'letters and digits'}",
        )
        reading.find(finding, source.place(here))
    if "Transform" in source.data:  # macros, such as SAM, know more
        return True
    unknown = [key for key in resource if key not in _ATTRIBUTES][:_FEW]
    for key in unknown:
        finding = unknown_key(key, _ATTRIBUTES, given=resource)
        reading.find(finding, source.place((*here, key)))
    return "Properties" in resource or all(nearest(key, _ATTRIBUTES) != "Properties" for key in unknown)


def _size(source: Source, reading: Reading) -> None:
    """Add findings if a template is too large."""
    resources = source.data["Resources"]
    count = sum(not name.startswith("Fn::") for name in resources)
    if count > MAX_RESOURCES_IN_STACK:
        finding = TEMPLATE_SIZE.finding(
            given=count,
            allowed=f"up to {MAX_RESOURCES_IN_STACK} resources in a template",
            fix="split it into several stacks",
        )
        reading.find(finding, source.place(("Resources",)))
    size = len(source.text.encode()) if len(source.text) * 4 > MAX_TEMPLATE_BYTES else 0
    if size > MAX_TEMPLATE_BYTES:
        finding = TEMPLATE_SIZE.finding(
            given=size,
            allowed=f"up to {MAX_TEMPLATE_BYTES} bytes",
            fix="remove whitespace, or split it into several stacks",
        )
        reading.find(finding, source.place(()))


def _matches(file: File) -> bool:
    return "Resources" in file.data


def _read(file: File, reading: Reading) -> None:
    resources = file.data["Resources"]
    if isinstance(resources, Mapping):
        before = len(reading.subjects)
        read_template(file.source, reading, file.stack)
        if len(reading.subjects) > before and not was_validated(file.path):
            reading.templates.append(file.source)
    else:
        finding = WRONG_KIND.finding(given=resources, allowed="a mapping of resources", fix="write a mapping")
        reading.find(finding, file.source.place(("Resources",)))


def _has_misplaced(file: File) -> bool:
    """Return whether resources of ours are misplaced: at the top, or below another name."""
    below = [value for value in file.data.values() if isinstance(value, Mapping)]
    inner = [value for one in below for value in one.values() if isinstance(value, Mapping)]
    types = [one.get("Type") for one in (*below, *inner)]
    return any(isinstance(kind, str) and kind in RESOURCE_TYPES for kind in types)


def _read_misplaced(file: File, reading: Reading) -> None:
    finding = MISSING_VALUE.finding(
        loc=("Resources",), allowed="the resources of a template", fix="put them under Resources"
    )
    reading.find(finding, file.source.place(()))


def read_stated(file: File, reading: Reading) -> None:
    """Add a file that is stated to be a template; its resources may be missing."""
    (_read if _matches(file) else _read_misplaced)(file, reading)


KIND = Kind(_matches, _read)
MISPLACED = Kind(_has_misplaced, _read_misplaced)
