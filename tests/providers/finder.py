"""The adapter of the made-up provider in `tests/server/finder.py`, for what no example among the real ones can do, and
its case: a plug-in's, for none of forge's tables knows it."""

from __future__ import annotations

from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.protocols import Job, Remote, Reply, Request
from personaforge.providers.table import Entry, Options
from personaforge.testing import files
from personaforge.testing.contract import Case
from tests.server import finder

CAPABILITY = Capability(
    "finder",
    "image",
    frozenset({"prompt", "seed"}),
    remote=True,
    immediate=False,
    seed=True,
    client_key=True,
    safe_resubmit=True,
    finds=True,
    keys=("FINDER_API_KEY",),
    hosts=("finder.example",),
    limits=Limits(in_flight=8),
)


class Finder:
    """The adapter."""

    def __init__(self, options: Options) -> None:
        self.wire = Wire(CAPABILITY, "https://finder.example", options, lambda key: {"X-Key": key})

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        answer = self.wire.pay("/finder", json={"model": request.model, "key": key, **request.fields})
        return Job(answer.json["id"], 0.5)

    def poll(self, job: Job) -> Reply | Job:
        found = self.wire.ask("GET", f"/finder/{job.id}").json
        if found["status"] == "running":
            return Job(job.id, 0.5)
        return Reply(remote=Remote(found["url"]), cost_usd=found["cost"])

    def find(self, request: Request, key: str, since: float) -> Job | None:
        found = self.wire.ask("GET", "/finder", params={"key": key}).json
        return Job(found["id"], 0.5) if found["id"] else None


ENTRY = Entry(CAPABILITY, Finder)

FINDER = Case(
    "finder",
    "image",
    "any-1",
    {"prompt": "Nova", "seed": 7},
    [*files.ROUTES, *finder.ROUTES],
    "finder.submit",
    lambda call: None,
    "FORGE_FINDER_URL",
    "FINDER_API_KEY",
    price=0.02,
    usd=0.02,
    references=False,
    poll="finder.look",
    entry=ENTRY,
)
