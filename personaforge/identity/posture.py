"""Whether a picture shows as many people, the head as it was to be turned, and the face as large, as was asked for.

    turn_error     |yaw - asked yaw|, degrees
    tilt_error     |(pitch - the anchor's pitch) - asked pitch|, degrees: a head's own pitch is up to twenty degrees off
                   (`faces.pose`), which cancels between two pictures of one person. The anchor is taken as level, as
                   the packaged matrix asks it to be; a candidate for the anchor has none.
    face_height    height of the measured face's box over the picture's height

Plain arithmetic over a measurement; the bounds, with what they were measured on, are in conf/delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from personaforge.identity.demand import Demand, Use

_FRONTAL = 5.0
"""Degrees up to which a prompt calls a face frontal; see templates/image/blocks/pose.j2."""


class Framing(NamedTuple):
    """What a position asks for."""

    yaw: float
    """Degrees, above 0 to the viewer's right."""
    pitch: float
    """Degrees, above 0 upwards."""
    distance: str
    """headshot, bust, half or full."""


class Posture(NamedTuple):
    """How a measured picture compares with that; degrees have 2 decimals, the share 6."""

    turn_error: float | None
    """None without a pose."""
    tilt_error: float | None
    """None without a pose, or without the anchor's."""
    face_height: float


def posture_of(asked: Framing, measured: Mapping[str, Any], anchor: Mapping[str, Any] | None) -> Posture:
    """Compare a measurement whose status is `measured` with what was asked; `anchor` is the anchor's, where there is
    one."""
    pose, base = measured.get("pose"), (anchor or {}).get("pose")
    turned = tilted = None
    if pose is not None:
        turned = round(abs(float(pose["yaw"]) - asked.yaw), 2)
        if base is not None:
            tilted = round(abs(float(pose["pitch"]) - float(base["pitch"]) - asked.pitch), 2)
    _, top, _, bottom = measured["box"]
    return Posture(turned, tilted, round((float(bottom) - float(top)) / float(measured["height"]), 6))


def posture_demands(
    asked: Framing, measured: Mapping[str, Any], anchor: Mapping[str, Any] | None, bounds: Mapping[str, Any]
) -> tuple[Demand, ...]:
    """Return the demands on a picture with a measured face. `bounds` is `delivered.drawings` or `.photographs`."""
    posture = posture_of(asked, measured, anchor)
    found = [_people(int(measured["faces"]), bounds["people"])]
    if posture.turn_error is not None:
        found.append(_turn(asked.yaw, float(measured["pose"]["yaw"]), posture.turn_error, bounds["turn"]))
    if posture.tilt_error is not None and anchor is not None:
        tilt = float(measured["pose"]["pitch"]) - float(anchor["pose"]["pitch"])
        found.append(_tilt(asked.pitch, tilt, posture.tilt_error, bounds["tilt"]))
    if bounds["framing"] is not None:
        found.append(_framing(asked.distance, posture.face_height, bounds["framing"]))
    return tuple(found)


def _people(faces: int, bound: Mapping[str, Any]) -> Demand:
    words = f"The last picture showed {faces} people; it must show one person alone."
    return Demand("people", "1", str(faces), "exactly 1", Use(bound["action"]), faces == 1, words=words)


def _turn(asked: float, came: float, error: float, bound: Mapping[str, Any]) -> Demand:
    wanted = "face the camera" if abs(asked) <= _FRONTAL else f"be {_sideways(asked)}"
    words = f"The face was {_sideways(came)}; it must {wanted}."
    most = float(bound["max_degrees"])
    met = error <= most
    return Demand(
        "turn", _sideways(asked), _sideways(came), f"at most {most:g}° off", Use(bound["action"]), met, words=words
    )


def _tilt(asked: float, came: float, error: float, bound: Mapping[str, Any]) -> Demand:
    words = f"The head was tilted {_upwards(came)}; it must be {_upwards(asked)}."
    most = float(bound["max_degrees"])
    met = error <= most
    return Demand(
        "tilt", _upwards(asked), _upwards(came), f"at most {most:g}° off", Use(bound["action"]), met, words=words
    )


def _framing(distance: str, share: float, bound: Mapping[str, Any]) -> Demand:
    low, high = (float(one) for one in bound[distance])
    asked, came = f"{distance}, a face of {low:.0%} to {high:.0%} of the height", f"{share:.0%} of the height"
    words = f"The face filled {share:.0%} of the picture's height; it must fill {low:.0%} to {high:.0%}."
    met = low <= share <= high
    return Demand("framing", asked, came, f"{low:.0%} to {high:.0%}", Use(bound["action"]), met, words=words)


def _sideways(degrees: float) -> str:
    if round(degrees) == 0:
        return "straight ahead"
    return f"turned {abs(round(degrees))}° to the viewer's {'right' if degrees > 0 else 'left'}"


def _upwards(degrees: float) -> str:
    return "level" if round(degrees) == 0 else f"{abs(round(degrees))}° {'up' if degrees > 0 else 'down'}"
