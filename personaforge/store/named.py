"""The index by personas' present ids. Its rows are stored under each persona's oldest id, so a new id moves none of
them, and a branch on which a persona has another id finds them all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from personaforge.spec.names import Names
from personaforge.store.index import Index, NodeRow
from personaforge.store.result import NodeResult


class NamedIndex(Index):
    """An index that takes and returns present ids."""

    def __init__(self, path: Path, names: Callable[[], Names]) -> None:
        super().__init__(path)
        self._names = names

    def nodes(self, persona: str) -> dict[str, NodeRow]:
        """Return the last outcomes of a persona's nodes, by node id."""
        rows = super().nodes(self._names().origin(persona)).values()
        named = (row._replace(node=_under(persona, row.node)) for row in rows)
        return {row.node: row for row in named}

    def digests(self, persona: str) -> set[str]:
        """Return everything that looks like a digest in a persona's rows, also in those that can't be read."""
        return super().digests(self._names().origin(persona))

    def result(self, node: str) -> NodeResult | None:
        """Return what a node last resulted in; None where it has no result, or one that can't be read."""
        found = super().result(self._stored(node))
        return found._replace(node=node) if found is not None else None

    def results(self, persona: str) -> list[NodeResult]:
        """Return what a persona's nodes last resulted in, ordered by node, without results that can't be read."""
        found = super().results(self._names().origin(persona))
        return [one._replace(node=_under(persona, one.node)) for one in found]

    def put_node(self, row: NodeRow, result: NodeResult, *, persona: str, build: str, finished: float) -> None:
        """Keep a node's outcome in place of the last one."""
        stored, origin = row._replace(node=self._stored(row.node)), self._names().origin(persona)
        super().put_node(stored, result, persona=origin, build=build, finished=finished)

    def drop_nodes(self, nodes: Sequence[str]) -> None:
        """Forget nodes that a persona no longer has."""
        super().drop_nodes([self._stored(node) for node in nodes])

    def node_history(self, persona: str | None = None) -> list[tuple[str, str, str, str, float]]:
        """Return (node, persona, status, build, finished) of every node's last outcome."""
        names = self._names()
        if persona is not None:
            rows = super().node_history(names.origin(persona))
            return [(_under(persona, node), persona, *rest) for node, _, *rest in rows]  # type: ignore[misc]
        found = [(names.present_node(node), names.present(of), *rest) for node, of, *rest in super().node_history(None)]
        return sorted(found)  # type: ignore[arg-type]

    def failures(self, persona: str) -> dict[str, tuple[str, float]]:
        """Return (error, time) of a persona's nodes whose last run failed."""
        found = super().failures(self._names().origin(persona))
        return {_under(persona, node): failure for node, failure in found.items()}

    def put_failure(self, node: str, *, persona: str, build: str, error: str, failed: float) -> None:
        """Note that a node's run failed; its last finished outcome stays."""
        origin = self._names().origin(persona)
        super().put_failure(self._stored(node), persona=origin, build=build, error=error, failed=failed)

    def drop_failure(self, node: str) -> None:
        """Note that a node's last run did not fail."""
        super().drop_failure(self._stored(node))

    def personas(self) -> frozenset[str]:
        """Return the present ids of all personas with rows here, also of those that no file declares."""
        rows = self._rows("select distinct persona from nodes union select distinct persona from failures")
        return frozenset(self._names().present(row[0]) for row in rows)

    def drop_stray(self, persona: str) -> None:
        """Forget the rows under a persona's later ids: it was built under one of them before its file declared the
        former id."""
        names = self._names()
        for name in {persona, *names.formerly(persona)} - {names.origin(persona)}:
            if names.present(name) == persona:
                self._rows("delete from nodes where persona = ?", name)
                self._rows("delete from failures where persona = ?", name)

    def _stored(self, node: str) -> str:
        return _under(self._names().origin(node.partition("/")[0]), node)


def _under(persona: str, node: str) -> str:
    """Return a node such as `bo/image/07` as another persona's."""
    return f"{persona}/{node.partition('/')[2]}"
