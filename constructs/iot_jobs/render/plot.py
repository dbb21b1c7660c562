"""A forecast as a picture: SVG or PNG, for a pull request. The same forecast gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.render.atomic import write_whole

with extra("plot"):
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

MOST_POINTS = 400
"""Maximum number of minutes drawn, so that the file stays small however long the rollout."""
MOST_WINDOWS = 300
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
    columns = forecast.timeline.thinned(MOST_POINTS)
    last = columns["minute"][-1] + 1
    columns = {name: [*values, values[-1]] for name, values in columns.items()} | {"minute": [*columns["minute"], last]}
    unit, scale = ("hours", 60) if last >= 600 else ("minutes", 1)
    times = [minute / scale for minute in columns["minute"]]
    figure = Figure(figsize=(9, 4.2), facecolor=_GROUND, layout="constrained", dpi=DOTS_PER_INCH)
    axes = figure.add_subplot(facecolor=_GROUND)
    rate = axes.twinx()
    axes.set_zorder(rate.get_zorder() + 1)
    axes.patch.set_visible(False)
    if forecast.windows.used:
        for index, (opens, closes) in enumerate(forecast.timeline.open_spans()[:MOST_WINDOWS]):
            label = "_" if index else "window"
            rate.axvspan(opens / scale, closes / scale, color="#ddf4ff", linewidth=0, zorder=0, label=label)
    rate.step(times, columns["rate"], where="post", color="#8c959f", linewidth=0.9, label="rate", zorder=1)
    for label, name, color, style in _LINES:
        axes.step(times, columns[name], where="post", color=color, linewidth=1.8, linestyle=style, label=label)
    stopped = forecast.timeline.aborted_minute
    if stopped is not None:
        axes.axvline(stopped / scale, color=_INK, linestyle=":", linewidth=1.4, label=f"abort, minute {stopped}")
    axes.set_xlim(0, max(last / scale, 1))
    axes.set_ylim(bottom=0)
    rate.set_ylim(bottom=0, top=1.25 * max(*columns["rate"], 1))
    axes.set_xlabel(f"{unit} since creation")
    axes.set_ylabel("things, executions")
    rate.set_ylabel("things per minute")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    for spines in (axes.spines, rate.spines):
        spines["top"].set_visible(False)
    axes.grid(axis="y", color="#d0d7de", linewidth=0.6)
    axes.set_title(
        f"{one_line(forecast.template)}: {forecast.assumptions['things']:,} things, from "
        f"{forecast.assumptions['start']} UTC",
        loc="left",
        fontsize=11,
    )
    left, right = (side.get_legend_handles_labels() for side in (axes, rate))
    figure.legend(left[0] + right[0], left[1] + right[1], loc="outside lower left", ncols=7, frameon=False, fontsize=9)
    return figure
