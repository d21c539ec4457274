"""What is declared about packs: licence, sources, and the size and SHA-256 of every file. Read from conf/models/.

The packaged catalog and the project's own are joined by pack name. A project may add packs and mirrors, but not
redefine a packaged pack: pulled packs are kept in a cache that all of a user's projects measure with, and the project's
file may come from a stranger's pull request.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.faces.packs import shipped
from personaforge.http.url import address_fault, shown_address
from personaforge.spec.project import Project, packaged
from personaforge.spec.source import Source, read_source
from personaforge.spec.values import Line, Model

MIRRORS = "FORGE_MIRRORS"
"""Environment variable: base URLs, separated by commas, tried before all others."""
MAX_ARCHIVE = 1 << 30
"""The most bytes of an archive whose size is not declared. The largest published pack has 289 MB."""
SHOWN = "conf/models/catalog.yaml"


def _address(text: str) -> str:
    fault = address_fault(text)
    if fault:
        raise ValueError(fault)
    if urlsplit(text).username is not None or urlsplit(text).password is not None:
        raise ValueError("holds a user name or a password, which belong into FORGE_MIRRORS")
    return text


def _no_choice(text: str) -> str:
    if text == "auto":
        raise ValueError("is what forge calls the best pack that is there")
    if text in shipped():
        raise ValueError("is the pack that comes with forge")
    return text


Address = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_address)]
PackName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"), AfterValidator(_no_choice)]
"""The folder's name, and what `identity.pack` is set to."""
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,98}\.onnx$")]
"""Only models: a manifest.json, for example, would make insightface read another package format."""
ArchiveName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,98}\.zip$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(strict=True, ge=1, le=1 << 32)]


class Licence(Model):
    """The terms that a user has to accept before pulling a pack."""

    name: Line
    summary: Line
    """One sentence."""
    url: Address
    """Address of the whole text."""

    @property
    def text(self) -> str:
        """The text that is shown, and that `digest` covers."""
        return f"{self.name}\n{self.summary}\n{self.url}\n"

    @property
    def digest(self) -> str:
        """SHA-256 of `text`: accepting one text doesn't accept another."""
        return digest_bytes(self.text.encode())


class Pin(Model):
    """One model file."""

    size: Size
    """Bytes."""
    sha256: Sha256
    urls: tuple[Address, ...] = ()
    """Where the file itself is, for a pack without an archive."""


class Archive(Model):
    """The zip file that a pack is published as."""

    name: ArchiveName
    """The path after a mirror's base URL."""
    urls: tuple[Address, ...] = ()
    size: Size | None = None
    sha256: Sha256 | None = None
    """None where it is not known: the unpacked files are verified in any case."""


class KnownPack(Model):
    """A pack that can be pulled and verified."""

    title: Line
    licence: Licence
    archive: Archive | None = None
    files: Annotated[Mapping[FileName, Pin], Field(min_length=1, max_length=50)]
    """What is kept."""
    unused: Annotated[Mapping[FileName, Pin], Field(max_length=50)] = {}
    """Files that are published with the pack and not unpacked; verified where they are found."""

    @model_validator(mode="after")
    def _one_source(self) -> KnownPack:
        if self.archive is not None and any(pin.urls for pin in self.files.values()):
            raise ValueError("expected `urls` in the archive or with the files, not both")
        if set(self.files) & set(self.unused):
            raise ValueError("a file is listed in `files` and in `unused`")
        return self

    @property
    def size(self) -> int:
        """Bytes of the kept files."""
        return sum(pin.size for pin in self.files.values())

    @property
    def download_size(self) -> int | None:
        """Bytes that a pull fetches; None when the archive's size is not known."""
        return self.size if self.archive is None else self.archive.size


class CatalogFile(Model):
    """One catalog.yaml."""

    mirrors: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    packs: Annotated[Mapping[PackName, KnownPack], Field(max_length=200)] = {}


