"""The numbers that judging needs, read from the settings once. Holds no defaults.

The defaults live in conf/identity and conf/quality; they are Personalab's for photographs under buffalo_l. Settings
were validated before, so a missing key is a bug and raises KeyError.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from personaforge.identity.evidence import Threshold, Weights

AUTO: Final = "auto"
"""In the settings: by a calibration where one applies, else by the composite."""


FORMER: Final = "composite_only"
"""How `composite` was called before: settings may still say so, and locks of an earlier forge do."""


class Mode(StrEnum):
    """The conditions of ACCEPT."""

    COMPOSITE = "composite"
    """The composite reaches the threshold."""
    COMPOSITE_ONLY = "composite"
    """The same, as it was called before: in settings, and in locks and records of an earlier forge."""
    STRICT = "strict"
    """The same, and the cosine and the geometry each pass their own bound."""
    CALIBRATED = "calibrated"
    """P(same) reaches that of a declared false-accept rate."""

    @classmethod
    def _missing_(cls, value: object) -> Mode | None:
        return cls.COMPOSITE if value == FORMER else None


STRANGERS_RETRIED: Final = 0.01
"""Where there is no P(same), a cosine is worth another attempt from where this share of the different pairs reaches it:
as many as get one by P(same) from .1, the lower end of the band that comes with forge, on 21,182 pairs of
photographs."""


class Bounds(NamedTuple):
    """How a picture is decided about by P(same), one of whose faces is judged."""

    accept: float
    """Log ratio to accept from."""
    retry: float
    """Log ratio to try again from."""
    threshold: Threshold
    """What was measured of the log ratio to accept from, or of a lower one."""
    faces: int
    """Faces that were compared with the anchor."""

    @property
    def said(self) -> str:
        """How often other people are accepted, as it was measured, for people. The band's upper end may be higher than
        the threshold that was measured: then fewer reach it."""
        found = self.threshold
        fewer = "fewer than " if self.accept > found.at else ""
        rate = f"{fewer}{found.far:.2g} of pairs of different people reach that (95 % interval {found.far_low:.2g} to "
        rate = f"{rate}{found.far_high:.2g})"
        if self.faces == 1:
            return rate
        most = f"at most {self.faces * found.far:.2g} ({self.faces * found.far_low:.2g} to "
        return f"{rate}, with {self.faces} faces {most}{self.faces * found.far_high:.2g})"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How evidence is decided about: by a calibration, at a declared false-accept rate.

    ACCEPT and P(same) can't contradict each other: both are made from one log ratio, and the log ratio to accept from
    is that of the FAR or that of the band's upper end, the larger.
    """

    weights: Weights
    far: float
    """The declared rate at which different people are accepted."""
    accept: float
    """Log ratio to accept from."""
    retry: float
    """Log ratio to try again from; below is REJECT."""
    file: str
    """The calibration, for people."""
    cosines: tuple[tuple[float, float], ...] = ()
    """Shares of the different pairs, falling, each with the cosine that it reaches; what the pairs support."""

    def least_cosine(self, faces: int) -> tuple[float, float] | None:
        """Return the cosine from which another attempt is made where there is no P(same), for the best of so many
        faces, and the share of different pairs that reaches it: STRANGERS_RETRIED, shared among the faces, or the
        nearest that the pairs support. None where they support none."""
        wanted = STRANGERS_RETRIED / faces
        found = [one for one in self.cosines if one[0] <= wanted * (1 + 1e-9)] or self.cosines[-1:]
        return (found[0][1], found[0][0]) if found else None

    def among(self, faces: int) -> Bounds:
        """Return the bounds for the best of so many faces: each is a chance to accept somebody else.

        The declared rate is shared among them (Bonferroni), as far down as the pairs support a threshold; `Bounds.said`
        tells what remains. So is the prior: a face has to reach the band's lower end with one in so many of it, up to
        P(same) one half, over which nothing is rejected.
        """
        threshold = self.weights.threshold(self.far / faces) or self.weights.thresholds[-1]
        accept = max(self.accept, threshold.at) if faces > 1 else self.accept
        shared = min(self.retry + math.log(faces), self.weights.log_ratio_of(0.5))
        return Bounds(accept, min(accept, max(self.retry, round(shared, 6))), threshold, faces)

    @property
    def accept_share(self) -> float:
        """P(same) from which is accepted."""
        return self.weights.at(self.accept)

    @property
    def retry_share(self) -> float:
        """P(same) from which another attempt is made."""
        return self.weights.at(self.retry)


