"""The build folder holds what the persona is now, and nothing of what it was."""

from __future__ import annotations

from collections.abc import Callable

from tests.run.conftest import PERSONA, Studio

PHONE = PERSONA.replace("\nidentity:", "\nrealism: phone\nidentity:")


def test_a_renamed_position_leaves_no_file_behind(studio: Studio) -> None:
    studio.build()
    images = studio.root / "build/ana/images"
    assert (images / "02-smiling.png").exists()
    studio.edit("conf/matrix/few.yaml", ("name: smiling", "name: beaming"))
    studio.build()
    assert not (images / "02-smiling.png").exists() and (images / "02-beaming.png").exists()


def test_a_step_left_out_takes_its_files_along_and_going_back_restores_them(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PHONE)
    studio.build()
    finished = studio.root / "build/ana/finished"
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    studio.edit("personas/ana.yaml", ("realism: phone\n", ""))
    studio.build()
    assert not finished.exists()
    assert "finish/02" not in studio.states()
    with studio.open() as space:
        assert not [row for row in space.store.index.node_history("ana") if "/finish/" in row[0]]
    studio.forget()
    studio.edit("personas/ana.yaml", ("\nidentity:", "\nrealism: phone\nidentity:"))
    report = studio.build()
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before
    assert studio.calls() == 0 and report.performed <= 2, "at most the document and the sheet are written anew"


def test_what_somebody_edited_stays(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PHONE)
    studio.build()
    edited = studio.root / "build/ana/finished/02-smiling.jpg"
    edited.write_bytes(edited.read_bytes() + b"retouched")
    studio.edit("personas/ana.yaml", ("realism: phone\n", ""))
    studio.build()
    assert [path.name for path in edited.parent.iterdir()] == ["02-smiling.jpg"]


def test_what_the_store_has_lost_stays(make_studio: Callable[..., Studio]) -> None:
    import shutil

    studio = make_studio(PHONE)
    studio.build()
    shutil.rmtree(studio.root / ".forge/blobs")
    studio.edit("personas/ana.yaml", ("realism: phone\n", ""))
    studio.build()
    assert (studio.root / "build/ana/finished/02-smiling.jpg").exists()


def test_a_selection_clears_nothing_that_it_left_out(studio: Studio) -> None:
    studio.build()
    studio.build("image/02")
    assert len(list((studio.root / "build/ana/images").iterdir())) == 4
