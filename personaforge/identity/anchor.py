"""Which of several frontal candidates becomes the anchor. It compares numbers; it pins and writes nothing.

    central_similarity  the highest mean cosine to the others (Personalab's): an outlier of the generator is a poor
    anchor
    quality_weighted    the highest mean cosine times quality (ours): so is a blurred or a turned picture
    first               the first with a face

Quality is the geometric mean of four numbers in [0, 1]: the detector's confidence; sharpness, and the embedding's norm
before normalising (recognisers give poor pictures short ones: MagFace, Meng et al. 2021, makes a measure of it), each
over the best among the candidates; and frontality, 1 at 0 and 0 from 45 degrees of yaw on. Numbers that an analyzer
doesn't give are left out of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.identity.policy import FaceRule
from personaforge.identity.score import Cause, Unmeasured, clamp, cosine

STRATEGIES = ("central_similarity", "quality_weighted", "first")

_OVER_BEST = ("sharpness", "embedding_norm")
_TURNED_AWAY = 45.0
"""Degrees of yaw from which a picture is no frontal reference at all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen candidate."""

    index: int
    """Position among the candidates, from 0."""
    means: tuple[float | None, ...]
    """Each candidate's mean cosine to the other measured ones, 6 decimals; None without a face or without others."""
    qualities: tuple[float | None, ...]
    """Each candidate's quality, 6 decimals; None without a face."""
    reason: str
    """A sentence part for people."""


def choose(
    measurements: Sequence[Mapping[str, Any] | None], strategy: str, face: FaceRule = FaceRule.LARGEST
) -> Choice | Unmeasured:
    """Choose among candidates measured by one analyzer; None is a candidate that could not be measured.

    A candidate that shows several faces leaves open whose face everything will be compared with. So with `best` it wins
    only where no candidate shows a single one, and with `only` never; with `largest` its largest face counts.

    Candidates without a face never win. The lowest index wins a tie, so that equal candidates give one answer.
    """
    if strategy not in STRATEGIES:
        found = f"found {strategy!r}, expected one of {', '.join(STRATEGIES)}"
        raise SpecError(Problem("", "identity.anchor.strategy", found))
    faces = {i: m for i, m in enumerate(measurements) if m is not None and m["status"] == "measured"}
    if not faces:
        return _nothing(measurements)
    alone = {i: m for i, m in faces.items() if m.get("faces", 1) == 1}
    if face is FaceRule.ONLY and not alone:
        reason = f"each of the {len(faces)} candidates with a face shows several, and identity.face is only"
        return Unmeasured(Cause.SEVERAL, reason)
    which = "a face"
    if face is not FaceRule.LARGEST and alone and len(alone) < len(faces):
        faces, which = alone, "a single face"
    means = tuple(_mean_cosine(index, faces) for index in range(len(measurements)))
    qualities = _qualities(measurements, faces)
    total, measured = len(measurements), len(faces)
    if strategy == "first":
        return Choice(min(faces), means, qualities, f"the first of {total} candidates with {which}")
    if measured == 1:
        return Choice(min(faces), means, qualities, f"the only one of {total} candidates with {which}")
    weighted = strategy == "quality_weighted"
    factors = [1.0 if one is None or not weighted else one for one in qualities]
    worth = {i: round((means[i] or 0.0) * factors[i], 6) for i in faces}
    index = max(faces, key=lambda i: (worth[i], -i))
    reason = f"mean cosine {means[index]:g} to the others"
    if weighted:
        reason += f" times quality {factors[index]:g}"
    reason += f", the highest of {measured}"
    return Choice(index, means, qualities, reason if measured == total else f"{reason} with {which} out of {total}")


def _qualities(
    measurements: Sequence[Mapping[str, Any] | None], faces: Mapping[int, Mapping[str, Any]]
) -> tuple[float | None, ...]:
    best = {name: max((one.get(name) or 0.0 for one in faces.values()), default=0.0) for name in _OVER_BEST}

    def quality(one: Mapping[str, Any]) -> float | None:
        parts = [clamp(float(one["detection"]))] if "detection" in one else []
        parts += [float(one[name]) / best[name] for name in _OVER_BEST if best[name] and one.get(name) is not None]
        if one.get("pose") is not None:
            parts.append(clamp(1 - abs(float(one["pose"]["yaw"])) / _TURNED_AWAY))
        return round(math.prod(parts) ** (1 / len(parts)), 6) if parts else None

    return tuple(quality(faces[index]) if index in faces else None for index in range(len(measurements)))


def _mean_cosine(index: int, faces: Mapping[int, Mapping[str, Any]]) -> float | None:
    others = [other for position, other in faces.items() if position != index]
    if index not in faces or not others:
        return None
    # Rounded before it is compared: the last bits differ between machines, and would break ties by chance.
    return round(math.fsum(cosine(faces[index], other) for other in others) / len(others), 6)


def _nothing(measurements: Sequence[Mapping[str, Any] | None]) -> Unmeasured:
    if not measurements:
        return Unmeasured(Cause.TOO_FEW, "there are no candidates to choose from")
    if all(measurement is None for measurement in measurements):
        return Unmeasured(Cause.NO_MODEL, f"none of the {len(measurements)} candidates was measured")
    states = [measurement["status"] for measurement in measurements if measurement is not None]
    cause = Cause.NO_FACE if "no_face" in states else Cause.UNREADABLE
    return Unmeasured(cause, f"no face was found in any of the {len(measurements)} candidates")
