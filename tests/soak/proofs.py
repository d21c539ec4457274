"""The suite's proofs by chance, in full: `python -m tests.soak.proofs [PYTEST OPTIONS]`.

In the suite they take a sample: the same seeds and fewer turns. Here processes are killed thirty times while they build
and twenty times while they write to the warehouse, and contending processes write twice as much.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run them, and exit as pytest does."""
    tests = str(ROOT / "tests")
    sys.exit(
        pytest.main([tests, "--soak", "-m", "proof", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *sys.argv[1:]])
    )


if __name__ == "__main__":
    main()
