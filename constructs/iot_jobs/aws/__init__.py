"""Calls to AWS. The only package that imports boto3 (the extra `aws`)."""

from iot_jobs.aws.client import Aws, ManagedTemplate
from iot_jobs.aws.errors import AwsError
from iot_jobs.aws.poller import INTERVAL, watch

__all__ = ["INTERVAL", "Aws", "AwsError", "ManagedTemplate", "watch"]
