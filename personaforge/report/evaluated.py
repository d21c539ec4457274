"""An evaluation as a table."""

from __future__ import annotations

import click

from personaforge.evaluate import Evaluation
from personaforge.identity.score import Score
from personaforge.report.tables import print_table


def print_evaluation(found: Evaluation, fail_under: float | None) -> None:
    """Print a row for every picture, lowest score last, and what it was measured with."""
    rows = []
    for one in sorted(found.pictures, key=lambda one: -one.score.composite if isinstance(one.score, Score) else 1):
        score = one.score
        numbers = [score.composite, score.cosine, score.error] if isinstance(score, Score) else [None] * 3
        rows.append([one.path, *numbers, one.measurement.get("faces"), str(one.verdict.decision), one.verdict.reason])
    print_table(("image", "composite", "cosine", "error", "faces", "decision", "reason"), rows)
    analyzer = found.analyzer
    click.echo(
        f"Anchor: {found.anchor}. Measured with {analyzer['pack']} ({analyzer['pack_digest'][:8]}), "
        f"detector size {analyzer['detector_size']}, {analyzer['backend']} {analyzer['backend_version']}."
    )
    if fail_under is not None:
        low = [o for o in found.pictures if not isinstance(o.score, Score) or o.score.composite < fail_under]
        verdict = "all reach" if not low else f"{len(low)} of {len(found.pictures)} don't reach"
        click.echo(f"{verdict} {fail_under:g}.")
