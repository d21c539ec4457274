"""The matrix step: stages and dresses every position, utility image and motion of this persona. No model call.

Each asks for a rank among the persona's fashion contexts, best liked first by `lifestyle.fashion_sense`, equals in
declared order. That context is worn where it suits the scene's ground and nothing rules it out; else the best liked one
that does, or the clothes of the work. Single garments follow the weather, and things that are somebody's own, such as
glasses, are worn by whom they belong to. The result is what prompts say and the embedded painter draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.errors import PlanError
from personaforge.steps.action import Procedure
from personaforge.steps.context import Context, pretty_json
from personaforge.steps.exclusions import own_things, ruled_out
from personaforge.steps.outputs import write
from personaforge.steps.staging import staged, worn_in
from personaforge.steps.text import sections_of

WARDROBES = "wardrobes"
"""Name of the output: {slot: {context, style, garments, accessories, garment, pattern, palette, staging}}."""
BANNERS = "banners"
"""The table whose slots have its name before them in the output: a motion may have a banner's name."""
_TABLES = ("matrix.positions", "matrix.references", "matrix.utility", "motion.types", f"matrix.{BANNERS}")
_WORN = ("garments", "garments_man")
_BESIDE = ("accessories", "accessories_man")


class _Taste(NamedTuple):
    """What of a persona decides about clothes."""

    ranked: tuple[str, ...]
    """Fashion contexts, best liked first, without those that are ruled out."""
    contexts: Mapping[str, Any]
    suits: Mapping[str, Sequence[str]]
    rules: Mapping[str, Any]
    never: tuple[str, ...]
    """Words of garments and accessories that are ruled out."""
    wears: tuple[str, ...]
    """What is always worn."""
    own: frozenset[str]
    """The own things, such as glasses, that are this persona's."""
    country: str
    man: bool
    """Whether the `_man` keys of a context say what is worn."""


def matrix(context: Context) -> Procedure:
    """Stage and dress every slot."""
    settings, profile = context.settings, sections_of(context)
    taste = _taste(settings, profile)
    dress: Mapping[str, Any] = settings.get("fashion.dress", {})
    grounds: Mapping[str, str] = settings.get("fashion.grounds", {})
    scenes, places = settings["matrix.scenes"], settings.get("matrix.places", {})
    wardrobes: dict[str, Any] = {}
    for table in _TABLES:
        for slot, entry in (settings.get(table) or {}).items():
            scene = scenes.get(entry["scene"]) or {}  # a scene that is not declared is named where it is asked for
            staging = staged(scene, places, profile, context.node.origin)
            ground = staging.get("ground") or scene.get("ground") or ""
            weather = _weather(grounds.get(ground, ""), taste, entry.get("season") or "")
            name, clothes = _clothes(taste, entry["wardrobe"], ground, weather, dress, staging.get("dress"))
            worn = _worn(clothes, taste, grounds.get(ground, ""), weather, bare=bool(entry.get("bare")))
            wardrobes[f"{BANNERS}/{slot}" if table.endswith(BANNERS) else slot] = {
                "context": name,
                **worn,
                **({"staging": staging} if staging else {}),
            }
    ordered = dict(sorted(wardrobes.items()))
    return (yield from write(context, WARDROBES, "layers/wardrobes.json", pretty_json(ordered), "application/json"))


def ranked_contexts(contexts: Mapping[str, Any], liking: Mapping[str, float]) -> list[str]:
    """Return the names of fashion contexts, best liked first; unknown likings count as 0, equals stay in order."""
    return sorted(contexts, key=lambda name: -float(liking.get(name, 0.0)))


