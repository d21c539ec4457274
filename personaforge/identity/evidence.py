"""What two measured faces say together about whether they show one person: the cosine, and what it has to be read by.

    cosine  of the embeddings, [-1, 1], not clamped
    error   mean absolute difference of the ratios, from 0 up
    turn    degrees between the two poses, the larger of yaw and pitch
    norm    the smaller of the two embeddings' norms before normalising: low for blurred, small and covered faces
    size    the diagonal of the smaller face, pixels

The log of the likelihood ratio of same and different is linear in them (size by its logarithm), with coefficients that
`weights` fits. P(same) adds the prior's log odds.

Honest ends: a logistic goes on to 5e-7 where nobody has looked. Here the log ratio ends where the pairs end. Below the
median of the different pairs a share of the same pairs was found, often none: it may still be as large as the upper end
of its interval over people (`rates`), and the lowest ratio is that over one half. The highest is one half over the same
bound of the different pairs above the median of the same ones. With 260 people and no such pair of either sort the ends
are P(same) .027 and .9995 at a prior of one half.

There is no P(same) outside the range that the pairs covered: a face with a smaller norm or size, or turned or leaning
farther. A *larger* norm or size counts as the largest that was seen: the recogniser gets a crop of 112 x 112 pixels of
any larger face.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

FEATURES: Final = ("cosine", "error", "turn", "norm", "size")


class Evidence(NamedTuple):
    """Of one pair of measured faces; None is not measured."""

    cosine: float
    error: float | None
    turn: float | None
    norm: float | None
    size: float | None
    yaw: float | None = None
    """The larger of the two faces' yaws, degrees from straight on."""
    pitch: float | None = None
    roll: float | None = None
    """The larger of how far the two heads lean, degrees."""


class Probability(NamedTuple):
    """P(same) of one pair."""

    log_ratio: float
    """Log of the likelihood ratio of same and different, before its ends, 6 decimals: what is decided by."""
    value: float
    """P(same) at the calibration's prior, 6 decimals."""
    low: float
    """Lower end of the 95 % interval over the people that it was fitted on."""
    high: float


@dataclass(frozen=True, slots=True)
class Range:
    """What the pairs covered; None is what their analyzer doesn't measure. Degrees and pixels as in Evidence."""

    error: float | None
    """The largest; a larger error counts as that, as in profile ratios grow without bound."""
    turn: float | None
    yaw: float | None
    pitch: float | None
    roll: float | None
    """The largest of each."""
    norm: float | None
    size: float | None
    """The smallest of each."""
    best_norm: float | None
    best_size: float | None
    """The largest of each."""

    def outside(self, found: Evidence) -> str:
        """Return what of a pair lies outside, for people; empty where nothing does."""
        for name, unit, bound in (
            ("norm", "", self.norm),
            ("size", " px", self.size),
        ):
            value = getattr(found, name)
            if bound is not None and (value is None or value < bound):
                return _said(_SHOWN[name], value, f"from {bound:g}{unit} up", unit)
        for name, bound in (("turn", self.turn), ("yaw", self.yaw), ("pitch", self.pitch), ("roll", self.roll)):
            value = getattr(found, name)
            if bound is not None and (value is None or value > bound):
                return _said(_SHOWN[name], value, f"up to {bound:g} degrees", " degrees")
        if self.error is not None and found.error is None:
            return _said(_SHOWN["error"], None, "", "")
        return ""

    def feature(self, name: str, found: Evidence) -> float:
        """Return a feature of a pair that lies inside."""
        value = float(getattr(found, name))
        if name == "error":
            return min(value, _known(self.error))
        if name == "norm":
            return min(value, _known(self.best_norm))
        return math.log(min(value, _known(self.best_size))) if name == "size" else value


