"""Runware's tasks, as documented at runware.ai/docs/models-api/{errors,task-polling,task-details}.

Words: `failed` (a task that ends with an error), `blocked` (its picture is flagged), `moderated` (stopped before it),
`error in 200` (an error beside an empty `data`), `no name` (accepted, and the answer names no task), `past` (no longer
an active task: only `getTaskDetails` knows it), `odd` (an unknown task is an error, not an empty `data`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server

COST = 0.0038
"""US dollars a picture, as `includeCost` has it."""


def _errors(status: int, task: dict[str, Any], code: str, message: str) -> Answer:
    error = {"code": code, "message": message, "taskType": task["taskType"], "taskUUID": task["taskUUID"]}
    return Answer({"data": [], "errors": [error]}, status)


def _submit(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("authorization", "").startswith("Bearer "):
        return Answer({"errors": [{"code": "invalidApiKey", "message": "Invalid API key."}]}, 401)
    (task,) = call.json
    key = task["taskUUID"]
    if word == "error in 200":
        return _errors(200, task, "invalidModel", "Invalid value for 'model' parameter.")
    if word == "moderated":
        return _errors(400, task, "contentModerationFailed", "The prompt was rejected.")
    if word == "slow provider":
        return _errors(400, task, "timeoutProvider", "The provider did not answer in time.")
    jobs = server.state.setdefault("runware", {})
    if key in jobs:
        return _errors(400, task, "conflictTaskUUID", "The taskUUID was already used.")
    line = server.accept("runware", task["model"], COST, call, key)
    jobs[key] = {"task": task, "since": time.monotonic(), "finished": False, "number": line.number}
    if word == "no name":
        return Answer({"data": []})
    return Answer({"data": [{"taskType": "imageInference", "taskUUID": key}]})


def _outcome(server: Server, key: str, word: str) -> Answer:
    job = server.state["runware"][key]
    base = {"taskType": "imageInference", "taskUUID": key}
    if time.monotonic() - job["since"] < server.latency:
        return Answer({"data": [{**base, "status": "processing"}]})
    if not job["finished"]:
        job["finished"] = True
        server.finish()
    job["word"] = word or job.get("word", "")
    if job["word"] == "failed":
        return Answer({"errors": [{**base, "status": "error", "code": "inferenceFailed", "message": "out of memory"}]})
    data, media_type = server.state["picture"](job["task"], job["number"])
    url = put(server, f"{key}.png", data, media_type)
    done = {**base, "status": "success", "imageUUID": key, "imageURL": url, "cost": COST, "seed": job["task"]["seed"]}
    return Answer({"data": [{**done, "NSFWContent": job["word"] == "blocked"}]})


def _response(server: Server, call: Call, word: str) -> Answer:
    (task,) = call.json
    job = server.state.get("runware", {}).get(task["taskUUID"])
    if job is not None and word == "past":
        job["past"] = True
    if job is None or job.get("past"):
        return _unknown(task, word)
    return _outcome(server, task["taskUUID"], word)


def _details(server: Server, call: Call, word: str) -> Answer:
    (task,) = call.json
    job = server.state.get("runware", {}).get(task["taskUUID"])
    if job is None:
        return _unknown(task, word)
    response = _outcome(server, task["taskUUID"], word).body
    return Answer({"data": [{**task, "request": [job["task"]], "response": response}]})


def _unknown(task: dict[str, Any], word: str) -> Answer:
    if word == "odd":
        return _errors(400, task, "taskNotFound", "There is no such task.")
    return Answer({"data": []})


def _of(kind: str) -> Callable[[Call], bool]:
    return lambda call: bool(call.json[0]["taskType"] == kind)


def _management(server: Server, call: Call, word: str) -> Answer:
    (task,) = call.json
    if word == "bad key":
        return _errors(400, task, "invalidApiKey", "Invalid API key.")
    keys = [{"name": "Build", "apiKey": call.headers["authorization"].removeprefix("Bearer ")}]
    return Answer({"data": [{**task, "organizationName": "Nova", "balance": 2450.75, "apiKeys": keys}]})


ROUTES = [
    Route("runware.submit", "POST", lambda path: path == "/v1", _submit, _of("imageInference")),
    Route("runware.response", "POST", lambda path: path == "/v1", _response, _of("getResponse")),
    Route("runware.details", "POST", lambda path: path == "/v1", _details, _of("getTaskDetails")),
    Route("runware.account", "POST", lambda path: path == "/v1", _management, _of("accountManagement")),
]
