"""A forecast as a picture: SVG or PNG, for a pull request. The same forecast gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.render.atomic import write_whole
from iot_jobs.render.axis import Axis
from iot_jobs.render.numbers import duration

with extra("plot"):
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

MOST_MOMENTS = 150
"""Maximum number of corners of a band's edge, so that the file stays small however long the rollout."""
DOTS_PER_INCH = 160
"""Resolution of a PNG, sharp on screens with two dots for each of the page's."""

# The background is opaque, because the page around an SVG may be light or dark.
_GROUND, _INK, _PALE = "#ffffff", "#24292f", "#57606a"
# The line styles differ as well, for readers who can't see the colors.
_LINES = (
    ("notified", "notified", "#0969da", "-"),
    ("in progress", "in_progress", "#9a6700", "-."),
    ("succeeded", "succeeded", "#1a7f37", "--"),
    ("failed", "failed", "#cf222e", "-"),
)
_BANDS = ("notified", "succeeded", "failed")
_WIDTH, _GAP, _LETTER = 400, 6, 5
"""Units of the time axis, of a gap in it, and of a letter below it. A line has at most a step for each unit."""
_MOST_LABELLED = 12
"""Gaps that are wide enough for a label, if there are no more."""
_SETTINGS: Any = {
    "svg.hashsalt": "iot-jobs",
    "svg.fonttype": "none",  # text stays text, in the reader's own sans-serif
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _PALE,
    "axes.labelcolor": _INK,
    "xtick.color": _PALE,
    "ytick.color": _PALE,
    "text.parse_math": False,  # a dollar sign in a name is one
}


def svg(forecast: Forecast) -> str:
    """Return things notified and in progress, executions that succeeded and failed, and the rate on a second axis."""
    with _settings():
        written = io.StringIO()
        canvas: Any = FigureCanvasSVG(_figure(forecast))
        canvas.print_svg(written, metadata={"Date": None, "Creator": "iot-jobs", "Title": one_line(forecast.template)})
    # Any sans-serif will do: matplotlib would list the fonts that it knows.
    return re.sub(r"font-family: [^;\"]*", "font-family: sans-serif", written.getvalue())


def png(forecast: Forecast) -> bytes:
    """Return the same picture as a PNG."""
    with _settings():
        written = io.BytesIO()
        canvas: Any = FigureCanvasAgg(_figure(forecast))
        canvas.print_png(written, metadata={"Software": None})
    return written.getvalue()


FORMATS: Mapping[str, Callable[[Forecast], str | bytes]] = {".svg": svg, ".png": png}
"""The function that draws a picture, by its file's suffix."""


def write(forecast: Forecast, path: Path) -> None:
    """Write the picture in the format of the file's suffix, one of `FORMATS`. Raises `OSError`."""
    write_whole(FORMATS[path.suffix.lower()](forecast), path)


