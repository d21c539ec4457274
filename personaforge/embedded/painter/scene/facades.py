"""A street that runs into the distance between two rows of facades; a part of a scene kit."""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.scene.setting import Setting
from personaforge.embedded.painter.strokes import ellipse


def street(s: Setting) -> None:
    """A street of the north of Europe or America, with awnings and lamps."""
    canvas, colors, random, half = s.canvas, s.colors, s.chance, s.half
    s.band(0.0, 0.62, (168, 198, 228), (238, 228, 212))
    horizon = 0.60
    far = random.uniform(-0.08, 0.08)
    s.box(-half, horizon, half, 1.001, colors[1] * 0.85)
    canvas.fill([(far - 0.03, horizon), (far + 0.03, horizon), (0.62, 1.3), (-0.62, 1.3)], colors[1] * 0.68)
    tones = np.array(
        [(196, 160, 132), (214, 196, 166), (168, 176, 184), (186, 132, 110), (222, 212, 196), (150, 140, 138)]
    )
    for side in (-1, 1):
        near = 3.2
        while near > 0.16:
            deep = near * 0.72
            outer, inner = far + side * 0.5 * near, far + side * 0.5 * deep
            height = random.uniform(0.50, 0.85)
            color = random.choice(tones).astype(np.float32) * (0.80 if side > 0 else 1.0)
            roof = (horizon - height * near, horizon - height * deep)
            base = (horizon + 0.13 * near, horizon + 0.13 * deep)
            canvas.fill([(outer, roof[0]), (inner, roof[1]), (inner, base[1]), (outer, base[0])], color)
            for column in range(4):
                for row in range(6):
                    a, b = 0.12 + 0.22 * column, 0.12 + 0.22 * column + 0.12
                    points = []
                    for part, level in ((a, 0), (b, 0), (b, 1), (a, 1)):
                        size = near + (deep - near) * part
                        x = far + side * 0.5 * size
                        points.append(
                            (x, horizon + size * (-height + 0.06 + (height + 0.02) * (row + 0.55 * level) / 6))
                        )
                    lit = random.uniform() < 0.25
                    canvas.fill(points, (250, 222, 168) if lit else color * 0.55, 0.9)
            awning = horizon + 0.0 * near
            low = (awning + 0.035 * near, awning + 0.035 * deep)
            tone = random.choice(np.array([(150, 48, 44), (44, 84, 72), (52, 70, 110), (196, 150, 70)]))
            canvas.fill([(outer, awning), (inner, awning), (inner, low[1]), (outer, low[0])], tone, 0.9)
            near = deep
    for _ in range(14):  # lights of traffic far off, small and above the ground, so that none floats on the road
        x, y, r = far + random.uniform(-0.11, 0.11), random.uniform(0.56, 0.598), random.uniform(0.003, 0.007)
        tone = random.choice(np.array([(255, 224, 160), (255, 246, 226), (240, 120, 90), (160, 210, 240)]))
        canvas.fill(ellipse(x, y, r, r, 16), tone, 0.55)
    for side in (-1, 1):
        post = far + side * 0.30
        canvas.line([(post, 0.22), (post, 0.72)], 0.010, (58, 60, 64))
        canvas.fill(ellipse(post, 0.22, 0.022, 0.026, 16), (255, 240, 205))
    canvas.glow(far, 0.5, 0.2, 0.2, (1.12, 1.08, 1.02), 1.0)
