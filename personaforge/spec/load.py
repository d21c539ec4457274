"""Loads personas: composed, checked, and cached by the content of everything they came from.

The cache key covers the bytes of the persona file and of the project's conf, the overrides, the versions of the
composer's libraries, and forge's own files (by size and time of change, which costs a millisecond and lets a developer
edit a packaged template without clearing anything). A row also names the bases it was composed from, with their
digests. Nothing here reads a cached row that doesn't match.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from personaforge import __version__
from personaforge.digest import digest_bytes, digest_json, digest_stream, digest_strings
from personaforge.errors import Problem, SpecError
from personaforge.spec.consent import SYNTHETIC, require_consent
from personaforge.spec.domain import Domains
from personaforge.spec.kinds import kind_named
from personaforge.spec.machine_file import allowed_plugins, machine_file
from personaforge.spec.names import Names, read_formerly, read_names
from personaforge.spec.plugins import asked_plugins
from personaforge.spec.project import Project, inside, lock_path, persona_id, same_id
from personaforge.spec.settings import GROUPS, OFF, SCHEMAS, Group, Settings
from personaforge.spec.source import open_file, read_bounded, why_unread
from personaforge.versions import installed_version

if TYPE_CHECKING:
    from personaforge.spec.adults import Refusal
    from personaforge.spec.validation import Unsound

_FORMAT = "spec/3"
"""Raised where a row that was kept before must not be used: since 3 what is kept was read by the guard."""


class SpecCache(Protocol):
    """Where composed specs are kept between runs."""

    def get_spec(self, key: str) -> bytes | None:
        """Return a cached row."""
        ...

    def get_group(self, digest: str) -> bytes | None:
        """Return a cached group."""
        ...

    def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
        """Keep a row and the groups it names."""
        ...


class Loaded(NamedTuple):
    """A persona that can be planned."""

    file: Path
    lock: Path
    settings: Settings


class Broken(NamedTuple):
    """A persona that can't be read or planned, while others can."""

    persona: str
    """The id in its file, or the file's name without its ending."""
    file: Path
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the persona as JSON."""
        problems = [problem._asdict() for problem in self.problems]
        return {"persona": self.persona, "file": str(self.file), "problems": problems}


class Loader:
    """Loads the personas of one project."""

    def __init__(
        self,
        project: Project,
        cache: SpecCache | None = None,
        *,
        domains: Domains,
        refused: Callable[[Refusal], None] = lambda refusal: None,
        gone: dict[str, list[str]] | None = None,
    ) -> None:
        """`refused` is told what the guard refuses, so that it can be recorded. Where there is a `gone`, a file of a
        brief that can't be read now is as it was when it was read last, if that is known; it gets the names of those
        files by persona."""
        self._gone = gone
        self._project = project
        self._refused = refused
        self._cache = cache
        self._domains = domains
        self._groups: dict[str, Group] = {}
        self._fingerprint: str | None = None
        self._composer: Any = None
        self._locks: list[Path] | None = None
        """Lock files of the project, once they are asked for."""
        self._names: Names | None = None
        self.unsound: dict[Path, tuple[Loaded, AbstractSet[tuple[str, ...]]]] = {}
        """Personas with mistakes that were found: with other values in place of wrong ones, and the paths of those."""

    def load_all(
        self, files: Iterable[Path], overrides: Sequence[str] = (), broken: list[Broken] | None = None
    ) -> list[Loaded]:
        """Load persona files. Raises SpecError with the problems of all of them.

        What can't be loaded goes into `broken`, if that is given; the error is raised only where nothing else is left.
        """
        files = list(files)
        loaded: list[Loaded] = []
        wrong: list[Broken] = []
        for file, (one, found) in zip(files, self.each(files, overrides), strict=True):
            if found or one is None:
                wrong.append(Broken(persona_id(file), file, tuple(found)))
            else:
                loaded.append(one)
        if wrong and (broken is None or not loaded):
            raise SpecError(list(dict.fromkeys(problem for one in wrong for problem in one.problems)))
        if broken is not None:
            broken += wrong
        return loaded

    def each(
        self, files: Iterable[Path], overrides: Sequence[str] = ()
    ) -> Iterator[tuple[Loaded | None, list[Problem]]]:
        """Yield what each file loads to, or None, and what is wrong with it: an id that another file has, too."""
        files = list(files)
        declared: dict[str, list[Path]] = {}
        for file in dict.fromkeys(files):
            declared.setdefault(persona_id(file), []).append(file)
        seen: dict[str, Path] = {}
        for file in files:
            try:
                one = self.load(file, overrides)
            except SpecError as error:
                yield None, error.problems
                continue
            sharing = [other for other in declared[persona_id(file)] if other != file]
            other = seen.setdefault(one.settings.id, file)
            if other != file and other not in sharing:  # an id that a base gives
                sharing.append(other)
            problems = [same_id(self._project, one.settings.id, [file, *sharing])] if sharing else []
            problems += self._misnamed(file, one.settings)
            yield one, problems

    def _misnamed(self, file: Path, settings: Settings) -> list[Problem]:
        """Return what is wrong with what a persona was called before."""
        if self._names is None:
            self._names = read_names(self._project)
        shown = self._project.relative(file)
        if settings.formerly != read_formerly(file):
            text = "is set elsewhere, expected in the persona's own file alone"
            return [Problem(shown, "formerly", text, "forge mv OLD NEW writes it")]
        self._names.learn(file, settings.id, settings.formerly)
        return self._names.problems(settings.id, shown)

    def load(self, file: Path, overrides: Sequence[str] = ()) -> Loaded:
        """Load one persona file. Raises SpecError with all its problems."""
        key = self._key(file, overrides)
        row = self._cached(key)
        if row is None:
            row = self._compose(file, overrides)
            # What was edited meanwhile is loaded, but not kept under the key of what stood there before.
            if self._cache is not None and self._key(file, overrides, fresh=True) == key:
                body = orjson.dumps({**row, "groups": {name: group.digest for name, group in row["groups"].items()}})
                groups = {group.digest: orjson.dumps(group.data) for group in row["groups"].values()}
                self._cache.put_spec(key, body, groups)
        settings = Settings(row["persona"], row["groups"], row["written"])
        lock = lock_path(file, settings.id)
        self._refuse_stray(file, lock)
        subject = str(settings.get("subject", SYNTHETIC))
        if subject != SYNTHETIC:
            require_consent(self._project, subject, self._project.relative(file), _shown_to(settings))
        return Loaded(file, lock, settings)

    def _refuse_stray(self, file: Path, lock: Path) -> None:
        """Refuse a persona whose lock was left in another folder: without it there would be a new face, unasked."""
        if lock.exists() or not file.is_relative_to(self._project.personas):
            return
        if self._locks is None:
            self._locks = self._project.lock_files()
        stray = [path for path in self._locks if path.name == lock.name]
        if stray:
            shown, there = self._project.relative(stray[0]), self._project.relative(lock)
            problem = Problem(
                self._project.relative(file), "", f"its lock is {shown}, expected {there}", f"git mv {shown} {there}"
            )
            raise SpecError(problem)

    def group(self, name: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
        """Return a group as the project declares it, without a persona. Raises SpecError."""
        key = digest_strings("project-group/2", [_fingerprint(self._project), name, *overrides])
        body = self._cache.get_spec(key) if self._cache is not None else None
        found = _mapping(body)
        if found is None:
            body = orjson.dumps(self._group(name, tuple(overrides)))
            if self._cache is not None:
                self._cache.put_spec(key, body, {})
            found = orjson.loads(body)
        assert found is not None
        return found

    def _group(self, name: str, overrides: tuple[str, ...]) -> Any:
        from personaforge.spec.compose import Composer
        from personaforge.spec.location import choosers, located
        from personaforge.spec.overlay import NOBODY
        from personaforge.spec.validation import validate_locked, validated_group

        composer = Composer(self._project)
        try:
            composed = composer.base(overrides)
            if overrides:
                validate_locked(composed, composer.base())
            return validated_group(name, composed[name])
        except SpecError as error:
            if all(problem.where != NOBODY.main.shown for problem in error.problems):
                raise
            origins, chosen = composer.origins(NOBODY, overrides), choosers(self._project, NOBODY, overrides)
            raise SpecError([located(one, NOBODY.main.shown, origins, chosen) for one in error.problems]) from None

    def _key(self, file: Path, overrides: Sequence[str], *, fresh: bool = False) -> str:
        try:
            if self._leads_out(file):
                raise OSError
            with open_file(file, follow=True) as opened:
                digest = digest_stream(opened)
        except OSError as error:
            why = why_unread(error)
            if self._leads_out(file):
                why = f"leads out of the project to {os.path.realpath(file)}"
            own = os.path.abspath(file)  # a link by its own name
            shown = os.path.relpath(own, self._project.root) if inside(own, self._project.root) else str(file)
            raise SpecError(Problem(shown, "", why)) from error
        if self._fingerprint is None:
            self._fingerprint = _fingerprint(self._project)
        fingerprint = _fingerprint(self._project) if fresh else self._fingerprint
        return digest_strings(_FORMAT, [fingerprint, str(file.parent), file.name, digest, *overrides])

    def _leads_out(self, file: Path) -> bool:
        """Return whether a persona file is a link that leads out of the project, though it lies in it itself."""
        root = self._project.root
        return inside(os.path.realpath(file.parent), root) and not inside(os.path.realpath(file), root)

    def _cached(self, key: str) -> dict[str, Any] | None:
        body = self._cache.get_spec(key) if self._cache is not None else None
        row = _mapping(body)
        if row is None or not _is_spec(row):
            return None
        listed = (row["persona"].get("material") or {}).get("files", ())
        files = {str(self._project.root / one["path"]) for one in listed}
        gone = []
        for path, digest in row["bases"]:
            try:
                with open_file(path, follow=True) as opened:
                    if digest_stream(opened) != digest:
                        return None
            except OSError:
                if self._gone is None or path not in files:
                    return None
                gone.append(self._project.relative(path))
        groups: dict[str, Group] = {}
        for name, digest in row["groups"].items():
            group = self._groups.get(digest)
            if group is None:
                data = self._cache.get_group(digest) if self._cache is not None else None
                known = _mapping(data)
                if known is None or digest_json("group/1", known) != digest:
                    return None
                group = Group(digest, known)
                self._groups[digest] = group
            groups[name] = group
        row["groups"] = groups
        if gone and self._gone is not None:
            self._gone[row["persona"]["id"]] = gone
        return row

    def _compose(self, file: Path, overrides: Sequence[str]) -> dict[str, Any]:
        from personaforge.spec.adults import Refusal, adult_problems, named_likeness, persona_findings, without_repeats
        from personaforge.spec.bodies import read_persona
        from personaforge.spec.compose import Composer
        from personaforge.spec.location import choosers, located
        from personaforge.spec.material import files_of, read_material
        from personaforge.spec.mistakes import at_source
        from personaforge.spec.validation import Unsound, validated_persona

        if self._composer is None:
            self._composer = Composer(self._project)
        misread: list[Problem] = []
        sources = read_persona(self._project, file, misread)
        odd = {one.path for one in misread}
        try:
            composed = self._composer.compose(sources, overrides)
        except SpecError as error:
            further = self._every_problem(sources, overrides, error)
            raise SpecError([*misread, *(one for one in further if one.path not in odd)]) from error
        material, unreadable = read_material(self._project, file, files_of(composed.get("brief")))
        found = persona_findings(composed, material, self._composer.packaged)
        real = named_likeness(composed, material)
        found += [real] if real is not None else []
        if found:
            self._refused(Refusal(persona_id(file), sources.main.shown, tuple(found)))
        refused = [*misread, *(at_source(sources, one) for one in unreadable)]
        refused += [
            one if one.where != sources.main.shown else at_source(sources, one)
            for one in adult_problems(found, sources.main.shown, material)
        ]
        try:
            plain, schemas = validated_persona(
                self._project, sources, composed, self._composer, self._domains, material=material
            )
            if refused:
                raise SpecError([])
        except SpecError as error:
            rest = without_repeats(error.problems, refused)
            error.problems = [*refused, *(one for one in rest if one.path not in odd)]
            main = sources.main.shown
            if isinstance(error, Unsound):
                self.unsound[file] = (self._stand_in(file, error), error.replaced)
            if not refused and not overrides and all(problem.where != main for problem in error.problems):
                raise
            origins, chosen = self._composer.origins(sources, overrides), choosers(self._project, sources, overrides)
            raise SpecError([located(problem, main, origins, chosen) for problem in error.problems]) from None
        groups = {name: self._interned(plain.pop(name)) for name in GROUPS}
        groups[SCHEMAS] = self._interned(schemas)
        bases = [[str(source.path), source.digest] for source in sources.files[:-1]]
        bases += [[str(self._project.root / one.path), one.digest] for one in material]
        written = self._composer.written(sources, overrides)
        if material:  # what stands in the files is the user's own, whatever they are called
            written = {**written, "brief.files": [one.digest for one in material]}
        return {"persona": plain, "groups": groups, "bases": bases, "written": written}

    def _every_problem(self, sources: Any, overrides: Sequence[str], error: SpecError) -> list[Problem]:
        """Return what else is wrong with a persona that can't be composed: passes over what is known to be wrong, until
        the rest can be composed and checked."""
        from personaforge.spec.validation import validated_persona

        problems = list(error.problems)
        without: set[str] = set()
        composed: dict[str, Any] | None = None
        while composed is None:
            wrong = {problem.path for problem in error.problems} - without - {""}
            if not wrong:
                return problems
            without |= wrong
            try:
                composed = self._composer.compose(sources, overrides, without=without)
                validated_persona(self._project, sources, composed, self._composer, self._domains, passed_over=without)
            except SpecError as further:
                error = further
                problems += [problem for problem in further.problems if problem.path not in without]
        return problems

    def _stand_in(self, file: Path, error: Unsound) -> Loaded:
        """Return an unsound persona with the project's own values in place of wrong ones, to look for further
        mistakes."""
        plain = dict(error.plain)
        groups = {name: self._interned(plain.pop(name)) for name in GROUPS}
        groups[SCHEMAS] = self._interned(error.schemas)
        return Loaded(file, lock_path(file, plain["id"]), Settings(plain, groups, {}))

    def _interned(self, data: dict[str, Any]) -> Group:
        digest = digest_json("group/1", data)
        return self._groups.setdefault(digest, Group(digest, data))


def _shown_to(settings: Settings) -> str:
    """Return the model that is shown a persona's pictures, by the steps that read them; empty where none is."""
    steps: Mapping[str, Any] = settings.value("pipeline.steps")
    asked = [one for one in steps.values() if kind_named(one["kind"]).role == "reading" and one["provider"] != OFF]
    return f"{asked[0]['provider']} {asked[0]['model']}" if asked else ""


