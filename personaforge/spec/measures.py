"""What a check may name: measures, functions, rates, scopes, timelines and verdicts. Names and bounds, no values.

Measures and timelines are those of `personaforge.metrics`. `grammar` reads checks with these names,
`personaforge.checks` gives them values. docs/checks.md is the same for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from personaforge import metrics
from personaforge.metrics import METRICS


class Measure(NamedTuple):
    """A number that records have."""

    modalities: tuple[str, ...]
    """What it is measured on: face (a picture), video (a clip) or text."""
    low: float
    high: float | None
    """Bounds of the number; None where there is none."""
    about: str


class Scope(NamedTuple):
    """The results that a check may be about."""

    modality: str
    about: str


def _measures() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for one in METRICS:
        if one.is_checked:
            known = found.get(one.name, Measure((), one.low, one.high, one.about))
            found[one.name] = known._replace(modalities=(*known.modalities, one.modality))
    return found


MEASURES = _measures()
"""By name."""

FUNCTIONS = {
    "min": "the smallest",
    "max": "the largest",
    "mean": "the mean",
    "median": "the median",
    "std": "the sample standard deviation",
    "count": "how many have the measure",
}
"""Besides p1 to p99: percentiles, linear between neighbours."""
PERCENTILE = re.compile(r"p([1-9][0-9]?)")

RATES = {
    "acceptance_rate": "share of judged attempts that were accepted, each artifact once, against the anchor of now",
    "passing_rate": "share of nodes whose present result passes its gate by the rules of now",
    "measured_rate": "share of nodes whose present result has a score",
}

SCOPES = {
    "images": Scope("face", "pictures of the matrix, avatar and banner"),
    "references": Scope("face", "further pictures that stand for the person beside the anchor"),
    "clips": Scope("video", "motion clips"),
    "finished": Scope("face", "images after finishing"),
    "repaired": Scope("video", "clips after repair"),
    "texts": Scope("text", "what the second reader scored"),
}
"""`personaforge.spec.kinds` says which kinds of steps are in each. The name of a step is a scope, too."""

FIELDS = {
    "slot": "07, smile_reveal, ...",
    "step": "the step's name in the pipeline",
    "tag": "one of the tags of step, position or motion",
    "tier": "the position's tier in the matrix",
    "distance": "headshot, bust, half or full",
    "status": "accepted, flagged, unmeasured or rejected: what became of the node",
    "decision": "ACCEPT, RETRY or REJECT",
    "model": "what made it",
    "provider": "who made it",
}
"""What `where` compares."""


def _timelines() -> dict[str, tuple[str, ...]]:
    return {name: tuple(one.name for one in METRICS if one.timeline == name) for name in metrics.TIMELINES}


TIMELINES = _timelines()
"""Modality -> metrics of `forge drift`."""


def refresh() -> None:
    """Derive MEASURES and TIMELINES from all metrics anew, after one was registered or withdrawn."""
    for table, found in ((MEASURES, _measures()), (TIMELINES, _timelines())):
        table.clear()
        table.update(found)  # type: ignore[arg-type]


VERDICTS = ("improving", "stable", "degrading", "insufficient")

ALLOWANCES = {
    "unmeasured": "results without the number are left out",
    "unbuilt": "nodes without a result are left out",
    "out_of_domain": "scores of pictures that the pack was not made for count",
    "insufficient": "a timeline that is too short to tell is no failure",
    "nothing": "nothing to check at all is no failure",
}
"""What a check may be told to let pass, by name."""


def nearest(name: str, known: Iterable[str], *, most: int = 24) -> str:
    """Return a hint: the nearest valid name, or the list of valid names."""
    names = list(known)
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"there is: {', '.join(names[:most])}"
