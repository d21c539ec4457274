"""Measures any clips against an anchor, as the `video` step does with its own: sampled frames and looks through
the whole, each against the anchor.

What a build has measured is found again and not measured anew. Only the anchor is compared with: a build whose
`identity.references.slots` name further references compares with those, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.measuring.evaluation import (
    EvaluatedClip,
    anchor_of,
    judge_clips,
    judging_settings,
)
from personaforge.measuring.files import files_to_measure
from personaforge.measuring.judging import judging_policy
from personaforge.measuring.measurements import FileMeasurer, identity_of
from personaforge.workspace.calibrations import applied_to
from personaforge.workspace.workspace import Workspace


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
    analyzer = identity_of(space, settings)
    file_measurer = FileMeasurer(space, analyzer, settings.id if persona else "", only_reads=True)
    paths = files_to_measure(space.store, settings, clips, "clip")
    reference = file_measurer.measure(anchor_of(space, settings, persona, anchor)[0])
    policy = judging_policy(settings, analyzer, applied_to(space.project, analyzer, settings))[0]
    return tuple(judge_clips(settings, file_measurer, reference, paths, policy))
