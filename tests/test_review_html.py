"""The review as a page: whole pages, well formed and closed in themselves, whatever templates hold."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from iot_jobs.cli import main
from iot_jobs.finding import one_line
from iot_jobs.forecast import Assumptions, forecast
from iot_jobs.render import review_chart as chart
from iot_jobs.render import review_words as words
from iot_jobs.render.atomic import write_whole
from iot_jobs.render.review_html import MOST_OPEN, page
from iot_jobs.review import Review
from tests.review_pages import LONG, MARKUP, PAGES, many, one_change, placed, several, spec
from tests.review_pages import compared as between

TIMES = "\u00d7"
VOID = {"meta", "img", "br", "hr", "link", "input", "wbr"}
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "footer", "h1", "h2",
    "h3", "h4", "p", "a", "b", "strong", "span", "code", "ul", "li", "dl", "div", "dt", "dd", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption", "svg", "desc", "text", "path",
    "polyline", "circle", "wbr",
}  # fmt: skip


class PageExtension(SingleFileSnapshotExtension):
    """A page in a file of its own, which a browser opens."""

    file_extension = "html"
    _write_mode = WriteMode.TEXT


class Parsed(HTMLParser):
    """A page's elements with their attributes; tags that don't match fail."""

    def __init__(self, found: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: dict[str, list[str]] = {}
        self.read: list[str] = []
        self.feed(found)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        here = self.open[-1] if self.open else ""
        self.words.setdefault(here, []).append(data)
        if here != "style":
            self.read.append(data)

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]

    def text(self) -> str:
        """All that is read, on one line."""
        return " ".join("".join(self.read).split())


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, snapshot: SnapshotAssertion) -> None:
    """Each kind of review, as a whole page."""
    assert page(PAGES[name]()) == snapshot(extension_class=PageExtension)


@pytest.mark.parametrize("name", [*PAGES, "many"])
def test_well_formed(name: str) -> None:
    """Tags match, ids are there once, every link and reference leads to one of them, and nothing leads out."""
    parsed = Parsed(page({**PAGES, "many": many}[name]()))
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))
    assert all(href.startswith("#") and href[1:] in ids for href in parsed.values("href"))
    assert {key for keys in parsed.values("aria-labelledby") for key in keys.split()} <= set(ids)
    labels = parsed.values("aria-label")
    assert len(labels) == len(set(labels))
    assert parsed.values("src") == parsed.values("style") == parsed.values("xlink:href") == []
    assert {tag for tag, _ in parsed.elements} <= ELEMENTS
    assert all(not name.startswith("on") for _, attributes in parsed.elements for name in attributes)


def test_the_policy_allows_its_own_style_alone() -> None:
    """Even a script that got into the page would not run, and nothing would be fetched."""
    (policy,) = (
        attributes["content"]
        for tag, attributes in Parsed(page(one_change())).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'", policy or ""
    )


def test_hostile_content_is_text() -> None:
    """What a template holds is shown as it is and never becomes an element; what can't be seen is an escape."""
    found = page(PAGES["hostile"]())
    parsed = Parsed(found)
    assert "<script" not in found
    assert "\u202e" not in found
    assert one_line(MARKUP) in parsed.words["code"]
    assert LONG in parsed.words["code"]


@pytest.mark.parametrize("name", [name for name in PAGES if name != "nothing"])
def test_same_content_as_the_text(name: str) -> None:
    """The page has all that the text says: verdict, changes with their reasons, traps, figures and deployment."""
    review = PAGES[name]()
    shown = Parsed(page(review).replace("<wbr>", "")).text()
    assert words.counted(review) in shown
    for one in review.templates:
        wanted = [one_line(one.stack), one_line(one.name), one.fate, words.verdict(one.verdict)]
        wanted += [part for change in one.changes for part in (one_line(change.path), one_line(change.reason))]
        wanted += [side for _, *sides, _ in words.compared(one) for side in sides if side is not None]
        wanted += [f"{TIMES} {factor}" for *_, factor in words.compared(one) if factor is not None]
        deployment = (line.replace(" -> ", " → to ") for line in words.deployment_lines(one))
        wanted += map(words.capital, (*deployment, *words.reasons(one), *words.assumed([one])))
        wanted += [one_line(words) for words in (one.deploy.blocked, one.consequence_reason) if words is not None]
        assert [words for words in wanted if " ".join(words.split()) not in shown] == []


def test_same_bytes() -> None:
    """The same review gives the same page."""
    assert page(several()) == page(several())


