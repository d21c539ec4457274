"""What is declared about packs: licence, sources, and the size and SHA-256 of every file. Read from conf/models/.

A *composed* pack is made of *parts*, a file each with a role and a way of running it. A part is a file of a known pack,
whose licence and digest it has, or comes with forge.

The packaged catalog and the project's own are joined by pack name. A project may add packs and mirrors, but not
redefine a packaged pack: pulled packs are kept in a cache that all of a user's projects measure with, and the project's
file may come from a stranger's pull request.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.faces.composed import RUNS, Role, WantedPart
from personaforge.faces.packs import shipped
from personaforge.http.url import address_fault, shown_address
from personaforge.spec.project import Project, packaged
from personaforge.spec.source import Source, read_source
from personaforge.spec.values import Line, Model
from personaforge.spec.wording import sentence

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


Use = Literal["commercial", "research"]
"""What something is used for, or may be used for."""


class Licence(Model):
    """The terms that a user has to accept before pulling a pack."""

    name: Line
    summary: Line
    """One sentence."""
    url: Address
    """Address of the whole text."""
    use: Use | None = None
    """Whom it binds: `commercial`, any use is allowed; `research`, only research that earns nothing. None where nobody
    has said. It is what we read in the text, and no part of the text that is accepted."""

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


class DeclaredPart(Model):
    """A file that measures, as one part of composed packs."""

    role: Role
    runs: Line
    """How it is run: `yunet`, `arcface`, `sface` or `mesh`."""
    pack: PackName | None = None
    """The known pack that has the file; None for a part that comes with forge."""
    file: FileName
    pin: Pin | None = None
    licence: Licence | None = None
    """Both only for what comes with forge: any other part has its pack's."""

    @model_validator(mode="after")
    def _fits(self) -> DeclaredPart:
        if self.runs not in RUNS[self.role]:
            raise ValueError(f"a {self.role} runs as {' or '.join(RUNS[self.role])}, found {self.runs}")
        if (self.pack is None) != (self.pin is not None and self.licence is not None):
            raise ValueError("expected `pack`, whose licence and digests hold, or `pin` and `licence`")
        return self


class Composition(Model):
    """A pack that is composed of parts."""

    title: Line
    parts: Annotated[Mapping[Role, PackName], Field(min_length=2)]
    """Role -> the name of a part."""

    @model_validator(mode="after")
    def _measures(self) -> Composition:
        if lacking := [role for role in ("detector", "recognizer") if role not in self.parts]:
            raise ValueError(f"has no {' and no '.join(lacking)}")
        return self


class CatalogFile(Model):
    """One catalog.yaml."""

    mirrors: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    packs: Annotated[Mapping[PackName, KnownPack], Field(max_length=200)] = {}
    parts: Annotated[Mapping[PackName, DeclaredPart], Field(max_length=200)] = {}
    composed: Annotated[Mapping[PackName, Composition], Field(max_length=200)] = {}


@dataclass(frozen=True, slots=True)
class Catalog:
    """All known packs by name, and the mirrors in the order in which they are tried."""

    packs: Mapping[str, KnownPack]
    mirrors: tuple[str, ...] = ()
    parts: Mapping[str, DeclaredPart] = field(default_factory=dict)
    composed: Mapping[str, Composition] = field(default_factory=dict)
    packaged: frozenset[str] = frozenset()
    """The names of packs that forge's own catalog declares."""

    def wanted(self, name: str) -> tuple[WantedPart, ...]:
        """Return the parts of a composed pack, as `find_composed` takes them."""
        found = []
        for role, part in self.composed[name].parts.items():
            declared = self.parts[part]
            folder = declared.pack or part
            found.append(WantedPart(role, part, declared.runs, folder, declared.file, declared.pack is None))
        return tuple(found)

    def packs_of(self, name: str) -> tuple[str, ...]:
        """Return the packs that a composed pack's parts are files of, each once, without what comes with forge."""
        return tuple(dict.fromkeys(part.folder for part in self.wanted(name) if not part.ours))

    def pack(self, name: str) -> KnownPack:
        """Return a known pack. Raises PersonaForgeError that names the known ones."""
        if name in self.packs:
            return self.packs[name]
        if name in shipped():
            raise PersonaForgeError(f"{name} comes with forge and is never fetched", hint=f"forge models verify {name}")
        from difflib import get_close_matches

        known = [*self.packs, *self.composed]
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise PersonaForgeError(f"no pack {name!r} is known", hint=f"{hint}known packs: {', '.join(known)}")

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

    def licence_of(self, sha256: str) -> tuple[Licence, str] | None:
        """Return the licence of these bytes, and which known file they are; None for bytes that nobody declares.

        The bytes decide, whatever a file or its folder is called. Where several packs have the same bytes, one that
        comes with forge decides before a project's, and a narrower licence before a wider one.
        """
        found = []
        for name, pack in self.packs.items():
            for file_name, pin in {**pack.files, **pack.unused}.items():
                if pin.sha256 == sha256:
                    found.append((name not in self.packaged, pack.licence, f"{file_name} of {name}"))
        for name, part in self.parts.items():
            if part.pin is not None and part.licence is not None and part.pin.sha256 == sha256:
                found.append((False, part.licence, f"{part.file}, which comes with forge as {name}"))
        width = {"research": 0, None: 1, "commercial": 2}
        best = min(found, key=lambda one: (one[0], width[one[1].use]), default=None)
        return None if best is None else (best[1], best[2])


