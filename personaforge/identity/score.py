"""Two measurements to one score: is the candidate the anchor's person? Numbers only; `decision` decides.

    cosine     clamp(cosine of the embeddings, 0, 1)
    error      mean over the ratios of |candidate - anchor|
    composite  embedding_weight * cosine + geometric_weight * (1 - clamp(error, 0, 1))

The formulas are Personalab's. The clamp on the error is ours: a face in profile has nearly no distance between its
eyes, so its ratios grow without bound, and one such reading of landmarks would make the composite negative. The stored
error is unclamped.

Values are rounded to 6 decimals before they are judged, so that a decision made again from a record is the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from personaforge.domains import DRAWINGS, PHOTOGRAPHS
from personaforge.faces.measure import embedding

if TYPE_CHECKING:
    from personaforge.identity.policy import Policy

_POINTS = {"106": "106 points", "5": "5 points", "mesh": "a mesh of 468 points"}
"""`ratio_set` -> what it is, for people."""


class Cause(StrEnum):
    """Why there is no number. Those of `OF_CANDIDATE` are the candidate's, and another attempt may not have them."""

    NO_FACE = "no_face"
    """The candidate shows no face."""
    UNREADABLE = "unreadable"
    """The candidate's file can't be decoded."""
    NO_MODEL = "no_model"
    """There was no face pack or library to measure with."""
    ANCHOR = "anchor"
    """The anchor itself could not be measured."""
    RATIO_SETS = "ratio_sets"
    """The two sides' landmarks are of unlike sets: 106 points, a mesh or five."""
    ANALYZERS = "analyzers"
    """The two sides were measured by different models."""
    OUT_OF_DOMAIN = "out_of_domain"
    """The measuring models were made for other kinds of pictures."""
    SEVERAL = "several"
    """The candidate shows several faces, and only one is allowed."""
    TOO_SMALL = "too_small"
    """The face has too few pixels for a low score to say anything, as with the next three; see `judgeable`."""
    BLURRED = "blurred"
    TURNED = "turned"
    COVERED = "covered"
    TOO_FEW = "too_few"
    """There are no values to compute from."""


