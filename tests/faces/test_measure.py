"""The measurement's form, with scripted faces: what is in it, and that it is nothing but JSON."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.errors import BackendError
from personaforge.faces import parts
from personaforge.faces.analyzer import AnalyzerIdentity, by_area
from personaforge.faces.landmarks import RATIOS_106
from personaforge.faces.measure import embedding, encode_embedding, measure_clip, measure_image

Make = Callable[..., Any]

PIXELS = np.random.default_rng(0).integers(0, 256, (150, 120, 3), dtype=np.uint8)


def test_a_measured_picture(encode: Make, scripted: Make, a_face: Make) -> None:
    vector = np.random.default_rng(1).normal(size=512).astype(np.float32)
    vector /= np.linalg.norm(vector)
    other = a_face(box=np.array([0, 0, 5, 5], dtype=np.float32))
    face = a_face(box=np.array([10.126, 20, 90.5, 120.004], dtype=np.float32), embedding=vector, embedding_norm=21.5)
    measurement = measure_image(encode(PIXELS), scripted(face, other))
    carried = measurement.pop("embedding")
    assert measurement.pop("sharpness") > 0
    appearance = measurement.pop("appearance")
    assert set(appearance["why"].values()) == {"points"}, "five points say nothing about where hair and clothes are"
    assert measurement.pop("people")["left_out"] == 0
    assert measurement.pop("expressions") == [None, None], "five points show no expression"
    assert measurement == {
        "status": "measured",
        "code": "",
        "reason": "",
        "width": 120,
        "height": 150,
        "faces": 2,
        "box": [10.13, 20.0, 90.5, 120.0],
        "detection": 0.75,
        "embedding_norm": 21.5,
        "ratio_set": "5",
        "ratios": {"nose_to_mouth": 0.5, "mouth_width": 0.5},
        "pose": {"yaw": 0.0, "pitch": 4.36, "roll": 0.0},
    }
    assert len(base64.b64decode(carried)) == 512 * 4
    np.testing.assert_array_equal(embedding({"embedding": carried}), vector)
    assert embedding({"embedding": encode_embedding(np.array([1.0], dtype=np.float32))}).tolist() == [1.0]
    assert base64.b64decode(encode_embedding(np.array([1.0], dtype=">f4"))) == b"\0\0\x80\x3f"  # little-endian


def test_106_points_are_preferred(encode: Make, scripted: Make, a_face: Make) -> None:
    points = np.random.default_rng(2).uniform(0, 100, (106, 2)).astype(np.float32)
    measurement = measure_image(encode(PIXELS), scripted(a_face(landmarks106=points)))
    assert measurement["ratio_set"] == "106" and tuple(measurement["ratios"]) == RATIOS_106
    assert all(value == round(value, 6) for value in measurement["ratios"].values())


def test_every_outcome_is_canonical_json(encode: Make, scripted: Make, a_face: Make) -> None:
    for measurement in (
        measure_image(encode(PIXELS), scripted(a_face())),
        measure_image(encode(PIXELS), scripted()),
        measure_image(b"", scripted()),
    ):
        assert json.loads(canonical(measurement)) == measurement


def test_no_face(encode: Make, scripted: Make) -> None:
    assert measure_image(encode(PIXELS), scripted()) == {
        "status": "no_face",
        "code": "no_face",
        "reason": "no face was found",
        "width": 120,
        "height": 150,
        "faces": 0,
    }


def test_a_face_without_usable_landmarks(encode: Make, scripted: Make, a_face: Make) -> None:
    measurement = measure_image(encode(PIXELS), scripted(a_face(landmarks5=np.zeros((5, 2), dtype=np.float32))))
    assert (measurement["status"], measurement["code"], measurement["faces"]) == ("no_face", "degenerate", 1)
    assert "the eyes coincide" in measurement["reason"]


def test_a_face_beyond_the_edge_has_no_sharpness(encode: Make, scripted: Make, a_face: Make) -> None:
    beyond = a_face(box=np.array([500, 500, 600, 600], dtype=np.float32))
    assert measure_image(encode(PIXELS), scripted(beyond))["sharpness"] is None


def test_unreadable_is_not_shown_to_the_analyzer(scripted: Make) -> None:
    analyzer = scripted()
    measurement = measure_image(b"a letter", analyzer)
    assert (measurement["status"], measurement["code"]) == ("unreadable", "not_an_image")
    assert analyzer.seen == [] and "width" not in measurement


def test_a_clip(tmp_path: Path, scripted: Make, a_face: Make) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 8, (120, 150))
    for grey in (0, 0, 0, 0, 255, 255):
        writer.write(np.full((150, 120, 3), grey, dtype=np.uint8))
    writer.release()
    measurement = measure_clip(path.read_bytes(), scripted(a_face()), frames=3)
    frames, distances = measurement.pop("frames"), measurement.pop("histogram_distances")
    assert measurement == {
        "status": "measured",
        "code": "",
        "reason": "",
        "width": 120,
        "height": 150,
        "fps": 8.0,
        "seconds": 0.75,
        "frame_count": 6,
    }
    assert list(distances) == ["bhattacharyya", "chi_squared", "correlation"]
    for steps in distances.values():  # black to black, black to white; JPEG's white is not quite 255
        assert steps == pytest.approx([0.0, 1.0], abs=0.005)
    assert [(frame["frame"], frame["second"], frame["status"]) for frame in frames] == [
        (0, 0.0, "measured"),
        (3, 0.375, "measured"),
        (5, 0.625, "measured"),
    ]
    assert frames[0]["ratios"] == {"nose_to_mouth": 0.5, "mouth_width": 0.5}
    assert json.loads(canonical({**measurement, "frames": frames, "histogram_distances": distances}))

    nobody = measure_clip(path.read_bytes(), scripted(), frames=3)
    assert nobody["status"] == "no_face" and "any of the 3 sampled frames" in nobody["reason"]
    assert [frame["code"] for frame in nobody["frames"]] == ["no_face"] * 3


def test_a_clip_that_is_none(scripted: Make) -> None:
    assert measure_clip(b"a letter", scripted(), frames=3) == {
        "status": "unreadable",
        "code": "not_a_clip",
        "reason": "found no clip in the 8 bytes, expected MP4, WebM or AVI",
    }


def test_identity_as_json() -> None:
    identity = AnalyzerIdentity("insightface", "2.1", "buffalo_s", "d" * 64, "auto")
    assert identity.as_json() == {
        "backend": "insightface",
        "backend_version": "2.1",
        "pack": "buffalo_s",
        "pack_digest": "d" * 64,
        "detector_size": "auto",
    }


def test_faces_are_sorted_by_area_then_score_then_place(a_face: Make) -> None:
    def face(x: float, side: float, score: float) -> Any:
        return a_face(box=np.array([x, 0, x + side, side], dtype=np.float32), score=score)

    faces = [face(50, 10, 0.5), face(9, 10, 0.5), face(0, 10, 0.9), face(0, 20, 0.1)]
    assert [(float(f.box[0]), f.score) for f in by_area(faces)] == [(0, 0.1), (0, 0.9), (9, 0.5), (50, 0.5)]


def floats(*values: Any) -> Any:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"embedding": np.full(512, np.nan, dtype=np.float32)}, "embedding has the norm nan, expected 1"),
        ({"embedding": floats(3, 4)}, "embedding has the norm 5, expected 1"),
        ({"embedding": floats(0, 0, 0)}, "embedding has the norm 0, expected 1"),
        ({"embedding": floats()}, r"embedding is float32 of shape \(0,\), expected floats of shape \(n,\)"),
        ({"embedding": np.array([1.0], dtype=object)}, r"embedding is object of shape \(1,\), expected floats"),
        ({"embedding": np.eye(2, dtype=np.float32)}, r"embedding is float32 of shape \(2, 2\), expected floats"),
        ({"embedding": [1.0]}, r"embedding is \[1.0\], expected floats"),
        ({"box": floats(0, 0, 1e30, 1e30)}, "box is .*, expected x1, y1, x2, y2 in pixels"),
        ({"box": floats(0, 0, np.nan, 9)}, "box is .*, expected x1, y1, x2, y2 in pixels"),
        ({"box": floats(50, 0, 10, 9)}, "box is .*, expected x1, y1, x2, y2 in pixels"),
        ({"box": floats(0, 0, 9)}, r"box is float32 of shape \(3,\), expected floats of shape \(4,\)"),
        ({"landmarks5": floats(1, 2)}, r"landmarks5 is float32 of shape \(2,\), expected floats of shape \(5, 2\)"),
        ({"landmarks5": None}, "landmarks5 is None, expected floats"),
        ({"landmarks106": floats(1)}, r"landmarks106 is float32 of shape \(1,\), expected floats of shape \(106, 2\)"),
        ({"score": float("nan")}, "score is nan, expected 0 to 1"),
        ({"score": 1.5}, "score is 1.5, expected 0 to 1"),
        ({"score": "a"}, "score is 'a', expected 0 to 1"),
        ({"embedding_norm": -1.0}, "embedding_norm is -1.0, expected a number of at least 0"),
    ],
)
def test_a_face_that_is_none_is_not_measured(
    encode: Make, scripted: Make, a_face: Make, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(BackendError, match=f"the analyzer none gave a face whose {says}"):
        measure_image(encode(PIXELS), scripted(a_face(), a_face(**changes)))


@pytest.mark.parametrize("faces", [None, 5, ["a"]])
def test_what_an_analyzer_gives_are_faces(encode: Make, scripted: Make, faces: Any) -> None:
    analyzer = scripted()
    analyzer.faces = faces
    with pytest.raises(BackendError, match=r"the analyzer none gave .*, expected a tuple of Face"):
        measure_image(encode(PIXELS), analyzer)


def test_nobody_writes_into_what_others_measure(
    encode: Make, scripted: Make, a_face: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def writes(pixels: Any, face: Any) -> float:
        for array in (pixels, face.box, face.embedding, face.landmarks5):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
        seen.append(float(pixels.sum()))
        return seen[-1]

    for name in ("first", "second"):
        monkeypatch.setitem(parts.FURTHER, name, writes)
    analyzer = scripted(a_face())
    measurement = measure_image(encode(PIXELS), analyzer)
    assert seen == [float(PIXELS.sum())] * 2 == [measurement["first"], measurement["second"]]
    with pytest.raises(ValueError, match="read-only"):
        analyzer.seen[0][...] = 0
