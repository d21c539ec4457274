"""Shares a store through a folder: a mounted disk, a synchronised folder, a CI cache.

    blobs/ab/<digest>        as in the store
    records/actions/ab/...   as in the store
    personas/<id>.json       what the last push of a persona consisted of

Files from there are not trusted: a blob must have its digest, and a record the key that its parts give. The files of
both sides are read, not only listed: a damaged file is replaced from the other side, and never copied. The folder is
named by the command line, or by the machine (`FORGE_REMOTE`, or a name of its machine file); a config file can only
name one within the project, or one of those names.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from personaforge.digest import digest_json
from personaforge.errors import SpecError, StoreError, Unreadable
from personaforge.spec.machine_file import machine_file
from personaforge.spec.project import Project
from personaforge.spec.shared_folder import VARIABLE, WAYS, declared_fault, folder_fault
from personaforge.store.artifact import is_digest
from personaforge.store.blobs import Blobs
from personaforge.store.files import open_file, present, refuse_link, typed, unreadable, unwritable, write_atomic
from personaforge.store.lockfile import LockFile
from personaforge.store.records import Records, parse_record, read_record
from personaforge.store.store import Store, artifacts

FORMAT = 1


@dataclass
class Exchanged:
    """What a push or a pull has done."""

    blobs: int = 0
    """Artifacts that were copied."""
    bytes: int = 0
    records: int = 0
    """Records that were copied."""
    missing: tuple[str, ...] = ()
    """Pinned artifacts that are not there, by digest."""
    there: int = 0
    """Artifacts that were on the receiving side already, and sound."""
    damaged: tuple[str, ...] = ()
    """Artifacts whose copy in the folder doesn't have its digest; a push replaces it, a pull doesn't take it."""
    unreadable: tuple[str, ...] = ()
    """Files in the folder that can't be read now, with the reason."""


def remote_folder(
    project: Project,
    given: str | None,
    declared: str | Mapping[str, str] | None,
    environment: Mapping[str, str] = os.environ,
    notes: dict[str, None] | None = None,
) -> Path:
    """Return the folder to share through: the one on the command line, else FORGE_REMOTE, else `store.remote`.

    `@studio` is the remote of that name in the machine file. `store.remote` may only be a folder of the project, or
    `{name: studio}`. A folder that is called as a remote of the machine is said in `notes`, if that is given. Raises
    StoreError, also for such a folder that isn't there, and SpecError for a name that the machine doesn't define.
    """
    for text, origin in ((given, "--remote"), (environment.get(VARIABLE) or None, VARIABLE)):
        if text is not None and text.startswith("@"):
            return _beside(project, _defined(text[1:], origin), origin)
        if text is not None:
            fault = folder_fault(text)
            if fault is not None:
                raise StoreError(fault.message, where=origin, hint=fault.hint)
            _said(text, Path(os.path.abspath(text)), origin, f"@{text}", notes)
            return _beside(project, Path(os.path.abspath(text)), origin)
    if declared is None:
        raise StoreError("no folder to share through is named", hint=WAYS)
    if not isinstance(declared, str):
        return _beside(project, _defined(declared["name"], "store.remote"), "store.remote")
    fault = declared_fault(declared)
    if fault is not None:
        raise StoreError(fault.message, where="store.remote", hint=fault.hint)
    path = Path(os.path.realpath(project.root / declared))
    if project.root not in path.parents:
        raise StoreError(f"leads out of the project to {path}", where="store.remote", hint=WAYS)
    _said(declared, path, "store.remote", f"store: {{remote: {{name: {declared}}}}}", notes)
    return _beside(project, path, "store.remote")


def _said(text: str, folder: Path, origin: str, named: str, notes: dict[str, None] | None) -> None:
    """Say that a folder is called as a remote of the machine. Raises StoreError where the folder isn't there: the push
    would go into a new one, and not where the name was meant to lead."""
    if "/" in text or text not in machine_file().remotes:
        return
    if not folder.is_dir():
        message = f"{text!r} is a remote of this machine, and there is no folder {folder}"
        raise StoreError(message, where=origin, hint=f"{named} for the remote, or ./{text} for a folder")
    if notes is not None:
        notes[f"{origin}: {text!r} is a folder here, and a remote of this machine, too: {named} names that one"] = None


def _defined(name: str, origin: str) -> Path:
    machine = machine_file()
    problem = machine.problem("remotes", name, "", origin)
    if problem is not None:
        raise SpecError(problem)
    return Path(machine.remotes[name])


def _beside(project: Project, folder: Path, origin: str) -> Path:
    """Return the folder, after making sure that it isn't the store itself, or in it."""
    real, state = os.path.realpath(folder), os.path.realpath(project.state)
    if real == state or real.startswith(state + os.sep):
        raise StoreError(f"{folder} is the project's own store", where=origin, hint=WAYS)
    return folder


