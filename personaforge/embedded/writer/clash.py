"""The flaw of two things that can't both be true. Its advice names both sides: either may be the one that is fixed."""

from __future__ import annotations

from personaforge.embedded.writer.flaws import Flaw, quoted
from personaforge.embedded.writer.own import Said

WEIGHT = 0.5
"""Contradiction of one such flaw. With 1.7 and 2 points for a whole one (`audit`) coherence falls from 4.9, the most
that it can be, below the floor of 2.5: a single clear contradiction is not accepted."""
_COST = 0.6


def clash(one: Said, other: str, why: str, score: str = "coherence") -> Flaw:
    """Return the flaw of a text that contradicts what stands at another path."""
    section = one.path.partition(".")[0]
    problem = f"{one.path} says {quoted(one.text)}, but {other}: {why}."
    advice = f"Change one of the two, {one.path} or {other.partition(' ')[0]}, so that both can be true."
    return Flaw(score, _COST, section if section != "brief" else other.partition(".")[0], problem, advice, WEIGHT)
