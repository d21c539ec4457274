"""Decides whether a lost pinned drawing that was drawn again with other bytes may take the pin's place.

Only where the context allows it (`Context.may_remake`: a synthetic person, drawn by a local and deterministic provider
throughout, the lock not frozen), and only where it measures as the same face. A picture of the person is compared with
the anchor, by its own gate. A candidate may be the anchor itself, and then nothing is left to compare it with: so
the lock keeps the face of every drawn candidate, as the embedding that was measured, in a byte for each dimension.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Generator, Mapping
from typing import Any

from personaforge.identity.decision import Decision
from personaforge.steps.action import Action, Result
from personaforge.steps.context import Context
from personaforge.steps.measuring import measure
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import Pin

SAME_DRAWING = 0.98
"""Least cosine of two readings of one drawing. Measured by us on drawings whose pixels differ in their last bits: over
0.999; a byte for each dimension costs less than 0.001. Two faces of one DNA lie below 0.9."""


def face_of(measured: Mapping[str, Any] | None) -> str:
    """Return a measured face in a byte for each dimension, base64; empty where no face was measured."""
    if not measured or measured.get("status") != "measured":
        return ""
    import numpy as np

    from personaforge.faces.measure import embedding

    vector = embedding(measured).astype(np.float64)
    return base64.b64encode(np.rint(vector / np.abs(vector).max() * 127).astype(np.int8).tobytes()).decode("ascii")


def refusal(
    context: Context, pin: Pin, outputs: Mapping[str, Artifact], examined: Generator[Action, Result, Any]
) -> Generator[Action, Result, str]:
    """Return why what was remade may not take the pin's place, empty where it may. `examined` judges it by its own
    gate."""
    media = {name: artifact.media_type for name, artifact in outputs.items()}
    if context.frozen:
        return "and the lock is frozen"
    if media != dict(pin.media) or not _shows_a_face(media):
        return "and it is no drawing"
    if not context.may_remake:
        return "and pictures that are not drawn here may depend on it"
    if pin.face:
        for artifact in outputs.values():
            face = face_of((yield from measure(context, artifact, ())))
            if not face:
                return "and no face was measured in it"
            if _cosine(face, pin.face) < SAME_DRAWING:
                return f"and measures as another face: cosine {_cosine(face, pin.face):.3f}"
        return ""
    judgement = yield from examined
    # With corrections it is the same person, and what else was asked of it is no matter of the face.
    passes = judgement.decision is Decision.ACCEPT or bool(judgement.corrections)
    if passes and judgement.facts.get("measured"):
        return ""
    return "and it does not measure as the same face"


def _shows_a_face(media: Mapping[str, str]) -> bool:
    return all(one.startswith(("image/", "video/")) for one in media.values())


def _cosine(one: str, other: str) -> float:
    import numpy as np

    a, b = (np.frombuffer(base64.b64decode(text), dtype=np.int8).astype(np.float64) for text in (one, other))
    if a.shape != b.shape or not a.any() or not b.any():  # the lock is a file that anybody may have edited
        return 0.0
    return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))
