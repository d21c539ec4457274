"""A person's acknowledgement of a change: the level that a timeline has since then is the one that is meant.

Who decided, why, when and about which change is kept as an immutable action record of kind `acknowledge`: the
warehouse lists it in `actions` and `key_parts`, `forge cache push` and `pull` copy it, and `forge rm` removes it with
its persona. The change is named by the artifact with which it began, and when that one was judged. From there on the
chart begins anew: what is older is compared with nothing, and a verdict needs `drift.min_records` of newer ones again.
An acknowledgement of one slot leaves out that slot's older records alone.

It is about one timeline: metric, what measures it, and what is measured against. `acceptance` makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from personaforge.errors import StoreError
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened

KIND: Final = "acknowledge"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One of a change of one timeline."""

    modality: str
    metric: str
    measured_by: tuple[str, ...]
    """Name, digest, detector size and version of what measures."""
    anchor: str
    """Digest of what is measured against."""
    group: str
    """The slot that was off alone; empty where all records were."""
    artifact: str
    """Digest of the artifact with which the change began."""
    judged: str
    """When that one was judged, ISO 8601, UTC."""
    verdict: str
    """What the timeline was called: degrading or improving."""
    by: str
    why: str
    when: str
    """ISO 8601, UTC."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {name: getattr(self, name) for name in _TEXTS} | {"measured_by": list(self.measured_by)}

    def is_of(self, modality: str, metric: str, measured_by: Sequence[str], anchor: str) -> bool:
        """Return whether it is about this timeline."""
        of = (self.modality, self.metric, self.measured_by, self.anchor)
        return of == (modality, metric, tuple(measured_by), anchor)

    def begins(self, artifacts: Sequence[str], times: Sequence[datetime]) -> int:
        """Return the first record that counts since: the artifact's, else the first that was judged no earlier.

        Where records were pulled or made again, an artifact may have been judged at another time than here.
        """
        if self.artifact in artifacts:
            return artifacts.index(self.artifact)
        since = datetime.fromisoformat(self.judged)
        return next((number for number, time in enumerate(times) if time >= since), len(times))

    @property
    def note(self) -> str:
        """Who acknowledged what, and why, as half a sentence."""
        what = f"{self.group} alone was {self.verdict}" if self.group else self.verdict
        return f"acknowledged by {self.by}, {self.when[:10]}: {what} since {self.judged[:16]} UTC: {self.why}"


_TEXTS = ("modality", "metric", "anchor", "group", "artifact", "judged", "verdict", "by", "why", "when")


def acknowledgements(store: Store, connection: Any, persona: str) -> list[Acknowledgement]:
    """Return a persona's acknowledgements from an open warehouse, oldest first. What can't be read counts as none."""
    found = []
    for key in acknowledgement_keys(store, connection, persona):
        try:
            record = store.records.get("actions", key)
            request = record["parts"]["request"] if record is not None else {}
            texts = {name: str(request[name]) for name in _TEXTS}
            datetime.fromisoformat(texts["judged"])
            by = tuple(map(str, request["measured_by"]))
        except (StoreError, KeyError, TypeError, ValueError):
            continue  # `forge cache verify` names a damaged one
        found.append(Acknowledgement(measured_by=by, **texts))
    return sorted(found, key=lambda one: one.when)


def acknowledgement_keys(store: Store, connection: Any, persona: str) -> list[str]:
    """Return the names of the records of a persona's acknowledgements, also under a former id."""
    rows = connection.execute("select record, persona from actions where kind = $kind order by 1", {"kind": KIND})
    return [record for record, of in rows.fetchall() if store.names.present(of) == persona]


def keys_to_push(store: Store, persona: str) -> list[str]:
    """Return the keys of a persona's acknowledgements. Raises StoreError."""
    with opened(store) as connection:
        return acknowledgement_keys(store, connection, persona)
