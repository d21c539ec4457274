"""The lock file of a persona: what was accepted, pinned by digest, one sorted line for each node, committed to git.

A line is `  image/07: {json}`, which is YAML and JSON at once: git merges line by line, people can read it, and it is
parsed without a YAML library. A file that somebody has formatted otherwise is read as YAML. Unknown fields of a newer
forge are kept. The lock is rewritten as a whole, atomically, and only where a line has changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from personaforge.errors import StoreError
from personaforge.spec.names import KEY as FORMERLY
from personaforge.spec.project import ID_PATTERN
from personaforge.store.artifact import SUFFIXES, is_digest
from personaforge.store.files import write_atomic

VERSION = 1
MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 32
_NODE = re.compile(r"[a-z][a-z0-9_]{0,62}(/[^\s/\"'{}]{1,64})?")
"""A node without the persona in front: `anchor`, `image/07`."""
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Pin(NamedTuple):
    """What the lock says of one node."""

    key: str
    """Action key of the node's first attempt: as long as it is the same, nothing has changed since the pin."""
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
    """How it came about and how it scored, for people, audits and what keeps a pinned outcome equal to the first."""

    def line(self) -> bytes:
        """Return the pin's line in the lock: what a node's signature covers."""
        return _line(self._asdict())


class LockFile:
    """One persona's lock as it was read."""

    def __init__(self, path: Path, persona: str, lines: Mapping[str, bytes], former: tuple[str, ...] = ()) -> None:
        self.path = path
        self.persona = persona
        self.former = former
        """Ids that the persona had, oldest first: a lock that was written under one of them is its own."""
        self._lines = lines
        self._pins: dict[str, Pin] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def names(self) -> list[str]:
        """Return the pinned nodes, without the persona in front."""
        return list(self._lines)

    def line(self, name: str) -> bytes:
        """Return a node's raw line, empty without a pin: what a signature covers."""
        return self._lines.get(name, b"")

    def pin(self, name: str) -> Pin | None:
        """Return what is pinned for a node such as `image/07`. Raises StoreError on a line that can't be read."""
        known = self._pins.get(name)
        if known is None and name in self._lines:
            known = _parse_pin(self._lines[name], f"{self.path}: {name}")
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

    def text(self) -> bytes:
        """Return the file's content."""
        head = (
            "# What forge has accepted for this persona, pinned by digest. Written by forge; commit it.\n"
            f"version: {VERSION}\npersona: {self.persona}\nnodes:\n"
        )
        return head.encode() + b"".join(
            b"  %s: %s\n" % (name.encode(), self._lines[name]) for name in sorted(self._lines)
        )

    def write(self) -> None:
        """Write the file, unless it says the same already."""
        data = self.text()
        try:
            same = self.path.read_bytes() == data
        except OSError:
            same = False
        if not same:
            write_atomic(self.path, data)

    def _pin(self, name: str) -> Pin:
        pin = self.pin(name)
        assert pin is not None
        return pin


def _line(fields: Mapping[str, Any]) -> bytes:
    """Return JSON that is YAML, too: which takes some characters for line breaks, and refuses others."""
    text = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode()


def _with_unknown(pin: Pin, line: bytes | None) -> bytes:
    """Return a pin's line with what a newer forge has noted about the same artifacts."""
    try:
        known = orjson.loads(line or b"{}")
        unknown = {name: value for name, value in known.items() if name not in Pin._fields}
        if unknown and known["outputs"] == pin.outputs:
            return _line({**unknown, **pin._asdict()})
    except (orjson.JSONDecodeError, KeyError, AttributeError):
        pass
    return pin.line()


