"""The pages in a real browser, where one is installed: what no parser can tell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from personaforge.testing.server import Server
from tests.drift.test_attribution import changed
from tests.report.test_pages import write
from tests.run.conftest import PERSONA, Studio
from tests.run.test_attempts import FAR, by_attempt
from tests.run.test_speech import ASKED, SPOKEN, server

__all__ = ["changed", "server"]

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed here")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--disable-extensions", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
)  # fmt: skip
REPORTING = """<script>
const wide = [...document.querySelectorAll("body *")].filter(
  (one) => !one.closest(".scroll") && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
document.body.dataset.found = [innerWidth, document.documentElement.scrollWidth,
  [...document.images].filter((one) => !one.naturalWidth && one.loading !== "lazy").length,
  document.images.length, wide.length].join(" ");
</script></body>"""


def browse(page: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open a page headless, with a profile of its own."""
    profile = folder / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *options, page.as_uri()]
    home = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, timeout=110, env=home)


@pytest.fixture
def pages(make_studio: Callable[..., Studio]) -> list[Path]:
    long = "A gardener-" + "who-never-stops-" * 12
    persona = PERSONA.replace("A calm gardener who talks to her roses.", long)
    studio = make_studio(
        persona.replace("max_attempts: 3", "max_attempts: 2, accept_threshold: 0.9"), color=by_attempt(FAR)
    )
    studio.build()
    written = write(studio)
    return [written.pages[0].path, written.project]


@pytest.fixture
def spoken(make_studio: Callable[..., Studio], server: Server) -> Path:
    studio = make_studio(ASKED, files=SPOKEN, name="spoken")
    studio.build()
    return write(studio).pages[0].path


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 1280])
def test_nothing_is_wider_than_the_screen_and_every_picture_shows(
    pages: list[Path], tmp_path: Path, width: int
) -> None:
    check_fits(pages, tmp_path, width)


@pytest.mark.slow
def test_causes_speech_and_problems_fit_phones(changed: tuple[Studio, list[str]], spoken: Path, tmp_path: Path) -> None:
    written = write(changed[0])
    check_fits([written.pages[0].path, written.project, spoken], tmp_path, 500)


def check_fits(pages: list[Path], tmp_path: Path, width: int) -> None:
    for page in pages:
        # The page itself forbids scripts, so a copy without that policy is asked.
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text()).replace(
            "</body>", REPORTING
        )
        copy = tmp_path / f"copy-{page.name}"
        copy.write_text(re.sub("<details(?! open)([^>]*)>", r"<details open\1>", text))
        done = browse(copy, tmp_path, f"--window-size={width},900", "--dump-dom")
        found = re.search(r'data-found="([\d ]+)"', done.stdout)
        assert found, done.stderr[-2000:]
        inner, scroll, broken, pictures, wide = map(int, found.group(1).split())
        assert inner == width and scroll <= width and wide == 0, (page.name, found.group(1))
        assert broken == 0 and pictures > 0


@pytest.mark.slow
def test_it_follows_light_and_dark_and_breaks_no_rule_of_its_own(pages: list[Path], tmp_path: Path) -> None:
    corners = {}
    for name, options in (("light", ()), ("dark", ("--blink-settings=preferredColorScheme=0",))):
        shot = tmp_path / f"{name}.png"
        done = browse(pages[0], tmp_path, f"--screenshot={shot}", "--window-size=500,844", *options)
        assert shot.exists(), done.stderr[-2000:]
        # The console names whatever the content security policy had to refuse: nothing of ours.
        assert "CONSOLE" not in done.stderr and "Content Security Policy" not in done.stderr, done.stderr[-2000:]
        with Image.open(shot) as picture:
            pixels = picture.convert("RGB")
            corners[name] = pixels.getpixel((2, 2))
            assert len(pixels.getcolors(maxcolors=500_000) or ()) > 50, "there is something to see"
    assert min(corners["light"]) > 240 and max(corners["dark"]) < 40, corners


FINDING = """<script>
const seen = () => rows.filter((one) => one.offsetParent !== null).map((one) => one.dataset.name).join(" ");
const found = [seen()];
find.value = "EV"; find.dispatchEvent(new Event("input")); found.push(seen());
find.value = ""; only.value = "unbuilt"; only.dispatchEvent(new Event("change")); found.push(seen());
only.value = ""; only.dispatchEvent(new Event("change"));
by.value = "mean up"; by.dispatchEvent(new Event("change"));
found.push([...list.children].map((one) => one.dataset.name).join(" "));
document.body.dataset.found = found.join("|");
</script></body>"""


@pytest.mark.slow
def test_the_index_hides_what_is_not_looked_for(make_studio: Callable[..., Studio], tmp_path: Path) -> None:
    studio = make_studio(PERSONA)
    studio.build()
    (studio.root / "personas/eva.yaml").write_text(PERSONA.replace("id: ana", "id: eva"))
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", write(studio).project.read_text())
    copy = tmp_path / "index.html"
    copy.write_text(text.replace("</body>", FINDING))
    done = browse(copy, tmp_path, "--window-size=1280,900", "--dump-dom")
    found = re.search(r'data-found="([^"]+)"', done.stdout)
    assert found, done.stderr[-2000:]
    assert found.group(1).split("|") == ["Ana eva", "eva", "eva", "Ana eva"], "what has no mean comes last"
