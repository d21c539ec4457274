"""A web server on this machine that does what servers do wrong, and packs small enough to write in a test."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import digest_bytes
from personaforge.packs.catalog import Archive, Catalog, KnownPack, Licence, Pin

LICENCE = Licence(name="Test terms", summary="For tests only.", url="https://example.org/terms")


@dataclass
class Served:
    """What a path answers."""

    data: bytes = b""
    etag: str = '"1"'
    date: str = ""
    """Last-Modified."""
    ranges: bool = True
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: list[int] = field(default_factory=list)
    """For each request in turn: how many bytes of its body come before the connection breaks."""
    busy: list[int] = field(default_factory=list)
    """For each request in turn: an error status instead of the file."""
    length: bool = True
    """Whether the size is told in advance."""
    range_start: int | None = None
    """What a partial answer says it starts at, in place of the truth."""
    total: str = ""
    """What a partial answer says is the size of the whole, in place of the truth."""
    blind: bool = False
    """Whether a range is sent whatever If-Range says."""
    pause: float = 0.0
    """Seconds before the body."""
    slow: float = 0.0
    """Seconds after every 64 KiB."""


class Server:
    """A server that a test fills with paths, and that keeps what it was asked."""

    def __init__(self) -> None:
        self.paths: dict[str, Served] = {}
        self.asked: list[tuple[str, str]] = []
        """(path, Range header or nothing)"""
        self.sent = 0
        """Bytes of bodies."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("Range", "")))
                try:
                    outer.answer(self, outer.paths.get(self.path, Served(status=404)))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, to: BaseHTTPRequestHandler, served: Served) -> None:
        status, start = served.status, 0
        if served.busy:
            status = served.busy.pop(0)
        elif (
            status == 200
            and served.ranges
            and (to.headers.get("If-Range") in (served.etag, served.date) or (served.blind and "Range" in to.headers))
        ):
            start, status = int(to.headers["Range"].removeprefix("bytes=").rstrip("-")), 206
        body = served.data[start:] if status in (200, 206) else b""
        to.send_response(status)
        for name, value in served.headers.items():
            to.send_header(name, value)
        if status == 206:
            told = start if served.range_start is None else served.range_start
            to.send_header("Content-Range", f"bytes {told}-{len(served.data) - 1}/{served.total or len(served.data)}")
        if served.etag:
            to.send_header("ETag", served.etag)
        if served.date:
            to.send_header("Last-Modified", served.date)
        if served.length:
            to.send_header("Content-Length", str(len(body)))
        else:
            to.send_header("Connection", "close")
        to.end_headers()
        time.sleep(served.pause)
        cut = served.cut.pop(0) if served.cut and body else len(body)
        for at in range(0, cut, 65536):
            piece = body[at : min(at + 65536, cut)]
            to.wfile.write(piece)
            self.sent += len(piece)
            time.sleep(served.slow)
        to.wfile.flush()
        to.close_connection = cut < len(body) or not served.length


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def model(letter: str, size: int = 20_000) -> bytes:
    """Bytes that stand for a model: large enough not to be taken for an error page."""
    return letter.encode() * size


MODELS = {"det_500m.onnx": model("d"), "w600k_mbf.onnx": model("r", 300_000), "2d106det.onnx": model("l")}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file, stored: its bytes are those of the models, so a test can cut it in their middle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def pins(files: Mapping[str, bytes]) -> dict[str, Pin]:
    return {name: Pin(size=len(data), sha256=digest_bytes(data)) for name, data in files.items()}


Publish = Callable[..., Catalog]


@pytest.fixture
def publish(server: Server) -> Publish:
    """Serve a pack's archive, and return the catalog that declares it."""

    def made(
        data: bytes | None = None,
        *,
        files: Mapping[str, bytes] = MODELS,
        pinned: bool = True,
        unused: Mapping[str, bytes] | None = None,
        mirrors: tuple[str, ...] = (),
        urls: tuple[str, ...] = ("/tiny.zip",),
    ) -> Catalog:
        whole = zipped({**MODELS, "genderage.onnx": model("g")})
        server.paths["/tiny.zip"] = Served(whole if data is None else data)
        archive = Archive(
            name="tiny.zip",
            urls=tuple(server.url + url for url in urls),
            size=len(whole) if pinned else None,
            sha256=digest_bytes(whole) if pinned else None,
        )
        pack = KnownPack(
            title="A tiny pack", licence=LICENCE, archive=archive, files=pins(files), unused=pins(unused or {})
        )
        return Catalog({"tiny": pack}, tuple(server.url + mirror for mirror in mirrors))

    return made


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The folder that packs are pulled to."""
    return tmp_path / "models"
