"""What personas were called before: `formerly: [oldest, ..., newest]` in a persona's file, and what that means.

A persona's *origin* is its oldest id. Seeds derive from it, prompts of paid calls contain it, and its rows in the index
have it as their name: none of those changes when the persona is renamed. People see the present id. Records, the
journal and old locks keep the id that was true when they were written; `present` says whose they are now.

An id means one persona for good: a former id is no other persona's, neither as its id nor as a former one.

Nothing here composes a file: it must work beside personas whose files are broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.spec.project import ID_PATTERN, Project, persona_id
from personaforge.spec.source import open_file, parse_source

KEY = "formerly"
MAX_BYTES = 256 * 1024
_ID = re.compile(ID_PATTERN)


class Names:
    """The ids of a project's personas, the present ones and those they had."""

    def __init__(self, declared: Iterable[tuple[Path, str, tuple[str, ...]]] = ()) -> None:
        """`declared` is (file, id, former ids) of every persona."""
        self._formerly: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, Path] = {}
        self._present: dict[str, str] = {}
        self._claims: dict[str, list[str]] = {}
        for file, name, formerly in declared:
            self.learn(file, name, formerly)

    def learn(self, file: Path, name: str, formerly: Iterable[str] = ()) -> None:
        """Take a persona in, such as one whose file lies outside `personas/`. What is known stays."""
        if name in self._files:
            return
        self._files[name] = file
        self._formerly[name] = tuple(dict.fromkeys(formerly))
        for other in self._formerly[name]:
            if other != name:
                self._claims.setdefault(other, []).append(name)
        self._present = {
            other: names[0] for other, names in self._claims.items() if len(names) == 1 and other not in self._files
        }

    @property
    def living(self) -> frozenset[str]:
        """The present ids."""
        return frozenset(self._files)

    @property
    def former(self) -> Mapping[str, str]:
        """The present id of every former one, except those that two personas claim."""
        return self._present

    def file(self, name: str) -> Path | None:
        """Return the file of a persona that exists now."""
        return self._files.get(name)

    def formerly(self, name: str) -> tuple[str, ...]:
        """Return the ids that a persona had, oldest first. Its present one may be among them: it was renamed back."""
        return self._formerly.get(name, ())

    def origin(self, name: str) -> str:
        """Return a persona's oldest id, also for a former id."""
        formerly = self._formerly.get(self.present(name), ())
        return formerly[0] if formerly else name

    def present(self, name: str) -> str:
        """Return what a persona is called now; a name that no persona had is returned as it is."""
        return self._present.get(name, name)

    def present_node(self, node: str) -> str:
        """Return a node such as `bo/image/07` under its persona's present id."""
        persona, slash, rest = node.partition("/")
        return f"{self.present(persona)}{slash}{rest}"

    def problems(self, name: str, shown: str) -> list[Problem]:
        """Return what is wrong with the former ids of a persona, whose file messages call `shown`."""
        found = []
        for other in self._formerly.get(name, ()):
            if other == name:
                continue
            claims = [one for one in self._claims[other] if one != name]
            if other in self._files:
                message = f"found {other!r}, and there is a persona of that id, too ({self._files[other].name})"
                hint = f"an id means one persona for good: give the newer one another, forge mv {other} NEW"
                found.append(Problem(shown, KEY, message, hint))
            elif claims:
                message = f"found {other!r}, and {' and '.join(claims)} is said to have been {other}, too"
                found.append(Problem(shown, KEY, message, "only one of them can have been; take it out of the other"))
        for other in self._claims.get(name, ()):
            if other != name:
                message = f"found {name!r}, which is a former id of {other}: records, seeds and pins of {name} are its"
                found.append(Problem(shown, "id", message, "choose another id"))
        return found

    def record(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with present ids: of an action, an evaluation, a build or a piece of its events.

        Records themselves are never rewritten.
        """
        if not self._present:
            return record
        found = dict(record)
        if kind == "builds":
            found["personas"] = [self.present(str(one)) for one in record["personas"]]
            found["nodes"] = {self.present_node(node): about for node, about in record["nodes"].items()}
        elif kind == "events":
            found["events"] = [self._named(event, "node") for event in record["events"]]
        else:
            found = self._named(record, "node" if kind == "actions" else "")  # an evaluation's is within the persona
        return found

    def _named(self, about: Mapping[str, Any], node: str) -> dict[str, Any]:
        found = dict(about)
        if isinstance(found.get("persona"), str):
            found["persona"] = self.present(found["persona"])
        if isinstance(found.get(node), str):
            found[node] = self.present_node(found[node])
        return found


def read_names(project: Project) -> Names:
    """Read what the personas of a project are and were called. For a file that can't be read only its name counts."""
    return Names((path, persona_id(path), read_formerly(path)) for path in project.persona_files())


def read_formerly(path: Path) -> tuple[str, ...]:
    """Return the former ids that a persona file declares, oldest first; none where the file can't be read."""
    try:
        with open_file(path, follow=True) as file:
            data = file.read(MAX_BYTES)
    except OSError:
        return ()
    if KEY.encode() not in data:
        return ()
    try:
        source = parse_source(data, path, path.name)
    except SpecError:
        return ()
    return formerly_in(source.text)


def formerly_in(text: str) -> tuple[str, ...]:
    """Return the former ids that a persona file's text declares. The text has passed `spec.source`."""
    import yaml

    tree = yaml.compose(text, yaml.CSafeLoader)
    if not isinstance(tree, yaml.MappingNode):
        return ()
    for key, value in tree.value:
        if getattr(key, "value", None) == KEY and isinstance(value, yaml.SequenceNode):
            found = [item.value for item in value.value if isinstance(item, yaml.ScalarNode)]
            return tuple(name for name in found if _ID.match(name))
    return ()
