"""A watch as a page that is drawn again, as sentences about what changed, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from iot_jobs.finding import one_line
from iot_jobs.jobs import Execution, Purpose, State, Verdict, why_canceled
from iot_jobs.render import job_words as words
from iot_jobs.render.jobs import criterion_data
from iot_jobs.render.jsonout import escaped
from iot_jobs.render.table import folded

HEARTBEAT = timedelta(seconds=30)
"""The silence after which a sentence says that the watch goes on."""
_LABEL = 12
_PARTS = 10
"""Parts of the rollout after each of which a sentence says so."""


def page(state: State, purpose: Purpose, width: int) -> str:
    """Return all that is known of a job, no wider than `width` where words allow."""
    lines = [folded(_title(state), width), folded(_origin(state, purpose), width)]
    for label, text in _lines(state, width):
        lines.append(folded(text, width, first=f"{label:<{_LABEL}}", others=" " * _LABEL))
    return "".join(lines)


def json_line(state: State) -> str:
    """Return a state as an object on one line. docs/cli.md has its members, which are stable."""
    job, left, verdict = state.job, state.left, state.verdict
    data = {
        "at": words.iso(state.at),
        "job": job.job_id,
        "status": job.status,
        "phase": state.phase,
        "reason_code": job.reason_code,
        "comment": job.comment,
        "things": state.things,
        "notified": job.counts.notified,
        "completed": job.counts.completed,
        "executions": job.counts._asdict(),
        "rate": {**state.rate._asdict(), "seen_per_minute": state.seen_per_minute and round(state.seen_per_minute, 1)},
        "minutes_left": left and {name: round(value, 1) for name, value in left._asdict().items()},
        "criteria": [criterion_data(margin) for margin in state.margins],
        "failures": list(map(_failure, state.failures)),
        "trouble": state.trouble,
        "verdict": verdict and {"exit_code": verdict.code, "reason": verdict.reason, "job_goes_on": verdict.goes_on},
    }
    return escaped(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()) + "\n"


class Sentences:
    """The text printed after each state without a terminal: a sentence for a change, and a heartbeat after silence."""

    def __init__(self) -> None:
        """Nothing has been printed yet."""
        self._last: State | None = None
        self._spoke_at: datetime | None = None

    def after(self, state: State) -> str:
        """Return the lines to print now, often none."""
        lines = list(self._changes(state))
        if not lines and self._spoke_at is not None and state.at - self._spoke_at >= HEARTBEAT:
            lines = [_progress(state)]
        if lines:
            self._spoke_at = state.at
        self._last = state
        return "".join(f"{words.clock(state.at)} {one_line(line)}\n" for line in lines)

    def _changes(self, state: State) -> Iterator[str]:
        last, job = self._last, state.job
        if state.trouble is not None:
            if last is None or last.trouble != state.trouble:
                yield f"no answer from AWS, trying again: {state.trouble}"
            return
        if last is not None and last.trouble is not None:
            yield f"AWS answers again after {words.waited(state.at - (last.trouble_since or last.at))}"
        if last is None or last.phase != state.phase:
            yield f"{job.job_id}: {_phase(state)}"
        failed = job.counts.failing - (0 if last is None else last.job.counts.failing)
        if failed > 0:
            new = [each for each in state.failures if last is None or each not in last.failures]
            yield f"{failed:,} more failed, {job.counts.failing:,} in all" + (
                f": {'; '.join(map(words.failure, new))}" if new else ""
            )
            yield from map(words.margin, state.margins)
        if last is None or last.rate != state.rate:
            yield f"rate {words.rate(state.rate)}"
        if last is not None and _part(last) != _part(state):
            yield _progress(state)


def ending(state: State, verdict: Verdict, *, below_page: bool = False) -> str:
    """Return the last lines: the verdict, the failures again unless the page above has them, and where to go on."""
    job = state.job
    lines = [f"{job.job_id}: {verdict.reason}; {words.executions(job.counts)}"]
    lines += [] if below_page else [f"  {words.failure(failure)}" for failure in state.failures]
    if verdict.goes_on:
        lines.append(goes_on(job.job_id))
    return "".join(f"{one_line(line)}\n" for line in lines)


def goes_on(job_id: str) -> str:
    """Return that the end of the watch isn't the end of the job, and the command that watches it again."""
    return f"the job continues in AWS; to watch it again: iot-jobs jobs watch {job_id}"


