"""What a measured face lacks to be judged by, or to have a P(same): numbers against the limits of its pack. See
`judgeable`, which decides by it, and `policy.Limits`, which says what each number is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.identity.policy import Limits


def beyond(anchor: Mapping[str, Any], candidate: Mapping[str, Any], limits: Limits | None) -> str:
    """Return which of two measured faces is too poor for a P(same), and why, for people; empty where neither is."""
    for who, measurement in (("the anchor: ", anchor), ("", candidate)):
        found = None if limits is None else fault_of(measurement, limits)
        if found is not None:
            return f"{who}{found[1]}"
    return ""


def fault_of(measurement: Mapping[str, Any], limits: Limits) -> tuple[str, str, str] | None:
    """Return what a measured face lacks, as a value of `score.Cause`, what is wrong and what helps, for people; None
    where it lacks nothing."""
    pose = measurement.get("pose") or {}
    roll, yaw = (abs(float(pose.get(angle, 0.0))) for angle in ("roll", "yaw"))
    x1, y1, x2, y2 = measurement["box"]
    side = min(x2 - x1, y2 - y1)
    norm, sharpness = measurement.get("embedding_norm"), measurement.get("sharpness")
    if side < limits.min_side:
        return (
            "too_small",
            f"the face is too small to be judged: its shorter side is {side:.0f} pixels, expected {limits.min_side:g}",
            "a picture with a larger face helps, enlarging this one doesn't",
        )
    if roll > limits.max_roll:
        what = f"the face lies on its side: {roll:.0f} degrees, expected at most {limits.max_roll:g}"
        return "turned", what, "turn the picture upright"
    if yaw > limits.max_yaw:
        what = f"the head is turned too far to be judged: {yaw:.0f} degrees, expected at most {limits.max_yaw:g}"
        return "turned", what, "a picture that shows more of the face from the front helps"
    if sharpness is not None and sharpness < limits.min_sharpness:
        what = f"the face is too blurred to be judged: sharpness {sharpness:.2g}, expected {limits.min_sharpness:g}"
        return "blurred", what, "a sharper picture helps"
    if norm is not None and norm < limits.min_norm:
        what = f"the face is covered or badly lit: its embedding's norm is {norm:.3g}, expected {limits.min_norm:g}"
        return "covered", what, "a picture that shows the whole face in even light helps"
    return None
