"""An expression that was asked for and didn't come: on record, and a gate where the user says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from personaforge.errors import PersonaForgeError
from personaforge.measuring.evaluation import evaluate
from personaforge.providers.protocols import Request
from personaforge.steps import expression as steps
from personaforge.testing import ColorAnalyzers, png
from personaforge.testing.media import clip
from tests.faces.test_expression import a_106
from tests.run.conftest import PERSONA, SKIN, Studio
from tests.run.test_delivered import PATCHED

GLAD = (SKIN[0], SKIN[1], SKIN[2] + 9)
"""The colour of a face that smiles, for the analyzer here."""
RETRY = PERSONA + "delivered: {expression: {action: retry}}\n"


class Faces(ColorAnalyzers):
    """106 points, with a mouth that is wide in pictures of the colour GLAD and narrow else."""

    def read(self, pixels: Any) -> tuple[Any, ...]:
        points = a_106()
        blue, _, red = pixels[0, 0]
        glad = bool(blue == GLAD[2] and red == GLAD[0])
        points[[52, 61], 0] = (-5, 5) if glad else (-4, 4)
        points[[54, 60, 57], 1] = points[[66, 62, 70], 1]  # a closed mouth
        points[:, 1] += 20
        # What pose and ratios read besides.
        points[[38, 88, 72, 86, 80, 0]] = [(-5, 20), (5, 20), (0, 20), (0, 26), (0, 28), (0, 36)]
        found = super().read(pixels)
        return tuple(replace(face, landmarks106=points.astype(np.float32)) for face in found)


def studio_of(make_studio: Callable[..., Studio], smiles: Callable[[Request, int], bool], **options: Any) -> Studio:
    seen: list[Request] = []

    def color(request: Request) -> tuple[int, int, int]:
        if "smile" not in request.fields["prompt"]:
            return SKIN
        seen.append(request)
        return GLAD if smiles(request, len(seen)) else SKIN

    studio = make_studio(files=PATCHED, color=color, **options)
    studio.analyzers = Faces()
    return studio


def parts(studio: Studio) -> list[str]:
    """The parts that were measured by actions of their own, on record."""
    records = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/actions").rglob("*.json")]
    return sorted(one["parts"]["request"].get("part", "") for one in records if one["parts"]["kind"] == "measure")


def demands(outcome: Any) -> dict[str, bool | None]:
    return {one["name"]: one["met"] for one in outcome.evaluations[-1]["demands"]}


def test_a_smile_that_didnt_come_is_advice_and_on_record(make_studio: Callable[..., Studio]) -> None:
    studio = studio_of(make_studio, lambda request, number: False)
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and (outcome.status, outcome.attempt) == ("accepted", 0)
    assert demands(outcome)["smile"] is False
    assert outcome.evaluations[-1]["delivered"]["mouth_width"] == 0.8
    assert "undelivered" not in outcome.facts, "advice is in no lock"
    assert not studio.plan().has_changes


def test_as_a_gate_it_makes_another_attempt_that_is_told_what_was_wrong(make_studio: Callable[..., Studio]) -> None:
    studio = studio_of(make_studio, lambda request, number: number > 1, persona=RETRY)
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and (outcome.status, outcome.attempt) == ("accepted", 1)
    prompts = [call.fields["prompt"] for call in studio.images.calls if "smile" in call.fields["prompt"]]
    assert "The face didn't smile; it must smile." in prompts[1] and "SAME FACE" not in prompts[1]
    assert demands(outcome)["smile"] is True


def test_five_points_show_none_and_no_action_is_made_for_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(files=PATCHED)
    outcome = studio.build().nodes["ana/image/02"].outcome
    (one,) = [one for one in outcome.evaluations[-1]["demands"] if one["name"] == "smile"]  # type: ignore[union-attr]
    assert one["met"] is None and one["unmeasured"] == "five points don't show an expression"
    assert "expression" not in parts(studio) and "appearance" in parts(studio)


def test_what_an_earlier_forge_accepted_is_not_measured_again(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the user makes the expression a gate: it isn't known, so it turns nothing away."""
    studio = studio_of(make_studio, lambda request, number: False)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "wanted_of", lambda expression, bounds: {})
        studio.build()
    known, calls = parts(studio), studio.calls()
    assert "expression" not in known
    measured = studio.analyzers.measured
    studio.edit("personas/ana.yaml", (PERSONA, RETRY))
    assert studio.states()["image/02"] == "cached" and not studio.plan().has_changes
    studio.build()
    assert (studio.calls(), studio.analyzers.measured, parts(studio)) == (calls, measured, known)
    assert studio.states(force=("image/02",))["image/02"] == "run", "what is made anew is a new picture"


