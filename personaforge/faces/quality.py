"""Sharpness of a face and the distance between two pictures' tones. Numbers only; `identity.clip` judges them.

Pixels are uint8 (H, W, 3) BGR. Nothing here reads or moves an identity threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARPNESS_SIDE = 256
"""Pixels of the longer side of the face at which sharpness is taken."""

_EXACT = 2**24
"""Pixels that OpenCV's histogram counts exactly: the whole numbers up to this are floats of 32 bits."""

METHODS = ("bhattacharyya", "chi_squared", "correlation")


def sharpness(pixels: NDArray[np.uint8], box: Sequence[float] | NDArray[np.float32]) -> float | None:
    """Return the variance of the Laplacian of the face in grey values squared; None when the box has no pixel inside.

    The Laplacian grows with the size of what it looks at: the same face at twice the pixels has softer edges per pixel.
    So the face's box, not the picture, is brought to 256 px on its longer side first. So a frame's value can be divided
    by the anchor's even when one is a 4K portrait and the other a phone clip: a face that had to be enlarged is
    measured as less sharp, which it is.
    """
    cv2 = opencv()
    height, width = pixels.shape[:2]
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    if right <= left or bottom <= top:
        return None
    grey = cv2.cvtColor(pixels[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    scale = SHARPNESS_SIDE / max(right - left, bottom - top)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    # INTER_AREA averages when shrinking; linear shrinking would leave aliasing, which counts as sharpness.
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))  # whole numbers, at most 4 * 255 in size
    return float(deviation[0, 0]) ** 2


def tones(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of each of the 256 grey values; (256,), sums to 1."""
    import numpy as np

    cv2 = opencv()
    # Whole numbers in float32, exact below 16 million; a frame is counted in strips under that.
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    rows = max(1, _EXACT // grey.shape[1])
    strips = (grey[top : top + rows] for top in range(0, grey.shape[0], rows))
    counts = sum(cv2.calcHist([strip], [0], None, [256], [0, 256]).ravel().astype(np.int64) for strip in strips)
    return np.asarray(counts / np.sum(counts), dtype=np.float64)


def histogram_distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float]:
    """Return the distance of two tone histograms by each method; all are symmetric and 0 for equal histograms.

    - bhattacharyya: sqrt(1 - sum(sqrt(p q))), in [0, 1]. With sums of 1 this is OpenCV's HISTCMP_BHATTACHARYYA.
    - chi_squared: half of sum((p - q)^2 / (p + q)), in [0, 1]. OpenCV's HISTCMP_CHISQR divides by p alone, so that it
      depends on the order of the frames, overlooks tones that only the second one has, and has no upper bound.
    - correlation: 1 - r of Pearson, in [0, 2]; a flat histogram has no r, so it is 0 from itself and 1 from others.
    """
    import numpy as np

    total = one + other
    filled = total > 0
    p, q = one - one.mean(), other - other.mean()
    spread = math.sqrt(float((p * p).sum()) * float((q * q).sum()))
    same = np.array_equal(one, other)
    correlation = 0.0 if same else 1.0 if spread == 0 else 1 - float((p * q).sum()) / spread
    return {
        "bhattacharyya": math.sqrt(max(0.0, 1 - float(np.sqrt(one * other).sum()))),
        "chi_squared": float(((one - other)[filled] ** 2 / total[filled]).sum()) / 2,
        "correlation": max(0.0, correlation),
    }
