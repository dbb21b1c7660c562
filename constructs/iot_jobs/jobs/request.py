"""The request that creates a job, and the tags by which a later watch knows what it was meant to be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from iot_jobs.cloudformation import API_JOB, properties
from iot_jobs.identity import emitted_digest, template_name_of
from iot_jobs.jobs.job import Job
from iot_jobs.jobs.time_left import Expected, as_text, from_text
from iot_jobs.limits import JOB_ID
from iot_jobs.template import JobSpec

_TAG = "iot-jobs:"
_TEMPLATE, _ENVIRONMENT, _THINGS, _REQUEST, _P50, _P95, _COURSE = (
    _TAG + name
    for name in (
        "template",
        "environment",
        "things",
        "request",
        "forecast-p50-minutes",
        "forecast-p95-minutes",
        "forecast-course-minutes",
    )
)


class Purpose(NamedTuple):
    """The purpose of a job, as its tags say. None is not known: somebody else created the job."""

    template: str | None = None
    environment: str | None = None
    things: int | None = None
    request: str | None = None
    expected: Expected | None = None

    def tags(self) -> dict[str, str]:
        """Return the tags that keep this on the job."""
        p50, p95, course = as_text(self.expected) if self.expected else (None, None, None)
        things = None if self.things is None else str(self.things)
        written = {
            _TEMPLATE: self.template,
            _ENVIRONMENT: self.environment,
            _THINGS: things,
            _REQUEST: self.request,
            _P50: p50,
            _P95: p95,
            _COURSE: course,
        }
        return {key: value for key, value in written.items() if value is not None}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Purpose:
        """Return what the tags of a job say. A tag that somebody changed into nonsense counts as absent."""
        things = tags.get(_THINGS, "")
        return cls(
            template=tags.get(_TEMPLATE),
            environment=tags.get(_ENVIRONMENT),
            things=int(things) if things.isdecimal() and int(things) else None,
            request=tags.get(_REQUEST),
            expected=from_text(tags.get(_P50), tags.get(_P95), tags.get(_COURSE)),
        )


def fingerprint(spec: JobSpec) -> str:
    """Return a digest of all that the request says a job does: everything but its id and its tags."""
    request = properties(spec, API_JOB)
    return emitted_digest({key: value for key, value in request.items() if key not in ("jobId", "tags")})


def request(spec: JobSpec, purpose: Purpose) -> dict[str, Any]:
    """Return the members of `CreateJob`. The job has its own tags, and those that keep its purpose."""
    emitted = properties(spec, API_JOB)
    tags = {tag["Key"]: tag["Value"] for tag in emitted.pop("tags", ())} | purpose.tags()
    return emitted | {"tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}


def default_job_id(template: str, now: datetime) -> str:
    """Return an id for another job from this template: its name and the minute, in UTC."""
    ending = f"-{now:%Y%m%d-%H%M}"
    return template_name_of(template)[: (JOB_ID.maximum or 0) - len(ending)] + ending


def differences(spec: JobSpec, job: Job) -> tuple[str, ...]:
    """Return the fields of a request that an existing job has otherwise, by our names. Absent ones aren't compared."""
    asked, there = properties(spec, API_JOB), properties(job.spec, API_JOB)
    names = {name[0] if isinstance(name, tuple) else name: field for field, name in API_JOB.names.items()}
    compared = {key: value for key, value in asked.items() if key not in ("jobId", "tags", "document")}
    compared["targets"], there["targets"] = sorted(asked.get("targets", ())), sorted(job.targets)
    return tuple(names[key] for key, value in compared.items() if there.get(key) != value)
