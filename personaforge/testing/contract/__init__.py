"""The contract that every provider keeps, as pytest tests for a plug-in's author.

    class TestTiles(HostedContract):                 # or LocalContract, for one that works on this machine
        cases = (Case("tiles", "image", ..., entry=TILES),)

A case says what is asked, what has to go over the wire, and how the routes can be made to fail; the checks are driven
by the engine that builds use, over real HTTP on 127.0.0.1. Needs pytest, which nothing else of forge does.
"""

import pytest

# Before they are imported: so a failed check says what it found.
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in ("checks", "hosted", "local")))

from personaforge.testing.contract.case import CANARY, REFERENCE, Case, LocalCase  # noqa: E402
from personaforge.testing.contract.hosted import HostedContract  # noqa: E402
from personaforge.testing.contract.local import LocalContract  # noqa: E402
from personaforge.testing.contract.shop import Shop, stocked  # noqa: E402

__all__ = ["CANARY", "REFERENCE", "Case", "HostedContract", "LocalCase", "LocalContract", "Shop", "stocked"]
