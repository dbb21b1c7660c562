"""`iot-jobs jobs start` over a fake AWS: what it finds, counts, forecasts, asks and sends, and what it refuses before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.commands import write
from tests.fake_iot import ACCOUNT, START, FakeIot, Refusal, arn, described, iot, tags
from tests.test_jobs_commands import pages

__all__ = ["iot"]

TEMPLATE_ID = "firmware-update-abcdefghij"
TEMPLATE = {
    "jobTemplateArn": arn("jobtemplate", TEMPLATE_ID),
    "jobTemplateId": TEMPLATE_ID,
    "createdAt": START.timestamp(),
    "description": "Install an image",
    "document": "{}",
    "jobExecutionsRolloutConfig": {
        "maximumPerMinute": 500,
        "exponentialRate": {
            "baseRatePerMinute": 20,
            "incrementFactor": 1.5,
            "rateIncreaseCriteria": {"numberOfNotifiedThings": 500, "numberOfSucceededThings": None},
        },
    },
    "abortConfig": {
        "criteriaList": [
            {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 5, "minNumberOfExecutedThings": 100}
        ]
    },
    "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
}
WINDOWS = [{"startTime": "cron(0 3 * * ? *)", "durationInMinutes": 120}]
MISSING = Refusal("ResourceNotFoundException", "not found", 404)
GIVEN = ("firmware-update", "--environment", "prod", "--to", "canary", "--job-id", "update")
NOW = ("--yes", *GIVEN)


@pytest.fixture
def service(iot: FakeIot, here: Path) -> FakeIot:
    """A service with a published template, and a group of 300 things of which one is named too; no job yet."""
    things = [f"gateway-{index}" for index in range(300)]
    iot.answers |= {
        "GetParameter": lambda asked: {"Parameter": {"Value": arn("jobtemplate", TEMPLATE_ID), "Name": asked["Name"]}},
        "DescribeJobTemplate": TEMPLATE,
        "DescribeThing": lambda asked: (
            {"thingName": asked["thingName"], "thingArn": arn("thing", asked["thingName"])}
            if asked["thingName"].startswith("gateway")
            else MISSING
        ),
        "DescribeThingGroup": lambda asked: (
            {"thingGroupName": asked["thingGroupName"], "thingGroupArn": arn("thinggroup", asked["thingGroupName"])}
            if asked["thingGroupName"] in ("canary", "gateway-1", "empty")
            else MISSING
        ),
        "ListThingsInThingGroup": lambda asked: pages("things", things if asked["thingGroupName"] != "empty" else [])(asked),
        "DescribeJob": MISSING,
        "CreateJob": {},
    }  # fmt: skip
    return iot


def fleet(here: Path, assumed: str) -> None:
    """An application whose environment prod assumes this of its fleet."""
    for folder in ("stacks/environments", "stacks/templates", "job_documents"):
        (here / folder).mkdir(parents=True)
    (here / "stacks/environments/prod.yaml").write_text(
        f"name: prod\naccount: '{ACCOUNT}'\nregion: eu-west-1\nfleet: {{things: 10, {assumed}}}\ntemplates: {{}}\n"
    )


def created(iot: FakeIot) -> dict[str, Any]:
    """The request that created the job, with the tags as a mapping."""
    (request,) = iot.asked("CreateJob")
    return {**request, "tags": {tag["Key"]: tag["Value"] for tag in request["tags"]}}


def test_start(service: FakeIot) -> None:
    """A template is found by its name, the things are counted, the forecast is printed and kept, and the job is created."""
    result = service.run("start", *NOW)
    assert (result.exit_code, result.stdout) == (0, "update: started\n")
    lines = result.stderr.splitlines()
    assert lines[:4] == [
        "start update:",
        f"  from firmware-update ({arn('jobtemplate', TEMPLATE_ID)})",
        "  to group canary: 300 things",
        "  rollout 20/min, x1.5 per 500 notified, up to 500/min; abort FAILED 5 % of 100 or more; retry none",
    ]
    assert lines[4].startswith("  forecast: done within 19 min in half of rollouts, within 19 min in 95 %")
    assert lines[-1] == "to watch it: iot-jobs jobs watch update"
    assert service.asked("GetParameter") == [{"Name": "/iot-jobs/prod/firmware-update"}]
    assert {asked["recursive"] for asked in service.asked("ListThingsInThingGroup")} == {True}
    assert len(service.asked("ListThingsInThingGroup")) == 2
    request = created(service)
    digest = request["tags"].pop("iot-jobs:request")
    assert len(digest) == 10
    assert request == {
        "jobId": "update",
        "targets": [arn("thinggroup", "canary")],
        "description": "Install an image",
        "jobTemplateArn": arn("jobtemplate", TEMPLATE_ID),
        "tags": {
            "iot-jobs:template": "firmware-update",
            "iot-jobs:environment": "prod",
            "iot-jobs:things": "300",
            "iot-jobs:forecast-p50-minutes": "19",
            "iot-jobs:forecast-p95-minutes": "19",
            "iot-jobs:forecast-course-minutes": "6 7 9 10 12 13 15 16 18",
        },
    }


def test_dry_run(service: FakeIot) -> None:
    """A dry run prints the request, asks nobody and creates nothing; the request is the one that would be sent."""
    result = service.run("start", *GIVEN, "--dry-run")
    assert (result.exit_code, service.asked("CreateJob")) == (0, [])
    service.run("start", *NOW)
    assert json.loads(result.stdout) == service.asked("CreateJob")[0]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_nobody_agreed(service: FakeIot, answer: str) -> None:
    """Nothing is created unless somebody agrees."""
    asked = service.run("start", *GIVEN, asks=True, input=answer)
    alone = service.run("start", *GIVEN)
    assert (asked.exit_code, alone.exit_code, service.asked("CreateJob")) == (2, 2, [])
    assert "start update? [y/N]: " in asked.stderr
    assert service.run("start", *GIVEN, asks=True, input="y\n").exit_code == 0


def test_no_default_target(service: FakeIot) -> None:
    """Without a target there is no job."""
    result = service.run("start", "firmware-update", "--environment", "prod", "--yes")
    assert (result.exit_code, service.calls) == (2, [])


def test_default_id(service: FakeIot) -> None:
    """Without an id it is the template's name and the minute, also for a name that is too long for both."""
    for name, expected in (
        ("firmware-update", "firmware-update-20261201-0200"),
        ("f" * 64, "f" * 50 + "-20261201-0200"),
    ):
        service.answers["DescribeJobTemplate"] = TEMPLATE | {"jobTemplateId": name}
        service.calls.clear()
        service.run("start", name, "--environment", "prod", "--to", "canary", "--yes")
        assert created(service)["jobId"] == expected
        assert len(expected) <= 64


