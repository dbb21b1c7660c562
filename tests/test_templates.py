"""`iot-jobs templates`: what is deployed as a table and as JSON, over real answers from an address of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner, Result

from iot_jobs.cli import main
from iot_jobs.cloudformation import API_TEMPLATE
from iot_jobs.render.deployed import as_table
from tests.cases import not_installed
from tests.commands import serving

LONG = "firmware-update-of-all-gateways-in-the-northern-region-" + "abcdefghi"
EXPONENTIAL = {
    "baseRatePerMinute": 20,
    "incrementFactor": 1.5,
    "rateIncreaseCriteria": {"numberOfNotifiedThings": None, "numberOfSucceededThings": 500},
}
TEMPLATES: dict[str, dict[str, Any]] = {
    "firmware-update-abcdefghij": {
        "description": "Install a signed image — and reboot",
        "document": '{"operation":"update.sh"}',
        "presignedUrlConfig": {"roleArn": "arn:aws:iam::123456789012:role/presign", "expiresInSec": 3600},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 500, "exponentialRate": EXPONENTIAL},
        "abortConfig": {
            "criteriaList": [
                {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 2.5,
                 "minNumberOfExecutedThings": 200},
                {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 10.0,
                 "minNumberOfExecutedThings": 1000},
            ]
        },
        "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 0}]},
        "maintenanceWindows": [{"startTime": "cron(0 2 ? * TUE-THU *)", "durationInMinutes": 180}],
        "destinationPackageVersions": [],
    },
    LONG: {"description": "Reboot", "documentSource": "https://s3.amazonaws.com/releases/reboot.json"},
    "reboot": {"description": "Reboot", "document": "{}", "jobExecutionsRolloutConfig": {"maximumPerMinute": 1000},
               "timeoutConfig": {}, "presignedUrlConfig": {"roleArn": None}, "abortConfig": None},
}  # fmt: skip


class _Iot(BaseHTTPRequestHandler):
    """The two calls of AWS IoT that a list takes, the first of them in pages of one template each."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        names = list(self.server.templates)  # type: ignore[attr-defined]  # those of this test
        if path == "/job-templates":
            index = int(query.partition("nextToken=")[2] or 0)
            answer: dict[str, Any] = {"jobTemplates": [{"jobTemplateId": name} for name in names[index : index + 1]]}
            if index + 1 < len(names):
                answer["nextToken"] = str(index + 1)
        else:
            name = path.removeprefix("/job-templates/")
            arn = f"arn:aws:iot:eu-west-1:123456789012:jobtemplate/{name}"
            answer = {"jobTemplateArn": arn, "jobTemplateId": name, "createdAt": 1767225600.5} | TEMPLATES[name]
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in the standard library
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A service with the templates in its `templates`, for which anybody's keys will do."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Iot)
    service.templates = list(reversed(TEMPLATES))  # type: ignore[attr-defined]  # sorted by nobody
    with serving(service):
        yield service


def run(server: ThreadingHTTPServer, *arguments: str) -> Result:
    """The result of a list of what the service has."""
    where = ("--region", "eu-west-1", "--endpoint-url", f"http://127.0.0.1:{server.server_address[1]}")
    return CliRunner().invoke(
        main, ["templates", "list", *where, *arguments], catch_exceptions=False, prog_name="iot-jobs"
    )


BLOCKS = f"""\
firmware-update
  id       firmware-update-abcdefghij
  rollout  20/min, x1.5 per 500 succeeded, up to 500/min
  abort    FAILED 2.5 % of 200 or more
           ALL 10 % of 1000 or more
  windows  cron(0 2 ? * TUE-THU *) for 180 min

{LONG}
  id       {LONG}
  rollout  1000/min
  abort    never
  windows  any time

reboot
  id       reboot
  rollout  1000/min
  abort    never
  windows  any time
"""
SIDE_BY_SIDE = f"""\
name             id                          rollout                                        abort                        windows
{"─" * 156}
firmware-update  firmware-update-abcdefghij  20/min, x1.5 per 500 succeeded, up to 500/min  FAILED 2.5 % of 200 or more  cron(0 2 ? * TUE-THU *) for 180 min
                                                                                            ALL 10 % of 1000 or more
reboot           reboot                      1000/min                                       never                        any time
"""


