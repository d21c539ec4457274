"""Veo's operations at the Gemini API, as in googleapis/python-genai, and its files, which are only given for the key.

Words of a look: `failed`, `policy` (an error that is a filter's), `filtered`, `error in 200` (done without a clip),
`elsewhere` (the clip lies at a host that is not the API's).
"""

from __future__ import annotations

import time
from typing import Any

from personaforge.testing import files as plain
from personaforge.testing.server import Answer, Call, Route, Server

PRICE = 0.4
"""US dollars a second of clip."""


def _submit(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("x-goog-api-key"):
        return Answer({"error": {"code": 403, "message": "unregistered callers", "status": "PERMISSION_DENIED"}}, 403)
    model = call.path.rpartition("/")[2].partition(":")[0]
    line = server.accept("veo", model, PRICE * call.json["parameters"]["durationSeconds"], call)
    name = f"models/{model}/operations/op{line.number}"
    job = {"number": line.number, "body": call.json, "since": time.monotonic(), "finished": False}
    server.state.setdefault("veo", {})[name] = job
    return Answer({} if word == "no name" else {"name": name})


def _look(server: Server, call: Call, word: str) -> Answer:
    name = call.path.removeprefix("/v1beta/")
    job: dict[str, Any] | None = server.state.get("veo", {}).get(name)
    if job is None or not call.headers.get("x-goog-api-key"):
        return Answer({"error": {"code": 404, "message": "Operation not found", "status": "NOT_FOUND"}}, 404)
    if time.monotonic() - job["since"] < server.latency:
        return Answer({"name": name})
    if not job["finished"]:
        job["finished"] = True
        server.finish()
    if word == "failed":
        return Answer({"name": name, "done": True, "error": {"code": 13, "message": "Internal error"}})
    if word == "policy":
        message = "The input image violates Gemini's usage guidelines."
        return Answer({"name": name, "done": True, "error": {"code": 3, "message": message}})
    found: dict[str, Any] = {}
    if word == "filtered":
        found = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Audio was stopped. You weren't charged."]}
    elif word != "error in 200":
        data, media_type = server.state["clip"](job["body"], job["number"])
        url = plain.put(server, f"op{job['number']}", data, media_type)
        if word != "elsewhere":
            url = url.replace("/files/", "/v1beta/files/") + ":download?alt=media"
        found = {"generatedSamples": [{"video": {"uri": url}}]}
    return Answer({"name": name, "done": True, "response": {"generateVideoResponse": found}})


def _file(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("x-goog-api-key") and not call.headers["host"].startswith("localhost"):
        return Answer({"error": {"code": 403, "message": "no key"}}, 403)
    path = call.path.removeprefix("/v1beta").removesuffix(":download")
    answer = plain.ROUTES[0].handler(server, Call("GET", path, call.query, call.headers, b""), word)
    if "Location" in answer.headers and word != "private":
        answer.headers["Location"] = answer.headers["Location"].replace("/files/", "/v1beta/files/") + ":download"
    return answer


def _models(server: Server, call: Call, word: str) -> Answer:
    return Answer({"models": [{"name": "models/veo-3.1-generate-001"}]})


ROUTES = [
    Route("veo.submit", "POST", lambda path: path.endswith(":predictLongRunning"), _submit),
    Route("veo.file", "GET", lambda path: path.startswith("/v1beta/files/"), _file),
    Route("veo.look", "GET", lambda path: "/operations/" in path, _look),
    Route("veo.models", "GET", lambda path: path == "/v1beta/models", _models),
]
