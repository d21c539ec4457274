"""Text through litellm: hosted models behind one call. The only module that imports litellm, and only when it is used;
`gemini_images` calls it through `loaded` and `translated`.

What of litellm 1.106.2 shaped this (tests/providers/test_litellm_text.py tries each with a local server):

- Importing it reads `.env` from the working directory and fetches a price map, unless told not to; both are off here.
- Its own retries repeat what was refused, and stack on the SDK's: both are off. One call is one request.
- `status_code` of an error is more reliable than its class, which differs by provider.
- A refusal, a blocked answer and a cut-off one are no exceptions; `finish_reason` shows them.
- The base URL comes from the environment and never from a config file: from forge's variables (`addresses`), else from
  litellm's own, such as OPENAI_API_BASE. Any gateway that speaks OpenAI's chat completions is a model prefix with
  FORGE_<PREFIX>_URL and <PREFIX>_API_KEY, such as `laozhang/gpt-5`. One for `gemini/` speaks Gemini's own protocol.
- If it knows that a model doesn't take a field (a schema, a temperature), it refuses before anything is sent, by
  UnsupportedParamsError: then the field is left out, and the result's details say so. `drop_params` would be silent.
- Retry-After is in `litellm_response_headers` and nowhere else.
"""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.errors import (
    BackendError,
    Blocked,
    JobFailed,
    MissingExtra,
    Problem,
    ProviderStopped,
    RateLimited,
    Refused,
    SpecError,
    Unavailable,
    Unknown,
)
from personaforge.http.addresses import completions, root
from personaforge.http.answers import retry_after
from personaforge.http.secrets import masked, remember
from personaforge.providers.protocols import Job, PingAnswer, Reply, Request
from personaforge.providers.table import Options
from personaforge.providers.vendors import is_known, vendor_keys
from personaforge.versions import LITELLM

_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "DEFAULT_MAX_RETRIES": "0",
}
_IMPORTING = threading.Lock()

_REFUSALS = {
    400: "the request was not accepted",
    404: "there is no such model",
    422: "the request was not accepted",
}
_NO_KEY = (401, 403)
"""HTTP answers that prove that nothing was bought."""
_EMPTY = (
    "insufficient_quota",
    "insufficient credit",
    "insufficient balance",
    "credit balance is too low",
    "out of credit",
    "credits are depleted",
)
_BLOCKED = ("content_policy", "content policy", "content filter", "contentpolicyviolation", "safety system")
_NO_JSON = (("json", "decode"), ("error converting to valid response",))
"""litellm's words, under a 422 of its own, for a good answer that is no JSON: OpenAI's, and Gemini's."""
SHOWN = ("picture", "anchor")
"""Inputs that are pictures to look at, in the order in which the model gets them."""
_OPENAI_LIKE = "openai"
_GEMINI = "gemini"
"""The house whose own protocol an address speaks."""
_OPTIONAL = ("temperature", "response_format")
"""What a model may not take, and forge can do without: the prompt has the schema in it, and the answer is validated."""


