"""The fields that a job template and a job have in common, and the rules between them."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Annotated

from pydantic import Field

from iot_jobs import limits, windows
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.documents.placeholders import Placeholder
from iot_jobs.finding import REMOVE, Finding, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.template.part import Items, Maybe, Model
from iot_jobs.template.parts import (
    AbortConfig,
    Document,
    MaintenanceWindow,
    PresignedUrlConfig,
    RetryConfig,
    RolloutConfig,
    Tags,
    TimeoutConfig,
    known_items,
)
from iot_jobs.unresolved import Unresolved, between_tokens, holds_token, is_intrinsic, known, may_be_nothing

WINDOW_OVERLAP = Rule(
    code="JT604",
    title="maintenance windows don't overlap, and none opens again before it has closed",
    why="AWS doesn't document what it does with overlapping windows; this is the stricter reading.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="assumed",
)
DOCUMENT_COMBINATION = Rule(
    code="JT105",
    title="a template has a document or a document source, or a job ARN to copy from",
    why="The service refuses both together, and needs one if there is no job ARN; schemas accept all combinations.",
    source="Job document and job document source cannot be specified at the same time",
    evidence="measured",
)
PACKAGE_VERSION_TWICE = Rule(
    code="JT108",
    title="destination package versions are unique",
    why="AWS doesn't say whether it accepts a duplicate, which would change nothing.",
    source=API + "CreateJobTemplate.html",
    evidence="assumed",
)
PRESIGN_ROLE = Rule(
    code="JT503",
    title="a document with a presigned placeholder has a role that signs URLs",
    why="Without a role AWS IoT can't sign the URL, and refuses the template.",
    source="presignedUrlConfig role ARN is required to generate an S3 presigned url in job document",
    evidence="measured",
)
PACKAGE_NOT_A_DESTINATION = Rule(
    code="JT515",
    title="a document's package placeholders match the destination package versions",
    why="AWS fills the placeholders from these versions; a placeholder with empty names needs exactly one version.",
    source=GUIDE + "preparing-jobs-for-service-package-catalog.html",
    evidence="documented",
)


class JobContent(Model):
    """The work for the device, and its rollout."""

    document: Maybe[Document] | None = None
    """The instructions for the device, at most 32,768 bytes of JSON."""
    document_source: Maybe[Annotated[str, limits.DOCUMENT_SOURCE]] | None = None
    """The https URL or s3:// address of an S3 object that holds the document."""
    rollout: Maybe[RolloutConfig] | None = None
    """The rate at which things are notified. Without it, 1000 things per minute."""
    abort: Maybe[AbortConfig] | None = None
    """The criteria that cancel the job. Without them, the rollout continues whatever happens."""
    retry: Maybe[RetryConfig] | None = None
    """The number of retries for each type of failure. Without it, there are none."""
    timeout: Maybe[TimeoutConfig] | None = None
    """The time that an execution may be in progress. Without it, executions never time out."""
    presigned_url: Maybe[PresignedUrlConfig] | None = None
    """The role and lifetime of presigned URLs, required if the document has a presigned placeholder."""
    destination_package_versions: Maybe[
        Annotated[Sequence[Maybe[Annotated[str, limits.PACKAGE_VERSION]]], Items(limits.PACKAGE_VERSIONS)]
    ] = ()
    """ARNs of at most 25 package versions that the job installs."""
    tags: Maybe[Tags] = Field(default_factory=dict)
    """At most 50 tags. In a job template, no value may be empty."""

    def copies(self) -> bool:
        """Return whether absent values are copied from an existing job or template."""
        raise NotImplementedError

    def problems(self) -> Iterator[Finding]:
        """Check the rules between fields."""
        copies = self.copies()
        yield from _document_problems(self.document, self.document_source, copies=copies)
        # The role and the package versions are copied too, if none are given here.
        placeholders = () if copies else placeholders_in(self.document)
        block = self.presigned_url
        if block is None or (not isinstance(block, Unresolved) and block.role_arn is None):
            yield from _role_problems(placeholders)
        yield from _package_problems(self.destination_package_versions, placeholders)


def _document_problems(
    document: JobDocument | Unresolved | None, document_source: str | Unresolved | None, *, copies: bool
) -> Iterator[Finding]:
    sources = [source for source in (document, document_source) if source is not None]
    # A source that breaks its own limit isn't counted: it is already reported, and this finding would hide others.
    if not any(may_be_nothing(source) or _broken(source) for source in sources) and len(sources) == 2:
        yield DOCUMENT_COMBINATION.finding(
            loc=("document_source",),
            given=known(document_source),
            allowed="a document or a document source, not both",
            fix="remove one of them",
            related=(("document",),),
        )
    elif not sources and not copies:
        yield DOCUMENT_COMBINATION.finding(
            loc=("document",), allowed="a document, a document source, or an ARN to copy from", fix="add a document"
        )


def _role_problems(placeholders: Sequence[Placeholder]) -> Iterator[Finding]:
    """Yield a finding for the first placeholder that needs the role that is missing."""
    presigned = [placeholder for placeholder in placeholders if placeholder.presigned]
    if presigned:
        yield PRESIGN_ROLE.finding(
            loc=("presigned_url",),
            allowed=f"a role, because the document holds {presigned[0].text}",
            fix="add presigned_url with the ARN of a role that AWS IoT may assume",
            related=(("document", *presigned[0].loc),),
        )


