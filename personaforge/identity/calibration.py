"""What a cosine is worth under one analyzer: error rates, thresholds and P(same), fitted on labelled pairs.

The cosines here are not clamped, unlike those of scores: about half of the different pairs lie below 0, and if all of
them were 0, means, spread and slope would be distorted. The mapping is then applied to stored scores, which are
clamped. A cosine of 0 there may have been any negative one, and gets the P(same) of 0, the highest of those.

It is about one pair of pictures. The best score over several references is higher for strangers, too, and was not
calibrated.

Besides the mapping of the cosine alone, which compares two recognisers, schema 2 holds one of all evidence
(`evidence`): what P(same) is shown by, and what the policy `calibrated` decides by. Files of schema 1 lack it: their
P(same) is that of the cosine, and decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.identity.evidence import FEATURES, Evidence, Range, Threshold, Validation, Weights
from personaforge.identity.logistic import PRIORS, Logistic, Unfit, fit_logistic
from personaforge.identity.roc import EqualError, OperatingPoint, d_prime, equal_error, operating_point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.identity.score import Score

SCHEMA = 2
"""Files with weights of all evidence; those without are written as schema 1."""
_COSINE_ALONE = 1
FARS = (1e-2, 1e-3)
"""The FARs that thresholds are given for."""
LIBRARIES = "backend_version"
"""Versions of the libraries between the file and the embedding, of an analyzer's identity."""
MIN_PAIRS = 10
"""With fewer measured pairs of either sort nothing is fitted; ours. At 10, one error is a rate of 10 %."""


class Pair(NamedTuple):
    """Two measured pictures with a label: the same person or not."""

    cosine: float
    """Of their embeddings, not clamped."""
    same: bool
    people: tuple[int, int]
    """The persons on them, as arbitrary numbers; equal for a same pair."""
    evidence: Evidence | None = None
    """All that was measured of the pair; None for the cosine alone."""
    score: Score | None = None
    """By the settings, for the rates of the gates in force; no calibration reads it."""


