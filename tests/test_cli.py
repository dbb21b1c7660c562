"""The command line: exit codes, and what goes to which stream."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import iot_jobs
from iot_jobs.cli import main
from tests.cases import not_installed
from tests.commands import EXAMPLE

ROOT = Path(__file__).resolve().parent.parent
FAMILY = "stacks/templates/reboot.yaml"
DOCUMENT = "job_documents/reboot.json"
GOOD = {
    FAMILY: """\
description: Reboot a device
document: reboot.json
timeout: {in_progress_timeout_in_minutes: 15}
abort:
  criteria:
    - {failure_type: ALL, threshold_percentage: 10, min_number_of_executed_things: 20}
""",
    DOCUMENT: json.dumps(
        {
            "version": "1.0",
            "steps": [{"action": {"name": "reboot", "type": "runHandler", "input": {"handler": "reboot.sh"}}}],
        }
    ),
    "stacks/environments/dev.yaml": """\
name: dev
account: "123456789012"
region: eu-west-1
fleet: {things: 50}
templates:
  reboot: {}
""",
}
TOO_LONG = GOOD[FAMILY].replace("minutes: 15", "minutes: 10081")
NO_ABORT = "production: true\n" + GOOD["stacks/environments/dev.yaml"].replace(
    "{}", "{abort: null, rollout: {maximum_per_minute: 10}}"
)


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good application, which is the working directory."""
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    """The result of a command. What it raises, other than its exit, is raised here."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False, prog_name="iot-jobs")


def test_nothing_to_report(application: Path) -> None:
    """A good application exits with 0, an empty report on stdout, and one line of summary on stderr."""
    result = run("check", ".")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 checked, 0 errors, 0 warnings\n")


def test_an_error(application: Path) -> None:
    """A finding exits with 1: the whole report on stdout, the summary on stderr."""
    (application / FAMILY).write_text(TOO_LONG)
    result = run("check", ".")
    assert result.exit_code == 1
    assert (
        result.stdout
        == """\
stacks/templates/reboot.yaml:3:11: error JT410 timeout.in_progress_timeout_in_minutes
  the in-progress timeout is 1 to 10080 minutes
  given    10081
  allowed  1 to 10080 minutes (7 days), a whole number
  source   https://docs.aws.amazon.com/iot/latest/apireference/API_TimeoutConfig.html
  fix      lower it to 10080 or less
"""
    )
    assert result.stderr == "1 checked, 1 error, 0 warnings\n"


def test_a_warning(application: Path) -> None:
    """A warning alone exits with 0, and with 1 where warnings count."""
    (application / "stacks/environments/dev.yaml").write_text(NO_ABORT)
    lenient, strict = run("check", "."), run("check", ".", "--strict")
    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert lenient.stdout == strict.stdout
    assert lenient.stdout.startswith("stacks/environments/dev.yaml:7:12: warning JT")
    assert lenient.stderr == "1 checked, 0 errors, 1 warning\n"


def test_several_paths(application: Path) -> None:
    """Paths of one application are one application, and its findings are listed once."""
    (application / FAMILY).write_text(TOO_LONG)
    result = run("check", ".", "stacks", FAMILY, DOCUMENT)
    assert result.stdout.count("JT410") == 1
    assert (result.exit_code, result.stderr) == (1, "1 checked, 1 error, 0 warnings\n")


def test_report_as_json(application: Path) -> None:
    """The report is one JSON object on stdout."""
    (application / FAMILY).write_text(TOO_LONG)
    result = run("check", ".", "--format", "json")
    assert json.loads(result.stdout) == {
        "findings": [
            {
                "code": "JT410",
                "severity": "error",
                "file": "stacks/templates/reboot.yaml",
                "line": 3,
                "column": 11,
                "path": "timeout.in_progress_timeout_in_minutes",
                "given": 10081,
                "when": None,
                "allowed": "1 to 10080 minutes (7 days), a whole number",
                "source": "https://docs.aws.amazon.com/iot/latest/apireference/API_TimeoutConfig.html",
                "evidence": "documented",
                "fix": "lower it to 10080 or less",
                "edit": None,
                "related": [],
            }
        ],
        "acknowledged": [],
        "checked": 1,
        "skipped": [],
        "unjudged": [],
        "left_out": 0,
    }
    assert (result.exit_code, result.stderr) == (1, "1 checked, 1 error, 0 warnings\n")


FAST = """\
Resources:
  Reboot:
    Type: AWS::IoT::JobTemplate
    Properties:
      JobTemplateId: reboot
      Description: Reboot
      Document: "{}"
      JobExecutionsRolloutConfig:
        MaximumPerMinute: 2000
        ExponentialRolloutRate:
          {BaseRatePerMinute: 5, IncrementFactor: 2, RateIncreaseCriteria: {NumberOfNotifiedThings: 5}}
