"""Money as text. An amount that isn't known is called unknown, and never shown as a number."""

from __future__ import annotations

from personaforge.plan.plan import Estimate


def dollars(usd: float) -> str:
    """Return US dollars with cents, and with four digits below ten cents, where cents would be too coarse."""
    return f"${usd:.4f}" if 0 < usd < 0.1 else f"${usd:.2f}"


def calls(count: int, what: str = "call") -> str:
    """Return `1 call` or `3 calls`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def spent_text(usd: float, count: int, unknown: int) -> str:
    """Return what `count` calls cost, of which `unknown` have an unknown cost."""
    if unknown and unknown == count:
        return "unknown"
    return f"at least ${usd:.4f}" if unknown else f"${usd:.4f}"


def unknown_text(unknown: int, unpriced: int, reserved_usd: float) -> str:
    """Return what is known of calls of unknown cost: what they were expected to cost, where a price was declared."""
    if not unknown:
        return ""
    if unpriced == unknown:
        return f"{calls(unknown)} of unknown price"
    expected = f"{calls(unknown - unpriced)} expected at ${reserved_usd:.4f}"
    return expected + (f", {unpriced} of unknown price" if unpriced else "")


def estimate_text(estimate: Estimate) -> str:
    """Return how many calls a plan may make and what they may cost: at least and at most."""
    count = _range(str(estimate.calls_min), str(estimate.calls_max))
    if not estimate.unpriced_max:
        return f"{count}, {_range(dollars(estimate.priced_usd_min), dollars(estimate.priced_usd_max))}"
    unpriced = _range(str(estimate.unpriced_min), str(estimate.unpriced_max))
    if estimate.unpriced_max == estimate.calls_max:
        return f"{count}, of unknown price"
    known = _range(dollars(estimate.priced_usd_min), dollars(estimate.priced_usd_max))
    noun = "call" if unpriced == "1" else "calls"
    return f"{count}, at least {known}, and {unpriced} {noun} of unknown price"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
