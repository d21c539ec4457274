"""What excuses a mention, by what stands around it in its sentence: expressions before it, after it, or both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from personaforge.guard.text import plain_form


class Contexts(NamedTuple):
    """What excuses a mention: it matches the end of what stands before, the beginning of what stands after, or both."""

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    around: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]

    def excuse(self, before: str, after: str) -> bool:
        """Return whether what stands before and after a mention, in its sentence, excuses it."""
        return bool(
            (self.before and self.before.search(before))
            or (self.after and self.after.match(after))
            or any(one.search(before) and other.match(after) for one, other in self.around)
        )


def contexts(data: Mapping[str, Any], start: str, end: str, reach: str) -> Contexts:
    """Return the contexts of a data file. `start` and `end` are the edges of a word, `reach` how far one may be."""

    def before(lines: Iterable[Any]) -> re.Pattern[str] | None:
        joined = "|".join(plain_form(str(line)) for line in lines)
        return re.compile(f"{start}(?:{joined}){end}{reach}$") if joined else None

    def after(lines: Iterable[Any]) -> re.Pattern[str] | None:
        joined = "|".join(plain_form(str(line)) for line in lines)
        return re.compile(f"{reach}?{start}(?:{joined}){end}") if joined else None

    pairs = ((before([one]), after([other])) for one, other in data.get("around", ()))
    return Contexts(
        before(data.get("before", ())),
        after(data.get("after", ())),
        tuple((one, other) for one, other in pairs if one is not None and other is not None),
    )
