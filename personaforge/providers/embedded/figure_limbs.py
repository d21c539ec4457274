"""Arms, hands, legs and shoes, in the stances that the matrix asks for.

A stance says where elbows, wrists and feet are; `stance_of` reads it from a position's words. Points are body points
in face units for the viewer's right, mirrored for the left; a hand lives in its own frame, origin at the wrist, y along
the forearm, x to the thumb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.providers.embedded.figure_clothes import CUTS, Cut
from personaforge.providers.embedded.painter_strokes import Pixels, Points, ellipse, ribbon, smooth

if TYPE_CHECKING:
    from personaforge.providers.embedded.figure_body import BodyPainter

STANCES: Final[tuple[tuple[str, str], ...]] = (
    ("folded", "folded"), ("hip", "hip"), ("near the chin", "chin"), ("walking", "walk"), ("busy", "hold"),
    ("in the middle", "hold"), ("at ease", "pocket"), ("weight on one leg", "pocket"),
)  # fmt: skip
"""Words of a position's pose -> stance; whatever else is said, the arms hang."""

_SHADE: Final = (0.62, 0.56, 0.56)


class _Arm(NamedTuple):
    """Elbow and wrist in units of (shoulder's half width, 1), where the hand points (degrees, 0 down, 90 to the
    middle), and how the hand is held."""

    elbow: tuple[float, float]
    wrist: tuple[float, float]
    hand: float
    kind: str


_HANGING: Final = _Arm((1.00, 6.1), (1.00, 9.2), 4, "hang")
_ARMS: Final[dict[str, tuple[_Arm, _Arm]]] = {
    # (viewer's left, viewer's right)
    "rest": (_HANGING, _HANGING),
    "hip": (_HANGING, _Arm((1.50, 5.8), (0.92, 8.1), 62, "flat")),
    "pocket": (_HANGING, _Arm((1.16, 6.0), (0.93, 9.0), 20, "hidden")),
    "chin": (_Arm((1.0, 6.1), (0.10, 6.4), 86, "hidden"), _Arm((0.92, 6.2), (0.22, 2.98), 172, "curl")),
    "folded": (_Arm((0.98, 5.75), (-0.50, 5.0), 92, "hidden"), _Arm((0.98, 5.85), (-0.06, 4.95), 100, "grip")),
    "walk": (_Arm((1.04, 6.0), (0.84, 8.5), 24, "hang"), _Arm((1.06, 6.0), (1.12, 9.0), -6, "hang")),
    "hold": (_Arm((1.04, 6.1), (0.40, 7.3), 96, "curl"), _Arm((1.04, 6.1), (0.40, 7.5), 96, "curl")),
}


def stance_of(words: str) -> str:
    """Return the stance that a pose's words ask for."""
    return next((stance for said, stance in STANCES if said in words), "rest")


def paint_arms(painter: BodyPainter, cut: Cut) -> None:
    """Paint both arms over the torso."""
    arms = _ARMS[painter.stance]
    order = ((-1, arms[0]), (1, arms[1]))
    if painter.stance == "hold":
        _board(painter)
    for side, arm in order:
        _arm(painter, side, arm, cut)


def _arm(painter: BodyPainter, side: int, arm: _Arm, cut: Cut) -> None:
    body, limb = painter.body, painter.body.limb
    reach, drop = body.shoulder, 0.6 * body.drop
    elbow, wrist = (
        np.array((reach * arm.elbow[0], arm.elbow[1] + drop)),
        np.array((reach * arm.wrist[0], arm.wrist[1] + drop)),
    )
    if painter.stance in ("hip", "pocket") and arm.kind in ("flat", "hidden"):
        wrist[0] = body.hip * 0.94 + cut.loose
    top, cap = np.array((reach * 0.56, 2.92 + drop)), np.array((reach * 0.79, 3.28 + drop))
    upper = smooth([top, cap, 0.6 * cap + 0.4 * elbow + (0.05, 0.0), elbow], 5)
    lower = smooth([elbow, 0.55 * elbow + 0.45 * wrist + (0.03, 0.0), wrist], 5)
    bent = float(np.dot(elbow - cap, wrist - elbow)) < 0
    line = np.concatenate([upper, lower[1:]])
    if not bent:  # elbows are round
        line[13:18] = np.array([line[12:17], line[13:18], line[14:19]]).mean(axis=0)
    along = np.linspace(0, 1, len(line))
    width = (
        np.interp(along, [0, 0.09, 0.2, 0.36, 0.6, 0.7, 0.88, 1], [0.30, 0.78, 1.08, 1.14, 0.92, 0.92, 0.70, 0.56])
        * limb
    )
    placed = painter.placed(line * (side, 1))
    count = max(6, round(cut.sleeve * len(line))) if cut.sleeve > 0 else 0
    full = width + ((0.14 if cut.sleeve > 0.6 else 0.22) + 0.9 * cut.loose) * np.clip(along / 0.15, 0, 1)
    # A sharply bent arm is two pieces, or its outline would cross itself.
    pieces = [(0, 16), (14, len(line))] if bent else [(0, len(line))]
    painter.shade_under(ribbon(placed[3:], width[3:] + 0.35), 0.40)
    for start, stop in pieces:
        bare = ribbon(placed[start:stop], width[start:stop])
        if start:
            painter.shade_under(ribbon(placed[start + 2 : stop], width[start + 2 : stop] + 0.3), 0.35)
        if count < stop:
            painter.solid(bare, 0.5, painter.skin)
        if bent and start and count > start:
            painter.solid(
                ellipse(float(placed[15, 0]), float(placed[15, 1]), 0.5 * float(full[15]), 0.5 * float(full[15])), 0.5
            )
        if stop == len(line) and arm.kind != "hidden":
            _hand(painter, line[-1] * (side, 1), side, arm)
        end = min(count, stop)
        if end > start + 1:
            sleeve = ribbon(placed[start:end], full[start:end])
            painter.solid(sleeve, 0.6)
            _sleeve_folds(painter, placed, full, (start, end), side, sleeve, ends=end == count)


