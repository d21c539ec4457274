"""What the rules of now decide about present results, for `passing_rate`: over known measurements, as a build would,
but without what keeps a pinned result as it was accepted. Nothing is measured, and no lock or index is changed.

Where it can't be told here (no measurement by the models of now is on record, another pack measured it, its kind has no
such rules), the decision is that of when it was last judged, and the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from personaforge.checks.results import Cause
from personaforge.checks.rows import OUTSIDE, Persona, Row
from personaforge.errors import PlanError, SpecError, StoreError
from personaforge.identity.decision import Decision
from personaforge.identity.policy import Mode
from personaforge.plan.contents import Contents
from personaforge.plan.graph import ShapeNode
from personaforge.plan.renamed import lock_name, renamed_steps
from personaforge.plan.replay import result_of
from personaforge.plan.resolver import PlanContext
from personaforge.providers.table import capability
from personaforge.spec.settings import View
from personaforge.steps.action import Outcome
from personaforge.steps.context import ANCHOR, AnalyzerRef, Context
from personaforge.steps.judgement import Judgement
from personaforge.steps.present_judgement import present_judgement
from personaforge.store.lockfile import LockFile

PROBABILITY = "P(same)"
COMPOSITE = "composite"


class Present(NamedTuple):
    """A row by the rules of now, and the number that decides."""

    row: Row
    by: str = ""
    """`P(same)` or `composite`; empty where no number of the picture itself decides."""
    number: float | None = None


@dataclass
class PresentRules:
    """Judges the results of one persona by the rules of now."""

    plan_context: PlanContext
    lock: LockFile

    def of(self, persona: Persona, row: Row) -> Present:
        """Return a row as the rules of now decide about its result, with the number that decides."""
        outcome = persona.outcomes.get(row.node)
        if outcome is None:
            return Present(row)
        if outcome.facts.get("anchor") != persona.anchor:
            return _recorded(row, outcome)  # nobody has scored it against the anchor of now
        judgement = self._judgement(persona, persona.shape.by_name[row.node], outcome)
        if judgement is None or judgement.unjudged:
            return _recorded(row, outcome)
        return _judged(row, outcome, judgement)

    def _judgement(self, persona: Persona, node: ShapeNode, outcome: Outcome) -> Judgement | None:
        """Return how a build would judge it; None where that can't be told from what is known."""
        settings, store = persona.settings, self.plan_context.store
        contents = Contents(store, store.build_folder(settings.id))
        renamed = renamed_steps(settings, persona.shape, self.lock)
        context = Context(
            node=node.node(settings.id, settings.origin),
            settings=View(settings, node.reads, f"{settings.id}/{node.name}"),
            needs={name: persona.outcomes[name] for name in node.needs if name in persona.outcomes},
            artifacts=contents,
            templates=self.plan_context.templates,
            analyzer_ref=self._analyzer_ref(persona),
            capability=capability,
            pin=self.lock.pin(lock_name(node.name, renamed)),
            kinds={name: persona.shape.by_name[name].kind.name for name in node.needs},
            anchor_step=settings.step_of(ANCHOR),
            renamed=renamed,
            known=lambda key: store.find(key, contents.has) is not None,
        )
        examining = present_judgement(context, outcome)
        if examining is None:
            return None
        try:
            action = next(examining)
            while (known := result_of(action, store.find(action.key, contents.has))) is not None:
                action = examining.send(known)
        except StopIteration as stop:
            judgement: Judgement = stop.value
            return judgement
        except (PlanError, SpecError, StoreError):  # a text that it was made from is gone, or not made yet
            return None
        examining.close()
        return None

    def _analyzer_ref(self, persona: Persona) -> AnalyzerRef:
        return self.plan_context.analyzer_of(persona.settings)


def _judged(row: Row, outcome: Outcome, judgement: Judgement) -> Present:
    facts, evaluation = judgement.facts, judgement.evaluation or {}
    by, number = _deciding(facts)
    accepted = judgement.decision is Decision.ACCEPT
    if number is None:
        cause, reason = row.cause or Cause.UNMEASURED, str(facts.get("unmeasured") or facts.get("reason") or row.reason)
        return Present(row._replace(accepted=False, cause=cause, reason=reason))
    outside = bool(facts.get("out_of_domain"))
    reason = OUTSIDE if outside else ""
    if not accepted:
        # A calibration is about one pair of pictures: clips go by their composite under it, too.
        policy = evaluation.get("policy", "")
        if evaluation.get("modality") == "video" and policy != Mode.STRICT:
            policy = COMPOSITE
        reason = f"{judgement.decision.value} by the policy {policy}: {facts.get('reason', '')}"
        if outcome.passed and outcome.facts.get("decision") == Decision.ACCEPT.value:
            reason += "; it was accepted before, and stays"
    cause_now = Cause.OUT_OF_DOMAIN if outside else None
    return Present(row._replace(accepted=accepted, cause=cause_now, reason=reason), by, number)


def _recorded(row: Row, outcome: Outcome) -> Present:
    """Return a row as its result was judged last."""
    facts = outcome.facts
    if not row.accepted and row.cause is None:
        said = f"{facts.get('decision', 'not accepted')} when it was last judged: {facts.get('reason', '')}"
        row = row._replace(reason=said)
    return Present(row, *_deciding(facts))


def _deciding(facts: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return the number that decides about a picture or clip with these facts, and what it is called."""
    for by, name in ((PROBABILITY, "probability"), (COMPOSITE, "composite")):
        if isinstance(facts.get(name), float):
            return by, facts[name]
    return "", None
