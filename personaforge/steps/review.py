"""The second reader: scores the drafted document, and has it drafted again with its findings until it passes.

A round is one attempt of the node. Round 0 reads what the draft nodes made. A later round drafts the sections again
from the first one that the findings name, in the pipeline's order, each told all findings (one about the self may ask
for another soul); then it is read again. After the last round the document ships flagged, with the best round's
sections.

A revision keeps what the user has fixed and what the brief says word for word (`keeping`): an answer that doesn't is
asked for again, and the section stays as it was if that doesn't help. A mark may be null, with a reason in
`not_judged`: the mean is that of the others, and a document of which nothing was judged doesn't pass.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from personaforge.brief.fate import LOST, account, counts
from personaforge.brief.remark import LOOK, is_look
from personaforge.identity.decision import Decision
from personaforge.spec.kinds import kind_named
from personaforge.steps.action import Action, Procedure, Result
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call
from personaforge.steps.completion import completion, reply_of
from personaforge.steps.context import Context, pretty_json
from personaforge.steps.judgement import Judgement
from personaforge.steps.keeping import losses, stated
from personaforge.steps.material import brief_of, material_read, summary_of
from personaforge.steps.mending import answer_problems, mended, reason_of
from personaforge.steps.outputs import write_action
from personaforge.steps.text import SECTIONS, sections_of, written

VERDICT = "verdict"
"""Name of the output that holds the second reader's answer."""
NO_REASON = "the second reader gave no reason"
"""What is said of a null mark without one."""


def review(context: Context) -> Procedure:
    """Score the document, revise it while the score is too low, and return the best sections."""
    step = context.node.step
    settings = context.settings
    base = f"pipeline.steps.{step}"
    drafted = sections_of(context)
    threshold, floor = float(settings[f"{base}.threshold"]), float(settings[f"{base}.floor"])
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
        judged = _judged(context.read_json(made.outputs[VERDICT].digest), threshold, floor)
        sections = context.read_json(made.outputs[SECTIONS].digest)
        files = material_read(context)
        found = account(str(settings["brief"]), settings["pinned"], sections, files, summary_of(context))
        if found.coverage is None or judged.evaluation is None:
            return judged
        coverage = round(found.coverage, 4)
        told = {"coverage": coverage, "brief_lost": [row.words for row in found.of(LOST)]}
        brief = {"brief": {"coverage": coverage, **counts(found)}}
        return replace(judged, facts={**judged.facts, **told}, evaluation={**judged.evaluation, **brief})

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


def _judged(verdict: Mapping[str, Any], threshold: float, floor: float) -> Judgement:
    """Judge a verdict: its mean and its lowest mark, of the marks that it gives."""
    scores = {name: float(score) for name, score in sorted(verdict["scores"].items()) if score is not None}
    reasons = {str(one["score"]): str(one["reason"]) for one in verdict.get("not_judged", ())}
    unjudged = {
        name: reasons.get(name, NO_REASON) for name, score in sorted(verdict["scores"].items()) if score is None
    }
    said: dict[str, Any] = {"not_judged": unjudged, "audit_marks": len(scores)} if unjudged else {}
    looks = [one["problem"].removeprefix(LOOK) for one in verdict.get("findings", ()) if is_look(one)]
    said |= {"worth_a_look": looks} if looks else {}
    if not scores:
        reason = f"the second reader judged nothing: {next(iter(unjudged.values()), NO_REASON)}"
        nothing: dict[str, Any] = {"audit_mean": None, "scores": {}, **said, "flagged": True, "reason": reason}
        return Judgement(Decision.REJECT, 0.0, facts={"section": "audit", **nothing})
    mean = round(sum(scores.values()) / len(scores), 4)
    lowest = min(scores, key=lambda name: scores[name])
    short = scores[lowest] < floor
    decision = Decision.ACCEPT if mean >= threshold and not short else Decision.RETRY
    facts: dict[str, Any] = {
        "section": "audit",
        "audit_mean": mean,
        "scores": scores,
        **said,
        "flagged": decision is not Decision.ACCEPT,
        **({"reason": f"{lowest} is {scores[lowest]:.1f}, below the floor of {floor:g}"} if short else {}),
    }
    null = {"not_judged": unjudged} if unjudged else {}
    judged: dict[str, Any] = {"score": mean, "scores": scores, **null, "threshold": threshold}
    evaluation = {"modality": "text", "measure": "audit", **judged}
    # Of documents that all fail, one without a mark below the floor is better than one with a higher mean.
    return Judgement(decision, mean - (10.0 if short else 0.0), facts=facts, evaluation=evaluation)


def _revised(
    context: Context, sections: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], number: int
) -> Generator[Action, Result, dict[str, Any]]:
    """Draft the sections again from the first one that a finding names."""
    settings = context.settings
    steps = {str(settings[f"pipeline.steps.{name}.section"]): name for name in _draft_steps(context)}
    named = [section for section in steps if any(_names(finding, section) for finding in findings)]
    start = list(steps).index(named[0]) if named else 0
    revised = dict(sections)
    kept = stated(sections_of(context), brief_of(context))
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
                answer = context.read_json(reply_of(result).digest)
                problems = tuple(losses(kept, section, answer))
                if not problems:
                    revised[section] = answer
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
    found = verdict.get("findings", []) if isinstance(verdict, Mapping) else []
    return [one for one in found if not is_look(one)]  # what is only worth a look changes nothing
