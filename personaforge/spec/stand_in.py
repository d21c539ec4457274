"""What is validated in place of a persona that has mistakes, so that one round names all of them.

Each wrong value is replaced by the project's own at that path, or else by forge's; what neither has is left out, and
an entry that then lacks something gets it from another entry of its table. Names of entries stay, so what refers to
them is still checked. What only follows from a replaced value is recognised by `is_doubtful`: rules compare paths, and
a rule that read a replaced one says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from personaforge.spec.models import Persona, validate_persona

Path = tuple[str, ...]

_ROUNDS = 24
"""A path is tried three times, then the one above it; paths of settings have up to 8 levels."""

ANY = "*"
_COMPARED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pinned", ("pipeline.steps.*.section", "pipeline.steps.*.schema", "pipeline.steps.*.kind", "fashion.contexts.*")),
    ("checks", ("pipeline.steps.*.kind",)),
    ("motion", ("pipeline.steps.*.kind",)),
    ("motion.types.*.scene", ("matrix.scenes.*",)),
    ("motion.types.*.wardrobe", ("fashion.contexts.*",)),
    ("motion.types.*.aspect", ("video.sizes.*",)),
    ("matrix.anchor", ("matrix.positions.*",)),
    ("matrix.*.*.scene", ("matrix.scenes.*",)),
    ("matrix.*.*.wardrobe", ("fashion.contexts.*",)),
    ("matrix.scenes.*.ground", ("fashion.grounds.*",)),
    ("matrix.places.*.*.ground", ("fashion.grounds.*",)),
    ("matrix.places.*.*.dress", ("fashion.dress.*",)),
    ("matrix.banner_variants", ("matrix.banners.*", "pipeline.steps.*.only", "pipeline.steps.*.positions")),
    ("fashion.suits", ("fashion.grounds.*", "fashion.contexts.*")),
    ("identity.references.slots", ("matrix.references.*",)),
    ("identity.retry_threshold", ("identity.accept_threshold",)),
    ("identity.geometric.relax_until", ("identity.geometric.relax_below",)),
    ("identity.geometric.turn_until", ("identity.geometric.turn_from",)),
    ("identity.video.min_coverage", ("identity.video.gate", "identity.policy")),
    (
        "identity.pack",
        (
            "identity.out_of_domain",
            "image.provider",
            "video.provider",
            "pipeline.steps.*.kind",
            "pipeline.steps.*.provider",
        ),
    ),
    ("speech.fallbacks", ("speech.provider", "speech.voices", "pipeline.steps.*.kind", "pipeline.steps.*.fallbacks")),
    ("pipeline.steps.*.needs", ("pipeline.steps.*",)),
    ("pipeline.steps.*.source", ("pipeline.steps.*",)),
    ("pipeline.steps.*.section", ("pipeline.steps.*.section",)),
    ("pipeline.steps.*.provider", ("speech.provider", "speech.voices")),
    ("pipeline.steps.*.fallbacks", ("speech.provider", "speech.voices")),
)  # fmt: skip
"""Where a rule of `validation` finds a mistake, or above -> what it compares. A path that ends in `*` is a table's
names."""
_WHOLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pipeline.steps", ("pipeline.steps.*", "pipeline.steps.*.needs")),
    ("pipeline.steps.*", ("pipeline.steps.*.kind", "pipeline.steps.*.positions", "pipeline.steps.*.position")),
)
"""The same for mistakes of a table as a whole, to which not all that is wrong below it matters."""


def stand_in(
    composed: Mapping[str, Any],
    bases: Sequence[Mapping[str, Any]],
    errors: Sequence[Any],
    meant: Callable[[tuple[Any, ...]], Sequence[str]],
) -> tuple[Persona, frozenset[Path]]:
    """Return a persona without the values that pydantic's `errors` name, and the paths of what was replaced.

    `bases` are where replacements are looked for, in turn. `meant` tells which settings an unknown name may have stood
    for: they count as replaced. Raises ValidationError where nothing helps.
    """
    values = deepcopy({key: value for key, value in composed.items() if key in Persona.model_fields})
    for name, value in (("id", "stand-in"), ("brief", "stand-in")):
        values.setdefault(name, value)
    replaced: set[Path] = {(str(error["loc"][0]),) for error in errors if error["loc"][0] not in composed}
    tried: dict[Path, int] = {}
    for _ in range(_ROUNDS):
        places = {_place(values, error): error for error in errors}
        for at, error in places.items():
            if error["type"] == "extra_forbidden":
                replaced |= {(*at[:-1], name) for name in meant(error["loc"])}
            replaced.add(_replace(values, bases, at, tried) if at else (str(error["loc"][0]),))
        try:
            return validate_persona(values), frozenset(replaced)
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return validate_persona(values), frozenset(replaced)


def is_doubtful(path: Sequence[str], replaced: AbstractSet[Path]) -> bool:
    """Return whether a mistake at a path may only come from a value that was replaced."""
    tables = [(pattern.split("."), others) for pattern, others in _WHOLE]
    whole = [others for keys, others in tables if len(keys) == len(path) and fits(keys, path)]
    if whole:
        return any(_reads(other.split("."), one) for other in whole[0] for one in replaced)
    if any(_meet(path, one) for one in replaced):
        return True
    return any(_reads(other.split("."), one) for other in compared_with(path) for one in replaced)


def compared_with(path: Sequence[str]) -> list[str]:
    """Return with what a rule compares the setting at a path: paths in which `*` is any entry of a table."""
    return [other for pattern, others in _COMPARED if fits(pattern.split("."), path) for other in others]


def fits(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Return whether a path is one that a pattern names, or lies below it."""
    return len(pattern) <= len(path) and _meet(pattern, path)


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether one path is the other or lies above or below it."""
    return all(ANY in (a, b) or a == b for a, b in zip(one, other, strict=False))


def _reads(compared: Sequence[str], replaced: Path) -> bool:
    """Return whether what a rule compares was replaced: of a table's names only whole entries count."""
    return _meet(compared, replaced) and not (compared[-1] == ANY and len(replaced) > len(compared))


