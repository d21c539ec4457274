"""A whole build against a hosted provider over real HTTP, with every tenth request going wrong in all ways: it ends,
nothing is paid twice, what it cost is what the provider's own ledger says, and no key is kept anywhere."""

from __future__ import annotations

import functools
import json
import random
import subprocess
from collections.abc import Callable, Iterator

import pytest

from personaforge.run import setup
from personaforge.run.calls import Calls
from personaforge.run.retrying import Backoff, Pace
from personaforge.store.spending import spending
from personaforge.testing import files
from personaforge.testing.contract import CANARY, stocked
from personaforge.testing.server import (
    Accepts,
    Becomes,
    Call,
    Cut,
    Drop,
    Fault,
    Says,
    Server,
    Slow,
    serving,
    too_many,
    web_page,
)
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import PERSONA, Studio
from tests.server import fal

PRESETS = {
    "conf/image/hosted.yaml": """\
provider: fal
model: fal-ai/nano-banana/edit
width: 64
height: 64
limits: {in_flight: 8}
timeout_seconds: 5
prices: {fal-ai/nano-banana/edit: 0.039}
""",
    "conf/video/hosted.yaml": """\
provider: fal
model: fal-ai/kling-video/image-to-video
fps: 4
sizes: {"9:16": {width: 36, height: 64}}
prices: {fal-ai/kling-video/image-to-video: 0.07}
durations: {fal-ai/kling-video/image-to-video: [5, 10]}
limits: {in_flight: 2}
""",
}
CONFIGURED = PERSONA.replace("image: scripted", "image: hosted").replace("video: scripted", "video: hosted")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*files.ROUTES, *fal.ROUTES) as found:
        monkeypatch.setenv("FORGE_FAL_URL", found.url)
        monkeypatch.setenv("FAL_KEY", CANARY)
        quick = functools.partial(Calls, backoff=Backoff(0.01, 0.05, 8), pace=Pace(most_seconds=0.05))
        monkeypatch.setattr(setup, "Calls", quick)
        monkeypatch.setattr(fal_module(), "_FIRST_LOOKS", {"image": 0.01, "video": 0.01})
        yield skin(stocked(found))


def fal_module() -> object:
    from personaforge.providers import fal as module

    return module


def skin(server: Server) -> Server:
    """Let the provider draw the one face that all pictures are to show."""
    from personaforge.testing import drawn
    from tests.run.conftest import SKIN, clip

    server.state["picture"] = lambda body, number: (drawn(SKIN, body, f"{number}"), "image/png")
    server.state["clip"] = lambda body, number: (clip(SKIN, f"clip {number}"), "video/webm")
    return server


def every_tenth(seed: int) -> Callable[[Call], Fault | None]:
    """Return what goes wrong: of ten requests one, at random but repeatably."""
    chance = random.Random(seed)
    submit: list[Fault] = [too_many("0.02"), Drop(True), Drop(False), Says(500, {}), Accepts(web_page()), Slow(0.05)]
    look: list[Fault] = [too_many("0.02"), Drop(True), Says(503, {}), web_page(), Says(200, b"{"), Becomes("failed")]
    fetch: list[Fault] = [Cut(40), Becomes("gone"), Becomes("magic"), Says(500, b""), Drop(True), web_page()]
    ways = {"fal.submit": submit, "fal.status": look, "fal.result": look[:5], "files.get": fetch}

    def fault(call: Call) -> Fault | None:
        return chance.choice(ways[call.route]) if call.route in ways and chance.random() < 0.1 else None

    return fault


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_every_tenth_request_going_wrong_it_ends_and_nothing_is_paid_twice(
    make_studio: Callable[..., Studio], server: Server, seed: int
) -> None:
    studio = make_studio(CONFIGURED, files=PRESETS)
    server.fault = every_tenth(seed)
    lost = 0
    for _ in range(30):
        report = studio.build(options=BuildOptions(jobs=4, keep_going=True))
        with studio.open() as space:
            open_calls = space.store.journal.open_entries()
            for entry in open_calls:
                if entry.state == "unknown":
                    # The user looks at the provider's own list, which is the ledger: an accepted call is lost for good.
                    seed = json.loads(entry.body)["parts"]["request"]["seed"]
                    accepted = sum(line.call.json["seed"] == seed and line.usd > 0 for line in server.ledger)
                    bought = accepted > sum(charge.key == entry.key for charge in space.store.journal.charges())
                    space.store.journal.resubmit(entry.key, "looked it up", bought=bought)
                    lost += bought
        if not open_calls and not report.failed:
            break
    assert {node.end for node in report.nodes.values()} <= {"done", "unchanged"}
    with studio.open() as space:
        lines = list(spending(space.store))
    failed = [line for line in lines if line.state == "failed"]
    assert sum(line.state == "done" for line in lines) == 6
    # Whatever was accepted is accounted for: as a result, as an answer that was lost, or as a job that failed for free.
    free = sum(line.usd == 0 for line in server.ledger)
    assert len(lines) == len(server.ledger) - free == 6 + len(failed)
    assert sum(line.usd if line.usd is not None else line.reserved_usd or 0 for line in lines) == pytest.approx(
        server.usd, abs=0.005
    )
    by_seed = [line.call.json["seed"] for line in server.ledger]
    assert len(by_seed) - len(set(by_seed)) == len(failed) + free, "sent again only at an end or by the user's word"
    assert lost <= len(failed)