@dataclass(frozen=True, slots=True)
class Cosines:
    """The cosines of one sort of pairs, 6 decimals."""

    n: int
    mean: float
    std: float
    """Standard deviation of the sample (n - 1)."""
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The results on one set of pairs with one analyzer."""

    analyzer: Mapping[str, str]
    """`AnalyzerIdentity.as_json()` of the analyzer."""
    measuring: str
    """Version of forge's own part of measuring: decoding, cropping."""
    pairs: str
    """SHA-256 of the file that named the pairs."""
    pictures: str
    """Digest over the content of the measured pictures, in the order of the pairs."""
    people: int
    """How many persons the measured pairs show, as far as the labels say who is the same."""
    same: Cosines
    different: Cosines
    unmeasured: Mapping[str, int]
    """Pairs that were left out, by cause (`no_face`, `unreadable`)."""
    d_prime: float | None
    """Distance of the means in standard deviations; None where neither sort varies."""
    equal_error: EqualError
    operating_points: tuple[OperatingPoint, ...]
    logistic: Logistic
    """P(same) of the cosine alone."""
    weights: Weights | None = None
    """P(same) of all evidence; None in files of schema 1."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        value = asdict(self)
        value.update(analyzer=dict(self.analyzer), unmeasured=dict(self.unmeasured))
        value["operating_points"] = list(value["operating_points"])
        if self.weights is None:
            del value["weights"]
            return {"schema": _COSINE_ALONE, **value}
        for name in ("features", "centre", "coefficients", "thresholds"):
            value["weights"][name] = list(value["weights"][name])
        value["weights"]["covariance"] = [list(row) for row in self.weights.covariance]
        return {"schema": SCHEMA, **value}

    @classmethod
    def from_json(cls, value: Any) -> Calibration:
        """Take the fields from what `as_json` returned. Raises ValueError that says what was found and expected."""
        table = _table(value, "")
        schema = table.get("schema")
        if schema not in (_COSINE_ALONE, SCHEMA) or isinstance(schema, bool):
            raise ValueError(f"schema: found {schema!r}, expected {_COSINE_ALONE} or {SCHEMA}")
        _keys(table, ["schema", *(one.name for one in fields(cls) if schema == SCHEMA or one.name != "weights")], "")
        points = table["operating_points"]
        if not isinstance(points, list):
            raise ValueError("operating_points: expected a list")
        found = cls(
            analyzer={name: str(text) for name, text in _table(table["analyzer"], "analyzer").items()},
            unmeasured={name: int(count) for name, count in _table(table["unmeasured"], "unmeasured").items()},
            same=_read(Cosines, table["same"], "same"),
            different=_read(Cosines, table["different"], "different"),
            equal_error=_read(EqualError, table["equal_error"], "equal_error"),
            operating_points=tuple(
                _read(OperatingPoint, one, f"operating_points[{n}]") for n, one in enumerate(points)
            ),
            logistic=_read(Logistic, table["logistic"], "logistic"),
            weights=_weights(table["weights"]) if schema == SCHEMA else None,
            **_plain(cls, table, ("measuring", "pairs", "pictures", "people", "d_prime"), ""),
        )
        if found.logistic.slope <= 0:
            raise ValueError(f"logistic.slope: found {found.logistic.slope}, expected more than 0")
        return found


def fit(
    pairs: Sequence[Pair],
    *,
    analyzer: Mapping[str, str],
    measuring: str,
    pairs_digest: str,
    pictures_digest: str,
    unmeasured: Mapping[str, int],
    prior: float = 0.5,
    seed: int = 0,
) -> Calibration:
    """Fit a calibration. The same pairs and seed give the same numbers.

    Raises Unfit for fewer than 10 measured pairs of either sort and where same pairs are not more alike than different
    ones, and ValueError for a prior outside PRIORS.
    """
    same = [pair for pair in pairs if pair.same]
    different = [pair for pair in pairs if not pair.same]
    for side, found in (("same", same), ("different", different)):
        if len(found) < MIN_PAIRS:
            raise Unfit(f"{len(found)} {side} pairs were measured, expected {MIN_PAIRS} or more")
    alike, unlike = [pair.cosine for pair in same], [pair.cosine for pair in different]
    evidence = [pair.evidence for pair in pairs if pair.evidence is not None]
    return Calibration(
        analyzer=dict(analyzer),
        measuring=measuring,
        pairs=pairs_digest,
        pictures=pictures_digest,
        people=len({person for pair in pairs for person in pair.people}),
        same=_cosines(alike),
        different=_cosines(unlike),
        unmeasured=dict(sorted(unmeasured.items())),
        d_prime=d_prime(alike, unlike),
        equal_error=equal_error(
            alike, unlike, [pair.people[0] for pair in same], [pair.people for pair in different], seed=seed
        ),
        operating_points=tuple(
            operating_point(alike, unlike, far, [pair.people for pair in different]) for far in FARS
        ),
        logistic=fit_logistic(alike, unlike, prior),
        weights=_fitted(pairs, evidence, prior, seed) if len(evidence) == len(pairs) else None,
    )


def _fitted(pairs: Sequence[Pair], evidence: Sequence[Evidence], prior: float, seed: int) -> Weights | None:
    import numpy as np

    from personaforge.identity.weights import fit_weights

    people = np.array([pair.people for pair in pairs], dtype=np.int64)
    try:
        return fit_weights(evidence, np.array([pair.same for pair in pairs]), people, prior, seed)
    except Unfit:
        return None  # the cosine alone tells them apart, and everything together doesn't: nothing decides by it


def probability(cosine: float, calibration: Calibration) -> float:
    """Return P(same) for a cosine alone, clamped as in scores or not, at the calibration's prior; 0.000001 to
    0.999999."""
    return calibration.logistic.probability(cosine)


def applies(calibration: Calibration, analyzer: Mapping[str, str], measuring: str | None = None) -> bool:
    """Return whether a calibration is valid for an analyzer's measurements; `mismatch` says why not."""
    return not mismatch(calibration, analyzer, measuring)


def mismatch(calibration: Calibration, analyzer: Mapping[str, str], measuring: str | None = None) -> str:
    """Return what differs between the calibration's measurements and an analyzer's; empty when nothing does.

    The identities must be equal in every field: backend, library versions, pack, its digest, detector size; and so must
    the version of forge's own part of measuring, where it is given. A calibration that names no library versions, as
    those that come with forge, holds for all of them: two versions differ by 0.001 of a cosine at most
    (`steps.attempts`).
    """
    theirs = dict(calibration.analyzer)
    ours = dict(analyzer)
    if LIBRARIES not in theirs:
        ours.pop(LIBRARIES, None)
    if measuring is not None:
        theirs["measuring"], ours["measuring"] = calibration.measuring, measuring
    unlike = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    parts = [f"{name.replace('_', ' ')} {_short(theirs.get(name))}, not {_short(ours.get(name))}" for name in unlike]
    return f"it was made with {'; '.join(parts)}" if parts else ""


