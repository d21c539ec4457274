"""Finished pictures and repaired clips: measured before and after, and never in place of what they were made from."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from personaforge.providers.protocols import Blob, Reply
from tests.run.conftest import PERSONA, SKIN, Studio

PHONE = PERSONA.replace("\nidentity:", "\nrealism: phone\nidentity:")
REPAIR = PERSONA.replace("\nidentity:", "\nquality: {post_processing: {auto_sharpen: true}}\nidentity:")


def pattern(blur: float, size: int = 64) -> np.ndarray:
    """A skin-coloured picture with fine texture, more or less blurred; BGR."""
    noise = np.random.default_rng(5).normal(0, 30, (size, size, 1))
    picture = np.clip(np.array(SKIN[::-1]) + noise, 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture


@functools.cache
def soft_clip(blur: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/c.webm"
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"VP80"), 4, (64, 64))
        for _ in range(4):
            writer.write(pattern(blur))
        writer.release()
        return Path(path).read_bytes()


def textured(studio: Studio, blur: float) -> Studio:
    """Pictures have texture; clips have lost some of it."""
    picture = cv2.imencode(".png", pattern(0))[1].tobytes()
    studio.images.answer = lambda request: Reply(blob=Blob(picture, "image/png"))
    studio.clips.answer = lambda request: Reply(blob=Blob(soft_clip(blur), "video/webm"))
    return studio


def document(studio: Studio) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((studio.root / "build/ana/persona.json").read_text())["artifacts"]
    return found


def test_without_a_profile_there_is_nothing_to_finish(studio: Studio) -> None:
    studio.build()
    assert not [name for name in studio.states() if name.startswith(("finish", "repair"))]


def test_a_picture_is_finished_beside_its_original(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PHONE)
    report = studio.build()
    node = report.nodes["ana/finish/02"].outcome
    assert node is not None and node.status == "accepted" and node.facts["kept"] == "finished"
    assert node.facts["composite"] >= node.facts["composite_before"] - 0.02
    [evaluation] = node.evaluations
    assert evaluation["decision"] == "ACCEPT" and evaluation["measured"]
    found = document(studio)
    assert found["finish/02"]["file"] == "finished/02-smiling.jpg" and found["image/02"]["file"].endswith(".png")
    assert (studio.root / "build/ana/finished/02-smiling.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert "finish/02" in studio.lock.read_text()
    assert not studio.plan().has_changes


def test_each_picture_needs_its_own_original_only(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PHONE)
    studio.build()
    studio.edit("conf/matrix/few.yaml", ("name: turned, yaw: 20", "name: turned, yaw: 30"))
    assert {name for name in studio.running() if name.startswith("finish")} == {"finish/03"}


def test_what_would_cost_the_face_is_left_as_it_is(make_studio: Callable[..., Studio]) -> None:
    cast = "profile: blue, white_balance: {temperature: -80, tint: 50}, jpeg: {quality: 90, subsampling: '4:2:0'}"
    blue = PHONE.replace("realism: phone", f"realism: {{{cast}}}")
    studio = make_studio(blue.replace("identity: {", "identity: {max_finishing_loss: 0.0, "))
    report = studio.build()
    node = report.nodes["ana/finish/02"].outcome
    assert node is not None and node.status == "accepted" and node.facts["kept"] == "original"
    assert "it would cost" in node.facts["reason"]
    found = document(studio)
    assert found["finish/02"]["sha256"] == found["image/02"]["sha256"]
    assert found["finish/02"]["file"] == "finished/02-smiling.png"
    assert "finish/02" not in studio.lock.read_text(), "nothing was made that could be pinned"
    assert [one["decision"] for one in node.evaluations] == ["REJECT"], "what was measured is on record"
    assert not studio.plan().has_changes


def test_the_bound_on_the_loss_judges_again_and_makes_nothing_again(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PHONE)
    studio.build()
    studio.edit("personas/ana.yaml", ("identity: {", "identity: {max_finishing_loss: 0.5, "))
    assert studio.build().performed <= 1, "only the document"


def test_a_soft_clip_is_sharpened_where_the_settings_say_so(make_studio: Callable[..., Studio]) -> None:
    studio = textured(make_studio(REPAIR), 0.8)
    report = studio.build()
    node = report.nodes["ana/repair/wave"].outcome
    assert node is not None and node.facts["kept"] == "finished", node.facts
    [evaluation] = node.evaluations
    before = report.nodes["ana/video/wave"].outcome.evaluations[0]["clip"]  # type: ignore[union-attr]
    assert before["advice"]["recommendation"] == "sharpen_and_super_resolve"
    assert evaluation["clip"]["sharpness_ratio_mean"] > before["sharpness_ratio_mean"]
    found = document(studio)
    assert found["repair/wave"]["sha256"] != found["video/wave"]["sha256"]
    assert found["repair/wave"]["file"] == "finished/wave.webm"
    assert not studio.plan().has_changes


def test_a_sharp_clip_is_left_as_it_is(make_studio: Callable[..., Studio]) -> None:
    studio = textured(make_studio(REPAIR), 0)
    report = studio.build()
    node = report.nodes["ana/repair/wave"].outcome
    assert node is not None and node.facts["kept"] == "original" and "No action needed" in node.facts["reason"]
    assert report.nodes["ana/repair/wave"].tally.performed == 0


def test_advice_is_only_advice_unless_the_settings_say_so(make_studio: Callable[..., Studio]) -> None:
    studio = textured(make_studio(), 0.8)
    studio.build()
    assert "repair/wave" not in studio.states()
