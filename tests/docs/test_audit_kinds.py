"""docs/audit.md says of each kind of fault what the table says that the marks rest on."""

from __future__ import annotations

from pathlib import Path

from personaforge.embedded.writer.kinds import kinds


def test_the_page_has_the_figures_that_the_marks_rest_on() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
    for kind in kinds():
        figure = f"{kind.seen} of {kind.of}" if kind.of else "not measured"
        row = f"| {kind.kind} | {kind.axis.replace('_', ' ')} | {figure} | {'yes' if kind.is_seen else 'no'} |"
        assert row in page, row
        assert kind.sees in page