@dataclass(frozen=True, slots=True)
class Catalog:
    """All known packs by name, and the mirrors in the order in which they are tried."""

    packs: Mapping[str, KnownPack]
    mirrors: tuple[str, ...] = ()

    def pack(self, name: str) -> KnownPack:
        """Return a known pack. Raises PersonaForgeError that names the known ones."""
        if name in self.packs:
            return self.packs[name]
        if name in shipped():
            raise PersonaForgeError(f"{name} comes with forge and is never fetched", hint=f"forge models verify {name}")
        from difflib import get_close_matches

        close = get_close_matches(name, self.packs, 1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise PersonaForgeError(f"no pack {name!r} is known", hint=f"{hint}known packs: {', '.join(self.packs)}")

    def sources(self, file_name: str, urls: tuple[str, ...]) -> tuple[str, ...]:
        """Return where a file may be fetched, in order: mirrors, then its own URLs, each once."""
        mirrored = (f"{mirror.rstrip('/')}/{quote(file_name)}" for mirror in self.mirrors)
        return tuple(dict.fromkeys([*mirrored, *urls]))

    def same_as(self, size: int, sha256: str) -> str:
        """Return `file of pack` for a file that a known pack has, under any name; empty for none."""
        for name, pack in self.packs.items():
            for file_name, pin in {**pack.files, **pack.unused}.items():
                if (pin.size, pin.sha256) == (size, sha256):
                    return f"{file_name} of {name}"
        return ""


def read_catalog(project: Project | None = None, environment: Mapping[str, str] | None = None) -> Catalog:
    """Return the packaged catalog joined with a project's own; the mirrors of FORGE_MIRRORS come first.

    Raises SpecError with every problem of a catalog, and PersonaForgeError for a wrong FORGE_MIRRORS.
    """
    ours = packaged("conf")
    source = read_source(ours / "models/catalog.yaml", f"the packaged {SHOWN}", root=ours.resolve())
    known = _validated(source)
    packs, mirrors = dict(known.packs), known.mirrors
    own = None if project is None or project.conf_folders[0] == ours else project.conf_folders[0]
    if project is not None and own is not None and (own / "models/catalog.yaml").exists():
        source = read_source(own / "models/catalog.yaml", SHOWN, root=project.root)
        theirs = _validated(source)
        taken = [name for name in theirs.packs if name in packs]
        if taken:
            message, hint = "is a pack that comes with forge and can't be redefined", "rename it, or use `mirrors`"
            raise SpecError([Problem(source.where(("packs", name)), f"packs.{name}", message, hint) for name in taken])
        packs |= theirs.packs
        mirrors = (*theirs.mirrors, *mirrors)
    return Catalog(packs, tuple(dict.fromkeys([*_environment_mirrors(environment), *mirrors])))


def _environment_mirrors(environment: Mapping[str, str] | None) -> list[str]:
    given = (os.environ if environment is None else environment).get(MIRRORS, "")
    mirrors = [part.strip() for part in given.split(",") if part.strip()]
    for mirror in mirrors:
        fault = address_fault(mirror) or ("holds a query (?...)" if urlsplit(mirror).query else "")
        if fault:
            found = shown_address(mirror) if not address_fault(mirror) else f"entry {mirrors.index(mirror) + 1}"
            raise PersonaForgeError(f"{found} {fault}", where=MIRRORS, hint=f"{MIRRORS}=https://host/folder,...")
    return mirrors


def _validated(source: Source) -> CatalogFile:
    import yaml

    try:
        return CatalogFile.model_validate(yaml.load(source.text, yaml.CSafeLoader) or {})
    except ValidationError as error:
        raise SpecError(list(_problems(source, error))) from None


def _problems(source: Source, error: ValidationError) -> Iterator[Problem]:
    for item in error.errors(include_url=False):
        path = tuple(str(part) for part in item["loc"] if part != "[key]")
        message = {"extra_forbidden": "is not a setting", "missing": "is missing"}.get(item["type"])
        if message is None:
            wrong = str(item["msg"]).removeprefix("Value error, ")
            given = item.get("input")
            shown = f"found {str(given)[:80]!r}: " if isinstance(given, str | int | float) else ""
            message = shown + wrong[0].lower() + wrong[1:]
        yield Problem(source.where(path), ".".join(path), message)