def test_overrides_replace_whole_members(service: FakeIot) -> None:
    """A member that is set is sent whole, with what the template has of it; others stay the template's."""
    result = service.run("start", *NOW, "--set", "rollout.maximum_per_minute=50")
    assert "  rollout is sent in full, replacing the template's\n" in result.stderr
    request = created(service)
    assert request["jobExecutionsRolloutConfig"] == {
        "maximumPerMinute": 50,
        "exponentialRate": {
            "baseRatePerMinute": 20,
            "incrementFactor": 1.5,
            "rateIncreaseCriteria": {"numberOfNotifiedThings": 500},
        },
    }
    assert "abortConfig" not in request


def test_targets(service: FakeIot) -> None:
    """A thing that is named and in a group counts once."""
    result = service.run("start", *NOW, "--to", "thing/gateway-1", "--to", "gateway-400")
    assert "  to group canary, thing gateway-1, thing gateway-400: 301 things\n" in result.stderr
    assert created(service)["targets"] == [
        arn("thinggroup", "canary"), arn("thing", "gateway-1"), arn("thing", "gateway-400")
    ]  # fmt: skip


def test_dynamic_group(service: FakeIot) -> None:
    """The things of a dynamic group are those that its query finds, page by page."""
    service.answers["DescribeThingGroup"] = {
        "thingGroupName": "canary", "thingGroupArn": arn("thinggroup", "canary"), "queryString": "attributes.a:b"
    }  # fmt: skip
    found = [{"thingName": f"t{index}"} for index in range(150)]
    service.answers["SearchIndex"] = pages("things", found, size=100)
    assert "150 things" in service.run("start", *NOW).stderr
    assert [asked["queryString"] for asked in service.asked("SearchIndex")] == ["attributes.a:b"] * 2


def test_number_of_things(service: FakeIot) -> None:
    """A number that is given isn't counted."""
    service.run("start", *NOW, "--things", "5000")
    assert (created(service)["tags"]["iot-jobs:things"], service.asked("ListThingsInThingGroup")) == ("5000", [])


