"""The numbers that have a timeline, and how each is made comparable: which direction is better, and how it scatters.

Scores scatter about evenly around their slot's mean and are charted as they are. Spreads, variances, sharpness and
histogram distances are positive and scatter by factors (a clip that moves more has a larger standard deviation *and* a
larger scatter of it), so their logarithm is charted: differences are then relative ones.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """A number that is measured of every artifact of a modality."""

    name: str
    modality: str
    """face, video, text or quality."""
    label: str
    """For people."""
    higher_is_better: bool = True
    scale: Literal["score", "ratio"] = "score"
    """score: charted as it is. ratio: its logarithm is."""
    resolution: float = 1e-6
    """The number's rounding step, and the least value that the logarithm is taken of."""

    def charted(self, value: float) -> float:
        """Return the value on the scale on which it is compared."""
        return value if self.scale == "score" else math.log(max(value, self.resolution))

    def shown(self, charted: float) -> float:
        """Return the value of a charted number: the inverse of `charted`."""
        return charted if self.scale == "score" else math.exp(charted)


METRICS = (
    Metric("composite", "face", "composite of images"),
    Metric("composite", "video", "mean composite of clips"),
    Metric("cosine_std", "video", "cosine's deviation over a clip's frames", False, "ratio"),
    Metric("ratio_variance", "video", "facial ratios' mean variance over a clip's frames", False, "ratio", 1e-9),
    Metric("score", "text", "mean audit score"),
    Metric("sharpness", "quality", "sharpness of images' faces", True, "ratio"),
    Metric("clip_sharpness", "quality", "clips' sharpness over the anchor's", True, "ratio"),
    Metric("flicker", "quality", "largest histogram distance in a clip", False, "ratio"),
)
MODALITIES = ("face", "video", "text", "quality")
