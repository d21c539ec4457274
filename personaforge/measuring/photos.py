"""Scores photographs before something is trained on them: `forge photos score`. Each is measured once.

A photograph's raw measurement is kept as an action record where the file lies in a declared project; its key is the
file's digest, the analyzer's identity (or `none`) and our own version. The record holds no pixels, no path and no
embedding, so nothing in the store can show who it is. Scores are made anew from it, so a changed bound measures
nothing. Nobody's pictures are copied anywhere.

Without a face pack, resolution, sharpness, lighting and duplicates are scored, and the scores of faces say why not. A
project that judges drawings (`identity: embedded`) has its photographs measured by the best pack for photographs that
is here; if there is none, the pack `embedded` looks for no face in them.
"""

from __future__ import annotations

import glob
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personaforge.digest import digest_bytes, digest_file
from personaforge.domains import PHOTOGRAPHS
from personaforge.errors import MissingExtra, PersonaForgeError
from personaforge.faces.analyzer import read_faces
from personaforge.faces.packs import declared_of
from personaforge.faces.picture import SUFFIXES
from personaforge.identity.score import Cause, Unmeasured
from personaforge.measuring.measurements import project_settings
from personaforge.measuring.photo_score import PhotoPolicy, PhotoScore, SetScore, score_photo, score_set
from personaforge.run.records import keep_record
from personaforge.steps.action import Action
from personaforge.steps.context import AnalyzerRef
from personaforge.store.store import Store
from personaforge.workspace.workspace import Workspace

MAX_FILE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Photo:
    """One file."""

    path: str
    digest: str
    measurement: Mapping[str, Any]
    """See `personaforge.faces.photo`, with `status`, `code`, `reason`, `bytes` and `format`."""
    score: PhotoScore
    twin_of: str | None
    """The better picture that this one repeats."""
    distance: int | None
    """How many bits of the hash differ from it; 0 for equal files."""

    def as_json(self) -> dict[str, Any]:
        """Return the photo's result as JSON."""
        twin = None if self.twin_of is None else {"of": self.twin_of, "distance": self.distance}
        return {
            "path": self.path,
            "sha256": self.digest,
            **self.score.as_json(),
            "twin": twin,
            "measurement": dict(self.measurement),
        }


@dataclass(frozen=True)
class Scored:
    """All photos of one call."""

    photos: tuple[Photo, ...]
    """In the order of the arguments, a folder's by name."""
    summary: SetScore
    analyzer: Mapping[str, str] | None
    """The analyzer that looked for faces."""
    no_analyzer: tuple[str, str]
    """Why none did, or none that was made for photographs, and what to type; empty otherwise."""
    skipped: tuple[str, ...]
    """Files in the given folders whose names have no suffix of a known picture format."""
    measured: int
    """How many files were measured now; the others were known."""

    def below(self, threshold: float, *, allow_unmeasured: bool = False) -> tuple[Photo, ...]:
        """Return the photos whose overall is below a threshold. One with a missing score counts as below.

        `allow_unmeasured` accepts that nothing could look for faces, and nothing else.
        """
        return tuple(photo for photo in self.photos if not _reaches(photo.score, threshold, allow_unmeasured))

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        reason, hint = self.no_analyzer
        return {
            "schema": 1,
            "analyzer": None if self.analyzer is None else dict(self.analyzer),
            "no_analyzer": {"reason": reason, "hint": hint} if reason else None,
            "photos": [photo.as_json() for photo in self.photos],
            "skipped": list(self.skipped),
            "set": self.summary.as_json(),
        }


