"""What the speech adapters do beyond the contract: each provider's own words for what went wrong, and the forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from personaforge.errors import JobFailed, ProviderStopped, RateLimited, Refused, Undelivered, Unknown
from personaforge.providers import kinds
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.media import TYPES, sound
from personaforge.testing.server import Becomes, Server, serving
from tests.providers.cases import CASES

SPEECH = {case.name: case for case in CASES if case.modality == "speech"}
Open = Callable[[str], tuple[Case, Server, Shop]]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a shop at one of the providers."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def open_(name: str) -> tuple[Case, Server, Shop]:
            case = SPEECH[name]
            server = stocked(stack.enter_context(serving(*case.routes)))
            monkeypatch.setenv(case.url, server.url)
            monkeypatch.setenv(case.key, CANARY)
            shop = Shop(tmp_path / "project")
            stack.callback(shop.close)
            return case, server, shop

        yield open_


def in_form(case: Case, form: str) -> Case:
    return replace(case, fields={**case.fields, "format": form})


@pytest.mark.parametrize("form", ["mp3", "ogg", "wav"])
@pytest.mark.parametrize("name", ["openai", "elevenlabs", "minimax"])
def test_a_sound_comes_in_the_form_that_was_asked_for(opened: Open, name: str, form: str) -> None:
    case, server, shop = opened(name)
    if (name, form) == ("minimax", "ogg"):
        with pytest.raises(Refused, match="mp3 or wav, found ogg"):
            shop.buy(in_form(case, form).action())
        assert not server.requests
        return
    (artifact,) = shop.buy(in_form(case, form).action()).outputs.values()
    assert artifact.media_type == TYPES[form] and shop.store.blobs.get(artifact.digest) == sound(form, "spoken 1")[0]


@pytest.mark.parametrize("word", ["too_many_concurrent_requests", "system_busy"])
def test_elevenlabs_is_asked_again_when_it_is_busy_whatever_the_status(opened: Open, word: str) -> None:
    case, server, shop = opened("elevenlabs")
    server.script(case.submit, Becomes(word))
    assert shop.buy(case.action()).outputs and len(server.calls(case.submit)) == 2 and len(server.ledger) == 1


@pytest.mark.parametrize("word", ["voice_not_found", "max_character_limit_exceeded"])
def test_elevenlabs_words_about_one_request_do_not_stop_it(opened: Open, word: str) -> None:
    case, server, shop = opened("elevenlabs")
    server.script(case.submit, Becomes(word))
    with pytest.raises(Refused, match=word) as caught:
        shop.buy(case.action())
    assert type(caught.value) is Refused and shop.buy(case.action(1)).outputs


def test_without_a_count_the_declared_price_of_the_text_counts(opened: Open) -> None:
    case, server, shop = opened("elevenlabs")
    server.script(case.submit, Becomes("uncounted"))
    shop.buy(case.action())
    assert shop.engine.budget.spent_usd == pytest.approx(len(case.fields["text"]) * 0.0003)


def test_a_voice_can_not_lead_to_another_path(opened: Open) -> None:
    case, server, shop = opened("elevenlabs")
    shop.buy(replace(case, fields={**case.fields, "voice": "../v1/voices?x="}).action())
    (call,) = server.calls(case.submit)
    assert call.path == "/v1/text-to-speech/..%2Fv1%2Fvoices%3Fx%3D"


@pytest.mark.parametrize("code", [1002, 1039, 1041])
def test_minimax_limits_inside_a_200_pause_it(opened: Open, code: int) -> None:
    case, server, shop = opened("minimax")
    server.script(case.submit, Becomes(str(code)))
    assert shop.buy(case.action()).outputs and len(server.calls(case.submit)) == 2
    server.script(case.submit, *[Becomes(str(code))] * 50)
    with pytest.raises(RateLimited):
        shop.buy(case.action(1))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1004, ProviderStopped),
        (1008, ProviderStopped),
        (2013, Refused),
        (20132, Refused),
        (1000, JobFailed),
        (1033, JobFailed),
    ],
)
def test_minimax_errors_inside_a_200_are_definite(opened: Open, code: int, error: type[Exception]) -> None:
    case, server, shop = opened("minimax")
    server.script(case.submit, Becomes(str(code)))
    with pytest.raises(error, match=str(code)) as caught:
        shop.buy(case.action())
    assert type(caught.value) is error and not shop.states() and len(server.calls(case.submit)) == 1


@pytest.mark.parametrize(("code", "stage"), [(1026, "input"), (1027, "output")])
def test_minimax_says_which_side_was_blocked(opened: Open, code: int, stage: str) -> None:
    case, server, shop = opened("minimax")
    server.script(case.submit, Becomes(str(code)))
    assert shop.buy(case.action()).blocked.startswith(f"{stage}: ")


def test_digits_that_are_none_are_no_sound(opened: Open) -> None:
    case, server, shop = opened("minimax")
    server.script(case.submit, Becomes("not hex"))
    with pytest.raises(Undelivered, match="without a sound"):
        shop.buy(case.action())


def test_a_wav_of_unknown_length_is_whole(opened: Open) -> None:
    case, server, shop = opened("openai")
    server.script(case.submit, Becomes("streamed"))
    (artifact,) = shop.buy(case.action()).outputs.values()
    assert artifact.media_type == "audio/wav"


@pytest.mark.parametrize(("word", "error"), [("no sound", Unknown), ("empty", Undelivered)])
def test_a_good_answer_without_a_sound_is_not_bought_again(opened: Open, word: str, error: type[Exception]) -> None:
    case, server, shop = opened("openai")
    server.script(case.submit, Becomes(word))
    with pytest.raises(error):
        shop.buy(case.action())
    assert shop.states() == ["unknown"] and len(server.ledger) == 1


def test_what_a_sound_is_by_its_first_bytes() -> None:
    for form, media_type in TYPES.items():
        data, _ = sound(form)
        assert kinds.media_type(data[: kinds.HEAD]) == media_type
    assert kinds.media_type(b"ID3\x04" + bytes(28)) == "audio/mpeg"
    assert kinds.media_type(b"\xff\xf3\x84\xc4" + bytes(28)) == "audio/mpeg", "MPEG 2, 24 kHz, as speech often is"
    for text in ("<html>", '{"a": 1}', "Hi"):
        assert kinds.media_type(text.encode("utf-16")[: kinds.HEAD]) == "application/octet-stream"
    assert kinds.media_type(b"\xff\xf1\x50\x80" + bytes(28)) == "application/octet-stream", "AAC in ADTS"
