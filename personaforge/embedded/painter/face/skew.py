"""What makes a face's halves differ: a smooth displacement of all that is painted on it, the person's own.

No face is its own mirror image, and a recogniser notices: symmetrical drawings look related. The field is a sum of
bells around twelve places, each with a shift of up to `_MOST` face units, about as much as real faces differ; it comes
from the person's seed alone, so it is the same in all pictures. Painting, relief and landmarks use the same field.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from personaforge.media.exact import bell

_PLACES: Final = tuple((x, y) for y in (-0.30, 0.15, 0.60, 1.05) for x in (-0.5, 0.0, 0.5))
_WIDE: Final = 0.34
"""Sigma of a bell, face units."""
_MOST: Final = 0.015
_LEVEL: Final = 0.35
"""The share of it upwards or down: eyes at two heights are noticed first."""


@cache
def _shifts(seed: int) -> NDArray[np.float64]:
    """Return the shift of each place, (12, 2), without one of the whole face."""
    found = np.random.default_rng(seed).uniform(-1, 1, (len(_PLACES), 2))
    return np.asarray(_MOST * (found - found.mean(axis=0)) * (1.0, _LEVEL), np.float64)


def displacement(skew: float, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return how far what is painted at x, y is moved right and down; `skew` is a face's seed, negative for none.

    `x` and `y` may be of any shapes that numpy broadcasts to one.
    """
    across = np.zeros(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    down = across.copy()
    if skew < 0:
        return across, down
    for (x0, y0), (right, low) in zip(_PLACES, _shifts(int(skew)).tolist(), strict=True):
        weight = bell((x - x.dtype.type(x0)) / x.dtype.type(_WIDE)) * bell((y - y.dtype.type(y0)) / y.dtype.type(_WIDE))
        across += weight * x.dtype.type(right)
        down += weight * x.dtype.type(low)
    return across, down