"""


def test_a_stated_quota(tmp_path: Path) -> None:
    """A file without an environment is judged by the quota that the option states."""
    file = tmp_path / "template.yaml"
    file.write_text(FAST)
    assert run("check", str(file), "--quota", "maximum_per_minute=2000").exit_code == 0
    refused = run("check", str(file), "--quota", "maximum_per_minute=1999", "--quota", "templates_in_region=300")
    assert (refused.exit_code, "allowed  1 to 1999 things per minute" in refused.stdout) == (1, True)


@pytest.mark.parametrize(
    ("kind", "text", "codes"),
    [
        ("template", '{"description": "a"}', ["JT004", "JT105"]),
        ("job", '{"description": "a", "jobId": "a"}', ["JT004", "JT105"]),
        ("document", '{"jobTemplateId": "a"}', []),
        ("document", "[1]", []),
        ("environment", '{"name": "a"}', ["JT004", "JT004", "JT004"]),
        ("family", '{"description": "a"}', ["JT105"]),
        ("cloudformation", '{"description": "a"}', ["JT004"]),
        ("cloudformation", '{"Resources": {"A": {"Type": "AWS::IoT::Job", "Properties": 5}}}', ["JT005"]),
        ("template", "[1]", ["JT005"]),
    ],
)
def test_a_stated_kind(kind: str, text: str, codes: list[str], tmp_path: Path) -> None:
    """A file is read as what the option says, whatever its content shows."""
    file = tmp_path / "a.json"
    file.write_text(text)
    result = run("check", str(file), str(file), "--as", kind, "--format", "json")
    assert [one["code"] for one in json.loads(result.stdout)["findings"]] == codes
    assert result.exit_code == int(bool(codes))


def test_a_stated_kind_of_a_folder(tmp_path: Path) -> None:
    """A folder holds files of many kinds, and is refused; the kinds offered are those that can be read."""
    from iot_jobs.sources.kinds import STATED

    result = run("check", str(tmp_path), "--as", "document")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for --as: name files, not the folder" in result.stderr
    (choices,) = [one.type for one in main.commands["check"].params if one.name == "kind"]
    assert isinstance(choices, click.Choice)
    assert [*choices.choices] == [*STATED]


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        (
            "maximum_per_minut=5",
            "maximum_per_minut: allowed maximum_per_minute, templates_in_region; write maximum_per_",
        ),
        ("maximum_per_minute", "maximum_per_minute: allowed 1 to 2147483647, a whole number; write a number"),
        ("maximum_per_minute=0", "maximum_per_minute: allowed 1 to 2147483647, a whole number; raise it to 1 or more"),
    ],
)
def test_a_wrong_quota(application: Path, quota: str, message: str) -> None:
    """A quota that isn't known, or is no number, ends the run before anything is read."""
    result = run("check", str(application), "--quota", quota)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for --quota: {message}" in " ".join(result.stderr.split())


def test_report_as_annotations(application: Path) -> None:
    """The report for GitHub is one workflow command on one line for each finding, whatever was given."""
    (application / FAMILY).write_text(TOO_LONG.replace("Reboot a device", '"Reboot\\n::error::100%"'))
    result = run("check", ".", "--format", "github")
    assert result.stdout.splitlines() == [
        "::error file=stacks/templates/reboot.yaml,line=1,col=1,title=JT102::description: given "
        '"Reboot\\n::error::100%25"; allowed text of 1 to 2028 characters, no line breaks, tabs or other control '
        "characters; fix: write one line that says what the job does",
        "::error file=stacks/templates/reboot.yaml,line=3,col=11,title=JT410::timeout.in_progress_timeout_in_minutes: "
        "given 10081; allowed 1 to 10080 minutes (7 days), a whole number; fix: lower it to 10080 or less",
    ]


EMPTY = {
    "text": "",
    "json": '{\n  "findings": [],\n  "acknowledged": [],\n  "checked": 1,\n  "skipped": [],\n  "unjudged": [],\n'
    '  "left_out": 0\n}\n',
    "github": "",
}