def look_of(wardrobe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a slot's clothes makes its look: all but what is worn beside them, and where."""
    return {name: value for name, value in wardrobe.items() if name not in (*_BESIDE, "staging")}


def dressed_as(context: Context, slot: str, step: str = "") -> str:
    """Return the name under which the wardrobes have the slot of a step with pictures: of this node's, or another."""
    table = str(context.settings.get(f"pipeline.steps.{step or context.node.step}.positions") or "")
    return f"{BANNERS}/{slot}" if context.node.slot and table == f"matrix.{BANNERS}" else slot


def wardrobe_of(context: Context, slot: str) -> Mapping[str, Any]:
    """Return how a position or motion is dressed."""
    everyone = context.read_json(context.of_kind(WARDROBES).outputs[WARDROBES].artifact.digest)
    if slot not in everyone:
        hint = f"select what dresses it, too: --select +{context.node.name}"
        raise PlanError(f"{context.node.id} is not dressed yet: the wardrobes were made without {slot!r}", hint=hint)
    found: Mapping[str, Any] = everyone[slot]
    return found


def _taste(settings: Any, profile: Mapping[str, Any]) -> _Taste:
    contexts: Mapping[str, Any] = settings["fashion.contexts"]
    rules = settings.get("fashion.rules", {})
    liking = profile.get("lifestyle", {}).get("fashion_sense", {})
    never = ruled_out(profile, settings.get("fashion.never", ()))
    ranked = ranked_contexts(contexts, liking)
    man = profile.get("surface", {}).get("gender") == "man"
    kept = [name for name in ranked if not _is_ruled_out(name, _first(contexts[name], man), never)]
    wears = tuple(settings.get("fashion.wears", ()))
    own = own_things(rules.get("own", {}), profile, wears, never)
    country = str(profile.get("surface", {}).get("location", {}).get("country", ""))
    return _Taste(
        tuple(kept or ranked), contexts, settings.get("fashion.suits", {}), rules, never, wears, own, country, man
    )


def _first(clothes: Mapping[str, Any], man: bool) -> str:
    """Return the garment that an outfit is known by: the first."""
    return str(((man and clothes.get("garments_man")) or clothes["garments"])[0])


def _is_ruled_out(name: str, first: str, never: Sequence[str]) -> bool:
    """Tell whether a context is, by its name or its first garment."""
    return worn_in(never, f"{name} {name.replace('_', ' ')}") or worn_in(never, first)


def _weather(weather: str, taste: _Taste, season: str) -> str:
    """Return hot, mild or cold; empty indoors and where nothing is known."""
    if weather in ("hot", "cold"):
        return weather
    if weather != "climate":
        return ""
    degree = (
        1 if taste.country in taste.rules.get("hot", ()) else -1 if taste.country in taste.rules.get("cold", ()) else 0
    )
    if degree < 1:  # where it is hot, seasons are rains
        degree += {"summer": 1, "winter": -1}.get(season, 0)
    return "hot" if degree > 0 else "cold" if degree < 0 else "mild"


def _clothes(
    taste: _Taste, rank: int, ground: str, weather: str, dress: Mapping[str, Any], work: str | None
) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the declaration of what is worn."""
    if work and work in dress and not _is_ruled_out(work, _first(dress[work], taste.man), taste.never):
        return work, dress[work]
    wanted = taste.ranked[min(rank, len(taste.ranked)) - 1]
    order = [wanted, *(name for name in taste.ranked if name != wanted)]
    suited = [name for name in order if not ground or ground in taste.suits.get(name, (ground,))] or order
    found = [name for name in suited if _fit_for(weather, taste.contexts[name], taste)] or suited
    return found[0], taste.contexts[found[0]]


def _fit_for(weather: str, clothes: Mapping[str, Any], taste: _Taste) -> bool:
    """Tell whether clothes are neither too warm nor too light."""
    first, warm = _first(clothes, taste.man), taste.rules.get("warm", ())
    if weather == "hot":
        return not worn_in(warm, first)
    light = weather == "cold" and worn_in(taste.rules.get("light", ()), first)
    return not light or any(worn_in(warm, one) for one in clothes["garments"])


def _worn(clothes: Mapping[str, Any], taste: _Taste, ground: str, weather: str, *, bare: bool) -> dict[str, Any]:
    """Return clothes without what is too warm, ruled out, somebody else's, or in the way of the face."""
    rules = taste.rules
    outdoors = () if ground not in ("", "indoors") else tuple(rules.get("outdoors", ()))
    others = [word for thing, words in rules.get("own", {}).items() if thing not in taste.own for word in words]
    out = [*taste.never, *others, *outdoors, *(rules.get("layers", ()) if weather == "hot" else ())]
    worn = dict(clothes)
    for name in _WORN:
        if worn.get(name):
            worn[name] = _garments(worn[name], taste, weather)
    for name in _BESIDE:
        if worn.get(name) is not None:
            worn[name] = [] if bare else _with_own([one for one in worn[name] if not worn_in(out, one)], taste)
    return worn


def _with_own(items: list[str], taste: _Taste) -> list[str]:
    """Add what this persona always wears, unless something of that kind is there already."""
    own: Mapping[str, Sequence[str]] = taste.rules.get("own", {})
    always = [thing for thing in sorted(taste.own) if not worn_in(taste.rules.get("outdoors", ()), thing)]
    for thing in dict.fromkeys((*taste.wears, *always)):
        words = own.get(thing, next((words for words in own.values() if worn_in(words, thing)), (thing,)))
        if not any(worn_in(words, one) for one in items) and not worn_in(taste.never, thing):
            items = [*items, thing]
    return items


def _garments(garments: Sequence[str], taste: _Taste, weather: str) -> list[str]:
    rules = taste.rules
    out = [*taste.never, *(rules.get("layers", ()) if weather == "hot" else ())]
    out += rules.get("light", ()) if weather == "cold" else ()
    # Somebody is dressed, whatever the weather.
    kept = [one for number, one in enumerate(garments) if not number or not worn_in(out, one)]
    layer = rules.get("layer")
    if weather == "cold" and layer and not worn_in(taste.never, layer):
        kept += [] if any(worn_in(rules.get("warm", ()), one) for one in kept) else [layer]
    return kept
