"""Puts a known pack into a folder: asks for the licence's acceptance, fetches, verifies, and only then gives it its
name.

All work is done in `<folder>/.<pack>.pull/`, which survives a crash, so that the next pull continues there; `flock` on
a file beside it allows one pull of a pack at a time. A complete and correct pack is never fetched again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from personaforge import __version__
from personaforge.errors import BackendError, PersonaForgeError, StoreError
from personaforge.faces.packs import RECORD, way_back
from personaforge.http.download import Fetched
from personaforge.http.fetch import client
from personaforge.http.url import shown_address
from personaforge.packs.catalog import Catalog, KnownPack, Licence
from personaforge.packs.download import Listener, SourceFailed, Step, Wanted, fetch
from personaforge.packs.unpack import unpack
from personaforge.packs.verification import verify_file, verify_pack
from personaforge.store.files import sync_directory, write_atomic
from personaforge.store.leases import Lease

if TYPE_CHECKING:
    import httpx

Accept = Callable[[str, KnownPack], str]
"""(pack, its declaration) -> how the licence was accepted, for the record; raises when it was not."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pack that is complete and correct now."""

    name: str
    folder: Path
    state: Literal["here", "pulled", "repaired"]
    """`here`: it was there already, and nothing was fetched."""
    fetched: int
    """Bytes transferred."""
    sources: tuple[str, ...] = ()
    """Addresses as shown."""
    replaced: tuple[str, ...] = ()
    """Files that were there with wrong bytes."""


def not_accepted(name: str, pack: KnownPack) -> str:
    """Refuse, as `pull` does when it can't ask. Raises PersonaForgeError with the command to type."""
    raise PersonaForgeError(
        f"the licence of {name} was not accepted: {pack.licence.name}",
        hint=f"read {pack.licence.url}, then: forge models pull {name} --accept-licence",
    )


def pull(
    catalog: Catalog,
    name: str,
    parent: Path,
    *,
    accept: Accept = not_accepted,
    say: Listener = lambda step: None,
    sleep: Callable[[float], None] = time.sleep,
    http: httpx.Client | None = None,
) -> Pulled:
    """Make `parent/name` the pack that the catalog declares, and return what was done.

    `accept` is asked before the first byte, unless the folder records that this very licence text was accepted. Raises
    PersonaForgeError (an unknown pack, a licence not accepted), BackendError (no source has it), StoreError (disk).
    """
    pack = catalog.pack(name)
    folder = parent / name
    here = Pulled(name, folder, "here", 0)
    try:
        if _is_complete(catalog, name, folder):
            return here
        accepted = _accepted(folder, pack.licence) or accept(name, pack)
        parent.mkdir(parents=True, exist_ok=True)
        with Lease(str(parent / f".{name}.lock"), lambda: say(Step("waiting", name))):
            if _is_complete(catalog, name, folder):
                return here
            with client() if http is None else nullcontext(http) as opened:
                return _pull(catalog, name, pack, folder, accepted, _Fetcher(catalog, opened, say, sleep, folder))
    except OSError as error:
        hint = "free some space" if error.errno == 28 else "pull it elsewhere: --to DIR"
        raise StoreError(f"can't write the pack to {folder}: {error.strerror or error}", hint=hint) from error


@dataclass(frozen=True, slots=True)
class _Fetcher:
    catalog: Catalog
    http: httpx.Client
    say: Listener
    sleep: Callable[[float], None]
    folder: Path

    def get(
        self, wanted: Wanted, urls: tuple[str, ...], target: Path, use: Callable[[], None] = lambda: None
    ) -> Fetched:
        """Fetch from the first source that has the file as declared and whose file `use` accepts."""
        failures: list[str] = []
        for url in self.catalog.sources(wanted.name, urls):
            try:
                done = fetch(self.http, url, wanted, target, say=self.say, sleep=self.sleep)
                use()
            except SourceFailed as failure:
                target.unlink(missing_ok=True)
                failures.append(f"{shown_address(url)} {failure}")
                self.say(Step("failed", failures[-1]))
            else:
                return done
        if not failures:
            raise PersonaForgeError(
                f"no address is declared for {wanted.name}", hint="name a mirror: FORGE_MIRRORS=https://host/folder"
            )
        raise BackendError.of_lines(
            [f"{wanted.name} can't be fetched:", *(f"  {failure}" for failure in failures)],
            hint=f"{way_back(self.folder.name, self.folder, known=True)} goes on where it was cut off; "
            "FORGE_MIRRORS=https://host/folder names a mirror to try first",
        )


