"""Keeps a test's subprocesses on this machine: the same guard that conftest puts into the test process itself."""

from __future__ import annotations

import socket

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo
LOCAL = ("localhost", "127.", "::1", "0.0.0.0")


class NetworkUsed(AssertionError):
    """Something tried to leave this machine."""


def allowed(address: object) -> bool:
    """Tell whether an address is on this machine."""
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    return text.startswith(LOCAL)


def install() -> None:
    """Refuse connections and look-ups that leave this machine."""

    def connect(self: socket.socket, address: object) -> None:
        if not allowed(address):
            raise NetworkUsed(f"a test tried to reach {address}")
        _connect(self, address)  # type: ignore[arg-type]

    def connect_ex(self: socket.socket, address: object) -> int:
        if not allowed(address):
            raise NetworkUsed(f"a test tried to reach {address}")
        return _connect_ex(self, address)  # type: ignore[arg-type]

    def getaddrinfo(host: object, *arguments: object, **options: object) -> object:
        if not allowed((host,)):
            raise NetworkUsed(f"a test tried to look up {host}")
        return _getaddrinfo(host, *arguments, **options)  # type: ignore[arg-type]

    socket.socket.connect = connect  # type: ignore[assignment, method-assign]
    socket.socket.connect_ex = connect_ex  # type: ignore[assignment, method-assign]
    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]


install()
