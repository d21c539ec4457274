"""The age that a face looks: by a small graph of the interface of genderage.onnx, as insightface itself reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.digest import digest_file
from personaforge.errors import BackendError
from personaforge.faces.age import measure_ages
from personaforge.faces.analyzer import Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import AGE_MODEL, Pack
from personaforge.faces.picture import read_picture

ROLES = {"det_500m.onnx": "a" * 64, "w600k_mbf.onnx": "b" * 64}


def graph(path: Path, *, from_pixels: bool, gender: float = 0.5, age: float = 1.0, outputs: int = 3) -> None:
    """Write a model: (1, 3, 96, 96) -> (1, outputs): means of the pixels, weighted, the third of which is the age."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    size = 3 * 96 * 96
    weights = np.random.default_rng(7).uniform(0, 2, (size, outputs)).astype(np.float32) / size
    if from_pixels:
        weights /= 255
    weights[:, :2] *= gender
    weights[:, 2:] *= age
    names = ["data", "moved", "scaled", "flat", "fc1"]
    constants = [numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(np.float32(1), "one")]
    first = [
        helper.make_node("Sub", ["data", "zero"], ["moved"], name="_minusscalar0"),
        helper.make_node("Mul", ["moved", "one"], ["scaled"], name="_mulscalar0"),
    ]
    if not from_pixels:  # insightface then shifts and scales itself: by 127.5 and 128
        first = [helper.make_node("Identity", ["data"], ["scaled"], name="same")]
    nodes = [
        *first,
        helper.make_node("Flatten", ["scaled"], ["flat"], name="flatten"),
        helper.make_node("MatMul", ["flat", "weights"], [names[-1]], name="fc1"),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "genderage",
            [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 96, 96])],
            [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, outputs])],
            [*constants, numpy_helper.from_array(weights, "weights")],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.save(model, str(path))


def made(folder: Path, **asked: Any) -> tuple[InsightAnalyzer, str]:
    graph(folder / AGE_MODEL, **asked)
    sha256 = digest_file(folder / AGE_MODEL)
    return InsightAnalyzer(Pack("buffalo_s", folder, ROLES, "c" * 64, sha256)), sha256


BOXES = [[200, 80, 290, 210], [-20, 30, 120, 190], [400, 400, 600, 560], [10.4, 20.6, 90.2, 70.9]]


@pytest.mark.parametrize("from_pixels", [True, False])
def test_ages_are_those_of_insightface_itself(tmp_path: Path, astronaut: bytes, from_pixels: bool) -> None:
    from insightface.app.common import Face as Slots
    from insightface.model_zoo.attribute import Attribute

    analyzer, model = made(tmp_path, from_pixels=from_pixels)
    theirs, pixels = Attribute(str(tmp_path / AGE_MODEL)), read_picture(astronaut).pixels
    ages = []
    for corners in BOXES:
        box = np.array(corners, dtype=np.float32)
        ours = analyzer.apparent_age(pixels, box, model)
        assert round(ours) == theirs.get(pixels, Slots(bbox=box))[1]
        ages.append(ours)
    assert len({round(age, 3) for age in ages}) == len(BOXES), "the crop decides"


def test_what_the_model_says_of_gender_is_not_read(tmp_path: Path, astronaut: bytes) -> None:
    (tmp_path / "other").mkdir()
    pixels, box = read_picture(astronaut).pixels, np.array(BOXES[0], dtype=np.float32)
    one, other = made(tmp_path, from_pixels=True), made(tmp_path / "other", from_pixels=True, gender=float("nan"))
    assert one[0].apparent_age(pixels, box, one[1]) == other[0].apparent_age(pixels, box, other[1])


def test_another_model_than_the_plans_and_one_that_gives_no_number_are_errors(tmp_path: Path, astronaut: bytes) -> None:
    pixels, box = read_picture(astronaut).pixels, np.array(BOXES[0], dtype=np.float32)
    analyzer, model = made(tmp_path, from_pixels=True, age=float("nan"))
    with pytest.raises(BackendError, match="has changed since the plan was made"):
        analyzer.apparent_age(pixels, box, "d" * 64)
    with pytest.raises(BackendError, match="expected 3 numbers"):
        analyzer.apparent_age(pixels, box, model)
    (tmp_path / "five").mkdir()
    analyzer, model = made(tmp_path / "five", from_pixels=True, outputs=5)
    with pytest.raises(BackendError, match="is no age model: it is for attribute_5"):
        analyzer.apparent_age(pixels, box, model)
    (tmp_path / "five" / AGE_MODEL).write_bytes(b"no model")
    broken = InsightAnalyzer(Pack("buffalo_s", tmp_path / "five", ROLES, "c" * 64, model))
    with pytest.raises(BackendError, match="can't be loaded"):
        broken.apparent_age(pixels, box, model)


def test_every_face_has_an_age_from_the_largest_on(
    scripted: Callable[..., Any], a_face: Callable[..., Face], astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = a_face(), a_face(box=np.array([0, 0, 20, 20], dtype=np.float32))
    analyzer = scripted(large, small)
    analyzer.apparent_age = lambda pixels, box, model: float(box[2]) / 4 + len(model)
    assert measure_ages(astronaut, analyzer, "m")["apparent_ages"] == [23.5, 6.0]
    analyzer.faces = ()
    assert measure_ages(astronaut, analyzer, "m")["status"] == "no_face"
    assert measure_ages(b"no picture", analyzer, "m")["status"] == "unreadable"
    with pytest.raises(BackendError, match="reads no ages"):
        measure_ages(astronaut, scripted(large), "m")
