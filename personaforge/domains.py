"""What pictures are: photographs, or drawings by forge. Who makes pictures has a domain, and a face pack has the one
that it was made for; general code compares the two and asks for nobody's name.

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
    """What a persona's file says to be measured by a pack for such pictures."""
    label: str = ""
    """What files of such pictures say of their maker. Empty where files say nothing: then a pack for this domain looks
    at any picture."""


PHOTOGRAPHS: Final = Domain("photographs", "photograph", "photographs", "identity: insightface")
"""What cameras take, and models draw that were trained on what cameras take."""
DRAWINGS: Final = Domain(
    "drawings", "drawing by forge", "drawings by forge", "identity: embedded", label="PersonaForge embedded"
)
"""What forge's own painter draws and films. The label is in every such file there is, and stays."""

DOMAINS: Final = {one.name: one for one in (PHOTOGRAPHS, DRAWINGS)}