@pytest.mark.parametrize(("output", "expected"), EMPTY.items(), ids=EMPTY)
def test_empty_reports(application: Path, output: str, expected: str) -> None:
    """Where there is nothing to report, each format says so."""
    assert run("check", ".", "--format", output).stdout == expected


COULD_NOT_RUN = [
    ("no path", ("check",), "Error: Missing argument 'PATH...'."),
    ("a path that isn't there", ("check", "nothing"), "Error: Invalid value for 'PATH...': Path 'nothing' does not exist."),
    ("an unknown format", ("check", ".", "--format", "xml"),
     "Error: Invalid value for '--format': 'xml' is not one of 'text', 'json', 'github', 'sarif'."),
    ("an unknown option", ("check", ".", "--strictly"), "Error: No such option '--strictly'. Did you mean '--strict'?"),
    ("an unknown command", ("chekc",), "Error: No such command 'chekc'."),
    ("a name that is no document's", ("schema", "family", "xyz"), "Error: NAME is allowed only for the schema of a document"),
    ("an unknown document schema", ("schema", "document", "xyz"), "Error: a document's schema is one of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"), [row[1:] for row in COULD_NOT_RUN], ids=[row[0] for row in COULD_NOT_RUN]
)
def test_could_not_run(application: Path, arguments: tuple[str, ...], message: str) -> None:
    """What could not run exits with 2, says why on stderr in its last line, and leaves stdout empty."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    words = re.sub(r"[^a-z-]+", " ", message.lower())
    assert words[:25] in re.sub(r"[^a-z-]+", " ", result.stderr.splitlines()[-1].lower())


def checked_by_make(root: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    """The result of what `make check` runs, in the folder of an application."""
    command = re.search(r"/iot-jobs check (.+)", (ROOT / "Makefile").read_text())
    assert command
    monkeypatch.chdir(root)
    return run("check", *command[1].split(), *options)


def test_the_example_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make check` finds neither an error nor a warning in the example."""
    result = checked_by_make(EXAMPLE, monkeypatch, "--strict")
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.match(r"\d+ checked, 0 errors, 0 warnings", result.stderr.splitlines()[-1])


