"""Two builds at once, kills at any moment, edits while a build runs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from personaforge.providers.protocols import Reply
from personaforge.store.upkeep import verify
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.conftest import Times
from tests.run.conftest import Studio

# A build in a process of its own. Every call of a provider is noted in a file before it answers and after, so that a
# test can count what really ran, whoever was killed.
BUILD = """\
import os, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.run.conftest import Studio, answer, clip, SKIN
from personaforge.testing import scripted_images, scripted_text, Scripted
from personaforge.providers.protocols import Blob, Reply
from personaforge.workspace.workspace import BuildOptions

log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def noted(reply):
    def answer(request):
        name = request.kind + " " + str(request.fields.get("section") or request.fields.get("seed"))
        os.write(log, ("start " + name + "\\n").encode())
        time.sleep({pause})
        found = reply(request)
        os.write(log, ("end " + name + "\\n").encode())
        return found
    return answer

text = scripted_text(answer).register()
images = scripted_images(lambda request: SKIN).register()
clips = Scripted(lambda request: Reply(blob=Blob(clip(SKIN, request.fields["prompt"]), "video/webm")), "video",
                 frozenset({{"prompt", "seed", "attempt", "reference"}})).register()
for provider in (text, images, clips):
    provider.answer = noted(provider.answer)
