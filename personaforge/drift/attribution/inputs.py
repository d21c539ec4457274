"""What shaped the records of a timeline, by name, and what of it changed: what `forge drift --blame` weighs.

For each artifact: its provider (with the version of our code), the model asked for and the one that answered, every
setting that its call read, the templates that rendered its prompt, the texts that it was told, forge's version and the
git commit of its build. All of it is read from action and build records; what those don't say is not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.digest import canonical
from personaforge.errors import StoreError
from personaforge.leaves import leaves
from personaforge.store.store import Store

COMMIT, FORGE = "git commit", "forge"
"""Parts that say when a record was made rather than what shaped it."""
TEMPLATE, INPUT = "template ", "input "
"""Beginnings of the names of parts whose values are digests of texts."""
ABSENT = "absent"
"""A part's value where the call had no such part."""


class Commit(NamedTuple):
    """What a build was made from."""

    name: str
    """In hex."""
    authored: datetime | None
    """With the author's offset; None where neither the record nor the repository says."""

    def __str__(self) -> str:
        when = f"authored {self.authored:%Y-%m-%d %H:%M %z}" if self.authored else "author date not known"
        return f"{self.name[:12]} ({when})"


class Step(NamedTuple):
    """One part's change."""

    name: str
    before: str
    after: str
    """Both of the most frequent change, whole."""
    dose: tuple[float, ...]
    """For each record, 0 if it was made before the change, 1 if after, or how much of a change by degrees it has."""
    nodes: frozenset[str]
    """The nodes in which it changed."""
    graded: bool = False
    """Whether the change is by degrees."""


@dataclass
class InputHistory:
    """Reads the key parts of artifacts, each record once: all timelines of a persona have the same artifacts."""

    store: Store
    connection: Any
    """To the warehouse."""
    _builds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _made_by: dict[str, str] = field(default_factory=dict)
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, places: Iterable[tuple[str, str]]) -> list[Mapping[str, str] | None]:
        """Return the parts of (artifact, build) pairs as texts by name; None for what no action on record made."""
        wanted = list(places)
        self._find({artifact for artifact, _ in wanted})
        return [self._of(artifact, build) for artifact, build in wanted]

    def commit(self, build: str) -> Commit | None:
        """Return a build's commit; None where it was made outside a checkout. Where a build has no author
        date, as older ones have none, the repository is asked: a commit's date never changes."""
        from personaforge.run.builds import author_date

        record = self._build(build)
        name = record.get("git_commit")
        if not name:
            return None
        authored = record.get("git_authored") or author_date(Path(self.store.project.root), str(name))
        try:
            return Commit(str(name), datetime.fromisoformat(authored) if authored else None)
        except ValueError:
            return Commit(str(name), None)

    def prompt(self, artifact: str) -> str | None:
        """Return the prompt that an artifact was asked for with; None where none is on record."""
        record = self._record(artifact)
        found = record["parts"]["request"].get("prompt") if record else None
        return found if isinstance(found, str) else None

    def text(self, digest: str) -> str | None:
        """Return a text that the store keeps; None where it doesn't."""
        try:
            return self.store.blobs.get(digest).decode("utf-8")
        except (StoreError, UnicodeDecodeError):
            return None

    def _of(self, artifact: str, build: str) -> Mapping[str, str] | None:
        if artifact not in self._known:
            record = self._record(artifact)
            if record is None:
                return None
            self._known[artifact] = _parts(record)
        about = self._build(build)
        named = {COMMIT: about.get("git_commit"), FORGE: about.get("forge")}
        return {**self._known[artifact], **{name: str(value) for name, value in named.items() if value}}

    def _record(self, artifact: str) -> dict[str, Any] | None:
        name = self._made_by.get(artifact)
        try:
            return self.store.records.get("actions", name) if name is not None else None
        except StoreError:
            return None

    def _build(self, build: str) -> Mapping[str, Any]:
        if build not in self._builds:
            try:
                self._builds[build] = (self.store.records.get("builds", build) if build else None) or {}
            except StoreError:
                self._builds[build] = {}
        return self._builds[build]

    def _find(self, artifacts: set[str]) -> None:
        sql = """
            select digest, arg_min(record, started) from artifacts join actions using (record)
            where digest in (select unnest(?)) and kind not in ('finish', 'repair') group by digest
        """
        self._made_by.update(self.connection.execute(sql, [sorted(artifacts - {""})]).fetchall())


def changes_of(nodes: Sequence[str], facts: Sequence[Mapping[str, str]]) -> list[Step]:
    """Return every change of every part, given each record's node and parts.

    A part's values are ranked by their first appearance; a change to the rank r is carried by all records of rank r and
    more. So a change that was taken back is not carried by later records, and a second change doesn't hide the first.
    A number that took several values one after another is also one change by degrees.
    """
    latest: dict[str, Mapping[str, str]] = {}
    crossings: dict[str, list[tuple[str, str, str]]] = {}
    for node, about in zip(nodes, facts, strict=True):
        before = latest.get(node)
        latest[node] = about
        if before is None or before == about:
            continue
        for name in before.keys() | about.keys():
            old, new = before.get(name, ABSENT), about.get(name, ABSENT)
            if old != new:
                crossings.setdefault(name, []).append((node, old, new))
    found = []
    for name, crossed in crossings.items():
        values = [about.get(name, ABSENT) for about in facts]
        ranks = {value: rank for rank, value in enumerate(dict.fromkeys(values))}
        for rank in range(1, len(ranks)):
            over = [(node, old, new) for node, old, new in crossed if ranks[old] < rank <= ranks[new]]
            if over:
                found.append(_step(name, over, [float(ranks[value] >= rank) for value in values]))
        numbers = [_finite(value) for value in values]
        digests = name == COMMIT or name.startswith((TEMPLATE, INPUT))
        if len(ranks) > 2 and None not in numbers and not digests:
            start = numbers[0] or 0.0
            dose = [abs((number or 0.0) - start) for number in numbers]
            most = max(dose)
            graded = _step(name, crossed, [one / most for one in dose])
            found.append(graded._replace(before=values[0], after=values[-1], graded=True))
    return found


def _step(name: str, crossed: Sequence[tuple[str, str, str]], dose: Sequence[float]) -> Step:
    seen = Counter((old, new) for _, old, new in crossed)
    (before, after), _ = min(seen.items(), key=lambda item: (-item[1], item[0]))
    return Step(name, before, after, tuple(dose), frozenset(node for node, _, _ in crossed))


def _finite(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _parts(record: Mapping[str, Any]) -> dict[str, str]:
    sources, request = record.get("sources", {}), record["parts"]["request"]
    about: dict[str, Any] = {"provider": record["parts"]["provider"], "model": request.get("model")}
    answered = record.get("details", {}).get("model")
    if answered and answered != about["model"]:
        about["model that answered"] = answered
    about.update({f"{TEMPLATE}{name}": digest for name, digest in sources.get("templates", {}).items()})
    about.update({f"{INPUT}{name}": digest for name, digest in sources.get("needs", {}).items()})
    read = leaves(sources.get("settings", {}))
    about.update({name: value for name, value in read.items() if not isinstance(value, Mapping)})  # an empty one
    return {
        name: value if isinstance(value, str) else canonical(value).decode()
        for name, value in about.items()
        if value is not None
    }
