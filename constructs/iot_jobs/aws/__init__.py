"""Job templates as they are in AWS. The only module that imports boto3 (the extra `aws`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iot_jobs.extras import extra

with extra("aws"):
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, ClientError, ValueError)
"""What calls here may raise, to be caught by name. A `ValueError` is about an endpoint that is no address."""


def deployed_templates(*, region: str | None = None, endpoint_url: str | None = None) -> list[Mapping[str, Any]]:
    """Every job template of the account and region, as `DescribeJobTemplate` answers, sorted by id.

    Credentials, region and endpoint come from the environment as with every AWS tool, where they are not given. Raises
    `AwsError`.
    """
    client = boto3.Session().client("iot", region_name=region, endpoint_url=endpoint_url)
    pages = client.get_paginator("list_job_templates").paginate()
    ids = sorted(template["jobTemplateId"] for page in pages for template in page["jobTemplates"])
    return [client.describe_job_template(jobTemplateId=one) for one in ids]
