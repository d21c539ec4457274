"""A saved plan: `forge plan -o FILE`, and `forge build --plan FILE` that runs exactly that or refuses."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import PlanError
from personaforge.plan.plan import Asked, Plan
from personaforge.store.files import write_atomic

FORMAT = 1


def save_plan(path: str, plan: Plan, personas: list[str], asked: Asked) -> None:
    """Save a plan with what it was made from."""
    content = {"format": FORMAT, "personas": personas, "asked": asdict(asked), "plan": plan.as_json()}
    write_atomic(str(Path(path).absolute()), orjson.dumps(content, option=orjson.OPT_INDENT_2))


def read_plan_file(path: str) -> tuple[list[str], Asked, dict[str, Any]]:
    """Return the personas, what was asked, and the plan as it was reviewed. Raises PlanError."""
    try:
        content = orjson.loads(Path(path).read_bytes())
        if content["format"] != FORMAT:
            raise PlanError(f"{path} has plan format {content['format']}, expected {FORMAT}", hint="plan again")
        asked = Asked(**{name: tuple(value) for name, value in content["asked"].items()})
        return [str(name) for name in content["personas"]], asked, dict(content["plan"])
    except OSError as error:
        raise PlanError(f"{path} can't be read: {error.strerror}", hint="forge plan -o FILE") from error
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"{path} is not a saved plan: {error}", hint="forge plan -o FILE") from None


def require_same(plan: Plan, saved: dict[str, Any]) -> None:
    """Raise PlanError when the state has moved since the plan was saved."""
    if plan.digest == saved.get("digest"):
        return
    before = {node["id"]: node["state"] for persona in saved["personas"] for node in persona["nodes"]}
    now = {node.id: node.state for node in plan.nodes()}
    moved = [
        f"{name} was {before.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    what = "; ".join(moved[:5]) or "what the nodes depend on has changed"
    raise PlanError(f"the saved plan is stale: {what}", hint="plan again, review it, and build that")
