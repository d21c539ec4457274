"""Whether two independent recognisers say the same of one pair of pictures. It measures nothing and only flags.

Cosines of unlike recognisers can't be subtracted: 0.2 means a stranger to one, and a doubtful case to the other. Each
is converted to a common scale first, on which 0 is a stranger and 1 the same person, in one of two ways:

    linear        between two reference points of each recogniser: 0 up to the cosine that 99 % of different pairs stay
                  below, 1 from the median of same pairs up, a straight line between. Declared by pack, in YAML.
    probability   P(same) by each one's own calibration (`calibration.probability`). Steeper: two recognisers that are
    both uncertain can be far apart.

Both sides use the same way, as a probability and a share of a line can't be subtracted either. On both scales all
strangers are equal, and so are all good likenesses: only a contradiction counts, and not which of the two is more
certain.

The linear scale and the comparison are ours; no publication is known to us.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.identity.score import Cause, Unmeasured, clamp, cosine, unmeasured

Probability = Callable[[float], float]
"""A cosine to P(same) in [0, 1], never falling."""


@dataclass(frozen=True, slots=True)
class ReferencePoints:
    """The cosines that one recogniser typically gives. Declared in the settings by pack name."""

    pack: str
    different: float
    """The cosine that 99 % of pairs of different people stay below."""
    same: float
    """The median cosine of pairs of one person."""

    def __post_init__(self) -> None:
        """Raise SpecError unless -1 <= different < same <= 1."""
        numbers = all(type(value) in (int, float) for value in (self.different, self.same))
        if not numbers or not -1 <= self.different < self.same <= 1:  # false for NaN, too
            found = f"found different {self.different!r} and same {self.same!r}, expected -1 <= different < same <= 1"
            raise SpecError(Problem("", f"identity.check.scales.{self.pack}", found))

    def share(self, value: float) -> float:
        """Return where a cosine lies between `different` (0) and `same` (1), clamped to [0, 1]."""
        return clamp((value - self.different) / (self.same - self.different))


@dataclass(frozen=True, slots=True)
class CommonScale:
    """How the cosines of two recognisers are made comparable."""

    name: str
    """`linear` or `probability`."""
    primary: Callable[[float], float]
    check: Callable[[float], float]

    def swapped(self) -> CommonScale:
        """Return the scale with the two recognisers exchanged."""
        return CommonScale(self.name, self.check, self.primary)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two recognisers say of one pair. Numbers have 6 decimals."""

    primary: float
    """On the common scale, in [0, 1]."""
    check: float | None
    """On the common scale, in [0, 1]; None where the second recogniser saw no face in what the primary one accepted."""
    disagreement: float | None
    """Their distance, in [0, 1]; None with `check`."""
    agrees: bool
    """False is a flag for people; the primary recogniser's decision is kept."""
    scale: str
    """`linear` or `probability`."""
    reason: str
    """A sentence part with the numbers that decided."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


def common_scale(
    primary_pack: str,
    verify_pack: str,
    declared: Mapping[str, Mapping[str, float]],
    *,
    primary_probability: Probability | None = None,
    check_probability: Probability | None = None,
) -> CommonScale:
    """Return the scale for two packs: P(same) when both have a calibration, else their declared reference points.

    `declared` maps a pack's name to `different` and `same`. Raises SpecError when a pack has neither.
    """
    if primary_probability is not None and check_probability is not None:
        return CommonScale("probability", primary_probability, check_probability)
    problems, points = [], []
    for pack in (primary_pack, verify_pack):
        if pack in declared:
            points.append(ReferencePoints(pack, declared[pack]["different"], declared[pack]["same"]))
        else:
            known = ", ".join(sorted(declared)) or "none"
            found = f"found reference points for {known}, expected different and same for {pack}"
            problems.append(
                Problem("", f"identity.check.scales.{pack}", found, "declare them, or calibrate both packs")
            )
    if problems:
        raise SpecError(problems)
    return CommonScale("linear", points[0].share, points[1].share)


def agree(
    primary_cosine: float | Unmeasured,
    check_cosine: float | Unmeasured,
    scale: CommonScale,
    *,
    max_disagreement: float,
    accepted: bool,
) -> Agreement | Unmeasured:
    """Compare what two recognisers say of one pair; `accepted` says whether the primary one's decision was ACCEPT.

    A distance equal to the bound still agrees. Where a recogniser has no cosine, there is no distance:

    - The second one sees no face in a candidate that the primary one *accepted*: that is a disagreement, as one of them
    sees this person where the other sees no face at all. Without acceptance it has no effect, and is unmeasured: the
    two detectors often differ on profiles and small faces, and those candidates are tried again anyway.
    - The primary one has none: it has accepted nothing that the second one could contradict. Unmeasured.
    - The second one has no model, can't read the file, or finds no face in the *anchor*: that says nothing about this
    candidate, and would flag all candidates alike. Unmeasured, with the second one's own cause.

    Raises SpecError for a bound outside [0, 1], and ValueError when the scale gives a number outside it.
    """
    if type(max_disagreement) not in (int, float) or not 0 <= max_disagreement <= 1:
        found = f"found {max_disagreement!r}, expected a number from 0 to 1"
        raise SpecError(Problem("", "identity.check.max_disagreement", found))
    if isinstance(primary_cosine, Unmeasured):
        return Unmeasured(primary_cosine.code, f"there is nothing to check: {primary_cosine.reason}")
    primary = _scaled(scale.primary, primary_cosine)
    if isinstance(check_cosine, Unmeasured):
        if accepted and check_cosine.code is Cause.NO_FACE:
            reason = f"accepted by the primary recogniser, but the check says that {check_cosine.reason}"
            return Agreement(primary, None, None, False, scale.name, reason)
        return Unmeasured(check_cosine.code, f"the check has no score: {check_cosine.reason}")
    check = _scaled(scale.check, check_cosine)
    apart = round(abs(primary - check), 6)
    agrees = apart <= max_disagreement
    bound = f"{'within' if agrees else 'more than'} {max_disagreement:g}"
    what = "P(same)" if scale.name == "probability" else "likeness"
    reason = f"{what} {primary:g} by the primary recogniser and {check:g} by the check, {apart:g} apart, {bound}"
    return Agreement(primary, check, apart, agrees, scale.name, reason)


def pair_cosine(
    anchor: Mapping[str, Any],
    candidate: Mapping[str, Any],
    *,
    anchor_analyzer: Mapping[str, str] | None = None,
    candidate_analyzer: Mapping[str, str] | None = None,
    out_of_domain: bool = False,
    pack: str = "",
) -> float | Unmeasured:
    """Return the cosine of two measurements by one recogniser, as `score.compare` has it, or why there is none.

    The check needs no policy and no geometry: its ratios come from five points, and are another metric. `out_of_domain`
    and `pack` as in `score.unmeasured`.
    """
    blocked = unmeasured(
        *(anchor, candidate, anchor_analyzer, candidate_analyzer), out_of_domain=out_of_domain, pack=pack
    )
    return round(cosine(anchor, candidate), 6) if blocked is None else blocked


def _scaled(scale: Callable[[float], float], value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"the cosine is {value}, expected a finite number")
    place = round(scale(value), 6)
    if not 0 <= place <= 1:
        raise ValueError(f"the scale gives {place} for a cosine of {value:g}, expected a number from 0 to 1")
    return place
