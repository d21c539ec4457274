"""Pictures by Gemini's image models, immediately, through litellm's chat completions with the image modality.

Never through litellm's image_generation: there a safety block is an empty list without an error, and the seed is lost.
What of litellm 1.106.2 shaped this (tests/providers/test_gemini_images.py tries it with a local server):

- One call is one POST to `{base}/v1beta/models/MODEL:generateContent`, with the key in the header `x-goog-api-key`.
- A data URI becomes an `inlineData` part, `imageConfig` and `seed` reach `generationConfig`.
- A block is no exception: `finish_reason` is `content_filter`. A picture is a data URI in `message.images`.
- The cost is what litellm's bundled price map says of the tokens; None for a model that it doesn't know.

Unconfirmed: how many reference pictures each model takes (the bound here is the newest ones'), that a key that isn't
valid is a 400 with API_KEY_INVALID, and that an empty prepaid account says `credits are depleted`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, Refused, Undelivered
from personaforge.http.addresses import root
from personaforge.http.secrets import key_of
from personaforge.providers import kinds
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.litellm_text import loaded, translated
from personaforge.providers.pictures import data_uri, nearest_size, options_of, references
from personaforge.providers.pings import ping_house
from personaforge.providers.protocols import Blob, Job, PingAnswer, Reply, Request
from personaforge.providers.table import Entry, Options

CAPABILITY = Capability(
    "gemini",
    "image",
    frozenset({"prompt", "width", "height", "seed", "reference", "options"}),
    remote=True,
    references=14,
    seed=True,
    sizes=("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"),
    transports=frozenset({"data-uri"}),
    pings=True,
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    hosts=("generativelanguage.googleapis.com",),
    limits=Limits(in_flight=4, deadline_seconds=300),
)


class GeminiImages:
    """Gemini's image models."""

    def __init__(self, options: Options) -> None:
        self._options = options
        # Always given, so that no variable of litellm's own sends the key elsewhere.
        self._base = (root("gemini", "image") or f"https://{CAPABILITY.hosts[0]}") + "/v1beta"

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Ask for one picture. See `personaforge.providers.protocols.Provider`."""
        secret = key_of(CAPABILITY, self._options.key)
        fields = request.fields
        content: list[dict[str, Any]] = []
        for number, blob in enumerate(references(request, CAPABILITY.references), 1):
            content.append({"type": "text", "text": f"Reference picture {number}:"})
            content.append({"type": "image_url", "image_url": {"url": data_uri(blob)}})
        content.append({"type": "text", "text": fields["prompt"]})
        ratio = nearest_size(fields["width"], fields["height"], CAPABILITY.sizes)
        fault: BackendError | None = None
        try:
            answer = loaded().completion(
                model=f"gemini/{request.model}",
                messages=[{"role": "user", "content": content}],
                modalities=["image", "text"],
                imageConfig={"aspectRatio": ratio, **options_of(request)},
                seed=fields["seed"],
                api_base=self._base,
                api_key=secret,
                timeout=self._options.timeout_seconds,
                num_retries=0,
                max_retries=0,
                drop_params=False,
            )
        except Exception as error:
            fault = self._fault(error, request.model)
        if fault is not None:
            raise fault  # out here, so that litellm's error, which may quote the key, is not its context
        return _reply(answer, request.model)

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the models. See `personaforge.providers.protocols.Pinging`."""
        return ping_house("gemini/", self._options, "image")

    def poll(self, job: Job) -> Reply | Job:
        """Pictures are answered at once, so there is no job to poll."""
        raise Refused(f"gemini has no job {job.id!r}")

    def _fault(self, error: Exception, model: str) -> BackendError:
        found = translated(error, f"gemini: {model}")
        if "api_key_invalid" in str(error).lower():
            found = ProviderStopped(f"gemini: the key was not accepted: {found.message}")
        if isinstance(found, ProviderStopped):
            found.hint = found.hint or f"check {self._options.key or CAPABILITY.keys[0]}"
        return found


def _reply(answer: Any, model: str) -> Reply:
    choice = answer.choices[0] if answer.choices else None
    finish = str(getattr(choice, "finish_reason", None) or "no reason given")
    counted = _usage(answer)
    details = {"model": str(answer.model or model), "finish_reason": finish, **counted}
    if getattr(answer, "id", None):
        details["request_id"] = str(answer.id)
    listed = getattr(answer, "_hidden_params", {}).get("response_cost")
    cost = float(listed) if listed is not None and counted else None  # of tokens that weren't counted it makes $0
    if finish == "content_filter":
        raise Blocked(f"{model}: a safety filter stopped the picture", stage="output", cost_usd=cost, details=details)
    message = getattr(choice, "message", None)
    images = getattr(message, "images", None) or []
    if not images:
        said = " ".join(str(getattr(message, "content", None) or "").split())[:200]
        raise JobFailed(f"{model} answered without a picture ({finish}){': ' + said if said else ''}", cost_usd=cost)
    try:
        picture = base64.b64decode(str(images[0]["image_url"]["url"]).partition(",")[2], validate=True)
    except (binascii.Error, ValueError, TypeError, KeyError):
        picture = b""
    if not picture:
        raise Undelivered(f"{model} answered with a picture that can't be decoded")
    return Reply(blob=Blob(picture, kinds.media_type(picture)), cost_usd=cost, details=details)


def _usage(answer: Any) -> dict[str, Any]:
    """Return the counted tokens: of the text and pictures in the request, and of the whole answer."""
    usage = getattr(answer, "usage", None)
    if usage is None or not usage.total_tokens:  # litellm counts nothing where Gemini counted nothing
        return {}
    images = int(getattr(getattr(usage, "prompt_tokens_details", None), "image_tokens", None) or 0)
    return {
        "tokens_in": int(usage.prompt_tokens) - images,
        "tokens_in_image": images,
        "tokens_out": int(usage.completion_tokens),
    }


IMAGES = Entry(CAPABILITY, GeminiImages)
