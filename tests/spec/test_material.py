"""The files that `brief.files` names: what is read, and what is refused with a sentence that says what to type."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from personaforge.brief.material import Material, told_by
from personaforge.errors import SpecError
from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.material import MOST_CHARACTERS, material_of
from personaforge.spec.project import Project
from personaforge.testing import write_project

LONG = "id: ana\nbrief:\n  text: A Norwegian ceramicist of 33 from Bergen.\n  files: [{files}]\n"
FACTS = "She is 171 cm tall.\r\nA scar on her chin.\r\n"


def load(root: Path) -> object:
    project = Project(root)
    return Loader(project, domains=KNOWN).load(root / "personas/ana.yaml").settings


def written(tmp_path: Path, files: str = "ana.md", content: bytes | None = FACTS.encode()) -> Path:
    root = write_project(tmp_path / "own", {"ana": LONG.format(files=files)})
    if content is not None:
        (root / "personas/ana.md").write_bytes(content)
    return Path(os.path.realpath(root))


def refused(root: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load(root)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_a_files_text_has_no_byte_order_mark_and_plain_line_ends(tmp_path: Path) -> None:
    root = written(tmp_path, content=b"\xef\xbb\xbf" + FACTS.encode())
    (one,) = material_of(load(root))
    assert one.path == "personas/ana.md" and one.text == "She is 171 cm tall.\nA scar on her chin.\n"


def test_without_files_a_persona_has_no_such_setting(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": "id: ana\nbrief: {text: A ceramicist of 33.}\n"})
    settings = load(Path(os.path.realpath(root)))
    assert settings.value("brief") == "A ceramicist of 33."  # type: ignore[attr-defined]
    assert settings.get("material", "none") == "none"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("files", "content", "message"),
    [
        ("an.md", FACTS.encode(), "found 'an.md', and there is no such file (did you mean ana.md?)"),
        ("ana.md", b" \n", "'ana.md' is empty"),
        ("ana.md", "\u200b\ufeff \u2060\u200d\u3164\n".encode(), "'ana.md' is empty"),
        ("ANA.MD", FACTS.encode(), "found 'ANA.MD', and there is no such file (did you mean ana.md?)"),
        ("Ana.txt", FACTS.encode(), "found 'Ana.txt', and there is no such file (did you mean ana.md?)"),
        ("ana", FACTS.encode(), "expected a text: .md, .markdown, .txt (did you mean ana.md?)"),
        ("deeds.txt", FACTS.encode(), "there is no such file (there is deeds.docx: save it as plain text or Markdown)"),
        ("pipe.md", FACTS.encode(), "found 'pipe.md', which is a named pipe, expected a file (name a text file)"),
        ("loop.md", FACTS.encode(), "'loop.md', which is a symbolic link that leads back to itself, expected a file"),
        ("socket.md", FACTS.encode(), "found 'socket.md', which is a socket, expected a file"),
        ("ana.md", b"fine\nnot \xff fine", "'ana.md' is not UTF-8 text (line 2, byte 9)"),
        ("ana.md", b"a\0b", "'ana.md' is no text: it holds a zero byte"),
        ("ana.md, ./ana.md", FACTS.encode(), "found './ana.md', which is 'ana.md' again"),
        ("ana.yaml", FACTS.encode(), "found 'ana.yaml', expected a text: .md, .markdown, .txt"),
        ("../../out.md", FACTS.encode(), "found '../../out.md', which leads out of the project"),
        ("/etc/motd.txt", FACTS.encode(), "found '/etc/motd.txt', expected a path from the folder"),
        ("../build/a.md", FACTS.encode(), "found '../build/a.md', in a folder that forge or git writes"),
        ("folder.md", FACTS.encode(), "found 'folder.md', which is a folder, expected a file"),
        ("ana.md", b"x" * (MOST_CHARACTERS + 1), f"found {MOST_CHARACTERS + 1} characters in 1 file, expected"),
        ("ana.md", b"x" * (4 * MOST_CHARACTERS + 1), "'ana.md' is larger than 200 kB"),
    ],
)
def test_what_cant_be_read_is_said(tmp_path: Path, files: str, content: bytes, message: str) -> None:
    root = written(tmp_path, files, content)
    (root / "personas/folder.md").mkdir()
    (root / "personas/deeds.docx").write_bytes(b"PK")
    os.mkfifo(root / "personas/pipe.md")
    (root / "personas/loop.md").symlink_to("loop.md")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "personas/socket.md"))
    said = refused(root)
    assert message in said and "personas/ana.yaml:4" in said, said


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    root = written(tmp_path, content=None)
    (tmp_path / "secret.md").write_text("secret", "utf-8")
    os.symlink(tmp_path / "secret.md", root / "personas/ana.md")
    assert "'ana.md', which leads out of the project" in refused(root)


def test_a_brief_that_is_too_long_is_told_of_files(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": f"id: ana\nbrief: {'word ' * 900}\n"})
    said = refused(Path(os.path.realpath(root)))
    assert "found 4499 characters" in said and "4000 characters at most" in said and "files: [notes.md]" in said, said


def test_a_pipeline_without_a_summary_is_refused(tmp_path: Path) -> None:
    root = written(tmp_path)
    (root / "conf/pipeline").mkdir(parents=True, exist_ok=True)
    (root / "conf/pipeline/bare.yaml").write_text("defaults: [parts/layers@_here_, _self_]\nname: bare\n", "utf-8")
    with open(root / "personas/ana.yaml", "a", encoding="utf-8") as file:
        file.write("pipeline: bare\n")
    assert "no step of the pipeline is of the kind summary" in refused(root)


def test_the_guard_names_file_and_line(tmp_path: Path) -> None:
    root = written(tmp_path, content=b"She is kind.\n\nMira is 14 years old.\n")
    said = refused(root)
    assert "personas/ana.md:3" in said and "every persona, and everybody shown, is 18 or older" in said, said


@pytest.mark.parametrize("filler", ["She is kind.\n", "kind and ", "善良"])
def test_the_guard_reads_every_part_of_a_long_file(tmp_path: Path, filler: str) -> None:
    """Wherever the words stand: no part begins or ends within them."""
    for place in (700, 880, 975, 990):
        before = (filler * 600)[:place]
        root = written(tmp_path / str(place), content=f"{before}; Mira is 14 years old, {filler * 300}".encode())
        assert "18 or older" in refused(root), place


def test_what_a_summary_leaves_out_is_told() -> None:
    file = Material("notes.md", "d", "She is 171 cm tall.\nShe has a scar.\nA ceramicist.\n")
    found = list(told_by("A ceramicist of 33.", [file], "She is 171 cm tall."))
    assert [(one.fact.kind, one.place, one.summarised) for one in found if one.fact.kind != "gender"] == [
        ("height", "notes.md:1", True),
        ("mark", "notes.md:2", False),
    ]


def test_a_name_that_no_file_can_have_is_named(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": 'id: ana\nbrief: {text: A calm gardener., files: ["x\\0"]}\n'})
    with pytest.raises(SpecError) as caught:
        load(root)
    assert [(one.path, one.message) for one in caught.value.problems] == [
        ("brief.files.0", "found 'x\\x00', which is no name of a file")
    ]
