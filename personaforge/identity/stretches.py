"""The looks through a clip to stretches: who is to be seen from when to when, and which stretch is the worst.

Each look (`faces.looks`) is compared with the anchor, by the face that is most like it:

    person     cosine at least `bound`: the cosine with which the composite reaches the accept threshold when the error
               is at the geometric bound, (accept_threshold - w_g (1 - max_error)) / w_e
    unlike     a face, and a lower cosine. A stretch of these is `other` where its mean is under `strangers`, the cosine
               that 99 % of different pairs stay below with this pack (`identity.check.scales`), and `doubtful`
               else: a turned or covered face may be the person's. Without such a number all of it is `other`.
    no_face    none was found
    black      black

A stretch is a longest run of looks that are alike in this. It ends halfway between the end of its last frame that was
looked at and the time of the next that was; of a cut that is the cut itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from personaforge.faces.looks import unpacked
from personaforge.faces.measure import embedding
from personaforge.identity.decision import Decision, ReasonedDecision, judge, worth_another
from personaforge.identity.policy import Gate, Policy
from personaforge.identity.score import Cause, Score, Unmeasured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["person", "other", "doubtful", "no_face", "black"]

LONG = 0.5
"""Seconds from which a stretch counts: looks are a quarter of a second apart, so each of this length is found."""

MOST_TRACKS = 16
"""Faces that are named, those that are shown longest."""

NO_LOOKS = "the clip was not looked through, and its gate is the worst stretch: its file tells no times"
"""Why a clip without looks is not measured under the gate `worst_stretch`."""

_WORDS: Mapping[Kind, str] = {
    "person": "the person",
    "other": "another person",
    "doubtful": "a face that is not like enough",
    "no_face": "no face",
    "black": "black",
}
_WORST: tuple[Kind, ...] = ("other", "no_face", "black", "doubtful", "person")
"""From the worst on: another face is a claim about who is shown, a doubtful one may be the person's."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of time that is judged alike."""

    kind: Kind
    start: float
    """Seconds, as `end`; 3 decimals."""
    end: float
    looks: int
    """Frames that were looked at in it."""
    cosine: float | None
    """Their mean; None without a face."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    @property
    def text(self) -> str:
        """The stretch in words: `another person from 1.02 to 3 s, cosine 0.08`."""
        alike = "" if self.cosine is None else f", cosine {self.cosine:.2f}"
        return f"{_WORDS[self.kind]} from {self.start:g} to {self.end:g} s{alike}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What decides about a clip under the gate `worst_stretch`."""

    worst: Stretch
    """Of the stretches of half a second or more the worst, else of all: another person, no face, black, doubtful, the
    person; of one kind the longest."""
    coverage: float
    """Share of the time that shows the person, [0, 1]."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Shown:
        """Return what `as_json` gave."""
        return cls(Stretch(**fields["worst"]), float(fields["coverage"]))


@dataclass(frozen=True, slots=True)
class Track:
    """One face through the clip: looks whose embeddings follow on one another."""

    start: float
    end: float
    """Seconds, from the first look at it to the end of the last."""
    seconds: float
    """How long it was to be seen in all."""
    looks: int
    cosine: float
    """Mean cosine to the anchor."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """A clip from its beginning to its end."""

    gate: Gate
    """mean: what is here was recorded and decides nothing. worst_stretch: it decides, too."""
    seconds: float
    looks: int
    bound: float
    """Cosine from which a look shows the person."""
    strangers: float | None
    """Cosine under which a stretch is another person's; None where it isn't known for the pack."""
    coverage: float
    """As in Shown."""
    switches: int
    """How often the clip changes from the person to another, or back."""
    worst: Stretch
    """As in Shown."""
    stretches: tuple[Stretch, ...]
    faces: tuple[Track, ...]
    """Every face, those that are shown longest first."""
    lost_frames: int | None
    """Frames that the file lists and that can't be decoded; None where it lists none."""
    listed_frames: int | None
    lost_near: tuple[float, ...] = field(default=())
    """Seconds before which frames are missing, the first few."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        found = asdict(self)
        return {**found, "gate": str(self.gate), **{name: list(found[name]) for name in _LISTS}}

    @property
    def shown(self) -> Shown:
        """What of it decides under the gate `worst_stretch`."""
        return Shown(self.worst, self.coverage)

    @property
    def text(self) -> str:
        """The worst stretch in words, and whether it decides."""
        if self.worst.kind == "person":
            found = f"the person in {self.coverage:.0%} of the time, and nothing else for {LONG:g} s or more"
        else:
            found = f"worst stretch: {self.worst.text}; the person in {self.coverage:.0%} of the time"
        return found if self.gate is Gate.WORST_STRETCH else f"{found}; this decides nothing, the mean does"

    @property
    def damage(self) -> str:
        """What could not be decoded, in words; empty where nothing is known to be missing."""
        if not self.lost_frames:
            return ""
        near = f", after {', '.join(f'{one:g}' for one in self.lost_near)} s" if self.lost_near else ""
        return f"{self.lost_frames} of {self.listed_frames} frames that the file lists can't be decoded{near}"


_LISTS = ("stretches", "faces", "lost_near")


def over_time(
    references: Mapping[str, Mapping[str, Any]],
    clip: Mapping[str, Any],
    policy: Policy,
    combine: str,
    strangers: float | None = None,
) -> OverTime | None:
    """Return what a clip's measurement (`faces.looks.look_through`) says of its time; None where it has no looks.

    `references` and `combine` as in `references.compare_all`.
    """
    looks = clip.get("looks")
    if not looks:
        return None
    known = [embedding(one) for one in references.values() if one["status"] == "measured"]
    join = max if combine == "max" else lambda values: math.fsum(values) / len(values)
    seen = [_seen(look, lambda face: join([max(0.0, float(face @ one)) for one in known])) for look in looks]
    bound = cosine_at(policy, policy.accept_threshold)
    stretches = _stretches(seen, float(clip["end"]), bound, bound if strangers is None else min(strangers, bound))
    whole = math.fsum(one.seconds for one in stretches)
    shown = [one.kind for one in stretches if one.kind in ("person", "other")]
    long = [one for one in stretches if one.seconds >= LONG - 1e-3] or stretches
    undecoded = clip.get("undecoded") or {}
    return OverTime(
        gate=policy.gate,
        seconds=round(whole, 3),
        looks=len(seen),
        bound=round(bound, 6),
        strangers=strangers,
        coverage=round(math.fsum(one.seconds for one in stretches if one.kind == "person") / whole, 6),
        switches=sum(one != other for one, other in pairwise(shown)),
        worst=min(long, key=lambda one: (_WORST.index(one.kind), -one.seconds, one.start)),
        stretches=tuple(stretches),
        faces=tuple(_tracks(seen, float(clip["end"]), bound)[:MOST_TRACKS]),
        lost_frames=undecoded.get("lost"),
        listed_frames=undecoded.get("listed"),
        lost_near=tuple(undecoded.get("near") or ()),
    )


def strangers_of(scales: Mapping[str, Mapping[str, Any]], analyzer: Mapping[str, str] | None) -> float | None:
    """Return the cosine that 99 % of different pairs stay below with an analyzer's pack, by `identity.check.scales`."""
    scale = scales.get((analyzer or {}).get("pack", ""))
    return None if scale is None else float(scale["different"])


