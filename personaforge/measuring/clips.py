"""Measures any clips against an anchor, as the `video` step does with its own: frames by time, each against the anchor.

What a build has measured is found again and not measured anew. Only the anchor is compared with: a build whose
`identity.references.slots` name further references compares with those, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personaforge.identity.clip import ClipScore, compare_clip
from personaforge.identity.decision import ReasonedDecision
from personaforge.identity.policy import Policy, Quality
from personaforge.identity.score import Unmeasured
from personaforge.measuring.evaluation import anchor_of, files_to_measure, judged_file, judging_settings
from personaforge.measuring.measurements import FileMeasurer, identity_of
from personaforge.workspace.workspace import Workspace


@dataclass(frozen=True)
class EvaluatedClip:
    """One clip."""

    path: str
    digest: str
    """SHA-256 of its bytes."""
    measurement: Mapping[str, Any]
    """Its frames and their measurements; see `personaforge.faces.measure.measure_clip`."""
    score: ClipScore | Unmeasured
    judged: ReasonedDecision
    """By the means over its frames; what `score.advice` says is no part of it."""


def evaluate_clips(
    space: Workspace,
    clips: Sequence[str] = (),
    *,
    persona: str | None = None,
    anchor: str | None = None,
    identity: str | None = None,
) -> tuple[EvaluatedClip, ...]:
    """Measure clips against a persona's anchor, or against a given picture, by that persona's settings if one is named.
    Raises PersonaForgeError.

    `clips` are files, folders and globs; the persona's own built clips when there are none.

    `identity` names a file of conf/identity to measure and judge by, in place of the persona's or project's choice.
    """
    settings = judging_settings(space, persona, identity)
    file_measurer = FileMeasurer(space, identity_of(space, settings), settings.id if persona else "", only_reads=True)
    paths = files_to_measure(space.store, settings, clips, "clip")
    reference = file_measurer.measure(anchor_of(space, settings, persona, anchor)[0])
    policy = Policy.from_settings(settings.value("identity"))
    quality = Quality.from_settings(settings.value("quality"))
    sampled = settings.value("identity.video")
    found = []
    for path, one in zip(paths, file_measurer.measure_all(paths, sampled), strict=True):
        score = compare_clip(
            reference.value,
            one.value,
            policy,
            quality,
            anchor_analyzer=reference.analyzer,
            clip_analyzer=one.analyzer,
        )
        whole = score if isinstance(score, Unmeasured) else score.score
        judged = judged_file(whole, policy)
        found.append(EvaluatedClip(path, one.digest, one.value, score, judged))
    return tuple(found)
