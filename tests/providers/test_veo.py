"""What only Veo does: a key that goes along to fetch, filters in two places, limits in an error's details."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import ProviderStopped, RateLimited, Unavailable, Unknown
from personaforge.providers.protocols import Job, Remote, Reply, Request
from personaforge.providers.table import Options
from personaforge.providers.veo import VeoVideos
from personaforge.testing import files
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.server import Becomes, Says, Server, serving
from tests.providers.cases import CASES
from tests.server import veo


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*files.ROUTES, *veo.ROUTES) as found:
        monkeypatch.setenv("FORGE_VEO_URL", found.url)
        monkeypatch.setenv("GEMINI_API_KEY", CANARY)
        yield stocked(found)


@pytest.fixture
def made(server: Server) -> Iterator[VeoVideos]:
    found = VeoVideos(Options())
    yield found
    found.wire.close()


@pytest.fixture
def filmed() -> Case:
    return next(case for case in CASES if case.name == "veo")


WORDS = Request("film", "veo-3.1-generate-001", {"prompt": "x", "width": 9, "height": 16, "seconds": 8.0})


def test_a_clip_at_another_host_is_fetched_without_the_key(server: Server, made: VeoVideos) -> None:
    uri = "https://storage.example/clip.mp4"
    assert made._remote(uri) == Remote(uri)
    assert made._remote("https://generativelanguage.googleapis.com/v1beta/files/a:download?alt=media") == Remote(
        f"{server.url}/v1beta/files/a:download?alt=media", with_key=True
    )


def test_the_key_goes_to_the_real_host_and_to_no_name_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGE_VEO_URL", raising=False)
    made = VeoVideos(Options())
    assert made._remote("https://generativelanguage.googleapis.com/v1beta/files/a").with_key
    for url in (
        "http://generativelanguage.googleapis.com/v1beta/files/a",
        "https://generativelanguage.googleapis.com.example/a",
        "https://generativelanguage.googleapis.com:8443/a",
        "https://storage.googleapis.com/a",
    ):
        assert made._remote(url) == Remote(url), url


@pytest.mark.parametrize(("word", "stage", "unknown"), [("filtered", "output", 0), ("policy", "input", 1)])
def test_both_filters_block(server: Server, shop: Shop, filmed: Case, word: str, stage: str, unknown: int) -> None:
    server.script("veo.look", Becomes(word))
    assert (shop.buy(filmed.action()).blocked or "").startswith(f"{stage}: veo's filter")
    assert shop.engine.budget.unknown_calls == unknown, "of what it filters, Veo says that it isn't charged"


def test_words_alone_send_no_picture(server: Server, made: VeoVideos) -> None:
    job = made.submit(WORDS)
    assert isinstance(job, Job) and isinstance(made.poll(job), Reply)
    assert server.calls("veo.submit")[0].json == {
        "instances": [{"prompt": "x"}],
        "parameters": {"aspectRatio": "9:16", "durationSeconds": 8},
    }


@pytest.mark.parametrize("name", [None, "", "../v1/keys?x=/y", "models/../x", "//elsewhere.example/x"])
def test_an_operation_without_a_good_name_is_unknown(server: Server, made: VeoVideos, name: str | None) -> None:
    server.script("veo.submit", Says(200, {"name": name}))
    with pytest.raises(Unknown, match="names no operation"):
        made.submit(WORDS)


def test_an_answer_about_nothing_is_looked_at_again(server: Server, made: VeoVideos) -> None:
    server.script("veo.look", Says(200, {"done": True}))
    with pytest.raises(Unavailable):
        made.poll(Job("models/m/operations/op1"))


def test_details_say_more_than_the_status(server: Server, made: VeoVideos) -> None:
    message = "You exceeded your current quota, please check your plan and billing details."
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    server.script("veo.submit", Says(429, {"error": {"code": 429, "message": message, "details": [delay]}}))
    with pytest.raises(RateLimited) as caught:
        made.submit(WORDS)
    assert caught.value.retry_after == 34.5
    server.script("veo.submit", Says(400, {"error": {"message": "bad", "details": [{"reason": "API_KEY_INVALID"}]}}))
    with pytest.raises(ProviderStopped, match="key was not accepted"):
        made.submit(WORDS)
