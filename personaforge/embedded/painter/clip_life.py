"""Movements in a clip besides the pose: blinks, eyes that look, breath, a small sway, a walk, and a moving background.

Times are seconds from the start, angles degrees. All but the eyes, which jump, is a smooth function of time and the
seed. What people do: a blink lasts a third of a second, its lid falls in a third of that (Evinger and others, 1991),
and comes 10 to 20 times a minute; eyes rest for a quarter of a second to two between jumps; a calm breath takes four.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from personaforge.digest import derive_seed
from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.figure.stances import STRIDES
from personaforge.embedded.painter.painter import Move
from personaforge.media.exact import scalar_sin

_BLINK: Final = 0.30
"""Seconds that a blink takes."""
_FALL: Final = 0.36
"""Share of it in which the lid falls; it rises more slowly."""
_BETWEEN: Final = (2.2, 4.2)
"""Seconds between blinks, least and most."""
_REST: Final = (0.5, 1.9)
"""Seconds that eyes rest on one point, least and most."""
_JUMP: Final = 0.16
"""How far eyes jump at most while they look at one thing, in units of `Expression.aside`."""
_BREATH: Final = 3.9
"""Seconds of a breath."""
_PACE: Final = 1.75
"""Steps a second in a slow walk."""


class Style(NamedTuple):
    """How much of each movement a type of motion has."""

    sway: float = 1.0
    """Factor on the sway of head and body."""
    nearer: float = 0.0
    """How much larger the figure is at the end than at the start."""
    steps: float = 0.0
    """Height of a step, face units; 0 stands still."""
    passing: float = 0.0
    """How much larger the background is at the start: a camera that goes backwards at the pace of the walk."""


STYLES: Final[dict[str, Style]] = {
    "smile_reveal": Style(sway=0.8, nearer=0.04),
    "personality_moment": Style(sway=1.9, nearer=0.02),
    "lifestyle": Style(sway=1.0, steps=0.13, passing=0.9),
    "invitation": Style(sway=0.7, nearer=0.09),
}
"""By motion type; another type sways."""


class Life:
    """The movements of one clip."""

    def __init__(self, motion: str, seconds: float, seed: int, *, seated: bool = False) -> None:
        """`seconds` is the clip's length. Who is `seated` in a wheelchair rolls where others walk."""
        style = STYLES.get(motion, Style())
        self._style = style._replace(steps=0.0) if seated else style
        self._seconds = max(seconds, 1e-6)
        chance = [derive_seed(seed, name) / 2**31 for name in ("a", "b", "c")]
        self._phases = [2 * math.pi * part for part in chance]
        self._blinks = _times(seed, "blink", 0.9 + 0.8 * chance[0], seconds - _BLINK, _BETWEEN)
        self._looks = [
            (at, *(_JUMP * (derive_seed(seed, axis, index) / 2**30 - 1) for axis in ("aside", "up")))
            for index, at in enumerate(_times(seed, "look", 0.4 + 0.6 * chance[1], seconds - 0.5, _REST))
        ]

    def shut(self, now: float) -> float:
        """Return how far the lids are closed, 0..1."""
        for start in self._blinks:
            part = (now - start) / _BLINK
            if 0 < part < 1:
                way = part / _FALL if part < _FALL else (1 - part) / (1 - _FALL)
                return round(min(1.0, 1.25 * way * way * (3 - 2 * way)), 2)
        return 0.0

    def look(self, now: float) -> tuple[float, float]:
        """Return what is added to an expression's `aside` and `up`: eyes jump from point to point of what they see."""
        found = (0.0, 0.0)
        for at, aside, up in self._looks:
            if at <= now:
                found = (round(aside, 3), round(0.6 * up, 3))
        return found if now < self._seconds - 0.3 else (0.0, 0.0)

    def alive(self, act: Expression, now: float) -> Expression:
        """Return an expression with blinks and with eyes that look."""
        aside, up = self.look(now)
        return act._replace(shut=max(act.shut, self.shut(now)), aside=act.aside + aside, up=act.up + up)

    def head(self, now: float) -> tuple[float, float]:
        """Return what is added to yaw and pitch."""
        a, b, c = self._phases
        step = scalar_sin(math.pi * _PACE * now) if self._style.steps else 0.0
        rise = self._fade(now)
        yaw = 1.1 * scalar_sin(2 * math.pi * now / 4.1 + a) + 0.5 * scalar_sin(2 * math.pi * now / 1.9 + b) + 1.2 * step
        pitch = 0.8 * scalar_sin(2 * math.pi * now / 3.3 + c) + 0.9 * (step * step - 0.5 if step else 0.0)
        return rise * self._style.sway * yaw, rise * self._style.sway * pitch

    def move(self, now: float) -> Move:
        """Return the positions of figure and background."""
        style, (a, b, _) = self._style, self._phases
        part = min(now / self._seconds, 1.0)
        eased = part * part * (3 - 2 * part)
        beat = math.pi * _PACE * now
        breath = scalar_sin(2 * math.pi * now / _BREATH + b)
        # The body is highest when the legs pass each other, and over the foot that stands.
        return Move(
            x=style.sway * 0.030 * scalar_sin(2 * math.pi * now / 5.3 + a) * (0 if style.steps else 1),
            y=-0.006 * breath,
            size=1 + style.nearer * eased,
            scene_x=0.10 * style.passing * (0.5 - part),
            # By equal factors in equal times: the ground goes by at one speed.
            scene_size=(1 + style.passing) ** (1 - part),
            breath=0.035 * (1 + breath),
            lean=-0.8 * style.steps * scalar_sin(beat),
            rise=style.steps * (abs(scalar_sin(beat)) - 0.5),
            stride=round(0.5 * _PACE * now * STRIDES) % STRIDES if style.steps else None,
        )

    def _fade(self, now: float) -> float:
        """Return a weight with which a clip starts and ends with its own poses."""
        edge = min(now, self._seconds - now) / min(0.6, 0.4 * self._seconds)
        return min(max(edge, 0.0), 1.0)


def _times(seed: int, what: str, first: float, last: float, apart: tuple[float, float]) -> list[float]:
    """Return times from `first` to before `last`, each as far from the one before as chance says."""
    found, index = [], 0
    while first < last:
        found.append(first)
        first += apart[0] + (apart[1] - apart[0]) * derive_seed(seed, what, index) / 2**31
        index += 1
    return found
