"""What a context of `conf/fashion` has a person wear: the garments of a woman, of a man, and those of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLOTHING_FACTS = ("garment", "pattern", "palette", "garments", "accessories")


def clothing_of(profile: Mapping[str, Any], wardrobe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worn, as the context declares it for this person: a man wears what its `_man` keys say."""
    man = profile["surface"].get("gender") == "man"
    worn = {name: wardrobe.get(f"{name}_man") if man else None for name in _CLOTHING_FACTS}
    # No garments for a man are the plain ones, as for a prompt; no accessories are none.
    plain = {name for name, value in worn.items() if value is None or (name == "garments" and not value)}
    return {name: wardrobe[name] if name in plain else worn[name] for name in _CLOTHING_FACTS}
