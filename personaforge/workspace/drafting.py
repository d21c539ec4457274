"""What a build would draft, in memory: the pipeline's own procedures over a writer that is free and repeats itself.

The drafts and the second reader's rounds are run as a build runs them, with the same seeds, so that the sections are
those of a build that drafts all of them. Nothing is read from the store, and nothing is kept in it. Prompts are not
rendered: a writer that is told facts reads those and the brief.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from personaforge.digest import digest_bytes
from personaforge.errors import BackendError, PersonaForgeError
from personaforge.plan.graph import Shape, ShapeNode, lay_out
from personaforge.plan.renamed import lock_name, renamed_steps
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Blob, Reply
from personaforge.providers.table import capability
from personaforge.run.executors import Executors
from personaforge.spec.settings import Settings, View
from personaforge.steps.action import Action, Outcome, Procedure, Result
from personaforge.steps.context import AnalyzerRef, Context
from personaforge.steps.material import summary_of
from personaforge.steps.text import sections_of
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import LockFile
from personaforge.templating import Templates

_PROMPTS = frozenset({"prompt", "system"})
_DRAFTED = ("summary", "section", "review")
"""Roles of the nodes that a document's sections come from."""
_ANSWERS = ("summary", "section")
"""Roles of those whose answer a build can't go on without."""


class Drafted(NamedTuple):
    """Sections of a document as a build would draft them."""

    sections: Mapping[str, Any]
    whole: bool
    """Whether every node that drafts or revises was run: without it somebody else may change them."""
    summary: str = ""
    """What the files of the brief say, in short; empty without any."""


@dataclass
class Memory:
    """Contents by digest, of which nothing is in any store."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes, media_type: str) -> Artifact:
        """Keep bytes and return what names them."""
        digest = digest_bytes(data)
        self.contents[digest] = data
        return Artifact(digest, media_type, len(data))

    def size(self, digest: str, path: str = "") -> int | None:
        """Return an artifact's size in bytes; None for one that isn't here."""
        return len(self.contents[digest]) if digest in self.contents else None

    def read(self, digest: str) -> bytes:
        """Return an artifact's bytes."""
        return self.contents[digest]

    def head(self, digest: str) -> bytes:
        """Return an artifact's first bytes."""
        return self.read(digest)[:64]


@lru_cache(maxsize=16)
def drafted_ahead(settings: Settings, lock: LockFile) -> Drafted | None:
    """Return the sections that a build would draft; None where a drafter is paid or never answers the same twice, or
    can't draft its section: the build says why, where it belongs. Raises StoreError for a lock that can't be read."""
    shape, memory, executors = lay_out(settings), Memory(), Executors(_measures_nothing)
    renamed = renamed_steps(settings, shape, lock)
    nodes = [node for node in shape.nodes if node.kind.role in _DRAFTED]
    if not nodes or not all(_is_free(node) for node in nodes if node.kind.role in _ANSWERS):
        return None
    outcomes: dict[str, Outcome] = {}
    sections: dict[str, Any] = {}
    whole, summary = True, ""
    for node in nodes:
        if not _is_free(node) or not all(need in outcomes for need in node.needs):
            whole = False
            continue
        pin = lock.pin(lock_name(node.name, renamed)) if node.kind.pinned else None
        context = _context(settings, shape, node, memory, outcomes, renamed, pin.take if pin is not None else 0)
        try:
            outcome = _driven(node.kind.start(context), memory, executors)
        except PersonaForgeError:
            return None
        if outcome.status == "rejected" and node.kind.role in _ANSWERS:
            return None
        outcomes[node.name] = outcome
        after = _context(settings, shape, node._replace(needs=(node.name,)), memory, outcomes, {}, 0)
        sections |= sections_of(after)
        summary = summary_of(after) or summary
    return Drafted(sections, whole, summary)


def _is_free(node: ShapeNode) -> bool:
    fixed = capability("text", node.declaration["provider"])
    return not fixed.paid and fixed.deterministic and fixed.immediate and "facts" in fixed.reads


def _context(
    settings: Settings,
    shape: Shape,
    node: ShapeNode,
    memory: Memory,
    outcomes: Mapping[str, Outcome],
    renamed: Mapping[str, str],
    take: int,
) -> Context:
    return Context(
        node=node.node(settings.id, settings.origin),
        settings=View(settings, node.reads, f"{settings.id}/{node.name}"),
        needs={name: outcomes[name] for name in node.needs},
        artifacts=memory,
        templates=Templates(()),
        analyzer_ref=AnalyzerRef(None),
        capability=_promptless,
        kinds={name: shape.by_name[name].kind.name for name in node.needs},
        renamed=renamed,
        take=take,
    )


def _promptless(modality: str, name: str) -> Capability:
    fixed = capability(modality, name)
    return fixed._replace(reads=fixed.reads - _PROMPTS)


def _driven(procedure: Procedure, memory: Memory, executors: Executors) -> Outcome:
    """Run a procedure to its outcome. Raises PersonaForgeError where its provider does."""
    try:
        action = next(procedure)
        while True:
            action = procedure.send(_performed(action, memory, executors))
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def _performed(action: Action, memory: Memory, executors: Executors) -> Result:
    if action.content is not None:
        return Result(action, {"content": memory.put(action.content, str(action.request["media_type"]))}, {})
    reply = executors.submit(executors.provider(action), action, {})
    if not isinstance(reply, Reply):
        raise BackendError(f"{action.provider} answers later, although it says that it answers at once")
    done = executors.finished(action, reply)
    blobs = {name: made for name, made in done.outputs.items() if isinstance(made, Blob)}
    kept = {name: memory.put(made.data, made.media_type) for name, made in blobs.items()}
    return Result(action, kept, done.value, done.details)


def _measures_nothing(identity: Mapping[str, str]) -> Any:
    raise BackendError("no picture is measured while texts are drafted in memory")
