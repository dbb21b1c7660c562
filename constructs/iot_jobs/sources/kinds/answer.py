"""Output of the AWS CLI: an existing job, lists without content, and a job's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iot_jobs.cloudformation import API_JOB
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Document, Reading, read_properties

_DESCRIBE = "check the output of describe-job or describe-job-template"


def _is_job(file: File) -> bool:
    job = file.data.get("job")
    return isinstance(job, Mapping) and API_JOB.is_answer(job)


def _read_job(file: File, reading: Reading) -> None:
    read_properties(file.source, ("job",), file.data["job"], API_JOB, reading)


def _lists(value: object, arn: str) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) and arn in one for one in value)


def _without_content(data: Mapping[str, Any]) -> str | None:
    """Return why a response holds nothing that can be checked, None if it does."""
    if _lists(data.get("jobTemplates"), "jobTemplateArn") or _lists(data.get("jobs"), "jobArn"):
        return f"a list of jobs or job templates without their content: {_DESCRIBE}"
    if data.keys() in ({"jobArn", "jobId"}, {"jobArn", "jobId", "description"}, {"jobTemplateArn", "jobTemplateId"}):
        return f"the id of a new job or job template without its content: {_DESCRIBE}"
    return "a template that AWS manages" if {"templateArn", "templateVersion"} <= data.keys() else None


def _is_document(file: File) -> bool:
    return file.named and file.data.keys() == {"document"} and isinstance(file.data["document"], str)


def _read_document(file: File, reading: Reading) -> None:
    document = JobDocument(file.data["document"])
    reading.documents.append(Document(document, lambda loc: file.source.place(("document", *loc)), file.source.name))


JOB = Kind(_is_job, _read_job)
LIST = Kind(
    lambda file: _without_content(file.data) is not None,
    lambda file, reading: reading.skip(file.path, str(_without_content(file.data))),
)
DOCUMENT = Kind(_is_document, _read_document)
