"""The two sides of a comparison: a revision or the working tree, composed, with everything that its keys depend on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from personaforge.errors import PlanError, SpecError
from personaforge.plan.graph import Shapes
from personaforge.plan.plan import PersonaPlan, Plan, Selection
from personaforge.plan.planner import Planner
from personaforge.plan.resolver import NodeResolver, PlanContext
from personaforge.providers.table import KNOWN
from personaforge.repository.git import Repository
from personaforge.repository.revision import as_project
from personaforge.spec.load import Broken, Loaded, Loader
from personaforge.spec.material import material_of
from personaforge.spec.persona_files import resolve_personas
from personaforge.spec.project import Project, lock_path, persona_id
from personaforge.store.lockfile import read_lock
from personaforge.templating import Templates
from personaforge.workspace.calibrations import judged_by
from personaforge.workspace.workspace import Workspace

WORKING_TREE = "the working tree"


@dataclass(frozen=True)
class Side:
    """One side: those of the wanted personas that it has."""

    shown: str
    commit: str
    """Empty for the working tree."""
    project: Project
    plan_context: PlanContext
    loaded: Mapping[str, Loaded]
    """By persona."""
    broken: Mapping[str, str]
    """Why a persona can't be composed there, by the id in its file."""
    overrides: tuple[str, ...]
    shapes: Shapes

    @cached_property
    def _resolvers(self) -> dict[str, NodeResolver]:
        return {}

    def resolver(self, persona: str) -> NodeResolver:
        """Return the resolver that computes a persona's keys. Raises StoreError for a lock that can't be read."""
        if persona not in self._resolvers:
            loaded = self.loaded[persona]
            lock = read_lock(loaded.lock, persona, loaded.settings.formerly)
            plan = PersonaPlan(loaded, self.shapes.of(loaded.settings), lock)
            self._resolvers[persona] = NodeResolver(self.plan_context, plan, Selection())
        return self._resolvers[persona]

    def plan(self, personas: Sequence[str]) -> Plan:
        """Return what a build of this side would do. Raises SpecError and PlanError."""
        planner = Planner(self.plan_context, overrides=self.overrides, shapes=self.shapes)
        return planner.plan([self.loaded[name] for name in personas])


@contextmanager
def sides(
    space: Workspace,
    personas: Iterable[str],
    before: str,
    after: str | None,
    overrides: Sequence[str] = (),
    broken: list[Broken] | None = None,
) -> Iterator[tuple[Side, Side]]:
    """Yield a revision and what it is compared with: another one, or the working tree where `after` is None.

    Personas are named as for a build; all when none is. Personas of the working tree that can't be composed are added
    to `broken`, if that is given. Raises SpecError otherwise, and PlanError for a revision that isn't there. A revision
    that can't be composed is no error: correcting it is a change.
    """
    files = resolve_personas(space.project, list(personas)) if personas else None
    only = None if files is None else {persona_id(file) for file in files}
    repository = Repository(space.project.root)
    old, new = repository.find(before), repository.find(after) if after is not None else None
    wrong: list[Broken] | None = [] if broken is not None else None
    here = _working_tree(space, files, overrides, wrong)
    unread = {one.persona: str(one.problems[0]) for one in wrong or ()}
    if broken is not None and after is None:
        broken += wrong or ()
    # A persona that was renamed since has another id in the revision.
    if only is not None:
        only |= {name for one in here for name in one.settings.formerly}
    shapes = Shapes()
    with ExitStack() as stack:
        found = []
        for revision in (old, new):
            if revision is None:
                plan_context = space.plan_context
                loaded = {one.settings.id: one for one in here}
                found.append(
                    Side(WORKING_TREE, "", space.project, plan_context, loaded, unread, tuple(overrides), shapes)
                )
                continue
            project = stack.enter_context(as_project(repository, revision))
            plan_context = PlanContext(
                space.store,
                Templates(project.template_folders, space.store.index),
                judged_by(project, space.analyzers.of),
            )
            loaded, unread_there = _loaded(space.project, project, here, only, overrides)
            shown, commit = revision.shown, revision.commit
            found.append(Side(shown, commit, project, plan_context, loaded, unread_there, tuple(overrides), shapes))
        yield found[0], found[1]


def _working_tree(
    space: Workspace, files: Sequence[Path] | None, overrides: Sequence[str], broken: list[Broken] | None
) -> list[Loaded]:
    if files is None and not space.project.persona_files():
        return []  # all of them may have been removed
    return space.load([str(file) for file in files or ()], overrides, broken)


def _loaded(
    working: Project, project: Project, here: Sequence[Loaded], only: set[str] | None, overrides: Sequence[str]
) -> tuple[dict[str, Loaded], dict[str, str]]:
    """Load a revision's personas. Personas with the same files as in the working tree are not composed again."""
    places = [project.root / working.relative(one.file) for one in here]
    outside = [path for path in places if not path.is_relative_to(project.personas) and path.is_file()]
    files = [*project.persona_files(), *outside]
    same = _unchanged(working, project, here)
    found: dict[str, Loaded] = {}
    broken: dict[str, str] = {}
    to_load = []
    for file in files:
        known = same.get(file)
        if known is not None:
            found[known.settings.id] = Loaded(file, lock_path(file, known.settings.id), known.settings)
        else:
            to_load.append(file)
    loader = Loader(project, domains=KNOWN)
    for file in to_load:
        name = persona_id(file)
        if only is not None and name not in only:
            continue
        try:
            one = loader.load(file, overrides)
            found[one.settings.id] = one
        except SpecError as error:
            broken[name] = str(error.problems[0])
    return found, {name: why for name, why in broken.items() if name not in found}


def _unchanged(working: Project, project: Project, here: Sequence[Loaded]) -> dict[Path, Loaded]:
    """Return the personas that compose to the same, by their file in the revision: with equal conf, equal files.

    A file that builds on others counts only where all YAML of its folder is equal.
    """
    if _yaml(working.root / "conf") != _yaml(project.root / "conf"):
        return {}
    folders: dict[Path, bool] = {}
    found: dict[Path, Loaded] = {}
    for one in here:
        there = project.root / working.relative(one.file)
        data = _bytes(one.file)
        if data is None or data != _bytes(there):
            continue
        if any(
            _bytes(project.root / file.path) != _bytes(working.root / file.path) for file in material_of(one.settings)
        ):
            continue
        if b"defaults" in data:
            if there.parent not in folders:
                folders[there.parent] = _yaml(one.file.parent) == _yaml(there.parent)
            if not folders[there.parent]:
                continue
        found[there] = one
    return found


def _yaml(folder: Path) -> dict[str, bytes | None]:
    """Return the YAML files below a folder by path, without locks."""
    return {
        os.path.relpath(os.path.join(top, name), folder): _bytes(Path(top, name))
        for top, _, names in os.walk(folder)
        for name in names
        if name.endswith((".yaml", ".yml")) and not name.endswith((".lock.yaml", ".lock.yml"))
    }


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def require_personas(before: Side, after: Side) -> None:
    """Raise PlanError where neither side has a persona."""
    if not (before.loaded or after.loaded or before.broken):
        raise PlanError(f"neither {before.shown} nor {after.shown} has a persona", hint="personas/NAME.yaml")
