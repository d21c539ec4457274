"""An evaluation as a table."""

from __future__ import annotations

from personaforge.identity.policy import Mode
from personaforge.identity.score import Score
from personaforge.measuring.evaluation import Evaluation
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, one_line
from personaforge.report.verdict import share_of
from personaforge.results.readings import agreement_text
from personaforge.workspace.calibrations import Applying


def print_evaluation(found: Evaluation, fail_under: float | None) -> None:
    """Print a row for every picture and clip, lowest score last, and what it was measured with."""
    rows = []
    kept = found.calibration
    calibrated = isinstance(kept, Applying)
    bounds = None if found.policy is None else found.policy.calibrated
    bound = None if bounds is None else bounds.accept_share
    for one in sorted(found.pictures, key=lambda one: -one.score.composite if isinstance(one.score, Score) else 1):
        score = one.score
        shares = (
            [None if one.probability is None else share_of(one.probability, one.interval, bound)] if calibrated else []
        )
        numbers: list[float | str | None] = [None] * (3 + len(shares))
        if isinstance(score, Score):
            numbers = [score.composite, score.cosine, *shares, score.error]
        reason = one.judged.reason
        if one.out_of_domain and isinstance(score, Score):
            reason = f"out of domain; {reason}"
        if one.no_probability and one.no_probability not in reason:
            reason = f"{reason}; no P(same): {one.no_probability}"
        if damage := one.measurement.get("damage"):
            reason = f"{damage}; {reason}"
        reason = "; ".join((reason, *one.remarks))
        rows.append([one.path, *numbers, one.measurement.get("faces"), str(one.judged.decision), reason])
    names = ("composite", "cosine", *(("P(same)",) if calibrated else ()), "error")
    print_table(("image", *names, "faces", "decision", "reason"), rows)
    analyzer = found.analyzer
    echo(
        f"Anchor: {one_line(found.anchor)}. Measured with {analyzer['pack']} ({analyzer['pack_digest'][:8]}), "
        f"detector size {analyzer['detector_size']}, {analyzer['backend']} {analyzer['backend_version']}."
    )
    pictures = any(one.clip is None for one in found.pictures)
    if isinstance(kept, Applying) and pictures:
        about = kept.calibration
        of = "the cosine alone" if about.weights is None else ", ".join(about.weights.features)
        echo(f"P(same) is by {kept.file}, from {of}, at a prior of {about.logistic.prior:g}.")
        if kept.passed_over:
            echo(f"{kept.passed_over}.")
    elif pictures and not isinstance(kept, Applying) and kept.exist:
        echo(f"No P(same): {kept.reason}.")
    if found.policy is not None and pictures:
        echo(_decided_by(found, found.policy.mode))
    for text in found.licences:
        echo(f"{text}.")
    if found.not_calibrated:
        echo(f"{found.not_calibrated}.")
    if found.reader:
        echo(f"The second reader beside what is measured: {agreement_text(found.reader)}.")
    doubtful = [one for one in found.pictures if isinstance(one.score, Score) and one.judged.decision != "ACCEPT"]
    if doubtful and found.limits is None:
        echo(
            f"What is too poor to be judged isn't known for {analyzer['pack']} (identity.judgeable), or isn't asked "
            "for: a blurred or tiny face counts as another person's."
        )
    outside = sum(one.out_of_domain for one in found.pictures)
    if outside:
        pack, drawn = analyzer["pack"], "drawings by forge"
        made_for, others = (drawn, "other pictures") if found.for_drawings else ("photographs", drawn)
        count = f"{outside} of {len(found.pictures)} out of domain"
        echo(f"{count}: {pack} was made for {made_for}, and what it says of {others} is worth little.")
    for untold in found.untold:
        echo(f"{untold}.")
    if found.hint:
        echo(f"  {found.hint}")
    if not found.anchor_readable:
        echo("The anchor can't be read.")
    if files := found.unreadable - (not found.anchor_readable):
        echo(f"{files} of {len(found.pictures)} files can't be read.")
    if fail_under is not None:
        low = [one for one in found.pictures if not one.reaches(fail_under)]
        verdict = "all reach" if not low else f"{len(low)} of {len(found.pictures)} don't reach"
        otherwise = sum(bool(one.stretch_fault) for one in low)
        echo(f"{verdict} {fail_under:g}{f', {otherwise} of them clips by their worst stretch' if otherwise else ''}.")


def _decided_by(found: Evaluation, mode: Mode) -> str:
    """Say what pictures were judged by: under the policy `calibrated` the composite decides where there is no P(same),
    and nothing does where nothing was measured."""
    scores = [one.score for one in found.pictures if one.clip is None and isinstance(one.score, Score)]
    policy = f"the policy {mode}"
    if not scores:
        return f"No picture has a score; {policy} is in force."
    by_composite = sum(one.probability is None for one in scores)
    if mode is not Mode.CALIBRATED or not by_composite:
        return f"Pictures are judged by {policy}."
    if by_composite == len(scores):
        return f"Pictures are judged by the composite: {policy} has no P(same) for any."
    return f"Pictures are judged by {policy}, {by_composite} of {len(scores)} by the composite as they have no P(same)."
