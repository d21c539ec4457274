"""Which rules decide about pictures of a persona, in words: what plans, evaluations and reports say of the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.faces.packs import shipped
from personaforge.identity.policy import AUTO, FORMER, Gate, Mode, gate_of
from personaforge.leaves import leaves
from personaforge.listing import and_more, listed
from personaforge.plan.plan import PersonaPlan, Reason
from personaforge.plan.renamed import lock_name, renamed_steps
from personaforge.spec.kinds import framing_of
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.steps.standing import GATE, VIDEO_GATE, Standing, judged_elsewhere
from personaforge.store.lockfile import Pin
from personaforge.store.store import Store

SEED = "photographs under buffalo_l"
"""What the seed's thresholds were stated for (Personalab's defaults)."""

_SHOWN = 3


def require_calibration(settings: Settings, analyzer_ref: AnalyzerRef) -> None:
    """Raise SpecError where the user asks for a calibration to decide, and none can: nothing is bought under other
    rules than those that were asked for."""
    if settings.value("identity.policy") != Mode.CALIBRATED or analyzer_ref.calibrated is not None:
        return
    why = analyzer_ref.not_calibrated or f"faces are not measured here: {analyzer_ref.reason}"
    problem = Problem(
        "",
        "identity.policy",
        f"found calibrated, and no calibration decides for {settings.id or 'these pictures'}: {why}",
        "forge calibrate PAIRS.csv makes one for the pack in use; with identity.policy: auto the composite decides",
    )
    raise SpecError(problem)


def judging_remark(
    settings: Settings, analyzer_ref: AnalyzerRef, built: Mapping[str, Any] | None, *, makes: bool
) -> str:
    """Say which gate decides about pictures where it isn't the one that the last build judged by, and where nobody has
    compared the thresholds that decide with the pack in use; empty elsewhere.

    `built` is what a picture depended on when it was last built (`NodeResolver.facts`), None before it was; `makes`
    tells whether anything is to be judged.
    """
    if analyzer_ref.identity is None:
        return ""
    falls_back = settings.value("identity.policy") == AUTO and analyzer_ref.calibrated is None
    now = _gate(settings.value, analyzer_ref.calibration, by_calibration=analyzer_ref.calibrated is not None)
    was = now if built is None else _gate_of(built, settings)
    remarks = []
    if was != now:
        remarks.append(f"Pictures of {settings.id} are judged by {now} now, and the last build judged by {was}")
    if falls_back and (makes or was != now):
        remarks.append(thresholds_in_force(settings, analyzer_ref.identity["pack"]))
        remarks.append(analyzer_ref.not_calibrated)
    elif was != now or makes:
        remarks += [analyzer_ref.passed_over] if analyzer_ref.passed_over else []
    return ". ".join(remark.replace("the ", "The ", 1) if remark.startswith("the ") else remark for remark in remarks)


def beyond_remark(plan: PersonaPlan, analyzer_ref: AnalyzerRef) -> str:
    """Say which pictures that are to be judged ask for a head turned farther than the pairs of the calibration that
    decides: they will have no P(same). Empty where there are none."""
    if analyzer_ref.calibrated is None:
        return ""
    settings, reach = plan.loaded.settings, analyzer_ref.calibrated.weights.range
    anchor = settings.get(f"matrix.positions.{settings.get('matrix.anchor')}") or {}
    found: dict[str, str] = {}
    for node in plan.nodes.values():
        shape = node.shape
        if node.state not in ("run", "maybe") or shape.kind.role != "picture" or not shape.kind.measures:
            continue
        asked = framing_of(settings, shape.declaration, shape.slot)
        for angle, bound in (("yaw", reach.yaw), ("pitch", reach.pitch)):
            value = abs(float(asked.get(angle, 0)))
            turn = abs(float(asked.get(angle, 0)) - float(anchor.get(angle, 0)))
            if bound is not None and value > bound:
                found[shape.name] = f"a {angle} of {value:g} degrees, and the pairs reach {bound:g}"
            elif reach.turn is not None and turn > reach.turn:
                found[shape.name] = f"{turn:g} degrees from the anchor's {angle}, and the pairs reach {reach.turn:g}"
    if not found:
        return ""
    what = ", ".join(f"{name} if it comes as asked ({why})" for name, why in list(found.items())[:_SHOWN])
    return (
        f"Of {settings.id} the composite will decide about {what}{and_more(len(found) - _SHOWN)}: "
        f"{analyzer_ref.calibrated.file} gives no P(same) of heads turned so far"
    )


def clips_remark(plan: PersonaPlan) -> str:
    """Say that clips which an earlier forge accepted by their mean stay, where further ones are made and judged by
    their worst stretch, too; empty elsewhere."""
    settings = plan.loaded.settings
    clips = [node for node in plan.nodes.values() if node.shape.kind.role == "clip" and node.shape.kind.measures]
    made = any(node.state in ("run", "maybe") for node in clips)
    if not made or VIDEO_GATE in settings.written or gate_of(settings.value("identity")) is Gate.MEAN:
        return ""
    renamed = renamed_steps(settings, plan.shape, plan.lock)
    pins = [plan.lock.pin(lock_name(node.shape.name, renamed)) for node in clips]
    count = sum(pin is not None and pin.status == "accepted" and not Standing().stretches_hold(pin) for pin in pins)
    if not count:
        return ""
    before = f"{count} clip of {plan.id} was" if count == 1 else f"{count} clips of {plan.id} were"
    return (
        f"{before} accepted by the mean of sampled frames, by an earlier forge, and may stay; what is made now is "
        "judged by its worst stretch, too (identity.video.gate)"
    )


def last_built(plan: PersonaPlan, store: Store) -> Mapping[str, Any] | None:
    """Return what a picture of a persona that a gate judges depended on when it was last built; None before."""
    for node in plan.nodes.values():
        if node.shape.kind.role == "picture" and node.shape.kind.measures and node.row is not None:
            result = store.index.result(node.id)
            return result.dependencies if result is not None else None
    return None


def _gate_of(built: Mapping[str, Any], settings: Settings) -> str:
    """Name the gate that judged a picture when it was last built; what the records don't tell is as it is now."""
    read = leaves(built.get("settings", {}))
    calibration = str(built.get("calibration", ""))
    return _gate(lambda path: read.get(path, settings.value(path)), calibration, by_calibration=bool(calibration))


