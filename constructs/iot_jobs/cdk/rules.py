"""`JobTemplateRules`: the rules of `iot-jobs check` inside a synth."""

from __future__ import annotations

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
from iot_jobs.files import read, resources
from iot_jobs.finding import Finding, shown

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
        return version("cdk-iot-jobs")

    @property
    def rule_ids(self) -> list[str]:
        """The codes of all rules."""
        return list(rules())

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Check the synthesized templates of the app."""
        violations = []
        success = True
        for path in context.template_paths:
            report = check(resources(read(Path(path))), now=datetime.now(UTC))
            success = success and not report.failed()
            violations += [_violation(finding, path) for finding in report.findings]
        return PolicyValidationPluginReport(success=success, violations=violations, plugin_version=self.version)


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