class Remote:
    """A folder that stores are pushed to and pulled from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = Blobs(folder / "blobs")
        self._records = Records(folder / "records")

    def push(self, store: Store, persona: str, lock: LockFile, also: Collection[str] = ()) -> Exchanged:
        """Copy what a persona's lock pins, and the records and artifacts of its nodes. Raises StoreError.

        `also` are keys of records that belong to no node.
        """
        self._make()
        keys, digests = _parts_of(store, persona)
        keys |= set(also)
        digests |= lock.digests()
        keys |= {pin.key for pin in map(lock.pin, lock.names()) if pin is not None and store.find(pin.key) is not None}
        done = Exchanged(missing=tuple(sorted(digest for digest in lock.digests() if not store.blobs.has(digest))))
        damaged: list[str] = []
        for digest in sorted(digests):
            if not store.blobs.has(digest):
                continue
            if self._blobs.sound(digest):
                done.there += 1
                continue
            if self._blobs.has(digest):
                damaged.append(digest)
            data = store.blobs.get(digest)
            self._blobs.put(data)
            done.blobs += 1
            done.bytes += len(data)
        done.damaged = tuple(damaged)
        for key in sorted(keys):
            record = store.find(key)
            if record is not None and self._record(key) is None:
                self._records.put("actions", key, record)
                done.records += 1
        if digests or keys:
            manifest = {"format": FORMAT, "persona": persona, "records": sorted(keys), "blobs": sorted(digests)}
            write_atomic(self.folder / "personas" / f"{persona}.json", orjson.dumps(manifest))
        return done

    def pull(self, store: Store, persona: str, lock: LockFile) -> Exchanged:
        """Copy what a persona's lock pins, and the records without which it would be measured again. A damaged artifact
        here is replaced by a sound one from there. Raises StoreError."""
        if present(self.folder) is None:
            raise StoreError("there is no such folder", where=str(self.folder), hint=WAYS)
        self._require_folder()
        done = Exchanged()
        missing: list[str] = []
        damaged: list[str] = []
        faults: list[str] = []
        # What was pushed under a former id belongs to this persona, too.
        pushed = [self._manifest(name) for name in dict.fromkeys((persona, *store.names.formerly(persona)))]
        records, blobs = (set[str]().union(*(part[index] for part in pushed)) for index in (0, 1))
        for digest in sorted(lock.digests() | blobs):
            if store.blobs.sound(digest):
                done.there += 1
                continue
            try:
                data = self._blobs.get(digest) if self._blobs.has(digest) else None
            except Unreadable as error:
                faults.append(str(error))
                data = None
            except StoreError:
                damaged.append(digest)
                data = None
            if data is not None:
                store.blobs.put(data)
                done.blobs += 1
                done.bytes += len(data)
            # Only pinned artifacts are missed; others were perhaps collected before the push.
            elif digest in lock.digests():
                missing.append(digest)
        for key in sorted(records):
            try:
                if store.find(key) is None and self._pull_record(store, key):
                    done.records += 1
            except Unreadable as error:
                faults.append(str(error))
        done.missing, done.damaged, done.unreadable = tuple(missing), tuple(damaged), tuple(faults)
        return done

    def _make(self) -> None:
        """Make the folder if its parent exists: where the whole path is missing it is mistyped, or not mounted."""
        if present(self.folder) is None:
            try:
                os.mkdir(self.folder)
            except FileNotFoundError:
                hint = f"mkdir -p {typed(self.folder.parent)}, if that is where it should be"
                raise StoreError(
                    f"there is no folder {self.folder.parent}", where=str(self.folder), hint=hint
                ) from None
            except FileExistsError:
                pass
            except OSError as error:
                raise unwritable(self.folder, error, "make") from error
        self._require_folder()

    def _require_folder(self) -> None:
        """Make sure that it is a folder, and that nothing in it leads elsewhere: it may be a stranger's."""
        if not os.path.isdir(self.folder):
            raise StoreError("is not a folder", where=str(self.folder), hint=WAYS)
        for name in ("blobs", "records", "personas", "records/actions"):
            refuse_link(self.folder / name)

    def _manifest(self, persona: str) -> tuple[set[str], set[str]]:
        path = self.folder / "personas" / f"{persona}.json"
        try:
            with open_file(path) as file:
                content = orjson.loads(file.read())
            records, blobs = ({str(item) for item in content[name]} for name in ("records", "blobs"))
        except FileNotFoundError:
            return set(), set()
        except OSError as error:
            raise unreadable(path, error, f"the list of {persona}'s parts") from error
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StoreError(f"the list of {persona}'s parts can't be read: {error}", where=str(path)) from None
        return {key for key in records if is_digest(key)}, {digest for digest in blobs if is_digest(digest)}

    def _record(self, key: str) -> dict[str, Any] | None:
        """Return an action's record from the folder; None where there is none, or its key isn't its name. Raises
        Unreadable."""
        path = self._records.path("actions", key)
        try:
            record = parse_record("actions", read_record(path), path)
            genuine = record["key"] == key and digest_json("action/1", record["parts"]) == key
            artifacts(record)
        except Unreadable:
            raise
        except (FileNotFoundError, StoreError, KeyError, TypeError, ValueError):
            return None
        return record if genuine else None

    def _pull_record(self, store: Store, key: str) -> bool:
        record = self._record(key)
        if record is None or not all(store.blobs.has(artifact.digest) for artifact in artifacts(record).values()):
            return False
        store.put_record("actions", store.records.free_name("actions", key), record)
        return True


def _parts_of(store: Store, persona: str) -> tuple[set[str], set[str]]:
    """Return the action keys and digests of a persona's nodes."""
    keys: set[str] = set()
    digests: set[str] = set()
    for result in store.index.results(persona):
        keys |= {key for key in result.actions if store.find(key) is not None}
        digests |= result.digests
    for key in keys:
        record = store.find(key)
        if record is not None:
            digests |= {artifact.digest for artifact in artifacts(record).values()}
    return keys, digests
