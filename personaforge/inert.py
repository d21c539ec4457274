"""Makes values inert before a template prints them: the one place where free text becomes a part of a prompt.

Prompts of ours mark their parts as [CONSTRAINTS] and <brief>...</brief>. A text that holds such a mark, from a file or
from a model's answer, gets it in parentheses, so that it is read as words. Line breaks and control characters become
one space, except in values whose lines are the user's own, and in those that templates print as JSON, where they are
escaped. A text without any of these stays as it is, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BLOCKS = "identity|face|body|pose|clothing|scene|constraints|motion|temper"
"""The blocks of the packaged templates for pictures and clips, in any case; of others any word of capitals."""
_BLOCK = re.compile(rf"[\[\uff3b\u3010]\s*((?i:{_BLOCKS})|[A-Z][A-Z _-]+[A-Z])\s*[\]\uff3d\u3011]")
_TAG = re.compile(r"[<\uff1c]\s*((?i:brief|pinned|answer|system)|/\s*[A-Za-z_][\w-]*)\s*/?\s*[>\uff1e]")
"""The tags of the packaged templates for texts, and whatever would close one: sections have tags of their own names."""
_BREAKS = re.compile(r"\s*[\x00-\x1f\x7f-\x9f\u2028\u2029]+\s*")
_OWN_LINES = frozenset({"brief", "answer", "material"})
"""Variables whose line breaks are kept."""
_JSON = frozenset({"pinned", "pins", "sections", "schema"})
"""Variables that the packaged templates for texts print as JSON."""


def inert(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's variables with inert texts: by name, nested in mappings and lists; keys stay."""
    return {
        name: value if name == "schema" else _inert(value, one_line=name not in _OWN_LINES | _JSON)
        for name, value in variables.items()
    }


def inert_values(value: Any) -> Any:
    """Return a value as prompts have it where they print it as JSON: to compare with what a model copied from there."""
    return _inert(value, one_line=False)


def _inert(value: Any, *, one_line: bool) -> Any:
    if isinstance(value, str):
        text = _TAG.sub(r"(\1)", _BLOCK.sub(r"(\1)", value))
        return _BREAKS.sub(" ", text).strip() if one_line and _BREAKS.search(text) else text
    if isinstance(value, Mapping):
        return {key: _inert(inner, one_line=one_line) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inert(inner, one_line=one_line) for inner in value]
    return value
