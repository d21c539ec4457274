"""Each operation by known answers: what a camera does to a grey card, an edge and a flat field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from personaforge.media import light, pixels

Pixels = NDArray[np.uint8]


def card(value: int, side: int = 32) -> Pixels:
    return np.full((side, side, 3), value, np.uint8)


def texture(height: int = 96, width: int = 128, seed: int = 3) -> Pixels:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.uint8)


def linear(codes: Pixels) -> NDArray[np.float64]:
    return light.to_linear()[codes]


def luma_laplacian(picture: Pixels) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


OPERATIONS: dict[str, Callable[[Pixels], Pixels]] = {
    "white_balance": lambda given: pixels.white_balance(given, 30, -10),
    "highlights": lambda given: pixels.clip_highlights(given, 0.4, 0.8),
    "unsharp": lambda given: pixels.unsharp(given, 1.3, 0.9, 2),
    "chromatic_aberration": lambda given: pixels.chromatic_aberration(given, 1.7),
    "noise": lambda given: pixels.sensor_noise(given, 400, 11),
}
NOTHING: dict[str, Callable[[Pixels], Pixels]] = {
    "white_balance": lambda given: pixels.white_balance(given, 0, 0),
    "highlights": lambda given: pixels.clip_highlights(given, 0, 1),
    "unsharp, no amount": lambda given: pixels.unsharp(given, 2, 0, 0),
    "unsharp, no radius": lambda given: pixels.unsharp(given, 0, 2, 0),
    "unsharp, all under the threshold": lambda given: pixels.unsharp(given, 2, 2, 256),
    "chromatic_aberration": lambda given: pixels.chromatic_aberration(given, 0),
    "noise": lambda given: pixels.sensor_noise(given, 0, 1),
}


@pytest.mark.parametrize("name", NOTHING)
def test_strength_zero_gives_the_same_pixels(name: str) -> None:
    given = texture()
    made = NOTHING[name](given)
    assert np.array_equal(made, given) and made is not given


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_returns_new_pixels_and_leaves_its_argument(name: str) -> None:
    given = texture()
    before = given.copy()
    made = OPERATIONS[name](given)
    assert (made.shape, made.dtype) == (given.shape, np.uint8)
    assert np.array_equal(given, before) and not np.array_equal(made, given)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_number_of_threads_changes_nothing(name: str, one_thread: None) -> None:
    given = texture(300, 400)
    alone = OPERATIONS[name](given)
    cv2.setNumThreads(4)
    assert np.array_equal(OPERATIONS[name](given), alone)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (40, 1, 3), (2, 2, 3)])
def test_the_smallest_pictures_pass(name: str, shape: tuple[int, int, int]) -> None:
    assert OPERATIONS[name](np.full(shape, 128, np.uint8)).shape == shape


# --- light ------------------------------------------------------------------------------------------------------------


def test_code_values_survive_linear_light() -> None:
    assert np.array_equal(light.to_code()[np.rint(light.to_linear() * 65535).astype(int)], np.arange(256))
    assert light.to_linear()[118] == pytest.approx(0.1812, abs=1e-4), "18 % grey is code value 118"


@pytest.mark.parametrize(
    ("kelvins", "x", "y"),
    [
        (2500, 0.4770, 0.4137),
        (4000, 0.3805, 0.3768),
        (5000, 0.3451, 0.3516),
        (6500, 0.3135, 0.3237),
        (10000, 0.2807, 0.2884),
    ],
)
def test_black_bodies_have_their_published_colour(kelvins: float, x: float, y: float) -> None:
    assert light.chromaticity(kelvins) == pytest.approx((x, y), abs=4e-4)


# --- white balance ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mireds", [-60, -20, 15, 45, 80])
def test_a_grey_card_takes_the_light_s_colour_and_keeps_its_luminance(mireds: float) -> None:
    blue, green, red = linear(pixels.white_balance(card(118), mireds, 0))[0, 0]
    assert (red > green > blue) if mireds > 0 else (red < green < blue)
    before = light.to_linear()[118]
    assert np.dot((red, green, blue), light.LUMINANCE) == pytest.approx(before, rel=0.012), "within rounding"
    there, here = (
        XYZ_TO_RGB @ np.array([x / y, 1, (1 - x - y) / y])
        for x, y in (light.chromaticity(1e6 / (1e6 / 6504 + mireds)), light.chromaticity(6504))
    )
    gains = there / here
    assert np.array([red, green, blue]) / before == pytest.approx(gains / np.dot(gains, light.LUMINANCE), rel=0.012)


XYZ_TO_RGB = np.linalg.inv(
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
)  # IEC 61966-2-1, the other way round


def test_tint_takes_green_away_by_hundredths_of_a_stop() -> None:
    made = linear(pixels.white_balance(card(188), 0, 50))[0, 0]
    before = light.to_linear()[188]
    assert made[0] == made[2] == before
    assert made[1] == pytest.approx(before * 2**-0.5, rel=0.01)


def test_light_that_nothing_describes_is_refused() -> None:
    for mireds in (-154, -100, 500):
        with pytest.raises(ValueError, match="mireds from 6504 K"):
            pixels.white_balance(card(1), mireds, 0)


# --- highlights -------------------------------------------------------------------------------------------------------


def test_a_hard_knee_clips_what_is_brighter_than_white_and_doubles_the_rest() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    made = pixels.clip_highlights(ramp, 1, 1)
    # Half of white is 0.5 in linear light, code value 187.5.
    assert [int(made[0, value, 0]) for value in (187, 188, 255)] == [254, 255, 255]
    assert (made[0, :, 0] == 255).sum() == 256 - 188
    assert linear(made)[0, 20:187] == pytest.approx(2 * linear(ramp)[0, 20:187], rel=0.03)


def test_a_soft_knee_leaves_the_line_smoothly_and_ends_in_white() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    made = pixels.clip_highlights(ramp, 1, 0.6)[0, :, 0].astype(int)
    hard = pixels.clip_highlights(ramp, 1, 1)[0, :, 0].astype(int)
    assert (np.diff(made) >= 0).all() and np.diff(made).max() <= 2
    below = 2 * light.to_linear() <= 0.6
    assert np.array_equal(made[below], hard[below]) and (made <= hard).all() and (made < hard).any()
    # White is reached where twice the light is 2 - 0.6, that is at 0.7: code value 217.6. At 1 of light the parabola
    # gives 0.6 + 0.4 - 0.4 ** 2 / (4 * 0.4) = 0.9, which is code value 243.
    assert np.argmax(made == 255) in range(210, 219) and made[188] == pytest.approx(243, abs=1)
    for knee in (0, -1, 1.1):
        with pytest.raises(ValueError, match="knee"):
            pixels.clip_highlights(ramp, 0, knee)


# --- unsharp ----------------------------------------------------------------------------------------------------------


def test_unsharp_raises_the_laplacian_variance_with_its_amount() -> None:
    given = texture()
    found = [luma_laplacian(pixels.unsharp(given, 1.5, amount, 0)) for amount in (0, 0.5, 1.0)]
    assert found[0] * 1.3 < found[1] < found[2] / 1.2


def test_unsharp_is_a_picture_plus_what_a_blur_takes_from_it() -> None:
    grey = np.repeat(texture()[..., :1] // 2 + 64, 3, axis=2)
    blurred = cv2.GaussianBlur(grey[..., 0].astype(np.float64), (0, 0), 2)
    expected = grey[..., 0] + 0.8 * (grey[..., 0] - blurred)
    assert np.abs(pixels.unsharp(grey, 2, 0.8, 0)[..., 1] - expected).max() <= 1


def test_unsharp_leaves_small_differences_and_colours_alone() -> None:
    step = card(100)
    step[:, 16:] = 104
    step[16:, :, 2] += 40
    soft, sharp = pixels.unsharp(step, 1, 1, 3), pixels.unsharp(step, 1, 1, 0)
    assert np.array_equal(soft[:8], step[:8]), "a step of 4 differs from its blur by 2"
    assert not np.array_equal(sharp[:8], step[:8])
    change = sharp.astype(int) - step
    assert (change == change[..., :1]).all(), "all channels change alike"


# --- chromatic aberration ---------------------------------------------------------------------------------------------


def edge_of(row: NDArray[np.float64]) -> float:
    """Return the place of a soft edge: the centre of its gradient."""
    gradient = np.diff(row)
    return float((gradient * (np.arange(len(gradient)) + 0.5)).sum() / gradient.sum())


@pytest.mark.parametrize("shift", [3.0, -3.0, 0.6])
def test_edges_move_by_their_distance_from_the_centre(shift: float) -> None:
    height, width = 21, 401
    corner = np.hypot(200, 10)
    for place in (25, 120, 200, 300, 375):
        row = 30 + 190 / (1 + np.exp(-(np.arange(width) - place) / 1.5))
        given = np.repeat(np.repeat(row[None, :, None], height, axis=0), 3, axis=2).round().astype(np.uint8)
        made = pixels.chromatic_aberration(given, shift)[10]
        expected = shift * (place - 200) / corner
        for channel, sign in ((2, 1), (1, 0), (0, -1)):
            moved = edge_of(made[..., channel].astype(float)) - edge_of(given[10, :, channel].astype(float))
            assert moved == pytest.approx(sign * expected, abs=0.06), (place, channel)


def test_red_moves_outwards_by_the_whole_shift_in_the_corner() -> None:
    given = card(0, 101)
    given[90:, 90:] = 255
    given = cv2.GaussianBlur(given, (0, 0), 1.5)
    made = pixels.chromatic_aberration(given, 4)
    rows = [np.diagonal(picture[..., 2]).astype(float) for picture in (given, made)]
    found = (edge_of(rows[1]) - edge_of(rows[0])) * np.sqrt(2)
    assert found == pytest.approx(4 * (edge_of(rows[0]) - 50) / 50, abs=0.1)
    assert found == pytest.approx(4 * 0.79, abs=0.1)


# --- noise ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("iso", [200, 800])
@pytest.mark.parametrize("value", [70, 128, 200])
def test_noise_has_the_declared_variance_and_no_mean(value: int, iso: float) -> None:
    flat = card(value, 400)
    added = linear(pixels.sensor_noise(flat, iso, 5)) - light.to_linear()[value]
    declared = pixels.noise_variance(float(light.to_linear()[value]), iso)
    step = light.to_linear()[value + 1] - light.to_linear()[value]
    assert added.var() == pytest.approx(declared + step**2 / 12, rel=0.03), "and that of rounding to code values"
    assert abs(added.mean()) < 5 * np.sqrt(declared / added.size) + 0.02 * step
    assert abs(np.corrcoef(added[..., 0].ravel(), added[..., 2].ravel())[0, 1]) < 0.01, "channels are independent"
    assert abs(np.corrcoef(added[1:].ravel(), added[:-1].ravel())[0, 1]) < 0.01, "and so are pixels"


def test_noise_is_that_of_so_many_electrons() -> None:
    assert pixels.noise_variance(1.0, 100) == pytest.approx(1 / 6000 + (2 / 6000) ** 2)
    assert pixels.noise_variance(0.0, 1600) == pytest.approx((16 * 2 / 6000) ** 2)


def test_a_seed_settles_the_noise() -> None:
    flat = card(128, 300)
    first = pixels.sensor_noise(flat, 400, 1)
    assert np.array_equal(first, pixels.sensor_noise(flat, 400, 1))
    other = pixels.sensor_noise(flat, 400, 2)
    assert (first != other).mean() > 0.5
    assert np.array_equal(pixels.sensor_noise(flat[:10], 400, 1), first[:10]), "rows are drawn in order"
    np.random.seed(0)
    assert np.array_equal(first, pixels.sensor_noise(flat, 400, 1)), "no global state"
    with pytest.raises(ValueError, match="iso"):
        pixels.sensor_noise(flat, -1, 1)
