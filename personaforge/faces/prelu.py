"""ONNX models whose PRelu nodes are written as a product and a maximum: the same bits in less time.

onnxruntime (1.31, CPU) computes PRelu value by value: it takes half of w600k_mbf's time, and two thirds of 2d106det's.
PRelu is x where x > 0 and slope * x elsewhere; where no slope is above 1 that is max(x, slope * x), for every number,
and both operations are computed by vectors. Only the sign of a zero may differ, which changes no sum or product but
another zero's sign. Nodes with a slope above 1, or one that isn't stored in the model, stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def quick_model(path: Path) -> bytes | None:
    """Return a model's bytes with its PRelu nodes replaced; None where it has none that can be. Raises what onnx raises
    for a file that is no model."""
    import onnx

    model = onnx.load(str(path))
    stored = {one.name: one for one in model.graph.initializer}
    nodes: list[Any] = []
    replaced = 0
    for node in model.graph.node:
        slope = stored.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or not _is_mild(onnx.numpy_helper.to_array(slope)):
            nodes.append(node)
            continue
        product = f"{node.output[0]}.product"
        nodes.append(onnx.helper.make_node("Mul", [node.input[0], node.input[1]], [product]))
        nodes.append(onnx.helper.make_node("Max", [node.input[0], product], [node.output[0]]))
        replaced += 1
    if not replaced:
        return None
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


def _is_mild(slopes: Any) -> bool:
    return bool((slopes <= 1).all())  # not a number is not