def score_photos(
    space: Workspace, pictures: Sequence[str], overrides: Sequence[str] = (), *, min_overall: float | None = None
) -> Scored:
    """Score files, and the pictures of folders and what is in them. Raises PersonaForgeError.

    `overrides` change settings of the group `photos`, and `min_overall` replaces `photos.usable.min_overall`.
    """
    policy = PhotoPolicy.from_settings(space.group("photos", overrides))
    if min_overall is not None:
        policy = replace(policy, min_overall=min_overall)
    paths, skipped = _files(pictures)
    if not paths:
        there = f"only {len(skipped)} files of other kinds, such as {skipped[0]}" if skipped else "nothing"
        raise PersonaForgeError(
            f"there is no picture in {', '.join(pictures)}: found {there}", hint=f"expected {', '.join(SUFFIXES)}"
        )
    analyzer_ref = _measurer(space)
    measurer = _PhotoMeasurer(space, analyzer_ref.identity)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = list(pool.map(measurer.measure, paths))
    pack = analyzer_ref.identity["pack"] if analyzer_ref.identity is not None else ""
    photos = _scored(paths, found, policy, pack)
    yaws = [_yaw(photo.measurement) for photo in photos]
    return Scored(
        photos=photos,
        summary=score_set([photo.score for photo in photos], policy, yaws),
        analyzer=analyzer_ref.identity,
        no_analyzer=(analyzer_ref.reason, analyzer_ref.hint),
        skipped=tuple(skipped),
        measured=measurer.measured,
    )


def photo_action(identity: Mapping[str, str] | None, digest: str) -> Action:
    """Return the action that measures a photograph."""
    from personaforge.faces.photo import PHOTO_VERSION

    backend = identity["backend"] if identity is not None else "none"
    return Action(
        kind="score_photo",
        provider=f"{backend}@{PHOTO_VERSION}",
        request={"analyzer": dict(identity) if identity is not None else "none"},
        inputs={"artifact": digest},
    )


class _PhotoMeasurer:
    """Measures files, or finds that they have been measured. Equal files are measured once."""

    def __init__(self, space: Workspace, identity: Mapping[str, str] | None) -> None:
        self._store: Store = space.store
        self._identity = identity
        self._root = str(space.project.root) + os.sep if space.project.declared else None
        self._analyzer = None if identity is None else space.analyzers.analyzer(identity)
        self._keeps = self._store.keeps()
        self._lock = threading.Lock()
        self._begun: dict[str, Future[Mapping[str, Any]]] = {}
        self.measured = 0

    def measure(self, path: str) -> tuple[str, Mapping[str, Any]]:
        """Return a file's digest and measurement. Raises PersonaForgeError when it can't be read at all."""
        try:
            size = os.path.getsize(path)
            data = Path(path).read_bytes() if size <= MAX_FILE_BYTES else None
            digest = digest_file(path) if data is None else digest_bytes(data)
        except OSError as error:
            raise PersonaForgeError(f"{path} can't be read: {error.strerror}") from error
        with self._lock:
            future = self._begun.get(digest)
            ours = future is None
            if future is None:
                future = self._begun[digest] = Future()
        if ours:
            try:
                future.set_result(self._found(path, digest, data, size))
            except BaseException as error:
                future.set_exception(error)
        return digest, future.result()

    def _found(self, path: str, digest: str, data: bytes | None, size: int) -> Mapping[str, Any]:
        action = photo_action(self._identity, digest)
        # Photos from elsewhere leave no trace in the project that the command happens to run in.
        ours = self._root is not None and os.path.realpath(path).startswith(self._root)
        known = self._store.find(action.key) if ours else None
        if known is not None:
            value: Mapping[str, Any] = known["value"]
            return value
        started = time.time()
        value = self._value(data, size)
        seconds = time.time() - started
        with self._lock:
            self.measured += 1
        if ours and self._keeps:
            keep_record(self._store, action, value, started=started, seconds=seconds)
        return value

    def _value(self, data: bytes | None, size: int) -> dict[str, Any]:
        from personaforge.faces.photo import file_format, measure_photo
        from personaforge.faces.picture import UnreadablePicture, picture_in_room
        from personaforge.media.provenance import fits

        file = {"bytes": size, "format": "unknown" if data is None else file_format(data)}
        outside: dict[str, Any] = {}
        if data is None:
            reason = f"the file is larger than {MAX_FILE_BYTES >> 20} MiB"
            return {"status": "unreadable", "code": "too_large", "reason": reason, **file}
        try:
            with picture_in_room(data) as picture:
                if self._identity is not None and fits(self._identity["pack"], data) is False:
                    outside = {"in_domain": False}  # and so nothing looks for faces
                faces = None if self._analyzer is None or outside else read_faces(self._analyzer, picture.pixels)
                measured = {**measure_photo(picture.pixels, faces), **outside}
        except UnreadablePicture as error:
            return {"status": "unreadable", "code": error.reason_code, "reason": error.message, **file}
        damage = {"damage": picture.damage} if picture.damage else {}
        return {"status": "measured", "code": "", "reason": "", **file, **measured, **damage}


