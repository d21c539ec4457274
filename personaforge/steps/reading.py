"""The second reader: a vision model answers a fixed checklist about an accepted picture, beside the anchor.

Each of `reader.votes` votes is one paid call, an action of its own whose key covers the prompt, the model and both
pictures by their digests, and differs from the others by `attempt` alone: so further votes keep those that there are,
and no vote is bought twice. An answer that is no JSON, doesn't fit the schema or was refused is a vote that says
nothing; it stays on record, and nobody asks anew for it but by `--force`.

What the votes come to is the node's artifact and an evaluation of its own modality, `reading`. It is advice: no gate
reads either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from personaforge.errors import Problem, SpecError
from personaforge.identity.checklist import CANNOT_SEE, CHANGED, CHECKLIST, answer_schema, too_long
from personaforge.identity.decision import Decision
from personaforge.identity.reading import changed_share, counted
from personaforge.spec.clothing import clothing_of
from personaforge.spec.kinds import kind_named
from personaforge.spec.sections import section_problems
from personaforge.steps.action import Action, Price, Procedure, Result
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop
from personaforge.steps.completion import reply_of, token_price
from personaforge.steps.context import ANCHOR, Context, pretty_json
from personaforge.steps.images import profile_of
from personaforge.steps.judgement import Judgement
from personaforge.steps.outputs import how, write_action
from personaforge.steps.wardrobe import dressed_as, wardrobe_of
from personaforge.store.artifact import Artifact

READING: Final = "reading"
"""The step's kind, its output, and the modality of its evaluations."""
PICTURE: Final = "picture"
"""Name of the input that is read; the other one is `anchor`. A text provider that reads it can be shown pictures."""
_SYSTEM_TOKENS = 1_200
"""Of the packaged prompt and its schema, before they are rendered: about 4,500 characters."""
_CHARACTERS_PER_TOKEN = 4
_PICTURES = 2


def reading(context: Context) -> Procedure:
    """Have the picture of the step's `source` read by every vote, and return what they come to."""
    settings = context.settings
    source = str(settings[f"pipeline.steps.{context.node.step}.source"])
    name = f"{source}/{context.node.slot}" if context.node.slot else source
    picture = _picture(context, name)
    anchor = context.of_kind(ANCHOR).outputs[ANCHOR].artifact
    against = words_of(context, source)
    votes = asked_votes(context, picture, anchor, against)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        results = []
        for action in votes:
            result = yield action
            results.append(result)
        answers, unusable = _answers(context, results)
        made = how(context, results[0])
        attributes = counted(answers, len(votes), against)
        content = {
            "picture": picture.digest,
            "anchor": anchor.digest,
            "model": made["model"],
            "provider": made["provider"],
            "votes": len(votes),
            "unusable": unusable,
            "attributes": attributes,
            "changed": changed_share(attributes),
        }
        kept = yield write_action(pretty_json(content), "application/json")
        return Made({READING: kept.outputs["content"]}, made)

    def examine(made: Made) -> Examining:
        yield from ()
        return _noted(context.read_json(made.outputs[READING].digest))

    outcome = yield from attempt_loop(
        context,
        first=votes[-1],  # the last vote's key: further votes are another wish, which takes up those that there are
        make=make,
        examine=examine,
        limit=1,
        paths=lambda outputs: {READING: f"readings/{name.replace('/', '-')}.json"},
    )
    # The record is about the picture, and nobody has accepted or rejected anything.
    about = {"artifacts": {"image": picture.digest}, "decision": ""}
    return replace(outcome, evaluations=tuple({**one, **about} for one in outcome.evaluations))


def words_of(context: Context, source: str) -> dict[str, str]:
    """Return the words that attributes of a picture are compared with; those that are left out are compared with the
    anchor: what the DNA doesn't say, and clothes where the picture is meant to show the anchor's."""
    dna = profile_of(context).get("dna", {})
    found = {
        "skin_tone": _word(dna, "skin", "tone"),
        "hair_color": _word(dna, "hair", "color"),
        "hair_length": _word(dna, "hair", "length"),
        "eye_color": _word(dna, "eyes", "color"),
        "facial_hair": _word(dna, "face", "facial_hair"),
    }
    worn = wardrobe_of(context, _position(context, source))
    if worn != wardrobe_of(context, context.settings["matrix.anchor"]):
        clothes = clothing_of(profile_of(context), worn)
        accessories = ", ".join(clothes["accessories"]) or "nothing besides"
        found["clothing"] = "; ".join((", ".join(clothes["garments"]), f"with it: {accessories}"))
        # A hat or glasses that the anchor doesn't have may belong to these clothes.
        found.update(dict.fromkeys(("glasses", "hat"), f"only what is named here: {accessories}"))
    return {name: words for name, words in found.items() if words}


