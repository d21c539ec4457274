"""Sharpness and histogram distances: known answers and what they must and mustn't depend on."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.faces.quality import METHODS, histogram_distances, sharpness, tones


def checks(side: int, cell: int) -> np.ndarray:
    grey = (np.indices((side, side)) // cell).sum(0) % 2 * 255
    return np.repeat(grey[:, :, None], 3, 2).astype(np.uint8)


def test_sharpness_is_the_variance_of_the_laplacian_at_256_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    assert sharpness(pixels, [0, 0, 256, 256]) == pytest.approx(cv2.Laplacian(grey, cv2.CV_64F).var())
    assert sharpness(np.full((300, 300, 3), 77, dtype=np.uint8), [0, 0, 300, 300]) == 0


def test_sharpness_is_of_the_box() -> None:
    pixels = np.full((400, 400, 3), 128, dtype=np.uint8)
    pixels[100:200, 100:200] = checks(100, 5)
    inside, outside = sharpness(pixels, [100, 100, 200, 200]), sharpness(pixels, [200, 200, 300, 300])
    assert inside is not None and inside > 1000
    assert outside == 0


def test_sharpness_of_one_scene_at_two_resolutions_is_alike() -> None:
    """A picture of twice the pixels, of equal detail, must not count as blurred: the box is brought to one side."""
    large = cv2.GaussianBlur(checks(1024, 64), (0, 0), 6)
    small = cv2.resize(large, (512, 512), interpolation=cv2.INTER_AREA)
    one, other = sharpness(large, [0, 0, 1024, 1024]), sharpness(small, [0, 0, 512, 512])
    assert one is not None and other == pytest.approx(one, rel=0.05)
    raw = [cv2.Laplacian(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var() for p in (large, small)]
    assert raw[1] > 2 * raw[0]  # the unscaled measure calls them different


def test_blur_lowers_sharpness() -> None:
    pixels = checks(300, 10)
    values = [
        sharpness(p, [0, 0, 300, 300]) for p in (pixels, *(cv2.GaussianBlur(pixels, (0, 0), s) for s in (1, 2, 4)))
    ]
    assert values == sorted(values, key=lambda value: value or 0, reverse=True) and len(set(values)) == 4


def test_a_box_reaches_over_the_edge_or_lies_beyond_it() -> None:
    pixels = checks(100, 5)
    assert sharpness(pixels, [-50, -50, 150, 150]) == sharpness(pixels, [0, 0, 100, 100])
    assert sharpness(pixels, [200, 0, 300, 100]) is None
    assert sharpness(pixels, [50.2, 50.2, 50.4, 50.4]) is not None


def test_tones_are_shares() -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0, 0] = 255
    share = tones(pixels)
    assert share.shape == (256,) and share[0] == 0.75 and share[255] == 0.25 and share.sum() == 1


def spike(*values: int) -> np.ndarray:
    share = np.zeros(256)
    share[list(values)] = 1 / len(values)
    return share


def test_known_distances() -> None:
    assert histogram_distances(spike(3), spike(3)) == dict.fromkeys(METHODS, 0.0)
    apart = histogram_distances(spike(3), spike(200))
    assert apart == pytest.approx({"bhattacharyya": 1, "chi_squared": 1, "correlation": 1 + 1 / 255})
    half = histogram_distances(spike(3), spike(3, 200))  # p = (1, 0), q = (.5, .5)
    assert half["bhattacharyya"] == pytest.approx((1 - 0.5**0.5) ** 0.5)
    assert half["chi_squared"] == pytest.approx((0.25 / 1.5 + 0.25 / 0.5) / 2)


def test_a_flat_histogram_has_no_correlation() -> None:
    flat = np.full(256, 1 / 256)
    assert histogram_distances(flat, flat)["correlation"] == 0
    assert histogram_distances(flat, spike(3))["correlation"] == 1


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_distances_agree_with_opencv_and_are_symmetric(one: int, other: int) -> None:
    p, q = (np.random.default_rng(seed).dirichlet(np.full(256, 0.2)) for seed in (one, other))
    distances = histogram_distances(p, q)
    assert distances == pytest.approx(histogram_distances(q, p))
    assert 0 <= distances["bhattacharyya"] <= 1 and 0 <= distances["chi_squared"] <= 1
    a, b = p.astype(np.float32), q.astype(np.float32)
    # abs: at a distance of 0 OpenCV's square root of a float32 rounding error is 0.0003
    assert distances["bhattacharyya"] == pytest.approx(cv2.compareHist(a, b, cv2.HISTCMP_BHATTACHARYYA), abs=1e-3)
    assert distances["correlation"] == pytest.approx(1 - cv2.compareHist(a, b, cv2.HISTCMP_CORREL), abs=1e-5)
    assert distances["chi_squared"] == pytest.approx(cv2.compareHist(a, b, cv2.HISTCMP_CHISQR_ALT) / 4, abs=1e-5)
