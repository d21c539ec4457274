"""What examining an attempt results in: the decision, and what the next attempt is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from personaforge.identity.decision import Decision
from personaforge.steps.action import Status


@dataclass(frozen=True)
class Judgement:
    """What an examination resulted in."""

    decision: Decision
    rank: float
    """Larger is better: which attempt is kept when all fail."""
    status: Status = "accepted"
    """The outcome's status if the decision is ACCEPT."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """What the next attempt is told."""
    evaluation: Mapping[str, Any] | None = None
    corrections: tuple[str, ...] = ()
    """What was wrong beside the person, a sentence each: only where the person itself passes. The next attempt is told
    this, and gets no identity patch."""
    lasting: str = ""
    """What will not change with a further attempt if two in a row say the same, such as a wrong size."""
    unjudged: bool = False
    """Whether nothing here can tell if the pinned result passes the present gates (`standing.judged_elsewhere`): its
    line in the lock stays as it is, and the decision is the line's."""


def as_outline(judgement: Judgement) -> Judgement:
    """Return the judgement of a silhouette: without a face it is what was asked for, so no other is bought."""
    if judgement.decision is Decision.ACCEPT or judgement.unjudged or judgement.facts.get("measured"):
        return judgement
    facts = {**judgement.facts, "reason": "a silhouette shows no face to compare: it is kept, and not in the set"}
    return replace(judgement, decision=Decision.ACCEPT, status="flagged", facts=facts, corrections=(), lasting="")
