"""What the kinds of steps are: the part that each plays, what it gives, how it is framed, which checks are about it.

Whoever asks what a node is asks its kind here, and compares no names: a further kind that plays a part of these is
shown, checked and followed as the others are. How a kind works is `personaforge.steps.table`, what its step declares
`personaforge.spec.pipeline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from personaforge.spec.measures import SCOPES
from personaforge.spec.settings import Settings

Role = Literal[
    "",
    "summary",
    "section",
    "review",
    "profile",
    "placement",
    "candidate",
    "anchor",
    "picture",
    "clip",
    "sound",
    "finish",
    "reading",
    "document",
    "sheet",
]
"""summary: what the files beside a brief say, in short. section, review, profile: the texts, from the first draft to
the whole. placement, candidate, anchor: the face, up to its one picture. picture, clip: show the person of the anchor.
sound: the voice. finish: another step's artifact, made better. reading: what a vision model sees in a picture.
document, sheet: report on the others. Empty: none of these."""
VISUAL: tuple[Role, ...] = ("candidate", "picture", "clip")
"""Roles of what an image or video provider makes."""


class Kind(NamedTuple):
    """What a kind of step is."""

    name: str
    role: Role = ""
    outputs: tuple[str, ...] = ()
    """Names of what it gives, by which a pin is told to be its own; the main one first."""
    scope: str = ""
    """The scope in `personaforge.spec.measures` that its results are in; empty for a kind that nothing scores."""
    framing: str = ""
    """Setting path of the table that frames its slots; empty where the step declares `positions` or `position`."""

    @property
    def main(self) -> str:
        """Name of its main output; empty for a kind whose output nobody asks for."""
        return self.outputs[0] if self.outputs else ""

    @property
    def scored_as(self) -> str:
        """The modality of its scores: face, video or text; empty for a kind that nothing scores."""
        return SCOPES[self.scope].modality if self.scope else ""

    def framed(self, step: Mapping[str, Any], slot: str) -> str:
        """Return the setting path of what frames a slot of a step: a position, or a motion."""
        if self.framing:
            return f"{self.framing}.{slot}"
        return str(step.get("position") or f"{step.get('positions')}.{slot}")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("summary", "summary", ("summary",)),
        Kind("draft", "section", ("section",)),
        Kind("review", "review", ("verdict", "sections"), "texts"),
        Kind("profile", "profile"),
        Kind("matrix"),
        Kind("placement", "placement", ("placement",)),
        Kind("candidate", "candidate", ("image",)),
        Kind("anchor", "anchor", ("anchor",)),
        Kind("reference", "picture", ("reference",), "references", "matrix.references"),
        Kind("image", "picture", ("image",), "images"),
        Kind("video", "clip", ("clip",), "clips", "motion.types"),
        Kind("speech", "sound", ("speech",)),
        Kind("finish", "finish", ("finished",), "finished"),
        Kind("repair", "finish", ("finished",), "repaired"),
        Kind("reading", "reading", ("reading",)),
        Kind("render"),
        Kind("document", "document", ("document",)),
        Kind("sheet", "sheet"),
    )
}
"""By name, in the order in which people see their results."""


def kind_named(name: str) -> Kind:
    """Return what a kind of step is; one that nobody has declared plays no part."""
    return KINDS.get(name) or Kind(name)


def framing_of(settings: Settings, step: Mapping[str, Any], slot: str) -> Mapping[str, Any]:
    """Return how a picture or clip is framed, as the settings say now; empty where they don't."""
    found = settings.get(kind_named(str(step.get("kind", ""))).framed(step, slot))
    return found if isinstance(found, Mapping) else {}
