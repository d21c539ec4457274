"""What a build may spend: to the cent and no further, under each of three bounds."""

from __future__ import annotations

import pytest

from personaforge.run.budget import Bounds, Budget, OverBudget, Spent
from personaforge.steps.action import FREE, Price

TEN_CENTS = Price(True, 0.1)


def test_a_budget_may_be_used_up_and_not_exceeded() -> None:
    budget = Budget(0.3)
    for _ in range(3):
        budget.reserve(TEN_CENTS, "a picture")
    with pytest.raises(OverBudget, match=r"a picture may cost \$0.1000, and \$0.0000 of \$0.30 is left") as error:
        budget.reserve(TEN_CENTS, "a picture")
    assert error.value.hint == "raise --max-cost; what was bought stays bought"
    budget.release(TEN_CENTS)
    budget.reserve(TEN_CENTS, "a picture")


def test_what_a_call_cost_takes_the_place_of_what_was_set_aside() -> None:
    budget = Budget(0.3)
    budget.reserve(TEN_CENTS, "a picture")
    budget.settle(TEN_CENTS, 0.25)
    assert (budget.spent_usd, budget.unknown_calls) == (0.25, 0)
    with pytest.raises(OverBudget, match=r"\$0.0500 of \$0.30 is left"):
        budget.reserve(TEN_CENTS, "a picture")


def test_a_cost_that_nobody_knows_counts_as_what_was_set_aside() -> None:
    budget = Budget(None)
    budget.reserve(TEN_CENTS, "a picture")
    budget.settle(TEN_CENTS, None)
    budget.settle(FREE, None)
    assert (budget.spent_usd, budget.unknown_calls) == (0.1, 1)


def test_under_a_budget_no_call_is_made_whose_price_is_not_known() -> None:
    unpriced = Price(True, None)
    Budget(None).reserve(unpriced, "a clip")
    with pytest.raises(OverBudget, match=r"a clip has no declared price, and the build may spend at most \$5.00"):
        Budget(5.0).reserve(unpriced, "a clip")
    Budget(0.0).reserve(FREE, "a drawing")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds(), False),
        (Bounds({"ana": None}), False),
        (Bounds({"ana": 1.0, "bob": None}), True),
        (Bounds({}, 1.0), True),
        (Bounds({"ana": None}, 0.0), True),
    ],
)
def test_what_was_spent_before_matters_where_there_is_a_bound_of_a_persona_or_of_the_month(
    bounds: Bounds, expected: bool
) -> None:
    asked: list[int] = []

    def before() -> Spent:
        asked.append(1)
        return Spent()

    assert bounds.any is expected
    budget = Budget(9.0, bounds, before)
    for _ in range(2):
        budget.reserve(Price(True, 0.0), "a picture", "ana")
    assert len(asked) == int(expected), "asked once, and only then"


def test_a_persona_has_a_budget_for_its_life_and_the_month_one_for_all() -> None:
    spent = Spent({"ana": 0.75, "bob": 5.0}, 0.5)
    budget = Budget(None, Bounds({"ana": 1.0, "bob": None}, 0.85), lambda: spent)
    budget.reserve(TEN_CENTS, "a picture", "ana")
    budget.reserve(TEN_CENTS, "a picture", "ana")
    with pytest.raises(OverBudget, match=r"\$0.0500 of \$1.00 is left") as error:
        budget.reserve(TEN_CENTS, "a picture", "ana")
    assert "persona_usd" in (error.value.hint or "")
    budget.reserve(TEN_CENTS, "a picture", "bob")
    with pytest.raises(OverBudget, match=r"\$0.0500 of \$0.85 is left") as error:
        budget.reserve(TEN_CENTS, "a picture", "bob")
    assert "month_usd" in (error.value.hint or "")


@pytest.mark.parametrize(("bound", "text"), [(0.0, "$0.00"), (0.05, "$0.0500"), (0.1, "$0.10"), (2.0, "$2.00")])
def test_a_bound_of_less_than_ten_cents_is_told_in_hundredths_of_a_cent(bound: float, text: str) -> None:
    with pytest.raises(OverBudget) as error:
        Budget(bound).reserve(Price(True, 3.0), "a clip")
    assert error.value.message == f"a clip may cost $3.0000, and ${bound:.4f} of {text} is left"
