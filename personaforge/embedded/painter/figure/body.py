"""How a body is built: widths and lengths that a DNA's words come to.

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
"""Heights; what lies below the chest stretches with the person's height."""
RAISED: Final = 0.12
"""Taken off every height below: how much shorter the neck is than first measured."""


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

    @property
    def soles(self) -> float:
        """How far the soles are below the eyes."""
        return CHEST + (_SOLES - CHEST) * self.stretch - RAISED


def body_of_dna(dna: Mapping[str, Any], masculinity: float) -> Body:
    """Return the body that a DNA describes. Raises ValueError that names the key."""
    values, where = section(dna, "body", "subject.dna"), "subject.dna.body"
    build = BUILDS[word(values, "build", tuple(BUILDS), where)]
    shoulders = SHOULDERS[word(values, "shoulders", tuple(SHOULDERS), where)]
    posture = POSTURES[word(values, "posture", tuple(POSTURES), where)]
    height = number(values, "height_cm", 140, 210, where)
    ratio = number(values, "waist_hip_ratio", 0.6, 1.05, where)
    waist = 1.50 + 0.24 * masculinity + 2 * build[1]
    return Body(
        shoulder=2.08 + 0.30 * masculinity + shoulders + 1.5 * max(build[0], -0.1),
        waist=waist,
        hip=min(max(waist / ratio, waist * 1.04), 2.9),
        neck=0.44 + 0.15 * masculinity + 0.25 * build[1],
        limb=build[2] * (0.92 + 0.16 * masculinity),
        drop=posture,
        stretch=(height / _UNIT_CM - 2.9) / 19.8,
        curve=1 - masculinity,
    )
