"""What a procedure may see: its settings through a tracked view, the outcomes of its needs, its pin, and templates.

Nothing here reaches the network or writes. The planner and the runner hand in different `Artifacts`: the planner's only
looks, the runner's may take a pinned artifact back into the store from the build folder.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import orjson

from personaforge.digest import digest_json
from personaforge.errors import PinnedArtifactMissing, Problem, SpecError
from personaforge.identity.policy import Calibrated
from personaforge.inert import inert
from personaforge.providers.capability import Capability
from personaforge.providers.kinds import media_type
from personaforge.providers.protocols import Placer
from personaforge.spec.settings import View
from personaforge.steps.action import Outcome
from personaforge.steps.standing import Standing
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import Pin
from personaforge.templating import Rendered, Templates

ANCHOR: Final = "anchor"
"""The anchor's step kind and role, and the name of its output. Its step may have any name."""
SHAPE = "shape"
"""The fact in the lock from which other personas know what a persona's face is like; see the placement step."""
LAYER: Final = "text of "
"""What the names of outputs begin with that are a part of the node's main output, written as a file for people."""
_TEXTS = ("application/json", "text/")
"""Beginnings of the media types of texts."""
TEXT = "a text"
"""What `kind_of` returns for any text: the first bytes don't show whether a text is JSON."""


class Artifacts(Protocol):
    """Content by digest."""

    def size(self, digest: str, path: str = "") -> int | None:
        """Return an artifact's size in bytes, None when it can't be read; `path` is its place in the build folder."""
        ...

    def read(self, digest: str) -> bytes:
        """Return an artifact's bytes. Raises StoreError."""
        ...

    def head(self, digest: str) -> bytes:
        """Return an artifact's first bytes, as many as its media type needs. Raises StoreError."""
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


class AnalyzerRef(NamedTuple):
    """What measures faces: an analyzer's identity, or why there is none."""

    identity: Mapping[str, str] | None
    """Backend, version, pack, pack digest and detector size; part of every measurement's key."""
    reason: str = ""
    hint: str = ""
    check: Mapping[str, str] | None = None
    """The identity of the second recogniser, where one is declared and there."""
    check_missing: str = ""
    """Why a declared second recogniser is not there; for people on this machine."""
    calibrated: Calibrated | None = None
    """The calibration that decides, where the settings ask for one and one applies."""
    not_calibrated: str = ""
    """Why none decides although the settings ask for one; for people."""
    passed_over: str = ""
    """Why one that comes with forge decides although the project has its own; for people."""
    age_model: str = ""
    """SHA-256 of the age model beside the pack; empty where there is none. It is in the key of what it measures, and in
    no signature: no picture is judged again because it appears."""

    @property
    def calibration(self) -> str:
        """Digest of the calibration that decides; empty where none does."""
        return "" if self.calibrated is None else digest_json("calibrated/1", asdict(self.calibrated.weights))

    @property
    def described(self) -> dict[str, str]:
        """Everything that can change what is measured here, by name: for signatures and explanations."""
        check = {f"check_{name}": value for name, value in (self.check or {}).items()}
        return {**(self.identity or {}), **check}


def _nobody_places() -> None:
    return None