class LiteLLMText:
    """Text models through litellm."""

    def __init__(self, options: Options) -> None:
        self._timeout = options.timeout_seconds
        self._key = options.key

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Ask for one completion. See `personaforge.providers.protocols.Provider`."""
        litellm = loaded()
        fields = request.fields
        messages: list[dict[str, Any]] = [{"role": "user", "content": _content(request)}]
        if fields.get("system"):
            messages.insert(0, {"role": "system", "content": fields["system"]})
        schema = {"name": "answer", "strict": bool(fields.get("strict")), "schema": fields["schema"]}
        asked: dict[str, Any] = {
            "messages": messages,
            "temperature": fields.get("temperature"),
            "max_tokens": fields.get("max_tokens"),
            "response_format": {"type": "json_schema", "json_schema": schema},
            "timeout": self._timeout,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": False,
            **self._address(request.model),
        }
        left_out: list[str] = []
        answer: Any = None
        while answer is None:
            fault: BackendError | None = None
            try:
                answer = litellm.completion(**asked)
            except litellm.UnsupportedParamsError as error:
                name = _not_taken(error, asked)
                if name is None:
                    fault = translated(error, request.model)
                else:
                    left_out.append(name)
                    del asked[name]
            except Exception as error:
                fault = translated(error, request.model)
            if fault is not None:
                raise fault  # out here, so that litellm's error, which may quote the key, is not its context
        return _reply(answer, request.model, left_out)

    def poll(self, job: Job) -> Reply | Job:
        """Completions are immediate, so there is no job to poll."""
        raise BackendError(f"litellm has no job {job.id!r}")

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask the house of a model, and not through litellm. See `personaforge.providers.protocols.Pinging`."""
        from personaforge.providers.pings import ping_house

        return ping_house(model, Options(self._timeout, self._key))

    def _address(self, model: str) -> dict[str, str]:
        """Return the model as litellm knows it, and where it is when the environment says so: see `addresses`.

        The key of `house/some-model` is in HOUSE_API_KEY. Raises ProviderStopped and SpecError.
        """
        prefix, _, rest = model.partition("/")
        found = {"model": model}
        usual = vendor_keys(prefix)
        if rest and prefix == _GEMINI:
            base = root(prefix, "text")
            if base:
                found["api_base"] = f"{base}/v1beta"
        else:
            base = completions(prefix) if rest else ""
            if base:
                found = {"model": f"{_OPENAI_LIKE}/{rest}", "api_base": base}
        name = self._key
        if base and not name and usual:
            name = next((one for one in usual if os.environ.get(one, "").strip()), usual[0])
        elif base and not usual:
            found["api_key"] = "none"  # litellm wants one, and a server that needs none takes any
        if name:
            if not _may_hold(name, usual):
                usual = usual or (f"{prefix.upper().replace('-', '_')}_API_KEY",)
                hint = f"expected {usual[0]}, or a longer name such as {usual[0]}_STUDIO"
                raise SpecError(
                    Problem("", "text.key or reader.key", f"found {name}, which is no key of {prefix}", hint)
                )
            value = os.environ.get(name, "").strip()
            if not value:
                raise ProviderStopped(f"{model} needs a key, and {name} is not set", hint=f"export {name}=...")
            remember(value)
            found["api_key"] = value
        return found


def _content(request: Request) -> str | list[dict[str, Any]]:
    """Return what the user says: the prompt, and behind it the pictures that go along, in the bytes that they have."""
    prompt = request.fields["prompt"]
    shown = [request.inputs[name] for name in SHOWN if name in request.inputs]
    if not shown:
        return str(prompt)
    parts: list[dict[str, Any]] = [{"type": "text", "text": prompt}]
    for one in shown:
        url = f"data:{one.media_type};base64,{base64.b64encode(one.data).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts


def _may_hold(name: str, usual: tuple[str, ...]) -> bool:
    """Tell whether a variable may hold the key of the service that a model id begins with: never another service's."""
    return any(name == one or name.startswith(f"{one}_") for one in usual)


def _not_taken(error: Exception, asked: Mapping[str, Any]) -> str | None:
    """Return which optional field litellm says a model doesn't take, None when it names none that is being sent."""
    return next((name for name in _OPTIONAL if name in asked and name in str(error)), None)


def _reply(answer: Any, model: str, left_out: Sequence[str] = ()) -> Reply:
    """Distinguish an answer from a refusal, a block and a cut-off one: none of these is an error to litellm."""
    usage = _counted(answer)
    listed = getattr(answer, "_hidden_params", {}).get("response_cost")
    # litellm fills in zeros for usage that wasn't sent, and makes a price of $0 of them: such a cost isn't known.
    cost = float(listed) if listed is not None and usage is not None else None
    if not answer.choices:
        raise JobFailed(f"{model} answered without any choice, so there is no text", cost_usd=cost)
    choice = answer.choices[0]
    text = choice.message.content
    details: dict[str, Any] = {"model": str(answer.model or model), "finish_reason": str(choice.finish_reason)}
    if usage is not None:
        details["tokens_in"], details["tokens_out"] = int(usage.prompt_tokens), int(usage.completion_tokens)
        # Of the prompt, which litellm counts whole for each service: read from its cache, and written there.
        inside = getattr(usage, "prompt_tokens_details", None)
        for name, count in (("tokens_cached", "cached_tokens"), ("tokens_cache_written", "cache_creation_tokens")):
            if some := getattr(inside, count, None):
                details[name] = int(some)
    if left_out:
        details["left_out"] = list(left_out)
    if getattr(answer, "id", None):
        details["request_id"] = str(answer.id)
    more = getattr(choice.message, "provider_specific_fields", None) or {}
    refusal = getattr(choice.message, "refusal", None) or more.get("refusal")
    if refusal:
        raise Blocked(f"{model} refused: {str(refusal)[:300]}", stage="refusal", cost_usd=cost, details=details)
    if choice.finish_reason == "content_filter":
        raise Blocked(f"{model}: a content filter stopped the answer", cost_usd=cost, details=details)
    truncated = choice.finish_reason == "length"
    if not text and not truncated:
        reason = choice.finish_reason or "no reason given"
        raise JobFailed(f"{model} answered nothing ({reason})", cost_usd=cost)
    # A model that thinks first may use up all its tokens before it has written a word.
    return Reply(text=str(text or ""), cost_usd=cost, details=details, truncated=truncated)


