"""A saved plan that somebody has edited: what is wrong is said with its place, whatever it is."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import PlanError
from personaforge.plan.planfile import read_plan_file

NODE = {"id": "ana/soul", "state": "run"}
GOOD: dict[str, Any] = {
    "format": 1,
    "personas": ["ana"],
    "asked": {"overrides": [], "select": ["soul"], "exclude": [], "force": [], "repin": []},
    "plan": {"digest": "d", "personas": [{"id": "ana", "nodes": [NODE]}]},
}
STRANGE: tuple[Any, ...] = (None, True, 0, 1.5, "", "x", "a\0b", [], {}, [5], [[]], [{}], {"a": 1}, ["a\nb"])


def read(tmp_path: Path, content: object) -> tuple[list[str], Any, dict[str, Any]]:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(content))
    return read_plan_file(str(file))


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ((), [], r"the file: found \[\], expected an object with format"),
        (("format",), 2, "has plan format 2, expected 1"),
        (("personas",), "ana", 'personas: found "ana", expected a list'),
        (("personas",), [5], r"personas\[0\]: found 5, expected a text"),
        (("plan",), {}, "plan: found no digest, expected an object with digest, personas"),
        (("asked", "overrides"), [5], r"asked.overrides\[0\]: found 5, expected a text"),
        (("asked", "select"), None, "asked.select: found null, expected a list"),
        (("asked", "more"), [], "asked.more: found nothing of that name, expected one of overrides, "),
        (("plan", "personas", 0), 1, r"plan.personas\[0\]: found 1"),
        (("plan", "personas", 0, "nodes", 0), {"id": "a"}, r"plan.personas\[0\].nodes\[0\]: found no state"),
        (("plan", "personas", 0, "nodes", 0, "state"), {}, r"nodes\[0\].state: found {}, expected a text"),
        (("personas",), ["a\0b"], r"personas\[0\]: found .*, expected a text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, path: tuple[Any, ...], value: Any, says: str) -> None:
    assert read(tmp_path, GOOD)[0] == ["ana"]
    with pytest.raises(PlanError, match=says) as error:
        read(tmp_path, changed(GOOD, path, value))
    assert error.value.exit_code == 2 and error.value.hint


def changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    found = inner = copy.deepcopy(content)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def test_any_value_at_any_place_is_read_or_refused(tmp_path: Path) -> None:
    for path in list(places(GOOD)):
        for value in STRANGE:
            try:
                personas, asked, plan = read(tmp_path, changed(GOOD, path, value))
            except PlanError:
                continue
            assert all(isinstance(one, str) for one in (*personas, *asked.overrides, *asked.select, plan["digest"]))
            assert all(isinstance(node["id"], str) for one in plan["personas"] for node in one["nodes"])


def test_bytes_that_are_no_plan_are_refused(tmp_path: Path) -> None:
    file, rng, good = tmp_path / "plan.json", random.Random(7), bytearray(json.dumps(GOOD).encode())
    for data in (b"", b"\xff\xfe", b"[" * 100_000, *(bytes(_damaged(good, rng)) for _ in range(300))):
        file.write_bytes(data)
        try:
            read_plan_file(str(file))
        except PlanError as error:
            assert error.message.startswith(str(file))
    for data in (b"", b"[" * 100_000, b"{'personas': []}"):
        file.write_bytes(data)
        with pytest.raises(PlanError, match=r"plan\.json is not a saved plan: it is no JSON: ") as error:
            read_plan_file(str(file))
        assert error.value.hint == "forge plan -o FILE"
    with pytest.raises(PlanError, match="can't be read: Is a directory"):
        read_plan_file(str(tmp_path))


def _damaged(data: bytearray, rng: random.Random) -> bytearray:
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(found))
        found[place : place + rng.randint(0, 3)] = rng.choice([b"", b"null", b"{}", b"[]", b"1", b'"', b",", b"\0"])
    return found
