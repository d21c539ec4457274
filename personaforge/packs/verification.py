"""Compares packs on disk with what the catalog declares: which files are there, and whether they are the right ones."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from personaforge.digest import digest_file
from personaforge.errors import PersonaForgeError
from personaforge.faces import packs
from personaforge.faces.packs import EMBEDDED, Pack, PackMissing, file_fault, find_pack, pack_folders, role_of, way_back
from personaforge.packs.catalog import Catalog, KnownPack, Pin

if TYPE_CHECKING:
    from personaforge.packs.built_in import BuiltIn

FileVerdict = Literal["ok", "size ok", "wrong", "truncated", "missing", "unreadable", "not declared"]
PackVerdict = Literal["ok", "size ok", "wrong", "incomplete", "not known", "missing"]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One model file of a pack."""

    name: str
    verdict: FileVerdict
    """`size ok` where the digest was not asked for; `not declared` for a file that the catalog doesn't have."""
    used: bool
    """Whether forge wants it there; a pack is complete without the files that it doesn't use."""
    size: int | None = None
    """Bytes; None when there is no file."""
    expected_size: int | None = None
    sha256: str | None = None
    """None when it was not asked for, or can't be read."""
    expected_sha256: str | None = None
    note: str = ""
    """What else is known: what the file looks like, or which known file it equals."""


@dataclass(frozen=True, slots=True)
class PackCheck:
    """One folder that is, or should be, a pack."""

    name: str
    verdict: PackVerdict
    """`not known`: the catalog has no such pack, so its digests can be shown but not judged."""
    folder: Path | None
    """None when it is in none of the folders searched."""
    files: tuple[FileCheck, ...]
    hint: str = ""
    """What to type when it is not as it should be."""
    shadowed_by: Path | None = None
    """A folder of the same name that is searched earlier, and so is used in place of this one."""

    @property
    def sound(self) -> bool:
        """False when something is wrong; a pack that can't be judged is not wrong."""
        return self.verdict in ("ok", "size ok", "not known")


def check_pack(catalog: Catalog, name: str, folder: Path, *, digests: bool = True) -> PackCheck:
    """Compare a folder that is there with the catalog; with `digests` every model in it is read."""
    known = catalog.packs.get(name)
    try:
        there = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".onnx"))
    except OSError as error:
        hint = way_back(name, folder)
        return PackCheck(name, "wrong", folder, (FileCheck(".", "unreadable", True, note=str(error.strerror)),), hint)
    wanted = {} if known is None else dict(known.files)
    pins = wanted | ({} if known is None else dict(known.unused))
    files = [check_file(folder / file_name, pin, used=True, digests=digests) for file_name, pin in wanted.items()]
    files += [
        check_file(folder / file_name, pins.get(file_name), used=known is None, digests=digests, catalog=catalog)
        for file_name in there
        if file_name not in wanted
    ]
    verdict = _verdict(known, files)
    hint = "" if verdict in ("ok", "size ok", "not known") else _repair(catalog, name, folder, files)
    return PackCheck(name, verdict, folder, tuple(files), hint)


def check_file(path: Path, pin: Pin | None, *, used: bool, digests: bool, catalog: Catalog | None = None) -> FileCheck:
    """Compare one file with its declared size and, with `digests`, its SHA-256; without a pin only say what it is."""
    wanted = (None, None) if pin is None else (pin.size, pin.sha256)
    try:
        size = path.stat().st_size
        note = file_fault(path)
        sha256 = digest_file(path) if digests else None
    except FileNotFoundError:
        return FileCheck(path.name, "missing", used, None, wanted[0], None, wanted[1])
    except OSError as error:
        return FileCheck(path.name, "unreadable", used, None, wanted[0], None, wanted[1], str(error.strerror))
    verdict: FileVerdict
    if pin is None:
        verdict = "wrong" if note else "not declared"
        same = catalog.same_as(size, sha256) if catalog is not None and sha256 is not None else ""
        note = note or (f"is {same}" if same else "")
    elif size != pin.size:
        verdict = "truncated" if size < pin.size and "LFS" not in note else "wrong"
    elif sha256 is None:
        verdict = "size ok"
    else:
        verdict = "ok" if sha256 == pin.sha256 else "wrong"
    note = "" if verdict in ("ok", "size ok") else note
    return FileCheck(path.name, verdict, used, size, wanted[0], sha256, wanted[1], note)


