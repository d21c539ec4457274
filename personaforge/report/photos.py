"""Scored photographs as a table, and a summary of all."""

from __future__ import annotations

from personaforge.identity.score import Unmeasured, in_domain
from personaforge.measuring.photo_score import SCORES
from personaforge.measuring.photos import Photo, Scored
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, one_line

_NAMES = {"face_detection": "face", "duplicates": "unique"}


def print_photos(found: Scored, fail_under: float | None, low: tuple[Photo, ...]) -> None:
    """Print a row for every photo, best first, then the set. `low` are those that don't reach `fail_under`."""
    rows = []
    for photo in sorted(found.photos, key=lambda photo: (not photo.score.complete, -(photo.score.overall or 0.0))):
        score = photo.score
        numbers = [None if isinstance(value := score.scores[name], Unmeasured) else round(value) for name in SCORES]
        overall = "" if score.overall is None else f"{round(score.overall):>3}{'' if score.complete else '*'}"
        advice = "; ".join(score.advice) or "good as it is"
        rows.append([photo.path, overall, *numbers, photo.measurement.get("faces"), str(score.verdict), advice])
    print_table(("photo", "overall", *(_NAMES.get(name, name) for name in SCORES), "faces", "verdict", "advice"), rows)
    if any(photo.score.overall is not None and not photo.score.complete for photo in found.photos):
        echo("* of the scores that are there; without the others it is not the photo's.")
    summary = found.summary
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in summary.verdicts.items() if count)
    mean = "" if summary.mean_overall is None else f"; mean overall {summary.mean_overall:g}"
    echo(f"{summary.photos} photo{'s' * (summary.photos != 1)}: {counts}{mean}.")
    if summary.angles is not None:
        angles = summary.angles
        echo(f"Faces: {angles.frontal} frontal, {angles.three_quarter} three-quarter, {angles.profile} profile.")
    for sentence in summary.advice:
        echo(f"{sentence[0].upper()}{sentence[1:]}.")
    if found.skipped:
        echo(f"Left out as no pictures by their names: {len(found.skipped)}, such as {one_line(found.skipped[0])}.")
    if found.analyzer is None:
        reason, hint = found.no_analyzer
        echo(f"Nothing looked for faces: {reason}.")
        echo(f"  {hint}")
    else:
        pack = found.analyzer
        echo(f"Measured with {pack['pack']} ({pack['pack_digest'][:8]}), detector size {pack['detector_size']}.")
        reason, hint = found.no_analyzer
        outside = sum(not in_domain(photo.measurement) for photo in found.photos)
        if reason and outside:
            echo(f"{outside} out of domain, as {pack['pack']} knows drawings by forge only: {reason}.")
            echo(f"  {hint}")
    if fail_under is not None:
        verdict = "All reach" if not low else f"{len(low)} of {len(found.photos)} don't reach"
        without = len(low) - len(found.below(fail_under, allow_unmeasured=True))
        why = (
            f" ({without} only because face scores are missing; --allow-unmeasured does without)" if without > 0 else ""
        )
        echo(f"{verdict} {fail_under:g}{why}.")
