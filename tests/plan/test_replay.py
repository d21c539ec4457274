"""Replaying: a procedure is driven as far as known results carry it, and no further; nothing is performed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from personaforge.plan.contents import Contents
from personaforge.plan.replay import Replay, replay, result_of
from personaforge.spec.project import project_of
from personaforge.steps.action import Action, Outcome, Output, Procedure, Result
from personaforge.steps.outputs import write_action
from personaforge.store.artifact import Artifact
from personaforge.store.store import Store
from personaforge.testing import write_project

FIRST = Action("complete", "scripted@1", {"prompt": "who"})
SECOND = Action("complete", "scripted@1", {"prompt": "where"})
THIRD = Action("complete", "scripted@1", {"prompt": "why"})


def known(*actions: Action) -> Mapping[str, Result]:
    return {action.key: Result(action.key, {}, {"text": f"answer to {action.request['prompt']}"}) for action in actions}


def asking(*actions: Action) -> Procedure:
    """Ask one after another, and tell the answers."""
    texts = {}
    for action in actions:
        texts[action.request["prompt"]] = (yield action).value["text"]
    return Outcome("accepted", facts={"texts": list(texts.values())}, key=actions[0].key)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = write_project(tmp_path, {"ana": "id: ana\nbrief: A gardener.\n"})
    return Store(project_of((), str(root)))


@pytest.fixture
def contents(store: Store) -> Contents:
    return Contents(store, store.build_folder("ana"))


def played(procedure: Procedure, contents: Contents, *results: Action) -> Replay:
    return replay(procedure, lambda action: known(*results).get(action.key), contents)


def test_with_every_result_known_it_ends_in_its_outcome(contents: Contents) -> None:
    outcome = Outcome("accepted", facts={"texts": ["answer to who", "answer to where"]}, key=FIRST.key)
    assert played(asking(FIRST, SECOND), contents, FIRST, SECOND) == Replay(outcome, None, (FIRST.key, SECOND.key))


def test_it_stops_at_the_first_action_that_is_missing_and_closes_the_procedure(contents: Contents) -> None:
    closed = []

    def procedure() -> Procedure:
        try:
            return (yield from asking(FIRST, SECOND, THIRD))
        finally:
            closed.append(True)

    assert played(procedure(), contents, FIRST, THIRD) == Replay(None, SECOND, (FIRST.key, SECOND.key))
    assert closed == [True]


def test_a_procedure_that_asks_for_nothing_needs_no_result(contents: Contents) -> None:
    def procedure() -> Procedure:
        yield from ()
        return Outcome("accepted")

    assert played(procedure(), contents) == Replay(Outcome("accepted"), None, ())


def writing(*texts: bytes) -> Procedure:
    outputs = {}
    for number, text in enumerate(texts):
        result = yield write_action(text, "text/plain")
        outputs[str(number)] = Output(result.outputs["content"], "")
    return Outcome("accepted", outputs)


def test_bytes_that_a_procedure_computes_are_known_and_missing_until_they_are_kept(
    store: Store, contents: Contents
) -> None:
    """The outcome is known all the same: what comes after can be planned."""
    first, second = write_action(b"one", "text/plain"), write_action(b"other", "text/plain")
    found = played(writing(b"one", b"other"), contents)
    assert found.missing is not None and found.missing.key == first.key, "the first that is not kept, not the last"
    assert found.keys == (first.key, second.key)
    assert found.outcome is not None
    assert found.outcome.outputs["1"].artifact == Artifact(second.request["digest"], "text/plain", 5)
    store.blobs.put(b"one")
    found = played(writing(b"one", b"other"), contents)
    assert found.missing is not None and found.missing.key == second.key
    store.blobs.put(b"other")
    assert played(writing(b"one", b"other"), contents).missing is None


def test_computed_bytes_can_be_read_by_what_comes_after_though_no_store_has_them(contents: Contents) -> None:
    digest = write_action(b"one", "text/plain").request["digest"]
    played(writing(b"one"), contents)
    assert contents.read(digest) == b"one" and contents.size(digest) == 3


def test_a_record_gives_its_result() -> None:
    digest = "a" * 64
    record: dict[str, object] = {
        "outputs": {"reply": {"digest": digest, "media_type": "text/plain", "size": 3}},
        "value": {"blocked": "by a filter"},
        "details": {"model": "m"},
    }
    outputs = {"reply": Artifact(digest, "text/plain", 3)}
    assert result_of(FIRST, record) == Result(FIRST, outputs, {"blocked": "by a filter"}, {"model": "m"})
    assert result_of(FIRST, {"outputs": {}, "value": None}) == Result(FIRST, {}, {}, {})
    assert result_of(FIRST, None) is None
