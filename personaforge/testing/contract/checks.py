"""What the contracts have in common: which checks there are for which case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Provider

Test = TypeVar("Test", bound=Callable[..., None])


class Checks:
    """A class of checks, each of which is a test for each of `cases`."""

    cases: ClassVar[Sequence[Any]] = ()

    @staticmethod
    def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
        """Make a test of a check and a case; one that skips, saying so, where no case can fail in its way."""
        if metafunc.cls is None or "case" not in metafunc.fixturenames:
            return
        which = getattr(metafunc.function, "applies", lambda case: True)
        found = [pytest.param(case, id=case.id) for case in metafunc.cls.cases if which(case)]
        none = pytest.param(None, id="none", marks=pytest.mark.skip(reason="no case here can fail in this way"))
        metafunc.parametrize("case", found or [none])


def applies(which: Callable[[Any], bool]) -> Callable[[Test], Test]:
    """Run a check over the cases that can fail in its way."""

    def marked(test: Test) -> Test:
        test.applies = which  # type: ignore[attr-defined]
        return test

    return marked


def does_what_it_says(fixed: Capability, made: Provider) -> None:
    """Assert that a provider has the methods that its capability says, and no other optional ones."""
    for flag, method in (
        (fixed.finds, "find"),
        (fixed.cancels, "cancel"),
        (fixed.deletes, "delete"),
        (fixed.pings, "ping"),
    ):
        assert flag is hasattr(made, method), f"`{method}` is {'missing' if flag else 'not in the capability'}"
