"""Composed settings as plain values: shared between personas, digested by path, and read through a tracked view.

A persona's settings are its own values (`id`, `brief`, `seed`, `pinned`, ...) and one value tree for every group.
Groups are interned by digest: two hundred personas that all use `matrix: heia_20` share one tree in memory and one
memo of digests, which is what keeps the plan of ten thousand nodes short.

Steps never see `Settings`. They get a `View` that knows which paths the step's kind declares; reading another path is
an error, so a setting that shapes a result can't be missing from its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.digest import digest_json
from personaforge.errors import PersonaForgeError

SCHEMAS = "schema"
"""Not a Hydra group: the output schemas that the pipeline names, resolved, and read like settings."""

GROUPS = (
    "pipeline",
    "text",
    "image",
    "video",
    "speech",
    "identity",
    "quality",
    "realism",
    "drift",
    "checks",
    "store",
    "run",
    "matrix",
    "fashion",
    "motion",
    "photos",
    "delivered",
    "reader",
)
"""The Hydra groups, in the order in which `forge config` shows them."""
OF_THE_PROJECT = ("locked", "plugins", "licence_use", "people")
"""Settings that only conf/project/settings.yaml may give: neither a persona nor the command line."""

OFF = "none"
"""The provider of a group that makes nothing: of `speech` and `reader`."""

_MISSING = object()


class UndeclaredRead(PersonaForgeError):
    """A step read a setting that its kind doesn't declare: a bug in the step, since its key would not cover it."""

    exit_code = 3


class Group:
    """One group's value tree, immutable by agreement, with the digests of its parts."""

    __slots__ = ("_digests", "data", "digest")

    def __init__(self, digest: str, data: Mapping[str, Any]) -> None:
        self.digest = digest
        self.data = data
        self._digests: dict[str, str] = {"": digest}

    def digest_of(self, path: str) -> str:
        """Return the digest of the value at a dotted path inside the group; a fixed one where there is none."""
        known = self._digests.get(path)
        if known is None:
            value = _at(self.data, path)
            known = digest_json("setting/1", {"missing": True} if value is _MISSING else {"value": value})
            self._digests[path] = known
        return known


class Settings:
    """All settings of one persona."""

    __slots__ = ("_digests", "groups", "persona", "written")

    def __init__(
        self, persona: Mapping[str, Any], groups: Mapping[str, Group], written: Mapping[str, Any] | None = None
    ) -> None:
        self.persona = persona
        self.groups = groups
        self.written = written or {}
        """What the user wrote of these settings, by dotted path; see `personaforge.spec.written`."""
        self._digests: dict[str, str] = {}

    @property
    def id(self) -> str:
        """The persona's slug."""
        return str(self.persona["id"])

    @property
    def formerly(self) -> tuple[str, ...]:
        """The ids that the persona had, oldest first."""
        return tuple(str(name) for name in self.persona.get("formerly") or ())

    @property
    def origin(self) -> str:
        """The persona's oldest id: the one that seeds, prompts and signatures contain."""
        return self.formerly[0] if self.formerly else self.id

    def value(self, path: str) -> Any:
        """Return the value at a dotted path such as `image.model`. Raises KeyError with the path."""
        found = self.get(path, _MISSING)
        if found is _MISSING:
            raise KeyError(path)
        return found

    def get(self, path: str, default: Any = None) -> Any:
        """Return the value at a dotted path, or the default where the composed settings have none."""
        head, _, rest = path.partition(".")
        group = self.groups.get(head)
        found = _at(group.data, rest) if group is not None else _at(self.persona, path)
        return default if found is _MISSING else found

    def step_of(self, kind: str) -> str:
        """Return the name of the pipeline's first step of a kind; the kind itself where there is none."""
        steps: Mapping[str, Any] = self.value("pipeline.steps")
        return next((name for name, step in steps.items() if step["kind"] == kind), kind)

    def digest_of(self, path: str) -> str:
        """Return the digest of the value at a dotted path; a fixed one where there is none."""
        head, _, rest = path.partition(".")
        group = self.groups.get(head)
        if group is not None:
            return group.digest_of(rest)
        known = self._digests.get(path)
        if known is None:
            found = _at(self.persona, path)
            known = digest_json("setting/1", {"missing": True} if found is _MISSING else {"value": found})
            self._digests[path] = known
        return known

    def as_dict(self) -> dict[str, Any]:
        """Return everything as one tree, groups in their fixed order after the persona's own values."""
        return {**self.persona, **{name: self.groups[name].data for name in GROUPS if name in self.groups}}


class View:
    """The settings that one step may read. Every read is recorded, for the key and for `forge explain`."""

    __slots__ = ("_allowed", "_parent", "_settings", "_what", "reads")

    def __init__(self, settings: Settings, allowed: tuple[str, ...], what: str, parent: View | None = None) -> None:
        self._settings = settings
        self._allowed = allowed
        self._what = what
        self._parent = parent
        self.reads: dict[str, Any] = {}

    def declares(self, path: str) -> bool:
        """Tell whether a path may be read."""
        return any(path == prefix or path.startswith(prefix + ".") for prefix in self._allowed)

    def scope(self) -> View:
        """Return a view that keeps its own record of reads, for one action; its reads count for this view, too."""
        return View(self._settings, self._allowed, self._what, self)

    def __getitem__(self, path: str) -> Any:
        value = self.get(path, _MISSING)
        if value is _MISSING:
            raise KeyError(path)
        return value

    def get(self, path: str, default: Any = None) -> Any:
        """Return a setting that may be absent, such as `pinned.surface`. Raises UndeclaredRead."""
        value = self.unnoted(path, _MISSING)
        self._note(path, None if value is _MISSING else value)
        return default if value is _MISSING else value

    def unnoted(self, path: str, default: Any = None) -> Any:
        """Return a setting without a note of it: for texts of which the digest is read beside them, so that no record
        has them twice. Raises UndeclaredRead."""
        if not self.declares(path):
            declared = ", ".join(self._allowed) or "nothing"
            raise UndeclaredRead(
                f"{self._what} reads the setting {path}, which its kind doesn't declare (declared: {declared})",
                hint="declare it in the step kind's `reads`, so that it enters the key",
            )
        return self._settings.get(path, default)

    def _note(self, path: str, value: Any) -> None:
        self.reads[path] = value
        if self._parent is not None:
            self._parent._note(path, value)


def _at(data: Any, path: str) -> Any:
    if not path:
        return data
    for key in path.split("."):
        if not isinstance(data, Mapping) or key not in data:
            return _MISSING
        data = data[key]
    return data
