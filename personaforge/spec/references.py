"""What the interpolations of a config name, and how large the config is with them filled in.

`${text.provider}` is data, but in a chain of forty values, each of which names the one before it twice, the text
doubles forty times, and OmegaConf expands it until memory runs out. So the size is computed first, each value once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 64 * 1024
"""Characters of one text after its interpolations are filled in."""
MAX_VALUES = 50_000
"""Values of a whole config after its interpolations are filled in."""

MAX_DEPTH = 8
"""Interpolations inside one another."""

EVERYTHING = "*"
"""In place of a name that the text doesn't show: relative or nested interpolations."""

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_PLAIN_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_-]*)\s*([.\[}])")
_PARTS = re.compile(r"[^.\[\]]+")


class GrowsTooLarge(Exception):
    """A config is unreasonably large with its interpolations filled in. The argument is the dotted path."""


def references(value: Any) -> set[str]:
    """Return the top-level keys that interpolations in a value name, or `EVERYTHING` among them."""
    if isinstance(value, str):
        found = set()
        for part in value.split("${")[1:]:
            name = _PLAIN_NAME.match(part)
            found.add(name.group(1) if name else EVERYTHING)
        return found
    if isinstance(value, Mapping):
        return set().union(*(references(item) for item in value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(references(item) for item in value))
    return set()


def refuse_growth(raw: Mapping[str, Any]) -> None:
    """Raise GrowsTooLarge where interpolations multiply an unresolved config beyond what a persona may hold.

    What names nothing, or itself, counts as nothing: OmegaConf has the better message for it.
    """
    if any(references(value) for value in raw.values()):
        try:
            _Growth(raw).count((), raw)
        except RecursionError:
            raise GrowsTooLarge("") from None


class _Growth:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._counts: dict[tuple[str, ...], int] = {}
        self._texts: dict[tuple[str, ...], str] = {}

    def count(self, path: tuple[str, ...], value: Any) -> int:
        """Return how many values there are at a path."""
        known = self._counts.get(path)
        if known is None:
            self._counts[path] = 0
            if isinstance(value, Mapping):
                known = 1 + sum(self.count((*path, str(key)), item) for key, item in value.items())
            elif isinstance(value, (list, tuple)):
                known = 1 + sum(self.count((*path, str(index)), item) for index, item in enumerate(value))
            elif isinstance(value, str) and "${" in value:
                self._text(path, value)
                inner = value.strip()
                whole = inner.startswith("${") and inner.endswith("}")
                target = self._target(self._fill(inner[2:-1], path), path) if whole else None
                known = self.count(*target) if target is not None else 1
            else:
                known = 1
            if known > MAX_VALUES:
                raise GrowsTooLarge(".".join(path))
            self._counts[path] = known
        return known

    def _text(self, path: tuple[str, ...], value: str) -> str:
        known = self._texts.get(path)
        if known is None:
            self._texts[path] = ""
            known = self._texts[path] = self._fill(value, path)
        return known

    def _fill(self, text: str, path: tuple[str, ...]) -> str:
        """Return a text with its interpolations filled in; those inside others first, as OmegaConf does."""
        for _ in range(MAX_DEPTH):
            parts: list[str] = []
            size = end = 0
            for match in _INNERMOST.finditer(text):
                filled = self._filled(match.group(1), path)
                parts += [text[end : match.start()], filled]
                size += match.start() - end + len(filled)
                end = match.end()
                if size > MAX_TEXT:
                    raise GrowsTooLarge(".".join(path))
            if not parts:
                return text
            text = "".join(parts) + text[end:]
        raise GrowsTooLarge(".".join(path))

    def _filled(self, name: str, path: tuple[str, ...]) -> str:
        target = self._target(name, path)
        if target is None or isinstance(target[1], (Mapping, list, tuple)):
            return ""
        return self._text(*target) if isinstance(target[1], str) else str(target[1])

    def _target(self, name: str, path: tuple[str, ...]) -> tuple[tuple[str, ...], Any] | None:
        name = name.strip()
        dots = len(name) - len(name.lstrip("."))
        keys = (*path[: len(path) - dots], *_PARTS.findall(name)) if dots else tuple(_PARTS.findall(name))
        value: Any = self._raw
        for key in keys:
            if isinstance(value, Mapping) and key in value:
                value = value[key]
            elif isinstance(value, (list, tuple)) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                return None
        return keys, value
