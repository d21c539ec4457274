"""The lock file of a persona: what was accepted, pinned by digest, one sorted line for each node, committed to git.

A line is `  image/07: {json}`, which is YAML and JSON at once: git merges line by line, people can read it, and it is
parsed without a YAML library. A file that was formatted in another way is read as YAML. Unknown fields of a newer
forge are kept. The lock is rewritten as a whole, atomically, and only where a line has changed.

The result of git's union merge can be read: lines in any order, the same line or head twice. Of two different lines for
one node none is ever chosen, whatever their origin: that would be choosing a face.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from personaforge.errors import StoreError
from personaforge.listing import listed
from personaforge.spec.names import KEY as FORMERLY
from personaforge.spec.project import ID_PATTERN
from personaforge.store.artifact import SUFFIXES, is_digest
from personaforge.store.files import checked_out, open_file, write_atomic
from personaforge.store.outcome import Outcome
from personaforge.store.pin_fields import count_of, look_of, once, text_of, under_of

VERSION = 1
MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 32
_NODE = re.compile(r"[a-z][a-z0-9_]{0,62}(/[^\s/\"'{}]{1,64})?")
"""A node without the persona in front: `anchor`, `image/07`."""
_OUTPUT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[\[\]{}]")
_FACE = re.compile(r"[A-Za-z0-9+/]{0,4096}={0,2}")
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Pin(NamedTuple):
    """What the lock says of one node."""

    key: str
    """Action key of the node's first attempt: while it is the same, nothing has changed since the pin."""
    outputs: Mapping[str, str]
    """Digests of the accepted artifacts by name."""
    media: Mapping[str, str]
    """Media types of the artifacts by name."""
    status: str = "accepted"
    """accepted, flagged or unmeasured."""
    take: int = 0
    """How often the user asked for another take."""
    attempt: int = 0
    """Number of the accepted attempt within the take."""
    facts: Mapping[str, Any] = {}
    """How it was made and how it scored: for people, for audits, and so that a pinned outcome stays equal to the first
    one."""
    under: Mapping[str, Any] = {}
    """What it was accepted under; see `personaforge.plan.standing`. Empty in locks from before this was noted."""
    also: str = ""
    """Action key of the same request since an upgrade of forge; empty where it is still `key`."""
    face: str = ""
    """A drawn candidate's face, so that a remade one can be compared with it; see `personaforge.steps.remake`."""
    replaced: Mapping[str, str] = {}
    """Digests, by name, of artifacts that were pinned before and were remade here with other bytes."""
    look: Mapping[str, Any] = {}
    """Of an anchor: the visible fields of the persona that it was made for, by path; see `personaforge.steps.look`."""

    def fields(self) -> dict[str, Any]:
        """Return the fields as the lock holds them: later fields are left out where they are empty."""
        return {name: value for name, value in self._asdict().items() if value or name not in _LATER}

    def line(self) -> bytes:
        """Return the pin's line in the lock, which a node's signature covers."""
        return _line(self.fields())


_LATER = ("under", "also", "face", "replaced", "look")
"""Fields that the first locks didn't have."""


def pin_of(outcome: Outcome) -> Pin:
    """Return the pin of an accepted outcome."""
    return Pin(
        key=outcome.key,
        outputs={name: output.artifact.digest for name, output in outcome.outputs.items()},
        media={name: output.artifact.media_type for name, output in outcome.outputs.items()},
        status=outcome.status,
        take=outcome.take,
        attempt=outcome.attempt,
        facts=dict(outcome.facts),
        under=dict(outcome.under),
        also=outcome.also,
        face=outcome.face,
        replaced=dict(outcome.replaced),
        look=dict(outcome.look),
    )