@pytest.mark.parametrize(("count", "folded"), [(1, 0), (MOST_OPEN, 0), (MOST_OPEN + 1, MOST_OPEN + 1)])
def test_folded(count: int, folded: int) -> None:
    """A few templates are there at once; more of them are folded."""
    assert page(many(count)).count("<details>") == folded


def test_many_templates_stay_small() -> None:
    """Many templates, each with two forecasts, make a page that can still be attached: 15 KB for each."""
    assert len(page(many(40)).encode()) < 600_000


def forecasts(review: Review) -> Iterator[dict[str, Any]]:
    """Both sides of each template that has a forecast."""
    for one in review.templates:
        if one.consequence is not None:
            sides = {"before": one.consequence.before.forecast, "after": one.consequence.after.forecast}
            yield {which: side for which, side in sides.items() if side is not None}


def test_a_plot_where_the_forecast_differs() -> None:
    """A new description or a timeout that nobody meets changes no plot, so that none is drawn."""
    drawn = ["<figure>" in page(Review("a", "b", (one,))) for one in several().templates]
    assert drawn == [True, True, True, False, True, False]
    assert [chart.same(sides) for sides in forecasts(several())] == [False, False, False, True, False, True]


def points(drawn: str, which: str) -> list[list[tuple[float, float]]]:
    """The lines of a side, panel by panel."""
    lines = re.findall(rf'<polyline class="{which}" points="([^"]*)"', drawn)
    return [[(float(x), float(y)) for x, y in (point.split(",") for point in line.split())] for line in lines]


def test_both_sides_on_one_scale() -> None:
    """The longer side ends at the right, the other where it is done, both at the top; lines never go back or down."""
    (sides,) = forecasts(one_change())
    drawn = chart.panels(sides, prefix="p", name="reboot")
    for before, after in zip(points(drawn, "before"), points(drawn, "after"), strict=True):
        assert (before[0], after[0]) == ((3, 146), (3, 146))
        assert (before[-1], after[-1]) == ((317, 44), (round(3 + 314 * 55 / 105, 1), 44))
        for line in (before, after):
            assert line == sorted(line, key=lambda point: (point[0], -point[1]))
            assert len(line) <= chart.MOST_POINTS + 1


def test_words_of_a_plot() -> None:
    """Who can't see the plot hears when half, nearly all and all are reached, and of the abort."""
    (sides,) = forecasts(one_change())
    assert re.findall("<desc[^>]*>(.*?)</desc>", chart.panels(sides, prefix="p", name="a")) == [
        "before half after 49 min, 90 % after 1 h 29 min, all after 1 h 39 min; "
        "after half after 24 min, 90 % after 44 min, all after 49 min",
        "before half after 54 min, 90 % after 1 h 34 min, all after 1 h 44 min; "
        "after half after 29 min, 90 % after 49 min, all after 54 min",
    ]
    staging = list(forecasts(several()))[4]
    assert "all never, aborted after 6 min; after half never" in chart.panels(staging, prefix="p", name="a")


def test_abort_and_windows() -> None:
    """The abort is a line in both panels and named below; windows are bars below the axis, where there are any."""
    reboot, _, windowed, _, stopped, _ = forecasts(several())
    assert 'class="abort' not in chart.panels(reboot, prefix="p", name="a")
    assert 'class="window' not in chart.panels(reboot, prefix="p", name="a")
    assert re.findall(r"</svg>([^<]*)<", chart.legend(reboot)) == ["before", "after"]
    drawn = chart.panels(stopped, prefix="p", name="a")
    assert [drawn.count(f'class="abort {which}"') for which in ("before", "after")] == [2, 2]
    named = ["before", "after", "abort, before: 6 min", "abort, after: 7 min"]
    assert re.findall(r"</svg>([^<]*)<", chart.legend(stopped)) == named
    windows = chart.panels(windowed, prefix="p", name="a")
    bars = [re.findall(rf'class="window {which}" d="([^"]*)"', windows)[0].count("M") for which in ("before", "after")]
    assert bars == [side.windows.used for side in windowed.values()]
    assert windows.count('class="grid"') == 2 * (
        2 + 7
    )  # in each panel two levels, and the time before each of seven windows
    named = ["before", "after", "windows open, before", "windows open, after", "closed time is left out"]
    assert re.findall(r"</svg>([^<]*)<", chart.legend(windowed)) == named


