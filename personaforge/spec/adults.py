"""Which texts of a composed persona are read by `personaforge.guard`, and what it refuses as problems of the spec.

Read is what reaches a prompt or a page: id, brief, description, tags and pins; scenes, poses, clothes and motions; the
lines that are spoken; options that are passed to models; and the project's own output schemas, whose descriptions
stand in prompts. What a negative prompt rules out is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from personaforge.errors import Problem
from personaforge.guard.likeness import likeness
from personaforge.guard.reading import Finding, Passage, findings, passages_of
from personaforge.spec.consent import SYNTHETIC

_SAID = ("brief", "description", "tags")
_SHOWN = ("matrix", "fashion", "motion")
"""Groups that say what a picture shows."""
_OPTIONS = ("image", "video", "speech")
_DRAWN = ("dna",)
"""Sections of pins that say what a picture shows."""


def named_likeness(composed: Mapping[str, Any]) -> Finding | None:
    """Return where a composed persona means somebody real whom its subject doesn't name; None where it doesn't."""
    if composed.get("subject", SYNTHETIC) != SYNTHETIC:
        return None
    said = [one for one in persona_passages(composed) if one.path.partition(".")[0] in (*_SAID, "pinned")]
    own = [one.text for one in said if one.path == "pinned.surface.name"]
    people = composed.get("people")
    denied = people.get("deny") if isinstance(people, Mapping) else ()
    return likeness(said, own, [str(name) for name in denied or ()])


class Refusal(NamedTuple):
    """What of one persona was refused."""

    persona: str
    file: str
    """As messages show it."""
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as a record has it: rules and words, without the text around them."""
        found = [{"path": one.path, "rule": one.rule, "words": list(one.words)} for one in self.findings]
        return {"persona": self.persona, "file": self.file, "findings": found}


def persona_passages(composed: Mapping[str, Any]) -> Iterator[Passage]:
    """Yield every free text of a composed persona."""
    yield Passage("id", str(composed.get("id", "")).replace("-", " "))
    for index, former in enumerate(composed.get("formerly") or ()):
        yield Passage(f"formerly.{index}", str(former).replace("-", " "))
    for name in _SAID:
        yield from passages_of(composed.get(name), name)
    pinned = composed.get("pinned")
    for section, values in pinned.items() if isinstance(pinned, Mapping) else ():
        yield from passages_of(values, f"pinned.{section}", section in _DRAWN)
    for name in _SHOWN:
        yield from passages_of(composed.get(name), name, True)
    steps = (composed.get("pipeline") or {}).get("steps") if isinstance(composed.get("pipeline"), Mapping) else None
    for step, declared in steps.items() if isinstance(steps, Mapping) else ():
        if isinstance(declared, Mapping):
            yield from passages_of(declared.get("lines"), f"pipeline.steps.{step}.lines")
    for name in _OPTIONS:
        group = composed.get(name)
        options = group.get("options") if isinstance(group, Mapping) else None
        for model, values in options.items() if isinstance(options, Mapping) else ():
            if isinstance(values, Mapping):
                kept = {key: value for key, value in values.items() if "negative" not in str(key).lower()}
                yield from passages_of(kept, f"{name}.options.{model}", True)


def section_findings(section: Any, name: str) -> list[Finding]:
    """Return what is refused in a drafted section, or in its schema: it becomes a part of prompts, whoever wrote it."""
    return findings(passages_of(section, "", name in _DRAWN))


def adult_problems(found: Iterable[Finding], where: str) -> list[Problem]:
    """Return findings as problems of a file."""
    return [Problem(where, one.path, one.message, one.hint) for one in found]


def persona_findings(composed: Mapping[str, Any]) -> list[Finding]:
    """Return what is refused in a composed persona."""
    return findings(persona_passages(composed))
