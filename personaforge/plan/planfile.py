"""A saved plan: `forge plan -o FILE`, and `forge build --plan FILE` that runs exactly that or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import PlanError
from personaforge.plan.plan import Plan, PlanRequest
from personaforge.store.files import write_atomic

FORMAT = 1


def save_plan(path: str, plan: Plan, personas: list[str], asked: PlanRequest) -> None:
    """Save a plan with what it was made from."""
    content = {"format": FORMAT, "personas": personas, "asked": asdict(asked), "plan": plan.as_json()}
    write_atomic(str(Path(path).absolute()), orjson.dumps(content, option=orjson.OPT_INDENT_2))


def read_plan_file(path: str) -> tuple[list[str], PlanRequest, dict[str, Any]]:
    """Return the personas, what was asked, and the plan as it was reviewed. Raises PlanError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise PlanError(f"{path} can't be read: {error.strerror}", hint=_HINT) from error
    try:
        content = _object(orjson.loads(data), "the file", ("format",))
        if content["format"] != FORMAT or isinstance(content["format"], bool):
            raise PlanError(f"{path} has plan format {_shown(content['format'])}, expected {FORMAT}", hint="plan again")
        content = _object(content, "the file", ("personas", "asked", "plan"))
        names = [field.name for field in fields(PlanRequest) if field.name != "frozen"]
        given = _object(content["asked"], "asked", names)
        strange = sorted(set(given) - {*names, "frozen"})
        if strange:
            raise _Wrong(f"asked.{strange[0]}", "nothing of that name", f"one of {', '.join(names)}")
        if not isinstance(given.get("frozen", False), bool):
            raise _Wrong("asked.frozen", _shown(given["frozen"]), "true or false")
        chosen = {name: tuple(_texts(given[name], f"asked.{name}")) for name in names}
        asked = PlanRequest(**chosen, frozen=given.get("frozen", False))
        return _texts(content["personas"], "personas"), asked, _plan(content["plan"])
    except orjson.JSONDecodeError as error:
        raise PlanError(f"{path} is not a saved plan: it is no JSON: {error}", hint=_HINT) from None
    except _Wrong as error:
        raise PlanError(f"{path} is not a saved plan: {error}", hint=_HINT) from None


_HINT = "forge plan -o FILE"
_LONGEST = 60


class _Wrong(Exception):
    """What a file has in place of what is expected there."""

    def __init__(self, place: str, found: str, expected: str) -> None:
        super().__init__(f"{place}: found {found}, expected {expected}")


def _plan(value: Any) -> dict[str, Any]:
    """Return the plan with all that `require_same` reads of it."""
    plan = _object(value, "plan", ("digest", "personas"))
    _text(plan["digest"], "plan.digest")
    for number, persona in enumerate(_list(plan["personas"], "plan.personas")):
        place = f"plan.personas[{number}]"
        for index, node in enumerate(_list(_object(persona, place, ("nodes",))["nodes"], f"{place}.nodes")):
            there = f"{place}.nodes[{index}]"
            for name in ("id", "state"):
                _text(_object(node, there, ("id", "state"))[name], f"{there}.{name}")
    return plan


def _object(value: Any, place: str, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(place, _shown(value), f"an object with {', '.join(names)}")
    for name in names:
        if name not in value:
            raise _Wrong(place, f"no {name}", f"an object with {', '.join(names)}")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(place, _shown(value), "a list")
    return value


def _texts(value: Any, place: str) -> list[str]:
    return [_text(one, f"{place}[{number}]") for number, one in enumerate(_list(value, place))]


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise _Wrong(place, _shown(value), "a text")
    return value


def _shown(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def require_same(plan: Plan, saved: dict[str, Any]) -> None:
    """Raise PlanError when the state has moved since the plan was saved."""
    if plan.digest == saved["digest"]:
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
