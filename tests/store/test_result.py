"""What nodes last resulted in, as the index keeps it: written and read in one place, also what older forges wrote."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from personaforge.store.artifact import Artifact
from personaforge.store.outcome import Outcome, Output
from personaforge.store.result import NodeResult, read_result
from tests.conftest import ROOT

OUTCOME = Outcome(
    "flagged",
    {"image": Output(Artifact("a" * 64, "image/png", 5), "images/02.png")},
    {"composite": 0.75, "decision": "ACCEPT"},
    key="k" * 64,
    take=1,
    attempt=2,
    under={"forge": "x"},
    also="l" * 64,
    face="f" * 64,
    replaced={"image": "b" * 64},
)
IMAGE = OUTCOME.as_json()["outputs"]["image"]
RESULT = NodeResult("ana/image/02", OUTCOME, ("k" * 64,), {"code": "image@1", "settings": {"seed": 3}, "needs": {}})


def test_a_result_is_read_as_it_was_written() -> None:
    assert read_result("ana/image/02", RESULT.text()) == RESULT
    assert (RESULT.name, RESULT.kind, RESULT.digests) == ("image/02", "image", {"a" * 64})


def test_the_text_is_the_one_that_indexes_have_held_so_far() -> None:
    assert json.loads(RESULT.text()) == {
        "code": "image@1",
        "settings": {"seed": 3},
        "needs": {},
        "actions": ["k" * 64],
        "outcome": {
            "status": "flagged",
            "outputs": {
                "image": {"digest": "a" * 64, "media_type": "image/png", "size": 5, "path": "images/02.png"},
            },
            "facts": {"composite": 0.75, "decision": "ACCEPT"},
            "key": "k" * 64,
            "take": 1,
            "attempt": 2,
            "under": {"forge": "x"},
            "also": "l" * 64,
            "face": "f" * 64,
            "replaced": {"image": "b" * 64},
        },
    }


def test_an_older_result_lacks_what_was_not_noted_then() -> None:
    body = json.loads(RESULT.text())
    del body["actions"], body["code"]
    for name in ("under", "also", "face", "replaced"):
        del body["outcome"][name]
    found = read_result("ana/image/02", json.dumps(body))
    assert found is not None
    assert (found.actions, found.kind, found.outcome.under, found.outcome.face) == ((), "", {}, "")
    assert found.outcome.outputs == OUTCOME.outputs and found.outcome.facts == OUTCOME.facts


def without(name: str) -> dict[str, Any]:
    body = json.loads(RESULT.text())
    del body["outcome"][name]
    return dict(body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"outcome": null}',
        '{"outcome": {"status": "accepted", "outputs": {"image": "a"}, "facts": {}}}',
        json.dumps(without("outputs")),
        json.dumps(without("status")),
        json.dumps(without("facts")),
        *(
            json.dumps({**json.loads(RESULT.text()), name: value})
            for name, value in (
                *(("actions", None), ("actions", [None, 5]), ("actions", "zz"), ("code", 5), ("settings", None)),
                *(("templates", "zz"), ("needs", [None]), ("analyzer", 5), ("provider", {}), ("issued", [])),
            )
        ),
        *(
            json.dumps({**json.loads(RESULT.text()), "outcome": {**OUTCOME.as_json(), name: value}})
            for name, value in (
                *(("facts", None), ("facts", "zz"), ("status", "fine"), ("take", True), ("attempt", "1"), ("key", 5)),
                *(("under", None), ("face", {}), ("also", 5), ("replaced", [])),
                *(("outputs", {"image": name}) for name in (None, {"digest": "zz"}, {**IMAGE, "path": 5})),
                ("outputs", {"image": {**IMAGE, "digest": "../../etc"}}),
            )
        ),
    ],
)
def test_a_damaged_result_counts_as_none(text: str) -> None:
    assert read_result("ana/image/02", text) is None


def test_nobody_else_reads_what_the_index_keeps_of_nodes() -> None:
    """Not a result's text, nor the list of a row's files: other modules get them typed."""
    raw = re.compile(r"node_body|\[\"outcome\"\]|\.get\(\"outcome\"|loads\([^)]*\.files|select [^\"]*\bbody from nodes")
    known = {"personaforge/store/result.py", "personaforge/store/index.py"}
    found = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "personaforge").rglob("*.py")
        if str(path.relative_to(ROOT)) not in known
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if raw.search(line)
    }
    assert not found
    assert all(raw.search((ROOT / path).read_text()) or path.endswith("result.py") for path in known)
