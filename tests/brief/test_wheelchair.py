"""A wheelchair that a brief names reaches the document, and with it every prompt."""

from __future__ import annotations

from personaforge.brief.fate import account
from personaforge.brief.told import told_facts


def test_a_wheelchair_is_told_to_the_writer_and_kept_by_its_constraint() -> None:
    brief = "A baker of 44 from Leeds who uses a wheelchair."
    assert {"kind": "thing", "path": "", "value": "wheelchair"} in told_facts(brief)
    for constraints, fate in ((["uses a wheelchair"], "kept"), ([], "lost")):
        rows = account(brief, {}, {"intent": {"constraints": constraints}}).rows
        assert [row.fate for row in rows if row.value == "wheelchair"] == [fate]
