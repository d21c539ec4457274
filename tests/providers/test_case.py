"""What a case of the contract says to a plug-in's author who has mistaken one."""

from __future__ import annotations

import pytest

from personaforge.providers.capability import Capability
from personaforge.providers.table import Entry
from personaforge.testing.contract import Case


def test_a_case_is_of_forges_own_provider_or_has_its_entry() -> None:
    def case(name: str, entry: Entry | None) -> Case:
        return Case(name, "image", "m", {}, [], "s", lambda call: None, "FORGE_TILES_URL", "TILES_KEY", entry=entry)

    with pytest.raises(ValueError, match="forge ships no image provider 'tiles': say entry=ENTRY of your own"):
        case("tiles", None)
    tiles = Entry(Capability("tiles", "image", frozenset({"prompt"})), lambda options: None)
    assert case("tiles", tiles).capability.name == "tiles"
    with pytest.raises(ValueError, match=r"the case is of 'tile' \(image\), and its entry of 'tiles' \(image\)"):
        case("tile", tiles)
