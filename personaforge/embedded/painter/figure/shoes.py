"""Shoes: kinds, colours, and which kind belongs to a garment where no word names one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.figure.clothes import CUTS
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.outfit import Color
from personaforge.embedded.painter.strokes import ellipse, smooth
from personaforge.embedded.painter.subject import Scenery


class Shoe(NamedTuple):
    """A kind of shoe. Colours are sRGB, sizes factors on the plain one."""

    upper: Color
    sole: Color
    thick: float = 0.07
    """How far the sole extends below, face units."""
    size: float = 1.0
    laces: float = 0.0
    """Factor on the colour under a lace; 0 without."""
    low: bool = False
    """Whether the instep is bare."""


SHOES: Final[dict[str, Shoe]] = {
    "sneaker": Shoe((214, 214, 212), (244, 243, 240), laces=0.72),
    "chunky": Shoe((214, 214, 212), (236, 234, 230), 0.24, 1.16, laces=0.72),
    "leather": Shoe((66, 48, 38), (36, 30, 28), laces=0.55),
    "boot": Shoe((38, 36, 38), (24, 22, 22), 0.10, laces=1.9),
    "flat": Shoe((78, 74, 84), (52, 48, 54), size=0.94, low=True),
    "espadrille": Shoe((214, 195, 160), (198, 168, 116), 0.13, low=True),
    "slipper": Shoe((203, 190, 174), (150, 134, 116), 0.05, 1.04, low=True),
}
"""Kinds of shoes by name."""
_SHOE_OF: Final[dict[str, str]] = {
    "tee": "sneaker", "hoodie": "sneaker", "tank": "sneaker", "knit": "sneaker", "polo": "sneaker", "jacket": "boot",
    "blazer": "leather", "shirt": "flat", "blouse": "flat", "dress": "flat", "robe": "flat", "tunic": "leather",
    "kurta": "flat", "gown": "flat", "saree": "flat", "kaftan": "flat", "kimono": "flat", "hanbok": "flat",
    "qipao": "flat",
    "ao dai": "flat", "huipil": "flat", "dashiki": "leather",
}  # fmt: skip


def shoe_of(scenery: Scenery) -> Shoe:
    """Return the shoes that an outfit's words name, or those that go with its garment."""
    told = scenery.outfit.shoes
    if told is None:
        return SHOES[_SHOE_OF[scenery.garment]]
    kind = SHOES[told.shape]
    return kind._replace(upper=told.color)


def paint_shoe(painter: BodyPainter, shoe: Shoe, side: int, x: float, ankle: float, *, heel_up: bool) -> None:
    """Paint one shoe from the front, its shadow on the ground included."""
    upper, sole = (np.asarray(color, np.float32) for color in (shoe.upper, shoe.sole))
    long = 0.95 - (0.25 if heel_up else 0.0)
    out = side * 0.16
    shape = smooth(
        [(-0.34, -0.15), (0.34, -0.15), (0.42 + 0.5 * out, 0.35), (0.52 + out, long - 0.12), (0.28 + out, long),
         (-0.28 + out, long), (-0.52 + out, long - 0.12), (-0.42 + 0.5 * out, 0.35)], 5, closed=True)  # fmt: skip
    shape = shape * (shoe.size, 1)
    center = np.array([side * x, ankle])
    ground = ellipse(side * x + out, ankle + long - 0.02, 0.95, 0.16)
    painter.canvas.tint(painter.placed(ground), (0.45, 0.44, 0.45), 0.55, soft=0.12)
    painter.solid(painter.placed(shape * (1.04, 1) + center + (0, shoe.thick)), 0.1, sole)
    if shoe.low:
        painter.solid(painter.placed(shape * (0.82, 0.94) + center), 0.4, painter.skin)
        toes = smooth([(-0.46 + 0.6 * out, 0.40), (-0.26 + 0.6 * out, 0.50), (0.6 * out, 0.54), (0.26 + 0.6 * out,
            0.50),
                       (0.46 + 0.6 * out, 0.40), (0.53 + out, long - 0.12), (0.28 + out, long), (-0.28 + out, long),
                       (-0.53 + out, long - 0.12)], 4, closed=True)  # fmt: skip
        painter.shade_under(painter.placed(toes * (shoe.size, 1) + center - (0.0, 0.05)), 0.3, soft=0.05)
        painter.solid(painter.placed(toes * (shoe.size, 1) + center), 0.3, upper)
    else:
        painter.solid(painter.placed(shape * (0.94, 0.97) + center), 0.4, upper)
    if shoe.laces:
        for row in range(4):
            y = ankle + 0.12 + 0.14 * row
            lace = painter.placed([(side * x - 0.17 + 0.6 * out, y), (side * x + 0.17 + 0.6 * out, y)])
            painter.canvas.crease(lace, 0.035, (shoe.laces, shoe.laces, shoe.laces), 0.8, soft=0.01)
    toe = ellipse(side * x + out, ankle + long - 0.22, 0.36, 0.17)
    painter.canvas.tint(painter.placed(toe), (1.10, 1.10, 1.10), 0.7, soft=0.07)


assert set(_SHOE_OF) == set(CUTS)
