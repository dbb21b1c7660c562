"""Deployed templates as a table."""

from typing import Any

from iot_jobs.render import deployed_table

FIRMWARE: dict[str, Any] = {
    "jobTemplateId": "firmware-update",
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 500,
        "exponentialRate": {
            "baseRatePerMinute": 20,
            "incrementFactor": 1.5,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 500},
        },
    },
    "abortConfig": {
        "criteriaList": [
            {"failureType": "FAILED", "thresholdPercentage": 2.25, "minNumberOfExecutedThings": 240},
            {"failureType": "ALL", "thresholdPercentage": 5.0, "minNumberOfExecutedThings": 100},
        ]
    },
    "maintenanceWindows": [{"startTime": "cron(0 2 ? * MON *)", "durationInMinutes": 60}],
}
# As the API answers: null, or an object of nulls, for what is not set.
MINIMAL: dict[str, Any] = {
    "jobTemplateId": "reboot",
    "jobExecutionsRolloutConfig": {"maximumPerMinute": None, "exponentialRate": None},
    "abortConfig": None,
}
CONSTANT: dict[str, Any] = {
    "jobTemplateId": "patch",
    "jobExecutionsRolloutConfig": {"maximumPerMinute": 50},
    "abortConfig": {"criteriaList": []},
    "maintenanceWindows": [],
}


def test_table() -> None:
    """Each template is a row, or as many lines as it has criteria; what is absent is said in words."""
    text = deployed_table([FIRMWARE, MINIMAL, CONSTANT], width=150)
    rows = [line.split("  ") for line in text.splitlines()]
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["name", "id", "rollout", "abort", "windows"],
        ["─" * len(text.splitlines()[1])],
        [
            "firmware-update",
            "firmware-update",
            "20/min, x1.5 per 500 succeeded, up to 500/min",
            "FAILED 2.25 % of 240 or more",
            "cron(0 2 ? * MON *) for 60 min",
        ],
        ["ALL 5 % of 100 or more"],
        ["reboot", "reboot", "1000/min", "never", "any time"],
        ["patch", "patch", "50/min", "never", "any time"],
    ]


def test_empty_table() -> None:
    """No template is a table of its head."""
    assert [line for line in deployed_table([], width=80).splitlines() if line.strip("─ ")] == [
        "name   id   rollout   abort   windows"
    ]


def test_narrow_tables_keep_everything() -> None:
    """A narrow terminal folds cells and loses no character of a name."""
    text = deployed_table([FIRMWARE], width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "…" not in text
