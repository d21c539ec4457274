"""Validates a composed persona, all problems at once: pydantic's, the project's locks, and what ties the groups
together.

Called on a cache miss only, so pydantic and jsonschema are imported here, and a build with nothing to do never loads
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from functools import partial
from typing import Any, get_args

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from personaforge.brief.material import Material
from personaforge.digest import canonical
from personaforge.errors import Problem, SpecError
from personaforge.spec import wording
from personaforge.spec.assertions import Check
from personaforge.spec.compose import Composer
from personaforge.spec.consent import SYNTHETIC, subject_hint
from personaforge.spec.domain import Domains, domain_problems
from personaforge.spec.grammar import FigureAssertion, Unreadable, parse_assertion
from personaforge.spec.kinds import kind_named
from personaforge.spec.machine_names import UNDEFINED
from personaforge.spec.material import with_material
from personaforge.spec.measures import MEASURES, SCOPES
from personaforge.spec.models import Identity, LongBrief, Persona, validate_persona
from personaforge.spec.overlay import NOBODY, PersonaSources
from personaforge.spec.pipeline import ImageStep, Prompted, SpeechStep, SummaryStep, VideoStep, any_step
from personaforge.spec.plugins import hint_unasked
from personaforge.spec.project import ID_PATTERN, Project, packaged
from personaforge.spec.sections import pin_problems, read_schema, stated_words
from personaforge.spec.settings import OF_THE_PROJECT
from personaforge.spec.shared_folder import declared_fault


def validated_group(name: str, composed: Any) -> Any:
    """Return a group's plain values, checked without a persona. Raises SpecError, whose problems are in `conf`."""
    kind: Any = Persona.model_fields[name].annotation
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        return adapter.dump_python(adapter.validate_python(composed), mode="json", by_alias=True)
    except ValidationError as error:
        found = _root_causes([{**item, "loc": (name, *item["loc"])} for item in error.errors(include_url=False)])
        raise SpecError([_problem(NOBODY, item) for item in found]) from None


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
    wrong: set[str] = set()
    unread = {
        name: composed[name]
        for name in _OF_COMMANDS
        if name in composed and not _is_sound(sources, name, composed, composer)
    }
    composed = {**composed, **{name: _packaged(name) for name in unread}}
    try:
        persona = validate_persona(composed)
    except ValidationError as error:
        found = _without_consequences(sources, error.errors(include_url=False))
        problems += [_problem(sources, item) for item in _root_causes(found)]
        wrong = {str(item["loc"][0]) for item in found}
        # One wrong group must not hide the mistakes in the others, so the rest is validated with the project's own.
        try:
            persona = _stand_in(composed, composer.base(), wrong)
        except ValidationError:  # the project's own settings are wrong, and have been named already
            raise SpecError(problems) from None
    plain = {**persona.model_dump(mode="json", by_alias=True, exclude=set(OF_THE_PROJECT)), **unread}
    plain = with_material(plain, material)
    try:
        canonical(plain)  # every setting can be part of a key
    except ValueError as error:
        path, _, message = str(error).partition(": ")
        problems.append(_problem_at(sources, path.replace("[", ".").replace("]", "").split("."), message, ""))
    schemas: dict[str, Any] = {}
    for step in persona.pipeline.steps.values():
        if isinstance(step, Prompted) and step.output_schema not in schemas:
            try:
                schemas[step.output_schema] = read_schema(project.conf_folders, step.output_schema, plain)
            except SpecError as error:
                problems += error.problems
    wrong |= {path.partition(".")[0] for path in passed_over}
    problems += [
        _problem_at(sources, *item)
        for item in _consistency(persona, schemas, domains, lambda name: stated_words(project.conf_folders, name))
        if not _is_doubtful(item[0], wrong)
    ]
    if problems:
        raise SpecError(problems)
    return plain, schemas


_COMPARED: Mapping[tuple[str, str], AbstractSet[str]] = {
    ("pinned", ""): {"pipeline"},
    ("checks", ""): {"pipeline"},
    ("motion", ""): {"pipeline"},
    ("motion", "scene"): {"matrix"},
    ("motion", "wardrobe"): {"fashion"},
    ("motion", "aspect"): {"video"},
    ("matrix", "wardrobe"): {"fashion"},
    ("matrix", "ground"): {"fashion"},
    ("matrix", "dress"): {"fashion"},
    ("matrix", "banner_variants"): {"pipeline"},
    ("identity", "slots"): {"matrix"},
    ("identity", "pack"): {"pipeline", "image", "video"},
    ("speech", "fallbacks"): {"pipeline"},
    ("pipeline", "provider"): {"speech"},
    ("pipeline", "fallbacks"): {"speech"},
}
"""(group, last key, or none for all of the group) -> the other groups with which `_consistency` compares it."""


