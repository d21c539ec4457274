"""Makes a plan from loaded personas and the store. Writes nothing, reaches no network, runs no provider.

Every node has a signature: a digest over its kind, what its settings, templates, provider and analyzer are, what its
needs came to, and its line in the lock. Where the last outcome has the same signature it still stands, and nothing else
is looked at. Otherwise the node's procedure is replayed over the cached actions, which tells exactly: everything is
known after all (a threshold moved, and what passed still passes), or the first action that is not.

Where a need isn't settled, a node can't be replayed. It is `run` if anything of its own has changed, and else `maybe`:
it runs only if its needs come out different.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from personaforge.errors import PinnedArtifactMissing, PlanError
from personaforge.plan.desk import Desk, House, NotSettled
from personaforge.plan.estimate import NONE_FOR_SURE, estimate
from personaforge.plan.explain import changes, restore_reasons
from personaforge.plan.foreign import foreign_remark
from personaforge.plan.graph import Shapes
from personaforge.plan.issued import Issued, issued_reason, placed_reason, to_be_pinned
from personaforge.plan.plan import WORKING, PersonaPlan, Plan, PlannedNode, Reason, Wishes
from personaforge.plan.recall import recalled
from personaforge.plan.renamed import anchor_in
from personaforge.plan.standing import only_judges, same_wish
from personaforge.spec.domain import domain_remark
from personaforge.spec.load import Loaded
from personaforge.steps.action import Action, Outcome
from personaforge.steps.context import ANCHOR
from personaforge.steps.standing import Standing
from personaforge.store.files import checked_out
from personaforge.store.lockfile import Pin, read_lock


@dataclass
class Planner:
    """Plans personas of one project."""

    house: House
    wishes: Wishes = field(default_factory=Wishes)
    overrides: tuple[str, ...] = ()
    shapes: Shapes = field(default_factory=Shapes)

    def plan(self, personas: Sequence[Loaded]) -> Plan:
        """Return the plan. Raises PlanError when what is selected needs what is neither built nor selected."""
        # By id, since new faces are issued in that order; shown in the order in which they were asked for.
        turns: list[PlannedNode] = []
        issued = Issued(self.house.store.project, self.house.store.names)
        found = {
            id(loaded): self._persona(loaded, issued, turns)
            for loaded in sorted(personas, key=lambda loaded: loaded.settings.id)
        }
        plans = [found[id(loaded)] for loaded in personas]
        return Plan(plans, self.overrides, self.wishes, self._notices(plans))

    def _persona(self, loaded: Loaded, issued: Issued, turns: list[PlannedNode]) -> PersonaPlan:
        """Plan one persona. `turns` are the nodes that will place faces before any of this one, and then its own."""
        settings = loaded.settings
        lock = read_lock(loaded.lock, settings.id, settings.formerly)
        plan = PersonaPlan(loaded, self.shapes.of(settings), lock)
        for name in {name for shape in plan.shape.nodes for name in shape.templates}:
            self.house.templates.closure(name)  # read now: what is edited while a build runs is the next one's
        rows = self.house.store.index.nodes(settings.id)
        plan.lock, plan.lost = recalled(lock, plan.shape, rows, settings, self.house.store)
        desk = Desk(self.house, plan, self.wishes, issued)
        for shape in plan.shape.nodes:
            plan.nodes[shape.name] = PlannedNode(settings.id, shape, rows.get(f"{settings.id}/{shape.name}"))
        selected = self.wishes.selected
        companions = self._companions(plan, desk) if selected is not None else set()
        for shape in plan.shape.nodes:
            node = plan.nodes[shape.name]
            if selected is not None and node.id not in selected:
                node.state = "left"
                if shape.name in companions and all(self._is_built(plan.nodes[name]) for name in shape.needs):
                    self._decide(node, plan, desk)
                    node.state = "left" if node.state in ("cached", "pinned") else node.state
                continue
            if shape.kind.places and turns and desk.unplaced(shape):
                self._waits_its_turn(node, turns[-1])
            else:
                self._decide(node, plan, desk)
            self._pin_again(node, plan, desk)
            if shape.kind.places and node.state in WORKING:
                if desk.unplaced(shape) and all(reason.code != "issued" for reason in node.reasons):
                    node.reasons += issued_reason(desk.issued())
                node.after = turns[-1].id if turns else ""
                turns.append(node)
        return plan

    def _companions(self, plan: PersonaPlan, desk: Desk) -> set[str]:
        """Return the nodes that come along with what is selected, though they are not: what forge computes for it by
        itself, and what was lost and can be made again without a purchase. Left as they were, the selected nodes would
        be made from what is no longer so, or fail."""
        assert self.wishes.selected is not None
        found: set[str] = set()
        asked = [shape for shape in plan.shape.nodes if f"{plan.id}/{shape.name}" in self.wishes.selected]
        while asked:
            shape = asked.pop()
            for name in shape.needs:
                need = plan.shape.by_name[name]
                if name in found or f"{plan.id}/{name}" in self.wishes.selected:
                    continue
                row = plan.nodes[name].row
                lost = row is not None and desk.lost(row) and desk.remakeable(need)
                if lost or not (need.kind.modality or need.kind.pinned):
                    found.add(name)
                    asked.append(need)
        return found

    def _is_built(self, node: PlannedNode) -> bool:
        return node.row is not None or node.state != "left"

    def _decide(self, node: PlannedNode, plan: PersonaPlan, desk: Desk) -> None:
        shape = node.shape
        needs = [plan.nodes[name] for name in shape.needs]
        for need in needs:
            if need.state == "left" and need.row is None:
                hint = f"select it as well: --select +{shape.name}"
                raise PlanError(f"{node.id} needs {need.id}, which has not been built", hint=hint)
            if need.state == "left" and need.row is not None and desk.lost(need.row):
                hint = f"get it with `forge cache pull {plan.id}`, or select it as well: --select +{shape.name}"
                raise PlanError(f"{node.id} needs {need.id}, whose artifact is in no store", hint=hint)
        blocking = [
            need.shape.name
            for need in needs
            if (need.rejected and not shape.kind.lenient) or (need.state == "blocked" and not need.outcome_digest)
        ]
        if blocking:
            node.state = "blocked"
            node.reasons = (Reason("needs", f"{_short_list(blocking)} failed its gate"),)
            return
        unsettled = [need for need in needs if not need.outcome_digest]
        if unsettled:
            if not (shape.kind.sticky and self._stays(node, needs, desk)):
                self._unsettled(node, unsettled, desk)
            return
        node.signature = desk.signature(shape, {need.shape.name: need.outcome_digest for need in needs})
        if node.row is not None and node.row.signature == node.signature:
            self._standing(node, desk)
            return
        self._replay(node, desk)

    def _pin_again(self, node: PlannedNode, plan: PersonaPlan, desk: Desk) -> None:
        """A line that has gone from the lock is work, too: it is written again."""
        name, outcome = desk.lock_name(node.shape.name), node.outcome
        if not node.shape.kind.pinned or node.state not in ("cached", "pinned", "restore"):
            return
        if name not in plan.lost and (
            name in plan.lock or outcome is None or not (outcome.passed and outcome.outputs and outcome.key)
        ):
            return
        if self.wishes.frozen:
            node.state = "missing"
            node.reasons = (Reason("pin", f"{node.id} has no line in the lock, and the lock is frozen"),)
            return
        known = name in plan.lost
        text = "its line is missing from the lock, and is written again" if known else "is accepted, and gets its line"
        node.state = "restore"
        node.reasons += (Reason("pin", text),)

    def _waits_its_turn(self, node: PlannedNode, before: PlannedNode) -> None:
        """Another new face is placed first, and where it will lie isn't known yet."""
        new = () if node.row is not None else (Reason("new", "never built"),)
        node.state = "run"
        node.reasons = (*new, Reason("needs", f"is placed after {before.persona}"))

    def _stays(self, node: PlannedNode, needs: Sequence[PlannedNode], desk: Desk) -> bool:
        """Settle a node that stays whatever its needs come to, pinned itself or by the anchor; tell whether it does."""
        if desk.pin(node.shape) is None and not desk.anchored(node.shape):
            return False
        try:
            self._replay(node, desk)
        except NotSettled:
            return False
        returning = not node.shape.kind.modality and any(need.returns for need in needs)
        if node.state == "missing" and returning and not desk.has_pinned(node):
            # Its needs are about to be made again; they may bring it back.
            node.state, node.reasons = "cached", ()
            return False
        return node.state != "run"

    def _standing(self, node: PlannedNode, desk: Desk) -> None:
        """The last outcome stands; look after its files."""
        assert node.row is not None
        placed = node.row.placed
        conditions = desk.folder.condition(placed)
        node.state = "pinned" if node.shape.kind.sticky and desk.pin(node.shape) is not None else "cached"
        if node.row.status == "rejected" and not placed:
            node.outcome = desk.result_of_row(node).outcome
            node.state, node.reasons = "blocked", (_failed(node.outcome),)
            return
        gone = [(file.path, condition) for file, condition in conditions if condition != "there"]
        lost = [file for file in placed if not desk.house.store.blobs.has(file.digest)]
        if gone or lost:
            node.reasons = restore_reasons(gone)
            if all(desk.contents.sound(file.digest) for file in placed):
                node.state = "restore"
                node.reasons += (_TAKEN_BACK,) if lost else ()
            else:
                node.reasons += (Reason("lost", "its artifact is no longer in the store"),)
                self._replay(node, desk)

    def _replay(self, node: PlannedNode, desk: Desk) -> None:
        shape = node.shape
        try:
            context = desk.context(shape, desk.take(shape))
            played = desk.replayed(shape, context)
        except PinnedArtifactMissing as error:
            node.state = "missing"
            node.reasons = (Reason("pin", f"{error.message}; {error.hint}"),)
            return
        node.outcome, node.missing, node.reads = played.outcome, played.missing, context.settings.reads
        node.keys = played.keys
        pin = desk.pin(shape)
        wished = desk.wished(shape)
        node.returns = (
            pin is not None
            and not wished
            and played.missing is not None
            and context.standing.same_request(pin, played.keys[0])
            and desk.gone(pin)
        )
        if played.missing is None and not (shape.kind.places and to_be_pinned(played.outcome, pin)):
            assert played.outcome is not None
            self._known_after_all(node, played.outcome, desk, pin)
            return
        node.state = "run"
        if node.id in self.wishes.forced:
            node.reasons = (Reason("forced", "another take was asked for"), *desk.reasons(node, context))
        elif node.returns and pin is not None:
            node.reasons += (*desk.reasons(node, context), _REMADE)
            node.reasons += other_gates(pin, context.standing) if node.row is None and not shape.kind.sticky else ()
        else:
            node.reasons += desk.reasons(node, context) or _gate_reason(played.missing, pin)
        if shape.kind.places and played.outcome is not None:
            node.reasons += placed_reason(played.outcome)
        stays = pin is not None and not wished and context.standing.same_gates(pin)
        node.estimate = estimate(node, desk.settings, played.missing, pin if not wished else None, stays=stays)

    def _known_after_all(self, node: PlannedNode, outcome: Outcome, desk: Desk, pin: Pin | None) -> None:
        """Replaying found every result. Only files may have to be put in place."""
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
                gone += [(f.path, condition) for f, condition in desk.folder.condition([known]) if condition != "there"]
            elif not desk.folder.holds(output.path, output.artifact.digest):
                gone.append((output.path, "missing"))
        if gone and not all(desk.contents.sound(made.artifact.digest) for made in outcome.outputs.values()):
            self._replay(node, desk)  # what would be put back is damaged: now it is known to be
            return
        upgraded = pin is not None and outcome.also not in ("", pin.also)
        has = desk.house.store.blobs.has
        lost = not all(has(made.artifact.digest) for made in outcome.outputs.values())
        node.state = "restore" if gone or lost else "pinned" if sticky or upgraded or outcome.stays else "cached"
        node.reasons = (*restore_reasons(gone), *((_TAKEN_BACK,) if lost else ()))
        if sticky or upgraded or outcome.stays:
            node.note = _stays_note(node, desk, pin, outcome)

    def _unsettled(self, node: PlannedNode, needs: Sequence[PlannedNode], desk: Desk) -> None:
        names = _short_list([need.shape.name for need in needs])
        pin = None if desk.wished(node.shape) else desk.pin(node.shape)
        returning = all(need.returns for need in needs)
        as_pinned = pin is not None and self._is_asked_as_pinned(node, pin, desk)
        missing = [need.shape.name for need in needs if need.state == "missing"]
        if missing:
            node.state = "missing"
            node.reasons = (Reason("needs", f"needs {_short_list(missing)}, which is pinned and missing"),)
            if node.row is not None and self._is_as_built(node, as_pinned, desk) and not desk.lost(node.row):
                # What it was made from is lost, and it isn't: it stands, and nothing is made from what is missing.
                node.state = "cached"
                self._standing(node, desk)
            return
        if pin is not None and self._cannot_come_back(node, pin, as_pinned, desk):
            node.state = "missing"
            node.reasons = (Reason("pin", _pinned_and_gone(node, pin, desk)),)
            return
        if pin is not None and returning and as_pinned:
            node.returns = True
            if not desk.gone(pin) or not node.shape.kind.modality:
                node.state = "maybe"
                node.reasons = (Reason("needs", f"only if it changes: {names}"),)
            elif desk.remakeable(node.shape):
                node.state = "run"
                node.reasons = (Reason("needs", f"waits for {names}"), _REMADE if pin.under else _REMADE_IF_SAME)
                node.reasons += other_gates(pin, desk.standing(node.shape)) if not node.shape.kind.sticky else ()
            else:
                node.state, node.returns = "missing", False
                node.reasons = (Reason("pin", _pinned_and_gone(node, pin, desk)),)
            if node.state != "missing" and not desk.standing(node.shape).same_gates(pin):
                node.estimate = estimate(node, desk.settings, None, pin)._replace(**NONE_FOR_SURE)
            return
        if not node.shape.kind.pinned and returning:
            node.returns = node.row is None or not changes(desk.depended(node), desk.facts(node.shape))
        if node.row is None and not as_pinned:
            node.state = "run"
            node.reasons = (Reason("new", "never built"), Reason("needs", f"waits for {names}"))
        else:
            own = changes(desk.depended(node), desk.facts(node.shape)) if node.row is not None else ()
            forced = node.id in self.wishes.forced
            remade = any(reason.code != "setting" or not only_judges(reason.text) for reason in own)
            node.state = "run" if forced or (remade and not as_pinned) else "maybe"
            waits = "waits for" if node.state == "run" else "only if it changes:"
            node.reasons = (*own, Reason("needs", f"{waits} {names}"))
        node.estimate = estimate(node, desk.settings, None, pin)
        if node.row is None and desk.forgotten:
            # The index is gone and not the records: what is asked for may well be known.
            node.estimate = node.estimate._replace(**NONE_FOR_SURE)

    def _cannot_come_back(self, node: PlannedNode, pin: Pin, as_pinned: bool, desk: Desk) -> bool:
        """Tell whether a part of a pinned face is gone for good: its picture is lost, and can't be made again, or is
        asked for otherwise than it was."""
        if not node.shape.kind.sticky or as_pinned or not desk.gone(pin) or not desk.anchor_gone():
            return False
        wish = str(pin.under.get("request", ""))
        return not desk.remakeable(node.shape) or not same_wish(wish, desk.standing(node.shape).request)

    def _is_as_built(self, node: PlannedNode, as_pinned: bool, desk: Desk) -> bool:
        return as_pinned or not changes(desk.depended(node), desk.facts(node.shape))

    def _is_asked_as_pinned(self, node: PlannedNode, pin: Pin, desk: Desk) -> bool:
        """Tell whether a node whose needs aren't settled is asked for as it was when it was pinned."""
        if pin.under:
            return pin.under.get("request") == desk.standing(node.shape).request
        return node.row is None or not changes(desk.depended(node), desk.facts(node.shape))

    def _notices(self, plans: Iterable[PersonaPlan]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for plan in plans:
            measurer = self.house.measurer_of(plan.loaded.settings)
            if measurer.identity is None and any(_left_unmeasured(node) for node in plan.nodes.values()):
                found[f"Faces are not measured here: {measurer.reason}. {measurer.hint}".strip()] = None
            elif any(node.shape.kind.measures and node.state in ("run", "maybe") for node in plan.nodes.values()):
                settings = plan.loaded.settings
                remark = domain_remark(settings.value("pipeline.steps"), settings.value("identity"))
                found |= {remark: None} if remark else {}
            foreign = foreign_remark(plan.loaded.settings, anchor_in(plan.loaded.settings, plan.lock))
            found |= {foreign: None} if foreign else {}
            found |= dict.fromkeys(_lost_faces(plan))
            if measurer.check_missing:
                found[f"The second recogniser does not check here: {measurer.check_missing}"] = None
        return tuple(found)


def _lost_faces(plan: PersonaPlan) -> Iterator[str]:
    """Say of a persona that had an anchor, which its lock doesn't name any more, that it is about to get another."""
    for node in plan.nodes.values():
        named = any(pin is not None and ANCHOR in pin.outputs for pin in map(plan.lock.pin, plan.lock.names()))
        if node.shape.kind.role != ANCHOR or named or node.row is None or node.state not in ("run", "maybe"):
            continue
        files = node.row.placed
        if files and node.row.status != "rejected":
            yield (
                f"{plan.id} had an anchor, {files[0].digest[:12]}, and its lock names none: a build chooses a new "
                f"face. To keep the old one, bring the lock back ({checked_out(plan.loaded.lock)})"
            )


def _left_unmeasured(node: PlannedNode) -> bool:
    """Tell whether a node would be measured if anything could, or was left unmeasured."""
    if not node.shape.kind.measures or node.state == "left":
        return False
    return node.state in ("run", "maybe") or (node.row is not None and node.row.status in ("unmeasured", "rejected"))


_REMADE = Reason("pin", "the pinned artifact is remade, and has to come out the same")
_REMADE_IF_SAME = Reason(
    "pin",
    "the pinned artifact is remade if it is asked for as it was, which a lock of an earlier forge does not tell",
)
_TAKEN_BACK = Reason("lost", "its artifact is taken back into the store from the build folder")


def other_gates(pin: Pin, now: Standing) -> tuple[Reason, ...]:
    """Say that a pinned result is judged by other gates than it was accepted behind: further attempts may follow."""
    if not pin.under or now.same_gates(pin):
        return ()
    rules = now.rules or {}
    changed = [
        f"{name} {pin.under.get(name)} is now {rules[name]}" for name in rules if pin.under.get(name) != rules[name]
    ]
    what = f" ({', '.join(changed)})" if changed else ""
    return (
        Reason("gate", f"is judged by other gates than it was accepted behind{what}, and may take further attempts"),
    )


def _stays_note(node: PlannedNode, desk: Desk, pin: Pin | None, outcome: Outcome) -> str:
    """Say that a pin stays, and in spite of what."""
    found = [reason.text for reason in changes(desk.depended(node), desk.facts(node.shape))] if node.row else []
    if not found and pin is not None and outcome.also not in ("", pin.also):
        found = [f"it was accepted by forge {pin.under.get('forge', 'of before')}"]
    if outcome.stays:
        found.append(f"the rules say {outcome.stays}")
    return "stays, although " + "; ".join(found) if found else ""


def _pinned_and_gone(node: PlannedNode, pin: Pin, desk: Desk) -> str:
    digests = ", ".join(digest[:12] for digest in pin.outputs.values())
    name = desk.settings.step_of(ANCHOR) if node.shape.kind.sticky else node.shape.name
    return (
        f"{node.id} is pinned to {digests}, which is in neither the store nor the build folder; get it with "
        f"`forge cache pull {node.persona}`, or accept a new one with `forge build {node.persona} "
        f"--repin {name}`"
    )


def _failed(outcome: Outcome) -> Reason:
    return Reason("gate", str(outcome.facts.get("reason", "failed its gate")))


def _gate_reason(missing: Action | None, pin: Pin | None) -> tuple[Reason, ...]:
    """Nothing has changed, and yet an action is missing: an attempt fell short, or a result was lost."""
    if missing is None:
        return (Reason("pin", "has no pin yet"),)
    if missing.attempt:
        return (Reason("gate", f"attempt {missing.attempt - 1} is below its gate"),)
    return (Reason("lost", f"the result of its {missing.kind} action is no longer in the store"),)


def _short_list(names: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
