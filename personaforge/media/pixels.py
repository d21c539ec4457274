"""What a camera does to a picture, one function an operation. Decides nothing; reads and writes no files.

Pixels are uint8, (H, W, 3), BGR, sRGB code values; each function returns a new array and doesn't change its argument.
An operation of strength 0 returns the same pixels. Nothing here depends on a clock, on the number of threads or on
global random state: equal input gives equal bytes with the same numpy and OpenCV. Sums are integers or single rounded
operations on floats, so that the processor's vector unit makes no difference either.

Settings out of the ranges that `realism` declares give what the formula gives, or ValueError where it has no meaning.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from personaforge.faces.opencv import opencv
from personaforge.media.light import STEPS, code_table, to_code, to_linear, white_gains

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

FULL_WELL: Final = 6_000
"""Electrons of white at ISO 100. Chosen by us: phone pixels of about 1 micrometre hold 5,000 to 10,000."""
READ_NOISE: Final = 2.0
"""Electrons, standard deviation, of reading a pixel. Chosen by us: published phone sensors have 1 to 3."""
_ROWS: Final = 256
"""Rows that get their noise at once. It doesn't change the result: values are drawn in order."""


def white_balance(pixels: Pixels, temperature: float, tint: float) -> Pixels:
    """Warm or cool a picture, as gains on linear light.

    `temperature` is a shift in mireds from daylight of 6504 K, -80 to 80, positive is warmer: 45 makes a grey card look
    as under 5,030 K. `tint` is in hundredths of a stop, positive takes green away (towards magenta). A grey keeps
    its luminance under `temperature`. Raises ValueError as `white_gains`.
    """
    import numpy as np

    if not temperature and not tint:
        return pixels.copy()
    red, green, blue = white_gains(temperature)
    gains = (blue, green * 2 ** (-tint / 100), red)
    table = np.stack([code_table(to_linear() * gain) for gain in gains], axis=1)
    return np.asarray(opencv().LUT(pixels, table.reshape(256, 1, 3)), dtype=np.uint8)


def clip_highlights(pixels: Pixels, exposure: float, knee: float) -> Pixels:
    """Expose a picture by so many stops, and let values that are then too bright go smoothly to white.

    Linear light up to `knee`, in (0, 1], is only multiplied by 2**exposure. Above it follows a parabola that begins
    with the same slope and is level where it reaches white, at 2 - knee; brighter values are clipped. A knee of 1 clips
    hard. Each channel is handled alone, so a bright colour loses saturation first, as on a sensor.
    """
    import numpy as np

    if not 0 < knee <= 1:
        raise ValueError(f"knee is {knee}, expected above 0 and at most 1")
    if not exposure and knee == 1:
        return pixels.copy()
    light = to_linear() * 2.0**exposure
    if knee < 1:
        above = np.clip(light - knee, 0, 2 * (1 - knee))
        light = np.where(light > knee, knee + above - above * above / (4 * (1 - knee)), light)
    return np.asarray(opencv().LUT(pixels, code_table(light).reshape(256, 1)), dtype=np.uint8)


def unsharp(pixels: Pixels, radius: float, amount: float, threshold: float) -> Pixels:
    """Sharpen by an unsharp mask on luma, so that edges get no colour fringes.

    The picture gains `amount` times the difference between its luma and its luma blurred by a Gaussian whose standard
    deviation is `radius` in pixels. Differences under `threshold` code values are not changed, so grain is not
    sharpened. Luma is ITU-R BT.601's, in 1/256 of a code value.
    """
    import numpy as np

    if not amount or not radius:
        return pixels.copy()
    wide = pixels.astype(np.uint32)
    # 65536ths of BT.601's weights; the sum is 65536, so white stays 255 * 256.
    luma = ((7471 * wide[..., 0] + 38470 * wide[..., 1] + 19595 * wide[..., 2] + 128) >> 8).astype(np.uint16)
    # OpenCV's Gaussian on 16-bit integers is exact to the bit on every processor; on floats it isn't.
    blurred = opencv().GaussianBlur(luma, (0, 0), radius, borderType=opencv().BORDER_REFLECT_101)
    detail = luma.astype(np.int32) - blurred
    detail[np.abs(detail) < threshold * 256] = 0
    change = np.rint(detail * (amount / 256)).astype(np.int32)
    return np.asarray(np.clip(pixels + change[..., None], 0, 255), dtype=np.uint8)


def chromatic_aberration(pixels: Pixels, pixels_at_edge: float) -> Pixels:
    """Show red a little larger and blue a little smaller than green, as a simple lens does.

    Red is scaled about the picture's centre so that it moves outwards by `pixels_at_edge` in the corners, blue inwards
    by as much, and both in proportion to the distance from the centre. Negative values swap the two; in a picture so
    small that this is more than half the distance to its corner, it is that half. Cubic interpolation.
    """
    from personaforge.media.exact import scaled

    height, width = pixels.shape[:2]
    across, down = (width - 1) / 2, (height - 1) / 2
    corner = math.sqrt(across * across + down * down)
    if not pixels_at_edge or not corner:
        return pixels.copy()
    result = pixels.copy()
    shift = max(-corner / 2, min(corner / 2, pixels_at_edge))
    for channel, moved in ((2, shift), (0, -shift)):
        scale = corner / (corner + moved)
        result[..., channel] = scaled(pixels[..., channel], scale)
    return result


def noise_variance(light: float, iso: float) -> float:
    """Return the variance of linear light that `sensor_noise` adds where linear light is `light`, 0 to 1.

    Shot noise: of n electrons the variance is n, and white is FULL_WELL * 100 / iso electrons. Read noise: READ_NOISE
    electrons at any light. (Photon transfer: J. R. Janesick, "Photon Transfer", SPIE 2007, chapter 3.)
    """
    white = FULL_WELL * 100 / iso
    return light / white + (READ_NOISE / white) ** 2


def sensor_noise(pixels: Pixels, iso: float, seed: int) -> Pixels:
    """Add a sensor's shot and read noise in linear light, to each channel of each pixel on its own.

    `iso` is a strength like a camera's sensitivity: 100 is hardly seen, 1600 is a dark room; 0 adds nothing. The mean
    doesn't change, except within a few standard deviations of black and white, where values are clipped. `seed` is an
    integer from 0 and determines every value (PCG64). Needs about 40 bytes of memory for each pixel of 256 rows.
    """
    import numpy as np

    if iso < 0:
        raise ValueError(f"iso is {iso}, expected 0 or more")
    if not iso:
        return pixels.copy()
    random = np.random.Generator(np.random.PCG64(seed))
    light = to_linear()
    scale = np.float32(STEPS - 1)
    levels = light.astype(np.float32) * scale
    spread = np.sqrt([noise_variance(float(value), iso) for value in light]).astype(np.float32) * scale
    codes = to_code()
    result = np.empty_like(pixels)
    for top in range(0, pixels.shape[0], _ROWS):
        band = pixels[top : top + _ROWS]
        noisy = random.standard_normal(band.shape, dtype=np.float32)
        noisy *= spread[band]
        noisy += levels[band]
        np.clip(noisy, 0, scale, out=noisy)
        np.rint(noisy, out=noisy)
        result[top : top + _ROWS] = codes[noisy.astype(np.uint16)]
    return result
