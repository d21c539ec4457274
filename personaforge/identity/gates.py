"""How often the gates in force are wrong on labelled pairs: what `forge calibrate` reports. Plain arithmetic.

A gate accepts a pair, has another attempt made for it, or turns it away. FAR is the share of different pairs that it
accepts, FRR the share of same pairs that it doesn't; the retry band costs a paid attempt for each pair in it, of
strangers and of the right person.

Bands divide pairs by how far the two heads are turned from each other and by quality: the smaller of the two
embeddings' norms, in thirds of the same pairs, or the smaller face's diagonal where the analyzer gives no norm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from personaforge.identity.decision import Decision, judge
from personaforge.identity.policy import Calibrated, Mode, Policy
from personaforge.identity.rates import Rate, rate_of
from personaforge.identity.roc import crossing
from personaforge.identity.score import Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.identity.calibration import Pair
    from personaforge.identity.evidence import Threshold

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TURNS: Final = (10.0, 25.0, 45.0)
"""Degrees that divide the bands of turn; ours. The relaxation of the seed's geometric bound begins at 10; 45 is the
farthest that a head of the table of photographs is turned from straight on."""
_WORST_ERROR: Final = 1.0
"""A larger geometric error counts as this, as in the composite."""


@dataclass(frozen=True, slots=True)
class GateRates:
    """One gate on one set of pairs. None where there are no pairs of the sort."""

    gate: str
    """`composite`, `strict` or `calibrated`."""
    rule: str
    """Its thresholds, for people."""
    far: Rate | None
    frr: Rate | None
    retried_different: Rate | None
    """Different pairs that would have another attempt made."""
    retried_same: Rate | None


@dataclass(frozen=True, slots=True)
class Band:
    """The gates on a part of the pairs."""

    name: str
    same: int
    different: int
    gates: tuple[GateRates, ...]


@dataclass(frozen=True, slots=True)
class Separation:
    """How well one number tells same pairs from different ones."""

    score: str
    """`composite`, `cosine`, `geometry` or `evidence`."""
    equal_error: float
    low: float
    high: float
    """Exact bounds over people; see `roc`."""
    threshold: float
    thresholds: tuple[Threshold, ...]
    """For the FARs of FARS."""


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates in force on labelled pairs."""

    in_force: str
    """The gate that decides by the settings."""
    why: str
    """Why no calibration decides although the settings ask for one; for people."""
    separations: tuple[Separation, ...]
    gates: tuple[GateRates, ...]
    bands: tuple[Band, ...]
    instead: str = ""
    """Why another calibration than the one that was fitted counts, and is the gate `calibrated`; for people."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


FARS: Final = (1e-2, 1e-3)


def gates_of(pairs: Sequence[Pair], policy: Policy, why: str = "") -> Gates:
    """Return the rates of all gates on pairs with evidence and a score, whose probability is of `policy.calibrated`."""
    import numpy as np

    same = np.array([pair.same for pair in pairs])
    people = np.array([pair.people for pair in pairs], dtype=np.int64)
    scores = [score for pair in pairs if (score := pair.score) is not None]
    if len(scores) != len(pairs):
        raise ValueError("a pair has no score")
    policies = _policies(policy)
    decisions = {name: _decided(scores, one) for name, one in policies.items()}

    def rates(kept: Flags) -> tuple[GateRates, ...]:
        return tuple(
            _rates(name, _rule(one), decisions[name], same & kept, ~same & kept, people)
            for name, one in policies.items()
        )

    everything = np.ones(len(pairs), dtype=bool)
    bands = [
        Band(name, int((same & kept).sum()), int((~same & kept).sum()), rates(kept))
        for name, kept in _bands(pairs, scores, same)
        if kept.any()
    ]
    in_force = next(name for name, one in policies.items() if one.mode is policy.mode)
    return Gates(in_force, why, _separations(pairs, scores, same, people), rates(everything), tuple(bands))


def _policies(policy: Policy) -> Mapping[str, Policy]:
    found = {
        "composite": replace(policy, mode=Mode.COMPOSITE),
        "strict": replace(policy, mode=Mode.STRICT),
    }
    if policy.calibrated is not None:
        found["calibrated"] = replace(policy, mode=Mode.CALIBRATED)
    return found


def _rule(policy: Policy) -> str:
    if policy.mode is Mode.CALIBRATED and policy.calibrated is not None:
        return _shares(policy.calibrated)
    strict = f", cosine {policy.min_cosine:g}, error {policy.max_error:g}" if policy.mode is Mode.STRICT else ""
    return f"accept {policy.accept_threshold:g}{strict}; retry {policy.retry_threshold:g}"


def _shares(bounds: Calibrated) -> str:
    return f"FAR {bounds.far:g}: P(same) {bounds.accept_share:.3g}; retry {bounds.retry_share:.3g}"


def _decided(scores: Sequence[Score], policy: Policy) -> list[Decision]:
    return [judge(score, policy, require_measurement=True).decision for score in scores]


def _rates(name: str, rule: str, decided: Sequence[Decision], same: Flags, different: Flags, people: Ints) -> GateRates:
    import numpy as np

    accepted = np.array([one is Decision.ACCEPT for one in decided])
    retried = np.array([one is Decision.RETRY for one in decided])
    return GateRates(
        name,
        rule,
        far=rate_of(accepted[different], people[different]),
        frr=rate_of(~accepted[same], people[same]),
        retried_different=rate_of(retried[different], people[different]),
        retried_same=rate_of(retried[same], people[same]),
    )


def _bands(pairs: Sequence[Pair], scores: Sequence[Score], same: Flags) -> list[tuple[str, Flags]]:
    import numpy as np

    found: list[tuple[str, Flags]] = []
    turns = [score.turn for score in scores]
    if all(one is not None for one in turns):
        turned = np.array(turns, dtype=float)
        edges = (0.0, *TURNS, np.inf)
        for low, high in pairwise(edges):
            name = f"turned {low:g} to {high:g} degrees" if high < np.inf else f"turned {low:g} degrees and more"
            found.append((name, (turned >= low) & (turned < high)))
    for name, what in (("norm", "norm"), ("size", "px")):
        values = [getattr(pair.evidence, name) for pair in pairs]
        if any(one is None for one in values):
            continue
        column = np.array(values, dtype=float)
        first, second = np.quantile(column[same], (1 / 3, 2 / 3))
        if first < second:
            found.append((f"{what} below {first:.4g}", column < first))
            found.append((f"{what} {first:.4g} to {second:.4g}", (column >= first) & (column < second)))
            found.append((f"{what} {second:.4g} and more", column >= second))
            break
    return found


def _separations(pairs: Sequence[Pair], scores: Sequence[Score], same: Flags, people: Ints) -> tuple[Separation, ...]:
    import numpy as np

    from personaforge.identity.weights import person_weights, thresholds

    columns = {
        "composite": [score.composite for score in scores],
        "cosine": [pair.cosine for pair in pairs],
        "geometry": [1 - min(score.error, _WORST_ERROR) for score in scores],
    }
    ratios = [score.log_ratio for score in scores]
    if all(one is not None for one in ratios):
        columns["evidence"] = [one for one in ratios if one is not None]
    weights = person_weights(people, same, 0)
    found = []
    for name, values in columns.items():
        column = np.round(np.array(values, dtype=float), 6)
        whole = np.rint(column * 1e6).astype(np.int64)
        rate, at = crossing(whole[same], whole[~same])
        missed, passed = rate_of(column[same] < at, people[same]), rate_of(column[~same] >= at, people[~same])
        assert missed is not None and passed is not None
        low, high = min(missed.low, passed.low, rate), max(missed.high, passed.high, rate)
        points = tuple(one for one in thresholds(column, same, people, weights) if one.target in FARS)
        found.append(Separation(name, round(rate, 6), round(low, 6), round(high, 6), at, points))
    return tuple(found)
