"""What was asked of a picture or clip beside its person, and what came: lines for its page, from its evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class DemandLine(NamedTuple):
    """One demand, in words."""

    name: str
    asked: str
    came: str
    """Empty where it was not measured."""
    said: str
    """`as asked`, `not as asked`, with what that decides, or `not measured` and why."""
    missed: bool


_DECIDES = {"retry": "does not pass", "flag": "ships flagged", "advice": "a hint that decides nothing"}


def demand_lines(record: Mapping[str, Any]) -> tuple[DemandLine, ...]:
    """Return the lines of an evaluation record; none for one from before there were demands."""
    found = record.get("demands")
    return tuple(_line(one) for one in found if isinstance(one, Mapping)) if isinstance(found, list) else ()


def _line(demand: Mapping[str, Any]) -> DemandLine:
    name, asked, came = (str(demand.get(field, "")) for field in ("name", "asked", "measured"))
    met = demand.get("met")
    if met is None:
        return DemandLine(
            name, asked, came, f"not measured: {demand.get('unmeasured', 'no reason is on record')}", False
        )
    if met:
        return DemandLine(name, asked, came, "as asked", False)
    decides = _DECIDES.get(str(demand.get("action")), "")
    bound = f" ({demand['bound']})" if demand.get("bound") else ""
    return DemandLine(name, asked, came, f"not as asked{bound}: {decides}".rstrip(": "), True)
