"""Misspelt words: each is one finding, which comes before whatever else may come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iot_jobs.check import check
from iot_jobs.finding import Finding
from iot_jobs.sources import read_paths
from tests.commands import write
from tests.test_cli import DOCUMENT, FAMILY, GOOD

ENVIRONMENT = "stacks/environments/dev.yaml"
TEMPLATE = "template.yaml"
FILES = {
    DOCUMENT: GOOD[DOCUMENT].replace(
        '"handler": "reboot.sh"',
        '"handler": "reboot.sh", "args": ["${aws:iot:s3-presigned-url:https://s3.amazonaws.com/images/app.tar}"]',
    ),
    FAMILY: """\
acknowledge: {JT352: a reboot does no harm}
abort:
  criteria:
    - {failure_type: FAILED, threshold_percentage: 20, min_number_of_executed_things: 20}
description: Reboot a device
document: reboot.json
document_schema: device-client
maintenance_windows:
  - {start_time: "cron(0 2 ? * TUE-THU *)", duration_in_minutes: 180}
presigned_url: {role_arn: "arn:aws:iam::123456789012:role/presign", expires_in_sec: 1560}
retry:
  criteria:
    - {failure_type: FAILED, number_of_retries: 1}
rollout:
  maximum_per_minute: 20
  exponential_rate:
    base_rate_per_minute: 10
    increment_factor: 1.5
    rate_increase_criteria: {number_of_notified_things: 40}
timeout: {in_progress_timeout_in_minutes: 26}
""",
    ENVIRONMENT: """\
name: dev
account: "123456789012"
region: eu-west-1
production: true
fleet: {things: 50, failure_rate: 0.001, bad_release_rate: 0.5, max_harmed: 50, max_duration_hours: 150}
templates:
  reboot:
    description: Reboot a device in dev
""",
    TEMPLATE: """\
Resources:
  Reboot:
    Type: AWS::IoT::JobTemplate
    Properties:
      JobTemplateId: reboot-1
      Description: Reboot a device
      Document: '{"operation": "reboot.sh"}'
      JobExecutionsRolloutConfig:
        ExponentialRolloutRate:
          BaseRatePerMinute: 5
          IncrementFactor: 2
          RateIncreaseCriteria: {NumberOfSucceededThings: 5}
        MaximumPerMinute: 10
      AbortConfig:
        CriteriaList:
          - {FailureType: FAILED, Action: CANCEL, ThresholdPercentage: 10, MinNumberOfExecutedThings: 20}
      JobExecutionsRetryConfig: {RetryCriteriaList: [{FailureType: FAILED, NumberOfRetries: 1}]}
      TimeoutConfig: {InProgressTimeoutInMinutes: 30}
      Tags: [{Key: team, Value: fleet}]
""",
}
# Names of the author's own, and what says what kind of thing it is.
NOT_OURS = {"JT352", "reboot", "Resources", "Reboot", "Type"}
KEY = r"(?:^|(?<=[\s{]))([A-Za-z_]+)(?=: |:\n)"


def keys() -> Iterator[tuple[str, str, int]]:
    """Each key of ours: its file, name, and the offset there."""
    for file, text in FILES.items():
        for match in re.finditer(KEY, text) if file != DOCUMENT else ():
            if match[1] not in NOT_OURS:
                yield file, match[1], match.start()


KEYS = list(keys())
EACH_KEY = pytest.mark.parametrize(("file", "key", "offset"), KEYS, ids=[f"{file}:{key}" for file, key, _ in KEYS])


def found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str = DOCUMENT, text: str | None = None
) -> list[Finding]:
    """The findings of the files above, one of them with another text."""
    write(folder, FILES | ({} if text is None else {file: text}))
    monkeypatch.chdir(folder)
    return list(check(read_paths([Path()]), now=datetime(2026, 1, 1, tzinfo=UTC)).findings)


def codes(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Findings in short."""
    return [(one.code, one.path, one.fix) for one in findings]


def test_without_a_typo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is every kind of block in the files above, and nothing to find."""
    assert codes(found(tmp_path, monkeypatch)) == []
    assert {"failure_type", "number_of_notified_things", "things", "NumberOfRetries", "Key"} <= {
        key for _, key, _ in KEYS
    }


@EACH_KEY
def test_an_evident_typo(file: str, key: str, offset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key with a letter too few or too many is one finding, which names the right one; nothing is reported as missing."""
    for typo in (key[:-1], f"{key}s", f"{key[0]}{key}"):
        text = FILES[file][:offset] + typo + FILES[file][offset + len(key) :]
        assert [(one.given, one.fix) for one in found(tmp_path, monkeypatch, file, text)] == [(typo, f"write {key}")]


