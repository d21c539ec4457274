"""Reports a persona's progress from how its nodes end: the spec, the images with their percentage, each video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from personaforge.plan.graph import ShapeNode
from personaforge.plan.plan import WORKING, PersonaPlan, PlannedNode
from personaforge.run.events import Event
from personaforge.steps.action import Outcome

_SPEC = ("section", "review", "profile")
"""Roles of the texts that the images wait for."""


class PersonaProgress:
    """One persona's progress. Starts come from several threads, ends from the scheduler's."""

    def __init__(self, plan: PersonaPlan, emit: Callable[[Event], None]) -> None:
        self._persona = plan.id
        self._emit = emit
        working = [node.shape for node in plan.nodes.values() if node.state in WORKING]
        self._spec = {shape.name for shape in working if shape.kind.role in _SPEC}
        self._images = {shape.name for shape in working if _counts(shape)}
        self._all_images = len(self._images)
        self._spec_started = self._images_started = self._failed = False

    def started(self, node: PlannedNode) -> None:
        """A node has started."""
        kind = node.shape.kind
        if kind.role in _SPEC and not self._spec_started:
            self._spec_started = True
            self._say("persona_spec_started", message="Drafting the persona")
        elif (kind.role in ("candidate", "anchor") or kind.scope == "images") and not self._images_started:
            self._images_started = True
            self._say("persona_image_started", result={"position": 1})
        elif kind.role == "clip":
            self._say("persona_video_started", result={"motionType": node.shape.slot})

    def ended(self, node: PlannedNode, end: str, outcome: Outcome | None, error: str) -> None:
        """A node has ended."""
        role, name = node.shape.kind.role, node.shape.name
        good = end in ("done", "unchanged", "restored")
        if role in _SPEC:
            self._spec.discard(name)
            if good and not self._spec:
                self._say("persona_spec_complete", result={"personaId": self._persona})
            elif not good:
                self._fail(f"Spec generation failed: {error}")
        elif name in self._images:
            self._images.discard(name)
            self._image_ended(node, outcome, good, error)
        elif role == "clip":
            result: dict[str, Any] = {"motionType": node.shape.slot}
            if good:
                self._say("persona_video_complete", result={**result, "url": _file(outcome)})
            else:
                self._say("persona_video_failed", result=result, error=f"{node.shape.slot} video failed: {error}")

    def _image_ended(self, node: PlannedNode, outcome: Outcome | None, good: bool, error: str) -> None:
        percent = 100 * (self._all_images - len(self._images)) // self._all_images
        position = int(node.shape.slot) if node.shape.slot.isdigit() else node.shape.slot or 1
        if not good:
            if node.shape.kind.role == "anchor":
                self._fail(f"Anchor selection failed: {error}")
            return
        if self._images:
            result = {"position": position, "url": _file(outcome)}
            self._say("persona_image_progress", progress=percent, result=result)
        else:
            self._say("persona_image_complete", progress=100, result={"personaId": self._persona})

    def _fail(self, error: str) -> None:
        if not self._failed:
            self._failed = True
            self._say("persona_failed", error=error)

    def _say(self, kind: str, **fields: Any) -> None:
        self._emit(Event(kind, self._persona, **fields))


def _counts(shape: ShapeNode) -> bool:
    """Tell whether a node is one of the images that the percentage counts: the anchor and the positions of a table."""
    return shape.kind.role == "anchor" or (shape.kind.scope == "images" and bool(shape.slot))


def _file(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return next((output.path for output in outcome.outputs.values() if output.path), "")
