"""Compares packs on disk with the catalog: which files are there, and whether they have the declared bytes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from personaforge.digest import digest_file
from personaforge.errors import PersonaForgeError
from personaforge.faces import packs
from personaforge.faces.packs import (
    Declared,
    Pack,
    PackMissing,
    file_fault,
    find_pack,
    pack_folders,
    role_of,
    shipped,
    way_back,
)
from personaforge.packs.built_in import verify_built_in
from personaforge.packs.catalog import Catalog, KnownPack, Pin
from personaforge.packs.state import FileState, FileVerdict, PackState, PackVerdict
from personaforge.packs.terms import ModelFile, Terms, terms_of


def verify_pack(catalog: Catalog, name: str, folder: Path, *, digests: bool = True) -> PackState:
    """Compare a folder that is there with the catalog; with `digests` every model in it is read."""
    known = catalog.packs.get(name)
    try:
        there = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".onnx"))
    except OSError as error:
        hint = way_back(name, folder)
        return PackState(name, "wrong", folder, (FileState(".", "unreadable", True, note=str(error.strerror)),), hint)
    wanted = {} if known is None else dict(known.files)
    pins = wanted | ({} if known is None else dict(known.unused))
    files = [verify_file(folder / file_name, pin, used=True, digests=digests) for file_name, pin in wanted.items()]
    files += [
        verify_file(folder / file_name, pins.get(file_name), used=known is None, digests=digests, catalog=catalog)
        for file_name in there
        if file_name not in wanted
    ]
    verdict = _verdict(known, files)
    hint = "" if verdict in ("ok", "size ok", "not known") else _repair(catalog, name, folder, files)
    return PackState(name, verdict, folder, tuple(files), hint)


def verify_file(path: Path, pin: Pin | None, *, used: bool, digests: bool, catalog: Catalog | None = None) -> FileState:
    """Compare one file with its declared size and, with `digests`, its SHA-256; without a pin only its size and what it
    looks like are returned."""
    wanted = (None, None) if pin is None else (pin.size, pin.sha256)
    try:
        size = path.stat().st_size
        note = file_fault(path)
        sha256 = digest_file(path) if digests else None
    except FileNotFoundError:
        return FileState(path.name, "missing", used, None, wanted[0], None, wanted[1])
    except OSError as error:
        return FileState(path.name, "unreadable", used, None, wanted[0], None, wanted[1], str(error.strerror))
    verdict: FileVerdict
    if pin is None:
        verdict = "wrong" if note else "not declared"
        same = catalog.same_as(size, sha256) if catalog is not None and sha256 is not None else ""
        known = None if sha256 is None or catalog is None else catalog.licence_of(sha256)
        note = note or (f"is {same}" + (f", {known[0].name}" if known is not None else "") if same else "")
    elif size != pin.size:
        verdict = "truncated" if size < pin.size and "LFS" not in note else "wrong"
    elif sha256 is None:
        verdict = "size ok"
    else:
        verdict = "ok" if sha256 == pin.sha256 else "wrong"
    note = "" if verdict in ("ok", "size ok") else note
    return FileState(path.name, verdict, used, size, wanted[0], sha256, wanted[1], note)


def verify(catalog: Catalog, names: Sequence[str] = (), folders: Sequence[Path] | None = None) -> list[PackState]:
    """Verify every pack that is found, or those named; a named one that is not found is `missing`. Reads every model.

    The packs that come with forge are the first ones, unless `folders` are given.
    """
    searched = pack_folders() if folders is None else list(folders)
    found = _folders_by_name(catalog, searched)
    states: list[PackState] = []
    built_in = shipped() if folders is None else {}
    for name in dict.fromkeys(names) or sorted(found):
        places = found.get(name, [])
        if name in built_in:
            continue
        states += [
            replace(verify_pack(catalog, name, folder), shadowed_by=places[0] if folder != places[0] else None)
            for folder in places
        ]
        if not places:
            hint = f"forge models pull {name}" if name in catalog.packs else "forge models list"
            states.append(PackState(name, "missing", None, (), hint))
    first: list[PackState] = []
    for name in built_in:
        ours = verify_built_in(name) if not names or name in names else None
        if ours is None and name in names:
            ours = PackState(name, "missing", None, (), way_back(name, packs.SHIPPED / name))
        if ours is not None:
            first += [ours, *_unused(found.get(name, []), ours)]
    return [*first, *states]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of `forge models list`."""

    name: str
    known: KnownPack | None
    states: tuple[PackState, ...]
    """The folders in which it was found, by sizes only; empty when it is in none."""
    measures: bool
    """Whether forge can measure with it: it has, or would have, a detector and a recogniser."""
    built_in: Declared | None = None
    """What is declared of a pack that comes with forge; None for all others."""
    terms: tuple[Terms, ...] = ()
    """The licences of models by their bytes: of a pack that measures and that the catalog doesn't know, and of files
    that are another pack's, under a licence that this one doesn't name."""


def list_packs(catalog: Catalog, folders: Sequence[Path] | None = None) -> tuple[list[Listed], Pack | PackMissing]:
    """Return the known packs and those found besides, by sizes only, and which one `auto` is or why it is none.

    The pack that `auto` is has its digests read, as a build reads them. Those that come with forge are the first
    rows, unless `folders` are given.
    """
    searched = pack_folders() if folders is None else list(folders)
    rows = _listed(catalog, searched)
    return rows if folders is not None else _with_ours(rows), find_pack("auto", searched)


