"""Models with quicker nodes: the same bits from all inputs, and the very nodes as they were where that isn't sure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from personaforge.faces.packs import Pack, role_of
from personaforge.faces.prelu import quick_model

SHAPE = (1, 4, 5, 6)


def saved(path: Path, slopes: list[float], *, stored: bool = True) -> Path:
    """Save a model with one PRelu, with a slope for each of four channels."""
    slope = numpy_helper.from_array(np.array(slopes, dtype=np.float32).reshape(4, 1, 1), "slope")
    given = helper.make_tensor_value_info("slope", TensorProto.FLOAT, (4, 1, 1))
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["x", "slope"], ["y"])],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE), *([] if stored else [given])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, SHAPE)],
        [slope] if stored else [],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    onnx.save(model, str(path))
    return path


def run(model: Any, inputs: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def test_every_number_keeps_its_bits(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.onnx", [0.25, 1.0, -0.7, 0.0])
    quick = quick_model(path)
    assert quick is not None
    assert [node.op_type for node in onnx.load_from_string(quick).graph.node] == ["Mul", "Max"]
    dice = np.random.default_rng(0)
    values = dice.normal(0, 1, SHAPE) * 10.0 ** dice.integers(-44, 38, SHAPE)  # with subnormal ones
    inputs = values.astype(np.float32)
    assert np.array_equal(run(quick, inputs), run(str(path), inputs))


@pytest.mark.parametrize(
    ("slopes", "stored"), [([0.2, 1.01, 0, 0], True), ([0.2, float("nan"), 0, 0], True), ([0.2] * 4, False)]
)
def test_what_would_give_other_numbers_stays(tmp_path: Path, slopes: list[float], stored: bool) -> None:
    assert quick_model(saved(tmp_path / "model.onnx", slopes, stored=stored)) is None


@pytest.mark.pack
def test_the_packs_models_keep_their_bits(pack: Pack) -> None:
    dice, compared = np.random.default_rng(0), 0
    for name in pack.files:
        quick = quick_model(pack.folder / name) if role_of(name) in ("recognition", "landmarks") else None
        if quick is not None:
            side = {"recognition": 112, "landmarks": 192}[str(role_of(name))]
            inputs = dice.uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
            found, expected = run(quick, inputs), run(str(pack.folder / name), inputs)
            assert np.array_equal(found.view(np.uint32), expected.view(np.uint32))
            compared += 1
    assert compared == 2
