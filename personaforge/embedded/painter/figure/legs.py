"""Legs with what they wear: trousers of several cuts, skirts, and shoes.

`LEGS` and `SKIRTS` are the shapes that the words of an outfit may name; without such a word a garment has its own.
Lengths are face units, heights body units from the eyes down.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.figure.clothes import Cut
from personaforge.embedded.painter.figure.painter import SHADE, BodyPainter
from personaforge.embedded.painter.figure.shoes import paint_shoe, shoe_of
from personaforge.embedded.painter.figure.stances import Foot, walking_foot
from personaforge.embedded.painter.strokes import Pixels, Points, ribbon, smooth
from personaforge.media.exact import interp

_BENDS: Final = (0.0, 0.25, 0.55, 0.8, 1.0)
"""Shares of a leg's length at which a cut has a width."""


class Legs(NamedTuple):
    """A cut of trousers."""

    widths: tuple[float, float, float, float]
    """Full widths at the last four of `_BENDS`, for limbs of factor 1; the first is the hip's."""
    end: float = 1.0
    """Share of the leg that is covered."""
    folds: float = 1.0
    """Factor on the depth of folds."""
    mark: str = ""
    """Details: cuff, pockets, roll, pleats, stripe."""


class Skirt(NamedTuple):
    """A skirt that is worn apart from the top."""

    hem: float
    """Height of the lower edge."""
    flare: float
    """How much wider than the hip the hem is, to each side."""
    mark: str = ""
    """tiers or fringe."""


LEGS: Final[dict[str, Legs]] = {
    "straight": Legs((1.95, 1.55, 1.42, 1.34)),
    "slim": Legs((1.86, 1.34, 1.22, 1.02), folds=0.8),
    "leggings": Legs((1.80, 1.16, 1.16, 0.72), folds=0.3, mark="stripe"),
    "joggers": Legs((2.02, 1.66, 1.48, 0.95), mark="cuff"),
    "cargo": Legs((2.12, 1.86, 1.80, 1.62), mark="pockets"),
    "wide": Legs((2.16, 2.00, 2.02, 2.06), folds=0.8),
    "flared": Legs((1.88, 1.28, 1.44, 1.86), folds=0.8),
    "rolled": Legs((1.98, 1.64, 1.52, 1.46), end=0.86, mark="roll"),
    "pleated": Legs((2.06, 1.72, 1.54, 1.36), folds=0.6, mark="pleats"),
}
"""Trousers by name."""
SKIRTS: Final[dict[str, Skirt]] = {
    "skirt": Skirt(15.0, 0.55),
    "tiered skirt": Skirt(19.3, 1.0, "tiers"),
    "fringed skirt": Skirt(13.6, 0.2, "fringe"),
}
"""Skirts by name."""


_OVER_TROUSERS: Final = ("ao dai",)
"""Long garments that are always worn over trousers; others are where an outfit's words name trousers."""


def paint_legs(painter: BodyPainter, cut: Cut, cloth: Pixels) -> None:
    """Paint legs and shoes; trousers unless a skirt is worn. `cloth` is the trousers' colour where no word names
    one."""
    if painter.point(0, 8.5)[1] > painter.canvas.top + painter.canvas.height / painter.canvas.scale:
        return  # the frame ends above
    body, walk = painter.body, painter.stance == "walk"
    lower = painter.scenery.outfit.lower
    skirt = SKIRTS.get(lower.shape) if lower is not None and not cut.skirt else None
    if lower is not None:
        cloth = np.asarray(lower.color, np.float32)
    wear = LEGS.get(lower.shape if lower is not None else "straight", LEGS["straight"])
    lean = 0.16 if painter.stance in ("ease", "hip") else 0.0
    feet = {-1: Foot(0.06 + lean, 0.12), 1: Foot(0.06, 0.0)}
    if walk:
        feet = {-1: Foot(0.02, 0.85, heel_up=True, shade=0.78), 1: Foot(0.10, 0.0)}
    if painter.stride is not None:
        feet = {side: walking_foot(painter.stride, side) for side in (-1, 1)}
    under = painter.scenery.garment in _OVER_TROUSERS or (lower is not None and lower.shape in LEGS)
    bare = skirt is not None or (bool(cut.skirt) and not under)
    lines = {}
    for side, (out, back, heel_up, shade) in sorted(feet.items(), key=lambda found: -found[1].back):
        ankle = body.hip * 0.40 + out * 2.4
        knee = body.hip * 0.46 + out * 1.1 + 0.12 * min(max(back, 0.0), 1.0)
        bottom = 20.7 - back
        joints = [(body.hip * 0.52, 10.3), (body.hip * 0.53, 12.0), (knee, 15.6 - 0.5 * back), (ankle, bottom)]
        lines[side] = smooth(np.array(joints) * (side, 1), 8)
        behind = walk and back > 0.1
        if bare or wear.end < 1:
            _skin(painter, lines[side])
        paint_shoe(painter, shoe_of(painter.scenery), side, ankle, bottom, heel_up=heel_up)
        if behind and len(lines) == 1 and not bare:  # the leg that is further back is in the other's shadow
            tone = cloth * np.float32(shade)
            painter.solid(_trouser(painter, lines[side], wear)[0], 0.9, tone)
            _finish(painter, lines.pop(side), wear, tone, side)
    if not bare:
        _seated(painter, lines, wear, cloth)
    if skirt is not None:
        _skirt(painter, skirt, cloth)


