"""A calibration as tables: the pairs, the error rates, the gates in force, the thresholds, and the mapping to
P(same)."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.identity.calibration import LIBRARIES, Calibration
from personaforge.identity.evidence import Threshold
from personaforge.identity.gates import FARS, GateRates, Gates
from personaforge.identity.rates import Rate
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
    _print_gates(found.gates, found.rules)
    _print_probability(about)
    who = about.analyzer
    libraries = f" {who[LIBRARIES]}" if LIBRARIES in who else ""
    echo(
        f"Measured with {who['pack']} ({who['pack_digest'][:8]}), detector size {who['detector_size']}, "
        f"{who['backend']}{libraries}. It holds for no other."
    )
    if found.file is not None:
        echo(f"{'Written to' if found.changed else 'Unchanged:'} {found.file}")


def _print_gates(gates: Gates, rules: str) -> None:
    """Print how well each number tells people apart, and how often each gate is wrong, in all and in parts."""
    rows: list[Sequence[object]] = []
    for one in gates.separations:
        points = {point.target: point for point in one.thresholds}
        cells = [_threshold(points.get(far)) for far in FARS]
        rows.append(
            (one.score, f"{one.equal_error:.2%} ({one.low:.2%} to {one.high:.2%})", f"{one.threshold:.3f}", *cells)
        )
    print_table(("number", "EER (95 %)", "at", *(f"threshold at FAR {far:g} (95 %)" for far in FARS)), rows)
    echo()
    if rules:
        echo(f"The gates are those of `identity: {rules}`.")
    print_table(
        ("gate", "thresholds", "FAR (95 %)", "FRR (95 %)", "strangers retried", "true pairs retried"),
        [(one.gate, one.rule, *_cells(one)) for one in gates.gates],
    )
    decides = f"In force: {gates.in_force}"
    echo(f"{decides}; no calibration decides: {gates.why}" if gates.why else f"{decides}.")
    if gates.instead:
        echo(f"{gates.instead}.")
    echo()
    print_table(
        ("pairs", "same", "different", "gate", "FAR (95 %)", "FRR (95 %)", "strangers retried", "true pairs retried"),
        [
            ((band.name, band.same, band.different) if place == 0 else ("", None, None)) + (one.gate, *_cells(one))
            for band in gates.bands
            for place, one in enumerate(band.gates)
        ],
    )
    echo()


def _cells(one: GateRates) -> tuple[str, ...]:
    retried = ("" if rate is None else f"{rate.rate:.2%}" for rate in (one.retried_different, one.retried_same))
    return _rate(one.far), _rate(one.frr), *retried


def _rate(rate: Rate | None) -> str:
    return "" if rate is None else f"{rate.rate:.2%} ({rate.low:.2%} to {rate.high:.2%})"


def _threshold(point: Threshold | None) -> str:
    return "too few pairs" if point is None else f"{point.at:.3f} ({point.low:.3f} to {point.high:.3f})"


def _print_probability(about: Calibration) -> None:
    """Print what P(same) is made of, its ends and range, and how good it is."""
    logistic, weights = about.logistic, about.weights
    if weights is None:
        half = -logistic.intercept / logistic.slope
        echo(
            f"P(same | cosine) = 1 / (1 + exp(-({logistic.intercept:.4g} + {logistic.slope:.4g} * cosine))) at a prior "
            f"of {logistic.prior:g}; one half at cosine {half:.3f}; Cllr {logistic.cllr:.3g} bits."
        )
        return
    terms = zip(weights.coefficients, weights.features, weights.centre, strict=True)
    shown = " ".join(f"{value:+.4g} ({_TERMS.get(name, name)} - {centre:.4g})" for value, name, centre in terms)
    echo(f"Log ratio = {weights.intercept:.4g} {shown}; P(same) at a prior of {weights.prior:g}.")
    least, most = weights.at(weights.least), weights.at(weights.most)
    echo(f"So many people support no P(same) below {least:.3g} or above {most:.4g}.")
    limits = weights.range
    said = [f"turned by {limits.turn:g} degrees"] if limits.turn is not None else []
    said += [f"leaning by {limits.roll:g}"] if limits.roll is not None else []
    from_up = [f"a norm of {limits.norm:g}"] if limits.norm is not None else []
    from_up += [f"a face of {limits.size:g} px"] if limits.size is not None else []
    reach = "; ".join(filter(None, (f"up to heads {' and '.join(said)}" if said else "", " and ".join(from_up))))
    echo(f"It is given {reach}{' and more' if from_up else ''}: what the pairs covered." if reach else "")
    check = weights.validation
    if check is None:
        echo("Too few people for cross-validation: how good it is on others isn't known.")
        return
    echo(
        f"On people that a fit has not seen ({check.parts} parts): expected calibration error {check.ece:.2%}, "
        f"Cllr {check.cllr:.3g} bits ({check.cllr_open:.3g} without the ends), EER {check.equal_error:.2%}."
    )


_TERMS = {"size": "log px"}


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
