"""Whether a picture looks far younger than its person is declared: advice, with the error of what it is read from.

It decides nothing, whatever it says: an estimate of an age is too far off to refuse a picture by. Plain arithmetic.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from personaforge.identity.demand import Demand, Use

NAME: Final = "apparent age"
"""The demand's name."""
METRIC: Final = "apparent_age"
"""The metric's name."""
ADULT: Final = 18
"""Years. Every persona is at least so old."""
NO_MODEL: Final = "no genderage.onnx of InsightFace lies beside the models of the face pack"
OLDER: Final = "the picture was accepted before ages were measured"
TURNED: Final = "its face was measured in the turned picture"
UNREAD: Final = "the model gives no age of this face"


class Seen(NamedTuple):
    """The age that a face looks."""

    years: float | None
    """None where it was not measured."""
    unmeasured: str = ""
    """Why not; for people."""


def declared_age(age: Any) -> float | None:
    """Return a document's age in years; None where it has none."""
    return float(age) if isinstance(age, (int, float)) and not isinstance(age, bool) and age > 0 else None


def age_demand(seen: Seen, declared: float, error: float) -> Demand:
    """Return the demand that a picture looks no younger than declared by more than `error` years.

    It is not met where the age that it looks plus the error is below the declared one; where even that sum is below
    ADULT, it says so.
    """
    asked, bound = f"{declared:g} years", f"younger by more than {error:g} years, the error of the estimate"
    if seen.years is None:
        return Demand(NAME, asked, "", bound, Use.ADVICE, None, seen.unmeasured)
    looks = f"looks {max(seen.years, 0.0):.0f} years"
    if seen.years + error < ADULT:
        looks += f", below {ADULT} by more than that error"
    return Demand(NAME, asked, looks, bound, Use.ADVICE, seen.years + error >= declared)
