"""Pings providers, all at once and free of charge: is it there, is the key accepted, does it list the models in use.

The only part of `forge doctor` that makes connections. No request costs or makes anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from personaforge.doctor.finding import Finding, Level, faulty
from personaforge.doctor.providers import Account, key_state
from personaforge.errors import BackendError, PersonaForgeError, ProviderStopped, RateLimited, SpecError, Unavailable
from personaforge.http.addresses import said_by
from personaforge.listing import listed
from personaforge.providers.table import Options, capability, provider

if TYPE_CHECKING:
    from personaforge.providers.protocols import PingAnswer, Pinging

PART: Final = "live"
_SECONDS: Final = 15.0
"""The longest silence of a provider."""
_AT_ONCE: Final = 8


class _Question(NamedTuple):
    """Which provider to ask about which models."""

    account: Account
    modalities: tuple[str, ...]
    """The models that are used at this address."""
    models: tuple[str, ...]

    @property
    def head(self) -> str:
        return f"{self.account.label} ({', '.join(self.modalities)})"


def ask(accounts: Sequence[Account]) -> list[Finding]:
    """Ping every provider whose key is set, and return the findings."""
    from concurrent.futures import ThreadPoolExecutor

    questions: list[_Question] = []
    without, found = [], []
    for account in accounts:
        try:
            if not account.capability.remote:
                continue
            key = key_state(account)
            if key.missing or key.fault:
                without.append(account.label)
            elif key.variables or account.personas:  # a server on this machine need not run while no persona uses it
                questions += _questions(account)
        except SpecError:
            continue  # reported by `providers`
    with ThreadPoolExecutor(_AT_ONCE, "forge-doctor") as pool:
        for findings in pool.map(_findings, questions):
            found += findings
    if without:
        found.append(Finding(PART, "ok", f"not asked, since there is no key: {listed(without, 20)}"))
    return found


def _questions(account: Account) -> Iterator[_Question]:
    """Yield a question for each address at which an account is used."""
    name = account.house or account.provider
    places: dict[str, list[str]] = {}
    for modality in account.modalities:
        if capability(modality, account.provider).pings:
            places.setdefault(said_by(name, modality), []).append(modality)
    for modalities in places.values():
        models = dict.fromkeys(model for modality, model in account.models if modality in modalities and model)
        yield _Question(account, tuple(modalities), tuple(models))
    rest = tuple(one for one in account.modalities if not capability(one, account.provider).pings)
    if rest:
        yield _Question(account, rest, ())


def _findings(question: _Question) -> list[Finding]:
    account, modality = question.account, question.modalities[0]
    head = question.head
    facts: dict[str, Any] = {"provider": account.provider, "house": account.house}
    facts["modalities"] = list(question.modalities)
    bad: Level = "problem" if account.personas else "warning"
    nothing = Finding(PART, "ok", f"{head}: not asked, since its documents name nothing free", facts=facts)
    if not capability(modality, account.provider).pings:
        return [nothing]
    try:
        answer = _ping(question)
    except ProviderStopped as error:
        return [Finding(PART, bad, f"{head}: {error}", error.hint, {**facts, "reached": True, "accepted": False})]
    except RateLimited as error:
        return [Finding(PART, "warning", f"{head} is there: {error}", error.hint, {**facts, "reached": True})]
    except Unavailable as error:
        return [Finding(PART, bad, f"{head}: {error}", error.hint, {**facts, "reached": False})]
    except BackendError as error:
        return [Finding(PART, "warning", f"{head} is there, and says: {error}", error.hint, {**facts, "reached": True})]
    except PersonaForgeError as error:
        return faulty(PART, error, bad)
    if answer is None:
        return [nothing]
    said = f"; {answer.said}" if answer.said else ""
    facts |= {"reached": True, "accepted": True}
    found = [Finding(PART, "ok", f"{head} is there and accepts the key{said}", facts=facts)]
    lacking = [model for model in question.models if not _lists(answer, model, account.house)]
    if lacking and account.personas:
        text = f"{head} doesn't list {listed(lacking, 4)} for this key"
        hint = "forge config PERSONA shows where a model is set"
        found.append(Finding(PART, "warning", text, hint, {**facts, "unlisted": lacking}))
    return found


def _ping(question: _Question) -> PingAnswer | None:
    account, modality = question.account, question.modalities[0]
    made = provider(modality, account.provider, Options(_SECONDS, account.key))
    ping = cast("Pinging", made).ping
    try:
        found: PingAnswer | None = ping(question.models[0] if question.models else "")
        return found
    finally:
        wire = getattr(made, "wire", None)
        if wire is not None:
            wire.close()


def _lists(answer: PingAnswer, model: str, house: str) -> bool:
    """Tell whether a model is listed; also by a name that a date follows, such as `claude-opus-4-7-20260416`."""
    if answer.models is None:
        return True
    name = model.removeprefix(f"{house}/") if house else model
    return any(one == name or one.startswith((f"{name}-2", f"{name}:")) for one in answer.models)
