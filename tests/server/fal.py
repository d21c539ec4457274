"""fal's queue, as documented at fal.ai/docs/model-apis/inference/queue and .../request-errors.

Words: `failed` (COMPLETED with an error, which costs nothing), `error in 200` (a completed result without a file),
`blocked`, `nowhere` (the status address is another host's), `no job` (accepted, and the answer names none). A price for
each model is in PRICES.
"""

from __future__ import annotations

import time
from typing import Any

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server

PRICES = {"fal-ai/flux-lora": 0.035, "fal-ai/nano-banana/edit": 0.039, "fal-ai/kling-video/image-to-video": 0.07}
"""US dollars an image, or a second of clip."""


def _submit(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("authorization", "").startswith("Key "):
        return Answer({"detail": "Authentication is required"}, 401)
    model = call.path.removeprefix("/")
    body = call.json
    usd = PRICES.get(model, 0.05) * (float(body["duration"]) if "duration" in body else 1)
    line = server.accept("fal", model, usd, call)
    name = f"req-{line.number}"
    app = "/".join(model.split("/")[:2])
    jobs = server.state.setdefault("fal", {})
    jobs[name] = {"body": body, "since": time.monotonic(), "finished": False, "number": line.number}
    if word == "no job":
        return Answer({"status": "IN_QUEUE"})
    base = "https://elsewhere.example" if word == "nowhere" else f"{server.url}/{app}/requests/{name}"
    urls = {"status_url": f"{base}/status", "response_url": base, "cancel_url": f"{base}/cancel"}
    return Answer({"request_id": name, "status": "IN_QUEUE", "queue_position": 0, **urls})


def _job(server: Server, call: Call) -> dict[str, Any]:
    name = call.path.split("/requests/")[1].split("/")[0]
    found: dict[str, Any] = server.state["fal"][name]
    return {"name": name, "job": found}


def _status(server: Server, call: Call, word: str) -> Answer:
    job = _job(server, call)["job"]
    if job.get("cancelled"):
        return Answer({"status": "COMPLETED", "error": "cancelled", "error_type": "request_cancelled"})
    if time.monotonic() - job["since"] < server.latency:
        return Answer({"status": "IN_PROGRESS"}, 202)
    if not job["finished"]:
        job["finished"] = True
        server.finish()
    if word == "failed":
        job["failed"] = True
        server.free(job["number"])
    if job.get("failed"):
        return Answer({"status": "COMPLETED", "error": "runner died", "error_type": "runner_disconnected"})
    return Answer({"status": "COMPLETED", "metrics": {"inference_time": 1.2}})


def _result(server: Server, call: Call, word: str) -> Answer:
    found = _job(server, call)
    job, name = found["job"], found["name"]
    if job.get("failed"):
        error = {"detail": "runner died", "error_type": "runner_disconnected"}
        return Answer(error, 503, headers={"X-Fal-Error-Type": "runner_disconnected"})
    if word == "invalid":
        return Answer({"detail": [{"loc": ["body", "prompt"], "msg": "too long", "type": "value_error"}]}, 422)
    if word == "blocked":
        return Answer({"detail": [{"msg": "flagged", "type": "content_policy_violation"}]}, 422)
    if word == "error in 200":
        return Answer({"images": [], "detail": "out of memory"})
    make = server.state.get("picture") if "duration" not in job["body"] else server.state.get("clip")
    assert make is not None, "the test puts what is drawn into server.state"
    data, media_type = make(job["body"], job["number"])
    file = {"url": put(server, f"{name}.bin", data, media_type), "content_type": media_type}
    if "duration" in job["body"]:
        return Answer({"video": file})
    return Answer({"images": [file], "seed": job["body"].get("seed"), "has_nsfw_concepts": [word == "nsfw"]})


def _cancel(server: Server, call: Call, word: str) -> Answer:
    _job(server, call)["job"]["cancelled"] = True
    return Answer({"status": "CANCELLATION_REQUESTED"}, 202)


def _payloads(server: Server, call: Call, word: str) -> Answer:
    if call.headers.get("authorization") != f"Key {server.state.get('fal admin', '')}":
        return Answer({"error": {"type": "authorization_error", "message": "Admin API key required"}}, 403)
    name = call.path.split("/")[4]
    if server.state.get("fal", {}).pop(name, None) is None:
        return Answer({"error": {"type": "not_found", "message": "Request not found"}}, 404)
    link = f"{server.url}/files/{name}.bin"
    if word == "stuck":
        return Answer({"cdn_delete_results": [{"link": link, "exception": "timed out"}]})
    server.state.get("files", {}).pop(f"{name}.bin", None)
    return Answer({"cdn_delete_results": [{"link": link, "exception": None}]})


def _requests(server: Server, call: Call, word: str) -> Answer:
    return Answer({"items": [], "next_cursor": None, "has_more": False})


ROUTES = [
    Route("fal.status", "GET", lambda path: path.endswith("/status"), _status),
    Route("fal.cancel", "PUT", lambda path: path.endswith("/cancel"), _cancel),
    Route("fal.result", "GET", lambda path: "/requests/" in path and not path.startswith("/v1/"), _result),
    Route("fal.submit", "POST", lambda path: len(path.split("/")) > 2 and not path.startswith("/v1/"), _submit),
    Route("fal.payloads", "DELETE", lambda path: path.endswith("/payloads"), _payloads),
    Route("fal.requests", "GET", lambda path: path == "/v1/models/requests/by-endpoint", _requests),
]
