"""What is needed to decide about one persona's nodes: signatures, keys, pins, contexts for procedures, what is lost.

Planning and running use the same resolver; a run also takes what only the build folder holds back into the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from personaforge.digest import digest_json, digest_strings
from personaforge.errors import PlanError, StoreError
from personaforge.plan.contents import Contents
from personaforge.plan.drawn import anchor_look, look_of_call
from personaforge.plan.graph import ShapeNode
from personaforge.plan.issued import Issued
from personaforge.plan.plan import PersonaPlan, PlannedNode, Reason, Selection
from personaforge.plan.reasons import changes
from personaforge.plan.recorded import is_packaged_schema, recorded_alike
from personaforge.plan.renamed import fits, kind_of, lock_name, renamed_steps
from personaforge.plan.replay import Replay, replay, result_of
from personaforge.plan.standing import forge_part, former_requests, gates_part, only_judges, request_part, rules_of
from personaforge.providers.protocols import Placer
from personaforge.providers.table import capability, placer
from personaforge.spec.settings import Settings, UndeclaredRead, View
from personaforge.spec.written import below
from personaforge.steps.action import NotSettled, Outcome
from personaforge.steps.context import ANCHOR, AnalyzerRef, Context
from personaforge.steps.look import look_of, overruled_from
from personaforge.steps.standing import DEMANDS, VIDEO_GATE, Standing
from personaforge.steps.text import OVERRULED, SECTIONS
from personaforge.store.files import checked_out
from personaforge.store.index import NodeRow
from personaforge.store.lockfile import LockFile, Pin
from personaforge.store.outputs import BuildFolder
from personaforge.store.result import NodeResult
from personaforge.store.store import Store
from personaforge.templating import Templates

_MAX_TAKES = 1_000


@dataclass(frozen=True)
class PlanContext:
    """What planning and running share: the store, the templates, and what finds analyzers."""

    store: Store
    templates: Templates
    analyzer_of: Callable[[Settings], AnalyzerRef]
    """Returns what measures a persona's faces; finds packs, loads no model."""


