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
    for account, region in environment.locations:
        # The first location keeps its name when others are added.
        first = (account, region) == environment.locations[0]
        name = environment.stack_name + ("" if first else f"-{account}-{region}")
        JobTemplatesStack(app, name, environment=environment, env=cdk.Environment(account=account, region=region))
app.synth()
