"""The index by present ids: rows stay under a persona's oldest id, and are shown under the present one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.spec.names import Names
from personaforge.store.index import Index, NodeRow
from personaforge.store.named import NamedIndex
from personaforge.store.outcome import Outcome
from personaforge.store.result import NodeResult

NAMES = Names([(Path("bea.yaml"), "bea", ("ana",)), (Path("eva.yaml"), "eva", ())])


@pytest.fixture
def index(tmp_path: Path) -> Iterator[NamedIndex]:
    """One in which bea, once ana, and eva have a node each, and another one failed of bea."""
    opened = NamedIndex(tmp_path / ".forge" / "index.db", lambda: NAMES)
    for persona in ("eva", "bea"):
        node = f"{persona}/image/07"
        row = NodeRow(node, "signature", "outcome", "accepted", "[]")
        opened.put_node(row, NodeResult(node, Outcome("accepted")), persona=persona, build="b", finished=1.5)
    opened.put_failure("bea/soul", persona="bea", build="b", error="reset", failed=2.5)
    yield opened
    opened.close()


def test_everything_is_shown_under_the_present_id(index: NamedIndex) -> None:
    (row,) = index.nodes("bea").items()
    assert row == ("bea/image/07", NodeRow("bea/image/07", "signature", "outcome", "accepted", "[]"))
    found = index.result("bea/image/07")
    assert found == NodeResult("bea/image/07", Outcome("accepted")) and index.results("bea") == [found]
    assert index.node_history("bea") == [("bea/image/07", "bea", "accepted", "b", 1.5)]
    assert index.node_history() == [
        ("bea/image/07", "bea", "accepted", "b", 1.5),
        ("eva/image/07", "eva", "accepted", "b", 1.5),
    ]
    assert index.failures("bea") == {"bea/soul": ("reset", 2.5)}
    assert index.personas() == {"bea", "eva"}
    assert index.result("bea/soul") is None


def test_everything_is_kept_under_the_oldest_id(index: NamedIndex, tmp_path: Path) -> None:
    plain = Index(tmp_path / ".forge" / "index.db")
    assert plain.node_history("ana") == [("ana/image/07", "ana", "accepted", "b", 1.5)]
    assert plain.failures("ana") == {"ana/soul": ("reset", 2.5)}
    index.drop_failure("bea/soul")
    index.drop_nodes(["bea/image/07"])
    assert plain.failures("ana") == {} and [row[0] for row in plain.node_history()] == ["eva/image/07"]
    plain.close()


def test_rows_under_an_id_that_was_later_declared_a_former_one_are_dropped(index: NamedIndex, tmp_path: Path) -> None:
    plain = Index(tmp_path / ".forge" / "index.db")
    row = NodeRow("bea/image/07", "signature", "outcome", "accepted", "[]")
    plain.put_node(row, NodeResult(row.node, Outcome("accepted")), persona="bea", build="c", finished=3.5)
    plain.put_failure("bea/soul", persona="bea", build="c", error="later", failed=3.5)
    index.drop_stray("bea")
    assert [entry[0] for entry in plain.node_history()] == ["ana/image/07", "eva/image/07"]
    assert plain.failures("bea") == {} and plain.failures("ana") == {"ana/soul": ("reset", 2.5)}
    index.drop_stray("eva")
    assert index.personas() == {"bea", "eva"}
    plain.close()