def calibrated(
    weights: Weights | None, declared: Mapping[str, Any], file: str, cosines: tuple[tuple[float, float], ...] = ()
) -> Calibrated | str:
    """Return how to decide by a calibration with `identity.calibrated` of the settings, or why it can't be done;
    `cosines` as in Calibrated."""
    if weights is None:
        return f"{file} has P(same) of the cosine alone: forge calibrate PAIRS.csv makes one that can decide"
    far, (low, high) = float(declared["far"]), declared["retry"]
    threshold = weights.threshold(far)
    if threshold is None:
        least = min((one.target for one in weights.thresholds), default=None)
        supports = "no FAR" if least is None else f"a FAR of {least:g} or more"
        return f"{file} supports {supports}, and identity.calibrated.far is {far:g}: it takes more different pairs"
    if weights.at(weights.most) < high:
        return f"P(same) is at most {weights.at(weights.most):g} by {file}: it takes more people or another prior"
    accept = round(max(threshold.at, weights.log_ratio_of(high)), 6)
    retry = round(min(accept, weights.log_ratio_of(low)), 6)
    # Where the pairs support no P(same) as low as the band's lower end, none is below it, and nothing is turned away.
    return Calibrated(weights, far, accept, retry if retry > weights.least else -math.inf, file, cosines)


MIN_COVERAGE = 0.9
"""Unless it is set: of 5 seconds, the shortest clips of conf/motion, all but half a second, which is how long no single
stretch may last."""


class FaceRule(StrEnum):
    """Which of several faces is judged; see `people`."""

    BEST = "best"
    LARGEST = "largest"
    ONLY = "only"


class Gate(StrEnum):
    """What of a clip decides. In the settings also `auto`; see `gate_of`."""

    MEAN = "mean"
    """The mean over its sampled frames."""
    WORST_STRETCH = "worst_stretch"
    """The mean, the worst stretch of half a second or more, and the share of time that shows the person."""


