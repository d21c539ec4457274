"""The contract, for every adapter."""

from __future__ import annotations

from personaforge.testing.contract import HostedContract
from tests.providers.cases import CASES
from tests.providers.finder import FINDER


class TestHosted(HostedContract):
    """What is hosted, and a provider that a plug-in might add."""

    cases = (*CASES, FINDER)
