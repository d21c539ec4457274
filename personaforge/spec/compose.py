"""The only user of Hydra and OmegaConf: turns a persona file, the conf groups and overrides into plain values.

A persona file becomes the last entry of the defaults list, in the global package, so that its values win over every
group's, and its own `defaults:` may choose groups (`- override /pipeline: five_stage`). A top-level
`pipeline: five_stage` means the same. The command line wins over the file.

A full composition costs about 0.05 to 0.1 s, nearly all of it OmegaConf building nodes for the groups. Personas that
choose the same options share that part: it is composed once, by Hydra, and each persona's own values are merged over it
with OmegaConf's merge, which is the step Hydra itself would do last. `tests/spec/test_compose.py` compares the two
routes. A process keeps that part for every project with the same conf: for the two sides of a comparison,
and for a workspace that is opened again. Composed results are cached by content besides (`personaforge.spec.load`).
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from personaforge.digest import digest_file, digest_strings
from personaforge.errors import Problem, SpecError
from personaforge.spec.bodies import (
    chained_defaults,
    group_choices,
    main_choice,
    only_chooses,
    persona_bodies,
    without_defaults,
)
from personaforge.spec.overlay import (
    NOBODY,
    RENAMED,
    PersonaSources,
    Shared,
    composition_problem,
    first_line,
    guarded,
    to_plain,
)
from personaforge.spec.project import Project, packaged
from personaforge.spec.settings import GROUPS, OF_THE_PROJECT
from personaforge.spec.source import Source, acting_interpolation, read_bounded, read_source

if TYPE_CHECKING:
    from omegaconf import DictConfig

LATER = ("photos", "delivered", "reader")
"""Groups that were added after projects had a config.yaml of their own."""
_T = TypeVar("_T")
_HYDRA_LOCK = threading.RLock()
"""Hydra's loader and config store are process-wide."""


class Origin(NamedTuple):
    """Where a composed value came from."""

    where: str
    """`file:line`, or `command line`."""
    group: str
    """The group option it belongs to, such as `pipeline/four_layer`; empty for a persona's own value."""


