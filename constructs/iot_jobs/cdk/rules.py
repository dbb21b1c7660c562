"""`JobTemplateRules`: the rules of `iot-jobs check` inside a synth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

from iot_jobs.check import check, rules
from iot_jobs.finding import Finding, shown
from iot_jobs.sources import read, resources

NAME = "iot-jobs"
"""The plug-in's name, with which a finding is acknowledged: `iot-jobs::JT251`."""


@jsii.implements(IPolicyValidationPlugin)
class JobTemplateRules:
    """Checks every job template and job of an app, also those made with `CfnJobTemplate`, `CfnJob` or `CfnInclude`.

    Add it with `Validations.of(app).add_plugins(JobTemplateRules())`. Errors fail the synth; warnings are reported.
    What needs to know the environment, such as the fleet's size, is for `iot-jobs check`.
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
            report = check(resources(read(path)), now=datetime.now(UTC))
            success = success and not report.failed()
            violations += [_violation(finding, str(path)) for finding in report.findings]
        return PolicyValidationPluginReport(success=success, violations=violations, plugin_version=self.version)


def _with_nested(paths: Iterable[str]) -> list[Path]:
    """The templates, and those of nested stacks, which are among the files that each stack uploads."""
    found = []
    for path in map(Path, paths):
        uploads = path.with_name(path.name.removesuffix(".template.json") + ".assets.json")
        files = json.loads(uploads.read_text("utf-8"))["files"].values() if uploads.is_file() else ()
        names = sorted(one["source"].get("path", "") for one in files)
        found += [path, *(path.with_name(name) for name in names if name.endswith(".nested.template.json"))]
    return found


def _violation(finding: Finding, path: str) -> PolicyViolation:
    _, logical_id, location = finding.path.split(".", 2)
    return PolicyViolation(
        rule_name=finding.code,
        description=f"{location}: given {shown(finding.given)}, allowed {finding.allowed}; {finding.rule.title}",
        fix=finding.fix,
        severity=finding.severity,
        rule_metadata={"source": finding.rule.source},
        violating_resources=[
            PolicyViolatingResource(resource_logical_id=logical_id, template_path=path, locations=[location])
        ],
    )
