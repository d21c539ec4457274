"""An auditor beside reference marks, as tables: who made the marks, agreement by axis, the gate, bias, and what it may
cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personaforge.listing import and_more
from personaforge.measuring.agreement import Agreement, Interval
from personaforge.measuring.audit_calibration import AuditCalibrated, Cost
from personaforge.measuring.golden import SHIPPED, Golden
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, one_line

_SHOWN = 10


def print_cost(
    golden: Golden, judge: Mapping[str, str], cost: Cost, notices: Sequence[str] = (), *, err: bool = False
) -> None:
    """Print what asking about the documents may cost, and what would stop it."""
    asked = cost.documents - cost.known
    echo(f"{cost.documents} documents of {_name(golden)}, judged by {_who(judge)}", err=err)
    if not asked:
        echo("All answers are kept already: nobody is asked.", err=err)
    elif not cost.calls_max:
        echo(f"{asked} to be judged, {cost.known} known; it costs nothing.", err=err)
    else:
        money = "at a price that is not declared"
        if cost.usd_min is not None and cost.usd_max is not None:
            money = f"at most ${cost.usd_min:.2f}, and ${cost.usd_max:.2f} if each answer had to be repaired"
        echo(f"{asked} to be asked, {cost.known} known; up to {cost.calls_max} calls, {money}.", err=err)
    for notice in notices:
        echo(notice, err=err)


def _kappa(axis: Agreement, documents: int) -> str:
    """Return the kappa of an axis; where the judge gave too few marks, that it didn't judge, and how often."""
    if axis.kappa.value is None and axis.only_reference:
        return f"not judged: no mark for {axis.only_reference} of {documents} documents"
    return _interval(axis.kappa)


def print_audit(found: AuditCalibrated) -> None:
    """Print how the judge agrees with the reference marks."""
    golden = found.golden
    people = len({one.persona for one in golden.documents})
    echo(f"{len(golden.documents)} documents of {people} personas in {_name(golden)}, judged by {_who(found.judge)}")
    echo(f"Marks by {one_line(golden.marked_by)}")
    if not golden.independent:
        echo("The markers had a part in the judge: high agreement is no independent evidence.")
    if found.failed:
        echo(f"{len(found.failed)} without a verdict:")
        for one in found.failed[:_SHOWN]:
            echo(f"  {one.document.id}: {one_line(one.reason)}")
        if len(found.failed) > _SHOWN:
            echo(f" {and_more(len(found.failed) - _SHOWN)}, see --json")
    if len(found.failed) == len(golden.documents):
        echo("Nothing was judged, so there is nothing to compare.")
        _print_spent(found)
        return
    echo()
    print_table(
        ("axis", "marked by both", "weighted kappa (95 %)", "judge minus reference", "only reference", "only judge"),
        [
            (
                one.axis,
                one.documents,
                _kappa(one, len(golden.documents)),
                _signed(one.offset),
                one.only_reference,
                one.only_judge,
            )
            for one in found.axes
        ],
    )
    echo("Kappa: 1 equal marks, 0 chance. Only reference, only judge: the other reader gave no mark (not judged).")
    echo()
    gate = found.gate
    total = gate.both_accept + gate.both_return + gate.only_judge_accepts + gate.only_reference_accepts
    echo(
        f"Gate, of {total} documents, by the axes that both marked: "
        f"both accept {gate.both_accept}, both return {gate.both_return}, "
        f"only the judge accepts {gate.only_judge_accepts}, only the reference {gate.only_reference_accepts}."
    )
    _print_bias(found)
    _print_spent(found)


def _print_spent(found: AuditCalibrated) -> None:
    if found.cost_usd or found.unknown_calls:
        unknown = f", and {found.unknown_calls} calls of unknown cost" if found.unknown_calls else ""
        echo(f"Spent ${found.cost_usd:.4f}{unknown}.")


def _print_bias(found: AuditCalibrated) -> None:
    if not found.golden.groups:
        return
    first, second = found.golden.groups
    rows = []
    for one in found.axes:
        assert one.bias is not None
        sides = (_side(one.bias.differences.get(group), one.bias.documents[group]) for group in (first, second))
        said = "yes" if one.bias.clear else "" if one.bias.difference.low is not None else "not measured"
        rows.append((one.axis, *sides, _interval(one.bias.difference), said))
    echo()
    names = ("axis", f"{first}: judge minus reference", second, f"{first} minus {second} (95 %)", "differs")
    print_table(names, rows, title=f"By {found.golden.compared}")


def _side(mean: float | None, documents: int) -> str:
    return f"{_signed(mean)} ({documents})" if mean is not None else f"({documents})"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _interval(one: Interval) -> str:
    if one.value is None:
        return f"not measured: {one.reason}"
    if one.low is None:
        return f"{one.value:.2f} (no interval: {one.reason})"
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _name(golden: Golden) -> str:
    return "the golden set that comes with forge" if golden.shown == str(SHIPPED) else one_line(golden.shown)


def _who(judge: Mapping[str, str]) -> str:
    return one_line(f"{judge['provider']} ({judge['model']}), step {judge['step']}")
