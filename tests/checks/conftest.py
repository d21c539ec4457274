"""Checks run on the same small studio that the runner is tested with."""

from tests.run.conftest import make_studio, studio

__all__ = ["make_studio", "studio"]
