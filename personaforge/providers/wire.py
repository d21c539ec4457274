"""HTTP as adapters use it: one request at a time, and everything that HTTP can say classified once.

    never sent (no connection, no name, no free connection)        Unavailable
    sent, and no whole answer (timeout, reset, 5xx, HTML)           Unknown if it costs money, else Unavailable
    408                                                             the same: nobody can tell how much had arrived
    401, 403, 402, or words about an empty account                  ProviderStopped
    429                                                             RateLimited with Retry-After
    another 4xx, or a redirect (never followed)                     Refused
    an error inside a 200                                           the adapter's to know

The address is fixed in the adapter, and only the environment changes it (`addresses`). Keys come from the environment
(`secrets`), and every message is masked.

A request that costs money never goes over a connection that was used before: a server may be closing that one in the
same moment, and then nobody can tell whether the request was read.
"""

from __future__ import annotations

import json as jsonlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from personaforge import __version__
from personaforge.errors import (
    BackendError,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Unknown,
)
from personaforge.providers.addresses import LOOPBACK, root
from personaforge.providers.capability import Capability
from personaforge.providers.secrets import key_of, masked

if TYPE_CHECKING:
    import httpx

    from personaforge.providers.table import Options

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of an API's answer. Pictures as base64 are in it; clips are fetched."""
CONNECT_SECONDS = 10.0
DRIP_SECONDS = 60.0
"""How much longer than the longest silence an answer may take to come whole."""
_MOST_CONNECTIONS = 1024
"""More than there are threads, so that nobody waits for a free one."""
_LONGEST_RETRY_AFTER = 86_400.0
_EMPTY = re.compile(
    r"insufficient[_ ](quota|balance|credit|fund)|quota[_ ]exceeded|out of credit|not enough credit|no credits? left"
    r"|balance is (too low|exhausted|insufficient)|exhausted[_ ]balance|arrears|payment[_ ]required"
    r"|billing[_ ]hard[_ ]limit",
    re.IGNORECASE,
)
_PERHAPS_EMPTY = re.compile(r"check your (plan|billing)|exceeded your (current )?quota|billing", re.IGNORECASE)
"""Said by some of an empty account and by others of a limit per minute; the latter comes with Retry-After."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    json: Any = None
    """The parsed body, None when it was not asked for or is no JSON."""

    def said(self) -> str:
        """Return what the answer says went wrong, on one line, as far as it says so in one of the usual forms."""
        return _said(self.json) or self.body[:200].decode("utf-8", "replace").strip().replace("\n", " ")


Explain = Callable[[Answer], BackendError | None]
"""What an adapter knows about an error answer of its provider; None for what the table above says."""


class Wire:
    """The connection of one provider. Safe to use from many threads."""

    def __init__(
        self,
        capability: Capability,
        base: str,
        options: Options,
        headers: Callable[[str], Mapping[str, str]],
        *,
        explain: Explain = lambda answer: None,
    ) -> None:
        """`base` is the provider's address without a slash at the end, `headers` gives the key's headers from a key."""
        self.name = capability.name
        self._capability = capability
        self._options = options
        self._headers = headers
        self._explain = explain
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
        """Send something that costs nothing, such as a look at a job.

        `json`, `data`, `files`, `headers` and `params` are httpx's. `explain` may know more about an error answer than
        this module. `raw=True` when the answer is a file. Raises the errors in the module's table.
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
                raise Refused(self._says(f"has a certificate that can't be trusted: {text}")) from None
            raise Unavailable(self._says(f"can't be reached: {text}")) from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise Refused(self._says(f"can't be asked: {_one_line(error)}")) from None
        except httpx.TimeoutException:
            raise _lost(self._says("did not answer in time"), paid) from None
        except httpx.HTTPError as error:
            raise _lost(self._says(f"broke off: {_one_line(error)}"), paid) from None
        except _Unreadable as error:
            raise _lost(self._says(str(error)), paid) from None
        return self._sorted(answer, paid, raw, explain or self._explain)

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

    def _sorted(self, answer: Answer, paid: bool, raw: bool, explain: Explain) -> Answer:
        """Return a good answer with its JSON, and raise what any other means."""
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        good = 200 <= answer.status < 300
        parsed: Any = None
        if not (raw and good) and kind != "text/html":
            try:
                parsed = jsonlib.loads(answer.body) if answer.body else None
            except ValueError:
                parsed = None
        answer = Answer(answer.status, answer.headers, answer.body, parsed)
        if good:
            if (raw and kind != "text/html") or parsed is not None or (not answer.body and not paid):
                return answer
            what = "a web page" if kind == "text/html" else "no JSON"
            raise _lost(self._says(f"answers {answer.status} with {what}"), paid)
        known = explain(answer)
        if known is not None:
            raise _masked(known)
        raise self.fault(answer, paid)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def fault(self, answer: Answer, paid: bool) -> BackendError:
        """Return what an error answer means where the adapter knows nothing more about it."""
        status, said = answer.status, answer.said()
        wait = retry_after(answer.headers.get("retry-after", ""), time.time())
        text = self._says(f"answers {status}: {said}" if said else f"answers {status}")
        if 300 <= status < 400:
            return Refused(self._says(f"answers with a redirect ({status}), which is not followed"))
        if 400 <= status < 500 and status != 408:
            empty = _EMPTY.search(said) or (wait is None and status in (402, 429) and _PERHAPS_EMPTY.search(said))
            if status == 402 or empty:
                return ProviderStopped(f"{text} (the account has no credit)", hint=f"top up the account at {self.name}")
            if status in (401, 403):
                name = self._options.key or (*self._capability.keys, "its key")[0]
                return ProviderStopped(f"{text} (the key was not accepted)", hint=f"check {name}")
            if status == 429:
                return RateLimited(text, retry_after=wait)
            if status == 425:
                return Unavailable(text, retry_after=wait)
            return Refused(text)
        if not paid:
            return Unavailable(text, retry_after=wait)
        return Unknown(f"{text}; the request may have been accepted")

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
                    limits=limits,
                    follow_redirects=False,
                )
            return self._clients[fresh]

    def _says(self, text: str) -> str:
        return masked(f"{self.name} {text}")


class _Unreadable(Exception):
    """An answer came and can't be taken."""


def _lost(text: str, paid: bool) -> BackendError:
    if paid:
        return Unknown(f"{text}; the request may have been accepted")
    return Unavailable(text)


def _masked(error: BackendError) -> BackendError:
    error.message = masked(error.message)
    error.hint = masked(error.hint)
    error.args = (error.message,)
    return error


def retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date), None for none."""
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return min(float(text), _LONGEST_RETRY_AFTER)
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)


def _said(found: Any, depth: int = 0) -> str:
    """Return an error's text: {"error": {"message": ...}}, {"detail": [{"msg": ...}]}, {"errors": [...]}, ..."""
    if isinstance(found, str):
        return " ".join(found.split())[:300]
    if isinstance(found, list):
        return "; ".join(filter(None, (_said(one, depth + 1) for one in found[:3])))[:300]
    if not isinstance(found, Mapping) or depth > 4:
        return ""
    texts = []
    for name in ("error", "errors", "detail", "message", "msg", "title", "status_msg", "code", "type", "status"):
        text = _said(found[name], depth + 1) if name in found else ""
        if text and text not in texts:
            texts.append(text)
    return ": ".join(texts[:3])[:300]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
