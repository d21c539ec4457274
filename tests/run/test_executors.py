"""What becomes of a reply: kept in one fixed form, or refused for what it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import BackendError, Blocked
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Reply
from personaforge.run import executors
from personaforge.run.executors import Executors, _answer
from personaforge.steps.action import Action, Price
from personaforge.testing import png, scripted_images, scripted_text

DRAW = Action("draw", "scripted@1", {"prompt": "a rose"}, price=Price(True, 0.04))
ASK = Action("complete", "scripted@1", {"prompt": "who", "model": "m"})


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))
    scripted_images().register()
    scripted_text(lambda request: "").register()
    yield


@pytest.fixture
def made() -> Executors:
    return Executors(lambda identity: None)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(), "scripted@1 sent nothing back"),
        (Reply(text="here it is"), "sent nothing back"),
        (Reply(blob=Blob(b"", "image/png")), "sent nothing back"),
        (Reply(blob=Blob(b"<html>busy</html>", "image/png")), "which is not image/png"),
        (Reply(blob=Blob(png((1, 2, 3)), "image/jpeg")), "which is not image/jpeg"),
        (Reply(blob=Blob(png((1, 2, 3)), "text/plain")), "which is not one of image/"),
        (Reply(blob=Blob(png((1, 2, 3))[:-20], "image/png")), "that is cut off after"),
    ],
)
def test_a_reply_without_a_whole_picture_is_refused(made: Executors, reply: Reply, says: str) -> None:
    with pytest.raises(BackendError, match=says):
        made.finished(DRAW, reply)


def test_a_picture_is_kept_as_it_came_with_what_it_cost(made: Executors) -> None:
    blob = Blob(png((1, 2, 3)), "image/png")
    done = made.finished(DRAW, Reply(blob=blob, cost_usd=0.05, details={"model": "m"}))
    assert (done.outputs, done.value, done.details, done.cost_usd) == ({"image": blob}, {}, {"model": "m"}, 0.05)
    assert made.finished(DRAW, Reply(blob=blob, cost_usd=None)).cost_usd == 0.04, "the declared price where nobody says"


def test_a_picture_may_be_so_large_and_no_larger(made: Executors, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = Blob(png((1, 2, 3)), "image/png")
    monkeypatch.setattr(executors, "MAX_RESULT_BYTES", len(blob.data))
    made.finished(DRAW, Reply(blob=blob))
    monkeypatch.setattr(executors, "MAX_RESULT_BYTES", len(blob.data) - 1)
    with pytest.raises(BackendError, match=f"sent {len(blob.data)} bytes, more than"):
        made.finished(DRAW, Reply(blob=blob))


@pytest.mark.parametrize(
    ("text", "kept", "media_type"),
    [
        ('{"b": 1, "a": "x"}', b'{\n  "a": "x",\n  "b": 1\n}\n', "application/json"),
        ('```json\n{"a": 1}\n```', b'{\n  "a": 1\n}\n', "application/json"),
        ('``` {"a": 1}```', b'{\n  "a": 1\n}\n', "application/json"),
        ("Sure!", b"Sure!", "text/plain"),
        ("[1, 2]", b"[1, 2]", "text/plain"),
        ("", b"", "text/plain"),
    ],
)
def test_an_answer_is_kept_in_one_form_however_it_was_written(text: str, kept: bytes, media_type: str) -> None:
    assert _answer(text) == Blob(kept, media_type)


def test_an_answer_that_was_cut_short_says_so(made: Executors) -> None:
    assert made.finished(ASK, Reply(text="{", truncated=True)).value == {"truncated": True}
    assert made.finished(ASK, Reply(text="{}")).value == {}


def test_forges_own_actions_cost_nothing_and_another_kind_is_nobodys(made: Executors) -> None:
    cells = [{"name": "02", "caption": "smiling", "status": "accepted"}]
    sheet = Action("sheet", "forge@1", {"cells": cells, "title": "ana", "columns": 1, "footer": "x"})
    done = made.perform(sheet, {"02": png((200, 120, 90), width=32, height=32)})
    blob = done.outputs["sheet"]
    assert done.cost_usd == 0.0 and isinstance(blob, Blob) and blob.media_type == "image/jpeg"
    with pytest.raises(BackendError, match="nobody performs actions of kind 'dream'"):
        made.perform(Action("dream", "forge@1", {}), {})


def test_whose_provider_performs_an_action_and_which_are_forges_own(made: Executors) -> None:
    capability = made.capability(DRAW)
    assert capability is not None and (capability.name, capability.modality) == ("scripted", "image")
    assert made.capability(Action("measure", "a@1", {})) is None
    assert made.provider(DRAW) is made.provider(DRAW)


@pytest.mark.parametrize(("said", "kept"), [(0.0, 0.0), (1.0, 0.08), (None, 0.08), (0.5, 0.08)])
def test_a_block_that_was_charged_costs_what_its_tokens_do_and_one_that_was_not_costs_nothing(
    made: Executors, said: float | None, kept: float
) -> None:
    ask = Action("complete", "scripted@1", {"prompt": "who", "model": "m"}, price=Price(True, 0.1, {"output": 80.0}))
    error = Blocked("not this", stage="refusal", cost_usd=said, details={"tokens_in": 0, "tokens_out": 1000})
    found = made.blocked(ask, error)
    assert (found.outputs, found.value, found.cost_usd) == ({}, {"blocked": "refusal: not this"}, kept)
    assert made.blocked(ask, Blocked("not this", cost_usd=said)).cost_usd == said, "as long as no tokens are counted"
