"""Renaming a persona: `forge mv`, and the steps that a rename by hand leaves to the next build.

Only the persona's file decides. Once it says `id: bob` and `formerly: [bo]`, everything of bo belongs to bob: seeds and
keys still use the oldest id, the index stores rows under it, and the lock and the build folder of the former id are
read until they are moved. So the file is written first, in one step, and the other steps only move files: they may be
interrupted at any moment, and the same command, or the next build, does the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import PersonaForgeError, StoreError
from personaforge.persona.orphans import left_by
from personaforge.spec.names import Names, read_formerly, read_names
from personaforge.spec.project import ID_PATTERN, lock_path
from personaforge.spec.source import open_file, why_unread
from personaforge.store.files import write_atomic
from personaforge.store.lockfile import former_lock, read_lock
from personaforge.store.pages import FOLDER, page_name
from personaforge.store.presence import alone
from personaforge.store.store import Store

_MENTIONS = 10


class Step(NamedTuple):
    """One step of a renaming."""

    text: str
    """What it does, for people."""
    act: Callable[[], None]


@dataclass(frozen=True)
class Renamed:
    """What a renaming has done."""

    old: str
    new: str
    file: Path
    """The persona's file by now."""
    done: tuple[str, ...]
    """What was done, a sentence each."""
    mentions: tuple[str, ...]
    """Lines of the project's YAML that name the old id, as `file:line`."""


def rename(store: Store, old: str, new: str) -> Renamed:
    """Give a persona another id, or finish a renaming by hand or by a killed process.

    Raises StoreError while a build runs, and PersonaForgeError where it can't be done; then nothing was changed.
    """
    with alone(store.folder):
        store.forget_names()
        done = []
        for step in steps(store, old, new):
            step.act()
            done.append(step.text)
        store.forget_names()
        store.index.drop_stray(new)
        file = store.names.file(new)
        assert file is not None
        return Renamed(old, new, file, tuple(done), tuple(_mentions(store, old)))


def steps(store: Store, old: str, new: str) -> Iterator[Step]:
    """Yield the steps of a renaming, each after the one before was done. Raises PersonaForgeError."""
    names = read_names(store.project)
    file = names.file(old)
    if not re.match(ID_PATTERN, new):
        hint = "lower case letters, digits and -, beginning with a letter: forge mv bo bob"
        raise PersonaForgeError(f"found {new!r:.80}, expected an id", hint=hint)
    if old == new:
        raise PersonaForgeError(f"{old} is called {old} already")
    if file is not None:
        yield from _rename_in_file(store, names, file, old, new)
    elif new in names.living:
        yield from _missing_steps(store, names, old, new)
    else:
        now = names.present(old)
        hint = f"it is called {now} now: forge mv {now} {new}" if now != old else known_hint(names, old)
        raise PersonaForgeError(f"there is no persona {old}", hint=hint)
    declared = read_names(store.project).file(new)
    assert declared is not None
    target = declared.with_name(new + declared.suffix)
    if declared.stem == old and _may_follow(declared, new):
        yield Step(f"{_shown(store, declared)} is {target.name} now", partial(os.rename, declared, target))
        declared = target
    store.forget_names()
    yield from settling(store, declared, new, read_formerly(declared))


def settle(store: Store, file: Path, name: str, formerly: tuple[str, ...]) -> list[str]:
    """Move the files under a persona's former ids to its present one, and return what was done. Raises StoreError.

    Files that the present id has already are never overwritten.
    """
    done = []
    for step in settling(store, file, name, formerly):
        step.act()
        done.append(step.text)
    if formerly:
        store.index.drop_stray(name)
    return done


