"""Reviews of every kind, for the tests of the page: one change, several environments, many templates, hostile ones."""

from __future__ import annotations

from functools import cache
from typing import Any

from iot_jobs import (
    AbortConfig,
    AbortCriterion,
    JobDocument,
    JobTemplateSpec,
    MaintenanceWindow,
    RolloutConfig,
    TimeoutConfig,
)
from iot_jobs.cloudformation import properties
from iot_jobs.environment import Fleet
from iot_jobs.review import Deployment, Review, Template, review

MARKUP = "</code></table><script>alert(1)</script><img src=x onerror=alert(2)>&lt;b&gt; \"'><!-- ]]> שלום \u202e evil"
LONG = "x" * 5000


def spec(name: str = "reboot", rate: int = 100, threshold: float = 4, **given: Any) -> JobTemplateSpec:
    """A template that rolls out at a rate and aborts at a share of failures."""
    values = {
        "description": "Reboot a device",
        "document": JobDocument.inline({"version": "1.0", "operation": "reboot.sh"}),
        "rollout": RolloutConfig(maximum_per_minute=rate),
        "abort": AbortConfig(
            criteria=[
                AbortCriterion(failure_type="ALL", threshold_percentage=threshold, min_number_of_executed_things=60)
            ]
        ),
        "timeout": TimeoutConfig(in_progress_timeout_in_minutes=15),
    }
    return JobTemplateSpec(template_name=name, **{**values, **given})


def placed(
    one: JobTemplateSpec, environment: str = "prod", things: int = 10_000, region: str = "", **given: Any
) -> Template:
    """A template as an environment has it."""
    place = {
        "stack": f"iot-jobs-{environment}{region and f'-{region}'}",
        "environment": environment,
        "fleet": Fleet(things=things),
        "parameter": f"/iot-jobs/{environment}/{one.template_name}",
    }
    return Template.of(one, **{**place, **given})


def synthesized(one: JobTemplateSpec, *, id: str, **given: Any) -> Template:
    """A template as it is in a cdk.out folder."""
    place = {"stack": "legacy", "name": str(one.template_name), "fleet": Fleet(things=10_000)}
    return Template(spec=one, emitted=properties(one), id=id, **{**place, **given})


def compared(before: list[Template], after: list[Template]) -> Review:
    """What is between two sides."""
    return review(Deployment("main", tuple(before)), Deployment(".", tuple(after)))


@cache
def one_change() -> Review:
    """The rate of one template doubled."""
    return compared([placed(spec())], [placed(spec(rate=200))])


@cache
def several() -> Review:
    """Three environments, one of them in two regions: riskier, safer, neutral, a new timeout, windows, an abort."""
    night = MaintenanceWindow(start_time="cron(0 1 ? * TUE-THU *)", duration_in_minutes=240)
    short = MaintenanceWindow(start_time="cron(0 1 ? * TUE-THU *)", duration_in_minutes=120)
    regions = ("eu-west-1", "us-east-1")
    fails = Fleet(things=500, failure_rate=0.2)
    before = [
        placed(spec("reboot"), "dev", 50),
        placed(spec("firmware-update", 40), "staging", fleet=fails),
        *(placed(spec("reboot"), "prod", 250_000, region) for region in regions),
        placed(spec("firmware-update", 300, maintenance_windows=[night]), "prod", 250_000, "eu-west-1"),
        placed(spec("log-collection"), "prod", 250_000, "eu-west-1"),
    ]
    after = [
        placed(spec("reboot", description="Reboot a device, at once"), "dev", 50),
        placed(spec("firmware-update", 20), "staging", fleet=fails),
        *(placed(spec("reboot", 250, 5), "prod", 250_000, region) for region in regions),
        placed(spec("firmware-update", 300, maintenance_windows=[short]), "prod", 250_000, "eu-west-1"),
        placed(spec("log-collection", timeout=None), "prod", 250_000, "eu-west-1"),
    ]
    return compared(before, after)


@cache
def blocked() -> Review:
    """Content that changes under a fixed id."""
    before, after = spec(), spec(rate=80)
    return compared([synthesized(before, id="reboot-1")], [synthesized(after, id="reboot-1")])


@cache
def came_and_went() -> Review:
    """One template that is new, one that is gone, one of which nobody knows the fleet."""
    before = [placed(spec("log-collection")), placed(spec("certificate-rotation"), fleet=None)]
    return compared(before, [placed(spec("security-patch", 400))])


@cache
def many(count: int = 40) -> Review:
    """So many templates, each with another forecast."""
    before = [placed(spec(f"template-{number}", 100 + number)) for number in range(count)]
    return compared(before, [placed(spec(f"template-{number}", 300 - number)) for number in range(count)])


@cache
def hostile() -> Review:
    """Names, values and ids that hold markup, text from right to left, and very long words."""

    def side(text: str) -> list[Template]:
        document = JobDocument.inline({MARKUP: text, LONG: [text], "long": LONG + text})
        one = spec(document=document)
        named = {"stack": MARKUP, "environment": MARKUP, "name": MARKUP, "parameter": MARKUP}
        long = {"stack": LONG, "environment": LONG, "name": LONG, "parameter": LONG}
        return [synthesized(one, id=MARKUP + text, **named), synthesized(one, id=LONG + text, **long)]

    return review(Deployment(MARKUP, tuple(side(MARKUP))), Deployment(LONG, tuple(side(f"{MARKUP}!"))))


@cache
def nothing() -> Review:
    """Both sides the same."""
    return compared([placed(spec())], [placed(spec())])


PAGES = {
    "one-change": one_change,
    "several": several,
    "blocked": blocked,
    "came-and-went": came_and_went,
    "hostile": hostile,
    "nothing": nothing,
}