@pytest.mark.application
def test_the_application_has_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make check` finds no error in the repository's application."""
    result = checked_by_make(ROOT, monkeypatch)
    assert result.exit_code == 0, result.stdout
    assert re.match(r"\d+ checked, 0 errors, ", result.stderr.splitlines()[-1])


SCHEMAS = [("environment", "stacks/schemas/environment.schema.json"), ("family", "stacks/schemas/family.schema.json")]


@pytest.mark.parametrize(("kind", "name"), SCHEMAS)
def test_shipped_schemas_are_current(kind: str, name: str) -> None:
    """The JSON Schemas that the shipped files name for editors are what the command prints."""
    result = run("schema", kind)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (ROOT / name).read_text(encoding="utf-8")


# What is deployed ----------------------------------------------------------------------------------------------------


@pytest.fixture
def without_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS settings, keys or address of anybody."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("without_aws")
def test_list_without_settings() -> None:
    """Without a region, or without keys, nothing is listed: exit code 2 and the reason on stderr."""
    no_region, no_keys = run("templates", "list"), run("templates", "list", "--region", "eu-west-1")
    assert (no_region.exit_code, no_region.stdout) == (2, "")
    fix = "correct --region, --endpoint-url or the AWS settings"
    assert no_region.stderr == f"Error: You must specify a region; {fix}\n"
    assert (no_keys.exit_code, no_keys.stdout) == (2, "")
    fix = "log in again, for example with aws sso login, or renew the keys"
    assert no_keys.stderr == f"Error: Unable to locate credentials; {fix}\n"


@pytest.mark.usefixtures("without_aws")
def test_list_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers, the exit code is 2 and the address is on stderr."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = run("templates", "list", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r'Error: .*"http://127\.0\.0\.1:9/job-templates.*"; try again\n', result.stderr)


@pytest.mark.usefixtures("without_aws")
@pytest.mark.parametrize(
    ("address", "message"), [("foo", "Invalid endpoint: foo"), ("http://127.0.0.1:65536", "Port out of range 0-65535")]
)
def test_list_of_no_address(address: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid address is one line."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    result = run("templates", "list", "--region", "eu-west-1", "--endpoint-url", address)
    fix = "correct --region, --endpoint-url or the AWS settings"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}; {fix}\n")


def test_list_without_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without boto3 the command says which extra brings it."""
    for name in [name for name in sys.modules if name.startswith("iot_jobs.aws")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(iot_jobs, "aws", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    result = run("templates", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {not_installed('boto3', 'aws')}\n"


def test_version() -> None:
    """The version is that of the distribution."""
    assert re.fullmatch(r"iot-jobs, version \d+\.\d+\.\d+\n", run("--version").stdout)


PROCESS = (sys.executable, "-m", "iot_jobs")
"""The command as a process of its own, which ends without tidying up."""


def test_process_writes_all(application: Path) -> None:
    """What a process prints is all there, whatever its end."""
    (application / FAMILY).write_text(TOO_LONG)
    ended = subprocess.run([*PROCESS, "check", ".", "--format", "json"], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == run("check", ".", "--format", "json").stdout


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_process_writes_utf_8(application: Path, output: str) -> None:
    """A report is the same bytes whatever the encoding of the terminal, of a file whose name has none, too."""
    folder = os.fsencode(application / "job_documents")
    for name in ("é\u2500\x1b.json".encode(), b"\xff.json"):
        with suppress(OSError):  # a file system that takes no such names
            Path(os.fsdecode(folder + b"/" + name)).write_text('{"\\ud800": "${aws:iot:a", "b": "\\udfff"}')
    command = [*PROCESS, "check", ".", "--format", output]
    ended = [
        subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}, check=False)
        for encoding in ("utf-8", "ascii", "latin-1:strict")
    ]
    assert [one.returncode for one in ended] == [1, 1, 1]
    assert len({one.stdout for one in ended}) == 1
    assert "JT510" in ended[0].stdout.decode("utf-8")


def test_process_knows_its_version() -> None:
    """The installed version is read from the metadata, which are not loaded until they are used."""
    ended = subprocess.run([*PROCESS, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.endswith(f"version {version('iot-jobs')}\n")


LOADED = """
import os, sys
import iot_jobs.__main__ as process
slow = {"aws_cdk", "boto3", "constructs", "difflib", "jsii", "jsonschema", "matplotlib", "numpy", "rich", "ruamel"}
os._exit = lambda code: print("loaded:", *sorted(slow & sys.modules.keys()))
process.run()
"""


def test_what_a_check_loads(application: Path) -> None:
    """A check of files without a mistake loads none of the slow packages, which only other commands need."""
    ended = subprocess.run([sys.executable, "-c", LOADED, "check", "."], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.returncode) == ("loaded:\n", 0), ended.stderr


@pytest.mark.e2e
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", ".", "--format", "sarif"),
        ("schema", "environment"),
        ("schema", "family"),
        ("forecast", "stacks/environments/test.yaml", "--format", "json"),
        ("review", ".", "."),
    ],
    ids=lambda arguments: arguments[0] if isinstance(arguments, tuple) else None,
)
def test_process_says_the_same(application: Path, arguments: tuple[str, ...]) -> None:
    """A process of its own says what the command says."""
    ended = subprocess.run([*PROCESS, *arguments], capture_output=True, text=True, check=False)
    expected = run(*arguments)
    assert (ended.stdout, ended.stderr, ended.returncode) == (expected.stdout, expected.stderr, expected.exit_code)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk(application: Path) -> None:
    """A report that can't be written is one line on stderr, and exit code 2."""
    with Path("/dev/full").open("w") as full:
        command = [*PROCESS, "check", ".", "--format", "json"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (2, "Error: No space left on device\n")


def test_a_usage_error_of_a_process() -> None:
    """What could not run ends with 2, in a process of its own too."""
    for arguments in (("check",), ("review", "nowhere", "nowhere")):
        assert subprocess.run([*PROCESS, *arguments], capture_output=True, check=False).returncode == 2


@pytest.mark.e2e
@pytest.mark.parametrize("closed", ["1", "2", "1 2"])
def test_closed_streams(application: Path, closed: str) -> None:
    """A stream that was closed before the start changes no exit code."""
    shut = "; ".join(f"os.close({stream})" for stream in closed.split())
    for arguments, code in ((("check", "."), 0), (("nonsense",), 2)):
        start = f"import os, sys; {shut}; os.execv(sys.executable, {[*PROCESS, *arguments]!r})"
        ended = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
        assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_for_errors(application: Path) -> None:
    """Where nothing can be said at all, the exit code says it."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*PROCESS, "nonsense"], stdout=full, stderr=full, check=False)
    assert ended.returncode == 2
