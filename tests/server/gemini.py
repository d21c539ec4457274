"""Gemini's image models, as documented at ai.google.dev/api/generate-content.

Words: `blocked` (the picture was stopped), `prompt blocked` (the prompt was), `error in 200` (an answer in words only),
`empty account`, `bad key`, `cut` (a picture that is cut off), `magic` (bytes that are no picture).
"""

from __future__ import annotations

import base64
import time
from typing import Any

from personaforge.testing.server import Answer, Call, Route, Server

USD = 0.05


def _usage(pictures_in: int, tokens_out: int) -> dict[str, Any]:
    into = [{"modality": "TEXT", "tokenCount": 40}]
    into += [{"modality": "IMAGE", "tokenCount": pictures_in}] if pictures_in else []
    out = [{"modality": "IMAGE", "tokenCount": tokens_out}] if tokens_out else []
    return {
        "promptTokenCount": 40 + pictures_in,
        "candidatesTokenCount": tokens_out,
        "totalTokenCount": 40 + pictures_in + tokens_out,
        "promptTokensDetails": into,
        "candidatesTokensDetails": out,
    }


def _error(status: int, name: str, message: str, **more: Any) -> Answer:
    return Answer({"error": {"code": status, "message": message, "status": name, **more}}, status)


def _draw(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("x-goog-api-key"):
        return _error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers")
    if word == "bad key":
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        return _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", details=details)
    if word == "empty account":
        return _error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")
    model = call.path.removeprefix("/v1beta/models/").removesuffix(":generateContent")
    line = server.accept("gemini", model, USD, call)
    time.sleep(server.latency)
    server.finish()
    parts = call.json["contents"][0]["parts"]
    pictures = 258 * sum("inline_data" in part or "inlineData" in part for part in parts)
    base = {"modelVersion": model, "responseId": f"resp-{line.number}", "usageMetadata": _usage(pictures, 0)}
    if word == "prompt blocked":
        return Answer({**base, "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    if word == "blocked":
        return Answer({**base, "candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]})
    if word == "error in 200":
        words = {"role": "model", "parts": [{"text": "I can only describe her."}]}
        return Answer({**base, "candidates": [{"content": words, "finishReason": "STOP", "index": 0}]})
    data, media_type = server.state["picture"](call.json, line.number)
    if word == "magic":
        data = b"GIF89a" + data[6:]
    if word == "cut":
        data = data[:-20]
    inline = {"inlineData": {"mimeType": media_type, "data": base64.b64encode(data).decode()}}
    candidate = {"content": {"role": "model", "parts": [inline]}, "finishReason": "STOP", "index": 0}
    return Answer({**base, "candidates": [candidate], "usageMetadata": _usage(pictures, 1290)})


def _models(server: Server, call: Call, word: str) -> Answer:
    return Answer({"models": [{"name": "models/gemini-house-image"}]})


ROUTES = [
    Route("gemini.submit", "POST", lambda path: path.endswith(":generateContent"), _draw),
    Route("gemini.models", "GET", lambda path: path == "/v1beta/models", _models),
]
