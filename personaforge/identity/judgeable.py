"""Whether a face is good enough to say that it is another person's. Numbers only.

A poor picture makes one person look like two, and never two like one: in tests/benchmarks/verdicts_face.py no step of
shrinking, blur, rotation or cover raised a stranger's cosine above .25. So these bounds only ever turn a RETRY or
REJECT into `unmeasured`; what is accepted stays accepted.

Neither has such a face, accepted or not, a P(same): it was fitted on better ones (`poor`).

Bounds are declared by pack in conf/identity, since the norm of an embedding is the recogniser's own. For a pack without
bounds nothing is too poor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.identity.policy import Limits
from personaforge.identity.poor import fault_of
from personaforge.identity.score import Cause, Score, Unmeasured


def unjudgeable(measurement: Mapping[str, Any], limits: Limits | None, score: Score | None = None) -> Unmeasured | None:
    """Return why a measured face is too poor to be told from another's, and what would help; None where it is good
    enough, and for a pack without limits. `score` is only named."""
    if limits is None:
        return None
    found = fault_of(measurement, limits)
    if found is None:
        return None
    code, what, helps = found
    low = "" if score is None else f" (cosine {score.cosine:.2f} says little)"
    return Unmeasured(Cause(code), f"{what}{low}; {helps}")
