"""A clip's frames against the anchor: how alike, how steady, and whether a repair may be advised.

Frames are compared with the anchor and never with each other: in a clip whose face changes slowly all neighbours are
similar. Means, standard deviations and variances are those of the population (divided by n): the sampled frames are all
that is judged, not a sample for an estimate.

The statistics are information; the policy decides by the mean composite, and under the gate `worst_stretch` by the
worst stretch, too (`stretches`). Quality never moves an identity threshold. The
gate is Personalab's table:

    identity stable   degradation    recommendation
    yes               none           no action needed
    yes               textural       sharpening and super-resolution
    yes               illumination   no automatic fix; manual review
    yes               both           manual review
    no                any            no post-processing

Stable means: mean composite at least accept_threshold, standard deviation of the cosine at most max_embedding_std, and
the variance of every ratio at most max_geometric_variance. A degradation that could not be measured results in manual
review.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from personaforge.domains import DRAWINGS
from personaforge.identity.decision import Decision, judge
from personaforge.identity.people import Judged, judge_faces
from personaforge.identity.policy import Policy, Quality
from personaforge.identity.references import ANCHOR
from personaforge.identity.score import Cause, Score, Unmeasured, in_domain, outside
from personaforge.identity.stretches import OverTime, over_time


class Degradation(StrEnum):
    """What is wrong with a clip's picture quality."""

    NONE = "none"
    TEXTURAL = "textural"
    """Too smooth: sharpness under its minimum."""
    ILLUMINATION = "illumination"
    """Flicker: the tones of neighbouring frames differ too much."""
    BOTH = "both"
    UNMEASURED = "unmeasured"
    """The anchor has no sharpness, or there is only one frame."""


class Recommendation(StrEnum):
    """The result of the post-processing gate."""

    NO_ACTION = "no_action"
    SHARPEN = "sharpen_and_super_resolve"
    MANUAL_REVIEW = "manual_review"
    NO_POST_PROCESSING = "no_post_processing"


@dataclass(frozen=True, slots=True)
class Advice:
    """The gate's row for a clip. Advice only: it decides about no candidate."""

    identity_stable: bool
    degradation: Degradation
    recommendation: Recommendation
    text: str
    """The recommendation in words."""


