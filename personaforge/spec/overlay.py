"""Merges a persona's own values over what personas with the same group choices share, and words OmegaConf's errors.

Used by `personaforge.spec.compose` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.spec.references import EVERYTHING, GrowsTooLarge, references, refuse_growth
from personaforge.spec.settings import GROUPS
from personaforge.spec.source import Source

if TYPE_CHECKING:
    from omegaconf import DictConfig


_MISSING_OPTION = re.compile(r"Could not find '([^']*)/([^'/]*)'")
_SEARCHED = re.compile(r"path=file://(.+)")
_OURS = re.compile(r"^In '(config|whole|persona/file_\d+)': ")
"""How Hydra names what we hand it; a person knows neither."""


RENAMED = {
    (
        "identity",
        "default",
    ): "it is called insightface now, and is for photographs; embedded is for forge's own drawings"
}
"""(group, option) that no longer exists -> what to write in its place."""


class PersonaSources(NamedTuple):
    """A persona file and the files beside it that it builds on."""

    files: tuple[Source, ...]
    """In the order in which later ones win; the persona file itself is the last."""

    @property
    def main(self) -> Source:
        """The persona file."""
        return self.files[-1]


_KEYED = {
    "delivered": "delivered: {photographs: {turn: {action: retry}}}",
    "checks": "checks: {images: min(composite) >= 0.6 over images}",
}
"""Group of which people write an option that isn't there -> how its values are set instead."""

NOBODY = PersonaSources((Source(Path(), "conf", "", "", {}, frozenset()),))
"""In a persona's place where the project's own settings are composed."""


