"""The faces already issued in a project: the shapes that the locks of its personas pin, and what a plan says of them.

Locks are all that is read, so a fresh clone knows the same faces as the machine that built them. A lock whose persona
file is gone counts: its face was issued. A persona without a shape in the lock (hosted images, or an anchor from before
faces were placed) doesn't count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import StoreError
from personaforge.listing import listed
from personaforge.plan.plan import Reason
from personaforge.providers.protocols import Placer
from personaforge.spec.load import Loaded
from personaforge.spec.names import Names, read_names
from personaforge.spec.project import ID_PATTERN, Project
from personaforge.steps.action import Outcome
from personaforge.steps.context import ANCHOR, SHAPE
from personaforge.steps.placing import NOT_COMPARED, not_compared
from personaforge.store.lockfile import Pin, read_lock

_MARK = b'"' + SHAPE.encode() + b'":'
_SUFFIX = ".lock.yaml"


class Neighbour(NamedTuple):
    """Who of a project looks most like a persona."""

    persona: str
    distance: float
    """About 1 - the cosine of the two anchors' embeddings; see `providers.protocols.Placer`."""
    close: float
    """The distance below which the persona's settings call two faces alike."""
    anchor_step: str = ANCHOR
    """What the persona's pipeline calls the step that chooses its anchor."""

    def as_json(self) -> dict[str, str | float | bool]:
        """Return the neighbour as JSON."""
        return {"persona": self.persona, "distance": self.distance, "alike": self.distance < self.close}


class Issued:
    """Reads the locks of a project, each folder once."""

    def __init__(self, project: Project, names: Names | None = None, *, lenient: bool = False) -> None:
        self._project = project
        self._names = names if names is not None else read_names(project)
        self._lenient = lenient
        """Whether locks that can't be read are passed over; not where a new face has to keep away from theirs."""
        self._own = project.personas
        self._known: dict[Path, dict[str, str]] = {}

    def all(self, folder: Path | None = None) -> dict[str, str]:
        """Return the shapes by persona, from `personas/`, the folders below it, and the folder of a lock elsewhere.
        Raises StoreError."""
        found: dict[str, str] = {}
        places = [self._own] if folder is None or folder.is_relative_to(self._own) else [self._own, folder]
        for one in places:
            if one not in self._known:
                locks = self._project.lock_files() if one == self._own else one.glob("*" + _SUFFIX)
                self._known[one] = _shapes(locks, self._names, self._lenient)
            found.update(self._known[one])
        return dict(sorted(found.items()))

    def besides(self, lock: Path, persona: str) -> dict[str, str]:
        """Return the shapes of all personas except one, whose lock this is. Raises StoreError."""
        return {name: shape for name, shape in self.all(lock.parent).items() if name != persona}


def neighbours(project: Project, personas: Iterable[Loaded]) -> dict[str, Neighbour]:
    """Return the nearest issued face of each persona that has a face and is not the only one. Raises StoreError."""
    from personaforge.providers.table import placers

    issued, personas = Issued(project, lenient=True), list(personas)
    near: dict[str, tuple[str, float]] = {}
    for folder in {one.lock.parent for one in personas}:
        names, shapes = [one.settings.id for one in personas if one.lock.parent == folder], issued.all(folder)
        for placer in placers():  # a shape is of the one that can read it
            near.update(placer.nearest(names, shapes))
    return {
        one.id: Neighbour(*near[one.id], one.value("image.placement.close"), one.step_of(ANCHOR))
        for one in (loaded.settings for loaded in personas)
        if one.id in near
    }


def alike_notes(found: Mapping[str, Neighbour]) -> list[str]:
    """Return a sentence for every two personas that look alike, with a hint."""
    notes: dict[frozenset[str], str] = {}
    for name, near in found.items():
        if near.distance < near.close:
            notes.setdefault(
                frozenset((name, near.persona)),
                f"{name} looks like {near.persona}: their faces are {near.distance:.2f} apart, less than "
                f"{near.close:g}; pin other features in its dna, and choose a new face: "
                f"forge build {name} --repin {near.anchor_step}",
            )
    return list(notes.values())


def to_be_pinned(outcome: Outcome | None, pin: Pin | None) -> bool:
    """Tell whether a known place is not yet in the lock, into which it is written so that others keep away from it."""
    if outcome is None or not outcome.outputs:
        return False
    digests = {name: output.artifact.digest for name, output in outcome.outputs.items()}
    return pin is None or pin.key != outcome.key or dict(pin.outputs) != digests


def issued_reason(issued: Mapping[str, str], placer: Placer | None = None) -> tuple[Reason, ...]:
    """Say from whom a new face will keep away, where its DNA isn't known yet, and with whom it can't be compared."""
    apart = not_compared(placer, issued) if placer is not None else []
    near = [name for name in issued if name not in apart]
    found = [f"will keep away from {listed(near)}"] if near else []
    return tuple(Reason("issued", text) for text in (*found, *_apart_text(apart)))


def _apart_text(apart: Sequence[str]) -> list[str]:
    return [f"is not compared with {listed(apart)}, whose anchors another painter drew"] if apart else []


def placed_reason(outcome: Outcome) -> tuple[Reason, ...]:
    """Say where a face will lie, as far as the locks show now."""
    facts, found = outcome.facts, []
    if "nearest" in facts:
        others = "the only face" if facts["issued"] == 1 else f"the nearest of {facts['issued']} faces"
        found.append(f"will lie {facts['distance']:.2f} from {facts['nearest']}, {others} issued")
    return tuple(Reason("issued", text) for text in (*found, *_apart_text(facts.get(NOT_COMPARED, ()))))


def _shapes(locks: Iterable[Path], names: Names, lenient: bool) -> dict[str, str]:
    """Return the shapes that locks pin, by what their personas are called now."""
    found: dict[str, str] = {}
    for path in sorted(locks, key=lambda path: _is_former(path, names)):
        persona = path.name.removesuffix(_SUFFIX)
        if not re.match(ID_PATTERN, persona):
            continue  # such as the temporary file of a lock that another build is about to put in place
        try:
            lock = read_lock(path, persona, names.formerly(persona))
        except StoreError:
            if lenient:
                continue
            raise
        present = names.present(persona)
        if present != persona and present in found:
            continue  # what a former id left behind; the persona has a lock of its own
        for name in lock.names():
            if _MARK in lock.line(name):
                pin = lock.pin(name)
                shape = pin.facts.get(SHAPE) if pin is not None else None
                if isinstance(shape, str):
                    found[present] = shape
    return found


def _is_former(path: Path, names: Names) -> tuple[bool, str]:
    """Put the locks under present ids first."""
    persona = path.name.removesuffix(_SUFFIX)
    return names.present(persona) != persona, persona