class Composer:
    """Composes personas of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._shared: dict[tuple[str, ...], Shared] = {}
        self._own: dict[tuple[str, ...], dict[str, Any]] = {}

    def compose(
        self,
        sources: PersonaSources,
        overrides: Sequence[str],
        *,
        full: bool = False,
        without: AbstractSet[str] = frozenset(),
    ) -> dict[str, Any]:
        """Return the composed values of a persona. Raises SpecError.

        `full` asks for Hydra's own route throughout. `without` names paths that are known to be wrong: they are left
        out, so that other mistakes can be found.
        """
        bodies = persona_bodies(sources, without)
        with _HYDRA_LOCK:
            validate_overrides(overrides)
            if full or overrides or not all(only_chooses(body) for body in bodies):
                return to_plain(sources, self._hydra(sources, bodies, overrides))
            choices = group_choices(bodies)
            shared = self._shared.get(choices)
            if shared is None:
                shared = self._share(sources, choices)
            return shared.merged(sources, [without_defaults(body) for body in bodies])

    def base(self, choices: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the project's composed values without a persona or an override; unset values are left out.

        `choices` take other options of groups, such as `identity=insightface`. Raises SpecError for one that isn't.
        """
        with _HYDRA_LOCK:
            validate_overrides(choices)
            if choices not in self._shared:
                self._share(NOBODY, choices)
            return dict(self._shared[choices].plain)

    def packaged(self) -> dict[str, Any]:
        """Return forge's own composed values, without the project's conf; `base` where they can't be had alone."""
        alone = Project(packaged("conf").parent)
        return self.base() if alone.conf_folders != (packaged("conf"),) else Composer(alone).base()

    def _share(self, sources: PersonaSources, choices: tuple[str, ...]) -> Shared:
        found = _kept(self._project, ("shared", *choices), lambda: Shared(sources, self._hydra(sources, [], choices)))
        self._shared[choices] = found
        return found

    @cached_property
    def may_lock(self) -> bool:
        """Whether the project's own conf holds the word `locked` at all; the packaged conf locks nothing."""
        return any(
            b"locked" in read_bounded(path, shown, root=self._project.root) for path, shown in conf_files(self._project)
        )

    def written(self, sources: PersonaSources, overrides: Sequence[str]) -> dict[str, Any]:
        """Return what the user has written for a persona, by dotted path; see `personaforge.spec.written`."""
        from personaforge.spec.written import body_leaves, merged, override_leaves, schema_leaves

        bodies = persona_bodies(sources)
        plain = not overrides and all(only_chooses(body) for body in bodies)
        choices = group_choices(bodies) if plain else (sources.main.digest, *overrides)
        if choices not in self._own:
            with _HYDRA_LOCK:
                if plain:
                    leaves = _kept(
                        self._project, ("own", *choices), lambda: self._own_leaves(sources, bodies, (), choices)
                    )
                else:
                    leaves = self._own_leaves(sources, bodies, overrides, None)
                self._own[choices] = leaves
        parts = (self._own[choices], schema_leaves(self._project), *map(body_leaves, bodies))
        return merged((*parts, override_leaves(overrides)))

    def _own_leaves(
        self,
        sources: PersonaSources,
        bodies: Sequence[Mapping[str, Any]],
        overrides: Sequence[str],
        choices: tuple[str, ...] | None,
    ) -> dict[str, Any]:
        """Return what the project's own conf says for these choices of options."""
        from hydra.core.global_hydra import GlobalHydra
        from hydra.types import RunMode

        from personaforge.spec.written import merged, own_leaves

        own = self._project.root / "conf"
        if own not in self._project.conf_folders or own == packaged("conf"):
            return {}
        parts = []
        with self._session(sources, [] if choices is not None else bodies):
            loader = GlobalHydra.instance().config_loader()
            asked = list(choices) if choices is not None else [main_choice(bodies), *overrides]
            defaults = guarded(sources, lambda: loader.compute_defaults_list(self._root, asked, RunMode.RUN))
            for entry in defaults.defaults:
                file = own / f"{entry.config_path or ''}.yaml"
                if not (entry.config_path or "hydra").startswith(("hydra", "persona/file_")) and file.is_file():
                    parts.append(own_leaves(read_source(file, _relative(self._project, file)), entry.package or ""))
        return merged(parts)

    def origins(self, sources: PersonaSources, overrides: Sequence[str]) -> dict[str, Origin]:
        """Return where each composed leaf came from, by dotted path: the last file or override that sets it."""
        bodies = persona_bodies(sources)
        with _HYDRA_LOCK:
            if overrides or not all(only_chooses(body) for body in bodies):
                return self._origins(sources, bodies, overrides)
            choices = group_choices(bodies)
            found = _kept(self._project, ("origins", *choices), lambda: self._origins(sources, [], choices))
        found = dict(found)
        for source in sources.files:
            _record(found, source, "", "")
        return found

    def _origins(
        self, sources: PersonaSources, bodies: Sequence[Mapping[str, Any]], overrides: Sequence[str]
    ) -> dict[str, Origin]:
        from hydra.core.global_hydra import GlobalHydra
        from hydra.types import RunMode

        found: dict[str, Origin] = {}
        with self._session(sources, bodies):
            loader = GlobalHydra.instance().config_loader()
            asked = [*([main_choice(bodies)] if bodies else []), *overrides]
            defaults = guarded(sources, lambda: loader.compute_defaults_list(self._root, asked, RunMode.RUN))
            folders = self._project.conf_folders
            for entry in defaults.defaults:
                path, package = entry.config_path or "", entry.package or ""
                if path.startswith("hydra"):
                    continue
                if path.startswith("persona/file_"):
                    _record(found, sources.files[int(path.removeprefix("persona/file_"))], "", "")
                    continue
                file = next(
                    (folder / f"{path}.yaml" for folder in folders if (folder / f"{path}.yaml").is_file()), None
                )
                if file is not None:
                    source = read_source(file, _relative(self._project, file))
                    _record(found, source, package, path if package else "")
        for text in overrides:
            key = text.partition("=")[0].lstrip("+~")
            if key.partition("@")[0] not in GROUPS:
                found = {path: at for path, at in found.items() if not path.startswith(key + ".")}
                found[key] = Origin("command line", "")
        return found

    def _hydra(
        self, sources: PersonaSources, bodies: Sequence[Mapping[str, Any]], overrides: Sequence[str]
    ) -> DictConfig:
        from hydra import compose
        from hydra.errors import ConfigCompositionException

        asked = [*([main_choice(bodies)] if bodies else []), *overrides]

        def composed() -> DictConfig:
            try:
                return compose(self._root, overrides=asked)
            except ConfigCompositionException as error:
                of_line = bool(bodies) or sources is NOBODY  # else they are what personas choose
                problem = _override_problem(sources, error, overrides, self.base) if of_line else None
                if problem is None:
                    raise
                raise SpecError(problem) from error

        with self._session(sources, bodies):
            config: DictConfig = guarded(sources, composed)
        return config

    @cached_property
    def _root(self) -> str:
        """The name of what is composed: config.yaml, or that behind the groups which it doesn't choose."""
        return "whole" if self._later else "config"

    @cached_property
    def _later(self) -> tuple[str, ...]:
        """The groups of `LATER` that the config.yaml in force doesn't choose: a project's own may be older than they
        are, and the packaged one is part of what every lock was accepted under."""
        folder = next(folder for folder in self._project.conf_folders if (folder / "config.yaml").is_file())
        text = (folder / "config.yaml").read_text(encoding="utf-8")
        return tuple(name for name in LATER if not re.search(rf"\b{name}(@\w*)?\s*:", text))

    def _session(self, sources: PersonaSources, bodies: Sequence[Mapping[str, Any]]) -> AbstractContextManager[None]:
        """A Hydra set up with our search path, and the persona's files in its config store."""
        from contextlib import contextmanager

        from hydra import version
        from hydra._internal.hydra import Hydra
        from hydra._internal.utils import create_config_search_path
        from hydra.core.config_store import ConfigStore
        from hydra.core.global_hydra import GlobalHydra
        from omegaconf import OmegaConf

        logging.getLogger("hydra").setLevel(logging.ERROR)
        folders = self._project.conf_folders
        validate_conf(self._project)

        @contextmanager
        def session() -> Any:
            # Hydra's state is global to the process: a program that uses Hydra itself gets its own back afterwards.
            base, before = version.getbase(), GlobalHydra.instance().hydra
            version.setbase("1.3")
            GlobalHydra.instance().clear()
            path = create_config_search_path(str(folders[0]))
            for folder in folders[1:]:
                path.prepend("forge", f"file://{folder}", "schema")
            store = ConfigStore.instance()
            kept = store.repo.pop("persona", None)
            try:
                Hydra.create_main_hydra2(task_name="forge", config_search_path=path)
                if self._later:
                    first = [{name: "default"} for name in self._later]
                    store.store(name="whole", node=OmegaConf.create({"defaults": [*first, "config", "_self_"]}))
                if bodies:
                    for index, body in enumerate(bodies):
                        node = OmegaConf.create(
                            {**body, "defaults": chained_defaults(body, index, last=len(bodies) - 1)}
                        )
                        store.store(group="persona", name=f"file_{index}", node=node, package="_global_")
                yield
            finally:
                store.repo.pop("persona", None)
                store.repo.pop("whole.yaml", None)
                if kept is not None:
                    store.repo["persona"] = kept
                GlobalHydra.instance().hydra = before
                version.VersionBase.instance().version_base = base

        return session()