def _mapping(body: bytes | None) -> dict[str, Any] | None:
    """Return a cached row's mapping. One that is damaged counts as none: it can be composed again."""
    try:
        found = None if body is None else orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _is_spec(row: Mapping[str, Any]) -> bool:
    """Return whether a cached row has the parts of a composed persona."""
    bases, groups = row.get("bases"), row.get("groups")
    return (
        isinstance(row.get("persona"), dict)
        and isinstance(row["persona"].get("id"), str)
        and isinstance(row.get("written"), dict)
        and isinstance(bases, list)
        and all(isinstance(base, list) and [*map(type, base)] == [str, str] for base in bases)
        and isinstance(groups, dict)
        and groups.keys() == {*GROUPS, SCHEMAS}
        and all(isinstance(digest, str) for digest in groups.values())
    )


def code_signature() -> str:
    """Return a digest over forge's own files by name, size and time of change."""
    from personaforge.spec.project import packaged

    package = Path(__file__).resolve().parent.parent
    parts: list[str] = []
    for folder in (package, packaged("conf"), packaged("templates")):
        _stat_tree(str(folder), parts)
    return digest_strings("code/1", sorted(parts))


def _stat_tree(folder: str, into: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir(follow_symlinks=False):
                _stat_tree(entry.path, into)
            else:
                stat = entry.stat(follow_symlinks=os.path.exists(entry.path))  # editors leave dangling links about
                into.append(f"{entry.path}:{stat.st_size}:{stat.st_mtime_ns}")


def _fingerprint(project: Project) -> str:
    asked = asked_plugins(project)
    allowed = allowed_plugins() if asked else {}
    # What is validated against it is validated again where it has changed.
    parts = [
        __version__,
        code_signature(),
        machine_file().digest,
        # Whose kinds of steps and providers there are; the list itself is in the project's conf.
        *(f"{one.name} {installed_version(one.name)} {one.name in allowed}" for one in asked),
        *(installed_version(name) or "" for name in ("hydra-core", "omegaconf")),
    ]
    own = project.conf_folders[0]
    if own.parent == project.root:
        files: list[str] = []
        _stat_tree(str(own), files)  # names only: what counts below is content
        for path in sorted(entry.rsplit(":", 2)[0] for entry in files):
            read = path.endswith((".yaml", ".yml")) and os.path.isfile(path)
            shown = project.relative(path)
            parts += [path, digest_bytes(read_bounded(Path(path), shown, root=project.root)) if read else ""]
    return digest_strings("fingerprint/1", parts)
