"""Which of a picture's faces is judged, and what is said of the others. Arithmetic over measurements.

| identity.face | judged |
|---|---|
| best | the face with the best decision, and of those the one most like the anchor, by cosine |
| largest | the largest, as before all faces were measured |
| only | the only one; a picture with several faces is not measured |

With `best` a face that is too poor to be judged is chosen where it passes or its cosine is at least `limits.strangers`,
and else only where no face is better: a bystander in the background doesn't make a picture of a stranger one that can't
be judged. Each face is a chance to accept somebody else, so P(same) has to reach more (`Score.compared`).

With `best` a picture counts as good as its best face: a picture of the person beside somebody larger is the person's.
As with several references, more faces can only raise a score, and so a stranger's in a crowd, too.

A second face is noted where it could be taken for the person, or is what one sees first: it is larger, or nearly as
like: its cosine is at least `limits.strangers`, under which 999 of 1,000 pairs of different people stay, or for a pack
without such a number it would be accepted by itself.

What is judged is then looked at once more: a face that did not pass and is too poor to tell is unmeasured; see
`judgeable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personaforge.identity.appearance import OTHER_FACE
from personaforge.identity.decision import Decision, judge
from personaforge.identity.judgeable import unjudgeable
from personaforge.identity.policy import FaceRule, Policy
from personaforge.identity.references import compare_all
from personaforge.identity.score import Cause, Score, Unmeasured

_RANKS = (Decision.REJECT, Decision.RETRY, Decision.ACCEPT)
_POOR, _NOT_MEASURED = -1, -2
"""Ranks below those, of a face that is too poor to be judged, and of one without a score."""


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """One face of a picture that was compared with the anchor."""

    box: tuple[float, float, float, float]
    """x1, y1, x2, y2 in the picture's pixels, origin top left."""
    cosine: float | None
    """[0, 1]; None where the face has no score."""
    composite: float | None
    """[0, 1]."""
    chosen: bool
    """Whether it is the one that is judged."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {"box": list(self.box), "cosine": self.cosine, "composite": self.composite, "chosen": self.chosen}


@dataclass(frozen=True, slots=True)
class Judged:
    """A picture's score, and the face that it is of."""

    score: Score | Unmeasured
    measurement: Mapping[str, Any]
    """The chosen face's, as if the picture showed no other; the picture's own where none was chosen."""
    faces: tuple[FaceSeen, ...] = ()
    """Of a picture with several faces all that were compared, the largest first; else empty."""
    left_out: int = 0
    """Faces that were found and not measured, the smallest."""
    second_face: str = ""
    """What is to say of another face than an accepted one, a sentence part; empty where nothing is."""
    passed_over: bool = False
    """Whether a face that is more like the anchor was not chosen, as it is too poor to be judged."""
    near: Score | None = None
    """The number that an unmeasured face had all the same, which says little; None where there is none."""

    @property
    def index(self) -> int | None:
        """The chosen face's place among `faces`; None where there is no choice."""
        return next((index for index, one in enumerate(self.faces) if one.chosen), None)

    @property
    def turned_by(self) -> int | None:
        """Degrees clockwise by which the picture was turned to be measured; None for one measured as it is."""
        return self.measurement.get("turned_by")

    @property
    def text(self) -> str:
        """Which face was judged and why, and how it was looked at; empty for the only face of an upright picture."""
        found = [f"measured turned by {self.turned_by} degrees"] if self.turned_by else []
        index = self.index
        if index is not None:
            count = len(self.faces) + self.left_out
            one = self.faces[index]
            like = "" if one.cosine is None else f", cosine {one.cosine:.2f}"
            place = "the largest" if index == 0 else f"number {index + 1} by size"
            others = [other.cosine for at, other in enumerate(self.faces) if at != index and other.cosine is not None]
            rest = f", the others at most {max(others):.2f}" if others else ""
            poor = ", and what is more like is too poor to be judged" if self.passed_over else ""
            found.append(f"of {count} faces {place} was judged{like}{rest}{poor}")
        return "; ".join((*found, self.second_face)) if self.second_face else "; ".join(found)

    def as_json(self) -> dict[str, Any]:
        """Return what records keep, besides the score; nothing for the only face of an upright picture."""
        found: dict[str, Any] = {"chosen": self.text} if self.text else {}
        if self.faces:
            found["faces"] = [one.as_json() for one in self.faces]
        if self.left_out:
            found["faces_left_out"] = self.left_out
        if self.turned_by:
            found["turned_by"] = self.turned_by
            found["face_box"] = list(self.measurement["box"])
        if self.second_face:
            found["second_face"] = self.second_face
        if self.near is not None:
            found["near"] = {"cosine": self.near.cosine, "composite": self.near.composite}
        return found


