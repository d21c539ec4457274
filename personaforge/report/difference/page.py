"""A difference between two revisions as a page: what changed, and the pictures side by side where both sides have them.

Like a report it is self-contained: no script, no request, light and dark. Pictures come from the store by their digest,
so the page needs no build folder, and shows each side's own results.
"""

from __future__ import annotations

from dataclasses import dataclass

from personaforge.report.difference import console as differing
from personaforge.report.difference.console import moved, result, told
from personaforge.report.pages.album import RUNGS, Album, Shown
from personaforge.report.pages.facts import ClipFacts, Judged, Position
from personaforge.report.pages.pages import MAX_BYTES, rendered
from personaforge.repository.difference import Difference, Pair, PersonaDifference, SideResult
from personaforge.workspace.workspace import Workspace

MAX_PAIRS = 60
"""Pairs of pictures on a page, those first whose score fell most; the scores of all are in the tables."""


@dataclass(frozen=True)
class Shelf:
    """A persona on the page."""

    one: PersonaDifference
    album: Album
    pairs: tuple[Pair, ...]
    """Of pictures and clips, in the order of the graph."""
    unshown: int

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Node, before, after, how far, and which way it went: higher, lower or empty."""
        return [(pair.node, result(pair.before), result(pair.after), moved(pair), way(pair)) for pair in told(self.one)]

    def picture(self, pair: Pair, made: SideResult | None) -> Shown | None:
        """Return a side's picture, or the first frame of its clip; None where that side has none."""
        if made is None or not made.digest:
            return None
        judged = Judged(made.digest, "", made.score)
        if made.media_type.startswith("video/"):
            place = Position(pair.node, pair.node, "clips", "accepted", judged)
            return self.album.frame(ClipFacts(place, key_frames=(0,)), 0)
        return self.album.whole(judged)


def difference_page(space: Workspace, found: Difference, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the page, with pictures as small as needed to stay within so many bytes."""
    shelves = _shelves(space, found)
    data = b""
    for rung in RUNGS:
        for shelf in shelves:
            shelf.album.rung = rung
        data = rendered("difference.html.j2", found=found, shelves=shelves, say=differing, way=way)
        if len(data) <= max_bytes:
            break
    return data


def way(pair: Pair) -> str:
    """Return which way a score went, as a class of the page."""
    by = pair.moved or 0.0
    return "higher" if by > 0 else "lower" if by < 0 else ""


def _shelves(space: Workspace, found: Difference) -> list[Shelf]:
    pictures = [[pair for pair in told(one) if _has_picture(pair)] for one in found.personas]
    places = [(place, number) for place, pairs in enumerate(pictures) for number in range(len(pairs))]
    kept = set(sorted(places, key=lambda at: (pictures[at[0]][at[1]].moved or 0.0, at))[:MAX_PAIRS])
    shelves = []
    for place, (one, pairs) in enumerate(zip(found.personas, pictures, strict=True)):
        shown = tuple(pair for number, pair in enumerate(pairs) if (place, number) in kept)
        shelves.append(Shelf(one, Album(space.store, one.id), shown, len(pairs) - len(shown)))
    return shelves


def _has_picture(pair: Pair) -> bool:
    return any(made is not None and made.digest for made in (pair.before, pair.after))