OF_CANDIDATE = frozenset(
    (Cause.NO_FACE, Cause.UNREADABLE, Cause.SEVERAL, Cause.TOO_SMALL, Cause.BLURRED, Cause.TURNED, Cause.COVERED)
)
"""Faults of a candidate, which another attempt may not have."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """There is no number, and why. Never written as 0.0 or 1.0."""

    code: Cause
    """For programs."""
    reason: str
    """For people: a sentence."""

    def as_json(self) -> dict[str, str]:
        """Return the fields as JSON values."""
        return {"code": str(self.code), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Score:
    """How alike a candidate and the anchor are. Every number has 6 decimals."""

    cosine: float
    """[0, 1]; negative cosines count as 0."""
    error: float
    """Mean absolute difference of the ratios, from 0 up, unclamped."""
    error_bound: float
    """The bound of strict mode for this size of face and turn of the head; see `error_bound`."""
    composite: float
    """[0, 1] with weights that sum to 1; the number that is compared with the thresholds."""
    faces: int
    """Faces in the candidate; the largest was measured."""
    ratio_set: str
    """`106`, `mesh` or `5`."""
    turn: float | None = None
    """Degrees between the anchor's pose and the candidate's, the larger of yaw and pitch; None without a pose."""
    reference: str = ""
    """The picture of the reference set that it was compared with; empty for the anchor alone."""
    out_of_domain: bool = False
    """Whether the models were made for other pictures and the user allowed a number all the same."""
    compared: int = 1
    """How many faces of the candidate were compared, of which this is the best."""
    log_ratio: float | None = None
    """Log of the likelihood ratio of same and different by the calibration in use; None without P(same)."""
    probability: float | None = None
    """P(same); None where no calibration is in use, or `no_probability` says why it reaches no such pair."""
    probability_low: float | None = None
    """Lower end of its 95 % interval."""
    probability_high: float | None = None
    no_probability: str = ""
    """Why a calibration that is in use gives no P(same), for people."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values; `out_of_domain` only where it is true, `compared` only of several faces,
        and P(same) only where it is."""
        value = asdict(self)
        if self.compared == 1:
            del value["compared"]
        for name in ("out_of_domain", *PROBABILITY):
            if value[name] is None or value[name] is False or value[name] == "":
                del value[name]
        return value

    def without_probability(self, why: str) -> Score:
        """Return the score with no P(same), and why; as it is where no calibration is in use."""
        if self.probability is None and not self.no_probability:
            return self
        return replace(self, **{**NO_PROBABILITY, "no_probability": why})


PROBABILITY = ("log_ratio", "probability", "probability_low", "probability_high", "no_probability")
"""Fields of a Score that a calibration gives."""
NO_PROBABILITY: dict[str, Any] = {**dict.fromkeys(PROBABILITY[:-1]), PROBABILITY[-1]: ""}
"""Their values without a calibration."""


def compare(
    anchor: Mapping[str, Any],
    candidate: Mapping[str, Any],
    policy: Policy,
    *,
    anchor_analyzer: Mapping[str, str] | None = None,
    candidate_analyzer: Mapping[str, str] | None = None,
) -> Score | Unmeasured:
    """Score a candidate's measurement against the anchor's.

    Measurements don't name their analyzer. Pass both identities (`AnalyzerIdentity.as_json()`), and different ones are
    refused; the embeddings of different models have a cosine near 0 even for one picture.
    """
    blocked = unmeasured(
        *(anchor, candidate, anchor_analyzer, candidate_analyzer),
        out_of_domain=policy.out_of_domain,
        pack=policy.pack,
    )
    if blocked is not None:
        return blocked
    similarity = cosine(anchor, candidate)
    error = ratio_error(anchor["ratios"], candidate["ratios"])
    turned = turn(anchor, candidate)
    inside = in_domain(anchor) and in_domain(candidate)
    return Score(
        cosine=round(similarity, 6),
        error=round(error, 6),
        error_bound=round(error_bound(candidate, policy, turned), 6),
        composite=round(composite(similarity, error, policy), 6),
        faces=int(candidate["faces"]),
        ratio_set=str(candidate["ratio_set"]),
        turn=turned,
        out_of_domain=not inside,
        **_probability(anchor, candidate, policy, inside=inside, error=error, turned=turned),
    )


def _probability(
    anchor: Mapping[str, Any],
    candidate: Mapping[str, Any],
    policy: Policy,
    *,
    inside: bool,
    error: float,
    turned: float | None,
) -> dict[str, Any]:
    """Return the fields of a Score that the policy's calibration gives."""
    if policy.calibrated is None:
        return {}
    if not inside:
        return {"no_probability": "the pack was not made for such pictures, and neither was its calibration"}
    from personaforge.identity.evidence import evidence_of
    from personaforge.identity.poor import beyond

    poor = "" if policy.earlier else beyond(anchor, candidate, policy.fitted)
    if poor:
        return {"no_probability": poor}
    evidence = evidence_of(anchor, candidate, error=error, turn=turned)
    found = policy.calibrated.weights.probability(evidence)
    return {"no_probability": found} if isinstance(found, str) else dict(zip(PROBABILITY[:-1], found, strict=True))


def unmeasured(
    anchor: Mapping[str, Any],
    candidate: Mapping[str, Any],
    anchor_analyzer: Mapping[str, str] | None = None,
    candidate_analyzer: Mapping[str, str] | None = None,
    *,
    out_of_domain: bool = False,
    pack: str = "",
) -> Unmeasured | None:
    """Return why two measurements can't be compared, or None when they can.

    `out_of_domain` lets pictures through that the models were not made for; `pack` is what a message calls the models.
    """
    if not out_of_domain:
        for who, measurement in (("the anchor", anchor), ("the picture", candidate)):
            if not in_domain(measurement):
                return outside(who, pack, drawn=measurement.get("domain") == DRAWINGS.name)
    if anchor["status"] != "measured":
        return Unmeasured(Cause.ANCHOR, f"the anchor can't be measured: {anchor['reason']}")
    if candidate["status"] != "measured":
        cause = Cause.NO_FACE if candidate["status"] == "no_face" else Cause.UNREADABLE
        return Unmeasured(cause, str(candidate["reason"]))
    if (anchor_analyzer is None) != (candidate_analyzer is None):
        raise ValueError("one analyzer was passed, expected both or neither")
    if anchor_analyzer is not None and candidate_analyzer is not None and anchor_analyzer != candidate_analyzer:
        return Unmeasured(Cause.ANALYZERS, _difference(anchor_analyzer, candidate_analyzer))
    if len(anchor["embedding"]) != len(candidate["embedding"]):
        return Unmeasured(Cause.ANALYZERS, "the anchor's and the candidate's embeddings have unlike lengths")
    if anchor["ratio_set"] != candidate["ratio_set"]:
        mine, theirs = (_POINTS.get(one["ratio_set"], one["ratio_set"]) for one in (anchor, candidate))
        sets = f"the anchor's from {mine}, the candidate's from {theirs}"
        return Unmeasured(Cause.RATIO_SETS, f"the ratios come from unlike landmarks: {sets}")
    return None


