"""Fits P(same) as a function of the cosine, on pairs of pictures whose truth is known: `forge calibrate`. Finds fits.

A calibration is a file in the project's `calibration/`, one for each pack and detector size, that belongs in git. It
holds no time and no path, so the same pairs, pictures and libraries give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from personaforge.arguments import number
from personaforge.digest import digest_bytes, digest_json
from personaforge.domains import DRAWINGS
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.faces import packs
from personaforge.faces.packs import CALIBRATION, shipped
from personaforge.faces.parts import embedding_version
from personaforge.identity.calibration import Calibration, Pair, fit, mismatch, people, raw_cosine
from personaforge.identity.logistic import PRIORS, Unfit
from personaforge.identity.people import each_face
from personaforge.identity.score import Cause, in_domain, outside, unmeasured
from personaforge.measuring.measurements import FileMeasurer, Measured, identity_of, project_settings
from personaforge.measuring.pairs import Labelled, read_pairs
from personaforge.spec.load import Loaded
from personaforge.spec.project import Project
from personaforge.store.files import open_file, write_atomic
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "calibration"
"""Where a project keeps its calibrations."""
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Skipped:
    """A picture that could not be measured; its pairs are left out."""

    path: str
    """As the pairs file has it."""
    cause: str
    reason: str


@dataclass(frozen=True)
class Calibrated:
    """The result of one call."""

    calibration: Calibration
    file: str | None
    """Where it is kept, from the project's root where it lies inside; None when it was not to be written."""
    changed: bool
    """False where the file held these very bytes."""
    same: tuple[float, ...]
    """The cosines of the measured same pairs, unclamped."""
    different: tuple[float, ...]
    skipped: tuple[Skipped, ...]
    of_several: int = 0
    """Pictures that show several faces: the one counts that is most like the person's other pictures."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        skipped = [{"path": one.path, "cause": one.cause, "reason": one.reason} for one in self.skipped]
        return {
            "schema": 1,
            "calibration": self.calibration.as_json(),
            "file": self.file,
            "skipped": skipped,
            "of_several": self.of_several,
        }


@dataclass(frozen=True)
class Applying:
    """The calibration that holds for an analyzer."""

    calibration: Calibration
    file: str
    """From the project's root; `came_with` for one that comes with a pack."""


@dataclass(frozen=True)
class NoneApplies:
    """There is none that holds."""

    reason: str
    """For people: what there is instead, and what to type."""
    exist: bool
    """Whether the project has calibrations at all."""


def calibrate(
    space: Workspace,
    pairs_csv: str,
    *,
    pack: str | None = None,
    detector_size: str | None = None,
    prior: float = 0.5,
    output: str | None = None,
    write: bool = True,
) -> Calibrated:
    """Measure the pictures of a pairs file (`personaforge.measuring.pairs`), fit a calibration and keep it.

    `pack` and `detector_size` replace the project's own settings. It is written to the project's folder of
    calibrations or to `output`, unless `write` is off. Raises SpecError with every bad line, and PersonaForgeError
    where nothing can measure or the pairs are too few or don't part.
    """
    number("prior", prior, *PRIORS)
    if output is not None and os.path.realpath(output) == os.path.realpath(pairs_csv):
        raise PersonaForgeError(f"{output} is the pairs file itself", hint="name another file with -o")
    identity = identity_of(space, project_settings(space, pack=pack, detector_size=detector_size))
    data, labelled = read_pairs(pairs_csv)
    measured = _measured(FileMeasurer(space, identity), labelled)
    pairs, left_out, content = _pairs(labelled, measured)
    try:
        calibration = fit(
            pairs,
            analyzer=identity,
            measuring=embedding_version(),
            pairs_digest=digest_bytes(data),
            pictures_digest=digest_json("pairs/1", content),
            unmeasured=left_out,
            prior=prior,
        )
    except Unfit as error:
        lost = ", ".join(f"{count} {cause}" for cause, count in sorted(left_out.items()))
        hint = f"pairs left out: {lost}" if lost else "add pairs"
        if Cause.OUT_OF_DOMAIN in left_out:
            hint += f"; the pack {identity['pack']} knows drawings by forge only: --pack auto is for photographs"
        raise PersonaForgeError(str(error), hint=hint, where=pairs_csv) from error
    file, changed = _write(space.project, calibration, output) if write else (None, False)
    same, different = (tuple(pair.cosine for pair in pairs if pair.same is kind) for kind in (True, False))
    several = len(_with_several(measured))
    return Calibrated(calibration, file, changed, same, different, _skipped(labelled, measured), several)


