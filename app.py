"""The CDK application: a stack for each account and region of each environment (`-c environment=prod` picks one)."""

import sys
from pathlib import Path

import aws_cdk as cdk

from iot_jobs import FindingsError
from iot_jobs.cdk import JobTemplateRules
from iot_jobs.check import load_application
from stacks.job_templates import JobTemplatesStack

app = cdk.App()
cdk.Validations.of(app).add_plugins(JobTemplateRules())
try:
    application = load_application(Path(__file__).parent, environment=app.node.try_get_context("environment"))
except FindingsError as error:
    sys.exit(str(error))
for environment in application.environments:
    JobTemplatesStack.in_all_locations(app, environment)
app.synth()
