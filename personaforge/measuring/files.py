"""Which files a command measures: those that its arguments name, or a persona's own built ones."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from personaforge.errors import PersonaForgeError
from personaforge.faces.picture import SUFFIXES
from personaforge.measuring.measurements import where_looked
from personaforge.results.results import Results
from personaforge.spec.settings import Settings
from personaforge.store.store import Store

_SUFFIXES = {"picture": SUFFIXES, "clip": (".webm", ".mp4", ".m4v", ".mov", ".avi")}
"""Endings of the names of files that are taken for these in a folder, in lower case."""
_OUTPUTS = {"picture": "image", "clip": "clip"}


def is_clip(path: str) -> bool:
    """Tell whether a file is taken for a clip, by the ending of its name."""
    return Path(path).suffix.lower() in _SUFFIXES["clip"]


def files_to_measure(
    store: Store, settings: Settings, arguments: Sequence[str], role: Literal["picture", "clip", "any"]
) -> list[str]:
    """Return the files that arguments name; without any a persona's own built pictures, or clips. Of folders `any`
    takes both.

    Each file once, however often it is named. An argument that names no file is an error, and so is no file at all.
    """
    suffixes = (*_SUFFIXES["picture"], *_SUFFIXES["clip"]) if role == "any" else _SUFFIXES[role]
    built: Literal["picture", "clip"] = "clip" if role == "clip" else "picture"
    named = _named(arguments, suffixes) if arguments else _built(store, settings, built)
    once: dict[str, str] = {}
    for path in named:
        once.setdefault(os.path.abspath(path), path)
    found = list(once.values())
    if not found:
        what = "picture and no clip" if role == "any" else role
        raise PersonaForgeError(f"there is no {what} to measure", hint="name files, a folder or a glob")
    return found


def _built(store: Store, settings: Settings, role: Literal["picture", "clip"]) -> list[str]:
    """Return the paths of a persona's built pictures, without the anchor itself, or of its clips."""
    if not settings.id:
        return []
    found = []
    folder = store.build_folder(settings.id).folder
    for result in Results(store, settings).by_role(role):
        output = result.outcome.outputs.get(_OUTPUTS[role])
        if output is not None and output.path:
            found.append(f"{folder}/{output.path}")
    return sorted(dict.fromkeys(os.path.relpath(path) for path in found if os.path.exists(path)))


def _named(arguments: Sequence[str], suffixes: Collection[str]) -> Iterator[str]:
    """Yield the files that arguments name; of a folder those with one of the suffixes, in and below it."""
    for argument in arguments:
        if os.path.isdir(argument):
            yield from sorted(
                str(path) for path in Path(argument).rglob("*") if path.suffix.lower() in suffixes and path.is_file()
            )
        elif os.path.exists(argument):
            yield argument
        else:
            found = sorted(glob.glob(argument, recursive=True))
            if not found:
                hint = "; ".join(filter(None, ("name a file, a folder or a glob", where_looked(argument))))
                raise PersonaForgeError(f"there is no file {argument}", hint=hint)
            yield from found