def settling(store: Store, file: Path, name: str, formerly: tuple[str, ...]) -> Iterator[Step]:
    """Yield the steps of `settle`."""
    if not formerly:
        return
    path = lock_path(file, name)
    place = former_lock(path, name, formerly)
    if place is not None:
        yield Step(f"{_shown(store, place)} is {path.name} now", partial(_move, store, name, place, path))
    if path.is_file() and (head := _other_head(path, name, formerly)) is not None:
        yield Step(f"{path.name} says {name}", partial(_write_head, store, name, path, head))
    root = store.project.root
    folders: list[tuple[Path, Callable[[str], str]]] = [
        (store.project.build, str),
        (store.folder / "edited", str),
        (root / FOLDER, page_name),
    ]
    for folder, named in folders:
        there = folder / named(name)
        if os.path.lexists(there) or os.path.realpath(folder) != str(folder):
            continue
        for one in reversed(formerly):
            former = folder / named(one)
            if one != name and former.exists() and not former.is_symlink():
                yield Step(f"{_shown(store, former)} is {there.name} now", partial(os.rename, former, there))
                break


def unsettled(store: Store, file: Path, name: str, formerly: tuple[str, ...]) -> bool:
    """Return whether something is under a former id that belongs under the present one."""
    return next(settling(store, file, name, formerly), None) is not None


def _rename_in_file(store: Store, names: Names, file: Path, old: str, new: str) -> Iterator[Step]:
    """Yield the step that renames a living persona in its file."""
    _refuse_taken(store, names, file, old, new)
    formerly = names.formerly(old)
    formerly = formerly if old in formerly else (*formerly, old)
    yield _file_step(store, file, new, formerly)


def _missing_steps(store: Store, names: Names, old: str, new: str) -> Iterator[Step]:
    """Yield the missing steps where a persona was renamed by hand, or by a process that was killed."""
    file = names.file(new)
    assert file is not None
    if old in names.formerly(new):
        return
    left = left_by(store, old)
    own = lock_path(file, new)
    moved = own.is_file() and _head_of(own) == old  # the lock was moved by hand, too
    if names.present(old) != old:
        raise PersonaForgeError(f"{old} is called {names.present(old)} now", hint=f"forge mv {names.present(old)} NEW")
    if left is None and not moved:
        raise PersonaForgeError(f"there is no persona {old}, and nothing is left of one", hint=known_hint(names, old))
    if os.path.lexists(own) and not moved:
        hint = f"if it is to have {old}'s face, remove {_shown(store, own)} first; if not, forge rm {old}"
        raise PersonaForgeError(f"{new} has a lock of its own, so it isn't {old} renamed", hint=hint)
    if names.formerly(new):
        raise PersonaForgeError(
            f"{new} was {', '.join(names.formerly(new))} already, and not {old}",
            hint=f"write into its file, oldest first: formerly: [{', '.join((*names.formerly(new), old))}]",
        )
    yield _file_step(store, file, new, (old,))
    if left is not None and left.lock is not None and left.lock.parent != own.parent and not moved:
        lock = left.lock
        yield Step(f"{_shown(store, lock)} is {_shown(store, own)} now", lambda: _move(store, new, lock, own))


def _file_step(store: Store, file: Path, new: str, formerly: tuple[str, ...]) -> Step:
    real = Path(os.path.realpath(file))
    if not str(real).startswith(str(store.project.root) + os.sep):
        raise PersonaForgeError(f"leads out of the project to {real}", where=str(file), hint="name the file itself")
    shown = _shown(store, file)
    try:
        with open_file(real, follow=True) as opened:  # a pipe would be waited for
            data, mode = opened.read(), os.fstat(opened.fileno()).st_mode & 0o777
    except OSError as error:
        raise PersonaForgeError(why_unread(error), where=shown) from error
    # Loads PyYAML, which a build that has nothing to do never needs.
    from personaforge.persona.declaration import renamed_text

    text = renamed_text(data, file, shown, new, formerly)
    said = f"{shown} says `id: {new}` and `formerly: [{', '.join(formerly)}]`"

    def write() -> None:
        write_atomic(real, text, mode=mode)

    return Step(said, write)