def verify(catalog: Catalog, names: Sequence[str] = (), folders: Sequence[Path] | None = None) -> list[PackCheck]:
    """Check every pack that is found, or those named; a named one that is nowhere is `missing`. Reads every model.

    The pack that comes with forge is the first one, unless `folders` are given.
    """
    from personaforge.packs.built_in import check_built_in

    searched = pack_folders() if folders is None else list(folders)
    found = _found(catalog, searched)
    checks: list[PackCheck] = []
    ours = check_built_in() if folders is None and (not names or EMBEDDED in names) else None
    for name in dict.fromkeys(names) or sorted(found):
        places = found.get(name, [])
        if name == EMBEDDED and folders is None:
            continue
        checks += [
            replace(check_pack(catalog, name, folder), shadowed_by=places[0] if folder != places[0] else None)
            for folder in places
        ]
        if not places:
            hint = f"forge models pull {name}" if name in catalog.packs else "forge models list"
            checks.append(PackCheck(name, "missing", None, (), hint))
    if ours is None and folders is None and EMBEDDED in names:
        ours = PackCheck(EMBEDDED, "missing", None, (), way_back(EMBEDDED, packs.EMBEDDED_FOLDER))
    return checks if ours is None else [ours, *_unused(found.get(EMBEDDED, []), ours), *checks]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of `forge models list`."""

    name: str
    known: KnownPack | None
    checks: tuple[PackCheck, ...]
    """The folders in which it was found, by sizes only; empty when it is in none."""
    measures: bool
    """Whether forge can measure with it: it has, or would have, a detector and a recogniser."""
    built_in: BuiltIn | None = None
    """What is known of the pack that comes with forge; None for all others."""


def list_packs(catalog: Catalog, folders: Sequence[Path] | None = None) -> tuple[list[Listed], Pack | PackMissing]:
    """Return the known packs and those found besides, by sizes only, and which one `auto` is or why it is none.

    The pack that `auto` is has its digests read, as a build reads them. The one that comes with forge is the first row,
    unless `folders` are given.
    """
    searched = pack_folders() if folders is None else list(folders)
    rows = _listed(catalog, searched)
    return rows if folders is not None else _with_ours(rows), find_pack("auto", searched)


def pack_path(catalog: Catalog, name: str, folders: Sequence[Path] | None = None) -> Path:
    """Return the folder of a pack as a build would find it; `auto` is the best one there.

    Raises PersonaForgeError with the command to type when it is nowhere or broken.
    """
    searched = pack_folders() if folders is None else list(folders)
    row = next((row for row in _listed(catalog, searched) if row.name == name), None) if name != EMBEDDED else None
    if row is None or row.measures or not row.checks:
        pack = find_pack(name, folders if name == EMBEDDED else searched)
        if isinstance(pack, PackMissing):
            known = row is not None and not row.checks  # and nowhere: it can be pulled
            raise PersonaForgeError(pack.reason, hint=f"forge models pull {name}" if known else pack.hint)
        return pack.folder
    check = row.checks[0]  # no face pack by itself
    if not check.sound or check.folder is None:
        faults = [f"{file.name} is {file.verdict}" for file in check.files if file.verdict not in ("ok", "size ok")]
        raise PersonaForgeError(f"{check.folder} is not whole: {', '.join(faults)}", hint=check.hint)
    return check.folder


def _listed(catalog: Catalog, searched: Sequence[Path]) -> list[Listed]:
    found = _found(catalog, searched)
    rows: list[Listed] = []
    for name in [*catalog.packs, *sorted(set(found) - set(catalog.packs))]:
        checks = tuple(check_pack(catalog, name, folder, digests=False) for folder in found.get(name, []))
        known = catalog.packs.get(name)
        names = known.files if known is not None else [file.name for file in checks[0].files]
        rows.append(Listed(name, known, checks, {role_of(one) for one in names} >= {"detection", "recognition"}))
    return rows


def _with_ours(rows: list[Listed]) -> list[Listed]:
    """Return the rows behind that of the pack that comes with forge; a folder of its name is in that row, unused."""
    from personaforge.packs.built_in import BUILT_IN, check_built_in

    ours = check_built_in()
    others = [check.folder for row in rows if row.name == EMBEDDED for check in row.checks if check.folder is not None]
    checks = () if ours is None else (ours, *_unused(others, ours))
    return [Listed(EMBEDDED, None, checks, True, BUILT_IN), *(row for row in rows if row.name != EMBEDDED)]


def _unused(folders: Sequence[Path], ours: PackCheck) -> list[PackCheck]:
    """Return folders that have the name of the pack that comes with forge: nothing ever measures with them."""
    used = ours.folder or packs.EMBEDDED_FOLDER
    others = [folder for folder in folders if folder.resolve() != used.resolve()]
    return [PackCheck(EMBEDDED, "not known", folder, (), "", used) for folder in others]


def _found(catalog: Catalog, folders: Sequence[Path]) -> dict[str, list[Path]]:
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


def _verdict(known: KnownPack | None, files: Sequence[FileCheck]) -> PackVerdict:
    verdicts = {file.verdict for file in files}
    if verdicts & {"wrong", "truncated", "unreadable"}:
        return "wrong"
    if known is None:
        return "not known"
    if "missing" in verdicts:
        return "incomplete"
    return "size ok" if "size ok" in verdicts else "ok"


def _repair(catalog: Catalog, name: str, folder: Path, files: Sequence[FileCheck]) -> str:
    """Return what puts a known pack right. A pull doesn't write the files that aren't used, so those have to go."""
    if name in catalog.packs and all(file.verdict in ("ok", "size ok") for file in files if file.used):
        bad = [file.name for file in files if file.verdict not in ("ok", "size ok", "not declared")]
        return shlex.join(["rm", *(str(folder / name) for name in bad)])
    return way_back(name, folder, known=name in catalog.packs)
