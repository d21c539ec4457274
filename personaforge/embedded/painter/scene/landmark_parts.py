"""Parts that one or two kits are known by: a lighthouse, stained glass, lane ropes, scales. See `scene.kits`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.facades import street
from personaforge.embedded.painter.scene.setting import Setting, rounded
from personaforge.embedded.painter.strokes import ellipse, smooth
from personaforge.media.exact import scalar_cos, scalar_sin

Tone = str | Sequence[str]


def wall_to(s: Setting, y: float, color: Tone) -> None:
    """A wall from y to the ground, under the sky."""
    tone = s.tone(color)
    s.band(y, s.ground, np.minimum(tone * 1.05, 255), tone * 0.9)


def lanes(s: Setting, y: float, low: float) -> None:
    """Lane ropes of a pool, in perspective."""
    for index in (-3, -2, -1, 0, 1, 2, 3):
        for step in range(14):
            a, b = step / 14, (step + 0.8) / 14
            far, near = 0.11 * index + 0.05, 0.3 * index + 0.14
            tone = (214, 66, 56) if step % 2 else (244, 246, 246)
            s.line(
                [(far + (near - far) * a, y + (low - y) * a), (far + (near - far) * b, y + (low - y) * b)],
                0.006 + 0.012 * a,
                tone,
                0.95,
            )


def chess(s: Setting, x: float, y: float) -> None:
    """A chess board with its pieces on a table at y."""
    for row in range(3):
        for column in range(8):
            left, level = x - 0.12 + 0.03 * column + 0.004 * row, y - 0.02 + 0.008 * row
            s.box(left, level, left + 0.03, level + 0.008, (240, 226, 198) if (row + column) % 2 else (112, 76, 52))
    for index in range(7):
        at, tall = x - 0.1 + 0.034 * index, s.chance.uniform(0.05, 0.085)
        tone = (244, 234, 212) if index % 3 else (62, 44, 36)
        s.fill(
            [
                (at - 0.012, y - 0.008),
                (at - 0.005, y - 0.7 * tall),
                (at + 0.005, y - 0.7 * tall),
                (at + 0.012, y - 0.008),
            ],
            tone,
        )
        s.fill(ellipse(at, y - 0.8 * tall, 0.009, 0.011, 12), tone)


def glass(s: Setting, x: float, y: float, w: float, h: float) -> None:
    """A window of stained glass with a round head."""
    tones = ((196, 70, 62), (64, 108, 168), (226, 178, 76), (84, 140, 104), (150, 92, 150), (232, 214, 170))
    turn = ellipse(x, y + 0.5 * w, 0.5 * w, 0.5 * w, 40)
    head = turn[turn[:, 1] <= y + 0.5 * w + 1e-6]
    head = head[np.argsort(head[:, 0])]
    shape = np.array([(x - 0.5 * w, y + h), *head, (x + 0.5 * w, y + h)])
    s.fill((shape - (x, y + 0.5 * h)) * (1.14, 1.05) + (x, y + 0.5 * h), (120, 108, 90))
    s.canvas.clip = s.canvas.area(shape)
    columns, rows = max(3, int(w / 0.03)), max(6, int(h / 0.04))
    for column in range(columns):
        for row in range(rows):
            left, top = x - 0.5 * w + w * column / columns, y + h * row / rows
            s.box(left, top, left + w / columns - 0.004, top + h / rows - 0.004, s.pick(tones, 0.95, 1.15))
    s.canvas.clip = None
    s.canvas.glow(x, y + 0.5 * h, w, 0.6 * h, (1.14, 1.12, 1.1), 0.9)


def fountain(s: Setting, x: float, y: float = 0.86) -> None:
    """A round fountain."""
    stone = np.array((206, 194, 172), np.float32)
    s.shadow(x, y, 0.28)
    s.fill(smooth([(x - 0.15, y - 0.07), (x - 0.12, y), (x + 0.12, y), (x + 0.15, y - 0.07)], 4), stone * 0.9)
    s.fill(ellipse(x, y - 0.075, 0.15, 0.025, 28), stone)
    s.fill(ellipse(x, y - 0.075, 0.13, 0.018, 28), (126, 178, 190))
    s.box(x - 0.015, y - 0.2, x + 0.015, y - 0.08, stone * 0.95)
    s.fill(smooth([(x - 0.07, y - 0.205), (x - 0.03, y - 0.18), (x + 0.03, y - 0.18), (x + 0.07, y - 0.205)], 4), stone)
    for side in (-1, 1):
        s.line(
            smooth([(x, y - 0.25), (x + side * 0.05, y - 0.24), (x + side * 0.08, y - 0.09)], 6),
            0.006,
            (226, 240, 244),
            0.8,
        )


def scales(s: Setting, x: float, y: float) -> None:
    """Scales on the wall of a court, in a round field."""
    s.fill(ellipse(x, y + 0.09, 0.1, 0.1, 40), (126, 84, 54))
    gold = (222, 186, 104)
    s.line([(x, y + 0.02), (x, y + 0.15)], 0.008, gold)
    s.line([(x - 0.06, y + 0.045), (x + 0.06, y + 0.045)], 0.007, gold)
    s.box(x - 0.03, y + 0.148, x + 0.03, y + 0.158, gold)
    for side in (-1, 1):
        at = x + side * 0.06
        s.line([(at, y + 0.045), (at - 0.025, y + 0.1), (at + 0.025, y + 0.1), (at, y + 0.045)], 0.003, gold)
        s.fill([(at - 0.03, y + 0.1), (at + 0.03, y + 0.1), (at + 0.015, y + 0.115), (at - 0.015, y + 0.115)], gold)


def handrail(s: Setting, y: float) -> None:
    """A rail under the ceiling with loops to hold on to."""
    s.line([(-s.half, y), (s.half, y)], 0.012, (214, 184, 92))
    for x in np.arange(-np.ceil(s.half / 0.15) * 0.15 + 0.075, s.half, 0.15):
        s.line([(x, y), (x, y + 0.05)], 0.01, (92, 84, 76))
        turn = ellipse(float(x), y + 0.075, 0.024, 0.028, 20)
        s.line(np.concatenate([turn, turn[:1]]), 0.009, (226, 220, 206))


def panes(s: Setting) -> None:
    """The frame of a greenhouse: posts, and a roof that runs into the distance."""
    white = (242, 246, 244)
    s.band(0.0, 0.2, (206, 226, 232), (224, 238, 236))
    for index in range(-8, 9):
        x = 0.15 * index
        s.line([(1.8 * x, 0.0), (x, 0.2)], 0.008, white)
        s.line([(x, 0.2), (x, s.ground)], 0.008, white)
    for y in (0.0, 0.07, 0.2, 0.42, s.ground):
        s.line([(-s.half, y), (s.half, y)], 0.009 if y != 0.2 else 0.016, white)


def tower(s: Setting, x: float, y: float, h: float, kind: str = "church", color: Tone = "#d8c8ac") -> None:
    """What a square is known by: a church's spire, a dome, a minaret, a temple's gopuram or pagoda, a clock tower."""
    tone, w = s.tone(color), 0.16 * h + 0.02
    if kind == "pagoda":
        for row in range(4):
            level, wide = y - h * row / 4.4, w * (1.7 - 0.28 * row)
            s.box(x - 0.6 * wide, level - h / 4.4, x + 0.6 * wide, level, tone)
            s.box(x - 0.12 * wide, level - 0.16 * h, x + 0.12 * wide, level, tone * 0.6)
            s.fill([(x - 1.15 * wide, level - 0.2 * h), (x - 0.5 * wide, level - 0.26 * h), (x + 0.5 * wide,
                level - 0.26 * h), (x + 1.15 * wide, level - 0.2 * h), (x + 0.6 * wide, level - 0.18 * h),
                    (x - 0.6 * wide, level - 0.18 * h)], (120, 66, 56))  # fmt: skip
        return
    if kind == "gopuram":
        for row in range(7):
            level, wide = y - 0.13 * h * row, w * (1.9 - 0.22 * row)
            s.box(
                x - wide,
                level - 0.13 * h,
                x + wide,
                level,
                s.pick(((214, 164, 110), (196, 128, 104), (120, 152, 158), (222, 188, 120))),
            )
            for at in np.linspace(-0.8, 0.8, 7 - row // 2):
                s.fill(
                    ellipse(x + at * wide, level - 0.065 * h, 0.1 * wide, 0.045 * h, 10),
                    s.pick(((236, 214, 160), (168, 92, 82), (84, 124, 128))),
                )
        return
    s.box(x - 0.5 * w, y - 0.72 * h, x + 0.5 * w, y, tone)
    s.box(x + 0.2 * w, y - 0.72 * h, x + 0.5 * w, y, tone * 0.84)
    if kind == "minaret":
        s.box(x - 0.66 * w, y - 0.74 * h, x + 0.66 * w, y - 0.7 * h, tone * 1.05)
        s.box(x - 0.3 * w, y - 0.86 * h, x + 0.3 * w, y - 0.74 * h, tone * 0.95)
        s.fill(
            smooth(
                [
                    (x - 0.34 * w, y - 0.86 * h),
                    (x - 0.2 * w, y - 0.94 * h),
                    (x, y - h),
                    (x + 0.2 * w, y - 0.94 * h),
                    (x + 0.34 * w, y - 0.86 * h),
                ],
                4,
            ),
            (96, 134, 130),
        )
    elif kind == "dome":
        wide = 2.3 * w
        s.box(x - wide, y - 0.42 * h, x + wide, y, tone)
        for at in np.linspace(-0.78, 0.78, 5):
            s.fill(rounded(x + at * wide, y - 0.2 * h, 0.1 * wide, 0.13 * h), tone * 0.62)
        head = ellipse(x, y - 0.42 * h, 0.78 * wide, 0.46 * h, 48)
        s.fill(head[head[:, 1] <= y - 0.42 * h + 1e-6], (112, 150, 150))
        s.line([(x, y - 0.86 * h), (x, y - h)], 0.008, (206, 180, 110))
    else:
        for level in (0.6, 0.36):
            s.fill(rounded(x, y - level * h, 0.16 * w, 0.06 * h), tone * 0.5)
        s.fill(
            [(x - 0.6 * w, y - 0.72 * h), (x, y - h), (x + 0.6 * w, y - 0.72 * h)],
            (104, 112, 118) if kind == "church" else (146, 82, 64),
        )
        if kind == "clock":
            s.fill(ellipse(x, y - 0.6 * h, 0.34 * w, 0.34 * w, 20), (246, 242, 230))
            s.line([(x, y - 0.6 * h), (x, y - 0.6 * h - 0.24 * w)], 0.005, (44, 44, 48))


def shed(s: Setting, x: float, y: float) -> None:
    """A garden shed of boards."""
    tone = s.pick(((122, 146, 132), (150, 112, 78), (92, 120, 140)))
    s.box(x - 0.11, y - 0.22, x + 0.11, y, tone)
    for at in np.arange(x - 0.1, x + 0.11, 0.022):
        s.box(at, y - 0.22, at + 0.003, y, tone * 0.8)
    s.fill(
        [(x - 0.14, y - 0.21), (x, y - 0.32), (x + 0.14, y - 0.21)],
        (110, 88, 76) if s.season != "winter" else (242, 246, 250),
    )
    s.box(x - 0.04, y - 0.16, x + 0.03, y, tone * 0.66)
    s.box(x + 0.05, y - 0.15, x + 0.09, y - 0.1, (206, 222, 228))


def barn(s: Setting, x: float, y: float) -> None:
    """A barn with a hipped roof and wide doors."""
    tone = np.array((164, 66, 52), np.float32)
    s.box(x - 0.17, y - 0.24, x + 0.17, y, tone)
    lid = (110, 100, 98) if s.season != "winter" else (242, 246, 250)
    s.fill([(x - 0.2, y - 0.23), (x - 0.14, y - 0.34), (x, y - 0.4), (x + 0.14, y - 0.34), (x + 0.2, y - 0.23)], lid)
    s.fill(
        [(x - 0.16, y - 0.23), (x - 0.11, y - 0.32), (x, y - 0.37), (x + 0.11, y - 0.32), (x + 0.16, y - 0.23)],
        tone * 0.92,
    )
    s.box(x - 0.08, y - 0.17, x + 0.08, y, tone * 0.7)
    for line in ([(x - 0.08, y - 0.17), (x + 0.08, y)], [(x + 0.08, y - 0.17), (x - 0.08, y)], [(x, y - 0.17), (x, y)],
                 [(x - 0.08, y - 0.17), (x + 0.08, y - 0.17)]):  # fmt: skip
        s.line(line, 0.008, (240, 234, 222))
    s.box(x - 0.03, y - 0.3, x + 0.03, y - 0.25, (240, 234, 222))


def rocks(s: Setting, y: float) -> None:
    """Stones and tufts of grass on the ground from y down."""
    for _ in range(36):
        at, level = s.chance.uniform(-s.half, s.half), s.chance.uniform(y, 1.0)
        if abs(at) < 0.08:
            continue
        r = 0.01 + 0.09 * (level - y)
        tone = s.pick(((150, 150, 146), (172, 168, 158), (128, 128, 126)))
        s.fill(
            smooth(
                [
                    (at - 1.4 * r, level),
                    (at - 0.8 * r, level - r),
                    (at + 0.4 * r, level - 1.2 * r),
                    (at + 1.3 * r, level),
                ],
                4,
            ),
            tone,
        )
        s.fill(
            smooth(
                [
                    (at - 0.9 * r, level - 0.6 * r),
                    (at - 0.6 * r, level - r),
                    (at + 0.3 * r, level - 1.1 * r),
                    (at, level - 0.6 * r),
                ],
                3,
            ),
            tone * 1.14,
            0.8,
        )


def bridge(s: Setting, y: float, color: Tone = "#c4b498") -> None:
    """A stone bridge with arches over the river at y."""
    tone = s.tone(color)
    s.band(y - 0.1, y + 0.01, tone * 1.04, tone * 0.88)
    for x in np.arange(-np.ceil(s.half / 0.24) * 0.24, s.half + 0.1, 0.24):
        turn = ellipse(float(x) + 0.12, y + 0.012, 0.085, 0.075, 30)
        s.fill(turn[turn[:, 1] <= y + 0.012], (92, 112, 118))
    s.box(-s.half, y - 0.112, s.half, y - 0.096, np.minimum(tone * 1.12, 255))


def surf(s: Setting, y: float) -> None:
    """The line of foam at y where the sea meets the sand."""
    for row, (level, alpha) in enumerate(((y, 0.95), (y - 0.025, 0.6))):
        edge = [
            (float(x), level + 0.01 * scalar_sin(float(7 * x + 1 + 2 * row)))
            for x in np.arange(-s.half, s.half + 0.06, 0.05)
        ]
        s.line(edge, 0.014 - 0.004 * row, (250, 252, 250), alpha)
    s.canvas.glow(0.0, y + 0.03, 3.0, 0.02, (0.86, 0.84, 0.82), 0.8)


def parasol(s: Setting, x: float, y: float) -> None:
    """A sunshade on the beach with a towel."""
    tones = s.pick(((214, 84, 66), (232, 176, 70), (66, 134, 160))), np.array((248, 244, 232), np.float32)
    s.line([(x + 0.02, y), (x, y - 0.34)], 0.01, (226, 222, 210))
    for index in range(6):
        a, b = np.pi * index / 6, np.pi * (index + 1) / 6
        rim = [(x - 0.17 * scalar_cos(turn), y - 0.3 + 0.02 * scalar_sin(turn)) for turn in (a, 0.5 * (a + b), b)]
        s.fill(smooth([(x, y - 0.4), *rim], 1), tones[index % 2])
    s.fill([(x - 0.14, y), (x + 0.08, y - 0.02), (x + 0.12, y + 0.01), (x - 0.1, y + 0.035)], tones[0])


def lighthouse(s: Setting, x: float, y: float) -> None:
    """A lighthouse on its rock."""
    s.fill(
        smooth([(x - 0.16, y + 0.02), (x - 0.08, y - 0.05), (x + 0.08, y - 0.05), (x + 0.18, y + 0.02)], 5),
        (120, 118, 112),
    )
    for index in range(5):
        a, b = index / 5, (index + 1) / 5
        wide, tall = 0.05 - 0.018 * a, 0.05 - 0.018 * b
        level, up = y - 0.04 - 0.36 * a, y - 0.04 - 0.36 * b
        s.fill(
            [(x - wide, level), (x + wide, level), (x + tall, up), (x - tall, up)],
            (246, 244, 238) if index % 2 else (192, 60, 48),
        )
    s.box(x - 0.028, y - 0.44, x + 0.028, y - 0.4, (250, 228, 150))
    s.fill([(x - 0.036, y - 0.44), (x, y - 0.475), (x + 0.036, y - 0.44)], (70, 74, 80))


def tracks(s: Setting, y: float) -> None:
    """Tram tracks in the street from y down."""
    for a, b in ((-0.2, -0.62), (-0.06, 0.06), (0.06, 0.34)):
        s.line([(a, y), (b, 1.02)], 0.009, (196, 200, 204), 0.9)


def lanterns(s: Setting, y: float) -> None:
    """Paper lanterns on a line across the street."""
    for x in np.arange(-np.ceil(s.half / 0.12) * 0.12 + 0.02, s.half, 0.12):
        level = y + 0.03 * scalar_sin(float(5 * x))
        s.line([(x - 0.06, level - 0.035), (x + 0.06, level - 0.035)], 0.003, (90, 80, 72), 0.8)
        s.fill(rounded(float(x), level, 0.02, 0.027), s.pick(((214, 74, 56), (244, 226, 186))))
        s.box(x - 0.01, level - 0.031, x + 0.01, level - 0.026, (60, 44, 40))


def kayak(s: Setting, x: float, y: float, size: float = 0.5) -> None:
    """A kayak on the sand at y, seen from the side."""
    tone = s.pick(((214, 84, 48), (226, 172, 54), (52, 120, 150)))
    s.shadow(x, y, 0.9 * size)
    hull = smooth([(-0.5, -0.13), (-0.3, -0.10), (0.3, -0.10), (0.5, -0.13), (0.34, 0.0), (-0.34, 0.0)], 5, closed=True)
    s.fill(hull * size + (x, y), tone)
    s.fill(ellipse(x, y - 0.098 * size, 0.15 * size, 0.026 * size, 24), tone * 0.45)
    s.line(
        smooth([(-0.4, -0.055), (0.0, -0.035), (0.4, -0.055)], 6) * size + (x, y), 0.012 * size, (246, 240, 226), 0.8
    )


def surfboard(s: Setting, x: float, y: float, h: float = 0.5) -> None:
    """A surfboard that stands upright in the sand."""
    s.shadow(x, y, 0.16)
    tone = s.pick(((240, 234, 216), (118, 186, 190), (236, 150, 90)))
    board = smooth([(0.0, -1.0), (0.09, -0.72), (0.11, -0.4), (0.08, 0.0), (-0.08, 0.0), (-0.11, -0.4), (-0.09, -0.72)],
                   6, closed=True)  # fmt: skip
    s.fill(board * h + (x, y), tone)
    s.line([(x, y - 0.95 * h), (x, y)], 0.012 * h, tone * 0.7)
    s.fill(np.array([(-0.105, -0.5), (0.105, -0.5), (0.11, -0.4), (-0.11, -0.4)]) * h + (x, y), (208, 78, 62))


PARTS: Final[dict[str, Callable[..., None]]] = {
    "street": street, "tower": tower, "wall_to": wall_to, "lanes": lanes, "chess": chess, "glass": glass,
    "fountain": fountain,
    "scales": scales,
    "handrail": handrail, "panes": panes, "shed": shed, "barn": barn, "rocks": rocks, "bridge": bridge, "surf": surf,
    "parasol": parasol, "lighthouse": lighthouse,
    "kayak": kayak, "surfboard": surfboard, "tracks": tracks, "lanterns": lanterns,
}  # fmt: skip
"""By the name that kits give."""
