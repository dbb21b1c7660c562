"""`iot-jobs jobs start`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.jobs.watch import watched
from iot_jobs.cli.runtime import Runtime, agreed, aws_options, connected, yes_option
from iot_jobs.finding import Finding, FindingsError, Place, dotted, one_line

if TYPE_CHECKING:
    from iot_jobs.aws import Aws, AwsError
    from iot_jobs.cli.jobs.expectation import Expectation
    from iot_jobs.cli.jobs.origin import Origin
    from iot_jobs.environment import Fleet, Quotas
    from iot_jobs.jobs import Composed, Target
    from iot_jobs.template import JobSpec

_TIME = "YYYY-MM-DDThh:mm"


def _parameters(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{value!r} is not key=value")
        pairs[key] = text
    return pairs


@click.command(short_help="Start a job from a template.")
@click.argument("template")
@click.option("--environment", metavar="NAME", help="The environment whose stack publishes TEMPLATE.")
@click.option("--to", "targets", metavar="TARGET", multiple=True, required=True,
              help="A thing or thing group: its name, thing/NAME, group/NAME or ARN. Repeatable.")  # fmt: skip
@click.option("--job-id", metavar="ID", help="Default: the template's name and the time, to the minute, in UTC.")
@click.option("--continuous", is_flag=True, help="Also notify things that join the groups later.")
@click.option("--at", "start", metavar=_TIME, help="When to start, in UTC: 30 minutes to a year from now.")
@click.option("--until", "end", metavar=_TIME, help="When to end, in UTC.")
@click.option("--end-behavior", type=click.Choice(["STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"]),
              help="What happens at --until to executions that have not ended.")  # fmt: skip
@click.option("--set", "settings", metavar="PATH=VALUE", multiple=True,
              help="A value to use instead of the template's: rollout.maximum_per_minute=50. Repeatable.")  # fmt: skip
@click.option("--param", "parameters", metavar="KEY=VALUE", multiple=True, callback=_parameters,
              help="A parameter of a managed template's document. Repeatable.")  # fmt: skip
@click.option("--things", type=click.IntRange(1), metavar="NUMBER", help="Number of things, instead of counting them.")
@click.option("--dry-run", is_flag=True, help="Print the request, and create nothing.")
@click.option("--watch", "watches", is_flag=True, help="Watch the job to its end, as `watch` does.")
@yes_option
@aws_options
def start(
    template: str,
    environment: str | None,
    targets: tuple[str, ...],
    job_id: str | None,
    continuous: bool,
    start: str | None,
    end: str | None,
    end_behavior: str | None,
    settings: tuple[str, ...],
    parameters: Mapping[str, str],
    things: int | None,
    dry_run: bool,
    watches: bool,
    yes: bool,
    region: str | None,
    endpoint_url: str | None,
) -> None:
    """Start a job from TEMPLATE.

    TEMPLATE is a template's name, with --environment; or an ARN, a managed template such as AWS-Reboot, or a file with
    one template.

    What AWS would refuse is refused first. Then the things are counted, the forecast for them is printed, and you are
    asked to confirm. AWS replaces whole members of a template, so a member that --set changes is sent in full, with the
    template's other values. If a job with this id was already started by the same request, that is a success.

    Exit code 1 means that the request has errors, which are listed; 2 that nothing was done, or that AWS refused. With
    --watch, the exit codes are those of `watch`.
    """
    from iot_jobs import jobs
    from iot_jobs.cli.jobs.expectation import environment_here
    from iot_jobs.cli.jobs.origin import origin, parameter_problems
    from iot_jobs.cli.jobs.reach import count_things, found_targets

    now = Runtime.current().now()
    declared = environment_here(environment)
    with connected(region, endpoint_url) as aws:
        source = origin(aws, template, environment)
        found = found_targets(aws, targets)
        job = jobs.composed(
            source.members,
            source.arn,
            job_id=jobs.default_job_id(source.name, now) if job_id is None else job_id,
            targets=[str(target.arn) for target in found],
            continuous=continuous,
            schedule=jobs.Schedule(start, end, end_behavior),
            settings=[*map(jobs.parse_setting, settings)],
            parameters=parameters,
            now=now,
        )
        _checked(job, [*parameter_problems(source, parameters)], now, None if declared is None else declared.quotas)
        fingerprint = jobs.fingerprint(job.spec)
        if job_id is not None and _exists(aws, job.spec, fingerprint):
            _then(aws, job_id, watches=watches)
        count = things or count_things(aws, found)
        fleet = None if declared is None else declared.fleet_of(source.name)
        forecast = _forecast(job, count, now, fleet)
        purpose = jobs.Purpose(source.name, environment, count or None, fingerprint, forecast.expected)
        request = jobs.request(job.spec, purpose)
        effects = (*_effects(source, found, job, count), *forecast.sentences)
        agreed("start", str(job.spec.job_id), jobs.Consequence(effects), yes=yes or dry_run)
        if dry_run:
            from iot_jobs.render.jsonout import to_json

            click.echo(to_json(request), nl=False)
            return
        _created(aws, job.spec, request, fingerprint)
        _then(aws, str(job.spec.job_id), watches=watches)


def _then(aws: Aws, job_id: str, *, watches: bool) -> None:
    """End with what is next: the watch itself, or the command for it."""
    if watches:
        sys.exit(watched(aws, job_id))
    click.echo(f"to watch it: iot-jobs jobs watch {job_id}", err=True)
    sys.exit(0)


def _checked(job: Composed, problems: Sequence[Finding], now: datetime, quotas: Quotas | None) -> None:
    """Print warnings, and raise what AWS would refuse: by the job's own rules, and by the advice of `check`."""
    from iot_jobs.check import advice
    from iot_jobs.cloudformation import API_JOB
    from iot_jobs.sources import Subject

    subject = Subject(job.spec, lambda loc: Place(dotted(loc), loc=loc), spelling=API_JOB)
    findings = [*job.findings, *problems, *advice(subject, now=now, quotas=quotas)]
    errors = [finding for finding in findings if finding.severity == "error"]
    for finding in findings:
        if finding.severity != "error":
            click.echo(finding, err=True)
    if errors:
        raise FindingsError(errors)


