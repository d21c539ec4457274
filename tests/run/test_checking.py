"""The second recogniser: it decides nothing, and flags what it contradicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.testing import ColorAnalyzers, ColorIdentity
from tests.run.conftest import PERSONA, Studio

SCALES = "scales: {colors: {different: 0.2, same: 0.9}, second: {different: 0.2, same: 0.9}}"
CHECKED = PERSONA.replace("identity: {", f"identity: {{check: {{pack: second, {SCALES}}}, ")


class TwoRecognisers(ColorAnalyzers):
    """Colours, and a second opinion that may see another person, or nobody, in pictures with a smile."""

    def __init__(self, second: str = "agrees") -> None:
        super().__init__()
        self.second = second

    def of(self, settings: Settings) -> AnalyzerRef:
        if self.second == "missing":
            return AnalyzerRef(self.identity.as_json(), check_missing="no check pack second in /nowhere")
        return AnalyzerRef(self.identity.as_json(), check=ColorIdentity("second").as_json())

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        return self if identity["pack"] == "colors" else SecondOpinion(self.second)


class SecondOpinion(ColorAnalyzers):
    def __init__(self, kind: str) -> None:
        super().__init__("second")
        self.kind = kind

    def read(self, pixels: Any) -> tuple[Any, ...]:
        if self.kind != "agrees" and int(pixels[0, 0].max()) == 201:  # the mark of a smile
            return () if self.kind == "blind" else super().read(pixels[..., ::-1] * [1, 0, 0])
        return super().read(pixels)


def studio_with(make_studio: Callable[..., Studio], second: str, persona: str = CHECKED) -> Studio:
    studio = make_studio(
        persona, color=lambda request: (201, 120, 90) if "smile" in request.fields["prompt"] else (200, 120, 90)
    )
    studio.analyzers = TwoRecognisers(second)
    return studio


def document(studio: Studio) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((studio.root / "build/ana/persona.json").read_text())
    return found


def test_where_both_agree_nothing_is_flagged(make_studio: Callable[..., Studio]) -> None:
    studio = studio_with(make_studio, "agrees")
    report = studio.build()
    for name in ("image/02", "video/wave"):
        outcome = report.nodes[f"ana/{name}"].outcome
        assert outcome is not None and outcome.status == "accepted"
        assert outcome.facts["check"]["agrees"] is True and outcome.facts["check"]["cosine"] > 0.99
    assert document(studio)["doubted"] == []
    studio.forget()
    assert not studio.plan().has_changes


def test_a_contradiction_ships_flagged_and_is_named(make_studio: Callable[..., Studio]) -> None:
    studio = studio_with(make_studio, "disagrees")
    report = studio.build()
    outcome = report.nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged" and outcome.facts["decision"] == "ACCEPT"
    assert "two recognisers disagree" in outcome.facts["reason"]
    [evaluation] = outcome.evaluations
    assert evaluation["check"]["agrees"] is False and evaluation["check"]["disagreement"] > 0.5
    found = document(studio)
    assert found["status"] == "flagged" and found["doubted"] == ["image/02"]
    assert not studio.plan().has_changes, "a flag is no reason to buy another"


def test_a_face_that_only_one_of_them_sees_is_a_contradiction(make_studio: Callable[..., Studio]) -> None:
    studio = studio_with(make_studio, "blind")
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged"
    assert outcome.facts["check"]["check"] is None and "no face" in outcome.facts["check"]["reason"]


def test_a_missing_second_recogniser_is_said_and_passes_nothing_off(make_studio: Callable[..., Studio]) -> None:
    studio = studio_with(make_studio, "missing")
    assert any("no check pack second" in notice for notice in studio.plan().notices)
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "accepted"
    assert outcome.facts["check"] == {"unmeasured": "no check pack is here"}, "no local path in what is kept"


def test_a_flagged_picture_still_has_to_pass_its_gate(make_studio: Callable[..., Studio]) -> None:
    studio = studio_with(make_studio, "disagrees")
    studio.build()
    studio.edit("personas/ana.yaml", ("identity: {", "identity: {accept_threshold: 1.0, retry_threshold: 0.9, "))
    assert "image/02" in studio.running(), "it is not let through for having been flagged"
