"""A cdk.out folder: the templates of its stacks, and their settings in the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from iot_jobs.cloudformation import Stack
from iot_jobs.finding import FindingsError
from iot_jobs.limits import ACCOUNT, REGION
from iot_jobs.sources.source import read

_REPORT = "validation-report.json"


class StackSettings(NamedTuple):
    """A stack's name, account and region, the values of its parameters, and whether it is protected from deletion."""

    name: str
    account: str
    region: str
    parameters: Mapping[str, str]
    termination_protection: bool

    def stack(self, given: Stack) -> Stack:
        """Return the stack, with what is given for what the CDK left open (`unknown-region`), and for parameters."""
        account = self.account if ACCOUNT.accepts(self.account) else given.account
        region = self.region if REGION.accepts(self.region) else given.region
        return Stack(self.name, account, region, {**self.parameters, **given.parameters})


def is_cdk_out(folder: Path) -> bool:
    """Return whether a folder is output of the CDK."""
    return (folder / "cdk.out").is_file()


def was_validated(template: Path) -> bool:
    """Return whether the synthesis that wrote a template has validated it; the CDK writes a report then."""
    return (template.parent / _REPORT).is_file() and is_cdk_out(template.parent)


def templates(folder: Path) -> list[Path]:
    """Return the templates of all stacks, those of stages and nested stacks too, in order."""
    return sorted(folder.rglob("*.template.json"))


def settings(folder: Path) -> dict[Path, StackSettings]:
    """Return the settings of stacks from the manifests, by the path of the template."""
    return {path: found for manifest in folder.rglob("manifest.json") for path, found in _of_manifest(manifest)}


def _of_manifest(manifest: Path) -> Iterator[tuple[Path, StackSettings]]:
    try:
        data = read(manifest).data
    except FindingsError:  # such as one that is very large: its templates can be read all the same
        return
    artifacts = data.get("artifacts") if isinstance(data, Mapping) else None
    for name, artifact in artifacts.items() if isinstance(artifacts, Mapping) else ():
        properties: Any = artifact.get("properties") if isinstance(artifact, Mapping) else None
        if isinstance(properties, Mapping) and isinstance(properties.get("templateFile"), str):
            account, _, region = str(artifact.get("environment")).removeprefix("aws://").partition("/")
            given = properties.get("parameters")
            yield (
                manifest.parent / properties["templateFile"],
                StackSettings(
                    name=str(properties.get("stackName", name)),
                    account=account,
                    region=region,
                    parameters={key: str(one) for key, one in given.items()} if isinstance(given, Mapping) else {},
                    termination_protection=bool(properties.get("terminationProtection")),
                ),
            )
