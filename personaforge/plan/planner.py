"""Makes a plan from loaded personas and the store. Writes nothing, reaches no network, runs no provider.

Every node has a signature: a digest over its kind, its settings, templates, provider and analyzer, the outcomes of its
needs, and its line in the lock. Where the last outcome has the same signature it is still valid, and nothing else
is examined. Otherwise the node's procedure is replayed over the cached actions, with an exact answer: everything is
known after all (a threshold moved, and what passed still passes), or the first action that is not.

Where a need isn't settled, a node can't be replayed. It is `run` if anything of its own has changed, and else `maybe`:
it runs only if the results of its needs change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from personaforge.errors import PinnedArtifactMissing, PlanError
from personaforge.listing import listed
from personaforge.plan.estimate import NONE_FOR_SURE, estimate
from personaforge.plan.foreign import foreign_remark, former_remark
from personaforge.plan.gates import (
    beyond_remark,
    clips_remark,
    judging_remark,
    last_built,
    other_gates,
    policy_remark,
    require_calibration,
    unjudged_remark,
)
from personaforge.plan.graph import Shapes
from personaforge.plan.in_flight import in_flight
from personaforge.plan.issued import Issued, issued_reason, placed_reason, to_be_pinned
from personaforge.plan.look import note_overruled
from personaforge.plan.lost_face import lost_faces
from personaforge.plan.plan import WORKING, PersonaPlan, Plan, PlannedNode, Reason, Selection
from personaforge.plan.reasons import REMADE_IF_SAME, changes, remade_by, restore_reasons
from personaforge.plan.recall import recalled
from personaforge.plan.renamed import anchor_in
from personaforge.plan.resolver import NodeResolver, PlanContext
from personaforge.plan.standing import only_judges, same_wish
from personaforge.providers.table import KNOWN
from personaforge.spec.domain import domain_remark
from personaforge.spec.load import Loaded
from personaforge.steps.action import Action, NotSettled, Outcome
from personaforge.steps.context import ANCHOR
from personaforge.store.lockfile import Pin, read_lock


@dataclass
class Planner:
    """Plans personas of one project."""

    plan_context: PlanContext
    selection: Selection = field(default_factory=Selection)
    overrides: tuple[str, ...] = ()
    shapes: Shapes = field(default_factory=Shapes)

    def plan(self, personas: Sequence[Loaded]) -> Plan:
        """Return the plan. Raises PlanError when what is selected needs what is neither built nor selected."""
        # By id, since new faces are issued in that order; shown in the order in which they were asked for.
        turns: list[PlannedNode] = []
        issued = Issued(self.plan_context.store.project, self.plan_context.store.names)
        found = {
            id(loaded): self._persona(loaded, issued, turns)
            for loaded in sorted(personas, key=lambda loaded: loaded.settings.id)
        }
        plans = [found[id(loaded)] for loaded in personas]
        return Plan(plans, self.overrides, self.selection, self._notices(plans))

    def _persona(self, loaded: Loaded, issued: Issued, turns: list[PlannedNode]) -> PersonaPlan:
        """Plan one persona. `turns` are the nodes that will place faces before any of this one, and then its own."""
        settings = loaded.settings
        require_calibration(settings, self.plan_context.analyzer_of(settings))
        lock = read_lock(loaded.lock, settings.id, settings.formerly)
        plan = PersonaPlan(loaded, self.shapes.of(settings), lock)
        for name in {name for shape in plan.shape.nodes for name in shape.templates}:
            self.plan_context.templates.closure(name)  # read now: what is edited while a build runs is the next one's
        rows = self.plan_context.store.index.nodes(settings.id)
        names = {f"{settings.id}/{shape.name}" for shape in plan.shape.nodes}
        plan.unread = self.plan_context.store.index.unread(settings.id, rows) & names
        plan.lock, plan.lost = recalled(lock, plan.shape, rows, settings, self.plan_context.store)
        resolver = NodeResolver(self.plan_context, plan, self.selection, issued)
        for shape in plan.shape.nodes:
            plan.nodes[shape.name] = PlannedNode(settings.id, shape, rows.get(f"{settings.id}/{shape.name}"))
        selected = self.selection.selected
        companions = self._companions(plan, resolver) if selected is not None else set()
        for shape in plan.shape.nodes:
            node = plan.nodes[shape.name]
            if selected is not None and node.id not in selected:
                node.state = "left"
                if shape.name in companions and all(self._is_built(plan.nodes[name]) for name in shape.needs):
                    self._decide(node, plan, resolver)
                    node.state = "left" if node.state in ("cached", "pinned") else node.state
                continue
            # A new face keeps away from the faces before it, so their places have to be known first.
            if shape.kind.places and turns and resolver.unplaced(shape):
                self._waits_its_turn(node, turns[-1], resolver)
            else:
                self._decide(node, plan, resolver)
            self._pin_again(node, plan, resolver)
            if shape.kind.places and node.state in WORKING:
                if resolver.unplaced(shape) and all(reason.code != "issued" for reason in node.reasons):
                    node.reasons += issued_reason(resolver.issued(), resolver.placer(shape))
                node.after = turns[-1].id if turns else ""
                turns.append(node)
        note_overruled(plan, resolver)
        return plan

    def _companions(self, plan: PersonaPlan, resolver: NodeResolver) -> set[str]:
        """Return nodes that are planned for the selected ones without being selected: what forge computes for
        them itself, and what was lost and can be made again without a purchase. Without them the selected nodes would
        be made from what is out of date, or fail."""
        assert self.selection.selected is not None
        found: set[str] = set()
        asked = [shape for shape in plan.shape.nodes if f"{plan.id}/{shape.name}" in self.selection.selected]
        while asked:
            shape = asked.pop()
            for name in shape.needs:
                need = plan.shape.by_name[name]
                if name in found or f"{plan.id}/{name}" in self.selection.selected:
                    continue
                row = plan.nodes[name].row
                lost = row is not None and resolver.lost(row) and resolver.remakeable(need)
                if lost or not (need.kind.modality or need.kind.pinned):
                    found.add(name)
                    asked.append(need)
        return found

    def _is_built(self, node: PlannedNode) -> bool:
        return node.row is not None or node.state != "left"

    def _decide(self, node: PlannedNode, plan: PersonaPlan, resolver: NodeResolver) -> None:
        shape = node.shape
        needs = [plan.nodes[name] for name in shape.needs]
        for need in needs:
            if need.state != "left":
                continue
            way = f"select it as well: --select +{shape.name}"
            if need.id in self.selection.excluded:
                way = f"leave out what needs it as well: --exclude {need.shape.name}+"
            if need.row is None:
                raise PlanError(f"{node.id} needs {need.id}, which has not been built", hint=way)
            if resolver.lost(need.row):
                hint = f"get it with `forge cache pull {plan.id}`, or {way}"
                raise PlanError(f"{node.id} needs {need.id}, whose artifact is in no store", hint=hint)
        blocking = [
            need.shape.name
            for need in needs
            if (need.rejected and not shape.kind.lenient) or (need.state == "blocked" and not need.outcome_digest)
        ]
        if blocking:
            node.state = "blocked"
            node.reasons = (Reason("needs", f"{listed(blocking)} failed its gate"),)
            return
        unsettled = [need for need in needs if not need.outcome_digest]
        if unsettled:
            if not (shape.kind.sticky and self._stays(node, needs, resolver)):
                self._unsettled(node, unsettled, resolver)
            return
        # The cheap question first: an equal signature means that nothing has changed, and nothing need be replayed.
        node.signature = resolver.signature(shape, {need.shape.name: need.outcome_digest for need in needs})
        if node.row is not None and node.row.signature == node.signature:
            self._standing(node, resolver)
            return
        self._replay(node, resolver)

    def _pin_again(self, node: PlannedNode, plan: PersonaPlan, resolver: NodeResolver) -> None:
        """Plan to write a line again that has gone from the lock: that is work, too."""
        name, outcome = resolver.lock_name(node.shape.name), node.outcome
        if not node.shape.kind.pinned or node.state not in ("cached", "pinned", "restore"):
            return
        if name not in plan.lost and (
            name in plan.lock or outcome is None or not (outcome.passed and outcome.outputs and outcome.key)
        ):
            return
        if self.selection.frozen:
            node.state = "missing"
            node.reasons = (Reason("pin", f"{node.id} has no line in the lock, and the lock is frozen"),)
            return
        known = name in plan.lost
        text = "its line is missing from the lock, and is written again" if known else "is accepted, and gets its line"
        node.state = "restore"
        node.reasons += (Reason("pin", text),)

    def _waits_its_turn(self, node: PlannedNode, before: PlannedNode, resolver: NodeResolver) -> None:
        """Let a node wait: another new face is placed first, and its place isn't known yet."""
        new = () if node.row is not None else (resolver.unbuilt(node),)
        node.state = "run"
        node.reasons = (*new, Reason("needs", f"is placed after {before.persona}"))

    def _stays(self, node: PlannedNode, needs: Sequence[PlannedNode], resolver: NodeResolver) -> bool:
        """Settle a node that stays whatever its needs result in, by its own pin or the anchor's. Tells if it does."""
        if resolver.pin(node.shape) is None and not resolver.anchored(node.shape):
            return False
        try:
            self._replay(node, resolver)
        except NotSettled:
            return False
        returning = not node.shape.kind.modality and any(need.returns for need in needs)
        if node.state == "missing" and returning and not resolver.has_pinned(node):
            # Its needs are about to be made again; they may bring it back.
            node.state, node.reasons = "cached", ()
            return False
        return node.state != "run"

    def _standing(self, node: PlannedNode, resolver: NodeResolver) -> None:
        """Keep the last outcome, which is still valid; see whether its files have to be put back."""
        assert node.row is not None
        placed = node.row.placed
        conditions = resolver.folder.condition(placed)
        node.state = "pinned" if node.shape.kind.sticky and resolver.pin(node.shape) is not None else "cached"
        if node.row.status == "rejected" and not placed:
            node.outcome = resolver.result_of_row(node).outcome
            node.state, node.reasons = "blocked", (_failed(node.outcome),)
            return
        gone = [(file.path, condition) for file, condition in conditions if condition != "there"]
        lost = [file for file in placed if not resolver.plan_context.store.blobs.has(file.digest)]
        if gone or lost:
            node.reasons = restore_reasons(gone)
            # Every byte is verified: a damaged artifact must not be promised as one that is put back.
            if all(resolver.contents.sound(file.digest) for file in placed):
                node.state = "restore"
                node.reasons += (_TAKEN_BACK,) if lost else ()
            else:
                node.reasons += (Reason("lost", "its artifact is no longer in the store"),)
                self._replay(node, resolver)

    def _replay(self, node: PlannedNode, resolver: NodeResolver) -> None:
        shape = node.shape
        try:
            context = resolver.context(shape, resolver.take(shape))
            played = resolver.replayed(shape, context)
        except PinnedArtifactMissing as error:
            node.state = "missing"
            node.reasons = (Reason("pin", f"{error.message}; {error.hint}"),)
            return
        node.outcome, node.missing, node.reads = played.outcome, played.missing, context.settings.reads
        node.keys = played.keys
        pin = resolver.pin(shape)
        wished = resolver.wished(shape)
        # The artifact is lost and the request is the pinned one: if the same is made again, nothing after it changes.
        node.returns = (
            pin is not None
            and not wished
            and played.missing is not None
            and context.standing.same_request(pin, played.keys[0])
            and resolver.gone(pin)
        )
        if played.missing is None and not (shape.kind.places and to_be_pinned(played.outcome, pin)):
            assert played.outcome is not None
            self._known_after_all(node, played.outcome, resolver, pin)
            return
        node.state = "run"
        if node.id in self.selection.forced:
            node.reasons = (Reason("forced", "another take was asked for"), *resolver.reasons(node, context))
        elif node.returns and pin is not None:
            node.reasons += (*resolver.reasons(node, context), remade_by(pin, context.standing.forge))
            node.reasons += other_gates(pin, context.standing) if node.row is None and not shape.kind.sticky else ()
        else:
            node.reasons += resolver.reasons(node, context) or _gate_reason(played.missing, pin)
        if shape.kind.places and played.outcome is not None:
            node.reasons += placed_reason(played.outcome)
        stays = pin is not None and not wished and context.standing.same_gates(pin)
        node.estimate = estimate(node, resolver.settings, played.missing, pin if not wished else None, stays=stays)
        if (sent := in_flight(resolver.plan_context.store, node, played.missing)) is not None:
            node.reasons = (*(one for one in node.reasons if one.code != "new"), sent.reason)
            node.estimate = sent.estimate

    def _known_after_all(self, node: PlannedNode, outcome: Outcome, resolver: NodeResolver, pin: Pin | None) -> None:
        """Settle a node for which replaying found every result: only files may have to be put in place."""
        if not outcome.passed and not outcome.outputs:
            node.state = "blocked"
            node.reasons = (_failed(outcome),)
            return
        sticky = node.shape.kind.sticky and pin is not None
        placed = {file.path: file for file in node.row.placed} if node.row else {}
        gone: list[tuple[str, str]] = []
        for output in outcome.outputs.values():
            if not output.path:
                continue
            known = placed.get(output.path)
            if known is not None and known.digest == output.artifact.digest:
                gone += [
                    (f.path, condition) for f, condition in resolver.folder.condition([known]) if condition != "there"
                ]
            elif not resolver.folder.holds(output.path, output.artifact.digest):
                gone.append((output.path, "other" if resolver.folder.has(output.path) else "missing"))
        if gone and not all(resolver.contents.sound(made.artifact.digest) for made in outcome.outputs.values()):
            self._replay(node, resolver)  # what would be put back is damaged: now it is known to be
            return
        upgraded = pin is not None and outcome.also not in ("", pin.also)
        has = resolver.plan_context.store.blobs.has
        lost = not all(has(made.artifact.digest) for made in outcome.outputs.values())
        node.state = "restore" if gone or lost else "pinned" if sticky or upgraded or outcome.stays else "cached"
        node.reasons = (*restore_reasons(gone), *((_TAKEN_BACK,) if lost else ()))
        if sticky or upgraded or outcome.stays:
            node.note = _stays_note(node, resolver, pin, outcome)

    def _unsettled(self, node: PlannedNode, needs: Sequence[PlannedNode], resolver: NodeResolver) -> None:
        names = listed([need.shape.name for need in needs])
        pin = None if resolver.wished(node.shape) else resolver.pin(node.shape)
        returning = all([need.returns for need in needs])  # noqa: C419 - ^C in a generator would be printed as ignored
        as_pinned = pin is not None and self._is_asked_as_pinned(node, pin, resolver)
        missing = [need.shape.name for need in needs if need.state == "missing"]
        if missing:
            node.state = "missing"
            node.reasons = (Reason("needs", f"needs {listed(missing)}, which is pinned and missing"),)
            if node.row is not None and self._is_as_built(node, as_pinned, resolver) and not resolver.lost(node.row):
                # What it was made from is lost, but the node's own result isn't: it is kept, and nothing new is made.
                node.state = "cached"
                self._standing(node, resolver)
            return
        if pin is not None and self._cannot_come_back(node, pin, as_pinned, resolver):
            node.state = "missing"
            node.reasons = (Reason("pin", _pinned_and_gone(node, pin, resolver)),)
            return
        # Its needs are only made again, and its own request is the pinned one: so it should be as it was.
        if pin is not None and returning and as_pinned:
            node.returns = True
            if not resolver.gone(pin) or not node.shape.kind.modality:
                node.state = "maybe"
                node.reasons = (Reason("needs", f"only if it changes: {names}"),)
            elif resolver.remakeable(node.shape):
                node.state = "run"
                node.reasons = (
                    Reason("needs", f"waits for {names}"),
                    remade_by(pin, resolver.standing(node.shape).forge) if pin.under else REMADE_IF_SAME,
                )
                node.reasons += other_gates(pin, resolver.standing(node.shape)) if not node.shape.kind.sticky else ()
            else:
                node.state, node.returns = "missing", False
                node.reasons = (Reason("pin", _pinned_and_gone(node, pin, resolver)),)
            if node.state != "missing" and not resolver.standing(node.shape).same_gates(pin):
                node.estimate = estimate(node, resolver.settings, None, pin)._replace(**NONE_FOR_SURE)
            return
        if not node.shape.kind.pinned and returning:
            node.returns = node.row is None or not changes(resolver.depended(node), resolver.facts(node.shape))
        if node.row is None and not as_pinned:
            node.state = "run"
            node.reasons = (resolver.unbuilt(node), Reason("needs", f"waits for {names}"))
        else:
            own = changes(resolver.depended(node), resolver.facts(node.shape)) if node.row is not None else ()
            forced = node.id in self.selection.forced
            remade = any(reason.code != "setting" or not only_judges(reason.text) for reason in own)
            node.state = "run" if forced or (remade and not as_pinned) else "maybe"
            waits = "waits for" if node.state == "run" else "only if it changes:"
            node.reasons = (*own, Reason("needs", f"{waits} {names}"))
        node.estimate = estimate(node, resolver.settings, None, pin)
        if node.row is None and resolver.forgotten:
            # The index is gone but not the records: what is asked for may well be known.
            node.estimate = node.estimate._replace(**NONE_FOR_SURE)

    def _cannot_come_back(self, node: PlannedNode, pin: Pin, as_pinned: bool, resolver: NodeResolver) -> bool:
        """Tell whether a part of a pinned face is gone for good: its picture is lost, and can't be made again, or its
        request is another one now."""
        if not node.shape.kind.sticky or as_pinned or not resolver.gone(pin) or not resolver.anchor_gone():
            return False
        wish = str(pin.under.get("request", ""))
        standing = resolver.standing(node.shape)
        same = any(same_wish(wish, one) for one in (standing.request, *standing.former()))
        return not resolver.remakeable(node.shape) or not same

    def _is_as_built(self, node: PlannedNode, as_pinned: bool, resolver: NodeResolver) -> bool:
        return as_pinned or not changes(resolver.depended(node), resolver.facts(node.shape))

    def _is_asked_as_pinned(self, node: PlannedNode, pin: Pin, resolver: NodeResolver) -> bool:
        """Tell whether the request of a node whose needs aren't settled is the same as when it was pinned."""
        if pin.under:
            return resolver.standing(node.shape).asked_as(pin.under.get("request"))
        return node.row is None or not changes(resolver.depended(node), resolver.facts(node.shape))

    def _notices(self, plans: Iterable[PersonaPlan]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for plan in plans:
            analyzer_ref = self.plan_context.analyzer_of(plan.loaded.settings)
            nodes = plan.nodes.values()
            unjudged = unjudged_remark(plan, analyzer_ref)
            if analyzer_ref.identity is None and (unjudged or any(map(_left_unmeasured, nodes))):
                found[f"Faces are not measured here: {analyzer_ref.reason}. {analyzer_ref.hint}".strip()] = None
                found |= {unjudged: None} if unjudged else {}
            settings = plan.loaded.settings
            makes = any(node.shape.kind.measures and node.state in ("run", "maybe") for node in nodes)
            if makes and analyzer_ref.identity is not None:
                remark = domain_remark(settings.value("pipeline.steps"), settings.value("identity"), KNOWN)
                found |= {remark: None} if remark else {}
            remark = judging_remark(settings, analyzer_ref, last_built(plan, self.plan_context.store), makes=makes)
            found |= {remark: None} if remark else {}
            remark = beyond_remark(plan, analyzer_ref) if makes else ""
            found |= {remark: None} if remark else {}
            remark = clips_remark(plan)
            found |= {remark: None} if remark else {}
            remark = policy_remark(settings.value("identity.policy"))
            found |= {remark: None} if remark else {}
            foreign = foreign_remark(settings, anchor_in(settings, plan.lock))
            former = former_remark(plan)
            found |= {one: None for one in (foreign, former) if one}
            found |= dict.fromkeys((*lost_faces(plan), *plan.remarks))
            if plan.unread:
                text = f"What {listed(sorted(plan.unread))} last resulted in can't be read, and counts as no result"
                found[f"{text}: a build takes it from the records again"] = None
            if analyzer_ref.check_missing:
                found[f"The second recogniser does not check here: {analyzer_ref.check_missing}"] = None
        return tuple(found)


def _left_unmeasured(node: PlannedNode) -> bool:
    """Tell whether a node would be measured if anything could, or was left unmeasured."""
    if not node.shape.kind.measures or node.state == "left":
        return False
    return node.state in ("run", "maybe") or (node.row is not None and node.row.status in ("unmeasured", "rejected"))


_TAKEN_BACK = Reason("lost", "its artifact is taken back into the store from the build folder")


def _stays_note(node: PlannedNode, resolver: NodeResolver, pin: Pin | None, outcome: Outcome) -> str:
    """Say that a pin stays, and what has changed that might have replaced it."""
    since = changes(resolver.depended(node), resolver.facts(node.shape)) if node.row else []
    # What only judges could not have replaced it; what it would decide is `outcome.stays`.
    found = [one.text for one in since if one.code != "setting" or not only_judges(one.text)]
    if not found and pin is not None and outcome.also not in ("", pin.also):
        found = [f"it was accepted by forge {pin.under.get('forge', 'of before')}"]
    if outcome.stays:
        found.append(f"the rules say {outcome.stays}")
    return "stays, although " + "; ".join(found) if found else ""


def _pinned_and_gone(node: PlannedNode, pin: Pin, resolver: NodeResolver) -> str:
    digests = ", ".join(digest[:12] for digest in pin.outputs.values())
    name = resolver.settings.step_of(ANCHOR) if node.shape.kind.sticky else node.shape.name
    return (
        f"{node.id} is pinned to {digests}, which is in neither the store nor the build folder; get it with "
        f"`forge cache pull {node.persona}`, or accept a new one with `forge build {node.persona} "
        f"--repin {name}`"
    )


def _failed(outcome: Outcome) -> Reason:
    return Reason("gate", str(outcome.facts.get("reason", "failed its gate")))


def _gate_reason(missing: Action | None, pin: Pin | None) -> tuple[Reason, ...]:
    """Say why an action is missing though nothing has changed: an attempt failed its gate, or a result was lost."""
    if missing is None:
        return (Reason("pin", "has no pin yet"),)
    if missing.attempt:
        return (Reason("gate", f"attempt {missing.attempt - 1} is below its gate"),)
    return (Reason("lost", f"the result of its {missing.kind} action is no longer in the store"),)
