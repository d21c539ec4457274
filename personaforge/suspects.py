"""What else changed where a timeline changed: the settings, templates, models and providers of the calls around it.

Each picture, clip or text is compared with the one before it in its own slot, through the action records that made
them. What differs is a suspect and no proof: it came at the right time, and so may something that no record knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from personaforge.digest import canonical
from personaforge.identity.change_point import ChangePoint
from personaforge.store.store import Store

MOST = 60
"""Slots that are compared, and records of the interval that are looked at."""
MIN_SHARE = 0.5
"""Share of slots in which a suspect must have changed. Ours."""
_LONG = 80


class Place(Protocol):
    """Where a record stands."""

    @property
    def node(self) -> str:
        """Its node within the persona."""

    @property
    def artifact(self) -> str:
        """Its artifact's digest."""


class Suspect(NamedTuple):
    """A setting, template, model or provider that changed."""

    name: str
    """A setting's path, `template NAME` or `provider`."""
    before: str
    after: str
    """Both of the most frequent change."""
    share: float
    """Of the slots that were compared, how many had it change."""
    first: int | None
    """Index of the first record that has another value than before; None where none of the interval has."""


def suspects(store: Store, connection: Any, places: Sequence[Place], change: ChangePoint | None) -> tuple[Suspect, ...]:
    """Return what changed across a change-point's interval, most widespread first; nothing without a change."""
    if change is None:
        return ()
    pairs = _pairs(places, change)
    between = range(change.low, min(change.high + 1, change.low + MOST))
    wanted = {index for pair in pairs for index in pair} | set(between)
    facts = _facts(store, connection, {places[index].artifact for index in wanted} - {""})

    def known(index: int) -> Mapping[str, Any] | None:
        return facts.get(places[index].artifact)

    changed: dict[str, Counter[tuple[str, str]]] = {}
    compared = 0
    for before, after in pairs:
        old, new = known(before), known(after)
        if old is None or new is None:
            continue
        compared += 1
        for name in old.keys() | new.keys():
            texts = (_text(old, name), _text(new, name))
            if texts[0] != texts[1]:
                changed.setdefault(name, Counter())[texts] += 1
    found = []
    for name, seen in changed.items():
        if seen.total() < MIN_SHARE * compared:
            continue
        (old_text, new_text), _ = min(seen.items(), key=lambda item: (-item[1], item[0]))
        others = (i for i in between if (about := known(i)) is not None and _text(about, name) != old_text)
        share = round(seen.total() / compared, 6)
        found.append(Suspect(name, old_text, new_text, share, next(others, None)))
    return tuple(sorted(found, key=lambda one: (-one.share, one.name)))


def _pairs(places: Sequence[Place], change: ChangePoint) -> list[tuple[int, int]]:
    """Return the last record before the interval and the first after it, by node; at its best guess where none is."""
    by_node: dict[str, list[int]] = {}
    for index, place in enumerate(places):
        by_node.setdefault(place.node, []).append(index)
    pairs = []
    for indices in by_node.values():
        before = [index for index in indices if index < change.low] or [i for i in indices if i < change.best]
        after = [index for index in indices if index > change.high] or [i for i in indices[-1:] if i >= change.best]
        if before and after:
            pairs.append((before[-1], after[0]))
    return pairs[:MOST]


def _facts(store: Store, connection: Any, artifacts: set[str]) -> dict[str, dict[str, Any]]:
    """Return what shaped each artifact, flat, by its digest."""
    sql = """
        select digest, arg_min(record, started) from artifacts join actions using (record)
        where digest in (select unnest(?)) and kind not in ('finish', 'repair') group by digest
    """
    found = {}
    for digest, name in connection.execute(sql, [sorted(artifacts)]).fetchall():
        record = store.records.get("actions", name)
        if record is not None:
            found[digest] = _flat(record)
    return found


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    sources = record.get("sources", {})
    about: dict[str, Any] = {"provider": record["parts"]["provider"], "model": record["parts"]["request"].get("model")}
    about.update({f"template {name}": digest for name, digest in sources.get("templates", {}).items()})
    pending = list(sources.get("settings", {}).items())
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping):
            pending += [(f"{name}.{key}", inner) for key, inner in value.items()]
        else:
            about[name] = value
    return about


def _text(about: Mapping[str, Any], name: str) -> str:
    """Return a fact as text, shortened; `absent` where there is none."""
    if name not in about:
        return "absent"
    value = about[name]
    if name.startswith("template "):
        return str(value)[:12]
    text = value if isinstance(value, str) else canonical(value).decode()
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
