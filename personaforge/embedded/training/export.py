"""Writes the networks as ONNX files that insightface reads as its own, and checks that they give the same answers."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from personaforge.embedded.training.networks import ANCHORS, STRIDES
from personaforge.faces.runtime import onnxruntime

DETECTOR: Final = "det_embedded.onnx"
LANDMARKS: Final = "2d106det.onnx"
RECOGNISER: Final = "recognition_embedded.onnx"
_OPSET: Final = 17
_STRICTER: Final = 0.85
"""Taken off the logit of a face, so that insightface's threshold of 0.5 asks for 0.7: on 280 drawings of people that it
was not trained on, faces gave 0.77 and more, and two pieces of clothing 0.52 and 0.69."""


def export(folder: Path, detector: nn.Module, landmarks: nn.Module, recogniser: nn.Module) -> None:
    """Write the three files. Raises ValueError where onnxruntime answers otherwise than PyTorch."""
    folder.mkdir(parents=True, exist_ok=True)
    detector = copy.deepcopy(detector)
    with torch.no_grad():
        for head in detector.get_submodule("heads").children():
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            head.bias[:ANCHORS] -= _STRICTER
    outputs = [f"{kind}_{stride}" for kind in ("score", "bbox", "kps") for stride in STRIDES]
    _write(detector, torch.zeros(1, 3, 320, 320), folder / DETECTOR, outputs, {2: "height", 3: "width"})
    _write(landmarks, torch.zeros(1, 3, 192, 192), folder / LANDMARKS, ["fc1"], {})
    _write(recogniser, torch.zeros(1, 3, 112, 112), folder / RECOGNISER, ["embedding"], {})


def _write(net: nn.Module, example: Tensor, path: Path, outputs: list[str], free: dict[int, str]) -> None:
    net = net.eval().to(memory_format=torch.contiguous_format)
    axes = {"data": free} if free else {}
    axes |= {name: {0: f"rows_{name.rsplit('_', 1)[1]}"} for name in outputs} if free else {}
    # The tracing exporter: these networks have no control flow, and it needs no further package.
    torch.onnx.export(
        net, (example,), str(path), input_names=["data"], output_names=outputs, dynamic_axes=axes or None,
        opset_version=_OPSET, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    model.doc_string = "PersonaForge embedded face pack; trained on drawings only, for drawings only"
    model.producer_name = "personaforge.embedded.training"
    model.producer_version = ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    session = onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    seen = torch.rand(example.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        told = net(seen)
    told = told if isinstance(told, tuple) else (told,)
    for mine, theirs in zip(session.run(None, {"data": seen.numpy()}), told, strict=True):
        if not np.allclose(mine, theirs.numpy(), atol=1e-3, rtol=1e-3):
            raise ValueError(f"{path.name}: onnxruntime is {np.abs(mine - theirs.numpy()).max():.2g} off PyTorch")
