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
from typing import Any

import orjson

from personaforge.digest import digest_json, digest_strings
from personaforge.errors import PinnedArtifactMissing, PlanError
from personaforge.plan.contents import Contents
from personaforge.plan.explain import changes, restore_reasons
from personaforge.plan.graph import ShapeNode, Shapes
from personaforge.plan.issued import Issued, issued_reason, placed_reason, to_be_pinned
from personaforge.plan.plan import WORKING, Estimate, PersonaPlan, Plan, PlannedNode, Reason, Wishes
from personaforge.plan.replay import Replay, replay, result_of
from personaforge.providers.table import capability
from personaforge.spec.domain import domain_remark
from personaforge.spec.load import Loaded
from personaforge.spec.settings import Settings, UndeclaredRead, View
from personaforge.steps.action import Action, Outcome, Result, outcome_from_json
from personaforge.steps.context import ANCHOR, Context, Measurer
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
        issued = Issued(self.house.store.project)
        found = {
            id(loaded): self._persona(loaded, issued, turns)
            for loaded in sorted(personas, key=lambda loaded: loaded.settings.id)
        }
        plans = [found[id(loaded)] for loaded in personas]
        return Plan(plans, self.overrides, self.wishes, self._notices(plans))

    def _persona(self, loaded: Loaded, issued: Issued, turns: list[PlannedNode]) -> PersonaPlan:
        """Plan one persona. `turns` are the nodes that will place faces before any of this one, and then its own."""
        settings = loaded.settings
        lock = read_lock(loaded.lock, settings.id)
        plan = PersonaPlan(loaded, self.shapes.of(settings), lock)
        for name in {name for shape in plan.shape.nodes for name in shape.templates}:
            self.house.templates.closure(name)  # read now: what is edited while a build runs is the next one's
        rows = self.house.store.index.nodes(settings.id)
        desk = Desk(self.house, plan, self.wishes, issued)
        for shape in plan.shape.nodes:
            node = PlannedNode(settings.id, shape, rows.get(f"{settings.id}/{shape.name}"))
            plan.nodes[shape.name] = node
            selected = self.wishes.selected
            if selected is not None and node.id not in selected:
                node.state = "left"
                continue
            if shape.kind.places and turns and desk.unplaced(shape):
                self._waits_its_turn(node, turns[-1])
            else:
                self._decide(node, plan, desk)
            if shape.kind.places and node.state in WORKING:
                if desk.unplaced(shape) and all(reason.code != "issued" for reason in node.reasons):
                    node.reasons += issued_reason(desk.issued())
                node.after = turns[-1].id if turns else ""
                turns.append(node)
        return plan

    def _decide(self, node: PlannedNode, plan: PersonaPlan, desk: Desk) -> None:
        shape = node.shape
        needs = [plan.nodes[name] for name in shape.needs]
        for need in needs:
            if need.state == "left" and need.row is None:
                hint = f"select it as well: --select +{shape.name}"
                raise PlanError(f"{node.id} needs {need.id}, which has not been built", hint=hint)
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

    def _waits_its_turn(self, node: PlannedNode, before: PlannedNode) -> None:
        """Another new face is placed first, and where it will lie isn't known yet."""
        new = () if node.row is not None else (Reason("new", "never built"),)
        node.state = "run"
        node.reasons = (*new, Reason("needs", f"is placed after {before.persona}"))

    def _stays(self, node: PlannedNode, needs: Sequence[PlannedNode], desk: Desk) -> bool:
        """Settle a pinned node that stays whatever its needs come to; tell whether that is so."""
        if desk.pin(node.shape) is None:
            return False
        try:
            self._replay(node, desk)
        except NotSettled:
            return False
        if node.state == "missing" and any(need.state != "missing" for need in needs):
            # Its needs are about to be made; they may bring it back, byte for byte.
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
        if gone:
            node.reasons = restore_reasons(gone)
            if all(desk.contents.size(file.digest) is not None for file, _ in conditions):
                node.state = "restore"
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
        if played.missing is None and not (shape.kind.places and to_be_pinned(played.outcome, pin)):
            assert played.outcome is not None
            self._known_after_all(node, played.outcome, desk, pin)
            return
        node.state = "run"
        node.reasons += desk.reasons(node, context) or _gate_reason(played.missing, pin)
        if shape.kind.places and played.outcome is not None:
            node.reasons += placed_reason(played.outcome)
        if node.id in self.wishes.forced:
            node.reasons = (Reason("forced", "another take was asked for"), *node.reasons)
        node.estimate = _estimate(node, desk.settings, played.missing)

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
        node.state = "restore" if gone else "pinned" if sticky else "cached"
        node.reasons = restore_reasons(gone)
        if sticky and node.row is not None:
            changed = changes(desk.row_body(node), desk.facts(node.shape))
            if changed:
                node.note = "stays, although " + "; ".join(reason.text for reason in changed)

    def _unsettled(self, node: PlannedNode, needs: Sequence[PlannedNode], desk: Desk) -> None:
        names = _short_list([need.shape.name for need in needs])
        if node.row is None:
            node.state = "run"
            node.reasons = (Reason("new", "never built"), Reason("needs", f"waits for {names}"))
        else:
            own = changes(desk.row_body(node), desk.facts(node.shape))
            forced = node.id in self.wishes.forced
            node.state = "run" if own or forced else "maybe"
            node.reasons = (*own, Reason("needs", f"{'waits for' if own else 'only if it changes:'} {names}"))
        if all(need.state == "missing" for need in needs):
            node.state = "missing"
            node.reasons = (Reason("needs", f"needs {names}, which is pinned and missing"),)
        node.estimate = _estimate(node, desk.settings, None)

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
        self.measurer = house.measurer_of(plan.loaded.settings)
        self._measurer_digest = digest_json("analyzer/1", self.measurer.described)
        self._wishes = wishes
        self._issued = issued
        self._outcomes: dict[str, Outcome] = {}

    def signature(self, shape: ShapeNode, needs: Mapping[str, str], *, built: bool = False) -> str:
        """Return a node's signature. Once it is `built`, the user's wish for another take or pin is fulfilled."""
        settings, kind = self.settings, shape.kind
        parts = [kind.name, str(kind.version), self.plan.id, shape.name]
        parts += [settings.digest_of(path) for path in shape.reads]
        parts += [self.house.templates.digest(name) for name in shape.templates]
        if kind.modality:
            parts += self._providers(shape)
        if kind.measures:
            parts.append(self._measurer_digest)
        if kind.pinned:
            parts.append(self.lock.line(shape.name).decode())
            parts += [] if built else self._wish(shape)
        if kind.places:
            # With the anchor the face is pinned for good. What is built has its pin, and is looked at again until then.
            parts.append("" if built or self.anchored(shape) else digest_json("issued/1", self.issued()))
        parts += needs.values()
        return digest_strings("node/1", parts)

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
        return replay(shape.kind.start(context), lambda action: _known(store, action), self.contents)

    def context(self, shape: ShapeNode, take: int) -> Context:
        """Return what the node's procedure may see."""
        wish = self._wish(shape)
        return Context(
            node=shape.node(self.plan.id),
            settings=View(self.settings, shape.reads, f"{self.plan.id}/{shape.name}"),
            needs=Needs(self, shape.needs),
            artifacts=self.contents,
            templates=self.house.templates,
            measurer=self.measurer,
            capability=capability,
            pin=None if "forced" in wish else self.pin(shape),
            pins=self.lock.pin,
            issued=self.issued if shape.kind.places else _nothing_issued,
            take=take,
            repin="repin" in wish,
        )

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
        return self.lock.pin(shape.name) if shape.kind.pinned else None

    def issued(self) -> dict[str, str]:
        """Return the shapes of the other personas' faces: as planning found them, or as they are now when running."""
        known = self._issued or Issued(self.house.store.project)
        return known.besides(self.plan.loaded.lock, self.plan.id)

    def anchored(self, shape: ShapeNode) -> bool:
        """Tell whether the persona has a face that stays: its anchor is pinned, and the user asks for no other."""
        return ANCHOR in self.lock and "repin" not in self._wish(shape)

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


