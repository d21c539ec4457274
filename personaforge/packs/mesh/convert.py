"""Turns MediaPipe's face mesh, a TensorFlow Lite file, into the ONNX file that comes with forge.

TensorFlow Lite holds pictures as (1, H, W, C) and ONNX as (1, C, H, W), so weights are transposed here and nothing is
transposed at run time. Weights stay the float16 that they are published as and are cast in the graph, so the file is as
small as its source, and the arithmetic is float32 as it is there.

    data      float32 (1, 3, 192, 192), RGB from 0 to 1
    points    float32 (1, 468, 3): x, y in pixels of the 192 x 192 crop, z in the same unit, smaller is nearer
    presence  float32 (1, 1), the logit of "this crop shows a face"

The same bytes in give the same bytes out, whatever machine. Raises ValueError for an operator, an option or a shape
that the mesh of `SOURCE_SHA256` doesn't have: nothing is converted by guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from personaforge.packs.mesh.tflite import Operator, Table, TfliteModel, read_tflite

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE_SHA256: Final = "c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1"
"""`face_landmark.tflite` of npm's `@mediapipe/face_mesh` 0.4.1657299874, bytes 2,495,952 to 3,737,848 of its packed
assets."""
POINTS: Final = 468
_OPSET: Final = 17
_IR_VERSION: Final = 8
"""The least that has opset 17, so that every onnxruntime that forge allows reads it."""
_SAME: Final = 0
"""TensorFlow Lite's padding SAME; the other is VALID."""


def convert(data: bytes) -> bytes:
    """Return the ONNX file of a mesh's .tflite bytes. Raises ValueError."""
    return _Conversion(read_tflite(data)).onnx()


