"""Likeness beyond the face: a picture's appearance beside the anchor's and the DNA's words, and whether it was copied.

All of it is arithmetic over measurements that the judgement has anyway, and goes into the evaluation under `likeness`:
the numbers of its metrics, `unmeasured` (why others are missing) and `readings`, what is seen beside each word of the
DNA. None of it moves a decision here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from personaforge.identity.appearance import changes, readings
from personaforge.identity.copying import copying_of
from personaforge.identity.score import Score, Unmeasured, cosine, ratio_error
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
    """Whether it is meant to show the clothes of the anchor: both positions ask for one rank of the wardrobe."""
    dna: Mapping[str, Any]


def with_likeness(
    judgement: Judgement,
    anchor: Mapping[str, Any],
    measured: Mapping[str, Any],
    meant: Meant | None,
    score: Score | Unmeasured,
) -> Judgement:
    """Return a picture's judgement with its appearance beside the anchor's, where it is known what was meant."""
    if meant is None or judgement.evaluation is None or isinstance(score, Unmeasured):
        return judgement
    found = changes(anchor, measured, same_clothes=meant.same_clothes)
    copied = copying_of(
        anchor,
        measured,
        asked_reference=meant.reference,
        asked=meant.position,
        cosine=cosine(anchor, measured),
        error=ratio_error(anchor["ratios"], measured["ratios"]),
        bound=None,
    )
    kept = {
        **found.numbers,
        **({} if copied.copying is None else {"copying": copied.copying}),
        "unmeasured": dict(found.unmeasured),
        "readings": [one._asdict() for one in readings(meant.dna, measured)],
    }
    return replace(judgement, evaluation={**judgement.evaluation, LIKENESS: kept})
