"""Which size a provider is told: pixels, the nearest of its sizes or ratios, or none of ours."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.identity.shape import Told
from personaforge.providers.sizes import told_size
from personaforge.providers.table import capability


@pytest.mark.parametrize(
    ("modality", "name", "options", "told"),
    [
        ("image", "embedded", {}, Told(832, 1216, True)),
        ("image", "fal", {}, Told(832, 1216, True)),
        ("image", "fal", {"size_field": "none"}, None),
        ("image", "runware", {}, Told(832, 1216, True)),
        ("image", "openai", {}, Told(1024, 1536, True)),
        ("image", "openai", {"size": "auto"}, None),
        ("image", "gemini", {"imageSize": "2K"}, Told(2, 3, False)),
        ("image", "replicate", {}, Told(2, 3, False)),
        ("image", "replicate", {"size_field": "width_height"}, Told(832, 1216, True)),
        ("image", "replicate", {"size_field": "none"}, None),
        ("image", "runway", {"ratios": ["1080:1440", "1024:1024"]}, Told(1080, 1440, True)),
        ("video", "veo", {}, Told(9, 16, False)),
        ("video", "fal", {}, Told(9, 16, False)),
        ("video", "kling", {}, None),  # with a reference the clip has the reference's shape
    ],
)
def test_what_a_provider_is_told(modality: str, name: str, options: dict[str, Any], told: Told | None) -> None:
    assert told_size(capability(modality, name), options, 832, 1216, by_reference=True) == told


def test_without_a_reference_kling_is_told_a_ratio() -> None:
    assert told_size(capability("video", "kling"), {}, 720, 1280, by_reference=False) == Told(9, 16, False)


def test_a_provider_that_reads_no_size_is_told_none() -> None:
    blind = capability("image", "fal")._replace(reads=frozenset({"prompt"}))
    assert told_size(blind, {}, 832, 1216, by_reference=False) is None
