"""How often `forge drift` is wrong, how soon it is right, and what it names as the cause: on series that are known.

    python -m tests.benchmarks.drift [--records N] [--series N]

Series are drawn, not measured. Twenty slots have composites in the ranges that Personalab reports (002): headshots of
cosine 0.70 and error 0.04, full bodies of cosine 0.54 and error 0.15, others between; a record scatters by 0.03 about
its slot, full bodies by half as much again. `walked` goes through the positions in their order, `mixed` in a new order
each time. Every record from the first is judged as it comes, as a nightly `forge drift` would. Nothing here passes or
fails; the same seed is used every time. The causes are `attribution`'s table.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from personaforge.drift.detector.change_point import SHAPES, locate
from personaforge.drift.detector.cusum import Chart, Record, chart, threshold_for
from personaforge.drift.detector.linear import Trend, summarize

COSINE = {"headshot": 0.70, "bust": 0.66, "half": 0.60, "full": 0.54}
ERROR = {"headshot": 0.04, "bust": 0.06, "half": 0.10, "full": 0.15}
FRAMINGS = ("headshot",) * 6 + ("bust",) * 8 + ("half",) * 3 + ("full",) * 3
STD = 0.03
CLIP, MIN_STD, SHIFT = 3.0, 0.001, 1.0
HISTORY = 100
AFTER = 200
Noise = Callable[[np.random.Generator, int], np.ndarray]

NOISES: dict[str, Noise] = {
    "normal": lambda rng, count: rng.normal(size=count),
    "heavy tails (t, 5 degrees)": lambda rng, count: rng.standard_t(5, count) / np.sqrt(5 / 3),
    "skewed (gamma, 4)": lambda rng, count: (4 - rng.gamma(4, size=count)) / 2,
    "bounded (beta 12, 4)": lambda rng, count: (rng.beta(12, 4, count) - 0.75) / np.sqrt(0.1875 / 17),
    "alike (correlation 0.2)": lambda rng, count: _alike(rng, count, 0.2),
}


class Change(NamedTuple):
    """A change from the record HISTORY on, in standard deviations of a slot; growing by `ramp` with each record."""

    step: float = 0.0
    ramp: float = 0.0

    def __str__(self) -> str:
        return f"step {self.step:+g}" if self.step else f"ramp {self.ramp:+g} a record"


def main() -> None:
    """Print the tables."""
    from tests.benchmarks.attribution import attribution

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000, help="stationary records for each rate")
    parser.add_argument("--series", type=int, default=200, help="series for each change")
    told = parser.parse_args()
    started = time.perf_counter()
    _false_alarms(told.records)
    _delays(told.series)
    _intervals(told.series)
    attribution(told.series)
    print(f"\n{time.perf_counter() - started:.0f} s")


def drawn(
    rng: np.random.Generator, count: int, order: str, noise: Noise = NOISES["normal"], change: Change | None = None
) -> list[Record]:
    """Return a series of records."""
    slots = slots_of(rng, count, order)
    off = np.zeros(count)
    if change is not None:
        since = np.arange(count - HISTORY)
        off[HISTORY:] = change.step + change.ramp * (since + 1)
    return records_of(rng, slots, noise, off)


def slots_of(rng: np.random.Generator, count: int, order: str) -> np.ndarray:
    """Return the slot of each record, 0 to 19."""
    walks = [np.arange(20) if order == "walked" else rng.permutation(20) for _ in range(count // 20 + 1)]
    return np.concatenate(walks)[:count]


def records_of(rng: np.random.Generator, slots: np.ndarray, noise: Noise, off: np.ndarray) -> list[Record]:
    """Return a record for each slot, off by so many of its standard deviations."""
    stds = np.array([STD * (1.5 if name == "full" else 1) for name in FRAMINGS])
    levels = np.array([0.7 * COSINE[name] + 0.3 * (1 - ERROR[name]) for name in FRAMINGS]) + rng.normal(0, 0.02, 20)
    values = levels[slots] + stds[slots] * (noise(rng, len(slots)) + off)
    return [Record(float(value), f"image/{slot:02}", FRAMINGS[slot]) for value, slot in zip(values, slots, strict=True)]


def charted(records: Sequence[Record], rate: float) -> Chart:
    """Return the chart with the settings that ship."""
    return chart(records, shift=SHIFT, threshold=threshold_for(rate), min_std=MIN_STD, clip=CLIP)


def linear_alarms(records: Sequence[Record]) -> list[Trend]:
    """Return the linear rule's verdict after every record: the slope over the last 20, beyond +-0.005."""
    values = [record.value for record in records]
    found = []
    for end in range(1, len(values) + 1):
        summary = summarize(values[max(0, end - 20) : end])
        found.append(summary.trend)  # type: ignore[union-attr]
    return found


def _alike(rng: np.random.Generator, count: int, correlation: float) -> np.ndarray:
    """Return a first-order autoregression of unit variance."""
    values = rng.normal(size=count)
    for index in range(1, count):
        values[index] = correlation * values[index - 1] + np.sqrt(1 - correlation**2) * values[index]
    return values