def _is_doubtful(path: Sequence[str], wrong: AbstractSet[str]) -> bool:
    """Tell whether a problem may only come from a group that was replaced by the project's own for being wrong."""
    group = path[0]
    compared = {group, *_COMPARED.get((group, ""), ()), *_COMPARED.get((group, path[-1]), ())}
    return bool(compared & wrong)


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


def _stand_in(composed: Mapping[str, Any], base: Mapping[str, Any], wrong: set[str]) -> Persona:
    """Return a persona whose wrong parts are replaced by the project's own, so that the rest can be validated all the
    same."""
    plain = {"id": "stand-in", "brief": "stand-in", **base}
    known = {name: value for name, value in composed.items() if name in Persona.model_fields and name not in wrong}
    return validate_persona({**plain, **known})


def _locked(sources: PersonaSources, composed: Mapping[str, Any], project: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield where a persona or the command line differs from what the project locks. The list of locks is the
    project's, too: the composed persona's value of it doesn't count."""
    for path in project.get("locked") or ():
        wanted, found = _value_at(project, str(path)), _value_at(composed, str(path))
        if wanted is None and found is None and not _has(project, str(path)) and not str(path).startswith("pinned."):
            yield Problem(sources.main.shown, "locked", f"names {_shown(path)}, which is no setting")
        elif wanted != found:
            keys = tuple(str(path).split("."))
            parts = [keys[:length] for length in range(len(keys), 0, -1)]
            set_by = [(source, part) for source in reversed(sources.files) for part in parts if source.sets(part)]
            where = set_by[0][0].where(set_by[0][1]) if set_by else "command line"
            yield Problem(where, str(path), f"found {_shown(found)}, but the project locks it to {_shown(wanted)}")


def _consistency(
    persona: Persona,
    schemas: Mapping[str, Any],
    domains: Domains,
    stated: Callable[[str], Mapping[str, Sequence[str]]],
) -> Iterator[tuple[list[str], str, str]]:
    """Yield what single fields can't know, as (key path, message, hint)."""
    steps = persona.pipeline.steps
    sections: dict[str, str] = {}
    for name, step in steps.items():
        path = ["pipeline", "steps", name]
        for other in step.needs:
            if other not in steps:
                yield [*path, "needs"], f"found {other!r}, which is no step", _nearest(other, steps)
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
            yield ["pinned", section], "is drafted by no step of this pipeline", _nearest(section, by_section)
        elif by_section[section] in schemas:
            name = by_section[section]
            for keys, message, hint in pin_problems(schemas[name], pinned, partial(stated, name)):
                yield ["pinned", section, *keys], message, hint
    remote = persona.store.remote
    if isinstance(remote, str) and (fault := declared_fault(remote)) is not None:
        yield ["store", "remote"], *fault
    yield from _media(persona, domains)
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


def _media(persona: Persona, domains: Domains) -> Iterator[tuple[list[str], str, str]]:
    matrix, contexts = persona.matrix, len(persona.fashion.contexts)
    if matrix.anchor not in matrix.positions:
        hint = _nearest(matrix.anchor, matrix.positions)
        yield ["matrix", "anchor"], f"found {matrix.anchor!r}, which is no position", hint
    placed: list[tuple[list[str], str, int]] = []
    for table, entries in (
        ("positions", matrix.positions),
        ("references", matrix.references),
        ("utility", matrix.utility),
        ("banners", matrix.banners),
    ):
        placed += [(["matrix", table, key], entry.scene, entry.wardrobe) for key, entry in entries.items()]
    films = any(isinstance(step, VideoStep) for step in persona.pipeline.steps.values())
    motions = persona.motion.types if films else {}
    placed += [(["motion", "types", key], entry.scene, entry.wardrobe) for key, entry in motions.items()]
    for path, scene, wardrobe in placed:
        if scene not in matrix.scenes:
            yield [*path, "scene"], f"found {scene!r}, which is no scene", _nearest(scene, matrix.scenes)
        if wardrobe > contexts:
            yield [*path, "wardrobe"], f"found rank {wardrobe}, but there are {contexts} fashion contexts", ""
    for name, motion in motions.items():
        if motion.aspect not in persona.video.sizes:
            hint = _nearest(motion.aspect, persona.video.sizes)
            yield (
                ["motion", "types", name, "aspect"],
                f"found {motion.aspect!r}, which has no size in video.sizes",
                hint,
            )
    yield from _staged(persona)
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
    for slot in identity.references.slots:
        if slot not in matrix.references:
            hint = _nearest(slot, matrix.references)
            yield ["identity", "references", "slots"], f"found {slot!r}, which is no entry of matrix.references", hint
    plain = persona.model_dump(mode="python", by_alias=True)
    yield from domain_problems(plain["pipeline"]["steps"], plain["identity"], domains)
    for name, step in persona.pipeline.steps.items():
        if isinstance(step, ImageStep):
            path = ["pipeline", "steps", name]
            if (step.positions is None) == (step.position is None):
                yield path, "expected either `positions` or `position`", ""
            choices = _value_at(plain, step.positions) if step.positions else None
            for one in _value_at(plain, step.only) or () if step.only else ():
                if isinstance(choices, dict) and one not in choices:
                    found = f"found {one!r}, which is no entry of {step.positions}"
                    yield (step.only or "").split("."), found, _nearest(one, choices)
            for key in (step.positions, step.position):
                if key is not None and not isinstance(_value_at(plain, key), dict):
                    yield path, f"found {key!r}, expected the path of a table such as matrix.positions", ""


def _asks_for_stretches(identity: Identity) -> bool:
    """Tell whether a clip's worst stretch decides, as `identity.policy.gate_of` reads it."""
    asked = identity.video.gate
    return asked == "worst_stretch" or (asked in (None, "auto") and identity.policy in ("auto", "calibrated"))


def _staged(persona: Persona) -> Iterator[tuple[list[str], str, str]]:
    """Yield names of grounds and work clothes that are none. Where a project's own file declares no grounds at all, or
    no work clothes, nothing is compared with them."""
    fashion, matrix = persona.fashion, persona.matrix
    named = [(["matrix", "scenes", name, "ground"], scene.ground) for name, scene in matrix.scenes.items()]
    of_places = matrix.places
    for shows, places in (("work", of_places.work), ("pastime", of_places.pastime), ("holiday", of_places.holiday)):
        named += [(["matrix", "places", shows, name, "ground"], place.ground) for name, place in places.items()]
        for name, place in places.items():
            if place.dress is not None and fashion.dress and place.dress not in fashion.dress:
                found = f"found {place.dress!r}, which is no entry of fashion.dress"
                yield ["matrix", "places", shows, name, "dress"], found, _nearest(place.dress, fashion.dress)
    for name, grounds in fashion.suits.items():
        named += [(["fashion", "suits", name], ground) for ground in grounds]
    for path, ground in named:
        if ground is not None and fashion.grounds and ground not in fashion.grounds:
            yield path, f"found {ground!r}, which is no entry of fashion.grounds", _nearest(ground, fashion.grounds)


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
                _nearest(scope, [*SCOPES, *(step for step in steps if step not in SCOPES)]),
            )
        elif measure and steps[scope] not in MEASURES[measure].modalities:
            yield (
                path,
                f"{measure} is not measured of the step {scope}",
                f"there is: {', '.join(_measures(steps[scope]))}",
            )


