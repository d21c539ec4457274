"""What lies beside a page: the files at their full size, whole and current, and gone when no page names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from personaforge.persona.removal import remove
from personaforge.persona.rename import rename
from personaforge.report.sections import KEYS, in_words
from personaforge.store.pages import file_name, sweep, wrote
from tests.report.reading import Page
from tests.report.test_pages import check_self_contained, check_sound, page_of, write
from tests.run.conftest import PERSONA, Studio

Make = Callable[..., Studio]
LIST = ".forge.json"


def beside(studio: Studio) -> dict[str, bytes]:
    folder = studio.root / "reports/files"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def test_pictures_and_clips_lie_beside_the_page_as_they_were_judged(studio: Studio) -> None:
    studio.build()
    page = page_of(studio)
    files = beside(studio)
    built = {path.read_bytes() for path in (studio.root / "build/ana").rglob("*.*") if path.suffix in (".png", ".webm")}
    assert {data for name, data in files.items() if name != LIST} <= built
    assert sum(name.endswith(".png") for name in files) == 4, "every picture, and the anchor"
    clips = page.all("video")
    assert clips and all(one["src"].removeprefix("files/") in files and one["poster"] for one in clips)
    large = [one for one in page.all("img") if one.get("loading") == "lazy"]
    assert {one["src"].removeprefix("files/") for one in large} == {name for name in files if name.endswith(".png")}


def test_a_page_that_stands_for_itself_has_nothing_beside_it(studio: Studio) -> None:
    studio.build()
    write(studio, standalone=True)
    assert not beside(studio)
    page = Page(studio.root / "reports/ana.html")
    check_self_contained(page, {"index.html"}, standalone=True)
    check_sound(page)
    assert "All personas" not in page.text, "a page that is mailed has no other one beside it"
    assert "it loads nothing and runs no script" in page.text and not page.all("video")


def test_a_file_that_was_changed_is_written_again_and_an_old_one_goes(studio: Studio) -> None:
    studio.build()
    write(studio)
    files = beside(studio)
    folder = studio.root / "reports/files"
    changed = sorted(files)[1]
    (folder / changed).write_bytes(b"another")
    old, others = (file_name("ana", "image/02", digit * 64, ".png") for digit in "01")
    wrote(studio.root / "reports", (old,))
    for name in (old, others):
        (folder / name).write_bytes(b"of an earlier build")
    write(studio, "ana")
    assert beside(studio)[changed] == files[changed]
    assert old in beside(studio), "only a report on all of them knows what none of them names"
    write(studio)
    del files[LIST]
    assert beside(studio).pop(others) == b"of an earlier build", "a bundler's files have such names, too"
    assert files.items() <= beside(studio).items() and old not in beside(studio)


def test_nothing_goes_while_a_page_cannot_be_read(studio: Studio) -> None:
    studio.build()
    write(studio)
    files = beside(studio)
    (studio.root / "reports/other.html").write_bytes(b"\xff\xfe")
    (studio.root / "reports/ana.html").unlink()
    assert sweep(studio.root / "reports") == [] and beside(studio) == files
    (studio.root / "reports/other.html").unlink()
    assert {path.name for path in sweep(studio.root / "reports")} == files.keys() - {LIST}


def test_a_renamed_persona_keeps_its_files_and_a_removed_one_leaves_none(studio: Studio) -> None:
    studio.build()
    write(studio)
    with studio.open() as space:
        rename(space.store, "ana", "anna")
    page = Page(studio.root / "reports/anna.html")
    assert all((studio.root / "reports" / one["src"]).is_file() for one in page.all("video"))
    with studio.open() as space:
        remove(space.store, "anna", with_file=True)
    assert set(beside(studio)) == {LIST}


def test_the_index_finds_and_sorts(make_studio: Make) -> None:
    studio = make_studio(PERSONA)
    studio.build()
    (studio.root / "personas/eva.yaml").write_text(PERSONA.replace("id: ana", "id: eva"))
    page = Page(write(studio).project)
    rows = {one["data-name"]: one for one in page.all("li") if "data-name" in one}
    assert rows["Ana"]["data-states"].split()[0] == "complete" and float(rows["Ana"]["data-mean"]) > 0.9
    assert rows["eva"]["data-states"].split()[0] == "unbuilt" and rows["eva"]["data-mean"] == ""
    assert [one["id"] for one in page.all("select")] == ["only", "by"] and page.all("input")[0]["id"] == "find"


@pytest.mark.parametrize("section", sorted(KEYS))
def test_facts_come_in_a_human_order(section: str) -> None:
    path = Path(__file__).parents[2] / f"conf/schema/{section}.yaml"
    keys = sorted(OmegaConf.load(path)["properties"])
    rows = dict(in_words({section: dict.fromkeys(keys, "x")}))[section]
    assert [key.replace(" ", "_") for key, _ in rows] == list(KEYS[section])


def test_sentences_in_a_list_are_told_apart() -> None:
    mask = {"tone": ["dry", "warm"], "signature_phrases": ["Well, then.", "Go on."]}
    rows = dict(dict(in_words({"mask": mask}))["mask"])
    assert rows == {"tone": "dry, warm", "signature phrases": "Well, then. · Go on."}
