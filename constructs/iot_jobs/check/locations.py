"""The accounts and regions that a template is deployed to, compared with the ARNs and buckets that it names.

AWS looks these up where it creates the template. What is known only at deployment is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from iot_jobs.cloudformation import AccountRegion
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.documents.placeholders import UPLOAD
from iot_jobs.finding import Finding, Location, Rule, nearest
from iot_jobs.limits import API, GUIDE, s3
from iot_jobs.limits.regions import PARTITIONS
from iot_jobs.template.parts import PresignedUrlConfig, known_items
from iot_jobs.unresolved import Unresolved, known

JOB_ELSEWHERE = Rule(
    code="JT119",
    title="a job that is copied is in the account and region of the template",
    why="AWS looks the job up where it creates the template, and doesn't find it.",
    source=API + "CreateJobTemplate.html",
    evidence="assumed",
)
PACKAGE_ELSEWHERE = Rule(
    code="JT120",
    title="a destination package version is in the account and region of the template",
    why="Packages belong to one account and region, and devices there have no others.",
    source=GUIDE + "software-package-catalog.html",
    evidence="assumed",
)
ROLE_ELSEWHERE = Rule(
    code="JT505",
    title="the role that signs URLs is in the account of the template",
    why="A role can be passed only to a service in its own account, and an account is in one partition.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    evidence="documented",
)
BUCKET_ELSEWHERE = Rule(
    code="JT519",
    title="an upload goes to a bucket in the region of the template",
    why="AWS refuses a bucket in another region for uploads; downloads may come from any.",
    source=GUIDE + "software-package-catalog-troubleshooting.html",
    evidence="documented",
)
UNKNOWN_REGION = Rule(
    code="JT950",
    title="an environment's regions are regions of AWS",
    why="Nothing can be deployed to a region that doesn't exist. AWS may have opened this one recently.",
    source="https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html",
    evidence="documented",
    severity="warning",
)

_MOST_NAMED = 3
"""Number of accounts and regions that one finding names."""
_Where = Mapping[str, Mapping[str, Location]]
"""The accounts, regions and partitions that a template is deployed to, each with its place in the environment."""


class Named(NamedTuple):
    """What a template names that is in an account or region."""

    job_arn: str | None = None
    presigned_url: PresignedUrlConfig | None = None
    package_versions: Sequence[str | Unresolved] | Unresolved = ()
    document: JobDocument | None = None


def unknown_regions(regions: Sequence[str]) -> Iterator[Finding]:
    """Yield regions that aren't known, with the nearest one that is; locations are in the environment."""
    for index, region in enumerate(regions):
        if region not in PARTITIONS:
            near = nearest(region, PARTITIONS) or "the code of a region"
            yield UNKNOWN_REGION.finding(
                loc=("region", index),
                given=region,
                allowed="a region that is known to exist",
                fix=f"write {near}, or acknowledge JT950 in the templates if AWS has opened the region since",
            )


def elsewhere(named: Named, locations: Sequence[AccountRegion]) -> Iterator[Finding]:
    """Yield values of a template that don't fit all of its locations.

    The locations of findings are in the template, the related ones in its environment.
    """
    where = _where(locations)
    if named.job_arn:
        yield from _arn(JOB_ELSEWHERE, "a job", named.job_arn, ("job_arn",), where)
    if named.presigned_url and (role := known(named.presigned_url.role_arn)):
        yield from _arn(ROLE_ELSEWHERE, "a role", role, ("presigned_url", "role_arn"), where)
    for index, version in known_items(named.package_versions):
        loc = ("destination_package_versions", index)
        yield from _arn(PACKAGE_ELSEWHERE, "a package version", version, loc, where)
    for placeholder in named.document.placeholders if named.document else ():
        region = s3.region_of(placeholder.argument) if placeholder.kind == UPLOAD else None
        if region:
            at = ("document", *placeholder.loc)
            yield from _finding(BUCKET_ELSEWHERE, "a bucket", placeholder.text, at, {"region": region}, where)


def _where(locations: Sequence[AccountRegion]) -> _Where:
    """Return the known accounts, regions and partitions of the locations."""
    accounts = dict.fromkeys(account for account, _ in locations if account)
    regions = dict.fromkeys(region for _, region in locations if region)
    partitions: dict[str, Location] = {}
    for index, region in enumerate(regions):
        if region in PARTITIONS:
            partitions.setdefault(PARTITIONS[region], ("region", index))
    return {
        "account": {account: ("account", index) for index, account in enumerate(accounts)},
        "region": {region: ("region", index) for index, region in enumerate(regions)},
        "partition": partitions,
    }


def _arn(rule: Rule, what: str, arn: str, loc: Location, where: _Where) -> Iterator[Finding]:
    """Yield a finding for an ARN that doesn't fit everywhere. A role's names no region."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    named = {"account": account, "region": region, "partition": partition}
    yield from _finding(rule, what, arn, loc, {kind: name for kind, name in named.items() if name}, where)


def _finding(
    rule: Rule, what: str, given: str, loc: Location, named: Mapping[str, str], where: _Where
) -> Iterator[Finding]:
    """Yield a finding if a location has another account, region or partition than a value names."""
    misfits = {
        f"{kind} {other}": place
        for kind, name in named.items()
        for other, place in where[kind].items()
        if other != name
    }
    if not misfits:
        return
    more = len(misfits) - _MOST_NAMED
    words = ", ".join([*misfits][:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    one_fits = all(len(where[kind]) <= 1 for kind in named)
    yield rule.finding(
        loc=loc,
        given=given,
        allowed=f"{what} in {words}, where the template is deployed",
        fix=f"choose {what} that is there" if one_fits else "write an environment for each, with a value of its own",
        related=tuple(dict.fromkeys([*misfits.values()][:_MOST_NAMED])),
    )
