"""Pictures of several faces in a build: which face is judged, what ships flagged, and that an upgrade changes neither
what was accepted nor what anybody pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from personaforge.faces.analyzer import Face
from personaforge.faces.parts import WHERE_NEEDED
from personaforge.identity.policy import Limits, Policy
from personaforge.plan import standing
from personaforge.providers.protocols import Request
from personaforge.steps import measuring
from personaforge.testing import ColorAnalyzers
from tests.run.conftest import PERSONA, SKIN, Studio
from tests.run.test_attempts import BLACK, NEAR, by_attempt

CROWD, ALIKE = (10, 20, 30), (30, 20, 10)
"""Colours of pictures: of a stranger and, smaller, the person; of the person and, smaller, somebody like her."""
BLUE = (0, 0, 255)
IMAGE = ("+image/02",)
OTHERWISE = ("identity.video.frames=9",)
"""What decides nothing here, and has everything judged anew."""
STRICT = PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.9, retry_threshold: 0.8")
ONLY = STRICT.replace("max_attempts: 3", "max_attempts: 3, face: only")


class Crowds(ColorAnalyzers):
    """Sees two faces in the pictures that are coloured for it."""

    def read(self, pixels: Any) -> tuple[Any, ...]:
        color = tuple(int(value) for value in pixels[0, 0, ::-1])
        shown = {CROWD: (BLUE, SKIN), ALIKE: (SKIN, NEAR)}.get(color)
        if shown is None:
            return super().read(pixels)
        found: list[Face] = []
        for at, one in enumerate(shown):
            (face,) = super().read(np.full_like(pixels, one[::-1]))
            found.append(replace(face, box=face.box * np.float32(1 - at / 4)))
        self.measured -= 1  # one reading
        return tuple(found)


def crowded(make_studio: Callable[..., Studio], *colors: tuple[int, int, int], persona: str = STRICT) -> Studio:
    calls: list[Request] = []

    def color(request: Request) -> tuple[int, int, int]:
        """By the calls of one picture: what is told of the last one need not name an attempt."""
        if "smile" not in request.fields["prompt"]:
            return SKIN
        calls.append(request)
        return colors[min(len(calls), len(colors)) - 1]

    studio = make_studio(persona, color=color)
    studio.analyzers = Crowds()
    return studio


def records(studio: Studio, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records" / kind).rglob("*.json")]


def parts(studio: Studio) -> list[str]:
    """Return which parts that only some pictures call for are on record."""
    requests = [one["parts"]["request"] for one in records(studio, "actions") if one["parts"]["kind"] == "measure"]
    return [one["part"] for one in requests if one.get("part") in WHERE_NEEDED]


def smiling(studio: Studio) -> int:
    return sum("smile" in call.fields["prompt"] for call in studio.images.calls)


def test_the_person_beside_a_larger_stranger_is_accepted_and_flagged(make_studio: Callable[..., Studio]) -> None:
    studio = crowded(make_studio, CROWD)
    report = studio.build(*IMAGE)
    outcome = report.nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged" and smiling(studio) == 1
    assert outcome.facts["reason"] == "second_face: another face is larger"
    assert (outcome.facts["decision"], outcome.facts["face"], outcome.facts["cosine"]) == ("ACCEPT", 1, 1.0)
    (kept,) = [one for one in records(studio, "evaluations") if "faces" in one]
    assert [one["chosen"] for one in kept["faces"]] == [False, True] and kept["second_face"]
    assert kept["reason"].endswith(f"; {kept['chosen']}") and "number 2 by size was judged" in kept["chosen"]
    why = set(kept["likeness"]["unmeasured"].values())
    no_file = "no genderage.onnx of InsightFace lies beside the models of the face pack"
    assert why == {"of the picture: another face than the largest was judged", no_file}
    assert parts(studio) == ["people"], "an action for the one picture with several faces, and for no other"
    assert not studio.plan(*IMAGE).has_changes
    before, studio.analyzers = studio.lock.read_bytes(), Crowds()
    studio.forget()
    studio.build(*IMAGE)
    studio.build(*IMAGE, overrides=("identity.accept_threshold=0.89",))
    assert studio.calls() == 0 and studio.analyzers.measured == 0
    assert b'"face":1' in before and b'"status":"flagged"' in before
    (line,) = [one for one in studio.lock.read_text().splitlines() if "image/02" in one]
    assert '"status": "flagged"' in line.replace('":"', '": "'), "judged again, it is flagged again"


def test_all_faces_come_from_the_one_reading(make_studio: Callable[..., Studio]) -> None:
    counts = []
    for name, color in (("crowd", CROWD), ("alone", SKIN)):
        studio = make_studio(STRICT, color=by_attempt(color), name=name)
        studio.analyzers = Crowds()
        studio.build(*IMAGE)
        counts.append(studio.analyzers.measured)
    assert counts[0] == counts[1]


def test_somebody_nearly_as_like_is_flagged(make_studio: Callable[..., Studio]) -> None:
    outcome = crowded(make_studio, ALIKE).build(*IMAGE).nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged"
    assert outcome.facts["second_face"] == "another face is nearly as like (cosine 0.91)"


def test_largest_is_what_was_judged_before(make_studio: Callable[..., Studio]) -> None:
    studio = crowded(make_studio, CROWD, persona=STRICT.replace("max_attempts: 3", "max_attempts: 3, face: largest"))
    outcome = studio.build(*IMAGE).nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "rejected" and "face" not in outcome.facts


def test_only_tries_again(make_studio: Callable[..., Studio]) -> None:
    studio = crowded(make_studio, CROWD, SKIN, persona=ONLY)
    outcome = studio.build(*IMAGE).nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "accepted" and smiling(studio) == 2
    assert outcome.evaluations[0]["unmeasured"]["code"] == "several"


@pytest.fixture
def formerly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Run something as the forge before did it, which read the largest face alone, and looked once."""

    def run(work: Callable[[], Any]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(measuring, "needed_actions", lambda *asked: ())
            patch.setattr(standing, "_packaged_files", lambda: "the forge before")
            work()

    return run


def test_an_upgrade_doubts_nothing_that_was_accepted(
    make_studio: Callable[..., Studio], formerly: Callable[..., None]
) -> None:
    studio = crowded(make_studio, ALIKE)
    formerly(lambda: studio.build(*IMAGE))
    before = studio.lock.read_text()
    assert '"face"' not in before.split("image/02")[1].splitlines()[0] and parts(studio) == []
    studio.forget()
    studio.analyzers = Crowds()
    node = studio.node("image/02", overrides=OTHERWISE)
    assert node.state == "cached" and node.outcome is not None and node.outcome.status == "accepted"
    studio.build(*IMAGE, overrides=OTHERWISE)
    assert studio.calls() == 0 and studio.analyzers.measured == 0 and parts(studio) == []


def test_after_an_upgrade_all_faces_of_what_was_rejected_count_and_nothing_is_bought(
    make_studio: Callable[..., Studio], formerly: Callable[..., None]
) -> None:
    studio = crowded(make_studio, CROWD)
    formerly(lambda: studio.build(*IMAGE))
    assert "image/02" not in studio.lock.read_text()
    studio.forget()
    assert studio.node("image/02", overrides=OTHERWISE).estimate.calls_max == 0
    outcome = studio.build(*IMAGE, overrides=OTHERWISE).nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged" and studio.images.calls == []


def test_an_upgrade_buys_no_attempt_for_what_it_calls_unmeasured(
    make_studio: Callable[..., Studio], formerly: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger was final; a face that is too poor to tell is worth another attempt, but not because of an upgrade."""
    studio = crowded(make_studio, BLUE, SKIN)
    formerly(lambda: studio.build(*IMAGE))
    assert smiling(studio) == 1 and "image/02" not in studio.lock.read_text()
    studio.forget()
    limits = Limits(min_norm=0, min_side=1000, max_yaw=90, max_roll=180, min_sharpness=0, strangers=0.2)
    of = Policy.from_settings
    monkeypatch.setattr(Policy, "from_settings", lambda *asked: replace(of(*asked), limits=limits))
    for frames in (9, 10):  # a first build of the new forge, and a later one: both judge anew
        changed = (f"identity.video.frames={frames}",)
        outcome = studio.node("image/02", overrides=changed).outcome
        assert outcome is not None and outcome.status == "rejected"
        assert outcome.evaluations[0]["unmeasured"]["code"] == "too_small"
        studio.build(*IMAGE, overrides=changed)
        assert studio.images.calls == []
    # What the user writes, or asks for, is a reason to try again.
    again = studio.build(*IMAGE, overrides=("identity.accept_threshold=0.91",)).nodes["ana/image/02"].outcome
    assert again is not None and again.status == "accepted" and smiling(studio) == 1


def test_no_face_upright_is_looked_at_again_and_stays_no_face(make_studio: Callable[..., Studio]) -> None:
    studio = crowded(make_studio, BLACK, SKIN)
    outcome = studio.build(*IMAGE).nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "accepted" and outcome.attempt == 1
    assert parts(studio) == ["upright"] and outcome.evaluations[0]["unmeasured"]["code"] == "no_face"