def read_lock(path: Path, persona: str, former: tuple[str, ...] = ()) -> LockFile:
    """Read a persona's lock; an empty one where there is no file. Raises StoreError.

    `former` are ids that the persona had, oldest first: while it has no lock under its present id, the one that lies
    beside it under the newest former id is its own, and is written under the present one.
    """
    place = former_lock(path, persona, former) or path
    try:
        with open(place, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return LockFile(path, persona, {}, former)
    except OSError as error:
        raise StoreError(f"can't read the lock: {error.strerror}", where=str(place)) from error
    if len(data) > MAX_BYTES:
        raise StoreError("the lock is larger than 4 MiB", where=str(place))
    for name in (persona, *former):
        lines = _own_lines(data, name)
        if lines is not None:
            return LockFile(path, persona, lines, former)
    return LockFile(path, persona, _yaml_lines(data, place, persona, former), former)


def former_lock(path: Path, persona: str, former: tuple[str, ...]) -> Path | None:
    """Return the lock under a former id that stands in for a persona's own; None where it has one, or there is none."""
    if not former or os.path.lexists(path):
        return None
    places = (path.with_name(f"{name}.lock.yaml") for name in reversed(former) if name != persona)
    return next((place for place in places if place.is_file()), None)


def _own_lines(data: bytes, persona: str) -> dict[str, bytes] | None:
    """Return the node lines of a file as we write it, or None for any other text."""
    head, found, body = data.partition(b"\nnodes:\n")
    if not found or not (b"\n" + head).endswith(f"\nversion: {VERSION}\npersona: {persona}".encode()):
        return None
    lines: dict[str, bytes] = {}
    for line in body.splitlines():
        name, colon, value = line.partition(b": ")
        if not (line.startswith(b"  ") and colon and value.startswith(b"{") and value.endswith(b"}")):
            return None
        key = name[2:].decode("utf-8", "replace")
        if key in lines or not _NODE.fullmatch(key):
            return None
        lines[key] = value
    return lines


def _yaml_lines(data: bytes, path: Path, persona: str, former: tuple[str, ...] = ()) -> dict[str, bytes]:
    import yaml

    if b"<<<<<<<" in data:
        raise StoreError("the lock holds a merge conflict", hint="keep either line of each pair", where=str(path))
    try:
        _check_shape(data, path)
        tree = yaml.load(data, yaml.CSafeLoader) or {}
        version, nodes = tree["version"], tree["nodes"] or {}
        lines = {str(name): orjson.dumps(value) for name, value in nodes.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(
            f"the lock can't be read: {error}", hint="git checkout -- " + path.name, where=str(path)
        ) from None
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


def _check_shape(data: bytes, path: Path) -> None:
    """Refuse what forge never writes: aliases, deep nesting (on which libyaml would end the process), and two lines for
    one node, of which YAML would silently take the last."""
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
        seen: set[str] = set()
        for name in (key.value for key, _ in top.value) if isinstance(top, yaml.MappingNode) else ():
            if name in seen:
                hint = "keep one of its lines"
                raise StoreError(f"the lock names {name!r:.80} twice", hint=hint, where=str(path))
            seen.add(str(name))


def _parse_pin(line: bytes, where: str) -> Pin:
    try:
        fields = orjson.loads(line)
        pin = Pin(
            key=str(fields["key"]),
            outputs={str(name): str(digest) for name, digest in fields["outputs"].items()},
            media={str(name): str(media) for name, media in fields["media"].items()},
            status=str(fields.get("status", "accepted")),
            take=int(fields.get("take", 0)),
            attempt=int(fields.get("attempt", 0)),
            facts=dict(fields.get("facts", {})),
        )
        if not all(is_digest(digest) for digest in pin.outputs.values()):
            raise ValueError("an output is not a digest")
        if set(pin.outputs) != set(pin.media) or any(media not in SUFFIXES for media in pin.media.values()):
            raise ValueError("the media types don't fit the outputs")
        if pin.status not in ("accepted", "flagged", "unmeasured"):
            raise ValueError(f"status {pin.status!r}")
    except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise StoreError(f"the pin can't be read: {error}", hint="git checkout the lock file", where=where) from None
    return pin
