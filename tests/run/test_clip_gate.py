"""What decides about a clip: its mean and its worst stretch, or by the published policies its mean alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson
import pytest

from personaforge.errors import SpecError
from personaforge.faces.parts import VERSIONS
from personaforge.identity import policy
from personaforge.identity.policy import Gate
from personaforge.media.webm import encode_webm
from personaforge.plan import standing
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.steps.context import AnalyzerRef
from personaforge.testing import ColorAnalyzers
from personaforge.warehouse.projection import opened
from tests.run.conftest import SKIN, Studio
from tests.run.test_pins import pins

GATE = "+identity.video.gate=worst_stretch"
PUBLISHED = "identity.policy=composite"
BLUE = (0, 0, 255)
"""Its cosine to SKIN is 0.36, under the bound of 0.39."""


def film(*colors: tuple[int, int, int]) -> Callable[[Request], Reply]:
    """Return an answer: a second of each colour (RGB), 8 frames a second."""
    frames = [np.full((64, 64, 3), color[::-1], dtype=np.uint8) for color in colors for _ in range(8)]
    data = encode_webm(frames, 64, 64, 8)
    return lambda request: Reply(blob=Blob(data, "video/webm"))


def judgements(studio: Studio) -> Iterator[dict[str, Any]]:
    for path in (studio.root / ".forge/records/evaluations").rglob("*.json"):
        record = orjson.loads(path.read_bytes())
        if record["modality"] == "video":
            yield record


@pytest.mark.parametrize("by_mean", [PUBLISHED, "+identity.video.gate=mean"])
def test_by_the_mean_a_stretch_of_another_person_is_recorded_and_decides_nothing(studio: Studio, by_mean: str) -> None:
    studio.clips.answer = film(SKIN, BLUE, SKIN)
    node = studio.build("+video", overrides=(by_mean,)).nodes["ana/video/wave"]
    assert node.outcome.status == "accepted" and pins(studio)["video/wave"]["under"]["gate"] == "mean"  # type: ignore[index]
    (record,) = judgements(studio)
    time = record["clip"]["over_time"]
    assert (record["decision"], time["gate"]) == ("ACCEPT", "mean")
    assert [(one["kind"], one["start"], one["end"]) for one in time["stretches"]] == [
        ("person", 0.0, 1.0), ("other", 1.0, 2.0), ("person", 2.0, 3.0),
    ]  # fmt: skip
    assert time["worst"] == time["stretches"][1] and time["switches"] == 2
    with studio.open() as space, opened(space.store) as connection:
        rows = connection.execute("select coverage, switches from evaluations where modality = 'video'").fetchall()
    assert rows == [(pytest.approx(2 / 3, abs=1e-5), 2.0)]


@pytest.mark.parametrize("overrides", [(), (GATE,), (PUBLISHED, GATE)])
def test_where_the_worst_stretch_is_the_gate_it_decides(studio: Studio, overrides: tuple[str, ...]) -> None:
    studio.clips.answer = film(SKIN, BLUE, SKIN)
    node = studio.build("+video", overrides=overrides).nodes["ana/video/wave"]
    assert node.outcome.status == "rejected" and len(studio.clips.calls) == 3
    assert "another person from 1 to 2 s, cosine 0.36" in node.outcome.facts["reason"]
    assert {record["decision"] for record in judgements(studio)} == {"RETRY"}


def test_a_stricter_gate_judges_what_was_made_and_measures_nothing_again(studio: Studio) -> None:
    studio.clips.answer = film(SKIN, SKIN)
    studio.build("+video")
    studio.forget()
    assert isinstance(studio.analyzers, ColorAnalyzers)
    measured = studio.analyzers.measured
    node = studio.node("video/wave", overrides=(GATE,))
    studio.build("+video", overrides=(GATE,))
    shown = node.outcome.facts["shown"]
    assert shown["worst"]["kind"] == "person" and shown["coverage"] == 1.0
    assert studio.calls() == 0 and studio.analyzers.measured == measured


def test_what_the_worst_stretch_let_pass_stays_where_nothing_can_measure(studio: Studio) -> None:
    class Blind(ColorAnalyzers):
        def of(self, settings: Any) -> AnalyzerRef:
            return AnalyzerRef(None, "there is no pack", "get one")

    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 3, video: {gate: worst_stretch}"))
    studio.clips.answer = film(SKIN, SKIN)
    first = studio.build("+video").nodes["ana/video/wave"].outcome
    studio.analyzers = Blind()
    studio.forget()
    again = studio.node("video/wave").outcome
    assert (again.status, again.outputs) == (first.status, first.outputs) == ("accepted", first.outputs)
    studio.build("+video")
    assert studio.calls() == 0


def test_the_gate_is_no_part_of_how_a_clip_is_measured(studio: Studio) -> None:
    """The settings of the other test's project have none, and give the same keys."""
    studio.build("+video", overrides=(GATE, "+identity.video.min_coverage=0.8"))
    records = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/actions").rglob("*.json")]
    requests = [one["parts"] for one in records if one["parts"]["kind"] == "measure_clip"]
    assert sorted((sorted(one["request"]), one["provider"]) for one in requests) == [
        (["analyzer", "frames", "sampling"], "scripted@2"),
        (["analyzer", "part"], f"scripted@{VERSIONS['stretches']}"),
    ]