def asked_votes(context: Context, picture: Artifact, anchor: Artifact, against: Mapping[str, str]) -> list[Action]:
    """Return the votes' actions, in their order."""
    settings = context.settings.scope()
    base = f"pipeline.steps.{context.node.step}"
    model, provider = str(settings[f"{base}.model"]), settings[f"{base}.provider"]
    capability = context.capability("text", provider)
    if PICTURE not in capability.reads:
        raise cannot_see(str(provider))
    schema = answer_schema()
    listed = [
        {"name": item.name, "label": item.label, "words": list(item.words), "asked": against.get(item.name, "")}
        for item in CHECKLIST
    ]
    fields: dict[str, Any] = {
        "schema": schema,
        "strict": True,
        "temperature": settings["reader.temperature"],
        "max_tokens": settings["reader.max_tokens"],
    }
    sources: dict[str, str] = {}
    for name, template in (("system", f"{base}.system"), ("prompt", f"{base}.template")):
        rendered = context.render(settings[template], {"checklist": listed, "schema": schema})
        fields[name] = rendered.text
        sources.update(rendered.sources)
    size = len(fields["system"]) + len(fields["prompt"])
    price = call_price(
        capability.paid,
        settings["reader.prices"].get(model),
        fields["max_tokens"],
        settings["reader.picture_tokens"],
        size // _CHARACTERS_PER_TOKEN,
    )
    account = settings.get("reader.key") or ""
    votes = settings["reader.votes"]
    quiet = ("reader.prices", "reader.key", "reader.picture_tokens")
    reads = {path: value for path, value in settings.reads.items() if not path.startswith(quiet)}
    return [
        Action(
            kind="complete",
            provider=capability.maker,
            request={**{name: value for name, value in fields.items() if name in capability.reads}, "model": model},
            inputs={PICTURE: picture.digest, ANCHOR: anchor.digest},
            take=context.take,
            attempt=number,
            deterministic=False,
            price=price,
            account=account,
            sources={"settings": reads, "templates": sources, "needs": context.texts_read()},
        )
        for number in range(votes)
    ]


def call_price(
    paid: bool, price: Mapping[str, float | None] | None, max_tokens: int, picture_tokens: int, prompt_tokens: int = 0
) -> Price:
    """Return what one vote may cost at most: its prompt, two pictures, and the whole allowance of output."""
    return token_price(paid, price, max_tokens, (prompt_tokens or _SYSTEM_TOKENS) + _PICTURES * picture_tokens)


def cannot_see(provider: str) -> SpecError:
    """Return the error for a reader whose provider can't be shown pictures."""
    message = f"found {provider!r}, which can't be shown pictures"
    return SpecError(Problem("", "reader.provider", message, "reader: litellm, or reader: default for no reader"))


def _picture(context: Context, name: str) -> Artifact:
    """Return the picture that is read: the one that the source node ships."""
    outcome, kind = context.needs.get(name), context.kinds.get(name, "")
    main = kind_named(kind).main
    if outcome is None or kind_named(kind).role != "picture" or main not in outcome.outputs:
        path = f"pipeline.steps.{context.node.step}.source"
        hint = "name a step that draws pictures, such as image, and put it into `needs`, too"
        raise SpecError(Problem("", path, f"found {name.partition('/')[0]!r}, which gives no picture", hint))
    return outcome.outputs[main].artifact


def _position(context: Context, source: str) -> str:
    """Return the name by which the wardrobes know a picture: its slot, or the single position of its step."""
    if context.node.slot:
        return dressed_as(context, context.node.slot, source)
    return str(context.settings[f"pipeline.steps.{source}.position"]).rpartition(".")[2]


def _word(dna: Mapping[str, Any], part: str, key: str) -> str:
    section = dna.get(part)
    return str(section.get(key, "")) if isinstance(section, Mapping) else ""


def _answers(context: Context, results: Sequence[Result]) -> tuple[list[Any], list[str]]:
    """Return the answers that can be counted, and of each other vote why it says nothing."""
    usable, wrong = [], []
    for number, result in enumerate(results, 1):
        answer, why = _answer(context, result)
        usable += [] if why else [answer]
        wrong += [f"vote {number}: {why}"] if why else []
    return usable, wrong


def _answer(context: Context, result: Result) -> tuple[Any, str]:
    if result.blocked:
        return None, result.blocked
    if result.value.get("truncated"):
        return None, "the answer was cut off; raise reader.max_tokens"
    artifact = reply_of(result)
    if artifact.media_type != "application/json":
        return None, "no single JSON object was found in the answer"
    answer = context.read_json(artifact.digest)
    faults = section_problems(answer_schema(), answer) or too_long(answer)
    return answer, faults[0] if faults else ""


def _noted(found: Mapping[str, Any]) -> Judgement:
    """Return what the lock, pages and the warehouse have of a reading; it is always taken."""
    attributes = found["attributes"]
    usable = found["votes"] - len(found["unusable"])
    facts: dict[str, Any] = {
        "votes": found["votes"],
        "usable": usable,
        "changed": [name for name, one in attributes.items() if one["compared"] == CHANGED],
        "cannot_see": [name for name, one in attributes.items() if one["compared"] == CANNOT_SEE],
    }
    if not usable:
        facts["reason"] = f"no vote can be used: {found['unusable'][0]}"
    share = found["changed"]
    evaluation = {
        "modality": READING,
        "measured": share is not None,
        "anchor": found["anchor"],
        "reader": {**({} if share is None else {"changed": share}), "attributes": attributes, "votes": found["votes"]},
    }
    return Judgement(Decision.ACCEPT, 0, "accepted" if usable else "flagged", facts, evaluation=evaluation)
