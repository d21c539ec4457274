"""Where an age model is here, new pictures are read by it, and none that was accepted before; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from personaforge.identity.age import NO_MODEL, OLDER
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.testing import ColorAnalyzers
from tests.run.conftest import Studio

MODEL = "4" * 64
ADVICE = "looks 9 years, below 18 by more than that error"


class AgeAnalyzers(ColorAnalyzers):
    """One that has an age model, by which everybody looks nine."""

    ages = 0

    def of(self, settings: Settings) -> AnalyzerRef:
        return super().of(settings)._replace(age_model=MODEL)

    def apparent_age(self, pixels: Any, box: Any, model: str) -> float:
        assert model == MODEL
        self.ages += 1
        return 9.0


def records(studio: Studio, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in (studio.root / f".forge/records/{kind}").rglob("*.json")]


def keys(studio: Studio) -> set[str]:
    return {one["key"] for one in records(studio, "actions") if one["parts"]["request"].get("part") != "age"}


ERROR = ("delivered.age.error_years=5",)


def test_a_young_look_is_named_and_changes_no_decision_and_no_other_key(make_studio: Callable[..., Studio]) -> None:
    before, studio = make_studio(), make_studio(name="with")
    studio.analyzers = AgeAnalyzers()
    states = [one.build(overrides=ERROR).nodes for one in (before, studio)]
    decided = [{name: node.outcome and node.outcome.status for name, node in nodes.items()} for nodes in states]
    assert decided[0] == decided[1] and keys(before) == keys(studio)
    ages = [one for one in records(studio, "actions") if one["parts"]["request"].get("part") == "age"]
    assert ages and {one["parts"]["request"]["model"] for one in ages} == {MODEL}
    judged = [one for one in records(studio, "evaluations") if one["modality"] == "face" and "likeness" in one]
    assert judged and {one["likeness"]["apparent_age"] for one in judged} == {9.0}
    told = [demand for one in judged for demand in one["demands"] if demand["name"] == "apparent age"]
    said = {(one["asked"], one["measured"], one["met"], one["action"]) for one in told}
    assert said == {("44 years", ADVICE, False, "advice")}
    bounds = {one["bound"] for one in told}
    assert bounds == {"younger by more than 5 years, the error of the estimate"}
    without = records(before, "evaluations")
    assert not [one for one in without if "apparent_age" in one.get("likeness", {})]
    assert "apparent age" not in {demand["name"] for one in without for demand in one.get("demands", ())}


def test_what_was_accepted_before_there_was_a_model_is_not_read_by_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.build()
    studio.analyzers = AgeAnalyzers()
    bought = studio.calls()
    assert studio.running() == set()
    studio.build()
    assert (studio.calls(), studio.analyzers.ages) == (bought, 0)
    # judged again, because the user's gate changed: it stays as it is, and says why it has no age
    studio.build(overrides=("identity.retry_threshold=0.3",))
    assert (studio.calls(), studio.analyzers.ages) == (bought, 0)
    unmeasured = [one["likeness"]["unmeasured"] for one in records(studio, "evaluations") if "likeness" in one]
    assert {one.get("apparent_age") for one in unmeasured} == {NO_MODEL, OLDER}


def test_a_second_build_reads_no_age_again(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.analyzers = AgeAnalyzers()
    studio.build()
    read = studio.analyzers.ages
    assert read > 0 and studio.running() == set()
    studio.build(overrides=("identity.retry_threshold=0.3",))
    assert studio.analyzers.ages == read
    last = [one for one in records(studio, "evaluations") if "likeness" in one]
    assert {one["likeness"].get("apparent_age") for one in last} == {9.0}
