"""Which of several frontal candidates becomes the anchor. It chooses by number; it pins and writes nothing.

`central_similarity` (Personalab's) takes the candidate with the highest mean cosine to the others: a generator's odd
one out makes a poor reference. `first` takes the first with a face.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.identity.score import Cause, Unmeasured, cosine

STRATEGIES = ("central_similarity", "first")


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen candidate."""

    index: int
    """Position among the candidates, from 0."""
    means: tuple[float | None, ...]
    """Each candidate's mean cosine to the other measured ones, 6 decimals; None without a face or without others."""
    reason: str
    """A sentence part for people."""


def choose(measurements: Sequence[Mapping[str, Any] | None], strategy: str) -> Choice | Unmeasured:
    """Choose among candidates measured by one analyzer; None stands for one that nothing could measure.

    Candidates without a face never win. The lowest index wins a tie, so that equal candidates give one answer.
    """
    if strategy not in STRATEGIES:
        found = f"found {strategy!r}, expected one of {', '.join(STRATEGIES)}"
        raise SpecError(Problem("", "identity.anchor.strategy", found))
    faces = {i: m for i, m in enumerate(measurements) if m is not None and m["status"] == "measured"}
    if not faces:
        return _nothing(measurements)
    means = tuple(_mean_cosine(index, faces) for index in range(len(measurements)))
    total, measured = len(measurements), len(faces)
    if strategy == "first":
        index = min(faces)
        return Choice(index, means, f"the first of {total} candidates with a face")
    if measured == 1:
        return Choice(min(faces), means, f"the only one of {total} candidates with a face")
    # means[i] is a number for every key of faces, as there are two or more; -1 only satisfies the type checker
    index = max(faces, key=lambda i: (-1.0 if (mean := means[i]) is None else mean, -i))
    reason = f"mean cosine {means[index]:g} to the others, the highest of {measured}"
    return Choice(index, means, reason if measured == total else f"{reason} with a face out of {total}")


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
