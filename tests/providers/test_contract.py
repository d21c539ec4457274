"""The contract, for every adapter of ours."""

from __future__ import annotations

from personaforge.testing.contract import HostedContract
from tests.providers.cases import CASES


class TestHosted(HostedContract):
    """What is hosted."""

    cases = CASES
