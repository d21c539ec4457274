"""Errors of telling people apart, for groups of them beside everybody: skin tone, age band, gender.

A person's error is the mean of two shares at one threshold, that of equal error over everybody: of the pairs of the
person's own pictures those that fall below it, and of the pairs with strangers' pictures those that reach it. A group's
is its people's mean; its 95 % interval is of 2,000 resamplings of its people. `own group` counts only strangers of the
same group, who resemble each other more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

TONES: Final = {
    "light skin": ("porcelain", "fair", "light"),
    "medium skin": ("medium", "olive", "tan"),
    "dark skin": ("brown", "dark brown", "deep"),
}
_SAMPLES: Final = 2000


def tone_class(tone: str) -> str:
    """Return the class of a DNA's skin tone."""
    return next(name for name, tones in TONES.items() if tone in tones)


def age_band(age: float) -> str:
    """Return the band of an age in years."""
    return "18-35" if age < 36 else "36-58" if age < 59 else "59-95"


def separation(own: Any, other: Any) -> tuple[float, float, float]:
    """Return the area under the curve, the equal error rate and its threshold."""
    ordered = np.sort(other)
    area = float(np.mean(np.searchsorted(ordered, own) / len(ordered)))
    marks = np.linspace(-0.5, 1, 3001)
    refused = np.searchsorted(np.sort(own), marks) / len(own)
    passed = 1 - np.searchsorted(ordered, marks) / len(ordered)
    at = int(np.argmin(np.abs(refused - passed)))
    return area, float((refused[at] + passed[at]) / 2), float(marks[at])


def interval(values: Any) -> tuple[float, float]:
    """Return the 95 % interval of a mean over people, by resampling them."""
    rng = np.random.default_rng(7)
    means = np.asarray(values)[rng.integers(0, len(values), (_SAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def print_groups(vectors: Any, owners: Any, labels: Sequence[Mapping[str, str]]) -> None:
    """Print a line for each group and the verdict on the worst.

    `vectors` are embeddings of length 1, one row a picture, `owners` whose, as indices of `labels`, in which each
    person has a group for each division: `{"skin": "light skin", "age": "18-35"}`.
    """
    owners = np.asarray(owners)
    cosines = vectors @ vectors.T
    same = owners[:, None] == owners[None]
    upper = np.triu_indices(len(owners), 1)
    _, _, threshold = separation(cosines[upper][same[upper]], cosines[upper][~same[upper]])
    passes = cosines >= threshold
    people = np.unique(owners)

    def error(who: int, among: Any) -> float:
        """Of one person, against strangers whose pictures are `among`."""
        mine = owners == who
        apart = ~np.eye(int(mine.sum()), dtype=bool)
        own = passes[np.ix_(mine, mine)][apart]
        others = passes[np.ix_(mine, among & ~mine)]
        return float(((1 - own.mean()) if own.size else 0.0) + (others.mean() if others.size else 0.0)) / 2

    whole = np.ones(len(owners), bool)
    every = np.array([error(who, whole) for who in people])
    low, high = interval(every)
    print(f"errors by group at a cosine of {threshold:.3f}, in per cent; 95 % intervals over people")
    print(f"  {'group':22}{'people':>7}{'error':>8}{'interval':>16}{'times all':>11}{'own group':>11}")
    print(f"  {'all':22}{len(people):7}{100 * every.mean():8.2f}{f'{100 * low:.2f} to {100 * high:.2f}':>16}")
    worst: tuple[float, str, bool] = (0.0, "", False)
    for division in labels[0]:
        for name in sorted({label[division] for label in labels}):
            chosen = np.array([labels[who][division] == name for who in people])
            if not chosen.any():
                continue
            found, members = every[chosen], people[chosen]
            within = np.mean([error(who, np.isin(owners, members)) for who in members])
            low, high = interval(found)
            times = found.mean() / every.mean() if every.mean() else 1.0
            print(f"  {name:22}{len(members):7}{100 * found.mean():8.2f}{f'{100 * low:.2f} to {100 * high:.2f}':>16}"
                  f"{times:11.2f}{100 * within:11.2f}")  # fmt: skip
            worst = max(worst, (float(times), name, low > 2 * every.mean()))
    beyond = "below its interval: too much" if worst[2] else "not below its interval"
    print(
        f"  largest: {worst[1]}, {worst[0]:.2f} times all; 2 times all is {beyond}\n",
        flush=True,
    )
