"""Environments: one or more accounts and regions, with their fleet and job templates."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, Strict, WithJsonSchema

from iot_jobs import limits
from iot_jobs.finding import MOST_FINDINGS, Finding, FindingsError, Location, Rule
from iot_jobs.limits import Limit
from iot_jobs.template import JobTemplateSpec, Tags
from iot_jobs.template.part import WRONG_KIND, Model
from iot_jobs.unresolved import known

TEMPLATE_TWICE = Rule(
    code="JT905",
    title="template names are unique within an environment",
    why="Two templates with one name would publish the same SSM parameter.",
    source="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html",
    evidence="documented",
)


RATES_ADD_UP = Rule(
    code="JT910",
    title="the rates of failing, rejected and hanging executions add up to at most 1",
    why="An execution ends in one way only; the remaining share succeeds.",
    source="the forecast's assumptions: docs/forecast.md",
    evidence="own",
)


def _one_or_many(limit: Limit) -> tuple[PlainValidator, WithJsonSchema]:
    """Return annotations for one value or a list of different ones, each within the limit, kept as a tuple."""

    def validate(value: object) -> tuple[Any, ...]:
        prefixes: list[Location] = [()]
        if isinstance(value, Sequence) and not isinstance(value, str):
            prefixes = [(index,) for index in range(len(value))]
        else:
            value = (value,)
        found = (
            finding.under(prefix)
            for item, prefix in zip(value, prefixes, strict=True)
            if (finding := limit.check(item))
        )
        findings = list(islice(found, MOST_FINDINGS + 1))
        if not value or len(set(map(str, value))) < len(value):
            allowed = "one value, or a list without duplicates"
            findings.append(WRONG_KIND.finding(given=list(value), allowed=allowed, fix="write each value once"))
        if findings:
            raise FindingsError(findings)
        return tuple(value)

    item = limit.json_schema()
    schema = {"anyOf": [item, {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}]}
    return PlainValidator(validate), WithJsonSchema(schema)


class Expectations(Model):
    """The rates and times that are expected of devices. Without a value, the forecast uses its default."""

    failure_rate: Annotated[float, limits.RATE] | None = None
    """Share of executions that fail, 0 to 1."""
    reject_rate: Annotated[float, limits.RATE] | None = None
    """Share of executions that devices reject, 0 to 1."""
    hang_rate: Annotated[float, limits.RATE] | None = None
    """Share of executions that start and never report, 0 to 1: they time out if there is a timeout."""
    offline_rate: Annotated[float, limits.RATE] | None = None
    """Share of things that are notified and never start, 0 to 1."""
    start_delay_minutes: Annotated[float | str, limits.DURATION] | None = None
    """Minutes from notification to start: `5` is exactly 5, `"5:2"` lognormal with median 5 and factor 2."""
    run_time_minutes: Annotated[float | str, limits.DURATION] | None = None
    """Minutes from start to report, in the same two forms."""
    failure_time_minutes: Annotated[float | str, limits.DURATION] | None = None
    """Minutes from start to the report of a failure, in the same two forms. Without it, they are the run time."""
    failures_stick: Annotated[float, limits.RATE] | None = None
    """Share of things on which every attempt fails once one has failed, 0 to 1; on the others a retry may succeed."""
    bad_release_rate: Annotated[float, limits.RATE] | None = None
    """Share of devices on which a bad release fails, 0 to 1."""

    def problems(self) -> Iterator[Finding]:
        """Check that the rates add up to at most 1."""
        yield from rates_problems(self)


class Fleet(Expectations):
    """The things that an environment's jobs target, and the rates and times expected of them."""

    things: Annotated[int, limits.THINGS]
    """Number of things, 1 or more."""
    max_duration_hours: Annotated[int, limits.MAX_DURATION_HOURS] | None = None
    """Hours within which a rollout must be able to finish. Without it, there is no limit."""
    max_harmed: Annotated[int, limits.MAX_HARMED] | None = None
    """Greatest number of things that a bad release may fail on. Without it, there is no limit."""

    def expecting(self, expected: Expectations) -> Self:
        """Return the fleet with what is expected of one template in place of its own values."""
        return self.model_copy(update={name: value for name, value in expected if value is not None})


