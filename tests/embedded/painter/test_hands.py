"""Hands have four fingers and a thumb, and both are there or behind something; things are held, not hovering."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from personaforge.embedded.painter.figure.body import Body, body_of_dna
from personaforge.embedded.painter.figure.hands import SHAPES, paint_hand
from personaforge.embedded.painter.figure.held import HELD
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.stances import ARMS, stance_of
from personaforge.embedded.painter.figure.torso import paint_body
from personaforge.embedded.painter.scene.light import light_of
from personaforge.embedded.painter.strokes import Canvas
from personaforge.embedded.painter.subject import read_scenery

from .subjects import DNA, changed, subject

_POSES = {"rest": "standing", "hip": "one hand at the hip", "ease": "at ease", "chin": "hand near the chin",
          "folded": "arms folded", "walk": "walking", "seated": "walking"}  # fmt: skip
_SCALE = 60


def painter_of(pose: str = "standing", held: str = "", garment: str = "tee", *, seated: bool = False) -> BodyPainter:
    who = subject(distance="half", pose=pose, held=held)
    who["clothing"]["garment"] = garment
    scenery = read_scenery(who, who["position"], "position")
    canvas = Canvas(-5.0, -1.0, 5.0, 12.0, _SCALE, (200, 200, 200))
    return BodyPainter(canvas, body(seated=seated), (150, 110, 90), scenery, light_of("", 0.0), 0.0)


def body(masculinity: float = 0.5, age: float = 34, *, seated: bool = False, **words: Any) -> Body:
    return body_of_dna(changed(DNA, {"body": words}), masculinity, age, seated=seated)


def hand(kind: str) -> Any:
    """Return how much of each pixel a hand covers, its wrist at (0, 0), one face unit being 60 pixels."""
    painter = painter_of()

    def put(points: ArrayLike) -> Any:
        return np.asarray(points, np.float64)

    paint_hand(painter, kind, put, 1.0)
    return painter.cover > 0.5


def runs(row: Any) -> int:
    return sum(1 for inside, _ in groupby(row.tolist()) if inside)


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_a_hand_is_as_long_as_a_hand_and_has_four_fingers(kind: str) -> None:
    found = hand(kind)
    rows, columns = np.nonzero(found)
    long, wide = np.ptp(rows) / _SCALE, np.ptp(columns) / _SCALE
    low = 1.1 if kind in ("fist", "curl") else 1.6
    assert low < long < 2.3, "from wrist to fingertip; the face from chin to hairline is about 2.5"
    assert 0.75 < wide < 1.25
    assert len(SHAPES[kind].fingers) == 4
    thumb = SHAPES[kind].thumb
    assert (thumb is None) == (kind in ("flat", "clasp")), "behind the hip, or behind what is held"


def test_fingers_that_are_spread_can_be_counted() -> None:
    found = hand("flat")
    row = round((1.0 + 1.62) * _SCALE)
    assert runs(found[row]) == 3, "the little finger ends above"
    assert runs(found[round((1.0 + 1.45) * _SCALE)]) == 4


def test_between_fingers_that_touch_there_is_a_shadow() -> None:
    painter = painter_of()
    paint_hand(painter, "grip", lambda points: np.asarray(points, np.float64), 1.0)
    line = painter.canvas.planes.mean(axis=0)[round((1.0 + 1.25) * _SCALE)]
    inside = np.flatnonzero(painter.cover[round((1.0 + 1.25) * _SCALE)] > 0.9)
    values = line[inside[0] + 3 : inside[-1] - 3]
    dark = (values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:]) & (values[1:-1] < 0.93 * values.max())
    assert 3 <= int(dark.sum()) <= 5


@pytest.mark.parametrize("stance", sorted(ARMS))
def test_both_hands_show_or_are_behind_the_other_arm(stance: str) -> None:
    painter = painter_of(_POSES[stance], seated=stance == "seated")
    assert painter.stance == stance
    paint_body(painter)
    hidden = [side for side, arm in zip((-1, 1), ARMS[stance], strict=True) if arm.kind == "hidden"]
    assert set(painter.hands) == {-1, 1} - set(hidden)
    assert not hidden or stance in ("chin", "folded")
    for side, arm in zip((-1, 1), ARMS[stance], strict=True):
        if side in hidden:  # its wrist lies inside the other arm's elbow or upper arm
            assert 0.6 < abs(arm.wrist[0]) < 0.95 and arm.wrist[0] < 0


@pytest.mark.parametrize("held", sorted(HELD))
def test_what_is_held_has_hands_on_it(held: str) -> None:
    painter = painter_of("busy, looking up", held)
    paint_body(painter)
    assert set(painter.hands) == {-1, 1}
    left, right = painter.hands[-1], painter.hands[1]
    if right.kind == "fist":
        assert left.kind == "hang"
    else:
        assert left.kind == right.kind == "clasp"
        apart = float(right.wrist[0] - left.wrist[0])
        assert 2.2 < apart < 5.2, "two hands, one on each side"


def test_builds_height_and_years_can_be_told_apart() -> None:
    slim, large = body(build="slim"), body(build="large")
    assert large.waist > slim.waist + 0.8 and large.limb > 1.2 * slim.limb
    assert body(height_cm=190).soles > 1.2 * body(height_cm=155).soles
    young, old = body(age=25), body(age=88)
    assert old.drop > young.drop + 0.1 and old.shoulder < young.shoulder and old.waist > young.waist
    assert body(masculinity=1.0).shoulder > body(masculinity=0.0).shoulder + 0.2


def test_an_arm_grows_out_of_the_shoulder() -> None:
    """No dark line runs where a sleeve meets the torso above the armpit."""
    painter = painter_of(garment="knit")
    paint_body(painter)
    shoulder = painter.body.shoulder
    y = round((painter.point(0, 3.3)[1] + 1.0) * _SCALE)
    x0, x1 = (round((share * shoulder + 5.0) * _SCALE) for share in (0.35, 0.95))
    row = painter.canvas.planes.mean(axis=0)[y, x0:x1]
    assert float(np.abs(np.diff(row)).max()) < 8, "a seam, and no edge"


def test_somebody_who_uses_a_wheelchair_sits_in_it() -> None:
    who = subject(distance="full", pose="walking")
    standing, seated = (
        read_scenery(who, {**who["position"], **more}, "position") for more in ({}, {"uses": "wheelchair"})
    )
    assert (standing.seated, seated.seated) == (False, True)
    upright, sitting = (body_of_dna(DNA, 0.5, 34, seated=one.seated) for one in (standing, seated))
    assert sitting.soles < 0.85 * upright.soles
    painters = []
    for scenery, one in ((standing, upright), (seated, sitting)):
        canvas = Canvas(-5.0, -1.0, 5.0, 22.0, 24, (200, 200, 200))
        painters.append(BodyPainter(canvas, one, (150, 110, 90), scenery, light_of("", 0.0), 0.0))
        paint_body(painters[-1])
    assert [one.stance for one in painters] == ["walk", "seated"]
    assert set(painters[1].hands) == {-1, 1}, "both hands are in the lap"
    out = sitting.hip + 0.72
    for side in (-1, 1):  # a dark wheel stands on each side, between hip and ground
        x, y = painters[1].point(side * out, 13.0)
        column, row = round((x + 5.0) * 24), round((y + 1.0) * 24)
        assert painters[1].cover[row, column] > 0.9 and painters[0].cover[row, column] < 0.1
        assert float(painters[1].canvas.planes[:, row, column].mean()) < 90


@pytest.mark.parametrize("pose", ["arms folded", "busy, looking up", "hand near the chin"])
def test_hands_that_do_something_do_it_in_a_wheelchair_too(pose: str) -> None:
    assert stance_of(pose, seated=True) == stance_of(pose)
    assert stance_of("standing, weight on one leg", seated=True) == stance_of("busy", "none", seated=True) == "seated"


def test_the_hand_near_the_chin_reaches_it_however_the_shoulders_hang() -> None:
    for posture in ("poised", "relaxed"):
        painter = painter_of("hand near the chin")
        painter.body = body(age=80 if posture == "relaxed" else 25, posture=posture)
        paint_body(painter)
        hand = painter.hands[1]
        knuckles = float(hand.wrist[1] + 1.3 * hand.fingers[1])
        assert 1.1 < knuckles < 1.7, "the chin is 1.4 to 1.7 below the eyes"


def test_a_paddle_stands_above_the_fist_and_the_shoulder() -> None:
    painter = painter_of("in the middle of it", "paddle")
    paint_body(painter)
    x = painter.hands[1].wrist[0]
    column = slice(round((x - 0.9 + 5.0) * _SCALE), round((x + 0.6 + 5.0) * _SCALE))
    above = painter.cover[round((1.2 + 1.0) * _SCALE), column]  # beside the head
    assert 0.3 < float(above.sum()) / _SCALE < 1.0, "a blade"
