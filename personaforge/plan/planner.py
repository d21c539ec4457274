"""Makes a plan from loaded personas and the store. Writes nothing, reaches no network, runs no provider.

Every node has a signature: a digest over its kind, what its settings, templates, provider and analyzer are, what its
needs came to, and its line in the lock. Where the last outcome has the same signature it still stands, and nothing else
is looked at. Otherwise the node's procedure is replayed over the cached actions, which tells exactly: everything is
known after all (a threshold moved, and what passed still passes), or the first action that is not.

Where a need isn't settled, a node can't be replayed. It is `run` if anything of its own has changed, and else `maybe`:
it runs only if its needs come out different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from personaforge.digest import digest_json, digest_strings
from personaforge.errors import PinnedArtifactMissing, PlanError
from personaforge.plan.contents import Contents
from personaforge.plan.explain import changes, restore_reasons
from personaforge.plan.foreign import foreign_remark
from personaforge.plan.graph import ShapeNode, Shapes
from personaforge.plan.issued import Issued, issued_reason, placed_reason, to_be_pinned
from personaforge.plan.plan import WORKING, Estimate, PersonaPlan, Plan, PlannedNode, Reason, Wishes
from personaforge.plan.recall import recalled
from personaforge.plan.renamed import anchor_in, kind_of, lock_name, renamed_steps
from personaforge.plan.replay import Replay, replay, result_of
from personaforge.plan.standing import forge_part, gates_part, only_judges, request_part, rules_of
from personaforge.providers.table import capability
from personaforge.spec.domain import domain_remark
from personaforge.spec.load import Loaded
from personaforge.spec.settings import Settings, UndeclaredRead, View
from personaforge.steps.action import Action, Outcome, outcome_from_json
from personaforge.steps.context import ANCHOR, Context, Measurer
from personaforge.steps.standing import Standing
from personaforge.store.index import NodeRow
from personaforge.store.lockfile import LockFile, Pin, read_lock
from personaforge.store.outputs import BuildFolder, Placed
from personaforge.store.store import Store
from personaforge.templating import Templates

_MAX_TAKES = 1_000


@dataclass(frozen=True)
class House:
    """What planning and running share: the store, the templates, and who measures."""

    store: Store
    templates: Templates
    measurer_of: Callable[[Settings], Measurer]
    """Who measures a persona's faces; finds packs, loads no model."""


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
        placed = [Placed(*item) for item in orjson.loads(node.row.files)]
        conditions = desk.folder.condition(placed)
        node.state = "pinned" if node.shape.kind.sticky and desk.pin(node.shape) is not None else "cached"
        if node.row.status == "rejected" and not placed:
            facts = desk.row_body(node)["outcome"]["facts"]
            node.state, node.reasons = "blocked", (Reason("gate", str(facts.get("reason", "failed its gate"))),)
            node.outcome = desk.outcome_of_row(node)
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
        elif node.returns:
            node.reasons += (*desk.reasons(node, context), _REMADE)
        else:
            node.reasons += desk.reasons(node, context) or _gate_reason(played.missing, pin)
        if shape.kind.places and played.outcome is not None:
            node.reasons += placed_reason(played.outcome)
        stays = pin is not None and not wished and context.standing.same_gates(pin)
        node.estimate = _estimate(node, desk.settings, played.missing, pin if not wished else None, stays=stays)

    def _known_after_all(self, node: PlannedNode, outcome: Outcome, desk: Desk, pin: Pin | None) -> None:
        """Replaying found every result. Only files may have to be put in place."""
        if not outcome.passed and not outcome.outputs:
            node.state = "blocked"
            node.reasons = (Reason("gate", str(outcome.facts.get("reason", "failed its gate"))),)
            return
        sticky = node.shape.kind.sticky and pin is not None
        placed = {item[0]: Placed(*item) for item in orjson.loads(node.row.files)} if node.row else {}
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
        if pin is not None and node.shape.kind.sticky and not as_pinned and desk.gone(pin) and desk.anchor_gone():
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
                node.reasons = (Reason("needs", f"waits for {names}"), _REMADE)
            else:
                node.state, node.returns = "missing", False
                node.reasons = (Reason("pin", _pinned_and_gone(node, pin, desk)),)
            if node.state != "missing" and not desk.standing(node.shape).same_gates(pin):
                node.estimate = _estimate(node, desk.settings, None, pin)._replace(**_NONE_FOR_SURE)
            return
        if not node.shape.kind.pinned and returning:
            node.returns = node.row is None or not changes(desk.row_body(node), desk.facts(node.shape))
        if node.row is None and not as_pinned:
            node.state = "run"
            node.reasons = (Reason("new", "never built"), Reason("needs", f"waits for {names}"))
        else:
            own = changes(desk.row_body(node), desk.facts(node.shape)) if node.row is not None else ()
            forced = node.id in self.wishes.forced
            remade = any(reason.code != "setting" or not only_judges(reason.text) for reason in own)
            node.state = "run" if forced or (remade and not as_pinned) else "maybe"
            waits = "waits for" if node.state == "run" else "only if it changes:"
            node.reasons = (*own, Reason("needs", f"{waits} {names}"))
        node.estimate = _estimate(node, desk.settings, None, pin)
        if node.row is None and desk.forgotten:
            # The index is gone and not the records: what is asked for may well be known.
            node.estimate = node.estimate._replace(**_NONE_FOR_SURE)

    def _is_as_built(self, node: PlannedNode, as_pinned: bool, desk: Desk) -> bool:
        return as_pinned or not changes(desk.row_body(node), desk.facts(node.shape))

    def _is_asked_as_pinned(self, node: PlannedNode, pin: Pin, desk: Desk) -> bool:
        """Tell whether a node whose needs aren't settled is asked for as it was when it was pinned."""
        if pin.under:
            return pin.under.get("request") == desk.standing(node.shape).request
        return node.row is None or not changes(desk.row_body(node), desk.facts(node.shape))

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
            if measurer.check_missing:
                found[f"The second recogniser does not check here: {measurer.check_missing}"] = None
        return tuple(found)


