"""Agreement of two readers: the weighted kappa, its interval over personas, and the bias between two groups."""

from __future__ import annotations

import itertools

import pytest

from personaforge.measuring.agreement import FEWEST_DOCUMENTS, Pair, agreement, weighted_kappa


def pairs(marks: list[tuple[float, float]], *, documents: int = 1, group: str = "") -> list[Pair]:
    """Return pairs, `documents` of them for each persona in turn."""
    return [
        Pair(f"{group}p{place // documents}", group, reference, judge) for place, (reference, judge) in enumerate(marks)
    ]


def by_categories(marks: list[tuple[int, int]]) -> float:
    """Return Cohen's weighted kappa from its table of counts, as textbooks have it."""
    n = len(marks)
    observed = sum((a - b) ** 2 for a, b in marks) / n
    expected = sum(
        (a - b) ** 2 * sum(one == a for one, _ in marks) * sum(other == b for _, other in marks) / n**2
        for a, b in itertools.product(range(1, 6), repeat=2)
    )
    return 1 - observed / expected


def test_on_whole_marks_it_is_cohens_quadratic_weighted_kappa() -> None:
    marks = [(1, 2), (2, 2), (3, 3), (4, 5), (5, 4), (2, 1), (3, 5), (4, 4), (1, 1), (5, 5)]
    assert weighted_kappa(pairs([(float(a), float(b)) for a, b in marks])) == pytest.approx(by_categories(marks))
    # One document of four is 1 apart: observed 0.25, by chance (0 + 1 + 1 + 0 ...) / 16 = 0.625.
    assert weighted_kappa(pairs([(1, 1), (2, 2), (2, 2), (1, 2)])) == pytest.approx(0.5)


def test_equal_marks_are_one_and_turned_ones_minus_one() -> None:
    ends = [(1.0, 1.0), (5.0, 5.0)] * 6
    assert agreement("depth", pairs(ends)).kappa.value == 1.0
    assert agreement("depth", pairs([(a, 6.0 - b) for a, b in ends])).kappa.value == -1.0


def test_a_judge_with_one_mark_for_everything_agrees_by_chance_alone() -> None:
    flat = agreement("depth", pairs([(float(1 + place % 5), 4.7) for place in range(20)]))
    assert flat.kappa.value == 0.0 and flat.offset == pytest.approx(1.7)
    both = agreement("depth", pairs([(4.0, 4.0)] * 20)).kappa
    assert both.value is None and "every document 4" in both.reason, "nothing can be told, and it is no perfect score"


def test_too_few_documents_or_personas_are_not_measured() -> None:
    ends = [(1.0, 1.0), (5.0, 5.0)] * 10
    few = agreement("depth", pairs(ends[: FEWEST_DOCUMENTS - 1]))
    assert few.kappa.value is None and "9 documents" in few.kappa.reason and few.documents == 9
    one_person = agreement("depth", pairs(ends, documents=10))
    assert one_person.kappa.value is None and "of 2 personas" in one_person.kappa.reason
    assert agreement("depth", []).offset is None


def test_the_interval_holds_the_value_and_is_the_same_each_time() -> None:
    marks = [(float(1 + place % 5), float(1 + (place * 3) % 5)) for place in range(40)]
    first, second = agreement("depth", pairs(marks)), agreement("depth", pairs(marks))
    assert first == second
    assert first.kappa.low is not None and first.kappa.high is not None and first.kappa.value is not None
    assert first.kappa.low < first.kappa.value < first.kappa.high


def test_further_documents_of_the_same_personas_make_no_narrower_interval() -> None:
    marks = [(float(1 + place % 5), float(1 + (place * 3) % 5)) for place in range(20)]
    once = agreement("depth", pairs(marks)).kappa
    copies = agreement("depth", [one for one in pairs(marks) for _ in range(4)]).kappa
    strangers = agreement("depth", pairs(marks * 4)).kappa
    assert (copies.value, copies.low, copies.high) == (once.value, once.low, once.high)
    assert strangers.low is not None and once.low is not None and strangers.low > once.low


def test_bias_is_the_difference_of_what_the_judge_adds() -> None:
    marks = [(float(2 + place % 3), float(2 + place % 3)) for place in range(20)]
    women = pairs([(a, b + (0.4 if place % 2 else 0.6)) for place, (a, b) in enumerate(marks)], group="woman")
    men = pairs([(a, b + (0.1 if place % 2 else -0.1)) for place, (a, b) in enumerate(marks)], group="man")
    found = agreement("depth", [*women, *men], ("woman", "man")).bias
    assert found is not None and found.clear
    assert found.differences == pytest.approx({"woman": 0.5, "man": 0.0})
    assert found.difference.value == pytest.approx(0.5) and found.documents == {"woman": 20, "man": 20}
    assert found.difference.low is not None and 0.4 < found.difference.low < 0.5
    turned = agreement("depth", [*women, *men], ("man", "woman")).bias
    assert turned is not None and turned.difference.value == pytest.approx(-0.5) and turned.clear


def test_no_bias_is_found_where_there_is_none_or_too_little_to_tell() -> None:
    marks = [(float(2 + place % 3), float(2 + (place * 2) % 3)) for place in range(20)]
    even = agreement("depth", [*pairs(marks, group="a"), *pairs(marks, group="b")], ("a", "b")).bias
    assert even is not None and even.difference.value == 0.0 and not even.clear
    few = agreement("depth", [*pairs(marks, group="a"), *pairs(marks[:9], group="b")], ("a", "b")).bias
    assert few is not None and few.difference.value is None and not few.clear
    assert few.difference.reason.startswith("b: 9 documents")
