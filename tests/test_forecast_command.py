"""`iot-jobs forecast`: what it reads, what it prints and draws, and its exit codes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from iot_jobs import forecast as forecasting
from iot_jobs.cli import main, selection
from iot_jobs.forecast import Assumptions, forecast
from iot_jobs.render import forecast as render
from iot_jobs.render import plot
from iot_jobs.render.axis import Axis
from tests.cases import not_installed
from tests.commands import EXAMPLE, write
from tests.test_cli import GOOD
from tests.test_forecast import FAILED, abort, constant, retry, template

ENVIRONMENT = "stacks/environments/dev.yaml"
ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests/examples/forecast"
FLEET = "things: 100, run_time_minutes: 2, failure_rate: 0.1"
FAMILY = """\
description: Reboot a device
document: reboot.json
rollout:
  maximum_per_minute: 20
  exponential_rate:
    base_rate_per_minute: 10
    increment_factor: 1.5
    rate_increase_criteria: {number_of_notified_things: 50}
abort:
  criteria:
    - {failure_type: FAILED, threshold_percentage: 20, min_number_of_executed_things: 20}
"""
PROPERTIES = {
    "JobTemplateId": "update",
    "Description": "Update",
    "Document": '{"operation":"update.sh"}',
    "JobExecutionsRolloutConfig": {"MaximumPerMinute": 10},
}


def run(*arguments: str) -> Result:
    """The result of a command, for a start in 2026 unless stated. What it raises, other than its exit, is raised here."""
    if "--start" not in arguments and "--help" not in arguments:
        arguments = (*arguments, "--start", "2026-01-01T00:00")
    return CliRunner().invoke(main, ["forecast", *arguments], catch_exceptions=False, prog_name="iot-jobs")


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application with two families, which is the working directory."""
    files = GOOD | {
        "stacks/templates/reboot.yaml": FAMILY,
        "stacks/templates/all-at-once.yaml": FAMILY.partition("rollout:")[0],
        ENVIRONMENT: GOOD[ENVIRONMENT].replace("things: 50", FLEET) + "  all-at-once: {}\n",
        "stacks/environments/other.yaml": GOOD[ENVIRONMENT].replace("dev", "other"),
        "template.json": json.dumps({"Resources": {"A": {"Type": "AWS::IoT::JobTemplate", "Properties": PROPERTIES},
            "B": {"Type": "AWS::IoT::JobTemplate", "Properties": PROPERTIES | {
                "JobTemplateId": "later", "JobExecutionsRolloutConfig": {"MaximumPerMinute": {"Ref": "Rate"}}}}}}),
        "properties.json": json.dumps(PROPERTIES),
        "wrong.json": json.dumps(PROPERTIES | {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 0}}),
        "other.json": "{}",
    }  # fmt: skip
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_template(application: Path) -> None:
    """One template in full: the picture, the minutes, the facts, the blast radius, what was assumed and what not."""
    result = run(ENVIRONMENT, "reboot")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (EXAMPLES / "reboot.txt").read_text()


