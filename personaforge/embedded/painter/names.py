"""The names that the painter draws, by the setting that has them: what isn't one can be said before it is asked to."""

from __future__ import annotations


def names(setting: str) -> tuple[str, ...]:
    """Return the names of a position's `expression`, or of a place's `drawn` or `held`; none for another setting, whose
    words are free. What draws is imported only for its own names."""
    if setting == "expression":
        from personaforge.embedded.painter.expression import EXPRESSIONS

        return tuple(EXPRESSIONS)
    if setting == "drawn":
        from personaforge.embedded.painter.scene.scene import places

        return tuple(sorted(places()))
    if setting == "held":
        from personaforge.embedded.painter.figure.held import HELD

        return (*HELD, "none")
    return ()
