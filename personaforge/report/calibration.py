"""A calibration as tables: the pairs, the error rates, the thresholds, and the mapping to P(same)."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.identity.calibration import Calibration
from personaforge.listing import and_more
from personaforge.measuring.calibration import Calibrated
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, one_line

_LEVELS = " ▁▂▃▄▅▆▇█"
_BINS = 48
_SHOWN = 10


def print_calibration(found: Calibrated) -> None:
    """Print what was measured, what was fitted, and where it is kept."""
    about = found.calibration
    total = about.same.n + about.different.n
    causes = ", ".join(f"{count} {cause}" for cause, count in about.unmeasured.items())
    left_out = f"; {sum(about.unmeasured.values())} more left out: {causes}" if causes else ""
    echo(f"{total} pairs of {about.people} people measured{left_out}")
    for one in found.skipped[:_SHOWN]:
        echo(f"  {one_line(one.path)}: {one.reason}")
    if len(found.skipped) > _SHOWN:
        echo(f" {and_more(len(found.skipped) - _SHOWN, 'pictures')}, see --json")
    if found.of_several:
        which = "of each the one counts that is most like the person's other pictures"
        echo(f"{found.of_several} of the pictures show several faces: {which}")
    echo()
    low, high = min(*found.same, *found.different), max(*found.same, *found.different)
    rows = [
        (name, side.n, side.mean, side.std, side.min, side.max, histogram(cosines, low, high))
        for name, side, cosines in (
            ("same", about.same, found.same),
            ("different", about.different, found.different),
        )
    ]
    print_table(("pairs", "n", "mean", "std", "min", "max", f"cosines from {low:.2f} to {high:.2f}"), rows)
    echo()
    _print_rates(about)
    logistic = about.logistic
    half = -logistic.intercept / logistic.slope
    echo(
        f"P(same | cosine) = 1 / (1 + exp(-({logistic.intercept:.4g} + {logistic.slope:.4g} * cosine))) at a prior of "
        f"{logistic.prior:g}; one half at cosine {half:.3f}; Cllr {logistic.cllr:.3g} bits."
    )
    who = about.analyzer
    echo(
        f"Measured with {who['pack']} ({who['pack_digest'][:8]}), detector size {who['detector_size']}, "
        f"{who['backend']} {who['backend_version']}. It holds for no other."
    )
    if found.file is not None:
        echo(f"{'Written to' if found.changed else 'Unchanged:'} {found.file}")


def histogram(cosines: Sequence[float], low: float, high: float) -> str:
    """Return counts over 48 equal steps from low to high as one character each, scaled to the highest."""
    counts = [0] * _BINS
    for cosine in cosines:
        counts[min(_BINS - 1, int((cosine - low) / ((high - low) or 1) * _BINS))] += 1
    top, steps = max(counts), len(_LEVELS) - 1
    return "".join(_LEVELS[-(-count * steps // top)] for count in counts)  # rounded up, so that one pair shows


def _print_rates(about: Calibration) -> None:
    equal = about.equal_error
    echo(
        f"EER {equal.rate:.2%}, 95 % interval {equal.low:.2%} to {equal.high:.2%}, at cosine {equal.threshold:g}"
        + (f"; d' {about.d_prime:.3g}" if about.d_prime is not None else "")
    )
    echo(f"  {equal.note}")
    rows: list[list[str | float | None]] = []
    for point in about.operating_points:
        if point.threshold is None:
            rows.append([f"{point.target:g}", None, None, None, None, point.reason])
            continue
        interval = f"{point.far_low:.2g} to {point.far_high:.2g}"
        rows.append([f"{point.target:g}", point.threshold, point.tar, point.far, interval, ""])
    echo()
    print_table(("FAR", "threshold", "TAR", "measured FAR", "95 % interval", "why not"), rows)
    echo()
