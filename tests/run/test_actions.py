"""One action: found or made, once; looked at again at the last moment; and kept, wherever its result is found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import Refused, Unknown
from personaforge.plan.contents import Contents
from personaforge.providers import table
from personaforge.providers.capability import Capability
from personaforge.run.actions import Engine, Tally
from personaforge.run.events import Event
from personaforge.run.limits import Stopped
from personaforge.run.resume import Settled, _call, delete, resume
from personaforge.run.setup import engine_of
from personaforge.steps.action import Action, Price
from personaforge.steps.outputs import write_action
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA
from tests.run.test_sent_again import Finder


def draw(prompt: str) -> Action:
    return Action("draw", "scripted@1", {"prompt": prompt, "model": "img-1"}, price=Price(True, 0.04))


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("actions")) as opened:
        yield opened


@pytest.fixture
def engine(open_lab: Lab) -> Engine:
    settings = open_lab.load(PERSONA).settings
    return engine_of(open_lab.space.store, lambda identity: None, threading.Event(), [settings])


def contents(open_lab: Lab) -> Contents:
    return Contents(open_lab.space.store, open_lab.space.store.build_folder("ana"))


def perform(engine: Engine, open_lab: Lab, action: Action, tally: Tally, **options: Any) -> Any:
    return engine.perform(action, "ana", "ana/image/02", tally, contents(open_lab), **options)


def test_what_was_made_is_found_the_second_time(engine: Engine, open_lab: Lab) -> None:
    tally, calls = Tally(), len(open_lab.studio.images.calls)
    one, other = (perform(engine, open_lab, draw("twice"), tally) for _ in range(2))
    assert one.outputs == other.outputs and len(open_lab.studio.images.calls) == calls + 1
    assert (tally.performed, tally.found) == (1, 1)


def test_what_is_made_is_told_when_it_starts_and_when_it_ends(open_lab: Lab) -> None:
    told: list[Event] = []
    settings = [open_lab.load(PERSONA).settings]
    engine = engine_of(
        open_lab.space.store, lambda identity: None, threading.Event(), settings, listeners=[told.append]
    )
    action = draw("told")
    perform(engine, open_lab, action, Tally())
    perform(engine, open_lab, action, Tally())
    assert [(event.type, event.persona, event.node) for event in told] == [
        ("action_started", "ana", "ana/image/02"),
        ("action_finished", "ana", "ana/image/02"),
    ], "once: the second time it is found"
    assert told[0].result == {"key": action.key, "kind": "draw", "attempt": 0, "take": 0}


def test_a_provider_is_asked_after_a_last_look_and_forge_itself_without(engine: Engine, open_lab: Lab) -> None:
    """The last look is where a build notices that somebody has edited what it is about to pay for."""
    looked: list[str] = []

    def look(action: Action) -> None:
        looked.append(action.kind)
        raise Stopped

    calls = len(open_lab.studio.images.calls)
    with pytest.raises(Stopped):
        perform(engine, open_lab, draw("not after all"), Tally(), before_call=look)
    assert looked == ["draw"] and len(open_lab.studio.images.calls) == calls
    perform(engine, open_lab, write_action(b"computed", "text/plain"), Tally(), before_call=look)
    perform(engine, open_lab, draw("twice"), Tally(), before_call=look)
    assert looked == ["draw"], "what is computed or known is asked of nobody"


def test_a_result_that_only_the_build_folder_holds_is_taken_back(engine: Engine, open_lab: Lab) -> None:
    store, tally = open_lab.space.store, Tally()
    artifact = perform(engine, open_lab, draw("in the folder"), tally).outputs["image"]
    data = store.blobs.get(artifact.digest)
    file = store.project.build / "ana/images/02.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    Path(store.blobs.path(artifact.digest)).unlink()
    again = perform(engine, open_lab, draw("in the folder"), tally)
    assert again.outputs["image"] == artifact and (tally.performed, tally.found) == (1, 1)
    assert store.blobs.has(artifact.digest) and store.blobs.sound(artifact.digest)


def test_bytes_that_a_procedure_has_computed_are_kept_once(engine: Engine, open_lab: Lab) -> None:
    tally, text = Tally(), b"computed here"
    found = perform(engine, open_lab, write_action(text, "text/plain"), tally).outputs["content"]
    assert (found.digest, found.size, found.media_type) == (digest_bytes(text), len(text), "text/plain")
    assert (tally.performed, tally.found) == (1, 0)
    perform(engine, open_lab, write_action(text, "text/plain"), tally)
    assert (tally.performed, tally.found) == (1, 1)


def test_a_call_that_is_taken_up_and_stopped_is_still_submitted(open_lab: Lab) -> None:
    store, action = open_lab.space.store, draw("taken up")
    body = {"persona": "ana", "parts": dict(action.parts), "usd": 0.04, "tariff": {}, "account": "", "sources": {}}
    store.journal.intend(
        action.key, "ana/image/02", "draw", "scripted@1", "img-1", 0.04, body={**body, "deterministic": False}
    )
    store.journal.submitted(action.key, "job-7")
    stop = threading.Event()
    stop.set()
    engine = engine_of(store, lambda identity: None, stop, [open_lab.load(PERSONA).settings])
    (entry,) = [one for one in store.journal.open_entries() if one.key == action.key]
    said: list[Any] = []
    (outcome,) = resume(engine, [entry], said.append)
    assert (outcome.state, outcome.text) == ("submitted", "stopped waiting") and said == [outcome]
    assert outcome.key == action.key and outcome.node == "ana/image/02"


def test_prices_that_a_damaged_journal_has_are_not_counted(open_lab: Lab) -> None:
    store, action = open_lab.space.store, draw("damaged")
    tariff = {"image": {"default": -1, "64x64": 2}, "call": 0.25, "output": float("nan")}
    body = {"persona": "ana", "parts": dict(action.parts), "tariff": tariff, "account": "", "sources": {}}
    store.journal.intend(
        action.key,
        "ana/image/02",
        "draw",
        "scripted@1",
        "img-1",
        0.04,
        body={**body, "usd": -5, "deterministic": False},
    )
    entry = store.journal.get(action.key)
    assert entry is not None
    engine = engine_of(store, lambda identity: None, threading.Event(), [open_lab.load(PERSONA).settings])
    assert _call(engine, entry).action.price == Price(True, None, {"call": 0.25})


def test_a_call_that_nobody_can_find_is_unknown_and_says_what_to_type(open_lab: Lab, engine: Engine) -> None:
    store, action = open_lab.space.store, draw("never answered")
    body = {"persona": "ana", "parts": dict(action.parts), "usd": 0.04, "tariff": {}, "account": "", "sources": {}}
    store.journal.intend(
        action.key, "ana/image/02", "draw", "scripted@1", "img-1", 0.04, body={**body, "deterministic": False}
    )
    (entry,) = [one for one in store.journal.open_entries() if one.key == action.key]
    (outcome,) = resume(engine, [entry], lambda outcome: None)
    assert outcome.state == "unknown" and f"forge jobs resolve {action.key[:12]} --resubmit" in outcome.text
    with pytest.raises(Unknown):
        perform(engine, open_lab, action, Tally())


@pytest.mark.parametrize(
    ("safe", "state", "text"),
    [
        (True, "unknown", "finder doesn't know it; the next build sends it under the same key"),
        (False, "not bought", "the next build sends it"),
    ],
)
def test_a_call_that_its_provider_never_got_is_left_to_the_next_build(
    open_lab: Lab, monkeypatch: pytest.MonkeyPatch, safe: bool, state: str, text: str
) -> None:
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))
    capability = Capability(
        "finder", "image", frozenset({"prompt"}), client_key=True, safe_resubmit=safe, finds=True,
        find_settles_seconds=0.0,
    )  # fmt: skip
    table.register(table.Entry(capability, lambda options: Finder()))
    store, action = open_lab.space.store, Action("draw", "finder@1", {"prompt": state}, price=Price(True, 0.04))
    body = {"persona": "ana", "parts": dict(action.parts), "usd": 0.04, "tariff": {}, "account": "", "sources": {}}
    store.journal.intend(
        action.key, "ana/image/02", "draw", "finder@1", "", 0.04, body={**body, "deterministic": False}
    )
    entry = store.journal.get(action.key)
    assert entry is not None
    engine = engine_of(store, lambda identity: None, threading.Event(), [open_lab.load(PERSONA).settings])
    said = resume(engine, [entry], lambda outcome: None)
    assert said == [Settled(action.key, "ana/image/02", state, text)]
    now = store.journal.get(action.key)
    assert now is not None
    if safe:
        assert now.state == "intent"
    else:
        assert (now.state, now.note) == ("refused", "finder knows of no such call")
        with pytest.raises(Refused, match="finder deletes nothing when asked"):
            delete(engine, now)
        assert store.journal.get(action.key) == now