MOST_KEPT = 32
"""Compositions that a process keeps; one takes about a megabyte."""
_KEPT: dict[tuple[str, ...], Any] = {}
"""What was composed without a persona, by the conf's digest and the options that were chosen; the one that was used
last stands at the end. Under the lock."""


def _kept(project: Project, what: tuple[str, ...], make: Callable[[], _T]) -> _T:
    """Return what this process has composed of a conf with the same content, or make it. Raises what `make` raises, and
    SpecError for a conf that may not be composed."""
    validate_conf(project)
    digest = _conf_digest(project)
    found: _T | None = _KEPT.pop((digest, *what), None)
    if found is None:
        found = make()
        if _conf_digest(project) != digest:  # somebody has edited it meanwhile
            return found
    while len(_KEPT) >= MOST_KEPT:
        del _KEPT[next(iter(_KEPT))]
    _KEPT[(digest, *what)] = found
    return found


def _conf_digest(project: Project) -> str:
    """Return a digest of all that Hydra reads beside a persona's files: the project's own conf by name and content, and
    the packaged one, which is part of the code, by name, size and time of change."""
    parts = [f"{path}:{_state_of(path)}" for path in sorted(project.conf_folders[-1].rglob("*.yaml"))]
    for path, shown in conf_files(project):
        parts += [shown, digest_file(path)]
    return digest_strings("conf/1", parts)


def conf_files(project: Project) -> list[tuple[Path, str]]:
    """Return the project's own conf files with the names messages use; the packaged ones are part of the code.

    Raises SpecError for a link to a folder: Hydra would follow it to files that nobody has read.
    """
    own = project.root / "conf"
    if own not in project.conf_folders:
        return []
    files: list[tuple[Path, str]] = []
    for folder, names, leaves in os.walk(own):
        for name in sorted(names):
            if os.path.islink(os.path.join(folder, name)):
                shown = os.path.relpath(os.path.join(folder, name), project.root)
                raise SpecError(Problem(shown, "", "is a link to a folder", "put the files there in its place"))
        paths = [Path(folder, name) for name in sorted(leaves) if name.endswith((".yaml", ".yml"))]
        files += [(path, os.path.relpath(path, project.root)) for path in paths if path.exists()]
    return files