def _measures(modality: str) -> list[str]:
    return [name for name, measure in MEASURES.items() if modality in measure.modalities]


def _problem(sources: PersonaSources, error: Any) -> Problem:
    """Word one of pydantic's errors: found, expected, and the nearest valid name for an unknown key."""
    location = [str(part) for part in error["loc"]]
    kinds = _discriminator(location)
    location = [part for index, part in enumerate(location) if index not in kinds and not _is_tag(part)]
    json_values = location[0] == "pinned" or location[1:2] == ["options"]
    if json_values and error["type"] == "finite_number":
        del location[-1]  # the member of the JSON union
    found = error.get("input")
    message, hint = str(error["msg"]).partition(", unable to parse")[0], ""
    if error["loc"][-1] == "[key]":
        location = [part for part in location if part != "[key]"]
        message = f"is not a name that fits {error.get('ctx', {}).get('pattern', 'here')}"
    elif error["type"] == "extra_forbidden":
        message = "is not a setting"
        hint = _nearest(location[-1], _known_keys(error["loc"]))
    elif error["type"] == "missing":
        message = "is missing"
    elif error["type"] == "value_error":  # a rule of ours, which says what was found and expected
        message = str(error["ctx"]["error"])
    elif error["type"] in ("assertion", UNDEFINED):
        message, hint = error["ctx"]["message"], error["ctx"]["hint"]
    elif error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        given = found.get("kind") if isinstance(found, dict) else None
        location.append("kind")
        message = "is missing" if given is None else f"found {_shown(given)}, which is no kind of step"
        hint = hint_unasked(_nearest(given or "", _step_kinds()))
    else:
        expected = message[0].lower() + message[1:]
        expected = expected.removeprefix("input ").replace("should be", "expected")
        expected = expected.replace("a valid tuple", "a list").replace("a valid dictionary", "keys and values")
        expected = expected.partition(" or instance of ")[0]
        if error["type"] == "string_pattern_mismatch":
            expected = f"expected {wording.expected(error)}"
        message = f"found {_shown(found)}, {expected}"
        if location == ["subject"]:
            expected = f"{SYNTHETIC}, or the id of a real person, {wording.PATTERNS[ID_PATTERN]}"
            message, hint = f"found {_shown(found)}, expected {expected}", subject_hint(found)
        if location == ["brief"] and error["type"] == "string_type":
            message = f"found {_shown(found)}, expected a text, or text and files"
            hint = "brief: {text: ..., files: [notes.md]}"
        if location in (["brief"], ["brief", "text"]) and error["type"] == "string_too_long":
            message = f"found {len(found)} characters, {expected}"
            hint = "put the rest into a file beside the persona's: brief: {text: ..., files: [notes.md]}"
        if isinstance(found, bool) and "string" in message:
            hint = "quote it: YAML reads yes, no, on and off as true and false"
    return _problem_at(sources, location, message, hint)