def calibration_for(project: Project, analyzer: Mapping[str, str]) -> Applying | NoneApplies:
    """Return the project's calibration that holds for what an analyzer measures, or why there is none.

    If there are several, the one under its own name (`file_name`) counts. A file that can't be read as a calibration
    never does. A pack that comes with forge brings one of its own, for projects that have none for it.
    """
    found = _project_calibration(project, analyzer)
    if isinstance(found, Applying) or analyzer["pack"] not in shipped():
        return found
    ours = _built_in(analyzer)
    return found if found.exist and isinstance(ours, NoneApplies) else ours


def came_with(pack: str) -> str:
    """Return the name of the calibration that lies beside the models of a pack that comes with forge."""
    return f"the calibration that comes with the pack {pack}"


def _project_calibration(project: Project, analyzer: Mapping[str, str]) -> Applying | NoneApplies:
    try:
        names = sorted(name for name in os.listdir(project.root / FOLDER) if name.endswith(".json") and name[0] != ".")
    except (FileNotFoundError, NotADirectoryError):
        names = []
    if not names:
        return NoneApplies("the project has no calibration: forge calibrate PAIRS.csv makes one", False)
    found: dict[str, Calibration] = {}
    others = []
    for name in names:
        try:
            calibration = _read(project, name)
        except ValueError as error:
            others.append(f"{FOLDER}/{name} can't be read: {error}")
            continue
        unlike = mismatch(calibration, analyzer, embedding_version())
        if unlike:
            others.append(f"{FOLDER}/{name} does not apply: {unlike}")
        else:
            found[name] = calibration
    if not found:
        return NoneApplies("; ".join(others), True)
    own = file_name(analyzer)
    if own not in found and len(found) > 1:
        return NoneApplies(f"{', '.join(found)} in {FOLDER}/ all apply: keep one, or name it {own}", True)
    name = own if own in found else next(iter(found))
    return Applying(found[name], f"{FOLDER}/{name}")


def calibrated(space: Workspace, loaded: Loaded) -> Callable[[float], float] | None:
    """Return P(same) of a cosine for what a built persona was measured with, or None without a calibration for it.

    The document names its analyzer by pack and digest; only what measures here by the same settings is taken for it.
    """
    from personaforge.identity.calibration import probability

    identity = space.analyzers.of(loaded.settings).identity
    if identity is None:
        return None
    kept = calibration_for(space.project, identity)
    by = {f"{identity['pack']} {identity['pack_digest'][:12]}"}
    if not isinstance(kept, Applying) or set(space.document(loaded)["measured_by"]) != by:
        return None
    return lambda cosine: probability(cosine, kept.calibration)


def file_name(analyzer: Mapping[str, str]) -> str:
    """Return the name of an analyzer's calibration file."""
    return f"{analyzer['pack']}-{analyzer['pack_digest'][:12]}-{analyzer['detector_size']}.json"


def _measured(file_measurer: FileMeasurer, labelled: list[Labelled]) -> dict[str, Measured]:
    """Return the measurement of each distinct picture, by digest."""
    files = {picture.digest: picture.file for pair in labelled for picture in (pair.a, pair.b)}
    measured = dict(zip(files, file_measurer.measure_all(files.values()), strict=True))
    for digest, one in measured.items():
        if one.digest != digest:
            raise PersonaForgeError(f"{files[digest]} changed while it was measured", hint="calibrate again")
    return measured


def _pairs(
    labelled: list[Labelled], measured: Mapping[str, Measured]
) -> tuple[list[Pair], dict[str, int], list[tuple[str, str, bool]]]:
    """Return the pairs that were measured, how many were not by cause, and the content of the former."""
    who = people(measured, ((pair.a.digest, pair.b.digest) for pair in labelled if pair.same))
    vectors = _vectors(measured, who)
    pairs: list[Pair] = []
    content = []
    left_out: dict[str, int] = {}
    for pair in labelled:
        a, b = pair.a.digest, pair.b.digest
        cause = _cause(measured[a], measured[b])
        if cause:
            left_out[cause] = left_out.get(cause, 0) + 1
            continue
        pairs.append(Pair(raw_cosine(vectors[a], vectors[b]), pair.same, (who[a], who[b])))
        content.append((a, b, pair.same))
    return pairs, left_out, content


