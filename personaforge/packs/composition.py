"""Composed packs on this machine: which of their parts are here, and under which licence each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.faces.composed import ComposedPack, find_composed
from personaforge.faces.packs import PackMissing
from personaforge.packs.catalog import Catalog, Licence, Pin


class ListedPart(NamedTuple):
    """One part, as it is declared."""

    role: str
    name: str
    file: str
    pack: str | None
    """The pack that has the file; None for a part that comes with forge."""
    pin: Pin
    licence: Licence
    """Of these bytes, whatever their pack says."""


@dataclass(frozen=True, slots=True)
class ListedComposition:
    """A line of `forge models list` for a composed pack."""

    name: str
    title: str
    parts: tuple[ListedPart, ...]
    found: ComposedPack | PackMissing

    @property
    def use(self) -> str | None:
        """What all parts together may be used for, as they are declared; None where nobody says of one."""
        uses = {part.licence.use for part in self.parts}
        return "research" if "research" in uses else None if None in uses else "commercial"

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; the files of parts that were found have the digest that they have."""
        here = {part.role: part for part in self.found.parts} if isinstance(self.found, ComposedPack) else {}
        missing = {} if isinstance(self.found, ComposedPack) else {"reason": self.found.reason, "hint": self.found.hint}
        return {
            "name": self.name,
            "title": self.title,
            "use": self.use,
            "here": not missing,
            "digest": self.found.digest if isinstance(self.found, ComposedPack) else None,
            **missing,
            "parts": [
                {
                    "role": part.role,
                    "name": part.name,
                    "file": part.file,
                    "pack": part.pack,
                    "size": part.pin.size,
                    "sha256": part.pin.sha256,
                    "found": here[part.role].sha256 if part.role in here else None,
                    "licence": part.licence.model_dump(),
                }
                for part in self.parts
            ],
        }


def list_composed(catalog: Catalog, folders: Sequence[Path] | None = None) -> list[ListedComposition]:
    """Return the known composed packs. Reads the files of those whose parts are all here, as a build does."""
    return [
        ListedComposition(name, known.title, _parts(catalog, name), find_composed(name, catalog.wanted(name), folders))
        for name, known in catalog.composed.items()
    ]


def part_faults(listed: ListedComposition) -> list[str]:
    """Return which parts that are here don't have the bytes that are declared."""
    if isinstance(listed.found, PackMissing):
        return []
    declared = {part.role: part.pin.sha256 for part in listed.parts}
    return [
        f"{part.path} has the SHA-256 {part.sha256}, expected {declared[part.role]}"
        for part in listed.found.parts
        if part.sha256 != declared[part.role]
    ]


def _parts(catalog: Catalog, name: str) -> tuple[ListedPart, ...]:
    found = []
    for role, part_name in catalog.composed[name].parts.items():
        declared = catalog.parts[part_name]
        if declared.pack is None:
            pin, licence = declared.pin, declared.licence
            assert pin is not None and licence is not None  # the model refuses a part without
        else:
            pack = catalog.packs[declared.pack]
            pin = pack.files[declared.file]
            known = catalog.licence_of(pin.sha256)
            licence = pack.licence if known is None else known[0]
        found.append(ListedPart(role, part_name, declared.file, declared.pack, pin, licence))
    return tuple(found)