def raw_cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of two embeddings, (512,) each, in [-1, 1], not clamped to 0, 6 decimals."""
    import numpy as np

    a, b = one.astype(np.float64), other.astype(np.float64)
    return round(float(a @ b) / math.sqrt(float(a @ a) * float(b @ b)), 6)


def people(names: Iterable[str], same: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return a number for the person on each picture: pictures that same pairs link, in any number of steps, have the
    same one."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for one, other in same:
        parent[root(other)] = root(one)
    numbers: dict[str, int] = {}
    return {name: numbers.setdefault(root(name), len(numbers)) for name in parent}


def _cosines(values: Sequence[float]) -> Cosines:
    import numpy as np

    n, mean, std = len(values), float(np.mean(values)), float(np.std(values, ddof=1))
    return Cosines(n, round(mean, 6), round(std, 6), round(min(values), 6), round(max(values), 6))


def _short(text: str | None) -> str:
    return "none" if text is None else text[:12] if len(text) == 64 else text


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where or 'the file'}: found {type(value).__name__}, expected an object")
    return value


def _keys(table: Mapping[str, Any], expected: Sequence[str], where: str) -> None:
    unlike = sorted({*table} ^ {*expected})
    if unlike:
        problem = "is missing" if unlike[0] in expected else "is unknown"
        raise ValueError(f"{where + '.' if where else ''}{unlike[0]}: {problem}")


def _weights(value: Any) -> Weights:
    """Take weights from JSON. Raises ValueError."""
    table = _table(value, "weights")
    _keys(table, [one.name for one in fields(Weights)], "weights")
    features = table["features"]
    if not isinstance(features, list) or not features or features[0] != FEATURES[0] or not {*features} <= {*FEATURES}:
        raise ValueError(
            f"weights.features: found {features!r}, expected the cosine and others of {', '.join(FEATURES)}"
        )
    size = len(features)
    points, validation = table["thresholds"], table["validation"]
    if not isinstance(points, list):
        raise ValueError("weights.thresholds: expected a list")
    rows = table["covariance"]
    if not isinstance(rows, list) or len(rows) != size + 1:
        raise ValueError(f"weights.covariance: expected {size + 1} rows")
    found = Weights(
        features=tuple(features),
        centre=_numbers(table["centre"], size, "weights.centre"),
        coefficients=_numbers(table["coefficients"], size, "weights.coefficients"),
        covariance=tuple(_numbers(row, size + 1, f"weights.covariance[{n}]") for n, row in enumerate(rows)),
        range=_read(Range, table["range"], "weights.range"),
        thresholds=tuple(_read(Threshold, one, f"weights.thresholds[{n}]") for n, one in enumerate(points)),
        validation=None if validation is None else _read(Validation, validation, "weights.validation"),
        **_plain(Weights, table, ("intercept", "prior", "least", "most"), "weights"),
    )
    if found.coefficients[0] <= 0:
        raise ValueError(f"weights.coefficients[0]: found {found.coefficients[0]}, expected more than 0")
    if not PRIORS[0] <= found.prior <= PRIORS[1]:
        raise ValueError(f"weights.prior: found {found.prior}, expected a number between 0 and 1")
    if not found.least <= 0 <= found.most:
        raise ValueError(f"weights.least, most: found {found.least} and {found.most}, expected 0 between them")
    needs = {"norm": ("norm", "best_norm"), "size": ("size", "best_size"), "turn": ("turn",), "error": ("error",)}
    for name in (one for feature in features[1:] for one in needs[feature]):
        if getattr(found.range, name) is None:
            raise ValueError(f"weights.range.{name}: found null, and {name} is a feature")
    return found


def _numbers(value: Any, count: int, where: str) -> tuple[float, ...]:
    fine = isinstance(value, list) and len(value) == count
    if not fine or not all(type(one) in (int, float) and math.isfinite(one) for one in value):
        raise ValueError(f"{where}: expected {count} numbers")
    return tuple(float(one) for one in value)


def _read(kind: Any, value: Any, where: str) -> Any:
    table = _table(value, where)
    names = [one.name for one in fields(kind)]
    _keys(table, names, where)
    return kind(**_plain(kind, table, names, where))


def _plain(kind: Any, table: Mapping[str, Any], names: Iterable[str], where: str) -> dict[str, Any]:
    """Return plain fields after validating their types, which are `str`, `int`, `float` or `float | None`."""
    types = {one.name: str(one.type) for one in fields(kind)}
    for name in names:
        value, wanted = table[name], types[name]
        number = type(value) in (int, float) and math.isfinite(value)
        fine = {
            "str": type(value) is str,
            "int": type(value) is int,
            "float": number,
            "float | None": number or value is None,
        }[wanted]
        if not fine:
            raise ValueError(f"{where + '.' if where else ''}{name}: found {value!r}, expected {wanted}")
    return {name: table[name] for name in names}