studio = Studio(Path({project!r}), text, images, clips)
print("ready", flush=True)
report = studio.build(options=BuildOptions(jobs=2))
good = ("done", "unchanged", "restored")
bad = [(node.id, node.end, node.error) for node in report.nodes.values() if node.end not in good]
print(bad, flush=True)
sys.exit(1 if bad else 0)
"""

ROOT = Path(__file__).resolve().parents[2]


def start(studio: Studio, log: Path, pause: float = 0.01) -> subprocess.Popen[str]:
    code = textwrap.dedent(BUILD).format(root=str(ROOT), log=str(log), project=str(studio.root), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_builds_of_one_persona_run_every_action_once(studio: Studio, tmp_path: Path) -> None:
    log = tmp_path / "log"
    builds = [start(studio, log, 0.05) for _ in range(2)]
    for build in builds:
        out, err = build.communicate(timeout=60)
        assert build.returncode == 0, out + err
    ran = Counter(line for line in log.read_text().splitlines() if line.startswith("end"))
    assert len(ran) == 10 and set(ran.values()) == {1}, ran
    assert not studio.plan().has_changes
    assert list((studio.root / ".forge/leases").iterdir()) == []


@pytest.mark.proof
def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(studio: Studio, tmp_path: Path, times: Times) -> None:
    most = times(8, 30)
    log = tmp_path / "log"
    chance = random.Random(20)
    kills = 0
    for _ in range(200):
        build = start(studio, log, 0.06)
        assert build.stdout is not None
        build.stdout.readline()  # ready: from here on it works
        try:
            build.wait(chance.uniform(0.0, 0.25))
        except subprocess.TimeoutExpired:
            build.send_signal(signal.SIGKILL)
            build.wait()
            kills += 1
        finally:
            build.stdout.close()
            assert build.stderr is not None
            build.stderr.close()
        with Workspace.open((), str(studio.root)) as space:
            found = verify(space.store)
            assert found.problems == [] and found.without_artifact == 0
        if kills >= most:
            break
        if build.returncode == 0:  # done before its kill: start over, so that the next kills find work
            _forget_one(studio, chance)
    assert kills == most
    last = start(studio, log, 0.0)
    out, err = last.communicate(timeout=60)
    assert last.returncode == 0, out + err
    assert not studio.plan().has_changes
    with Workspace.open((), str(studio.root)) as space:
        assert verify(space.store).problems == []
        ran_twice = [name for name, _ in space.store.records.all("actions") if "~" in name]
    assert ran_twice == [], "a completed action ran again"


def _forget_one(studio: Studio, chance: random.Random) -> None:
    """Give the next build something to do: another prompt for the clip, the images or the soul."""
    name = chance.choice(["clip.j2", "image.j2", "soul.j2"])
    path = studio.root / "templates" / name
    path.write_text(path.read_text().rstrip("\n") + f" {chance.random()}\n")


def test_an_edit_during_a_build_poisons_nothing(studio: Studio) -> None:
    plain = studio.text.answer
    asked = threading.Event()
    go_on = threading.Event()

    def slow(request: object) -> Reply:
        if not asked.is_set():
            asked.set()
            assert go_on.wait(20)
        return plain(request)  # type: ignore[arg-type]

    studio.text.answer = slow
    building = threading.Thread(target=studio.build)
    building.start()
    assert asked.wait(20)
    studio.edit("templates/clip.j2", ("{{ motion.description }}", "LATER {{ motion.description }}"))
    studio.edit("personas/ana.yaml", ("A calm gardener", "A loud gardener"))
    go_on.set()
    building.join()
    assert "LATER" not in studio.clips.calls[0].fields["prompt"]
    plan = studio.plan()
    assert {node.shape.name for node in plan.nodes() if node.state == "run"} >= {"soul", "video/wave"}
    studio.forget()
    studio.build()
    assert "loud" in studio.text.calls[0].fields["prompt"] and "LATER" in studio.clips.calls[0].fields["prompt"]


def test_stopping_ends_after_the_calls_in_flight_and_the_next_build_goes_on(studio: Studio) -> None:
    plain = studio.text.answer

    def stop_at_dna(request: object) -> Reply:
        if request.fields["section"] == "dna":  # type: ignore[attr-defined]
            studio.stop.set()
        return plain(request)  # type: ignore[arg-type]

    studio.text.answer = stop_at_dna
    report = studio.build(options=BuildOptions(jobs=1))
    assert report.interrupted and report.nodes["ana/dna"].end == "done"
    assert {node.end for node in report.nodes.values()} == {"done", "stopped"}
    assert "  dna: " in studio.lock.read_text(), "what was accepted is pinned before it ends"
    studio.forget()
    studio.build()
    assert {call.fields["section"] for call in studio.text.calls} == {"audit"}


def test_builds_of_several_personas_share_measurements_not_locks(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    other = (studio.root / "personas/ana.yaml").read_text().replace("id: ana", "id: bob")
    (studio.root / "personas/bob.yaml").write_text(other)
    report = studio.build()
    assert {name.partition("/")[0] for name in report.nodes} == {"ana", "bob"}
    assert (studio.root / "personas/bob.lock.yaml").exists()
    assert not studio.plan().has_changes


def test_events_tell_the_personas_story(studio: Studio) -> None:
    studio.build()
    types = [event.type for event in studio.events]
    assert types[0] == "build_started" and types[-1] == "build_finished"
    for name in ("persona_spec_started", "persona_spec_complete", "persona_image_started", "persona_image_progress",
                 "persona_image_complete", "persona_video_started", "persona_video_complete"):  # fmt: skip
        assert name in types, name
    assert types.index("persona_spec_complete") < types.index("persona_image_started")
    progress = [event.progress for event in studio.events if event.type.startswith("persona_image") and event.progress]
    assert progress == sorted(progress) and progress[-1] == 100
    for event in studio.events:
        json.dumps(event.as_json("job"))
    complete = next(event for event in studio.events if event.type == "persona_video_complete")
    assert complete.result == {"motionType": "wave", "url": "videos/wave.webm"}


def test_failures_have_their_events(studio: Studio) -> None:
    from personaforge.errors import Refused

    studio.clips.fail = lambda request, number: Refused("no credit")
    studio.build()
    (failed,) = [event for event in studio.events if event.type == "persona_video_failed"]
    assert failed.error == "wave video failed: no credit" and failed.result == {"motionType": "wave"}
    studio.events.clear()
    studio.edit("templates/soul.j2", ("{{ brief }}", "!{{ brief }}"))
    studio.text.fail = lambda request, number: Refused("no credit")
    studio.build()
    assert [event.error for event in studio.events if event.type == "persona_failed"] == [
        "Spec generation failed: no credit"
    ]


def test_a_killed_build_leaves_no_lease(studio: Studio, tmp_path: Path) -> None:
    build = start(studio, tmp_path / "log", 30.0)
    assert build.stdout is not None
    build.stdout.readline()
    deadline = time.monotonic() + 20
    while not (tmp_path / "log").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(build.pid, signal.SIGKILL)
    build.communicate()
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
