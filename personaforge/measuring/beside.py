"""What measured pictures show beside the face, compared with the anchor, and pictures of one look with each other.

Positions that name the same rank of the wardrobe, in scenes that let both wear it, are meant to show one look. Their
clothes are compared with those of the first picture of that look whose clothes are seen: the anchor for its own, else
the first by slot. A build
compares with the anchor alone, since a picture must not depend on another picture's fate; this compares all that there
are. Reads the last results and measurements, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from personaforge.digest import digest_json
from personaforge.domains import PHOTOGRAPHS
from personaforge.faces.packs import made_for
from personaforge.identity.appearance import appearance_of, changes, clothes_distance, readings
from personaforge.identity.people import Judged
from personaforge.identity.reading import Agreement, agreements
from personaforge.identity.score import Cause, Unmeasured
from personaforge.results.readings import dna_of, readings_of
from personaforge.results.results import Results
from personaforge.spec.kinds import framing_of
from personaforge.spec.settings import Settings
from personaforge.steps.wardrobe import BANNERS, WARDROBES, look_of
from personaforge.store.store import Store

CLOTHES = "clothes_change"


def looks(store: Store, settings: Settings) -> dict[str, str]:
    """Return the look that each built picture is meant to show, by digest, in the order of slots; the anchor is first.

    A look is a rank of the wardrobe and what is worn for it now. Both, since a picture that stays from an earlier forge
    was dressed by its rank alone."""
    results, slot = Results(store, settings), str(settings.value("matrix.anchor"))
    worn = _wardrobes(results, store)
    anchor = settings.value(f"matrix.positions.{slot}")
    found = {results.anchor_digest: _look(anchor, worn.get(slot))} if results.anchor_digest else {}
    steps = settings.value("pipeline.steps")
    for one in sorted(results.by_role("picture"), key=lambda one: ("/" not in one.name, one.name)):
        step, _, slot = one.name.partition("/")
        framing = framing_of(settings, steps.get(step, {}), slot)
        for output in one.outcome.outputs.values():
            if "wardrobe" in framing:
                table = str(steps.get(step, {}).get("positions") or "")
                name = f"{BANNERS}/{slot}" if slot and table == f"matrix.{BANNERS}" else slot or step
                found.setdefault(output.artifact.digest, _look(framing, worn.get(name)))
    return found


def _look(framing: Mapping[str, Any], worn: Mapping[str, Any] | None) -> str:
    return f"{framing['wardrobe']} {digest_json('look/1', look_of(worn))[:16] if worn else ''}"


def _wardrobes(results: Results, store: Store) -> Mapping[str, Mapping[str, Any]]:
    """Return what each slot wears, as it was computed last; empty where that can't be read."""
    for result in results:
        output = result.outcome.outputs.get(WARDROBES)
        if output is not None and store.blobs.has(output.artifact.digest):
            found: Mapping[str, Mapping[str, Any]] = orjson.loads(store.blobs.get(output.artifact.digest))
            return found
    return {}


def beside(
    anchor: Mapping[str, Any], pictures: Sequence[tuple[str, Judged]], worn: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Return the changes of measured pictures, by digest; a picture that isn't measured, or of whose several faces none
    was judged, has none.

    `anchor` is the anchor's measurement, `pictures` are digests and judged faces, and `worn` is what `looks` returned
    (empty: no clothes are compared).
    """
    known = {digest: one.measurement for digest, one in pictures if _has_judged(one)}
    if anchor["status"] != "measured":
        return {}
    first: dict[str, tuple[str, Sequence[float]]] = {}
    for number, (digest, look) in enumerate(worn.items()):
        clothes = appearance_of(anchor if number == 0 else known.get(digest, {})).get("clothes")
        if clothes is not None:
            first.setdefault(look, (digest, clothes))
    found: dict[str, dict[str, float]] = {}
    for digest, one in known.items():
        numbers = dict(changes(anchor, one, same_clothes=False).numbers)
        clothes = appearance_of(one).get("clothes")
        meant = first.get(worn.get(digest, ""))
        if meant is not None and clothes is not None and meant[0] != digest:
            numbers[CLOTHES] = round(clothes_distance(meant[1], clothes), 6)
        found[digest] = numbers
    return found


def read_alike(
    store: Store,
    settings: Settings,
    pictures: Sequence[tuple[str, Judged, Mapping[str, float]]],
    analyzer: Mapping[str, str],
) -> tuple[Agreement, ...]:
    """Return how far what the second reader has said of pictures agrees with what was measured of them: `pictures` are
    digests, judged faces and their changes, measured by `analyzer`. Empty where none of them was read."""
    read = {one.picture: one.content for one in readings_of(store, settings)}
    if not read:
        return ()
    dna, drawn = dna_of(store, settings), made_for(analyzer) != PHOTOGRAPHS.name
    return agreements(
        (read[digest], {**near, "readings": [word._asdict() for word in readings(dna, one.measurement, drawn=drawn)]})
        for digest, one, near in pictures
        if digest in read and _has_judged(one)
    )


def _has_judged(one: Judged) -> bool:
    several = isinstance(one.score, Unmeasured) and one.score.code is Cause.SEVERAL
    return one.measurement["status"] == "measured" and not several
