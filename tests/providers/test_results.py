"""Results come from outside: where they may lie, what they may be, and what is left of those that may not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.errors import Undelivered
from personaforge.http.fetch import Bounds
from personaforge.http.wire import Wire
from personaforge.providers import kinds
from personaforge.providers.protocols import Remote
from personaforge.providers.results import Fetcher, Gone
from personaforge.providers.table import Options
from personaforge.testing import files, png
from personaforge.testing.server import Becomes, Server, serving
from tests.http.test_wire import HOUSE, KEY

PICTURE = png((1, 2, 3), note="x" * 2000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*files.ROUTES) as found:
        monkeypatch.setenv("FORGE_HOUSE_URL", found.url)
        monkeypatch.setenv("HOUSE_KEY", KEY)
        yield found


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    found = Wire(HOUSE, "https://api.house.example", Options(5.0), lambda key: {"X-Key": key})
    yield found
    found.close()


def test_the_connection_goes_to_the_address_that_was_checked(
    server: Server, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = files.put(server, "a.png", PICTURE, "image/png").replace("127.0.0.1", "localhost")
    asked: list[object] = []
    real = socket.getaddrinfo

    def once(host: object, *arguments: object, **named: object) -> object:
        asked.append(host)
        return real(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    Fetcher().fetch(Remote(url), kinds.IMAGES, tmp_path / "x", wire)
    assert [host for host in asked if host == "localhost"] == ["localhost"], "looked up once, and then never again"
    assert server.calls("files.get")[0].headers["host"].startswith("localhost:")


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/x.png",
        "file:///etc/passwd",
        "ftp://cdn.example/x",
        "https://u:p@cdn.example/x",
        "https:///x",
    ],
)
def test_an_address_has_to_be_https_and_to_name_a_host_and_nobody_else(url: str, tmp_path: Path) -> None:
    with pytest.raises(Undelivered):
        Fetcher().fetch(Remote(url), kinds.IMAGES, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_the_key_goes_along_only_where_it_is_asked_for_and_only_to_the_providers_host(
    server: Server, wire: Wire, tmp_path: Path
) -> None:
    url = files.put(server, "a.png", PICTURE, "image/png")
    fetcher = Fetcher()
    fetcher.fetch(Remote(url), kinds.IMAGES, tmp_path / "a", wire)
    server.script("files.get", Becomes("elsewhere"))
    fetcher.fetch(Remote(url, with_key=True), kinds.IMAGES, tmp_path / "b", wire)
    plain, keyed, redirected = server.calls("files.get")
    assert "x-key" not in plain.headers and keyed.headers["x-key"] == KEY
    assert "x-key" not in redirected.headers, "localhost is not 127.0.0.1"


def test_size_and_kind_are_bounded_before_the_end(server: Server, wire: Wire, tmp_path: Path) -> None:
    url = files.put(server, "a.png", PICTURE, "image/png")
    with pytest.raises(Undelivered, match="more than 1000"):
        Fetcher(Bounds(bytes=1000)).fetch(Remote(url), kinds.IMAGES, tmp_path / "x", wire)
    with pytest.raises(Undelivered, match="none of mp4, webm"):
        Fetcher().fetch(Remote(url), kinds.VIDEOS, tmp_path / "x", wire)
    with pytest.raises(Gone, match="404"):
        Fetcher().fetch(Remote(f"{server.url}/files/no"), kinds.IMAGES, tmp_path / "x", wire)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PICTURE, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"OggS\0", "audio/ogg"),
        (b"<html>", "application/octet-stream"),
        (b"GIF89a", "application/octet-stream"),
        (b"XXXX\x10\0\0\0WEBP", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_what_a_file_is(head: bytes, kind: str) -> None:
    assert kinds.media_type(head[: kinds.HEAD]) == kind
