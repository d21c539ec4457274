"""The prices that the packaged presets declare: none is zero, and each agrees with litellm's own table where that knows
the model, or says here why it doesn't. Reads the table's file; litellm isn't imported."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.providers.table import capability
from personaforge.spec.project import packaged
from personaforge.steps.prices import price_of, settled

MODALITIES = {"text": "complete", "image": "draw", "video": "film", "speech": "speak"}
PRESETS = [
    (modality, path)
    for modality in MODALITIES
    for path in sorted((packaged("conf") / modality).glob("*.yaml"))
    if path.stem not in ("embedded", "none")
]
KNOWN_AS = {
    "anthropic/claude-sonnet-4-6": "claude-sonnet-4-6",
    "anthropic/claude-opus-4-7": "claude-opus-4-7",
    "gpt-image-2": "gpt-image-2",
    "gemini-3.1-flash-image": "gemini/gemini-3.1-flash-image",
    "gen4_image": "runwayml/gen4_image",
    "gen4_turbo": "runwayml/gen4_turbo",
    "veo-3.1-generate-001": "gemini/veo-3.1-generate-001",
    "eleven_multilingual_v2": "elevenlabs/eleven_multilingual_v2",
    "fal-ai/nano-banana/edit": "fal_ai/fal-ai/nano-banana",
    "black-forest-labs/flux-kontext-pro": "black_forest_labs/flux-kontext-pro",
    "speech-2.8-hd": "minimax/speech-2.6-hd",
}
"""Our model id -> litellm's. The last three are a near relation's: another endpoint, the maker's, the last version."""
NOT_IN_LITELLM = {
    "fal-ai/kling-video/v2.5-turbo/pro/image-to-video": "fal.ai lists it on the model's own page, and litellm no Kling",
}


@cache
def table() -> dict[str, Any]:
    spec = importlib.util.find_spec("litellm")
    assert spec is not None and spec.origin is not None
    file = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def preset(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def amounts(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [amount for one in value.values() for amount in amounts(one)]
    return [float(value)]


def declared() -> dict[str, tuple[str, Any]]:
    """Return (modality, price) of every priced model."""
    return {model: (modality, price) for modality, path in PRESETS for model, price in preset(path)["prices"].items()}


@pytest.mark.parametrize(("modality", "path"), PRESETS, ids=[f"{m}-{p.stem}" for m, p in PRESETS])
def test_no_paid_provider_has_a_price_of_zero(modality: str, path: Path) -> None:
    found = preset(path)
    assert capability(modality, found["provider"]).paid
    for model, price in found["prices"].items():
        assert all(amount > 0 for amount in amounts(price)), model
    models = found["models"].values() if modality == "text" else [found["model"]]
    for model in models:
        price = price_of(True, found["prices"].get(model), MODALITIES[modality], {})
        assert price.usd is None or price.usd > 0


@pytest.mark.parametrize("model", sorted(declared()))
def test_each_price_says_where_it_is_from_and_agrees_with_litellms_table(model: str) -> None:
    modality, price = declared()[model]
    texts = [path.read_text() for kind, path in PRESETS if kind == modality and model in preset(path)["prices"]]
    said = [" ".join(text.replace("\n# ", " ").split()) for text in texts]
    assert all("https://" in text and "looked up 2" in text for text in said)
    if model in NOT_IN_LITELLM:
        assert not any(name == model or name.endswith(f"/{model}") for name in table()), "litellm knows it by now"
        return
    listed = table()[KNOWN_AS[model]]
    tariff = price if isinstance(price, dict) else {}
    if "output" in tariff:
        picture = listed.get("output_cost_per_image_token")
        assert tariff["input"] == pytest.approx(listed["input_cost_per_token"] * 1e6)
        assert tariff["output"] == pytest.approx((picture or listed["output_cost_per_token"]) * 1e6)
        if "image_input" in tariff:
            into = listed.get("input_cost_per_image_token", listed["input_cost_per_token"])
            assert tariff["image_input"] == pytest.approx(into * 1e6)
    elif modality == "image":
        assert price == listed["output_cost_per_image"]
    elif modality == "video":
        second = listed.get("output_cost_per_second", listed.get("output_cost_per_video_per_second"))
        each = tariff.get("second", price)
        assert (each["default"] if isinstance(each, dict) else each) == second
        assert not isinstance(each, dict) or each["4k"] == listed["output_cost_per_second_4k"]
    else:
        assert price == listed["input_cost_per_character"]


def test_no_preset_leaves_out_a_price_that_litellm_has_for_its_very_model() -> None:
    """Where it does, this says why: a price by the second of speech is of no use before anything is said."""
    why = {"gpt-4o-mini-tts": "by the second and the token, and the answer counts neither"}
    prefixes = {"runway": "runwayml", "veo": "gemini", "fal": "fal_ai", "litellm": ""}
    for modality, path in PRESETS:
        found = preset(path)
        for model in found["models"].values() if modality == "text" else [found["model"]]:
            provider = found["provider"]
            names = (model, model.partition("/")[2], f"{prefixes.get(provider, provider)}/{model}")
            if model not in found["prices"] and any(name in table() for name in names):
                assert model in why, f"{path}: {model} is in litellm's table"


def test_the_estimate_of_a_picture_covers_what_its_tokens_usually_come_to() -> None:
    """1120 tokens are a 1K picture by Gemini, which with an anchor and a prompt is settled under its estimate."""
    price = price_of(True, declared()["gemini-3.1-flash-image"][1], "draw", {"width": 832, "height": 1216})
    details = {"tokens_in": 400, "tokens_in_image": 1120, "tokens_out": 1120}
    paid = settled(price, {}, None, details).usd
    assert price.usd is not None and paid is not None
    assert paid == pytest.approx(price.usd, rel=0.02) and paid <= price.usd


@pytest.mark.parametrize(("resolution", "usd"), [("720p", 3.2), ("1080p", 3.2), ("4k", 4.8)])
def test_veo_is_paid_by_the_second_and_its_resolution(resolution: str, usd: float) -> None:
    request = {"width": 720, "height": 1280, "seconds": 8, "options": {"resolution": resolution}}
    assert price_of(True, declared()["veo-3.1-generate-001"][1], "film", request).usd == pytest.approx(usd)


def test_a_model_of_unconfirmed_id_says_so() -> None:
    assert "model id not confirmed" in (packaged("conf") / "video/replicate.yaml").read_text()
