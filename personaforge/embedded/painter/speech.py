"""A mouth that speaks: what lips, teeth and tongue show of each sound, and how one sound goes over into the next.

The 15 visemes are those of MPEG-4 face animation (ISO/IEC 14496-2, viseme_select 0 to 14), by the names that speech
engines time their sounds by: `sil` is silence, the others are named after their commonest letters. A viseme moves the
lower face alone; brows, lids and a part of a smile stay with the expression that is spoken in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from personaforge.embedded.painter.expression import Expression, between

MOUTHS: Final[dict[str, Expression]] = {
    "sil": Expression(),
    "pp": Expression(press=0.55),
    "ff": Expression(bite=1.0, open=0.10, part=0.25),
    "th": Expression(open=0.16, part=0.35, tongue=1.0),
    "dd": Expression(open=0.14, part=0.50, tongue=0.65),
    "kk": Expression(open=0.22, part=0.30, stretch=0.15),
    "ch": Expression(round=0.70, part=0.70, open=0.08),
    "ss": Expression(stretch=0.50, part=0.65, open=0.03),
    "nn": Expression(open=0.12, part=0.35, tongue=0.50),
    "rr": Expression(round=0.45, open=0.14, part=0.30),
    "aa": Expression(open=0.62),
    "e": Expression(open=0.32, stretch=0.50, part=0.25),
    "ih": Expression(open=0.18, stretch=0.35, part=0.45),
    "oh": Expression(open=0.48, round=0.70),
    "ou": Expression(open=0.16, round=1.0, part=0.25),
}
"""Viseme -> the movements of its mouth: `pp` of p, b, m; `ff` of f, v; `dd` of t, d; `kk` of k, g; `ch` of ch, j, sh;
`ss` of s, z; `nn` of n, l; `ou` of the u in rule."""
_OF_SPEECH: Final = ("open", "round", "stretch", "press", "part", "bite", "tongue")
"""The movements that speech decides."""
_KEPT: Final = 0.4
"""Share of a smile, or of corners that hang, that stays while sounds are formed."""
_EASE: Final = 0.09
"""Seconds in which a mouth goes over into the next sound; it begins that much before the sound."""


class Sound(NamedTuple):
    """A viseme that begins at a time."""

    at: float
    """Seconds from the start."""
    mouth: str
    """One of `MOUTHS`."""


def mouth_at(sounds: Sequence[Sound], now: float) -> Expression:
    """Return the mouth at a time, `sounds` in order of time: the last one begun, eased into from the one before."""
    found = MOUTHS["sil"]
    for sound in sounds:
        part = min(max((now - sound.at) / _EASE + 1, 0.0), 1.0)
        if part == 0:
            break
        found = between(found, MOUTHS[sound.mouth], part * part * (3 - 2 * part))
    return found


def spoken(act: Expression, mouth: Expression) -> Expression:
    """Return an expression with this mouth, which is one of `MOUTHS` or lies between them. A mouth at rest changes
    nothing."""
    formed = min(1.0, 3 * max(getattr(mouth, name) for name in _OF_SPEECH))
    kept = (1 - (1 - _KEPT) * formed) * (1 - 0.6 * mouth.round)
    mixed = {name: getattr(act, name) * (1 - formed) + getattr(mouth, name) for name in _OF_SPEECH}
    return act._replace(smile=act.smile * kept, down=act.down * kept, chin=act.chin * (1 - formed), **mixed)
