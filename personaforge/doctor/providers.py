"""Providers: which ones a preset or a persona names, whether their keys are set, and which addresses the environment
sets.

Of a key only its name is ever shown, and whether it is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from personaforge.doctor.finding import Finding, Level
from personaforge.doctor.project import Use
from personaforge.errors import ProviderStopped, SpecError
from personaforge.http.addresses import Override, base_url, overrides, root, said_by
from personaforge.http.secrets import allowed_name, beside_name, key_of
from personaforge.listing import listed, meant
from personaforge.modalities import MODALITIES
from personaforge.providers.capability import Capability
from personaforge.providers.table import capability, names
from personaforge.providers.vendors import is_known, vendor_keys, vendor_of, vendors
from personaforge.spec.machine_file import machine_file

PART: Final = "providers"
_LITELLM: Final = ("_API_BASE", "_BASE_URL")
"""Suffixes of litellm's own variables for addresses."""


@dataclass
class Account:
    """A provider with one key, which is examined once."""

    provider: str
    house: str = ""
    """For text models: the provider that their ids begin with."""
    key: str = ""
    """The variable that a preset names for the key."""
    modalities: dict[str, None] = field(default_factory=dict)
    models: dict[tuple[str, str], None] = field(default_factory=dict)
    """(modality, model) of the personas that use it, or of the presets where no persona uses it."""
    personas: dict[str, None] = field(default_factory=dict)
    fallback_only: bool = True
    """Whether every persona that uses it does so as a fallback."""

    @property
    def label(self) -> str:
        """How people name it: `fal`, or `anthropic through litellm`."""
        return f"{self.house} through {self.provider}" if self.house else self.provider

    @property
    def capability(self) -> Capability:
        """Its fixed properties. Raises SpecError for a provider that isn't known."""
        return capability(next(iter(self.modalities)), self.provider)


@dataclass(frozen=True)
class Key:
    """The state of a key."""

    variables: tuple[str, ...]
    """The variables that have to be set, all of them; empty where no key is needed."""
    missing: tuple[str, ...] = ()
    fault: str = ""
    """What is wrong with it, where it is set and can't be a key."""
    certain: bool = True
    """Whether these variables are known to be the only ones for it."""


def accounts(used: Iterable[Use], named: Iterable[Use]) -> list[Account]:
    """Return every provider that a persona uses or a preset names, those in use first."""
    found: dict[tuple[str, str, str], Account] = {}
    for use in [*used, *named]:
        house = ""
        try:
            if capability(use.modality, use.provider).model_accounts:
                house = vendor_of(use.model)
        except SpecError:
            pass  # reported where its key is examined
        account = found.setdefault((use.provider, house, use.key), Account(use.provider, house, use.key))
        if use.persona:
            account.personas[use.persona] = None
            account.fallback_only &= use.fallback
        elif account.personas:
            account.modalities.setdefault(use.modality)
            continue
        account.modalities.setdefault(use.modality)
        account.models[use.modality, use.model] = None
    for account in found.values():
        account.modalities = {one: None for one in MODALITIES if one in account.modalities}
    return sorted(found.values(), key=lambda one: (not one.personas, one.provider, one.house, one.key))


def key_state(account: Account) -> Key:
    """Return the state of an account's key in the environment. Raises SpecError for a variable that may not be
    named."""
    fixed = account.capability
    if account.house:
        usual = vendor_keys(account.house)
        certain = is_known(account.house) or bool(said_by(account.house, "text"))
        fixed = fixed._replace(name=account.house, keys=usual)
    else:
        certain = True
    if not fixed.keys:
        return Key(())
    name = allowed_name(fixed, account.key)
    wanted = tuple(filter(None, (name, beside_name(fixed, name))))
    missing = tuple(one for one in wanted if not os.environ.get(one, "").strip())
    fault = ""
    if not missing:
        try:
            key_of(fixed, account.key)
        except ProviderStopped as error:
            fault = error.message
    return Key(wanted, missing, fault, certain)


def providers(found: Sequence[Account], root: Path) -> list[Finding]:
    """Examine every account's key. `root` is the project's folder."""
    findings = [_provider(account) for account in found]
    lacking = any(finding.facts.get("missing") and finding.level != "ok" for finding in findings)
    if lacking and (root / ".env").is_file():
        text = f"forge reads no .env file, and {root / '.env'} is one"
        findings.append(Finding(PART, "warning", text, "set -a; . ./.env; set +a"))
    return findings


