"""Examines what a provider answered, before anything counts or keeps it: a plug-in's code may answer anything.

Money that is no amount, counts that can't be counted and details that are no JSON are taken as not said: the declared
price then holds. An answer of another form can't be used, and may have been paid for all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from personaforge.errors import Blocked, JobFailed, Undelivered
from personaforge.money import amount
from personaforge.providers.protocols import Blob, Job, Remote, Reply

_COUNTS = ("tokens_in", "tokens_in_image", "tokens_out", "seconds", "characters")
"""What details may count; see `steps.prices.settled`."""
Say = Callable[[str], None]
"""Takes what is to be told to the user."""


def examined(provider: str, answer: object, say: Say) -> Reply | Job:
    """Return an answer of which all is what the protocol says. Raises Undelivered for one of another form."""
    if isinstance(answer, Job):
        data = answer.data
        if not _is_text(answer.id):
            raise _wrong(provider, "a job's id", answer.id, "text")
        if not isinstance(data, Mapping) or not all(_is_text(text) for pair in data.items() for text in pair):
            raise _wrong(provider, "a job's data", data, "texts by name")
        if amount(answer.wait_seconds) is None:
            say(f"{provider} said that a job takes {answer.wait_seconds!r} s, which is passed over")
            answer = Job(answer.id, data=data)
        return answer
    if not isinstance(answer, Reply):
        raise _wrong(provider, "an answer", answer, "a Reply or a Job")
    if not _is_text(answer.text):
        raise _wrong(provider, "a reply's text", answer.text, "text")
    blob, remote = answer.blob, answer.remote
    if blob is not None and not (
        isinstance(blob, Blob) and isinstance(blob.data, bytes) and isinstance(blob.media_type, str)
    ):
        raise _wrong(provider, "a reply's blob", blob, "a Blob of bytes, or None")
    if remote is not None and not (
        isinstance(remote, Remote) and _is_text(remote.url) and isinstance(remote.with_key, bool)
    ):
        raise _wrong(provider, "a reply's remote", remote, "a Remote with an address, or None")
    details = _details(provider, answer.details, say)
    return replace(answer, cost_usd=_cost(provider, answer.cost_usd, say), details=details)


def examine_error(provider: str, error: Exception, say: Say) -> None:
    """Take out of an error what it says of money and is no amount, and details that can't be kept."""
    if isinstance(error, (Blocked, JobFailed)):
        error.cost_usd = _cost(provider, error.cost_usd, say)
    if isinstance(error, Blocked):
        error.details = _details(provider, error.details, say)


def _cost(provider: str, said: Any, say: Say) -> float | None:
    if said is not None and amount(said) is None:
        say(
            f"{provider} said that a call cost {_shown(said)}, which is no amount of dollars: the declared price counts"
        )
    return amount(said)


def _details(provider: str, said: Any, say: Say) -> dict[str, Any]:
    try:
        details = dict(said)
        orjson.dumps(details)
    except (TypeError, ValueError):
        say(f"{provider} sent details that are no JSON, which are not kept: {_shown(said)}")
        return {}
    wrong = [name for name in _COUNTS if details.get(name) is not None and amount(details[name]) is None]
    if wrong:  # a part of the counts would be too little
        text = ", ".join(f"{name} {_shown(details[name])}" for name in wrong)
        say(f"{provider} counted {text}, which is no number of at least 0: the declared price counts")
    return {name: value for name, value in details.items() if not wrong or name not in _COUNTS}


def _wrong(provider: str, what: str, found: Any, expected: str) -> Undelivered:
    return Undelivered(f"{provider} answered, and {what} is {_shown(found)}, expected {expected}")


def _is_text(value: Any) -> bool:
    """Whether a value is text that can be kept: one with half a surrogate pair has no bytes."""
    return isinstance(value, str) and value.encode(errors="ignore").decode() == value


def _shown(value: Any) -> str:
    known = isinstance(value, (str, int, float, type(None)))
    return repr(value)[:80] if known else f"a value of type {type(value).__name__}"
