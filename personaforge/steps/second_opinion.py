"""The second opinion: an independent recogniser measures the same pair, and a contradiction is flagged.

It decides nothing: the first recogniser does. What it contradicts ships with a mark, so that people look at it.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personaforge.identity.decision import Decision
from personaforge.steps.action import Action, Result
from personaforge.steps.context import Context
from personaforge.steps.judgement import Judgement
from personaforge.steps.measurement import joined, measure_action, needed_actions
from personaforge.store.artifact import Artifact

if TYPE_CHECKING:
    from personaforge.identity.score import Unmeasured

Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The anchor's measurement and a candidate's."""


def second_opinion(
    context: Context,
    judgement: Judgement,
    artifact: Artifact,
    anchor: Artifact,
    pairs: Sequence[Pair],
    request: Mapping[str, Any] | None = None,
    *,
    all_faces: bool = False,
) -> Generator[Action, Result, Judgement]:
    """Return the judgement, marked where the second recogniser contradicts it.

    `pairs` are what the first one measured: one for a picture, one for each frame of a clip. Both recognisers compare
    with the anchor alone, whatever else is in the reference set. `request` is what a clip was measured by. With
    `all_faces` the second one compares the face that lies where the first one's does, else its largest.
    """
    analyzer_ref, settings = context.analyzer_ref, context.settings
    if settings["identity.check.pack"] == "none":
        return judgement
    from personaforge.identity.agreement import agree, common_scale, pair_cosine
    from personaforge.identity.score import Cause, Unmeasured

    if analyzer_ref.check is None or analyzer_ref.identity is None:
        return _noted(judgement, {"unmeasured": "no check pack is here"})
    is_clip = "clip" in (judgement.evaluation or {})
    reference = yield measure_action("measure", analyzer_ref.check, anchor.digest)
    kind = "measure_clip" if is_clip else "measure"
    seen = (yield measure_action(kind, analyzer_ref.check, artifact.digest, request)).value
    if all_faces:
        for action in needed_actions(kind, analyzer_ref.check, artifact.digest, seen, request):
            seen = joined(seen, (yield action).value)
    candidates = seen.get("frames", []) if is_clip else [seen]
    if all_faces and len(candidates) == len(pairs):
        candidates = [_same_place(one, first) for one, (_, first) in zip(candidates, pairs, strict=True)]
    allowed = settings["identity.out_of_domain"] == "allow"
    packs = analyzer_ref.identity["pack"], analyzer_ref.check["pack"]
    primary = _mean([pair_cosine(one, other, out_of_domain=allowed, pack=packs[0]) for one, other in pairs])
    check = _mean([pair_cosine(reference.value, other, pack=packs[1]) for other in candidates])
    scale = common_scale(*packs, settings["identity.check.scales"])
    found = agree(
        primary if primary is not None else Unmeasured(Cause.NO_FACE, "the first recogniser has no cosine"),
        check if check is not None else Unmeasured(Cause.NO_FACE, "no frame can be read"),
        scale,
        max_disagreement=settings["identity.check.max_disagreement"],
        accepted=judgement.decision is Decision.ACCEPT,
    )
    about: dict[str, Any] = {"pack": analyzer_ref.check["pack"], "pack_digest": analyzer_ref.check["pack_digest"]}
    if isinstance(check, float):
        about["cosine"] = check
    if isinstance(found, Unmeasured):
        return _noted(judgement, {**about, "unmeasured": found.reason})
    noted = _noted(judgement, {**about, **found.as_json()})
    if found.agrees or judgement.decision is not Decision.ACCEPT:
        return noted
    reason = f"two recognisers disagree: {found.reason}"
    return replace(noted, status="flagged", facts={**noted.facts, "reason": reason})


def _same_place(measured: Mapping[str, Any], first: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the measurement of the face whose middle is nearest to that of the first recogniser's face."""
    from personaforge.identity.people import each_face

    faces = [face for face in each_face(measured) if "box" in face]
    if not faces or "box" not in first:
        return measured

    def middle(box: Sequence[float]) -> tuple[float, float]:
        return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2

    return min(faces, key=lambda face: math.dist(middle(face["box"]), middle(first["box"])))


def _noted(judgement: Judgement, check: Mapping[str, Any]) -> Judgement:
    evaluation = None if judgement.evaluation is None else {**judgement.evaluation, "check": dict(check)}
    return replace(judgement, facts={**judgement.facts, "check": dict(check)}, evaluation=evaluation)


def _mean(cosines: Sequence[float | Unmeasured]) -> float | Unmeasured | None:
    """Return the mean of the measured cosines, else the first reason why none was measured, else None."""
    numbers = [cosine for cosine in cosines if isinstance(cosine, float)]
    if numbers:
        return round(math.fsum(numbers) / len(numbers), 6)
    return cosines[0] if cosines else None
