"""What other packs reached on the same pairs, as a table."""

from __future__ import annotations

import shlex

from personaforge.measuring.peers import Peer, Peers
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo


def print_peers(found: Peers, pairs: str) -> None:
    """Print the packs that were measured on a pairs file, those that weren't, and what is known from other pictures."""
    echo()
    print_table(
        ("packs on these pairs", "EER", "95 % interval", "same", "different", "from"), map(_row, found.on_these)
    )
    if found.not_measured:
        names = ", ".join(found.not_measured)
        echo(f"Not measured on them: {names}. forge calibrate {shlex.quote(pairs)} --pack NAME measures one.")
    for one in found.elsewhere:
        echo(
            f"On other pictures: {one.pack} {_rate(one.rate)} (95 %: {_rate(one.low)} to {_rate(one.high)}; "
            f"{one.same} same and {one.different} different pairs), {one.source}."
        )


def _row(one: Peer) -> tuple[str, ...]:
    name = f"{one.pack} at {one.detector_size}"
    return (
        name,
        _rate(one.rate),
        f"{_rate(one.low)} to {_rate(one.high)}",
        str(one.same),
        str(one.different),
        one.source,
    )


def _rate(rate: float) -> str:
    return f"{100 * rate:.2f} %"