def read_catalog(project: Project | None = None, environment: Mapping[str, str] | None = None) -> Catalog:
    """Return the packaged catalog joined with a project's own; the mirrors of FORGE_MIRRORS come first.

    Raises SpecError with every problem of a catalog, and PersonaForgeError for a wrong FORGE_MIRRORS.
    """
    ours = packaged("conf")
    source = read_source(ours / "models/catalog.yaml", f"the packaged {SHOWN}", root=ours.resolve())
    known = _validated(source)
    packs, mirrors = dict(known.packs), known.mirrors
    parts, composed = dict(known.parts), dict(known.composed)
    own = None if project is None or project.conf_folders[0] == ours else project.conf_folders[0]
    if project is not None and own is not None and (own / "models/catalog.yaml").exists():
        source = read_source(own / "models/catalog.yaml", SHOWN, root=project.root)
        theirs = _validated(source)
        problems = [*_taken(source, theirs, known), *_own_parts(source, theirs)]
        if problems:
            raise SpecError(problems)
        packs |= theirs.packs
        parts |= theirs.parts
        composed |= theirs.composed
        mirrors = (*theirs.mirrors, *mirrors)
    found = Catalog(
        packs,
        tuple(dict.fromkeys([*_environment_mirrors(environment), *mirrors])),
        parts,
        composed,
        frozenset(known.packs),
    )
    if problems := [*_loose(source, found), *_mislabelled(source, found)]:
        raise SpecError(problems)
    return found


def _taken(source: Source, theirs: CatalogFile, known: CatalogFile) -> Iterator[Problem]:
    """Yield the names of a project's catalog that mean something of forge's."""
    message, hint = "that comes with forge and can't be redefined", "rename it"
    mine = {*known.packs, *known.composed}
    for kind, names, taken, what, way in (
        ("packs", theirs.packs, mine, "is a pack", f"{hint}, or use `mirrors`"),
        ("composed", theirs.composed, {*mine, *theirs.packs}, "is a pack", hint),
        ("parts", theirs.parts, set(known.parts), "is a part", hint),
    ):
        for name in names:
            if name in taken:
                own = f"{what} {message}" if name in mine or kind == "parts" else "is also under `packs`"
                yield Problem(source.where((kind, name)), f"{kind}.{name}", own, way)


def _own_parts(source: Source, theirs: CatalogFile) -> Iterator[Problem]:
    """Yield the parts of a project's catalog that claim to come with forge."""
    for name, part in theirs.parts.items():
        if part.pack is None:
            text = "has no `pack`: only what comes with forge has none"
            yield Problem(source.where(("parts", name)), f"parts.{name}", text, "declare the file under `packs`")


def _mislabelled(source: Source, catalog: Catalog) -> Iterator[Problem]:
    """Yield the files of a project's packs that are said to be free, and are known not to be."""
    for name, pack in catalog.packs.items():
        for file, pin in (
            pack.files.items() if name not in catalog.packaged and pack.licence.use == "commercial" else ()
        ):
            known = catalog.licence_of(pin.sha256)
            if known is not None and known[0].use == "research":
                path = ("packs", name, "licence", "use")
                text = f"is commercial, and {file} is {known[1]} byte for byte: {known[0].name}"
                yield Problem(source.where(path), ".".join(path), text, "use: research")


def _loose(source: Source, catalog: Catalog) -> Iterator[Problem]:
    """Yield the parts whose pack or file, and the compositions whose parts, nobody declares."""
    packs, parts = catalog.packs, catalog.parts
    for name, part in parts.items():
        if part.pack is not None and (part.pack not in packs or part.file not in packs[part.pack].files):
            text = f"is {part.file} of the pack {part.pack}, which `packs` does not declare"
            yield Problem(source.where(("parts", name)), f"parts.{name}", text, f"add it under packs.{part.pack}.files")
    for name, composition in catalog.composed.items():
        for role, part_name in composition.parts.items():
            found = parts.get(part_name)
            if found is None or found.role != role:
                what = f"is a {found.role}" if found is not None else "is no part that is declared"
                path = ("composed", name, "parts", role)
                fitting = [one for one, part in parts.items() if part.role == role]
                hint = f"known: {', '.join(fitting)}"
                yield Problem(source.where(path), ".".join(path), f"{part_name} {what}, expected a {role}", hint)


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
        message = "is not a setting" if item["type"] == "extra_forbidden" else sentence(item)
        yield Problem(source.where(path), ".".join(path), message)
