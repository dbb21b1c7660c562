"""Forecasts as text, JSON and markdown."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.numbers import duration, number
from iot_jobs.render.picture import picture
from iot_jobs.render.table import WIDTH, Column, folded, table, text_width

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast, Risk, Trials

_MOSTLY = 50
"""Percent of rollouts."""
_BLAST = ("failure rate", "abort", "notified", "harmed", "in flight", "harmed in total")
_ALL = ("template", "false aborts", "bad stopped", "harmed at worst", "done", "notified", "executions", "windows")


class Forecasts(NamedTuple):
    """The forecasts of one template or several. One of several may be the only one, if the others have none."""

    forecasts: Sequence[Forecast]
    several: bool


def text(report: Forecasts, width: int | None = None) -> str:
    """Return one template in full, or a table of several, above the assumptions. As wide as the terminal, if any."""
    width = text_width() if width is None else width
    forecasts = report.forecasts
    blocks = [_table(_ALL, map(_row, forecasts), width)] if report.several else _in_full(forecasts[0], width)
    return "\n".join([*blocks, *(_listed(title, lines, width) for title, lines in _notes(forecasts))])


def as_json(report: Forecasts) -> str:
    """Return one object for one template, else an object with a list; docs/forecast.md documents the members."""
    objects = [data(forecast) for forecast in report.forecasts]
    return to_json({"forecasts": objects} if report.several else objects[0])


def markdown(report: Forecasts) -> str:
    """Return a table of several templates, or the tables and the picture of one, for a pull request."""
    parts = []
    if report.several:
        parts += [_pipes(_ALL, map(_row, report.forecasts))]
    else:
        (forecast,) = report.forecasts
        facts = "".join(f"- {line}\n" for line in _facts(forecast))
        parts += [f"### {_escaped(forecast.template)}: {_headline(forecast)}\n"]
        parts += ["".join(f"- {line}\n" for line in _risk(forecast))]
        parts += [f"```text\n{picture(forecast, 80)}```\n"]
        parts += [_pipes(("", "50 %", "90 %", "100 %"), _reached(forecast)), facts]
        parts += [_pipes(_BLAST, _blast(forecast)), f"{_smallest(forecast)}\n"]
        if forecast.trials is not None:
            parts += [f"{_trials(forecast.trials)}\n", _pipes(("", "5 %", "50 %", "95 %"), _figures(forecast.trials))]
    for title, lines in _notes(report.forecasts):
        items = "".join(f"- {_escaped(line)}\n" for line in lines)
        parts.append(f"<details><summary>{title}</summary>\n\n{items}\n</details>\n")
    return "\n".join(parts)


FORMATS: Mapping[str, Callable[[Forecasts], str]] = {"text": text, "json": as_json, "markdown": markdown}


def data(forecast: Forecast) -> dict[str, Any]:
    """Return the forecast as data for JSON; it has `trials` only if there were any."""
    fields = {name: getattr(forecast, name) for name in forecast.__dataclass_fields__}
    for name in ("notified", "done", "executions", "windows"):
        fields[name] = asdict(fields[name])
    fields["blast_radius"] = [asdict(row) for row in forecast.blast_radius]
    fields["timeline"] = list(forecast.timeline)
    risk, begun, trials = fields.pop("risk"), fields.pop("starts"), fields.pop("trials")
    first = {"template": fields.pop("template"), "risk": risk and asdict(risk), "starts": begun and asdict(begun)}
    fields = {**first, **fields}
    return fields if trials is None else fields | {"trials": asdict(trials)}


def _in_full(forecast: Forecast, width: int) -> Iterator[str]:
    yield folded(f"{one_line(forecast.template)}: {_headline(forecast)}", width)
    yield "".join(folded(line, width, others="  ") for line in _risk(forecast))
    yield picture(forecast, width)
    yield _table(("", "50 %", "90 %", "100 %"), _reached(forecast), width)
    yield "".join(folded(line, width) for line in _facts(forecast))
    yield folded("Blast radius: a release that fails on this share of devices, on every attempt", width)
    yield _table(_BLAST, _blast(forecast), width)
    yield folded(_smallest(forecast), width)
    if forecast.trials is not None:
        yield folded(_trials(forecast.trials), width)
        yield _table(("", "5 %", "50 %", "95 %"), _figures(forecast.trials), width)


def _headline(forecast: Forecast) -> str:
    return f"{number(forecast.assumptions['things'])} things, from {forecast.assumptions['start']} UTC"


def _risk(forecast: Forecast) -> Iterator[str]:
    """Yield the risk in words, and where it and the expected values tell different stories."""
    risk = forecast.risk
    if risk is None:
        yield "Risk not computed: rollouts this long take minutes to simulate; --trials says how many to run anyway"
        return
    yield from risk_lines(risk)
    healthy = risk.healthy
    expected = forecast.timeline.aborted_minute is not None
    if expected != (healthy.aborted_percent > _MOSTLY):
        course = "is aborted, but only" if expected else "is never aborted, but"
        yield (
            f"According to the expected values, the rollout {course} {_percent(healthy.aborted_percent)} % of the "
            "simulated rollouts are: trust the simulation"
        )
    if forecast.starts is not None:
        shortest, longest = forecast.starts.shortest, forecast.starts.longest
        yield (
            f"The time to finish depends on the start: {_duration(shortest.minutes)} if the job is created at "
            f"{_weekday(shortest.start)} UTC, {_duration(longest.minutes)} if at {_weekday(longest.start)} UTC"
        )
    yield drawn_line(risk)


def drawn_line(risk: Risk) -> str:
    """Return how many rollouts were simulated, and how sure the shares are."""
    error = f"{risk.error_percent:g} percentage points"
    return f"{risk.trials} simulated rollouts of each release, seed {risk.seed}; shares ± {error}"


def risk_lines(risk: Risk) -> Iterator[str]:
    """Yield what a healthy release, a bad one and the worst one do."""
    healthy, bad, worst = risk.healthy, risk.bad, risk.worst
    yield (
        f"A healthy release is stopped by mistake in {_percent(healthy.aborted_percent)} % of rollouts; "
        f"{_done_by(healthy.finish.p50, healthy.finish.p95)}"
    )
    yield (
        f"A release that fails on {bad.failure_rate_percent:g} % of devices is stopped in "
        f"{_percent(bad.stopped_percent)} % of rollouts; it harms at most {_count(bad.harmed.p50)} things in half of "
        f"all rollouts, {_count(bad.harmed.p95)} in 95 %"
    )
    yield (
        f"The worst release fails on {worst.failure_rate_percent:g} % of devices, and harms at most "
        f"{number(worst.harmed_p95)} things in 95 % of rollouts"
    )


def _done_by(p50: float | None, p95: float | None) -> str:
    if p50 is None:
        return "fewer than half of all rollouts are ever done"
    half = f"half of all rollouts are done by {_minute(p50)}"
    return f"{half}, fewer than 95 % are ever done" if p95 is None else f"{half}, 95 % by {_minute(p95)}"


def _count(value: float | None) -> str:
    return number(value or 0)


def _reached(forecast: Forecast) -> Iterator[tuple[str, ...]]:
    for name, reached in (("notified", forecast.notified), ("done", forecast.done)):
        yield name, *(_minute(getattr(reached, share)) for share in ("p50", "p90", "p100"))


def _minute(minute: float | None) -> str:
    if minute is None:
        return "never"
    return f"minute {number(minute)}" + (f" ({duration(int(minute))})" if minute >= 60 else "")


def _facts(forecast: Forecast) -> Iterator[str]:
    executions, windows = forecast.executions, forecast.windows
    yield f"at most {number(forecast.peak_rate_per_minute)} things notified in a minute"
    yield f"{number(executions.total)} executions billed, {number(executions.retries)} of them retries"
    if windows.last_close is not None:
        yield f"{windows.used} windows used, the last of which closes {windows.last_close} UTC"
    stopped = forecast.timeline.aborted_minute
    if stopped is not None:
        yield f"the abort criteria fire in minute {number(stopped)} at the assumed rates, without a bad release"


def _blast(forecast: Forecast) -> Iterator[tuple[str, ...]]:
    for row in forecast.blast_radius:
        counts = (row.notified, row.harmed, row.in_flight, row.harmed_final)
        fires = "never" if row.minute is None else f"minute {number(row.minute)}"
        yield f"{row.failure_rate_percent} %", fires, *map(number, counts)


def _smallest(forecast: Forecast) -> str:
    smallest = forecast.smallest_stopping_failure_rate_percent
    if smallest is None:
        return "No failure rate stops the rollout."
    return f"A failure rate of {smallest:g} % or more stops the rollout."


def _trials(trials: Trials) -> str:
    aborted = f"the abort criteria fire in {trials.aborted_percent:g} % of them"
    return f"{trials.trials} trials (seed {trials.seed}): {aborted}; percentiles"


def _figures(trials: Trials) -> Iterator[tuple[str, ...]]:
    for name, quantiles in trials.figures.items():
        words = name.replace("_p", " by p").replace("_", " ") if "_p" in name else name.replace("_", " ")
        yield words, *("never" if value is None else number(value) for value in quantiles.values())


def _row(forecast: Forecast) -> tuple[str, ...]:
    risk = forecast.risk
    shares = (
        (
            f"{_percent(risk.healthy.aborted_percent)} %",
            f"{_percent(risk.bad.stopped_percent)} %",
            f"{number(risk.worst.harmed_p95)} at {risk.worst.failure_rate_percent:g} %",
            _duration(risk.healthy.finish.p95),
        )
        if risk
        else ("-",) * 4
    )
    return (
        forecast.template,
        *shares,
        _duration(forecast.notified.p100),
        number(forecast.executions.total),
        str(forecast.windows.used) if forecast.windows.last_close else "-",
    )


def _percent(share: float) -> str:
    """Return a share of rollouts, which isn't known to more digits."""
    return f"{round(share, 1):g}"


