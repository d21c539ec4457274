"""Finds a face pack on disk and hashes the models in it. Loads no model, downloads nothing, imports no numpy.

A pack that `forge models pull` made has a record of what was pulled: a model that differs from it now is an error with
the command to type, not another metric. A pack put there by hand has none; `forge models verify` verifies that one.

What is known of a pack besides its files is *declared*. Those in `models/packs.json` come with forge: their names
always mean the models inside this package, never a folder of FORGE_MODELS, so that drawings are judged by the same
models on every machine. `auto` never chooses them, because `auto` is for photographs.

The planner calls this at each start, so it costs one listing and the digests (20 MB take 11 ms; pass `digest_of` to
use a cache). Roles are found by InsightFace's file names, because finding them by the graph needs onnxruntime. Only the
files with a role count: a pack's digest doesn't change when a readme or an age model is added to the folder.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from personaforge.digest import digest_file, digest_strings
from personaforge.domains import PHOTOGRAPHS

AUTO_ORDER = ("buffalo_l", "buffalo_s", "buffalo_sc", "buffalo_s_dev")
"""Best recogniser first."""

PUBLISHED = ("buffalo_l", "buffalo_s", "buffalo_sc")
"""Packs of AUTO_ORDER that `forge models pull` can fetch from their publisher."""

COMPOSED = ("permissive", "permissive_small")
"""Packs of forge's own catalog that are composed of parts; see `composed`."""

SHIPPED = Path(__file__).resolve().parent / "models"
"""The folder of the packs that come with forge, each in a folder of its name; the wheel ships them."""

_DECLARED: Final = SHIPPED / "packs.json"

CALIBRATION = "calibration.json"
"""Beside the models of such a pack, in the form of `forge calibrate`: what a cosine is worth, and the digest of the
pack it is of."""

RECORD = "LICENCE.json"
"""Beside the models of a pulled pack: what was accepted, and the SHA-256 of every file."""

BACKEND_OF_PARTS = "parts"
"""The backend of the analyzers of composed packs; see `composed`."""

MIN_MODEL_BYTES = 10_000
"""The smallest published model has 2.5 MB; below this are error pages, pointers and unfinished downloads."""

_ROLES = {
    "detection": ("det_*.onnx",),
    "recognition": ("w600k_*.onnx", "glintr100.onnx", "*recogn*.onnx"),
    "landmarks": ("2d106det.onnx",),
}


AGE_MODEL: Final = "genderage.onnx"
"""InsightFace's age model. It has no role, so a pack's digest is the same with it and without."""
AGE_MODELS: Final = frozenset(("4fde69b1c810857b88c64a335084f1c3fe8f01246c9a191b48c7bb756d6652fb",))
"""SHA-256 of the files of that name which are read: that of InsightFace's buffalo_l, v0.7. What another one gives,
nobody knows."""


class Declared(NamedTuple):
    """What is known of a pack besides its files. The defaults are those of any pack for photographs."""

    domain: str = PHOTOGRAPHS.name
    """What it was made for; see `personaforge.domains`."""
    detector_size: str = ""
    """What its detector was trained for, and so what `auto` is; empty for two passes, at 128 and 640."""
    aligns_by_landmarks: bool = False
    """Whether faces are aligned by their 106 landmarks and not by the detector's five points."""
    min_face: int | None = None
    """Pixels of a face's longer side below which it is no reference; None for what holds for photographs."""
    title: str = ""
    licence: str = ""
    summary: str = ""
    """The licence in one sentence."""
    commercial: bool = False
    """Whether the licence allows any use. False where it doesn't, or nobody says."""

    def licence_json(self) -> dict[str, str | None]:
        """Return the licence in the form of `catalog.Licence`; it stands in forge's own LICENSE and at no address."""
        use = "commercial" if self.commercial else None
        return {"name": self.licence, "summary": self.summary, "url": None, "use": use}


def declare(name: str, declared: Declared) -> None:
    """Declare a pack that doesn't come with forge: for plug-ins and tests."""
    _others[name] = declared


def withdraw(name: str) -> None:
    """Remove what was declared of a pack."""
    _others.pop(name, None)


def declared_of(name: str) -> Declared:
    """Return what is declared of a pack, by its name."""
    return shipped().get(name) or _others.get(name) or Declared()