def rates_problems(assumed: Any) -> Iterator[Finding]:
    """Yield a finding if the rates of a fleet, or of a forecast's assumptions, add up to more than 1."""
    names = ("failure_rate", "reject_rate", "hang_rate")
    rates = [known(getattr(assumed, name)) or 0 for name in names]
    if sum(rates) > 1 + 1e-9:
        yield RATES_ADD_UP.finding(
            loc=(names[0],),
            given=round(sum(rates), 6),
            allowed="at most 1 for the three rates together",
            fix="lower one of the rates",
            related=((names[1],), (names[2],)),
        )


class Quotas(Model):
    """Quotas of the environment's accounts and regions, where AWS raised them."""

    maximum_per_minute: Annotated[int, limits.STATED_QUOTA] = limits.DEFAULT_MAXIMUM_PER_MINUTE
    """Things per minute that a rollout may notify."""
    templates_in_region: Annotated[int, limits.STATED_QUOTA] = limits.MAX_TEMPLATES_IN_REGION
    """Job templates in one account and region."""


def stack_name(environment: str) -> str:
    """Return the name of an environment's stack, the same in every account and region."""
    return f"iot-jobs-{environment}"


class Environment(Model):
    """Accounts and regions with a fleet, and the job templates deployed there."""

    name: Annotated[str, limits.ENVIRONMENT_NAME]
    """Part of the stack's name: letters, digits and hyphens."""
    account: Annotated[str | Sequence[str], *_one_or_many(limits.ACCOUNT)]
    """One account of 12 digits, or a list. Templates may only name roles, jobs and packages of their account."""
    region: Annotated[str | Sequence[str], *_one_or_many(limits.REGION)]
    """One region, or a list of them; the templates are deployed in each region of each account. Templates may only
    name jobs, packages and buckets for uploads of their region."""
    production: Annotated[bool, Strict()] = False
    """True protects the stacks from deletion; each template without rollout, abort or timeout then has a warning."""
    fleet: Fleet
    """The things that the jobs target."""
    quotas: Quotas = Quotas()
    """What AWS raised, for all accounts and regions of the environment."""
    tags: Tags = Field(default_factory=dict)
    """Tags of the stack and of every template; a template's own tags take precedence."""
    templates: Sequence[JobTemplateSpec] = ()
    """The job templates, with unique names."""
    acknowledged: Mapping[str, Mapping[str, str]] = Field(default_factory=dict, exclude=True)
    """Acknowledged warnings by template name: codes, each with the author's reason."""
    expected: Mapping[str, Expectations] = Field(default_factory=dict, exclude=True)
    """The rates and times expected of single templates, by name; the fleet has those of the others."""

    @property
    def stack_name(self) -> str:
        """The name of the environment's stack, the same in every account and region."""
        return stack_name(self.name)

    @property
    def locations(self) -> tuple[tuple[str, str], ...]:
        """Each account and region of the environment; each pair is a stack."""
        return tuple((account, region) for account in self.account for region in self.region)

    def fleet_of(self, template: str) -> Fleet:
        """Return the fleet as a template's jobs find it: with the rates and times expected of that template."""
        return self.fleet.expecting(self.expected.get(template, Expectations()))

    def problems(self) -> Iterator[Finding]:
        """Check that template names are unique."""
        names = [spec.template_name for spec in self.templates]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield TEMPLATE_TWICE.finding(
                    loc=("templates", index, "template_name"),
                    given=name,
                    allowed="each name once",
                    fix="rename one of them",
                    related=(("templates", names.index(name), "template_name"),),
                )


def overlay(family: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return `family` with `change` applied: a mapping is merged, a list or scalar replaces, None removes.

    A None that has nothing to remove is kept, so that a misspelt key is still reported.
    """
    merged = dict(family)
    for key, value in change.items():
        below = merged.get(key)
        if value is None and key in merged:
            del merged[key]
        elif isinstance(value, Mapping):
            merged[key] = overlay(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
