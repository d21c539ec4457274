"""HTTP as adapters use it: one request at a time. What was never sent (no connection, no name, no free connection) is
Unavailable; what an answer means, and the lack of one, is in `answers`.

The address is fixed in the adapter, and only the environment changes it (`addresses`). Keys come from the environment
(`secrets`), and every message is masked.

A request that costs money never goes over a connection that was used before: a server may be closing that one in the
same moment, and then it can't be known whether the request was read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from personaforge import __version__
from personaforge.errors import Refused, Unavailable
from personaforge.http.addresses import root
from personaforge.http.answers import Answer, Answers, Explain
from personaforge.http.secrets import key_of
from personaforge.http.service import Access, Service
from personaforge.http.trust import tls_context
from personaforge.spec.machine_sections import LOOPBACK

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of an API's answer. Pictures as base64 are in it; clips are fetched."""
CONNECT_SECONDS = 10.0
DRIP_SECONDS = 60.0
"""How much longer than the longest silence a whole answer may take."""
_MOST_CONNECTIONS = 1024
"""More than there are threads, so that none waits for a free one."""


class Wire:
    """The connection of one provider. Safe to use from many threads."""

    def __init__(
        self,
        capability: Service,
        base: str,
        options: Access,
        headers: Callable[[str], Mapping[str, str]],
        *,
        explain: Explain = lambda answer: None,
    ) -> None:
        """`base` is the provider's address without a slash at the end, `headers` gives the key's headers from a key."""
        self.name = capability.name
        self._capability = capability
        self._options = options
        self._headers = headers
        self._answers = Answers(self.name, options.key or (*capability.keys, "its key")[0], explain)
        self._elsewhere = root(capability.name, capability.modality)
        self._base = self._elsewhere or base
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}

    # --- where ---

    def address(self, target: str) -> str:
        """Return the address of a path (`/v1/x`) or of an address at one of the provider's hosts.

        Raises Refused for any other host: the key must not go there.
        """
        if target.startswith("/") and not target.startswith("//"):
            return self._base + target
        parts = urlsplit(target)
        if self._elsewhere and parts.hostname in self._capability.hosts:
            rest = parts.path + (f"?{parts.query}" if parts.query else "")
            return self._elsewhere + rest
        if not self.owns(target):
            raise Refused(f"{self.name} names an address at {parts.hostname}, which is not its own")
        return target

    def owns(self, url: str) -> bool:
        """Tell whether an address is the provider's own, so that its key may go there."""
        parts = urlsplit(url)
        if self._elsewhere:
            own = urlsplit(self._elsewhere)
            return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        return parts.scheme == "https" and parts.hostname in self._capability.hosts and parts.port in (None, 443)

    @property
    def loopback(self) -> bool:
        """Whether the provider is on this machine, as it is in tests."""
        return urlsplit(self._base).hostname in LOOPBACK

    def key_headers(self) -> dict[str, str]:
        """Return the headers that hold the key. Raises ProviderStopped when there is none."""
        return dict(self._headers(key_of(self._capability, self._options.key))) if self._capability.keys else {}

    # --- requests ---

    def pay(self, target: str, **request: Any) -> Answer:
        """POST something that costs money, over a connection of its own. See `ask` for the rest."""
        return self._send("POST", target, paid=True, **request)

    def ask(self, method: str, target: str, **request: Any) -> Answer:
        """Send something that costs nothing, such as a poll of a job.

        `json`, `data`, `files`, `headers` and `params` are httpx's. `explain` may know more about an error answer than
        `answers`. `raw=True` when the answer is a file. Raises Unavailable, and the errors in the table of `answers`.
        """
        return self._send(method, target, paid=False, **request)

    def _send(
        self,
        method: str,
        target: str,
        *,
        paid: bool,
        explain: Explain | None = None,
        raw: bool = False,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Answer:
        import httpx

        url = self.address(target)
        sent = {**self.key_headers(), **(headers or {})}
        try:
            answer = self._exchange(method, url, sent, content, paid=paid)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            text = _one_line(error)
            if "CERTIFICATE_VERIFY_FAILED" in text:
                raise Refused(self._answers.says(f"has a certificate that can't be trusted: {text}")) from None
            raise Unavailable(self._answers.says(f"can't be reached: {text}")) from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise Refused(self._answers.says(f"can't be asked: {_one_line(error)}")) from None
        except httpx.TimeoutException:
            raise self._answers.lost("did not answer in time", paid) from None
        except httpx.HTTPError as error:
            raise self._answers.lost(f"broke off: {_one_line(error)}", paid) from None
        except _Unreadable as error:
            raise self._answers.lost(str(error), paid) from None
        return self._answers.read(answer, paid, raw, explain)

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: Mapping[str, Any], *, paid: bool
    ) -> Answer:
        """Send a request and read its answer, bounded in size and in time."""
        started = time.monotonic()
        with self._client(fresh=paid).stream(method, url, headers=dict(headers), **content) as response:
            pieces: list[bytes] = []
            size = 0
            for piece in response.iter_bytes():
                size += len(piece)
                pieces.append(piece)
                if size > MAX_ANSWER_BYTES:
                    raise _Unreadable(f"sends an answer of more than {MAX_ANSWER_BYTES} bytes")
                if time.monotonic() - started > self._options.timeout_seconds + DRIP_SECONDS:
                    raise _Unreadable("sends its answer too slowly")
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, found, b"".join(pieces))

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, *, fresh: bool) -> httpx.Client:
        with self._lock:
            if fresh not in self._clients:
                import httpx

                limits = httpx.Limits(
                    max_connections=_MOST_CONNECTIONS, max_keepalive_connections=0 if fresh else 16, keepalive_expiry=5
                )
                timeout = httpx.Timeout(self._options.timeout_seconds, connect=CONNECT_SECONDS)
                self._clients[fresh] = httpx.Client(
                    headers={"User-Agent": f"personaforge/{__version__}", "Accept": "*/*"},
                    timeout=timeout,
                    verify=tls_context(),
                    limits=limits,
                    follow_redirects=False,
                )
            return self._clients[fresh]


class _Unreadable(Exception):
    """An answer came that can't be used."""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