_SHOWN = {
    "norm": "the embedding's norm",
    "size": "the face's diagonal",
    "turn": "the turn between the two heads",
    "yaw": "a head's yaw",
    "pitch": "a head's pitch",
    "roll": "a head's lean",
    "error": "the geometric error",
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """The lowest score at which at most the wanted share of the different pairs is accepted. 6 decimals."""

    target: float
    """The wanted FAR."""
    at: float
    """Of the evidence, its log ratio."""
    low: float
    """Lower end of the 95 % interval over people."""
    high: float
    far: float
    far_low: float
    far_high: float
    """FAR on the pairs, with its 95 % interval over people."""
    frr: float
    frr_low: float
    frr_high: float
    """Share of the same pairs below, likewise."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How good P(same) is on people that it was not fitted on. Every pair is scored by a fit without both persons."""

    parts: int
    """In how many parts the people were divided."""
    ece: float
    """Expected calibration error: the mean of |mean P(same) - share of same| over ten bins of P(same), by their weight;
    same and different pairs weigh the same in all."""
    cllr: float
    """Cost of the log likelihood ratio in bits (Bruemmer and du Preez 2006): 0 is perfect, 1 says nothing."""
    cllr_open: float
    """The same without the ends: what claiming no more than the pairs support costs on such pairs is the difference."""
    equal_error: float
    """The EER of the evidence on them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The mapping from evidence to P(same), 6 decimals."""

    features: tuple[str, ...]
    """Of FEATURES those that were measured and vary, the cosine first."""
    centre: tuple[float, ...]
    """Means of the features."""
    intercept: float
    """The log ratio at the centre."""
    coefficients: tuple[float, ...]
    """Of each feature; the cosine's is above 0."""
    covariance: tuple[tuple[float, ...], ...]
    """Of the intercept and the coefficients over draws of people, (k + 1, k + 1)."""
    prior: float
    """P(same) before anything was measured."""
    least: float
    """The lowest log ratio that the pairs support; see the module."""
    most: float
    """The highest."""
    range: Range
    thresholds: tuple[Threshold, ...]
    """By falling target."""
    validation: Validation | None
    """None with too few people to leave any out."""

    def probability(self, found: Evidence) -> Probability | str:
        """Return P(same) of a pair, or why there is none."""
        outside = self.range.outside(found)
        if outside:
            return outside
        row = [1.0, *(self._offset(place, name, found) for place, name in enumerate(self.features))]
        log_ratio = round(sum(a * b for a, b in zip((self.intercept, *self.coefficients), row, strict=True)), 6)
        spread = sum(row[i] * row[j] * value for i, line in enumerate(self.covariance) for j, value in enumerate(line))
        half = _Z * math.sqrt(max(0.0, spread))
        return Probability(log_ratio, *(self.at(log_ratio + off) for off in (0.0, -half, half)))

    def at(self, log_ratio: float) -> float:
        """Return P(same) of a log ratio, 6 decimals."""
        z = min(self.most, max(self.least, log_ratio)) + math.log(self.prior / (1 - self.prior))
        share = 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
        return round(min(1 - _FINEST, max(_FINEST, share)), 6)

    def log_ratio_of(self, share: float) -> float:
        """Return the log ratio that has this P(same) before the ends."""
        return math.log(share / (1 - share)) - math.log(self.prior / (1 - self.prior))

    def threshold(self, far: float) -> Threshold | None:
        """Return the threshold for a FAR, or the nearest stricter one; None where the pairs support none."""
        return next((one for one in self.thresholds if one.target <= far * (1 + 1e-9)), None)

    def _offset(self, place: int, name: str, found: Evidence) -> float:
        return self.range.feature(name, found) - self.centre[place]


_Z = 1.959964
_FINEST = 1e-6


def evidence_of(
    anchor: Mapping[str, Any], candidate: Mapping[str, Any], *, error: float, turn: float | None
) -> Evidence:
    """Return the evidence of two measurements whose status is `measured`, of one pack and one ratio set; `error` and
    `turn` as `score` has them."""
    from personaforge.faces.measure import embedding

    one, other = embedding(anchor).astype("float64"), embedding(candidate).astype("float64")
    cosine = float(one @ other) / math.sqrt(float(one @ one) * float(other @ other))
    both = (anchor, candidate)
    return Evidence(
        cosine=round(cosine, 6),
        error=round(error, 6),
        turn=turn,
        norm=_least([each.get("embedding_norm") for each in both]),
        size=_least([_diagonal(each) for each in both]),
        **{name: _largest([_angle(each, name) for each in both]) for name in ("yaw", "pitch", "roll")},
    )


def _diagonal(measurement: Mapping[str, Any]) -> float:
    x1, y1, x2, y2 = measurement["box"]
    return round(math.hypot(x2 - x1, y2 - y1), 2)


def _angle(measurement: Mapping[str, Any], name: str) -> float | None:
    pose = measurement.get("pose")
    return None if pose is None else abs(float(pose[name]))


def _least(values: list[float | None]) -> float | None:
    known = [float(one) for one in values if one is not None]
    return min(known) if len(known) == len(values) else None


def _largest(values: list[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return max(known) if len(known) == len(values) else None


def _said(what: str, value: float | None, expected: str, unit: str) -> str:
    if value is None:
        return f"{what} was not measured, and the calibration reads it"
    return f"{what} is {value:g}{unit}, and the calibration was fitted {expected}"


def _known(value: float | None) -> float:
    assert value is not None, "a feature that is used was measured"
    return value
