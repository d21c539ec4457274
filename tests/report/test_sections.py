"""Speech, causes and problems on the pages: what is heard, what a marked change is attributed to, who needs a look."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from personaforge.report.pages import speech
from personaforge.testing.server import Server
from tests.drift.test_attribution import changed
from tests.report.reading import Page
from tests.report.test_pages import check_self_contained, check_sound, page_of, write
from tests.run.conftest import PERSONA, Studio
from tests.run.test_attempts import FAR, by_attempt
from tests.run.test_speech import ASKED, SPOKEN, server

__all__ = ["changed", "server"]
Make = Callable[..., Studio]


def test_what_is_said_can_be_heard_without_a_request(make_studio: Make, server: Server) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    studio.build()
    page = page_of(studio)
    check_self_contained(page, {"index.html"})
    check_sound(page)
    farewell, greeting = page.all("audio")
    assert "controls" in greeting and "autoplay" not in greeting and greeting["aria-label"] == "greeting"
    for one, name in ((greeting, "greeting"), (farewell, "farewell")):
        data = base64.b64decode(one["src"].partition(",")[2])
        assert data == (studio.root / f"build/ana/audio/{name}.mp3").read_bytes()
    for text in ("Hi, I'm Ana and I want to be left in peace with her roses.", "Bye!", "coral", "gpt-4o-mini-tts"):
        assert text in page.text, text
    assert "speech" in {one["id"] for one in page.all("section")}


def test_sounds_stay_small_and_lost_ones_are_named(
    make_studio: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    studio.build()
    files = [studio.root / f"build/ana/audio/{name}.mp3" for name in ("greeting", "farewell")]
    monkeypatch.setattr(speech, "MAX_BYTES", 4 * files[0].stat().st_size // 3 + 4)
    write(studio, "ana", standalone=True)
    page = Page(studio.root / "reports/ana.html")
    assert len(page.all("audio")) == 1 and "too large for this page" in page.text
    assert "audio/greeting.mp3" in page.text
    inside, beside = page_of(studio).all("audio")
    assert inside["src"].startswith("data:audio/mpeg")
    assert (studio.root / "reports" / beside["src"]).read_bytes() == files[0].read_bytes(), "too large: beside"
    monkeypatch.setattr(speech, "MAX_BYTES", 800_000)
    for file in files:
        for blob in (studio.root / ".forge/blobs").glob("*/*"):
            if blob.is_file() and blob.read_bytes() == file.read_bytes():
                blob.unlink()
        file.unlink()
    shutil.rmtree(studio.root / "reports/files")
    page = page_of(studio)
    assert not page.all("audio") and page.text.count("Not in this page:") == 2


def test_before_it_is_spoken_there_is_no_sound(make_studio: Make, server: Server) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    studio.build("+image/02")
    page = page_of(studio)
    assert not page.all("audio") and "not spoken" in page.text


def test_a_marked_change_says_what_it_is_attributed_to(changed: tuple[Studio, list[str]]) -> None:
    studio, commits = changed
    page = page_of(studio)
    check_self_contained(page, {"index.html"})
    check_sound(page)
    for text in (
        "evidence down passed", "Changed since record 16 (95 %: 16 to 16)", "template image.j2", commits[2][:12],
        "authored 2026-03-03 09:30 +0100", "in cold light", "nothing that a record names", "3 of 3 nodes",
    ):  # fmt: skip
        assert text in page.text, text
    kinds = [one["class"] for one in page.all("div") if one.get("class") in ("add", "del")]
    assert kinds == ["del", "add"]
    assert "degrading: template image.j2" in page.source, "the chart's own label"
    project = Page(studio.root / "reports/index.html")
    assert "1 degrading" in project.text and "composite of images: degrading since record 16" in project.text
    assert "likely cause: template image.j2" in project.text and "latest" in project.text


def test_steadiness_and_quality_are_drawn_too(changed: tuple[Studio, list[str]]) -> None:
    studio, _ = changed
    page = page_of(studio)
    labels = [one["aria-label"] for one in page.all("div") if one.get("class") == "scroll"]
    assert "Chart: sharpness of images' faces" in labels and "logarithmic axis" in page.text
    assert "too few to draw: " in page.text and "facial ratios' mean variance over a clip's frames (1)" in page.text


def test_the_projects_page_names_open_problems(make_studio: Make) -> None:
    studio = make_studio(
        PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.9"), color=by_attempt(FAR)
    )
    studio.build()
    (studio.root / "personas/eva.yaml").write_text(PERSONA.replace("id: ana", "id: eva"))
    project = Page(write(studio).project)
    check_self_contained(project, {"ana.html"})
    check_sound(project)
    assert "1 rejected" in project.text and "open problems" in project.text
    assert "2 1 built" in project.text and "forge build eva" in project.text, "who is not built has no problem yet"
    studio.edit("templates/image.j2", ("yaw {{", "turned {{"))
    assert "has changed since" in Page(write(studio).project).text


def test_a_page_with_speech_stays_under_the_budget(make_studio: Make, server: Server, tmp_path: Path) -> None:
    studio = make_studio(ASKED, files=SPOKEN)
    studio.build()
    (page,) = write(studio, out=tmp_path / "out").pages
    assert page.size < 3_000_000 and speech.MAX_BYTES < 1_000_000
