"""A score to a decision. It knows no attempts: the attempt loop turns RETRY into REJECT after the last one.

| composite | composite | strict |
|---|---|---|
| at least accept_threshold | ACCEPT | ACCEPT when cosine >= min_cosine and error <= its bound, else RETRY |
| at least retry_threshold | RETRY | RETRY |
| below | REJECT | REJECT |

The mode `calibrated` decides by P(same): ACCEPT from that of the declared false-accept rate, and not below the upper
end of the declared band, RETRY from its lower end, else REJECT; of the best of several faces by stricter bounds
(`policy.Calibrated.among`). What its calibration gives no P(same) for (smaller, blurred, covered or farther turned than
the pairs were, several references, a clip's mean) is decided by the composite, and the reason says so. There RETRY also
takes a cosine that few strangers have (`Calibrated.least_cosine`): the seed's threshold lies among them.

Without a score: a candidate that has no face, can't be decoded or is too poor to tell is RETRY, since another attempt
may succeed; this is so even where measuring is not required, because it was measured. When nothing could measure it, it
has not passed: REJECT, unless the user switched `require_measurement` off, and then it is marked as unmeasured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from personaforge.identity.policy import Mode, Policy
from personaforge.identity.score import OF_CANDIDATE, Score, Unmeasured


class Decision(StrEnum):
    """What happens with a candidate."""

    ACCEPT = "ACCEPT"
    RETRY = "RETRY"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class ReasonedDecision:
    """A decision and why."""

    decision: Decision
    reason: str
    """A sentence part with the numbers that decided."""
    measured: bool
    """False when there was no score. An ACCEPT without a measurement must be marked wherever it is shown."""

    def as_json(self) -> dict[str, str | bool]:
        """Return the fields as JSON values."""
        return {"decision": str(self.decision), "reason": self.reason, "measured": self.measured}


def judge(score: Score | Unmeasured, policy: Policy, *, require_measurement: bool) -> ReasonedDecision:
    """Decide about one candidate. For a clip pass `ClipScore.score`."""
    if isinstance(score, Unmeasured):
        return _unmeasured(score, require_measurement)
    if policy.mode is Mode.CALIBRATED:
        if score.probability is not None:
            return _by_probability(score, policy)
        found = judge(score, policy.by_composite, require_measurement=require_measurement)
        found = worth_another(found, score, policy)
        why = score.no_probability or "it is no single pair"
        return replace(found, reason=f"{found.reason}; no P(same): {why}")
    # All six digits of the numbers: "0.550 is below 0.55" would explain nothing.
    accept, retry = policy.accept_threshold, policy.retry_threshold
    if score.composite < retry:
        return ReasonedDecision(Decision.REJECT, f"composite {score.composite:g} is below {retry:g}", True)
    if score.composite < accept:
        return ReasonedDecision(
            Decision.RETRY, f"composite {score.composite:g} is below {accept:g}, from {retry:g} up", True
        )
    faults = _faults(score, policy) if policy.mode is Mode.STRICT else []
    if faults:
        return ReasonedDecision(
            Decision.RETRY, f"composite {score.composite:g} passes, but {' and '.join(faults)}", True
        )
    return ReasonedDecision(Decision.ACCEPT, f"composite {score.composite:g} is at least {accept:g}", True)


def worth_another(found: ReasonedDecision, score: Score, policy: Policy) -> ReasonedDecision:
    """Return a decision by the composite, REJECT in place of RETRY where a calibration decides and the cosine is one
    that strangers have: nobody pays for another attempt by thresholds that lie among them."""
    bounds = policy.calibrated if policy.mode is Mode.CALIBRATED else None
    least = None if bounds is None else bounds.least_cosine(score.compared)
    if least is None or found.decision is not Decision.RETRY or score.cosine >= least[0]:
        return found
    among = f" for the best of {score.compared} faces" if score.compared > 1 else ""
    low = f"cosine {score.cosine:g} is below {least[0]:g}, which {100 * least[1]:g} % of different pairs reach{among}"
    return ReasonedDecision(Decision.REJECT, f"{found.reason}, but {low}", True)


def would_say(score: Score, policy: Policy) -> Decision | None:
    """Return what the policy's calibration would decide; None where it gives no P(same)."""
    if policy.calibrated is None or score.probability is None:
        return None
    return _by_probability(score, policy).decision


def _by_probability(score: Score, policy: Policy) -> ReasonedDecision:
    assert policy.calibrated is not None and score.log_ratio is not None and score.probability is not None
    bounds, shares = policy.calibrated.among(score.compared), policy.calibrated.weights
    said = f"P(same) {score.probability:g}"
    among = f" for the best of {bounds.faces} faces" if bounds.faces > 1 else ""
    if score.log_ratio >= bounds.accept:
        reason = f"{said} is at least {shares.at(bounds.accept):g}{among}; {bounds.said}"
        return ReasonedDecision(Decision.ACCEPT, reason, True)
    retries = score.log_ratio >= bounds.retry
    decision, bound = (Decision.RETRY, bounds.accept) if retries else (Decision.REJECT, bounds.retry)
    if score.probability >= shares.at(bound):
        # So few people support no higher P(same), or six decimals don't tell the two apart: the log ratio does.
        low = f"its log ratio {score.log_ratio:g} is below {bound:g}"
        return ReasonedDecision(decision, f"{said} is as high as that of the bound, but {low}{among}", True)
    reason = f"{said} is below {shares.at(bound):g}" + (f", from {shares.at(bounds.retry):g} up" if retries else "")
    return ReasonedDecision(decision, f"{reason}{among}", True)


def _faults(score: Score, policy: Policy) -> list[str]:
    faults = []
    if score.cosine < policy.min_cosine:
        faults.append(f"cosine {score.cosine:g} is below {policy.min_cosine:g}")
    if score.error > score.error_bound:
        faults.append(f"geometric error {score.error:g} is above {score.error_bound:g}")
    return faults


def _unmeasured(score: Unmeasured, require_measurement: bool) -> ReasonedDecision:
    if score.code in OF_CANDIDATE:
        return ReasonedDecision(Decision.RETRY, score.reason, False)
    if require_measurement:
        return ReasonedDecision(Decision.REJECT, f"not measured, and a measurement is required: {score.reason}", False)
    return ReasonedDecision(
        Decision.ACCEPT, f"accepted unmeasured, as require_measurement is off: {score.reason}", False
    )