def _gate(value: Callable[[str], Any], calibration: str, *, by_calibration: bool) -> str:
    if by_calibration:
        return (
            f"P(same) at a false-accept rate of {value('identity.calibrated.far'):g} (calibration {calibration[:12]})"
        )
    strict = value("identity.policy") == Mode.STRICT
    return "the policy strict" if strict else "the composite"


def thresholds_in_force(settings: Settings, pack: str) -> str:
    """Say which thresholds decide and what they were stated for."""
    accept, retry = (settings.value(f"identity.{name}_threshold") for name in ("accept", "retry"))
    stated = f"drawings by forge under {pack}" if pack in shipped() else SEED
    return (
        f"No calibration decides for {pack}: composite {accept:g} accepts and {retry:g} retries, as stated for {stated}"
    )


def unjudged_remark(plan: PersonaPlan, analyzer_ref: AnalyzerRef) -> str:
    """Say how many pinned results nothing here can judge by the present gates; empty where there are none. What is to
    be made anew, or may be, is not among them: nothing says that it stays."""
    if analyzer_ref.identity is not None:
        return ""
    settings = plan.loaded.settings
    renamed = renamed_steps(settings, plan.shape, plan.lock)
    pack, policy = settings.value("identity.pack"), settings.value("identity.policy")
    moving = ("left", "run", "maybe")
    shown = [node.shape for node in plan.nodes.values() if node.state not in moving and node.shape.kind.measures]
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


def other_gates(pin: Pin, now: Standing) -> tuple[Reason, ...]:
    """Say that a pinned result is judged by other gates than it was accepted behind: further attempts may follow."""
    if not pin.under or now.same_gates(pin):
        return ()
    rules = dict(now.rules or {})
    if not now.stretches_hold(pin):
        rules.pop(GATE, None)  # it stays judged by its mean
    before = {**pin.under, **({"policy": str(Mode.COMPOSITE)} if pin.under.get("policy") == FORMER else {})}
    changed = [f"{name} {before.get(name)} is now {rules[name]}" for name in rules if before.get(name) != rules[name]]
    what = f" ({', '.join(changed)})" if changed else ""
    return (
        Reason("gate", f"is judged by other gates than it was accepted behind{what}, and may take further attempts"),
    )
