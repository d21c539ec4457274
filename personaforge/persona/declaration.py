"""A persona file's `id` and `formerly` in its text, changed in place: comments, order and quotes are kept.

The new text is read back: where anything but those two differs, nothing is changed and the user is told what to write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from personaforge.errors import PersonaForgeError
from personaforge.spec.names import KEY, formerly_in
from personaforge.spec.source import parse_source


class NotEdited(PersonaForgeError):
    """A persona file is written in a way that only the user can edit."""


def renamed_text(data: bytes, file: Path, shown: str, name: str, formerly: tuple[str, ...]) -> bytes:
    """Return a persona file's bytes with another id and other former ids.

    Raises SpecError for a file that can't be read, and NotEdited for one that can't be changed in this way.
    """
    text = parse_source(data, file, shown).text  # bounded and harmless from here on
    tree = yaml.compose(text, yaml.SafeLoader)  # this loader's marks count characters; libyaml's don't
    hint = f"write it yourself: `id: {name}` and `{KEY}: [{', '.join(formerly)}]`"
    if not isinstance(tree, yaml.MappingNode):
        raise NotEdited("found no keys, expected a persona", where=shown, hint=hint)
    keys = {key.value: (key, value) for key, value in tree.value if isinstance(key, yaml.ScalarNode)}
    edits: list[tuple[int, int, str]] = []
    if "id" in keys:
        _, value = keys["id"]
        quote = value.style if isinstance(value, yaml.ScalarNode) and value.style in ("'", '"') else ""
        edits.append((value.start_mark.index, value.end_mark.index, f"{quote}{name}{quote}"))
    edits.append(_formerly_edit(text, tree, keys, formerly))
    changed = text
    for start, end, put in sorted(edits, reverse=True):
        changed = changed[:start] + put + changed[end:]
    if not _is_as_meant(text, changed, name, formerly):
        raise NotEdited("is written in a way that forge doesn't edit", where=shown, hint=hint)
    return changed.encode("utf-8")


def _formerly_edit(
    text: str, tree: yaml.MappingNode, keys: dict[Any, tuple[Any, Any]], formerly: tuple[str, ...]
) -> tuple[int, int, str]:
    """Return (start, end, replacement) for the former ids: one is added to those in the text."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if KEY in keys:
        _, value = keys[KEY]
        if isinstance(value, yaml.SequenceNode) and value.value:
            known = [item.value for item in value.value]
            more = list(formerly[len(known) :])
            last = value.value[-1].end_mark.index
            if known != list(formerly[: len(known)]):
                return value.start_mark.index, value.end_mark.index, f"[{', '.join(formerly)}]"
            if value.flow_style:
                return last, last, "".join(f", {one}" for one in more)
            before = text[: value.value[-1].start_mark.index].rpartition("\n")[2]
            end = text.find("\n", last)
            end = len(text.rstrip("\r\n")) if end < 0 else end - (text[end - 1] == "\r")
            return end, end, "".join(f"{newline}{before}{one}" for one in more)
        space = "" if text[: value.start_mark.index].endswith((" ", "\t")) else " "  # `formerly:` with nothing after it
        return value.start_mark.index, value.end_mark.index, f"{space}[{', '.join(formerly)}]"
    written = f"{KEY}: [{', '.join(formerly)}]"
    if "id" not in keys:
        return tree.start_mark.index, tree.start_mark.index, written + newline
    key, value = keys["id"]
    if tree.flow_style:
        return value.end_mark.index, value.end_mark.index, f", {written}"
    end = text.find("\n", value.end_mark.index)
    line = text[key.start_mark.index - key.start_mark.column : key.start_mark.index]  # how far keys are indented
    if end < 0:
        return len(text), len(text), f"{newline}{line}{written}"
    return end + 1, end + 1, f"{line}{written}{newline}"


def _is_as_meant(before: str, after: str, name: str, formerly: tuple[str, ...]) -> bool:
    """Return whether a text has the wanted values: the same except for the two keys."""
    try:
        was, now = (_values(text) for text in (before, after))
        return now.pop("id", name) == name and formerly_in(after) == formerly and _without(was) == _without(now)
    except (yaml.YAMLError, AttributeError, RecursionError):
        return False


def _values(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return found


def _without(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in ("id", KEY)}