def judge_clip(
    score: Score | Unmeasured, shown: Shown | None, policy: Policy, *, require_measurement: bool
) -> ReasonedDecision:
    """Decide about a clip by its mean score, and under the gate `worst_stretch` by its stretches, too: the worse.

    A stretch of half a second or more that doesn't show the person is RETRY, and REJECT where another person is less
    like the anchor than the retry threshold asks for; RETRY is also too small a share of time that shows the person.
    """
    by_composite = policy.by_composite  # a calibration is about one pair of pictures
    found = judge(score, by_composite, require_measurement=require_measurement)
    if not isinstance(score, Unmeasured):
        found = worth_another(found, score, policy)
    policy = by_composite
    if isinstance(score, Unmeasured) or found.decision is Decision.REJECT:
        return found
    fault = fault_of(shown, policy)
    if not fault:
        return found
    if shown is None:
        return judge(Unmeasured(Cause.TOO_FEW, NO_LOOKS), policy, require_measurement=require_measurement)
    worst = shown.worst
    low = worst.kind == "other" and (worst.cosine or 0.0) < cosine_at(policy, policy.retry_threshold)
    if low or found.decision is Decision.ACCEPT:
        return ReasonedDecision(Decision.REJECT if low else Decision.RETRY, fault, True)
    return found


