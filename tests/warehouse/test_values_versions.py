"""Of a number that was measured by several versions of its code, the highest counts."""

from __future__ import annotations

import pytest

from personaforge.warehouse.rows import _version


@pytest.mark.parametrize(
    ("provider", "version"),
    [("insightface@2", 2), ("tiles@12 (forge-light 0.2.0)", 12), ("tiles@(forge-light 0.2.0)", 0), ("tiles", 0)],
)
def test_the_version_of_a_plugins_metric_is_its_own_number(provider: str, version: int) -> None:
    assert _version(provider) == version