def judge_faces(
    references: Mapping[str, Mapping[str, Any]],
    candidate: Mapping[str, Any],
    policy: Policy,
    combine: str = "max",
    *,
    anchor_analyzer: Mapping[str, str] | None = None,
    candidate_analyzer: Mapping[str, str] | None = None,
) -> Judged:
    """Score a picture's measurement, with all its faces, against references by name; see `references.compare_all`."""

    def scored(measurement: Mapping[str, Any]) -> Score | Unmeasured:
        analyzers = {"anchor_analyzer": anchor_analyzer, "candidate_analyzer": candidate_analyzer}
        return compare_all(references, measurement, policy, combine, **analyzers)

    faces = each_face(candidate)
    if policy.face is FaceRule.ONLY and candidate.get("faces", 0) > 1:
        blocked = scored(candidate)
        if isinstance(blocked, Unmeasured) and blocked.code is not Cause.NO_FACE:
            return Judged(blocked, candidate)
        count = candidate["faces"]
        reason = f"the picture shows {count} faces, and identity.face: only judges pictures of one"
        return Judged(Unmeasured(Cause.SEVERAL, reason), candidate)
    if policy.face is FaceRule.LARGEST or len(faces) < 2:
        return _checked(Judged(scored(candidate), candidate), policy)
    count = 1 if policy.earlier else len(faces)
    found = [scored(one) for one in faces]
    scores = [replace(one, compared=count) if isinstance(one, Score) else one for one in found]
    index = max(range(len(faces)), key=lambda at: (*_rank(faces[at], scores[at], policy), -at))
    seen = tuple(
        FaceSeen(
            (one["box"][0], one["box"][1], one["box"][2], one["box"][3]),
            score.cosine if isinstance(score, Score) else None,
            score.composite if isinstance(score, Score) else None,
            at == index,
        )
        for at, (one, score) in enumerate(zip(faces, scores, strict=True))
    )
    chosen = scores[index]
    if isinstance(chosen, Unmeasured) and chosen.code is not Cause.NO_FACE:
        return Judged(chosen, candidate)  # of the pack, the anchor or the domain, not of a face
    left_out = int((candidate.get("people") or {}).get("left_out", 0))
    second = _second(faces, scores, index, policy)
    over = isinstance(chosen, Score) and any(
        _passed_over(*one, chosen, policy) for one in zip(faces, scores, strict=True)
    )
    return _checked(Judged(chosen, faces[index], seen, left_out, second, over), policy)


def each_face(measurement: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the measurement of each face as if the picture showed no other, the largest first; the measurement itself
    where its faces were not measured one by one. Appearance is known of the largest alone."""
    people = measurement.get("people")
    if people is None:
        return [measurement]
    rest = {name: one for name, one in measurement.items() if name != "people"}
    largest, *others = people["faces"]
    return [{**rest, **largest}, *({**rest, **one, "appearance": OTHER_FACE} for one in others)]


def _rank(face: Mapping[str, Any], score: Score | Unmeasured, policy: Policy) -> tuple[int, float]:
    if isinstance(score, Unmeasured):
        return _NOT_MEASURED, 0.0
    decision = judge(score, policy, require_measurement=True).decision
    limits = policy.limits
    like_nobody = decision is not Decision.ACCEPT and limits is not None and score.cosine < limits.strangers
    if like_nobody and unjudgeable(face, limits) is not None:
        return _POOR, score.cosine
    return _RANKS.index(decision), score.cosine


def _passed_over(face: Mapping[str, Any], score: Score | Unmeasured, chosen: Score, policy: Policy) -> bool:
    return isinstance(score, Score) and score.cosine > chosen.cosine and _rank(face, score, policy)[0] == _POOR


def _second(
    faces: Sequence[Mapping[str, Any]], scores: Sequence[Score | Unmeasured], index: int, policy: Policy
) -> str:
    """Say what is to say of other faces than an accepted one; empty where nothing is."""
    if not _accepted(scores[index], policy):
        return ""
    bound = None if policy.limits is None else policy.limits.strangers

    def alike(score: Score | Unmeasured) -> bool:
        if isinstance(score, Unmeasured):
            return False
        return _accepted(score, policy) if bound is None else score.cosine >= bound

    others = [at for at in range(len(faces)) if at != index]
    like = [scores[at].cosine for at in others if alike(scores[at])]  # type: ignore[union-attr]
    found = ["is larger"] if any(_area(faces[at]) > _area(faces[index]) for at in others) else []
    found += [f"is nearly as like (cosine {max(like):.2f})"] if like else []
    return " and ".join(f"another face {one}" for one in found)


def _accepted(score: Score | Unmeasured, policy: Policy) -> bool:
    return judge(score, policy, require_measurement=True).decision is Decision.ACCEPT


def _area(face: Mapping[str, Any]) -> float:
    x1, y1, x2, y2 = face["box"]
    return float((x2 - x1) * (y2 - y1))


def _checked(found: Judged, policy: Policy) -> Judged:
    """Return the score as it is where it passes or the face is good enough to tell; unmeasured otherwise."""
    score = found.score
    if isinstance(score, Unmeasured) or _accepted(score, policy):
        return found
    poor = unjudgeable(found.measurement, policy.limits, score)
    if poor is None:
        return found
    return replace(found, score=poor, near=score)
