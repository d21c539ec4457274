"""A scripted provider on 127.0.0.1: it speaks the documented JSON of each provider, does what a test's script says, and
keeps a ledger of what it has accepted. Each provider's routes are a module of their own beside this one.

server.script("fal.submit", Drop(accepted=True))       # the next request to that route; the ones after it are good
server.ledger                                          # what was accepted, with price and client key
server.calls("fal.submit")                             # what came over the wire
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """A request as it came over the wire."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    route: str = ""

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @cached_property
    def form(self) -> dict[str, list[tuple[str, bytes]]]:
        """A multipart body: by field name the (file name, content) of its parts."""
        from email import message_from_bytes
        from email.policy import HTTP

        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        found: dict[str, list[tuple[str, bytes]]] = {}
        whole: Any = message_from_bytes(head + self.body, policy=HTTP)
        for part in whole.iter_parts():
            name = part.get_param("name", header="content-disposition")
            found.setdefault(name, []).append((part.get_filename() or "", part.get_payload(decode=True)))
        return found


@dataclass
class Answer:
    """What goes back: JSON, or bytes of some media type."""

    body: Any = None
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


# --- what a script may say --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slow:
    """Answers as it should, after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Says:
    """Answers with a status and a body of its own, and accepts nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def too_many(retry_after: str = "") -> Says:
    """429, with Retry-After where that is given."""
    return Says(429, {"error": {"message": "slow down"}}, {"Retry-After": retry_after} if retry_after else {})


def web_page(status: int = 200) -> Says:
    """HTML where JSON is expected."""
    return Says(status, b"<!doctype html><title>502 Bad gateway</title>", media_type="text/html")


@dataclass(frozen=True)
class Accepts:
    """Does what it should, and then answers with something else: what was accepted stays accepted."""

    answer: Says


@dataclass(frozen=True)
class Drop:
    """Reads the whole request and closes the connection without a word, before or after accepting it."""

    accepted: bool


@dataclass(frozen=True)
class Cut:
    """Sends the first bytes of the right answer as if they were all."""

    bytes: int


@dataclass(frozen=True)
class Drip:
    """Sends the right answer in small pieces."""

    piece: int
    seconds: float


@dataclass(frozen=True)
class Becomes:
    """For a provider's own ways to fail, which its routes know: `error in 200`, `failed`, `blocked`, `gone`, ..."""

    word: str


Fault = Slow | Says | Accepts | Drop | Cut | Drip | Becomes


@dataclass(frozen=True)
class Accepted:
    """A submit that was accepted: a line of the ledger."""

    provider: str
    model: str
    usd: float
    key: str
    """The client key, where the provider takes one."""
    call: Call
    number: int


Handler = Callable[["Server", Call, str], Answer]
"""(server, call, word of a `Becomes` or empty) -> the answer."""


@dataclass(frozen=True)
class Route:
    """Which requests a handler answers."""

    name: str
    """`fal.submit`."""
    method: str
    matches: Callable[[str], bool]
    """Of the path."""
    handler: Handler
    about: Callable[[Call], bool] = lambda call: True
    """Of the request as a whole, where a provider has one path for everything."""


def _answers(route: Route, call: Call) -> bool:
    return route.method == call.method and route.matches(call.path) and route.about(call)


class Server:
    """The server, as tests see it."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = routes
        self.ledger: list[Accepted] = []
        self.requests: list[Call] = []
        self.state: dict[str, Any] = {}
        """What routes keep, by a name of theirs."""
        self.latency = 0.0
        """Seconds from submit to result: of the answer for immediate providers, of the job for others."""
        self.busiest = 0
        """Most calls that were in flight at a time, from accepted to finished."""
        self.url = ""
        self.fault: Callable[[Call], Fault | None] | None = None
        """Asked where no script is left."""
        self._scripts: dict[str, deque[Fault]] = {}
        self._lock = threading.RLock()
        self._in_flight = 0

    def script(self, route: str, *faults: Fault) -> None:
        """Let the next requests to a route go wrong, one fault each."""
        self._scripts.setdefault(route, deque()).extend(faults)

    def accept(self, provider: str, model: str, usd: float, call: Call, key: str = "") -> Accepted:
        """Write a line in the ledger."""
        with self._lock:
            line = Accepted(provider, model, usd, key, call, len(self.ledger) + 1)
            self.ledger.append(line)
            self._in_flight += 1
            self.busiest = max(self.busiest, self._in_flight)
            return line

    def free(self, number: int) -> None:
        """Take nothing for a line of the ledger after all, as providers do where the fault was their own."""
        with self._lock:
            self.ledger[number - 1] = replace(self.ledger[number - 1], usd=0.0)

    def finish(self) -> None:
        """Note that one accepted call is no longer in flight."""
        with self._lock:
            self._in_flight -= 1

    def calls(self, route: str) -> list[Call]:
        """Return the requests that came to a route."""
        return [call for call in self.requests if call.route == route]

    @property
    def usd(self) -> float:
        """What the ledger comes to."""
        return sum(line.usd for line in self.ledger)

    def answer(self, call: Call) -> tuple[Answer | None, Fault | None]:
        """Return what goes back, None for nothing at all, and the fault that shapes how."""
        route = next((one for one in self.routes if _answers(one, call)), None)
        if route is None:
            return Answer({"error": {"message": f"no route for {call.method} {call.path}"}}, 404), None
        call = Call(call.method, call.path, call.query, call.headers, call.body, route.name)
        with self._lock:
            self.requests.append(call)
            waiting = self._scripts.get(route.name)
            fault = waiting.popleft() if waiting else self.fault(call) if self.fault is not None else None
        match fault:
            case Says(status, body, headers, media_type):
                return Answer(body, status, media_type, dict(headers)), None
            case Drop(accepted=False):
                return None, None
            case Slow(seconds):
                time.sleep(seconds)
        done = route.handler(self, call, fault.word if isinstance(fault, Becomes) else "")
        if isinstance(fault, Drop):
            return None, None
        if isinstance(fault, Accepts):
            says = fault.answer
            return Answer(says.body, says.status, says.media_type, dict(says.headers)), None
        return done, fault


@contextmanager
def serving(*routes: Route, port: int = 0) -> Iterator[Server]:
    """Run a server on 127.0.0.1 for as long as the `with` lasts."""
    server = Server(list(routes))

    class Handling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an ACK

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, parts.path, parse_qs(parts.query), headers, body)
            answer, fault = server.answer(call)
            try:
                self._send(answer, fault)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815, names of the library's

        def _send(self, answer: Answer | None, fault: Fault | None) -> None:
            if answer is None:
                # A reset, not a tidy end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            data = answer.data
            if isinstance(fault, Cut):
                data = data[: fault.bytes]
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(data)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not isinstance(fault, Drip):
                self.wfile.write(data)
                return
            for start in range(0, len(data), fault.piece):
                self.wfile.write(data[start : start + fault.piece])
                self.wfile.flush()
                time.sleep(fault.seconds)

        def log_message(self, *arguments: object) -> None:
            pass

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, request: object, address: object) -> None:
            pass

    httpd = Quiet(("127.0.0.1", port), Handling)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
