"""What pictures are: photographs, or drawings by forge. A provider has a domain, and a face pack has the one
that it was made for; general code compares the two and never asks for a name.

A picture's domain is what its file says: see `personaforge.media.provenance`. Data only.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Domain(NamedTuple):
    """A kind of pictures that look alike to a face recogniser."""

    name: str
    """What a provider's capability and a pack's declaration call it."""
    one: str
    """One such picture, in a sentence."""
    many: str
    choice: str
    """What to write into a persona's file to have it measured by a pack for such pictures."""
    label: str = ""
    """What files of such pictures say of their maker. Empty where files say nothing: then a pack for this domain
    measures any picture."""


PHOTOGRAPHS: Final = Domain(
    "photographs", "photograph", "photographs", "identity: permissive (or insightface, for research)"
)
"""What cameras take, and what models draw that were trained on photographs."""
DRAWINGS: Final = Domain(
    "drawings", "drawing by forge", "drawings by forge", "identity: embedded", label="PersonaForge embedded"
)
"""What forge's own painter draws and films. The label is in every such file there is, and stays."""

DOMAINS: Final = {one.name: one for one in (PHOTOGRAPHS, DRAWINGS)}
