"""What HTTP says, classified once; where a key may go; and what of the environment a preset may name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import ProviderStopped, RateLimited, Refused, SpecError, Unavailable, Unknown
from personaforge.http.answers import Answer, retry_after
from personaforge.http.secrets import allowed_name, beside_name, masked, masked_json
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability
from personaforge.providers.table import Options
from personaforge.testing.server import Answer as Sent
from personaforge.testing.server import Call, Drop, Route, Says, Server, serving, web_page

HOUSE = Capability(
    "house", "image", frozenset(), remote=True, keys=("HOUSE_KEY", "HOUSE_TOKEN"), hosts=("api.house.example",)
)
KEY = "house-canary-1234"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    def handler(server: Server, call: Call, word: str) -> Sent:
        return Sent({"fine": True})

    with serving(
        Route("any", "POST", lambda path: True, handler), Route("any", "GET", lambda path: True, handler)
    ) as it:
        monkeypatch.setenv("FORGE_HOUSE_URL", it.url)
        monkeypatch.setenv("HOUSE_KEY", KEY)
        yield it


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    found = Wire(HOUSE, "https://api.house.example", Options(5.0), lambda key: {"X-Key": key})
    yield found
    found.close()


BOTH = {
    "400": (Says(400, {"error": {"message": "no", "code": "x"}}), Refused, Refused),
    "402": (Says(402, {}), ProviderStopped, ProviderStopped),
    "403": (Says(403, {}), ProviderStopped, ProviderStopped),
    "408": (Says(408, {}), Unknown, Unavailable),
    "425": (Says(425, {}), Unavailable, Unavailable),
    "429": (Says(429, {}), RateLimited, RateLimited),
    "429 quota": (Says(429, {"error": {"code": "insufficient_quota"}}), ProviderStopped, ProviderStopped),
    "429 a minute's quota": (Says(429, {"error": "check your plan"}, {"Retry-After": "9"}), RateLimited, RateLimited),
    "redirect": (Says(302, {}, {"Location": "https://elsewhere.example/"}), Refused, Refused),
    "500": (Says(500, {}), Unknown, Unavailable),
    "html": (web_page(), Unknown, Unavailable),
    "broken": (Says(200, b'{"a":'), Unknown, Unavailable),
    "reset": (Drop(False), Unknown, Unavailable),
}


@pytest.mark.parametrize(("fault", "paid", "free"), BOTH.values(), ids=BOTH)
def test_every_answer_has_one_meaning(
    server: Server, wire: Wire, fault: Says | Drop, paid: type[Exception], free: type[Exception]
) -> None:
    server.script("any", fault, fault)
    with pytest.raises(Exception) as caught:
        wire.pay("/things", json={})
    assert type(caught.value) is paid and KEY not in str(caught.value)
    with pytest.raises(Exception) as caught:
        wire.ask("GET", "/things")
    assert type(caught.value) is free
    assert len(server.requests) == 2


def test_what_costs_money_never_goes_over_a_used_connection(server: Server, wire: Wire) -> None:
    ports = []
    for _ in range(3):
        wire.pay("/things", json={})
        ports.append([len(client._transport._pool.connections) for client in wire._clients.values()])  # type: ignore[attr-defined]
    assert ports == [[0]] * 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("", None), ("soon", None), ("-3", None), ("999999999", 86_400.0),
     ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after(text, 10.0) == seconds


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": "too long"}}, {"detail": [{"msg": "too long"}]}, {"errors": [{"message": "too long"}]},
     {"error": "too long"}, {"base_resp": 1, "message": "too long"}, {"title": "too long"}],
)  # fmt: skip
def test_what_an_error_says(body: object) -> None:
    assert Answer(400, {}, b"", body).said() == "too long"


def test_the_key_goes_to_the_providers_own_hosts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGE_HOUSE_URL", raising=False)
    wire = Wire(HOUSE, "https://api.house.example", Options(), lambda key: {"X-Key": key})
    assert wire.owns("https://api.house.example/x") and wire.address("/x") == "https://api.house.example/x"
    for url in (
        "http://api.house.example/x",
        "https://api.house.example.evil.example/x",
        "https://api.house.example:8443/x",
        "https://evil.example/api.house.example",
        "//evil.example/x",
    ):
        assert not wire.owns(url)
        with pytest.raises(Refused, match="not its own"):
            wire.address(url)


@pytest.mark.parametrize("url", ["http://evil.example", "ftp://127.0.0.1", "https://user:pass@house.example", "house"])
def test_an_address_that_would_give_the_key_away_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_HOUSE_URL", url)
    with pytest.raises(SpecError, match="FORGE_HOUSE_URL"):
        Wire(HOUSE, "https://api.house.example", Options(), lambda key: {})


def test_a_preset_names_no_other_services_variable() -> None:
    assert allowed_name(HOUSE, "HOUSE_KEY_STUDIO") == "HOUSE_KEY_STUDIO"
    for name in ("AWS_SECRET_ACCESS_KEY", "HOUSE_KEYS", "HOUSE", "PATH"):
        with pytest.raises(SpecError, match="no key of house"):
            allowed_name(HOUSE, name)


def test_the_other_half_of_a_pair_has_the_same_ending() -> None:
    pair = HOUSE._replace(key_beside="HOUSE_ACCESS")
    assert beside_name(pair, "HOUSE_KEY") == "HOUSE_ACCESS"
    assert beside_name(pair, "HOUSE_KEY_STUDIO") == "HOUSE_ACCESS_STUDIO"
    assert beside_name(HOUSE, "HOUSE_KEY") == ""


def test_every_key_in_the_environment_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-some-canary")
    monkeypatch.setenv("FAL_KEY_STUDIO", "studio-canary")
    monkeypatch.setenv("SHORT_TOKEN", "abc")
    text = masked("sk-some-canary and studio-canary, abc")
    assert text == "*** and ***, abc"
    assert masked_json({"a": ["x sk-some-canary", 1]}) == {"a": ["x ***", 1]}
