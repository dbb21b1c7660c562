"""`JobSpec`: one field for each property of `AWS::IoT::Job`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, PlainValidator

from iot_jobs import limits
from iot_jobs.finding import Finding, FindingsError, Rule
from iot_jobs.limits import API, GUIDE, TIME_FORMAT
from iot_jobs.template.content import JobContent, around_tokens
from iot_jobs.template.part import WRONG_KIND, Items, Maybe, Model
from iot_jobs.template.parts import Windows, entry_problems
from iot_jobs.unresolved import known

_SCHEDULING = API + "SchedulingConfig.html"
SCHEDULE_DISTANCE = Rule(
    code="JT811",
    title="a job ends 30 minutes to 2 years after it starts",
    why="The service refuses a shorter or longer schedule.",
    source=_SCHEDULING,
    evidence="documented",
)
END_BEHAVIOR_WITHOUT_END = Rule(
    code="JT813",
    title="an end behavior requires an end time",
    why="Without an end time the end behavior never applies.",
    source=_SCHEDULING,
    evidence="documented",
)
WINDOWS_NEED_CONTINUOUS = Rule(
    code="JT814",
    title="a job with maintenance windows is continuous and has a start time",
    why="The service refuses windows on a snapshot job, which is the default, and windows without a start time.",
    source="TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job",
    evidence="measured",
)
PARAMETERS_NEED_MANAGED = Rule(
    code="JT805",
    title="document parameters require an AWS managed template",
    why="Custom templates and documents have no parameters, and the service refuses them there.",
    source=GUIDE + "job-templates-managed.html",
    evidence="documented",
)
TARGET_TWICE = Rule(
    code="JT804",
    title="a job's targets are unique",
    why="AWS defines the targets as a set.",
    source=API + "CreateJob.html",
    evidence="assumed",
)


# Assumed: AWS publishes no maximum, and no managed template has ten.
_MOST_PARAMETERS = 100


def _parameters(value: object) -> dict[str, str]:
    """Check the keys and values of document parameters."""
    if not isinstance(value, Mapping):
        finding = WRONG_KIND.finding(given=value, allowed="a mapping of parameters", fix="write key: value")
        raise FindingsError([finding])
    if len(value) > _MOST_PARAMETERS:
        allowed = f"at most {_MOST_PARAMETERS} parameters"
        raise FindingsError([WRONG_KIND.finding(given=len(value), allowed=allowed, fix="remove some parameters")])
    if problems := entry_problems(value, limits.PARAMETER_KEY, limits.PARAMETER_VALUE):
        raise FindingsError(problems)
    return dict(value)


class SchedulingConfig(Model):
    """A job's start and end, in UTC to the minute, and its maintenance windows."""

    start_time: Maybe[Annotated[str, limits.SCHEDULE_TIME]] | None = None
    """`YYYY-MM-DDThh:mm`; None starts immediately."""
    end_time: Maybe[Annotated[str, limits.SCHEDULE_TIME]] | None = None
    """`YYYY-MM-DDThh:mm`, 30 minutes to 2 years after the start; None means no end."""
    end_behavior: Maybe[Annotated[limits.EndBehavior, limits.END_BEHAVIOR]] | None = None
    """STOP_ROLLOUT (the default, None), CANCEL or FORCE_CANCEL."""
    maintenance_windows: Windows = ()
    """For continuous jobs only."""

    def problems(self) -> Iterator[Finding]:
        """Check the distance between start and end, and that an end behavior has an end."""
        start, end = instant(known(self.start_time)), instant(known(self.end_time))
        for name, text, time in (("start_time", self.start_time, start), ("end_time", self.end_time, end)):
            if known(text) is not None and time is None:
                allowed = "a date that exists"
                yield limits.SCHEDULE_TIME.finding(loc=(name,), given=text, allowed=allowed, fix="correct the date")
        if start and end and not timedelta(minutes=30) <= end - start <= timedelta(days=2 * 365):
            yield SCHEDULE_DISTANCE.finding(
                loc=("end_time",),
                given=self.end_time,
                allowed=f"30 minutes to 2 years after the start at {self.start_time}",
                fix=f"write {'a later' if end - start < timedelta(minutes=30) else 'an earlier'} end time",
                related=(("start_time",),),
            )
        if self.end_behavior is not None and self.end_time is None:
            yield END_BEHAVIOR_WITHOUT_END.finding(
                loc=("end_behavior",), given=known(self.end_behavior), allowed="an end time with it", fix="add end_time"
            )


