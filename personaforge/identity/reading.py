"""What the second reader's votes come to, and how far they agree with what is measured. Plain arithmetic, no model.

A vote answers the whole checklist, or isn't usable: then it counts for nothing, and what more than half of *all* votes
say is still needed. So votes that are missing never make a majority easier.

    kappa   Cohen's (1960, doi:10.1177/001316446002000104): (po - pe) / (1 - pe), where po is the share of pictures
            about which both say the same, and pe that share if each gave its own answers by chance. Not defined where
            pe is 1: both said one and the same of every picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from personaforge.identity.checklist import CANNOT_SEE, CHANGED, CHECKLIST, OTHER, SAME, class_of

ANCHOR: Final = "anchor"
WORDS: Final = "words"
"""What an attribute is compared with: the anchor's picture, or the words that the persona has for it."""
COMPARED: Final = "same or changed"
"""Name of the agreement over all attributes; the others are called as the items of the checklist."""

Vote = Mapping[str, Mapping[str, str]]
"""A usable answer: by attribute `seen` and `compared`."""


def majority(votes: Sequence[str], asked: int) -> str:
    """Return what more than half of all `asked` votes say; `cannot see` where nothing is said by as many."""
    for word, count in Counter(votes).most_common(1):
        if 2 * count > asked:
            return word
    return CANNOT_SEE


def counted(votes: Sequence[Vote], asked: int, against: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what the votes come to, by attribute: `asked` (the words it was compared with, empty for the anchor),
    `against`, `seen`, `compared`, and `votes`, how many said what of `compared`.

    `against` has the words by attribute. A free description is the first of those that agree with `compared`.
    """
    found = {}
    for item in CHECKLIST:
        given = [vote[item.name] for vote in votes]
        compared = majority([one["compared"] for one in given], asked)
        if item.words:
            seen = majority([one["seen"] for one in given], asked)
        else:
            seen = next((one["seen"] for one in given if one["compared"] == compared), CANNOT_SEE)
        words = against.get(item.name, "")
        found[item.name] = {
            "asked": words,
            "against": WORDS if words else ANCHOR,
            "seen": seen,
            "compared": compared,
            "votes": dict(sorted(Counter(one["compared"] for one in given).items())),
        }
    return found


def changed_share(attributes: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Return the share of attributes that have changed, of those that could be compared; None where none could."""
    said = [one["compared"] for one in attributes.values() if one["compared"] in (SAME, CHANGED)]
    return round(said.count(CHANGED) / len(said), 6) if said else None


class Agreement(NamedTuple):
    """How far two readers agree about one thing."""

    name: str
    """The item of the checklist, or `same or changed`."""
    pictures: int
    """Answers that both gave; of `same or changed` attributes of pictures."""
    agreed: int
    kappa: float | None
    """Cohen's kappa; None where it isn't defined."""

    @property
    def share(self) -> float | None:
        """The share of answers that agree, [0, 1]; None without any."""
        return self.agreed / self.pictures if self.pictures else None

    def as_json(self) -> dict[str, Any]:
        """Return the agreement as JSON."""
        return {"about": self.name, "n": self.pictures, "agreed": self.agreed, "share": self.share, "kappa": self.kappa}


def agreement(name: str, pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Return the agreement of pairs of answers, the one reader's first."""
    n, agreed = len(pairs), sum(one == other for one, other in pairs)
    return Agreement(name, n, agreed, _kappa(pairs))


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    n = len(pairs)
    if not n:
        return None
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    # In whole numbers, so that 1 - pe is exactly 0 where it is.
    by_chance = sum(first[word] * second[word] for word in first)
    if by_chance == n * n:
        return None
    agreed = sum(one == other for one, other in pairs)
    return round((agreed * n - by_chance) / (n * n - by_chance), 6)


def agreements(read: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> tuple[Agreement, ...]:
    """Return how far readings agree with what is measured of the same pictures: one for each attribute of which both
    have said something, and before them `same or changed` over all of these. Empty where nothing is in both.

    `read` are a reading (`attributes` by name) and the picture's `likeness` of its evaluation. What is seen is compared
    in classes of words that measuring can tell apart. Same or changed is compared where both were about the words of
    the DNA, and for glasses where both were about the anchor.
    """
    seen: dict[str, list[tuple[str, str]]] = {}
    verdicts: list[tuple[str, str]] = []
    for reading, likeness in read:
        attributes = reading.get("attributes", {})
        measured = {one["name"]: one for one in likeness.get("readings", ()) if one["agrees"] is not None}
        for item in CHECKLIST:
            said = attributes.get(item.name)
            if said is None:
                continue
            other = measured.get(item.measured)
            if other is not None and said["seen"] not in (CANNOT_SEE, OTHER):
                word = class_of(item.name, str(other["seen"]).partition(" or ")[0])
                seen.setdefault(item.name, []).append((class_of(item.name, said["seen"]), word))
            verdict = _measured_verdict(item.name, said, other, likeness)
            if verdict and said["compared"] in (SAME, CHANGED):
                verdicts.append((said["compared"], verdict))
    found = [agreement(item.name, seen[item.name]) for item in CHECKLIST if item.name in seen]
    return (*([agreement(COMPARED, verdicts)] if verdicts else []), *found)


def _measured_verdict(
    name: str, said: Mapping[str, Any], other: Mapping[str, Any] | None, likeness: Mapping[str, Any]
) -> str:
    """Return what measuring says of the very comparison that was read; empty where it says nothing of that."""
    if name == "glasses":
        put_on = likeness.get("glasses_change") if said["against"] == ANCHOR else None
        return "" if put_on is None else CHANGED if put_on else SAME
    if other is None or said["against"] != WORDS or said["asked"] != other["asked"]:
        return ""
    return SAME if other["agrees"] else CHANGED


def shown(one: Agreement) -> str:
    """Return an agreement in words: `hair_color: 18 of 19 agree, kappa 0.91`."""
    kappa = "kappa not defined, both say the same of all" if one.kappa is None else f"kappa {one.kappa:.2f}"
    return f"{one.name.replace('_', ' ')}: {one.agreed} of {one.pictures} agree, {kappa}"
