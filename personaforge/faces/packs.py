"""Finds a face pack on disk and hashes the models in it. Loads no model, downloads nothing, imports no numpy.

The planner calls this at each start, so it costs one listing and the digests (20 MB take 11 ms; pass `digest_of` to
use a cache). Roles are told by InsightFace's file names, because telling them by the graph needs onnxruntime. Only the
files with a role count: a pack's digest doesn't change when somebody drops a readme or an age model into the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from personaforge.digest import digest_file, digest_strings

AUTO_ORDER = ("buffalo_l", "buffalo_s", "buffalo_sc", "buffalo_s_dev")
"""Best recogniser first."""

MIN_MODEL_BYTES = 10_000
"""The smallest published model has 2.5 MB; below this are error pages, pointers and unfinished downloads."""

_ROLES = {
    "detection": ("det_*.onnx",),
    "recognition": ("w600k_*.onnx", "glintr100.onnx", "*recogn*.onnx"),
    "landmarks": ("2d106det.onnx",),
}


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

    @property
    def has_landmarks(self) -> bool:
        """Whether the 106-point model is there; without it ratios come from five points."""
        return any(role_of(name) == "landmarks" for name in self.files)


@dataclass(frozen=True, slots=True)
class PackMissing:
    """No usable pack: an expected outcome, not an error. It is for the caller to decide what that means."""

    reason: str
    """What was found, and where we looked."""
    hint: str
    """What to type."""


def role_of(file_name: str) -> str | None:
    """Return `detection`, `recognition` or `landmarks`, or None for a file that is not used."""
    for role, patterns in _ROLES.items():
        if any(fnmatchcase(file_name, pattern) for pattern in patterns):
            return role
    return None


def pack_folders() -> list[Path]:
    """Return the folders to search: those in FORGE_MODELS, then the user's caches."""
    named = [Path(part).expanduser() for part in os.environ.get("FORGE_MODELS", "").split(os.pathsep) if part]
    home = Path(os.path.expanduser("~"))
    return [*named, home / ".cache/personaforge/models", home / ".insightface/models"]


def find_pack(
    name: str, folders: Sequence[Path] | None = None, *, digest_of: Callable[[Path], str] = digest_file
) -> Pack | PackMissing:
    """Return the pack of that folder name, or for `auto` the first of AUTO_ORDER that is there.

    The first folder found decides: a broken pack is reported, never skipped for another, which would measure by another
    metric and not say so.
    """
    searched = pack_folders() if folders is None else list(folders)
    if name != "auto" and (name in ("", ".", "..") or "/" in name or os.sep in name or "\0" in name):
        return PackMissing(f"{name!r} is not the name of a pack", "give a folder's name, such as buffalo_l, or auto")
    for wanted in AUTO_ORDER if name == "auto" else (name,):
        for parent in searched:
            if (parent / wanted).is_dir():
                return _read_pack(wanted, parent / wanted, digest_of)
    what = f"no face pack ({', '.join(AUTO_ORDER)})" if name == "auto" else f"no face pack {name}"
    places = ", ".join(str(folder) for folder in searched) or "no folder at all"
    return PackMissing(f"{what} in {places}", "set FORGE_MODELS to the folder that holds the pack's folder")


def _read_pack(name: str, folder: Path, digest_of: Callable[[Path], str]) -> Pack | PackMissing:
    hint = f"remove {folder} and unpack {name} there again"
    try:
        chosen = _chosen(sorted(entry.name for entry in os.scandir(folder)))
        for role in ("detection", "recognition"):
            if role not in chosen:
                expected = " or ".join(_ROLES[role])
                return PackMissing(f"{folder} has no {role} model: expected {expected}", hint)
        for file_name in chosen.values():
            fault = _fault(folder / file_name)
            if fault:
                return PackMissing(f"{folder / file_name} {fault}", hint)
        files = {file_name: digest_of(folder / file_name) for file_name in sorted(chosen.values())}
    except OSError as error:
        return PackMissing(f"{folder} can't be read: {error.strerror or error}", hint)
    return Pack(name, folder, files, digest_strings("pack/1", [part for pair in files.items() for part in pair]))


def _chosen(names: Iterable[str]) -> dict[str, str]:
    """Return one file for each role: the first by name, which is the one insightface takes."""
    chosen: dict[str, str] = {}
    for name in names:
        role = role_of(name)
        if role is not None:
            chosen.setdefault(role, name)
    return chosen


def _fault(path: Path) -> str:
    """Say what is wrong with a model file, as far as its size and first bytes show; empty when nothing is."""
    size = path.stat().st_size
    if size == 0:
        return "is empty: a download did not finish"
    with path.open("rb") as file:
        if file.read(32).startswith(b"version https://git-lfs"):
            return "is a Git LFS pointer and not the model: git lfs pull fetches it"
    if size < MIN_MODEL_BYTES:
        return f"has {size} bytes, too few for a model"
    return ""