class JobSpec(JobContent):
    """A job as CloudFormation or the API creates it: the work, and the things that it targets."""

    job_id: Maybe[Annotated[str, limits.JOB_ID]]
    """1 to 64 letters, digits, _ and -."""
    targets: Maybe[Annotated[Sequence[Maybe[Annotated[str, limits.TARGET]]], Items(limits.TARGETS)]]
    """ARNs of 1 to 100 things or thing groups."""
    description: Maybe[Annotated[str, limits.DESCRIPTION]] | None = None
    """1 to 2028 printable characters on one line; None means no description."""
    job_template_arn: Maybe[Annotated[str, limits.JOB_TEMPLATE_ARN]] | None = None
    """A template to create the job from; other values given here replace the template's."""
    document_parameters: Maybe[Annotated[Mapping[str, str], PlainValidator(_parameters)]] = Field(default_factory=dict)
    """For AWS managed templates only."""
    target_selection: Maybe[Annotated[limits.TargetSelection, limits.TARGET_SELECTION]] | None = None
    """SNAPSHOT (the default, None) or CONTINUOUS."""
    scheduling: Maybe[SchedulingConfig] | None = None
    """None: starts immediately and has no end."""

    def problems(self) -> Iterator[Finding]:
        """Check the rules between fields."""
        yield from super().problems()
        yield from around_tokens(self.job_id, limits.JOB_ID, "job_id")
        yield from around_tokens(self.description, limits.DESCRIPTION, "description")
        scheduling = known(self.scheduling)
        if scheduling and scheduling.maintenance_windows:
            for finding in self.needs_for_windows():
                yield finding._replace(related_locs=(("scheduling", "maintenance_windows"),))
        arn = known(self.job_template_arn)
        if self.document_parameters and (self.job_template_arn is None or (arn and "::jobtemplate/" not in arn)):
            yield PARAMETERS_NEED_MANAGED.finding(
                loc=("document_parameters",),
                given=sorted(known(self.document_parameters) or ()),
                allowed="parameters with an AWS managed template only",
                fix="name a managed template as job_template_arn, or remove the parameters",
                related=() if arn is None else (("job_template_arn",),),
            )

    def needs_for_windows(self) -> Iterator[Finding]:
        """Yield what the job lacks to have maintenance windows, its own or those of its template."""
        if self.target_selection in (None, "SNAPSHOT"):
            yield WINDOWS_NEED_CONTINUOUS.finding(
                loc=("target_selection",),
                given=self.target_selection,
                allowed="CONTINUOUS, because the job has maintenance windows",
                fix="write CONTINUOUS, or remove the windows",
            )
        scheduling = self.scheduling
        if scheduling is None or (isinstance(scheduling, SchedulingConfig) and scheduling.start_time is None):
            yield WINDOWS_NEED_CONTINUOUS.finding(
                loc=("scheduling", "start_time"),
                allowed="a start time, because the job has maintenance windows",
                fix="add start_time",
            )

    def copies(self) -> bool:
        """Return whether absent values are copied from a template."""
        return self.job_template_arn is not None


def instant(text: str | None) -> datetime | None:
    """Return a schedule's time; None if it is absent, or not a valid date."""
    try:
        return None if text is None else datetime.strptime(text, TIME_FORMAT)  # noqa: DTZ007  # all times are UTC
    except ValueError:
        return None
