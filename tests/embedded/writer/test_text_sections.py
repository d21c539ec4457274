"""Every section is drafted, valid, repeatable and somebody else's for another brief or seed."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from personaforge.digest import canonical
from personaforge.errors import BackendError, Refused
from personaforge.providers.embedded_text import EmbeddedText
from personaforge.providers.protocols import Job, Reply, Request

from .text_cases import BRIEFS, FIVE_STAGE, FOUR_LAYER, ROOT, draft, many_briefs, persona, request, schema


@pytest.mark.parametrize("order", [FOUR_LAYER, FIVE_STAGE], ids=["four_layer", "five_stage"])
@pytest.mark.parametrize("brief", BRIEFS)
def test_every_section_validates_in_both_orders(brief: str, order: tuple[str, ...]) -> None:
    for seed in (0, 7, 2**31 - 1):
        for name, section in persona(brief, seed, order).items():
            Draft202012Validator(schema(name)).validate(section)


def test_a_section_copes_with_any_earlier_sections() -> None:
    rng = random.Random(3)
    whole = persona("warm Kenyan nurse who loves jazz", seed=5)
    for number in range(60):
        name = FOUR_LAYER[number % len(FOUR_LAYER)]
        others = {other: whole[other] for other in FOUR_LAYER if other != name and rng.random() < 0.5}
        Draft202012Validator(schema(name)).validate(draft(name, "warm Kenyan nurse", others, seed=number))


def test_a_reply_is_canonical_json_free_and_labelled() -> None:
    reply = EmbeddedText().submit(request("soul", "shy"))
    assert isinstance(reply, Reply)
    assert canonical(json.loads(reply.text)).decode() == reply.text
    assert reply.cost_usd == 0.0
    assert reply.details == {"label": "embedded"}
    assert reply.blob is None


def test_the_same_request_gives_the_same_reply_in_any_process() -> None:
    here = [json.dumps(persona(brief, seed=11), sort_keys=True) for brief in BRIEFS[:4]]
    code = (
        "import json, sys; sys.path[:0] = sys.argv[1:]\n"
        "from text_cases import BRIEFS, persona\n"
        "print(json.dumps([json.dumps(persona(brief, seed=11), sort_keys=True) for brief in BRIEFS[:4]]))"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(ROOT / "tests" / "embedded" / "writer")]
    there = subprocess.run(command, env={"PYTHONHASHSEED": "42"}, capture_output=True, text=True, check=True)
    assert json.loads(there.stdout) == here


def test_the_callers_random_state_is_left_alone() -> None:
    random.seed(1)
    before = random.getstate()
    persona("witty chef", seed=2)
    assert random.getstate() == before


def test_another_seed_is_another_person() -> None:
    people = {json.dumps(persona("calm Swedish novelist", seed)["surface"], sort_keys=True) for seed in range(12)}
    assert len(people) == 12


def test_300_briefs_are_300_people() -> None:
    found = set()
    for brief in many_briefs(300):
        sections = persona(brief, seed=1, order=("intent", "surface", "dna"))
        found.add(
            (
                sections["surface"]["name"],
                sections["surface"]["occupation"],
                json.dumps(sections["dna"], sort_keys=True),
            )
        )
    assert len(many_briefs(300)) == len(set(many_briefs(300))) == 300
    assert len(found) == 300


def test_souls_differ_too() -> None:
    souls = [persona(brief, seed=1, order=("intent", "soul"))["soul"] for brief in many_briefs(100)]
    assert len({json.dumps(soul, sort_keys=True) for soul in souls}) == 100
    assert len({(soul["desire"], soul["wound"]) for soul in souls}) >= 95


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(Refused, match="draw"):
        EmbeddedText().submit(Request("draw", "embedded", {}))
    with pytest.raises(Refused, match="section"):
        EmbeddedText().submit(Request("complete", "embedded", {"context": {}}))
    with pytest.raises(BackendError, match="at once"):
        EmbeddedText().poll(Job("job-1"))


def test_a_bare_context_is_enough() -> None:
    reply = EmbeddedText().submit(
        Request("complete", "embedded", {"section": "soul", "context": {}, "schema": schema("soul")})
    )
    assert isinstance(reply, Reply)
    Draft202012Validator(schema("soul")).validate(json.loads(reply.text))


def test_fashion_contexts_that_the_project_adds_are_scored_by_their_words() -> None:
    contexts = {
        "rainwear": {"style": "technical sport layers for running in the rain"},
        "opera": {"style": "elegant formal suits"},
    }
    wanted = {
        **schema("lifestyle"),
        "properties": {
            **schema("lifestyle")["properties"],
            "fashion_sense": {
                "type": "object",
                "additionalProperties": False,
                "required": list(contexts),
                "properties": {name: {"type": "number", "minimum": 0, "maximum": 1} for name in contexts},
            },
        },
    }
    context = {"brief": "energetic marathon runner and personal trainer", "fashion": {"contexts": contexts}}
    fields = {"section": "lifestyle", "context": context, "schema": wanted, "seed": 4}
    reply = EmbeddedText().submit(Request("complete", "embedded", fields))
    assert isinstance(reply, Reply)
    sense = json.loads(reply.text)["fashion_sense"]
    assert sense.keys() == contexts.keys()
    assert sense["rainwear"] > sense["opera"]