def _title(state: State) -> str:
    return one_line(f"{state.job.job_id}  {_phase(state)}  ({words.clock(state.at)} UTC)")


def _phase(state: State) -> str:
    """Return the status of a job with its stage, the reason, or the next time, where there is one."""
    job, phase = state.job, state.phase
    parts = [job.status]
    if phase == "scheduled":
        parts.append(f"starts at {words.day(job.starts_at)} UTC")
    elif phase == "notified":
        parts.append("all notified")
    elif phase in ("rolling out", "between windows"):
        parts.append(phase)
    if phase == "between windows" and job.openings:
        parts.append(f"the next one opens at {words.day(job.openings[0])} UTC")
    if phase == "stopping":
        parts.append(f"{job.counts.open:,} not finished yet")
    if job.status == "CANCELED":
        parts.append(why_canceled(job))
    return ", ".join(parts)


def _origin(state: State, purpose: Purpose) -> str:
    job = state.job
    template = purpose.template or str(job.members.get("job_template_arn") or "no template").rpartition("/")[2]
    where = f" in {purpose.environment}" if purpose.environment else ""
    kind = ", continuous" if job.continuous else ""
    return one_line(f"{template}{where}{kind}, started {words.day(job.starts_at)} UTC")


def _lines(state: State, width: int) -> Iterator[tuple[str, str]]:
    counts = state.job.counts
    if state.things:
        yield "notified", _bar(min(counts.notified, state.things), state.things, width)
        yield "ended", _bar(min(counts.completed, state.things), state.things, width)
    else:
        yield "notified", f"{counts.notified:,} of an unknown number of things"
    yield "executions", words.executions(counts)
    if state.phase in ("rolling out", "between windows"):
        seen = "" if state.seen_per_minute is None else f"; observed {state.seen_per_minute:.0f}/min"
        yield "rate", words.rate(state.rate) + seen
    if state.left is not None:
        yield "time", words.left(state.left)
    yield from (("abort" if not index else "", words.margin(each)) for index, each in enumerate(state.margins))
    for index, each in enumerate(state.failures):
        yield "failures" if not index else "", f"{words.clock(each.last_updated_at)} {words.failure(each)}"
    if state.failures:
        yield "", f"all: iot-jobs jobs executions {state.job.job_id} --status FAILED"
    if state.trouble is not None:
        yield "no answer", one_line(state.trouble)


def _bar(part: int, whole: int, width: int) -> str:
    """Return a bar, the numbers behind it and the percentage."""
    numbers = f" {part:,} of {whole:,}, {100 * part // whole} %"
    cells = max(10, min(40, width - _LABEL - len(f" {whole:,} of {whole:,}, 100 %")))
    filled = cells * part // whole
    return f"{'█' * filled}{'░' * (cells - filled)}{numbers}"


def _progress(state: State) -> str:
    counts = state.job.counts
    total = f" of {state.things:,}" if state.things else ""
    left = "" if state.left is None else f"; {words.left(state.left)}"
    return f"{counts.notified:,}{total} notified; {words.executions(counts)}{left}"


def _part(state: State) -> tuple[int, int]:
    """Return how many tenths of the things are notified, and of how many the executions have ended."""
    counts = state.job.counts
    if not state.things:
        return 0, 0
    return _PARTS * counts.notified // state.things, _PARTS * counts.completed // state.things


def _failure(execution: Execution) -> dict[str, Any]:
    return {
        "thing": execution.thing,
        "number": execution.number,
        "status": execution.status,
        "at": words.iso(execution.last_updated_at),
        "details": dict(execution.details or {}),
    }
