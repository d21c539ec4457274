"""Long material of a brief: the text files that `brief.files` names, read safely. A persona file may come from a
stranger, so a path leads nowhere out of the project, and what is no text is refused. Nothing here says what a text
states: that is `personaforge.brief`; which texts are refused is `personaforge.guard`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from personaforge.brief.material import Material
from personaforge.brief.text import is_blank
from personaforge.digest import digest_bytes
from personaforge.errors import Problem, SpecError
from personaforge.listing import counted
from personaforge.spec.project import Project, inside
from personaforge.spec.source import open_file, read_source, why_unread

SUFFIXES = (".md", ".markdown", ".txt")
MOST_FILES = 16
"""Chosen by us: enough for a book of notes by chapter."""
MOST_CHARACTERS = 50_000
"""In all files of a brief together, chosen by us: 12,500 tokens at the usual four characters each. With a brief and the
template it stays below `templating.MAX_RENDERED`. Measured: forge's own reading of twice as many takes 2 seconds."""
MOST_BYTES = 4 * MOST_CHARACTERS
"""A character of UTF-8 has 4 bytes at most."""
_OURS = ("build", "reports", ".forge", ".git")
"""Folders at the top of a project in which no material lies: forge and git write there."""


def read_material(project: Project, file: Path, wanted: Sequence[Any]) -> tuple[list[Material], list[Problem]]:
    """Return the files that a persona file names, and what is wrong with them; `wanted` are paths from the folder of
    the persona's file. What is no text at all is left to the model."""
    found: list[Material] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for index, name in enumerate(wanted):
        if not isinstance(name, str) or not name.strip():
            continue
        if "\0" in name:  # no file system has such a name, and Python refuses to look for it
            problems.append(_problem(index, f"found {name!r:.200}, which is no name of a file", "files: [notes.md]"))
            continue
        real = os.path.realpath(file.parent / name)
        if real in seen:
            problems.append(_problem(index, f"found {name!r:.200}, which is {seen[real]!r:.200} again", "name it once"))
            continue
        seen[real] = name
        wrong = _place_fault(project, file, name, real)
        one = wrong or _read(project, file, name, real)
        if isinstance(one, Material):
            found.append(one)
        else:
            problems.append(_problem(index, *one))
    size = sum(len(one.text) for one in found)
    if size > MOST_CHARACTERS:
        message = f"found {size} characters in {counted(len(found), 'file')}, expected {MOST_CHARACTERS} at most"
        problems.append(Problem("", "brief.files", message, "keep what says who the person is"))
    return found, problems


def _problem(index: int, message: str, hint: str) -> Problem:
    return Problem("", f"brief.files.{index}", message, hint)


def _place_fault(project: Project, file: Path, name: str, real: str) -> tuple[str, str] | None:
    """Return why a file may not be there, with what to do."""
    if os.path.isabs(name):
        return f"found {name!r:.200}, expected a path from the folder of the persona's file", "files: [notes.md]"
    if not inside(real, project.root):
        return f"found {name!r:.200}, which leads out of the project", "move it beside the persona's file"
    top = os.path.relpath(real, project.root).split(os.sep)[0]
    if top in _OURS:
        return f"found {name!r:.200}, in a folder that forge or git writes", "move it beside the persona's file"
    if not real.lower().endswith(SUFFIXES) or not name.lower().endswith(SUFFIXES):
        hint = "save it as plain text or Markdown" if os.path.lexists(real) else _near(file.parent, name)
        return f"found {name!r:.200}, expected a text: {', '.join(SUFFIXES)}", hint
    return None


def _read(project: Project, file: Path, name: str, real: str) -> Material | tuple[str, str]:
    try:
        with open_file(real, follow=True) as opened:
            data = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return f"found {name!r:.200}, and there is no such file", _near(file.parent, name)
    except OSError as error:
        hint = "name each file" if isinstance(error, IsADirectoryError) else "name a text file"
        why = why_unread(error)
        return (f"found {name!r:.200}, which {why}", hint) if why.startswith("is ") else (f"{name!r:.200} {why}", "")
    if len(data) > MOST_BYTES:
        return f"{name!r:.200} is larger than {MOST_BYTES // 1000} kB", "keep what says who the person is"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return f"{name!r:.200} is not UTF-8 text (line {line}, byte {error.start})", "save it as UTF-8"
    if "\0" in text:
        return f"{name!r:.200} is no text: it holds a zero byte", "save it as plain text or Markdown"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_blank(text):
        return f"{name!r:.200} is empty", "write something into it, or take it out of the list"
    return Material(project.relative(real), digest_bytes(data), text)


def _near(folder: Path, name: str) -> str:
    """Return what to write instead of a name that isn't there: the nearest one, whatever its case and ending."""
    parent = folder / os.path.dirname(name)
    try:
        everything = sorted(os.listdir(parent))
    except OSError:
        return "paths are relative to the folder of the persona's file"
    names = [one for one in everything if one.lower().endswith(SUFFIXES)]
    stem = _stem(name)
    same = [one for one in names if _stem(one) == stem]
    stems = {_stem(one): one for one in names}
    close = same or [stems[one] for one in get_close_matches(stem, stems, 1)]
    if close:
        return f"did you mean {os.path.join(os.path.dirname(name), close[0])}?"
    other = [one for one in everything if _stem(one) == stem and one[0] != "."]
    if other:
        return f"there is {other[0]}: save it as plain text or Markdown"
    shown = [os.path.join(os.path.dirname(name), one) for one in names[:8]]
    return f"there is: {', '.join(shown)}" if shown else "paths are relative to the folder of the persona's file"


def _stem(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0].casefold()


def with_material(plain: Mapping[str, Any], material: Sequence[Material]) -> dict[str, Any]:
    """Return a persona's values as steps read them: `brief` is the text alone, and `material` has the files; there is
    no such key without any."""
    brief = plain["brief"]
    found = {**plain, "brief": brief["text"] if isinstance(brief, Mapping) else brief}
    if material:
        # Apart from the texts, so that what reads only which files there are keeps no copy of them.
        listed = [{"path": one.path, "digest": one.digest} for one in material]
        found["material"] = {"files": listed, "texts": [one.text for one in material]}
    return found


def files_of(brief: Any) -> list[Any]:
    """Return what a composed brief names as files; empty where it is a text, or wrong."""
    files = brief.get("files") if isinstance(brief, Mapping) else None
    return list(files[: MOST_FILES + 1]) if isinstance(files, (list, tuple)) else []


def named_files(project: Project, file: Path) -> list[Path]:
    """Return the files in the project that a persona file itself names, as far as it can be read and they are there."""
    import yaml

    try:
        body = yaml.load(read_source(file, project.relative(file), root=project.root).text, yaml.CSafeLoader)
    except SpecError:
        return []
    found, _ = read_material(project, file, files_of(body.get("brief") if isinstance(body, Mapping) else None))
    return [project.root / one.path for one in found]


def material_of(settings: Any) -> tuple[Material, ...]:
    """Return the files of a loaded persona's brief; empty where it has none."""
    found = settings.get("material")
    if not found:
        return ()
    pairs = zip(found["files"], found["texts"], strict=True)
    return tuple(Material(one["path"], one["digest"], text) for one, text in pairs)
