"""How often `forge drift --blame` names the cause first, on series whose cause is known. `benchmarks.drift` prints it.

    python -m tests.benchmarks.attribution [--series N]

Series are those of `benchmarks.drift`: 20 slots in mixed order, 100 records before the cause. Five key parts change at
different records, one of them the cause, and a git commit is new with each of them and with every 20th record. What
counts is the first possible cause: it must hold the part that was injected. From the chart to the ranking all is the
shipped code under the shipped settings; only the parts' names and values are made up. A series counts once its fall is
found: what isn't found is attributed to nothing. `benchmarks.drift` says how soon that is. Below 1 standard deviation
most series count only because chance had helped the alarm, which misplaces the fall, too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, cast

import numpy as np

from personaforge.drift.attribution.causes import Attribution, attribute
from personaforge.drift.attribution.inputs import COMMIT, InputHistory
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import DriftPolicy, find_drift
from personaforge.metrics import CHARTED
from personaforge.workspace.workspace import Workspace
from tests.benchmarks.drift import HISTORY, NOISES, Noise, records_of, slots_of

AFTER = 140
PARTS = ("model", "template image/pose.j2", "image.options.guidance", "input profile", "provider")
STEPS = (-0.5, -0.75, -1.0, -1.5, -2.0, -3.0)
LATER = (0, 20, 60)
"""Records after the alarm at which it is asked."""
SURE = 0.9

Scenario = Callable[[np.random.Generator, np.ndarray], dict[str, np.ndarray]]
"""(generator, slots) -> for each part which records carry its new value. The first part is the cause."""


class Place(NamedTuple):
    """A record whose artifact is named by its index."""

    node: str
    artifact: str
    build: str = ""


class KnownParts:
    """Stands for `InputHistory`: a series' parts are known."""

    def __init__(self, facts: Sequence[Mapping[str, str]]) -> None:
        self.facts = facts

    def of(self, places: Sequence[tuple[str, str]]) -> list[Mapping[str, str]]:
        return [self.facts[int(artifact)] for artifact, _ in places]

    def commit(self, build: str) -> None:
        return None

    def text(self, digest: str) -> None:
        return None

    def prompt(self, artifact: str) -> None:
        return None


def apart(distance: int) -> Scenario:
    """Two decoys before the cause and two after it, so many records apart, each in all slots from then on."""

    def made(rng: np.random.Generator, slots: np.ndarray) -> dict[str, np.ndarray]:
        at = np.arange(len(slots))
        return {
            name: at >= HISTORY + distance * place for name, place in zip(_named(rng), (0, -2, -1, 1, 2), strict=True)
        }

    return made


def halves(rng: np.random.Generator, slots: np.ndarray) -> dict[str, np.ndarray]:
    """All five with the same record, each in ten slots of its own: only comparing slots can tell."""
    at = np.arange(len(slots))
    return {name: (at >= HISTORY) & np.isin(slots, rng.permutation(20)[:10]) for name in _named(rng)}


def taken_back(rng: np.random.Generator, slots: np.ndarray) -> dict[str, np.ndarray]:
    """Four decoys within 20 records of the cause, each tried for ten records and taken back."""
    at = np.arange(len(slots))
    first, *others = _named(rng)
    starts = rng.choice(np.arange(HISTORY - 20, HISTORY + 21), 4, replace=False)
    tried = {name: (at >= start) & (at < start + 10) for name, start in zip(others, starts, strict=True)}
    return {first: at >= HISTORY, **tried}


SCENARIOS: dict[str, Scenario] = {
    "20 records apart": apart(20),
    "10 records apart": apart(10),
    "5 records apart": apart(5),
    "at once, half of the slots": halves,
    "tried and taken back": taken_back,
}


def attribution(count: int) -> None:
    """Print how often the cause is named first, by scenario, size, noise and time; and what is said without a cause."""
    print(f"\nCause named first of five changes, % of {count} series; at the alarm, 20 and 60 records later")
    heads = "".join(f"step {step:g}".rjust(13) for step in STEPS)
    print(f"{'changes':30}{heads}")
    for name, scenario in SCENARIOS.items():
        _line(name, count, scenario, "mixed", NOISES["normal"])
    _line("20 apart, walked", count, SCENARIOS["20 records apart"], "walked", NOISES["normal"])
    for noise in list(NOISES)[1:]:
        _line(f"20 apart, {noise}"[:29], count, SCENARIOS["20 records apart"], "mixed", NOISES[noise])
    print("\n20 records after the alarm: how sure it is, over the first two rows; and of decoys, no cause on record")
    print(f"{'':30}{heads}")
    for label, row in (("right, where >= 90 % sure", _sure), ("as sure of a decoy", _misled)):
        print(f"{label:30}{''.join(f'{row(count, step):>13}' for step in STEPS)}", flush=True)