def _refuse_taken(store: Store, names: Names, file: Path, old: str, new: str) -> None:
    """Raise where another persona has or had the new id, or something of that name is in the way."""
    if new in names.living:
        other = names.file(new)
        raise PersonaForgeError(f"there is a persona {new} already ({other.name if other else new})", hint="another id")
    owner = names.present(new)
    if owner not in (new, old):
        raise PersonaForgeError(
            f"{new} is a former id of {owner}: records, seeds and pins of {new} are {owner}'s", hint="another id"
        )
    left = left_by(store, new) if owner == new else None
    if left is not None:
        raise PersonaForgeError(f"{left.what} is left of a persona {new} that is gone", hint=f"forge rm {new}")
    target = file.with_name(new + file.suffix)
    in_the_way = [lock_path(file, new), store.project.build / new]
    in_the_way += [target] if file.stem == old and target != file else []
    for path in in_the_way:
        if os.path.lexists(path):
            raise PersonaForgeError(f"{_shown(store, path)} is in the way", hint="move or remove it first")


def _may_follow(file: Path, new: str) -> bool:
    """Return whether a persona's file may be renamed to its id: not where other files build on it by its name."""
    if os.path.lexists(file.with_name(new + file.suffix)):
        return False
    word = re.compile(rf"(?<![\w-]){re.escape(file.stem)}(?![\w-])".encode())
    for other in file.parent.iterdir():
        if other == file or other.suffix not in (".yaml", ".yml") or other.name.endswith(".lock.yaml"):
            continue
        try:
            with open_file(other, follow=True) as opened:
                data = opened.read()
        except OSError:
            continue
        if b"defaults" in data and word.search(data):
            return False
    return True


def _move(store: Store, name: str, old: Path, new: Path) -> None:
    with store.leases.take(f"lock-{name}"):
        if os.path.lexists(new):
            raise StoreError("is in the way", where=str(new), hint="two locks of one persona: keep one of them")
        os.rename(old, new)


_HEAD = re.compile(rb"^persona:[ \t]*[\"']?([a-z][a-z0-9-]{1,62})[\"']?[ \t]*$", re.MULTILINE)


def _head_of(path: Path) -> str:
    """Return the persona that a lock names; empty where it can't be read."""
    try:
        found = _HEAD.search(path.read_bytes())
    except OSError:
        return ""
    return found[1].decode() if found is not None else ""


def _other_head(path: Path, name: str, formerly: tuple[str, ...]) -> bytes | None:
    """Return a lock's text with the present id in its head, or None where it has it already."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"can't read the lock: {error.strerror}", where=str(path)) from error
    found = _HEAD.search(data)
    if found is None or found[1].decode() not in formerly or found[1].decode() == name:
        return None
    return data[: found.start()] + b"persona: " + name.encode() + data[found.end() :]


def _write_head(store: Store, name: str, path: Path, data: bytes) -> None:
    with store.leases.take(f"lock-{name}"):
        write_atomic(path, data)
        read_lock(path, name)


def _mentions(store: Store, old: str) -> Iterator[str]:
    """Yield other places where the project's YAML names an id, such as the SQL of a check."""
    word = re.compile(rf"(?<![\w-]){re.escape(old)}(?![\w-])")
    found = 0
    for folder in ("personas", "conf"):
        for path in sorted((store.project.root / folder).rglob("*.y*ml")):
            if path.name.endswith(".lock.yaml") or not path.is_file():
                continue
            for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
                if word.search(line) and not line.lstrip(" {").startswith(("id:", "formerly:", "brief:", "- ")):
                    found += 1
                    if found <= _MENTIONS:
                        yield f"{store.project.relative(path)}:{number}"


def _shown(store: Store, path: Path) -> str:
    """Return a path relative to the project's root; a link by its own name."""
    return os.path.relpath(path, store.project.root)


def known_hint(names: Names, near: str) -> str:
    """Return the nearest id as a hint, or the list of ids."""
    from difflib import get_close_matches

    close = get_close_matches(near, sorted(names.living), 1)
    return f"did you mean {close[0]}?" if close else f"personas: {', '.join(sorted(names.living)[:8]) or 'none here'}"
