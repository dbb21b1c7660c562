"""Constructs for the AWS CDK. Only this package imports `aws_cdk` (the extra `cdk`), which starts Node."""

from iot_jobs.extras import extra

with extra("cdk"):
    from iot_jobs.cdk.grants import IJobTemplate, Target
    from iot_jobs.cdk.imported import ImportedJobTemplate
    from iot_jobs.cdk.job_template import JobTemplate
    from iot_jobs.cdk.placeholder import Placeholder
    from iot_jobs.cdk.plugin import JobTemplateRules
    from iot_jobs.cdk.presign_role import PresignedUrl
    from iot_jobs.cdk.s3_document import S3Document
    from iot_jobs.cdk.stable_tags import StableTags
    from iot_jobs.cdk.synth_checks import QUOTAS_CONTEXT
    from iot_jobs.cdk.window import Window

__all__ = [
    "QUOTAS_CONTEXT",
    "IJobTemplate",
    "ImportedJobTemplate",
    "JobTemplate",
    "JobTemplateRules",
    "Placeholder",
    "PresignedUrl",
    "S3Document",
    "StableTags",
    "Target",
    "Window",
]