def evaluated(studio: Studio, *files: str, **asked: Any) -> dict[str, Any]:
    with studio.open() as space:
        found = evaluate(space, files, persona="ana", **asked)
    return {Path(one.path).name: one for one in found.pictures}


def test_eval_compares_built_pictures_with_their_positions(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = studio_of(make_studio, lambda request, number: False)
    studio.build()
    monkeypatch.chdir(studio.root)
    measured = studio.analyzers.measured
    found = evaluated(studio)
    smiling = next(one for name, one in found.items() if name.startswith("02"))
    met = {one.name: one.met for one in smiling.delivered.demands}
    assert met == {"size": True, "aspect": True, "people": True, "turn": True, "tilt": True, "smile": False}
    assert smiling.remarks[-1] == "smile: no smile, mouth width 0.80, and a smile was asked for"
    assert smiling.judged.decision == "ACCEPT", "it decides nothing here"
    assert smiling.as_json()["delivered"]["mouth_width"] == 0.8
    assert studio.analyzers.measured == measured, "the build has measured all of it"


def test_eval_compares_any_picture_with_what_the_caller_says(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = studio_of(make_studio, lambda request, number: False)
    studio.build()
    monkeypatch.chdir(studio.root)
    (studio.root / "glad.png").write_bytes(png(GLAD, width=16, height=24))
    found = evaluated(studio, "glad.png", size=(64, 64), expression="Smile", record=True)["glad.png"]
    assert {one.name: one.met for one in found.delivered.demands} == {"size": False, "aspect": False, "smile": True}
    studio.analyzers, points = ColorAnalyzers("five"), studio.analyzers
    with studio.open() as space:
        five = evaluate(space, ("glad.png",), anchor="glad.png", identity="insightface", expression="smile")
    assert five.untold == ("Not measured in 1 of 1: smile (five points don't show an expression)",)
    studio.analyzers = points
    assert evaluated(studio, "glad.png")["glad.png"].delivered.demands == (), "nobody says what was asked of it"
    records = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/evaluations").rglob("*.json")]
    (kept,) = [one for one in records if one["slot"] == "glad.png"]
    assert kept["delivered"] == {"scale": 0.306186, "aspect_error": 0.5, **found.delivered.numbers}
    assert [one["name"] for one in kept["demands"]] == ["size", "aspect", "smile"]
    with pytest.raises(PersonaForgeError, match="'grin' is no expression that asks for anything, expected one of: con"):
        evaluated(studio, "glad.png", expression="grin")
    with pytest.raises(PersonaForgeError) as several:
        evaluated(studio, "glad.png", expression="Smile, eyes closed")
    assert several.value.hint.startswith("one at a time: --expression 'smile'")
    with pytest.raises(PersonaForgeError, match="is 0x64, expected sides of 1 to 65536 pixels"):
        evaluated(studio, "glad.png", size=(0, 64))


def test_that_clips_are_not_compared_with_an_expression_is_said(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = studio_of(make_studio, lambda request, number: False)
    studio.build()
    monkeypatch.chdir(studio.root)
    (studio.root / "glad.png").write_bytes(png(GLAD, width=16, height=24))
    (studio.root / "glad.webm").write_bytes(clip(GLAD))
    with studio.open() as space:
        found = evaluate(space, ("glad.png", "glad.webm"), anchor="glad.png", expression="smile")
        without = evaluate(space, ("glad.webm",), anchor="glad.png")
    assert found.untold[0] == "Not compared in 1 of 2: the expression (only pictures are)"
    assert not any("Not compared" in text for text in without.untold)


def test_the_expression_is_the_judged_faces_own() -> None:
    """By size from the largest, as `people` has them; a record that is damaged or older tells of none."""
    glad, sad = ({"eyes": 0.3, "mouth": 0.0, "smile": width, "brows": 0.2} for width in (1.0, 0.8))
    value = {"expressions": [sad, None, glad]}
    assert steps.seen_in(value, None).numbers == steps.seen_in(value, 0).numbers == sad
    assert steps.seen_in(value, 2).numbers == glad
    for wrong, face in ((value, 1), (value, 3), ({}, 0), ({"expressions": [{"eyes": "wide"}]}, 0)):
        found = steps.seen_in(wrong, face)
        assert found.numbers is None and found.why


def test_a_face_that_was_read_in_the_turned_picture_has_none() -> None:
    photographs = {"backend": "insightface", "pack": "buffalo_s_dev"}
    measured = {"status": "measured", "ratio_set": "106"}
    assert steps.untold(photographs, measured) is None
    assert "turned picture" in (steps.untold(photographs, {**measured, "turned_by": 90}) or "")
    assert "five points" in (steps.untold(photographs, {**measured, "ratio_set": "5"}) or "")
    assert "drawings hardly follow" in (steps.untold({"backend": "insightface", "pack": "embedded"}, measured) or "")
