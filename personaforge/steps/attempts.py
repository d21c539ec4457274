"""The one attempt loop, for text, images and videos: make, examine, decide; try again or stop; keep the best.

It is a small state machine over cached actions. Replayed over known results it makes the same decision without
buying anything; a crash in the middle resumes where it stopped; a changed threshold judges the known attempts again.

What the lock pins comes first: as long as the request is what it was at the pin, the pinned artifact is the answer,
whatever else the store holds, and it is only judged again. One that is missing is never silently replaced: a
deterministic provider may remake it, if the bytes are equal, and otherwise the user has to ask for it. Once remade it
is judged like one that was there, so that machines with and without a store get the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from personaforge.errors import JobFailed, LockFrozen, PinnedArtifactMissing, Refused
from personaforge.identity.decision import Decision
from personaforge.identity.score import PROBABILITY
from personaforge.spec.kinds import kind_named
from personaforge.steps.action import Action, Outcome, Output, Result, Status
from personaforge.steps.context import Context, pinned_size
from personaforge.steps.judgement import Judgement
from personaforge.steps.remake import refusal
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import Pin

_KEPT_FACTS = ("model", "provider", "label", "seed", "passed_over")
"""How an artifact was made: kept in the lock and in every evaluation."""


@dataclass(frozen=True)
class Made:
    """What one attempt made, or what the lock pins of one: an attempt that is not judged yet."""

    outputs: Mapping[str, Artifact]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: model, seed, label."""
    blocked: str = ""
    """Why nothing was made: a content filter, or the model itself, said no. That ends the loop."""


@dataclass(frozen=True)
class Attempt:
    """A finished attempt."""

    number: int
    made: Made
    judgement: Judgement


Making = Generator[Action, Result, Made]
Examining = Generator[Action, Result, Judgement]


def attempt_loop(
    context: Context,
    *,
    first: Action,
    make: Callable[[int, Sequence[Attempt]], Making],
    examine: Callable[[Made], Examining],
    limit: int,
    paths: Callable[[Mapping[str, Artifact]], Mapping[str, str]],
    exhausted: Status = "rejected",
    otherwise: Outcome | None = None,
) -> Generator[Action, Result, Outcome]:
    """Run the loop and return the node's outcome.

    `first` is the action of attempt 0, whose key shows whether anything has changed since the pin. `paths` gives each
    output its place in the build folder. `exhausted` is the status when every attempt was used and none accepted,
    `otherwise` the outcome with a limit of 0, which lets only what is pinned through. Raises PinnedArtifactMissing.
    """
    pin = None if context.repin else context.pin
    tried: list[Attempt] = []
    # The pin first: what was accepted once stays the answer, whatever else the store holds under other keys.
    if pin is not None and context.standing.same_request(pin, first.key):
        replaced: dict[str, str] = {}
        made = _pinned(context, pin, paths)
        if made is None:
            remaking = _remade(context, pin, make, examine)
            made = yield from (remaking if first.deterministic else _as_recorded(context, remaking))
            replaced = {name: digest for name, digest in pin.outputs.items() if made.outputs[name].digest != digest}
        judgement = yield from examine(made)
        outcome = _stands(context, first, Attempt(pin.attempt, made, judgement), pin, paths, replaced)
        if outcome is not None:
            return outcome
        # The pinned attempt is known, also if the store has forgotten how it was made, so only later attempts are new.
        tried.append(Attempt(pin.attempt, made, judgement))
    # Below this line something new would be made, which a frozen lock forbids.
    if context.frozen:
        raise frozen(context, first)
    if not limit:
        assert otherwise is not None
        return otherwise
    former = context.given_up(first.key) if not tried and not context.known(first.key) else None
    if former is not None and all(context.artifacts.size(out.artifact.digest) for out in former.outputs.values()):
        return former
    start = tried[-1].number + 1 if tried else 0
    given_up = context.rejected(first.key)
    for number in range(start, start if _is_hopeless(tried) else limit):
        begun = make(number, tried)
        if number and given_up:
            known = yield from _as_known(context, begun)
            if known is None:
                break
            made = known
        else:
            made = yield from begun
        judgement = _blocked(made) if made.blocked else (yield from examine(made))
        tried.append(Attempt(number, made, judgement))
        if judgement.decision is not Decision.RETRY or _lasts(tried):
            break
    # An accepted attempt is always the last one. Without one, the best of all is kept, not the last.
    best = (
        tried[-1] if tried[-1].judgement.decision is Decision.ACCEPT else max(tried, key=lambda one: one.judgement.rank)
    )
    accepted = best.judgement.decision is Decision.ACCEPT
    status: Status = best.judgement.status if accepted else "rejected" if best.made.blocked else exhausted
    under = dict(given_up) if given_up and not accepted else context.standing.noted()
    return _outcome(context, first, best, tried, status, paths, under=under)


