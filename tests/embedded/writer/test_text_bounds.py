"""The chain of constraints: deeper layers bound later ones."""

from __future__ import annotations

from itertools import product

import pytest

from personaforge.embedded.writer.bounds import bounds, limits, ordinal, readings, soften_from, violations
from personaforge.embedded.writer.reading import DRIVES
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, has

from .text_cases import BRIEFS, draft, many_briefs, persona

SOUL = dict.fromkeys(DRIVES, 0.5)


def soul(**drives: float) -> dict[str, dict[str, dict[str, float]]]:
    return {"soul": {"drives": {**SOUL, **drives}}}


@pytest.mark.parametrize("recognition", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_who_wants_to_be_ordinary_is_not_the_loudest_in_the_room(recognition: float) -> None:
    brief = "outgoing, bubbly, extroverted, charismatic comedian"  # the brief pulls the other way
    for seed in range(40):
        scores = draft("self", brief, soul(recognition=recognition), seed)
        assert scores["big_five"]["extraversion"] <= 0.45 + 0.5 * recognition + 1e-9
        assert scores["hexaco"]["extraversion"] <= 0.5 + 0.5 * recognition + 1e-9


def test_who_wants_to_be_seen_is_not_withdrawn() -> None:
    for seed in range(40):
        assert draft("self", "shy introvert", soul(recognition=1.0), seed)["big_five"]["extraversion"] >= 0.3


def test_belonging_and_mastery_leave_their_mark() -> None:
    for seed in range(20):
        drafted = draft("self", "blunt and messy", soul(belonging=0.95, mastery=0.95), seed)["big_five"]
        assert drafted["agreeableness"] >= 0.42
        assert drafted["conscientiousness"] >= 0.44


@pytest.mark.parametrize("brief", [*BRIEFS, *many_briefs(60)])
def test_nothing_that_is_drafted_is_out_of_bounds(brief: str) -> None:
    document = persona(brief, seed=21, order=("intent", "soul", "self", "mask"))
    assert violations(document) == []


def test_bounds_never_exclude_each_other() -> None:
    """Bounds are linear, so it is enough to look at the corners of what is known."""
    tones = ("warmth", "formality", "energy", "edge")
    targets = {bound.target for bound in bounds()}
    for corner in product((0.0, 1.0), repeat=len(tones)):
        for drives in product((0.0, 1.0), repeat=len(DRIVES)):
            document = {
                "intent": {"tone": dict(zip(tones, corner, strict=True))},
                "soul": {"drives": dict(zip(DRIVES, drives, strict=True))},
            }
            for target in targets:
                own = [bound for bound in bounds() if bound.target == target]
                lows = [
                    limit for bound in own if bound.side == "least" and (limit := bound.limit(document)) is not None
                ]
                highs = [
                    limit for bound in own if bound.side == "most" and (limit := bound.limit(document)) is not None
                ]
                assert max(lows, default=0.0) <= min(highs, default=1.0) + 1e-9, (target, document)


def test_a_bound_waits_for_what_it_reads() -> None:
    assert limits({}, "self.big_five.extraversion") == (0.0, 1.0)
    assert limits(soul(recognition=0.2), "self.big_five.extraversion")[1] == pytest.approx(0.55)


def test_ordinals_stay_within_bounds() -> None:
    assert ordinal({"intent": {"tone": {"formality": 0.95}}}, "mask.register", 0.0) == "professional"
    assert ordinal({"intent": {"tone": {"formality": 0.05}}}, "mask.register", 1.0) == "casual"


def hedged(phrases: list[str]) -> float:
    hedges = table("mask")["hedges"]
    return sum(has(hedges, fold(phrase)) or phrase.endswith("?") for phrase in phrases) / len(phrases)


def test_who_seeks_approval_hedges_and_who_does_not_states() -> None:
    giving = {
        **soul(belonging=0.95, autonomy=0.1),
        "self": {"big_five": {"agreeableness": 0.9, "neuroticism": 0.6, "extraversion": 0.4}},
    }
    firm = {
        **soul(belonging=0.1, autonomy=0.95),
        "self": {"big_five": {"agreeableness": 0.2, "neuroticism": 0.3, "extraversion": 0.6}},
    }
    assert readings(giving, {})["softening"] > soften_from() > readings(firm, {})["softening"]
    for seed in range(25):
        soft, hard = draft("mask", "", giving, seed), draft("mask", "", firm, seed)
        assert hedged(soft["signature_phrases"]) >= 0.5
        assert set(soft["tone"]) & set(table("mask")["soft_tones"])
        assert hedged(hard["signature_phrases"]) <= 0.34


def test_a_formal_brief_gets_a_formal_voice() -> None:
    for seed in range(15):
        mask = persona("formal corporate executive, refined and polished", seed, ("intent", "soul", "self", "mask"))[
            "mask"
        ]
        assert mask["register"] in ("professional", "formal")
        if mask["register"] == "formal":
            assert mask["writing_style"]["emoji"] in ("never", "rare")
            assert not any("n't" in phrase or "'m " in phrase for phrase in mask["signature_phrases"])


def test_constraints_of_the_brief_reach_the_lifestyle() -> None:
    for seed in range(12):
        for order in (("intent", "surface", "self", "lifestyle"), ("surface", "self", "lifestyle")):
            found = persona("outgoing food lover, no alcohol, no nightlife, vegan", seed, order)["lifestyle"]
            words = fold(str(found))
            assert not has(["wine*", "beer", "pub", "cheese", "barbecue", "fish", "open-mic"], words), words


def test_no_emoji_means_never() -> None:
    for seed in range(8):
        assert draft("mask", "bubbly vlogger, never uses emoji", seed=seed)["writing_style"]["emoji"] == "never"