def _vectors(measured: Mapping[str, Measured], who: Mapping[str, int]) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of each measured picture by digest: of several faces the one that is most like the person's
    other pictures, on average over those that show one face, if there are any. Where nothing tells, the largest."""
    from personaforge.faces.measure import embedding

    found = {digest: embedding(one.value) for digest, one in measured.items() if one.value["status"] == "measured"}
    largest = dict(found)
    for digest in _with_several(measured):
        others = [one for one in largest if one != digest and who[one] == who[digest]]
        others = [one for one in others if measured[one].value["faces"] == 1] or others
        faces = [embedding(one) for one in each_face(measured[digest].value) if one["status"] == "measured"]
        if others:
            found[digest] = max(faces, key=lambda face: sum(raw_cosine(face, largest[one]) for one in others))
    return found


def _with_several(measured: Mapping[str, Measured]) -> list[str]:
    return [digest for digest, one in measured.items() if one.value["status"] == "measured" and "people" in one.value]


def _cause(one: Measured, other: Measured) -> str:
    """Return why a pair has no cosine: the first picture's reason where both have one; empty when it has.

    Pictures that the pack was not made for are left out whatever the settings: a calibration has no mark for them.
    """
    for each in (one, other):
        if not in_domain(each.value):
            return str(Cause.OUT_OF_DOMAIN)
        if each.value["status"] != "measured":
            return str(Cause.NO_FACE if each.value["status"] == "no_face" else Cause.UNREADABLE)
    blocked = unmeasured(one.value, other.value, one.analyzer, other.analyzer)
    return str(blocked.code) if blocked is not None else ""


def _skipped(labelled: list[Labelled], measured: Mapping[str, Measured]) -> tuple[Skipped, ...]:
    shown = {picture.digest: picture.shown for pair in labelled for picture in (pair.a, pair.b)}
    return tuple(
        Skipped(shown[digest], *_why(one))
        for digest, one in measured.items()
        if one.value["status"] != "measured" or not in_domain(one.value)
    )


def _why(one: Measured) -> tuple[str, str]:
    if not in_domain(one.value):
        return str(Cause.OUT_OF_DOMAIN), outside(
            "the picture", one.analyzer["pack"], drawn=one.value.get("domain") == DRAWINGS.name
        ).reason
    return str(one.value["code"]), str(one.value["reason"])


def _write(project: Project, calibration: Calibration, output: str | None) -> tuple[str, bool]:
    path = os.path.abspath(output) if output is not None else str(_folder(project) / file_name(calibration.analyzer))
    data = orjson.dumps(calibration.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    try:
        with open(path, "rb") as file:
            changed = file.read(_MAX_BYTES) != data
    except OSError:
        changed = True
    if changed:
        write_atomic(path, data)
    return project.relative(path), changed


def _read(project: Project, name: str) -> Calibration:
    """Read a calibration of the project. Raises ValueError."""
    try:
        path = os.path.realpath(_folder(project) / name)
        if not path.startswith(str(project.root) + os.sep):
            raise ValueError("it leads out of the project")
        with open_file(path) as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(str(error.strerror)) from error
    except SpecError as error:
        raise ValueError(error.problems[0].message) from error
    if len(data) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES >> 10} KiB")
    return Calibration.from_json(orjson.loads(data))


def _built_in(analyzer: Mapping[str, str]) -> Applying | NoneApplies:
    """Return the calibration that lies beside the models of a pack that comes with forge, where it holds here."""
    ours = came_with(analyzer["pack"])
    try:
        data = (packs.SHIPPED / analyzer["pack"] / CALIBRATION).read_bytes()
        calibration = Calibration.from_json(orjson.loads(data))
    except (OSError, ValueError) as error:
        return NoneApplies(f"{ours} can't be read: {error}", True)
    unlike = mismatch(calibration, analyzer, embedding_version())
    return NoneApplies(f"{ours} does not apply: {unlike}", True) if unlike else Applying(calibration, ours)


def _folder(project: Project) -> Path:
    folder = project.root / FOLDER
    if folder.is_symlink():
        raise SpecError(Problem(FOLDER, "", "is a symbolic link", "make it a folder of the project"))
    return folder
