"""Says what changed: compares what a node depended on when it was built with what it depends on now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.leaves import leaves, shortened
from personaforge.listing import listed
from personaforge.modalities import SHAPES_NOTHING
from personaforge.plan.plan import Reason
from personaforge.store.lockfile import Pin

_LONGEST = 60
_DIGEST = re.compile("[0-9a-f]{64}")
NOT_HERE = "can't be measured here"
"""What the reason says where nothing can measure: a new face would be rejected."""
FILES = "material.files"
"""The setting that lists the files of a brief with their digests."""
_SHAPES_NOTHING = re.compile(SHAPES_NOTHING)
"""A change of these is no reason."""


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Return a reason for every dependency that differs. `now` may leave out what isn't known yet, such as needs."""
    found: list[Reason] = []
    if "code" in now and before.get("code") != now["code"]:
        found.append(Reason("code", f"step kind {before.get('code')} is now {now['code']}"))
    if "persona" in now and before.get("persona") != now["persona"]:
        found.append(Reason("setting", f"the persona's id is now {now['persona']}"))
    found += [Reason("setting", text) for text in _setting_changes(before.get("settings", {}), now.get("settings", {}))]
    for name in sorted({*before.get("templates", {}), *now.get("templates", {})}):
        if "templates" in now and before.get("templates", {}).get(name) != now["templates"].get(name):
            gone = name not in now["templates"]
            found.append(Reason("template", f"{name} {'is gone' if gone else 'changed'}"))
    if "provider" in now and before.get("provider") != now["provider"]:
        found.append(Reason("provider", f"provider {before.get('provider')} is now {now['provider']}"))
    if "analyzer" in now and before.get("analyzer", {}) != now["analyzer"]:
        found.append(Reason("analyzer", analyzer_change(before.get("analyzer", {}), now["analyzer"])))
    if "calibration" in now and before.get("calibration", "") != now["calibration"]:
        old, new = (shown[:12] or "none" for shown in (before.get("calibration", ""), now["calibration"]))
        found.append(Reason("setting", f"identity.calibrated: the calibration that decides was {old} and is {new}"))
    if "needs" in now:
        changed = [name for name, digest in now["needs"].items() if before.get("needs", {}).get(name) != digest]
        if changed:
            found.append(Reason("input", f"{listed(changed)} came out different"))
    return tuple(dict.fromkeys(found))


def restore_reasons(files: Sequence[tuple[str, str]]) -> tuple[Reason, ...]:
    """Return why files have to be put back, from (path, condition)."""
    words = {"missing": "is missing", "edited": "was edited", "other": "isn't this result"}
    return tuple(Reason("output", f"{path} {words[condition]}") for path, condition in files)


def part_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (name, old, new) of the key parts in which two actions differ, with the parts' parts by dotted name."""
    old, new = leaves(before), leaves(now)
    return [(name, old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def shown_change(before: Any, now: Any) -> tuple[str, str]:
    """Return two values as messages show them, shortened so that what has changed can be seen."""
    texts = shortened(_in_a_line(before), _in_a_line(now), _LONGEST)
    first, second = (
        f'"{text}"' if isinstance(value, str) and " " in text else text
        for value, text in zip((before, now), texts, strict=True)
    )
    return first, second


def analyzer_change(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say how the analyzer has changed."""
    if not before:
        return f"faces are measured now, with {now.get('pack')}"
    if not now:
        return f"faces were measured with {before.get('pack')}, and {NOT_HERE}"
    pairs = [(name, shown_change(before.get(name), now[name])) for name in now if before.get(name) != now[name]]
    return "analyzer: " + ", ".join(f"{name} {old} is now {new}" for name, (old, new) in pairs)


def _setting_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Compare settings path by path. A step records exactly what it read; now there may be more below a declared path,
    so only what was read counts."""
    for path in sorted(before):
        covered = path in now or any(path.startswith(other + ".") for other in now)
        if not covered:
            continue
        current = now.get(path, _below(now, path))
        if path == FILES:
            yield from _file_changes(before[path], current)
            continue
        for name, old, new in part_changes({path: before[path]}, {path: current}):
            if _SHAPES_NOTHING.match(name):
                continue
            old, new = shown_change(old, new)
            yield f"{name} {old} is now {new}"


def _file_changes(before: Any, now: Any) -> Iterator[str]:
    """Compare the files of a brief, lists of `{path, digest}`, by their names: `personas/notes.md changed`."""
    old, new = ({one["path"]: one["digest"] for one in files or ()} for files in (before, now))
    came, went = [path for path in new if path not in old], [path for path in old if path not in new]
    for path in went:
        same = next((other for other in came if new[other] == old[path]), None)
        if same is None:
            yield f"{path} is no longer a file of the brief"
        else:
            came.remove(same)
            yield f"{path} is called {same} now"
    yield from (f"{path} is a file of the brief now" for path in came)
    yield from (f"{path} changed" for path in new if path in old and old[path] != new[path])
    if list(old) != list(new) and sorted(old) == sorted(new):
        yield "the files of the brief are in another order"


def _below(now: Mapping[str, Any], path: str) -> Any:
    for prefix, value in now.items():
        if path.startswith(prefix + "."):
            for key in path[len(prefix) + 1 :].split("."):
                value = value.get(key) if isinstance(value, Mapping) else None
            return value
    return None


def _in_a_line(value: Any) -> str:
    import orjson

    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    text = " ".join(text.split())
    return text[:12] if _DIGEST.fullmatch(text) else text


_REMADE = Reason("pin", "the pinned artifact is remade, and has to come out the same")
_REMADE_BY_ANOTHER = Reason(
    "pin",
    "the pinned artifact is remade by another forge than accepted it: where it comes out different, it stops there",
)
REMADE_IF_SAME = Reason(
    "pin",
    "the pinned artifact is remade if it is asked for as it was, which a lock of an earlier forge does not tell",
)


def remade_by(pin: Pin, forge: str) -> Reason:
    """Say that a pinned artifact is made again, and by whom: after an upgrade the same request may draw otherwise."""
    return _REMADE if pin.under.get("forge") in (None, forge) else _REMADE_BY_ANOTHER
