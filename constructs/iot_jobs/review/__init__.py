"""Review: two sets of templates, what differs, which way it goes, and what it does to the fleet and on deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from iot_jobs.review.change import Change
from iot_jobs.review.compare import setting_changes, spec_changes
from iot_jobs.review.compare_role import grant_changes
from iot_jobs.review.consequence import FIGURES, Consequence, Forecasts, Side, as_data
from iot_jobs.review.directions import Direction, Movement, judge
from iot_jobs.review.match import Fate, Unmatched, aligned, pairs
from iot_jobs.review.read import ReviewError, deployment
from iot_jobs.review.replacement import Deploy, deploy
from iot_jobs.review.side import Deployment, Grant, Template

__all__ = [
    "FIGURES",
    "Change",
    "Consequence",
    "Deploy",
    "Deployment",
    "Direction",
    "Fate",
    "Grant",
    "Review",
    "ReviewError",
    "Side",
    "Template",
    "TemplateReview",
    "Verdict",
    "as_data",
    "deployment",
    "review",
    "spec_changes",
]

Verdict = Literal["riskier", "safer", "neutral", "none"]
_ORDER: tuple[Verdict, ...] = ("riskier", "safer", "neutral", "none")
FailOn = Literal["riskier", "any", "none"]


@dataclass(frozen=True, kw_only=True)
class TemplateReview:
    """One template that isn't the same on both sides. `consequence_reason` says why there is no consequence."""

    stack: str
    environment: str | None
    name: str
    fate: Fate
    verdict: Verdict
    changes: tuple[Change, ...]
    consequence: Consequence | None
    consequence_reason: str | None
    deploy: Deploy


@dataclass(frozen=True)
class Review:
    """What a change from base to head does. Changes of unlike kind don't cancel out: one that is riskier decides."""

    base: str
    head: str
    templates: tuple[TemplateReview, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest of all templates'."""
        return _gravest(one.verdict for one in self.templates)

    @property
    def blocked(self) -> tuple[TemplateReview, ...]:
        """The templates whose deployment ends in a trap."""
        return tuple(one for one in self.templates if one.deploy.blocked is not None)

    def failed(self, fail_on: FailOn) -> bool:
        """Whether this is what a pipeline is to stop at. A trap is, unless nothing is."""
        if fail_on == "none":
            return False
        return bool(self.blocked) or (bool(self.templates) if fail_on == "any" else self.verdict == "riskier")


def review(base: Deployment, head: Deployment, *, things: int | None = None) -> Review:
    """Everything that differs between two sides.

    `things` stands in where a template doesn't know its fleet. Raises `ReviewError` where the stacks of both sides
    can't be told to be the same.
    """
    forecasts = Forecasts(things)
    try:
        sides = aligned(base, head)
    except Unmatched as error:
        raise ReviewError(str(error)) from None
    gone = frozenset() if base.lone or head.lone else sides[0].stacks - sides[1].stacks
    found = (_reviewed(*pair, forecasts, gone) for pair in pairs(*sides))
    return Review(base.name, head.name, tuple(one for one in found if one is not None))


def _reviewed(
    fate: Fate, before: Template | None, after: Template | None, forecasts: Forecasts, gone: frozenset[str]
) -> TemplateReview | None:
    there = after or before
    if there is None:
        return None
    changes = tuple(_changes(fate, before, after)) if before is not None and after is not None else ()
    deployed = deploy(fate, before, after, stack_gone=there.stack in gone)
    if fate == "changed" and not changes and not deployed.id_changes and deployed.blocked is None:
        return None
    consequence, reason = forecasts.consequence(before, after)
    return TemplateReview(
        stack=there.stack,
        environment=there.environment,
        name=there.name,
        fate=fate,
        verdict=_verdict(fate, changes),
        changes=changes,
        consequence=consequence,
        consequence_reason=reason,
        deploy=deployed,
    )


def _changes(fate: Fate, before: Template, after: Template) -> Iterator[Change]:
    if fate == "renamed":
        yield Change("template_name", before.name, after.name, *judge("template_name", Movement.CHANGED))
    synthesized, generated = before.synthesized and after.synthesized, before.generated and after.generated
    if before.id != after.id and synthesized and not generated:
        yield Change("job_template_id", before.id, after.id, *judge("job_template_id", Movement.CHANGED))
    yield from spec_changes(before.spec, after.spec)
    yield from setting_changes(before.settings, after.settings)
    if before.grants is not None and after.grants is not None:
        # Files don't say who may act as a role that is made: only the synth writes its trust.
        old, new = (
            [grant for grant in side if synthesized or not grant.trusts] for side in (before.grants, after.grants)
        )
        yield from grant_changes(old, new)


def _verdict(fate: Fate, changes: Iterable[Change]) -> Verdict:
    fallback: Verdict = "none" if fate == "changed" else "neutral"
    return _gravest([fallback, *(change.direction.value for change in changes)])


def _gravest(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=_ORDER.index, default="none")