@EACH_KEY
def test_a_foreign_key(file: str, key: str, offset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is near to no other is found before all that may come of it."""
    text = FILES[file][:offset] + "zz" + FILES[file][offset + len(key) :]
    first, *others = found(tmp_path, monkeypatch, file, text)
    assert (first.given, first.fix) == ("zz", "remove it")
    assert all(one.given != "zz" for one in others)


ABORT, RETRY = (
    "abort:\n  criteria:\n    - {failure_type: FAILED, threshold_percentage: 20, min_number_of_executed_things: 20}\n",
    "retry:\n  criteria:\n    - {failure_type: FAILED, number_of_retries: 1}\n",
)
CASES: list[tuple[str, dict[str, dict[str, str]], list[tuple[str, str, str]]]] = [
    (
        "what is wrong besides is found in the order of its lines",
        {FAMILY: {"threshold_percentage: 20": "threshold_percentage: 0", "failure_type: FAILED, num": "typ: FAILED, num",
                  "increment_factor: 1.5": "increment_factor: 6"}},
        [
            ("JT301", "abort.criteria[0 FAILED].threshold_percentage",
             "raise it to 0.01 or more"),
            ("JT003", "retry.criteria[0].typ", "remove it"),
            ("JT004", "retry.criteria[0].failure_type", "add failure_type"),
            ("JT203", "rollout.exponential_rate.increment_factor",
             "lower it to 5 or less; to speed up earlier, lower the number in rate_increase_criteria"),
        ],
    ),
    (
        "of two keys that are near to one, one is meant",
        {FAMILY: {"failure_type: FAILED, thr": "failure_typ: FAILED, failure_types: ALL, thr"}},
        [
            ("JT003", "abort.criteria[0].failure_typ", "write failure_type"),
            ("JT003", "abort.criteria[0].failure_types", "write failure_type"),
        ],
    ),
    (
        "a key that is near to one that is there is meant for none that is missing",
        {FAMILY: {"failure_type: FAILED, number_of_retries: 1": "failure_type: FAILED, failure_typ: ALL"}},
        [
            ("JT003", "retry.criteria[0 FAILED].failure_typ", "remove it"),
            ("JT004", "retry.criteria[0 FAILED].number_of_retries", "add number_of_retries"),
        ],
    ),
    (
        "a misspelt key of an overlay is not the family's value",
        {ENVIRONMENT: {"    description: Reboot": "    timeot: {in_progress_timeout_in_minutes: 0}\n    description: Reboot"}},
        [("JT003", "templates.reboot.timeot", "write timeout")],
    ),
    (
        "of an environment, a key that is near to a missing one, and one that is not",
        {ENVIRONMENT: {"name: dev\naccount:": "nam: dev\nid:"}},
        [
            ("JT003", "nam", "write name"),
            ("JT003", "id", "remove it"),
            ("JT004", "account", "add account"),
        ],
    ),
    (
        "what a misspelt acknowledgement is about is acknowledged",
        {FAMILY: {"acknowledge:": "acknowledges:", ABORT: "", RETRY: ""}},
        [("JT003", "acknowledges", "write acknowledge")],
    ),
    (
        "a tag without a right key, and one with neither",
        {TEMPLATE: {"[{Key: team, Value: fleet}]": "[{Kee: a, Value: b}, {Key: c, Valu: d}, {Kee: e, Valu: f}, {zz: g}, h]"}},
        [
            ("JT003", "Resources.Reboot.Properties.Tags[0].Kee", "write Key"),
            ("JT003", "Resources.Reboot.Properties.Tags[1 c].Valu", "write Value"),
            ("JT003", "Resources.Reboot.Properties.Tags[2].Kee", "write Key"),
            ("JT003", "Resources.Reboot.Properties.Tags[2].Valu", "write Value"),
            ("JT003", "Resources.Reboot.Properties.Tags[3].zz", "remove it"),
            ("JT005", "Resources.Reboot.Properties.Tags[3]", "write both"),
            ("JT005", "Resources.Reboot.Properties.Tags[4]", "write both"),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_typos_and_other_mistakes(
    edits: dict[str, dict[str, str]], expected: list[tuple[str, str, str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A typo hides no finding but those that it causes."""
    ((file, replaced),) = edits.items()
    text = FILES[file]
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new, 1)
    assert codes(found(tmp_path, monkeypatch, file, text)) == expected


NAMES: list[tuple[str, str]] = [
    ("rebot.json", "write reboot.json"),
    ("Reboot.json", "write reboot.json"),
    ("reboot", "write reboot.json"),
    ("reboot.yaml", "write reboot.json"),
    ("job_documents/reboot.json", "write reboot.json"),
    ("update.json", "write more/update.json"),
    ("../reboot.json", "write reboot.json"),
    ("nothing.json", "put it into job_documents/"),
    ("more", "put it into job_documents/"),
    (".", "put it into job_documents/"),
    ('""', "write its name"),
    ("5", "write its name"),
    ("[reboot.json]", "write its name"),
]


@pytest.mark.parametrize(("name", "fix"), NAMES)
def test_the_name_of_a_document(name: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that isn't there is one finding, with the nearest file's name; whether it needs a role isn't known."""
    write(tmp_path, {"job_documents/more/update.json": FILES[DOCUMENT]})
    text = FILES[FAMILY].replace("document: reboot.json", f"document: {name}").replace(
        'role_arn: "arn:aws:iam::123456789012:role/presign", ', ""
    )  # fmt: skip
    assert codes(found(tmp_path, monkeypatch, FAMILY, text)) == [("JT706", "document", fix)]


def test_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it known without a document; where there is one, and nothing to sign, a presigned URL configuration needs its role."""
    text = FILES[FAMILY].replace('role_arn: "arn:aws:iam::123456789012:role/presign", ', "")
    without = text.replace("document: reboot.json\n", "")
    assert codes(found(tmp_path, monkeypatch, FAMILY, without)) == [("JT105", "document", "add a document")]
    monkeypatch.setitem(FILES, DOCUMENT, GOOD[DOCUMENT])
    role = ("JT504", "presigned_url.role_arn", "add role_arn, or remove presigned_url")
    assert codes(found(tmp_path, monkeypatch, FAMILY, text)) == [role]
    in_s3 = without + "document_source: https://s3.amazonaws.com/releases/reboot.json\n"
    assert codes(found(tmp_path, monkeypatch, FAMILY, in_s3)) == [role]
