"""Which size a provider is told for a wanted one: what came is compared with that, not with what it never heard of.

An adapter tells pixels, or the nearest of its sizes (`1024x1536`) or ratios (`2:3`), or nothing where the preset's
options say `size_field: none`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from personaforge.identity.shape import Told
from personaforge.providers.capability import Capability
from personaforge.providers.pictures import nearest_size

_LEAST_PIXELS: Final = 64
"""A side in a provider's table of sizes is in pixels from here up; smaller numbers are ratios."""
_OWN_SHAPES: Final = ("size", "image_size", "aspect_ratio", "aspectRatio", "ratio", "width", "height")
"""Options by which a preset itself names the shape, in place of ours."""


def told_size(
    capability: Capability, options: Mapping[str, Any], width: int, height: int, *, by_reference: bool
) -> Told | None:
    """Return the size or ratio that a provider is told for a wanted size in pixels; None where it is told none of ours.

    `options` is what the preset declares for the model, `by_reference` whether a reference picture goes along.
    """
    field = str(options.get("size_field", ""))
    if not {"width", "height"} <= capability.reads or field == "none" or any(name in options for name in _OWN_SHAPES):
        return None
    if by_reference and capability.shape_of_reference:
        return None
    sizes = () if field == "width_height" else tuple(options.get("ratios") or capability.sizes)
    if not sizes:
        return Told(width, height, True)
    across, down = (int(part) for part in nearest_size(width, height, sizes).replace(":", "x").split("x"))
    return Told(across, down, min(across, down) >= _LEAST_PIXELS)