def pack_path(catalog: Catalog, name: str, folders: Sequence[Path] | None = None) -> Path:
    """Return the folder of a pack as a build would find it; `auto` is the best one there.

    Raises PersonaForgeError with the command to type when it is nowhere or broken.
    """
    searched = pack_folders() if folders is None else list(folders)
    row = next((row for row in _listed(catalog, searched) if row.name == name), None) if name not in shipped() else None
    if row is None or row.measures or not row.states:
        pack = find_pack(name, folders if name in shipped() else searched)
        if isinstance(pack, PackMissing):
            known = row is not None and not row.states  # and nowhere: it can be pulled
            raise PersonaForgeError(pack.reason, hint=f"forge models pull {name}" if known else pack.hint)
        return pack.folder
    state = row.states[0]  # no face pack by itself
    if not state.sound or state.folder is None:
        faults = [f"{file.name} is {file.verdict}" for file in state.files if file.verdict not in ("ok", "size ok")]
        raise PersonaForgeError(f"{state.folder} is not whole: {', '.join(faults)}", hint=state.hint)
    return state.folder


def _listed(catalog: Catalog, searched: Sequence[Path]) -> list[Listed]:
    found = _folders_by_name(catalog, searched)
    rows: list[Listed] = []
    for name in [*catalog.packs, *sorted(set(found) - set(catalog.packs))]:
        states = tuple(verify_pack(catalog, name, folder, digests=False) for folder in found.get(name, []))
        known = catalog.packs.get(name)
        names = known.files if known is not None else [file.name for file in states[0].files]
        measures = {role_of(one) for one in names} >= {"detection", "recognition"}
        terms: tuple[Terms, ...] = ()
        if known is not None and name not in catalog.packaged:
            terms = _others_terms(catalog, name, known)
        elif known is None and measures:
            terms = _terms(catalog, states[0])
        rows.append(Listed(name, known, states, measures, terms=terms))
    return rows


def _others_terms(catalog: Catalog, name: str, known: KnownPack) -> tuple[Terms, ...]:
    """Return the licences of a project's pack's files that are known to be under another one."""
    models = [ModelFile(name, Path(name) / file, pin.sha256) for file, pin in {**known.files, **known.unused}.items()]
    return tuple(one for one in terms_of(lambda: catalog, models) if one.licence != known.licence.name)


def _terms(catalog: Catalog, state: PackState) -> tuple[Terms, ...]:
    """Return the licences of an unknown pack's models. Reads them: only their bytes say what they are."""
    pack = find_pack(state.name, [] if state.folder is None else [state.folder.parent])
    if isinstance(pack, PackMissing):
        return ()
    models = [ModelFile(pack.name, pack.folder / file, sha256) for file, sha256 in pack.files.items()]
    return terms_of(lambda: catalog, models)


def _with_ours(rows: list[Listed]) -> list[Listed]:
    """Return the rows behind those of the packs that come with forge; a folder of such a name is in its row, unused."""
    first = []
    for name, declared in shipped().items():
        ours = verify_built_in(name)
        others = [state.folder for row in rows if row.name == name for state in row.states if state.folder is not None]
        states = () if ours is None else (ours, *_unused(others, ours))
        first.append(Listed(name, None, states, True, declared))
    return [*first, *(row for row in rows if row.name not in shipped())]


def _unused(folders: Sequence[Path], ours: PackState) -> list[PackState]:
    """Return folders that have the name of a pack that comes with forge: nothing ever measures with them."""
    used = ours.folder or packs.SHIPPED / ours.name
    others = [folder for folder in folders if folder.resolve() != used.resolve()]
    return [PackState(ours.name, "not known", folder, (), "", used) for folder in others]


def _folders_by_name(catalog: Catalog, folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the folders that hold models, or have a known pack's name, in the order in which they are searched."""
    found: dict[str, list[Path]] = {}
    for parent in dict.fromkeys(folders):
        try:
            names = sorted(entry.name for entry in os.scandir(parent) if entry.is_dir())
        except OSError:
            continue
        for name in names:
            if name in catalog.packs or (not name.startswith(".") and any((parent / name).glob("*.onnx"))):
                found.setdefault(name, []).append(parent / name)
    return found


def _verdict(known: KnownPack | None, files: Sequence[FileState]) -> PackVerdict:
    verdicts = {file.verdict for file in files}
    if verdicts & {"wrong", "truncated", "unreadable"}:
        return "wrong"
    if known is None:
        return "not known"
    if "missing" in verdicts:
        return "incomplete"
    return "size ok" if "size ok" in verdicts else "ok"


def _repair(catalog: Catalog, name: str, folder: Path, files: Sequence[FileState]) -> str:
    """Return what puts a known pack right. A pull doesn't write the files that aren't used, so those have to go."""
    if name in catalog.packs and all(file.verdict in ("ok", "size ok") for file in files if file.used):
        bad = [file.name for file in files if file.verdict not in ("ok", "size ok", "not declared")]
        return shlex.join(["rm", *(str(folder / name) for name in bad)])
    return way_back(name, folder, known=name in catalog.packs)