def _line(label: str, count: int, scenario: Scenario, order: str, noise: Noise) -> None:
    cells = []
    for step in STEPS:
        told = [_asked(series, LATER) for series in _series(count, scenario, step, order, noise)]
        shares = []
        for at in range(len(LATER)):
            rights = [_right(cause, one) for cause, found in told for one in found[at : at + 1] if one is not None]
            shares.append(100 * sum(rights) / max(1, len(rights)))
        cells.append("/".join(f"{share:.0f}" for share in shares))
    print(f"{label:30}{''.join(f'{cell:>13}' for cell in cells)}", flush=True)


class Series(NamedTuple):
    """Records, what shaped each, and which part is the cause."""

    records: list[Record]
    facts: list[dict[str, str]]
    cause: str


def _series(
    count: int, scenario: Scenario, step: float, order: str, noise: Noise, *, recorded: bool = True
) -> list[Series]:
    """Return series. Without `recorded` nothing on record changes with the cause but what changes anyway."""
    rng, found = np.random.default_rng(4), []
    for _ in range(count):
        slots = slots_of(rng, HISTORY + AFTER, order)
        carried = scenario(rng, slots)
        cause, *decoys = carried
        records = records_of(rng, slots, noise, step * carried[cause])
        names = [cause, *decoys] if recorded else decoys
        starts = {*range(7 if recorded else 0, len(slots), 20), *(int(carried[name].argmax()) for name in names)}
        commits = np.searchsorted(sorted(starts), np.arange(len(slots)), "right")
        facts = [
            {**{name: f"v{carried[name][index]:d}" for name in names}, COMMIT: f"c{commits[index]}"}
            for index in range(len(slots))
        ]
        found.append(Series(records, facts, cause))
    return found


def _asked(series: Series, later: Sequence[int]) -> tuple[str, list[Attribution | None]]:
    """Return the cause, and what the fall is attributed to so many records after its alarm: None where it has closed
    since, nothing where there was none, or one before the fall."""
    metric, policy = CHARTED[0], _shipped()
    alarms = find_drift(series.records, metric, policy).alarms
    hits = [alarm for alarm in alarms if alarm.raised >= HISTORY and not alarm.rising]
    found = []
    for more in later if hits and alarms[0].raised >= HISTORY else ():
        known = series.records[: hits[0].raised + 1 + more]
        places = [Place(record.group, str(index)) for index, record in enumerate(known)]
        told = attribute(
            cast(InputHistory, KnownParts(series.facts)), places, known, metric, find_drift(known, metric, policy)
        )
        found.append(told)
    return series.cause, found


def _right(cause: str, found: Attribution) -> bool:
    return bool(found.causes) and cause in {part.name for part in found.causes[0].parts}


def _sure(count: int, step: float) -> str:
    rights = []
    for scenario in list(SCENARIOS.values())[:2]:
        for series in _series(count, scenario, step, "mixed", NOISES["normal"]):
            cause, found = _asked(series, (20,))
            rights += [_right(cause, one) for one in found if one is not None and _first(one) >= SURE]
    return f"{100 * sum(rights) / len(rights):.0f} of {len(rights)}" if rights else "never so"


def _misled(count: int, step: float) -> str:
    """Return how often a decoy is named with as much certainty where nothing on record is the cause."""
    told: list[Attribution | None] = []
    for series in _series(count, SCENARIOS["20 records apart"], step, "mixed", NOISES["normal"], recorded=False):
        told += _asked(series, (20,))[1]
    known = [_first(one) >= SURE for one in told if one is not None]
    return f"{100 * sum(known) / max(1, len(known)):.0f}"


def _first(found: Attribution) -> float:
    return found.causes[0].probability if found.causes else 0.0


def _named(rng: np.random.Generator) -> list[str]:
    return [PARTS[index] for index in rng.permutation(len(PARTS))]


@cache
def _shipped() -> DriftPolicy:
    """Return the settings that ship."""
    from pathlib import Path

    from personaforge.spec.project import packaged

    with Workspace.open((), str(Path(packaged("conf")).parent)) as space:
        return DriftPolicy.from_settings(space.defaults()["drift"])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200, help="series for each size of step")
    told = parser.parse_args()
    started = time.perf_counter()
    attribution(told.series)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
