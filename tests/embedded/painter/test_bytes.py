"""What is drawn has the same bytes on every machine, and the key of what hasn't says with which library it was made."""

from __future__ import annotations

import numpy as np
import pytest

from personaforge.media import exact
from personaforge.providers.table import capability, names
from personaforge.versions import library_versions

from .digests import CLIPS, answer, paths, start

DRAWN = {
    "anchor": "1fac37106d824f7e35fe4ecfc81b227bfed569dc903dc77ca24c27d2f71d1ea7",
    "half": "c3e174a4e9a4591e5833b1f021b9b0912500c51e871150c5d280c1300719815b",
    "full": "6abea1b24ba78109ca1d47918b2342ff03cfc2cb999124da1e34ba9c442178b8",
    "curls": "bc24926428f7c801ab4ef8dbaa9f1758f2097afcb6c2ebea301b24941ab142a2",
    "smaller than it is drawn": "afca2057f25bccf928bb17613e714b0661caf6056d564cfb32d5ef455cd68101",
    "phone": "6e030ce2fcab8ac598e85737d93a96f6da39f633c0911d2bb42a887034395b11",
}
"""The same on x86-64 and arm64, with the lowest and the newest libraries. Whoever draws otherwise on purpose raises the
version in `providers/table.py`, or `realism.VERSION`, and writes the new digests here."""


def test_bytes_are_the_same_along_every_code_path() -> None:
    everything = paths()
    running = [
        start(everything["no IPP"], "--threads", "1"),
        start(everything["nothing"], "--threads", "4"),
    ]
    first, second = (answer(process) for process in running)
    assert first == second  # a clip's too, with one OpenCV
    assert {name: digest for name, digest in first.items() if name not in CLIPS} == DRAWN


def test_a_clip_is_keyed_by_opencv_and_nothing_that_is_paid_by_any_library() -> None:
    (version,) = library_versions(["opencv"])
    assert capability("video", "embedded").maker == f"embedded@7, {version}"
    assert capability("image", "embedded").maker == "embedded@7"
    assert capability("text", "embedded").maker == "embedded@3"
    for modality in ("text", "image", "video", "speech"):
        for name in names(modality):
            found = capability(modality, name)
            assert not (found.paid and found.libraries)
            assert found.libraries or found.maker == f"{found.name}@{found.version}"


def test_functions_are_what_they_are_called() -> None:
    x = np.linspace(-20, 20, 4001)
    assert np.abs(exact.sin(x) - np.sin(x)).max() < 1e-14 and np.abs(exact.cos(x) - np.cos(x)).max() < 1e-14
    assert np.abs(exact.sin(x.astype(np.float32)) - np.sin(x)).max() < 1e-5
    assert (exact.sin(0.0), exact.cos(0.0), exact.sin(np.pi / 2)) == (0, 1, 1)
    assert exact.scalar_sin(0.3) == exact.sin(0.3) and exact.scalar_cos(0.3) == exact.cos(0.3)
    assert np.abs(exact.exp(x) / np.exp(x) - 1).max() < 1e-14
    base = np.linspace(0, 3, 301)
    for exponent in (0.55, 1 / 2.2, 2.35):
        assert np.abs(exact.power(base, exponent) - base**exponent).max() < 1e-13
    assert (exact.power(0.0, 0.4), exact.power(1.0, 0.4)) == (0, 1)
    assert np.abs(exact.bell(x) - np.exp(-0.5 * x * x)).max() < 1e-5
    assert np.abs(exact.hump(x) - np.exp(-x * x)).max() < 1e-5
    assert np.abs(exact.arctan2(x, x[::-1] + 0.1) - np.arctan2(x, x[::-1] + 0.1)).max() < 2e-5
    knots, values = np.array([-3.0, -1.0, 0.5, 8.0]), np.array([2.0, 5.0, 1.0, 1.5])
    assert np.abs(exact.interp(x, knots, values) - np.interp(x, knots, values)).max() < 1e-14
    rows = np.stack([knots, knots - 2]).astype(np.float32)
    found = exact.positions(x, rows)
    for row, line in zip(rows, found, strict=True):
        assert np.abs(line - np.interp(x, row, np.arange(4))).max() < 1e-5
    assert exact.moving_mean(np.array([1.0, 2.0, 6.0]), 3) == pytest.approx([4 / 3, 3, 14 / 3])


def test_pictures_are_resampled_as_opencv_does_it() -> None:
    import cv2

    random = np.random.default_rng(5)
    plane = random.random((45, 37)).astype(np.float32)
    assert np.abs(exact.blurred(plane, 2.3, 0.8) - cv2.GaussianBlur(plane, (0, 0), sigmaX=2.3, sigmaY=0.8)).max() < 5e-5
    for factor in (2, 3):
        larger = exact.enlarged(plane, factor)
        assert np.abs(larger - cv2.resize(plane, (37 * factor, 45 * factor))).max() < 1e-6
        smaller = cv2.resize(larger, (37, 45), interpolation=cv2.INTER_AREA)
        assert np.abs(exact.reduced(larger, factor) - smaller).max() < 1e-6
    assert exact.reduced(plane, 4).shape == (12, 10)
    curved = cv2.resize(plane, (101, 90), interpolation=cv2.INTER_CUBIC)
    assert np.abs(exact.curved(plane, 90, 101) - curved).max() < 1e-5
    shift = np.array([[1, 0, 0], [0, 1, 3.25]], np.float32)
    assert np.abs(exact.lowered(plane, 3.25) - cv2.warpAffine(plane, shift, (37, 45))).max() < 1e-6
    column, row = ((random.random((30, 20)) * (side + 5) - 3).astype(np.float32) for side in (37, 45))
    borders = {"edge": cv2.BORDER_REPLICATE, "mirror": cv2.BORDER_REFLECT_101, "nothing": cv2.BORDER_CONSTANT}
    for name, border in borders.items():
        wanted = cv2.remap(plane, column, row, cv2.INTER_LINEAR, borderMode=border)
        # OpenCV 4 takes positions in 32nds of a pixel.
        assert np.abs(exact.sampled(plane, column, row, name) - wanted).max() < 0.04  # type: ignore[arg-type]
    picture = (random.random((45, 37, 3)) * 255).astype(np.uint8)
    for size in ((20, 31), (80, 99)):
        how = cv2.INTER_AREA if size[0] < 37 else cv2.INTER_CUBIC
        wanted = cv2.resize(picture, size, interpolation=how).astype(int)
        assert np.abs(exact.fitted(picture, *size) - wanted).max() <= 1
    mask = picture[..., 0]
    exactly = np.rint((picture * (mask[..., None] / 255)) + picture[::-1] * (1 - mask[..., None] / 255))
    assert np.abs(exact.mixed(picture, picture[::-1], mask[..., None]) - exactly).max() <= 1
    inside = np.zeros((9, 9), np.uint8)
    inside[1:-1, 1:-1] = 1
    assert exact.distances(inside)[4, 4] == pytest.approx(4 * 0.955, abs=1e-3)
