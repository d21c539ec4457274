"""What moves in a clip besides the pose: blinks, a small sway, steps, and a background that passes by.

Times are seconds from the start, angles degrees. Everything is a smooth function of time and the seed.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from personaforge.digest import derive_seed
from personaforge.embedded.painter.painter import Move
from personaforge.media.exact import scalar_sin

_BLINK: Final = 0.30
"""Seconds that a blink takes."""
_BETWEEN: Final = (2.2, 4.2)
"""Seconds between blinks, least and most."""
_PACE: Final = 1.75
"""Steps a second of an easy walk."""


class Style(NamedTuple):
    """How much of each movement a type of motion has."""

    sway: float = 1.0
    """Factor on the sway of head and body."""
    nearer: float = 0.0
    """How much larger the figure is at the end than at the start."""
    steps: float = 0.0
    """Height of a step, face units; 0 stands still."""
    passing: float = 0.0
    """How much larger the background is at the start: a camera that goes backwards."""


STYLES: Final[dict[str, Style]] = {
    "smile_reveal": Style(sway=0.8, nearer=0.04),
    "personality_moment": Style(sway=1.9, nearer=0.02),
    "lifestyle": Style(sway=1.0, steps=0.11, passing=0.65),
    "invitation": Style(sway=0.7, nearer=0.09),
}
"""By motion type; another type sways."""


class Life:
    """The movements of one clip."""

    def __init__(self, motion: str, seconds: float, seed: int) -> None:
        """`seconds` is the clip's length."""
        self._style, self._seconds = STYLES.get(motion, Style()), max(seconds, 1e-6)
        chance = [derive_seed(seed, name) / 2**31 for name in ("a", "b", "c")]
        self._phases = [2 * math.pi * part for part in chance]
        self._blinks: list[float] = []
        at, index = 0.9 + 0.8 * chance[0], 0
        while at < seconds - _BLINK:
            self._blinks.append(at)
            at += _BETWEEN[0] + (_BETWEEN[1] - _BETWEEN[0]) * derive_seed(seed, "blink", index) / 2**31
            index += 1

    def shut(self, now: float) -> float:
        """Return how far the lids are closed, 0..1."""
        for start in self._blinks:
            part = (now - start) / _BLINK
            if 0 < part < 1:
                return float(round(min(1.0, 1.6 * scalar_sin(math.pi * part) ** 1.2), 2))
        return 0.0

    def head(self, now: float) -> tuple[float, float]:
        """Return what is added to yaw and pitch."""
        a, b, c = self._phases
        step = scalar_sin(math.pi * _PACE * now) if self._style.steps else 0.0
        rise = self._fade(now)
        yaw = 1.1 * scalar_sin(2 * math.pi * now / 4.1 + a) + 0.5 * scalar_sin(2 * math.pi * now / 1.9 + b) + 1.2 * step
        pitch = 0.8 * scalar_sin(2 * math.pi * now / 3.3 + c) + 0.9 * (step * step - 0.5 if step else 0.0)
        return rise * self._style.sway * yaw, rise * self._style.sway * pitch

    def move(self, now: float) -> Move:
        """Return where figure and background are."""
        style, (a, b, _) = self._style, self._phases
        part = min(now / self._seconds, 1.0)
        eased = part * part * (3 - 2 * part)
        beat = math.pi * _PACE * now
        breath = 0.014 * scalar_sin(2 * math.pi * now / 3.6 + b)
        return Move(
            x=style.sway * 0.030 * scalar_sin(2 * math.pi * now / 5.3 + a) + 0.8 * style.steps * scalar_sin(beat),
            y=breath - style.steps * abs(scalar_sin(beat)) + 0.5 * style.steps,
            size=1 + style.nearer * eased + (0.03 * part if style.steps else 0.0),
            scene_x=0.10 * style.passing * (0.5 - part),
            scene_size=1 + style.passing * (1 - part),
        )

    def _fade(self, now: float) -> float:
        """Return a weight that lets a clip start and end on its own poses."""
        edge = min(now, self._seconds - now) / min(0.6, 0.4 * self._seconds)
        return min(max(edge, 0.0), 1.0)