def _sleeve_folds(
    painter: BodyPainter, line: Points, width: Points, span: tuple[int, int], side: int, outline: Points, *, ends: bool
) -> None:
    """Paint the folds of a sleeve, most of them round the elbow, and the cuff where it ends."""
    canvas = painter.canvas
    found = canvas.mask([outline])
    if found is None:
        return
    clip = np.zeros((canvas.height, canvas.width), np.float32)
    clip[found[0]] = found[1]
    canvas.clip = clip
    random = np.random.default_rng(painter.seed + 5 + side)
    for mark in (7, 9, 13, 14, 15, 16, 18, 21, 23):
        if not span[0] <= mark < span[1] - 1:
            continue
        center, half = line[mark], 0.5 * width[mark]
        slope = random.uniform(-0.3, 0.5)
        start = np.add(center, (side * -half * 1.05, -half * slope))
        stop = np.add(center, (side * half * random.uniform(0.1, 0.8), half * slope + random.uniform(-0.1, 0.25)))
        painter.fold(smooth([start, 0.5 * (start + stop) + (0, 0.10), stop], 5), 0.13, 0.45)
    if ends:
        last = line[span[1] - 1]
        way = last - line[span[1] - 2]
        way = way / max(float(np.hypot(*way)), 1e-6)
        across = np.array([-way[1], way[0]]) * width[span[1] - 1]
        for back, thick, alpha in ((0.32, 0.035, 0.55), (0.03, 0.07, 0.5)):
            at = last - back * way
            canvas.crease([at - across, at + across], thick, _SHADE, alpha, soft=0.4 * thick)
    canvas.clip = None


_FINGERS: Final = (
    # (root x, root y, length, lean) from the little finger to the forefinger
    (-0.30, 0.98, 0.72, -7.0), (-0.11, 1.08, 0.92, -3.0), (0.09, 1.10, 0.98, 0.0), (0.28, 1.03, 0.88, 4.0),
)  # fmt: skip