def test_no_things(service: FakeIot) -> None:
    """An empty group has no forecast; the job is created all the same."""
    result = service.run("start", "--yes", "firmware-update", "--environment", "prod", "--to", "empty")
    assert "  to group empty: 0 things\n  rollout" in result.stderr
    assert "no forecast: the targets have no things" in result.stderr
    assert not [key for key in created(service)["tags"] if "forecast" in key or "things" in key]


REFUSED = [
    (("--to", "nowhere"), 2, "there is no thing or thing group nowhere in eu-west-1"),
    (("--to", "group/gateway-2"), 2, "there is no group gateway-2 in eu-west-1"),
    (("--to", "gateway-1"), 2, "gateway-1 is both a thing and a thing group: write thing/gateway-1 or group/gateway-1"),
    (("--to", "a b"), 1, "JT803"),
    (("--to", "arn:aws:iot:us-east-1:123456789012:thing/gateway-2"), 2, "is in another account or region"),
    (("--to", "canary"), 1, "JT804"),
    (("--job-id", "a.b"), 1, "JT801"),
    (("--set", "rollout.maximum_per_minute=0"), 1, "JT201"),
    (("--set", "rollout.maximum_per_minute=5"), 1, "JT206"),
    (("--set", "rolout=5"), 1, "JT003"),
    (("--set", "rollout={}"), 1, "JT205"),
    (("--set", "description="), 1, "JT102"),
    (("--at", ""), 1, "JT810"),
    (("--until", ""), 1, "JT810"),
    (("--job-id", ""), 1, "JT801"),
    (("--set", "timeout=null"), 1, "a job without it gets the template's"),
    (("--at", "2026-12-01T02:29"), 1, "JT815"),
    (("--at", "2026-12-01 03:00"), 1, "JT810"),
    (("--at", "2027-12-02T02:00"), 1, "JT815"),
    (("--at", "2026-12-01T03:00", "--until", "2026-12-01T03:29"), 1, "JT811"),
    (("--end-behavior", "CANCEL"), 1, "JT813"),
    (("--param", "a=b"), 1, "JT805"),
]


@pytest.mark.parametrize(("options", "code", "text"), REFUSED)
def test_refused_before_the_call(service: FakeIot, options: tuple[str, ...], code: int, text: str) -> None:
    """What AWS would refuse is refused with the reason, as `check` says it, and nothing is created."""
    result = service.run("start", *NOW, *options)
    assert (result.exit_code, service.asked("CreateJob")) == (code, [])
    assert text in (result.stdout if code == 1 else result.stderr)


def test_windows(service: FakeIot) -> None:
    """A template with windows needs a continuous job with a start; the next opening is offered, and accepted."""
    service.answers["DescribeJobTemplate"] = TEMPLATE | {"maintenanceWindows": WINDOWS}
    refused = service.run("start", *NOW)
    assert (refused.exit_code, service.asked("CreateJob")) == (1, [])
    assert "fix      add --continuous\n" in refused.stdout
    assert "fix      add --at 2026-12-01T03:00, when the next window opens\n" in refused.stdout
    assert service.run("start", *NOW, "--continuous", "--at", "2026-12-01T03:00").exit_code == 0
    request = created(service)
    assert request["targetSelection"] == "CONTINUOUS"
    assert request["schedulingConfig"] == {"startTime": "2026-12-01T03:00"}


def test_next_opening_is_far_enough(service: FakeIot) -> None:
    """A window that opens within half an hour is too near for AWS, so the one after it is offered."""
    soon = [{"startTime": "cron(20 2 * * ? *)", "durationInMinutes": 120}]
    service.answers["DescribeJobTemplate"] = TEMPLATE | {"maintenanceWindows": soon}
    assert "add --at 2026-12-02T02:20," in service.run("start", *NOW, "--continuous").stdout


def test_schedule(service: FakeIot) -> None:
    """Start and end are sent as they were typed, and said."""
    options = ("--at", "2026-12-01T02:30", "--until", "2026-12-01T03:00", "--end-behavior", "CANCEL")
    result = service.run("start", *NOW, *options)
    assert result.exit_code == 0
    assert "  starts 2026-12-01T02:30 UTC\n  ends 2026-12-01T03:00 UTC, CANCEL\n" in result.stderr
    assert created(service)["schedulingConfig"] == {
        "startTime": "2026-12-01T02:30", "endTime": "2026-12-01T03:00", "endBehavior": "CANCEL"
    }  # fmt: skip


