"""Expressions as strengths of the movements of a face, so that a clip can go from one to another.

The movements are the action units (AU) of FACS, Ekman, Friesen and Hager's Facial Action Coding System (2002): what a
face can do, whatever it means. `EXPRESSIONS` says which of them a word is. A strength of 1 is the most that a drawing
shows without becoming a grimace; 0 is a face at rest. `face.curves` moves the drawn lines by them, `face.relief` the
surface, `face.action` adds the folds.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Expression(NamedTuple):
    """How far each movement goes."""

    smile: float = 0.0
    """AU12, corners of the mouth up and out."""
    open: float = 0.0
    """AU26, the jaw drops and the lips come apart; teeth show from about 0.1."""
    inner: float = 0.0
    """AU1, inner ends of the brows up."""
    outer: float = 0.0
    """AU2, outer halves of the brows up."""
    frown: float = 0.0
    """AU4, brows together and down."""
    wide: float = 0.0
    """AU5, upper lids up: white shows above the iris."""
    cheeks: float = 0.0
    """AU6, cheeks up, which pushes the lower lids into arcs: the eyes laugh."""
    tight: float = 0.0
    """AU7, both lids narrowed."""
    down: float = 0.0
    """AU15, corners of the mouth down."""
    chin: float = 0.0
    """AU17, the chin pushes the lower lip up."""
    round: float = 0.0
    """AU18 and 22, lips forward and round."""
    stretch: float = 0.0
    """AU20, corners of the mouth straight out."""
    press: float = 0.0
    """AU24, lips pressed together and thin."""
    part: float = 0.0
    """AU25, lips apart while the jaw stays."""
    bite: float = 0.0
    """AU32, the lower lip under the upper teeth."""
    tongue: float = 0.0
    """The tongue's tip at the upper teeth."""
    shut: float = 0.0
    """AU43, upper lids down; 1 is the middle of a blink."""
    side: float = 0.0
    """From -1 to 1: how far the viewer's right side goes beyond the left in smile, outer brow and lips."""
    aside: float = 0.0
    """AU61 and 62, eyes turned to the viewer's right, or below 0 to the left."""
    up: float = 0.0
    """AU63 and 64, eyes turned up, or below 0 down."""

    @property
    def raised(self) -> float:
        """How far the whole brow is up."""
        return 0.5 * (self.inner + self.outer)

    @property
    def worried(self) -> float:
        """How far the inner end of the brow is above what the outer half does: grief's brow."""
        return max(self.inner - self.outer, 0.0)

    @property
    def squint(self) -> float:
        """How narrow the lids are; below 0 the eyes are wide open."""
        return 0.5 * (self.cheeks + self.tight) - self.wide

    @property
    def apart(self) -> float:
        """How far the lips are apart in the middle, in the unit of `open`."""
        return self.open + 0.28 * self.part

    def lead(self, side: int) -> float:
        """Return the factor on smile and outer brow of one side; -1 is the viewer's left."""
        return 1 + side * self.side

    def scaled(self, factor: float) -> Expression:
        """Return the same expression, weaker or stronger."""
        return Expression(*(round(value * factor, 6) for value in self))


REST: Final = Expression()
EXPRESSIONS: Final[dict[str, Expression]] = {
    "neutral": REST,
    "soft smile": Expression(smile=0.74, cheeks=0.54, outer=0.16, inner=0.16),
    "smile": Expression(smile=0.9, cheeks=0.55, part=0.75, open=0.04, inner=0.06, outer=0.06),
    "laugh": Expression(smile=1.0, cheeks=0.85, tight=0.05, open=0.55, inner=0.16, outer=0.12),
    "serious": Expression(frown=0.38, tight=0.42, press=0.70, down=0.26),
    "surprised": Expression(open=0.74, inner=1.0, outer=1.0, wide=0.95, round=0.15),
    "thoughtful": Expression(
        frown=0.30, outer=0.46, inner=0.10, side=0.75, tight=0.20, press=0.36, chin=0.45, round=0.45, aside=0.8, up=0.7
    ),
    "confident": Expression(smile=0.40, side=0.58, tight=0.60, frown=0.26, press=0.66),
    "sad": Expression(inner=1.0, frown=0.32, shut=0.22, down=0.95, chin=0.55, up=-0.35),
    "angry": Expression(frown=1.0, wide=0.40, tight=0.50, press=0.85, down=0.80, chin=0.45),
    "tender": Expression(smile=0.42, cheeks=0.30, inner=0.38, shut=0.08),
}
"""Word -> movements. The emotions follow EMFACS' units (Friesen and Ekman, 1983): joy 6 + 12, surprise 1 + 2 + 5 + 26,
sadness 1 + 4 + 15, anger 4 + 5 + 7 + 24. The others are an illustrator's: who thinks looks away with one brow up, who
is sure smiles with one corner and level lids."""


def between(first: Expression, second: Expression, part: float) -> Expression:
    """Return the expression that lies `part` of the way from the first to the second."""
    return Expression(*(a + (b - a) * part for a, b in zip(first, second, strict=True)))