class LockFile:
    """One persona's lock as it was read."""

    def __init__(self, path: Path, persona: str, lines: Mapping[str, bytes], former: tuple[str, ...] = ()) -> None:
        self.path = path
        self.persona = persona
        self.former = former
        """Ids that the persona had, oldest first: a lock that was written under one of them belongs to it."""
        self._lines = lines
        self._pins: dict[str, Pin] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def names(self) -> list[str]:
        """Return the pinned nodes, without the persona in front."""
        return list(self._lines)

    def line(self, name: str) -> bytes:
        """Return a node's raw line, which its signature covers; empty without a pin."""
        return self._lines.get(name, b"")

    def pin(self, name: str) -> Pin | None:
        """Return what is pinned for a node such as `image/07`. Raises StoreError on a line that can't be read."""
        known = self._pins.get(name)
        if known is None and name in self._lines:
            known = _parse_pin(self._lines[name], self.path, name)
            self._pins[name] = known
        return known

    def digests(self) -> set[str]:
        """Return the digests of all pinned artifacts."""
        return {digest for name in self._lines for digest in self._pin(name).outputs.values()}

    def with_pins(self, pins: Mapping[str, Pin], *, without: frozenset[str] = frozenset()) -> LockFile:
        """Return a lock with some pins replaced and others dropped."""
        lines = {name: line for name, line in self._lines.items() if name not in without}
        lines.update({name: _with_unknown(pin, self._lines.get(name)) for name, pin in pins.items()})
        return LockFile(self.path, self.persona, lines, self.former)

    def with_lines(self, lines: Mapping[str, bytes]) -> LockFile:
        """Return a lock with some raw lines replaced; an empty one drops its node."""
        found = {name: line for name, line in {**self._lines, **lines}.items() if line}
        return LockFile(self.path, self.persona, found, self.former)

    def text(self) -> bytes:
        """Return the file's content."""
        head = (
            "# What forge has accepted for this persona, pinned by digest. Written by forge; commit it.\n"
            f"version: {VERSION}\npersona: {self.persona}\nnodes:\n"
        )
        return head.encode() + b"".join(
            b"  %s: %s\n" % (name.encode(), self._lines[name]) for name in sorted(self._lines)
        )

    def write(self, *, still: Callable[[], bool] | None = None) -> bool:
        """Write the file, unless it says the same already. Returns False where `still`, called at the last moment, says
        that the file is no longer the one that this lock was made from: then nothing is written."""
        data = self.text()
        try:
            same = self.path.read_bytes() == data
        except OSError:
            same = False
        return same or write_atomic(self.path, data, still=still)

    def _pin(self, name: str) -> Pin:
        pin = self.pin(name)
        assert pin is not None
        return pin


def _line(fields: Mapping[str, Any]) -> bytes:
    """Return JSON that is YAML, too: YAML reads some characters as line breaks, and refuses others."""
    text = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode()


def _with_unknown(pin: Pin, line: bytes | None) -> bytes:
    """Return a pin's line with the fields that a newer forge has noted about the same artifacts."""
    try:
        known = orjson.loads(line or b"{}")
        unknown = {name: value for name, value in known.items() if name not in Pin._fields}
        if unknown and known["outputs"] == pin.outputs:
            return _line({**unknown, **pin.fields()})
    except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError):
        pass
    return pin.line()


def read_lock(path: Path, persona: str, former: tuple[str, ...] = ()) -> LockFile:
    """Read a persona's lock; an empty one where there is no file. Raises StoreError.

    `former` are ids that the persona had, oldest first: while it has no lock under its present id, the lock beside it
    under the newest former id is read, and is written under the present one.
    """
    place = former_lock(path, persona, former) or path
    try:
        with open_file(place, follow=True) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return LockFile(path, persona, {}, former)
    except OSError as error:
        raise StoreError(f"can't read the lock: {error.strerror}", where=str(place)) from error
    return LockFile(path, persona, lock_lines(data, place, persona, former), former)


def lock_lines(data: bytes, path: Path, persona: str, former: tuple[str, ...] = ()) -> Mapping[str, bytes]:
    """Return the node lines of a lock's content by name; `path` is what errors name. Raises StoreError."""
    if len(data) > MAX_BYTES:
        raise StoreError("the lock is larger than 4 MiB", where=str(path))
    if not data.strip():
        hint = f"{checked_out(path)}; or remove the file, and forge build writes what it still knows"
        raise StoreError("the lock is empty, expected version, persona and nodes", hint=hint, where=str(path))
    for name in (persona, *former):
        lines = _own_lines(data, path, name)
        if lines is not None:
            return lines
    return _yaml_lines(data, path, persona, former)


