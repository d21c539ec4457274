"""What a call is expected to cost, and what it cost: arithmetic over the prices that a preset declares.

A price is a number (US dollars for an image, for a second of clip) or a table, see `personaforge.spec.values.Tariff`.
An amount that the provider itself names takes precedence over ours, except for tokens: there we have its count and the
declared price, and libraries only guess. What can't be known is None, which is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.money import amount
from personaforge.steps.action import Price

_MILLION = 1_000_000


def price_of(paid: bool, declared: Any, kind: str, request: Mapping[str, Any]) -> Price:
    """Return what one call may cost. `declared` is the model's price as the YAML has it, None where it has none."""
    if not paid:
        return Price(False, 0.0)
    if declared is None:
        return Price(True, None)
    tariff = declared if isinstance(declared, Mapping) else {_UNITS[kind]: declared}
    tariff = {name: value for name, value in tariff.items() if value is not None}
    usd = _by_unit(tariff, request)
    if usd is None:
        usd = tariff.get("estimate")
    return Price(True, usd, tariff)


def settled(price: Price, request: Mapping[str, Any], cost_usd: float | None, details: Mapping[str, Any]) -> Price:
    """Return what a call cost; None for the dollars where it can't be known.

    `cost_usd` is what the provider said, `details` may count `tokens_in`, `tokens_cached` and `tokens_cache_written` of
    these, `tokens_in_image`, `tokens_out`, `seconds` and `characters`.
    """
    if not price.paid:
        return price
    tariff = price.tariff
    tokens = _by_tokens(tariff, details)
    if tokens is not None:
        return price._replace(usd=amount(tokens))
    if cost_usd is not None:
        return price._replace(usd=cost_usd)
    counted = _counted(details)
    if counted:
        return price._replace(usd=amount(_by_unit(tariff, {**request, **counted})))
    return price._replace(usd=None) if "output" in tariff else price


_UNITS = {"complete": "call", "draw": "image", "film": "second", "speak": "character"}
"""What a price that is just a number is for."""


def _by_unit(tariff: Mapping[str, Any], request: Mapping[str, Any]) -> float | None:
    """Return what is paid by the piece, the second or the character; None where nothing is."""
    usd, known = 0.0, False
    amounts = {
        "call": 1,
        "image": 1,
        "second": request.get("seconds"),
        "character": len(str(request["text"])) if "text" in request else None,
    }
    if "characters" in request:
        amounts["character"] = request["characters"]
    for unit, number in amounts.items():
        if unit not in tariff:
            continue
        each = tariff[unit]
        if isinstance(each, Mapping):
            each = next((each[name] for name in _names(request) if name in each), None)
        if each is None or number is None:
            return None
        usd, known = usd + float(each) * float(number), True
    return usd if known else None


def _by_tokens(tariff: Mapping[str, Any], details: Mapping[str, Any]) -> float | None:
    if "output" not in tariff or "tokens_out" not in details:
        return None
    rate = tariff.get("input", 0.0)
    fresh, tokens_in = float(details.get("tokens_in", 0)), 0.0
    for counted, named in (("tokens_cached", "cached_input"), ("tokens_cache_written", "cache_write")):
        some = min(float(details.get(counted, 0)), fresh)
        fresh, tokens_in = fresh - some, tokens_in + some * tariff.get(named, rate)
    tokens_in += fresh * rate
    pictures = float(details.get("tokens_in_image", 0)) * tariff.get("image_input", tariff.get("input", 0.0))
    return float(tokens_in + pictures + float(details["tokens_out"]) * tariff["output"]) / _MILLION


def _names(request: Mapping[str, Any]) -> list[str]:
    """Return under which names a table may hold the price of this request, the most exact first."""
    options = request.get("options") or {}
    size = f"{request['width']}x{request['height']}" if "width" in request else ""
    quality, resolution = str(options.get("quality", "")), str(options.get("resolution", options.get("size", "")))
    exact = [f"{quality}/{name}" for name in (resolution, size) if quality and name]
    return [*exact, *(name for name in (resolution, size, quality) if name), "default"]


def _counted(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in ("seconds", "characters") if details.get(name) is not None}
