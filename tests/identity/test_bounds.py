"""Where numbers end: the least that a figure needs, and the ends of a range that still count."""

from __future__ import annotations

import math

import pytest

from personaforge.errors import SpecError
from personaforge.identity.agreement import ReferencePoints, _scaled
from personaforge.identity.roc import d_prime


@pytest.mark.parametrize(("different", "same"), [(0.2, 1), (-1, 1), (-1.0, -0.5), (0.3, 0.30001)])
def test_reference_points_up_to_the_ends_of_what_a_cosine_may_be(different: float, same: float) -> None:
    assert ReferencePoints("p", different, same).share(same) == 1


@pytest.mark.parametrize(
    ("different", "same"), [(0.2, 1.01), (-1.01, 0.5), (0.5, 0.5), (0.6, 0.5), (math.nan, 0.5), (0.2, True), ("0", 0.5)]
)
def test_reference_points_that_tell_nothing_apart_are_refused(different: float, same: float) -> None:
    with pytest.raises(SpecError, match=r"expected -1 <= different < same <= 1"):
        ReferencePoints("p", different, same)


@pytest.mark.parametrize(("place", "fine"), [(0.0, True), (1.0, True), (-0.01, False), (1.01, False), (1.9, False)])
def test_a_scale_gives_a_number_from_0_to_1(place: float, fine: bool) -> None:
    if fine:
        assert _scaled(lambda value: place, 0.5) == place
    else:
        with pytest.raises(ValueError, match=f"the scale gives {place:g} for a cosine of 0.5"):
            _scaled(lambda value: place, 0.5)


def test_d_prime_takes_two_of_each() -> None:
    """Means 0.7 and 0.1, and both variances 0.02: 0.6 / sqrt(0.02)."""
    assert d_prime([0.6, 0.8], [0.0, 0.2]) == pytest.approx(0.6 / math.sqrt(0.02), abs=1e-6)
    assert d_prime([0.6], [0.0, 0.2]) is None is d_prime([0.6, 0.8], [0.1])
    assert d_prime([0.5, 0.5], [0.1, 0.1]) is None, "no variance"
