"""Job templates as they are in AWS. The only module that imports boto3 (the extra `aws`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iot_jobs.extras import extra

with extra("aws"):
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, ClientError, ValueError)
"""The errors that calls to AWS raise. A `ValueError` is about an endpoint that is not a URL."""


def deployed_templates(*, region: str | None = None, endpoint_url: str | None = None) -> list[Mapping[str, Any]]:
    """Return every job template of the account and region as `DescribeJobTemplate` returns it, sorted by id.

    Credentials come from the AWS settings, and so do region and endpoint where they are None. Raises `AwsError`.
    """
    client = boto3.Session().client("iot", region_name=region, endpoint_url=endpoint_url)
    pages = client.get_paginator("list_job_templates").paginate()
    ids = sorted(template["jobTemplateId"] for page in pages for template in page["jobTemplates"])
    return [client.describe_job_template(jobTemplateId=template_id) for template_id in ids]
