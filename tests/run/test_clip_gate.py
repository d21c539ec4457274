"""What decides about a clip: its mean, or, where the settings say so, its worst stretch, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson
import pytest

from personaforge.errors import SpecError
from personaforge.faces.parts import VERSIONS
from personaforge.media.webm import encode_webm
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.steps.context import AnalyzerRef
from personaforge.testing import ColorAnalyzers
from personaforge.warehouse.projection import opened
from tests.run.conftest import SKIN, Studio

GATE = "+identity.video.gate=worst_stretch"
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


def test_by_the_mean_a_stretch_of_another_person_is_recorded_and_decides_nothing(studio: Studio) -> None:
    studio.clips.answer = film(SKIN, BLUE, SKIN)
    assert studio.build("+video").nodes["ana/video/wave"].outcome.status == "accepted"
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


def test_where_the_worst_stretch_is_the_gate_it_decides(studio: Studio) -> None:
    studio.clips.answer = film(SKIN, BLUE, SKIN)
    node = studio.build("+video", overrides=(GATE,)).nodes["ana/video/wave"]
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


def test_a_coverage_that_no_gate_asks_for_is_refused(studio: Studio) -> None:
    with pytest.raises(SpecError, match="only the gate worst_stretch asks for it"):
        studio.plan(overrides=("+identity.video.min_coverage=0.8",))
    with pytest.raises(SpecError, match="gate"):
        studio.plan(overrides=("+identity.video.gate=median",))
