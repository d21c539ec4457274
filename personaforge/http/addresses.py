"""Where a provider is, when this machine says that it is elsewhere: a gateway, a region, a server of the user's.

    FORGE_<NAME>_<MODALITY>_URL    for one of TEXT, IMAGE, VIDEO and SPEECH; wins over
    FORGE_<NAME>_URL               for all that <NAME> makes; wins over
    endpoints: {<NAME>: ...}       of the machine file, which says the same two

NAME is the provider's as in `image: openai`; for text it is what the model id begins with (`openai/gpt-5`). Nothing in
a repository changes an address: it may come from a stranger, who could otherwise have the key sent to a host of their
choice. An address is https, or http on this machine.

It is the root, to which the provider's own paths are added; a version at its end (`/v1`, `/v1beta`), as other
programs want it, is removed. Text is requested by OpenAI's chat completions, at `/v1` below the root or at the path
that the address names (`https://api.example.org/compatible-mode/v1`); models of `gemini/` go by Gemini's own protocol.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from personaforge.errors import Problem, SpecError
from personaforge.modalities import MODALITIES
from personaforge.spec.machine_file import machine_file
from personaforge.spec.machine_sections import LOOPBACK

_MACHINE = "endpoints."
_VERSION = re.compile(r"/v\d+(beta|alpha)?$")
_VARIABLE = re.compile(rf"FORGE_([A-Z0-9_]+?)(?:_({'|'.join(MODALITIES).upper()}))?_URL")


class Override(NamedTuple):
    """A variable that sets an address."""

    variable: str
    name: str
    """Of the provider, in lower case, with `-` for `_`."""
    modality: str
    """Empty for all of them."""


def variables(name: str, modality: str) -> tuple[str, str]:
    """Return the variables that may say where a provider is, the one that wins first."""
    stem = f"FORGE_{name.upper().replace('-', '_')}"
    return f"{stem}_{modality.upper()}_URL", f"{stem}_URL"


def said_by(name: str, modality: str) -> str:
    """Return what says where a provider is: a variable, or `endpoints.fal` of the machine file, `endpoints.fal.image`
    where it says so for one modality; empty when nothing does. Raises SpecError for a machine file that is wrong."""
    variable = next((one for one in variables(name, modality) if os.environ.get(one, "").strip()), "")
    if variable:
        return variable
    entry = _entry(name)
    found = machine_file().endpoints.get(entry)
    if found is None or not found.of(modality):
        return ""
    return f"{_MACHINE}{entry}" + (f".{modality}" if getattr(found, modality) else "")


def root(name: str, modality: str) -> str:
    """Return the root that this machine sets for a provider, empty for none. Raises SpecError: see `base_url`."""
    return _VERSION.sub("", _elsewhere(name, modality))


def completions(name: str) -> str:
    """Return the address that this machine sets for text of `name/...`, with the path before `/chat/completions`;
    empty if it sets none. Raises SpecError: see `base_url`."""
    url = _elsewhere(name, "text")
    return f"{url}/v1" if url and not urlsplit(url).path else url


def _elsewhere(name: str, modality: str) -> str:
    where = said_by(name, modality)
    if where.startswith(_MACHINE):
        return machine_file().endpoints[_entry(name)].of(modality).rstrip("/")  # the file's schema has vetted it
    return base_url(where)


def _entry(name: str) -> str:
    """Return the machine file's entry for a provider as the file spells it, empty for none: `-` and `_` are alike."""
    wanted = name.lower().replace("_", "-")
    return next((one for one in machine_file().endpoints if one.replace("_", "-") == wanted), "")


def base_url(variable: str) -> str:
    """Return the address in a variable, empty for none. Raises SpecError when a key must not be sent there."""
    url = os.environ.get(variable, "").strip().rstrip("/") if variable else ""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return url
    if parts.scheme == "http" and parts.hostname in LOOPBACK and not parts.username:
        return url
    hint = "expected https://HOST, or http://127.0.0.1:PORT"
    raise SpecError(Problem("environment", variable, f"found {parts.scheme}://{parts.hostname}", hint))


def overrides(environment: Mapping[str, str]) -> list[Override]:
    """Return the variables that set addresses, by name."""
    found = []
    for variable in sorted(environment):
        match = _VARIABLE.fullmatch(variable)
        if match is not None and environment[variable].strip():
            found.append(Override(variable, match[1].lower().replace("_", "-"), (match[2] or "").lower()))
    return found