def _scored(
    paths: Sequence[str], found: Sequence[tuple[str, Mapping[str, Any]]], policy: PhotoPolicy, pack: str
) -> tuple[Photo, ...]:
    """Score the photos, the copies among them against the best of their kind."""
    from personaforge.faces.duplicates import twins

    alone = [score_photo(measurement, policy, pack=pack) for _, measurement in found]

    def rank(index: int) -> tuple[bool, float, int, int, int]:
        value, overall = found[index][1], alone[index].overall
        area = value.get("width", 0) * value.get("height", 0)
        return not alone[index].complete, -(overall or 0.0), -area, -value["bytes"], index

    order = sorted(range(len(paths)), key=rank)
    hashes = [(found[index][0], _hash(found[index][1])) for index in order]
    copies = {
        order[position]: (order[twin.of], twin.distance)
        for position, twin in twins(hashes, policy.max_distance).items()
    }
    photos = []
    for index, (path, (digest, measurement)) in enumerate(zip(paths, found, strict=True)):
        of, distance = copies.get(index, (None, None))
        twin_of = None if of is None else paths[of]
        score = alone[index] if of is None else score_photo(measurement, policy, twin_of=twin_of, pack=pack)
        photos.append(Photo(path, digest, measurement, score, twin_of, distance))
    return tuple(photos)


def _measurer(space: Workspace) -> AnalyzerRef:
    """Return the analyzer that looks for faces by the project's identity settings, or why there is none."""
    try:
        analyzer_ref = space.analyzers.of(project_settings(space))
        if analyzer_ref.identity is not None and declared_of(analyzer_ref.identity["pack"]).domain != PHOTOGRAPHS.name:
            better = space.analyzers.of(project_settings(space, pack="auto", detector_size="auto"))
            return (
                better if better.identity is not None else analyzer_ref._replace(reason=better.reason, hint=better.hint)
            )
        return analyzer_ref
    except MissingExtra as error:
        return AnalyzerRef(None, error.message, error.hint)


def _files(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the files that arguments name, each once, and those of folders that are no pictures by their names."""
    found: dict[str, str] = {}
    skipped: list[str] = []
    for argument in arguments:
        for path in _named(argument):
            if os.path.isdir(path):
                for file in _inside(path):
                    if file.lower().endswith(SUFFIXES):
                        found.setdefault(os.path.realpath(file), file)
                    else:
                        skipped.append(file)
            else:
                found.setdefault(os.path.realpath(path), os.path.normpath(path))
    return list(found.values()), skipped


def _named(argument: str) -> list[str]:
    if os.path.isdir(argument) or os.path.isfile(argument):
        return [argument]
    if os.path.exists(argument):
        raise PersonaForgeError(f"{argument} is neither a file nor a folder")
    paths = [
        path for path in sorted(glob.glob(argument, recursive=True)) if os.path.isdir(path) or os.path.isfile(path)
    ]
    if not paths:
        raise PersonaForgeError(f"there is no file {argument}", hint="name files, a folder or a glob")
    return paths


def _inside(folder: str) -> Iterator[str]:
    """Yield the files of a folder and of those in it, by name, without hidden ones such as `.forge` and `.DS_Store`."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(here, name))
            if not name.startswith(".") and os.path.isfile(path):
                yield path


def _reaches(score: PhotoScore, threshold: float, allow_unmeasured: bool) -> bool:
    missing = [value for value in score.scores.values() if isinstance(value, Unmeasured)]
    nobody = (Cause.NO_MODEL, Cause.OUT_OF_DOMAIN)
    excused = allow_unmeasured and all(value.code in nobody for value in missing)
    return score.overall is not None and score.overall >= threshold and (not missing or excused)


def _hash(measurement: Mapping[str, Any]) -> int | None:
    text = measurement.get("hash")
    return None if text is None else int(text, 16)


def _yaw(measurement: Mapping[str, Any]) -> float | None:
    pose = (measurement.get("face") or {}).get("pose")
    return None if pose is None else float(pose["yaw"])
