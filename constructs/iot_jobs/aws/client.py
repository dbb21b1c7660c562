"""The calls to AWS that jobs need, typed, a method for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from iot_jobs.aws.errors import AwsError, translated
from iot_jobs.extras import extra
from iot_jobs.jobs import Execution, Job, Summary, Target, thing_name

with extra("aws"):
    import boto3
    from botocore.config import Config

PAGE = 250
"""The greatest page of AWS IoT Jobs. https://docs.aws.amazon.com/iot/latest/apireference/API_ListJobs.html"""
_SEARCH_PAGE = 100


class ManagedTemplate(NamedTuple):
    """A job template of AWS's. `parameters` are what its document takes, as `DescribeManagedJobTemplate` has them."""

    name: str
    arn: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]


class Aws:
    """AWS IoT in one account and region. All methods raise `AwsError`."""

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        session: Callable[[], Any] = boto3.Session,
    ) -> None:
        """Call nothing yet. Region and endpoint are those of the AWS settings where they are None.

        `session` makes the boto3 session, which reads the credentials.
        """
        self._settings = {"region_name": region, "endpoint_url": endpoint_url}
        self._session = session

    def renewed(self) -> Aws:
        """Return the same with credentials that are read again: keys in files don't change within a session."""
        return Aws(
            region=self._settings["region_name"], endpoint_url=self._settings["endpoint_url"], session=self._session
        )

    @cached_property
    def _iot(self) -> Any:
        return self._client("iot")

    def _client(self, service: str) -> Any:
        """Return a client with botocore's standard retries: three tries in all, unless the AWS settings say otherwise.

        They cover throttling, errors of the service and lost connections.
        """
        config = Config(retries={"mode": "standard"}, connect_timeout=10, read_timeout=30)
        with translated(f"{service}:*"):
            return self._session().client(service, config=config, **self._settings)

    @property
    def region(self) -> str:
        """The region that is called."""
        return str(self._iot.meta.region_name)

    # Jobs -------------------------------------------------------------------------------------------------------------

    def job(self, job_id: str) -> Job:
        """Return a job."""
        with translated("iot:DescribeJob", f"job/{job_id}"):
            answer = self._iot.describe_job(jobId=job_id)
        return Job.read(answer)

    def job_document(self, job_id: str, *, before_substitution: bool = False) -> str:
        """Return the document of a job, with or without its placeholders of packages filled in."""
        with translated("iot:GetJobDocument", f"job/{job_id}"):
            answer = self._iot.get_job_document(jobId=job_id, beforeSubstitution=before_substitution)
        return str(answer.get("document", ""))

    def job_tags(self, job: Job) -> dict[str, str]:
        """Return the tags of a job, which `DescribeJob` leaves out."""
        with translated("iot:ListTagsForResource", f"job/{job.job_id}"):
            pages = self._iot.get_paginator("list_tags_for_resource").paginate(resourceArn=job.arn)
            return {tag["Key"]: tag.get("Value", "") for page in pages for tag in page.get("tags", ())}

    def jobs(self, *, status: str | None = None, target_selection: str | None = None) -> Iterator[Summary]:
        """Yield the jobs, all pages. With a thing group AWS would leave out the SCHEDULED ones (aws/aws-cli#8924)."""
        pages = self._pages("list_jobs", "jobs", "iot:ListJobs", status=status, targetSelection=target_selection)
        for job in pages:
            yield Summary(
                job["jobId"],
                job["jobArn"],
                job["status"],
                job["targetSelection"],
                job["createdAt"].astimezone(UTC),
                job["lastUpdatedAt"].astimezone(UTC),
                _utc(job.get("completedAt")),
            )

    def create_job(self, request: Mapping[str, Any]) -> None:
        """Create a job."""
        with translated("iot:CreateJob", f"job/{request['jobId']}"):
            self._iot.create_job(**request)

    def update_job(self, job_id: str, members: Mapping[str, Any]) -> None:
        """Replace whole members of a job, in the API's spelling."""
        with translated("iot:UpdateJob", f"job/{job_id}"):
            self._iot.update_job(jobId=job_id, **members)

    def cancel_job(self, job_id: str, *, force: bool, reason_code: str | None, comment: str | None) -> None:
        """Cancel a job."""
        given = _given(reasonCode=reason_code, comment=comment)
        with translated("iot:CancelJob", f"job/{job_id}"):
            self._iot.cancel_job(jobId=job_id, force=force, **given)

    def delete_job(self, job_id: str, *, force: bool) -> None:
        """Begin to delete a job and its executions."""
        with translated("iot:DeleteJob", f"job/{job_id}"):
            self._iot.delete_job(jobId=job_id, force=force)

    # Executions -------------------------------------------------------------------------------------------------------

    def executions_of_job(
        self, job_id: str, *, statuses: Iterable[str] | None = None, most: int | None = None
    ) -> Iterator[Execution]:
        """Yield the executions of a job with one of these statuses, or all if None; of each status at most `most`.

        AWS lists those that were updated last first. Measured.
        """
        for status in (None,) if statuses is None else statuses:
            pages = self._pages(
                "list_job_executions_for_job",
                "executionSummaries",
                "iot:ListJobExecutionsForJob",
                most=most,
                resource=f"job/{job_id}",
                jobId=job_id,
                status=status,
            )
            for given in pages:
                thing = thing_name(given["thingArn"])
                yield Execution.listed(given["jobExecutionSummary"], job_id=job_id, thing=thing)

    def executions_of_thing(self, thing: str, *, statuses: Iterable[str] | None = None) -> Iterator[Execution]:
        """Yield the executions of a thing with one of these statuses, or all if None."""
        for status in (None,) if statuses is None else statuses:
            pages = self._pages(
                "list_job_executions_for_thing",
                "executionSummaries",
                "iot:ListJobExecutionsForThing",
                resource=f"thing/{thing}",
                thingName=thing,
                status=status,
            )
            for given in pages:
                yield Execution.listed(given["jobExecutionSummary"], job_id=given["jobId"], thing=thing)

    def execution(self, job_id: str, thing: str, number: int | None = None) -> Execution:
        """Return an execution; without a number the latest of the thing."""
        with translated("iot:DescribeJobExecution", f"thing/{thing}"):
            given = _given(executionNumber=number)
            answer = self._iot.describe_job_execution(jobId=job_id, thingName=thing, **given)
        return Execution.read(answer)

    def cancel_execution(self, execution: Execution, *, force: bool) -> None:
        """Cancel an execution, unless it has changed since it was read."""
        given = _given(expectedVersion=execution.version)
        with translated("iot:CancelJobExecution", f"thing/{execution.thing}"):
            self._iot.cancel_job_execution(jobId=execution.job_id, thingName=execution.thing, force=force, **given)

    def delete_execution(self, execution: Execution, *, force: bool) -> None:
        """Delete an execution."""
        with translated("iot:DeleteJobExecution", f"thing/{execution.thing}"):
            self._iot.delete_job_execution(
                jobId=execution.job_id, thingName=execution.thing, executionNumber=execution.number, force=force
            )

    # Templates --------------------------------------------------------------------------------------------------------

    def template_ids(self) -> list[str]:
        """Return the ids of all job templates, sorted."""
        pages = self._pages("list_job_templates", "jobTemplates", "iot:ListJobTemplates")
        return sorted(template["jobTemplateId"] for template in pages)

    def template(self, template_id: str) -> Mapping[str, Any]:
        """Return a job template as `DescribeJobTemplate` returns it."""
        with translated("iot:DescribeJobTemplate", f"jobtemplate/{template_id}"):
            answer: dict[str, Any] = self._iot.describe_job_template(jobTemplateId=template_id)
        answer.pop("ResponseMetadata", None)
        return answer

    def managed_template(self, name: str) -> ManagedTemplate:
        """Return the current version of a managed job template, such as AWS-Reboot."""
        with translated("iot:DescribeManagedJobTemplate", f"jobtemplate/{name}"):
            answer = self._iot.describe_managed_job_template(templateName=name)
        return ManagedTemplate(
            name, answer["templateArn"], answer.get("description", name), tuple(answer.get("documentParameters") or ())
        )

    def parameter(self, name: str) -> str:
        """Return the value of an SSM parameter, such as the ARN of a template that an environment publishes."""
        ssm = self._client("ssm")
        with translated("ssm:GetParameter", f"parameter{name}"):
            return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])

    # Things -----------------------------------------------------------------------------------------------------------

    def thing_arn(self, name: str) -> str | None:
        """Return the ARN of a thing, None if there is no such thing."""
        return self._arn("describe_thing", "thingArn", "iot:DescribeThing", f"thing/{name}", thingName=name)

    def group_arn(self, name: str) -> str | None:
        """Return the ARN of a thing group, None if there is no such group."""
        return self._arn(
            "describe_thing_group", "thingGroupArn", "iot:DescribeThingGroup", f"thinggroup/{name}", thingGroupName=name
        )

    def things_in(self, group: Target) -> Iterator[str]:
        """Yield the names of the things in a group and in the groups below it; of a dynamic group by its query."""
        with translated("iot:DescribeThingGroup", f"thinggroup/{group.name}"):
            query = self._iot.describe_thing_group(thingGroupName=group.name).get("queryString")
        if query is None:
            yield from self._pages(
                "list_things_in_thing_group",
                "things",
                "iot:ListThingsInThingGroup",
                resource=f"thinggroup/{group.name}",
                thingGroupName=group.name,
                recursive=True,
            )
            return
        token: dict[str, str] = {}
        while True:
            with translated("iot:SearchIndex", "index/AWS_Things"):
                page = self._iot.search_index(queryString=query, maxResults=_SEARCH_PAGE, **token)
            yield from (thing["thingName"] for thing in page.get("things", ()))
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def _arn(self, operation: str, member: str, action: str, resource: str, **given: str) -> str | None:
        try:
            with translated(action, resource):
                return str(getattr(self._iot, operation)(**given)[member])
        except AwsError as error:
            if error.kind == "missing":
                return None
            raise

    def _pages(
        self,
        operation: str,
        member: str,
        action: str,
        *,
        most: int | None = None,
        resource: str | None = None,
        **given: Any,
    ) -> Iterator[Any]:
        """Yield the items of all pages of a list, or the first `most`."""
        size = PAGE if most is None else min(most, PAGE)
        pages = self._iot.get_paginator(operation).paginate(
            **_given(**given), PaginationConfig=_given(PageSize=size, MaxItems=most)
        )
        with translated(action, resource):
            for page in pages:
                yield from page.get(member, ())


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