def test_a_clip_that_is_black_for_most_of_its_time_is_not_accepted(studio: Studio) -> None:
    studio.clips.answer = film(SKIN, *[(0, 0, 0)] * 4)
    node = studio.build("+video").nodes["ana/video/wave"]
    assert node.outcome.status == "rejected" and "black from 1 to 5 s" in node.outcome.facts["reason"]


@pytest.fixture
def before(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A project of the forge before, whose default was the mean: its clip is another person for a second, was never
    looked through, and its line doesn't name the gate."""
    with monkeypatch.context() as patch:
        patch.setattr(policy, "gate_of", lambda identity: Gate.MEAN)
        patch.setattr(standing, "_packaged_files", lambda: "before")
        studio.clips.answer = film(SKIN, BLUE, SKIN)
        studio.build()
    assert studio.lock.read_text().count(',"gate":"mean"') == 1
    studio.lock.write_text(studio.lock.read_text().replace(',"gate":"mean"', ""))
    for path in (studio.root / ".forge/records/actions").rglob("*.json"):
        if orjson.loads(path.read_bytes())["parts"]["request"].get("part") == "stretches":
            path.unlink()
    for path in (studio.root / ".forge").glob("index.db*"):
        path.unlink()
    studio.forget()
    return studio


def test_what_the_mean_accepted_before_the_stretch_was_forges_default_stays(before: Studio) -> None:
    """Nobody pays: neither after the upgrade alone, nor where another gate is edited."""
    line = pins(before)["video/wave"]
    reasons = [one.text for one in before.node("video/wave", overrides=("identity.accept_threshold=0.56",)).reasons]
    assert not any("worst_stretch" in one for one in reasons), reasons
    for overrides in ((), ("identity.accept_threshold=0.56",)):
        assert before.plan(overrides=overrides).estimate.calls_max == 0, overrides
        assert not before.build(overrides=overrides).failed and before.calls() == 0
        now = pins(before)["video/wave"]
        assert now["outputs"] == line["outputs"] and "gate" not in now["under"]  # type: ignore[operator]
        assert "shown" not in now["facts"], "it is not looked through for the default's sake"  # type: ignore[operator]
    assert not before.plan(overrides=overrides).has_changes


def test_a_further_take_and_the_users_own_gate_are_by_the_stretch(before: Studio) -> None:
    (said,) = [one for one in before.plan(force=("video/wave",)).notices if "worst stretch" in one]
    assert said.startswith("1 clip of ana was accepted by the mean") and said.endswith("(identity.video.gate)")
    assert not [one for one in before.plan().notices if "worst stretch" in one], "nothing is made"
    forced = before.build(force=("video/wave",)).nodes["ana/video/wave"]
    assert forced.outcome.status == "rejected" and len(before.clips.calls) == 3
    assert "another person from 1 to 2 s" in forced.outcome.facts["reason"]
    before.forget()
    asked = before.build(overrides=(GATE,)).nodes["ana/video/wave"]
    assert asked.outcome.status == "rejected" and before.calls() > 0


def test_a_coverage_that_no_gate_asks_for_is_refused(studio: Studio) -> None:
    for by_mean in (PUBLISHED, "+identity.video.gate=mean"):
        with pytest.raises(SpecError, match="only the gate worst_stretch asks for it"):
            studio.plan(overrides=("+identity.video.min_coverage=0.8", by_mean))
    studio.plan(overrides=("+identity.video.min_coverage=0.8",))
    with pytest.raises(SpecError, match="gate"):
        studio.plan(overrides=("+identity.video.gate=median",))