def _forecast(job: Composed, things: int, now: datetime, fleet: Fleet | None) -> Expectation:
    from iot_jobs.cli.jobs.expectation import Expectation, expectation
    from iot_jobs.template.job import instant

    if not things:
        return Expectation(("no forecast: the targets have no things",))
    at = instant(job.effective["scheduling"].get("start_time"))
    return expectation(job.effective, things, now if at is None else at.replace(tzinfo=UTC), fleet)


def _effects(source: Origin, targets: Sequence[Target], job: Composed, things: int) -> Iterator[str]:
    from iot_jobs.render import job_words as words

    yield f"from {source.name}" + (f" ({source.arn})" if source.arn else ", a file")
    yield f"to {', '.join(map(str, targets))}: {things:,} thing{'' if things == 1 else 's'}"
    effective = dict(job.effective)
    yield f"rollout {words.rollout(effective)}; abort {words.criteria(effective)}; retry {words.retries(effective)}"
    for name in job.replaced:
        yield f"{name} is sent in full, replacing the template's"
    if job.spec.target_selection == "CONTINUOUS":
        yield "continuous: things that join the groups later are notified too, until the end time if there is one"
    yield from (f"{name} {value}" for name, value in words.schedule(job.effective))


def _created(aws: Aws, spec: JobSpec, request: Mapping[str, Any], fingerprint: str) -> None:
    """Create the job, or find that it is there already: made by this request whose answer was lost, or by the same."""
    from iot_jobs.aws import AwsError

    try:
        aws.create_job(request)
    except AwsError as error:
        if error.kind == "exists" and _exists(aws, spec, fingerprint):
            return
        if error.kind != "transient" or not _was_created(aws, spec, fingerprint, error):
            raise
    click.echo(f"{spec.job_id}: started")


def _was_created(aws: Aws, spec: JobSpec, fingerprint: str, lost: AwsError) -> bool:
    """Return whether a request without an answer has created the job."""
    from iot_jobs.aws import AwsError

    try:
        return _exists(aws, spec, fingerprint)
    except AwsError:
        raise CannotRun(
            f"it is not known whether {spec.job_id} was created: {one_line(str(lost))}; "
            f"to find out: iot-jobs jobs show {spec.job_id}"
        ) from None


def _exists(aws: Aws, spec: JobSpec, fingerprint: str) -> bool:
    """Return whether the job is there, made by the same request. Raises `CannotRun` if it was made by another."""
    from iot_jobs.aws import AwsError
    from iot_jobs.jobs import Purpose, differences

    try:
        job = aws.job(str(spec.job_id))
    except AwsError as error:
        if error.kind == "missing":
            return False
        raise
    if Purpose.of(aws.job_tags(job)).request == fingerprint:
        click.echo(f"{job.job_id}: already exists, started by the same request; {job.status}")
        return True
    different = ", ".join(differences(spec, job)) or "document or parameters"
    raise CannotRun(f"{job.job_id} is the id of another job, which differs in {different}; choose another --job-id")
