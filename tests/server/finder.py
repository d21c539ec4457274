"""A made-up provider that takes a client key, tells repeated requests by it, and finds a request by it: what Runware
and Kling can do, without their particulars. Its adapter is `tests/providers/finder.py`."""

from __future__ import annotations

from personaforge.testing.files import put
from personaforge.testing.server import Answer, Call, Route, Server


def _submit(server: Server, call: Call, word: str) -> Answer:
    jobs = server.state.setdefault("finder", {})
    key = call.json["key"]
    if key not in jobs:
        line = server.accept("finder", call.json["model"], 0.02, call, key)
        jobs[key] = line.number
        server.finish()
    return Answer({"id": f"job-{jobs[key]}"})


def _find(server: Server, call: Call, word: str) -> Answer:
    number = server.state.get("finder", {}).get(call.query["key"][0])
    return Answer({"id": f"job-{number}"} if number else {"id": None})


def _look(server: Server, call: Call, word: str) -> Answer:
    if server.latency:
        return Answer({"status": "running"})
    number = int(call.path.rpartition("-")[2])
    data, media_type = server.state["picture"]({}, number)
    return Answer({"status": "done", "url": put(server, f"found-{number}.png", data, media_type), "cost": 0.02})


ROUTES = [
    Route("finder.submit", "POST", lambda path: path == "/finder", _submit),
    Route("finder.find", "GET", lambda path: path == "/finder", _find),
    Route("finder.look", "GET", lambda path: path.startswith("/finder/job-"), _look),
]