def _provider(account: Account) -> Finding:
    head = f"{account.label} ({', '.join(account.modalities)})"
    who = f"used by {listed(account.personas, 4)}" if account.personas else "no persona uses it"
    facts = {
        "provider": account.provider,
        "house": account.house,
        "modalities": list(account.modalities),
        "personas": list(account.personas),
        "keys": {},
    }
    level: Level = "problem" if account.personas else "warning"
    try:
        key = key_state(account)
    except SpecError as error:
        problem = error.problems[0]
        return Finding(PART, level, f"{head}: {problem.message}; {who}", problem.hint, facts)
    facts["keys"] = {name: "not set" if name in key.missing else "set" for name in key.variables}
    facts["missing"] = list(key.missing)
    if not key.variables:
        return Finding(PART, "ok", f"{head} needs no key; {who}", facts=facts)
    if key.fault:
        return Finding(PART, level, f"{head}: {key.fault}; {who}", facts=facts)
    if not key.missing:
        verb = "is" if len(key.variables) == 1 else "are"
        return Finding(PART, "ok", f"{head}: {' and '.join(key.variables)} {verb} set; {who}", facts=facts)
    text = f"{head}: {' and '.join(key.missing)} {'is' if len(key.missing) == 1 else 'are'} not set; {who}"
    if not account.personas:
        return Finding(PART, "ok", text, facts=facts)
    hint = "; ".join(f"export {name}=..." for name in key.missing) + " (never in a config file)"
    if account.fallback_only:
        return Finding(PART, "warning", f"{text}, as a fallback", hint, facts)
    if not key.certain:
        return Finding(PART, "warning", f"{text}; litellm may look for it under another name", hint, facts)
    return Finding(PART, "problem", text, hint, facts)


def addresses(found: Sequence[Account], environment: Mapping[str, str]) -> list[Finding]:
    """Examine what sends requests to other addresses: variables, forge's own and litellm's, and the machine file."""
    houses = dict.fromkeys(account.house for account in found if account.house)
    findings = [_override(one, list(houses)) for one in overrides(environment)]
    findings += _endpoints(list(houses))
    for house in houses:
        for end in _LITELLM:
            variable = f"{house.upper().replace('-', '_')}{end}"
            if environment.get(variable, "").strip():
                if said_by(house, "text"):
                    continue  # forge's own variable wins
                text = f"{variable}, which is litellm's own: {house}'s text goes to {shown(environment[variable])}"
                findings.append(Finding(PART, "ok", text, facts={"variable": variable}))
    return findings


def _endpoints(houses: Sequence[str]) -> list[Finding]:
    """Return what goes elsewhere by the machine file, without what a variable sends elsewhere again."""
    found = []
    known = _known(houses)
    for name in sorted(machine_file().endpoints):
        if name.replace("_", "-") not in known:
            text = f"endpoints.{name} of the machine file: neither a provider nor a text model in use is called {name}"
            there = f"there is: {listed(known.values(), 24)}"
            found.append(Finding(PART, "warning", text, meant(name, known.values()) or there, {"endpoint": name}))
        for modality in MODALITIES:
            where = said_by(name, modality)
            is_house = modality == "text" and (name in houses or is_known(name.replace("-", "_")))
            if (is_house or name.replace("-", "_") in names(modality)) and where.startswith("endpoints."):
                text = f"{where} of the machine file: {name}'s {modality} goes to {shown(root(name, modality))}"
                found.append(Finding(PART, "ok", text, facts={"endpoint": where, "modalities": [modality]}))
    return found


def _known(houses: Sequence[str]) -> dict[str, str]:
    """Return what an address may be for, as people write it, by its name with `-`."""
    made = (name for modality in MODALITIES for name in names(modality))
    return {name.replace("_", "-"): name for name in sorted({*made, *houses, *vendors()})}


def _override(one: Override, houses: Sequence[str]) -> Finding:
    made = [modality for modality in MODALITIES if one.name in names(modality)]
    if one.name in houses or is_known(one.name.replace("-", "_")) or not made:
        made.insert(0, "text")
    concerned = [name for name in made if name == one.modality or not one.modality]
    concerned = [name for name in concerned if said_by(one.name, name) == one.variable]
    facts = {"variable": one.variable, "modalities": concerned}
    try:
        where = shown(base_url(one.variable))
    except SpecError as error:
        problem = error.problems[0]
        return Finding(PART, "problem", f"{one.variable}: {problem.message}", problem.hint, facts)
    verb = "goes" if len(concerned) == 1 else "go"
    text = f"{one.variable}: {one.name}'s {' and '.join(concerned) or 'nothing'} {verb} to {where}"
    if one.modality and one.modality not in made:
        return Finding(PART, "warning", f"{one.variable} is set, and {one.name} makes no {one.modality}", facts=facts)
    if made == ["text"] and one.name not in houses and not is_known(one.name.replace("-", "_")):
        hint = meant(one.variable, [f"FORGE_{name.upper().replace('-', '_')}_URL" for name in _known(houses)])
        text = f"{one.variable} is set, and neither a provider nor a text model in use is called {one.name}"
        return Finding(PART, "warning", text, hint, facts)
    return Finding(PART, "ok", text, facts=facts)


def shown(url: str) -> str:
    """Return an address without user name, path and query, which may hold secrets."""
    parts = urlsplit(url.strip())
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else "what is no address"
