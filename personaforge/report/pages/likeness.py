"""What a picture shows beside the face, in words: distances from the anchor, and what is seen of the DNA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from personaforge.results.readings import Reading

_NAMES: Final = {
    "skin_change": "skin",
    "hair_change": "hair",
    "eyes_change": "eyes",
    "hair_length_change": "hair's length",
    "facial_hair_change": "facial hair",
    "clothes_change": "clothes",
}
"""Metric -> what it is a distance of. Glasses have words of their own."""


def beside_the_face(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return names and words for an evaluation record; none where nothing was compared."""
    likeness = record.get("likeness")
    if not isinstance(likeness, Mapping):
        return ()
    rows = []
    near = [f"{name} {likeness[metric]:.2f}" for metric, name in _NAMES.items() if metric in likeness]
    if likeness.get("glasses_change"):
        near.append("glasses put on or taken off")
    if near:
        rows.append(("from the anchor", ", ".join(near)))
    readings = [one for one in likeness.get("readings", ()) if one["agrees"] is not None]
    if readings:
        off = [
            f"{one['name']} {one['seen']} where the DNA says {one['asked']}" for one in readings if not one["agrees"]
        ]
        as_told = [str(one["name"]) for one in readings if one["agrees"]]
        words = [*off, *([f"as the DNA says: {', '.join(as_told)}"] if as_told else [])]
        rows.append(("seen (advice)", "; ".join(words)))
    unseen = sorted({str(why) for why in likeness.get("unmeasured", {}).values()})
    if unseen:
        rows.append(("not compared", "; ".join(unseen)))
    if "copying" in likeness:
        rows.append(("turn", f"{likeness['copying']:+.2f} (1 as in the anchor, -1 as asked)"))
    return tuple(rows)


def as_read(reading: Reading | None) -> tuple[tuple[str, str], ...]:
    """Return name and words for what the second reader says of a picture; none where nobody has read it."""
    if reading is None:
        return ()
    return (("second reader (advice)", f"{reading.said} ({reading.by})"),)
