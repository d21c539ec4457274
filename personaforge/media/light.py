"""Between sRGB's code values and linear light, and what colour white is at a colour temperature.

Code values are uint8, 0 to 255; linear light is 0 (black) to 1 (white), for each of R, G and B. Pictures count as sRGB,
whatever profile they name, as everywhere in this package.

Sources: IEC 61966-2-1 (sRGB's transfer curve and primaries); M. Krystek, "An algorithm to calculate correlated colour
temperature", Color Research and Application 10 (1985) 38-40, for the black body in CIE 1960 (u, v).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REFERENCE_MIREDS: Final = 1e6 / 6504
"""sRGB's white, D65, has a correlated colour temperature of 6504 K; a mired is a million over kelvins."""
LUMINANCE: Final = (0.2126, 0.7152, 0.0722)
"""Share of R, G and B of linear light in luminance (ITU-R BT.709)."""
STEPS: Final = 65536
"""Entries of the table back to code values: at black, where sRGB is steepest, 19 of them for one code value."""


def linear_of_code(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return linear light of code values over 255."""
    import numpy as np

    from personaforge.media.exact import power

    return np.where(code <= 0.04045, code / 12.92, power((np.maximum(code, 0.04045) + 0.055) / 1.055, 2.4))


def code_of_linear(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return code values over 255 of linear light in [0, 1]."""
    import numpy as np

    from personaforge.media.exact import power

    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * power(np.maximum(light, 0.0031308), 1 / 2.4) - 0.055)


@cache
def to_linear() -> NDArray[np.float64]:
    """Return linear light by code value, (256,), read-only."""
    import numpy as np

    table = linear_of_code(np.arange(256) / 255)
    table.flags.writeable = False
    return table


@cache
def to_code() -> NDArray[np.uint8]:
    """Return the nearest code value by linear light times 65535, (65536,), read-only."""
    import numpy as np

    table = np.rint(255 * code_of_linear(np.arange(STEPS) / (STEPS - 1))).astype(np.uint8)
    table.flags.writeable = False
    return table


def code_table(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return code values, rounded, of linear light; what is brighter than white is white."""
    import numpy as np

    return np.rint(255 * code_of_linear(np.clip(light, 0, 1))).astype(np.uint8)


def chromaticity(kelvins: float) -> tuple[float, float]:
    """Return CIE 1931 (x, y) of a black body of 1,000 to 15,000 K (Krystek's fit: 0.0001 in u and v)."""
    k = kelvins
    u = (0.860117757 + 1.54118254e-4 * k + 1.28641212e-7 * k * k) / (1 + 8.42420235e-4 * k + 7.08145163e-7 * k * k)
    v = (0.317398726 + 4.22806245e-5 * k + 4.20481691e-8 * k * k) / (1 - 2.89741816e-5 * k + 1.61456053e-7 * k * k)
    return 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)


def white_gains(mireds: float) -> tuple[float, float, float]:
    """Return the gains on linear R, G and B that make D65 grey look like grey in warmer (positive) light.

    The light is a black body's, so many mireds from 6504 K; the luminance of a grey doesn't change. Raises ValueError
    for light cooler than 15,000 K, and warmer than 1,905 K, where blue is outside sRGB.
    """
    kelvins = 1e6 / (REFERENCE_MIREDS + mireds) if mireds > -REFERENCE_MIREDS else 0.0
    if not 1_905 < kelvins <= 15_000:
        raise ValueError(f"a shift of {mireds} mireds from 6504 K leaves the light that sRGB and the fit describe")
    there, here = _linear_rgb(*chromaticity(kelvins)), _linear_rgb(*chromaticity(1e6 / REFERENCE_MIREDS))
    ratios = [one / other for one, other in zip(there, here, strict=True)]
    luminance = sum(share * ratio for share, ratio in zip(LUMINANCE, ratios, strict=True))
    red, green, blue = (ratio / luminance for ratio in ratios)
    return red, green, blue


def _linear_rgb(x: float, y: float) -> tuple[float, float, float]:
    """Return linear sRGB of a chromaticity at luminance 1."""
    big_x, big_z = x / y, (1 - x - y) / y
    return (
        3.2404542 * big_x - 1.5371385 - 0.4985314 * big_z,
        -0.9692660 * big_x + 1.8760108 + 0.0415560 * big_z,
        0.0556434 * big_x - 0.2040259 + 1.0572252 * big_z,
    )
