"""How a body is built: the widths and lengths for a DNA's words.

Lengths are face units with the head's axis at x = 0; below the shoulders they stretch with the person's height.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from personaforge.embedded.painter.face.words import BUILDS, POSTURES, SHOULDERS
from personaforge.embedded.painter.subject import number, section, word

_UNIT_CM: Final = 7.5
CHEST: Final = 2.75
_SOLES: Final = 21.65
"""Heights; those below the chest are scaled with the person's height."""
SEATED_SOLES: Final = 17.2
"""Height of the soles of somebody who sits in a wheelchair."""
RAISED: Final = 0.22
"""Subtracted from every height below: how much shorter the neck is than first measured."""


@dataclass(frozen=True, slots=True)
class Body:
    """Half widths in face units and a factor on the limbs."""

    shoulder: float
    waist: float
    hip: float
    neck: float
    limb: float
    drop: float
    """How far the shoulders hang."""
    stretch: float
    """Factor on lengths below the shoulders."""
    curve: float = 0.5
    """How rounded the chest is, 0..1."""

    seated: bool = False
    """Whether the person sits in a wheelchair."""

    @property
    def soles(self) -> float:
        """How far the soles are below the eyes."""
        low = SEATED_SOLES if self.seated else _SOLES
        return CHEST + (low - CHEST) * self.stretch - RAISED


def body_of_dna(dna: Mapping[str, Any], masculinity: float, age: float, *, seated: bool = False) -> Body:
    """Return the body that a DNA describes at an age in years. Raises ValueError that names the key.

    From about sixty on shoulders fall and come forward, which from the front makes them narrower, limbs are thinner and
    the waist is fuller; how much was chosen by us.
    """
    values, where = section(dna, "body", "subject.dna"), "subject.dna.body"
    build = BUILDS[word(values, "build", tuple(BUILDS), where)]
    shoulders = SHOULDERS[word(values, "shoulders", tuple(SHOULDERS), where)]
    posture = POSTURES[word(values, "posture", tuple(POSTURES), where)]
    height = number(values, "height_cm", 140, 210, where)
    ratio = number(values, "waist_hip_ratio", 0.6, 1.05, where)
    old = min(max((age - 55) / 35, 0.0), 1.0)
    waist = 1.50 + 0.24 * masculinity + 2 * build[1] + 0.10 * min(max((age - 30) / 40, 0.0), 1.0)
    return Body(
        shoulder=2.08 + 0.30 * masculinity + shoulders + 1.5 * max(build[0], -0.1) - 0.14 * old,
        waist=waist,
        hip=min(max(waist / ratio, waist * 1.04), 2.9),
        neck=0.44 + 0.15 * masculinity + 0.25 * build[1],
        limb=build[2] * (0.92 + 0.16 * masculinity) * (1 - 0.06 * old),
        drop=posture + 0.16 * old,
        stretch=(height / _UNIT_CM - 2.9) / 19.8,
        curve=1 - masculinity,
        seated=seated,
    )
