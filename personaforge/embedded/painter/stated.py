"""What a text of a DNA states of a look, without what it denies: "no hijab, open hair" is open hair."""

from __future__ import annotations

import re
from typing import Final

_LITTLE: Final = r"(?:(?:wears?|worn|has|have|with|in|a|an|any|the|her|his|their)\s+)*"
_DENIED: Final = re.compile(
    r"(?<![\w-])(?:no|not|never|without|neither|nor|isn't|aren't|doesn't|hasn't)\s+"
    + _LITTLE
    + r"[\w'-]+(?:\s+(?!and\b|but\b|or\b|nor\b|with\b|on\b|in\b)[\w'-]+)?"
    + r"(?:\s+(?:or|nor)\s+" + _LITTLE + r"[\w'-]+)*"
)  # fmt: skip
"""English, as DNAs are: the denial and up to two words behind it, and those that an "or" adds."""


def stated(text: str) -> str:
    """Return a text in lower case without what it denies."""
    return _DENIED.sub(" ", text.lower())
