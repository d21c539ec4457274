"""The packaged persona, whole, by hosted providers over real HTTP: text through litellm, pictures by Gemini or fal,
clips by Runway, while every tenth request goes wrong. It completes, nothing is bought twice, and the books agree."""

from __future__ import annotations

import functools
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.plan.plan import PlanRequest
from personaforge.providers import fal as fal_adapter
from personaforge.providers import runway as runway_adapter
from personaforge.run import setup
from personaforge.run.calls import Calls
from personaforge.run.retrying import Backoff, Pace
from personaforge.store.journal import Entry
from personaforge.testing import ColorAnalyzers, drawn, files
from personaforge.testing.contract import CANARY
from personaforge.testing.server import (
    Accepted,
    Accepts,
    Becomes,
    Call,
    Cut,
    Drip,
    Drop,
    Fault,
    Says,
    Server,
    Slow,
    serving,
    too_many,
    web_page,
)
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.conftest import Forge
from tests.run.conftest import SKIN, clip
from tests.server import chat, fal, gemini, runway

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ("intent", "soul", "self", "mask", "surface", "dna", "lifestyle", "audit")
PRESETS = {
    "conf/text/house.yaml": """\
provider: litellm
models: {light: house/quick, standard: house/quick, deep: house/deep}
timeout_seconds: 20
prices: {house/quick: {input: 3.0, output: 15.0}, house/deep: {input: 3.0, output: 15.0}}
""",
    "conf/image/by_gemini.yaml": """\
provider: gemini
model: gemini-house-image
width: 64
height: 96
timeout_seconds: 20
prices: {gemini-house-image: 0.05}
""",
    "conf/image/by_fal.yaml": """\
provider: fal
model: fal-ai/nano-banana/edit
width: 64
height: 96
timeout_seconds: 20
prices: {fal-ai/nano-banana/edit: 0.039}
""",
    "conf/video/by_runway.yaml": """\
provider: runway
model: gen4_turbo
fps: 4
sizes: {"9:16": {width: 36, height: 64}, "16:9": {width: 64, height: 36}}
timeout_seconds: 20
prices: {gen4_turbo: 0.05}
durations: {gen4_turbo: [5, 8, 10]}
options: {gen4_turbo: {ratios: ["720:1280", "1280:720"]}}
""",
}
HARMLESS: dict[str, list[Fault]] = {
    "chat.submit": [too_many("0.02"), Slow(0.05)],
    "gemini.submit": [too_many("0.02"), Slow(0.05)],
    "fal.submit": [too_many("0.02"), Slow(0.05), Says(425, {})],
    "runway.submit": [too_many("0.02"), Slow(0.05)],
    "fal.status": [too_many("0.02"), Drop(True), Says(503, {}), web_page(), Says(200, b"{"), Slow(0.05)],
    "fal.result": [too_many("0.02"), Drop(True), Says(503, {}), web_page(), Says(200, b"{"), Slow(0.05)],
    "runway.task": [too_many("0.02"), Drop(True), Says(503, {}), web_page(), Says(200, b"{"), Slow(0.05)],
    "files.get": [
        Drip(100, 0.001),
        Cut(40),
        Cut(300),
        Becomes("gone"),
        Says(500, b""),
        Drop(True),
        web_page(),
        Slow(0.05),
    ],
}
"""What no answer is lost by that a provider was paid for."""
LOSING: dict[str, list[Fault]] = {
    route: [Drop(True), Drop(False), Says(500, {}), Accepts(web_page()), Accepts(Says(200, b"{"))]
    for route in ("chat.submit", "gemini.submit", "fal.submit", "runway.submit")
}
"""What leaves nobody knowing whether it was bought."""
LOSING["gemini.submit"] += [Becomes("cut"), Becomes("magic")]
ENDING: dict[str, list[Fault]] = {
    "gemini.submit": [Becomes("error in 200")],
    "fal.status": [Becomes("failed")],
    "fal.result": [Becomes("error in 200")],
    "runway.task": [Becomes("failed"), Becomes("error in 200")],
}
"""What was accepted, and failed: COMPLETED with an error, or an error in a 200."""


