"""Whether a text means somebody real: a name beside words such as "looks exactly like", or a name that isn't wanted.

A name is recognised by its capitals. Scripts without capitals have none, so there the words themselves count, unless
they speak of kin. No list of well-known people is shipped: a project may name those that it doesn't want.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from personaforge.guard.reading import LIKENESS, Finding, Passage
from personaforge.guard.rules import END, START, Rules, rules_for
from personaforge.guard.text import Text, plain_form, text_of

_WORD = r"[^\W\d_](?:[^\W_]|['\u2019.-])*"
_BEFORE = re.compile(rf"({_WORD}(?:\s+{_WORD})*)[\s,'\u2019]*$")
_AFTER = re.compile(rf"[\s,:'\u2019\"\u201c\u201e«(-]*({_WORD}(?:\s+{_WORD})*)")


def likeness(passages: Iterable[Passage], own: Sequence[str], denied: Sequence[str]) -> Finding | None:
    """Return the first place where somebody real is meant, or None.

    `own` are the names that the persona is given, `denied` those of whom no persona is wanted.
    """
    read = [(passage, text_of(passage.text)) for passage in passages if passage.text]
    for passage, text in read:
        words = _denied(text, denied) or _likened(text, own)
        if words:
            return Finding(passage.path, LIKENESS, words)
    return None


def _denied(text: Text, denied: Sequence[str]) -> tuple[str, ...]:
    for name in denied:
        parts = [re.escape(part) for part in plain_form(name).split()]
        found = re.search(START + r"[\s_-]+".join(parts) + END, text.plain) if parts else None
        if found is not None:
            return (text.words(*found.span()),)
    return ()


def _likened(text: Text, own: Sequence[str]) -> tuple[str, ...]:
    for rules in rules_for(text.plain):
        if rules.likeness:
            found = _by(rules, text, own)
            if found:
                return found
    return ()


def _by(rules: Rules, text: Text, own: Sequence[str]) -> tuple[str, ...]:
    for kind, pattern in rules.likeness.items():
        for found in pattern.finditer(text.plain) if kind != "kin" else ():
            start, end = text.places[found.start()], text.places[found.end()]
            words = text.words(*found.span())
            before, after = text.original[:start], text.original[end:]
            if kind == "of" and (name := _capitals(_AFTER.match(after), first=True)):
                return words, name
            if kind == "after" and (name := _capitals(_BEFORE.search(before), first=False)):
                return words, name
            if kind == "own" and own:
                return words, own[0]
            near = text.plain[max(found.start() - 12, 0) : found.end() + 16]
            if kind == "alone" and not ("kin" in rules.likeness and _kin(rules, near)):
                return (words,)
    return ()


def _kin(rules: Rules, near: str) -> bool:
    return re.search(rules.likeness["kin"].pattern, near) is not None


def _capitals(found: re.Match[str] | None, *, first: bool) -> str:
    """Return the words with capitals that a run of words begins or ends with; empty where it doesn't."""
    if found is None:
        return ""
    words = found.group(1).split()
    kept: list[str] = []
    for word in words if first else reversed(words):
        if not word[0].isupper():
            break
        kept.append(word.rstrip(".-"))
        if first and word.endswith(".") and len(word) > 2:  # the sentence ends here; "J." is an initial
            break
    return " ".join(kept if first else reversed(kept))
