"""What a brief states, as values: a fact with its words, and a whole reading."""

from __future__ import annotations

from typing import NamedTuple

Value = str | int | tuple[int, int]


class Fact(NamedTuple):
    """One thing that a brief states about its person."""

    kind: str
    """age, gender, name, occupation, retired, country, city, people, language, height, look, mark, beard, thing, or
    exclusion."""
    path: str
    """Where a document has it, such as `surface.age`; empty where no single field does."""
    value: Value
    """In the document's terms: ages as (youngest, oldest) in years, a height in cm, other things in English. An
    exclusion names what is excluded."""
    words: str
    """The brief's own words."""
    start: int
    end: int
    """Where they are: indices into the brief."""


class Span(NamedTuple):
    """Words of a brief that state something that no rule read."""

    words: str
    start: int
    end: int


class BriefReading(NamedTuple):
    """Everything that was read in a brief, and what wasn't."""

    language: str
    """The tag of the language by whose lists it was read: the nearest one."""
    facts: tuple[Fact, ...]
    """In the order of the brief."""
    unread: tuple[Span, ...]
    """Runs of words that carry meaning and belong to no fact."""
    asides: tuple[tuple[int, int], ...] = ()
    """Where words stand that would be facts if they weren't said of somebody else or of former times: indices into the
    brief."""
    is_recognised: bool = True
    """Whether the brief is in that language, as far as its words tell; see `recognition`."""

    def value(self, path: str) -> Value | None:
        """Return the first value that is stated for a path and isn't an exclusion; None if there is none."""
        return next((fact.value for fact in self.facts if fact.path == path and fact.kind != "exclusion"), None)