def patch_of(number: int, tried: Sequence[Attempt]) -> tuple[int, tuple[str, ...]]:
    """Return how loudly attempt `number` is told who is to be shown, 0 for not at all, and what else it has to mend.

    Where the last attempt showed the right person, only that else is told. Otherwise the patch is as strong as there
    were attempts that failed for the person: all of them, before forge looked at anything else.
    """
    if tried and tried[-1].judgement.corrections:
        return 0, tried[-1].judgement.corrections
    return number - sum(1 for one in tried if one.judgement.corrections), ()


def _lasts(tried: Sequence[Attempt]) -> bool:
    """Tell whether the last two attempts have the same fault, of a kind that a further one will have, too."""
    faults = [one.judgement.lasting for one in tried[-2:]]
    return len(faults) == 2 and bool(faults[0]) and faults[0] == faults[1]


def call(actions: Sequence[Action]) -> Generator[Action, Result, Result]:
    """Perform the first action that definitely gives a result, a model's or one of its fallbacks', and return that.

    A fallback is asked after a refusal, a block and a failed job. Whatever else goes wrong may have been paid for, or
    is about money, and is raised. When all are blocked the last block is returned.
    """
    passed_over: list[str] = []
    for action in actions[:-1]:
        try:
            result = yield action
        except (Refused, JobFailed) as error:
            passed_over.append(f"{_model(action)} ({'failed' if isinstance(error, JobFailed) else 'refused'})")
            continue
        if not result.blocked:
            return result._replace(passed_over=tuple(passed_over))
        passed_over.append(f"{_model(action)} (blocked)")
    result = yield actions[-1]
    return result._replace(passed_over=tuple(passed_over))


def _model(action: Action) -> str:
    return str(action.request.get("model") or action.provider.partition("@")[0])


def _blocked(made: Made) -> Judgement:
    """Judge an attempt that made nothing: nobody tries to get around a filter."""
    return Judgement(Decision.REJECT, float("-inf"), facts={"reason": f"blocked: {made.blocked}", "measured": False})


def _pinned(context: Context, pin: Pin, paths: Callable[[Mapping[str, Artifact]], Mapping[str, str]]) -> Made | None:
    """Return the pinned artifacts, or None when one can't be read."""
    outputs = {name: Artifact(digest, pin.media[name], 0) for name, digest in pin.outputs.items()}
    places = paths(outputs)
    for name, artifact in outputs.items():
        size = pinned_size(context, artifact, places.get(name, ""))
        if size is None:
            return None
        outputs[name] = artifact._replace(size=size)
    return Made(outputs, {name: value for name, value in pin.facts.items() if name in _KEPT_FACTS})


def _remade(
    context: Context,
    pin: Pin,
    make: Callable[[int, Sequence[Attempt]], Making],
    examine: Callable[[Made], Examining],
) -> Generator[Action, Result, Made]:
    """Make the pinned attempt again with those before it, since a later attempt is told what was wrong with them.

    Raises PinnedArtifactMissing if the bytes differ and may not take the pin's place.
    """
    tried: list[Attempt] = []
    for number in range(pin.attempt):
        before = yield from make(number, tried)
        judgement = _blocked(before) if before.blocked else (yield from examine(before))
        tried.append(Attempt(number, before, judgement))
    made = yield from make(pin.attempt, tried)
    found = {name: artifact.digest for name, artifact in made.outputs.items()}
    if found != dict(pin.outputs):
        refused = yield from refusal(context, pin, made.outputs, examine(made))
        if refused:
            raise _missing(context, f"was remade, but came out different ({refused})")
    return made


def _is_hopeless(tried: Sequence[Attempt]) -> bool:
    """Tell whether the pinned attempt is now rejected outright, so that no further attempt is made."""
    return bool(tried) and tried[-1].judgement.decision is Decision.REJECT


def _as_recorded(context: Context, remaking: Making) -> Making:
    """Follow the remaking of what was bought as far as its calls are on record: an artifact that forge composed itself
    from them is made again free of charge. Raises PinnedArtifactMissing before any call."""
    action = next(remaking)
    while True:
        if action.content is None and not context.known(action.key):
            raise _missing(context, "is in neither the store nor the build folder")
        result = yield action
        try:
            action = remaking.send(result)
        except StopIteration as stop:
            made: Made = stop.value
            return made


def _as_known(context: Context, making: Making) -> Generator[Action, Result, Made | None]:
    """Follow the making of an attempt whose calls are on record; None where it would be a new one.

    What was given up under the rules of another forge is judged anew, and an upgrade buys no further attempt.
    """
    action = next(making)
    while context.known(action.key):
        result = yield action
        try:
            action = making.send(result)
        except StopIteration as stop:
            made: Made = stop.value
            return made
    making.close()
    return None


