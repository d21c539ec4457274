"""Distances between faces that the embedded painter draws: a thin adapter of `embedded.painter.face.placement`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.face.placement import nearest_of, place_face, read_shapes, shape_of, shape_text
from personaforge.providers.protocols import Placed


class EmbeddedPlacer:
    """See `personaforge.providers.protocols.Placer`."""

    def place(self, subject: Mapping[str, Any], issued: Mapping[str, str], draws: int) -> Placed:
        """Return the face that lies farthest from the issued ones. Raises ValueError."""
        return Placed(*place_face(subject, issued, draws))

    def shape(self, subject: Mapping[str, Any], number: int) -> str:
        """Return a face's shape as text. Raises ValueError."""
        return shape_text(shape_of(subject_face(subject, number)))

    def nearest(self, personas: Iterable[str], issued: Mapping[str, str]) -> dict[str, tuple[str, float]]:
        """Return the other persona that is nearest to each one, and its distance."""
        shapes = read_shapes(issued)
        return {one: near for one in personas if (near := nearest_of(one, shapes)) is not None}
