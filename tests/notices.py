"""What a plan says besides what it says of every plan of the scripted persona."""

from __future__ import annotations

from personaforge.plan.plan import Plan

_ALWAYS = ("No calibration decides for colors", "of its brief")
"""The scripted analyzer has no calibration, and the scripted persona's brief is not English prose."""


def noticed(plan: Plan) -> tuple[str, ...]:
    """Return a plan's notices without those."""
    return tuple(notice for notice in plan.notices if not any(said in notice for said in _ALWAYS))