def _known(store: Store, action: Action) -> Result | None:
    return result_of(action, store.find(action.key))


def _nothing_issued() -> Mapping[str, str]:
    raise UndeclaredRead("a step reads the issued faces, which its kind doesn't declare")


def _gate_reason(missing: Action | None, pin: Pin | None) -> tuple[Reason, ...]:
    """Nothing has changed, and yet an action is missing: an attempt fell short, or a result was lost."""
    if missing is None:
        return (Reason("pin", "has no pin yet"),)
    if missing.attempt:
        return (Reason("gate", f"attempt {missing.attempt - 1} is below its gate"),)
    if pin is not None:
        return (Reason("pin", "the pinned artifact is remade, and has to come out the same"),)
    return (Reason("lost", f"the result of its {missing.kind} action is no longer in the store"),)


def _estimate(node: PlannedNode, settings: Any, missing: Action | None) -> Estimate:
    """Return what a node may buy: at least the call that is known to be missing, at most every attempt."""
    kind = node.shape.kind
    if not kind.modality or kind.price is None:
        return Estimate()
    provider = capability(kind.modality, node.shape.declaration["provider"])
    if not provider.paid:
        return Estimate()
    if missing is not None and missing.kind in ("measure", "measure_clip", "write"):
        return Estimate()
    price = missing.price if missing is not None else kind.price(settings, node.shape.declaration, node.shape.slot)
    attempt = missing.attempt if missing is not None else 0
    most = max(kind.calls(settings, node.shape.declaration) - attempt, 1)
    least = 0 if node.state == "maybe" else 1
    if price.usd is None:
        return Estimate(least, most, unpriced_min=least, unpriced_max=most)
    return Estimate(least, most, price.usd * least, price.usd * most)


def _short_list(names: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
