"""What an answer over HTTP means, classified once for all adapters. Sends nothing: `wire` does that.

    sent, and no whole answer (timeout, reset, 5xx, HTML)           Unknown if it costs money, else Unavailable
    408                                                             the same: it isn't known how much had arrived
    401, 403, 402, or words about an empty account                  ProviderStopped
    429                                                             RateLimited with Retry-After
    another 4xx, or a redirect (never followed)                     Refused
    an error inside a 200                                           only the adapter knows

Every message is masked.
"""

from __future__ import annotations

import json as jsonlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from personaforge.errors import (
    BackendError,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Unknown,
)
from personaforge.http.secrets import masked

_LONGEST_RETRY_AFTER = 86_400.0
_EMPTY = re.compile(
    r"insufficient[_ ](quota|balance|credit|fund)|quota[_ ]exceeded|out of credit|not enough credit|no credits? left"
    r"|balance is (too low|exhausted|insufficient)|exhausted[_ ]balance|arrears|payment[_ ]required"
    r"|billing[_ ]hard[_ ]limit",
    re.IGNORECASE,
)
_PERHAPS_EMPTY = re.compile(r"check your (plan|billing)|exceeded your (current )?quota|billing", re.IGNORECASE)
"""Words that some providers use for an empty account, others for a limit per minute, and then with Retry-After."""


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
        """Return the error that the answer names, on one line, if it does so in one of the usual forms."""
        return _error_text(self.json) or self.body[:200].decode("utf-8", "replace").strip().replace("\n", " ")


Explain = Callable[[Answer], BackendError | None]
"""What an adapter knows about an error answer of its provider; None for what the table above says."""


class Answers:
    """What the answers of one provider mean."""

    def __init__(self, name: str, key: str, explain: Explain) -> None:
        """`key` names the variable to look at when the key isn't accepted; `explain` is what the adapter knows."""
        self._name = name
        self._key = key
        self._explain = explain

    def read(self, answer: Answer, paid: bool, raw: bool, explain: Explain | None = None) -> Answer:
        """Return a good answer with its JSON, and raise what any other means. `raw` when the answer is a file."""
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
            raise self.lost(f"answers {answer.status} with {what}", paid)
        known = (explain or self._explain)(answer)
        if known is not None:
            raise _masked(known)
        raise self.fault(answer, paid)

    def fault(self, answer: Answer, paid: bool) -> BackendError:
        """Return what an error answer means where the adapter knows nothing more about it."""
        status, said = answer.status, answer.said()
        wait = retry_after(answer.headers.get("retry-after", ""), time.time())
        text = self.says(f"answers {status}: {said}" if said else f"answers {status}")
        if 300 <= status < 400:
            return Refused(self.says(f"answers with a redirect ({status}), which is not followed"))
        if 400 <= status < 500 and status != 408:
            empty = _EMPTY.search(said) or (wait is None and status in (402, 429) and _PERHAPS_EMPTY.search(said))
            if status == 402 or empty:
                return ProviderStopped(
                    f"{text} (the account has no credit)", hint=f"top up the account at {self._name}"
                )
            if status in (401, 403):
                return ProviderStopped(f"{text} (the key was not accepted)", hint=f"check {self._key}")
            if status == 429:
                return RateLimited(text, retry_after=wait)
            if status == 425:
                return Unavailable(text, retry_after=wait)
            return Refused(text)
        if not paid:
            return Unavailable(text, retry_after=wait)
        return Unknown(f"{text}; the request may have been accepted")

    def lost(self, text: str, paid: bool) -> BackendError:
        """Return what it means when a request was sent and no whole answer came: `text` says what happened instead."""
        text = self.says(text)
        return Unknown(f"{text}; the request may have been accepted") if paid else Unavailable(text)

    def says(self, text: str) -> str:
        """Return a message of the provider, without any key."""
        return masked(f"{self._name} {text}")


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


def _error_text(found: Any, depth: int = 0) -> str:
    """Return an error's text: {"error": {"message": ...}}, {"detail": [{"msg": ...}]}, {"errors": [...]}, ..."""
    if isinstance(found, str):
        return " ".join(found.split())[:300]
    if isinstance(found, list):
        return "; ".join(filter(None, (_error_text(one, depth + 1) for one in found[:3])))[:300]
    if not isinstance(found, Mapping) or depth > 4:
        return ""
    texts = []
    for name in ("error", "errors", "detail", "message", "msg", "title", "status_msg", "code", "type", "status"):
        text = _error_text(found[name], depth + 1) if name in found else ""
        if text and text not in texts:
            texts.append(text)
    return ": ".join(texts[:3])[:300]