@contextmanager
def _settings() -> Iterator[None]:
    """Use our settings over matplotlib's defaults, because those of this machine would change the picture."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def _figure(forecast: Forecast) -> Figure:
    axis = Axis(forecast.windows.open, forecast.last_minute, width=_WIDTH, gap=_GAP)
    figure = Figure(figsize=(9, 4.2), facecolor=_GROUND, layout="constrained", dpi=DOTS_PER_INCH)
    axes = figure.add_subplot(facecolor=_GROUND)
    rate = axes.twinx()
    axes.set_zorder(rate.get_zorder() + 1)
    axes.patch.set_visible(False)
    _draw_lines(forecast, axis, axes, rate)
    bands = _draw_bands(forecast, axis, axes)
    gaps = _draw_gaps(axis, rate)
    _draw_aborts(forecast, axis, axes)
    ticks = axis.ticks(forecast.start, letter=_LETTER, limit=_WIDTH + 8 * _LETTER)
    axes.set_xticks([tick.at for tick in ticks], [tick.label for tick in ticks])
    axes.set_xlim(0, _WIDTH)
    axes.set_xlabel(
        "opening of the window, UTC; closed time is left out" if axis.closed else "time since creation, dates in UTC"
    )
    axes.set_ylabel("things, executions")
    rate.set_ylabel("things per minute")
    for side in (axes, rate):
        side.yaxis.set_major_locator(MaxNLocator(integer=True, steps=(1, 2, 5, 10)))
        side.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        side.spines["top"].set_visible(False)
    axes.grid(axis="y", color="#d0d7de", linewidth=0.6)
    axes.set_title(
        f"{one_line(forecast.template)}: {forecast.assumptions['things']:,} things, from "
        f"{forecast.assumptions['start']} UTC",
        loc="left",
        fontsize=11,
    )
    handles = [*axes.get_legend_handles_labels()[0], *rate.get_legend_handles_labels()[0], *bands, *gaps]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=8, frameon=False, fontsize=9, alignment="left",
        title="lines: expected values", title_fontsize=9,
    )  # fmt: skip
    return figure


def _draw_lines(forecast: Forecast, axis: Axis, axes: Axes, rate: Axes) -> None:
    """Draw the expected values, in whole things and executions."""
    edges = axis.edges()
    places = [axis.at(edge) for edge in edges]
    drawn = {}
    for name in ("rate", *(name for _, name, *_ in _LINES)):
        steps = [round(peak) for peak in forecast.timeline.peaks(name, list(pairwise(edges)))]
        drawn[name] = [*steps, steps[-1]]
    rate.step(places, drawn["rate"], where="post", color="#8c959f", linewidth=0.9, label="rate", zorder=1)
    for label, name, color, style in _LINES:
        axes.step(places, drawn[name], where="post", color=color, linewidth=1.8, linestyle=style, label=label)
    axes.set_ylim(bottom=0)
    rate.set_ylim(bottom=0, top=1.25 * max(*drawn["rate"], 1))


def _draw_bands(forecast: Forecast, axis: Axis, axes: Axes) -> list[Patch]:
    """Draw the bands of the rollouts drawn at random, and return their entry in the legend."""
    if forecast.risk is None:
        return []
    course = forecast.risk.healthy.course
    every = -(-len(course) // MOST_MOMENTS)
    step: Literal["post"] | None = "post" if every == 1 else None  # steps of a longer course are too small to see
    moments = [*course[::every], course[-1]]
    places = [*(axis.at(moment.minute) for moment in moments), _WIDTH]
    for _, name, color, _ in _LINES:
        if name in _BANDS:
            bands = [getattr(moment, name) for moment in [*moments, moments[-1]]]
            low, high = ([getattr(band, share) for band in bands] for share in ("p5", "p95"))
            axes.fill_between(places, low, high, step=step, color=color, alpha=0.2, linewidth=0)
    return [Patch(color=_PALE, alpha=0.25, linewidth=0, label="90 % of rollouts")]


def _draw_gaps(axis: Axis, axes: Axes) -> list[Patch]:
    """Draw the time without a window, with its length if there is room, and return its entry in the legend."""
    style: Any = {"facecolor": "#f6f8fa", "edgecolor": "#8c959f", "hatch": "////", "linewidth": 0}
    gaps = axis.closed if axis.gap else []
    for gap in gaps:
        axes.axvspan(gap.left, gap.right, zorder=0, **style)
        if len(gaps) <= _MOST_LABELLED:
            axes.text(
                (gap.left + gap.right) / 2, 0.98, f"closed {duration(gap.high - gap.low)}", rotation=90, ha="center",
                va="top", fontsize=7, color=_PALE, transform=axes.get_xaxis_transform(),
                bbox={"facecolor": _GROUND, "linewidth": 0, "pad": 1},
            )  # fmt: skip
    return [Patch(label="no window open", **style)] if gaps else []


def _draw_aborts(forecast: Forecast, axis: Axis, axes: Axes) -> None:
    stopped = forecast.timeline.aborted_minute
    if stopped is not None:
        axes.axvline(axis.at(stopped), color=_INK, linestyle=":", linewidth=1.4, label=f"abort, minute {stopped:,}")
    healthy = forecast.risk and forecast.risk.healthy
    if healthy and healthy.aborted_minute is not None:
        place = axis.at(healthy.aborted_minute)
        axes.axvline(place, color=_PALE, linestyle="--", linewidth=1)
        right = place > _WIDTH / 2
        axes.annotate(
            f"stopped in {healthy.aborted_percent:g} % of rollouts", (place, 0.98), (-4 if right else 4, 0),
            xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="right" if right else "left", va="top",
            fontsize=9, color=_INK,
        )  # fmt: skip
