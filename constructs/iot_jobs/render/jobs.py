"""Jobs and executions as tables and as JSON. docs/cli.md has the members of the JSON, which are stable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.jobs import Execution, Job, Margin, Purpose, Summary, margins
from iot_jobs.render import job_words as words
from iot_jobs.render.jsonout import escaped, to_json
from iot_jobs.render.table import Column, folded, table, text_width

_JOBS = (Column("job"), Column("status"), Column("selection"), Column("created (UTC)"), Column("updated (UTC)"))
_EXECUTIONS = (
    Column("thing"),
    Column("job"),
    Column("number", right=True),
    Column("status"),
    Column("queued (UTC)"),
    Column("started (UTC)"),
    Column("updated (UTC)"),
)


class Shown(NamedTuple):
    """A job, and what its tags say that it was started for."""

    job: Job
    purpose: Purpose
    tags: Mapping[str, str]


def jobs_table(jobs: Sequence[Summary]) -> str:
    """Return a line for each job. Empty without any."""
    rows = (
        (job.job_id, job.status, job.target_selection, words.day(job.created_at), words.day(job.last_updated_at))
        for job in jobs
    )
    return _table(_JOBS, list(rows))


def jobs_json(jobs: Sequence[Summary]) -> str:
    """Return one object with a list of `jobs`, a line each."""
    listed = [
        {
            "id": job.job_id,
            "arn": job.arn,
            "status": job.status,
            "target_selection": job.target_selection,
            "created_at": words.iso(job.created_at),
            "last_updated_at": words.iso(job.last_updated_at),
            "completed_at": words.iso(job.completed_at),
        }
        for job in jobs
    ]
    return to_json({"jobs": listed}, levels=2)


def executions_table(executions: Sequence[Execution]) -> str:
    """Return a line for each execution. Empty without any."""
    rows = (
        (
            each.thing,
            each.job_id,
            str(each.number),
            each.status,
            *map(words.day, (each.queued_at, each.started_at, each.last_updated_at)),
        )
        for each in executions
    )
    return _table(_EXECUTIONS, list(rows))


def executions_json(executions: Sequence[Execution]) -> str:
    """Return one object with a list of `executions`, a line each."""
    return to_json({"executions": list(map(_listed, executions))}, levels=2)


def job_text(shown: Shown) -> str:
    """Return a job in full, a line for each fact."""
    return _block(shown.job.job_id, _facts(shown))


def job_json(shown: Shown) -> str:
    """Return a job as one object."""
    job = shown.job
    members = {name: value for name, value in job.members.items() if name not in ("job_id", "targets")}
    return to_json(
        {
            "id": job.job_id,
            "arn": job.arn,
            "status": job.status,
            "reason_code": job.reason_code,
            "comment": job.comment,
            "force_canceled": job.force_canceled,
            "is_concurrent": job.is_concurrent,
            "created_at": words.iso(job.created_at),
            "last_updated_at": words.iso(job.last_updated_at),
            "completed_at": words.iso(job.completed_at),
            "targets": list(job.targets),
            "executions": job.counts._asdict(),
            "criteria": [criterion_data(margin) for margin in margins(job.members, job.counts)],
            "next_openings": list(map(words.iso, job.openings)),
            "members": members,
            "tags": dict(shown.tags),
        }
    )


def execution_text(execution: Execution) -> str:
    """Return an execution in full, a line for each fact."""
    facts = [
        ("job", execution.job_id),
        ("number", str(execution.number)),
        ("status", execution.status + (", canceled by force" if execution.force_canceled else "")),
        ("queued", _utc(execution.queued_at)),
        ("started", _utc(execution.started_at)),
        ("updated", _utc(execution.last_updated_at)),
    ]
    if execution.seconds_before_timeout is not None:
        facts.append(("times out", f"in about {words.span(execution.seconds_before_timeout / 60)}"))
    facts += [("reported", f"{key}={value}") for key, value in sorted((execution.details or {}).items())]
    return _block(execution.thing, facts)


def execution_json(execution: Execution) -> str:
    """Return an execution as one object."""
    described = {
        "version": execution.version,
        "seconds_before_timeout": execution.seconds_before_timeout,
        "force_canceled": execution.force_canceled,
        "details": execution.details and dict(execution.details),
    }
    return to_json(_listed(execution) | described)


def document(text: str) -> str:
    """Return a job document as it is, with a final line break. Control characters are escaped as JSON does."""
    return escaped(text.rstrip("\n")) + "\n"


LIST: Mapping[str, Callable[[Sequence[Summary]], str]] = {"table": jobs_table, "json": jobs_json}
SHOW: Mapping[str, Callable[[Shown], str]] = {"table": job_text, "json": job_json}
EXECUTIONS: Mapping[str, Callable[[Sequence[Execution]], str]] = {"table": executions_table, "json": executions_json}
EXECUTION: Mapping[str, Callable[[Execution], str]] = {"table": execution_text, "json": execution_json}


def criterion_data(margin: Margin) -> dict[str, Any]:
    """Return an abort criterion with its margin as data for JSON; `fires_after` is null if it can no longer fire."""
    percentage = margin.threshold_percentage
    needed = margin.needed
    return {
        "failure_type": margin.failure_type,
        "threshold_percentage": int(percentage) if percentage == int(percentage) else float(percentage),
        "min_number_of_executed_things": margin.minimum,
        "failed": margin.failed,
        "completed": margin.completed,
        "fires_after": None if needed < 0 else needed,
    }


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    job, purpose = shown.job, shown.purpose
    yield "status", job.status + (f": {job.reason_code}" if job.reason_code else "")
    if job.comment:
        yield "comment", job.comment
    if description := job.members.get("description"):
        yield "description", str(description)
    if arn := job.members.get("job_template_arn"):
        yield "template", str(arn)
    if purpose.environment:
        yield "environment", purpose.environment
    yield from (("target", words.target(arn)) for arn in job.targets)
    yield "selection", "CONTINUOUS" if job.continuous else "SNAPSHOT"
    if purpose.things is not None:
        yield "things", f"{purpose.things:,} when the job was started"
    for name, at in (("created", job.created_at), ("updated", job.last_updated_at), ("completed", job.completed_at)):
        if at is not None:
            yield name, _utc(at)
    yield "executions", words.executions(job.counts)
    yield "rollout", words.rollout(job.members)
    criteria = [words.margin(margin) for margin in margins(job.members, job.counts)] or ["never"]
    yield from (("abort", criterion) for criterion in criteria)
    yield "retry", words.retries(job.members)
    timeout = (job.members.get("timeout") or {}).get("in_progress_timeout_in_minutes")
    yield "timeout", "never" if timeout is None else f"{timeout} min in progress"
    yield from words.schedule(job.members)
    if job.openings:
        yield "next window", _utc(job.openings[0])
    yield from (("tag", f"{key}={value}") for key, value in sorted(shown.tags.items()))


def _block(title: str, facts: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    width = text_width()
    lines = [folded(one_line(title), width)]
    last = None
    for name, value in facts:
        first = "" if name == last else name
        lines.append(folded(one_line(value), width, first=f"  {first:<11}  ", others=" " * 15))
        last = name
    return "".join(lines)


def _listed(execution: Execution) -> dict[str, Any]:
    return {
        "thing": execution.thing,
        "job": execution.job_id,
        "number": execution.number,
        "status": execution.status,
        "queued_at": words.iso(execution.queued_at),
        "started_at": words.iso(execution.started_at),
        "last_updated_at": words.iso(execution.last_updated_at),
        "retry_attempt": execution.retry_attempt,
    }


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    with extra("aws"):
        return table(columns, rows, text_width()) if rows else ""


def _utc(at: Any) -> str:
    return f"{words.day(at)} UTC" if at is not None else "not yet"