class NotSettled(Exception):
    """A procedure asked for a need that isn't settled yet."""


class Needs(Mapping[str, Outcome]):
    """What a node's needs came to, read when they are asked for: what is pinned asks for none."""

    def __init__(self, desk: Desk, names: Sequence[str]) -> None:
        self._desk = desk
        self._names = names

    def __getitem__(self, name: str) -> Outcome:
        if name not in self._names:
            raise KeyError(name)
        return self._desk.outcome(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Desk:
    """What deciding about one persona's nodes takes. The runner works at the same desk, and there what only the build
    folder holds is taken back into the store (`keep`)."""

    def __init__(
        self, house: House, plan: PersonaPlan, wishes: Wishes, issued: Issued | None = None, *, keep: bool = False
    ) -> None:
        self.house = house
        self.plan = plan
        self.settings = plan.loaded.settings
        self.folder: BuildFolder = house.store.build_folder(plan.id)
        self.contents = Contents(house.store, self.folder, keep=keep)
        self.lock: LockFile = plan.lock
        self.renamed = renamed_steps(self.settings, plan.shape, plan.lock)
        """Steps that the lock knows by another name."""
        self.measurer = house.measurer_of(plan.loaded.settings)
        self._measurer_digest = digest_json("analyzer/1", self.measurer.described)
        self._wishes = wishes
        self._issued = issued
        self._outcomes: dict[str, Outcome] = {}

    def signature(self, shape: ShapeNode, needs: Mapping[str, str], *, built: bool = False) -> str:
        """Return a node's signature. Once it is `built`, the user's wish for another take or pin is fulfilled."""
        settings, kind = self.settings, shape.kind
        parts = [kind.name, str(kind.version), settings.origin, shape.name]
        parts += [self.plan.id] if kind.names and settings.formerly else []
        parts += [settings.digest_of(path) for path in shape.reads]
        parts += [self.house.templates.digest(name) for name in shape.templates]
        if kind.modality:
            parts += self._providers(shape)
        if kind.measures:
            parts.append(self._measurer_digest)
        if kind.pinned:
            parts.append(self.lock.line(self.lock_name(shape.name)).decode())
            parts += [] if built else self._wish(shape)
        if kind.places:
            # With the anchor the face is pinned for good. What is built has its pin, and is looked at again until then.
            parts.append("" if built or self.anchored(shape) else digest_json("issued/1", self.issued()))
        parts += needs.values()
        return digest_strings("node/2", parts)

    def take(self, shape: ShapeNode) -> int:
        """Return which take the node is to have: the pinned one, or when forced the first that takes a new call."""
        pin = self.pin(shape)
        take = pin.take if pin is not None else 0
        if "forced" not in self._wish(shape):
            return take
        for another in range(take + 1, take + 1 + _MAX_TAKES):
            if self.replayed(shape, self.context(shape, another)).missing is not None:
                return another
        raise PlanError(f"{self.plan.id}/{shape.name} has {_MAX_TAKES} takes that were not accepted")

    def replayed(self, shape: ShapeNode, context: Context) -> Replay:
        """Replay a node's procedure over known results."""
        store = self.house.store
        return replay(
            shape.kind.start(context),
            lambda action: result_of(action, store.find(action.key, self.contents.has)),
            self.contents,
        )

    def context(self, shape: ShapeNode, take: int) -> Context:
        """Return what the node's procedure may see."""
        wish = self._wish(shape)
        return Context(
            node=shape.node(self.plan.id, self.settings.origin),
            settings=View(self.settings, shape.reads, f"{self.plan.id}/{shape.name}"),
            needs=Needs(self, shape.needs),
            artifacts=self.contents,
            templates=self.house.templates,
            measurer=self.measurer,
            capability=capability,
            pin=None if "forced" in wish else self.pin(shape),
            pins=self.pin_of_kind,
            kinds={need: self.plan.shape.by_name[need].kind.name for need in shape.needs},
            anchor_step=self.settings.step_of(ANCHOR),
            renamed=self.renamed,
            issued=self.issued if shape.kind.places else _nothing_issued,
            take=take,
            repin="repin" in wish,
            frozen=self._wishes.frozen,
            may_remake=self._may_remake,
            standing=self.standing(shape),
            known=lambda key: self.house.store.find(key, self.contents.has) is not None,
        )

    def standing(self, shape: ShapeNode) -> Standing:
        """Return what a node's result would be accepted under now."""
        if not shape.kind.pinned or shape.kind.places:
            return Standing()
        return Standing(
            forge_part(shape, self._providers(shape) if shape.kind.modality else []),
            request_part(
                self.settings, self.plan.shape, shape, self.house.templates, self._pinned_outputs, self.renamed
            ),
            gates_part(self.settings, shape, self.renamed),
            rules_of(self.settings, shape),
            lambda: self._only_forge(shape),
        )

    def _pinned_outputs(self, name: str) -> dict[str, str]:
        """Return a need's artifacts by name: as it came out, or as the lock has them while that isn't known."""
        try:
            return {output: made.artifact.digest for output, made in self.outcome(name).outputs.items()}
        except NotSettled:
            pin = self.lock.pin(self.lock_name(name))
            return dict(pin.outputs) if pin is not None else {}

    def _only_forge(self, shape: ShapeNode) -> bool:
        """Tell whether a node was built from what it depends on now, but for forge's own part."""
        node = self.plan.nodes[shape.name]
        if node.row is None:
            return False
        before, now = self.row_body(node), self.facts(shape)
        if any(reason.code == "setting" for reason in changes(before, now)):
            return False
        former: Mapping[str, str] = before.get("templates", {})
        own = (name for name in now["templates"] if former.get(name) != now["templates"][name])
        if any(self.house.templates.is_own(name) for name in own):
            return False
        if _names(before.get("provider", "")) != _names(now.get("provider", "")):
            return False
        return all(self._same_need(name, before.get("needs", {}).get(name, "")) for name in shape.needs)

    def _same_need(self, name: str, before: str) -> bool:
        need = self.plan.shape.by_name[name]
        return self.outcome(name).digest == before or (not need.kind.pinned and self._only_forge(need))

    @cached_property
    def _may_remake(self) -> bool:
        """Whether every picture of this person is drawn here, by providers that give the same bytes again: nothing that
        was bought, and nothing of a real person, can hang on a drawing that takes another's place."""
        if self._wishes.frozen:
            return False
        drawn = [shape for shape in self.plan.shape.nodes if shape.kind.modality in ("image", "video")]
        return all(self.remakeable(shape) for shape in drawn)

    def remakeable(self, shape: ShapeNode) -> bool:
        """Tell whether a lost artifact can be made again without a purchase: computed, or by a provider that gives the
        same bytes for the same request."""
        modality = shape.kind.modality
        return not modality or capability(modality, shape.declaration["provider"]).deterministic

    def gone(self, pin: Pin) -> bool:
        """Tell whether a pinned artifact is in neither the store nor the build folder."""
        return not all(self.contents.has(digest) for digest in pin.outputs.values())

    @cached_property
    def forgotten(self) -> bool:
        """Whether something was pinned of this persona, and nothing is known of any of its nodes."""
        return bool(self.lock.names()) and not any(node.row is not None for node in self.plan.nodes.values())

    def anchor_gone(self) -> bool:
        """Tell whether the anchor is pinned, is to stay, and can't be had."""
        pin = self.pin_of_kind(ANCHOR)
        return pin is not None and self.gone(pin)

    def lost(self, row: NodeRow) -> bool:
        """Tell whether an artifact of a node's last outcome can't be had any more."""
        return not all(self.contents.has(str(item[1])) for item in orjson.loads(row.files))

    def wished(self, shape: ShapeNode) -> bool:
        """Tell whether the user wants another take or another pin."""
        return bool(self._wish(shape))

    def outcome(self, name: str) -> Outcome:
        """Return what a needed node came to."""
        known = self._outcomes.get(name)
        if known is None:
            node = self.plan.nodes[name]
            if not node.outcome_digest:
                raise NotSettled(name)
            known = node.outcome if node.outcome is not None else self.outcome_of_row(node)
            self._outcomes[name] = known
        return known

    def outcome_of_row(self, node: PlannedNode) -> Outcome:
        """Return what a node came to last."""
        return outcome_from_json(self.row_body(node)["outcome"])

    def settle(self, name: str, outcome: Outcome) -> None:
        """Note what a node has come to during a run."""
        self._outcomes[name] = outcome

    def pin(self, shape: ShapeNode) -> Pin | None:
        """Return what the lock pins for a node."""
        return self.lock.pin(self.lock_name(shape.name)) if shape.kind.pinned else None

    def lock_name(self, name: str) -> str:
        """Return a node's name in the lock: another one where its step was renamed since it was first pinned."""
        return lock_name(name, self.renamed)

    def pin_of_kind(self, kind: str) -> Pin | None:
        """Return the pin of the persona's node of a kind, whatever the pipeline calls it; None without a pin."""
        names = [self.lock_name(shape.name) for shape in self.plan.shape.nodes if shape.kind.name == kind]
        pins = (self.lock.pin(name) for name in names or self.lock.names())
        return next((pin for pin in pins if pin is not None and (names or kind_of(pin) == kind)), None)

    def has_pinned(self, node: PlannedNode) -> bool:
        """Tell whether what a node's pin names can be read, be it what it should be or not."""
        pin = self.pin(node.shape)
        return pin is not None and all(self.contents.size(digest) is not None for digest in pin.outputs.values())

    def issued(self) -> dict[str, str]:
        """Return the shapes of the other personas' faces: as planning found them, or as they are now when running."""
        known = self._issued or Issued(self.house.store.project, self.house.store.names)
        return known.besides(self.plan.loaded.lock, self.plan.id)

    def anchored(self, shape: ShapeNode) -> bool:
        """Tell whether the persona has a face that stays: its anchor is pinned, and the user asks for no other."""
        return self.pin_of_kind(ANCHOR) is not None and "repin" not in self._wish(shape)

    def unplaced(self, shape: ShapeNode) -> bool:
        """Tell whether a node is certain to place a face that has no place yet."""
        return not self.anchored(shape) and (self.pin(shape) is None or "repin" in self._wish(shape))

    def row_body(self, node: PlannedNode) -> dict[str, Any]:
        """Return the last outcome of a node with what it depended on."""
        body = self.house.store.index.node_body(node.id)
        return dict(orjson.loads(body)) if body is not None else {}

    def facts(self, shape: ShapeNode, reads: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what a node depends on now, by name: kept with its outcome, so that `explain` can compare.

        `reads` are the settings that its procedure has read; without them all that it may read is given.
        """
        kind = shape.kind
        found: dict[str, Any] = {
            "code": f"{kind.name}@{kind.version}",
            "settings": dict(reads) if reads is not None else {path: self.settings.get(path) for path in shape.reads},
            "templates": {
                name: digest for root in shape.templates for name, digest in self.house.templates.closure(root).items()
            },
        }
        if kind.names and self.settings.formerly:
            found["persona"] = self.plan.id
        if kind.modality:
            found["provider"] = ", ".join(self._providers(shape))
        if kind.measures:
            found["analyzer"] = self.measurer.described
        if kind.places and not self.anchored(shape):
            found["issued"] = self.issued()
        return found

    def reasons(self, node: PlannedNode, context: Context) -> tuple[Reason, ...]:
        """Return what has changed since the node's last outcome."""
        if node.row is None:
            return () if node.reasons else (Reason("new", "never built"),)
        body = self.row_body(node)
        now = self.facts(node.shape)
        now["needs"] = {name: self.outcome(name).digest for name in node.shape.needs}
        return changes(body, now)

    def _providers(self, shape: ShapeNode) -> list[str]:
        """Return who may perform the node's calls, with the versions that shape the bytes."""
        modality, step = shape.kind.modality, shape.declaration
        if modality == "text":
            names = [step["provider"]]
        else:
            from personaforge.steps.choices import choices

            group = self.settings.get(modality) or {}
            names = list(dict.fromkeys(one.provider for one in choices(step.get, group.get)))
        return [capability(modality, name).maker for name in names]

    def _wish(self, shape: ShapeNode) -> list[str]:
        node = f"{self.plan.id}/{shape.name}"
        found = []
        if node in self._wishes.forced:
            found.append("forced")
        if node in self._wishes.repinned:
            found.append("repin")
        return found


def _left_unmeasured(node: PlannedNode) -> bool:
    """Tell whether a node would be measured if anything could, or was left unmeasured."""
    if not node.shape.kind.measures or node.state == "left":
        return False
    return node.state in ("run", "maybe") or (node.row is not None and node.row.status in ("unmeasured", "rejected"))


def _nothing_issued() -> Mapping[str, str]:
    raise UndeclaredRead("a step reads the issued faces, which its kind doesn't declare")


_REMADE = Reason("pin", "the pinned artifact is remade, and has to come out the same")
_TAKEN_BACK = Reason("lost", "its artifact is taken back into the store from the build folder")
_NONE_FOR_SURE: dict[str, Any] = {"calls_min": 0, "priced_usd_min": 0.0, "unpriced_min": 0}
"""What is pinned and only fails a gate that was changed may have to be bought again, or not."""
_FREE_KINDS = ("measure", "measure_clip", "write")
"""Actions that nobody charges for."""


def _stays_note(node: PlannedNode, desk: Desk, pin: Pin | None, outcome: Outcome) -> str:
    """Say that a pin stays, and in spite of what."""
    found = [reason.text for reason in changes(desk.row_body(node), desk.facts(node.shape))] if node.row else []
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


def _names(providers: str) -> list[str]:
    """Return providers without the versions of their code."""
    return [one.partition("@")[0] for one in providers.split(", ")]


def _gate_reason(missing: Action | None, pin: Pin | None) -> tuple[Reason, ...]:
    """Nothing has changed, and yet an action is missing: an attempt fell short, or a result was lost."""
    if missing is None:
        return (Reason("pin", "has no pin yet"),)
    if missing.attempt:
        return (Reason("gate", f"attempt {missing.attempt - 1} is below its gate"),)
    return (Reason("lost", f"the result of its {missing.kind} action is no longer in the store"),)


def _estimate(
    node: PlannedNode, settings: Any, missing: Action | None, pin: Pin | None, *, stays: bool = False
) -> Estimate:
    """Return what a node may buy: at least the call that is known to be missing, at most every attempt.

    `stays` says that what is pinned is only measured again, and stays whatever comes of it.
    """
    kind = node.shape.kind
    if not kind.modality or kind.price is None:
        return Estimate()
    provider = capability(kind.modality, node.shape.declaration["provider"])
    if not provider.paid:
        return Estimate()
    if missing is not None and missing.kind in _FREE_KINDS:
        # The gate decides once it is measured; a pinned one that fails gives way to all attempts, another to the rest.
        spent = pin.attempt + 1 if pin is not None else 1
        most = 0 if stays else max(kind.calls(settings, node.shape.declaration) - spent, 0)
        least, price = 0, kind.price(settings, node.shape.declaration, node.shape.slot)
    else:
        price = missing.price if missing is not None else kind.price(settings, node.shape.declaration, node.shape.slot)
        attempt = missing.attempt if missing is not None else 0
        most = max(kind.calls(settings, node.shape.declaration) - attempt, 1)
        least = 0 if node.state == "maybe" else 1
    if not most:
        return Estimate()
    if price.usd is None:
        return Estimate(least, most, unpriced_min=least, unpriced_max=most)
    return Estimate(least, most, price.usd * least, price.usd * most)


def _short_list(names: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
