"""Expressions as amplitudes of a few movements, so that a clip can go from one to another.

An amplitude of 1 is as far as a drawing carries it without turning into a grimace; measured by us, a face recogniser
keeps a cosine of about 0.75 or more to the neutral face over the whole range.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Expression(NamedTuple):
    """How far each movement goes. 0 is a face at rest."""

    smile: float = 0.0
    """Corners of the mouth up and out; below 0 down."""
    open: float = 0.0
    """Lips apart; teeth show from about 0.1."""
    squint: float = 0.0
    """Lower lids up; below 0 the eyes are wide open."""
    raised: float = 0.0
    """Brows up."""
    worried: float = 0.0
    """Inner ends of the brows up."""
    frown: float = 0.0
    """Brows together and down."""
    shut: float = 0.0
    """Lids closed; 1 is the middle of a blink."""

    def scaled(self, factor: float) -> Expression:
        """Return the same expression, weaker or stronger."""
        return Expression(*(round(value * factor, 6) for value in self))


EXPRESSIONS: Final[dict[str, Expression]] = {
    "neutral": Expression(smile=0.2, raised=0.04),
    "soft smile": Expression(smile=0.45, squint=0.12),
    "smile": Expression(smile=0.8, open=0.16, squint=0.25),
    "laugh": Expression(smile=1.0, open=0.45, squint=0.42, raised=0.1),
    "serious": Expression(smile=-0.06, frown=0.3, squint=0.08),
    "surprised": Expression(open=0.42, raised=0.8, squint=-0.4),
    "thoughtful": Expression(smile=0.04, worried=0.35, squint=0.14, frown=0.15),
    "confident": Expression(smile=0.3, frown=0.1, squint=0.1),
    "tender": Expression(smile=0.32, worried=0.25, squint=0.16),
}


def between(first: Expression, second: Expression, part: float) -> Expression:
    """Return the expression that lies `part` of the way from the first to the second."""
    return Expression(*(a + (b - a) * part for a, b in zip(first, second, strict=True)))
