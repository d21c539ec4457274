"""The text steps: draft a section, summarise a brief's files, gather the sections, render a template. The second reader
is in `review.py`, what is wrong with an answer and how it is mended in `mending.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from personaforge.identity.decision import Decision
from personaforge.steps.action import Output, Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call
from personaforge.steps.completion import completion
from personaforge.steps.context import LAYER, Context, pretty_json
from personaforge.steps.judgement import Judgement
from personaforge.steps.look import as_shown, overruled
from personaforge.steps.material import SUMMARY, brief_of
from personaforge.steps.mending import Answered, answer_problems, mended, reason_of
from personaforge.steps.outputs import made_by, suffix_of, write, write_action

SECTION = "section"
"""Name of a draft's output."""
SECTIONS = "sections"
"""Name of the output that holds the whole document: a review's, and the profile's."""
OVERRULED = "overruled"
"""The profile's fact that lists what the pinned anchor overrules, and the document's field."""
DRAFTS = "drafts"
"""Folder of what draft steps answered: a review may have refused it, so nothing of it is in `layers/`."""


def draft(context: Context) -> Procedure:
    """Draft one section: ask, validate by the schema and the pinned values, have a bad answer mended, ask again."""
    return (yield from _asked(context, SECTION, sections_of(context), DRAFTS))


def summarise(context: Context) -> Procedure:
    """Summarise the files of the brief: asked for and validated as a section is."""
    return (yield from _asked(context, SUMMARY, {}, "layers"))


def _asked(context: Context, output: str, earlier: Mapping[str, Any], folder: str) -> Procedure:
    """Ask for one JSON document until an answer fits; `earlier` are the sections that it follows from."""
    step = context.node.step
    settings = context.settings
    section = str(settings[f"pipeline.steps.{step}.section"])
    first = completion(context, step, earlier)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        problems = tried[-1].judgement.problems if tried else ()
        actions = first if number == 0 else completion(context, step, earlier, problems=problems, attempt=number)
        result = yield from call(actions)
        return written(context, (yield from mended(context, step, earlier, result, attempt=number)), output)

    def examine(made: Made) -> Examining:
        yield from ()
        problems = answer_problems(context, step, made.outputs[output], made.facts)
        if problems:
            facts = {"problems": problems, "reason": reason_of(context, step, problems, made.facts)}
            return Judgement(Decision.RETRY, -len(problems), facts=facts, problems=tuple(problems))
        return Judgement(Decision.ACCEPT, 0, facts={"section": section})

    return (
        yield from attempt_loop(
            context,
            first=first[0],
            make=make,
            examine=examine,
            limit=settings[f"pipeline.steps.{step}.retries"] + 1,
            paths=lambda outputs: {output: f"{folder}/{section}{suffix_of(outputs[output])}"},
        )
    )


def profile(context: Context) -> Procedure:
    """Gather the sections from the drafts, or from a review of them: the document that images and videos read.

    While the anchor is pinned, what can be seen of the persona is as the anchor shows it; see `steps.look`. This step
    alone writes what `layers/` has of a section, so that no file there differs from the document.
    """
    sections = sections_of(context)
    facts: dict[str, Any] = {}
    fields = overruled(sections, context.shown())
    if fields:
        sections = as_shown(sections, fields)
        facts[OVERRULED] = [field.as_json() for field in fields]
    for outcome in context.needs.values():
        if SECTIONS in outcome.outputs:
            facts.update(
                {
                    name: outcome.facts[name]
                    for name in ("flagged", "audit_mean", "audit_marks", "not_judged", "worth_a_look")
                    if name in outcome.facts
                }
            )
    layers = {}
    for name, section in sections.items():
        kept = yield write_action(pretty_json(section), "application/json")
        layers[f"{LAYER}{name}"] = Output(kept.outputs["content"], f"layers/{name}.json")
    whole = yield from write(context, SECTIONS, "layers/profile.json", pretty_json(sections), "application/json", facts)
    return replace(whole, outputs={**whole.outputs, **layers})


def render(context: Context) -> Procedure:
    """Render a template over the document to a text file."""
    settings = context.settings
    base = f"pipeline.steps.{context.node.step}"
    variables = {
        "brief": brief_of(context),
        "persona_id": context.node.persona,
        "seed": settings["seed"],
        "step": context.node.step,
        "sections": sections_of(context),
    }
    text = context.render(settings[f"{base}.template"], variables).text
    return (yield from write(context, "text", settings[f"{base}.file"], text.encode(), "text/plain"))


def sections_of(context: Context) -> dict[str, Any]:
    """Return the sections that the needs resulted in, in the order of the needs."""
    sections: dict[str, Any] = {}
    for outcome in context.needs.values():
        if SECTIONS in outcome.outputs:
            sections.update(context.read_json(outcome.outputs[SECTIONS].artifact.digest))
        elif SECTION in outcome.outputs:
            sections[outcome.facts["section"]] = context.read_json(outcome.outputs[SECTION].artifact.digest)
    return sections


def written(context: Context, answered: Answered, output: str) -> Made:
    """Return what a completion made, its repairs counted: its reply as the attempt's `output`."""
    made = made_by(context, answered.result, output, "reply")
    return replace(made, facts={**made.facts, "repairs": answered.repairs}) if answered.repairs else made
