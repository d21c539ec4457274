"""Kling's tasks, as in the mirror of its documentation. It checks the token as Kling does.

Words of a submit: `error in 200` (code 1201), `blocked` (code 1301), `no task`. Words of a look: `failed`, `risk`
(failed, by the filter), `error in 200` (succeed without a clip).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server

ACCESS, SECRET = "access-7d21", "canary-0f3b9c-do-not-keep"
PRICE = 0.07
"""US dollars a second of clip."""


def _error(status: int, code: int, message: str) -> Answer:
    return Answer({"code": code, "message": message, "request_id": "r-1"}, status)


def _good(data: Any) -> Answer:
    return Answer({"code": 0, "message": "SUCCEED", "request_id": "r-1", "data": data})


def _claims(call: Call) -> dict[str, Any] | None:
    """Return what a token claims, None where its signature is not ours or its time is not now."""
    parts = call.headers.get("authorization", "").removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    padded = [part + "=" * (-len(part) % 4) for part in parts]
    head, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in padded[:2])
    expected = hmac.new(SECRET.encode(), f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256).digest()
    good = head == {"alg": "HS256", "typ": "JWT"} and base64.urlsafe_b64decode(padded[2]) == expected
    now = good and claims["iss"] == ACCESS and claims["nbf"] <= time.time() < claims["exp"] <= time.time() + 1800
    return claims if now else None


def _submit(server: Server, call: Call, word: str) -> Answer:
    if _claims(call) is None:
        return _error(401, 1000, "Authentication failed")
    if word == "error in 200":
        return _error(200, 1201, "Invalid parameter: duration")
    if word == "blocked":
        return _error(400, 1301, "Trigger the content security policy of the platform")
    body, jobs = call.json, server.state.setdefault("kling", [])
    key = body.get("external_task_id", "")
    if key and any(job["key"] == key for job in jobs):
        return _error(400, 1201, "external_task_id is already in use")
    line = server.accept("kling", body["model_name"], PRICE * float(body["duration"]), call, key)
    job = {"id": f"86{line.number}", "key": key, "body": body, "path": call.path, "number": line.number}
    jobs.append({**job, "since": time.monotonic(), "finished": False})
    return _good({} if word == "no task" else _told(server, jobs[-1], ""))


def _told(server: Server, job: dict[str, Any], word: str) -> dict[str, Any]:
    told = {"task_id": job["id"], "task_info": {"external_task_id": job["key"]}, "created_at": 1774711071284}
    if word == "failed":
        return {**told, "task_status": "failed", "task_status_msg": "Service internal error"}
    if word == "risk":
        return {**told, "task_status": "failed", "task_status_msg": "Failure to pass the risk control system"}
    if time.monotonic() - job["since"] < server.latency:
        return {**told, "task_status": "processing"}
    return {**told, "task_status": "submitted"} if not word else {**told, "task_status": "succeed", "task_result": {}}


def _look(server: Server, call: Call, word: str) -> Answer:
    if _claims(call) is None:
        return _error(401, 1000, "Authentication failed")
    path, _, name = call.path.rpartition("/")
    jobs = [job for job in server.state.get("kling", []) if job["path"] == path]
    job = next((job for job in jobs if name in (job["id"], job["key"])), None)
    if job is None:
        return _error(404, 1203, "The requested task does not exist")
    told = _told(server, job, word or "done")
    if told["task_status"] in ("succeed", "failed") and not job["finished"]:
        job["finished"] = True
        server.finish()
    if told["task_status"] == "succeed" and word != "error in 200":
        url = put(server, f"{job['id']}.bin", *server.state["clip"](job["body"], job["number"]))
        told["task_result"] = {"videos": [{"id": "v-1", "url": url, "duration": "5.1"}]}
    return _good(told)


def _list(server: Server, call: Call, word: str) -> Answer:
    jobs = [job for job in server.state.get("kling", []) if job["path"] == call.path]
    return _good([_told(server, job, "") for job in jobs[: int(call.query["pageSize"][0])]])


_WAYS = ("/v1/videos/image2video", "/v1/videos/text2video")
ROUTES = [
    Route("kling.submit", "POST", lambda path: path in _WAYS, _submit),
    Route("kling.list", "GET", lambda path: path in _WAYS, _list),
    Route("kling.look", "GET", lambda path: path.rpartition("/")[0] in _WAYS, _look),
]
