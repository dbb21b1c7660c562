"""`JobTemplateSpec`: one field for each property of `AWS::IoT::JobTemplate`."""

from collections.abc import Iterator
from typing import Annotated

from iot_jobs import limits
from iot_jobs.finding import Finding, Rule
from iot_jobs.limits import GUIDE
from iot_jobs.template.content import JobContent, placeholders_in
from iot_jobs.template.part import Maybe
from iot_jobs.template.parts import Windows

PARAMETER_IN_TEMPLATE = Rule(
    code="JT512",
    title="a custom template's document has no ${aws:iot:parameter:...}",
    why="AWS fills parameters in AWS managed templates only, and refuses them in all others.",
    source=GUIDE + "job-templates-managed.html",
    evidence="documented",
)


class JobTemplateSpec(JobContent):
    """All properties of a job template. Each is create-only, even tags and description."""

    template_name: Maybe[Annotated[str, limits.TEMPLATE_NAME]]
    """1 to 64 letters, digits, _ and -."""
    description: Maybe[Annotated[str, limits.DESCRIPTION]]
    """1 to 2028 printable characters on one line."""
    job_arn: Maybe[Annotated[str, limits.JOB_ARN]] | None = None
    """A job to copy from; other values given here replace the job's."""
    maintenance_windows: Windows = ()
    """Windows should not overlap; none means any time. A template with windows creates continuous jobs only."""

    def problems(self) -> Iterator[Finding]:
        """Check the rules between fields."""
        yield from super().problems()
        for placeholder in placeholders_in(self.document):
            if placeholder.kind == "parameter":
                yield PARAMETER_IN_TEMPLATE.finding(
                    loc=("document", *placeholder.loc),
                    given=placeholder.text,
                    allowed="no parameters in a custom template",
                    fix="write the value out, or use another template for each value",
                )

    def copies(self) -> bool:
        """Return whether absent values are copied from a job."""
        return self.job_arn is not None
