"""Clips that need another reader or another sampling: new actions for these alone, and what was judged stays."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from personaforge.faces import pyav
from personaforge.measuring.evaluation import evaluate
from personaforge.providers.protocols import Blob, Reply
from personaforge.testing import ColorAnalyzers
from tests.run.conftest import SKIN, Studio

BLUE = (0, 0, 255)


def uneven() -> bytes:
    """Return a clip of 5 s of which the second of 26 frames is shown for 4: seven of eight by number show SKIN."""
    pytest.importorskip("av")
    from tests.faces.test_pyav import encoded, painted

    skin, blue = SKIN[::-1], BLUE[::-1]
    times = [0.0, 0.04, *(4 + number / 24 for number in range(24))]
    return encoded(painted(skin, blue, *[skin] * 24, size=(64, 64)), times, "mpeg4")


def asked(studio: Studio) -> list[dict[str, Any]]:
    """Return what clips were measured by, without the analyzer; those first that name least."""
    records = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/actions").rglob("*.json")]
    requests = [one["parts"]["request"] for one in records if one["parts"]["kind"] == "measure_clip"]
    found = [{name: value for name, value in one.items() if name != "analyzer"} for one in requests]
    return sorted(found, key=lambda one: (len(one), str(one)))


def films(studio: Studio, data: bytes) -> None:
    """By number the mean composite of the uneven clip is 0.94, by time it is 0.72."""
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.8"))
    studio.clips.answer = lambda request: Reply(blob=Blob(data, "video/mp4"))


def outcome(studio: Studio) -> Any:
    return studio.build("+video").nodes["ana/video/wave"].outcome


def by_number(studio: Studio) -> None:
    studio.edit(
        "personas/ana.yaml", ("accept_threshold: 0.8", "accept_threshold: 0.8, video: {sampling: uniform, gate: mean}")
    )


def test_a_clip_of_uneven_times_is_judged_by_time(studio: Studio) -> None:
    films(studio, uneven())
    assert outcome(studio).status == "rejected"
    assert asked(studio) == [
        {"part": "stretches"},
        {"frames": 8, "sampling": "time"},
        {"frames": 8, "sampling": "uniform"},
    ]


def test_by_number_it_is_judged_as_it_was(studio: Studio) -> None:
    films(studio, uneven())
    by_number(studio)
    assert outcome(studio).status == "accepted"
    assert asked(studio) == [{"part": "stretches"}, {"frames": 8, "sampling": "uniform"}]


def test_a_new_default_buys_nothing_and_what_was_measured_by_number_stays(studio: Studio) -> None:
    """With the store, whose record doesn't say that the clip is uneven, and without it but for the clip's bytes."""
    films(studio, uneven())
    by_number(studio)
    assert outcome(studio).status == "accepted"
    before = studio.lock.read_text()
    for path in (studio.root / ".forge/records/actions").rglob("*.json"):
        record = orjson.loads(path.read_bytes())
        if record["value"].pop("uneven", None):
            path.write_bytes(orjson.dumps(record))
    studio.edit("personas/ana.yaml", ("sampling: uniform, gate: mean", "gate: mean"))
    studio.forget()
    assert studio.states()["video/wave"] == "cached"
    studio.build("+video")
    assert (studio.calls(), len(asked(studio))) == (0, 2), "nothing is made or measured again"
    for path in (studio.root / ".forge").iterdir():
        if path.name != "blobs":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = outcome(studio)
    assert found.status == "accepted" and found.stays.startswith("RETRY now: composite 0.7")
    assert studio.calls() == 0 and studio.lock.read_text() == before


@pytest.fixture
def av1() -> bytes:
    pytest.importorskip("av")
    from tests.faces.test_pyav import encoded

    frames = [np.full((64, 64, 3), SKIN[::-1], dtype=np.uint8)] * 16
    return encoded(frames, [number / 8 for number in range(16)], "libsvtav1")


def test_a_codec_that_opencv_lacks_is_measured_by_pyav_where_it_is_there(studio: Studio, av1: bytes) -> None:
    films(studio, av1)
    assert outcome(studio).status == "accepted"
    reader = {"reader": pyav.reader()}
    assert asked(studio) == [
        {"frames": 8, "sampling": "uniform"},
        {"part": "stretches", **reader},
        {"frames": 8, "sampling": "uniform", **reader},
    ]
    studio.forget()
    studio.build("+video", overrides=("identity.accept_threshold=0.56",))
    assert studio.calls() == 0 and len(asked(studio)) == 3, "judged anew of the same measurements"


def test_without_pyav_the_reason_says_what_to_install(
    studio: Studio, av1: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyav, "installed_version", lambda name: None)
    films(studio, av1)
    found = outcome(studio)
    assert found.status == "rejected" and "pip install 'personaforge[av]'" in found.facts["reason"]
    assert asked(studio) == [{"frames": 8, "sampling": "uniform"}]


def test_eval_measures_by_the_same_readers_and_times(studio: Studio, av1: bytes, tmp_path: Path) -> None:
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.8"))
    studio.build("+image")
    files = {"av1.mp4": av1, "uneven.mp4": uneven()}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with studio.open() as space:
        assert isinstance(space.analyzers, ColorAnalyzers)
        found = evaluate(space, [str(tmp_path / name) for name in files], persona="ana", anchor=None, record=False)
        measured = space.analyzers.measured
        again = evaluate(space, [str(tmp_path / name) for name in files], persona="ana", anchor=None, record=False)
    clips = {Path(one.path).name: one for one in found.pictures}
    assert clips["av1.mp4"].measurement["reader"] == pyav.reader() and clips["av1.mp4"].judged.decision == "ACCEPT"
    assert clips["uneven.mp4"].measurement["sampling"] == "time" and clips["uneven.mp4"].judged.decision != "ACCEPT"
    assert space.analyzers.measured == measured and len(again.pictures) == 2
    assert clips["av1.mp4"].remarks[-1] == f"decoded by {pyav.reader()}"
    assert clips["uneven.mp4"].as_json()["read"] == {"reader": "opencv", "sampling": "time", "sound": False}
