"""What is wrong with a text model's answer, and how it is mended.

An answer ends in one of six ways, and each is treated differently:

    it fits        it is taken
    malformed      it is no JSON object, doesn't fit its schema or drops a pin: it is handed back, quoted, with what
                   is wrong, `repairs` times at most; then the step is asked anew, `retries` times at most
    not allowed    it says what `personaforge.guard` refuses: it is quoted nowhere, and the step is asked anew
    truncated      it was cut off at `max_tokens`: quoting half an answer doesn't help, so the step is asked anew and
                   told to be brief; if that doesn't help, the user is told which setting to raise
    blocked        a content filter stopped it: that is the result, and nobody rewords the prompt
    refused        the model itself said no: likewise

A repair is an action of its own, whose key covers the bad answer by its digest: it is bought once. Every answer stays
in the store as the artifact of its action; `forge explain NODE` names them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.errors import JobFailed, Refused
from personaforge.inert import inert_values
from personaforge.listing import and_more
from personaforge.spec.adults import section_findings
from personaforge.spec.sections import dropped_pins, section_problems
from personaforge.steps.action import Action, Result
from personaforge.steps.completion import BadAnswer, completion, reply_of
from personaforge.steps.context import Context
from personaforge.store.artifact import Artifact

NO_OBJECT = "the answer: found no single JSON object, expected one and nothing around it"
_LONGEST_QUOTED = 24_000
"""Bytes. A prompt of ours, its schema and a quote of this length stay well within what a template may render to."""


class Answered(NamedTuple):
    """How a completion ended."""

    result: Result
    """The last call's: the completion itself, or its last repair."""
    repairs: int
    """How often the answer was handed back."""


def mended(
    context: Context,
    step: str,
    sections: Mapping[str, Any],
    result: Result,
    *,
    findings: Sequence[Mapping[str, Any]] = (),
    attempt: int = 0,
    stream: str = "",
) -> Generator[Action, Result, Answered]:
    """Hand a malformed answer back until it fits or the step's `repairs` are used up.

    `sections`, `findings`, `attempt` and `stream` are the completion's. If the repair itself was definitely not made,
    the answer stays as it was.
    """
    base = f"pipeline.steps.{step}"
    settings = context.settings
    bound = int(settings[f"{base}.repairs"]) if context.capability("text", settings[f"{base}.provider"]).mends else 0
    for done in range(bound):
        if result.blocked or result.value.get("truncated"):
            return Answered(result, done)
        answer = reply_of(result)
        problems = answer_problems(context, step, answer)
        if not problems or answer.size > _LONGEST_QUOTED or _must_not_be_quoted(context, step, answer):
            return Answered(result, done)
        text = context.artifacts.read(answer.digest).decode("utf-8", "replace").strip()
        bad = BadAnswer(answer, text, str(result.action.request["model"]))
        (action,) = completion(
            context,
            step,
            sections,
            findings=findings,
            problems=problems,
            attempt=attempt,
            stream=stream,
            bad=bad,
        )
        try:
            repaired = yield action
        except (Refused, JobFailed):
            return Answered(result, done)
        result = repaired._replace(passed_over=result.passed_over)
    return Answered(result, bound)


def answer_problems(
    context: Context, step: str, artifact: Artifact, facts: Mapping[str, Any] | None = None
) -> list[str]:
    """Return why an answer can't be taken as the section that a step drafts; empty when it can."""
    settings = context.settings
    base = f"pipeline.steps.{step}"
    if facts and facts.get("truncated"):
        return [f"the answer was cut off at {settings[f'{base}.max_tokens']} tokens: be brief"]
    if artifact.media_type != "application/json":
        return [NO_OBJECT]
    schema = settings[f"schema.{settings[f'{base}.schema']}"]
    pinned = settings.get("pinned", {}).get(settings[f"{base}.section"], {})
    return section_faults(context.read_json(artifact.digest), schema, pinned, str(settings[f"{base}.section"]))


def _must_not_be_quoted(context: Context, step: str, artifact: Artifact) -> bool:
    """Tell whether the guard refuses an answer's words; a number alone may be handed back."""
    if artifact.media_type != "application/json":
        return False
    section = str(context.settings[f"pipeline.steps.{step}.section"])
    found = section_findings(context.read_json(artifact.digest), section)
    return any(one.path.rpartition(".")[2] != "age" for one in found)


def section_faults(answer: Any, schema: Mapping[str, Any], pinned: Mapping[str, Any], section: str = "") -> list[str]:
    """Return what is wrong with a section, a sentence each: where, what was found, what was expected. What the guard
    refuses is named without its words: the sentences go into the next prompt."""
    faults = [*section_problems(schema, answer), *dropped_pins(inert_values(pinned), inert_values(answer))]
    refused = [
        f"{one.path}: found what the guard refuses; {one.expected}"
        for one in section_findings(answer, section)
        if not any(fault.startswith(f"{one.path}: ") for fault in faults)  # a number that the schema refuses, too
    ]
    return [*refused, *faults]


def reason_of(context: Context, step: str, problems: Sequence[str], facts: Mapping[str, Any]) -> str:
    """Return for the user why a step's answer was not taken in the end."""
    path = f"pipeline.steps.{step}.max_tokens"
    if facts.get("truncated"):
        return f"the answer was cut off at {context.settings[path]} tokens; raise {path}"
    more = f" ({and_more(len(problems) - 1).strip()})" if len(problems) > 1 else ""
    return f"the answer doesn't fit: {problems[0]}{more}; `forge explain {context.node.id}` shows what came back"
