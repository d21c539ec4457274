"""Tells a persona's story from what becomes of its nodes: the spec, the images with their percentage, each video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from personaforge.plan.plan import WORKING, PersonaPlan, PlannedNode
from personaforge.run.events import Event
from personaforge.steps.action import Outcome

_IMAGE_KINDS = ("anchor", "image")
_SPEC_KINDS = ("draft", "review", "profile")


class PersonaProgress:
    """One persona's story. Starts come from several threads, ends from the scheduler's."""

    def __init__(self, plan: PersonaPlan, emit: Callable[[Event], None]) -> None:
        self._persona = plan.id
        self._emit = emit
        self._spec = self._working(plan, _SPEC_KINDS)
        self._images = self._working(plan, _IMAGE_KINDS)
        self._all_images = len(self._images)
        self._spec_started = self._images_started = self._failed = False

    def started(self, node: PlannedNode) -> None:
        """A node has started."""
        kind = node.shape.kind.name
        if kind in _SPEC_KINDS and not self._spec_started:
            self._spec_started = True
            self._say("persona_spec_started", message="Drafting the persona")
        elif kind in ("candidate", *_IMAGE_KINDS) and not self._images_started:
            self._images_started = True
            self._say("persona_image_started", result={"position": 1})
        elif kind == "video":
            self._say("persona_video_started", result={"motionType": node.shape.slot})

    def ended(self, node: PlannedNode, end: str, outcome: Outcome | None, error: str) -> None:
        """A node has ended."""
        kind, name = node.shape.kind.name, node.shape.name
        good = end in ("done", "unchanged", "restored")
        if kind in _SPEC_KINDS:
            self._spec.discard(name)
            if good and not self._spec:
                self._say("persona_spec_complete", result={"personaId": self._persona})
            elif not good:
                self._fail(f"Spec generation failed: {error}")
        elif kind in _IMAGE_KINDS and name in self._images:
            self._images.discard(name)
            self._image_ended(node, outcome, good, error)
        elif kind == "video":
            result: dict[str, Any] = {"motionType": node.shape.slot}
            if good:
                self._say("persona_video_complete", result={**result, "url": _file(outcome)})
            else:
                self._say("persona_video_failed", result=result, error=f"{node.shape.slot} video failed: {error}")

    def _image_ended(self, node: PlannedNode, outcome: Outcome | None, good: bool, error: str) -> None:
        percent = 100 * (self._all_images - len(self._images)) // self._all_images
        position = int(node.shape.slot) if node.shape.slot.isdigit() else node.shape.slot or 1
        if not good:
            if node.shape.kind.name == "anchor":
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

    @staticmethod
    def _working(plan: PersonaPlan, kinds: tuple[str, ...]) -> set[str]:
        return {
            name
            for name, node in plan.nodes.items()
            if node.shape.kind.name in kinds
            and node.state in WORKING
            and (node.shape.kind.name != "image" or "positions" not in node.shape.declaration or node.shape.slot)
        }


def _file(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return next((output.path for output in outcome.outputs.values() if output.path), "")
