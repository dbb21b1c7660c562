"""One environment's job templates in one account and region."""

from typing import Self

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from iot_jobs import Environment
from iot_jobs.cdk import QUOTAS_CONTEXT, JobTemplate, StableTags
from iot_jobs.unresolved import known


class JobTemplatesStack(cdk.Stack):
    """A stack `iot-jobs-<environment>` with a job template for each of the environment's.

    Without `env` it goes to the environment's first account and region. It is protected from deletion in production. It
    has the tags that the environment and its families declare and none of the whole app's, one of which may change with
    each build and so replace every template.
    """

    def __init__(
        self, scope: Construct, id: str, *, environment: Environment, env: cdk.Environment | None = None
    ) -> None:
        account, region = environment.locations[0]
        super().__init__(
            scope,
            id,
            env=env or cdk.Environment(account=account, region=region),
            stack_name=environment.stack_name,
            description=f"AWS IoT job templates of the environment {environment.name}",
            tags={key: value for key, value in environment.tags.items() if isinstance(value, str)},
            termination_protection=environment.production,
            # Keeps the template free of a resource that says nothing about job templates.
            analytics_reporting=False,
        )
        self.node.set_context(QUOTAS_CONTEXT, environment.quotas.model_dump())
        self.templates = {}
        for spec in environment.templates:
            name, fleet = str(spec.template_name), environment.fleet_of(str(spec.template_name))
            self.templates[name] = JobTemplate.from_spec(self, name, spec, environment=environment.name, fleet=fleet)
        for template in self.templates.values():
            for child in template.node.children:
                if isinstance(child, iam.CfnRole):
                    # The path is what IAM policies tell environments apart by. Names that CloudFormation makes begin
                    # with the stack's, and iot-jobs-prod-* would match the roles of prod-canary too.
                    child.path = f"/iot-jobs/{environment.name}/"
        declared = [environment.tags, *(known(spec.tags) or {} for spec in environment.templates)]
        StableTags.add_to(self, only={key for tags in declared for key in tags})
        for name, reasons in environment.acknowledged.items():
            acknowledgments = [cdk.Acknowledgment(id=f"iot-jobs::{code}", reason=why) for code, why in reasons.items()]
            cdk.Validations.of(self.templates[name]).acknowledge(*acknowledgments)

    @classmethod
    def in_all_locations(cls, scope: Construct, environment: Environment) -> list[Self]:
        """Create a stack in each account and region of an environment. All have one name in CloudFormation."""
        stacks = []
        for account, region in environment.locations:
            # The first location keeps its id when others are added.
            first = (account, region) == environment.locations[0]
            id = environment.stack_name + ("" if first else f"-{account}-{region}")
            stacks.append(cls(scope, id, environment=environment, env=cdk.Environment(account=account, region=region)))
        return stacks
