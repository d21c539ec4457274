"""A score to a decision. It knows no attempts: the attempt loop turns RETRY into REJECT after the last one.

| composite | composite | strict |
|---|---|---|
| at least accept_threshold | ACCEPT | ACCEPT when cosine >= min_cosine and error <= its bound, else RETRY |
| at least retry_threshold | RETRY | RETRY |
| below | REJECT | REJECT |

The mode `calibrated` decides by P(same): ACCEPT from that of the declared false-accept rate, and not below the upper
end of the declared band, RETRY from its lower end, else REJECT. What its calibration gives no P(same) for (smaller,
blurred or farther turned than the pairs were, several references, a clip's mean) is decided by the composite, and the
reason says so.

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


def would_say(score: Score, policy: Policy) -> Decision | None:
    """Return what the policy's calibration would decide; None where it gives no P(same)."""
    if policy.calibrated is None or score.probability is None:
        return None
    return _by_probability(score, policy).decision


def _by_probability(score: Score, policy: Policy) -> ReasonedDecision:
    bounds = policy.calibrated
    assert bounds is not None and score.log_ratio is not None and score.probability is not None
    said = f"P(same) {score.probability:g}"
    if score.log_ratio >= bounds.accept:
        reason = f"{said} is at least {bounds.accept_share:g}, at a false-accept rate of {bounds.far:g} or less"
        return ReasonedDecision(Decision.ACCEPT, reason, True)
    retries = score.log_ratio >= bounds.retry
    decision, bound = (Decision.RETRY, bounds.accept) if retries else (Decision.REJECT, bounds.retry)
    share = bounds.weights.at(bound)
    if score.probability >= share:
        # So few people support no higher P(same), or six decimals don't tell the two apart: the log ratio does.
        reason = f"{said} is as high as that of the bound, but its log ratio {score.log_ratio:g} is below {bound:g}"
        return ReasonedDecision(decision, reason, True)
    reason = f"{said} is below {share:g}" + (f", from {bounds.retry_share:g} up" if retries else "")
    return ReasonedDecision(decision, reason, True)


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
