"""How a full name is put together: order, patronymics, second surnames and surnames with a form for each gender.

A pattern has the slots given, family, family2, middle and father. A family name of the tables may be written
`man's form/woman's form` (Novák/Nováková). What a gender or a people does otherwise stands in a locale's `patterns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from personaforge.embedded.writer.words import fold

ABROAD = "{given} {family}"
"""How a name with another order is written where the family has settled."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The customs of a locale."""

    pattern: str
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Gender or people to the pattern that it has instead. A people's comes first."""
    middle: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Middle names for woman and man."""
    father: tuple[str, ...] = ()
    """Fathers' names in the form that a patronymic is made of. Where it is the plain name, it is listed as family."""

    def full(self, rng: Random, given: str, surnames: Sequence[str], gender: str, people: str, abroad: bool) -> str:
        """Return a full name with this given name. Only what the pattern asks for is drawn from the random stream."""
        pattern = self.patterns.get(people) or self.patterns.get(gender) or self.pattern
        if abroad and not pattern.startswith("{given}"):
            pattern = ABROAD
        first, second = rng.sample(surnames, 2)
        if fold(first) == fold(given):
            first, second = second, first
        slots = {"given": given, "family": form(rng, first, gender), "family2": form(rng, second, gender)}
        if "{middle}" in pattern:
            offered = self.middle.get(gender) or tuple(name for names in self.middle.values() for name in names)
            slots["middle"] = rng.choice([name for name in offered if fold(name) != fold(given)])
        if "{father}" in pattern:
            slots["father"] = rng.choice(self.father)
        return pattern.format(**slots)

    def patronymics(self) -> Iterator[str]:
        """Yield every second name that the locale's own fathers' names make."""
        for pattern in {self.pattern, *self.patterns.values()}:
            for word in pattern.split():
                if "{father}" in word:
                    yield from (word.format(father=name) for name in self.father)


def forms(family: str) -> tuple[str, ...]:
    """Return the forms of a family name: one, or a man's and a woman's."""
    return tuple(family.split("/"))


def form(rng: Random, family: str, gender: str) -> str:
    """Return the form of a family name that somebody has; a nonbinary person has either."""
    both = forms(family)
    if len(both) == 1:
        return family
    return both[0] if gender == "man" else both[1] if gender == "woman" else rng.choice(both)
