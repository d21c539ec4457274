"""Under which weights a composite was made: what its record names or, where an older forge wrote it, what its numbers
determine. Nothing is measured, and the record stays as it is.

    composite = w * cosine + (1 - w) * (1 - error)

Composite, cosine and error have 6 decimals, so w is known to some 2e-6 / |cosine - (1 - error)|. People write weights
with up to 3 decimals; where that many can't be told apart, or w isn't such a number, the weights are unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMER = 0.7
"""The cosine's weight in every file of conf/identity when records did not name weights: a composite that equals the
one under it was made under it. What later records are made under they name themselves."""
_ROUNDING = 2e-6
"""Largest difference between a composite and the one that its rounded parts make; of clips all three are means."""
_STEP = 1e-3
"""The steps in which people choose weights."""


def embedding_weight(record: Mapping[str, Any]) -> float | None:
    """Return the cosine's weight in an evaluation record's composite, [0, 1]; the error's is the rest.

    None where it isn't known: nothing was scored, the score is a text's, or its numbers determine no weight.
    """
    named = record.get("weights")
    if isinstance(named, Mapping):
        return float(named["embedding"])
    score = record.get("score")
    found = [score.get(name) for name in ("composite", "cosine", "error")] if isinstance(score, Mapping) else []
    numbers = [float(one) for one in found if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) < 3:
        return None
    composite, cosine, error = numbers
    likeness = 1 - min(error, 1.0)
    if abs(FORMER * cosine + (1 - FORMER) * likeness - composite) <= _ROUNDING:
        return FORMER
    compared = (record.get("clip", {}).get("frames_measured") or 1) * (1 + len(record.get("references", ())))
    if compared > 1 and error * compared > 1:
        return None  # one of them may have an error above 1, which is clamped before the mean is taken
    apart = abs(cosine - likeness)
    if apart * _STEP < 10 * _ROUNDING:
        return None
    weight = (composite - likeness) / (cosine - likeness)
    near = round(weight, 3)
    return near if 0 <= near <= 1 and abs(weight - near) * apart <= _ROUNDING else None
