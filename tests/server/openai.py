"""OpenAI's image models, as documented at developers.openai.com/api/reference/resources/images.

Words: `blocked` (stopped by the safety system), `error in 200` (no picture in a good answer), `empty account`,
`cut` (a picture that is cut off), `magic` (bytes that are no picture).
"""

from __future__ import annotations

import base64
import time

from personaforge.testing.server import Answer, Call, Route, Server

PRICES = {"gpt-image-2": 0.05}


def _draw(server: Server, call: Call, word: str) -> Answer:
    if call.headers.get("authorization", "") in ("", "Bearer "):
        return Answer({"error": {"message": "You didn't provide an API key.", "type": "invalid_request_error"}}, 401)
    if word == "blocked":
        error = {"message": "Your request was rejected by the safety system.", "code": "moderation_blocked"}
        return Answer({"error": {**error, "type": "image_generation_user_error"}}, 400)
    if word == "empty account":
        error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
        return Answer({"error": {**error, "type": "insufficient_quota"}}, 429)
    if call.path.endswith("edits"):
        fields = {name: parts[0][1].decode() for name, parts in call.form.items() if name != "image[]"}
    else:
        fields = call.json
    line = server.accept("openai", fields["model"], PRICES.get(fields["model"], 0.05), call)
    time.sleep(server.latency)
    server.finish()
    if word == "error in 200":
        return Answer({"created": 1, "data": []})
    data, _ = server.state["picture"](fields, line.number)
    if word == "magic":
        data = b"GIF89a" + data[6:]
    if word == "cut":
        data = data[:-20]
    usage = {
        "input_tokens": 600,
        "output_tokens": 4000,
        "input_tokens_details": {"text_tokens": 100, "image_tokens": 500},
    }
    body = {"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}], "usage": usage}
    return Answer(body, headers={"x-request-id": f"req_{line.number}"})


def _models(server: Server, call: Call, word: str) -> Answer:
    return Answer({"object": "list", "data": [{"id": "gpt-image-2", "object": "model"}, {"id": "gpt-4o-mini-tts"}]})


ROUTES = [
    Route("openai.submit", "POST", lambda path: path in ("/v1/images/generations", "/v1/images/edits"), _draw),
    Route("openai.models", "GET", lambda path: path == "/v1/models", _models),
]