def _place(values: Mapping[str, Any], error: Mapping[str, Any]) -> Path:
    """Return the keys of what an error is about: pydantic's location without the tags of unions, and up to the list
    where it is within one."""
    keys: list[str] = []
    at: Any = values
    for part in error["loc"]:
        if isinstance(at, Mapping) and str(part) in at:
            keys.append(str(part))
            at = at[str(part)]
        elif not isinstance(at, Mapping):
            break
    if error["type"] == "missing":
        keys.append(str(error["loc"][-1]))
    return tuple(keys)


def _replace(values: dict[str, Any], bases: Sequence[Mapping[str, Any]], at: Path, tried: dict[Path, int]) -> Path:
    """Replace or remove what is at a path, one level further up each time that it was tried in vain."""
    while len(at) > 1 and tried.get(at, 0) > len(bases):
        at = at[:-1]
    turn = tried[at] = tried.get(at, 0) + 1
    parent = _at(values, at[:-1])
    if not isinstance(parent, dict):
        return at
    found = [base for base in bases[turn - 1 :] if _has(base, at) and _at(base, at) != parent.get(at[-1])]
    if found:
        parent[at[-1]] = deepcopy(_at(found[0], at))
    elif at[-1] in parent:
        del parent[at[-1]]
    else:
        others = [_at(base, at[:-2]) for base in (*bases, values)] if len(at) > 2 else []
        entries = [entry for table in others if isinstance(table, Mapping) for entry in table.values()]
        like = next((one for one in entries if isinstance(one, Mapping) and at[-1] in one), None)
        if like is not None:
            parent[at[-1]] = deepcopy(like[at[-1]])
    return at


def _at(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _has(data: Any, path: Sequence[str]) -> bool:
    parent = _at(data, path[:-1])
    return isinstance(parent, Mapping) and path[-1] in parent
