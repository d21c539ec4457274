"""Addresses as text: what one has to look like, how it is shown, and where a redirect may lead."""

from __future__ import annotations

from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit


def address_fault(text: str) -> str:
    """Say why a text is not an address to fetch from; empty when it is one."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises if it is not a number
    except ValueError as error:
        return f"is not an address: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no address that starts with https:// or http://"
    if any(character.isspace() or not character.isprintable() for character in text):
        return "holds a space or a control character"
    return "holds a fragment (#...)" if parts.fragment else ""


def shown_address(url: str) -> str:
    """Return an address for messages and records: without user name, password and query, which may be secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def next_address(url: str, location: str) -> str:
    """Return where a redirect leads. Raises ValueError with the reason when that may not be followed."""
    # Servers send spaces and letters of all alphabets, which clients quote; what is quoted already stays as it is.
    found = urldefrag(urljoin(url, quote(location, safe="%/:=&?~#+!$,;'@()*[]"))).url
    fault = address_fault(found)
    if fault or not location:
        raise ValueError(f"is redirected to {location[:200]!r}, which {fault or 'is empty'}")
    if urlsplit(url).scheme == "https" and urlsplit(found).scheme != "https":
        raise ValueError(f"is redirected from https to {shown_address(found)}, which is not encrypted")
    return found
