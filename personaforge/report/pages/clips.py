"""A clip's frames compared with the anchor, from the measurement on record: nothing is measured anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.plan.plan import PlannedNode
from personaforge.report.pages.evidence import evaluation_record, measurement_of
from personaforge.report.pages.facts import ClipFacts, FrameFacts, Position
from personaforge.report.pages.nodes import Nodes, box_of
from personaforge.steps.measurement import joined, needed_actions, sampling_of

KEY_FRAMES = 4
"""Frames of a clip that a page shows."""


def clip_facts(nodes: Nodes, node: PlannedNode, position: Position) -> ClipFacts:
    """Return what is known of a clip. Frames are scored as its last judgement was: by its analyzer and settings."""
    result = nodes.result(node)
    if result is None or position.now is None:
        return ClipFacts(position)
    record: Mapping[str, Any] = {}
    for row in nodes.evidence.evaluations.get(position.node, ()):
        if row["artifact"] == position.now.digest and row["anchor"] == nodes.anchor and row["measured"]:
            record = evaluation_record(nodes.store, row["evaluation"])
    frames = _frames(nodes, position.now.digest, record, result.dependencies.get("settings", {}).get("identity"))
    scores = {frame.number: frame.composite for frame in frames if frame.composite is not None}
    worst = min(scores, key=lambda number: (scores[number], number)) if scores else None
    keys = key_frames([frame.number for frame in frames], worst)
    return ClipFacts(position, frames, keys, worst, _figures(record.get("clip", {})))


def key_frames(numbers: Sequence[int], worst: int | None) -> tuple[int, ...]:
    """Return up to four frame numbers: evenly spread, the first and the last among them, and always the worst one,
    which takes the place of the nearest in between."""
    if len(numbers) <= KEY_FRAMES:
        return tuple(numbers)
    chosen = [numbers[round(index * (len(numbers) - 1) / (KEY_FRAMES - 1))] for index in range(KEY_FRAMES)]
    if worst is not None and worst not in chosen:
        nearest = min(range(1, KEY_FRAMES - 1), key=lambda index: (abs(chosen[index] - worst), index))
        chosen[nearest] = worst
    return tuple(sorted(chosen))


def _frames(
    nodes: Nodes, digest: str, record: Mapping[str, Any], identity: Mapping[str, Any] | None
) -> tuple[FrameFacts, ...]:
    from personaforge.identity.people import judge_faces
    from personaforge.identity.policy import Policy
    from personaforge.identity.references import ANCHOR
    from personaforge.identity.score import Score

    analyzer = record.get("analyzer") or nodes.evidence.last_analyzer()
    measured = measurement_of(nodes.store, nodes.evidence, digest, analyzer)
    if measured is None or identity is None:
        return ()
    references: dict[str, Mapping[str, Any]] = {}
    for name, one in ((ANCHOR, nodes.anchor), *((one, one) for one in record.get("references", []))):
        known = measurement_of(nodes.store, nodes.evidence, one, analyzer)
        if known is not None:
            references[name] = known
    found = []
    if record.get("clip", {}).get("frames_with_several"):
        measured = _with_people(nodes, digest, measured, analyzer or {}, identity["video"])
    for frame in measured.get("frames", []):
        number, second, box = int(frame["frame"]), frame.get("second"), box_of(frame)
        why = str(frame.get("reason") or "") if ANCHOR in references else "the anchor's measurement is not on record"
        score = None
        if ANCHOR in references:
            policy = Policy.from_settings(identity, analyzer)
            judged = judge_faces(references, frame, policy, identity["references"]["combine"])
            score, box = judged.near or judged.score, box_of(judged.measurement)
        if isinstance(score, Score):
            found.append(FrameFacts(number, second, score.composite, score.cosine, "", box))
        else:
            found.append(FrameFacts(number, second, None, None, score.reason if score is not None else why, box))
    return tuple(found)


def _with_people(
    nodes: Nodes, digest: str, measured: Mapping[str, Any], analyzer: Mapping[str, Any], video: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a clip's measurement with all faces of its frames, where they are on record for these frames."""
    for action in needed_actions("measure_clip", analyzer, digest, measured, sampling_of(video)):
        record = nodes.store.find(action.key)
        if record is not None and len(record["value"].get("frames", ())) == len(measured.get("frames", ())):
            return joined(measured, record["value"])
    return measured


def _figures(clip: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return a clip's steadiness and quality as words and numbers."""
    if not clip:
        return ()
    missed = len(clip["frames_without_face"])
    frames = f"{clip['frames_measured']} of {clip['frames_total']}" + (f", {missed} without a face" if missed else "")
    rows = [
        ("frames measured", frames),
        ("cosine, lowest", f"{clip['cosine_min']:.3f}"),
        ("cosine, deviation", f"{clip['cosine_std']:.3f}"),
        ("largest variance of a ratio", f"{clip['ratio_variance_max']:.2g}"),
    ]
    for name, key in (("sharpness, of the anchor's", "sharpness_ratio_mean"), ("flicker", "histogram_distance_max")):
        value = clip.get(key)
        rows.append((name, "unmeasured" if value is None else f"{value:.2f}"))
    over_time = clip.get("over_time")
    if over_time:
        rows += _time_figures(over_time)
    stable = "stable" if clip["advice"]["identity_stable"] else "unstable"
    return (*rows, ("identity", stable), ("advice", str(clip["advice"]["text"])))


def _time_figures(over_time: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the whole clip shows."""
    from personaforge.identity.stretches import Stretch

    worst = Stretch(**over_time["worst"])
    decides = "decides, too" if over_time["gate"] == "worst_stretch" else "decides nothing, the mean does"
    rows = [
        ("shows the person", f"{over_time['coverage']:.1%} of the time, by {over_time['looks']} looks"),
        ("worst stretch", f"{worst.text}; it {decides}"),
        ("changes of person", str(over_time["switches"])),
    ]
    if over_time["lost_frames"]:
        rows.append(("not decoded", f"{over_time['lost_frames']} of {over_time['listed_frames']} frames"))
    return rows
