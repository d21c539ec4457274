"""How well two readers of the same documents agree on marks, and whether one favours a group: plain arithmetic.

Marks are numbers from 1 to 5, whole or not. Weighted kappa has quadratic weights (Cohen 1968, Psychological Bulletin
70):

    kappa = 1 - n * sum((a_i - b_i)^2) / sum((a_i - b_j)^2 over all i and j)

On whole marks this is the usual quadratic weighted kappa; it needs no categories, so a mark of 3.4 stays 3.4. 1 is
equal marks, 0 what chance gives with the same two sets of marks, and below 0 less than that. Intervals are percentile
bootstraps (Efron and Tibshirani 1993, chapter 13), 95 %, over personas: documents of one persona are drawn together,
since they are not independent. The draws have a fixed seed, so the same marks give the same interval.

A bias interval over few personas of a group is narrower than it should be, as every bootstrap of few clusters is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, NamedTuple

DRAWS = 1_000
"""Bootstrap draws. Efron and Tibshirani (1993, page 188) ask for 1,000 or more for such an interval."""
FEWEST_DOCUMENTS = 10
"""Documents that both readers marked, below which no agreement is given; forge's choice."""
FEWEST_PERSONAS = 5
"""Personas among them, and in a group, below which a bootstrap over personas says nothing; forge's choice."""
_DEFINED = 0.95
"""Share of draws in which the number has to be defined for an interval; forge's choice."""
_TAIL = 0.025
_SEED = 14


class Pair(NamedTuple):
    """The marks of one document on one axis."""

    persona: str
    """Of whom the document is; draws of the bootstrap take all documents of a persona."""
    group: str
    """The persona's group; empty without one."""
    reference: float
    judge: float


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval, both None where they are not measured, with the reason."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True)
class Bias:
    """How much more the judge gives one group than the other, measured by the reference marks."""

    first: str
    second: str
    documents: Mapping[str, int]
    """By group."""
    differences: Mapping[str, float]
    """Mean of judge minus reference by group, in marks; of groups with documents."""
    difference: Interval
    """The first group's mean minus the second's, in marks."""

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and not low <= 0.0 <= high


@dataclass(frozen=True)
class Agreement:
    """How two readers agree on one axis."""

    axis: str
    documents: int
    """Marked by both."""
    personas: int
    kappa: Interval
    offset: float | None
    """Mean of judge minus reference, in marks; None without documents."""
    only_reference: int
    """Documents that only the reference marks: the judge says `not judged`."""
    only_judge: int
    """Documents that only the judge marks: the reference says it can't be judged."""
    bias: Bias | None
    """None where the file declares no groups."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        found = asdict(self)
        if self.bias is not None:
            found["bias"]["clear"] = self.bias.clear
        return found


def weighted_kappa(pairs: Sequence[Pair]) -> float | None:
    """Return the quadratic weighted kappa; None where both readers gave one and the same mark throughout."""
    n = len(pairs)
    apart = sum((one.reference - one.judge) ** 2 for one in pairs)
    references, judged = [one.reference for one in pairs], [one.judge for one in pairs]
    squares = sum(mark * mark for mark in (*references, *judged))
    chance = n * squares - 2.0 * sum(references) * sum(judged)
    return None if chance <= 1e-9 else 1.0 - n * apart / chance


def agreement(
    axis: str, pairs: Sequence[Pair], groups: Sequence[str] = (), *, only_reference: int = 0, only_judge: int = 0
) -> Agreement:
    """Return the agreement on the documents of one axis that both readers marked."""
    return Agreement(
        axis,
        len(pairs),
        len({one.persona for one in pairs}),
        _kappa(pairs),
        _rounded(_offset(pairs)),
        only_reference,
        only_judge,
        _bias(pairs, groups[0], groups[1]) if len(groups) == 2 else None,
    )


def _kappa(pairs: Sequence[Pair]) -> Interval:
    few = _too_few(pairs)
    if few:
        return Interval(None, None, None, few)
    value = weighted_kappa(pairs)
    if value is None:
        return Interval(None, None, None, f"both give every document {pairs[0].judge:g}, so nothing can be compared")
    return _interval(value, [pairs], lambda drawn: weighted_kappa(drawn[0]))


def _bias(pairs: Sequence[Pair], first: str, second: str) -> Bias:
    sides = [[one for one in pairs if one.group == group] for group in (first, second)]
    means = {group: _offset(side) for group, side in zip((first, second), sides, strict=True)}
    known = {group: round(mean, 4) for group, mean in means.items() if mean is not None}
    counts = {group: len(side) for group, side in zip((first, second), sides, strict=True)}
    few = next((f"{group}: {why}" for group, side in zip(counts, sides, strict=True) if (why := _too_few(side))), "")
    value = _difference(sides)
    if few or value is None:
        return Bias(first, second, counts, known, Interval(None, None, None, few))
    return Bias(first, second, counts, known, _interval(value, sides, _difference))


def _difference(sides: Sequence[Sequence[Pair]]) -> float | None:
    one, other = _offset(sides[0]), _offset(sides[1])
    return None if one is None or other is None else one - other


def _offset(pairs: Sequence[Pair]) -> float | None:
    return sum(one.judge - one.reference for one in pairs) / len(pairs) if pairs else None


def _too_few(pairs: Sequence[Pair]) -> str:
    """Return why so few documents give no number; empty where they are enough."""
    personas = len({one.persona for one in pairs})
    if len(pairs) < FEWEST_DOCUMENTS:
        return f"{len(pairs)} documents are marked by both, at least {FEWEST_DOCUMENTS} are needed"
    if personas < FEWEST_PERSONAS:
        return f"they are of {personas} personas, at least {FEWEST_PERSONAS} are needed"
    return ""


def _interval(
    value: float, sides: Sequence[Sequence[Pair]], number: Callable[[Sequence[Sequence[Pair]]], float | None]
) -> Interval:
    """Return a number with its interval; each side's personas are drawn for themselves, with replacement."""
    rng = Random(_SEED)  # noqa: S311 (repeatable draws are the point)
    clusters: list[list[list[Pair]]] = []
    for side in sides:
        of: dict[str, list[Pair]] = {}
        for one in side:
            of.setdefault(one.persona, []).append(one)
        clusters.append([of[persona] for persona in sorted(of)])
    found = []
    for _ in range(DRAWS):
        drawn = [[one for some in rng.choices(side, k=len(side)) for one in some] for side in clusters]
        seen = number(drawn)
        if seen is not None:
            found.append(seen)
    if len(found) < _DEFINED * DRAWS:
        return Interval(_rounded(value), None, None, "too many draws of these documents have one and the same mark")
    found.sort()
    low, high = found[int(_TAIL * len(found))], found[min(len(found) - 1, int((1.0 - _TAIL) * len(found)))]
    return Interval(_rounded(value), _rounded(low), _rounded(high))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
