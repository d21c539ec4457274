"""Whether a picture repeats its reference instead of showing the person anew: the reference's own turn and expression,
though others were asked for, and a face that is more alike than two honest pictures of one person are.

WithAnyone (arXiv 2510.14975) calls it copy-paste, and says that metrics which reward likeness alone reward it. It
compares how near a picture is to the reference with how near it is to another picture of the person. There is no
such picture here, but it is known which turn was asked for, so that is what `copying` compares:

    copying = (distance to the asked turn - distance to the reference's turn) / (their sum), in [-1, 1]

1: the head is turned as in the reference; -1: as it was asked; 0: as far from both; one that is turned as far to the
other side has 1/3, which is wrong and no copy. Distances are degrees, the larger of yaw and
pitch; the asked turn is taken from the reference's own, since a generic head's error is the same in both. It is not
given where the turn that was asked for is nearer than LEAST_ASKED to the reference's.

A picture is *copied* where the cosine reaches the pack's bound and either `copying` is at least COPIED, or another
expression was asked for and the error of the ratios is at most SAME_SHAPE, with a turn of at most SAME_TURN. The bound
is the pack's own (`delivered.copying.cosine`): no two honest pictures may be above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from personaforge.identity.demand import Demand, Use

LEAST_ASKED: Final = 10.0
"""Degrees. The pose of a picture and its mirror image agree within 3 (`faces.pose`)."""
COPIED: Final = 0.5
"""From here on three quarters of the turn that was asked for were not made, and nothing else was turned instead."""
SAME_SHAPE: Final = 0.03
"""24 of 102 honest pairs of photographs that are turned alike (within 5 degrees) are below, by the pack buffalo_s_dev:
nothing by itself, together with the cosine's bound none of 1,182."""
SAME_TURN: Final = 5.0
"""Degrees."""


COPIED_NAME: Final = "copied"
"""The demand's name."""


class Copying(NamedTuple):
    """How a picture compares with what it may have been copied from."""

    copying: float | None
    """[-1, 1], 6 decimals; None where no other turn was asked for, or a pose is missing."""
    copied: bool | None
    """None where the pack has no bound, or nothing else than the reference's turn and expression was asked for."""
    why: str
    """What is copied, `the anchor's turn` or `the anchor's expression`; or why it isn't known; for people."""


def copying_of(
    reference: Mapping[str, Any],
    candidate: Mapping[str, Any],
    *,
    asked_reference: Mapping[str, Any],
    asked: Mapping[str, Any],
    cosine: float,
    error: float,
    bound: float | None,
) -> Copying:
    """Compare a measured picture with its measured reference.

    `asked` and `asked_reference` are the positions of both: yaw and pitch in degrees, and the expression. `bound` is a
    cosine that no two honest pictures reach with this pack; None where nobody has measured it.
    """
    one, other = reference.get("pose"), candidate.get("pose")
    number = None if one is None or other is None else _number(one, other, asked_reference, asked)
    other_expression = asked["expression"] != asked_reference["expression"]
    if number is None and not other_expression:
        return Copying(None, None, "the reference's own turn and expression were asked for")
    if bound is None:
        return Copying(number, None, "for this pack nobody has measured how alike two honest pictures are at most")
    if cosine < bound:
        return Copying(number, False, "")
    if number is not None and number >= COPIED:
        return Copying(number, True, "the anchor's turn")
    turned = None if one is None or other is None else _turn(one, other)
    if other_expression and error <= SAME_SHAPE and turned is not None and turned <= SAME_TURN:
        return Copying(number, True, "the anchor's expression")
    return Copying(number, False, "")


def copying_demand(copied: Copying, asked: Mapping[str, Any], bound: float, action: Use) -> Demand:
    """Return the demand that a picture is no copy; `asked` is its position, `bound` the pack's."""
    turn = f"yaw {float(asked['yaw']):g}, pitch {float(asked['pitch']):g}, {asked['expression']}"
    yaw = float(asked["yaw"])
    side = (
        f", with the head turned {abs(yaw):g} degrees to the viewer's {'right' if yaw > 0 else 'left'}" if yaw else ""
    )
    words = (
        f"The last picture repeated the reference: show the same person anew{side}, expression {asked['expression']}; "
    )
    words += "take only the identity from the reference, and not its pose, expression or framing."
    told = words if copied.copied else ""
    why = "" if copied.copied is not None else copied.why
    measured = copied.why if copied.copied else ""
    return Demand(COPIED_NAME, turn, measured, f"cosine {bound:g}", action, _met(copied), why, words=told)


def _met(copied: Copying) -> bool | None:
    return None if copied.copied is None else not copied.copied


def _number(
    reference: Mapping[str, float], delivered: Mapping[str, float], first: Mapping[str, Any], asked: Mapping[str, Any]
) -> float | None:
    wanted = {angle: reference[angle] + float(asked[angle]) - float(first[angle]) for angle in ("yaw", "pitch")}
    distance = _turn(reference, wanted)
    if distance < LEAST_ASKED:
        return None
    from_asked, from_reference = _turn(delivered, wanted), _turn(delivered, reference)
    return round((from_asked - from_reference) / (from_asked + from_reference), 6)


def _turn(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return max(abs(float(other[angle]) - float(one[angle])) for angle in ("yaw", "pitch"))
