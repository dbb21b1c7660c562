"""The picture of a forecast in the terminal and as SVG: closed time, dates, the band, the rollouts that are stopped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from iot_jobs.forecast import Assumptions, Forecast, forecast
from iot_jobs.render import plot
from iot_jobs.render.picture import picture
from tests.test_forecast import abort, constant, template

NIGHTS = {"maintenance_windows": [{"start_time": "cron(0 1 ? * TUE-THU *)", "duration_in_minutes": 240}]}


def forecasted(*, risk: bool = True, rate: int = 100, parts: dict[str, Any] | None = None, **assumed: Any) -> Forecast:
    given = Assumptions(**{"things": 60_000, "run_time_minutes": 12, **assumed})
    return forecast(template(rollout=constant(rate), **(parts or {})), given, with_risk=risk)


WEEKEND = """\
Expected values (p5 to p95: 90 % of rollouts; ┊: no window open):
notified    ▁▁▁▁▂▂▂▂▃▃▃▃▃▄▄▄▄▅▅▅▅┊▆▆▆▆▆▇▇▇▇▇██████  up to 40,000
in progress █████████████████████┊███████████████▇  up to 1,200
succeeded    ▁▁▁▁▂▂▂▂▃▃▃▃▃▄▄▄▄▅▅▅┊▅▅▆▆▆▆▇▇▇▇▇█████  up to 40,000
failed                           ┊                  up to 0
            Thu 1 Jan 01:00       Tue 6 Jan 01:00
"""


def test_closed_time_is_a_gap() -> None:
    """The ramp has the width of the open time, and the weekend none; each window has its date."""
    assert picture(forecasted(things=40_000, parts=NIGHTS), 66) == WEEKEND


def test_created_in_closed_time() -> None:
    """Before the first window there is a gap too, and the first date is that of its opening."""
    found = picture(forecasted(things=24_000, parts=NIGHTS, start="2026-01-02T12:00"), 66).splitlines()
    assert found[1][12:15] == "┊▁▁"
    assert found[-1].index("Tue 6 Jan 01:00") == 13


@pytest.mark.parametrize(("rate", "things"), [(100, 40_000), (700, 40_000), (5, 20_000)])
def test_width(rate: int, things: int) -> None:
    """No line is wider than the terminal; of 17 windows as of one, all bars are as long, with the same gaps."""
    found = forecasted(rate=rate, things=things, parts=NIGHTS, failure_rate=0.01)
    for width in (60, 80, 100, 200):
        lines = picture(found, width).splitlines()
        assert max(map(len, lines)) <= width
        bars = [line for line in lines if " up to " in line]
        assert len(bars) >= 4
        assert len({line.index(" up to ") for line in bars}) == 1
        assert len({re.sub("[^┊]", " ", line[12 : line.index(" up to ")]) for line in bars}) == 1


def test_more_gaps_than_letters() -> None:
    """Where windows are too many for a mark each, one sentence says what is left out."""
    found = " ".join(picture(forecasted(rate=5, parts=NIGHTS, risk=False), 80).split())
    assert found.startswith("Expected values (closed time is left out):")
    assert "┊" not in found


def test_no_risk() -> None:
    """Without random rollouts there is no band, and nothing is said of one."""
    found = picture(forecasted(risk=False, failure_rate=0.1), 80)
    assert found.startswith("Expected values:\n")
    assert not re.search(r"\bp5|p95|rollouts", found)
    assert "90 % of rollouts" not in plot.svg(forecasted(risk=False))


def test_band_only_where_it_is_seen() -> None:
    """What is the same in 90 % of rollouts has no lines of its own; where it isn't, both are there, to one scale."""
    found = picture(forecasted(failure_rate=0.01), 80)
    rows = [line[:12].strip() for line in found.splitlines()[1:-1]]
    assert rows == ["notified", "in progress", "succeeded", "failed", "p95", "p5"]
    most = [int(number.replace(",", "")) for number in re.findall("up to ([0-9,]+)", found)[-3:]]
    assert most[2] < most[0] == 600 < most[1]


@pytest.mark.parametrize(("things", "highest"), [(4, "under 1"), (5, "under 1"), (6, "up to 1")])
def test_whole_devices(things: int, highest: str) -> None:
    """An expected part of a device is never shown as one."""
    line = next(
        line for line in picture(forecasted(things=things, failure_rate=0.1), 80).splitlines() if "failed" in line
    )
    assert line.endswith(highest)


STOPPED = abort(("FAILED", 4, 200))


def test_share_of_rollouts_that_are_stopped() -> None:
    """Where half of them are, the picture says in how many rollouts it happens; expected values say never."""
    found = forecasted(parts={"abort": STOPPED}, failure_rate=0.03)
    assert found.timeline.aborted_minute is None
    assert found.risk is not None
    healthy = found.risk.healthy
    words = f"stopped in {healthy.aborted_percent:g} % of rollouts"
    (line,) = [line for line in picture(found, 80).splitlines() if "stopped" in line]
    assert line.strip() == f"^ {words}"
    assert line.index("^") == 12 + int(healthy.aborted_minute or 0) * 52 // (found.last_minute + 1)
    assert f">{words}<" in plot.svg(found)
    assert ">abort, minute" not in plot.svg(found)


def test_nothing_stopped() -> None:
    """Where no rollout is stopped, nothing is marked."""
    found = forecasted(parts={"abort": STOPPED})
    assert "^" not in picture(found, 80)
    assert "stopped" not in plot.svg(found)


def test_stopped_late() -> None:
    """Words that would be too far to the right are to the left of their mark, and lines stay within the width."""
    # One thing a minute: the last thing to end is one of the first 100.
    found = forecasted(parts={"abort": abort(("FAILED", 1, 95))}, rate=1, things=100, failure_rate=0.5)
    lines = [line for line in picture(found, 60).splitlines() if "^" in line]
    assert [line.strip() for line in lines] == [
        "stopped in 100 % of rollouts ^",
        "expected values: abort in minute 106 ^",
    ]
    assert len({line.index("^") for line in lines}) == 1
    assert max(map(len, lines)) <= 60


def words(found: Forecast) -> list[str]:
    root = ET.fromstring(plot.svg(found))
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_words_of_a_plot() -> None:
    """The gap has its length, each window its date, and the legend says what lines and areas are."""
    found = words(forecasted(things=40_000, parts=NIGHTS))
    assert {"Thu 1 Jan 01:00", "Tue 6 Jan 01:00", "closed 4 d 20 h", "90 % of rollouts", "no window open",
            "lines: expected values", "opening of the window, UTC; closed time is left out"} <= set(found)  # fmt: skip


def test_gaps_of_a_plot() -> None:
    """Only as many gaps have their length as there is room for."""
    for nights, labelled in ((13, 12), (14, 0)):
        found = words(forecasted(things=5 * 240 * nights, rate=5, run_time_minutes=1, parts=NIGHTS, risk=False))
        assert len([text for text in found if text.startswith("closed ")]) == labelled


@pytest.mark.parametrize("things", [1, 2, 3, 5, 11])
def test_whole_ticks(things: int) -> None:
    """Neither axis has a part of a device, or one number twice."""
    found = forecasted(things=things, rate=1, failure_rate=0.4)
    numbers = [text for text in words(found) if re.fullmatch("[0-9,.]+", text)]
    assert all(re.fullmatch("[0-9]+", text) for text in numbers)
    assert numbers.count("0") == 2
    assert all(numbers.count(text) <= 2 for text in numbers)
