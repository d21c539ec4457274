"""The brief as steps read it: its text, then what the summary of its files says.

A brief without files is its text alone, and no request of it changes. What a step is told beside that, the digests of
the files, says later from which files its result was made.
"""

from __future__ import annotations

from personaforge.brief.material import Material
from personaforge.spec.kinds import kind_named
from personaforge.spec.settings import View
from personaforge.steps.context import Context

SUMMARY = "summary"
"""The output of a summary step, and the field of its answer that holds the text."""
FILES = "material.files"
"""The setting that lists the files with their digests."""
_TEXTS = "material.texts"


def summarises(context: Context) -> bool:
    """Tell whether a node is the one that summarises the files."""
    return kind_named(context.node.kind).role == "summary"


def summary_of(context: Context) -> str:
    """Return what the needed summary says; empty where a brief has no files."""
    for name, outcome in context.needs.items():
        if kind_named(context.kinds.get(name, "")).role == "summary" and SUMMARY in outcome.outputs:
            answer = context.read_json(outcome.outputs[SUMMARY].artifact.digest)
            found = answer.get(SUMMARY) if isinstance(answer, dict) else None
            return str(found or "").strip()
    return ""


def brief_of(context: Context, settings: View | None = None) -> str:
    """Return the brief as a step reads it. `settings` is the view that keeps note of what is read."""
    view = context.settings if settings is None else settings
    text = str(view["brief"])
    summary = "" if summarises(context) else summary_of(context)
    if not summary:
        return text
    view.get(FILES)  # noted: the result says of which files it was made
    return f"{text}\n\n{summary}"


def texts_of(context: Context, settings: View) -> list[str]:
    """Return the files' texts for the step that summarises them; none for any other. Their names are no content."""
    if not summarises(context):
        return []
    settings.get(FILES)  # noted, with digests, in place of the texts, which the request has
    return [str(one) for one in settings.unnoted(_TEXTS)]


def material_read(context: Context) -> tuple[Material, ...]:
    """Return the files of the brief, for a node that may read them; empty where it has none."""
    files = context.settings.get(FILES) if context.settings.declares(FILES) else None
    texts = context.settings.unnoted(_TEXTS) if files else ()
    return tuple(Material(one["path"], one["digest"], text) for one, text in zip(files or (), texts, strict=True))
