"""cdk.out folders."""

import json
from pathlib import Path

from iot_jobs.review import deployment
from tests.cases import (
    BOTH,
    NO_JOBS,
    TEMPLATE,
    TIMEOUT,
    UNKNOWN,
    UNREADABLE,
    Files,
    outcome,
    report,
    seen,
    skipped,
    stack,
    where,
    write,
)

MANIFEST = {"version": "36.0.0", "artifacts": {}}
CDK_OUT: Files = {
    "manifest.json": MANIFEST,
    "cdk.out": '{"version": "36.0.0"}',
    "tree.json": {"tree": {}},
    "Stack.assets.json": {"files": {}},
    "Stack.template.json": stack(R=BOTH, Good=TEMPLATE | {"JobTemplateId": "good-1"}),
    "StackNested1234.nested.template.json": stack(R=BOTH),
    "assembly-Prod/manifest.json": MANIFEST,
    "assembly-Prod/cdk.out": "{}",
    "assembly-Prod/ProdStack.template.json": stack(R=BOTH),
    "asset.0123/reboot.json": {"operation": "a.sh", "args": [5]},
    "Broken.template.json": "{",
    "Other.template.json": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}},
}


def test_cdk_out(here: Path) -> None:
    """Of a synthesized folder all templates are checked, stages and nested stacks too, and nothing else is read."""
    write(here / "out", CDK_OUT)
    found = report("out")
    place = where(json.dumps(stack(R=BOTH)), '"InProgressTimeoutInMinutes"')
    assert seen(found) == [
        (f"out/{name}:{place}", "JT410", f"Resources.R.Properties.{TIMEOUT}")
        for name in (
            "Stack.template.json",
            "StackNested1234.nested.template.json",
            "assembly-Prod/ProdStack.template.json",
        )
    ]
    assert found.checked == 4
    assert skipped(found) == [
        ("out/Broken.template.json", UNREADABLE),
        ("out/Other.template.json", NO_JOBS),
    ]


def test_cdk_out_that_was_not_named(here: Path) -> None:
    """A synthesized folder is checked only if it is named, and is reported as skipped otherwise."""
    write(here / "cdk.out", CDK_OUT)
    write(here, {"t.json": stack(R=TEMPLATE)})
    found = report(".")
    assert (seen(found), found.checked) == ([], 1)
    assert skipped(found) == [("cdk.out", "synthesized output; pass it as a PATH to check it")]


def test_cdk_out_without_templates(here: Path) -> None:
    """A synthesized folder without templates is reported as such."""
    write(here, {"manifest.json": MANIFEST, "cdk.out": "{}"})
    assert skipped(report(".")) == [(".", "a cdk.out folder without templates")]


def test_another_manifest(here: Path) -> None:
    """A manifest.json without cdk.out beside it is that of something else, and the folder is searched."""
    write(here, {"manifest.json": {"name": "an extension"}, "t.json": stack(R=BOTH)})
    assert outcome(report(".")) == (["JT410"], 1, [UNKNOWN])


def test_a_manifest_that_can_not_be_read(here: Path) -> None:
    """A review reads the templates without the manifest's accounts and regions if it can't be read."""
    write(here, {"out/cdk.out": "{}", "out/manifest.json": "{", "out/a.template.json": stack(T=TEMPLATE)})
    assert [(one.stack, one.name) for one in deployment("out", near=here).templates] == [("a", "T")]
