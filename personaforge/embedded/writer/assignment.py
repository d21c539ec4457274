"""The input of one drafting call: the brief, the pins, the sections before it, an auditor's findings, and a seed.

An assignment never changes. All chance comes from its named streams, each seeded by everything that may shape the draft
and by the stream's own name: pinning one field doesn't change the draws of the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from personaforge.digest import canonical, derive_seed
from personaforge.embedded.writer.reading import Reading, avoided, genres_in, read
from personaforge.embedded.writer.words import fold
from personaforge.errors import Refused

SECTIONS = ("intent", "soul", "self", "mask", "surface", "lifestyle", "dna", "audit")
"""Sections with rules of their own."""

_QUOTED = re.compile(r"[\"“«]([^\"”»]{3,})[\"”»]|(?<!\w)['‘]([^'’]{3,})['’](?!\w)")
_LIMIT = r"at (least|most) (\d+(?:\.\d+)?)"
_ADVICE = re.compile(rf"([a-z_]+(?:\.[a-z_]+)+) be {_LIMIT}(?: and {_LIMIT})?")


class Finding(NamedTuple):
    """A fault that an auditor found."""

    section: str
    problem: str
    advice: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One section to draft."""

    section: str
    brief: str
    pinned: Mapping[str, Any]
    """What the user wrote for this section."""
    sections: Mapping[str, Any]
    """Sections drafted before this one, any of which may be missing."""
    findings: tuple[Finding, ...]
    """Findings about this section."""
    contexts: Mapping[str, Mapping[str, Any]]
    """The named fashion contexts."""
    schema: Mapping[str, Any]
    seed: int
    pins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the user wrote for all sections, by section; only a second reader is told."""
    facts: tuple[Mapping[str, Any], ...] = ()
    """What the request tells of the brief beside it."""
    language: str = ""
    """The language that signature phrases are to be in: es, ja; empty for the writer's own, English."""
    material: tuple[str, ...] = ()
    """The texts of the brief's files; only the step that summarises them is told."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Assignment:
        """Read a request's fields. Raises Refused when it isn't a request for a section."""
        context = fields.get("context") or {}
        section, schema = fields.get("section"), fields.get("schema")
        if not isinstance(section, str) or not isinstance(schema, Mapping) or not isinstance(context, Mapping):
            raise Refused(
                "embedded text needs a section, its schema and a context", hint="declare the step's output schema"
            )
        sections = context.get("sections") or {}
        return cls(
            section=section,
            brief=str(context.get("brief") or ""),
            pinned=context.get("pinned") or {},
            sections=sections,
            findings=tuple(_about(section, sections, context.get("findings") or ())),
            contexts=(context.get("fashion") or {}).get("contexts") or {},
            schema=schema,
            seed=int(fields.get("seed") or 0),
            pins=context.get("pins") or {},
            facts=tuple(fields.get("facts") or ()),
            language=str(fields.get("language") or ""),
            material=tuple(str(text) for text in context.get("material") or ()),
        )

    @property
    def reading(self) -> Reading:
        """What the brief says."""
        found = read(self.brief)
        if not self.facts:
            return found
        from personaforge.embedded.writer.facts import with_facts

        return with_facts(found, self.facts, self.brief)

    @property
    def document(self) -> dict[str, Any]:
        """The sections so far, with the pins as the beginning of this one."""
        return {**self.sections, self.section: self.pinned}

    @property
    def avoid(self) -> frozenset[str]:
        """Tags that the constraints of the brief or of the intent exclude."""
        stated = self.known("intent.constraints")
        return self.reading.avoid | avoided(text for text in stated or () if isinstance(text, str))

    def rng(self, stream: str) -> Random:
        """Return the random stream of this name."""
        findings = canonical([list(finding) for finding in self.findings]).decode() if self.findings else ""
        seed = derive_seed("embedded text", str(self.seed), self.brief, self.section, findings, stream)
        return Random(seed)  # noqa: S311 (repeatable draws are the point; nothing here is secret)

    def known(self, path: str) -> Any:
        """Return the value at a dotted path that begins with a section, pinned or drafted before; None if unknown."""
        value: Any = self.document
        for key in path.split("."):
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        return value

    def text(self, path: str) -> str:
        """Return the text at a path; empty if unknown."""
        value = self.known(path)
        return value if isinstance(value, str) else ""

    def genres(self) -> dict[str, float]:
        """Return this person's genres: the intent's, or else those that the brief's words indicate."""
        stated = self.known("intent.genre")
        found = genres_in(text for text in stated or () if isinstance(text, str))
        return found or dict(self.reading.genres)

    def barred(self, text: str) -> bool:
        """Return whether a finding about this section quotes the text, or a part of it: such a text isn't used
        again."""
        folded = fold(text)
        return any(quote in folded or folded in quote for quote in self._quotes())

    def allowed(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return the choices that no finding quotes; all of them if none would be left."""
        if not self.findings:
            return dict(weights)
        left = {text: weight for text, weight in weights.items() if not self.barred(text)}
        return left or dict(weights)

    def advised(self, path: str, low: float, high: float) -> tuple[float, float]:
        """Return the bounds of a number, narrowed by findings that say `<path> be at least <number>`."""
        for finding in self.findings:
            for name, *sides in _ADVICE.findall(finding.advice):
                for side, number in zip(sides[::2], sides[1::2], strict=True):
                    if name == path and side:
                        limit = max(low, min(high, float(number)))
                        low, high = (limit, high) if side == "least" else (low, limit)
        return low, high

    def _quotes(self) -> list[str]:
        texts = [f"{finding.problem} {finding.advice}" for finding in self.findings]
        return [fold(first or second) for text in texts for first, second in _QUOTED.findall(text)]


def _about(section: str, sections: Mapping[str, Any], findings: Any) -> list[Finding]:
    """Return the findings that name this section, give a bound for one of its numbers, or name no section at all
    (`overall`)."""
    kept = []
    for entry in findings:
        named = str(entry.get("section", "")).partition(".")[0]
        if named == section or named not in {*SECTIONS, *sections} or f"let {section}." in str(entry.get("advice", "")):
            kept.append(Finding(named, str(entry.get("problem", "")), str(entry.get("advice", ""))))
    return kept


def overlay(draft: Any, pins: Any) -> Any:
    """Return a draft with the pins laid over it: mappings are merged, anything else, lists included, is replaced."""
    if isinstance(draft, Mapping) and isinstance(pins, Mapping):
        merged = {key: overlay(value, pins[key]) if key in pins else value for key, value in draft.items()}
        return merged | {key: value for key, value in pins.items() if key not in draft}
    return pins
