"""Pictures by OpenAI's image models, immediately: `/v1/images/generations`, and `/v1/images/edits` with references.

Not through litellm 1.106.2, which sends the POST of a generation up to three times, which can't be switched off.
Documented at developers.openai.com/api/reference/resources/images. The answer itself holds the picture as base64; the
models take no seed. `usage` counts tokens, from which a price by tokens is settled.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from personaforge.errors import Refused, Undelivered
from personaforge.http.answers import Answer
from personaforge.providers import kinds
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.openai_api import openai_wire
from personaforge.providers.pictures import nearest_size, options_of, references
from personaforge.providers.pings import OPENAI_MODELS, listed
from personaforge.providers.protocols import Blob, Job, PingAnswer, Reply, Request
from personaforge.providers.table import Entry, Options

CAPABILITY = Capability(
    "openai",
    "image",
    frozenset({"prompt", "width", "height", "reference", "options"}),
    remote=True,
    references=16,
    sizes=("1024x1024", "1024x1536", "1536x1024"),
    transports=frozenset({"bytes"}),
    pings=True,
    keys=("OPENAI_API_KEY",),
    hosts=("api.openai.com",),
    limits=Limits(in_flight=4, deadline_seconds=300),
)


class OpenAIImages:
    """OpenAI's image models."""

    def __init__(self, options: Options) -> None:
        self.wire = openai_wire(CAPABILITY, options)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Ask for one picture. See `personaforge.providers.protocols.Provider`."""
        fields: dict[str, Any] = {
            "model": request.model,
            "prompt": request.fields["prompt"],
            "size": nearest_size(request.fields["width"], request.fields["height"], CAPABILITY.sizes),
            **options_of(request),
            "n": 1,
        }
        pictures = references(request, CAPABILITY.references)
        if pictures:
            files = [
                ("image[]", (f"reference-{number}.{blob.media_type.rpartition('/')[2]}", blob.data, blob.media_type))
                for number, blob in enumerate(pictures, 1)
            ]
            form = {name: str(value) for name, value in fields.items()}
            answer = self.wire.pay("/v1/images/edits", data=form, files=files)
        else:
            answer = self.wire.pay("/v1/images/generations", json=fields)
        return _reply(answer, request.model)

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the models. See `personaforge.providers.protocols.Pinging`."""
        return listed(self.wire.ask("GET", OPENAI_MODELS))

    def poll(self, job: Job) -> Reply | Job:
        """Pictures are answered at once, so there is no job to poll."""
        raise Refused(f"openai has no job {job.id!r}")


def _reply(answer: Answer, model: str) -> Reply:
    data = answer.json.get("data") if isinstance(answer.json, dict) else None
    found = data[0].get("b64_json") if isinstance(data, list) and data and isinstance(data[0], dict) else None
    try:
        picture = base64.b64decode(found or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        picture = b""
    if not picture:
        raise Undelivered(f"openai answers without a picture: {answer.said()[:200]}")
    details: dict[str, Any] = {"model": model}
    usage = answer.json.get("usage")
    if isinstance(usage, dict):
        inside = usage.get("input_tokens_details")
        images = inside.get("image_tokens", 0) if isinstance(inside, dict) else 0
        details["tokens_in"] = int(usage.get("input_tokens", 0)) - int(images)
        details["tokens_in_image"] = int(images)
        details["tokens_out"] = int(usage.get("output_tokens", 0))
    if answer.headers.get("x-request-id"):
        details["request_id"] = answer.headers["x-request-id"]
    return Reply(blob=Blob(picture, kinds.media_type(picture)), cost_usd=None, details=details)


IMAGES = Entry(CAPABILITY, OpenAIImages)
