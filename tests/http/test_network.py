"""Network addresses: a result is asked for at public ones only."""

from __future__ import annotations

import socket

import pytest

from personaforge.http.network import NotPublic, addresses, require_public

PRIVATE = (
    "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "127.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_asked(address: str) -> None:
    with pytest.raises(NotPublic, match="not a public one"):
        require_public(address)


def test_a_provider_on_this_machine_may_serve_from_it_and_from_nowhere_private() -> None:
    require_public("127.0.0.1", loopback=True)
    require_public("93.184.216.34")
    for address in ("10.0.0.1", "169.254.169.254", "fe80::1"):
        with pytest.raises(NotPublic):
            require_public(address, loopback=True)


def test_one_private_address_among_a_names_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    with pytest.raises(NotPublic, match=r"cdn\.example leads to 10\.0\.0\.1"):
        addresses("cdn.example", 443)
