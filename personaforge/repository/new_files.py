"""New files in a folder: all of them or none, and never in the place of what is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from personaforge.errors import StoreError


class Exists(StoreError):
    """There is something in the place of a file."""


def write_new(folder: Path, texts: Mapping[str, str], executable: Sequence[str] = (), *, hint: str) -> None:
    """Write texts by their path in a folder, which may be new. `hint` says how to name another folder.

    Raises Exists when any of the files is there, naming all that are, and StoreError when one can't be written; in both
    cases no file is left behind.
    """
    _refuse_what_exists(folder, texts, hint)
    _write_all(folder, texts, executable)


def _refuse_what_exists(folder: Path, texts: Mapping[str, str], hint: str) -> None:
    found: dict[str, None] = {}
    if os.path.lexists(folder) and not folder.is_dir():
        raise Exists("is there, and no folder", where=str(folder), hint=hint)
    for name in sorted(texts):
        path = folder / name
        parents = [folder / part for part in Path(name).parents if part != Path(".")]
        in_the_way = [part for part in parents if part.is_symlink() or (os.path.lexists(part) and not part.is_dir())]
        if os.path.lexists(path) and not in_the_way:
            found[name] = None
        for part in in_the_way:
            found[f"{part.relative_to(folder)} (no folder, or a link)"] = None
    if found:
        message = f"nothing was written, since these are there: {', '.join(found)}"
        raise Exists(message, where=str(folder), hint=f"move them away, or {hint}")


def _write_all(folder: Path, texts: Mapping[str, str], executable: Sequence[str]) -> None:
    """Write all files; when one can't be written, remove those that were."""
    made: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            for parent in reversed(path.parents):
                if not parent.is_dir():
                    parent.mkdir()
                    made.append(parent)
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
            if name in executable:
                path.chmod(0o755)
    except BaseException as error:
        for path in reversed(made):
            try:
                path.rmdir() if path.is_dir() else path.unlink()
            except OSError:
                continue
        if isinstance(error, OSError):
            where = str(error.filename or folder)
            raise StoreError(f"can't be written: {error.strerror}; nothing was left behind", where=where) from error
        raise