def made_for(analyzer: Mapping[str, str]) -> str:
    """Return the domain that an analyzer was made for; empty where nobody says: a user's own."""
    known = shipped().get(analyzer["pack"]) or _others.get(analyzer["pack"])
    if known is None:
        # What these find are InsightFace's packs, and parts for photographs: no other way of running them is known.
        return PHOTOGRAPHS.name if analyzer["backend"] in ("insightface", BACKEND_OF_PARTS) else ""
    return known.domain


@cache
def shipped() -> Mapping[str, Declared]:
    """Return the packs that come with forge, by name; also those whose folder this installation lacks."""
    return {name: Declared(**fields) for name, fields in json.loads(_DECLARED.read_bytes()).items()}


_others: dict[str, Declared] = {}


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder with a detector, a recogniser and perhaps the 106-point model."""

    name: str
    """The folder's name, such as `buffalo_l`."""
    folder: Path
    """Where the files are."""
    files: Mapping[str, str]
    """File name -> SHA-256, of the files that are used."""
    digest: str
    """One digest over the sorted pairs of `files`."""
    age_model: str = ""
    """SHA-256 of `genderage.onnx` beside them; empty where it isn't there, or is another file."""

    @property
    def aligns_by_landmarks(self) -> bool:
        """Whether faces are aligned by their 106 landmarks and not by the detector's five points.

        So for forge's own, whose detector sees full-length pictures at 320 pixels and a face in them at 18: over nine
        positions of 16 people the EER falls from 2.8 % to under 0.1 %. Packs for photographs are used as published.
        """
        return declared_of(self.name).aligns_by_landmarks

    @property
    def has_landmarks(self) -> bool:
        """Whether the 106-point model is there; without it ratios come from five points."""
        return any(role_of(name) == "landmarks" for name in self.files)

    def detector_size(self, wanted: str) -> str:
        """Return the detector size that is measured with: the wanted one, or the pack's own for `auto`."""
        return (declared_of(self.name).detector_size if wanted == "auto" else "") or wanted


@dataclass(frozen=True, slots=True)
class PackMissing:
    """No usable pack: an expected outcome, not an error. The caller decides what it means."""

    reason: str
    """What was found, and which folders were searched."""
    hint: str
    """What to type."""


def role_of(file_name: str) -> str | None:
    """Return `detection`, `recognition` or `landmarks`, or None for a file that is not used."""
    for role, patterns in _ROLES.items():
        if any(fnmatchcase(file_name, pattern) for pattern in patterns):
            return role
    return None


KNOWN_PACKS = "forge models list shows known packs"


def is_pack(folder: Path) -> bool:
    """Tell whether a folder has any model of a face pack. Raises OSError."""
    return folder.is_dir() and any(map(role_of, os.listdir(folder)))


def pack_folders() -> list[Path]:
    """Return the folders to search: those in FORGE_MODELS, then the user's caches."""
    named = [Path(part).expanduser() for part in os.environ.get("FORGE_MODELS", "").split(os.pathsep) if part]
    home = Path(os.path.expanduser("~"))
    return [*named, user_folder(), home / ".insightface/models"]


def user_folder() -> Path:
    """Return the user's cache of packs, where `forge models pull` puts them."""
    return Path(os.path.expanduser("~")) / ".cache/personaforge/models"


def way_back(name: str, folder: Path, *, known: bool = False) -> str:
    """Return what to type when the pack in this folder is broken; `known` says that a catalog has it."""
    if name in shipped() and folder == SHIPPED / name:
        return "install personaforge again: it holds this pack"
    to = "" if folder.parent == user_folder() else f" --to {shlex.quote(str(folder.parent))}"
    if known or name in PUBLISHED or (folder / RECORD).is_file():
        return f"forge models pull {shlex.quote(name)}{to}"
    return f"remove {folder} and unpack {name} there again"


