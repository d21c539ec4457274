"""Whose certificates are trusted: one TLS context a process, for every client of a provider and of its results.

Reading the authorities' certificates takes 15 ms or more of CPU, each time; connections and clients may share a
context. It has nothing to do with what is sent, and holds no key of the user's.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def tls_context() -> ssl.SSLContext:
    """Return httpx's own context: certifi's authorities, or those that SSL_CERT_FILE or SSL_CERT_DIR names now."""
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _context(file: str | None, folder: str | None) -> ssl.SSLContext:
    """`file` and `folder` are what httpx reads from the environment; a context belongs to the pair."""
    import httpx

    return httpx.create_ssl_context()
