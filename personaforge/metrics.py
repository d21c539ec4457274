"""The one table of metrics: every number that is measured of a picture, a clip or a text, declared once.

What checks may name (`spec.measures`), the timelines of drift (CHARTED), the warehouse's `values`,
`scores` and `evaluations` and their descriptions derive from METRICS, and the tables in docs/ are tested against it. A
further metric is a row here and the code that measures it: the row's `source` says where records have the number.

Holds names, bounds and words, and the scale on which a timeline is charted; it measures and judges nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal, get_args

from personaforge.digest import digest_json

MEASUREMENT = "measurement"
"""First name of a source that lies in the measurement of what was judged, and not in the evaluation itself."""

Modality = Literal["face", "video", "text", "reading"]
Direction = Literal["higher", "lower", ""]
TimelineName = Literal["face", "video", "text", "quality", "likeness", "delivered", "failures"]
Scale = Literal["score", "ratio", "rate"]
TIMELINES: tuple[TimelineName, ...] = get_args(TimelineName)
"""Names of timelines, in the order in which they are shown."""
SUBJECTS = {
    "persona": "whose picture, clip or text it is",
    "modality": "what was judged",
    "measurer": "the face pack, or the model that read",
    "anchor": "the picture that it was compared with",
    "references": "the further pictures that it was compared with",
    "analyzer": "backend, pack, its digest, detector size and library versions",
    "weights": "those of the cosine and of the geometric error in the composite",
}
"""What comparability may name."""
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "modality": get_args(Modality),
    "better": get_args(Direction),
    "timeline": ("", *TIMELINES),
    "scale": get_args(Scale),
}
"""Values of fields that have few."""
FAILED = "failed"
"""Source of whether nothing could be measured, for a fault of what was judged: 1, or 0 where there is a score. Where
there is no number for another reason (no pack, an anchor that can't be measured, a drawing under a pack for
photographs), it isn't known."""
FAULTS = frozenset(("no_face", "unreadable", "several", "too_small", "blurred", "turned", "covered"))
"""Why there is no number where that is the fault of what was judged: `identity.score.OF_CANDIDATE`, as records say."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SOURCE = re.compile(
    rf"score|attempt|failed|(score|clip|delivered|likeness|reader|brief|{MEASUREMENT})(\.[a-z][a-z0-9_]*)+"
)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is measured of everything of one modality. Raises ValueError for a row that can't be right."""

    name: str
    modality: Modality
    """Of what it is measured: face (a picture), video (a clip), text, or reading (what a vision model says of a
    picture)."""
    unit: str
    """degrees, faces, ...; empty for a plain number or a share."""
    low: float
    high: float | None
    """Bounds of the number; None where there is none."""
    better: Direction
    """Which way is better; empty where neither is."""
    source: str
    """Path into the evaluation record, `clip.cosine_std`; or into the measurement: `measurement.sharpness`."""
    comparability: tuple[str, ...]
    """What must be equal for two values to be on one scale: what the modality's metrics have in common, and for
    composites the weights. See SUBJECTS."""
    about: str
    """What it is, for people; half a sentence."""
    is_gate: bool = False
    """Whether it is the number that a gate judges: the `score` of an evaluation. A modality has one."""
    is_checked: bool = True
    """Whether checks may name it."""
    plus: int = 0
    """What is added to the record's number: records count attempts from 0."""
    timeline: TimelineName | Literal[""] = ""
    """Under which name `forge drift` has its timeline, one of TIMELINES; empty: it has none."""
    label: str = ""
    """What a timeline is called, for people."""
    least_frames: int = 0
    """Measured frames that a clip needs for a place in the timeline; one frame has no deviation."""
    scale: Scale = "score"
    """How a timeline is charted. score: as it is; scores scatter about evenly around their slot's mean. ratio: its
    logarithm; spreads, variances, sharpness and histogram distances are positive and scatter by factors (a clip that
    moves more has a larger standard deviation *and* a larger scatter of it), so that differences are relative ones.
    rate: 1 where it is above `zero`, else 0, and the share of ones is charted (`drift.detector.rate`)."""
    zero: float = 0.0
    """Of a rate: the largest number that counts as 0."""
    resolution: float = 1e-6
    """The unit to which the number is rounded; the logarithm takes smaller numbers as this one."""

    def __post_init__(self) -> None:
        where = f"metric {self.name} of {self.modality}"
        for field, allowed in _ALLOWED.items():
            found = getattr(self, field)
            if found not in allowed:
                raise ValueError(f"{where}: {field} is {found!r}, expected one of {', '.join(map(repr, allowed))}")
        unknown = [one for one in self.comparability if one not in SUBJECTS]
        if unknown:
            raise ValueError(f"{where}: comparability names {unknown[0]!r}, expected some of {', '.join(SUBJECTS)}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{where}: the name is a column, expected small letters, digits and _")
        if not _SOURCE.fullmatch(self.source):
            begins = "score., clip., delivered., likeness., reader., brief. or"
            expected = f"score, attempt, failed, or a path that begins with {begins} {MEASUREMENT}."
            raise ValueError(f"{where}: source is {self.source!r}, expected {expected}")
        if self.high is not None and self.low >= self.high:
            raise ValueError(f"{where}: low is {self.low:g}, expected less than high, {self.high:g}")
        if self.timeline and not (self.better and self.label):
            raise ValueError(f"{where}: a timeline needs a label, and a direction that is better")

    @property
    def higher_is_better(self) -> bool:
        """Whether a rise is an improvement. Only asked of metrics with a timeline, all of which have a direction."""
        return self.better == "higher"

    @property
    def is_measured_alone(self) -> bool:
        """Whether the number lies in a measurement, and not in a judgement."""
        return self.source.startswith(f"{MEASUREMENT}.")

    def value_in(self, record: Mapping[str, Any]) -> float | None:
        """Return the number from an evaluation record, or from a measurement's value; None where it has none.

        `record` is the mapping that the path leads into: of a measurement the part behind `measurement.`.
        """
        if self.source == FAILED:
            return _failed_in(record)
        found: Any = record
        try:
            for name in _path(self.source):
                found = found[name]
        except (KeyError, TypeError):  # it isn't there, or what should hold it is something else
            return None
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return None
        return float(found + self.plus)

    def charted(self, value: float) -> float:
        """Return the value on the scale on which a timeline compares it."""
        if self.scale == "rate":
            return value if math.isnan(value) else float(value > self.zero)
        return value if self.scale == "score" else math.log(max(value, self.resolution))

    def shown(self, charted: float) -> float:
        """Return the value of a charted number: the inverse of `charted`."""
        return math.exp(charted) if self.scale == "ratio" else charted


