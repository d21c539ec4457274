"""Looking younger than declared is advice, told with the estimate's error; not measured is neither young nor old."""

from __future__ import annotations

import pytest

from personaforge.identity.age import NO_MODEL, Seen, age_demand, declared_age
from personaforge.identity.demand import Use


@pytest.mark.parametrize(
    ("looks", "declared", "met", "says"),
    [
        (34.0, 34, True, "looks 34 years"),
        (24.0, 34, True, "looks 24 years"),
        (23.9, 34, False, "looks 24 years"),
        (20.0, 34, False, "looks 20 years"),
        (8.0, 19, False, "looks 8 years"),
        (7.9, 18, False, "looks 8 years, below 18 by more than that error"),
        (-3.0, 40, False, "looks 0 years, below 18 by more than that error"),
        (60.0, 34, True, "looks 60 years"),
    ],
)
def test_a_picture_may_look_younger_by_the_error(looks: float, declared: float, met: bool, says: str) -> None:
    demand = age_demand(Seen(looks), declared, 10)
    assert (demand.met, demand.measured, demand.action) == (met, says, Use.ADVICE)
    assert demand.asked == f"{declared} years"
    assert demand.bound == "younger by more than 10 years, the error of the estimate"


def test_an_age_that_was_not_measured_says_why_and_is_not_missed() -> None:
    demand = age_demand(Seen(None, NO_MODEL), 34, 10)
    assert (demand.met, demand.measured, demand.unmeasured) == (None, "", NO_MODEL)


AGES = [(44, 44.0), (30.5, 30.5), (None, None), ("44", None), (True, None), (0, None)]


@pytest.mark.parametrize(("age", "years"), AGES)
def test_only_a_number_is_a_declared_age(age: object, years: float | None) -> None:
    assert declared_age(age) == years
