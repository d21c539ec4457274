"""The plan says exactly what the build will do, in every state and with every flag; see `states` and `state_table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.plan.sites import Site, sites
from tests.plan.state_table import CASES, END, PAGE, SLOW, START, page_table
from tests.plan.states import Case, try_case

LIES: Mapping[str, str] = {}
"""Where plan and build are known to differ, and how. Strict: what has been mended has to go from here."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Site]]:
    """Both projects, built."""
    with sites(tmp_path_factory.mktemp("states")) as found:
        yield found


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.name.replace(" ", "-"),
            marks=pytest.mark.xfail(reason=LIES[case.name], strict=True) if case.name in LIES else (),
        )
        for case in CASES
        if case.name not in SLOW
    ],
)
def test_the_plan_says_exactly_what_the_build_will_do(case: Case, built: Mapping[str, Site]) -> None:
    lies, _ = try_case(built[case.flavour], case)
    assert not lies, "\n".join(lies)


def test_every_lie_is_of_a_case() -> None:
    assert not LIES.keys() - {case.name for case in CASES}


def test_the_page_of_states_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = text[text.index(START) : text.index(END) + len(END)]
    assert shown == page_table(), "python -m tests.plan.state_table writes it"