def _false_alarms(records: int) -> None:
    print(f"False alarms per 1,000 comparable records, {records:,} records in series of 2,000; nothing changes")
    print(f"{'':34}{'set':>8}{'found':>8}{'found/set':>11}{'first alarm after':>20}")
    for order in ("mixed", "walked"):
        for rate in (200, 500, 1000):
            _rate_line(f"{order}, normal", records, order, rate, NOISES["normal"])
    for name, noise in list(NOISES.items())[1:]:
        _rate_line(f"mixed, {name}", records, "mixed", 500, noise)
    for order in ("mixed", "walked"):
        rng, alarms, judged, off = np.random.default_rng(1), 0, 0, 0
        for _ in range(max(1, records // 20_000)):
            verdicts = linear_alarms(drawn(rng, 2_000, order))[20:]
            on = [verdict in (Trend.DEGRADING, Trend.IMPROVING) for verdict in verdicts]
            alarms += sum(now and not before for before, now in zip([False, *on], on, strict=False))
            off, judged = off + sum(on), judged + len(on)
        share = f"wrong at {off / judged:.0%} of records"
        print(f"{f'{order}, linear rule':34}{'none':>8}{1e3 * alarms / judged:8.1f}   {share}")


def _rate_line(label: str, records: int, order: str, rate: float, noise: Noise) -> None:
    rng, alarms, compared, firsts = np.random.default_rng(1), 0, 0, []
    for _ in range(max(1, records // 2_000)):
        made = charted(drawn(rng, 2_000, order, noise), rate)
        scored = np.cumsum([point.comparison is not None for point in made.points])
        alarms, compared = alarms + len(made.alarms), compared + int(scored[-1])
        firsts.append((int(scored[made.alarms[0].raised]), 1) if made.alarms else (int(scored[-1]), 0))
    # Series without an alarm are censored: time at risk over alarms is the mean of an exponential run length.
    first = sum(run for run, _ in firsts) / max(1, sum(hit for _, hit in firsts))
    wanted, found = 1e3 / rate, 1e3 * alarms / compared
    print(f"{label:34}{wanted:8.2f}{found:8.2f}{found / wanted:11.2f}{first:14.0f} records", flush=True)


def _delays(series: int) -> None:
    told = f"{HISTORY} unchanged, then {AFTER} changed; median (90th part)"
    print(f"\nRecords until the right alarm, {series} series: {told}")
    rates = (200, 500, 1000)
    heads = "".join(f"{'1 in ' + str(rate):>16}" for rate in rates)
    print(f"{'change, in std of a slot':28}{heads}{'linear rule':>18}")
    steps = [Change(step) for step in (-0.5, -1, 1, -2, -3)]
    for order in ("mixed", "walked"):
        for change in (*steps, Change(ramp=-0.05), Change(ramp=-0.1)):
            cells = "".join(f"{_delay_cell(series, order, change, rate):>16}" for rate in rates)
            print(f"{f'{order}, {change}':28}{cells}{_linear_cell(series, order, change):>18}", flush=True)


def _delay_cell(series: int, order: str, change: Change, rate: float) -> str:
    rng, delays = np.random.default_rng(2), []
    rising = change.step + change.ramp > 0
    for _ in range(series):
        made = charted(drawn(rng, HISTORY + AFTER, order, change=change), rate)
        if any(alarm.raised < HISTORY and (alarm.closed is None or alarm.closed >= HISTORY) for alarm in made.alarms):
            continue  # it was in alarm when the change came
        hits = [alarm.raised for alarm in made.alarms if alarm.raised >= HISTORY and alarm.rising == rising]
        delays.append(hits[0] - HISTORY + 1 if hits else AFTER + 1)
    return _quantiles(delays)


def _linear_cell(series: int, order: str, change: Change) -> str:
    rng, delays = np.random.default_rng(2), []
    wanted = Trend.IMPROVING if change.step + change.ramp > 0 else Trend.DEGRADING
    for _ in range(min(series, 60)):
        verdicts = linear_alarms(drawn(rng, HISTORY + AFTER, order, change=change))
        if verdicts[HISTORY - 1] is wanted:
            continue
        hits = [at for at, verdict in enumerate(verdicts) if at >= HISTORY and verdict is wanted]
        delays.append(hits[0] - HISTORY + 1 if hits else AFTER + 1)
    return _quantiles(delays)


def _quantiles(delays: list[int]) -> str:
    if not delays:
        return "in alarm before"
    high = sorted(delays)[int(0.9 * (len(delays) - 1))]
    return f"{statistics.median(delays):.0f} ({f'{high}' if high <= AFTER else 'not found'})"


def _intervals(series: int) -> None:
    print(
        f"\n95 % intervals for the start, {series} series, one false alarm in 1,000; at the alarm, or 20 records later"
    )
    columns = f"{'holds it':>12}{'median width':>14}"
    print(f"{'':28}{'at the alarm':>26}{'20 later':>26}\n{'change':28}{columns}{columns}")
    for change in (Change(-1), Change(-2), Change(-3), Change(ramp=-0.05), Change(ramp=-0.1)):
        cells = []
        for later in (0, 20):
            held, widths = _held(series, change, later)
            cells.append(f"{held:12.3f}{widths:14.0f}")
        print(f"{change!s:28}{''.join(cells)}", flush=True)
    print(f"Shapes weighed: {', '.join(SHAPES)}.")


def _held(series: int, change: Change, later: int) -> tuple[float, float]:
    rng, held, widths = np.random.default_rng(3), 0, []
    for _ in range(series):
        records = drawn(rng, HISTORY + AFTER, "mixed", change=change)
        first = charted(records, 1000)
        hits = [alarm for alarm in first.alarms if alarm.raised >= HISTORY and not alarm.rising]
        if not hits or first.alarms[0].raised < HISTORY:
            continue
        known: list[Any] = records[: hits[0].raised + 1 + later]
        made = charted(known, 1000)
        if made.open is None:
            continue
        spreads = [made.baseline.std(one.scale) or STD for one in known]
        found = locate(
            known, range(len(known)), spreads, earliest=0, latest=made.open.raised, rising=False, confidence=0.95
        )
        assert found is not None
        held += found.low <= HISTORY <= found.high
        widths.append(found.high - found.low + 1)
    return held / max(1, len(widths)), statistics.median(widths) if widths else float("nan")


if __name__ == "__main__":
    main()