def _without_consequences(sources: PersonaSources, errors: Sequence[Any]) -> Sequence[Any]:
    """Leave out problems of a preset's checks that follow from another wrong value: they take their bounds from other
    settings. One whose assertion is wrong with any bound stays."""
    if all(error["loc"][0] == "checks" for error in errors):
        return errors

    def written(error: Any) -> bool:
        path = tuple(str(part) for part in error["loc"][:2])
        if path[0] != "checks" or any(source.sets(path) for source in sources.files):
            return True
        text = error.get("ctx", {}).get("text")
        return bool(text) and _is_unreadable(_BOUND.sub(r"\1 0.5", text))

    return [error for error in errors if written(error)]


_BOUND = re.compile(r"([<>]=?|[!=]=)\s*\S+")


def _is_unreadable(assertion: str) -> bool:
    try:
        parse_assertion(assertion)
    except Unreadable:
        return True
    return False


def _root_causes(errors: Sequence[Any]) -> list[Any]:
    """Leave out problems that only follow from a misspelt name: its entry is new, so all its values are missing, and
    beside a misspelt setting the one that was meant, with all others that its file may have had to repeat."""
    names = [error["loc"][:-1] for error in errors if error["loc"][-1:] == ("[key]",)]
    missing = {error["loc"] for error in errors if error["type"] == "missing"}
    unknown = (error["loc"] for error in errors if error["type"] == "extra_forbidden")
    misspelt = {at[:-1] for at in unknown if any((*at[:-1], name) in missing for name in _meant(at))}
    return [
        error
        for error in errors
        if error["loc"][-1:] == ("[key]",)
        or not (
            any(error["loc"][: len(name)] == name for name in names)
            or (error["type"] == "missing" and error["loc"][:-1] in misspelt)
        )
    ]


def _meant(location: tuple[Any, ...]) -> list[str]:
    return get_close_matches(str(location[-1]), _known_keys(location), 1)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _problem_at(sources: PersonaSources, keys: list[str], message: str, hint: str) -> Problem:
    """Name the file and line that set a value: the last persona file that has it, else the group it belongs to."""
    for source in reversed(sources.files):
        for length in range(len(keys), 1 if keys and keys[0] in ("pipeline", "matrix", "motion") else 0, -1):
            if source.sets(tuple(keys[:length])):
                return Problem(source.where(keys), ".".join(keys), message, hint)
    return Problem(sources.main.shown, ".".join(keys), message, hint)


def at_source(sources: PersonaSources, problem: Problem) -> Problem:
    """Name the file and line that set what a problem is about."""
    return _problem_at(sources, problem.path.split("."), problem.message, problem.hint)


def _is_tag(part: str) -> bool:
    """Return whether a part of a location only says which form of a value was tried; see `spec.values`."""
    return part.startswith("<") and part.endswith(">")


def _discriminator(location: list[str]) -> set[int]:
    """Pydantic puts a step's kind into the location: pipeline.steps.soul.draft.model."""
    return {3} if location[:2] == ["pipeline", "steps"] and len(location) > 3 else set()


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    """Return the keys that the models at the parent of a location know."""
    models: list[type[BaseModel]] = [Persona]
    for part in location[:-1]:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields:
            models = [inner for field in fields for inner in _models_in(field.annotation)]
        else:
            models = [model for model in models if part in _kinds(model)] or models
    return sorted({info.alias or name for model in models for name, info in model.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _models_in(annotation.model_fields["root"].annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("kind")
    return get_args(field.annotation) if field is not None else ()


def _step_kinds() -> tuple[str, ...]:
    return tuple(kind for model in _models_in(any_step()) for kind in _kinds(model))


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


def _value_at(data: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(data, Mapping) or key not in data:
            return None
        data = data[key]
    return data


def _has(data: Any, path: str) -> bool:
    above, _, name = path.rpartition(".")
    parent = _value_at(data, above) if above else data
    return isinstance(parent, Mapping) and name in parent


def _nearest(name: Any, known: Any) -> str:
    names = [str(item) for item in known]
    close = get_close_matches(str(name), names, 1)
    return f"did you mean {close[0]}?" if close else f"there is: {', '.join(names[:12])}"