def test_the_first_of_several_windows(service: FakeIot) -> None:
    """Of several windows the one that opens first is offered; other findings keep their fixes."""
    several = [{"startTime": f"cron(0 {hour} * * ? *)", "durationInMinutes": 30} for hour in (5, 3, 4)]
    service.answers["DescribeJobTemplate"] = TEMPLATE | {"maintenanceWindows": several}
    printed = service.run("start", *NOW, "--continuous", "--set", "rollout={}").stdout
    assert "fix      add --at 2026-12-01T03:00, when the next window opens\n" in printed
    assert "fix      add maximum_per_minute, or remove the rollout\n" in printed


def test_unusual_windows(service: FakeIot) -> None:
    """A window in a form that nobody documents has no next opening to offer, and no forecast."""
    unusual = [{"startTime": "cron(0 3 ? * mon *)", "durationInMinutes": 120}]
    service.answers["DescribeJobTemplate"] = TEMPLATE | {"maintenanceWindows": unusual}
    assert "fix      add --at\n" in service.run("start", *NOW, "--continuous").stdout
    result = service.run("start", *NOW, "--continuous", "--at", "2026-12-01T03:00")
    assert result.exit_code == 0
    assert "  no forecast: a window's start time has a form that AWS doesn't document" in result.stderr


def test_a_rollout_that_may_never_end(service: FakeIot, here: Path) -> None:
    """Where executions hang without a timeout there is no finish to keep."""
    fleet(here, "hang_rate: 0.1")
    service.answers["DescribeJobTemplate"] = TEMPLATE | {"timeoutConfig": None}
    result = service.run("start", *NOW)
    assert "  forecast: it may never be done: " in result.stderr
    assert not [key for key in created(service)["tags"] if "forecast" in key]


