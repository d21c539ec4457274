"""Arms and hands.

A hand has its own coordinates, origin at the wrist, y along the forearm, x to the thumb.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.figure.clothes import Cut
from personaforge.embedded.painter.figure.held import paint_held
from personaforge.embedded.painter.figure.painter import SHADE, BodyPainter
from personaforge.embedded.painter.figure.stances import ARMS, Arm, Hand
from personaforge.embedded.painter.strokes import Points, ellipse, ribbon, smooth
from personaforge.media.exact import hump, hypot, interp, power, scalar_cos, scalar_sin


def paint_arms(painter: BodyPainter, cut: Cut) -> None:
    """Paint both arms over the torso."""
    arms = ARMS[painter.stance]
    order = ((-1, arms[0]), (1, arms[1]))
    if painter.stance == "hold":
        paint_held(painter)
    for side, arm in order:
        _arm(painter, side, arm, cut)


def _arm(painter: BodyPainter, side: int, arm: Arm, cut: Cut) -> None:
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
    bent = float(((elbow - cap) * (wrist - elbow)).sum()) < 0
    line = np.concatenate([upper, lower[1:]])
    if not bent:  # elbows are round
        line[13:18] = np.array([line[12:17], line[13:18], line[14:19]]).mean(axis=0)
    along = np.linspace(0, 1, len(line))
    width = (
        interp(along, [0, 0.09, 0.2, 0.36, 0.6, 0.7, 0.88, 1], [0.30, 0.78, 1.08, 1.14, 0.92, 0.92, 0.70, 0.56]) * limb
    )
    placed = painter.placed(line * (side, 1))
    count = max(6, round(cut.sleeve * len(line))) if cut.sleeve > 0 else 0
    full = width + ((0.14 if cut.sleeve > 0.6 else 0.22) + 0.9 * cut.loose) * np.clip(along / 0.15, 0, 1)
    if "puff" in painter.scenery.outfit.details:
        full = full + 0.75 * hump((along - 0.16) / 0.11)
    # A sharply bent arm is drawn in two pieces: otherwise its outline would cross itself.
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
            painter.hands[side] = Hand(arm.kind, placed[-1], placed[-1] - placed[-3], float(width[-1]))
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
    found = painter.canvas.mask([outline])
    if found is None:
        return
    with painter.shading(found) as canvas:
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
            way = way / max(float(hypot(*way)), 1e-6)
            across = np.array([-way[1], way[0]]) * width[span[1] - 1]
            for back, thick, alpha in ((0.32, 0.035, 0.55), (0.03, 0.07, 0.5)):
                at = last - back * way
                canvas.crease([at - across, at + across], thick, SHADE, alpha, soft=0.4 * thick)


_FINGERS: Final = (
    # (root x, root y, length, lean) from the little finger to the forefinger
    (-0.30, 0.98, 0.72, -7.0), (-0.11, 1.08, 0.92, -3.0), (0.09, 1.10, 0.98, 0.0), (0.28, 1.03, 0.88, 4.0),
)  # fmt: skip


def _hand(painter: BodyPainter, wrist: Points, side: int, arm: Arm) -> None:
    limb = 0.94 * painter.body.limb
    turn = np.deg2rad(arm.hand)
    down = np.array([-side * scalar_sin(turn), scalar_cos(turn)])
    # The thumb is in front, which for a hanging hand is towards the middle.
    thumb_way = np.array([-side * scalar_cos(turn), -scalar_sin(turn)])
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
    thumb_width = limb * interp(np.linspace(0, 1, len(thumb)), [0, 0.5, 0.85, 1], [0.34, 0.27, 0.23, 0.12])
    painter.solid(put(palm), 0.34, skin)
    for index, (x, y, long, lean) in enumerate(_FINGERS):
        first = np.deg2rad(lean + 0.1 * bend)
        joints = [np.array([x * narrow, y - 0.10])]
        for part, share in enumerate((0.46, 0.32, 0.24)):
            angle = first * (1 - 0.3 * part)
            fold = scalar_cos(math.radians(min(bend * (0.35 + 0.55 * part), 82)))
            joints.append(
                joints[-1] + long * share * max(fold, 0.22) * np.array([scalar_sin(angle), scalar_cos(angle)])
            )
        finger = smooth(joints, 4)
        width = (
            limb
            * power(narrow, 0.6)
            * interp(np.linspace(0, 1, len(finger)), [0, 0.6, 0.88, 1], [0.215, 0.195, 0.165, 0.07])
        )
        outline = ribbon(put(finger), width)
        if index:
            painter.canvas.crease(put(finger - (0.10 * narrow, 0.0)), 0.05, SHADE, 0.5, soft=0.02)
        painter.solid(outline, 0.12, skin)
        tip = put(finger[-4:])
        if arm.kind in ("flat", "grip", "hang") and painter.canvas.scale > 50:
            painter.canvas.tint(ribbon(tip, 0.09 * limb), (1.06, 1.03, 1.03), 0.7, soft=0.012)
        painter.canvas.crease(put([joints[1] - (0.08, 0), joints[1] + (0.08, 0)]), 0.03, SHADE, 0.35, soft=0.015)
    painter.canvas.crease(put(np.add(thumb, (-0.06, 0.03))), 0.10, SHADE, 0.45, soft=0.04)
    painter.solid(ribbon(put(thumb), thumb_width), 0.16, skin)