LIKENESS = ("persona", "modality", "measurer", "anchor", "references", "analyzer")
"""What is measured against an anchor: by one analyzer, against one anchor and one set of references."""
WEIGHTED = (*LIKENESS, "weights")
"""What is besides a sum by `identity.weights`."""
READING = ("persona", "modality", "measurer")
"""What a model reads, without an anchor."""
SEEN = (*READING, "anchor")
"""What a model sees in a picture beside the anchor."""


def _alike(modalities: tuple[Modality, ...], name: str, *rest: Any, **more: Any) -> tuple[Metric, ...]:
    """Return a row for each modality, where nothing else differs."""
    return tuple(Metric(name, modality, *rest, **more) for modality in modalities)


_COMPOSITE = "weighted cosine and geometric error; of a clip the mean of frames"
_ASPECT = "how far the ratio of the sides is from the one that was asked for, as a share"
_FAILED = "1 where there is no number for a fault of its own: no face, unreadable, too small, blurred, turned, covered"
_OURS: tuple[Metric, ...] = (
    Metric(
        "composite", "face", "", 0, 1, "higher", "score.composite", WEIGHTED, _COMPOSITE,
        is_gate=True, timeline="face", label="composite of images",
    ),
    Metric(
        "composite", "video", "", 0, 1, "higher", "score.composite", WEIGHTED, _COMPOSITE,
        is_gate=True, timeline="video", label="mean composite of clips",
    ),
    Metric(
        "brief_coverage", "text", "", 0, 1, "higher", "brief.coverage", READING,
        "share of what the brief states that the document keeps or a pin overrules",
    ),
    *_alike(
        ("face", "video"), "cosine", "", 0, 1, "higher", "score.cosine", LIKENESS,
        "cosine of the embeddings; of a clip the mean of frames",
    ),
    *_alike(
        ("face", "video"), "error", "", 0, None, "lower", "score.error", LIKENESS,
        "mean absolute difference of the facial ratios",
    ),
    Metric(
        "turn", "face", "degrees", 0, 180, "lower", "score.turn", LIKENESS,
        "degrees between the anchor's pose and this one",
    ),
    Metric(
        "turn", "video", "degrees", 0, 180, "lower", "score.turn", LIKENESS,
        "degrees between the anchor's pose and the frame's that is turned most", is_checked=False,
    ),
    Metric(
        "score", "text", "", 1, 5, "higher", "score", READING, "mean of the audit's scores",
        is_gate=True, timeline="text", label="mean audit score",
    ),
    *_alike(
        ("face", "video"), "scale", "", 0, None, "", "delivered.scale", LIKENESS,
        "size over the size that was asked for, by the root of the area; where pixels were asked for",
    ),
    Metric(
        "aspect_error", "face", "", 0, None, "lower", "delivered.aspect_error", LIKENESS, _ASPECT,
        timeline="delivered", label="sides' ratio off what was asked for",
    ),
    Metric("aspect_error", "video", "", 0, None, "lower", "delivered.aspect_error", LIKENESS, _ASPECT),
    Metric(
        "turn_error", "face", "degrees", 0, 180, "lower", "delivered.turn_error", LIKENESS,
        "degrees between the yaw that was asked for and the head's",
        timeline="delivered", label="turn off what was asked for", scale="ratio", resolution=1.0,
    ),
    Metric(
        "tilt_error", "face", "degrees", 0, 360, "lower", "delivered.tilt_error", LIKENESS,
        "degrees between the pitch that was asked for and the head's, against the anchor's",
        timeline="delivered", label="tilt off what was asked for", scale="ratio", resolution=1.0,
    ),
    Metric(
        "face_height", "face", "", 0, None, "", "delivered.face_height", LIKENESS,
        "height of the face's box over the picture's",
    ),
    Metric(
        "mouth_width", "face", "", 0, None, "", "delivered.mouth_width", LIKENESS,
        "width of the mouth over the distance between the eyes, where an expression was asked for",
    ),
    Metric(
        "mouth_opening", "face", "", 0, None, "", "delivered.mouth_opening", LIKENESS,
        "distance between the inner lips over the mouth's width, where an expression was asked for",
    ),
    Metric(
        "eye_opening", "face", "", 0, None, "", "delivered.eye_opening", LIKENESS,
        "distance between the lids over the eye's width, where an expression was asked for",
    ),
    Metric(
        "brow_height", "face", "", -1, None, "", "delivered.brow_height", LIKENESS,
        "height of the brows over the eyes over the distance between the eyes, where an expression was asked for",
    ),
    Metric(
        "faces", "face", "", 0, None, "lower", "measurement.faces", LIKENESS, "faces in the picture",
        timeline="delivered", label="faces in images: one, or more", scale="rate", zero=1.0,
    ),
    Metric("detection", "face", "", 0, 1, "higher", "measurement.detection", LIKENESS, "the detector's confidence"),
    Metric(
        "sharpness", "face", "", 0, None, "higher", "measurement.sharpness", LIKENESS,
        "variance of the Laplacian over the face",
        timeline="quality", label="sharpness of images' faces", scale="ratio",
    ),
    Metric(
        "cosine_std", "video", "", 0, 1, "lower", "clip.cosine_std", LIKENESS,
        "standard deviation of the cosine over a clip's frames",
        timeline="video", label="cosine's deviation over a clip's frames", least_frames=2, scale="ratio",
    ),
    Metric(
        "cosine_min", "video", "", 0, 1, "higher", "clip.cosine_min", LIKENESS,
        "lowest cosine of a frame of the clip", timeline="video", label="lowest cosine of a clip's frames",
    ),
    Metric(
        "coverage", "video", "", 0, 1, "higher", "clip.over_time.coverage", LIKENESS,
        "share of a clip's time that shows the person", timeline="video", label="share of clips' time with the person",
    ),
    Metric(
        "switches", "video", "", 0, None, "lower", "clip.over_time.switches", LIKENESS,
        "how often a clip changes from the person to another, or back",
        timeline="video", label="changes of person within clips",
    ),
    Metric(
        "ratio_variance", "video", "", 0, None, "lower", "clip.ratio_variance_mean", LIKENESS,
        "mean over the facial ratios of their variance over the frames",
        timeline="video", label="facial ratios' mean variance over a clip's frames", least_frames=2, scale="ratio",
        resolution=1e-9,
    ),
    Metric(
        "clip_sharpness", "video", "", 0, None, "higher", "clip.sharpness_ratio_mean", LIKENESS,
        "mean over the frames of sharpness over the anchor's",
        timeline="quality", label="clips' sharpness over the anchor's", scale="ratio",
    ),
    Metric(
        "flicker", "video", "", 0, None, "lower", "clip.histogram_distance_max", LIKENESS,
        "largest histogram distance between neighbouring frames",
        timeline="quality", label="largest histogram distance in a clip", scale="ratio",
    ),
    Metric(
        "copying", "face", "", -1, 1, "lower", "likeness.copying", LIKENESS,
        "1: the head is turned as in the anchor where another turn was asked for; -1: as it was asked",
        timeline="likeness", label="turns repeated from the anchor",
    ),
    Metric(
        "skin_change", "face", "CIELAB", 0, None, "lower", "likeness.skin_change", LIKENESS,
        "distance of the skin's colour from the anchor's, lightness counted half",
        timeline="likeness", label="skin's distance from the anchor's", scale="ratio", resolution=0.1,
    ),
    Metric(
        "hair_change", "face", "CIELAB", 0, None, "lower", "likeness.hair_change", LIKENESS,
        "distance of the hair's colour from the anchor's, lightness counted half",
        timeline="likeness", label="hair's distance from the anchor's", scale="ratio", resolution=0.1,
    ),
    Metric(
        "eyes_change", "face", "CIELAB", 0, None, "lower", "likeness.eyes_change", LIKENESS,
        "distance of the irises' colour from the anchor's, lightness counted half",
        timeline="likeness", label="irises' distance from the anchor's", scale="ratio", resolution=0.1,
    ),
    Metric(
        "hair_length_change", "face", "pupil distances", 0, None, "lower", "likeness.hair_length_change", LIKENESS,
        "how much less or further down hair is seen beside the face than in the anchor",
        timeline="likeness", label="hair's length apart from the anchor's",
    ),
    Metric(
        "facial_hair_change", "face", "CIELAB", 0, None, "lower", "likeness.facial_hair_change", LIKENESS,
        "how much further chin or upper lip are from the cheeks' colour than in the anchor, or less",
        timeline="likeness", label="facial hair apart from the anchor's", scale="ratio", resolution=0.1,
    ),
    Metric(
        "glasses_change", "face", "", 0, 1, "lower", "likeness.glasses_change", LIKENESS,
        "1 where either the picture or the anchor shows glasses, and not both; else 0",
        timeline="likeness", label="glasses put on or taken off", scale="rate",
    ),
    Metric(
        "clothes_change", "face", "", 0, 1, "lower", "likeness.clothes_change", LIKENESS,
        "Hellinger distance of the clothes' colours from those of the first picture that is meant to wear the same",
        timeline="likeness", label="clothes' distance within a look",
    ),
    Metric(
        "apparent_age", "face", "years", 0, None, "", "likeness.apparent_age", LIKENESS,
        "age that the face looks, by InsightFace's genderage.onnx where that lies beside the pack",
    ),
    Metric(
        "failed", "face", "", 0, 1, "lower", FAILED, LIKENESS, _FAILED,
        is_checked=False, timeline="failures", label="failed images", scale="rate",
    ),
    Metric(
        "clip_failed", "video", "", 0, 1, "lower", FAILED, LIKENESS, _FAILED,
        is_checked=False, timeline="failures", label="failed clips", scale="rate",
    ),
    Metric(
        "changed_share", "reading", "", 0, 1, "lower", "reader.changed", SEEN,
        "share of the checklist's attributes that a vision model sees changed, of those that it can compare",
        is_checked=False, timeline="likeness", label="what the second reader sees changed",
    ),
    *_alike(
        ("face", "video"), "attempt", "", 1, None, "lower", "attempt", LIKENESS,
        "number of the attempt, from 1", plus=1,
    ),
    Metric("attempt", "text", "", 1, None, "lower", "attempt", READING, "number of the attempt, from 1", plus=1),
)  # fmt: skip
METRICS: list[Metric] = list(_OURS)
"""All of them: forge's own, and behind them those of the plug-ins in force. The order is that of lists for people, and
within a timeline's name that of `forge drift`."""


