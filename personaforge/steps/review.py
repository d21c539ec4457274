"""The second reader: scores the drafted document, and has it drafted again with its findings until it passes.

A round is one attempt of the node. Round 0 reads what the draft nodes made. A later round drafts the sections again
from the first one that the findings name, in the pipeline's order, each told all findings (one about the self may ask
for another soul); then it is read again. After the last round the document ships flagged, with the best round's
sections.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from personaforge.brief.fate import LOST, account, counts
from personaforge.identity.decision import Decision
from personaforge.spec.kinds import kind_named
from personaforge.steps.action import Action, Procedure, Result
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call
from personaforge.steps.completion import completion, reply_of
from personaforge.steps.context import Context, pretty_json
from personaforge.steps.judgement import Judgement
from personaforge.steps.mending import answer_problems, mended, reason_of
from personaforge.steps.outputs import write_action
from personaforge.steps.text import SECTIONS, sections_of, written

VERDICT = "verdict"
"""Name of the output that holds the second reader's answer."""


def review(context: Context) -> Procedure:
    """Score the document, revise it while the score is too low, and return the best sections."""
    step = context.node.step
    settings = context.settings
    base = f"pipeline.steps.{step}"
    drafted = sections_of(context)
    threshold = float(settings[f"{base}.threshold"])
    first = completion(context, step, drafted)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        sections: Mapping[str, Any] = drafted
        if number:
            before = tried[-1].made
            sections = context.read_json(before.outputs[SECTIONS].digest)
            findings = _findings(context, before)
            sections = yield from _revised(context, sections, findings, number)
        actions = first if number == 0 else completion(context, step, sections, attempt=number)
        result = yield from call(actions)
        read = written(context, (yield from mended(context, step, sections, result, attempt=number)), VERDICT)
        if read.blocked:
            return read
        kept = yield write_action(pretty_json(sections), "application/json")
        return Made({**read.outputs, SECTIONS: kept.outputs["content"]}, read.facts)

    def examine(made: Made) -> Examining:
        yield from ()
        problems = answer_problems(context, step, made.outputs[VERDICT], made.facts)
        if problems:
            wrong = {"problems": problems, "reason": reason_of(context, step, problems, made.facts)}
            return Judgement(Decision.RETRY, 0.0, facts=wrong, problems=tuple(problems))
        verdict = context.read_json(made.outputs[VERDICT].digest)
        scores = {name: float(score) for name, score in sorted(verdict["scores"].items())}
        mean = round(sum(scores.values()) / len(scores), 4)
        decision = Decision.ACCEPT if mean >= threshold else Decision.RETRY
        facts = {"section": "audit", "audit_mean": mean, "scores": scores, "flagged": decision is not Decision.ACCEPT}
        evaluation = {"modality": "text", "measure": "audit", "score": mean, "scores": scores, "threshold": threshold}
        sections = context.read_json(made.outputs[SECTIONS].digest)
        found = account(str(settings["brief"]), settings["pinned"], sections)
        if found.coverage is not None:
            facts["coverage"] = round(found.coverage, 4)
            facts["brief_lost"] = [row.words for row in found.of(LOST)]
            evaluation["brief"] = {"coverage": round(found.coverage, 4), **counts(found)}
        return Judgement(decision, mean, facts=facts, evaluation=evaluation)

    return (
        yield from attempt_loop(
            context,
            first=first[0],
            make=make,
            examine=examine,
            limit=settings[f"{base}.rounds"] + 1,
            paths=lambda outputs: {VERDICT: f"layers/{settings[f'{base}.section']}.json", SECTIONS: ""},
            exhausted="flagged",
        )
    )


def _revised(
    context: Context, sections: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], number: int
) -> Generator[Action, Result, dict[str, Any]]:
    """Draft the sections again from the first one that a finding names."""
    settings = context.settings
    steps = {str(settings[f"pipeline.steps.{name}.section"]): name for name in _draft_steps(context)}
    named = [section for section in steps if any(_names(finding, section) for finding in findings)]
    start = list(steps).index(named[0]) if named else 0
    revised = dict(sections)
    for section, step in list(steps.items())[start:]:
        needs = {str(settings[f"pipeline.steps.{name}.section"]) for name in settings[f"pipeline.steps.{step}.needs"]}
        earlier = {name: revised[name] for name in revised if name in needs}
        problems: tuple[str, ...] = ()
        for attempt in range(settings[f"pipeline.steps.{step}.retries"] + 1):
            stream = f"#{context.origin(context.node.step)}{number}"
            actions = completion(
                context, step, earlier, findings=findings, problems=problems, attempt=attempt, stream=stream
            )
            result = yield from call(actions)
            result, _ = yield from mended(
                context, step, earlier, result, findings=findings, attempt=attempt, stream=stream
            )
            if result.blocked:
                break
            problems = tuple(answer_problems(context, step, reply_of(result), result.value))
            if not problems:
                revised[section] = context.read_json(reply_of(result).digest)
                break
        # A section that could not be drafted again stays as it was, and the second reader scores it again.
    return revised


def _names(finding: Mapping[str, Any], section: str) -> bool:
    """Tell whether a finding is about a section, or asks for a change in it: `let soul.drives.recognition be ...`."""
    return finding.get("section") == section or f"{section}." in str(finding.get("advice", ""))


def _draft_steps(context: Context) -> list[str]:
    """Return the draft steps that the review reads, in the order in which it names them, which is the pipeline's."""
    settings = context.settings
    needed = settings[f"pipeline.steps.{context.node.step}.needs"]
    return [name for name in needed if kind_named(settings[f"pipeline.steps.{name}.kind"]).role == "section"]


def _findings(context: Context, made: Made) -> list[Mapping[str, Any]]:
    if made.outputs[VERDICT].media_type != "application/json":
        return []
    verdict = context.read_json(made.outputs[VERDICT].digest)
    return list(verdict.get("findings", [])) if isinstance(verdict, Mapping) else []
