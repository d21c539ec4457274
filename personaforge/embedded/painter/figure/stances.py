"""Stances: where elbows, wrists and hands are. `stance_of` reads one from a position's words.

Points are body points in face units for the viewer's right, mirrored for the left.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

from personaforge.embedded.painter.strokes import Points
from personaforge.media.exact import scalar_cos

STANCES: Final[tuple[tuple[str, str], ...]] = (
    ("folded", "folded"), ("hip", "hip"), ("near the chin", "chin"), ("walking", "walk"), ("busy", "hold"),
    ("in the middle", "hold"), ("at ease", "ease"), ("weight on one leg", "ease"),
)  # fmt: skip
"""Words of a position's pose -> stance; for any other words the arms hang."""


class Arm(NamedTuple):
    """Elbow and wrist in units of (shoulder's half width, 1), where the hand points (degrees, 0 down, 90 to the
    middle), and how the hand is held."""

    elbow: tuple[float, float]
    wrist: tuple[float, float]
    hand: float
    kind: str


class Hand(NamedTuple):
    """A visible hand on the screen, for things that are worn or carried there."""

    kind: str
    wrist: Points
    """(2,), face units."""
    way: Points
    """(2,), where the forearm points."""
    width: float
    """Of the wrist, face units."""
    fingers: Points
    """(2,), where the fingers point, and"""
    thumb: Points
    """(2,), where the thumb is; both as long as a unit of the hand."""


_HANGING: Final = Arm((1.00, 6.1), (1.00, 9.2), 4, "hang")
_BENT: Final = (1.06, 6.1)
ARMS: Final[dict[str, tuple[Arm, Arm]]] = {
    # (viewer's left, viewer's right)
    "rest": (_HANGING, _HANGING),
    "hip": (_HANGING, Arm((1.46, 5.8), (0.92, 8.05), 60, "flat")),
    "ease": (_HANGING, Arm((1.10, 6.05), (1.02, 9.0), 14, "hang")),
    # One hand supports the other arm's elbow and is behind it.
    "chin": (Arm((1.0, 6.1), (-0.70, 6.75), 86, "hidden"), Arm((0.94, 6.45), (0.24, 2.78), 172, "curl")),
    # One forearm lies before the other, whose hand is tucked in behind the upper arm.
    "folded": (Arm((0.98, 5.80), (-0.80, 5.02), 92, "hidden"), Arm((0.98, 5.90), (-0.26, 5.06), 98, "grip")),
    "walk": (Arm((1.04, 6.0), (0.84, 8.5), 24, "hang"), Arm((1.06, 6.0), (1.12, 9.0), -6, "hang")),
    "seated": (Arm((1.10, 6.05), (0.74, 9.0), 22, "hang"), Arm((1.10, 6.05), (0.74, 9.0), 22, "hang")),
}
"""By stance; `hold` is by what is held."""

_BOTH: Final[dict[str, tuple[float, float, float]]] = {
    "book": (1.92, 7.45, 98), "board": (1.86, 7.10, 98), "bowl": (1.82, 6.85, 92), "cup": (1.62, 6.70, 88),
    "crate": (2.42, 7.15, 92), "parcel": (1.98, 6.85, 92), "camera": (1.84, 6.85, 98), "plant": (1.38, 7.15, 88),
    "basket": (2.06, 7.05, 92),
}  # fmt: skip
"""Things that both hands hold: where the wrists are, face units from the middle and height, and where hands point."""
_ONE: Final[dict[str, Arm]] = {
    "tool": Arm((1.10, 6.1), (0.62, 7.5), 150, "fist"),
    "brush": Arm((1.10, 6.1), (0.56, 7.4), 150, "fist"),
    "stick": Arm((1.12, 6.1), (1.02, 7.6), 120, "fist"),
    "paddle": Arm((1.12, 6.1), (1.02, 7.2), 120, "fist"),
}
"""Things that the viewer's right hand holds, while the other hangs."""
NOTEBOOK: Final = "book"
"""What is held where nothing else is named."""


class Foot(NamedTuple):
    """Where the foot of somebody who stands or walks towards the viewer is."""

    out: float
    """How far to its side."""
    back: float
    """How much higher on the screen it is than the near foot, body units: further back, or lifted."""
    heel_up: bool = False
    shade: float = 1.0
    """Factor on the light that falls on this leg."""


STRIDES: Final = 16
"""Phases of a walk's cycle that are drawn, two steps."""
_AHEAD: Final = Arm((1.03, 5.9), (0.72, 7.9), 34, "hang")
_BEHIND: Final = Arm((1.12, 5.85), (1.14, 8.55), -10, "hang")
_STANDS: Final = 0.5
"""Share of a leg's cycle in which its foot is on the ground, and goes back with the ground at one speed."""
_FOOT: Final = ((0.0, -0.15), (_STANDS, 0.80), (0.66, 1.75), (0.86, 0.75), (1.0, -0.15))
"""(share of a leg's cycle, `Foot.back`): it stands and is walked over, then swings forward above the ground."""


def walking_foot(phase: float, side: int) -> Foot:
    """Return a foot in a walk. `phase` is 0..1 over two steps; the viewer's left foot (-1) is set down at 0."""
    at = (phase + (0.5 if side > 0 else 0.0)) % 1.0
    back = 0.0
    for (start, low), (stop, high) in pairwise(_FOOT):
        if start <= at <= stop:
            part = (at - start) / (stop - start)
            back = low + (high - low) * (part if start < _STANDS else part * part * (3 - 2 * part))
    far = min(max(back / 0.85, 0.0), 1.0)
    return Foot(0.02 + 0.05 * (1 - far), back, heel_up=0.42 < at < 0.92, shade=1 - 0.18 * far)


def walking_arm(phase: float, side: int) -> Arm:
    """Return an arm in a walk: it swings with the leg of the other side."""
    swing = 0.5 - 0.5 * scalar_cos(2 * math.pi * (phase + (0.5 if side > 0 else 0.0)))
    return Arm(
        _part(_BEHIND.elbow, _AHEAD.elbow, swing),
        _part(_BEHIND.wrist, _AHEAD.wrist, swing),
        _BEHIND.hand + (_AHEAD.hand - _BEHIND.hand) * swing,
        "hang",
    )


def _part(first: tuple[float, float], second: tuple[float, float], part: float) -> tuple[float, float]:
    return first[0] + (second[0] - first[0]) * part, first[1] + (second[1] - first[1]) * part


def arms_of(stance: str, held: str, shoulder: float) -> tuple[Arm, Arm]:
    """Return the arms of a stance, the viewer's left first; `shoulder` is the body's half width, face units."""
    if stance != "hold":
        return ARMS[stance]
    if held in _ONE:
        return _HANGING, _ONE[held]
    x, y, way = _BOTH.get(held, _BOTH[NOTEBOOK])
    both = Arm(_BENT, (x / shoulder, y), way, "clasp")
    return both, both


def stance_of(words: str, held: str = "", *, seated: bool = False) -> str:
    """Return the stance that a pose's words name; hands that are busy with nothing (`none`) are at the hip.

    The hands of somebody who sits are in the lap wherever the words say that they hang, walk or are at the hip.
    """
    found = next((stance for said, stance in STANCES if said in words), "rest")
    found = "hip" if (found, held) == ("hold", "none") else found
    return "seated" if seated and found not in ("hold", "folded", "chin") else found
