"""What is said of a score of texts where the second reader marked some axes only."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.checks.figures import unjudged_axes


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"audit_mean": 4.0}, ""),
        ({"audit_marks": 1, "not_judged": {"depth": "thin", "cultural_fidelity": "unknown"}},
         "mean of 1 of 3 axes, not judged: depth, cultural fidelity"),
        ({"audit_marks": 0, "not_judged": {"depth": "thin"}}, ""),  # the row itself says that nothing was judged
    ],
)  # fmt: skip
def test_a_score_of_some_axes_says_so(facts: dict[str, Any], said: str) -> None:
    assert unjudged_axes(facts) == said
