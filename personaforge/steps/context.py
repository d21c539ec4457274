"""What a procedure may see: its settings through a tracked view, what its needs came to, its pin, and templates.

Nothing here reaches the network or writes. The planner and the runner hand in different `Artifacts`: the planner's only
looks, the runner's may take a pinned artifact back into the store from the build folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import orjson

from personaforge.errors import Problem, SpecError
from personaforge.providers.capability import Capability
from personaforge.spec.settings import View
from personaforge.steps.action import Outcome
from personaforge.store.lockfile import Pin
from personaforge.templating import Rendered, Templates

ANCHOR = "anchor"
"""The anchor's step kind, the name of its node, and of its output."""
SHAPE = "shape"
"""The fact by which the lock tells other personas what a persona's face is like; see the placement step."""
_TEXTS = ("application/json", "text/")
"""Beginnings of the media types of texts."""


class Artifacts(Protocol):
    """Content by digest."""

    def size(self, digest: str, path: str = "") -> int | None:
        """Return an artifact's size in bytes, None when it can't be read; `path` is its place in the build folder."""
        ...

    def read(self, digest: str) -> bytes:
        """Return an artifact's bytes. Raises StoreError."""
        ...


class Node(NamedTuple):
    """A step for one persona and slot."""

    persona: str
    step: str
    slot: str
    """Empty for a step that has one node."""
    kind: str
    needs: tuple[str, ...]
    """Names of nodes of the same persona."""
    tags: tuple[str, ...]
    born: str = ""
    """The persona's oldest id where it has been renamed."""

    @property
    def origin(self) -> str:
        """The id that shapes bytes and keys (seeds, prompts): a new name of the persona must make nothing anew."""
        return self.born or self.persona

    @property
    def name(self) -> str:
        """The node within its persona: `image/07`."""
        return f"{self.step}/{self.slot}" if self.slot else self.step

    @property
    def id(self) -> str:
        """The node in the project: `sofia-reyes/image/07`."""
        return f"{self.persona}/{self.name}"


class Measurer(NamedTuple):
    """Who measures faces: an analyzer's identity, or why there is none."""

    identity: Mapping[str, str] | None
    """Backend, version, pack, pack digest and detector size; part of every measurement's key."""
    reason: str = ""
    hint: str = ""
    check: Mapping[str, str] | None = None
    """The identity of the second recogniser, where one is declared and there."""
    check_missing: str = ""
    """Why a declared second recogniser is not there; for people on this machine."""

    @property
    def described(self) -> dict[str, str]:
        """Everything that can change what is measured here, by name: for signatures and explanations."""
        check = {f"check_{name}": value for name, value in (self.check or {}).items()}
        return {**(self.identity or {}), **check}


@dataclass
class Context:
    """Everything one node's procedure may see."""

    node: Node
    settings: View
    needs: Mapping[str, Outcome]
    """By node name."""
    artifacts: Artifacts
    templates: Templates
    measurer: Measurer
    capability: Callable[[str, str], Capability]
    """(modality, provider name) -> what is fixed about the provider. Raises SpecError for an unknown one."""
    pin: Pin | None = None
    pins: Callable[[str], Pin | None] = field(default=lambda name: None)
    """Pins of other nodes of the persona, by name."""
    issued: Callable[[], Mapping[str, str]] = field(default=dict)
    """Shapes of the other personas' faces that the project's locks pin, by persona; only for a kind that places."""
    take: int = 0
    """Which take the user wants: the pinned one, or a further one when forced."""
    repin: bool = False
    """Whether the user has said that the pin may be replaced."""
    templates_used: dict[str, str] = field(default_factory=dict)

    def render(self, template: str, variables: Mapping[str, Any]) -> Rendered:
        """Render a template and remember which files it came from."""
        rendered = self.templates.render(template, variables)
        self.templates_used.update(rendered.sources)
        return rendered

    def read_json(self, digest: str) -> Any:
        """Return an artifact's content as JSON. Raises ValueError when it is none."""
        return orjson.loads(self.artifacts.read(digest))

    def needed(self, step: str) -> dict[str, Outcome]:
        """Return the outcomes of a needed step by slot."""
        prefix = step + "/"
        found = {name[len(prefix) :]: outcome for name, outcome in self.needs.items() if name.startswith(prefix)}
        if step in self.needs:
            found[""] = self.needs[step]
        return found

    def texts_read(self) -> dict[str, str]:
        """Return the digests of the texts that the needs have come to, by need: for an action's `sources`."""
        return {
            name if len(outcome.outputs) == 1 else f"{name} {output}": made.artifact.digest
            for name, outcome in self.needs.items()
            for output, made in outcome.outputs.items()
            if made.artifact.media_type.startswith(_TEXTS)
        }

    def of_kind(self, output: str) -> Outcome:
        """Return the first needed outcome with an output of this name. Raises SpecError: the pipeline lacks a need."""
        for outcome in self.needs.values():
            if output in outcome.outputs:
                return outcome
        path = f"pipeline.steps.{self.node.step}.needs"
        steps = ", ".join(sorted({name.partition("/")[0] for name in self.needs})) or "nothing"
        hint = f"a {self.node.kind} step needs a step that gives {output}"
        raise SpecError(Problem("", path, f"found {steps}, which gives no {output}", hint))


def pretty_json(value: Any) -> bytes:
    """Return JSON as artifacts hold it: sorted keys, two spaces, a newline at the end, so that equal is byte-equal."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
