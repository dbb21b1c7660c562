"""Values of a YAML file replaced in place: nothing else changes, and what can't be kept is refused."""

from __future__ import annotations

from typing import Any

import pytest

from iot_jobs.sources.yamledit import NotEditableError, replaced
from iot_jobs.sources.yamltext import parse

NEW: dict[str, Any] = {
    "rollout": {
        "maximum_per_minute": 9,
        "exponential_rate": {
            "base_rate_per_minute": 3,
            "increment_factor": 1.5,
            "rate_increase_criteria": {"number_of_succeeded_things": 7},
        },
    },
    "abort": {
        "criteria": [{"failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 4}]
    },
}
BLOCK = """\
    rollout:
      maximum_per_minute: 9
      exponential_rate:
        base_rate_per_minute: 3
        increment_factor: 1.5
        rate_increase_criteria: {number_of_succeeded_things: 7}
    abort:
      criteria:
        - {failure_type: FAILED, threshold_percentage: 2.5, min_number_of_executed_things: 4}
"""
FILE = """\
# first
name: prod  # Größe
templates:
  other: {}
  reboot:
    # above
    timeout: {in_progress_timeout_in_minutes: 5}  # after
@@@    # below
  last: {}
# end
"""
ROWS = [
    ("absent", "", BLOCK),
    ("one absent", "    abort: null\n", "    abort:\n" + BLOCK.partition("    abort:\n")[2] + BLOCK.partition("    abort")[0]),
    (
        "the same keys",
        """\
    rollout:
      maximum_per_minute: 500   # as many as the site takes
      exponential_rate:
        # slowly
        base_rate_per_minute: 20
        increment_factor: 2
        rate_increase_criteria: {number_of_succeeded_things: 500}

    abort:
      criteria:
        # few
        - {failure_type: FAILED, threshold_percentage: 5, min_number_of_executed_things: 10}  # 5 of 100
""",
        """\
    rollout:
      maximum_per_minute: 9   # as many as the site takes
      exponential_rate:
        # slowly
        base_rate_per_minute: 3
        increment_factor: 1.5
        rate_increase_criteria: {number_of_succeeded_things: 7}

    abort:
      criteria:
        # few
        - {failure_type: FAILED, threshold_percentage: 2.5, min_number_of_executed_things: 4}  # 5 of 100
""",
    ),
    (
        "other keys and failure types",
        """\
    rollout: {maximum_per_minute: 500}  # at once
    abort:
      criteria:
        # one for all
        - failure_type: ALL  # of them
          # not many
          threshold_percentage: 5
          min_number_of_executed_things: 10
""",
        BLOCK.replace("things: 7}\n", "things: 7}  # at once\n").replace(
            "criteria:\n", "criteria:\n        # one for all\n        # not many\n"
        ),
    ),
    (
        "another kind of number",
        """\
    rollout:
      maximum_per_minute: 9
      exponential_rate:
        base_rate_per_minute: 3
        increment_factor: 1.5
        rate_increase_criteria:
          number_of_notified_things: 7
    abort: {criteria: [{failure_type: FAILED, threshold_percentage: 1, min_number_of_executed_things: 1}]}
""",
        BLOCK.replace(
            "    abort:\n      criteria:\n        - {failure_type: FAILED, threshold_percentage: 2.5, "
            "min_number_of_executed_things: 4}\n",
            "    abort: {criteria: [{failure_type: FAILED, threshold_percentage: 2.5, min_number_of_executed_things: 4}]}\n",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_replaced(before: str, after: str, newline: str) -> None:
    """Only the values change, with the file's own line ends; what is added comes last."""
    old, new = (FILE.replace("@@@", lines).replace("\n", newline) for lines in (before, after))
    assert replaced(old, ("templates", "reboot"), NEW) == new
    assert parse(new).value["templates"]["reboot"] | NEW == parse(new).value["templates"]["reboot"]


@pytest.mark.parametrize("empty", [" {}", "", " null", " {}  # as it is"])
def test_an_empty_overlay(empty: str) -> None:
    """A template without values of its own gets them."""
    old = f"templates:\n  reboot:{empty}\n  last: {{}}\n"
    comment = empty.partition("}")[2]
    new = f"templates:\n  reboot:\n{BLOCK[:-1]}{comment}\n  last: {{}}\n"
    assert replaced(old, ("templates", "reboot"), NEW) == new


def test_without_a_last_line_end() -> None:
    """The last line of a file may have no line end."""
    old = "templates:\n  reboot:\n    timeout: {in_progress_timeout_in_minutes: 5}"
    assert replaced(old, ("templates", "reboot"), NEW) == f"{old}\n{BLOCK[:-1]}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("templates: {reboot: {}}", "templates is not written as indented"),
        ("{templates: {reboot: {}}}", "the file is not written as indented"),
        ("templates:\n  reboot: {timeout: null}", "templates.reboot is not written as indented"),
        ("templates:\n  reboot: &a {}\n", "anchors"),
        ("a: &a {b: 1}\ntemplates:\n  reboot:\n    rollout: *a\n", "anchors"),
        ("templates:\n  other: {}\n", "there is no templates.reboot"),
        ("templates:\n- reboot\n", "templates is not written as indented"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    """What can't be edited without touching something else is refused, with the reason."""
    with pytest.raises(NotEditableError, match=reason):
        replaced(text, ("templates", "reboot"), NEW)
