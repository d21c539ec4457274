"""Stances: where elbows, wrists and hands are. `stance_of` reads one from a position's words.

Points are body points in face units for the viewer's right, mirrored for the left.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from personaforge.embedded.painter.strokes import Points

STANCES: Final[tuple[tuple[str, str], ...]] = (
    ("folded", "folded"), ("hip", "hip"), ("near the chin", "chin"), ("walking", "walk"), ("busy", "hold"),
    ("in the middle", "hold"), ("at ease", "pocket"), ("weight on one leg", "pocket"),
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


_HANGING: Final = Arm((1.00, 6.1), (1.00, 9.2), 4, "hang")
ARMS: Final[dict[str, tuple[Arm, Arm]]] = {
    # (viewer's left, viewer's right)
    "rest": (_HANGING, _HANGING),
    "hip": (_HANGING, Arm((1.50, 5.8), (0.92, 8.1), 62, "flat")),
    "pocket": (_HANGING, Arm((1.16, 6.0), (0.93, 9.0), 20, "hidden")),
    "chin": (Arm((1.0, 6.1), (0.10, 6.4), 86, "hidden"), Arm((0.92, 6.2), (0.22, 2.98), 172, "curl")),
    "folded": (Arm((0.98, 5.75), (-0.50, 5.0), 92, "hidden"), Arm((0.98, 5.85), (-0.06, 4.95), 100, "grip")),
    "walk": (Arm((1.04, 6.0), (0.84, 8.5), 24, "hang"), Arm((1.06, 6.0), (1.12, 9.0), -6, "hang")),
    "hold": (Arm((1.04, 6.1), (0.40, 7.3), 96, "curl"), Arm((1.04, 6.1), (0.40, 7.5), 96, "curl")),
}


def stance_of(words: str, held: str = "") -> str:
    """Return the stance that a pose's words name; hands that are busy with nothing (`none`) are at the hip."""
    found = next((stance for said, stance in STANCES if said in words), "rest")
    return "hip" if (found, held) == ("hold", "none") else found
