"""`JobTemplateSpec`: one field for each property of `AWS::IoT::JobTemplate`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from iot_jobs import limits
from iot_jobs.finding import Finding, Rule
from iot_jobs.limits import GUIDE, TEMPLATE_REFERENCE
from iot_jobs.template.content import JobContent, around_tokens, placeholders_in
from iot_jobs.template.part import Maybe
from iot_jobs.template.parts import Windows
from iot_jobs.unresolved import Unresolved, known

PARAMETER_IN_TEMPLATE = Rule(
    code="JT512",
    title="a custom template's document has no ${aws:iot:parameter:...}",
    why="AWS fills parameters in AWS managed templates only, and refuses them in all others.",
    source=GUIDE + "job-templates-managed.html",
    evidence="documented",
)
TAG_WITHOUT_VALUE = Rule(
    code="JT118",
    title="the value of a job template's tag has at least one character",
    why="CloudFormation requires a value for a job template. The API and jobs accept an empty one.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-tags",
    evidence="schema",
)
BLOCK_WITHOUT_ROLE = Rule(
    code="JT504",
    title="a template's presigned URL configuration names a role",
    why="CloudFormation requires a role for a job template, whatever the document holds. The API and jobs accept a "
    "block without it if there is nothing to sign.",
    source=TEMPLATE_REFERENCE + "#cfn-iot-jobtemplate-presignedurlconfig",
    evidence="schema",
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
        yield from around_tokens(self.template_name, limits.TEMPLATE_NAME, "template_name")
        yield from around_tokens(self.description, limits.DESCRIPTION, "description")
        for placeholder in placeholders_in(self.document):
            if placeholder.kind == "parameter":
                yield PARAMETER_IN_TEMPLATE.finding(
                    loc=("document", *placeholder.loc),
                    given=placeholder.text,
                    allowed="no parameters in a custom template",
                    fix="write the value out, or use another template for each value",
                )
        tags = self.tags.value if isinstance(self.tags, Unresolved) else self.tags  # another of them may be wrong
        yield from tags_without_value(tags if isinstance(tags, Mapping) else {})
        block = known(self.presigned_url)
        signs = not self.copies() and any(placeholder.presigned for placeholder in placeholders_in(self.document))
        if block and block.role_arn is None and not signs:  # with something to sign, `PRESIGN_ROLE` says so
            yield BLOCK_WITHOUT_ROLE.finding(
                loc=("presigned_url", "role_arn"),
                allowed=limits.ROLE_ARN.allowed,
                fix="add role_arn, or remove presigned_url",
            )

    def copies(self) -> bool:
        """Return whether absent values are copied from a job."""
        return self.job_arn is not None


def tags_without_value(tags: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the tags with an empty value, none if there are far too many tags; locations are in the template."""
    for key, value in () if limits.TAGS.far_over(tags) else tags.items():
        if value == "":
            fix = "give the tag a value, or remove it"
            yield TAG_WITHOUT_VALUE.finding(
                loc=("tags", str(key)), given=value, allowed="1 or more characters", fix=fix
            )
