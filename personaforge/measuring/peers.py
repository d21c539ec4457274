"""What other packs reached on the same pairs: so that one sees what a pack costs in accuracy before one changes to it.

Only what was measured is told. The same pairs file was measured with other packs by `forge calibrate`, which keeps a
file for each in the project's `calibration/`; a pack without one is named as not measured. `ON_PHOTOGRAPHS` is what we
have measured ourselves, on photographs that aren't part of forge.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from personaforge.domains import DRAWINGS
from personaforge.errors import SpecError
from personaforge.faces.packs import PUBLISHED, made_for
from personaforge.identity.calibration import Calibration
from personaforge.spec.project import Project
from personaforge.spec.source import read_bounded
from personaforge.workspace.calibrations import FOLDER


class Peer(NamedTuple):
    """What one pack reached on labelled pairs."""

    pack: str
    detector_size: str
    rate: float
    """EER of the cosine, [0, 1]."""
    low: float
    """Ends of its 95 % interval."""
    high: float
    same: int
    """Pairs that were measured."""
    different: int
    people: int
    source: str
    """The calibration's file, or on what we measured it."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return self._asdict()


ON_PHOTOGRAPHS: Final = (
    Peer(
        *("buffalo_s_dev", "auto", 0.0046, 0.000799, 0.012797, 1182, 20000, 260),
        "914 research photographs of 260 people, measured by us (tests.benchmarks.verdicts_calibration)",
    ),
)
"""No other pack was measured on them: neither buffalo_l, nor a permissive one."""


class Peers(NamedTuple):
    """What there is to compare a calibration with."""

    on_these: tuple[Peer, ...]
    """On the same pairs file, the best first; the calibration's own among them."""
    not_measured: tuple[str, ...]
    """Packs for photographs that weren't measured on it."""
    elsewhere: tuple[Peer, ...] = ON_PHOTOGRAPHS

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "on_these": [one.as_json() for one in self.on_these],
            "not_measured": list(self.not_measured),
            "elsewhere": [one.as_json() for one in self.elsewhere],
        }


def peers_of(project: Project, calibration: Calibration, composed: Iterable[str]) -> Peers:
    """Return what packs reached on a calibration's pairs; `composed` names the composed packs that are known."""
    found = {_key(calibration): _peer(calibration, "this one")}
    for name, other in _kept(project):
        if other.pairs == calibration.pairs:
            # Pictures under the same names may have been replaced, and a pack may find no face in some.
            unlike = "" if other.pictures == calibration.pictures else ", not all the same pictures"
            found.setdefault(_key(other), _peer(other, f"{FOLDER}/{name}{unlike}"))
    packs = {peer.pack for peer in found.values()}
    best_first = tuple(sorted(found.values(), key=lambda peer: peer.rate))
    if made_for(calibration.analyzer) == DRAWINGS.name:
        return Peers(best_first, (), ())
    return Peers(best_first, tuple(name for name in (*PUBLISHED, *composed) if name not in packs))


def _key(calibration: Calibration) -> tuple[str, str]:
    return calibration.analyzer["pack_digest"], calibration.analyzer["detector_size"]


def _peer(calibration: Calibration, source: str) -> Peer:
    error, who = calibration.equal_error, calibration.analyzer
    counts = (calibration.same.n, calibration.different.n, calibration.people)
    return Peer(who["pack"], who["detector_size"], error.rate, error.low, error.high, *counts, source)


def _kept(project: Project) -> Iterable[tuple[str, Calibration]]:
    """Yield the project's calibrations, by file name; one that can't be read is `calibration_for`'s to name."""
    folder = project.root / FOLDER
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json") and name[0] != ".")
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        try:
            data = read_bounded(folder / name, f"{FOLDER}/{name}", root=project.root)
            yield name, Calibration.from_json(orjson.loads(data))
        except (OSError, ValueError, KeyError, TypeError, SpecError):
            continue
