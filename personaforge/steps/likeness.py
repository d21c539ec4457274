"""Likeness beyond the face: a picture's appearance beside the anchor's and the DNA's words, and whether it was copied.

All of it is arithmetic over measurements that the judgement has anyway, and goes into the evaluation under `likeness`:
the numbers of its metrics, `unmeasured` (why others are missing) and `readings`, what is seen beside each word of the
DNA. None of it moves a decision but a copy, which is a demand (`steps.delivered`) where the pack has a bound for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from personaforge.domains import PHOTOGRAPHS
from personaforge.faces.packs import made_for
from personaforge.identity.appearance import changes, readings
from personaforge.identity.copying import copying_demand, copying_of
from personaforge.identity.demand import Demand, Use
from personaforge.identity.score import Score, cosine, ratio_error
from personaforge.steps.context import Context
from personaforge.steps.judgement import Judgement

LIKENESS = "likeness"
"""Where an evaluation has it."""


@dataclass(frozen=True)
class Meant:
    """What a picture is meant to show."""

    position: Mapping[str, Any]
    """Its turn and expression."""
    reference: Mapping[str, Any]
    """Those of the anchor's position."""
    same_clothes: bool
    """Whether it is meant to show the clothes of the anchor: both positions ask for one rank of the wardrobe, and the
    scene lets both wear it."""
    dna: Mapping[str, Any]
    age: float | None = None
    """The declared age in years; None where the document has none."""


@dataclass(frozen=True)
class Likeness:
    """What a picture is beside the face."""

    kept: Mapping[str, Any]
    """What the evaluation has."""
    demands: tuple[Demand, ...] = ()
    """That it is no copy, where that can be told."""


def likeness_of(
    context: Context, anchor: Mapping[str, Any], measured: Mapping[str, Any], meant: Meant | None, score: Any
) -> Likeness | None:
    """Return what a picture is beside the face; None where there is no score, or it isn't known what was meant."""
    if meant is None or not isinstance(score, Score):
        return None
    bound = _bound(context)
    found = changes(anchor, measured, same_clothes=meant.same_clothes)
    copied = copying_of(
        anchor,
        measured,
        asked_reference=meant.reference,
        asked=meant.position,
        cosine=cosine(anchor, measured),
        error=ratio_error(anchor["ratios"], measured["ratios"]),
        bound=bound,
    )
    kept = {
        **found.numbers,
        **({} if copied.copying is None else {"copying": copied.copying}),
        "unmeasured": dict(found.unmeasured),
        "readings": [one._asdict() for one in readings(meant.dna, measured, drawn=_drawn(context))],
    }
    if bound is None or copied.copied is None:
        return Likeness(kept)
    return Likeness(
        kept, (copying_demand(copied, meant.position, bound, Use(context.settings["delivered.copying.action"])),)
    )


def _drawn(context: Context) -> bool:
    identity = context.analyzer_ref.identity
    return identity is None or made_for(identity) != PHOTOGRAPHS.name


def _bound(context: Context) -> float | None:
    """Return the cosine that no two honest pictures reach with the pack that measures; None where none is declared."""
    declared: Mapping[str, float] = context.settings["delivered.copying.cosine"]
    return declared.get((context.analyzer_ref.identity or {}).get("pack", ""))


def with_likeness(judgement: Judgement, likeness: Likeness | None) -> Judgement:
    """Return a judgement whose evaluation has the likeness."""
    if likeness is None or judgement.evaluation is None:
        return judgement
    return replace(judgement, evaluation={**judgement.evaluation, LIKENESS: likeness.kept})
