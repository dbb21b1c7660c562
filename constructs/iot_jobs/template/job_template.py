"""`JobTemplateSpec`: one field for each property of `AWS::IoT::JobTemplate`."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from iot_jobs import limits
from iot_jobs.finding import Finding, Rule
from iot_jobs.limits import GUIDE
from iot_jobs.template.content import JobContent, window_problems
from iot_jobs.template.part import Items, Maybe
from iot_jobs.template.parts import MaintenanceWindow

PARAMETER_IN_TEMPLATE = Rule(
    code="JT512",
    title="a custom template's document has no ${aws:iot:parameter:...}",
    why="Parameters are filled for AWS managed templates only, and refused for all others.",
    source=GUIDE + "job-templates-managed.html",
)


class JobTemplateSpec(JobContent):
    """Everything that AWS knows about a job template. Every property is create-only, tags and description too."""

    template_name: Maybe[Annotated[str, limits.TEMPLATE_NAME]]
    """1 to 64 letters, digits, _ and -."""
    description: Maybe[Annotated[str, limits.DESCRIPTION]]
    """1 to 2028 printable characters on one line."""
    job_arn: Maybe[Annotated[str, limits.JOB_ARN]] | None = None
    """A job to copy from: what else is given here replaces the job's."""
    maintenance_windows: Maybe[Annotated[Sequence[Maybe[MaintenanceWindow]], Items(limits.WINDOWS)]] = ()
    """Empty: at any time. They must not overlap. Only continuous jobs can be created from a template with windows."""

    def problems(self) -> Iterator[Finding]:
        """The rules between parts."""
        yield from super().problems()
        for finding in window_problems(self.maintenance_windows):
            yield finding.under(("maintenance_windows",))
        for placeholder in self._placeholders():
            if placeholder.kind == "parameter":
                yield PARAMETER_IN_TEMPLATE.finding(
                    loc=("document", *placeholder.loc),
                    given=placeholder.text,
                    allowed="no parameters in a custom template",
                    fix="write the value out, or use another template for each value",
                )

    def copies(self) -> bool:
        """Whether what is absent here is copied."""
        return self.job_arn is not None
