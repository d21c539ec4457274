"""What was read of a brief so far, while it is being read."""

from __future__ import annotations

from personaforge.brief.aside import of_others, of_the_past
from personaforge.brief.fact import Fact, Value
from personaforge.brief.language import Language
from personaforge.brief.text import Text


class Found:
    """The facts so far, and which characters belong to one."""

    def __init__(self, text: Text, words: Language, *, whole: bool = False) -> None:
        """`whole`: as if all of the text were of its person today, and nothing denied."""
        self.whole = whole
        self.text, self.words = text, words
        self.facts: list[Fact] = []
        self.taken = bytearray(len(text.plain) + 1)
        self.others = bytearray(len(text.plain) + 1)
        """Which characters speak of somebody else: no fact is read of them."""
        self.past = bytearray(len(text.plain) + 1)
        """Which characters say how somebody looked in former times."""
        for spans, marked in (
            (() if whole else of_others(text, words.tag), self.others),
            (() if whole else of_the_past(text.plain, words.tag), self.past),
        ):
            for start, end in spans:
                marked[start:end] = b"\1" * (end - start)
        self.beard: tuple[int, int] | None = None
        """Where the person's first beard is, once looks are read."""
        self.names: list[tuple[int, int, bool]] | None = None
        """Where names of places and occupations are, once somebody has looked; see `denied`."""

    def is_free(self, start: int, end: int) -> bool:
        """Return whether no character from one index to another belongs to a fact, or speaks of somebody else."""
        return not any(self.taken[start:end]) and not any(self.others[start:end])

    def is_aside(self) -> bool:
        """Return whether anything is of somebody else, or of former times."""
        return any(self.others) or any(self.past)

    def is_past(self, start: int, end: int) -> bool:
        """Return whether characters say how somebody looked in former times."""
        return any(self.past[start:end])

    def fact(self, kind: str, path: str, value: Value, start: int, end: int) -> Fact:
        """Return a fact whose words are from one index of the plain text to another."""
        return Fact(kind, path, value, self.text.words(start, end), start, end)

    def add(self, fact: Fact) -> None:
        """Keep a fact; its words are nobody else's from here on. It is kept with indices into the brief."""
        self.taken[fact.start : fact.end] = b"\1" * (fact.end - fact.start)
        places = self.text.places
        self.facts.append(fact._replace(start=places[fact.start], end=places[fact.end]))
