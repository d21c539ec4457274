"""What a persona's files say, as bodies that Hydra composes.

Reads a persona file and its bases, writes `pipeline: five_stage` as a choice of the defaults list, and finds what can't
be composed at all. Knows nothing of the groups' contents.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.spec.overlay import PersonaSources, first_line
from personaforge.spec.project import Project
from personaforge.spec.settings import GROUPS, OF_THE_PROJECT
from personaforge.spec.source import MAX_BYTES, Source, leads_out, read_source

MAX_BASES = 16


def read_persona(project: Project, path: Path, misread: list[Problem] | None = None) -> PersonaSources:
    """Read a persona file and its bases; `misread` as of `read_source`. Raises SpecError.

    A base is a plain name in `defaults:`, and means a file of that name in the same folder. A file in the project may
    not be a link that leads out of it; one elsewhere was named by the user.
    """
    inside = os.path.abspath(path).startswith(str(project.root) + os.sep)
    files: dict[Path, Source] = {}
    main = read_source(path, project.relative(path), root=project.root if inside else None, misread=misread)
    _collect(project, path, main, files, [], misread)
    return PersonaSources(tuple(files.values()))


def _collect(
    project: Project,
    path: Path,
    source: Source,
    files: dict[Path, Source],
    trail: list[Path],
    misread: list[Problem] | None,
) -> None:
    """Put a file's bases before it, depth first, as Hydra reads a defaults list."""
    where = source.where(("defaults",))
    if path in trail or len(files) + len(trail) > MAX_BASES:
        raise SpecError(
            Problem(where, "defaults", "builds on itself" if path in trail else f"has over {MAX_BASES} bases")
        )
    for name in _base_names(source):
        base = path.parent / (name if name.endswith((".yaml", ".yml")) else name + ".yaml")
        if base not in files:
            folder = Path(os.path.realpath(path.parent))
            read = read_source(base, project.relative(base), root=folder, misread=misread)
            _collect(project, base, read, files, [*trail, path], misread)
    files[path] = source


def _base_names(source: Source) -> list[str]:
    names = [entry for entry in _body(source)["defaults"] if isinstance(entry, str)]
    if "_self_" in names[:-1]:
        raise SpecError(
            Problem(source.where(("defaults",)), "defaults", "has something after _self_, which must be last")
        )
    return [name for name in names if name != "_self_" and not name.startswith(("/", "override ", "optional "))]


def persona_bodies(sources: PersonaSources, without: AbstractSet[str] = frozenset()) -> list[dict[str, Any]]:
    """Return the values of a persona's files, except those at the paths `without`. Raises SpecError with all
    problems."""
    bodies: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for source in sources.files:
        body = _without_paths(_body(source), without) if without else _body(source)
        problems += _shape_problems(source, body)
        bodies.append(body)
    if problems:
        raise SpecError(problems)
    return bodies


def _body(source: Source) -> dict[str, Any]:
    """Return a file's values, with `pipeline: five_stage` written as a choice of its defaults list."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    assert len(source.text) <= MAX_BYTES
    try:
        loaded = OmegaConf.to_container(OmegaConf.create(source.text), resolve=False)
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise SpecError(Problem(source.shown, "", first_line(error))) from error
    body: dict[str, Any] = dict(loaded) if isinstance(loaded, dict) else {}  # type: ignore[arg-type]
    defaults = body.pop("defaults", [])
    if not isinstance(defaults, list):
        raise SpecError(Problem(source.where(("defaults",)), "defaults", "expected a list", "defaults: [name]"))
    for name in GROUPS:
        option = body.get(name)
        if isinstance(option, str):
            del body[name]
            defaults = [*defaults, {f"override /{name}": option}]
    body["defaults"] = defaults
    return body


def _without_paths(body: dict[str, Any], paths: AbstractSet[str]) -> dict[str, Any]:
    """Return a body without some dotted paths, and without the choices in its defaults list that they name."""
    kept: dict[str, Any] = {
        **body,
        "defaults": [
            entry
            for entry in body["defaults"]
            if not isinstance(entry, dict) or not paths & {"defaults", *(_group(key) for key in entry)}
        ],
    }
    for path in paths - {"defaults"}:
        _drop(kept, path.split("."))
    return kept


def _drop(values: dict[str, Any], keys: list[str]) -> None:
    inner = values.get(keys[0])
    if len(keys) == 1:
        values.pop(keys[0], None)
    elif isinstance(inner, dict):
        values[keys[0]] = inner = dict(inner)
        _drop(inner, keys[1:])


def _group(key: Any) -> str:
    """Return the group that an entry of a defaults list chooses: `override /image` chooses `image`."""
    return (str(key).split() or [""])[-1].strip("/")


def _shape_problems(source: Source, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what can't be composed: single values for groups, options that lead out, a group chosen twice."""
    for name in OF_THE_PROJECT:
        if name in body and source.lines:
            hint = "move it to conf/project/settings.yaml"
            yield Problem(source.where((name,)), name, "is the project's to set", hint)
    for name in (*GROUPS, "pinned"):
        if name in body and not isinstance(body[name], Mapping):
            found = "nothing" if body[name] is None else f"{body[name]!r:.80}"
            expected = "settings" if name == "pinned" else "settings, or the name of an option"
            yield Problem(source.where((name,)), name, f"found {found}, expected {expected}")
    chosen: set[str] = set()
    for entry in body["defaults"]:
        for key, option in entry.items() if isinstance(entry, dict) else ():
            name = _group(key)
            where = source.where((name,)) if source.sets((name,)) else source.where(("defaults",))
            why = leads_out(option) if isinstance(option, str) else ""
            if why:
                yield Problem(where, name, f"found {option[:80]!r}, which {why}")
            elif name in chosen:
                yield Problem(where, name, "is chosen twice", "leave one of the two")
            elif name in GROUPS and key != f"override /{name}":
                yield Problem(where, "defaults", f"found {key!r}", f"- override /{name}: {option}")
            elif name.partition("@")[0] in ("project", "hydra", "persona"):
                yield Problem(where, "defaults", f"found {key!r}, which is not a persona's to choose")
            chosen.add(name)


def only_chooses(body: Mapping[str, Any]) -> bool:
    """Return whether a body's defaults only override groups or name bases, which the shared route can do."""
    return all(
        not entry.startswith("/")
        if isinstance(entry, str)
        else len(entry) == 1 and _is_choice(*next(iter(entry.items())))
        for entry in body["defaults"]
    )


def _is_choice(key: Any, option: Any) -> bool:
    return isinstance(key, str) and key.startswith("override /") and key[10:] in GROUPS and isinstance(option, str)


def group_choices(bodies: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return group overrides in a fixed order; the file nearest to the persona wins."""
    chosen: dict[str, str] = {}
    for body in bodies:
        for entry in body["defaults"]:
            if isinstance(entry, dict):
                key, option = next(iter(entry.items()))
                chosen[key.removeprefix("override /")] = option
    return tuple(f"{name}={chosen[name]}" for name in sorted(chosen))


def main_choice(bodies: Sequence[Mapping[str, Any]]) -> str:
    return f"+persona@_global_=file_{len(bodies) - 1}"


def chained_defaults(body: Mapping[str, Any], index: int, *, last: int) -> list[Any]:
    """Return a body's defaults list for the config store: the main file names all others, which carry only choices."""
    others = [entry for entry in body["defaults"] if not isinstance(entry, str) or entry.startswith("/")]
    bases = [f"/persona/file_{number}@_global_" for number in range(last)] if index == last else []
    return [*bases, *others, "_self_"]


def without_defaults(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "defaults"}
