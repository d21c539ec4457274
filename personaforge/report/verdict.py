"""The number that decided about a picture, as pages and tables show it beside the verdict: the two can't contradict.

Where P(same) decided, it is shown with its interval, in as many decimals as it takes to stand on the right side of the
bound that it was compared with. What was accepted under an earlier bound stays accepted, and it is said that it was
earlier. Where something else decided there is no P(same), and it is said what decided and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from personaforge.identity.decision import Decision
from personaforge.identity.policy import Calibrated

_DIGEST = 16
"""Of a calibration's digest in the lock."""
_DECIMALS = 3
_ALL = 6
"""Decimals that records have."""


class Bound(NamedTuple):
    """From which P(same) on is accepted."""

    accept: float
    calibration: str
    """The first digits of the calibration's digest; P(same) by different ones don't compare."""


class Shown(NamedTuple):
    """What decided, for people."""

    by: str = ""
    """`P(same)` or `composite`; empty where neither did."""
    share: str = ""
    """P(same) with its interval; empty where it didn't decide."""
    note: str = ""
    """Why P(same) didn't decide although a calibration does, or by which earlier rules it was accepted; a sentence
    part."""


def bound_of(calibrated: Calibrated | None, calibration: str) -> Bound | None:
    """Return the bound of now; None where no calibration decides."""
    return None if calibrated is None else Bound(calibrated.accept_share, calibration[:_DIGEST])


def noted_bound(under: Mapping[str, Any]) -> Bound | None:
    """Return the bound that a lock's `under`, or an evaluation's `calibrated`, notes; None where none decided."""
    accept, calibration = under.get("accept"), under.get("calibration")
    if not isinstance(accept, (int, float)) or not calibration:
        return None
    return Bound(float(accept), str(calibration)[:_DIGEST])


def shown(facts: Mapping[str, Any], decision: str, then: Bound | None, now: Bound | None) -> Shown:
    """Return what decided about a picture or clip with these facts: its score, as outcomes and evaluations have it.

    `then` is the bound that it was judged by, `now` that of new candidates.
    """
    share = facts.get("probability")
    if not isinstance(share, float):
        if not isinstance(facts.get("composite"), float):
            return Shown()
        return Shown("composite", "", str(facts.get("no_probability") or ""))
    bound = then or now
    text = share_of(share, (facts.get("probability_low"), facts.get("probability_high")), bound and bound.accept)
    if decision != Decision.ACCEPT.value:
        return Shown("P(same)", text)
    if bound is not None and share < bound.accept:  # by other rules than those on record: nothing is claimed of it
        return Shown("", "", f"didn't decide: it was below {bound.accept:g}, from which it accepts")
    if now is None or bound is None or bound == now:
        return Shown("P(same)", text)
    if bound.calibration != now.calibration:
        return Shown("P(same)", text, f"by an earlier calibration, from {bound.accept:g} up")
    if share < now.accept:
        said = f"accepted earlier, from {bound.accept:g} up; by the rules of now it would not be"
        return Shown("P(same)", text, said)
    return Shown("P(same)", text)


def share_of(share: float, interval: tuple[float | None, float | None] | None, bound: float | None) -> str:
    """Return P(same) with its interval: `0.997 (0.994 to 0.998)`, on its own side of a bound."""
    text = _rounded(share)
    if bound is not None and (float(text) >= bound) is not (share >= bound):
        text = f"{share:.{_ALL}f}"
    low, high = interval or (None, None)
    return text if low is None or high is None else f"{text} ({_rounded(low)} to {_rounded(high)})"


def _rounded(share: float) -> str:
    """Return a probability with three decimals, or as many more as keep it from being called certain."""
    found = (f"{share:.{digits}f}" for digits in range(_DECIMALS, _ALL + 1))
    return next((text for text in found if float(text) not in (0.0, 1.0)), f"{share:.{_ALL}f}")
