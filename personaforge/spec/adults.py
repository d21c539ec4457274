"""Which texts of a composed persona are read by `personaforge.guard`, and what it refuses as problems of the spec.

Read is what reaches a prompt or a page: id, brief with its files, description, tags and pins; scenes, poses, clothes
and motions; the lines that are spoken; options that are passed to models; and the project's own output schemas, whose
descriptions stand in prompts. What a negative prompt rules out is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.brief.material import Material, pieces, place_of_words
from personaforge.errors import Problem
from personaforge.guard.likeness import likeness
from personaforge.guard.reading import Finding, Passage, findings, passages_of
from personaforge.spec.consent import SYNTHETIC

_SAID = ("brief", "description", "tags")
_FILE, _FROM = "brief.files.", " from character "
"""What the paths of passages begin with that are parts of a brief's files, before the file's index, and what stands
before the part's first character. The file's name is a passage, too, and has no such part."""
_SHOWN = ("matrix", "fashion", "motion")
"""Groups that say what a picture shows."""
_PINNED_AGE = "pinned.surface.age"
_OPTIONS = ("image", "video", "speech")
_DRAWN = ("dna",)
"""Sections of pins that say what a picture shows."""


def named_likeness(composed: Mapping[str, Any], material: Sequence[Material] = ()) -> Finding | None:
    """Return where a composed persona means somebody real whom its subject doesn't name; None where it doesn't."""
    if composed.get("subject", SYNTHETIC) != SYNTHETIC:
        return None
    said = [one for one in persona_passages(composed, material) if one.path.partition(".")[0] in (*_SAID, "pinned")]
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


def persona_passages(composed: Mapping[str, Any], material: Sequence[Material] = ()) -> Iterator[Passage]:
    """Yield every free text of a composed persona, and of the files of its brief."""
    yield Passage("id", str(composed.get("id", "")).replace("-", " "))
    for index, former in enumerate(composed.get("formerly") or ()):
        yield Passage(f"formerly.{index}", str(former).replace("-", " "))
    for name in _SAID:
        yield from passages_of(composed.get(name), name)
    for index, file in enumerate(material):
        for start, text in pieces(file.text):
            yield Passage(f"{_FILE}{index}{_FROM}{start}", text)
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


def adult_problems(found: Iterable[Finding], where: str, material: Sequence[Material] = ()) -> list[Problem]:
    """Return findings as problems of a file: the persona's, or the one beside it that has the words, with the line."""
    return [Problem(_place(one, where, material), _path(one), one.message, _hint(one)) for one in found]


def without_repeats(problems: Iterable[Problem], refused: Sequence[Problem]) -> list[Problem]:
    """Return what else is wrong without what the guard has refused already: a pinned age below its minimum."""
    told = {one.path for one in refused}
    return [one for one in problems if one.path != _PINNED_AGE or one.path not in told or "minimum" not in one.message]


def _hint(one: Finding) -> str:
    """Return what to do: a pinned age is nobody else's, and not long ago."""
    return "pin an age of 18 or more" if one.path == _PINNED_AGE else one.hint


def _place(one: Finding, where: str, material: Sequence[Material]) -> str:
    index, part, start = one.path.removeprefix(_FILE).partition(_FROM)
    return place_of_words(material[int(index)], one.words, int(start)) if part else where


def _path(one: Finding) -> str:
    return one.path.partition(_FROM)[0]


def persona_findings(
    composed: Mapping[str, Any],
    material: Sequence[Material] = (),
    packaged: Callable[[], Mapping[str, Any]] = dict,
) -> list[Finding]:
    """Return what is refused in a composed persona.

    `packaged` gives forge's own composed values, and is asked only where something would be refused: forge's scenes are
    for everybody, so that there is a classroom among them is no hint of youth beside a brief that speaks of novels.
    """
    passages = list(persona_passages(composed, material))
    if not findings(passages):
        return []
    ours = {(one.path, one.text) for name in _SHOWN for one in passages_of(packaged().get(name), name, True)}
    return findings(one for one in passages if (one.path, one.text) not in ours)