def _seated(painter: BodyPainter, lines: dict[int, Points], wear: Legs, cloth: Pixels) -> None:
    """Paint seat and trouser legs as one form, then what parts them."""
    hip, waist = painter.body.hip, painter.body.waist  # it reaches up to the waist, for tops that are cropped
    right = [(waist * 0.96, 7.7), (hip * 0.90, 9.2), (1.0 * hip, 10.3), (0.93 * hip, 11.0), (0.5 * hip, 11.9)]
    seat = smooth([*right, (0.0, 12.0), *((-x, y) for x, y in right[::-1])], 5)
    legs = [_trouser(painter, line, wear)[0] for line in lines.values()]
    painter.united([painter.placed(seat), *legs], 0.9, cloth)
    canvas = painter.canvas
    canvas.crease(painter.placed([(0.0, 9.9), (0.02, 12.0)]), 0.06, SHADE, 0.45, soft=0.03)
    canvas.crease(painter.placed([(0.0, 11.3), (0.0, 11.9)]), 0.2, SHADE, 0.4, soft=0.08)
    for side in (-1, 1):
        fly = painter.placed(smooth([(side * 0.06, 11.9), (side * 0.35, 11.55), (side * 0.72, 11.35)]))
        canvas.crease(fly, 0.10, SHADE, 0.28, soft=0.06)
        pocket = painter.placed(
            smooth([(side * 0.62 * hip, 9.9), (side * 0.86 * hip, 10.7), (side * 0.98 * hip, 11.0)])
        )
        canvas.crease(pocket, 0.045, SHADE, 0.5, soft=0.015)
    for side, line in lines.items():
        _finish(painter, line, wear, cloth, side)


def _skin(painter: BodyPainter, line: Points) -> None:
    body, limb = painter.body, painter.body.limb
    along = np.linspace(0, 1, len(line))
    bends, widths = [0, 0.25, 0.55, 0.62, 0.75, 1], [body.hip * 0.98 / limb, 1.75, 1.12, 1.08, 1.16, 0.62]
    painter.solid(painter.ribbon(line, interp(along, bends, widths) * limb * 0.92), 0.6, painter.skin)


def _trouser(painter: BodyPainter, line: Points, wear: Legs) -> tuple[Points, Points, Points]:
    """Return a trouser leg's outline on the screen, the line that it covers, and its full widths."""
    body = painter.body
    along = np.linspace(0, 1, len(line))
    thigh, knee, *low = (width * body.limb for width in wear.widths)
    wide = interp(along, _BENDS, [body.hip * 1.02, max(thigh, 0.86 * body.hip), max(knee, 0.62 * body.hip), *low])
    stop = max(4, round(wear.end * len(line)))
    return painter.ribbon(line[:stop], wide[:stop]), line[:stop], wide[:stop]


def _finish(painter: BodyPainter, line: Points, wear: Legs, tone: Pixels, side: int) -> None:
    """Paint the folds of a trouser leg and what its cut is known by."""
    canvas = painter.canvas
    _, line, wide = _trouser(painter, line, wear)
    _leg_folds(painter, line, wide, side, wear.folds)
    hem = line[-1]
    half = 0.5 * wide[-1]
    if wear.mark == "roll":
        for up in (0.15, 0.55):
            cuff = [np.subtract(hem, (half + 0.06, up)), np.add(hem, (half + 0.06, -up))]
            painter.solid(painter.ribbon(np.array(cuff), 0.40), 0.15, tone * 1.08)
    elif wear.mark == "cuff":
        painter.solid(
            painter.ribbon(np.array([np.subtract(hem, (half, 0.25)), np.add(hem, (half, -0.25))]), 0.55),
            0.2,
            tone * 0.9,
        )
    elif wear.mark == "pockets":
        at = line[14] + (side * 0.5 * wide[14] - side * 0.28, 0.0)
        box = np.array([(-0.45, -0.75), (0.45, -0.75), (0.42, 0.85), (-0.42, 0.85)]) + at
        painter.solid(painter.placed(box), 0.18, tone * 1.05)
        canvas.crease(painter.placed(np.add([(-0.45, -0.42), (0.45, -0.42)], at)), 0.07, SHADE, 0.7, soft=0.02)
        canvas.tint(painter.placed(np.array([(-0.45, 0.85), (0.45, 0.85), (0.42, 1.0), (-0.42, 1.0)]) + at), SHADE,
                    0.6, soft=0.05)  # fmt: skip
    elif wear.mark == "stripe":
        outer = np.add(line[2:], np.stack([side * 0.34 * wide[2:], np.zeros(len(wide) - 2)], axis=1))
        accent = painter.scenery.palette[min(2, len(painter.scenery.palette) - 1)]
        canvas.line(painter.placed(outer), 0.09, accent, 0.9)
    elif wear.mark == "pleats":
        for x in (0.25, 0.6):
            top = line[0][0] * 0.9 + side * (x - 0.4)
            pleat = painter.placed([(top, 10.0), (top * 0.98, 12.2)])
            canvas.crease(pleat, 0.12, SHADE, 0.35, soft=0.05)