def test_advice(service: FakeIot) -> None:
    """Advice is printed, and doesn't stop the start."""
    block = {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/presign", "expires_in_sec": 60}
    result = service.run("start", *NOW, "--set", f"presigned_url={json.dumps(block)}")
    assert (result.exit_code, "warning JT553 presigned_url.expires_in_sec" in result.stderr) == (0, True)


@pytest.mark.parametrize("parameter", ["path", "=x"])
def test_parameters_are_pairs(service: FakeIot, parameter: str) -> None:
    """A parameter has a key and a value."""
    result = service.run("start", *NOW, "--param", parameter)
    assert (result.exit_code, service.calls) == (2, [])


# Where the template comes from -----------------------------------------------------------------------------------------


def test_by_arn(service: FakeIot) -> None:
    """An ARN needs no environment."""
    result = service.run("start", arn("jobtemplate", TEMPLATE_ID), "--to", "canary", "--yes")
    assert (result.exit_code, service.asked("GetParameter")) == (0, [])
    assert "iot-jobs:environment" not in created(service)["tags"]


def test_unknown_names(service: FakeIot) -> None:
    """A name without an environment, and one that isn't published, say what to do."""
    nowhere = service.run("start", "firmware-update", "--to", "canary", "--yes")
    assert (
        nowhere.exit_code,
        nowhere.stderr.startswith("Error: firmware-update is the name of a template: add --env"),
    ) == (2, True)
    service.answers["GetParameter"] = Refusal("ParameterNotFound", "", 400)
    unpublished = service.run("start", *NOW)
    assert unpublished.exit_code == 2
    assert "environment prod publishes no template firmware-update in eu-west-1" in unpublished.stderr
    service.answers["GetParameter"] = Refusal("AccessDeniedException", "no", 400)
    assert "allow ssm:GetParameter on parameter/iot-jobs/prod/firmware-update" in service.run("start", *NOW).stderr


def test_targets_that_may_not_be_seen(service: FakeIot) -> None:
    """A thing that may not be described is no missing one."""
    service.answers["DescribeThing"] = Refusal("AccessDeniedException", "no", 403)
    result = service.run("start", *NOW)
    assert (result.exit_code, service.asked("CreateJob")) == (2, [])
    assert result.stderr.endswith("allow iot:DescribeThing on thing/canary for these credentials\n")


MANAGED = {
    "templateName": "AWS-Reboot",
    "templateArn": "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0",
    "description": "Reboot",
    "documentParameters": [
        {"key": "runAsUser", "description": "A user", "regex": "[a-z]+", "example": "root", "optional": True},
        {"key": "path", "description": "A path", "regex": "(?<bad", "optional": False},
    ],
}


@pytest.mark.parametrize("name", ["AWS-Reboot", MANAGED["templateArn"]])
def test_managed(service: FakeIot, name: str) -> None:
    """A managed template has parameters; a pattern that Python can't read is left to AWS."""
    service.answers["DescribeManagedJobTemplate"] = MANAGED
    result = service.run("start", name, "--to", "canary", "--yes", "--param", "path=/x=y", "--param", "runAsUser=root")
    assert result.exit_code == 0
    assert service.asked("DescribeManagedJobTemplate") == [{"templateName": "AWS-Reboot"}]
    request = created(service)
    assert request["jobTemplateArn"] == MANAGED["templateArn"]
    assert request["documentParameters"] == {"path": "/x=y", "runAsUser": "root"}


@pytest.mark.parametrize(
    ("parameters", "code", "path", "allowed"),
    [
        ((), "JT004", "param.path", "A path"),
        (("path=x", "pth=x"), "JT003", "param.pth", "path, runAsUser"),
        (("path=x", "runAsUser=ROOT"), "JT808", "param.runAsUser", "A user: [a-z]+"),
    ],
)
def test_parameters(service: FakeIot, parameters: tuple[str, ...], code: str, path: str, allowed: str) -> None:
    """Parameters are checked against the template's own description."""
    service.answers["DescribeManagedJobTemplate"] = MANAGED
    options = [part for each in parameters for part in ("--param", each)]
    result = service.run("start", "AWS-Reboot", "--to", "canary", "--yes", *options)
    assert (result.exit_code, service.asked("CreateJob")) == (1, [])
    assert f"error {code} {path}\n" in result.stdout
    assert f"  allowed  {allowed}\n" in result.stdout


def test_file(service: FakeIot, here: Path) -> None:
    """A job from a file has all members itself, its windows too."""
    template = {key: value for key, value in TEMPLATE.items() if key not in ("jobTemplateArn", "createdAt")}
    (here / "t.json").write_text(json.dumps(template | {"maintenanceWindows": WINDOWS}))
    result = service.run("start", "t.json", "--to", "canary", "--yes", "--continuous", "--at", "2026-12-01T03:00")
    assert (result.exit_code, result.stdout) == (0, "firmware-update-20261201-0200: started\n")
    request = created(service)
    assert request["document"] == "{}"
    assert request["abortConfig"] == TEMPLATE["abortConfig"]
    assert request["schedulingConfig"] == {"startTime": "2026-12-01T03:00", "maintenanceWindows": WINDOWS}
    assert "jobTemplateArn" not in request


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("no.json", None, "there is no such file"),
        ("two.yaml", "Resources: {}\n", "holds 0 job templates"),
        (
            "bad.json",
            '{"jobTemplateId": "a", "description": "", "document": "{}"}',
            "has errors: run iot-jobs check bad.json",
        ),
    ],
)
def test_bad_files(service: FakeIot, here: Path, name: str, text: str | None, message: str) -> None:
    """A file without one good template is refused."""
    if text is not None:
        (here / name).write_text(text)
    result = service.run("start", name, "--to", "canary", "--yes")
    assert (result.exit_code, service.asked("CreateJob")) == (2, [])
    assert message in result.stderr


# The same again --------------------------------------------------------------------------------------------------------


def after_creation(service: FakeIot, **changes: Any) -> None:
    """A service that has the job that was created, with these members otherwise, and AWS's refusal of another."""
    request = dict(service.asked("CreateJob")[0])
    service.answers["ListTagsForResource"] = {"tags": request.pop("tags")}
    service.answers["DescribeJob"] = described("update", **request, **changes)
    service.answers["CreateJob"] = Refusal("ResourceAlreadyExistsException", "Job update already exists", 409)


def test_the_same_again(service: FakeIot) -> None:
    """A second start of the same request is a success, and creates nothing, not even by asking."""
    service.run("start", *NOW)
    after_creation(service)
    service.calls.clear()
    again = service.run("start", *NOW)
    assert (again.exit_code, again.stdout) == (0, "update: already exists, started by the same request; IN_PROGRESS\n")
    assert service.asked("CreateJob") == []


@pytest.mark.parametrize(
    ("options", "different"),
    [
        (("--to", "gateway-2"), "targets"),
        (("--set", "rollout.maximum_per_minute=50"), "rollout"),
        (("--continuous",), "target_selection"),
        (("--at", "2026-12-01T03:00"), "scheduling"),
        (("--set", "description=another"), "description"),
    ],
)
def test_another_request(service: FakeIot, options: tuple[str, ...], different: str) -> None:
    """An id that another request has taken is an error that names the difference."""
    service.run("start", *NOW)
    after_creation(service)
    service.calls.clear()
    result = service.run("start", *NOW, *options)
    assert (result.exit_code, service.asked("CreateJob")) == (2, [])
    assert (
        result.stderr
        == f"Error: update is the id of another job, which differs in {different}; choose another --job-id\n"
    )


