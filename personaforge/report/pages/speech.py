"""What a persona says, and the sound of it inside a page, as far as that stays small."""

from __future__ import annotations

import base64
from typing import NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.plan.contents import Contents
from personaforge.plan.plan import PlannedNode
from personaforge.report.pages.facts import Position, SpeechFacts
from personaforge.report.pages.nodes import Nodes
from personaforge.store.store import Store

MAX_BYTES = 800_000
"""Of all sounds of a page, as they are in it. A greeting of ten seconds takes 100 to 250 kB."""
PLAYED = ("audio/mpeg", "audio/ogg", "audio/wav")
"""Media types that a page may hold: the sounds that the store knows, which all browsers play."""


class Sound(NamedTuple):
    """A sound to put into a page."""

    src: str
    """Data URI; empty when it isn't there."""
    missing: str = ""
    """Why it isn't."""


def speech_facts(nodes: Nodes, node: PlannedNode, position: Position) -> SpeechFacts:
    """Return what is known of a spoken text."""
    body = nodes.body(node)
    outcome = body.get("outcome", {})
    output = outcome.get("outputs", {}).get("speech", {})
    voice = ""
    for key in body.get("actions", ()):
        record = nodes.store.find(key)
        if record is not None and any(made["digest"] == output.get("digest") for made in record["outputs"].values()):
            voice = str(record["parts"]["request"].get("voice") or "")
    said = str(outcome.get("facts", {}).get("said", ""))
    return SpeechFacts(position, said, voice, str(output.get("media_type", "")), int(output.get("size", 0)))


class Sounds:
    """The sounds of one persona's page. The bytes count only if they have their digest."""

    def __init__(self, store: Store, persona: str) -> None:
        self._contents = Contents(store, store.build_folder(persona))
        self._known: dict[str, Sound] = {}
        self._left = MAX_BYTES

    def sound(self, one: SpeechFacts) -> Sound:
        """Return a sound, or why the page doesn't hold it."""
        now = one.position.now
        if now is None:
            return Sound("", "not spoken")
        if now.digest not in self._known:
            self._known[now.digest] = self._made(now.digest, one)
        return self._known[now.digest]

    def _made(self, digest: str, one: SpeechFacts) -> Sound:
        if one.media_type not in PLAYED:
            return Sound("", f"browsers don't play {one.media_type or 'this'}")
        size = (one.size + 2) // 3 * 4
        if size > self._left:
            return Sound("", f"{one.size / 1e6:.1f} MB, too large for this page")
        try:
            data = self._contents.read(digest)
        except PersonaForgeError as error:
            return Sound("", error.message)
        self._left -= size
        return Sound(f"data:{one.media_type};base64,{base64.b64encode(data).decode()}")
