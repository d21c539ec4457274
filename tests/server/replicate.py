"""Replicate's predictions, as documented at replicate.com/docs/topics/predictions and .../rate-limits.

Words: `failed`, `blocked`, `error in 200` (succeeded without a file), `no name` (accepted, and the answer names none),
`removed` (deleted after its hour), `own host` (the result is at the API, which asks for the key).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server


def _submit(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("authorization", "").startswith("Bearer "):
        return Answer({"title": "Unauthenticated", "detail": "You did not pass a token", "status": 401}, 401)
    body = call.json
    model = body.get("version") or call.path.removeprefix("/v1/models/").removesuffix("/predictions")
    line = server.accept("replicate", model, 0.04 * body["input"].get("duration", 1), call)
    name = f"pred{line.number}"
    jobs = server.state.setdefault("replicate", {})
    jobs[name] = {"input": body["input"], "since": time.monotonic(), "at": time.time(), "number": line.number}
    return Answer({"status": "starting"} if word == "no name" else {"id": name, "status": "starting"}, 201)


def _shown(job: dict[str, Any], name: str) -> dict[str, Any]:
    at = datetime.fromtimestamp(job["at"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if job.get("removed"):
        return {"id": name, "created_at": at, "input": {}, "data_removed": True}
    return {"id": name, "created_at": at, "input": job["input"], "data_removed": False}


def _look(server: Server, call: Call, word: str) -> Answer:
    name = call.path.rpartition("/")[2]
    job = server.state["replicate"][name]
    if job.get("canceled"):
        return Answer({**_shown(job, name), "status": "canceled"})
    if time.monotonic() - job["since"] < server.latency:
        return Answer({**_shown(job, name), "status": "processing"})
    if not job.get("finished"):
        job["finished"] = True
        server.finish()
    if word in ("failed", "blocked"):
        error = "NSFW content detected" if word == "blocked" else "CUDA out of memory"
        return Answer({**_shown(job, name), "status": "failed", "error": error})
    if word == "error in 200":
        return Answer({**_shown(job, name), "status": "succeeded", "output": None})
    if word == "removed":
        job["removed"] = True
        return Answer({**_shown(job, name), "status": "succeeded", "output": None})
    film = "duration" in job["input"]
    data, media_type = server.state["clip" if film else "picture"](job["input"], job["number"])
    url = put(server, f"{name}.bin", data, media_type)
    if word != "own host":
        url = url.replace("127.0.0.1", "localhost")
    return Answer({**_shown(job, name), "status": "succeeded", "output": url if film else [url]})


def _list(server: Server, call: Call, word: str) -> Answer:
    after, before = call.query["created_after"][0], call.query["created_before"][0]
    shown = [_shown(job, name) for name, job in server.state.get("replicate", {}).items()]
    return Answer({"next": None, "results": [one for one in shown if after <= one["created_at"] <= before]})


def _cancel(server: Server, call: Call, word: str) -> Answer:
    server.state["replicate"][call.path.split("/")[3]]["canceled"] = True
    return Answer({"status": "canceled"})


def _upload(server: Server, call: Call, word: str) -> Answer:
    return Answer({"id": "file1", "urls": {"get": f"{server.url}/v1/files/file1"}}, 201)


def _account(server: Server, call: Call, word: str) -> Answer:
    return Answer({"type": "user", "username": "nova-studio", "name": "Nova Studio"})


ROUTES = [
    Route("replicate.files", "POST", lambda path: path == "/v1/files", _upload),
    Route("replicate.cancel", "POST", lambda path: path.endswith("/cancel"), _cancel),
    Route("replicate.submit", "POST", lambda path: path.endswith("/predictions"), _submit),
    Route("replicate.list", "GET", lambda path: path == "/v1/predictions", _list),
    Route("replicate.look", "GET", lambda path: path.startswith("/v1/predictions/"), _look),
    Route("replicate.account", "GET", lambda path: path == "/v1/account", _account),
]
