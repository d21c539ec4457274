"""The examples of docs/plugins.md load, and what it quotes is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from personaforge.plugins.contributions import GROUPS
from personaforge.plugins.loading import activate
from personaforge.spec.project import Project
from personaforge.testing.contract import Shop
from personaforge.testing.contract.case import registered
from tests.conftest import ROOT
from tests.plugins.test_loading import ask, install, root

__all__ = ["root"]

DOCUMENT = (ROOT / "docs/plugins.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
ENTRIES = {name: code for code in EXAMPLES for name in re.findall(r"^([A-Z]+) = \w*Entry\(", code, re.MULTILINE)}
ADDS = {
    "FLAT": ("personaforge.providers", "image provider flat"),
    "TILES": ("personaforge.providers", "image provider tiles"),
    "NOTE": ("personaforge.steps", "step kind note"),
    "DAYLIGHT": ("personaforge.metrics", "metric daylight"),
    "MIDDLE": ("personaforge.analyzers", "analyzer middle"),
    "STATES": ("personaforge.formats", "format states"),
}

_hosted: dict[str, Any] = {"__name__": "example"}
exec(ENTRIES["TILES"] + next(code for code in EXAMPLES if "HostedContract" in code), _hosted)
TestTiles = _hosted["TestTiles"]
"""The contract, run over its example of a provider that calls a service."""
for _name in dir(TestTiles):
    _applies = getattr(getattr(TestTiles, _name), "applies", None)
    if _applies is not None and not _applies(TestTiles.cases[0]):
        setattr(TestTiles, _name, None)  # what it has no way to fail in would skip, and here no test may


def test_every_group_has_an_example() -> None:
    assert ENTRIES.keys() == ADDS.keys() and {group for group, _ in ADDS.values()} == set(GROUPS)
    assert all(f"| `{group}` | `" in DOCUMENT for group in GROUPS)


def test_its_examples_are_in_force_together(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (group, _) in ADDS.items():
        code = f"from __future__ import annotations\n{ENTRIES[name]}\nONE = {name}\n"
        install(tmp_path / "site", monkeypatch, f"doc-{name.lower()}", code, group=group)
    ask(root, *(f"doc-{name.lower()}" for name in ADDS))
    assert sorted(one for plugin in activate(Project(root)) for one in plugin.adds) == sorted(
        adds for _, adds in ADDS.values()
    )


def test_its_provider_passes_the_contract(tmp_path: Path) -> None:
    [contract] = [code for code in EXAMPLES if "LocalContract" in code]
    found: dict[str, Any] = {"__name__": "example"}
    exec(ENTRIES["FLAT"] + contract, found)
    checks = found["TestFlat"]()
    (case,) = checks.cases
    with registered(case.entry):
        shop = Shop(tmp_path / "project")
        checks.test_the_capability_says_what_the_provider_does(case, shop)
        checks.test_it_asks_only_for_what_it_reads(case, shop)
        shop.close()