def _counted(answer: Any) -> Any:
    """Return the usage of an answer; None where the service counted nothing: a prompt has tokens, always."""
    usage = getattr(answer, "usage", None)
    if usage is None or int(usage.prompt_tokens or 0) <= 0 or int(usage.completion_tokens or 0) < 0:
        return None
    text = answer.choices[0].message.content if answer.choices else ""
    return None if text and not usage.completion_tokens else usage


def loaded() -> Any:
    """Return litellm, imported quietly. Raises MissingExtra."""
    with _IMPORTING:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import litellm
        except ImportError as error:
            raise MissingExtra(f"litellm can't be imported: {error}", hint=f"pip install litellm=={LITELLM}") from error
        litellm.suppress_debug_info = True  # else it prints to standard output
        litellm.turn_off_message_logging = True
        litellm.disable_hf_tokenizer_download = True
        return litellm


def translated(error: Exception, model: str) -> BackendError:
    """Return our error for litellm's: what proves that nothing was bought, what may pass, and what isn't known."""
    status = getattr(error, "status_code", None)
    first = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    first = masked(first)
    wait = _asked_to_wait(error)
    said = str(error).lower()
    if _never_sent(error):
        return Unavailable(f"{model} can't be reached: {first}")
    if status == 402 or any(word in said for word in _EMPTY):
        return ProviderStopped(f"{model}: the account has no credit left ({status}): {first}")
    if status in _NO_KEY:
        unset = _unset_key(model)
        if unset:
            said = f"{model}: no key was accepted ({status}), and {unset} is not set: {first}"
            return ProviderStopped(said, hint=f"export {unset}=...")
        return ProviderStopped(f"{model}: the key was not accepted ({status}): {first}")
    if status == 429:
        return RateLimited(f"{model}: too many requests ({status}): {first}", retry_after=wait)
    if status in _REFUSALS and type(error).__name__ != "APIResponseValidationError":
        if status == 400 and any(word in said or word in type(error).__name__.lower() for word in _BLOCKED):
            return Blocked(f"{model}: a content filter stopped the request: {first}", stage="input")
        if status == 422 and any(all(word in said for word in words) for words in _NO_JSON):
            return Unknown(f"{model} sent no JSON; the request may have been accepted: {first}")
        return Refused(f"{model}: {_REFUSALS[status]} ({status}): {first}")
    if status == 408 or "timeout" in type(error).__name__.lower():
        return Unknown(f"{model} did not answer in time; the request may have been accepted: {first}")
    return Unknown(f"{model} failed ({status or type(error).__name__}); the request may have been accepted: {first}")


def _unset_key(model: str) -> str:
    """Return the usual variable of a model's key where none that may hold it is set; empty where one is, or where it
    isn't known for certain which these are."""
    house, _, rest = model.partition("/")
    usual = vendor_keys(house) if rest and is_known(house) else ()
    known = any(_may_hold(name, usual) and value.strip() for name, value in os.environ.items())
    return usual[0] if usual and not known else ""


def _asked_to_wait(error: Exception) -> float | None:
    """Return what Retry-After asks for. It is not in the error's own response, which litellm invents."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    value = headers.get("retry-after") or headers.get("Retry-After") or ""
    return retry_after(str(value), time.time())


def _never_sent(error: BaseException) -> bool:
    """Tell whether the connection was never made, whichever exception litellm wraps that in."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if isinstance(seen, ConnectionRefusedError) or type(seen).__name__ in ("ConnectError", "ClientConnectorError"):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