CHARTED: list[Metric] = []
"""The metrics that have a timeline, in the order of `forge drift`."""
_of: dict[str, tuple[Metric, ...]] = {}
"""By modality, as far as they were asked for."""


def _refresh() -> None:
    """Derive the tables above from METRICS anew."""
    drawn = ((TIMELINES.index(one.timeline), one) for one in METRICS if one.timeline)
    CHARTED[:] = [one for _, one in sorted(drawn, key=lambda pair: pair[0])]
    _of.clear()


_refresh()


def register(metric: Metric) -> None:
    """Add a metric that is measured of faces. For plug-ins; `spec.measures` has to be refreshed afterwards.

    Raises ValueError for a name that another metric has, and for one that lies elsewhere than in the measurement.
    """
    if any(one.name == metric.name for one in METRICS):
        raise ValueError(f"there is a metric {metric.name!r} already")
    if metric.modality != "face" or metric.source != f"{MEASUREMENT}.{metric.name}" or metric.is_gate:
        expected = f"modality face, source {MEASUREMENT}.{metric.name}, and no gate"
        raise ValueError(f"metric {metric.name} is of {metric.modality} and from {metric.source}, expected {expected}")
    METRICS.append(metric)
    _refresh()


def withdraw(name: str) -> None:
    """Remove a metric that was registered."""
    METRICS[:] = [one for one in METRICS if one in _OURS or one.name != name]
    _refresh()


def of_modality(modality: str) -> tuple[Metric, ...]:
    """Return the metrics of what is judged; none for an unknown modality."""
    if modality not in _of:
        _of[modality] = tuple(one for one in METRICS if one.modality == modality)
    return _of[modality]


def shared(modality: str) -> tuple[str, ...]:
    """Return what must be equal for any metric of what is judged; of an unknown modality what a likeness depends on."""
    rows = of_modality(modality)
    return min((one.comparability for one in rows), key=len, default=LIKENESS)


def digest() -> str:
    """Return a digest over the table: what was projected with another one is projected again."""
    return digest_json("metrics/1", [{**asdict(one), "comparability": list(one.comparability)} for one in METRICS])


def _failed_in(record: Mapping[str, Any]) -> float | None:
    unmeasured = record.get("unmeasured")
    if isinstance(unmeasured, Mapping):
        return 1.0 if unmeasured.get("code") in FAULTS else None
    return 0.0 if isinstance(record.get("score"), Mapping) else None


@cache
def _path(source: str) -> tuple[str, ...]:
    return tuple(source.removeprefix(f"{MEASUREMENT}.").split("."))