class Needs(Mapping[str, Outcome]):
    """The outcomes of a node's needs, read only when they are asked for: a pinned node asks for none."""

    def __init__(self, resolver: NodeResolver, names: Sequence[str]) -> None:
        self._resolver = resolver
        self._names = names

    def __getitem__(self, name: str) -> Outcome:
        if name not in self._names:
            raise KeyError(name)
        return self._resolver.outcome(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class NodeResolver:
    """What is needed to decide about one persona's nodes. The runner uses it, too, and then what only the build folder
    holds is taken back into the store (`keep`)."""

    def __init__(
        self,
        plan_context: PlanContext,
        plan: PersonaPlan,
        selection: Selection,
        issued: Issued | None = None,
        *,
        keep: bool = False,
    ) -> None:
        self.plan_context = plan_context
        self.plan = plan
        self.settings = plan.loaded.settings
        self.folder: BuildFolder = plan_context.store.build_folder(plan.id)
        self.contents = Contents(plan_context.store, self.folder, keep=keep)
        self.lock: LockFile = plan.lock
        self.renamed = renamed_steps(self.settings, plan.shape, plan.lock)
        """Steps that the lock knows by another name."""
        self.analyzer_ref = plan_context.analyzer_of(plan.loaded.settings)
        self._measurer_digest = digest_json("analyzer/1", self.analyzer_ref.described)
        self._calibration = self.analyzer_ref.calibration
        self._selection = selection
        self._issued = issued
        self._outcomes: dict[str, Outcome] = {}
        self._looks: dict[str, Mapping[str, Any]] = {}

    def signature(self, shape: ShapeNode, needs: Mapping[str, str], *, built: bool = False) -> str:
        """Return a node's signature. Once it is `built`, the user's request for another take or pin is fulfilled."""
        settings, kind = self.settings, shape.kind
        parts = [kind.name, kind.edition, settings.origin, shape.name]
        parts += [self.plan.id] if kind.names and settings.formerly else []
        parts += [settings.digest_of(path) for path in shape.reads]
        parts += [self.plan_context.templates.digest(name) for name in shape.templates]
        if kind.modality:
            parts += self._providers(shape)
        if kind.measures:
            parts.append(self._measurer_digest)
            parts += [self._calibration] if self._calibration else []
        if kind.pinned:
            parts.append(self.lock.line(self.lock_name(shape.name)).decode())
            parts += [] if built else self._wish(shape)
        if kind.places:
            # The anchor pins the face for good. Before that each plan examines again even a built node, with its pin.
            parts.append("" if built or self.anchored(shape) else digest_json("issued/1", self.issued()))
        if kind.role == "profile" and not built and not self._shows_the_anchor(shape):
            parts.append(digest_json("look/1", dict(self.shown())))
        parts += needs.values()
        return digest_strings("node/2", parts)

    def take(self, shape: ShapeNode) -> int:
        """Return which take the node is to have: the pinned one, or when forced the first that takes a new call."""
        pin = self.pin(shape)
        take = pin.take if pin is not None else 0
        if "forced" not in self._wish(shape):
            return take
        for another in range(take + 1, take + 1 + _MAX_TAKES):
            found = self.replayed(shape, self.context(shape, another))
            if found.missing is not None:
                return another
            if not found.keys and found.outcome is not None:  # it asks for nothing, and would of any further one
                reason = found.outcome.facts.get("reason", "nothing is asked for it")
                raise PlanError(f"another take of {self.plan.id}/{shape.name} is {reason}", hint=self.analyzer_ref.hint)
        raise PlanError(f"{self.plan.id}/{shape.name} has {_MAX_TAKES} takes that were not accepted")

    def replayed(self, shape: ShapeNode, context: Context) -> Replay:
        """Replay a node's procedure over known results."""
        store = self.plan_context.store
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
            templates=self.plan_context.templates,
            analyzer_ref=self.analyzer_ref,
            capability=capability,
            pin=None if "forced" in wish else self.pin(shape),
            pins=self.pin_of_kind,
            kinds={need: self.plan.shape.by_name[need].kind.name for need in shape.needs},
            rejected=lambda key: self._rejected_under(shape, key, take),
            given_up=lambda key: self._given_up(shape, key, take),
            anchor_step=self.settings.step_of(ANCHOR),
            renamed=self.renamed,
            issued=self.issued if shape.kind.places else _nothing_issued,
            placer=lambda: self.placer(shape),
            take=take,
            repin="repin" in wish,
            frozen=self._selection.frozen,
            may_remake=self._may_remake,
            bring_back=checked_out(self.lock.path),
            standing=self.standing(shape),
            look_of=self._look_of,
            shown=self.shown if shape.kind.role == "profile" else dict,
            known=lambda key: self.plan_context.store.find(key, self.contents.has) is not None,
        )

    def _rejected_under(self, shape: ShapeNode, key: str, take: int) -> Mapping[str, Any]:
        """Return what a node's last result was rejected under by another forge; empty where it wasn't, or where the
        user has changed the request or the gates, or asks for another take."""
        outcome = self._rejected_elsewhere(shape, take)
        return outcome.under if outcome is not None and outcome.key == key else {}

    def _given_up(self, shape: ShapeNode, key: str, take: int) -> Outcome | None:
        """Return what a node was rejected as by another forge, where that asked for the same in other words: another
        prompt of ours is no reason to buy what was given up. None in all other cases."""
        outcome = self._rejected_elsewhere(shape, take)
        if outcome is None or outcome.key == key:
            return None
        return outcome if self.standing(shape).asked_as(outcome.under.get("request")) else None

    def _rejected_elsewhere(self, shape: ShapeNode, take: int) -> Outcome | None:
        row = self.plan.nodes[shape.name].row
        if row is None or row.status != "rejected" or self._wish(shape):
            return None
        found = self.result(self.plan.nodes[shape.name])
        if found is None:
            return None
        outcome, standing = found.outcome, self.standing(shape)
        under = outcome.under
        same = (outcome.take, under.get("gates")) == (take, standing.gates)
        return outcome if same and under.get("forge") not in (None, standing.forge) else None

    def standing(self, shape: ShapeNode) -> Standing:
        """Return what a node's result would be accepted under now."""
        if not shape.kind.pinned or shape.kind.places:
            return Standing()
        templates = self.plan_context.templates
        asked = (self.settings, self.plan.shape, shape, templates, self._pinned_outputs, self.renamed)
        return Standing(
            forge_part(shape, self._providers(shape) if shape.kind.modality else []),
            request_part(*asked),
            gates_part(self.settings, shape, self.renamed),
            rules_of(self.settings, shape, self.analyzer_ref),
            any(path.startswith(f"{DEMANDS}.") or path == DEMANDS for path in self.settings.written),
            lambda: self._only_forge(shape),
            lambda: former_requests(*asked),
            VIDEO_GATE in self.settings.written,
        )

    def _pinned_outputs(self, name: str) -> dict[str, str]:
        """Return a need's artifacts by name: of its outcome, or of the lock's line while the outcome isn't known."""
        try:
            return {output: made.artifact.digest for output, made in self.outcome(name).outputs.items()}
        except NotSettled:
            pin = self.lock.pin(self.lock_name(name))
            return dict(pin.outputs) if pin is not None else {}

    def _only_forge(self, shape: ShapeNode) -> bool:
        """Tell whether a node was built from what it depends on now, but for forge's own part."""
        node = self.plan.nodes[shape.name]
        if node.row is None:
            return self._recorded_alike(shape)
        before, now = self.depended(node), self.facts(shape)
        # What only judges shapes no request: a new default gate must not have anything made again.
        settings = [reason.text for reason in changes(before, now) if reason.code == "setting"]
        settings = [text for text in settings if not _is_new_of_forge(text, self.settings)]
        if any(not only_judges(path) and not is_packaged_schema(path, self.settings) for path in settings):
            return False
        former: Mapping[str, str] = before.get("templates", {})
        own = (name for name in now["templates"] if former.get(name) != now["templates"][name])
        if any(self.plan_context.templates.is_own(name) for name in own):
            return False
        if _names(before.get("provider", "")) != _names(now.get("provider", "")):
            return False
        return all(self._same_need(name, before.get("needs", {}).get(name, "")) for name in shape.needs)

    def _recorded_alike(self, shape: ShapeNode) -> bool:
        """Tell the same of a text whose node the index has forgotten, by the record of its pinned action."""
        pin = self.pin(shape)
        record = self.plan_context.store.find(pin.key, self.contents.has) if pin is not None else None
        if shape.kind.modality != "text" or record is None:
            return False
        needs = [digest for name in shape.needs for digest in self._pinned_outputs(name).values()]
        return recorded_alike(record, self.settings, self.plan_context.templates, shape.templates, needs)

    def _same_need(self, name: str, before: str) -> bool:
        need = self.plan.shape.by_name[name]
        return self.outcome(name).digest == before or (not need.kind.pinned and self._only_forge(need))

    @cached_property
    def _may_remake(self) -> bool:
        """Whether every picture of this person is drawn here, by providers that give the same bytes again: then no
        bought picture, and none of a real person, can depend on a drawing that replaces another one."""
        anchor = self.pin_of_kind(ANCHOR)
        if self._selection.frozen or (anchor is not None and anchor.facts.get("drawn") is False):
            return False  # a picture that somebody has set as the anchor may show a real person
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
        """Tell whether the anchor is pinned, is to stay, and its bytes are nowhere."""
        pin = self.pin_of_kind(ANCHOR)
        return pin is not None and self.gone(pin)

    def lost(self, row: NodeRow) -> bool:
        """Tell whether an artifact of a node's last outcome is lost."""
        return not all(self.contents.has(file.digest) for file in row.placed)

    def wished(self, shape: ShapeNode) -> bool:
        """Tell whether the user wants another take or another pin."""
        return bool(self._wish(shape))

    def outcome(self, name: str) -> Outcome:
        """Return the outcome of a needed node."""
        known = self._outcomes.get(name)
        if known is None:
            node = self.plan.nodes[name]
            if not node.outcome_digest:
                raise NotSettled(name)
            known = node.outcome if node.outcome is not None else self.result_of_row(node).outcome
            self._outcomes[name] = known
        return known

    def result_of_row(self, node: PlannedNode) -> NodeResult:
        """Return what a node last resulted in. Raises StoreError where another process has taken it away meanwhile."""
        found = self.result(node)
        if found is None:
            raise StoreError(f"what {node.id} last resulted in was there a moment ago, and is gone", hint="try again")
        return found

    def settle(self, name: str, outcome: Outcome) -> None:
        """Note a node's outcome during a run."""
        self._outcomes[name] = outcome

    def pin(self, shape: ShapeNode) -> Pin | None:
        """Return what the lock pins for a node. Raises StoreError for a line that is of another kind of node."""
        pin = self.lock.pin(self.lock_name(shape.name)) if shape.kind.pinned else None
        if pin is not None and not fits(pin, shape.kind.name):
            raise StoreError(
                f"the pin is no {shape.kind.name}'s: it names {', '.join(pin.outputs)}",
                hint=checked_out(self.lock.path),
                where=f"{self.lock.path}: {self.lock_name(shape.name)}",
            )
        return pin

    def lock_name(self, name: str) -> str:
        """Return a node's name in the lock: another one where its step was renamed since it was first pinned."""
        return lock_name(name, self.renamed)

    def pin_of_kind(self, kind: str) -> Pin | None:
        """Return the pin of the persona's node of a kind, whatever the pipeline calls it; None without a pin."""
        names = [self.lock_name(shape.name) for shape in self.plan.shape.nodes if shape.kind.name == kind]
        pins = (self.lock.pin(name) for name in names or self.lock.names())
        return next((pin for pin in pins if pin is not None and (names or kind_of(pin) == kind)), None)

    def has_pinned(self, node: PlannedNode) -> bool:
        """Tell whether what a node's pin names can be read, whether its bytes are the right ones or not."""
        pin = self.pin(node.shape)
        return pin is not None and all(self.contents.size(digest) is not None for digest in pin.outputs.values())

    def issued(self) -> dict[str, str]:
        """Return the shapes of the other personas' faces: as planning found them, or as they are now when running."""
        known = self._issued or Issued(self.plan_context.store.project, self.plan_context.store.names)
        return known.besides(self.plan.loaded.lock, self.plan.id)

    def placer(self, shape: ShapeNode) -> Placer | None:
        """Return what places a node's face; None where it places none."""
        return placer(shape.declaration["provider"]) if shape.kind.places else None

    def anchored(self, shape: ShapeNode) -> bool:
        """Tell whether the persona has a face that stays: its anchor is pinned, and the user asks for no other."""
        return self.pin_of_kind(ANCHOR) is not None and "repin" not in self._wish(shape)

    def staying_anchor(self) -> Pin | None:
        """Return the pin of the persona's anchor, unless the user asks for a new face."""
        names = (shape.name for shape in self.plan.shape.nodes if shape.kind.role == ANCHOR)
        asked = any(f"{self.plan.id}/{name}" in self._selection.repinned for name in names)
        return None if asked else self.pin_of_kind(ANCHOR)

    def shown(self) -> Mapping[str, Any]:
        """Return the visible fields that the anchor shows as long as it stays; empty without one, and where they aren't
        known."""
        pin = self.staying_anchor()
        return {} if pin is None else pin.look or self._look_of(pin.key)

    def _look_of(self, key: str) -> Mapping[str, Any]:
        """Return what the picture of a call, or of the decision for the pinned anchor, was made for."""
        if key not in self._looks:
            pin, store = self.pin_of_kind(ANCHOR), self.plan_context.store
            found = anchor_look(store, self.contents, self.lock, pin) if pin is not None and pin.key == key else {}
            self._looks[key] = found or look_of_call(store, self.contents, key)
        return self._looks[key]

    def _shows_the_anchor(self, shape: ShapeNode) -> bool:
        """Tell whether the profile as it was last made has the values that the anchor shows, and overrules no other."""
        node = self.plan.nodes[shape.name]
        last = self.result(node) if node.row is not None else None
        if last is None or SECTIONS not in last.outcome.outputs:
            return True
        shown, over = self.shown(), overruled_from(last.outcome.facts.get(OVERRULED))
        if not shown or not all(one.path in shown for one in over):
            return not over
        try:
            made = look_of(orjson.loads(self.contents.read(last.outcome.outputs[SECTIONS].artifact.digest)))
        except (StoreError, ValueError):
            return True  # it is lost, and made again anyway
        return all(shown.get(path, value) == value for path, value in made.items())

    def unplaced(self, shape: ShapeNode) -> bool:
        """Tell whether a node is certain to place a face that has no place yet."""
        return not self.anchored(shape) and (self.pin(shape) is None or "repin" in self._wish(shape))

    def result(self, node: PlannedNode) -> NodeResult | None:
        """Return what a node last resulted in, with what it depended on; None before there is a result."""
        return self.plan_context.store.index.result(node.id)

    def depended(self, node: PlannedNode) -> Mapping[str, Any]:
        """Return what a node's last outcome depended on, by name as `facts` has it; empty before there is one."""
        found = self.result(node)
        return found.dependencies if found is not None else {}

    def facts(self, shape: ShapeNode, reads: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what a node depends on now, by name: kept with its outcome, so that `explain` can compare.

        `reads` are the settings that its procedure has read; without them all that it may read is given.
        """
        kind = shape.kind
        found: dict[str, Any] = {
            "code": f"{kind.name}@{kind.edition}",
            "settings": dict(reads) if reads is not None else {path: self.settings.get(path) for path in shape.reads},
            "templates": {
                name: digest
                for root in shape.templates
                for name, digest in self.plan_context.templates.closure(root).items()
            },
        }
        if kind.names and self.settings.formerly:
            found["persona"] = self.plan.id
        if kind.modality:
            found["provider"] = ", ".join(self._providers(shape))
        if kind.measures:
            found["analyzer"] = self.analyzer_ref.described
            found["calibration"] = self._calibration
        if kind.places and not self.anchored(shape):
            found["issued"] = self.issued()
        return found

    def reasons(self, node: PlannedNode, context: Context) -> tuple[Reason, ...]:
        """Return what has changed since the node's last outcome."""
        if node.row is None:
            return () if node.reasons else (self.unbuilt(node),)
        now = self.facts(node.shape)
        now["needs"] = {name: self.outcome(name).digest for name in node.shape.needs}
        return changes(self.depended(node), now)

    def unbuilt(self, node: PlannedNode) -> Reason:
        """Say why there is no last outcome, and what is known of the node all the same."""
        if node.id in self.plan.unread:
            return Reason("new", "its last result can't be read")
        pin = self.pin(node.shape)
        if pin is None:
            return Reason("new", "no result of it is here" if self.forgotten else "never built")
        lacks = f"the record of its {node.missing.kind} action" if node.missing is not None else "its last result"
        lacks, verb = (f"its bytes and {lacks}", "are") if self.gone(pin) else (lacks, "is")
        return Reason("pin", f"is pinned, and {lacks} {verb} not here")

    def _providers(self, shape: ShapeNode) -> list[str]:
        """Return who may perform the node's calls, with the versions that shape the bytes."""
        modality, step = shape.kind.modality, shape.declaration
        if modality == "text":
            return [capability(modality, step["provider"]).maker_of(str(step.get("section", "")))]
        from personaforge.steps.choices import choices

        group = self.settings.get(modality) or {}
        names = list(dict.fromkeys(one.provider for one in choices(step.get, group.get)))
        return [capability(modality, name).maker for name in names]

    def _wish(self, shape: ShapeNode) -> list[str]:
        node = f"{self.plan.id}/{shape.name}"
        found = []
        if node in self._selection.forced:
            found.append("forced")
        if node in self._selection.repinned:
            found.append("repin")
        return found


def _nothing_issued() -> Mapping[str, str]:
    raise UndeclaredRead("a step reads the issued faces, which its kind doesn't declare")


def _names(providers: str) -> list[str]:
    """Return providers without the versions of their code and of the libraries that shape their bytes."""
    return [one.partition("@")[0] for one in providers.split(", ") if "@" in one]


def _is_new_of_forge(change: str, settings: Settings) -> bool:
    """Tell whether a change, as reasons word it, is a setting that there was none of, and that the user hasn't written:
    one that came with this forge."""
    path, _, rest = change.partition(" ")
    # An option that was chosen for a whole group says nothing of what its file leaves out.
    written = {one: value for one, value in settings.written.items() if "." in one}
    return rest.startswith("nothing is now ") and not below(written, [path])