class _Conversion:
    """One graph on its way, from its first operator to its last."""

    def __init__(self, model: TfliteModel) -> None:
        self._model = model
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._halves: dict[int, NDArray[Any]] = {}

    def onnx(self) -> bytes:
        """Return the file's bytes."""
        from onnx import TensorProto, checker, helper

        model = self._model
        if [model.tensors[number].shape for number in model.inputs] != [(1, 192, 192, 3)]:
            raise ValueError(f"found inputs {model.inputs}, expected one of (1, 192, 192, 3)")
        if [model.tensors[number].shape for number in model.outputs] != [(1, 1, 1, 3 * POINTS), (1, 1, 1, 1)]:
            raise ValueError(f"found outputs {model.outputs}, expected (1, 1, 1, {3 * POINTS}) and (1, 1, 1, 1)")
        for one in model.operators:
            self._operator(one)
        for number, name, shape in (
            (model.outputs[0], "points", (1, POINTS, 3)),
            (model.outputs[1], "presence", (1, 1)),
        ):
            self._weight(f"{name}_shape", np.array(shape, dtype=np.int64))
            self._node("Reshape", [self._name(number), f"{name}_shape"], name)
        graph = helper.make_graph(
            self._nodes,
            "face_mesh",
            [helper.make_tensor_value_info("data", TensorProto.FLOAT, (1, 3, 192, 192))],
            [
                helper.make_tensor_value_info("points", TensorProto.FLOAT, (1, POINTS, 3)),
                helper.make_tensor_value_info("presence", TensorProto.FLOAT, (1, 1)),
            ],
            self._weights,
        )
        made = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            producer_name="personaforge.packs.mesh",
            doc_string="MediaPipe face mesh, copyright The MediaPipe Authors, Apache-2.0; converted by PersonaForge",
        )
        made.ir_version = _IR_VERSION
        checker.check_model(made, full_check=True)
        content: bytes = made.SerializeToString(deterministic=True)
        return content

    def _operator(self, one: Operator) -> None:
        match one.kind:
            case "DEQUANTIZE":
                half = self._model.tensors[one.inputs[0]].data
                if half is None or half.dtype != np.float16:
                    raise ValueError(
                        f"{self._model.tensors[one.inputs[0]].name} is dequantised, and is no float16 weight"
                    )
                self._halves[one.outputs[0]] = half
            case "CONV_2D":
                self._convolution(one, self._half(one.inputs[1]).transpose(0, 3, 1, 2), group=1, fused=3)
            case "DEPTHWISE_CONV_2D":
                kernel = self._half(one.inputs[1]).transpose(3, 0, 1, 2)
                self._convolution(one, kernel, group=kernel.shape[0], fused=4)
            case "MAX_POOL_2D":
                options = _options(one, fused=5)
                size = (options.scalar(4, "i"), options.scalar(3, "i"))
                where = self._window(one, options, size)
                self._node(
                    "MaxPool", [self._name(one.inputs[0])], self._name(one.outputs[0]), kernel_shape=size, **where
                )
            case "PRELU":
                slope = self._cast(one.inputs[1], self._half(one.inputs[1]).transpose(2, 0, 1))
                self._node("PRelu", [self._name(one.inputs[0]), slope], self._name(one.outputs[0]))
            case "ADD":
                _options(one, fused=0)
                self._node("Add", [self._name(number) for number in one.inputs], self._name(one.outputs[0]))
            case "PAD":
                before, after = (self._constant(one.inputs[1])[[0, 3, 1, 2], side] for side in (0, 1))
                pads = f"pads_{one.outputs[0]}"
                self._weight(pads, np.concatenate([before, after]).astype(np.int64))
                self._node("Pad", [self._name(one.inputs[0]), pads], self._name(one.outputs[0]))
            case other:
                raise ValueError(f"the operator {other} is none that the face mesh has")

    def _convolution(self, one: Operator, kernel: NDArray[Any], *, group: int, fused: int) -> None:
        options = _options(one, fused=fused)
        if (options.scalar(fused + 1, "i", 1), options.scalar(fused + 2, "i", 1)) != (1, 1):
            raise ValueError("a convolution is dilated, and none of the face mesh is")
        if group > 1 and options.scalar(3, "i") != 1:
            raise ValueError("a convolution has a depth multiplier, and none of the face mesh has")
        names = [self._name(one.inputs[0]), self._cast(one.inputs[1], kernel)]
        names.append(self._cast(one.inputs[2], self._half(one.inputs[2])))
        size = (int(kernel.shape[2]), int(kernel.shape[3]))
        where = self._window(one, options, size)
        self._node("Conv", names, self._name(one.outputs[0]), group=group, kernel_shape=size, **where)

    def _window(self, one: Operator, options: Table, size: tuple[int, int]) -> dict[str, Any]:
        """Return strides and padding: SAME puts the odd pixel behind the picture."""
        strides = (options.scalar(2, "i"), options.scalar(1, "i"))
        if options.scalar(0, "b") != _SAME:
            return {"strides": strides, "pads": (0, 0, 0, 0)}
        seen = self._model.tensors[one.inputs[0]].shape[1:3]
        totals = [
            max((-(-side // stride) - 1) * stride + reach - side, 0)
            for side, stride, reach in zip(seen, strides, size, strict=True)
        ]
        before = [total // 2 for total in totals]
        return {
            "strides": strides,
            "pads": (*before, *(total - half for total, half in zip(totals, before, strict=True))),
        }

    def _half(self, number: int) -> NDArray[Any]:
        if number not in self._halves:
            raise ValueError(f"{self._model.tensors[number].name} is no float16 weight")
        return self._halves[number]

    def _constant(self, number: int) -> NDArray[Any]:
        data = self._model.tensors[number].data
        if data is None or data.shape != (4, 2):
            raise ValueError("a padding is computed, and none of the face mesh is")
        return data

    def _cast(self, number: int, half: NDArray[Any]) -> str:
        """Keep a weight as float16 and return the name of the float32 that the graph makes of it."""
        from onnx import TensorProto

        self._weight(f"half_{number}", half)
        self._node("Cast", [f"half_{number}"], f"weight_{number}", to=TensorProto.FLOAT)
        return f"weight_{number}"

    def _weight(self, name: str, data: NDArray[Any]) -> None:
        from onnx import numpy_helper

        array = np.ascontiguousarray(data)
        self._weights.append(numpy_helper.from_array(array.astype(array.dtype.newbyteorder("=")), name))

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    def _name(self, number: int) -> str:
        return "data" if number == self._model.inputs[0] else f"value_{number}"


def _options(one: Operator, *, fused: int) -> Table:
    """Return the options of an operator. Raises ValueError where an activation is fused into it."""
    if one.options is None:
        raise ValueError(f"{one.kind} has no options")
    if one.options.scalar(fused, "b") != 0:
        raise ValueError(f"{one.kind} has a fused activation, and none of the face mesh has")
    return one.options