class Shared:
    """What personas with the same group choices have in common: Hydra's composition without a persona."""

    def __init__(self, sources: PersonaSources, config: DictConfig) -> None:
        from omegaconf import OmegaConf

        OmegaConf.set_struct(config, False)
        for name in ("id", "brief"):
            if OmegaConf.is_missing(config, name):
                del config[name]
        self._raw = _raw(config)
        self._refers = {key: references(value) for key, value in self._raw.items()}
        guarded(sources, lambda: refuse_growth(self._raw))
        self._open: set[str] = set()
        """Keys that can't be resolved without a persona, such as `owner: team of ${id}`."""
        self.plain: dict[str, Any] = {}
        """The resolved values; what can't be resolved without a persona stays as it is written."""
        for key, value in self._raw.items():
            self.plain[key] = self._resolved(config, key) if self._refers[key] else value
        self.plain = {key: value for key, value in self.plain.items() if value != "???"}

    def _resolved(self, config: DictConfig, key: str) -> Any:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        try:
            value = config[key]
            return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        except (OmegaConfBaseException, RecursionError):
            self._open.add(key)
            return self._raw[key]

    def merged(self, sources: PersonaSources, bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Merge a persona's files over it with OmegaConf.

        Only the groups that the files touch are merged, and those tied to them by interpolations: keys that name a
        touched key have another value now, and need the keys that they name.
        """
        from omegaconf import OmegaConf

        changed = {key for body in bodies for key in body} | self._open
        named = set().union(*(references(body) for body in bodies))
        while more := {key for key, refers in self._refers.items() if refers & {*changed, EVERYTHING}} - changed:
            changed |= more
        needed = changed | named
        while more := set().union(*(self._refers.get(key, set()) for key in needed)) - needed:
            needed |= more
        if EVERYTHING in needed:
            needed |= set(self._raw)
        below = {key: value for key, value in self._raw.items() if key in needed}
        config = guarded(sources, lambda: OmegaConf.merge(below, *bodies))
        return {**self.plain, **to_plain(sources, config)}


def _raw(config: DictConfig) -> dict[str, Any]:
    from omegaconf import OmegaConf

    raw = OmegaConf.to_container(config, resolve=False)
    assert isinstance(raw, dict)
    return {str(key): value for key, value in raw.items()}


def to_plain(sources: PersonaSources, config: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf

    raw = _raw(config)
    _refuse_bare_options(sources, raw)
    guarded(sources, lambda: refuse_growth(raw))
    plain = guarded(sources, lambda: OmegaConf.to_container(config, resolve=True, throw_on_missing=False))
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items() if value != "???"}


def _refuse_bare_options(sources: PersonaSources, raw: Mapping[str, Any]) -> None:
    """Raise SpecError where an option's name stands in place of a group's values. In a persona's file it is meant and
    was exchanged before; in other files Hydra takes it for the value itself."""
    bare = [name for name in GROUPS if isinstance(raw.get(name), str) and raw[name] != "???" and "${" not in raw[name]]
    problems = []
    for name in bare:
        written = next((one.where((name,)) for one in reversed(sources.files) if one.sets((name,))), "conf")
        found = f"found {raw[name]!r:.80}, expected keys and values"
        hint = f"in conf/project/settings.yaml an option is chosen by `defaults: [override /{name}: {raw[name]:.80}]`"
        problems.append(Problem(written, name, found, hint))
    if problems:
        raise SpecError(problems)


def guarded(sources: PersonaSources, call: Any) -> Any:
    """Run a Hydra or OmegaConf call and turn what it raises into problems that name our files."""
    from hydra.errors import HydraException
    from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
    from yaml import YAMLError

    main = sources.main
    try:
        return call()
    except MissingMandatoryValue as error:
        key = str(error.full_key or "")
        raise SpecError(Problem(main.where(), key, "is missing", f"add `{key}:` to the file")) from error
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise SpecError(composition_problem(sources, error)) from error
    except GrowsTooLarge as error:
        path = str(error)
        message = "grows beyond reason once its interpolations are filled in"
        raise SpecError(Problem(_setter(sources, path), path, message)) from error
    except RecursionError as error:
        raise SpecError(Problem(main.shown, "", "refers to itself")) from error


def _setter(sources: PersonaSources, path: str) -> str:
    for keys in (tuple(path.split(".")), ("defaults",)):
        for source in reversed(sources.files):
            if source.sets(keys):
                return source.where(keys)
        if keys[0] not in GROUPS or len(keys) > 1:
            break
    return sources.main.shown


def composition_problem(sources: PersonaSources, error: Exception) -> Problem:
    """Return Hydra's or OmegaConf's error as a problem, with the option that is nearest to a wrong one."""
    from difflib import get_close_matches

    cause = error.__cause__ or error
    text = str(error) or str(cause)
    key = str(getattr(cause, "full_key", None) or "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = lines[0] if lines else type(error).__name__
    hint = ""
    options = [line for line in lines[1:] if line and " " not in line]
    missing = _MISSING_OPTION.search(message)
    if missing is not None and options:
        close = get_close_matches(missing.group(2), options, 1)
        hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(options[:12])}"
        if missing.group(1) in GROUPS:
            key = missing.group(1)
        hint = RENAMED.get((missing.group(1), missing.group(2)), hint)
        hint = _unread(text, missing.group(1), missing.group(2)) or hint
        if not close and missing.group(1) in _KEYED and (missing.group(1), missing.group(2)) not in RENAMED:
            # No other option comes with forge, and what users look for is in the group's own keys.
            hint += f"; what it decides is written as keys: {_KEYED[missing.group(1)]}"
    where = _setter(sources, key) if key else sources.main.shown
    return Problem(where, key, _OURS.sub("", message), hint)


def _unread(text: str, group: str, option: str) -> str:
    """Return what to do about a file of an option's name that Hydra doesn't read, since it ends in .yml; empty where
    there is none. Hydra's message lists the folders in which it looked."""
    for folder in _SEARCHED.findall(text):
        if (Path(folder) / group / f"{option}.yml").is_file():
            return f"{option}.yml is there, and options are read from .yaml files only: rename it {option}.yaml"
    return ""


def first_line(error: Exception) -> str:
    """Return the first line of an exception's text; Hydra and OmegaConf add details of their own."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