def _weekday(time: str) -> str:
    """Return a time with its day of the week."""
    return f"{datetime.fromisoformat(time):%a %Y-%m-%d %H:%M}"


def _duration(minutes: float | None) -> str:
    return "never" if minutes is None else duration(int(minutes))


def _notes(forecasts: Sequence[Forecast]) -> tuple[tuple[str, list[str]], ...]:
    """Return the lists of what is assumed, first of all templates and then of each, and of what is not modelled."""
    assumed = dict(forecasts[0].assumptions)
    words, missing, scheduler = assumed.pop("assumed"), assumed.pop("not_modelled"), assumed.pop("scheduler")
    own = [name for name, value in assumed.items() if any(one.assumptions[name] != value for one in forecasts)]
    common = {name: value for name, value in assumed.items() if name not in own}
    lines = [_values({**common, **scheduler})]
    if own:
        lines += [f"{one.template}: {_values({name: one.assumptions[name] for name in own})}" for one in forecasts]
    return ("Assumed", [*lines, *words]), ("Not modelled", missing)


def _values(named: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items())


def _listed(title: str, lines: Sequence[str], width: int) -> str:
    items = [folded(line, min(width, WIDTH), first="- ", others="  ") for line in lines]
    return "".join([f"{title}:\n", *items])


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> str:
    first, *others = names
    lines = [[one_line(cell) for cell in row] for row in rows]  # a name's line break would break the table
    with extra("forecast"):
        return table([Column(first), *(Column(name, right=True) for name in others)], lines, width)


def _pipes(names: Sequence[str], rows: Any) -> str:
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *([_escaped(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(value: str) -> str:
    """Return text with markdown and HTML escaped."""
    escaped = html.escape(one_line(value), quote=False)
    return "".join(f"\\{character}" if character in "\\`*_[]|~@#" else character for character in escaped)