def gate_of(identity: Mapping[str, Any]) -> Gate:
    """Return what of a clip decides by the nested `identity` group of the settings.

    `auto`, as where nothing is said, follows the policy: by the published ones, `composite` and `strict`, a clip is
    judged by its mean, as they were published; else its worst stretch decides, too.
    """
    asked = str((identity.get("video") or {}).get("gate") or AUTO)
    if asked != AUTO:
        return Gate(asked)
    policy = str(identity["policy"])
    return Gate.WORST_STRETCH if policy in (AUTO, Mode.CALIBRATED) else Gate.MEAN


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must have for a low score to say anything, with one pack; see `judgeable`."""

    min_norm: float
    """Of the embedding before normalising."""
    min_side: float
    """Pixels of the box's shorter side."""
    max_yaw: float
    """Degrees to either side."""
    max_roll: float
    """Degrees to either side, of the picture as it was turned where a second look turned it."""
    min_sharpness: float
    """See `faces.quality.sharpness`."""
    strangers: float
    """Cosine that 999 of 1,000 pairs of different people stay below."""

    @classmethod
    def of(cls, pack: str, judgeable: Mapping[str, Mapping[str, Any]]) -> Limits | None:
        """Return a pack's limits as the settings' `identity.judgeable` declares them; None where it declares none."""
        found = judgeable.get(pack)
        return None if found is None else cls(**{name: float(found[name]) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Policy:
    """How identity is judged. Every number from the `identity` group of the settings."""

    mode: Mode
    accept_threshold: float
    """Composite from which a candidate is accepted."""
    retry_threshold: float
    """Composite from which another attempt is worth its price."""
    embedding_weight: float
    """Weight of the cosine in the composite."""
    geometric_weight: float
    """Weight of 1 - error in the composite."""
    min_cosine: float
    """Strict mode's bound on the cosine."""
    max_error: float
    """Strict mode's bound on the geometric error, for a face that fills its picture."""
    relax_below: float
    """Face diagonal over image diagonal under which the bound on the error starts to grow."""
    relax_until: float
    """Where it stops growing."""
    relax_factor: float
    """How many times max_error it is by then."""
    turn_from: float
    """Degrees between the anchor's pose and the candidate's from which the bound grows, too."""
    turn_until: float
    """Where it stops growing."""
    turn_factor: float
    """How many times max_error it is by then, for a face that fills its picture."""
    out_of_domain: bool = False
    """Whether pictures that the models were not made for are scored all the same, with a mark."""
    gate: Gate = Gate.MEAN
    """What of a clip decides."""
    min_coverage: float = MIN_COVERAGE
    """Share of a clip's time that has to show the person under the gate `worst_stretch`."""
    face: FaceRule = FaceRule.LARGEST
    """Which of several faces is judged."""
    limits: Limits | None = None
    """What a face must have for a low score to say anything; None where that isn't known for the pack, or isn't asked
    for."""
    fitted: Limits | None = None
    """The same where it isn't asked for, too: a face beyond has no P(same), which was fitted on better ones."""
    earlier: bool = False
    """Judge as before such faces had no P(same), and before several faces shared the false-accept rate: what was
    accepted then stays."""
    pack: str = ""
    """The face pack that is asked for, as messages name it; nothing is judged by it."""
    calibrated: Calibrated | None = None
    """By what P(same) is given, and under the mode `calibrated` decided; None without a calibration that applies."""

    @property
    def weights(self) -> dict[str, float]:
        """The composite's weights, as evaluation records name them."""
        return {"embedding": self.embedding_weight, "geometric": self.geometric_weight}

    @classmethod
    def from_settings(
        cls,
        identity: Mapping[str, Any],
        analyzer: Mapping[str, str] | None = None,
        calibrated: Calibrated | None = None,
    ) -> Policy:
        """Take the numbers from the nested `identity` group; those that depend on the pack by the analyzer that
        measures (`AnalyzerIdentity.as_json()`), without one by the pack that the settings name. `calibrated` is what
        applies to the pack in use.

        Without it `calibrated` and `auto` decide by the composite. Where the user has asked for `calibrated` by name, a
        plan is refused before.
        """
        pack = str((analyzer or {}).get("pack") or identity["pack"])
        limits = Limits.of(pack, identity.get("judgeable", {}))
        judges_poor = identity.get("poor_pictures") == "judged"
        asked = str(identity["policy"])
        if asked in (AUTO, Mode.CALIBRATED):
            mode = Mode.COMPOSITE if calibrated is None else Mode.CALIBRATED
        else:
            mode = Mode(asked)
        geometric, video = identity["geometric"], identity.get("video", {})
        return cls(
            mode=mode,
            accept_threshold=float(identity["accept_threshold"]),
            retry_threshold=float(identity["retry_threshold"]),
            embedding_weight=float(identity["weights"]["embedding"]),
            geometric_weight=float(identity["weights"]["geometric"]),
            min_cosine=float(identity["embedding"]["min_cosine"]),
            max_error=float(geometric["max_error"]),
            relax_below=float(geometric["relax_below"]),
            relax_until=float(geometric["relax_until"]),
            relax_factor=float(geometric["relax_factor"]),
            turn_from=float(geometric["turn_from"]),
            turn_until=float(geometric["turn_until"]),
            turn_factor=float(geometric["turn_factor"]),
            out_of_domain=identity["out_of_domain"] == "allow",
            gate=gate_of(identity),
            min_coverage=float(video.get("min_coverage", MIN_COVERAGE)),
            face=FaceRule(identity.get("face", FaceRule.BEST)),
            limits=None if judges_poor else limits,
            fitted=limits,
            pack=str(identity["pack"]),
            calibrated=calibrated,
        )

    @property
    def by_composite(self) -> Policy:
        """The same without a calibration: for clips, and for what a calibration doesn't reach."""
        mode = Mode.COMPOSITE if self.mode is Mode.CALIBRATED else self.mode
        return replace(self, mode=mode, calibrated=None)


@dataclass(frozen=True, slots=True)
class Quality:
    """How a clip's visual quality is judged, and how steady identity must be before a repair is advised."""

    min_sharpness_ratio: float
    """Mean of frame over anchor sharpness below which a clip counts as smoothed."""
    max_histogram_distance: float
    """Distance between neighbouring frames above which a clip counts as flickering."""
    histogram_method: str
    """`bhattacharyya`, `chi_squared` or `correlation`."""
    max_embedding_std: float
    """Standard deviation of the cosine up to which identity is stable."""
    max_geometric_variance: float
    """Variance of any one ratio up to which identity is stable."""

    @classmethod
    def from_settings(cls, quality: Mapping[str, Any]) -> Quality:
        """Take the numbers from the nested `quality` group."""
        return cls(
            min_sharpness_ratio=float(quality["sharpness"]["min_ratio"]),
            max_histogram_distance=float(quality["illumination"]["max_histogram_distance"]),
            histogram_method=str(quality["illumination"]["method"]),
            max_embedding_std=float(quality["post_processing"]["max_embedding_std"]),
            max_geometric_variance=float(quality["post_processing"]["max_geometric_variance"]),
        )
