"""The speech step: what the persona says, in the preset's voice. One text for each of the step's `lines`.

What is said is a template over the persona document. No gate judges a sound: it is accepted when it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from personaforge.digest import derive_seed
from personaforge.errors import Problem, SpecError
from personaforge.identity.decision import Decision
from personaforge.providers.capability import Capability
from personaforge.spec.settings import View
from personaforge.steps.action import Action, Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call
from personaforge.steps.choices import asked
from personaforge.steps.context import Context
from personaforge.steps.judgement import Judgement
from personaforge.steps.outputs import made_by, suffix_of
from personaforge.steps.text import sections_of

SPEECH: Final = "speech"
"""Name of the step's output, and of its modality."""
ASSUMED_CHARACTERS: Final = 200
"""For estimates before the text exists: the packaged greeting has 40 to 180."""


def speech(context: Context) -> Procedure:
    """Have one text spoken, by one call: if no answer came, the engine asks again."""
    slot = context.node.slot
    said = line_of(context)
    actions = speak(context, said)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        return made_by(context, (yield from call(actions)), SPEECH, SPEECH)

    def examine(made: Made) -> Examining:
        yield from ()
        return Judgement(Decision.ACCEPT, 0, facts={"said": said})

    return (
        yield from attempt_loop(
            context,
            first=actions[0],
            make=make,
            examine=examine,
            limit=1,
            paths=lambda outputs: {SPEECH: f"audio/{slot}{suffix_of(outputs[SPEECH])}"},
        )
    )


def line_of(context: Context) -> str:
    """Return what is said, on one line. Raises SpecError when the template renders to nothing."""
    path = f"pipeline.steps.{context.node.step}.lines"
    template = context.settings[path][context.node.slot]
    rendered = context.render(template, {"profile": sections_of(context), "persona_id": context.node.origin})
    text = " ".join(rendered.text.split())
    if not text:
        raise SpecError(Problem("", f"{path}.{context.node.slot}", f"{template} says nothing", "expected some words"))
    return text


def speak(context: Context, text: str) -> list[Action]:
    """Return the actions that speak a text: the provider's, then its fallbacks'."""

    def fields(capability: Capability, model: str, view: View) -> dict[str, Any]:
        return {
            "text": text,
            "voice": view["speech.voices"].get(model) or view["speech.voice"],
            "format": view["speech.format"],
            "seed": derive_seed(context.node.origin, context.stream, context.take, 0, view["seed"]),
        }

    return asked(context, SPEECH, fields, inputs={}, attempt=0, sources=context.templates_used)
