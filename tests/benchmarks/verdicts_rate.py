"""How `forge drift` judges a share of failed pictures: false alarms, and how soon a rise is found.

    python -m tests.benchmarks.verdicts_rate [--series N] [--processes N] [--file FILE [--minutes M]]

Series are drawn, not measured, always with the same seeds: twenty slots, each build goes through all of them in a new
order. Each record fails with the probability that stands in the line. *Builds* have a probability of their own, drawn
from a beta distribution with that mean, whose records are correlated as much as is said; *runs* repeat the record
before with that probability; *unlike slots* fail in 30 % where they are four of the twenty, else in 1 %, and with
*some more often* a build takes the four a fifth as often, as often or five times as often as the others.

The last table is about scores beside failures: the chart of scores with 5 % of failed pictures and without any.
Nothing here passes or fails.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from personaforge.drift.detector import baseline, cusum, rate, units
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.rate import rate_chart, threshold_for
from tests.benchmarks import verdicts_drift
from tests.benchmarks.counting import Kept, Line, count

SLOTS, HARD = 20, 4
FRAMINGS = ("headshot", "bust", "half", "full")
RATES = (200, 500, 1_000, 2_000)
LASTS = 200


class Draw(NamedTuple):
    """How records fail."""

    name: str
    share: float = 0.05
    together: float = 0.0
    """Correlation of a build's records."""
    runs: float = 0.0
    """Probability that a record repeats the one before."""
    unlike: bool = False
    moved: bool = False

    def drawn(self, rng: np.random.Generator, shares: np.ndarray) -> list[Record]:
        """Return records with these shares, shape (records,); with unlike slots the shares are added to."""
        n = len(shares)
        builds = np.arange(n) // SLOTS
        if self.moved:
            slots = np.concatenate([self._chosen(rng) for _ in range(builds[-1] + 1)])[:n]
        else:
            slots = np.concatenate([rng.permutation(SLOTS) for _ in range(builds[-1] + 1)])[:n]
        chance = shares.copy()
        if self.unlike:
            chance += np.where(slots < HARD, 0.30, 0.01)
        if self.together:
            spread = (1 - self.together) / self.together
            chance = self._by_build(rng, chance, spread)
        failed = (rng.random(n) < chance).astype(float)
        again = rng.random(n) < self.runs
        for index in range(1, n if self.runs else 0):
            if again[index]:
                failed[index] = failed[index - 1]
        return [
            Record(value, f"image/{slot:02}", FRAMINGS[slot % 4], str(build))
            for value, slot, build in zip(failed.tolist(), slots.tolist(), builds.tolist(), strict=True)
        ]

    @staticmethod
    def _chosen(rng: np.random.Generator) -> np.ndarray:
        weights = np.where(np.arange(SLOTS) < HARD, rng.choice([0.2, 1.0, 5.0]), 1.0)
        return rng.choice(SLOTS, SLOTS, p=weights / weights.sum())

    @staticmethod
    def _by_build(rng: np.random.Generator, chance: np.ndarray, spread: float) -> np.ndarray:
        first = chance[::SLOTS]
        return np.repeat(rng.beta(first * spread, (1 - first) * spread), SLOTS)[: len(chance)]


DRAWS = (
    *(Draw(f"{share:.0%}", share) for share in (0.01, 0.02, 0.05, 0.1, 0.2)),
    *(Draw(f"5 %, builds {one:g}", together=one) for one in (0.05, 0.1, 0.2)),
    Draw("10 %, builds 0.1", 0.1, together=0.1),
    *(Draw(f"5 %, runs {one:g}", runs=one) for one in (0.2, 0.4)),
    Draw("unlike slots", 0.0, unlike=True),
    Draw("unlike slots, some more often", 0.0, unlike=True, moved=True),
)
RISES = ((0.05, 0.5, 20), (0.05, 0.3, 20), (0.05, 0.3, 40), (0.02, 0.15, 60), (0.0, 0.2, 20))
BEFORE = (100, 200, 400)


def unchanged(seed: int, *, draw: Draw, per_alarm: int) -> tuple[float, ...]:
    """Return records, alarms, alarms of slots, and whether one is open at the end."""
    records = draw.drawn(np.random.default_rng([1, seed]), np.full(LASTS, draw.share))
    made = rate_chart(records, threshold=threshold_for(per_alarm))
    return LASTS, len(made.alarms), len(made.slots), made.open is not None or bool(made.broken)


def rose(seed: int, *, rise: tuple[float, float, int], before: int, later: int) -> tuple[float, ...]:
    """Return whether a rise was found in time, and whether it is open `later`; one alarm in 500."""
    old, new, after = rise
    shares = np.where(np.arange(before + later) >= before, new, old)
    records = DRAWS[0].drawn(np.random.default_rng([2, seed]), shares)
    made = rate_chart(records, threshold=threshold_for(500))  # what it says of a record depends on none after it
    rising = [one for one in made.alarms if one.rising and (one.closed is None or one.closed >= before)]
    return any(one.raised < before + after for one in rising), made.open is not None and made.open.rising


