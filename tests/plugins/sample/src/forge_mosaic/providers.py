"""An image provider that draws one colour with a few tiles, on this machine."""

from __future__ import annotations

import hashlib

from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Blob, Job, Reply, Request
from personaforge.providers.table import Entry
from personaforge.testing import png


class Mosaic:
    """Answers at once, and the same request always with the same bytes."""

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Draw the picture."""
        note = hashlib.sha256(repr(sorted(request.fields.items())).encode()).hexdigest()
        tint = int(note[:2], 16) % 8
        width, height = int(request.fields["width"]), int(request.fields["height"])
        return Reply(blob=Blob(png((200, 120 + tint, 90), width=width, height=height, note=note), "image/png"))

    def poll(self, job: Job) -> Reply | Job:
        """There are no jobs."""
        raise NotImplementedError


MOSAIC = Entry(
    Capability(
        "mosaic",
        "image",
        frozenset({"prompt", "seed", "attempt", "width", "height"}),
        paid=False,
        deterministic=True,
        label="mosaic",
    ),
    Mosaic,
    takes_options=False,
)
