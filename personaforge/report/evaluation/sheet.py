"""What `forge eval` measured as a sheet."""

from __future__ import annotations

from personaforge.identity.decision import Decision
from personaforge.identity.score import Score
from personaforge.measuring.evaluation import Evaluated, Evaluation
from personaforge.report.formats.place import NOWHERE, Place
from personaforge.report.formats.sheet import Line, Sheet, State
from personaforge.results.readings import agreement_text

P_SAME = ("p_same", "p_same_low", "p_same_high")
"""P(same) with the ends of its 95 % interval."""


def evaluation_sheet(
    found: Evaluation, fail_under: float | None, persona: str = "", place: Place = NOWHERE, prefix: str = ""
) -> Sheet:
    """Return measured pictures and clips: a line for each. Without a bound the gate's decision is what fails."""
    lines = tuple(_picture_line(one, persona or found.anchor, fail_under, place) for one in found.pictures)
    analyzer = found.analyzer
    shares = P_SAME if any(one.probability is not None for one in found.pictures) else ()
    what = "files" if any(one.clip for one in found.pictures) else "pictures"
    by = f"Measured with {analyzer['pack']} ({analyzer['pack_digest'][:8]}), detector size {analyzer['detector_size']}."
    bad = sum(line.state == "fail" for line in lines)
    bound = f"under {fail_under:g} or unmeasured" if fail_under is not None else "rejected or unmeasured"
    read = (f"The second reader beside what is measured: {agreement_text(found.reader)}.",) if found.reader else ()
    return Sheet(
        "forge eval",
        f"{len(lines)} {what} against {found.anchor}: {f'{bad} {bound}' if bad else 'none ' + bound}",
        (
            "image", "composite", "cosine", *P_SAME, "error", "faces", "decision", "reason", "unmeasured",
            "out_of_domain", "sha256",
        ),
        lines,
        found.as_json,
        table=("image", "composite", "cosine", *shares, "error", "faces", "decision", "reason"),
        notes=(
            by, *found.licences, *(f"{one}." for one in found.untold), *((found.hint,) if found.hint else ()), *read
        ),
        prefix=prefix,
    )  # fmt: skip


def _picture_line(one: Evaluated, group: str, fail_under: float | None, place: Place) -> Line:
    score, decision = one.score, one.judged.decision
    measured = isinstance(score, Score)
    composite, cosine, error = (
        (score.composite, score.cosine, score.error) if isinstance(score, Score) else (None, None, None)
    )
    unmeasured = None if isinstance(score, Score) else str(score.code)
    cells = (
        one.path, composite, cosine, one.probability, *(one.interval or (None, None)), error,
        one.measurement.get("faces"), decision.value, "; ".join((one.judged.reason, *one.remarks)), unmeasured,
        one.out_of_domain, one.digest,
    )  # fmt: skip
    state: State = "pass"
    message = one.judged.reason
    if fail_under is not None:
        if not one.reaches(fail_under):
            state = "fail"
        if composite is not None:
            message = f"composite {composite:g}, expected at least {fail_under:g}"
            message = f"{one.stretch_fault}; {message}" if one.stretch_fault else message
    elif not measured or decision is Decision.REJECT:
        state = "fail"
    elif decision is Decision.RETRY:
        state = "warn"
    if one.status == "not_judged":
        message = f"not judged: {message}"
    if one.out_of_domain:
        message = f"out of domain; {message}"
    return Line(group, one.path, state, cells, "" if state == "pass" else message, "", *place)