def test_no_key_is_in_anything_that_a_build_writes(make_studio: Callable[..., Studio], server: Server) -> None:
    studio = make_studio(CONFIGURED, files=PRESETS)
    echo = Says(422, {"detail": f"your key {CANARY} may not do this"})
    server.script("fal.submit", echo, Says(500, {"detail": CANARY}))
    printed = repr(studio.build(options=BuildOptions(jobs=2, keep_going=True)))
    with studio.open() as space:
        for entry in space.store.journal.open_entries():
            space.store.journal.resubmit(entry.key, "again")
    printed += repr(studio.build(options=BuildOptions(jobs=2, keep_going=True))) + repr(studio.events)
    from personaforge.warehouse.projection import opened

    with studio.open() as space, opened(space.store) as connection:
        assert connection.execute("select count(*) from actions").fetchone() != (0,)
    assert CANARY not in printed
    looked = 0
    for path in studio.root.rglob("*"):
        if path.is_file():
            looked += 1
            assert CANARY.encode() not in path.read_bytes(), path
    assert looked > 50 and any(CANARY in str(call.headers) for call in server.requests)


def test_forge_jobs_lists_takes_up_cancels_and_resolves(
    make_studio: Callable[..., Studio], server: Server, forge: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    studio = make_studio(CONFIGURED + "run: {keep_going: true}\n", files=PRESETS)
    server.latency = 1e9
    studio.edit("conf/image/hosted.yaml", ("in_flight: 8", "in_flight: 8, deadline_seconds: 0.05"))
    server.script("fal.submit", Says(500, {"detail": "oops"}))
    report = studio.build(options=BuildOptions(jobs=2))
    assert report.in_flight == 1 and report.unknown_calls == 2
    listed = json.loads(forge("jobs", "list", "--json", cwd=studio.root, check=0).stdout)["jobs"]
    by_state = {job["state"]: job for job in listed}
    assert {state: job["standing"] for state, job in by_state.items()} == {"submitted": "resumable", "unknown": "lost"}
    text = forge("jobs", "list", cwd=studio.root, check=0).stdout
    assert "resumable  ana/candidate/" in text and "answers 500" in text and "`forge jobs resume`" in text
    server.latency = 0
    done = forge("jobs", "resume", cwd=studio.root, check=1).stdout
    assert f"{by_state['submitted']['key'][:12]}  done" in done and "may have been bought" in done
    assert len(server.ledger) == 1
    with studio.open() as space:
        assert space.store.find(by_state["submitted"]["key"]) is not None
    lost = by_state["unknown"]["key"][:10]
    assert forge("jobs", "resolve", lost, cwd=studio.root).returncode == 2
    forge("jobs", "resolve", lost, "--abandon", cwd=studio.root, check=0)
    assert "No paid call" in forge("jobs", "list", cwd=studio.root, check=0).stdout
    assert "given up" in next(node.error for node in studio.build().nodes.values() if node.end == "failed")
    forge("jobs", "resolve", lost, "--resubmit", "--not-bought", cwd=studio.root, check=0)
    server.latency = 1e9
    studio.build(options=BuildOptions(jobs=2))
    (running,) = json.loads(forge("jobs", "list", "--json", cwd=studio.root, check=0).stdout)["jobs"]
    assert "cancelled" in forge("jobs", "cancel", running["key"][:12], cwd=studio.root, check=0).stdout
    assert len(server.calls("fal.cancel")) == 1
    server.latency = 0
    assert {node.end for node in studio.build().nodes.values()} == {"done"}


def test_an_interrupted_build_leaves_jobs_that_the_next_one_takes_up(
    make_studio: Callable[..., Studio], server: Server
) -> None:
    studio = make_studio(CONFIGURED, files=PRESETS)
    server.latency = 1e9
    looked: list[Call] = []

    def watch(call: Call) -> None:
        if call.route == "fal.status":
            looked.append(call)
            studio.stop.set()

    server.fault = watch
    report = studio.build(options=BuildOptions(jobs=4))
    assert report.interrupted and report.in_flight == len(server.ledger) > 0
    before = len(server.ledger)
    server.fault, server.latency = None, 0
    report = studio.build(options=BuildOptions(jobs=4))
    assert {node.end for node in report.nodes.values()} <= {"done", "unchanged"}
    assert len(server.ledger) == 6 >= before