def _leg_folds(painter: BodyPainter, line: Points, wide: Points, side: int, deep: float) -> None:
    random = np.random.default_rng(painter.seed + 9 + side)
    for mark in (15, 16, 17, 21, 22, 23):
        if mark >= len(line):
            break
        center, half = line[mark], 0.42 * wide[mark]
        slope = random.uniform(-0.12, 0.2)
        start = np.add(center, (side * half * random.uniform(-0.9, -0.3), -slope))
        stop = np.add(center, (side * half * random.uniform(0.2, 0.85), slope))
        bend = 0.5 * (start + stop) + (0, 0.12)
        painter.fold(painter.placed(smooth([start, bend, stop], 5)), 0.13, 0.24 * deep)
    crease = np.add(line[6:-1], (side * 0.02, 0))
    painter.canvas.crease(painter.placed(crease), 0.05, (1.10, 1.10, 1.10), 0.5 * deep, soft=0.03)
    hem = line[-1]
    edge = painter.placed([hem - (0.5 * wide[-1], 0.05), np.add(hem, (0.5 * wide[-1], -0.05))])
    painter.canvas.crease(edge, 0.08, SHADE, 0.6, soft=0.03)


def _skirt(painter: BodyPainter, skirt: Skirt, tone: Pixels) -> None:
    body = painter.body
    flare = body.hip + skirt.flare
    middle = 0.5 * (10.2 + skirt.hem)
    side = smooth([(body.waist, 8.2), (body.hip + 0.05, 10.2), (0.5 * (body.hip + flare) + 0.1, middle),
                   (flare, skirt.hem)], 6)  # fmt: skip
    outline = painter.placed(np.concatenate([side, _hem(flare, skirt.hem), (side * (-1, 1))[::-1]]))
    painter.shade_under(np.add(outline, (0.0, 0.15)), 0.3)
    painter.solid(outline, 1.3, tone)
    random = np.random.default_rng(painter.seed + 21)
    found = painter.canvas.mask([outline])
    if found is None:
        return
    with painter.shading(found) as shaded:
        for share in np.linspace(-0.85, 0.85, 7):
            top = (share * body.hip * 0.9, 9.6 + random.uniform(0, 1.2))
            fold = smooth([top, (share * 0.5 * (body.hip + flare), middle), (share * flare, skirt.hem)], 5)
            painter.fold(painter.placed(fold), 0.16, 0.35)
        for height in (12.4, 15.6) if skirt.mark == "tiers" else ():
            wide = float(interp(height, side[:, 1], side[:, 0]))
            seam = smooth([(-wide, height - 0.1), (0, height + 0.12), (wide, height - 0.1)], 8)
            shaded.crease(painter.placed(seam), 0.16, SHADE, 0.55, soft=0.06)
            gathers = [
                ribbon(painter.placed([(x, height + 0.05), (1.02 * x, height + 0.8)]), 0.08)
                for x in np.linspace(-wide, wide, 19)[1:-1]
            ]
            gathered = shaded.mask(gathers, 0.04)
            if gathered is not None:
                shaded.multiply(*gathered, np.asarray(SHADE, np.float32), 0.3)
    if skirt.mark == "fringe":
        strips = []
        for x in np.linspace(-flare, flare, 34):
            low = skirt.hem + 1.5 + random.uniform(-0.12, 0.12)
            strips.append(painter.placed([(x - 0.07, skirt.hem - 2.2), (x + 0.05, skirt.hem - 2.2), (x * 1.04, low)]))
        painter.canvas.strokes(strips, tone * 0.9)


def _hem(half: float, hem: float) -> Points:
    """Return a hem that hangs a little lower in the middle, from right to left."""
    turn = np.linspace(1, -1, 9)
    return np.stack([half * turn, hem + 0.16 * (1 - turn**2)], axis=1)
