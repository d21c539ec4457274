"""What the second reader has said of a persona's present pictures, and how far that agrees with what is measured.

Reads the last results and the records of their judgements; nobody is asked, and nothing is measured. What a picture
shows beside the face is on record where a build, or `forge eval` in its own way, has measured it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from personaforge.errors import StoreError
from personaforge.identity.checklist import CANNOT_SEE, CHANGED, CHECKLIST
from personaforge.identity.reading import Agreement, agreements, shown
from personaforge.results.results import Results
from personaforge.spec.settings import Settings
from personaforge.steps.likeness import LIKENESS
from personaforge.steps.reading import READING
from personaforge.steps.text import SECTIONS
from personaforge.store.store import Store

_LABELS = {item.name: item.label for item in CHECKLIST}


class Reading(NamedTuple):
    """One picture's reading."""

    node: str
    """The node that read, within the persona: `reader/07`."""
    picture: str
    """Digest of the picture."""
    content: Mapping[str, Any]
    """What `steps.reading` keeps: `attributes`, `model`, `votes`, `unusable`, `changed`."""

    @property
    def changed(self) -> tuple[str, ...]:
        """What has changed, in words: `hat or head covering (cap)`."""
        return tuple(
            _LABELS.get(name, name) + ("" if one["seen"] == CANNOT_SEE else f" ({one['seen']})")
            for name, one in self.content["attributes"].items()
            if one["compared"] == CHANGED
        )

    @property
    def said(self) -> str:
        """What the reader says in words: what has changed, that nothing has of what it could compare, or that it has
        compared nothing. A vote that can't be used, and attributes about which no majority agrees, say nothing."""
        attributes = self.content["attributes"].values()
        compared = sum(one["compared"] != CANNOT_SEE for one in attributes)
        if self.changed:
            return f"changed: {', '.join(self.changed)}; {compared} of {len(attributes)} could be compared"
        if compared:
            return f"nothing changed of what could be compared, {compared} of {len(attributes)}"
        if len(self.content["unusable"]) >= self.content["votes"]:
            return "not read: no vote can be used"
        return "nothing could be compared"

    @property
    def by(self) -> str:
        """Who read, in words: `gpt-5, 3 votes`."""
        votes, unusable = int(self.content["votes"]), len(self.content["unusable"])
        lost = f", {unusable} of them can't be used" if unusable else ""
        return f"{self.content['model']}, {votes} {'vote' if votes == 1 else 'votes'}{lost}"


def readings_of(store: Store, settings: Settings) -> tuple[Reading, ...]:
    """Return the readings of pictures as they are now; one whose picture was made anew since is left out, and so is one
    whose bytes can't be read."""
    results = Results(store, settings)
    now = {digest for one in results.by_role("picture") for digest in one.digests}
    found = []
    for one in results.by_role("reading"):
        output = one.outcome.outputs.get(READING)
        content = _json(store, output.artifact.digest) if output is not None else None
        if content is not None and content.get("picture") in now:
            found.append(Reading(one.name, str(content["picture"]), content))
    return tuple(found)


def agreement_on_record(store: Store, settings: Settings) -> tuple[Agreement, ...]:
    """Return how far the readings agree with what builds have measured of the same pictures."""
    read = readings_of(store, settings)
    if not read:
        return ()
    measured = dict(_measured(store, settings))
    return agreements((one.content, measured[one.picture]) for one in read if one.picture in measured)


def dna_of(store: Store, settings: Settings) -> Mapping[str, Any]:
    """Return the DNA that pictures are made for, as it was built last; empty without one."""
    for one in Results(store, settings).by_role("profile"):
        output = one.outcome.outputs.get(SECTIONS)
        sections = _json(store, output.artifact.digest) if output is not None else None
        if sections is not None:
            dna = sections.get("dna")
            return dna if isinstance(dna, Mapping) else {}
    return {}


def reading_json(store: Store, settings: Settings) -> dict[str, Any] | None:
    """Return all that was read, and the agreement, as JSON; None where nothing was read."""
    read = readings_of(store, settings)
    if not read:
        return None
    return {
        "pictures": {one.node: dict(one.content) for one in read},
        "agreement": [one.as_json() for one in agreement_on_record(store, settings)],
    }


def agreement_text(found: tuple[Agreement, ...]) -> str:
    """Return an agreement with what is measured in one sentence's words; empty without any."""
    return "; ".join(shown(one) for one in found)


def _measured(store: Store, settings: Settings) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what is measured beside the face of each picture, by its digest; what was judged last comes last."""
    for one in Results(store, settings).by_role("picture"):
        for name in one.outcome.judged:
            try:
                record = store.records.get("evaluations", name) or {}
            except StoreError:
                continue
            likeness = record.get(LIKENESS)
            if isinstance(likeness, Mapping):
                for digest in record.get("artifacts", {}).values():
                    yield digest, likeness


def _json(store: Store, digest: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(store.blobs.get(digest))
    except (StoreError, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None
