"""Review: the differences between two sets of templates, their directions, and their effect on fleet and deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from iot_jobs.review.cases import Pair, case_pairs, telling, together
from iot_jobs.review.change import Change
from iot_jobs.review.compare import setting_changes, spec_changes
from iot_jobs.review.compare_role import grant_changes
from iot_jobs.review.consequence import Consequence, Figures, Forecasts, Side, as_data
from iot_jobs.review.directions import Direction, Movement, judge
from iot_jobs.review.drift import STANDINGS, Drift, drift
from iot_jobs.review.match import Fate, Unmatched, aligned, pairs
from iot_jobs.review.read import ReviewError, deployment
from iot_jobs.review.replacement import Deploy, deploy
from iot_jobs.review.side import Deployment, Grant, Template

__all__ = [
    "ORDER",
    "STANDINGS",
    "Change",
    "Consequence",
    "Deploy",
    "Deployment",
    "Direction",
    "Drift",
    "Fate",
    "Figures",
    "Grant",
    "Review",
    "ReviewError",
    "Side",
    "Template",
    "TemplateReview",
    "Verdict",
    "as_data",
    "deployment",
    "drift",
    "review",
    "spec_changes",
]

Verdict = Literal["riskier", "unknown", "safer", "neutral", "none"]
ORDER: tuple[Verdict, ...] = ("riskier", "unknown", "safer", "neutral", "none")
"""The verdicts, the gravest first. `unknown`: a value that can't be compared might be riskier."""
FailOn = Literal["riskier", "any", "none"]
_STOPPING = ("riskier", "unknown")


@dataclass(frozen=True, kw_only=True)
class TemplateReview:
    """One template that differs between the sides. `consequence_reason` says why there is no consequence."""

    stack: str
    environment: str | None
    name: str
    fate: Fate
    verdict: Verdict
    changes: tuple[Change, ...]
    consequence: Consequence | None
    consequence_reason: str | None
    deploy: Deploy

    @property
    def place(self) -> str:
        """The environment, or without one the stack."""
        return self.environment or self.stack


@dataclass(frozen=True)
class Review:
    """The effect of a change from base to head. Changes never cancel out: a single riskier one makes it riskier.

    Environments, or stacks without one, come in the order of their gravest verdicts.
    """

    base: str
    head: str
    templates: tuple[TemplateReview, ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all templates."""
        return _gravest(template.verdict for template in self.templates)

    @property
    def blocked(self) -> tuple[TemplateReview, ...]:
        """The templates whose deployment is blocked."""
        return tuple(template for template in self.templates if template.deploy.blocked is not None)

    def failed(self, fail_on: FailOn) -> bool:
        """Return whether a pipeline should stop. A blocked deployment stops it, unless `fail_on` is `none`.

        `riskier` includes `unknown`.
        """
        if fail_on == "none":
            return False
        return bool(self.blocked) or (bool(self.templates) if fail_on == "any" else self.verdict in _STOPPING)


def review(base: Deployment, head: Deployment, **stated: Any) -> Review:
    """Return all differences between two sides.

    `stated` are fields of `Assumptions`; None is not stated. They override those of the environments' fleets on both
    sides, and a template without a fleet has no consequence unless `things` is one of them. Raises `ReviewError` if the
    stacks of the two sides can't be matched, and `FindingsError` if the assumptions break a rule.
    """
    forecasts = Forecasts(stated)
    try:
        sides = aligned(base, head)
    except Unmatched as error:
        raise ReviewError(str(error)) from None
    gone = frozenset() if base.lone or head.lone else sides[0].stacks - sides[1].stacks
    moved = _moved(*sides)
    templates = (_reviewed(*pair, forecasts, gone, moved) for pair in pairs(*sides))
    return Review(base.name, head.name, _in_order([template for template in templates if template is not None]))


def _in_order(templates: Sequence[TemplateReview]) -> tuple[TemplateReview, ...]:
    """Return the templates by environment, the riskiest first; those that are alike as they come."""
    verdicts: dict[str, list[Verdict]] = {}
    for template in templates:
        verdicts.setdefault(template.place, []).append(template.verdict)
    ranks = {place: (ORDER.index(_gravest(found)), rank) for rank, (place, found) in enumerate(verdicts.items())}
    return tuple(sorted(templates, key=lambda template: ranks[template.place]))


def _moved(base: Deployment, head: Deployment) -> dict[str, str]:
    """Return the parameters that a stack of base no longer publishes in head, each with that stack."""
    kept = {(template.stack, template.parameter) for template in head.templates}
    return {
        template.parameter: template.stack
        for template in base.templates
        if template.parameter is not None and (template.stack, template.parameter) not in kept
    }


def _reviewed(
    fate: Fate,
    before: Template | None,
    after: Template | None,
    forecasts: Forecasts,
    gone: frozenset[str],
    moved: Mapping[str, str],
) -> TemplateReview | None:
    template = after or before
    if template is None:
        return None
    cases = case_pairs(before, after)
    changes = tuple(_changes(fate, before, after, cases)) if before is not None and after is not None else ()
    after_stack = moved.get(after.parameter) if before is None and after is not None and after.parameter else None
    deployed = deploy(fate, before, after, stack_gone=template.stack in gone, after_stack=after_stack)
    if fate == "changed" and not changes and not deployed.id_changes and deployed.blocked is None:
        return None
    pair, when = telling(cases)
    fleet = next((side.fleet for side in (after, before) if side is not None and side.fleet is not None), None)
    consequence, reason = forecasts.consequence(fleet, pair.before, pair.after, when)
    return TemplateReview(
        stack=template.stack,
        environment=template.environment,
        name=template.name,
        fate=fate,
        verdict=_verdict(fate, changes),
        changes=changes,
        consequence=consequence,
        consequence_reason=reason,
        deploy=deployed,
    )


def _changes(fate: Fate, before: Template, after: Template, cases: Sequence[Pair]) -> Iterator[Change]:
    if fate == "renamed":
        yield Change("template_name", before.name, after.name, *judge("template_name", Movement.CHANGED))
    synthesized, generated = before.synthesized and after.synthesized, before.generated and after.generated
    if before.id != after.id and synthesized and not generated:
        yield Change("job_template_id", before.id, after.id, *judge("job_template_id", Movement.CHANGED))
    yield from together(cases)
    yield from setting_changes(before.settings, after.settings)
    if before.grants is not None and after.grants is not None:
        # Only synthesis writes the trust policy of a role that the construct makes; files don't have it.
        old, new = (
            [grant for grant in side if synthesized or not grant.trusts] for side in (before.grants, after.grants)
        )
        yield from grant_changes(old, new)


def _verdict(fate: Fate, changes: Iterable[Change]) -> Verdict:
    fallback: Verdict = "none" if fate == "changed" else "neutral"
    return _gravest([fallback, *(change.direction.value for change in changes)])


def _gravest(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=ORDER.index, default="none")
