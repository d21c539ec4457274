"""Whether a picture shows the expression that was asked for: a smile, an open mouth, open eyes, raised brows.

A position's `expression` is free text. `delivered.expression.asks` says what the words ask a face to show; of other
words nothing is demanded. What came are the numbers of `faces.expression`:

    eye_opening      `eyes`: open from its bound on
    mouth_opening    `mouth`: open from its bound on
    mouth_width      `smile`: a smile from its bound on
    brow_height      `brows`: raised from its bound on

Each set of points has bounds of its own, since 106 points and the mesh give one face other numbers. A bound that is
null, a set without bounds, and a head that is turned further than the bounds were measured at are *not measured*, never
"as asked". Plain arithmetic; the bounds, with what they were measured on, are in conf/delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from personaforge.identity.demand import Demand, Use

METRICS: Final = {
    "smile": "mouth_width",
    "mouth": "mouth_opening",
    "eyes": "eye_opening",
    "brows": "brow_height",
}
"""What is asked of -> the metric that tells it."""


_HIGH: Final = ("shown", "open", "raised")
"""Of the words that `asks` has those for what is seen from a bound on; the others are for what is seen below."""


class _Words(NamedTuple):
    """How one part of a face is spoken of."""

    high: str
    """What it shows from its bound on."""
    low: str
    """The same below."""
    more: str
    """What a generator is told that wants it high, a sentence."""
    less: str
    """The same of low."""


_WORDS: Final[Mapping[str, _Words]] = {
    "smile": _Words(
        "a smile", "no smile", "The face didn't smile; it must smile.", "The face smiled; it must not smile."
    ),
    "mouth": _Words(
        "an open mouth",
        "a closed mouth",
        "The mouth was closed; it must be open.",
        "The mouth was open; it must be closed.",
    ),
    "eyes": _Words(
        "open eyes",
        "closed eyes",
        "The eyes were closed; they must be open.",
        "The eyes were open; they must be closed.",
    ),
    "brows": _Words(
        "raised brows",
        "brows at rest",
        "The brows were not raised; they must be.",
        "The brows were raised; they must be at rest.",
    ),
}


class Seen(NamedTuple):
    """What is known of a face's expression."""

    numbers: Mapping[str, float] | None
    """`faces.expression.Expression` as a measurement holds it; None where there is none."""
    why: str = ""
    """Why there is none, for people."""

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers by the names of their metrics."""
        return {METRICS[name]: value for name, value in (self.numbers or {}).items()}


def wanted_of(expression: str, bounds: Mapping[str, Any]) -> dict[str, bool]:
    """Return what the words of a position ask a face to show: part -> whether high; empty where nothing is known of the
    words. `bounds` is `delivered.expression`."""
    words = " ".join(expression.split()).casefold()
    found: Mapping[str, Any] = next((one for name, one in bounds["asks"].items() if name.casefold() == words), {})
    return {name: found[name] in _HIGH for name in METRICS if found.get(name) is not None}


def expression_demands(
    expression: str, seen: Seen, measured: Mapping[str, Any], bounds: Mapping[str, Any]
) -> tuple[Demand, ...]:
    """Return the demands on a measured face. `measured` is its measurement, `bounds` is `delivered.expression`."""
    limits: Mapping[str, Any] = bounds["bounds"].get(str(measured.get("ratio_set")), {})
    most = float(bounds["max_yaw"])
    why = seen.why
    if seen.numbers is not None and abs(float((measured.get("pose") or {}).get("yaw", 0.0))) > most:
        why = f"the head is turned by more than {most:g}°, beyond what the bounds were measured on"
    use, wanted = Use(bounds["action"]), wanted_of(expression, bounds)
    return tuple(_demand(name, high, seen, why, limits.get(name), use) for name, high in wanted.items())


def _demand(name: str, high: bool, seen: Seen, why: str, bound: float | None, use: Use) -> Demand:
    words = _WORDS[name]
    asked = words.high if high else words.low
    if not why and bound is None:
        why = "nobody has measured from where on these points tell it"
    if why or bound is None or seen.numbers is None:
        return Demand(name, asked, "", "", use, None, why)
    number = float(seen.numbers[name])
    came = f"{words.high if number >= bound else words.low}, {METRICS[name].replace('_', ' ')} {number:.2f}"
    side = f"{'at least' if high else 'below'} {bound:g}"
    return Demand(name, asked, came, side, use, (number >= bound) is high, words=words.more if high else words.less)