def _stands(
    context: Context,
    first: Action,
    pinned: Attempt,
    pin: Pin,
    paths: Callable[[Mapping[str, Artifact]], Mapping[str, str]],
    replaced: Mapping[str, str],
) -> Outcome | None:
    """Return the outcome of the pinned artifacts, or None when they fail a gate that the user has changed."""
    judgement = pinned.judgement
    if judgement.unjudged:
        under = context.standing.noted_before(pin)
        kept = _outcome(context, first, pinned, [], pin.status, paths, under=under)  # type: ignore[arg-type]
        return replace(_as_line(context, first, kept, pin, replaced), facts=dict(pin.facts))
    accepted = judgement.decision is Decision.ACCEPT
    # Flagged because no attempts were left, it ships as it is. Flagged by a second opinion, it has to pass its gate.
    flagged = pin.status == "flagged" and pin.facts.get("decision") != Decision.ACCEPT.value
    stays = not accepted and not flagged and pin.status != "rejected" and context.standing.same_gates(pin)
    if not accepted and not flagged and not stays:
        return None
    status: Status = judgement.status if accepted else pin.status if stays else "flagged"  # type: ignore[assignment]
    by = judgement.facts.get("measured_by")
    anew = accepted and by is not None and "measured_by" in pin.facts and by != pin.facts["measured_by"]
    under = context.standing.noted(pin, measured_anew=anew)
    outcome = _outcome(context, first, pinned, [pinned], status, paths, under=under)
    kept = _as_line(context, first, outcome, pin, replaced)
    # The lock keeps the figures of the machine that accepted it: another one's last digits would make a diff in git.
    # What forge has come to note since it was accepted, such as a calibration's numbers, is added to no line, either.
    known = {name: value for name, value in kept.facts.items() if name in pin.facts or name not in _NOTED_SINCE}
    if not replaced and status == pin.status and _same_figures(pin.facts, known):
        kept = replace(kept, facts=dict(pin.facts))
    if not stays:
        return kept
    # Accepted once, it stays as it was accepted; the evaluation says what would be decided now.
    reason = "; ".join(judgement.problems) or str(judgement.facts.get("reason", ""))
    return replace(kept, facts=dict(pin.facts), stays=f"{judgement.decision.value} now: {reason}")


def _as_line(context: Context, first: Action, outcome: Outcome, pin: Pin, replaced: Mapping[str, str]) -> Outcome:
    """Return an outcome under the key and take of its pin, with the present key beside them where that is another."""
    also = first.key if first.key != pin.key else ""
    under = context.standing.seen(dict(outcome.under)) if also else outcome.under
    return replace(outcome, key=pin.key, take=pin.take, also=also, under=under, replaced={**pin.replaced, **replaced})


_NOTED_SINCE = (*PROBABILITY, "coverage", "brief_lost", "not_judged", "audit_marks", "worth_a_look")
"""Facts that lines of earlier forges lack."""
_SAME_FIGURE = 1e-3
"""How much two machines, or two versions of onnxruntime, differ at most when they measure one picture; measured by us.
A lock, and what depends on it, must not change because somebody else has built."""


def _same_figures(one: Any, other: Any) -> bool:
    """Tell whether facts are the same except for the last digits of measured numbers."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same_figures(one[name], other[name]) for name in one)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _SAME_FIGURE
    return bool(one == other)


def _outcome(
    context: Context,
    first: Action,
    best: Attempt,
    tried: Sequence[Attempt],
    status: Status,
    paths: Callable[[Mapping[str, Artifact]], Mapping[str, str]],
    *,
    under: Mapping[str, Any],
) -> Outcome:
    places = paths(best.made.outputs) if best.made.outputs else {}
    facts = {
        **best.made.facts,
        **best.judgement.facts,
        "decision": best.judgement.decision.value,
        "attempt": best.number,
    }
    evaluations = tuple(
        {
            **attempt.judgement.evaluation,
            "attempt": attempt.number,
            "take": context.take,
            "decision": attempt.judgement.decision.value,
            "artifacts": {name: artifact.digest for name, artifact in attempt.made.outputs.items()},
            **{name: attempt.made.facts[name] for name in _KEPT_FACTS if name in attempt.made.facts},
        }
        for attempt in tried
        if attempt.judgement.evaluation is not None
    )
    outputs = {name: Output(artifact, places.get(name, "")) for name, artifact in best.made.outputs.items()}
    return Outcome(status, outputs, facts, first.key, context.take, best.number, evaluations, under=under)


def frozen(context: Context, first: Action | None = None) -> LockFrozen:
    """Return the error for a node that would be made otherwise than the lock pins it."""
    node, pin = context.node, context.pin
    if pin is None:
        what = "is not in the lock"
    elif first is not None and first.key != pin.key:
        what = "is asked for otherwise than the lock has it"
    else:
        what = "is pinned, and would be made anew"
    return LockFrozen(f"{node.id} {what}, and the lock is frozen", hint=f"forge build {node.persona}; commit the lock")


def _missing(context: Context, what: str) -> PinnedArtifactMissing:
    assert context.pin is not None
    node = context.node
    digests = ", ".join(digest[:12] for digest in context.pin.outputs.values())
    name = context.anchor_step if kind_named(node.kind).role == "candidate" else node.name
    return PinnedArtifactMissing(
        f"{node.id} is pinned to {digests}, which {what}",
        hint=f"get it with `forge cache pull {node.persona}`, or accept a new one with "
        f"`forge build {node.persona} --repin {name}`",
    )
