"""Which rules decide about pictures of a persona, in words: what plans, evaluations and reports say of the policy."""

from __future__ import annotations

from personaforge.errors import Problem, SpecError
from personaforge.identity.policy import AUTO, FORMER, Mode
from personaforge.listing import listed
from personaforge.plan.plan import PersonaPlan
from personaforge.plan.renamed import lock_name, renamed_steps
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.steps.standing import judged_elsewhere

SEED = "photographs under buffalo_l"
"""What the seed's thresholds were stated for (Personalab's defaults)."""


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


def unjudged_remark(plan: PersonaPlan, analyzer_ref: AnalyzerRef) -> str:
    """Say how many pinned results nothing here can judge by the present gates; empty where there are none."""
    if analyzer_ref.identity is not None:
        return ""
    settings = plan.loaded.settings
    renamed = renamed_steps(settings, plan.shape, plan.lock)
    pack, policy = settings.value("identity.pack"), settings.value("identity.policy")
    shown = [node.shape for node in plan.nodes.values() if node.state != "left" and node.shape.kind.measures]
    pins = [plan.lock.pin(lock_name(shape.name, renamed)) for shape in shown]
    kept = [pin for pin in pins if pin is not None and judged_elsewhere(pin, pack, policy)]
    if not kept:
        return ""
    by = listed(sorted({str(pin.facts.get("measured_by", "")).rpartition(" ")[0] for pin in kept} - {""}))
    count = "1 gate of" if len(kept) == 1 else f"{len(kept)} gates of"
    return (
        f"{count} {plan.id} can't be measured here: what the lock has, measured with {by}, stays as it was accepted, "
        "and isn't judged by other rules"
    )


def policy_remark(policy: str) -> str:
    """Say what a policy is called now; empty where it is called that."""
    return f"identity.policy: {FORMER} is called composite now; both mean the same" if policy == FORMER else ""
