"""Text through litellm: hosted models behind one call. The only module that imports litellm, and only when it is used.

What of litellm 1.106.2 shaped this (each checked against a local server by tests/providers/test_litellm_text.py):

- Importing it reads `.env` from the working directory and fetches a price map, unless told not to; both are off here.
- Its own retries repeat what was refused, and stack on the SDK's: both are off. One call is one request.
- `status_code` of an error is more reliable than its class, which differs by provider.
- A refusal, a blocked answer and a cut-off one are no exceptions; `finish_reason` tells.
- The base URL comes from litellm's own environment variables (such as OPENAI_API_BASE) and never from a config file:
  a stranger's pull request could otherwise have a key sent to a host of their choice.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from personaforge.errors import BackendError, MissingExtra, Refused, Unknown
from personaforge.providers.protocols import Job, Reply, Request
from personaforge.providers.table import Options

_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "DEFAULT_MAX_RETRIES": "0",
}
_IMPORTING = threading.Lock()

_REFUSALS = {
    400: "the request was not accepted",
    401: "the key was not accepted",
    402: "the account has no credit left",
    403: "the key may not use this model",
    404: "there is no such model",
    422: "the request was not accepted",
    429: "too many requests, or no quota left",
}
"""HTTP answers that prove that nothing was bought."""


class LiteLLMText:
    """Text models through litellm."""

    def __init__(self, options: Options) -> None:
        self._timeout = options.timeout_seconds

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Ask for one completion. Raises Refused, Unknown and BackendError."""
        litellm = _litellm()
        fields = request.fields
        messages = [{"role": "user", "content": fields["prompt"]}]
        if fields.get("system"):
            messages.insert(0, {"role": "system", "content": fields["system"]})
        schema = {"name": "answer", "strict": False, "schema": fields["schema"]}
        try:
            answer = litellm.completion(
                model=request.model,
                messages=messages,
                temperature=fields.get("temperature"),
                max_tokens=fields.get("max_tokens"),
                response_format={"type": "json_schema", "json_schema": schema},
                timeout=self._timeout,
                num_retries=0,
                max_retries=0,
                drop_params=False,
            )
        except Exception as error:
            raise _translated(error, request.model) from error
        choice = answer.choices[0]
        text = choice.message.content
        if not text:
            reason = choice.finish_reason or "no reason given"
            raise BackendError(f"{request.model} answered nothing ({reason})", hint="the request may have been blocked")
        usage = getattr(answer, "usage", None)
        details: dict[str, Any] = {
            "model": str(answer.model or request.model),
            "finish_reason": str(choice.finish_reason),
        }
        if usage is not None:
            details["tokens_in"], details["tokens_out"] = int(usage.prompt_tokens), int(usage.completion_tokens)
        if getattr(answer, "id", None):
            details["request_id"] = str(answer.id)
        cost = getattr(answer, "_hidden_params", {}).get("response_cost")
        return Reply(text=str(text), cost_usd=float(cost) if cost is not None else None, details=details)

    def poll(self, job: Job) -> Reply | Job:
        """Completions are immediate, so there is no job to look after."""
        raise BackendError(f"litellm has no job {job.id!r}")


def _litellm() -> Any:
    with _IMPORTING:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import litellm
        except ImportError as error:
            raise MissingExtra(f"litellm can't be imported: {error}", hint="pip install litellm==1.106.2") from error
        litellm.suppress_debug_info = True  # else it prints to standard output
        litellm.turn_off_message_logging = True
        litellm.disable_hf_tokenizer_download = True
        return litellm


def _translated(error: Exception, model: str) -> BackendError:
    """Return our error for litellm's: refused when nothing was bought, unknown when something may have been."""
    status = getattr(error, "status_code", None)
    first = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    if _never_sent(error):
        return Refused(f"{model} can't be reached: {first}")
    if status in _REFUSALS:
        return Refused(f"{model}: {_REFUSALS[status]} ({status}): {first}")
    if status == 408 or "timeout" in type(error).__name__.lower():
        return Unknown(f"{model} did not answer in time; the call may have been bought: {first}")
    if isinstance(status, int) and status >= 500:
        return Unknown(f"{model} failed ({status}); the call may have been bought: {first}")
    return BackendError(f"{model} failed: {type(error).__name__}: {first}")


def _never_sent(error: BaseException) -> bool:
    """Tell whether the connection was never made, whatever litellm wraps that in."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if isinstance(seen, ConnectionRefusedError) or type(seen).__name__ in ("ConnectError", "ClientConnectorError"):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
