"""Which calibration holds for what an analyzer measures: the project's own, or one that comes with forge.

A project keeps its calibrations in `calibration/`, one for each pack and detector size. With forge come two: of the
embedded pack beside its models, and of the development pack `buffalo_s_dev`, numbers alone, which
tests/benchmarks/verdicts_calibration.py made. Every other pack has none until the user makes one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from personaforge.errors import Problem, SpecError
from personaforge.faces import packs
from personaforge.faces.packs import CALIBRATION, shipped
from personaforge.faces.parts import embedding_version
from personaforge.identity.calibration import Calibration, mismatch
from personaforge.identity.policy import AUTO, Calibrated, Mode, calibrated
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.store.files import open_file

FOLDER = "calibration"
"""Where a project keeps its calibrations."""
OURS = Path(packs.__file__).resolve().parent / "calibrations"
"""Calibrations of packs that don't come with forge, by the pack's name."""
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Applying:
    """The calibration that holds for an analyzer."""

    calibration: Calibration
    file: str
    """From the project's root; `came_with` for one that comes with forge."""
    passed_over: str = ""
    """Why one that comes with forge counts although the project has its own; for people."""


@dataclass(frozen=True)
class NoneApplies:
    """There is none that holds."""

    reason: str
    """For people: what there is instead, and what to type."""
    exist: bool
    """Whether the project has calibrations at all."""


def judged_by(project: Project, analyzer_of: Callable[[Settings], AnalyzerRef]) -> Callable[[Settings], AnalyzerRef]:
    """Return what finds a persona's analyzer, and besides the calibration that decides, where its policy asks for one.

    Looks once for each analyzer.
    """
    known: dict[tuple[tuple[str, str], ...], tuple[Applying | NoneApplies, Applying | None]] = {}

    def of(settings: Settings) -> AnalyzerRef:
        found = analyzer_of(settings)
        if found.identity is None or settings.value("identity.policy") not in (AUTO, Mode.CALIBRATED):
            return found
        key = tuple(sorted(found.identity.items()))
        if key not in known:
            known[key] = calibration_for(project, found.identity), shipped_for(found.identity)
        kept = counting(*known[key], settings)
        bounds = deciding(kept, settings)
        if isinstance(bounds, str):
            return found._replace(not_calibrated=bounds)
        return found._replace(calibrated=bounds, passed_over=kept.passed_over if isinstance(kept, Applying) else "")

    return of


def counting(found: Applying | NoneApplies, ours: Applying | None, settings: Settings) -> Applying | NoneApplies:
    """Return the calibration that counts by the settings: what applies (`calibration_for`), but the one that comes with
    forge (`shipped_for`) where the project's own can't decide, and that one can.

    A small calibration of one's own must not switch a better one off.
    """
    why = deciding(found, settings)
    if ours is None or not isinstance(found, Applying) or not isinstance(why, str) or found.file == ours.file:
        return found
    if isinstance(deciding(ours, settings), str):
        return found
    return replace(ours, passed_over=f"{found.file} doesn't take the place of {ours.file}: {why}")


def applied_to(project: Project, analyzer: Mapping[str, str], settings: Settings) -> Applying | NoneApplies:
    """Return the calibration that counts for what an analyzer measures, by the settings; see `counting`."""
    return counting(calibration_for(project, analyzer), shipped_for(analyzer), settings)


def deciding(kept: Applying | NoneApplies, settings: Settings) -> Calibrated | str:
    """Return how a calibration decides by the settings, or why none does, for people."""
    if isinstance(kept, NoneApplies):
        return kept.reason
    calibration, declared = kept.calibration, settings.value("identity.calibrated")
    points = ((one.target, one.threshold) for one in calibration.operating_points)
    cosines = tuple(sorted(((far, at) for far, at in points if at is not None), reverse=True))
    return calibrated(calibration.weights, declared, kept.file, cosines)


def calibration_for(project: Project, analyzer: Mapping[str, str]) -> Applying | NoneApplies:
    """Return the project's calibration that holds for what an analyzer measures, or why there is none.

    If there are several, the one under its own name (`file_name`) counts. A file that can't be read as a calibration
    never does. Some packs have one that comes with forge, for projects that have none for it.
    """
    found = _project_calibration(project, analyzer)
    path = _our_file(analyzer["pack"])
    if isinstance(found, Applying) or path is None:
        return found
    ours = _our_calibration(path, analyzer)
    return found if found.exist and isinstance(ours, NoneApplies) else ours


def shipped_for(analyzer: Mapping[str, str]) -> Applying | None:
    """Return the calibration of an analyzer's pack that comes with forge, where there is one and it holds here."""
    path = _our_file(analyzer["pack"])
    found = None if path is None else _our_calibration(path, analyzer)
    return found if isinstance(found, Applying) else None


def came_with(pack: str) -> str:
    """Return the name of the calibration of a pack that comes with forge."""
    if pack in shipped():
        return f"the calibration that comes with the pack {pack}"
    return f"forge's own calibration of the pack {pack}"


def file_name(analyzer: Mapping[str, str]) -> str:
    """Return the name of an analyzer's calibration file."""
    return f"{analyzer['pack']}-{analyzer['pack_digest'][:12]}-{analyzer['detector_size']}.json"


def folder_of(project: Project) -> Path:
    """Return the project's folder of calibrations. Raises SpecError where it is a symbolic link."""
    folder = project.root / FOLDER
    if folder.is_symlink():
        raise SpecError(Problem(FOLDER, "", "is a symbolic link", "make it a folder of the project"))
    return folder


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


def _our_file(pack: str) -> Path | None:
    """Return where a pack's calibration that comes with forge lies; None for a pack that has none."""
    if pack in shipped():
        return packs.SHIPPED / pack / CALIBRATION
    path = OURS / f"{pack}.json"
    return path if path.is_file() else None


def _our_calibration(path: Path, analyzer: Mapping[str, str]) -> Applying | NoneApplies:
    """Return a calibration that comes with forge, where it holds here."""
    ours = came_with(analyzer["pack"])
    try:
        calibration = Calibration.from_json(orjson.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        return NoneApplies(f"{ours} can't be read: {error}", True)
    unlike = mismatch(calibration, analyzer, embedding_version())
    return NoneApplies(f"{ours} does not apply: {unlike}", True) if unlike else Applying(calibration, ours)


def _read(project: Project, name: str) -> Calibration:
    """Read a calibration of the project. Raises ValueError."""
    try:
        path = os.path.realpath(folder_of(project) / name)
        if not path.startswith(str(project.root) + os.sep):
            raise ValueError("it leads out of the project")
        with open_file(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(str(error.strerror)) from error
    except SpecError as error:
        raise ValueError(error.problems[0].message) from error
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 10} KiB")
    return Calibration.from_json(orjson.loads(data))
