"""The speech step: nothing where `speech` is `none`, otherwise a sound for each line, bought once, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson
import pytest

from personaforge.errors import SpecError
from personaforge.testing.contract import CANARY, stocked
from personaforge.testing.media import sound
from personaforge.testing.server import Becomes, Server, serving
from tests.run.conftest import PERSONA, PIPELINE, Studio
from tests.server import elevenlabs, openai_speech

STEP = """\
  speech: {kind: speech, needs: [profile], provider: "${speech.provider}", model: "${speech.model}",
           lines: {greeting: hello.j2, farewell: bye.j2}}
  document:"""
SPOKEN = {
    "conf/pipeline/small.yaml": PIPELINE.replace("  document:", STEP).replace("video, finish", "video, speech, finish"),
    "templates/hello.j2": "Hi, I'm {{ profile.surface.name }}\n  and I want {{ profile.soul.desire }}.",
    "templates/bye.j2": "Bye!",
    "conf/speech/studio.yaml": """\
provider: openai
model: gpt-4o-mini-tts
voice: coral
format: mp3
timeout_seconds: 5
prices: {gpt-4o-mini-tts: 0.00002}
""",
}
ASKED = PERSONA + "speech: studio\n"
NODES = ("speech/greeting", "speech/farewell")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*openai_speech.ROUTES, *elevenlabs.ROUTES) as found:
        for name in ("OPENAI", "ELEVENLABS"):
            monkeypatch.setenv(f"FORGE_{name}_URL", found.url)
            monkeypatch.setenv(f"{name}_API_KEY", CANARY)
        yield stocked(found)


def test_where_speech_is_none_there_is_no_node(make_studio: Callable[..., Studio], server: Server) -> None:
    studio = make_studio(files=SPOKEN)
    assert not [name for name in studio.states() if name.startswith("speech")]


def test_each_line_is_spoken_once_and_pinned(make_studio: Callable[..., Studio], server: Server) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    assert {studio.node(name).state for name in NODES} <= {"run", "maybe"}
    studio.build()
    said = {call.json["input"] for call in server.calls("openai.speech")}
    assert said == {"Hi, I'm Ana and I want to be left in peace with her roses.", "Bye!"}
    assert {call.json["voice"] for call in server.calls("openai.speech")} == {"coral"}
    folder = studio.root / "build/ana"
    for name in ("greeting", "farewell"):
        content = (folder / f"audio/{name}.mp3").read_bytes()
        assert content in {sound("mp3", f"spoken {number}")[0] for number in (1, 2)}
    document = orjson.loads((folder / "persona.json").read_bytes())
    entry = document["artifacts"]["speech/farewell"]
    assert entry["file"] == "audio/farewell.mp3" and entry["media_type"] == "audio/mpeg" and entry["said"] == "Bye!"
    assert "speech/farewell" in studio.lock.read_text()
    assert not studio.running() and len(server.ledger) == 2


def test_only_what_is_said_otherwise_is_spoken_again(make_studio: Callable[..., Studio], server: Server) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    studio.build()
    studio.edit("templates/bye.j2", ("Bye!", "So long!"))
    studio.build()
    assert [call.json["input"] for call in server.calls("openai.speech")][2:] == ["So long!"]


def test_a_plan_says_what_speech_may_cost(make_studio: Callable[..., Studio], server: Server) -> None:
    silent = make_studio(files=SPOKEN, name="silent").plan().estimate.usd_max
    spoken = make_studio(ASKED, files=SPOKEN).plan().estimate.usd_max
    assert silent is not None and spoken is not None
    assert spoken - silent == pytest.approx(2 * 200 * 0.00002), "200 characters are assumed for each of two lines"


def test_a_fallback_speaks_with_a_voice_of_its_own(make_studio: Callable[..., Studio], server: Server) -> None:
    other = "fallbacks: [{provider: elevenlabs, model: eleven-1}]\n"
    preset = SPOKEN["conf/speech/studio.yaml"] + other
    with pytest.raises(SpecError, match="elevenlabs eleven-1 has no voice"):
        make_studio(ASKED, files={**SPOKEN, "conf/speech/studio.yaml": preset}, name="without").plan()
    preset += "voices: {eleven-1: abc}\n"
    studio = make_studio(ASKED, files={**SPOKEN, "conf/speech/studio.yaml": preset})
    server.script("openai.speech", *[Becomes("blocked")] * 2)
    studio.build()
    assert {call.path for call in server.calls("elevenlabs.speech")} == {"/v1/text-to-speech/abc"}
    assert "gpt-4o-mini-tts (blocked)" in studio.lock.read_text()


def test_a_line_that_says_nothing_is_an_error_before_anything_is_bought(
    make_studio: Callable[..., Studio], server: Server
) -> None:
    studio = make_studio(ASKED, files={**SPOKEN, "templates/bye.j2": "{# nothing #}\n"})
    report = studio.build()
    assert "says nothing" in str(report.nodes["ana/speech/farewell"].error)
    assert [call.json["input"] for call in server.calls("openai.speech") if "Bye" in call.json["input"]] == []
