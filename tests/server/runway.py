"""Runway's tasks, as in runwayml/sdk-python and at docs.dev.runwayml.com/errors.

Words of a look: `failed`, `blocked`, `blocked input`, `error in 200` (SUCCEEDED without an output). Word of a submit:
`no task` (accepted, and the answer names none). Every look at a finished task names a fresh address; older ones end.
"""

from __future__ import annotations

import time
from typing import Any

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server

PRICES = {"text_to_image": 0.08, "image_to_video": 0.05, "text_to_video": 0.05}
"""US dollars an image, or a second of clip."""
_FAILURES = {
    "failed": ("INTERNAL.BAD_OUTPUT.CODE01", "An unexpected error occurred."),
    "blocked": ("SAFETY.OUTPUT.IMAGE", "The output was stopped by our moderation."),
    "blocked input": ("INPUT_PREPROCESSING.SAFETY.TEXT", "The prompt was stopped by our moderation."),
}


def _submit(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("authorization", "").removeprefix("Bearer").strip():
        return Answer({"error": "You did not provide an API key."}, 401)
    if call.headers.get("x-runway-version") != "2024-11-06":
        return Answer({"error": "The X-Runway-Version header is missing or unknown."}, 400)
    body, way = call.json, call.path.rpartition("/")[2]
    usd = PRICES[way] * float(body.get("duration", 1))
    line = server.accept("runway", body["model"], usd, call)
    name = f"task-{line.number}"
    job = {"body": body, "since": time.monotonic(), "finished": False, "number": line.number, "looks": 0}
    server.state.setdefault("runway", {})[name] = job
    return Answer({} if word == "no task" else {"id": name})


def _task(server: Server, call: Call, word: str) -> Answer:
    name = call.path.rpartition("/")[2]
    job: dict[str, Any] | None = server.state.get("runway", {}).get(name)
    if job is None:
        return Answer({"error": "Task not found"}, 404)
    told = {"id": name, "createdAt": "2026-11-21T08:00:00.000Z"}
    if job.get("cancelled"):
        return Answer({**told, "status": "CANCELLED"})
    if time.monotonic() - job["since"] < server.latency:
        return Answer({**told, "status": ("PENDING", "THROTTLED", "RUNNING")[min(job["looks"], 2)], "progress": 0.4})
    if not job["finished"]:
        job["finished"] = True
        server.finish()
    if word in _FAILURES:
        code, said = _FAILURES[word]
        return Answer({**told, "status": "FAILED", "failure": said, "failureCode": code})
    if word == "error in 200":
        return Answer({**told, "status": "SUCCEEDED", "output": []})
    make = server.state["clip" if "duration" in job["body"] else "picture"]
    files = server.state.setdefault("files", {})
    files.pop(f"{name}-{job['looks']}.bin", None)
    job["looks"] += 1
    url = put(server, f"{name}-{job['looks']}.bin", *make(job["body"], job["number"]))
    return Answer({**told, "status": "SUCCEEDED", "output": [url]})


def _cancel(server: Server, call: Call, word: str) -> Answer:
    """Cancels a task that runs, and deletes one that has ended, with its files."""
    jobs = server.state.get("runway", {})
    name = call.path.rpartition("/")[2]
    if name not in jobs:
        return Answer({"error": "Task not found"}, 404)
    if jobs[name]["finished"] or jobs[name].get("cancelled"):
        del jobs[name]
        files = server.state.get("files", {})
        for file in [one for one in files if one.startswith(f"{name}-")]:
            del files[file]
    else:
        jobs[name]["cancelled"] = True
    return Answer(b"", 204)


def _organization(server: Server, call: Call, word: str) -> Answer:
    return Answer({"creditBalance": 412, "tier": {"maxMonthlyCreditSpend": 10000, "models": {}}})


ROUTES = [
    Route("runway.submit", "POST", lambda path: path.removeprefix("/v1/") in PRICES, _submit),
    Route("runway.task", "GET", lambda path: path.startswith("/v1/tasks/"), _task),
    Route("runway.cancel", "DELETE", lambda path: path.startswith("/v1/tasks/"), _cancel),
    Route("runway.organization", "GET", lambda path: path == "/v1/organization", _organization),
]