def one_in_ten(seed: int, *kinds: dict[str, list[Fault]]) -> Callable[[Call], Fault | None]:
    """Return what goes wrong: of ten requests one, at random but repeatably."""
    chance = random.Random(seed)
    ways = {route: [fault for kind in kinds for fault in kind.get(route, [])] for kind in kinds for route in kind}

    def fault(call: Call) -> Fault | None:
        return chance.choice(ways[call.route]) if ways.get(call.route) and chance.random() < 0.1 else None

    return fault


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What forge's own rules draft for the persona, by section: the hosted model is to say the same."""
    from personaforge.testing import write_project

    root = write_project(tmp_path_factory.mktemp("drafts"), {"sofia": (ROOT / "personas/sofia.yaml").read_text()}, {})
    with Workspace.open((), str(root)) as space:
        space.build(space.plan((), PlanRequest(select=("tag:text",))), BuildOptions(jobs=1))
    return {name: (root / f"build/sofia-reyes/layers/{name}.json").read_text() for name in SECTIONS}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, drafted: dict[str, str]) -> Iterator[Server]:
    with serving(*files.ROUTES, *chat.ROUTES, *gemini.ROUTES, *runway.ROUTES, *fal.ROUTES) as found:
        for name in ("HOUSE", "GEMINI", "RUNWAY", "FAL"):
            monkeypatch.setenv(f"FORGE_{name}_URL", found.url)
        for name in ("HOUSE_API_KEY", "GEMINI_API_KEY", "RUNWAYML_API_SECRET", "FAL_KEY"):
            monkeypatch.setenv(name, CANARY)
        quick = functools.partial(Calls, backoff=Backoff(0.01, 0.05, 8), pace=Pace(most_seconds=0.05))
        monkeypatch.setattr(setup, "Calls", quick)
        monkeypatch.setattr(fal_adapter, "_FIRST_LOOKS", {"image": 0.01, "video": 0.01})
        monkeypatch.setattr(runway_adapter, "_LOOK_AGAIN", 0.01)
        found.state["picture"] = lambda body, number: (drawn(SKIN, body, f"{number}"), "image/png")
        found.state["clip"] = lambda body, number: (clip(SKIN, f"clip {number}"), "video/webm")
        found.state["completion"] = lambda body: section(body, drafted)
        yield found


def section(body: dict[str, Any], drafted: dict[str, str]) -> str:
    """Answer with the section whose fields the schema names."""
    wanted = body["response_format"]["json_schema"]["schema"]["properties"]
    (found,) = [text for text in drafted.values() if set(json.loads(text)) <= set(wanted)]
    return found


def project(root: Path, image: str) -> Path:
    """Write a project with the packaged persona, as a customer would set it up for hosted providers."""
    from personaforge.testing import write_project

    persona = (ROOT / "personas/sofia.yaml").read_text()
    persona += f"text: house\nimage: {image}\nvideo: by_runway\ndefaults: [{{override /identity: insightface}}]\n"
    return write_project(root, {"sofia": persona}, PRESETS)


def build(root: Path) -> Any:
    with Workspace.open((), str(root)) as space:
        space.analyzers = ColorAnalyzers()
        return space.build(space.plan(()), BuildOptions(jobs=4, keep_going=True))


def asked(line: Accepted) -> str:
    """Name what a request was for: two of the same action are the same to the byte."""
    return f"{line.call.path} {hashlib.sha256(line.call.body).hexdigest()}"


def lost(root: Path) -> list[tuple[Entry, int]]:
    """Return the calls of unknown fate, and how many of each were charged without a result before."""
    with Workspace.open((), str(root)) as space:
        charges = Counter(charge.key for charge in space.store.journal.charges())
        return [(entry, charges[entry.key]) for entry in space.store.journal.open_entries() if entry.state == "unknown"]


