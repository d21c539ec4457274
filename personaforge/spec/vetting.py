"""What an output schema may hold: it may come from a stranger, and every draft is checked against it.

Refused are references that lead out of the file (jsonschema would fetch them), that lead nowhere or in a circle, and
regular expressions that could take longer than anybody waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from personaforge.errors import Problem

_SAME_INSTANCE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""Keywords whose schemas look at the same value again."""
_OWN_REFERENCE = re.compile(r"#(?:/\$defs/([^/%~]+))?")
_MAX_WAYS = 5_000
_UNBOUNDED = 64
"""What `*` and `+` count as: two of them may follow one another, but not be nested."""


def vet(schema: Any, shown: str) -> Iterator[Problem]:
    """Yield what an output schema may not hold."""
    definitions = schema.get("$defs") if isinstance(schema, Mapping) else None
    named: Mapping[str, Any] = definitions if isinstance(definitions, Mapping) else {}
    for path, key, value in _keywords(schema, ()):
        where = ".".join((*path, key))
        if key in ("$ref", "$dynamicRef"):
            found = _OWN_REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if found is None:
                yield Problem(shown, where, f"found {value!r:.80}", "refer to this file: #/$defs/name")
            elif found.group(1) is not None and found.group(1) not in named:
                yield Problem(shown, where, f"found {value!r}, which this file doesn't define")
        elif key in ("$id", "$anchor", "$dynamicAnchor", "patternProperties"):
            yield Problem(shown, where, "is not for output schemas")
        elif key == "pattern" and isinstance(value, str):
            try:
                ways = _ways(value)
            except re.error as error:
                yield Problem(shown, where, f"is not a regular expression: {error}")
                continue
            if ways > _MAX_WAYS:
                yield Problem(
                    shown, where, f"found {value!r:.80}, which can match in too many ways to be checked quickly"
                )
    for name in ("", *named):
        if _circles(name, schema, named, frozenset()):
            yield Problem(shown, f"$defs.{name}" if name else "", "refers to itself without end")
            return


def _keywords(schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key in ("enum", "const", "default", "examples"):
                continue
            if not isinstance(value, Mapping) or key == "patternProperties":
                yield path, str(key), value
            yield from _keywords(value, (*path, str(key)))
    elif isinstance(schema, (list, tuple)):
        for index, item in enumerate(schema):
            yield from _keywords(item, (*path, str(index)))


def _circles(name: str, schema: Any, named: Mapping[str, Any], trail: frozenset[str]) -> bool:
    """Return whether checking one value leads back to the same schema and the same value."""
    if name in trail:
        return True
    stack, targets = [named[name] if name else schema], set()
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, Mapping):
            stack.extend(item[key] for key in _SAME_INSTANCE if key in item)
            for key in ("$ref", "$dynamicRef"):
                found = _OWN_REFERENCE.fullmatch(item[key]) if isinstance(item.get(key), str) else None
                if found is not None and (found.group(1) is None or found.group(1) in named):
                    targets.add(found.group(1) or "")
    return any(_circles(target, schema, named, trail | {name}) for target in targets)


def _ways(pattern: str) -> float:
    """Return in how many ways a regular expression can divide a text, at most and roughly."""
    from re import _parser  # type: ignore[attr-defined]  # there is no public parse tree

    re.compile(pattern)
    return _ways_of(_parser.parse(pattern))


def _ways_of(item: Any) -> float:
    ways = 1.0
    for operator, argument in item:
        name = str(operator)
        if name.endswith("_REPEAT"):
            low, high, inner = argument
            most = _UNBOUNDED if int(high) >= 2**16 else int(high)
            each = _ways_of(inner)
            ways *= (most - int(low) + 1 if most > int(low) else 1) * (each**most if most < 200 or each == 1 else inf)
        elif name == "BRANCH":
            ways *= sum(_ways_of(branch) for branch in argument[1])
        elif name in ("SUBPATTERN", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"):
            ways *= _ways_of(argument[-1] if isinstance(argument, tuple) else argument)
        elif name in ("GROUPREF", "GROUPREF_EXISTS"):
            return inf
        if ways > 1e9:
            return inf
    return ways
