"""`JobTemplateRules`: the rules of `iot-jobs check` inside a synthesis."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

from iot_jobs.cdk.errors import in_one_line
from iot_jobs.check import check, rules
from iot_jobs.finding import Finding, FindingsError, Place
from iot_jobs.identity import METADATA
from iot_jobs.limits import MAXIMUM_PER_MINUTE
from iot_jobs.sources import read, resources

NAME = "iot-jobs"
"""The plugin's name, the prefix of an acknowledgment's id: `iot-jobs::JT252`."""


@jsii.implements(IPolicyValidationPlugin)
class JobTemplateRules:
    """A policy validation plugin that checks all job templates and jobs of an app, with or without `JobTemplate`.

    Add it with `Validations.of(app).add_plugins(JobTemplateRules())`. It also checks `CfnJobTemplate`, `CfnJob` and
    `CfnInclude`. Errors fail the synthesis; warnings are reported. A `JobTemplate` reports its warnings and assumed
    errors itself. Only `iot-jobs check` has the rules that need an environment, such as the fleet's size.
    """

    @property
    def name(self) -> str:
        """`iot-jobs`."""
        return NAME

    @property
    def version(self) -> str:
        """The version of this package."""
        return version("iot-jobs")

    @property
    def rule_ids(self) -> list[str]:
        """The codes of all rules."""
        return list(rules())

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Check the synthesized templates of the app."""
        violations = []
        success = True
        for path in _with_nested(context.template_paths):
            try:
                source = read(path)
                findings = check(resources(source), now=datetime.now(UTC)).findings
                findings = tuple(one for one in findings if not _is_annotation(one, source.data))
            except FindingsError as error:  # larger than any template that CloudFormation takes
                findings = error.findings
            success = success and all(finding.severity != "error" for finding in findings)
            violations += [_violation(finding, path) for finding in findings]
        return PolicyValidationPluginReport(success=success, violations=violations, plugin_version=self.version)


def _with_nested(paths: Iterable[str]) -> list[Path]:
    """Return the templates with those of nested stacks, which are among the files that each stack uploads."""
    found = []
    for path in map(Path, paths):
        uploads = path.with_name(path.name.removesuffix(".template.json") + ".assets.json")
        files = json.loads(uploads.read_text("utf-8"))["files"].values() if uploads.is_file() else ()
        names = sorted(one["source"].get("path", "") for one in files)
        found += [path, *(path.with_name(name) for name in names if name.endswith(".nested.template.json"))]
    return found


def _is_annotation(finding: Finding, template: Any) -> bool:
    """Return whether a `JobTemplate` reports a finding itself: it knows what is acknowledged, and the quotas."""
    match finding.place:
        case Place(loc=("Resources", logical_id, *_)) if (
            finding.rule.can_be_acknowledged or finding.rule == MAXIMUM_PER_MINUTE
        ):
            return METADATA in template["Resources"][logical_id].get("Metadata", {})
    return False


def _violation(finding: Finding, path: Path) -> PolicyViolation:
    resource: str | None = None
    location, where = finding.path, f"{path.name} {finding.path}".rstrip()
    match finding.place:
        case Place(loc=("Resources", str(logical_id), *_)):
            resource = logical_id
            location = where = finding.path.removeprefix(f"Resources.{logical_id}").removeprefix(".")
    return PolicyViolation(
        rule_name=finding.code,
        description=in_one_line(finding, where),
        fix=finding.fix,
        severity=finding.severity,
        rule_metadata={"source": finding.rule.source, "evidence": finding.rule.evidence},
        violating_resources=[
            PolicyViolatingResource(resource_logical_id=resource, template_path=str(path), locations=[location])
        ],
    )
