"""How a persona's scores move: mean, spread and range of the last records, the verdict, and the same question in SQL.

python docs/examples/drift_summary.py studio
"""

from __future__ import annotations

import statistics
import sys

import personaforge as pf

LAST = 20


def main(folder: str = ".") -> None:
    """Summarise the timelines of a built persona."""
    with pf.open(folder) as space:
        persona = space.load([])[0].settings.id
        for line in pf.drift(space, persona).timelines:
            if not line.current:
                continue  # another analyzer measured before: its numbers don't compare with these
            values = line.values[-LAST:]
            print(
                f"{line.modality} {line.metric.label}: mean {statistics.fmean(values):.4f}, "
                f"std {statistics.pstdev(values):.4f}, {min(values):.4f} to {max(values):.4f}, "
                f"{line.finding.verdict} over {len(line.values)} records"
            )
            print(f"  {line.finding.reason}")

        rates = pf.query(space, "select step, attempts, accepted from acceptance_rate order by step")
        print(*rates.names, sep="\t")
        for row in rates.rows:
            print(*row, sep="\t")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except pf.PersonaForgeError as error:
        sys.exit(f"{error}\n{error.hint}\nwhole_persona.py builds what this program shows")
