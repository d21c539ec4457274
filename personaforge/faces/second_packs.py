"""Finds the models of a second recogniser on disk and hashes them. Loads no model, downloads nothing, imports no numpy.

A second pack is a folder that a user names in `identity.check.pack`, with one recogniser that OpenCV's FaceRecognizerSF
can run, and a YuNet detector in the same folder, or in `opencv` or `opencv_yunet` beside it or in another search
folder. There is no `auto`: whether pictures are flagged would then depend on which packs a machine happens to have.

Roles are found by file names, as in `packs`. A recogniser that insightface runs is refused here although it could be
loaded: FaceRecognizerSF gives it RGB values from 0 to 255, and w600k_* needs them scaled to [-1, 1] outside of its
graph.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from personaforge.digest import digest_file, digest_strings
from personaforge.faces.packs import PackMissing, file_fault, pack_folders, way_back

DETECTOR_FOLDERS = ("opencv", "opencv_yunet")
"""Where YuNet is looked for when the second pack's own folder has none; `forge models pull` makes `opencv_yunet`."""

_RECOGNISERS = ("mobilefacenet*.onnx", "face_recognition_sface*.onnx")
"""InsightFace's older MobileFaceNet, which scales inside its graph, and OpenCV's own SFace."""

_DETECTORS = ("face_detection_yunet*.onnx", "yunet*.onnx")


@dataclass(frozen=True, slots=True)
class SecondPack:
    """A recogniser and a detector that OpenCV runs."""

    name: str
    """The recogniser's folder's name, such as `mobilefacenet_y1`."""
    recogniser: Path
    """An ONNX model from 112 x 112 RGB pixels to an embedding."""
    detector: Path
    """A YuNet ONNX model."""
    files: Mapping[str, str]
    """File name -> SHA-256 of both."""
    digest: str
    """One digest over the sorted pairs of `files`."""


def find_second(
    name: str, folders: Sequence[Path] | None = None, *, digest_of: Callable[[Path], str] = digest_file
) -> SecondPack | PackMissing:
    """Return the second pack of that folder name, with the first YuNet by name.

    The first folder found is used, for both files: a broken one is reported and never skipped for another.
    `digest_of` may be a cache.
    """
    searched = pack_folders() if folders is None else list(folders)
    if name in ("", ".", "..", "auto") or "/" in name or os.sep in name or "\0" in name:
        hint = "give a folder's name, such as mobilefacenet_y1"
        return PackMissing(f"{name!r} is not the name of a check pack", hint)
    folder = next((parent / name for parent in searched if (parent / name).is_dir()), None)
    if folder is None:
        places = ", ".join(str(parent) for parent in searched) or "no folder at all"
        hint = "forge models list shows known packs; or set FORGE_MODELS to the folder that holds the pack's folder"
        return PackMissing(f"no check pack {name} in {places}", hint)
    try:
        return _read(name, folder, searched, digest_of)
    except OSError as error:
        return PackMissing(
            f"{error.filename or folder} can't be read: {error.strerror or error}", way_back(name, folder)
        )


def _read(
    name: str, folder: Path, searched: Sequence[Path], digest_of: Callable[[Path], str]
) -> SecondPack | PackMissing:
    recogniser = _first(folder, _RECOGNISERS)
    if recogniser is None:
        fault = f"{folder} has no recogniser: expected {' or '.join(_RECOGNISERS)}"
        if any(one.endswith(".onnx") for one in os.listdir(folder)):  # whole, and of another kind
            return PackMissing(f"{name} is no check pack: {fault}", "give mobilefacenet_y1 or one like it, or none")
        return PackMissing(fault, way_back(name, folder))
    beside = [parent / place for parent in (folder.parent, *searched) for place in DETECTOR_FOLDERS]
    detector = _first(folder, _DETECTORS) or next(
        (found for place in beside if place.is_dir() and (found := _first(place, _DETECTORS))), None
    )
    if detector is None:
        expected = f"expected {_DETECTORS[0]} there or in {' or '.join(DETECTOR_FOLDERS)} beside it"
        return PackMissing(f"{folder} has no detector: {expected}", "forge models pull opencv_yunet")
    for path in (recogniser, detector):
        fault = file_fault(path)
        if fault:
            return PackMissing(f"{path} {fault}", way_back(path.parent.name, path.parent))
    files = {path.name: digest_of(path) for path in sorted((recogniser, detector), key=lambda path: path.name)}
    digest = digest_strings("check-pack/1", [part for pair in files.items() for part in pair])
    return SecondPack(name, recogniser, detector, files, digest)


def _first(folder: Path, patterns: Sequence[str]) -> Path | None:
    """Return the first file by name that has one of the patterns, so that the answer is the same on every disk."""
    names = sorted(entry.name for entry in os.scandir(folder))
    return next((folder / name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)), None)
