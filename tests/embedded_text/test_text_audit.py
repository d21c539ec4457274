"""The second reading reacts to what is wrong, passes what is sound, and its findings can be acted on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from personaforge.providers.embedded.text_bounds import violations

from .text_cases import BRIEFS, FOUR_LAYER, average, draft, many_briefs, persona, schema

THRESHOLD = 3.5
SOUND = ("shy Colombian ceramicist", "warm French chef", "witty Kenyan lawyer in her 40s", "calm Swedish novelist")


def judged(document: dict[str, Any], brief: str = "") -> dict[str, Any]:
    verdict: dict[str, Any] = draft("audit", brief, {name: part for name, part in document.items() if name != "audit"})
    Draft202012Validator(schema("audit")).validate(verdict)
    return verdict


@pytest.mark.parametrize("brief", [*BRIEFS, *many_briefs(110)])
def test_a_drafted_persona_passes(brief: str) -> None:
    verdict = persona(brief, seed=31)["audit"]
    assert average(verdict) >= 4.0, verdict
    assert all(score < 5 for score in verdict["scores"].values())


def loud(document: dict[str, Any]) -> None:
    document["soul"]["drives"]["recognition"] = 0.1
    document["soul"]["desire"] = "To be seen as ordinary by everyone who knew the family."
    document["self"]["big_five"]["extraversion"] = 0.95


def misplaced(document: dict[str, Any]) -> None:
    document["surface"] |= {"name": "Haruto Tanaka", "languages": ["Japanese"]}
    document["surface"]["location"] = {"city": "Stockholm", "country": "Brazil"}
    document["dna"]["voice"]["accent"] = "Bavarian German"


def thin(document: dict[str, Any]) -> None:
    document["soul"] |= dict.fromkeys(("desire", "fear", "wound", "growth_arc"), "Live life to the fullest.")
    document["mask"]["signature_phrases"] = ["Good vibes only!"] * 4
    document["lifestyle"]["daily_rhythm"] = "Works hard."


def extreme(document: dict[str, Any]) -> None:
    document["self"]["big_five"] = dict.fromkeys(document["self"]["big_five"], 1.0)
    document["self"]["hexaco"] = dict.fromkeys(document["self"]["hexaco"], 0.0)


def two_voices(document: dict[str, Any]) -> None:
    document["intent"]["tone"]["formality"] = 0.95
    document["mask"]["register"] = "intimate"
    document["mask"]["writing_style"]["emoji"] = "many"


def forbidden(document: dict[str, Any]) -> None:
    document["intent"]["constraints"] = ["no alcohol"]
    document["lifestyle"]["interests"]["culinary"] = ["tasting natural wines", "craft beer evenings"]
    document["lifestyle"]["interests"]["social"] = ["wine bars on Fridays", "cocktail parties"]


def too_young(document: dict[str, Any]) -> None:
    document["surface"] |= {"age": 19, "occupation": "retired teacher"}


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str, str]] = {
    "a soul that wants to be ordinary with a loud self": (loud, "coherence", "self"),
    "a name, a city and an accent from elsewhere": (misplaced, "cultural_fidelity", "surface"),
    "worn and thin texts": (thin, "depth", "soul"),
    "all scores at the ends": (extreme, "realism", "self"),
    "a formal brief with an intimate voice": (two_voices, "coherence", "mask"),
    "what the brief rules out": (forbidden, "coherence", "lifestyle"),
    "retired at nineteen": (too_young, "realism", "surface"),
}


@pytest.mark.parametrize("brief", SOUND)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_document_fails_and_says_where(broken: str, brief: str) -> None:
    change, score, section = BROKEN[broken]
    document = copy.deepcopy(persona(brief, seed=7))
    before = document["audit"]
    change(document)
    after = judged(document)
    assert average(after) < THRESHOLD < average(before), after
    assert after["scores"][score] <= before["scores"][score] - 1.5
    assert section in {finding["section"] for finding in after["findings"]}


def test_a_small_slip_is_a_finding_and_no_failure() -> None:
    document = copy.deepcopy(persona("calm Swedish novelist", seed=7))
    document["lifestyle"]["interests"]["social"][0] = document["lifestyle"]["interests"]["creative"][0]
    verdict = judged(document)
    assert average(verdict) > THRESHOLD
    assert any("twice" in finding["problem"] for finding in verdict["findings"])


def test_the_brief_is_part_of_the_reading() -> None:
    document = persona("Colombian woman, nurse", seed=3)
    assert average(judged(document, "Colombian woman, nurse")) > 4
    verdict = judged(document, "Japanese man, 70 years old, DJ")
    assert average(verdict) < THRESHOLD
    assert {finding["section"] for finding in verdict["findings"]} == {"surface"}


def test_a_brief_may_ask_for_the_unusual() -> None:
    for seed in range(5):
        assert average(persona("ambitious Colombian student, 54 years old", seed)["audit"]) > 4


def test_nothing_or_nonsense_gets_no_good_score() -> None:
    for document in (
        {},
        {"surface": {}},
        {"soul": {"desire": 3}, "mask": []},
        {"self": None, "surface": "x", "dna": 1},
    ):
        assert average(judged(document)) < THRESHOLD


def test_what_a_pipeline_does_not_have_is_not_held_against_it() -> None:
    document = persona("warm French chef", seed=2, order=("surface", "self", "lifestyle", "dna"))
    verdict = judged(document, "warm French chef")
    assert average(verdict) > THRESHOLD
    assert verdict["scores"]["voice_distinctiveness"] < 4.2  # nobody has heard the voice


def test_findings_change_the_draft_they_name_and_no_other() -> None:
    document = persona("warm Kenyan nurse", seed=6)
    worn = document["mask"]["signature_phrases"][0]
    findings = [{"section": "mask", "problem": f"The phrase “{worn}” is anybody's.", "advice": "Write another."}]
    earlier = {name: document[name] for name in FOUR_LAYER[:3]}
    again = draft("mask", "warm Kenyan nurse", earlier, 6, findings=findings)
    assert again != document["mask"]
    assert worn not in again["signature_phrases"]
    soul = draft("soul", "warm Kenyan nurse", {"intent": document["intent"]}, 6, findings=findings)
    assert soul == document["soul"]


@pytest.mark.parametrize("section", FOUR_LAYER[:-1])
def test_a_finding_about_everything_changes_every_section(section: str) -> None:
    earlier = {
        name: part
        for name, part in persona("witty Indian lawyer", seed=4).items()
        if FOUR_LAYER.index(name) < FOUR_LAYER.index(section)
    }
    findings = [{"section": "overall", "problem": "The person is too smooth.", "advice": "Be more particular."}]
    first = draft(section, "witty Indian lawyer", earlier, 4)
    assert draft(section, "witty Indian lawyer", earlier, 4, findings=findings) != first
    other = [{**findings[0], "problem": "The person is still too smooth."}]
    assert draft(section, "witty Indian lawyer", earlier, 4, findings=other) != draft(
        section, "witty Indian lawyer", earlier, 4, findings=findings
    )


def test_quoted_names_cities_and_jobs_are_not_used_again() -> None:
    for seed in range(10):
        first = draft("surface", "Italian", seed=seed)
        quotes = (first["name"], first["location"]["city"], first["occupation"])
        findings = [
            {"section": "surface", "problem": f"“{quote}” doesn't fit.", "advice": "Choose another."}
            for quote in quotes
        ]
        again = draft("surface", "Italian", seed=seed, findings=findings)
        assert not {again["name"], again["location"]["city"], again["occupation"]} & set(quotes)


def test_numbers_in_the_advice_are_kept_to() -> None:
    advice = "Let soul.drives.recognition be at least 0.80. Let soul.drives.security be at most 0.30."
    findings = [{"section": "soul", "problem": "The drives don't fit.", "advice": advice}]
    for seed in range(10):
        drives = draft("soul", "", seed=seed, findings=findings)["drives"]
        assert drives["recognition"] >= 0.8
        assert drives["security"] <= 0.3
    findings = [
        {"section": "surface", "problem": "Too old.", "advice": "Let surface.age be at least 30 and at most 33."}
    ]
    assert {30, 31, 32, 33} >= {draft("surface", "", seed=seed, findings=findings)["age"] for seed in range(20)}


@pytest.mark.parametrize("broken", BROKEN)
def test_redrafting_by_the_findings_mends_the_document(broken: str) -> None:
    """The loop that a pipeline runs: judge, draft again with the findings, judge again."""
    brief = "shy Colombian ceramicist"
    document = copy.deepcopy(persona(brief, seed=7))
    BROKEN[broken][0](document)
    findings = judged(document, brief)["findings"]
    again: dict[str, Any] = {}
    for name in FOUR_LAYER[:-1]:
        again[name] = draft(name, brief, again, 7, findings=findings)
    assert average(judged(again, brief)) > 4


def test_a_pinned_contradiction_is_met_from_the_other_side() -> None:
    """Who pins a loud self gets a soul that wants to be seen, once the auditor has said so."""
    pins = {"self": {"big_five": {"extraversion": 0.93}}}
    brief = "humble, ordinary gardener"
    document = persona(brief, seed=2, pins=pins)
    assert any(violation.bound.target == "self.big_five.extraversion" for violation in violations(document))
    again: dict[str, Any] = {}
    for name in FOUR_LAYER[:-1]:
        again[name] = draft(name, brief, again, 2, pinned=pins.get(name), findings=document["audit"]["findings"])
    assert again["self"]["big_five"]["extraversion"] == 0.93
    assert not violations(again)
