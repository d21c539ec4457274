"""The policy that files are judged by, and the P(same) that is shown beside a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personaforge.identity.calibration import probability
from personaforge.identity.decision import Decision, ReasonedDecision, judge, would_say
from personaforge.identity.evidence import Weights, evidence_of
from personaforge.identity.policy import AUTO, Policy
from personaforge.identity.poor import beyond
from personaforge.identity.score import Cause, Score, Unmeasured
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.workspace.calibrations import Applying, NoneApplies, deciding


def judging_policy(settings: Settings, analyzer: Mapping[str, str], kept: Applying | NoneApplies) -> tuple[Policy, str]:
    """Return the policy for what an analyzer measures, and why no calibration decides although the settings ask for
    one. Raises SpecError where they ask for nothing else."""
    from personaforge.plan.gates import require_calibration, thresholds_in_force

    bounds = deciding(kept, settings)
    why, found = (bounds, None) if isinstance(bounds, str) else ("", bounds)
    require_calibration(settings, AnalyzerRef(analyzer, calibrated=found, not_calibrated=why))
    policy = Policy.from_settings(settings.value("identity"), analyzer, found)
    if settings.value("identity.policy") == AUTO and why:
        why = f"{thresholds_in_force(settings, analyzer['pack'])}. {why}"
    return replace(policy, pack=analyzer["pack"]), why if settings.value("identity.policy") == AUTO else ""


def probability_of(
    anchor: Mapping[str, Any],
    face: Mapping[str, Any],
    score: Score | Unmeasured,
    judged: ReasonedDecision,
    policy: Policy,
    kept: Applying | NoneApplies,
) -> tuple[float | None, str, tuple[float, float] | None]:
    """Return P(same), why there is none, and its interval. A report shows none that contradicts its decision."""
    if isinstance(score, Unmeasured) or isinstance(kept, NoneApplies) or score.out_of_domain:
        return None, "", None
    if poor := beyond(anchor, face, policy.fitted):
        return None, poor, None
    if policy.calibrated is not None:
        said = would_say(score, policy)
        if said is None:
            return None, score.no_probability, None
        if (
            said is not judged.decision
            and said is Decision.RETRY
            and _at_an_end(score.log_ratio, policy.calibrated.weights)
        ):
            return None, _end_of(score.log_ratio, policy.calibrated.weights, policy.calibrated.file), None
        if said is not judged.decision:
            return None, f"the policy {policy.mode} decides, and by P(same) it would be {said}", None
        assert score.probability_low is not None and score.probability_high is not None
        return score.probability, "", (score.probability_low, score.probability_high)
    weights = kept.calibration.weights
    if weights is None:
        share, interval = probability(score.cosine, kept.calibration), None
    else:
        evidence = evidence_of(anchor, face, error=score.error, turn=score.turn)
        found = weights.probability(evidence)
        if isinstance(found, str):
            return None, found, None
        share, interval = found.value, (found.low, found.high)
        contradicts = (judged.decision is Decision.ACCEPT) != (share >= 0.5)
        if contradicts and _at_an_end(found.log_ratio, weights):
            return None, _end_of(found.log_ratio, weights, kept.file), None
    if (judged.decision is Decision.ACCEPT) != (share >= 0.5):
        rather = "the same person" if share >= 0.5 else "another person"
        return None, f"the composite decides, and P(same) says rather {rather}", None
    return share, "", interval


def judged_file(score: Score | Unmeasured, policy: Policy) -> ReasonedDecision:
    """Decide about a file. What can't be decoded is RETRY in a build, where another attempt is made; a file is what it
    is, so here it is REJECT, as all else that can't be measured."""
    if isinstance(score, Unmeasured) and score.code is Cause.UNREADABLE:
        return ReasonedDecision(Decision.REJECT, f"not measured, the file can't be read: {score.reason}", False)
    return judge(score, policy, require_measurement=True)


def _at_an_end(log_ratio: float | None, weights: Weights) -> bool:
    return log_ratio is not None and not weights.least < log_ratio < weights.most


def _end_of(log_ratio: float | None, weights: Weights, file: str) -> str:
    """Say how far P(same) goes: one at its end says that there were few people, and contradicts nothing."""
    is_lower = log_ratio is not None and log_ratio <= weights.least
    where = "below" if is_lower else "above"
    return f"{file} supports no P(same) {where} {weights.at(weights.least if is_lower else weights.most):.3g}"