def _hand(painter: BodyPainter, wrist: Points, side: int, arm: _Arm) -> None:
    limb = 0.94 * painter.body.limb
    turn = np.deg2rad(arm.hand)
    down = np.array([-side * np.sin(turn), np.cos(turn)])
    # The thumb lies to the front, which for a hanging hand is towards the middle.
    thumb_way = np.array([-side * np.cos(turn), -np.sin(turn)])
    if arm.kind in ("grip", "flat"):
        thumb_way = -thumb_way

    def put(points: ArrayLike) -> Points:
        local = np.asarray(points, np.float64) * limb
        return painter.placed(wrist + local[:, :1] * thumb_way + local[:, 1:] * down)

    narrow = 0.74 if arm.kind == "hang" else 1.0
    bend = {"hang": 24.0, "flat": 8.0, "grip": 34.0, "curl": 100.0}[arm.kind]
    skin = painter.skin
    palm = smooth([(-0.24, -0.1), (0.24, -0.1), (0.40, 0.35), (0.42, 0.95), (0.2, 1.14), (-0.2, 1.1), (-0.42, 0.95),
                   (-0.38, 0.4)],
                  4, closed=True) * (narrow, 1)  # fmt: skip
    painter.shade_under(put(palm * (1.15, 1.05)), 0.3)
    thumb = smooth([(0.26 * narrow, 0.25), (0.55 * narrow, 0.62), (0.60 * narrow, 0.98), (0.54 * narrow, 1.28)], 4)
    thumb_width = limb * np.interp(np.linspace(0, 1, len(thumb)), [0, 0.5, 0.85, 1], [0.34, 0.27, 0.23, 0.12])
    painter.solid(put(palm), 0.34, skin)
    for index, (x, y, long, lean) in enumerate(_FINGERS):
        first = np.deg2rad(lean + 0.1 * bend)
        joints = [np.array([x * narrow, y - 0.10])]
        for part, share in enumerate((0.46, 0.32, 0.24)):
            angle = first * (1 - 0.3 * part)
            fold = np.cos(np.deg2rad(min(bend * (0.35 + 0.55 * part), 82)))
            joints.append(joints[-1] + long * share * max(fold, 0.22) * np.array([np.sin(angle), np.cos(angle)]))
        finger = smooth(joints, 4)
        width = (
            limb
            * narrow**0.6
            * np.interp(np.linspace(0, 1, len(finger)), [0, 0.6, 0.88, 1], [0.215, 0.195, 0.165, 0.07])
        )
        outline = ribbon(put(finger), width)
        if index:
            painter.canvas.crease(put(finger - (0.10 * narrow, 0.0)), 0.05, _SHADE, 0.5, soft=0.02)
        painter.solid(outline, 0.12, skin)
        tip = put(finger[-4:])
        if arm.kind in ("flat", "grip", "hang") and painter.canvas.scale > 50:
            painter.canvas.tint(ribbon(tip, 0.09 * limb), (1.06, 1.03, 1.03), 0.7, soft=0.012)
        painter.canvas.crease(put([joints[1] - (0.08, 0), joints[1] + (0.08, 0)]), 0.03, _SHADE, 0.35, soft=0.015)
    painter.canvas.crease(put(np.add(thumb, (-0.06, 0.03))), 0.10, _SHADE, 0.45, soft=0.04)
    painter.solid(ribbon(put(thumb), thumb_width), 0.16, skin)


def _board(painter: BodyPainter) -> None:
    """Paint what busy hands hold: an open notebook."""
    page = painter.placed([(-1.25, 6.3), (1.25, 6.3), (1.32, 8.0), (-1.32, 8.0)], 1.0)
    painter.shade_under(np.add(page, (0.06, 0.12)), 0.4)
    painter.solid(page, 0.12, np.array((86, 74, 66)))
    for side in (-1, 1):
        sheet = painter.placed(
            [(side * 0.04, 6.38), (side * 1.17, 6.38), (side * 1.24, 7.88), (side * 0.04, 7.95)], 1.0
        )
        painter.solid(sheet, 0.3, np.array((236, 231, 221)))
    painter.canvas.crease(painter.placed([(0.0, 6.36), (0.0, 7.96)], 1.0), 0.08, (0.7, 0.68, 0.66), 0.8, soft=0.03)


def paint_legs(painter: BodyPainter, cut: Cut, cloth: Pixels) -> None:
    """Paint legs and shoes; trousers unless the garment has a skirt."""
    if painter.point(0, 8.5)[1] > painter.canvas.top + painter.canvas.height / painter.canvas.scale:
        return  # the frame ends above
    body, limb = painter.body, painter.body.limb
    walk = painter.stance == "walk"
    lean = 0.16 if painter.stance in ("pocket", "hip") else 0.0
    # (side, how far the foot goes out, how much higher it stands: further back)
    feet = ((-1, 0.02, 0.85), (1, 0.10, 0.0)) if walk else ((-1, 0.06 + lean, 0.12), (1, 0.06, 0.0))
    if not cut.skirt:
        seat = smooth([(-body.hip, 8.9), (-1.02 * body.hip, 10.4), (-0.8 * body.hip, 11.6), (0.0, 12.1),
                       (0.8 * body.hip, 11.6), (1.02 * body.hip, 10.4), (body.hip, 8.9)], 5)  # fmt: skip
        painter.solid(painter.placed(seat), 1.2, cloth)
        for side in (-1, 1):
            fly = painter.placed(smooth([(side * 0.03, 10.6), (side * 0.05, 11.7), (side * 0.5, 11.4)]))
            painter.canvas.crease(fly,
                                  0.10, _SHADE, 0.35, soft=0.05)  # fmt: skip
    for side, out, back in feet:
        ankle = body.hip * 0.40 + out * 2.4
        knee = body.hip * 0.46 + out * 1.1 + (0.10 if back > 0.1 else 0.0)
        bottom = 20.7 - back
        joints = [(body.hip * 0.52, 10.3), (body.hip * 0.53, 12.0), (knee, 15.6 - 0.5 * back), (ankle, bottom)]
        line = smooth(np.array(joints) * (side, 1), 8)
        along = np.linspace(0, 1, len(line))
        skin_width = (
            np.interp(along, [0, 0.25, 0.55, 0.62, 0.75, 1], [body.hip * 0.98 / limb, 1.75, 1.12, 1.08, 1.16, 0.62])
            * limb
        )
        if cut.skirt:
            painter.solid(painter.ribbon(line, skin_width * 0.92), 0.6, painter.skin)
        _shoe(painter, side, ankle, bottom, walk and back > 0.1)
        if not cut.skirt:
            wide = np.interp(
                along, [0, 0.25, 0.55, 0.8, 1], [body.hip * 1.02, 1.95 * limb, 1.55 * limb, 1.42 * limb, 1.34 * limb]
            )
            tone = cloth * (0.8 if walk and back > 0.1 else 1.0)
            leg = painter.ribbon(line, wide)
            painter.solid(leg, 0.9, tone)
            _leg_folds(painter, line, wide, side)