def broke(seed: int, *, share: float) -> tuple[float, ...]:
    """Return whether a slot that fails always from then on is named within four of its own records."""
    rng, before = np.random.default_rng([3, seed]), 200
    records = DRAWS[0].drawn(rng, np.full(before + 80, share))
    records = [
        one._replace(value=1.0) if n >= before and one.group == "image/07" else one for n, one in enumerate(records)
    ]
    mine = [n for n, one in enumerate(records) if n >= before and one.group == "image/07"][:4]
    made = rate_chart(records[: mine[-1] + 1], threshold=threshold_for(1_000))
    return (any(one.group == "image/07" for one in made.broken),)


def scores(seed: int, *, share: float, size: float, before: int, after: int) -> tuple[float, ...]:
    """Return whether a fall of scores was found, where a share of records has failed, 15 deviations down."""
    rng = np.random.default_rng([4, seed])
    count = before + after
    off = rng.normal(size=count) - size * (np.arange(count) >= before)
    lost, how_far, slots = rng.random(count) < share, -15 + rng.normal(0, 2, count), verdicts_drift.slots_of(rng, count)
    made = verdicts_drift.charted(verdicts_drift.records_of(rng, slots, np.where(lost, how_far, off)), 500)
    return (any(not one.rising and (one.closed is None or one.closed >= before) for one in made.alarms),)


SCORES = [(size, after, before) for size, after in ((1.0, 20), (0.5, 60)) for before in (200, 400)]


def of_scores(share: float, size: float, after: int, before: int) -> Line:
    """Return the line of a fall of scores."""
    return Line(scores, {"share": share, "size": size, "before": before, "after": after})


def lines() -> list[Line]:
    """Return all that is counted, each once."""
    return [
        *(Line(unchanged, {"draw": draw, "per_alarm": 1_000}) for draw in DRAWS),
        *(Line(unchanged, {"draw": DRAWS[7], "per_alarm": one}) for one in RATES if one != 1_000),
        *(Line(rose, {"rise": rise, "before": before, "later": 300}) for rise in RISES for before in BEFORE),
        *(Line(broke, {"share": share}) for share in (0.01, 0.05)),
        *(of_scores(share, *told) for told in SCORES for share in (0.0, 0.05)),
    ]


def show(kept: Kept) -> None:
    """Print the tables."""
    print(f"{kept.series} series a line, {LASTS} records each; one alarm in 1,000 where nothing else is said")
    print(f"{'unchanged':34}{'alarms/set':>12}{'slots/set':>12}{'false at 200':>14}")
    rated = [(draw.name, Line(unchanged, {"draw": draw, "per_alarm": 1_000}), 1_000) for draw in DRAWS]
    rated += [
        (f"{DRAWS[7].name}, one alarm in {one:,}", Line(unchanged, {"draw": DRAWS[7], "per_alarm": one}), one)
        for one in RATES
        if one != 1_000
    ]
    for name, line, per_alarm in rated:
        records, alarms, slots = kept.of(line)[:, :3].sum(0)
        shares = f"{per_alarm * alarms / records:12.2f}{per_alarm * slots / records:12.2f}"
        print(f"{name:34}{shares}{kept.of(line)[:, 3].mean():14.1%}")
    print(f"\n{'rise, one alarm in 500':34}{'records before':>16}{'found':>10}{'open 300 later':>16}")
    for old, new, after in RISES:
        for before in BEFORE:
            found = kept.of(Line(rose, {"rise": (old, new, after), "before": before, "later": 300}))
            name = f"{old:.0%} to {new:.0%}, within {after} records"
            print(f"{name:34}{before:16}{found[:, 0].mean():10.1%}{found[:, 1].mean():16.1%}")
    print("\nOne slot that fails always from then on, named within four of its own records")
    for share in (0.01, 0.05):
        print(f"{f'{share:.0%} before':34}{kept.of(Line(broke, {'share': share}))[:, 0].mean():10.1%}")
    print("\nFalls of scores, one alarm in 500: found with no failed pictures, and with 5 %")
    for size, after, before in SCORES:
        powers = [kept.of(of_scores(share, size, after, before))[:, 0].mean() for share in (0.0, 0.05)]
        print(f"{f'{size:g} within {after}, after {before} records':34}{powers[0]:10.1%}{powers[1]:10.1%}")


if __name__ == "__main__":
    drawing = (verdicts_drift.slots_of, verdicts_drift.records_of, verdicts_drift.charted)
    count(__doc__, lines(), (baseline, cusum, units, rate, Draw, unchanged, rose, broke, scores, *drawing), show)