def in_domain(measurement: Mapping[str, Any]) -> bool:
    """Return whether the measuring models were made for such a picture, as far as the measurement says."""
    return measurement.get("in_domain") is not False


def outside(who: str, pack: str, *, drawn: bool = False) -> Unmeasured:
    """Return that a picture is not what a pack was made for: a drawing (`drawn`), for a pack for photographs; anything
    else, for one for drawings."""
    if drawn:
        reason = f"{who} is a {DRAWINGS.one}, as its file says, and the pack {pack} was made for {PHOTOGRAPHS.many}"
        return Unmeasured(Cause.OUT_OF_DOMAIN, reason)
    reason = f"{who} is no {DRAWINGS.one}, as far as its file says, and the pack {pack} knows nothing else"
    return Unmeasured(Cause.OUT_OF_DOMAIN, reason)


def cosine(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the cosine of two measured embeddings, clamped to [0, 1], in double precision."""
    import numpy as np

    a, b = embedding(one).astype(np.float64), embedding(other).astype(np.float64)
    return clamp(float(a @ b) / math.sqrt(float(a @ a) * float(b @ b)))


def ratio_error(anchor: Mapping[str, float], candidate: Mapping[str, float]) -> float:
    """Return the mean absolute difference of two ratio mappings of one set."""
    return math.fsum(abs(candidate[name] - value) for name, value in anchor.items()) / len(anchor)


def composite(similarity: float, error: float, policy: Policy) -> float:
    """Return the weighted sum of the cosine and of 1 - error, the error clamped to [0, 1]."""
    return policy.embedding_weight * similarity + policy.geometric_weight * (1 - clamp(error))


def turn(anchor: Mapping[str, Any], candidate: Mapping[str, Any]) -> float | None:
    """Return the degrees between two poses, the larger of yaw and pitch; leaning the head changes no ratio. None where
    a measurement has no pose. A difference is used, because the error of the generic head for this person is in both
    poses and cancels."""
    one, other = anchor.get("pose"), candidate.get("pose")
    if one is None or other is None:
        return None
    return round(max(abs(float(other[angle]) - float(one[angle])) for angle in ("yaw", "pitch")), 2)


def error_bound(measurement: Mapping[str, Any], policy: Policy, turned: float | None = None) -> float:
    """Return the bound on the error for the size of this face, and for how far it is turned from the anchor's pose.

    Size: max_error while the face's diagonal is at least relax_below of the image's, relax_factor times that from
    relax_until down, linear between. Landmarks of a small face have larger errors relative to the eyes' distance, so a
    full-length picture would fail for its size alone.

    Turn: nothing up to turn_from degrees, turn_factor times max_error from turn_until up, linear between. The ratios
    are distances in the picture's plane over the distance between the eyes, which shrinks with the cosine of the yaw,
    so a profile would fail for its pose alone. The two increases over max_error are added.
    """
    x1, y1, x2, y2 = measurement["box"]
    share = math.hypot(x2 - x1, y2 - y1) / math.hypot(measurement["width"], measurement["height"])
    small = _share(-share, -policy.relax_below, -policy.relax_until) * (policy.relax_factor - 1)
    away = _share(turned or 0.0, policy.turn_from, policy.turn_until) * (policy.turn_factor - 1)
    return policy.max_error * (1 + small + away)


def _share(value: float, start: float, end: float) -> float:
    """Return where a value lies between start and end, as a share in [0, 1]; with start equal to end it is a step."""
    if start == end:
        return 1.0 if value > start else 0.0
    return clamp((value - start) / (end - start))


def clamp(value: float) -> float:
    """Return the value, limited to [0, 1]."""
    return min(1.0, max(0.0, value))


def _difference(anchor: Mapping[str, str], candidate: Mapping[str, str]) -> str:
    names = sorted(name for name in {*anchor, *candidate} if anchor.get(name) != candidate.get(name))
    parts = [f"{name} {anchor.get(name)} against {candidate.get(name)}" for name in names]
    return f"the anchor and the candidate were measured by unlike analyzers: {', '.join(parts)}"
