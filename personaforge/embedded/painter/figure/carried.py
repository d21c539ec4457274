"""Things at the wrist, on the fingers or in the hand. Painted last, over the arms.

Nothing is painted on a hand that doesn't show. Points are on the screen, in face units; colours are float RGB in 0..255
sRGB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.hands import SHAPES
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.stances import Hand
from personaforge.embedded.painter.outfit import Piece
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, ribbon, smooth
from personaforge.media.exact import hypot

_LEFT, _RIGHT = -1, 1


def paint_carried(painter: BodyPainter, pieces: Iterable[Piece]) -> None:
    """Paint the things on the hands that show. A hand has one thing only; rings are on both."""
    for piece in pieces:
        found = CARRIED.get(piece.shape)
        if found is None:
            continue
        sides, shape = found
        for side in sides:
            hand = painter.hands.get(side)
            if hand is not None and (piece.shape != "basket" or hand.kind == "hang"):
                shape(painter, hand, side, np.asarray(piece.color, np.float32))
                if piece.shape != "rings":
                    break


def _frame(hand: Hand) -> tuple[Points, Points]:
    """Return the unit vectors along the forearm and across it."""
    along = hand.way / max(float(hypot(*hand.way)), 1e-6)
    return along, np.array([-along[1], along[0]])


def _band(painter: BodyPainter, hand: Hand, back: float, wide: float, color: Pixels) -> Points:
    """Paint a band round the wrist and return its middle."""
    along, across = _frame(hand)
    middle = hand.wrist - back * along
    half = 0.5 * hand.width + 0.03
    bow = [middle - half * across, middle + 0.07 * along, middle + half * across]
    painter.solid(ribbon(smooth(bow, 5), wide), 0.10, color)
    return np.asarray(middle + 0.04 * along)


def _watch(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    x, y = _band(painter, hand, 0.02, 0.22, color)
    painter.canvas.fill(ellipse(x, y, 0.20, 0.20, 22), (198, 172, 112), 1.0)
    painter.canvas.fill(ellipse(x, y, 0.155, 0.155, 20), (240, 238, 230), 1.0)
    painter.canvas.line([(x, y), (x, y - 0.11)], 0.025, (40, 40, 44), 0.9)
    painter.canvas.line([(x, y), (x + 0.07, y + 0.02)], 0.025, (40, 40, 44), 0.9)


def _sport_watch(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    middle = _band(painter, hand, 0.0, 0.30, np.array((36, 38, 42), np.float32))
    along, across = _frame(hand)
    for size, tone in ((0.22, color), (0.17, np.array((20, 22, 26), np.float32))):
        box = [middle + size * (a * along + b * across) for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))]
        painter.canvas.fill(box, tone, 1.0)
    painter.canvas.line([middle - 0.08 * across, middle + 0.08 * across], 0.04, color, 0.9)


def _bracelet(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    palette = painter.scenery.palette
    second = np.asarray(palette[min(1, len(palette) - 1)], np.float32)
    for index, back in enumerate((0.06, 0.22, 0.38)):
        _band(painter, hand, back, 0.13, color if index % 2 == 0 else second)


def _rings(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    for finger in (1, 2, 3):
        _ring_at(painter, hand, finger, color)


def _ring(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    x, y = _ring_at(painter, hand, 1, color)
    painter.canvas.fill(ellipse(x, y, 0.075, 0.06, 12), np.clip(color * 0.75, 0, 255), 1.0)


def _ring_at(painter: BodyPainter, hand: Hand, finger: int, color: Pixels) -> tuple[float, float]:
    """Paint a ring on the first bone of a finger, the little one being 0, and return its middle."""
    root, joint = (np.asarray(point) for point in SHAPES[hand.kind].fingers[finger].bones[:2])
    across, along = 0.45 * root + 0.55 * joint
    x, y = (float(value) for value in hand.wrist + along * hand.fingers + across * hand.thumb)
    painter.canvas.line([(x, y) - 0.11 * hand.thumb, (x, y) + 0.11 * hand.thumb], 0.06, color, 0.95)
    return x, y


def _basket(painter: BodyPainter, hand: Hand, side: int, color: Pixels) -> None:
    """A woven basket with a bow handle, held by a hanging hand."""
    canvas = painter.canvas
    x, y = (float(value) for value in np.add(hand.wrist, (0.0, painter.body.limb)))
    handle = smooth(
        [(x - 0.95, y + 1.55), (x - 0.75, y + 0.45), (x, y + 0.02), (x + 0.75, y + 0.45), (x + 0.95, y + 1.55)]
    )
    canvas.line(handle, 0.16, color * 0.78, 1.0)
    body = [(x - 1.15, y + 1.45), (x + 1.15, y + 1.45), (x + 0.9, y + 2.75), (x - 0.9, y + 2.75)]
    painter.shade_under(np.add(body, (0.10, 0.12)), 0.45)
    painter.solid(np.asarray(body), 0.4, color)
    weave = []
    for row in range(5):
        for column in range(9):
            a = x - 1.0 + 0.25 * column + 0.12 * (row % 2)
            weave.append(ellipse(a, y + 1.62 + 0.25 * row, 0.10, 0.06, 8))
    canvas.clip = canvas.area(body)
    canvas.strokes(weave, color * 0.72, 0.75)
    canvas.clip = None
    rim = [(x - 1.2, y + 1.45), (x + 1.2, y + 1.45)]
    canvas.line(rim, 0.2, np.clip(color * 1.12, 0, 255), 1.0)
    sprigs = [ellipse(x + a, y + b, 0.26, 0.17, 12) for a, b in ((-0.6, 1.3), (-0.15, 1.22), (0.35, 1.28), (0.7, 1.34))]
    canvas.strokes(sprigs, (122, 142, 92), 0.95)
    flowers = [ellipse(x + a, y + b, 0.09, 0.09, 10) for a, b in ((-0.5, 1.14), (0.0, 1.06), (0.42, 1.14))]
    canvas.strokes(flowers, painter.scenery.palette[min(2, len(painter.scenery.palette) - 1)], 0.95)


CARRIED: Final[dict[str, tuple[tuple[int, ...], Callable[[BodyPainter, Hand, int, Pixels], None]]]] = {
    "watch": ((_LEFT, _RIGHT), _watch),
    "sport watch": ((_LEFT, _RIGHT), _sport_watch),
    "bracelet": ((_RIGHT, _LEFT), _bracelet),
    "rings": ((_LEFT, _RIGHT), _rings),
    "ring": ((_LEFT, _RIGHT), _ring),
    "basket": ((_LEFT, _RIGHT), _basket),
}
"""Shape -> the hands that may have it, of which the first that shows is used, and its painter."""
