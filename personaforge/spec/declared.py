"""Names in settings that refer to what other settings declare: a scene of a position, a ground of a place.

One table says which setting names what; `reference_problems` walks it. That a table is declared at all is for the
models to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple


class Reference(NamedTuple):
    """A setting whose value, or whose every item, is a name that another setting declares."""

    path: str
    """Where the name stands; `*` is any entry of a table."""
    table: str
    """What declares the names: a table, by its keys."""
    missing: str
    """What is said of a name that isn't there, after `found 'beech', which `."""
    only_if_declared: bool = False
    """Whether nothing is compared with an empty table: an older project's own file may declare none."""


_NO_SCENE, _NO_GROUND = "is no scene", "is no entry of fashion.grounds"
REFERENCES: tuple[Reference, ...] = (
    Reference("pipeline.steps.*.needs", "pipeline.steps", "is no step"),
    Reference("pipeline.steps.*.source", "pipeline.steps", "is no step"),
    Reference("matrix.anchor", "matrix.positions", "is no position"),
    *(
        Reference(f"{table}.*.scene", "matrix.scenes", _NO_SCENE)
        for table in ("matrix.positions", "matrix.references", "matrix.utility", "matrix.banners", "motion.types")
    ),
    Reference("motion.types.*.aspect", "video.sizes", "has no size in video.sizes"),
    *(
        Reference(f"{entries}.ground", "fashion.grounds", _NO_GROUND, only_if_declared=True)
        for entries in ("matrix.scenes.*", "matrix.places.*.*")
    ),
    Reference("matrix.places.*.*.dress", "fashion.dress", "is no entry of fashion.dress", only_if_declared=True),
    Reference("fashion.suits.*", "fashion.grounds", _NO_GROUND, only_if_declared=True),
    Reference("identity.references.slots", "matrix.references", "is no entry of matrix.references"),
)


def reference_problems(plain: Mapping[str, Any], *, films: bool) -> Iterator[tuple[list[str], str, str]]:
    """Yield names that nothing declares, as (key path, message, hint). Motions count only where something is filmed."""
    for one in REFERENCES:
        declared = value_at(plain, one.table)
        known = declared if isinstance(declared, Mapping) else {}
        if (one.only_if_declared and not known) or (one.path.startswith("motion.") and not films):
            continue
        for keys, value in _values(plain, one.path.split("."), []):
            for name in value if isinstance(value, (list, tuple)) else [value]:
                if name is not None and str(name) not in known:
                    yield keys, f"found {name!r}, which {one.missing}", nearest(name, known)


def _values(data: Any, path: Sequence[str], above: list[str]) -> Iterator[tuple[list[str], Any]]:
    """Yield what stands at a path whose `*` is any key."""
    if not path:
        yield above, data
    elif isinstance(data, Mapping):
        for key in list(data) if path[0] == "*" else [path[0]]:
            if key in data:
                yield from _values(data[key], path[1:], [*above, str(key)])


def nearest(name: Any, known: Any) -> str:
    """Return the hint that names the nearest of the known names, or else the first of them."""
    names = [str(item) for item in known]
    if f"0{name}" in names:  # a slot's number, as people write it
        return f"did you mean 0{name}?"
    close = get_close_matches(str(name), names, 1)
    return f"did you mean {close[0]}?" if close else f"there is: {', '.join(names[:12])}" if names else ""


def value_at(data: Any, path: str) -> Any:
    """Return what stands at a dotted path; None where nothing does."""
    for key in path.split("."):
        if not isinstance(data, Mapping) or key not in data:
            return None
        data = data[key]
    return data
