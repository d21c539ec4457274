"""Super-resolution: what each way does to frames, and models that are none. The models are built here, of two nodes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from personaforge.digest import digest_file
from personaforge.errors import BackendError, SpecError
from personaforge.media.upscale import find_upscaler
from personaforge.media.upscale_onnx import find_model

Shape = list[int | str]


def texture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1), np.uint8)


def model(
    path: Path,
    nodes: list[Any],
    weights: dict[str, np.ndarray] | None = None,
    *,
    inputs: dict[str, Shape] | None = None,
    outputs: int = 1,
    kind: int = TensorProto.FLOAT,
) -> Path:
    given = [
        helper.make_tensor_value_info(name, kind, shape)
        for name, shape in (inputs or {"x": ["n", 3, "h", "w"]}).items()
    ]
    made = [helper.make_tensor_value_info(name, kind, ["n", "c", "H", "W"]) for name in ("y", "z")[:outputs]]
    constants = [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()]
    graph = helper.make_graph(nodes, "tiny", given, made, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def doubled(path: Path, **changes: Any) -> Path:
    """A model that repeats each pixel twice in both directions."""
    resize = helper.make_node(
        "Resize",
        ["x", "", "scales"],
        ["y"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return model(path, [resize], {"scales": np.array([1, 1, 2, 2], np.float32)}, **changes)


def blurred(path: Path) -> Path:
    """A model that looks at the neighbours (a mean of 5 x 5) and rearranges 12 channels into twice the size."""
    kernel = np.zeros((12, 3, 5, 5), np.float32)
    for channel in range(12):
        kernel[channel, channel // 4] = 1 / 25
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["wide"], pads=[2, 2, 2, 2]),
        helper.make_node("DepthToSpace", ["wide"], ["y"], blocksize=2, mode="CRD"),
    ]
    return model(path, nodes, {"kernel": kernel})


def onnx_settings(**changes: Any) -> dict[str, Any]:
    return {"upscaler": "onnx", "factor": 2, "model": "tiny.onnx", "tile": 32, "overlap": 4, **changes}


def enlarge(settings: dict[str, Any], frame: np.ndarray, folder: Path) -> np.ndarray:
    (made,) = find_upscaler(settings, [folder]).upscale([frame])
    return made


# --- lanczos ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_lanczos_enlarges_and_keeps_what_was_there(factor: int) -> None:
    frame = texture(30, 44)
    upscaler = find_upscaler({"upscaler": "lanczos", "factor": factor})
    assert (upscaler.name, upscaler.factor) == ("lanczos", factor)
    (made,) = upscaler.upscale([frame])
    assert made.shape == (30 * factor, 44 * factor, 3) and made.dtype == np.uint8
    back = cv2.resize(made, (44, 30), interpolation=cv2.INTER_AREA).astype(float)
    assert np.corrcoef(back.ravel(), frame.ravel())[0, 1] > 0.98
    plain = cv2.resize(frame, (44 * factor, 30 * factor), interpolation=cv2.INTER_LANCZOS4)
    assert cv2.Laplacian(made, cv2.CV_64F).var() > cv2.Laplacian(plain, cv2.CV_64F).var()


@pytest.mark.parametrize("name", ["lanczos", "onnx"])
def test_frames_are_taken_one_at_a_time(name: str, tmp_path: Path) -> None:
    doubled(tmp_path / "tiny.onnx")
    taken = []

    def frames() -> Iterator[np.ndarray]:
        for number in range(5):
            taken.append(number)
            yield texture(20, 20)

    settings = {"upscaler": "lanczos", "factor": 2} if name == "lanczos" else onnx_settings()
    made = find_upscaler(settings, [tmp_path]).upscale(frames())
    assert taken == []
    for number in range(5):
        next(made)
        assert taken == list(range(number + 1))


# --- models -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(70, 50), (32, 32), (5, 3), (1, 1), (24, 200)])
@pytest.mark.parametrize("overlap", [0, 4, 15])
def test_tiles_come_together_without_a_gap(size: tuple[int, int], overlap: int, tmp_path: Path) -> None:
    doubled(tmp_path / "tiny.onnx")
    frame = texture(*size)
    made = enlarge(onnx_settings(overlap=overlap), frame, tmp_path)
    assert np.array_equal(made, frame.repeat(2, axis=0).repeat(2, axis=1))


def test_an_overlap_hides_the_seams(tmp_path: Path) -> None:
    blurred(tmp_path / "tiny.onnx")
    frame = texture(90, 110)
    mean = cv2.blur(frame, (5, 5), borderType=cv2.BORDER_REFLECT_101).repeat(2, axis=0).repeat(2, axis=1)
    without, within = (enlarge(onnx_settings(overlap=n), frame, tmp_path).astype(int) - mean for n in (0, 2))
    assert np.abs(within).max() <= 1 and np.abs(without).max() > 20


def test_models_see_red_green_and_blue(tmp_path: Path) -> None:
    dim = helper.make_node("Mul", ["y0", "weights"], ["y"])
    resize = helper.make_node("Resize", ["x", "", "scales"], ["y0"], mode="nearest")
    weights = np.array([1, 0.5, 0], np.float32).reshape(1, 3, 1, 1)
    model(tmp_path / "tiny.onnx", [resize, dim], {"weights": weights, "scales": np.array([1, 1, 2, 2], np.float32)})
    made = enlarge(onnx_settings(), np.full((8, 8, 3), 200, np.uint8), tmp_path)
    assert made[0, 0].tolist() == [0, 100, 200], "BGR"


def test_values_beyond_white_are_white(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["y0"], mode="nearest"),
        helper.make_node("Sub", ["y0", "half"], ["y1"]),
        helper.make_node("Mul", ["y1", "much"], ["y"]),
    ]
    weights = {"scales": np.array([1, 1, 2, 2], np.float32), "half": np.float32(0.5), "much": np.float32(9)}
    model(tmp_path / "tiny.onnx", nodes, {name: np.asarray(value) for name, value in weights.items()})
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[2:] = 250
    made = enlarge(onnx_settings(), frame, tmp_path)
    assert set(np.unique(made[:4])) == {0} and set(np.unique(made[4:])) == {255}


def test_a_model_of_one_size_gets_tiles_of_that_size(tmp_path: Path) -> None:
    doubled(tmp_path / "tiny.onnx", inputs={"x": [1, 3, 48, 48]})
    frame = texture(60, 60)
    made = enlarge(onnx_settings(tile=48), frame, tmp_path)
    assert np.array_equal(made, frame.repeat(2, axis=0).repeat(2, axis=1))
    with pytest.raises(BackendError, match="takes pictures of 48 x 48 only, and tile is 32") as caught:
        enlarge(onnx_settings(), frame, tmp_path)
    assert caught.value.hint == "set tile: 48" and str(tmp_path) in caught.value.where


def test_the_version_names_the_model_by_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = doubled(tmp_path / "tiny.onnx")
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path))
    upscaler = find_upscaler(onnx_settings(sha256=digest_file(path)))
    assert digest_file(path) in upscaler.version and "onnxruntime" in upscaler.version
    blurred(path)
    with pytest.raises(SpecError, match="has the SHA-256"):
        find_upscaler(onnx_settings(sha256="0" * 64))
    assert find_upscaler(onnx_settings()).version != upscaler.version


def test_the_first_folder_decides_and_a_model_may_lie_in_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "esr").mkdir(parents=True)
    doubled(tmp_path / "b/esr/tiny.onnx")
    folders = [tmp_path / "a", tmp_path / "b"]
    first = find_upscaler(onnx_settings(model="esr/tiny.onnx"), folders)
    blurred(tmp_path / "a/esr/tiny.onnx")
    assert find_upscaler(onnx_settings(model="esr/tiny.onnx"), folders).version != first.version


WRONG = {
    "garbage": lambda path: path.write_bytes(b"\x08\x08garbage" * 100),
    "empty": lambda path: path.write_bytes(b""),
    "pointer": lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
    "two inputs": lambda path: model(
        path, [helper.make_node("Add", ["x", "u"], ["y"])], inputs={"x": ["n", 3, "h", "w"], "u": ["n", 3, "h", "w"]}
    ),
    "two outputs": lambda path: model(
        path, [helper.make_node("Abs", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])], outputs=2
    ),
    "doubles": lambda path: model(path, [helper.make_node("Abs", ["x"], ["y"])], kind=TensorProto.DOUBLE),
    "one channel": lambda path: model(path, [helper.make_node("Abs", ["x"], ["y"])], inputs={"x": ["n", 1, "h", "w"]}),
    "four at once": lambda path: model(path, [helper.make_node("Abs", ["x"], ["y"])], inputs={"x": [4, 3, "h", "w"]}),
    "same size": lambda path: model(path, [helper.make_node("Abs", ["x"], ["y"])]),
    "no numbers": lambda path: model(
        path,
        [
            helper.make_node("Resize", ["x", "", "scales"], ["y0"], mode="nearest"),
            helper.make_node("Sub", ["y0", "big"], ["y1"]),
            helper.make_node("Log", ["y1"], ["y"]),
        ],
        {"scales": np.array([1, 1, 2, 2], np.float32), "big": np.asarray(np.float32(9))},
    ),
    "elsewhere": lambda path: onnx.save_model(
        onnx.load(blurred(path)), path, save_as_external_data=True, location="weights.bin", size_threshold=0
    ),
}
MESSAGES = {
    "garbage": "can't be loaded",
    "empty": "can't be loaded",
    "pointer": "Git LFS pointer",
    "two inputs": "has 2 inputs and 1 outputs",
    "two outputs": "has 1 inputs and 2 outputs",
    "doubles": "an input tensor(double)",
    "one channel": "takes 1 channels, expected 3",
    "four at once": "takes 4 pictures at once",
    "same size": "makes (1, 3, 32, 32) of (1, 3, 32, 32), expected (1, 3, 64, 64)",
    "no numbers": "no numbers",
    "elsewhere": "weights in another file",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_model_is_named(what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    WRONG[what](tmp_path / "tiny.onnx")
    with pytest.raises(BackendError) as caught:
        enlarge(onnx_settings(), texture(20, 20), tmp_path)
    assert MESSAGES[what] in str(caught.value) and caught.value.hint
    assert str(tmp_path / "tiny.onnx") in caught.value.where
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name",
    ["../tiny.onnx", "/etc/tiny.onnx", "a/../../tiny.onnx", "tiny.pb", "", "a\\tiny.onnx", "./tiny.onnx", "t\0.onnx"],
)
def test_a_name_can_t_lead_out_of_the_folders(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    doubled(tmp_path / "tiny.onnx")
    with pytest.raises(SpecError, match=r"super_resolution\.model"):
        find_upscaler(onnx_settings(model=name), [inside])


def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tiny.onnx")
    with pytest.raises(SpecError, match=r"found no tiny\.onnx in"):
        find_upscaler(onnx_settings(), [tmp_path])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"upscaler": "lancsos", "factor": 2}, "did you mean lanczos?"),
        ({"factor": 2}, "expected one of lanczos, onnx"),
        ({"upscaler": "lanczos", "factor": 2.5}, "an integer from 2 to 4"),
        ({"upscaler": "lanczos", "factor": 2, "model": "x.onnx"}, "found 'model'"),
        ({"upscaler": "onnx", "factor": 2, "tile": 8, "overlap": 0}, "tile: found 8"),
        (onnx_settings(overlap=16), "less than half of tile"),
        (onnx_settings(model="none.onnx"), "set FORGE_MODELS"),
        (["lanczos"], "expected a mapping"),
    ],
)
def test_wrong_settings_are_named(settings: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        find_upscaler(settings, [tmp_path])
    assert message in str(caught.value)


def test_a_model_can_be_given_by_its_folder_alone(tmp_path: Path) -> None:
    doubled(tmp_path / "tiny.onnx")
    upscaler = find_model("tiny.onnx", factor=2, tile=64, overlap=8, sha256=None, folders=[tmp_path])
    assert [frame.shape for frame in upscaler.upscale([texture(10, 12)] * 2)] == [(20, 24, 3)] * 2