def is_for(line: Accepted, request: dict[str, Any]) -> bool:
    """Tell whether a line of the provider's ledger is for an action, by its prompt and its seed."""
    values: list[Any] = []

    def collect(found: Any) -> None:
        inside = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
        values.extend(inside)
        for one in inside:
            collect(one)

    collect(line.call.json)
    return request["prompt"] in values and request.get("seed", 0) in [0, *values]


def check_folder(root: Path, document_providers: set[str]) -> None:
    """Everything is there: 20 pictures with avatar and banner, 4 clips, the sections, and who made them."""
    folder = root / "build/sofia-reyes"
    pictures = sorted(path.stem[:2] for path in (folder / "images").iterdir())
    assert [name for name in pictures if name.isdigit()] == [f"{number:02}" for number in range(1, 21)]
    assert len(pictures) == 22 and len(list((folder / "videos").iterdir())) == 4
    for name in SECTIONS:
        assert json.loads((folder / f"layers/{name}.json").read_text())
    with Workspace.open((), str(root)) as space:
        from personaforge.store.spending import spending

        assert {line.provider for line in spending(space.store)} == document_providers


@pytest.mark.parametrize(("image", "seed"), [("by_gemini", 1), ("by_gemini", 2), ("by_fal", 3)])
def test_it_completes_by_itself_and_the_books_agree_to_the_cent(
    tmp_path: Path, server: Server, forge: Forge, image: str, seed: int
) -> None:
    """Where no fault loses an answer that was paid for, nobody has to do anything."""
    server.fault = one_in_ten(seed, HARMLESS)
    root = project(tmp_path, image)
    for _ in range(4):  # what was accepted and could not be fetched is looked at again by the next build
        report = build(root)
        if not report.failed:
            break
    assert not {node.id: node.error for node in report.nodes.values() if node.end not in ("done", "unchanged")}
    check_folder(root, {"litellm", image.removeprefix("by_"), "runway"})
    counts = Counter(asked(line) for line in server.ledger)
    assert set(counts.values()) == {1}, "each action was accepted exactly once"
    assert len(counts) == 8 + 25 + 4
    spent = json.loads(forge("cost", "--format", "json", cwd=root, check=0).stdout)["total"]
    assert spent["calls"] == len(server.ledger) and spent["unknown_calls"] == spent["failed_calls"] == 0
    assert spent["usd"] == pytest.approx(server.usd, abs=1e-6)
    before = len(server.requests)
    assert {node.end for node in build(root).nodes.values()} <= {"unchanged"} and len(server.requests) == before


@pytest.mark.parametrize(("image", "seed"), [("by_gemini", 4), ("by_fal", 5), ("by_fal", 6)])
def test_with_answers_lost_it_completes_at_the_users_word_and_the_books_agree(
    tmp_path: Path, server: Server, forge: Forge, image: str, seed: int
) -> None:
    """None of these providers can say what became of a request whose answer was lost: the user looks at their books."""
    server.fault = one_in_ten(seed, HARMLESS, LOSING, ENDING)
    root = project(tmp_path, image)
    for _ in range(40):
        report = build(root)
        waiting = lost(root)
        for entry, charged in waiting:
            request = json.loads(entry.body)["parts"]["request"]
            bought = sum(line.usd > 0 and is_for(line, request) for line in server.ledger) > charged
            said = [] if bought else ["--not-bought"]
            forge("jobs", "resolve", entry.key[:12], "--resubmit", *said, cwd=root, check=0)
        if not waiting and not report.failed:
            break
    assert not {node.id: node.error for node in report.nodes.values() if node.end not in ("done", "unchanged")}
    check_folder(root, {"litellm", image.removeprefix("by_"), "runway"})
    counts = Counter(asked(line) for line in server.ledger)
    free = sum(line.usd == 0 for line in server.ledger)
    spent = json.loads(forge("cost", "--format", "json", cwd=root, check=0).stdout)["total"]
    assert len(counts) == 8 + 25 + 4
    assert sum(counts.values()) - len(counts) == spent["failed_calls"] + free, "twice only after an end, or by the user"
    assert spent["calls"] == len(server.ledger) - free and spent["open_calls"] == 0
