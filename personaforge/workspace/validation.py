"""What `forge validate` looks for: all that is wrong with persona files, and what would stop a build of them.

Besides what a persona composes to: templates that are missing, broken or can't be rendered, providers that nobody
knows, words that a painter can't draw, and a policy that nothing here can decide by. Where a persona has mistakes, the
rest of it is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.listing import listed
from personaforge.plan.gates import require_calibration
from personaforge.plan.planner import Planner
from personaforge.plan.resolver import PlanContext
from personaforge.providers.table import capability
from personaforge.spec.load import Loaded, Loader
from personaforge.spec.places import Places
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.spec.stand_in import is_doubtful
from personaforge.steps.table import StepKind
from personaforge.templating import Templates
from personaforge.workspace.words import undrawable


class Validation:
    """Validates personas of one project."""

    def __init__(self, loader: Loader, context: PlanContext, project: Project) -> None:
        self._loader = loader
        self._templates = context.templates
        self._planner = Planner(context)
        self._project = project

    def of(self, files: Iterable[Path], overrides: Sequence[str]) -> tuple[list[Problem], list[str]]:
        """Return every problem, each once, and the ids of the personas without any."""
        found: list[tuple[str, Problem]] = []
        valid: list[str] = []
        files = list(files)
        for file, (loaded, problems) in zip(files, self._loader.each(files, overrides), strict=True):
            one, replaced = self._loader.unsound.get(file, (loaded, frozenset[tuple[str, ...]]()))
            if one is not None:
                problems = [*problems, *self._further(one, replaced, overrides)]
            if loaded is not None and not problems:
                valid.append(loaded.settings.id)
            name = one.settings.id if one is not None else ""
            found += [(name, problem) for problem in dict.fromkeys(problems)]
        return list(_told_once(found)), valid

    def _further(
        self, loaded: Loaded, replaced: AbstractSet[tuple[str, ...]], overrides: Sequence[str]
    ) -> list[Problem]:
        """Return what would stop a build of a persona, without what may come from values that were replaced."""
        try:
            found = list(self._unplannable(loaded))
        except (PersonaForgeError, LookupError):
            if loaded.file not in self._loader.unsound:
                raise
            return []  # with such mistakes there is no telling which nodes there would be
        found = [one for one in found if not is_doubtful(one.path.split("."), replaced)]
        return placed(found, loaded, self._project, self._templates, overrides)

    def _unplannable(self, loaded: Loaded) -> Iterator[Problem]:
        settings, planner = loaded.settings, self._planner
        try:
            require_calibration(settings, planner.plan_context.analyzer_of(settings))
        except SpecError as error:
            yield from error.problems
        shape = planner.shapes.of(settings)
        seen, found = set[str](), list[Problem]()
        for node in shape.nodes:
            if node.step in seen:
                continue
            seen.add(node.step)
            where, problems = f"pipeline.steps.{node.step}", list[Problem]()
            try:
                for name in node.templates:
                    self._templates.closure(name)
            except SpecError as error:
                problems += error.problems
            if node.kind.modality:
                problems += _unknown_providers(node.kind, where, node.declaration, settings)
            found += problems
            for problem in problems:
                yield problem._replace(path=problem.path or where)
        if not found:
            from personaforge.plan.rehearsal import template_problems

            yield from template_problems(settings, shape, self._templates, "")
        yield from undrawable(settings, shape)


def placed(
    problems: Iterable[Problem], loaded: Loaded, project: Project, templates: Templates, overrides: Sequence[str]
) -> list[Problem]:
    """Return a persona's problems with where to correct each: a template's file, or what sets or chooses a setting."""
    places = Places(project, overrides)
    found = []
    for problem in problems:
        where = problem.where
        if not where:
            where = places.where(loaded, problem.path) if problem.path else project.relative(loaded.file)
        elif _is_template(where):
            where = _file_of(where, templates)
        found.append(problem._replace(where=where))
    return found


def _is_template(where: str) -> bool:
    return where.partition(":")[0].endswith(".j2") and not where.startswith(("templates/", "packaged "))


def _file_of(where: str, templates: Templates) -> str:
    """Return a template's place, `image/heia.j2:3`, with its folder; a packaged one is forge's own mistake."""
    try:
        own = templates.is_own(where.partition(":")[0])
    except SpecError:
        own = True  # it is missing, or can't be read: it is in the user's folder that it would help
    return f"{'' if own else 'packaged '}templates/{where}"


def _told_once(found: Iterable[tuple[str, Problem]]) -> Iterator[Problem]:
    """Yield problems, each once: what is wrong with a file that many steps or personas share, with those that use
    it."""
    found = list(found)
    shared: dict[Problem, dict[str, dict[str, None]]] = {}
    for name, problem in found:
        if ".j2" in problem.where:
            users = shared.setdefault(problem._replace(path=""), {})
            users.setdefault(problem.path.removeprefix("pipeline.steps."), {})[name] = None
    told: set[Problem] = set()
    for _, problem in found:
        bare = problem._replace(path="")
        users = shared.get(bare, {})
        personas = dict.fromkeys(name for names in users.values() for name in names)
        if len(users) > 1 or len(personas) > 1:
            whose = f" of {listed(personas)}" if len(personas) > 1 else ""
            problem = bare._replace(message=f"{problem.message}; used by {listed(users, 6)}{whose}")
        if problem not in told:
            told.add(problem)
            yield problem


def _unknown_providers(kind: StepKind, path: str, step: Mapping[str, Any], settings: Settings) -> Iterator[Problem]:
    """Yield the providers of a step that nobody knows, by the setting that names them: its own or its group's."""
    modality = kind.modality
    group = settings.get(kind.preset) or {}
    others = step.get("fallbacks") if step.get("fallbacks") is not None else group.get("fallbacks")
    named = [("provider", step["provider"], step["provider"] == group.get("provider"))]
    if modality != "text":  # a text's fallbacks are models of its provider
        named += [("fallbacks", one["provider"], step.get("fallbacks") is None) for one in others or ()]
    for field_name, provider, of_group in named:
        try:
            capability(modality, provider)
        except SpecError as error:
            for problem in error.problems:
                yield problem._replace(path=f"{kind.preset if of_group else path}.{field_name}")
