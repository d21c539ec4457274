"""Validates a composed persona, all problems at once: pydantic's, the project's locks, and what ties the groups
together.

Called on a cache miss only, so pydantic and jsonschema are imported here, and a build with nothing to do never loads
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from personaforge.brief.material import Material
from personaforge.digest import canonical
from personaforge.errors import Problem, SpecError
from personaforge.leaves import leaves
from personaforge.listing import meant
from personaforge.spec.assertions import Check
from personaforge.spec.compose import Composer
from personaforge.spec.declared import nearest, reference_problems, value_at
from personaforge.spec.domain import Domains, domain_problems
from personaforge.spec.grammar import FigureAssertion, parse_assertion
from personaforge.spec.kinds import kind_named
from personaforge.spec.material import with_material
from personaforge.spec.measures import MEASURES, SCOPES
from personaforge.spec.mistakes import meant_keys, problem_at, problems_of, shown, without_consequences
from personaforge.spec.models import Identity, LongBrief, Persona, validate_persona
from personaforge.spec.overlay import NOBODY, PersonaSources
from personaforge.spec.pipeline import ImageStep, Prompted, SpeechStep, SummaryStep, VideoStep
from personaforge.spec.project import Project, packaged
from personaforge.spec.sections import pin_problems, read_schema, stated_words
from personaforge.spec.settings import OF_THE_PROJECT
from personaforge.spec.shared_folder import declared_fault
from personaforge.spec.stand_in import is_doubtful, stand_in


def validated_group(name: str, composed: Any) -> Any:
    """Return a group's plain values, checked without a persona. Raises SpecError, whose problems are in `conf`."""
    kind: Any = Persona.model_fields[name].annotation
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        return adapter.dump_python(adapter.validate_python(composed), mode="json", by_alias=True)
    except ValidationError as error:
        found = [{**item, "loc": (name, *item["loc"])} for item in error.errors(include_url=False)]
        raise SpecError(problems_of(NOBODY, found)) from None


def validate_locked(composed: Mapping[str, Any], project: Mapping[str, Any]) -> None:
    """Raise SpecError where overrides depart from what the project locks."""
    problems = list(_locked(NOBODY, composed, project))
    if problems:
        raise SpecError(problems)


