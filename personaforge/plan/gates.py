"""Which rules decide about pictures of a persona, in words: what plans, evaluations and reports say of the policy."""

from __future__ import annotations

from personaforge.errors import Problem, SpecError
from personaforge.identity.policy import AUTO, Mode
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef

SEED = "photographs under buffalo_l"
"""What the seed's thresholds were stated for (Personalab's defaults)."""
_FORMER = "composite_only"


def require_calibration(settings: Settings, analyzer_ref: AnalyzerRef) -> None:
    """Raise SpecError where the user asks for a calibration to decide, and none can: nothing is bought under other
    rules than those that were asked for."""
    if settings.value("identity.policy") != Mode.CALIBRATED or analyzer_ref.calibrated is not None:
        return
    why = analyzer_ref.not_calibrated or f"faces are not measured here: {analyzer_ref.reason}"
    problem = Problem(
        "",
        "identity.policy",
        f"found calibrated, and no calibration decides for {settings.id}: {why}",
        "forge calibrate PAIRS.csv makes one for the pack in use; with identity.policy: auto the composite decides",
    )
    raise SpecError(problem)


def judging_remark(settings: Settings, analyzer_ref: AnalyzerRef) -> str:
    """Say that thresholds decide which nobody has compared with the pack in use; empty where a calibration decides, or
    the user has chosen."""
    if (
        settings.value("identity.policy") != AUTO
        or analyzer_ref.identity is None
        or analyzer_ref.calibrated is not None
    ):
        return ""
    return f"{thresholds_in_force(settings, analyzer_ref.identity['pack'])}. {analyzer_ref.not_calibrated}"


def thresholds_in_force(settings: Settings, pack: str) -> str:
    """Say which thresholds decide and what they were stated for."""
    accept, retry = (settings.value(f"identity.{name}_threshold") for name in ("accept", "retry"))
    stated = "drawings by forge under embedded" if pack == "embedded" else SEED
    return (
        f"No calibration decides for {pack}: composite {accept:g} accepts and {retry:g} retries, as stated for {stated}"
    )


def policy_remark(policy: str) -> str:
    """Say what a policy is called now; empty where it is called that."""
    return f"identity.policy: {_FORMER} is called composite now; both mean the same" if policy == _FORMER else ""