def validate_conf(project: Project) -> None:
    """Refuse a project whose own conf files act or lead out of it. Raises SpecError with every problem."""
    files = conf_files(project)
    state = tuple((shown, *_state_of(path)) for path, shown in files)
    if _CHECKED.get(project.root) == state:
        return
    problems: list[Problem] = []
    if len(files) > 2_000:
        raise SpecError(Problem("conf", "", "holds more than 2,000 files"))
    for path, shown in files:
        try:
            read_source(path, shown, root=project.root)
        except SpecError as error:
            problems += error.problems
        for group, option in RENAMED:
            # Without this it would be ignored silently, as nothing chooses that name any more.
            if path == project.root / "conf" / group / f"{option}.yaml":
                problems.append(Problem(shown, "", f"{group}: {option} is no option any more", RENAMED[group, option]))
        if path.parent == project.root / "conf" / "persona":
            problems.append(Problem(shown, "", "conf/persona is forge's own name", "call the folder otherwise"))
    if problems:
        raise SpecError(problems)
    _CHECKED[project.root] = state


def _state_of(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


_CHECKED: dict[Path, tuple[Any, ...]] = {}
"""By project, the state in which its conf was last validated by this process."""


def validate_overrides(overrides: Sequence[str]) -> None:
    """Refuse command line overrides that can't be read, or that set what an override may not set. Raises SpecError."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if not overrides:
        return
    parser = OverridesParser.create()
    problems: list[Problem] = []
    for text in overrides:
        name = text.partition("=")[0]
        key = name.lstrip("+~")
        head = key.partition("@")[0].partition(".")[0].partition("/")[0]
        found = acting_interpolation(text)
        if found:
            message = f"found {found}...}}, and an override may not call a resolver"
            problems.append(Problem("command line", key, message, "let the shell fill it in"))
            continue
        try:
            several = parser.parse_override(text).is_sweep_override()
        except HydraException as error:
            hint = "write key=value, and quote a value with special characters: 'owner=\"Ana [lead]\"'"
            problems.append(Problem("command line", text[:80], f"can't be read: {first_line(error)}", hint))
            continue
        if several:
            problems.append(Problem("command line", text[:80], "gives several values", "a list is written [a,b]"))
        elif head in ("hydra", "persona"):
            problems.append(Problem("command line", key, "would change how forge composes"))
        elif head in (*OF_THE_PROJECT, "project"):
            hint = "change conf/project/settings.yaml"
            problems.append(Problem("command line", key, "is the project's to set", hint))
    if problems:
        raise SpecError(problems)


def _override_problem(
    sources: PersonaSources, error: Exception, overrides: Sequence[str], base: Callable[[], Mapping[str, Any]]
) -> Problem | None:
    """Word Hydra's complaint about an override: a key that isn't there, or an option that isn't."""
    from difflib import get_close_matches

    message = first_line(error)
    for text in overrides:
        key = text.partition("=")[0].lstrip("+~")
        if f"Could not find '{key.partition('@')[0]}/" in message:
            return composition_problem(sources, error)._replace(where="command line", path=key)
        if f"'{key}'" not in message:
            continue
        parent: Any = base()
        above: list[str] = []
        name, *below = key.split(".")
        while below and isinstance(parent, Mapping) and name in parent:
            parent = parent[name]
            above, (name, *below) = [*above, name], below
        known = [str(item) for item in parent] if isinstance(parent, Mapping) else []
        close = get_close_matches(name, known, 1)
        if name in known:
            hint = f"++{text.lstrip('+~')} adds what isn't there yet"
        elif close:
            hint = f"did you mean {'.'.join([*above, close[0], *below])}?"
        else:
            hint = f"+{text.lstrip('+~')} adds a key that isn't there yet"
        absent = message.startswith("Could not override") and name not in known
        said = "isn't there to override" if absent else message.rstrip(".")
        return Problem("command line", key, said, hint)
    return None


def _relative(project: Project, path: Path) -> str:
    packaged = project.conf_folders[-1]
    if path.is_relative_to(packaged) and packaged.parent != project.root:
        return "packaged " + str(path.relative_to(packaged.parent))
    return os.path.relpath(path, project.root)


def _record(found: dict[str, Origin], source: Source, package: str, group: str) -> None:
    """Note that a file sets its leaves; a leaf replaces what was below or above it before."""
    for path in sorted(source.leaves, key=lambda path: (source.lines.get(path, 0), path)):
        if not path or path[0] == "defaults":
            continue
        dotted = ".".join((package, *path) if package else path)
        for index in range(1, dotted.count(".") + 1):
            found.pop(".".join(dotted.split(".")[:index]), None)
        found[dotted] = Origin(source.where(path), group)