def test_all_templates(application: Path) -> None:
    """Without a template there is a table, with a line for each of the environment's."""
    result = run(ENVIRONMENT)
    assert (result.exit_code, result.stderr) == (0, "")
    table = result.stdout.partition("\nAssumed:")[0]
    assert [line.split() for line in table.splitlines() if "min" in line] == [
        ["reboot", "16.5", "%", "77.8", "%", "30", "at", "100", "%", "never", "8", "min", "100", "-"],
        ["all-at-once", "0", "%", "0", "%", "100", "at", "100", "%", "2", "min", "0", "min", "100", "-"],
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("things", [1, 100, 12_345_678])
def test_narrow_text(width: int, things: int) -> None:
    """In every width there are all the numbers of the widest text, and no line is longer than the terminal is wide."""
    found = forecast(template(rollout=constant(1000)), Assumptions(things=things), trials=2)
    widest, text = (render.text(render.Forecasts([found], several=False), columns) for columns in (300, width))
    assert max(map(len, text.splitlines())) <= width
    without_axis = (re.sub("(?m)^ +Thu 1 Jan 00:00.*", "", one) for one in (text, widest))
    numbers, expected = (set(re.findall("[0-9][0-9,.]*", one)) for one in without_axis)
    assert numbers == expected


NARROW = """\
reboot
  false aborts     16.5 %
  bad stopped      77.8 %
  harmed at worst  30 at 100 %
  done             never
  notified         8 min
  executions       100
  windows          -

all-at-once
  false aborts     0 %
  bad stopped      0 %
  harmed at worst  100 at 100 %
  done             2 min
  notified         0 min
  executions       100
  windows          -

Assumed:
"""


def test_all_templates_in_a_narrow_terminal(application: Path) -> None:
    """A terminal with too few columns for the table has a block for each template."""
    found = [forecasting.forecast(one.spec, selection.assumptions(one, {})) for one in
             selection.selected(Path(ENVIRONMENT))]  # fmt: skip
    report = render.Forecasts(found, several=True)
    assert render.text(report, 60).startswith(NARROW)
    assert render.text(report, 100).startswith("template ")


def test_markdown(application: Path) -> None:
    """The same for a pull request."""
    result = run(ENVIRONMENT, "reboot", "--format", "markdown")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (EXAMPLES / "reboot.md").read_text()


MEMBERS = ["template", "risk", "starts", "assumptions", "notified", "done", "peak_rate_per_minute", "executions", "windows",
           "blast_radius", "smallest_stopping_failure_rate_percent", "timeline"]  # fmt: skip


def test_json(application: Path) -> None:
    """JSON has the members that are documented, and the numbers that the text has."""
    result = run(ENVIRONMENT, "reboot", "--format", "json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == MEMBERS
    assert found["template"] == "reboot"
    stated = {name: found["assumptions"][name] for name in ("things", "failure_rate", "run_time_minutes", "start")}
    assert stated == {"things": 100, "failure_rate": 0.1, "run_time_minutes": 2, "start": "2026-01-01T00:00"}
    assert found["notified"] == {"p50": 4, "p90": 7, "p100": 8}
    assert found["done"] == {"p50": 6, "p90": 9, "p100": 10}
    assert found["peak_rate_per_minute"] == 15
    assert found["executions"] == {"total": 100, "retries": 0}
    assert found["windows"] == {"used": 0, "last_close": None, "open": []}
    assert found["blast_radius"][-1] == {
        "failure_rate_percent": 100, "fires": True, "minute": 3, "notified": 30, "harmed": 20, "in_flight": 10,
        "harmed_final": 30,
    }  # fmt: skip
    assert found["smallest_stopping_failure_rate_percent"] == 11.12
    assert found["timeline"][0] == {
        "minute": 0, "rate": 10, "released": 10, "aborted": 0, "notified": 10, "canceled": 0, "retries": 0,
        "succeeded": 0, "failed": 0, "rejected": 0, "timed_out": 0, "harmed": 0, "done": 0, "queued": 0,
        "in_progress": 10,
    }  # fmt: skip
    assert [row["minute"] for row in found["timeline"]] == list(range(11))


def test_json_of_all(application: Path) -> None:
    """Several templates are members of a list."""
    found = json.loads(run(ENVIRONMENT, "--format", "json").stdout)
    assert [list(one) for one in found["forecasts"]] == [MEMBERS] * 2


def test_trials(application: Path) -> None:
    """Trials are added to the same JSON; the same seed gives the same, another seed something else."""
    arguments = (ENVIRONMENT, "reboot", "--format", "json", "--trials", "50")
    first, again, other = (json.loads(run(*arguments, *more).stdout) for more in ((), (), ("--seed", "1")))
    assert first == again
    assert first["trials"] != other["trials"]
    assert list(first) == [*MEMBERS, "trials"]
    assert (first["trials"]["trials"], first["trials"]["seed"]) == (50, 0)
    assert 0 < first["trials"]["aborted_percent"] < 50


OPTIONS: list[tuple[list[str], dict[str, Any]]] = [
    (["--things", "7"], {"things": 7}),
    (["--failure-rate", "0"], {"failure_rate": 0}),
    (["--reject-rate", "0.5"], {"reject_rate": 0.5}),
    (["--hang-rate", "0.25"], {"hang_rate": 0.25}),
    (["--offline-rate", "1"], {"offline_rate": 1}),
    (["--start-delay", "1.5"], {"start_delay_minutes": 1.5}),
    (["--run-time", "5:2"], {"run_time_minutes": "5:2"}),
    (["--run-time", "0"], {"run_time_minutes": 0}),
    (["--failure-time", "1:2"], {"failure_time_minutes": "1:2"}),
    (["--failure-time", "0"], {"failure_time_minutes": 0}),
    (["--run-time", "7"], {"run_time_minutes": 7, "failure_time_minutes": 7}),
    (["--failures-stick", "0.5"], {"failures_stick": 0.5}),
    (["--start", "2026-11-20T00:30"], {"start": "2026-11-20T00:30"}),
]


@pytest.mark.parametrize(("arguments", "expected"), OPTIONS)
def test_options(application: Path, arguments: list[str], expected: dict[str, Any]) -> None:
    """An option comes before what the fleet states, and the output repeats it; 0 is a value."""
    found = json.loads(run(ENVIRONMENT, "reboot", "--format", "json", *arguments).stdout)["assumptions"]
    assert found | expected == found


def test_cloudformation(application: Path) -> None:
    """A CloudFormation template is forecast too; what only CloudFormation knows is passed over with a word."""
    result = run("template.json", "--things", "35", "--format", "json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)["forecasts"]
    assert found["notified"] == {"p50": 1, "p90": 3, "p100": 3}
    assert result.stderr == "skipped later: rollout.maximum_per_minute is not known before deployment\n"


@pytest.mark.parametrize(
    ("form", "beginning"), [("text", "template "), ("json", '{\n  "forecasts": ['), ("markdown", "| template |")]
)
def test_one_forecast_of_several_templates(application: Path, form: str, beginning: str) -> None:
    """A file of several templates has the same form of report if only one of them can be forecast."""
    assert run("template.json", "--things", "35", "--format", form).stdout.startswith(beginning)


def test_the_end_of_an_id_may_be_left_out(application: Path) -> None:
    """The name that an id begins with selects a template too, because the id's end changes with each edit."""
    path = application / "template.json"
    path.write_text(path.read_text().replace('"update"', '"update-abcdefghij"'))
    for name in ("update", "update-abcdefghij"):
        found = json.loads(run("template.json", name, "--things", "35", "--format", "json").stdout)
        assert found["template"] == "update-abcdefghij"


@pytest.mark.parametrize("start", ["1969-12-31T23:59", "2200-01-01T00:00", "9999-12-31T23:59"])
def test_starts_without_cron(application: Path, start: str) -> None:
    """A start in a year for which there is no cron is refused."""
    result = run(ENVIRONMENT, "reboot", "--start", start)
    assert result.exit_code == 2
    assert "allowed  a time in the years 1970 to 2199" in result.stderr


WINDOW = 'maintenance_windows: [{start_time: "cron(30 5 ? * * *)", duration_in_minutes: 90}]'


def test_several_starts(application: Path) -> None:
    """In Python each template starts at its own first opening, and what isn't assumed of all is listed for each."""
    path = application / "stacks/templates/reboot.yaml"
    path.write_text(f"{path.read_text()}\n{WINDOW}\n")
    found = [forecast(one.spec, selection.assumptions(one, {})) for one in selection.selected(Path(ENVIRONMENT))]
    words = " ".join(render.text(render.Forecasts(found, several=True)).split())
    assert (
        "catch_up all, comparison >= - reboot: start 2026-01-01T05:30 - all-at-once: start 2026-01-01T00:00 -" in words
    )


def test_the_start_is_now(application: Path) -> None:
    """A job without a start is created now, in whole minutes of UTC."""
    before = datetime.now(UTC).replace(second=0, microsecond=0, tzinfo=None)
    done = CliRunner().invoke(main, ["forecast", ENVIRONMENT, "reboot", "--format", "json"], catch_exceptions=False)
    start = datetime.fromisoformat(json.loads(done.stdout)["assumptions"]["start"])
    assert before <= start <= before + timedelta(minutes=2)


def test_the_start_decides(application: Path) -> None:
    """With windows, text and JSON say from which start of a week a rollout is done soonest, and from which last."""
    path = application / "stacks/templates/reboot.yaml"
    path.write_text(f"{path.read_text()}\n{WINDOW}\n")
    found = json.loads(run(ENVIRONMENT, "reboot", "--format", "json").stdout)["starts"]
    # Done ten minutes after the opening, for which a job that is created at a close waits for 22 and a half hours.
    assert found == {
        "shortest": {"start": "2026-01-01T05:30", "minutes": 10},
        "longest": {"start": "2026-01-01T07:00", "minutes": 1360},
    }
    words = " ".join(run(ENVIRONMENT, "reboot").stdout.split())
    assert (
        "start: 10 min if the job is created at Thu 2026-01-01 05:30 UTC, 22 h 40 min if at Thu 2026-01-01 07:00 UTC"
        in words
    )


def test_properties(application: Path) -> None:
    """So are properties on their own."""
    result = run("properties.json", "update", "--things", "35", "--format", "json")
    assert json.loads(result.stdout)["notified"]["p100"] == 3


REFUSED: list[tuple[list[str], int, str]] = [
    (["properties.json"], 2, "skipped update: a file without an environment doesn't say how many things there are: add "
                             "--things\nError: there is nothing to forecast in properties.json\n"),
    ([ENVIRONMENT, "nothing"], 2, f"Error: there is no template nothing in {ENVIRONMENT}, only all-at-once, reboot\n"),
    (["stacks/templates/reboot.yaml"], 2,
     "Error: there is no template to forecast in stacks/templates/reboot.yaml; name an environment, a CloudFormation template or properties\n"),
    (["stacks"], 2, "Error: there is no template to forecast in stacks; name an environment, a CloudFormation template or properties\n"),
    (["other.json", "--things", "5"], 2,
     "Error: there is no template to forecast in other.json; name an environment, a CloudFormation template or properties\n"),
    ([ENVIRONMENT, "--plot", "all.svg"], 2, "Error: --plot draws one template: add TEMPLATE after FILE\n"),
    ([ENVIRONMENT, "reboot", "--plot", "nowhere/one.svg"], 2, "Error: nowhere/one.svg: No such file or directory\n"),
    (["wrong.json", "--things", "5"], 1, ""),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_refused(application: Path, arguments: list[str], code: int, words: str) -> None:
    """What can't be forecast ends with a line that says why; errors in the files are listed."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (code, words)
    assert result.stdout.startswith("wrong.json:1:") == (code == 1)


def test_wrong_option(application: Path) -> None:
    """An option out of its range is refused as the same value in a file would be."""
    result = run(ENVIRONMENT, "reboot", "--failure-rate", "1.5")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: error JT907 failure_rate\n  an assumed rate is a fraction from 0 to 1\n  given    1.5\n  allowed  0 to 1"
    )


@pytest.mark.e2e
@pytest.mark.parametrize(("missing", "arguments", "extra"), [
    ("numpy", ["forecast", ENVIRONMENT], "forecast"),
    ("rich", ["forecast", ENVIRONMENT], "forecast"),
    ("matplotlib", ["forecast", ENVIRONMENT, "reboot", "--plot", "a.svg"], "plot"),
])  # fmt: skip
def test_missing_library(application: Path, missing: str, arguments: list[str], extra: str) -> None:
    """Where a library isn't installed, one line says which extra has it."""
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom iot_jobs.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"Error: {not_installed(missing, extra)}\n"


@pytest.mark.e2e
def test_budget_without_numpy(application: Path) -> None:
    """A budget in an environment can't be checked without the extra, and is reported as skipped; other checks don't need it."""
    code = "import sys; sys.modules['numpy'] = None\nfrom iot_jobs.cli import main; main(['check', 'stacks'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    path = application / ENVIRONMENT
    path.write_text(path.read_text().replace("things: 100", "things: 100, max_harmed: 5"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert re.findall("JT[0-9]{3}", done.stdout) == ["JT255"]  # the rate can't rise on 100 things
    assert done.stderr.splitlines() == [
        "skipped the risk in environment dev: it needs the extra [forecast]",
        "3 checked, 0 errors, 1 warning, 1 skipped",
    ]


# The picture -----------------------------------------------------------------------------------------------------------

WINDOWS = [{"start_time": "cron(0 2 ? * * *)", "duration_in_minutes": 90}]
LONG = template(rollout=constant(7), maintenance_windows=WINDOWS, retry=retry(FAILED=2))
BAD = template(rollout=constant(10), abort=abort((FAILED, 5, 20)))


def test_picture(application: Path) -> None:
    """The file is complete and well-formed, and there is no other file beside it."""
    assert run(ENVIRONMENT, "reboot", "--plot", "reboot.svg").exit_code == 0
    assert [path.name for path in application.glob("*.svg*")] == ["reboot.svg"]
    root = ET.fromstring((application / "reboot.svg").read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"notified", "in progress", "succeeded", "failed", "rate", "90 % of rollouts"} <= words
    assert {"lines: expected values", "time since creation, dates in UTC", "Thu 1 Jan 00:00", "10 min"} <= words
    assert "reboot: 100 things, from 2026-01-01T00:00 UTC" in words


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", b"<?xml"), ("a.png", PNG_SIGNATURE), ("a.b.PNG", PNG_SIGNATURE)]
)
def test_endings_of_pictures(application: Path, name: str, begins: bytes) -> None:
    """The end of the file's name says what the picture is, and the same forecast gives the same bytes."""
    written = []
    for _ in range(2):
        assert run(ENVIRONMENT, "reboot", "--plot", name).exit_code == 0
        written.append((application / name).read_bytes())
    assert written[0].startswith(begins)
    assert written[0] == written[1]


@pytest.mark.parametrize("name", ["a.jpg", "a", ".png", "a.svgz", "a.png.txt"])
def test_unknown_endings_of_pictures(application: Path, name: str) -> None:
    """Another ending is refused with the two that there are, before any file is read."""
    (application / ENVIRONMENT).write_text("not read")
    result = run(ENVIRONMENT, "reboot", "--plot", name)
    assert (result.exit_code, result.stdout) == (2, "")
    message = f"Error: Invalid value for '--plot': '{name}' is neither an .svg nor a .png."
    assert result.stderr.splitlines()[-1] == message
    assert not (application / name).exists()


def test_picture_whatever_the_machine_prefers() -> None:
    """Settings of matplotlib that a user has made for other pictures change nothing."""
    found = forecast(BAD, Assumptions(things=100, failure_rate=0.1))
    pictures = plot.svg(found), plot.png(found)
    with mpl.rc_context({"axes.grid": True, "savefig.dpi": 30, "lines.linewidth": 7, "font.sans-serif": ["Nothing"]}):
        assert (plot.svg(found), plot.png(found)) == pictures


def test_dots_of_a_picture() -> None:
    """A PNG is as wide as it is meant to be, and says nothing of what drew it."""
    found = plot.png(forecast(BAD, Assumptions(things=100, failure_rate=0.1)))
    with Image.open(io.BytesIO(found)) as image:
        assert image.size == (9 * 160, int(4.2 * 160))
        assert list(image.info) == ["dpi"]


@pytest.mark.skipif(
    f"\nmatplotlib=={version('matplotlib')} " not in (ROOT / "requirements.txt").read_text(),
    reason="the picture in the docs was drawn with the matplotlib of requirements.txt",
)
def test_picture_in_the_docs(tmp_path: Path) -> None:
    """The picture in docs/forecast.md is the one that its words ask for, to the byte."""
    docs = Path(__file__).resolve().parent.parent / "docs"
    words = re.search(r"(?s)`firmware-update` of an\sexample,.*?\swith\s`([^`]*)`", (docs / "forecast.md").read_text())
    assert words
    arguments = [str(EXAMPLE / "stacks/environments/prod.yaml"), "firmware-update", *words[1].split()]
    assert run(*arguments, "--plot", str(tmp_path / "one.svg")).exit_code == 0
    assert (tmp_path / "one.svg").read_bytes() == (docs / "forecast.svg").read_bytes()


def test_picture_is_the_same_again() -> None:
    """The same forecast gives the same bytes: no date, no random ids."""
    one, two = (forecast(BAD, Assumptions(things=100, failure_rate=0.1)) for _ in range(2))
    assert plot.svg(one) == plot.svg(two)
    assert re.search(r"dc:date|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", plot.svg(one)) is None


@pytest.mark.slow
def test_picture_of_a_long_rollout_is_small() -> None:
    """Months of windows make no large file, and no font has to be installed."""
    found = forecast(LONG, Assumptions(things=30_000, failure_rate=0.2, run_time_minutes="5:2"))
    assert len(found.timeline) > 10_000
    text = plot.svg(found)
    assert len(text.encode()) < 100_000
    assert set(re.findall(r"font-family: ([^;\"]*)", text)) == {"sans-serif"}
    assert ">opening of the window, UTC; closed time is left out<" in text


def test_picture_keeps_the_steps() -> None:
    """Of a long rollout there are fewer steps in the picture, but no peak is lost, and each minute is in one of them.

    What is in progress is seen to end after a window has closed.
    """
    found = forecast(LONG, Assumptions(things=3000, run_time_minutes=12))
    axis = Axis(found.windows.open, found.last_minute, width=60, gap=4)
    edges = axis.edges()
    assert (edges[0], edges[-1], len(edges)) == (0, found.last_minute + 1, 61)
    assert len(found.timeline) > 400
    drawn = found.timeline.peaks("in_progress", list(pairwise(edges)))
    assert max(drawn) == max(row["in_progress"] for row in found.timeline)
    opens = [window.opens for window in found.windows.open]
    assert [window.closes - window.opens for window in found.windows.open] == [90] * 5
    assert [drawn[edges.index(minute) - 1] for minute in opens[1:]] == [0] * 4
    assert all(drawn[edges.index(minute)] > 0 for minute in opens)


def test_picture_marks_the_abort() -> None:
    """Where the expected run is aborted, the moment is marked."""
    found = forecast(BAD, Assumptions(things=100, failure_rate=0.1))
    assert found.timeline.aborted_minute == 6
    assert ">abort, minute 6<" in plot.svg(found)
    text = render.text(render.Forecasts([found], several=False))
    assert "^ expected values: abort in minute 6\n" in text
    assert "the abort criteria fire in minute 6 at the assumed rates, without a bad release" in text


def test_hard_names() -> None:
    """A name that could be markdown, HTML, mathematics or markup is only a name."""
    found = forecast(template(), Assumptions(things=3))
    object.__setattr__(found, "template", "a|b`<img>[red]@me $x$\n#1")
    one, several = render.Forecasts([found], several=False), render.Forecasts([found, found], several=True)
    assert "a\\|b\\`&lt;img&gt;\\[red\\]\\@me $x$\\\\u000a\\#1" in render.markdown(one)
    assert "a|b`<img>[red]@me $x$\\u000a#1" in render.text(one)
    assert "a|b`<img>[red]@me $x$\\u000a#1" in render.text(several)
    words = [element.text for element in ET.fromstring(plot.svg(found)).iter("{http://www.w3.org/2000/svg}text")]
    assert "a|b`<img>[red]@me $x$\\u000a#1: 3 things, from 2026-01-01T00:00 UTC" in words
