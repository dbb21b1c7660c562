"""`iot-jobs jobs watch`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.runtime import Runtime, aws_options, connected, span

if TYPE_CHECKING:
    from iot_jobs.aws import Aws
    from iot_jobs.jobs import Plan, Purpose, State


@click.command(short_help="Watch a job to its end.")
@click.argument("job")
@click.option(
    "--until",
    type=click.Choice(["notified", "completed"]),
    default="completed",
    show_default=True,
    help="Watch until all things are notified, or until the job has completed.",
)
@click.option(
    "--max-failed",
    type=click.IntRange(0),
    metavar="NUMBER",
    help="Number of executions that may fail, time out or be rejected; default: any.",
)
@click.option("--timeout", callback=span, metavar="TIME", help="Stop watching after this time, such as 10m or 2h.")
@click.option(
    "--interval", callback=span, metavar="TIME", default="10s", show_default=True, help="Least time between polls."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, on one line, for each poll.")
@aws_options
def watch(
    job: str,
    until: Any,
    max_failed: int | None,
    timeout: timedelta | None,
    interval: timedelta,
    as_json: bool,
    region: str | None,
    endpoint_url: str | None,
) -> None:
    """Watch JOB: its progress, the time left, and how close it is to an abort.

    On a terminal, a page is updated in place; otherwise, each change is a line. Polls become rarer as the job ages,
    down to one a minute. The end of a watch never ends the job; you can watch it again, from any machine.

    Exit code 0 means that the job has completed, or that all things are notified, within --max-failed; 1 that it was
    aborted, canceled or deleted, or that more executions failed; 2 that the watch could not start; 3 that it stopped
    and the job goes on: at --timeout, after half an hour without an answer from AWS, or because AWS refused; 130 that
    it was interrupted.
    """
    from iot_jobs.jobs import Plan

    with connected(region, endpoint_url) as aws:
        sys.exit(watched(aws, job, Plan(until, max_failed, timeout), interval=interval, as_json=as_json))


def watched(
    aws: Aws, job_id: str, plan: Plan | None = None, *, interval: timedelta | None = None, as_json: bool = False
) -> int:
    """Watch a job, and return the exit code. Raises `CannotRun` for one that the plan would wait for without end."""
    from iot_jobs import aws as calls
    from iot_jobs.jobs import Plan

    runtime = Runtime.current()
    job = aws.job(job_id)
    plan = (plan or Plan())._replace(purpose=_purpose(aws, job))
    if plan.never_ends(job):
        raise CannotRun(
            f"{job_id} is continuous and has no end, so it never completes: add --until notified, or --timeout"
        )
    states = calls.watch(
        aws,
        job,
        plan,
        interval=interval or calls.INTERVAL,
        now=runtime.now,
        sleep=runtime.sleep,
        random=runtime.random,
    )
    return _followed(states, plan, job_id, as_json=as_json)


def _followed(states: Iterator[State], plan: Plan, job_id: str, *, as_json: bool) -> int:
    """Print the states as they come, and return the exit code."""
    from iot_jobs.render import watch as render

    last = None
    try:
        for state in _printed(states, plan.purpose, as_json=as_json):
            last = state
    except KeyboardInterrupt:
        click.echo(f"stopped watching; {render.goes_on(job_id)}", err=True)
        return 130
    if last is None or last.verdict is None:
        raise AssertionError("a watch ends with a verdict")
    if not as_json:
        click.echo(render.ending(last, last.verdict, below_page=_on_terminal()), nl=False)
    return last.verdict.code


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _printed(states: Iterator[State], purpose: Purpose, *, as_json: bool) -> Iterator[State]:
    from iot_jobs.render import watch as render
    from iot_jobs.render.region import Region

    if as_json:
        for state in states:
            click.echo(render.json_line(state), nl=False)
            yield state
    elif _on_terminal():
        with Region() as region:
            for state in states:
                region.draw(render.page(state, purpose, region.width))
                yield state
    else:
        sentences = render.Sentences()
        for state in states:
            click.echo(sentences.after(state), nl=False)
            yield state


def _purpose(aws: Aws, job: Any) -> Purpose:
    """Return what the job's tags say; without the permission to read them the watch knows less, and says so."""
    from iot_jobs.aws import AwsError
    from iot_jobs.jobs import Purpose

    try:
        return Purpose.of(aws.job_tags(job))
    except AwsError as error:
        click.echo(f"no forecast: the job's tags can't be read: {error}", err=True)
        return Purpose()