@pytest.mark.parametrize("things", [1, 2, 1_000_000])
@pytest.mark.parametrize("rate", [1, 1000])
def test_plots_of_any_length(things: int, rate: int) -> None:
    """From one minute to years: the axis has at most five marks, and every line stays within the panel."""
    rates = {"before": rate, "after": 2 if rate == 1 else 500}
    sides = {
        which: forecast(spec(rate=rate), Assumptions(things=things), with_risk=False) for which, rate in rates.items()
    }
    drawn = chart.panels(sides, prefix="p", name="a")
    assert 1 <= drawn.count('v4"') / 2 <= 5
    for line in (*points(drawn, "before"), *points(drawn, "after")):
        assert all(3 <= x <= 317 and 44 <= y <= 146 for x, y in line)


def files(folder: Path, *rates: int) -> list[str]:
    """CloudFormation templates with a job template each."""
    names = []
    for number, rate in enumerate(rates):
        path = folder / f"{number}.json"
        path.write_text(
            '{"Resources": {"T": {"Type": "AWS::IoT::JobTemplate", "Properties": {"Description": "d", "Document": "{}", '
            f'"JobTemplateId": "t-{number}", "JobExecutionsRolloutConfig": {{"MaximumPerMinute": {rate}}}}}}}}}}}'
        )
        names.append(str(path))
    return names


def run(*arguments: str) -> Result:
    """The command, with its exit code and both streams."""
    return CliRunner().invoke(main, ["review", *arguments])


def test_the_command_writes_it(tmp_path: Path) -> None:
    """The page goes to the file and the report to stdout; no temporary file is left."""
    sides = files(tmp_path, 100, 200)
    target = tmp_path / "review.html"
    target.write_text("old")
    plain, done = (
        run(*sides, "--things", "50"),
        run(*sides, "--things", "50", "--html", str(target), "--fail-on", "any"),
    )
    assert (done.exit_code, done.stdout, done.stderr) == (1, plain.stdout, plain.stderr)
    assert "<h1 " in target.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.json", "1.json", "review.html"]


def test_nothing_changed(tmp_path: Path) -> None:
    """A page is written too, so that nobody reads an old one."""
    (side,) = files(tmp_path, 100)
    done = run(side, side, "--html", str(tmp_path / "review.html"))
    assert (done.exit_code, done.stdout) == (0, "nothing changed\n")
    assert "<h1>Nothing changed</h1>" in (tmp_path / "review.html").read_text()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """One line, exit code 2, no report on stdout, and nothing half-written."""
    sides = files(tmp_path, 100, 200)
    target = tmp_path / "nowhere" / "review.html"
    done = run(*sides, "--html", str(target))
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"Error: {target}: No such file or directory\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.json", "1.json"]


def test_no_plotting_library(tmp_path: Path) -> None:
    """The page needs what the review needs, and no more."""
    sides, target = files(tmp_path, 100, 200), tmp_path / "review.html"
    code = (
        "import sys; sys.modules['matplotlib'] = sys.modules['rich'] = None\n"
        f"from iot_jobs.cli import main; main({['review', *sides, '--things', '5000', '--html', str(target)]!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "<figure>" in target.read_text()


def test_a_hostile_name_in_a_plot() -> None:
    """The text alternative of a plot holds the template's name as text."""
    name = '</title><script>x</script>&"\n'
    before, after = (dataclasses.replace(placed(spec(rate=rate)), name=name) for rate in (100, 200))
    shown = Parsed(page(between([before], [after])))
    assert "script" not in [tag for tag, _ in shown.elements]
    assert any(one_line(name) in words for words in shown.words["title"])


def test_written_whole(tmp_path: Path) -> None:
    """A file comes with the usual rights, through a link, under any name; what is no file is written into."""
    mask = os.umask(0o077)
    try:
        target, link, pipe = tmp_path / ("日" * 80 + ".html"), tmp_path / "link", tmp_path / "pipe"
        write_whole("a", target)
        link.symlink_to(target)
        write_whole("b\n", link)
        assert (target.read_bytes(), link.is_symlink(), target.stat().st_mode & 0o777) == (b"b\n", True, 0o600)
        os.mkfifo(pipe)
        with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
            write_whole("c", pipe)
            assert reader.communicate(timeout=10)[0] == b"c"
        assert pipe.is_fifo()
        (tmp_path / "folder").mkdir()
        for nowhere in (tmp_path / "folder", tmp_path / "none" / "x"):
            with pytest.raises(OSError, match=r"folder|none"):
                write_whole("d", nowhere)
        with pytest.raises(UnicodeEncodeError):
            write_whole("\ud800", target)
    finally:
        os.umask(mask)
    assert target.read_bytes() == b"b\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "pipe", target.name]
