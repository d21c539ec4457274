"""What the adapters of picture and clip providers share: data URIs, sizes and ratios, and the picked option."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from personaforge.errors import Refused
from personaforge.providers.protocols import Blob, Request


def data_uri(blob: Blob) -> str:
    """Return a blob as a data URI (RFC 2397)."""
    return f"data:{blob.media_type};base64,{base64.b64encode(blob.data).decode()}"


def references(request: Request, most: int) -> list[Blob]:
    """Return the reference pictures of a request, the anchor first. Raises Refused when there are too many."""
    found = [request.inputs[name] for name in sorted(request.inputs)]
    if len(found) > most:
        raise Refused(f"{request.model} takes {most} reference pictures at most, found {len(found)}")
    return found


def nearest_size(width: int, height: int, sizes: Iterable[str]) -> str:
    """Return the size such as `1024x1536` (or the ratio, `2:3`) whose shape is nearest to the wanted one, the larger of
    two that are equally near."""

    def distance(size: str) -> tuple[float, float]:
        across, down = (float(part) for part in size.replace(":", "x").split("x"))
        return (abs(across / down - width / height), -across * down)

    return min(sizes, key=distance)


def options_of(request: Request) -> Mapping[str, Any]:
    """Return what the preset declares for this model, to be passed on as it is."""
    found = request.fields.get("options") or {}
    assert isinstance(found, Mapping)
    return found
