"""Pictures, clips and sounds at their full size, in a folder beside the pages: what enlarges and plays."""

from __future__ import annotations

import os
from pathlib import Path

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError, StoreError
from personaforge.plan.contents import Contents
from personaforge.report.pages.facts import Position
from personaforge.store.files import write_atomic
from personaforge.store.pages import FILES, file_name, wrote
from personaforge.store.store import Store

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".webm", ".mov", ".mp3", ".ogg", ".wav"))
"""Of files that a browser shows or plays. Nothing that it would run, such as SVG or HTML, is put beside a page."""


class Beside:
    """The files beside one persona's page. Without a folder there are none."""

    def __init__(self, store: Store, persona: str, folder: Path | None) -> None:
        self._contents = Contents(store, store.build_folder(persona))
        self._persona = persona
        self._folder = folder / FILES if folder is not None else None
        self._known: dict[str, str] = {}
        self._pages = folder

    @property
    def wanted(self) -> bool:
        """Whether there are files beside the page."""
        return self._folder is not None

    def file(self, place: Position) -> str:
        """Return the address of a place's artifact as the page names it; empty where there is no such file, as when the
        store has lost it or no browser shows it. Raises StoreError where it can't be written."""
        now = place.now
        if self._folder is None or now is None:
            return ""
        suffix = os.path.splitext(now.path)[1].lower()
        if suffix not in SUFFIXES:
            return ""
        name = file_name(self._persona, place.node, now.digest, suffix)
        if name not in self._known:
            self._known[name] = f"{FILES}/{name}" if self._written(self._folder / name, now.digest) else ""
        return self._known[name]

    def _written(self, path: Path, digest: str) -> bool:
        if path.parent.is_symlink():
            raise StoreError("is a symbolic link", where=str(path.parent), hint="remove it")
        if path.is_file() and not path.is_symlink() and digest_bytes(path.read_bytes()) == digest:
            return True
        try:
            data = self._contents.read(digest)
        except PersonaForgeError:
            return False
        if digest_bytes(data) != digest:
            return False
        assert self._pages is not None
        wrote(self._pages, (path.name,))  # before: a file that isn't noted would stay for ever
        return write_atomic(path, data)