def validated_persona(
    project: Project,
    sources: PersonaSources,
    composed: dict[str, Any],
    composer: Composer,
    domains: Domains,
    *,
    passed_over: AbstractSet[str] = frozenset(),
    material: Sequence[Material] = (),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a persona's validated values as plain JSON, and its resolved output schemas by name.

    The project's values without a persona cost a second composition, so they are only asked for where the project's own
    conf locks something, or where something is wrong. `passed_over` names paths that were left out of the composition
    for being wrong, so that they are not reported again. `material` are the files of the brief. Raises SpecError with
    every problem.
    """
    problems = list(_locked(sources, composed, composer.base())) if composer.may_lock else []
    unread = {
        name: composed[name]
        for name in _OF_COMMANDS
        if name in composed and not _is_sound(sources, name, composed, composer)
    }
    composed = {**composed, **{name: _packaged(name) for name in unread}}
    replaced: frozenset[tuple[str, ...]] = frozenset()
    try:
        persona = validate_persona(composed)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        found = without_consequences(sources, errors)
        problems += problems_of(sources, found, composed)
        # One mistake must not hide another, so the rest is validated with what the project or forge has in its place.
        bases = [{"id": "stand-in", "brief": "stand-in", **base} for base in (composer.base(), composer.packaged())]
        try:
            persona, replaced = stand_in(composed, bases, errors, meant_keys)
        except ValidationError:
            raise SpecError(problems) from None
    plain = {**persona.model_dump(mode="json", by_alias=True, exclude=set(OF_THE_PROJECT)), **unread}
    usable = True
    plain = with_material(plain, material)
    try:
        canonical(plain)  # every setting can be part of a key
    except ValueError as error:
        path, _, message = str(error).partition(": ")
        problems.append(problem_at(sources, path.replace("[", ".").replace("]", "").split("."), message, ""))
        usable = False
    schemas: dict[str, Any] = {}
    for step in persona.pipeline.steps.values():
        if isinstance(step, Prompted) and step.output_schema not in schemas:
            try:
                schemas[step.output_schema] = read_schema(project.conf_folders, step.output_schema, plain)
            except SpecError as error:
                problems += error.problems
    replaced |= {tuple(path.split(".")) for path in passed_over}
    for keys, message, hint in _consistency(persona, schemas, lambda name: stated_words(project.conf_folders, name)):
        if not is_doubtful(keys, replaced):
            problems.append(problem_at(sources, keys, message, hint))
            if keys[0] == "pinned":  # no template is tried with a pin that is wrong
                replaced |= {_left_out(plain, keys)}
    for keys, message, hint, maker in domain_problems(plain["pipeline"]["steps"], plain["identity"], domains):
        if not is_doubtful(keys, replaced):
            problems.append(problem_at(sources, keys, message, hint, because=maker))
    if problems:
        raise Unsound(problems, plain, schemas, replaced) if usable else SpecError(problems)
    return plain, schemas


def _left_out(plain: dict[str, Any], keys: Sequence[str]) -> tuple[str, ...]:
    """Take the value at a path out of a persona's values, or the list that it is an item of; return its path."""
    at: Any = plain
    for index, key in enumerate(keys):
        if not isinstance(at, dict) or key not in at:
            break
        inner = at[key]
        if index == len(keys) - 1 or not isinstance(inner, dict):
            del at[key]
            return tuple(keys[: index + 1])
        at = inner
    return tuple(keys)


class Unsound(SpecError):
    """A persona with mistakes; the rest of it can still be looked at."""

    def __init__(
        self,
        problems: list[Problem],
        plain: dict[str, Any],
        schemas: dict[str, Any],
        replaced: frozenset[tuple[str, ...]],
    ) -> None:
        super().__init__(problems)
        self.plain, self.schemas = plain, schemas
        """Its values with the project's own in place of wrong ones, and their output schemas."""
        self.replaced = replaced
        """The paths of those."""


_OF_COMMANDS = ("photos",)
"""Groups that no step reads, but a command of the project."""


def _is_sound(sources: PersonaSources, name: str, composed: Mapping[str, Any], composer: Composer) -> bool:
    """Tell whether a group that no step reads is to be validated with the persona: where it is right, or where the
    persona's own files or the command line are about it. The command that reads the project's group says what is wrong
    there."""
    if any(source.sets((name,)) for source in sources.files):
        return True
    try:
        validated_group(name, composed[name])
    except SpecError:
        return bool(composer.base().get(name) != composed[name])
    return True


def _packaged(name: str) -> Any:
    import yaml

    return yaml.safe_load((packaged("conf") / name / "default.yaml").read_bytes())


def _locked(sources: PersonaSources, composed: Mapping[str, Any], project: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield where a persona or the command line differs from what the project locks. The list of locks is the
    project's, too: the composed persona's value of it doesn't count."""
    for path in project.get("locked") or ():
        wanted, found = value_at(project, str(path)), value_at(composed, str(path))
        if wanted is None and found is None and not _has(project, str(path)) and not str(path).startswith("pinned."):
            hint = meant(str(path), map(".".join, _paths(composed)))
            yield Problem(sources.main.shown, "locked", f"names {shown(path)}, which is no setting", hint)
        elif wanted != found:
            keys = tuple(str(path).split("."))
            parts = [keys[:length] for length in range(len(keys), 0, -1)]
            set_by = [(source, part) for source in reversed(sources.files) for part in parts if source.sets(part)]
            where = set_by[0][0].where(set_by[0][1]) if set_by else "command line"
            yield Problem(where, str(path), f"found {shown(found)}, but the project locks it to {shown(wanted)}")


def _consistency(
    persona: Persona,
    schemas: Mapping[str, Any],
    stated: Callable[[str], Mapping[str, Sequence[str]]],
) -> Iterator[tuple[list[str], str, str]]:
    """Yield what single fields can't know, as (key path, message, hint)."""
    steps = persona.pipeline.steps
    sections: dict[str, str] = {}
    for name, step in steps.items():
        path = ["pipeline", "steps", name]
        if isinstance(step, Prompted):
            earlier = sections.setdefault(step.section, name)
            if earlier != name:
                yield [*path, "section"], f"{step.section!r} is drafted by {earlier}, too", ""
    cycle = _cycle({name: step.needs for name, step in steps.items()})
    if cycle:
        yield ["pipeline", "steps"], f"needs itself: {' -> '.join(cycle)}", ""
    by_section = {
        step.section: step.output_schema
        for step in steps.values()
        if isinstance(step, Prompted) and not isinstance(step, SummaryStep)
    }
    yield from _summarised(persona)
    for section, pinned in persona.pinned.items():
        if section not in by_section:
            yield ["pinned", section], "is drafted by no step of this pipeline", nearest(section, by_section)
        elif by_section[section] in schemas:
            name = by_section[section]
            for keys, message, hint in pin_problems(schemas[name], pinned, partial(stated, name)):
                yield ["pinned", section, *keys], message, hint
    remote = persona.store.remote
    if isinstance(remote, str) and (fault := declared_fault(remote)) is not None:
        yield ["store", "remote"], *fault
    yield from _media(persona)
    yield from _voices(persona)
    yield from _asserted(persona)


def _summarised(persona: Persona) -> Iterator[tuple[list[str], str, str]]:
    """Yield that nothing reads the files of a brief, or that two steps do."""
    names = [name for name, step in persona.pipeline.steps.items() if isinstance(step, SummaryStep)]
    if len(names) > 1:
        yield ["pipeline", "steps", names[1]], f"summarises the brief's files, and {names[0]} does already", ""
    if not names and isinstance(persona.brief, LongBrief) and persona.brief.files:
        hint = "add parts/material@_here_ to the defaults of your pipeline's file"
        yield ["brief", "files"], "no step of the pipeline is of the kind summary, which reads them", hint


def _media(persona: Persona) -> Iterator[tuple[list[str], str, str]]:
    matrix, contexts = persona.matrix, len(persona.fashion.contexts)
    films = any(isinstance(step, VideoStep) for step in persona.pipeline.steps.values())
    ranked: list[tuple[list[str], int]] = []
    for table, entries in (
        ("positions", matrix.positions),
        ("references", matrix.references),
        ("utility", matrix.utility),
        ("banners", matrix.banners),
    ):
        ranked += [(["matrix", table, key], entry.wardrobe) for key, entry in entries.items()]
    ranked += [(["motion", "types", key], one.wardrobe) for key, one in persona.motion.types.items() if films]
    for path, wardrobe in ranked:
        if wardrobe > contexts:
            yield [*path, "wardrobe"], f"found rank {wardrobe}, but there are {contexts} fashion contexts", ""
    plain = persona.model_dump(mode="python", by_alias=True)
    yield from reference_problems(plain, films=films)
    identity = persona.identity
    total = identity.weights.embedding + identity.weights.geometric
    if abs(total - 1) > 1e-9:
        yield ["identity", "weights"], f"sum to {total:g}, expected 1", ""
    if identity.retry_threshold > identity.accept_threshold:
        found = f"found {identity.retry_threshold:g}, above accept_threshold {identity.accept_threshold:g}"
        yield ["identity", "retry_threshold"], found, ""
    if identity.geometric.relax_until > identity.geometric.relax_below:
        yield ["identity", "geometric", "relax_until"], "is above relax_below", ""
    if identity.geometric.turn_until < identity.geometric.turn_from:
        yield ["identity", "geometric", "turn_until"], "is below turn_from", ""
    if identity.video.min_coverage is not None and not _asks_for_stretches(identity):
        found = "is set, and only the gate worst_stretch asks for it"
        yield ["identity", "video", "min_coverage"], found, "identity.video.gate: worst_stretch"
    for name, step in persona.pipeline.steps.items():
        if isinstance(step, Prompted):
            for used in step.uses:
                if not _has(plain, used) and not used.startswith("pinned."):
                    hint = meant(used, (".".join(one) for one in _paths(plain)))
                    yield ["pipeline", "steps", name, "uses"], f"found {used!r}, which is no setting", hint
        if isinstance(step, ImageStep):
            path = ["pipeline", "steps", name]
            if (step.positions is None) == (step.position is None):
                yield path, "expected either `positions` or `position`", ""
            choices = value_at(plain, step.positions) if step.positions else None
            for one in value_at(plain, step.only) or () if step.only else ():
                if isinstance(choices, dict) and one not in choices:
                    found = f"found {one!r}, which is no entry of {step.positions}"
                    yield (step.only or "").split("."), found, nearest(one, choices)
            for key in (step.positions, step.position):
                if key is not None and not isinstance(value_at(plain, key), dict):
                    yield path, f"found {key!r}, expected the path of a table such as matrix.positions", ""


def _asks_for_stretches(identity: Identity) -> bool:
    """Tell whether a clip's worst stretch decides, as `identity.policy.gate_of` reads it."""
    asked = identity.video.gate
    return asked == "worst_stretch" or (asked in (None, "auto") and identity.policy in ("auto", "calibrated"))


def _voices(persona: Persona) -> Iterator[tuple[list[str], str, str]]:
    """Yield where no voice is declared for a provider: one provider's voices mean nothing to another."""
    speech = persona.speech
    for name, step in persona.pipeline.steps.items():
        if not isinstance(step, SpeechStep) or step.provider == "none":
            continue
        path = ["pipeline", "steps", name]
        if step.provider != speech.provider and step.model not in speech.voices:
            message = f"found {step.provider!r}, but speech.voice is one of {speech.provider}"
            yield (
                [*path, "provider"],
                message,
                f"set speech.voices: {{{step.model}: ...}}, or choose speech: {step.provider}",
            )
        for other in step.fallbacks if step.fallbacks is not None else speech.fallbacks:
            if other.provider != speech.provider and other.model not in speech.voices:
                where = [*path, "fallbacks"] if step.fallbacks is not None else ["speech", "fallbacks"]
                message = f"{other.provider} {other.model} has no voice"
                yield where, message, f"set speech.voices: {{{other.model}: ...}}"


def _asserted(persona: Persona) -> Iterator[tuple[list[str], str, str]]:
    """Yield where a check is about a step that this pipeline hasn't, or about what that step's results don't have."""
    scored = {name: kind_named(step.kind).scored_as for name, step in persona.pipeline.steps.items()}
    steps = {name: modality for name, modality in scored.items() if modality}
    for name, check in persona.checks.root.items():
        text = check.assertion if isinstance(check, Check) else check
        assertion = parse_assertion(text) if text else None
        if not isinstance(assertion, FigureAssertion) or assertion.scope.name in {"", *SCOPES}:
            continue
        path = ["checks", name, *(["assert"] if isinstance(check, Check) else [])]
        scope, measure = assertion.scope.name, assertion.measure
        if scope not in steps:
            yield (
                path,
                f"found {scope!r}, which is neither a scope nor a step that is scored",
                nearest(scope, [*SCOPES, *(step for step in steps if step not in SCOPES)]),
            )
        elif measure and steps[scope] not in MEASURES[measure].modalities:
            yield (
                path,
                f"{measure} is not measured of the step {scope}",
                f"there is: {', '.join(_measures(steps[scope]))}",
            )


def _measures(modality: str) -> list[str]:
    return [name for name, measure in MEASURES.items() if modality in measure.modalities]


def _cycle(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done or name not in needs:
            return []
        for other in needs[name]:
            found = visit(other, [*trail, name])
            if found:
                return found
        done.add(name)
        return []

    for name in needs:
        found = visit(name, [])
        if found:
            return found
    return []


def _paths(settings: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """Return the key paths of all settings and of the tables that hold them."""
    keys = [leaf.split(".") for leaf in leaves(settings)]
    return {tuple(path[:length]) for path in keys for length in range(1, len(path) + 1)}


def _has(data: Any, path: str) -> bool:
    above, _, name = path.rpartition(".")
    parent = value_at(data, above) if above else data
    return isinstance(parent, Mapping) and name in parent
