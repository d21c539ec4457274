"""Which pictures are copies of one another: equal files, and copies that were re-encoded, resized or brightened a bit.

The hash is dHash by David Oftedal and Neal Krawetz ("Kind of Like That", hackerfactor.com, 2013): the picture in grey
at 9 x 8, and for each of the 8 x 8 neighbours in a row whether the right one is brighter, 64 bits. Brightness and
contrast change both neighbours alike, and no detail is left at 9 x 8. The distance of two hashes is the number of bits
that differ.

Measured on 32 photographs and drawings: JPEG at quality 40, half to 1.7 times the size, 15 % brighter or darker and all
of it together give 6 at most (median 0 or 1); 100 tight portraits of 25 x 25 pixels from LFW, about as similar as
different photographs can be, are 7 or more apart (4,950 pairs, first percentile 12), portraits with surroundings 20 or
more. Two percent cropped away gives 3 (median); a mirrored picture counts as another one.

Pixels are uint8 (H, W, 3) BGR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FLAT = 1.0
"""Grey values (standard deviation at 9 x 8) below which a picture's neighbours can't be ordered reliably."""


class Twin(NamedTuple):
    """A picture that is a copy of an earlier one."""

    of: int
    """Position of the earlier one."""
    distance: int
    """Differing bits of the hashes, [0, 64]."""
    exact: bool
    """Whether the two files are equal byte for byte."""


def difference_hash(pixels: NDArray[np.uint8]) -> int | None:
    """Return the dHash in [0, 2**64); None for a picture of one tone, whose hash would be noise."""
    import numpy as np

    cv2 = opencv()
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)  # floats: rounding would make near neighbours equal
    if float(small.std()) < _FLAT:
        return None
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def distance(one: int, other: int) -> int:
    """Return the Hamming distance of two hashes."""
    return (one ^ other).bit_count()


def twins(pictures: Sequence[tuple[str, int | None]], max_distance: int) -> Mapping[int, Twin]:
    """Return position -> twin for each picture that repeats an earlier one.

    A picture is its file's digest and its hash, best picture first: of equal ones the first is kept, and the others are
    its twins. Each is compared with the kept ones and never with a twin, so that a series in which each picture differs
    a little from the one before is not reduced to one picture.
    """
    standing: list[int] = []
    found: dict[int, Twin] = {}
    for index, (digest, value) in enumerate(pictures):
        nearest: Twin | None = None
        for other in standing:
            other_digest, other_value = pictures[other]
            if digest == other_digest:
                nearest = Twin(other, 0, True)
                break
            if value is None or other_value is None:
                continue
            apart = distance(value, other_value)
            if apart <= max_distance and (nearest is None or apart < nearest.distance):
                nearest = Twin(other, apart, False)
        if nearest is None:
            standing.append(index)
        else:
            found[index] = nearest
    return found
