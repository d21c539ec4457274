"""A candidate against several references."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.identity.policy import Policy
from personaforge.identity.references import compare_all
from personaforge.identity.score import Cause, Score, Unmeasured, compare

Measured = Callable[..., dict[str, Any]]


def scored(found: Score | Unmeasured) -> Score:
    assert isinstance(found, Score), found
    return found


def test_the_anchor_alone_is_a_plain_comparison(measured: Measured, policy: Policy) -> None:
    anchor, candidate = measured(1.0), measured(0.7)
    for combine in ("max", "mean"):
        assert compare_all({"anchor": anchor}, candidate, policy, combine) == compare(anchor, candidate, policy)


def test_max_takes_the_reference_that_is_most_alike_and_names_it(measured: Measured, policy: Policy) -> None:
    references = {"anchor": measured(1.0), "smile": measured(0.6), "side": measured(0.9)}
    found = scored(compare_all(references, measured(0.6), policy, "max"))
    assert found.cosine == pytest.approx(1.0, abs=1e-6) and found.reference == "smile"


def test_mean_is_the_mean_of_every_number(measured: Measured, policy: Policy) -> None:
    one, other = measured(1.0), measured(0.8, {"nose_length": 1.0, "jaw_width": 1.8})
    candidate = measured(0.8)
    found = scored(compare_all({"anchor": one, "smile": other}, candidate, policy, "mean"))
    first, second = scored(compare(one, candidate, policy)), scored(compare(other, candidate, policy))
    for name in ("cosine", "error", "error_bound", "composite"):
        assert getattr(found, name) == pytest.approx((getattr(first, name) + getattr(second, name)) / 2, abs=1e-6)
    assert found.reference == "mean of 2"


def test_a_reference_without_a_face_is_left_out(measured: Measured, policy: Policy, no_face: dict[str, Any]) -> None:
    found = scored(compare_all({"anchor": measured(1.0), "shade": no_face}, measured(0.5), policy, "mean"))
    assert found.cosine == pytest.approx(0.5, abs=1e-6)


def test_without_the_anchor_there_is_no_score(measured: Measured, policy: Policy, no_face: dict[str, Any]) -> None:
    found = compare_all({"anchor": no_face, "smile": measured(1.0)}, measured(1.0), policy, "max")
    assert isinstance(found, Unmeasured) and found.code is Cause.ANCHOR


def test_another_way_to_combine_is_refused(measured: Measured, policy: Policy) -> None:
    with pytest.raises(ValueError, match="expected max or mean"):
        compare_all({"anchor": measured()}, measured(), policy, "median")


@given(cosines=st.lists(st.floats(0, 1), min_size=1, max_size=5), candidate=st.floats(0, 1))
def test_max_is_never_below_mean_nor_below_the_anchor(
    measured: Measured, policy: Policy, cosines: list[float], candidate: float
) -> None:
    references = {"anchor": measured(1.0), **{f"r{i}": measured(cosine) for i, cosine in enumerate(cosines)}}
    seen = measured(candidate)
    top = scored(compare_all(references, seen, policy, "max"))
    mean = scored(compare_all(references, seen, policy, "mean"))
    alone = scored(compare(references["anchor"], seen, policy))
    assert top.composite >= mean.composite - 1e-6 and top.composite >= alone.composite