def find_pack(
    name: str, folders: Sequence[Path] | None = None, *, digest_of: Callable[[Path], str] = digest_file
) -> Pack | PackMissing:
    """Return the pack of that folder name, or for `auto` the first of AUTO_ORDER that is there.

    A name that comes with forge means that pack, unless `folders` are given: training looks at what it just made.
    The first folder found decides: a broken pack is reported, never skipped for another, which would measure by another
    metric and not say so.
    """
    searched = pack_folders() if folders is None else list(folders)
    if name != "auto" and (name in ("", ".", "..") or "/" in name or os.sep in name or "\0" in name):
        return PackMissing(f"{name!r} is not the name of a pack", "give a folder's name, such as buffalo_l, or auto")
    if name in shipped() and folders is None:
        folder = SHIPPED / name
        if folder.is_dir():
            return _read_pack(name, folder, digest_of)
        return PackMissing(f"the pack {name} is not in {folder}", way_back(name, folder))
    for wanted in AUTO_ORDER if name == "auto" else (name,):
        for parent in searched:
            if (parent / wanted).is_dir():
                return _read_pack(wanted, parent / wanted, digest_of)
    what = f"no face pack ({', '.join(AUTO_ORDER)})" if name == "auto" else f"no face pack {name}"
    places = ", ".join(str(folder) for folder in searched) or "no folder at all"
    fetch = "buffalo_l" if name == "auto" else name
    pull = f"forge models pull {fetch}" if fetch in PUBLISHED else KNOWN_PACKS
    return PackMissing(f"{what} in {places}", f"{pull}, or set FORGE_MODELS to the folder that holds the pack's folder")


def _read_pack(name: str, folder: Path, digest_of: Callable[[Path], str]) -> Pack | PackMissing:
    hint = way_back(name, folder)
    try:
        chosen = _chosen(sorted(entry.name for entry in os.scandir(folder)))
        if not chosen and name not in PUBLISHED and not (folder / RECORD).is_file():
            # Something else lies there, such as a voice: nothing is broken, and nothing of it is to be removed.
            return PackMissing(f"{folder} is no face pack: it has none of a face pack's models", KNOWN_PACKS)
        for role in ("detection", "recognition"):
            if role not in chosen:
                expected = " or ".join(_ROLES[role])
                return PackMissing(f"{folder} has no {role} model: expected {expected}", hint)
        for file_name in chosen.values():
            fault = file_fault(folder / file_name)
            if fault:
                return PackMissing(f"{folder / file_name} {fault}", hint)
        files = {file_name: digest_of(folder / file_name) for file_name in sorted(chosen.values())}
        pulled = _pulled(folder)
        age_model = _age_model(folder, digest_of)
    except OSError as error:
        return PackMissing(f"{folder} can't be read: {error.strerror or error}", hint)
    for file_name, digest in files.items():
        if pulled.get(file_name, digest) != digest:
            what = f"found SHA-256 {digest}, expected {pulled[file_name]}"
            return PackMissing(f"{folder / file_name} is not what was pulled: {what}", hint)
    digest = digest_strings("pack/1", [part for pair in files.items() for part in pair])
    return Pack(name, folder, files, digest, age_model)


def _age_model(folder: Path, digest_of: Callable[[Path], str]) -> str:
    """Return the digest of the age model; empty where there is none that is known. No pack is broken by it."""
    path = folder / AGE_MODEL
    try:
        found = digest_of(path) if path.is_file() and not file_fault(path) else ""
    except OSError:
        return ""
    return found if found in AGE_MODELS else ""


def _chosen(names: Iterable[str]) -> dict[str, str]:
    """Return one file for each role: the first by name, which is the one insightface takes."""
    chosen: dict[str, str] = {}
    for name in names:
        role = role_of(name)
        if role is not None:
            chosen.setdefault(role, name)
    return chosen


def _pulled(folder: Path) -> Mapping[str, str]:
    """Return the digests that a pull recorded; empty without a record, or with one that forge didn't write."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    files = record.get("files") if isinstance(record, dict) else None
    return files if isinstance(files, dict) else {}


def file_fault(path: Path) -> str:
    """Return what is wrong with a model file, as far as its size and first bytes show; empty when nothing is."""
    size = path.stat().st_size
    if size == 0:
        return "is empty: a download did not finish"
    with path.open("rb") as file:
        if file.read(32).startswith(b"version https://git-lfs"):
            return "is a Git LFS pointer and not the model: git lfs pull fetches it"
    if size < MIN_MODEL_BYTES:
        return f"has {size} bytes, too few for a model"
    return ""
