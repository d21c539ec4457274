"""Registered providers are imported when they are needed; one that isn't where it is said to be is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from personaforge.errors import PersonaForgeError
from personaforge.providers import table
from personaforge.providers.capability import Capability
from personaforge.providers.table import Entry, Options, provider, register


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("personaforge.providers.fall:VIDEOS", "and there is no module personaforge.providers.fall"),
        ("personaforge_fall:Provider", "and there is no module personaforge_fall"),
        ("personaforge.providers.fal:VIDEOES", "and personaforge.providers.fal has no VIDEOES"),
        ("personaforge.providers.fal", "and personaforge.providers.fal has no such name"),
    ],
)
def test_a_registration_that_leads_nowhere_is_named(reference: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))
    register(Entry(Capability("mine", "video", frozenset({"prompt"})), reference))
    expected = f"video provider mine is registered as {reference!r}, {said}"
    with pytest.raises(PersonaForgeError, match=f"^{re.escape(expected)}$") as caught:
        provider("video", "mine", Options())
    assert caught.value.exit_code == 2 and "module:name" in caught.value.hint


def test_what_a_provider_s_module_lacks_itself_is_no_mistake_of_the_registration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine_by_itself.py").write_text("import a_library_that_is_not_here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_here"):
        table.imported("mine_by_itself:Provider", "video provider mine")
