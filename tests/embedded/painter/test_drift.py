"""Drift is ground truth: a straight way, of known length, from one identity to another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from personaforge.embedded.painter.face.params import Face, subject_face
from personaforge.embedded.painter.png import read_texts
from personaforge.errors import BackendError
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.providers.protocols import Reply

from .subjects import OTHERS, draw_request, subject

PEOPLE = (subject(), *(subject(*other) for other in OTHERS))


def far(first: Face, second: Face) -> float:
    return float(np.linalg.norm([first.z[name] - second.z[name] for name in first.z]))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_face_moves_by_the_amount_along_a_straight_line(who: dict[str, Any]) -> None:
    face = subject_face(who)
    whole = far(face, face.drifted(1.0))
    assert whole > 4, "the other is another person"
    for amount in (0.0, 0.1, 0.35, 0.8):
        assert far(face, face.drifted(amount)) == pytest.approx(amount * whole, abs=0.001)
        assert far(face.drifted(amount), face.drifted(1.0)) == pytest.approx((1 - amount) * whole, abs=0.001)


def test_only_the_shape_drifts_and_no_drift_is_the_same_face() -> None:
    face = subject_face(PEOPLE[1])
    moved, still = orjson.loads(face.drifted(1.0).to_json()), orjson.loads(face.to_json())
    assert {name for name in still if moved[name] != still[name]} == {"z"}
    assert face.drifted(0.0) == face


def drawn(anchor: bytes | None, **fields: Any) -> Reply:
    return EmbeddedImages().submit(draw_request(subject(), anchor, seed=5, **fields))


def test_a_picture_says_how_far_it_drifted_and_carries_the_face_it_shows() -> None:
    first = drawn(None).blob
    assert first is not None
    plain, none, some = drawn(first.data), drawn(first.data, drift=0), drawn(first.data, drift=0.5)
    assert plain.blob == none.blob != some.blob
    assert (none.details["drift"], some.details["drift"]) == (0.0, 0.5)
    assert some.blob is not None
    shown = orjson.loads(read_texts(some.blob.data)["forge-face"])
    before = orjson.loads(read_texts(first.data)["forge-face"])
    assert shown["z"] != before["z"]
    assert shown["strands"] == before["strands"]


@pytest.mark.parametrize(
    ("drift", "message"),
    [
        (0.5, "drift: 0.5 needs a reference"),
        (2, "drift: 2 is not between 0 and 1"),
        ("a", "drift: 'a' is not a number"),
    ],
)
def test_what_cannot_drift_is_refused(drift: Any, message: str) -> None:
    with pytest.raises(BackendError) as error:
        drawn(None, drift=drift)
    assert str(error.value).startswith(message)


@pytest.mark.pack
def test_a_real_recogniser_sees_the_drift_grow() -> None:
    models = Path(os.environ.get("FORGE_MODELS") or Path(__file__).resolve().parents[4] / "shared" / "models")
    pack = models / "buffalo_s_dev"
    if not pack.is_dir():
        pytest.skip(f"no face pack at {pack}; set FORGE_MODELS to a folder that holds buffalo_s_dev")
    from personaforge.faces.insight import InsightAnalyzer
    from personaforge.faces.packs import Pack, find_pack

    found = find_pack("buffalo_s_dev", [models])
    assert isinstance(found, Pack)
    analyzer = InsightAnalyzer(found)

    def vector(data: bytes) -> Any:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        embedding = np.asarray(analyzer.read(np.asarray(pixels, np.uint8)[..., ::-1].copy())[0].embedding)
        return embedding / np.linalg.norm(embedding)

    means = []
    for drift in (0.0, 0.3, 0.6, 1.0):
        cosines = []
        for who in PEOPLE[:3]:
            anchor = EmbeddedImages().submit(draw_request(who, width=600, height=800)).blob
            assert anchor is not None
            shot = (
                EmbeddedImages()
                .submit(draw_request({**who}, anchor.data, width=600, height=800, seed=9, drift=drift))
                .blob
            )
            assert shot is not None
            cosines.append(float(vector(anchor.data) @ vector(shot.data)))
        means.append(np.mean(cosines))
    assert means == sorted(means, reverse=True)
    assert means[0] - means[-1] > 0.25
