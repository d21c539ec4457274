"""Arms: where they are in a stance, their sleeves, and the hands at their ends (`figure.hands`)."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.figure.clothes import CUTS, Cut
from personaforge.embedded.painter.figure.hands import paint_hand
from personaforge.embedded.painter.figure.held import paint_held
from personaforge.embedded.painter.figure.painter import SHADE, BodyPainter
from personaforge.embedded.painter.figure.stances import Arm, Hand, arms_of, walking_arm
from personaforge.embedded.painter.strokes import Points, ellipse, ribbon, smooth
from personaforge.media.exact import hump, hypot, interp, scalar_cos, scalar_sin

_WIDE_SLEEVES: Final = {"kimono": 1.1, "kaftan": 0.7, "hanbok": 0.45}
"""How much wider than elsewhere the sleeve is at the wrist, face units."""


class Reach(NamedTuple):
    """One arm as it will be painted."""

    side: int
    """-1 is the viewer's left."""
    arm: Arm
    line: Points
    """From the shoulder to the wrist, body points on the viewer's right."""
    placed: Points
    """The same on the screen."""
    width: Points
    """Full widths of the limb along the line, face units."""
    full: Points
    """Those with the sleeve."""
    covered: int
    """How many of the points the sleeve covers."""
    bent: bool
    """Whether the arm is bent so sharply that its outline would cross itself."""


def reaches(painter: BodyPainter, cut: Cut) -> tuple[Reach, Reach]:
    """Return both arms in this garment."""
    left, right = arms_of(painter.stance, painter.scenery.held, painter.body.shoulder)
    if painter.stride is not None:
        left, right = walking_arm(painter.stride, -1), walking_arm(painter.stride, 1)
    return _reach(painter, -1, left, cut), _reach(painter, 1, right, cut)


def upper_arms(painter: BodyPainter, cut: Cut, *, bare: bool = False) -> list[Points]:
    """Return the outlines of both upper arms, to be painted with the torso as one form: sleeves, or bare arms."""
    found = []
    for one in reaches(painter, cut):
        stop = 15 if bare else min(one.covered, 15)
        if stop > 2:
            found.append(ribbon(one.placed[:stop], (one.width if bare else one.full)[:stop]))
    return found


def paint_arms(painter: BodyPainter, cut: Cut, *, under: bool) -> None:
    """Paint both arms over the torso; `under` where cloth without sleeves lies over their roots."""
    if painter.stance == "hold":
        paint_held(painter)
    for one in reaches(painter, cut):
        _arm(painter, one, under=under)


def _reach(painter: BodyPainter, side: int, arm: Arm, cut: Cut) -> Reach:
    body, limb = painter.body, painter.body.limb
    reach, drop = body.shoulder, 0.6 * body.drop
    elbow, wrist = (
        np.array((reach * arm.elbow[0], arm.elbow[1] + drop)),
        np.array((reach * arm.wrist[0], arm.wrist[1] + drop)),
    )
    if arm.kind == "flat":  # on the hip, however wide that is
        wrist[0] = body.hip * 0.98 + cut.loose
    if arm.kind == "curl":  # under the chin, however far the shoulders hang
        wrist[1] -= drop
    top, cap = np.array((reach * 0.58, 2.86 + drop)), np.array((reach * 0.81, 3.24 + drop))
    upper = smooth([top, cap, 0.6 * cap + 0.4 * elbow + (0.05, 0.0), elbow], 5)
    lower = smooth([elbow, 0.55 * elbow + 0.45 * wrist + (0.03, 0.0), wrist], 5)
    bent = float(((elbow - cap) * (wrist - elbow)).sum()) < 0
    line = np.concatenate([upper, lower[1:]])
    if not bent:  # elbows are round
        line[13:18] = np.array([line[12:17], line[13:18], line[14:19]]).mean(axis=0)
    along = np.linspace(0, 1, len(line))
    width = (
        interp(along, [0, 0.09, 0.2, 0.36, 0.56, 0.68, 0.88, 1], [0.34, 0.80, 1.02, 1.05, 0.84, 0.86, 0.62, 0.50])
        * limb
    )
    count = max(6, round(cut.sleeve * len(line))) if cut.sleeve > 0 else 0
    ease = (0.13 if cut.sleeve > 0.6 else 0.20) + 0.62 * cut.loose
    full = width + ease * np.clip(along / 0.15, 0, 1)
    if painter.scenery.garment in _WIDE_SLEEVES and cut.loose == CUTS[painter.scenery.garment].loose:
        full = full + _WIDE_SLEEVES[painter.scenery.garment] * np.clip((along - 0.1) / 0.8, 0, 1)
    if "puff" in painter.scenery.outfit.details:
        full = full + 0.34 * hump((along - 0.15) / 0.10)
    return Reach(side, arm, line, painter.placed(line * (side, 1)), width, full, count, bent)


def _arm(painter: BodyPainter, one: Reach, *, under: bool) -> None:
    side, arm, line, placed, width, full, count, bent = one
    # The upper arm comes out of the torso, with which it was painted, between the shoulder and the armpit.
    drop = 0.6 * painter.body.drop
    first, last = (3.6, 4.2) if under else (3.05, 4.15)
    fade = (painter.point(0, first + drop)[1], painter.point(0, last + drop)[1])
    # A sharply bent arm is drawn in two pieces: otherwise its outline would cross itself.
    pieces = [(0, 16), (14, len(line))] if bent else [(0, len(line))]
    painter.shade_under(ribbon(placed[3:16], width[3:16] + 0.30), 0.30, fade=fade)
    for start, stop in pieces:
        into = None if start else fade
        if start or not bent:
            begin = max(start + 2, 14)
            painter.shade_under(ribbon(placed[begin:stop], width[begin:stop] + 0.26), 0.32, soft=0.12)
        if count < stop:
            begin = max(start, count - 3)  # under the sleeve no skin is painted
            bare = ribbon(placed[begin:stop], width[begin:stop])
            painter.solid(bare, 0.5, painter.skin, fade=into if begin < 8 else None)
        if bent and start and count > start:
            painter.solid(
                ellipse(float(placed[15, 0]), float(placed[15, 1]), 0.5 * float(full[15]), 0.5 * float(full[15])), 0.5
            )
        if stop == len(line) and arm.kind != "hidden":
            fingers, thumb = _hand(painter, line[-1] * (side, 1), side, arm)
            painter.hands[side] = Hand(arm.kind, placed[-1], placed[-1] - placed[-3], float(width[-1]), fingers, thumb)
        end = min(count, stop)
        if end > start + 1:
            sleeve = ribbon(placed[start:end], full[start:end])
            painter.solid(sleeve, 0.6, fade=into)
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


def _hand(painter: BodyPainter, wrist: Points, side: int, arm: Arm) -> tuple[Points, Points]:
    """Paint a hand and return where its fingers point and its thumb is."""
    limb = 0.90 * painter.body.limb
    turn = np.deg2rad(arm.hand)
    down = np.array([-side * scalar_sin(turn), scalar_cos(turn)])
    # The thumb is in front and up: of a hanging hand towards the middle, of one that is laid on something on top.
    thumb_way = np.array([-side * scalar_cos(turn), -scalar_sin(turn)])

    def put(points: ArrayLike) -> Points:
        local = np.asarray(points, np.float64) * limb
        return painter.placed(wrist + local[:, :1] * thumb_way + local[:, 1:] * down)

    paint_hand(painter, arm.kind, put, limb)
    root, finger, side_on = put([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
    return finger - root, side_on - root