def fault_of(shown: Shown | None, policy: Policy) -> str:
    """Return what the gate `worst_stretch` finds wrong with a clip besides its mean; empty where nothing is, and under
    the gate `mean`."""
    if policy.gate is Gate.MEAN:
        return ""
    if shown is None:
        return NO_LOOKS
    if shown.worst.kind != "person":
        return shown.worst.text
    if shown.coverage < policy.min_coverage:
        return f"the person is shown in {shown.coverage:g} of the time, expected at least {policy.min_coverage:g}"
    return ""


def cosine_at(policy: Policy, threshold: float) -> float:
    """Return the cosine with which a composite reaches a threshold when the error is at the geometric bound; where the
    cosine has no weight, strict mode's bound."""
    if policy.embedding_weight <= 0:
        return policy.min_cosine
    rest = policy.geometric_weight * (1 - policy.max_error)
    return min(1.0, max(0.0, (threshold - rest) / policy.embedding_weight))


class _Seen(NamedTuple):
    second: float
    until: float
    is_black: bool
    faces: list[tuple[NDArray[np.float32], float]]
    """Embeddings and their cosines to the references."""

    @property
    def cosine(self) -> float | None:
        return max((cosine for _, cosine in self.faces), default=None)


def _seen(look: Mapping[str, Any], cosine: Any) -> _Seen:
    faces = [unpacked(face) for face in look["faces"]]
    return _Seen(look["second"], look["until"], look["black"], [(face, cosine(face)) for face in faces])


def _stretches(seen: Sequence[_Seen], last: float, bound: float, strangers: float) -> list[Stretch]:
    def state(one: _Seen) -> str:
        if one.is_black:
            return "black"
        return "no_face" if one.cosine is None else "person" if one.cosine >= bound else "unlike"

    runs = [(kind, list(run)) for kind, run in groupby(seen, state)]
    changes = [(before[-1].until + after[0].second) / 2 for (_, before), (_, after) in pairwise(runs)]
    edges = [seen[0].second, *changes, last]
    found = []
    for (kind, run), start, end in zip(runs, edges, edges[1:], strict=False):
        cosines = [one.cosine for one in run if one.cosine is not None]
        mean = math.fsum(cosines) / len(cosines) if cosines else None
        if kind == "unlike" and mean is not None:
            kind = "other" if mean < strangers else "doubtful"
        alike = None if mean is None else round(mean, 4)
        found.append(Stretch(kind, round(start, 3), round(end, 3), len(run), alike))  # type: ignore[arg-type]
    return found


def _tracks(seen: Sequence[_Seen], last: float, bound: float) -> list[Track]:
    """Return every face as a track: a face belongs to the one whose last look it is most like, from `bound` on."""
    tracks: list[list[tuple[NDArray[np.float32], float, float, float]]] = []
    for index, look in enumerate(seen):
        end = seen[index + 1].second if index + 1 < len(seen) else last
        free = list(tracks)
        for face, cosine in look.faces:
            best = max(free, key=lambda track: float(track[-1][0] @ face), default=None)
            if best is None or float(best[-1][0] @ face) < bound:
                best = []
                tracks.append(best)
            else:
                free = [track for track in free if track is not best]
            best.append((face, cosine, look.second, end))
    found = [
        Track(
            start=track[0][2],
            end=track[-1][3],
            seconds=round(math.fsum(end - start for _, _, start, end in track), 3),
            looks=len(track),
            cosine=round(math.fsum(cosine for _, cosine, _, _ in track) / len(track), 4),
        )
        for track in tracks
    ]
    return sorted(found, key=lambda one: (-one.seconds, one.start))