def test_table(server: ThreadingHTTPServer) -> None:
    """Without a terminal there are 100 columns; all pages are read, and what doesn't fit is whole in a block."""
    result = run(server)
    assert (result.exit_code, result.stdout, result.stderr) == (0, BLOCKS, "3 job templates\n")


def test_wide_table() -> None:
    """In a wide terminal each template has a line for each of its criteria and windows."""
    listed = [{"jobTemplateId": name} | TEMPLATES[name] for name in TEMPLATES if name != LONG]
    assert as_table(listed, 160) == SIDE_BY_SIDE


def test_json(server: ThreadingHTTPServer) -> None:
    """JSON has the words of a family, each template in a line with the same keys, sorted by id, and the same again."""
    result = run(server, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "3 job templates\n")
    update, long, reboot = json.loads(result.stdout)["templates"]
    assert list(update) == list(long) == list(reboot)
    assert len(result.stdout.splitlines()) == 2 + 3 + 2
    assert update == {
        "name": "firmware-update",
        "id": "firmware-update-abcdefghij",
        "arn": "arn:aws:iot:eu-west-1:123456789012:jobtemplate/firmware-update-abcdefghij",
        "created_at": "2026-01-01T00:00:00Z",
        "description": "Install a signed image — and reboot",
        "document": '{"operation":"update.sh"}',
        "document_source": None,
        "rollout": {
            "maximum_per_minute": 500,
            "exponential_rate": {
                "base_rate_per_minute": 20,
                "increment_factor": 1.5,
                "rate_increase_criteria": {"number_of_notified_things": None, "number_of_succeeded_things": 500},
            },
        },
        "abort": {
            "criteria": [
                {"failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 200,
                 "action": "CANCEL"},
                {"failure_type": "ALL", "threshold_percentage": 10, "min_number_of_executed_things": 1000,
                 "action": "CANCEL"},
            ]
        },
        "retry": {"criteria": [{"failure_type": "FAILED", "number_of_retries": 0}]},
        "timeout": {"in_progress_timeout_in_minutes": 60},
        "presigned_url": {"role_arn": "arn:aws:iam::123456789012:role/presign", "expires_in_sec": 3600},
        "maintenance_windows": [{"start_time": "cron(0 2 ? * TUE-THU *)", "duration_in_minutes": 180}],
        "destination_package_versions": [],
    }  # fmt: skip
    assert reboot | dict.fromkeys(["name", "id", "arn", "created_at"]) == dict.fromkeys(update) | {
        "description": "Reboot",
        "document": "{}",
        "rollout": {"maximum_per_minute": 1000, "exponential_rate": None},
        "maintenance_windows": [],
        "destination_package_versions": [],
    }
    assert run(server, "--format", "json").stdout == result.stdout
    assert '"threshold_percentage": 10,' in result.stdout


@pytest.mark.parametrize(("output", "written"), [("table", ""), ("json", '{\n  "templates": []\n}\n')])
def test_nothing_is_deployed(server: ThreadingHTTPServer, output: str, written: str) -> None:
    """Where nothing is deployed the list is empty, and stderr says so."""
    server.templates = []  # type: ignore[attr-defined]  # those of this test
    result = run(server, "--format", output)
    assert (result.exit_code, result.stdout, result.stderr) == (0, written, "0 job templates\n")


def test_every_member_is_listed(server: ThreadingHTTPServer) -> None:
    """JSON has every member that AWS says it describes."""
    model = botocore.session.get_session().get_service_model("iot")
    described = set(model.operation_model("DescribeJobTemplate").output_shape.members)
    listed = set(json.loads(run(server, "--format", "json").stdout)["templates"][0])
    ours = API_TEMPLATE.names.ours | {"jobTemplateArn": "arn", "jobTemplateId": "id", "createdAt": "created_at"}
    assert listed == {ours[name] for name in described} | {"name"}


@pytest.mark.e2e
@pytest.mark.parametrize("missing", ["boto3", "rich"])
def test_missing_library(server: ThreadingHTTPServer, missing: str) -> None:
    """Where a library isn't installed, one line says which extra has it."""
    arguments = [
        "templates",
        "list",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        f"http://127.0.0.1:{server.server_address[1]}",
    ]
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom iot_jobs.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"Error: {not_installed(missing, 'aws')}\n"
