"""Whether a face is good enough to say that it is another person's. Numbers only.

A poor picture makes one person look like two, and never two like one: in tests/benchmarks/verdicts_face.py no step of
shrinking, blur, rotation or cover raised a stranger's cosine above .25. So these bounds only ever turn a RETRY or
REJECT into `unmeasured`; what is accepted stays accepted.

Bounds are declared by pack in conf/identity, since the norm of an embedding is the recogniser's own. For a pack without
bounds nothing is too poor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.identity.policy import Limits
from personaforge.identity.score import Cause, Score, Unmeasured


def unjudgeable(measurement: Mapping[str, Any], limits: Limits | None, score: Score | None = None) -> Unmeasured | None:
    """Return why a measured face is too poor to be told from another's, and what would help; None where it is good
    enough, and for a pack without limits. `score` is only named."""
    if limits is None:
        return None
    found = _fault(measurement, limits)
    if found is None:
        return None
    code, what, helps = found
    low = "" if score is None else f" (cosine {score.cosine:.2f} says little)"
    return Unmeasured(code, f"{what}{low}; {helps}")


def _fault(measurement: Mapping[str, Any], limits: Limits) -> tuple[Cause, str, str] | None:
    pose = measurement.get("pose") or {}
    roll, yaw = (abs(float(pose.get(angle, 0.0))) for angle in ("roll", "yaw"))
    x1, y1, x2, y2 = measurement["box"]
    side = min(x2 - x1, y2 - y1)
    norm, sharpness = measurement.get("embedding_norm"), measurement.get("sharpness")
    if side < limits.min_side:
        return (
            Cause.TOO_SMALL,
            f"the face is too small to be judged: its shorter side is {side:.0f} pixels, expected {limits.min_side:g}",
            "a picture with a larger face helps, enlarging this one doesn't",
        )
    if roll > limits.max_roll:
        what = f"the face lies on its side: {roll:.0f} degrees, expected at most {limits.max_roll:g}"
        return Cause.TURNED, what, "turn the picture upright"
    if yaw > limits.max_yaw:
        what = f"the head is turned too far to be judged: {yaw:.0f} degrees, expected at most {limits.max_yaw:g}"
        return Cause.TURNED, what, "a picture that shows more of the face from the front helps"
    if sharpness is not None and sharpness < limits.min_sharpness:
        what = f"the face is too blurred to be judged: sharpness {sharpness:.2g}, expected {limits.min_sharpness:g}"
        return Cause.BLURRED, what, "a sharper picture helps"
    if norm is not None and norm < limits.min_norm:
        what = f"the face is covered or badly lit: its embedding's norm is {norm:.3g}, expected {limits.min_norm:g}"
        return Cause.COVERED, what, "a picture that shows the whole face in even light helps"
    return None
