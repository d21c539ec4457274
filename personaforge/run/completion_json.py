"""The JSON object in what a text model answered. It validates nothing: a schema is for `steps/completion`.

Models that are asked for JSON alone put a fence around it, a sentence before it, or a byte order mark in front. A call
that is paid and holds the whole object is not made again for that. Where an answer holds several objects, none is
chosen: which one was meant is not known.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_FENCED = re.compile(r"```[ \t]*(?:json[c5]?)?[ \t]*\r?\n(.*?)```", re.DOTALL | re.IGNORECASE)


def json_object(text: str) -> dict[str, Any] | None:
    """Return the one object of an answer: all of it, its one fenced block that is an object, or the one that stands in
    its prose. None where there is none, or more than one."""
    bare = text.strip().removeprefix("\ufeff").strip()
    try:
        whole = orjson.loads(bare)
    except orjson.JSONDecodeError:
        pass
    else:
        return whole if isinstance(whole, dict) else None
    fenced = [found for block in _FENCED.findall(bare) if (found := _object(block)) is not None]
    if fenced:
        return fenced[0] if len(fenced) == 1 else None
    standing = [found for part in _balanced(bare) if (found := _object(part)) is not None]
    return standing[0] if len(standing) == 1 else None


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text.strip())
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _balanced(text: str) -> list[str]:
    """Return the outermost parts in braces, read as JSON reads strings. One that isn't closed ends the list."""
    parts: list[str] = []
    depth, start, quoted, skip = 0, 0, False, False
    for place, sign in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = sign == "\\", sign != '"'
        elif depth and sign == '"':
            quoted = True
        elif sign == "{":
            start = start if depth else place
            depth += 1
        elif sign == "}" and depth:
            depth -= 1
            if not depth:
                parts.append(text[start : place + 1])
    return parts
