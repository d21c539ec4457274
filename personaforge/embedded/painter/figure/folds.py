"""How the cloth of a torso falls: folds from the armpits, at the waist and over the hips, hems, the chest's shape."""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.clothes import Cut
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.strokes import Points, smooth

_DRAPE: Final[dict[str, float]] = {
    "tee": 0.8, "blouse": 1.1, "shirt": 0.8, "blazer": 0.45, "hoodie": 1.0, "knit": 0.8, "dress": 0.8, "tank": 0.5,
    "polo": 0.6, "jacket": 0.6, "robe": 1.1, "tunic": 0.9, "kurta": 0.8, "gown": 0.7, "saree": 0.9, "kaftan": 1.0,
    "kimono": 0.5, "hanbok": 0.7,
    "qipao": 0.4, "ao dai": 0.6, "huipil": 0.6, "dashiki": 0.8,
}  # fmt: skip
"""How softly a garment falls: a factor on the depth of its folds."""


def torso_folds(painter: BodyPainter, cut: Cut, outline: Points) -> None:
    """Paint the folds of a garment whose outline on the screen is given."""
    body, found = painter.body, painter.canvas.mask([outline])
    if found is None:
        return
    with painter.shading(found) as canvas:
        soft = _DRAPE[painter.scenery.garment]
        random = np.random.default_rng(painter.seed + 3)
        for side in (-1, 1):
            pit = np.array([side * (body.shoulder * 0.84), 4.05])
            for reach, fall in ((1.0, 0.30), (0.8, 0.95), (0.55, 1.6)):
                stop = np.add(pit, (-side * reach * random.uniform(0.8, 1.2), fall * random.uniform(0.8, 1.3)))
                bend = 0.5 * (pit + stop) + (0.0, -0.12)
                painter.fold(painter.placed(smooth([pit, bend, stop], 6), 0.5), 0.16, 0.42 * soft)
            for level in (6.5, 7.2, 7.9, 8.7):
                start = np.array([side * (body.waist + cut.loose + 0.05), level + random.uniform(-0.2, 0.2)])
                stop = np.add(start, (-side * random.uniform(0.6, 1.3), random.uniform(-0.25, 0.45)))
                bend = 0.5 * (start + stop) + (0.0, 0.14)
                painter.fold(painter.placed(smooth([start, bend, stop], 6), 0.5), 0.15, 0.36 * soft)
            for _ in range(2):
                x = side * random.uniform(0.25, 0.8) * body.hip
                low = 11.0 if cut.skirt else cut.hem
                line = [
                    (x, low),
                    (x * 0.97, low - 0.9),
                    (x * random.uniform(0.85, 0.95), low - random.uniform(1.7, 2.4)),
                ]
                canvas.crease(painter.placed(smooth(line, 6), 0.6), 0.20, (0.78, 0.77, 0.79), 0.4 * soft, soft=0.10)
            seam = [
                (side * body.shoulder * 0.80, 2.45),
                (side * body.shoulder * 0.80, 3.2),
                (side * body.shoulder * 0.86, 4.0),
            ]
            canvas.crease(painter.placed(smooth(seam, 5)), 0.04, (0.6, 0.6, 0.62), 0.4, soft=0.02)
            # The chest turns away below its fullest point, more on one figure than on another.
            under = smooth([(side * 0.35, 5.0), (side * 1.0, 5.28), (side * 1.55, 4.9)], 6)
            canvas.crease(painter.placed(under, 0.7), 0.45, (0.80, 0.79, 0.81), 0.30 + 0.16 * painter.curve, soft=0.20)
            canvas.glow(
                *painter.point(side * 0.95, 4.45, 0.8), 0.5, 0.38, (1.05, 1.05, 1.05), 0.5 + 0.3 * painter.curve
            )
        if not cut.skirt:
            width = body.hip + cut.loose
            hem = painter.placed(smooth([(-width, cut.hem - 0.28), (0.0, cut.hem - 0.12), (width, cut.hem - 0.28)], 8))
            canvas.crease(hem, 0.035, (0.6, 0.6, 0.62), 0.6, soft=0.015)