def _leg_folds(painter: BodyPainter, line: Points, wide: Points, side: int) -> None:
    random = np.random.default_rng(painter.seed + 9 + side)
    for mark in (15, 16, 17, 21, 22, 23):
        center, half = line[mark], 0.42 * wide[mark]
        slope = random.uniform(-0.12, 0.2)
        start = np.add(center, (side * half * random.uniform(-0.9, -0.3), -slope))
        stop = np.add(center, (side * half * random.uniform(0.2, 0.85), slope))
        painter.fold(painter.placed(smooth([start, 0.5 * (start + stop) + (0, 0.12), stop], 5)), 0.15, 0.45)
    crease = np.add(line[6:-1], (side * 0.02, 0))
    painter.canvas.crease(painter.placed(crease), 0.05, (1.10, 1.10, 1.10), 0.5, soft=0.03)
    hem = line[-1]
    edge = painter.placed([hem - (0.5 * wide[-1], 0.05), np.add(hem, (0.5 * wide[-1], -0.05))])
    painter.canvas.crease(edge, 0.08, _SHADE, 0.6,
                          soft=0.03)  # fmt: skip


_SHOES: Final[dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]]] = {
    "sneaker": ((214, 214, 212), (244, 243, 240)),
    "leather": ((66, 48, 38), (36, 30, 28)),
    "boot": ((38, 36, 38), (24, 22, 22)),
    "flat": ((78, 74, 84), (52, 48, 54)),
}
"""Upper and sole of a kind of shoe, sRGB."""
_SHOE_OF: Final[dict[str, str]] = {
    "tee": "sneaker", "hoodie": "sneaker", "tank": "sneaker", "knit": "sneaker", "polo": "sneaker", "jacket": "boot",
    "blazer": "leather", "shirt": "flat", "blouse": "flat", "dress": "flat", "robe": "flat",
}  # fmt: skip


def _shoe(painter: BodyPainter, side: int, x: float, ankle: float, heel_up: bool) -> None:
    kind = _SHOE_OF[painter.scenery.garment]
    upper, sole = (np.asarray(color, np.float32) for color in _SHOES[kind])
    long = 0.95 - (0.25 if heel_up else 0.0)
    out = side * 0.16
    shape = smooth(
        [(-0.34, -0.15), (0.34, -0.15), (0.42 + 0.5 * out, 0.35), (0.52 + out, long - 0.12), (0.28 + out, long),
         (-0.28 + out, long), (-0.52 + out, long - 0.12), (-0.42 + 0.5 * out, 0.35)], 5, closed=True)  # fmt: skip
    center = np.array([side * x, ankle])
    ground = ellipse(side * x + out, ankle + long - 0.02, 0.95, 0.16)
    painter.canvas.tint(painter.placed(ground), (0.45, 0.44, 0.45), 0.55, soft=0.12)
    painter.solid(painter.placed(shape + center + (0, 0.07)), 0.1, sole)
    painter.solid(painter.placed(shape * (0.94, 0.97) + center), 0.4, upper)
    if kind in ("sneaker", "boot"):
        for row in range(4):
            y = ankle + 0.12 + 0.14 * row
            lace = painter.placed([(side * x - 0.17 + 0.6 * out, y), (side * x + 0.17 + 0.6 * out, y)])
            painter.canvas.crease(
                lace, 0.035, (0.72, 0.72, 0.74) if kind == "sneaker" else (1.9, 1.9, 1.9), 0.8, soft=0.01
            )
    toe = ellipse(side * x + out, ankle + long - 0.22, 0.36, 0.17)
    painter.canvas.tint(painter.placed(toe), (1.10, 1.10, 1.10), 0.7, soft=0.07)


assert set(_SHOE_OF) == set(CUTS)