def _package_problems(
    versions: Sequence[str | Unresolved] | Unresolved, placeholders: Sequence[Placeholder]
) -> Iterator[Finding]:
    """Yield placeholders of package versions that are not among the destinations."""
    if isinstance(versions, Unresolved) or any(isinstance(version, Unresolved) for version in versions):
        return
    destinations = [_package_of(str(version)) for version in versions]
    for placeholder in placeholders:
        package = placeholder.package
        if package is None:
            continue
        named = len(versions) == 1 if package == ("", "") else package in destinations
        if not named:
            only = "exactly one destination package version, because the placeholder names none"
            yield PACKAGE_NOT_A_DESTINATION.finding(
                loc=("document", *placeholder.loc),
                given=placeholder.text,
                allowed=only if package == ("", "") else "one of the destination package versions",
                fix="add its ARN to destination_package_versions, or correct the placeholder",
                related=(("destination_package_versions",),),
            )


def placeholders_in(document: JobDocument | Unresolved | None) -> tuple[Placeholder, ...]:
    """Return the placeholders of a document as the author wrote it; none if it isn't known."""
    known_document = written(document)
    return () if known_document is None else known_document.placeholders


def written(document: JobDocument | Unresolved | None) -> JobDocument | None:
    """Return the document as the author wrote it, even if it breaks a rule; None if it isn't known."""
    inner = document.value if isinstance(document, Unresolved) else document
    return inner if isinstance(inner, JobDocument) else None


def around_tokens(value: object, limit: limits.Text, name: str) -> Iterator[Finding]:
    """Yield a finding if the known parts of a text break its limit, whatever its tokens become.

    The limit must be one that holds for each part of a text too, such as a set of characters.
    """
    text = value.value if isinstance(value, Unresolved) else value
    if isinstance(text, str) and holds_token(text):
        known_parts = "".join(part for part, token in between_tokens(text) if not token)
        if known_parts and not limit.accepts(known_parts):
            yield limit.finding(loc=(name,), given=text, allowed=limit.allowed, fix=limit.fix)


def repeated(values: Sequence[str | Unresolved] | Unresolved, rule: Rule, what: str) -> Iterator[Finding]:
    """Yield a finding for each known value that is in a list a second time; locations are in the list."""
    first: dict[str, int] = {}
    for index, value in known_items(values):
        if value in first:
            yield rule.finding(
                loc=(index,),
                given=value,
                allowed=f"each {what} once",
                fix="remove the duplicate",
                edit=REMOVE,
                related=((first[value],),),
            )
        first.setdefault(value, index)


def window_problems(given: Sequence[MaintenanceWindow | Unresolved] | Unresolved) -> Iterator[Finding]:
    """Yield what is assumed about windows, which AWS may accept: their number, unusual crons, and overlaps.

    Locations are in the list. An overlap has an example.
    """
    if finding := limits.WINDOWS.check([window for window in known(given) or () if not may_be_nothing(window)]):
        yield finding
        return
    known_windows: list[tuple[int, str, int]] = []
    for index, window in known_items(given):
        unusual = [finding.under((index,)) for finding in window.assumed_problems()]
        yield from unusual
        start, duration = known(window.start_time), known(window.duration_in_minutes)
        if start is not None and duration is not None and not unusual:
            known_windows.append((index, start, duration))
    reported, more = _overlaps(tuple((start, duration) for _, start, duration in known_windows))
    for overlap in reported:
        first, second = known_windows[overlap.first], known_windows[overlap.second]
        itself = overlap.first == overlap.second
        yield WINDOW_OVERLAP.finding(
            loc=(second[0], "duration_in_minutes" if itself else "start_time"),
            given=second[2] if itself else second[1],
            allowed="windows that do not overlap; "
            f"those of {overlap.opening_first:%Y-%m-%d %H:%M} and {overlap.opening_second:%Y-%m-%d %H:%M} do",
            fix="shorten the window, or move it" + ("; more pairs overlap" if more and overlap is reported[-1] else ""),
            related=() if itself else ((first[0],),),
        )


@lru_cache(maxsize=4096)
def _overlaps(pairs: tuple[tuple[str, int], ...]) -> tuple[list[windows.Overlap], bool]:
    """Return the overlaps to report, and whether there are more. Cached, because templates share windows."""
    overlaps = windows.overlaps([(windows.Cron.parse(start), duration) for start, duration in pairs])
    return list(islice(overlaps, _MOST_OVERLAPS)), next(overlaps, None) is not None


_MOST_OVERLAPS = 20


def _broken(value: object) -> bool:
    """Return whether a value is unresolved because it breaks a rule, not because it is known only at deployment."""
    inner = value.value if isinstance(value, Unresolved) else ...
    return inner is None or (isinstance(inner, str | float | list | dict | JobDocument) and not is_intrinsic(inner))


def _package_of(arn: str) -> tuple[str, str]:
    """Return name and version from a package version's ARN."""
    name, _, version = arn.partition(":package/")[2].partition("/version/")
    return name, version