def test_taken_between_the_look_and_the_call(service: FakeIot) -> None:
    """Somebody who is faster with the same request is no error, and with another one it is."""
    service.run("start", *NOW)
    after_creation(service)
    there = service.answers["DescribeJob"]
    for changes, code in ((GIVEN, 0), ((*GIVEN, "--set", "rollout.maximum_per_minute=50"), 2)):
        service.answers["DescribeJob"] = [MISSING, there]
        service.calls.clear()
        assert service.run("start", "--yes", *changes).exit_code == code
        assert len(service.asked("CreateJob")) == 1


LOST = ReadTimeoutError(endpoint_url="https://iot.eu-west-1.amazonaws.com")


def test_lost_answer(service: FakeIot) -> None:
    """If the answer is lost, the job is looked for: there it is, or it isn't, or nobody knows."""
    service.run("start", *NOW)
    after_creation(service)
    there = service.answers["DescribeJob"]
    service.answers["CreateJob"] = LOST
    service.answers["DescribeJob"] = [MISSING, there]
    assert service.run("start", *NOW).exit_code == 0
    service.answers["DescribeJob"] = MISSING
    gone = service.run("start", *NOW)
    assert (gone.exit_code, "Read timeout" in gone.stderr, "not known" in gone.stderr) == (2, True, False)
    service.answers["DescribeJob"] = [MISSING, LOST]
    unknown = service.run("start", *NOW)
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("start update:")
    assert "Error: it is not known whether update was created: " in unknown.stderr
    assert unknown.stderr.endswith("; to find out: iot-jobs jobs show update\n")


def test_refused_by_aws(service: FakeIot) -> None:
    """AWS's own refusal is one line with its code, and what to do."""
    service.answers["CreateJob"] = Refusal("LimitExceededException", "too many jobs", 409)
    result = service.run("start", *NOW)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: iot:CreateJob: LimitExceededException: too many jobs; "
        "wait until you are below the quota, or request an increase"
    )


def test_start_and_watch(service: FakeIot) -> None:
    """With --watch the exit code is that of the watch."""
    failed = described("update", "COMPLETED", counts={"succeeded": 300})
    service.answers |= {"DescribeJob": [MISSING, failed], "ListTagsForResource": tags(things="300")}
    result = service.run("start", *NOW, "--watch")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "update: completed; 300 succeeded"


def test_fleet(service: FakeIot, here: Path) -> None:
    """The fleet of the environment says how devices behave, and the template's own expectations, if they are here."""
    fleet(here, "run_time_minutes: 5")
    write(
        here,
        {
            "stacks/templates/firmware-update.yaml": "description: x\ndocument: x.json\nexpect: {run_time_minutes: 30}\n",
            "job_documents/x.json": "{}",
        },
    )
    environment = here / "stacks/environments/prod.yaml"
    environment.write_text(environment.read_text().replace("templates: {}", "templates: {firmware-update: {}}"))
    result = service.run("start", *NOW)
    assert "forecast: done within 44 min" in result.stderr
    assert "  assumed: the environment's fleet\n" in result.stderr


@pytest.mark.parametrize(("quota", "code"), [(2000, 0), (1999, 1)])
def test_raised_quota(service: FakeIot, here: Path, quota: int, code: int) -> None:
    """A quota that AWS raised is stated in the environment."""
    fleet(here, f"run_time_minutes: 5}}\nquotas: {{maximum_per_minute: {quota}")
    result = service.run("start", *GIVEN, "--set", "rollout.maximum_per_minute=2000", "--dry-run")
    assert (result.exit_code, "JT201" in result.stdout) == (code, bool(code))


def test_without_the_extra(service: FakeIot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numpy there is no forecast, and it says which extra has it; the job is started."""
    import sys

    for name in [name for name in sys.modules if name.startswith("iot_jobs.forecast")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)
    result = service.run("start", *NOW)
    assert (result.exit_code, "  no forecast: numpy is not installed; install" in result.stderr) == (0, True)
    assert "iot-jobs:forecast-p50-minutes" not in created(service)["tags"]