@dataclass
class Context:
    """Everything one node's procedure may see."""

    node: Node
    settings: View
    needs: Mapping[str, Outcome]
    """By node name."""
    artifacts: Artifacts
    templates: Templates
    analyzer_ref: AnalyzerRef
    capability: Callable[[str, str], Capability]
    """(modality, provider name) -> what is fixed about the provider. Raises SpecError for an unknown one."""
    pin: Pin | None = None
    pins: Callable[[str], Pin | None] = field(default=lambda kind: None)
    """The pin of the persona's node of a kind that has one node, such as the anchor."""
    rejected: Callable[[str], Mapping[str, Any]] = field(default=lambda key: {})
    """(key of the first attempt) -> what the node's last result was rejected under, where that was another forge's
    judgement of this very request under the user's present gates; else empty."""
    given_up: Callable[[str], Outcome | None] = field(default=lambda key: None)
    """(key of the first attempt) -> the node's last result, where another forge rejected it under the user's present
    gates, for the same wish of the user's in another request; else None."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """The kinds of the needs, by node name."""
    anchor_step: str = ANCHOR
    """What the pipeline calls the step that chooses the anchor."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Steps that the lock knows by another name, with that name; see `personaforge.plan.renamed`."""
    issued: Callable[[], Mapping[str, str]] = field(default=dict)
    """Shapes of the other personas' faces that the project's locks pin, by persona; only for a kind that places."""
    placer: Callable[[], Placer | None] = field(default=_nobody_places)
    """What measures the distance between faces that the step's provider draws; only for a kind that places."""
    take: int = 0
    """Which take the user wants: the pinned one, or a further one when forced."""
    repin: bool = False
    """Whether the user has said that the pin may be replaced."""
    frozen: bool = False
    """Whether nothing may be made that the lock doesn't pin."""
    may_remake: bool = False
    """Whether a lost drawing's pin may be replaced by other bytes of the same face; see `personaforge.steps.remake`."""
    bring_back: str = ""
    """What to type to restore the lock from git."""
    look_of: Callable[[str], Mapping[str, Any]] = field(default=lambda key: {})
    """The visible fields that a picture was made for, by the key of the call that drew it; empty where unknown."""
    shown: Callable[[], Mapping[str, Any]] = field(default=dict)
    """What the anchor shows that is pinned and is to stay; empty without one, and where it isn't known."""
    known: Callable[[str], bool] = field(default=lambda key: False)
    """Whether an action's result is known, by its key."""
    standing: Standing = field(default_factory=Standing)
    """What a result would be accepted under now."""
    templates_used: dict[str, str] = field(default_factory=dict)

    def render(self, template: str, variables: Mapping[str, Any]) -> Rendered:
        """Render a template over inert values (`personaforge.inert`) and remember which files it came from."""
        rendered = self.templates.render(template, inert(variables))
        self.templates_used.update(rendered.sources)
        return rendered

    def read_json(self, digest: str) -> Any:
        """Return an artifact's content as JSON. Raises ValueError when it is not JSON."""
        return orjson.loads(self.artifacts.read(digest))

    def needed(self, kind: str) -> dict[str, Outcome]:
        """Return the outcomes of the needed nodes of a kind by slot; by name where several steps share slots."""
        names = [name for name in self.needs if self.kinds.get(name) == kind]
        slots = [name.partition("/")[2] for name in names]
        shown = slots if len(set(slots)) == len(slots) else names
        return {slot: self.needs[name] for slot, name in zip(shown, names, strict=True)}

    def origin(self, step: str) -> str:
        """Return the name by which seeds know a step: the lock's, where it was renamed since."""
        return self.renamed.get(step, step)

    @property
    def stream(self) -> str:
        """The node's name as its seeds derive from it."""
        slot = self.node.slot
        return f"{self.origin(self.node.step)}/{slot}" if slot else self.origin(self.node.step)

    def texts_read(self) -> dict[str, str]:
        """Return the digests of the texts that the needs resulted in, by need: for an action's `sources`."""
        found: dict[str, str] = {}
        for name, outcome in self.needs.items():
            outputs = {output: made for output, made in outcome.outputs.items() if not output.startswith(LAYER)}
            for output, made in outputs.items():
                if made.artifact.media_type.startswith(_TEXTS):
                    found[name if len(outputs) == 1 else f"{name} {output}"] = made.artifact.digest
        return found

    def of_kind(self, output: str) -> Outcome:
        """Return the first needed outcome with an output of this name. Raises SpecError: the pipeline lacks a need."""
        for outcome in self.needs.values():
            if output in outcome.outputs:
                return outcome
        path = f"pipeline.steps.{self.node.step}.needs"
        steps = ", ".join(sorted({name.partition("/")[0] for name in self.needs})) or "nothing"
        hint = f"a {self.node.kind} step needs a step that gives {output}"
        raise SpecError(Problem("", path, f"found {steps}, which gives no {output}", hint))


def pinned_size(context: Context, artifact: Artifact, path: str) -> int | None:
    """Return the size of a pinned artifact, None when it can't be read; `path` is its place in the build folder.

    A lock may come from anywhere: what it names is examined before anything is made from it. Raises
    PinnedArtifactMissing for what isn't of the pinned media type.
    """
    size = context.artifacts.size(artifact.digest, path)
    if size is None:
        return None
    expected, found = artifact.media_type, kind_of(context.artifacts.head(artifact.digest))
    if found == expected or (found == TEXT and expected.startswith(_TEXTS)):
        return size
    node = context.node
    raise PinnedArtifactMissing(
        f"{node.id} is pinned to {artifact.digest[:12]} as {expected}, and that is {found or 'an empty file'}: "
        "something else than forge has changed its line in the lock",
        hint=f"bring the line back ({context.bring_back}), or accept a new one: "
        f"forge build {node.persona} --repin {node.name}",
    )


def kind_of(head: bytes) -> str:
    """Return the media type of a content that begins with these bytes: `TEXT` for any text, empty for no content."""
    found = media_type(head)
    if found != "application/octet-stream" or not head:
        return found if head else ""
    try:
        # An incremental decoder lets the head end in the middle of a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return found
    return found if b"\0" in head else TEXT


def pretty_json(value: Any) -> bytes:
    """Return JSON as artifacts hold it: sorted keys, two spaces, a newline at the end, so that equal is byte-equal."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
