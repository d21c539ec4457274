"""Keys: read from the environment only, under a name that the provider's capability allows, and masked wherever text
leaves us. No key is ever in a setting, a record, a log, an event or an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from personaforge.errors import Problem, ProviderStopped, SpecError
from personaforge.http.service import Service

MASK = "***"
_SHORTEST = 6
"""A value this short is no key, and masking it would spoil ordinary text."""
_TELLING = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_CREDENTIALS")
"""Endings, and parts before an underscore, of the names of variables that hold secrets."""

_seen: set[str] = set()


def allowed_name(capability: Service, name: str) -> str:
    """Return the name of the variable that holds a provider's key; empty `name` for the first usual one that is set.

    Raises SpecError for any variable that isn't this provider's: a config file may come from a stranger, and could
    otherwise have another service's key sent to this one.
    """
    if not name:
        return next(
            (usual for usual in capability.keys if os.environ.get(usual, "").strip()), (*capability.keys, "")[0]
        )
    if not any(name == usual or name.startswith(f"{usual}_") for usual in capability.keys):
        usual = ", ".join(capability.keys) or "none: it needs no key"
        message = f"found {name}, which is no key of {capability.name}"
        hint = f"expected {usual}, or a longer name such as {(*capability.keys, 'KEY')[0]}_STUDIO"
        raise SpecError(Problem("", f"{capability.modality}.key", message, hint))
    return name


def beside_name(capability: Service, name: str) -> str:
    """Return the name of the variable that belongs to the key's (`KLING_ACCESS_KEY_STUDIO` to
    `KLING_SECRET_KEY_STUDIO`); empty where a key is alone."""
    if not capability.key_beside:
        return ""
    usual = next((one for one in capability.keys if name == one or name.startswith(f"{one}_")), "")
    return capability.key_beside + name.removeprefix(usual)


def key_of(capability: Service, name: str = "") -> str:
    """Return a provider's key. Raises ProviderStopped when it isn't set, and SpecError; see `allowed_name`."""
    name = allowed_name(capability, name)
    value = os.environ.get(name, "").strip()
    if not value:
        raise ProviderStopped(
            f"{capability.name} needs a key, and {name} is not set", hint=f"export {name}=... (never in a config file)"
        )
    if not value.isascii() or any(character.isspace() for character in value):
        raise ProviderStopped(f"{name} can't be a key: it holds white space or characters that no key has")
    remember(value)
    return value


def remember(value: str) -> None:
    """Mask this value from now on, such as a token that was derived from a key."""
    if len(value) >= _SHORTEST:
        _seen.add(value)


def masked(text: str) -> str:
    """Return a text without any key: those that were used, and those that the environment holds."""
    for value in sorted(_seen | _in_environment(), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def masked_json(value: Any) -> Any:
    """Return a JSON value whose texts are without any key."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {name: masked_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_json(item) for item in value]
    return value


def _in_environment() -> set[str]:
    return {
        value.strip()
        for name, value in os.environ.items()
        if len(value.strip()) >= _SHORTEST
        and (name.upper().endswith(_TELLING) or any(f"{part}_" in name.upper() for part in _TELLING))
    }
