"""The rule-based text provider: a whole persona without a key, a download or a network.

Immediate, free and repeatable: one request always gets the same answer. Sections with rules are drafted by a module
each (`text_soul`, `text_surface`, ...); any other section is filled from its schema. Either way the draft is mended
until it validates, and what the user pinned is laid over it last, unchanged. It calls itself embedded wherever its
output shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from personaforge.digest import canonical
from personaforge.embedded.writer.assignment import Assignment, overlay
from personaforge.embedded.writer.audit import audit
from personaforge.embedded.writer.dna import dna
from personaforge.embedded.writer.intent import intent
from personaforge.embedded.writer.lifestyle import lifestyle
from personaforge.embedded.writer.mask import mask
from personaforge.embedded.writer.material import summarise
from personaforge.embedded.writer.schema import Filler, conform
from personaforge.embedded.writer.self import self_
from personaforge.embedded.writer.soul import soul
from personaforge.embedded.writer.surface import surface
from personaforge.errors import BackendError, Refused
from personaforge.providers.protocols import Job, Reply, Request

LABEL = "embedded"

_RULES: dict[str, Callable[[Assignment], dict[str, Any]]] = {
    "intent": intent,
    "soul": soul,
    "self": self_,
    "mask": mask,
    "surface": surface,
    "lifestyle": lifestyle,
    "dna": dna,
    "audit": audit,
}


class EmbeddedText:
    """Drafts sections by rules. Holds no state: one object may serve every thread."""

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Draft the section that a request asks for. Raises Refused when it asks for something else."""
        if request.kind != "complete":
            raise Refused(f"embedded text completes sections, it can't {request.kind}")
        section = draft(Assignment.of(request.fields))
        return Reply(text=canonical(section).decode(), cost_usd=0.0, details={"label": LABEL})

    def poll(self, job: Job) -> Reply | Job:
        """Raise BackendError: every answer is immediate, so there is never a job to poll."""
        raise BackendError(f"embedded text has no job {job.id}: it answers at once")


def draft(a: Assignment) -> Any:
    """Return the section that an assignment asks for."""
    if a.material:  # whatever the pipeline calls the section; what doesn't fit the schema is no summary
        return summarise(a)
    rules = _RULES.get(a.section)
    drafted = rules(a) if rules else Filler(a).walk(a.schema, (a.section,))
    mended = conform(overlay(drafted, a.pinned) if a.pinned else drafted, a)
    return overlay(mended, a.pinned) if a.pinned else mended