@dataclass(frozen=True, slots=True)
class ClipScore:
    """How alike a clip and the anchor are. Numbers have 6 decimals, variances 9."""

    score: Score
    """Means over the measured frames, and the most faces seen in one; `judge` decides by it."""
    cosine_std: float
    """High where identity is lost in some frames, even if the mean is good."""
    cosine_min: float
    """Of the frame that is least like the anchor: one bad moment, which neither mean nor deviation shows."""
    composite_std: float
    ratio_variance: Mapping[str, float]
    """Variance of each ratio over the frames: shows a jaw that grows and shrinks, which the mean error hides."""
    ratio_variance_mean: float
    ratio_variance_max: float
    worst_frame: int
    """Number of the frame with the lowest composite; the earliest of equals."""
    frames_measured: int
    frames_total: int
    """All sampled frames."""
    frames_without_face: tuple[int, ...]
    """Their frame numbers; they are in no mean."""
    sharpness_ratio_mean: float | None
    """Mean of frame over anchor sharpness; None when there is nothing to divide by."""
    histogram_distance_max: float | None
    """Largest distance between neighbouring frames by the configured method; None with one frame."""
    advice: Advice
    over_time: OverTime | None = None
    """What the whole of the clip shows, from look to look; None where no looks are on record."""
    frames_with_several: int = 0
    """Sampled frames in which one of several faces was chosen; see `people`."""
    second_face: str = ""
    """What is to say of another face that more than half of the sampled frames show; empty where nothing is."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        advice = {name: value if type(value) is bool else str(value) for name, value in asdict(self.advice).items()}
        time = None if self.over_time is None else self.over_time.as_json()
        missing = list(self.frames_without_face)
        return {**asdict(self), "frames_without_face": missing, "advice": advice, "over_time": time}


def compare_clip(
    anchor: Mapping[str, Any],
    clip: Mapping[str, Any],
    policy: Policy,
    quality: Quality,
    *,
    anchor_analyzer: Mapping[str, str] | None = None,
    clip_analyzer: Mapping[str, str] | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    combine: str = "max",
    strangers: float | None = None,
) -> ClipScore | Unmeasured:
    """Score a clip's measurement (`measure_clip`) against the anchor's. Unmeasured when no frame has a face.

    `others` are further references by name, measured by the anchor's analyzer; see `references`. `strangers` is the
    cosine that 99 % of different pairs stay below, where it is known; see `stretches`.
    """
    policy = policy.by_composite  # a calibration is about one pair of pictures
    if clip["status"] == "unreadable":
        return Unmeasured(Cause.UNREADABLE, str(clip["reason"]))
    if not in_domain(clip) and not policy.out_of_domain:
        return outside("the clip", policy.pack, drawn=clip.get("domain") == DRAWINGS.name)
    analyzers = {"anchor_analyzer": anchor_analyzer, "candidate_analyzer": clip_analyzer}
    found = [
        judge_faces({ANCHOR: anchor, **(others or {})}, frame, policy, combine, **analyzers)
        for frame in clip["frames"]
        if frame["status"] == "measured" or "people" in frame
    ]
    scores: list[Score] = []
    frames: list[Mapping[str, Any]] = []
    for one in found:
        score = one.near or one.score  # the published means are over all frames, poor ones among them
        if isinstance(score, Unmeasured):
            if score.code is Cause.NO_FACE:
                continue
            return score
        scores.append(score)
        frames.append(one.measurement)
    if not scores:
        return Unmeasured(Cause.NO_FACE, str(clip["reason"]))
    cosines, composites = [score.cosine for score in scores], [score.composite for score in scores]
    variances = {name: round(variance([frame["ratios"][name] for frame in frames]), 9) for name in anchor["ratios"]}
    overall = Score(
        cosine=round(mean(cosines), 6),
        error=round(mean([score.error for score in scores]), 6),
        error_bound=round(mean([score.error_bound for score in scores]), 6),
        composite=round(mean(composites), 6),
        faces=max(score.faces for score in scores),
        ratio_set=scores[0].ratio_set,
        turn=max((score.turn for score in scores if score.turn is not None), default=None),
        out_of_domain=not in_domain(clip) or any(score.out_of_domain for score in scores),
    )
    poor = _too_poor(overall, found, policy)
    if poor is not None:
        return poor
    # Quality is kept out of the overall score, so that a soft or flickering clip is never called a stranger.
    cosine_std = round(math.sqrt(variance(cosines)), 6)
    sharpness = _sharpness_ratio(anchor, frames)
    distances = clip["histogram_distances"][quality.histogram_method]
    flicker = round(max(distances), 6) if distances else None
    stable = (
        overall.composite >= policy.accept_threshold
        and cosine_std <= quality.max_embedding_std
        and max(variances.values()) <= quality.max_geometric_variance
    )
    return ClipScore(
        score=overall,
        cosine_std=cosine_std,
        cosine_min=min(cosines),
        composite_std=round(math.sqrt(variance(composites)), 6),
        ratio_variance=variances,
        ratio_variance_mean=round(mean(list(variances.values())), 9),
        ratio_variance_max=max(variances.values()),
        worst_frame=int(frames[composites.index(min(composites))]["frame"]),
        frames_measured=len(frames),
        frames_total=len(clip["frames"]),
        frames_without_face=tuple(int(f["frame"]) for f in clip["frames"] if f["status"] != "measured"),
        sharpness_ratio_mean=sharpness,
        histogram_distance_max=flicker,
        advice=advise(stable, degradation(sharpness, flicker, quality)),
        frames_with_several=sum(bool(one.faces) for one in found),
        second_face=_second_face(found),
        over_time=over_time({ANCHOR: anchor, **(others or {})}, clip, policy, combine, strangers),
    )


def _too_poor(overall: Score, found: Sequence[Judged], policy: Policy) -> Unmeasured | None:
    """Return why a clip can't be judged that doesn't pass: none of its frames but poor ones speak against it."""
    if judge(overall, policy, require_measurement=True).decision is Decision.ACCEPT:
        return None
    against = [
        one.score for one in found if judge(one.score, policy, require_measurement=True).decision is not Decision.ACCEPT
    ]
    poor = [one for one in against if isinstance(one, Unmeasured) and one.code is not Cause.NO_FACE]
    if not poor or any(isinstance(one, Score) for one in against):
        return None
    codes = [one.code for one in poor]
    first = poor[codes.index(max(codes, key=codes.count))]
    return Unmeasured(first.code, f"{len(poor)} of {len(found)} frames can't be judged: {first.reason}")


def _second_face(found: Sequence[Judged]) -> str:
    """Say what is to say of another face that most of the sampled frames show; empty where nothing is."""
    said = [one.second_face for one in found if one.second_face]
    return f"in {len(said)} of {len(found)} sampled frames {said[0]}" if 2 * len(said) > len(found) else ""


def degradation(sharpness_ratio: float | None, histogram_distance: float | None, quality: Quality) -> Degradation:
    """Return what is degraded. Values equal to their bound are accepted."""
    if sharpness_ratio is None or histogram_distance is None:
        return Degradation.UNMEASURED
    smooth = sharpness_ratio < quality.min_sharpness_ratio
    flickers = histogram_distance > quality.max_histogram_distance
    if smooth and flickers:
        return Degradation.BOTH
    return Degradation.TEXTURAL if smooth else Degradation.ILLUMINATION if flickers else Degradation.NONE


def advise(identity_stable: bool, degraded: Degradation) -> Advice:
    """Return the gate's row."""
    if not identity_stable:
        text = "No post-processing (identity unstable)"
        return Advice(False, degraded, Recommendation.NO_POST_PROCESSING, text)
    rows = {
        Degradation.NONE: (Recommendation.NO_ACTION, "No action needed"),
        Degradation.TEXTURAL: (Recommendation.SHARPEN, "Recommend sharpening + super-resolution"),
        Degradation.ILLUMINATION: (Recommendation.MANUAL_REVIEW, "No auto-fix; manual review"),
        Degradation.BOTH: (Recommendation.MANUAL_REVIEW, "Manual review"),
        Degradation.UNMEASURED: (Recommendation.MANUAL_REVIEW, "Quality could not be measured; manual review"),
    }
    recommendation, text = rows[degraded]
    return Advice(True, degraded, recommendation, text)


def mean(values: Sequence[float]) -> float:
    """Return the mean of one or more values."""
    return math.fsum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """Return the population variance of one or more values."""
    middle = mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / len(values)


def _sharpness_ratio(anchor: Mapping[str, Any], frames: Sequence[Mapping[str, Any]]) -> float | None:
    reference = anchor["sharpness"]
    values = [frame["sharpness"] for frame in frames if frame["sharpness"] is not None]
    if not reference or not values:
        return None
    return round(mean(values) / float(reference), 6)