def _pull(
    catalog: Catalog, name: str, pack: KnownPack, folder: Path, accepted: dict[str, str] | str, fetcher: _Fetcher
) -> Pulled:
    work = folder.parent / f".{name}.pull"
    new = work / "new"
    new.mkdir(parents=True, exist_ok=True)
    checks = verify_pack(catalog, name, folder).files if folder.is_dir() else ()
    replaced = tuple(check.name for check in checks if check.used and check.verdict not in ("ok", "missing"))
    for check in checks:
        if check.name in replaced:
            found = check.sha256 or check.note
            fetcher.say(Step("replace", f"{check.name}: found {found}, expected {check.expected_sha256}"))
    right = {check.name for check in checks if check.verdict == "ok"}
    done = _archive(name, pack, work, new, fetcher) if pack.archive else _files(pack, right, new, fetcher)
    write_atomic(new / RECORD, _record(name, pack, accepted, done))
    sync_directory(str(new))
    if folder.is_dir():  # file by file, each in one step, so that other files there are kept
        for path in sorted(new.iterdir()):
            os.replace(path, folder / path.name)
        sync_directory(str(folder))
    else:
        os.rename(new, folder)
    sync_directory(str(folder.parent))
    shutil.rmtree(work, ignore_errors=True)
    state: Literal["pulled", "repaired"] = "repaired" if checks else "pulled"
    sources = tuple(dict.fromkeys(one.url for one in done.values()))
    return Pulled(name, folder, state, sum(one.fetched for one in done.values()), sources, replaced)


def _archive(name: str, pack: KnownPack, work: Path, new: Path, fetcher: _Fetcher) -> dict[str, Fetched]:
    archive = pack.archive
    assert archive is not None
    target = work / archive.name

    def use() -> None:
        fetcher.say(Step("unpack", archive.name))
        shutil.rmtree(new)
        new.mkdir()
        unpack(target, name, pack.files, new)

    return {archive.name: fetcher.get(Wanted(archive.name, archive.size, archive.sha256), archive.urls, target, use)}


def _files(pack: KnownPack, right: set[str], new: Path, fetcher: _Fetcher) -> dict[str, Fetched]:
    """Fetch the files that are missing or wrong, and were not fetched by a pull that was cut off."""
    done: dict[str, Fetched] = {}
    for name, pin in pack.files.items():
        if name in right or verify_file(new / name, pin, used=True, digests=True).verdict == "ok":
            continue
        (new / name).unlink(missing_ok=True)
        part = new.parent / name
        done[name] = fetcher.get(Wanted(name, pin.size, pin.sha256), pin.urls, part)
        os.rename(part, new / name)
    return done


def _is_complete(catalog: Catalog, name: str, folder: Path) -> bool:
    """Return whether all declared files are there and correct; the digests are read."""
    if not folder.is_dir():
        return False
    return all(file.verdict == "ok" for file in verify_pack(catalog, name, folder).files if file.used)


def _accepted(folder: Path, licence: Licence) -> dict[str, str] | None:
    """Return how and when this licence text was accepted for this folder; None if it wasn't."""
    try:
        found = orjson.loads((folder / RECORD).read_bytes())
        known = found["licence"]["sha256"] == licence.digest
        return {"at": str(found["accepted"]["at"]), "how": str(found["accepted"]["how"])} if known else None
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return None


def _record(name: str, pack: KnownPack, accepted: dict[str, str] | str, done: dict[str, Fetched]) -> bytes:
    """Return the content of LICENCE.json: the licence, who accepted it how and when, and what was fetched from
    where."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    value: dict[str, Any] = {
        "schema": 1,
        "pack": name,
        "licence": {**pack.licence.model_dump(), "sha256": pack.licence.digest},
        "accepted": accepted if isinstance(accepted, dict) else {"at": now, "how": accepted},
        "pulled": now,
        "forge": __version__,
        "sources": {file: {"url": one.url, "size": one.size, "sha256": one.sha256} for file, one in done.items()},
        "files": {file: pin.sha256 for file, pin in pack.files.items()},
    }
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
