"""What outcomes say of themselves, typed: one tuple for each kind of statement.

A fact that is absent, or of another type than it should be, is None or empty: a result may be by an older forge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Facts = Mapping[str, Any]


class Scored(NamedTuple):
    """How a picture or clip was judged against the anchor. All is None or empty for what is never judged."""

    decision: str
    reason: str
    composite: float | None
    cosine: float | None
    error: float | None
    error_bound: float | None
    turn: float | None
    """Degrees."""
    faces: int | None
    measured: bool | None
    measured_by: str
    """Pack and the beginning of its digest."""
    unmeasured: str
    """Why there is no score."""
    out_of_domain: bool


class Maker(NamedTuple):
    """Which provider and model made an artifact, and how."""

    provider: str
    model: str
    label: str
    seed: int | None


class Chosen(NamedTuple):
    """How the anchor was chosen."""

    candidate: str
    """Slot of the candidate; empty for a picture that somebody set."""
    means: Mapping[str, float | None]
    """Mean cosine to the other candidates by slot."""
    reason: str


class Finished(NamedTuple):
    """What finishing or repairing did."""

    kept: bool
    """Whether the finished version took the original's place."""
    before: float | None
    after: float | None
    """Scores."""
    reason: str


class Described(NamedTuple):
    """What the persona document says about the persona as a whole."""

    status: str
    """complete, flagged, unmeasured or rejected; empty before there is a document."""
    labels: list[str]


def scored(facts: Facts) -> Scored:
    """Return how an artifact was judged."""
    measured = facts.get("measured")
    return Scored(
        decision=_text(facts, "decision"),
        reason=_text(facts, "reason"),
        composite=number(facts.get("composite")),
        cosine=number(facts.get("cosine")),
        error=number(facts.get("error")),
        error_bound=number(facts.get("error_bound")),
        turn=number(facts.get("turn")),
        faces=_whole(facts, "faces"),
        measured=measured if isinstance(measured, bool) else None,
        measured_by=_text(facts, "measured_by"),
        unmeasured=_text(facts, "unmeasured"),
        out_of_domain=bool(facts.get("out_of_domain")),
    )


def maker(facts: Facts) -> Maker:
    """Return which provider and model made an artifact, and how."""
    return Maker(_text(facts, "provider"), _text(facts, "model"), _text(facts, "label"), _whole(facts, "seed"))


def chosen(facts: Facts) -> Chosen:
    """Return how the anchor was chosen."""
    means = facts.get("means")
    known = {slot: number(mean) for slot, mean in means.items()} if isinstance(means, Mapping) else {}
    return Chosen(_text(facts, "candidate"), known, _text(facts, "reason"))


def finished(facts: Facts) -> Finished:
    """Return what finishing did."""
    kept = facts.get("kept") == "finished"
    return Finished(kept, number(facts.get("composite_before")), number(facts.get("composite")), _text(facts, "reason"))


def described(facts: Facts) -> Described:
    """Return what the persona document says about the persona as a whole."""
    labels = facts.get("labels")
    return Described(_text(facts, "persona_status"), [str(one) for one in labels] if isinstance(labels, list) else [])


def _text(facts: Facts, name: str) -> str:
    return str(facts.get(name) or "")


def number(value: Any) -> float | None:
    """Return a value where it is a number; None where it is anything else."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _whole(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
