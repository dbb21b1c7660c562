"""Constructs for the AWS CDK. The only package here that imports `aws_cdk`, and with it Node."""

from iot_jobs.cdk.job_template import JobTemplate, PresignedUrl
from iot_jobs.cdk.rules import JobTemplateRules

__all__ = ["JobTemplate", "JobTemplateRules", "PresignedUrl"]