def former_lock(path: Path, persona: str, former: tuple[str, ...]) -> Path | None:
    """Return the lock under a former id that is read in place of a persona's own; None where it has its own, or there
    is none."""
    if not former or os.path.lexists(path):
        return None
    places = (path.with_name(f"{name}.lock.yaml") for name in reversed(former) if name != persona)
    return next((place for place in places if place.is_file()), None)


def same_line(one: bytes, other: bytes) -> bool:
    """Return whether two raw lines have the same content, however they are written."""
    if one == other or not one or not other:
        return one == other
    try:
        return bool(orjson.loads(one) == orjson.loads(other))
    except orjson.JSONDecodeError:
        return False


def shown_line(line: bytes) -> str:
    """Return a raw line's outputs as messages show them: the beginnings of the digests."""
    try:
        return shown_outputs(orjson.loads(line)["outputs"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return "nothing that can be read" if line else "nothing"


def shown_outputs(outputs: Mapping[str, Any]) -> str:
    """Return the beginnings of digests, as messages show them."""
    return ", ".join(str(digest)[:12] for digest in outputs.values()) or "nothing"


def _own_lines(data: bytes, path: Path, persona: str) -> dict[str, bytes] | None:
    """Return the node lines of a file as we write it, or as git's union merge leaves it; None for any other text."""
    head = {b"version: %d" % VERSION, b"persona: " + persona.encode(), b"nodes:"}
    seen: set[bytes] = set()
    lines: dict[str, bytes] = {}
    for line in data.splitlines():
        if not line.startswith(b"  "):
            if line in head:
                seen.add(line)
            elif line and not line.startswith(b"#"):
                return None
            continue
        name, colon, value = line.partition(b": ")
        if not (colon and value.startswith(b"{") and value.endswith(b"}")):
            return None
        key = name[2:].decode("utf-8", "replace")
        if not _NODE.fullmatch(key) or _is_deep(value):
            return None
        if key in lines and not same_line(lines[key], value):
            raise _duplicate_error(key, lines[key], value, path)
        lines.setdefault(key, value)
    return lines if seen == head else None


def _is_deep(value: bytes) -> bool:
    """Return whether JSON nests deeper than a lock may, without parsing it where counting brackets is enough."""
    if value.count(b"[") + value.count(b"{") <= _MAX_DEPTH:
        return False
    depth = 0
    for part in _BRACKETS.findall(_STRINGS.sub(b"", value)):
        depth += 1 if part in b"[{" else -1
        if depth > _MAX_DEPTH:
            return True
    return False


def _duplicate_error(name: str, one: bytes, other: bytes, path: Path) -> StoreError:
    """Return the error for two lines of one node: only the user may choose one of them."""
    a, b = shown_line(one), shown_line(other)
    what = f"{a} and {b}" if a != b else f"{a}, in lines that differ otherwise"
    hint = "keep one of its lines; `forge lock merge --install` has git stop at such a merge from now on"
    return StoreError(f"the lock names {name!r:.80} twice: {what}", hint=hint, where=str(path))


def _conflict(data: bytes, path: Path) -> StoreError:
    """Return the error for a file with git's conflict marks, naming what differs."""
    sides: dict[str, list[bytes]] = {}
    side = -1
    for line in data.splitlines():
        marks = {b"<<<<<<<": 0, b"|||||||": 2, b"=======": 1, b">>>>>>>": -1}
        side = marks.get(line[:7], side)
        name, colon, value = line.partition(b": ")
        if side in (0, 1) and line.startswith(b"  ") and colon:
            sides.setdefault(name.strip().decode("utf-8", "replace"), [b"", b""])[side] = value
    found = [
        f"{name} is {shown_line(ours)} on one side and {shown_line(theirs)} on the other"
        for name, (ours, theirs) in sorted(sides.items())
        if not same_line(ours, theirs)
    ]
    what = f": {listed(found, between='; ')}" if found else ""
    hint = "keep one line of each pair, and remove the lines of marks"
    return StoreError(f"the lock holds a merge conflict{what}", hint=hint, where=str(path))


def _yaml_lines(data: bytes, path: Path, persona: str, former: tuple[str, ...] = ()) -> dict[str, bytes]:
    import yaml

    if b"<<<<<<<" in data:
        raise _conflict(data, path)
    try:
        _refuse_foreign_yaml(data, path)
        tree = yaml.load(data, yaml.CSafeLoader) or {}
        if not isinstance(tree, dict):
            raise ValueError("it is no mapping")
        missing = [name for name in ("version", "nodes") if name not in tree]
        if missing:
            raise ValueError(f"it has no {' and no '.join(repr(name) for name in missing)}")
        version, nodes = tree["version"], tree["nodes"] or {}
        lines = {str(name): orjson.dumps(value) for name, value in nodes.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"the lock can't be read: {error}", hint=checked_out(path), where=str(path)) from None
    if version != VERSION:
        raise StoreError(
            f"the lock has version {version}, expected {VERSION}", hint="use a newer forge", where=str(path)
        )
    if tree.get("persona") not in (persona, *former):
        other = str(tree.get("persona"))
        hint = f"if {persona} is {other} renamed: forge mv {other} {persona}, or `{FORMERLY}: [{other}]` in its file"
        raise StoreError(
            f"the lock is of {tree.get('persona')!r:.80}, expected {persona!r}",
            hint=hint if re.fullmatch(ID_PATTERN, other) else "",
            where=str(path),
        )
    for name in lines:
        if not _NODE.fullmatch(name):
            raise StoreError(f"the lock names {name!r:.80}, which is no node", where=str(path))
    return lines


def _refuse_foreign_yaml(data: bytes, path: Path) -> None:
    """Refuse what forge never writes: aliases, deep nesting (which makes libyaml crash the process), and two different
    lines for one node, of which YAML would silently take the last."""
    import yaml

    depth = 0
    for event in yaml.parse(data, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise StoreError("the lock holds YAML aliases, which forge never writes", where=str(path))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise StoreError(f"the lock nests deeper than {_MAX_DEPTH} levels", where=str(path))
    root = yaml.compose(data, yaml.CSafeLoader)
    for top in (root, *(value for _, value in root.value)) if isinstance(root, yaml.MappingNode) else ():
        seen: dict[str, Any] = {}
        for key, value in top.value if isinstance(top, yaml.MappingNode) else ():
            name = str(key.value)
            if name in seen and not same_line(one := _as_json(seen[name]), other := _as_json(value)):
                raise _duplicate_error(name, one, other, path)
            seen[name] = value


def _as_json(node: Any) -> bytes:
    """Return a composed YAML value as JSON."""
    import yaml

    return orjson.dumps(yaml.SafeLoader("").construct_document(node), default=str, option=orjson.OPT_NON_STR_KEYS)


def _parse_pin(line: bytes, path: Path, name: str) -> Pin:
    where, back = f"{path}: {name}", checked_out(path)
    try:
        fields = json.loads(line, object_pairs_hook=once)
        pin = Pin(
            key=text_of(fields, "key"),
            outputs={str(name): str(digest) for name, digest in fields["outputs"].items()},
            media={str(name): str(media) for name, media in fields["media"].items()},
            status=str(fields.get("status", "accepted")),
            take=count_of(fields, "take"),
            attempt=count_of(fields, "attempt"),
            facts=dict(fields.get("facts", {})),
            under=under_of(fields.get("under", {})),
            also=text_of(fields, "also", ""),
            face=text_of(fields, "face", ""),
            replaced={str(name): str(digest) for name, digest in fields.get("replaced", {}).items()},
            look=look_of(fields.get("look", {})),
        )
        if not all(is_digest(digest) for digest in pin.outputs.values()):
            raise ValueError("an output is not a digest")
        if set(pin.outputs) != set(pin.media) or any(media not in SUFFIXES for media in pin.media.values()):
            raise ValueError("the media types don't fit the outputs")
        if not pin.outputs or not all(_OUTPUT.fullmatch(name) for name in pin.outputs):
            raise ValueError("the outputs have no names that forge gives")
        if pin.also and not is_digest(pin.also):
            raise ValueError("`also` is no action key")
        if not _FACE.fullmatch(pin.face) or len(pin.face) % 4:
            raise ValueError("the face is not base64")
        if pin.status not in ("accepted", "flagged", "unmeasured"):
            raise ValueError(f"status {pin.status!r}")
    except KeyError as error:
        raise StoreError(f"the pin can't be read: it has no {error}", hint=back, where=where) from None
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"the pin can't be read: {error}", hint=back, where=where) from None
    return pin
