"""What becomes of a reply: kept in one fixed form, or refused for what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import Mock

import pytest

from personaforge.errors import BackendError, Blocked, JobFailed, Undelivered
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Job, Remote, Reply
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
        ('Sure! Here it is:\n```json\n{"a": 1}\n```\nLet me know.', b'{\n  "a": 1\n}\n', "application/json"),
        ('\ufeff{"a": 1}', b'{\n  "a": 1\n}\n', "application/json"),
        ('\ufeff\n```\n{"a": 1}\n```', b'{\n  "a": 1\n}\n', "application/json"),
        ('It is {"a": "}{\\"", "b": {}} for {name}.', b'{\n  "a": "}{\\"",\n  "b": {}\n}\n', "application/json"),
        ('```json\n{"a": 1', b'```json\n{"a": 1', "text/plain"),
        ('Either {"a": 1} or {"a": 2}', b'Either {"a": 1} or {"a": 2}', "text/plain"),
        ('```\n{"a": 1}\n```\n```\n{"a": 2}\n```', b'```\n{"a": 1}\n```\n```\n{"a": 2}\n```', "text/plain"),
        ('[{"a": 1}]', b'[{"a": 1}]', "text/plain"),
        ("{" * 100_000, b"{" * 100_000, "text/plain"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "text/plain"),
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


NO_AMOUNTS = (-5.0, float("nan"), float("inf"), 10**400, "a", True, [])
PICTURE = Blob(png((1, 2, 3)), "image/png")


@pytest.mark.parametrize("said", NO_AMOUNTS)
def test_a_cost_that_is_no_amount_counts_as_not_said(made: Executors, said: Any) -> None:
    notices: list[str] = []
    made.say = notices.append
    reply = made.examined(DRAW, Reply(blob=PICTURE, cost_usd=said))
    assert isinstance(reply, Reply) and reply.cost_usd is None
    assert made.finished(DRAW, reply).cost_usd == 0.04, "the declared price counts"
    assert len(notices) == 1 and "scripted@1 said that a call cost" in notices[0]
    for error in (JobFailed("broke", cost_usd=said), Blocked("no", cost_usd=said)):
        with pytest.raises(type(error)) as caught:
            made.guarded(DRAW, Mock(side_effect=error))
        assert caught.value.cost_usd is None  # type: ignore[attr-defined]
    assert len(notices) == 3


@pytest.mark.parametrize("said", [0, 0.0, 0.031, None])
def test_an_amount_is_taken_as_it_is_said(made: Executors, said: Any) -> None:
    made.say = lambda text: pytest.fail(text)
    reply = made.examined(DRAW, Reply(blob=PICTURE, cost_usd=said))
    assert isinstance(reply, Reply) and reply.cost_usd == said


@pytest.mark.parametrize("said", NO_AMOUNTS)
@pytest.mark.parametrize("name", ["tokens_in", "tokens_in_image", "tokens_out"])
def test_counts_that_cannot_be_counted_are_not_counted_in_part(made: Executors, name: str, said: Any) -> None:
    notices: list[str] = []
    made.say = notices.append
    price = Price(True, 0.25, {"input": 5, "output": 40, "estimate": 0.25})
    action = Action("draw", "scripted@1", {"prompt": "a rose"}, price=price)
    counts = {"model": "m", "tokens_in": 10, "tokens_out": 1000, name: said}
    reply = made.examined(action, Reply(blob=PICTURE, cost_usd=None, details=counts))
    assert isinstance(reply, Reply) and "tokens_out" not in reply.details
    assert made.finished(action, reply).cost_usd is None, "unknown, so that what was reserved counts"
    assert len(notices) == 1


def test_details_that_are_no_json_are_not_kept(made: Executors) -> None:
    notices: list[str] = []
    made.say = notices.append
    for details in (None, 5, {"seed": object()}, {"text": "\ud800"}):
        reply = made.examined(DRAW, Reply(blob=PICTURE, details=cast(Any, details)))
        assert isinstance(reply, Reply) and reply.details == {}
    assert len(notices) == 4


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "an answer is None, expected a Reply or a Job"),
        ("done", "an answer is 'done', expected a Reply or a Job"),
        (Reply(text=cast(Any, None)), "a reply's text is None, expected text"),
        (Reply(text="\ud800"), "a reply's text is"),
        (Reply(blob=cast(Any, "x")), "a reply's blob is 'x', expected a Blob of bytes"),
        (Reply(blob=Blob(cast(Any, "x"), "image/png")), "a reply's blob is a value of type Blob"),
        (Reply(remote=cast(Any, "https://a.example")), "a reply's remote is"),
        (Reply(remote=Remote(cast(Any, 5))), "a reply's remote is"),
        (Job(cast(Any, 5)), "a job's id is 5, expected text"),
        (Job("a", data=cast(Any, {"a": 1})), "a job's data is"),
    ],
)
def test_an_answer_of_another_form_may_have_been_paid_for(made: Executors, answer: Any, says: str) -> None:
    with pytest.raises(Undelivered, match=says):
        made.examined(DRAW, answer)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), "a"])
def test_a_job_that_says_no_time_is_looked_at_after_the_usual_one(made: Executors, seconds: Any) -> None:
    assert made.examined(DRAW, Job("a", seconds)) == Job("a", 1.0)


class Mute(Exception):
    """Can't even say what went wrong."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(("error", "said"), [(SystemExit(7), "SystemExit: 7"), (Mute(), "Mute")])
def test_an_adapter_that_ends_the_program_or_cannot_speak_is_an_error_that_names_it(
    made: Executors, error: BaseException, said: str
) -> None:
    with pytest.raises(BackendError) as caught:
        made.guarded(DRAW, Mock(side_effect=error))
    assert caught.value.message == f"scripted@1 failed at draw: {said}"
