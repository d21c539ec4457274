"""Which providers there are: what is fixed about each, and where its code is. Imports only those that are asked for.

A backend is one module and one line in `_MODULES`. Tests and installed plug-ins add theirs with `register`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from personaforge.domains import DRAWINGS
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.faces.packs import declared_of
from personaforge.listing import meant
from personaforge.providers.capability import Capability, Limits
from personaforge.spec.domain import Domains
from personaforge.spec.plugins import hint_unasked

if TYPE_CHECKING:
    from personaforge.providers.protocols import Placer, Provider

_TEXT = frozenset({"system", "prompt", "schema", "strict", "temperature", "max_tokens", "picture", "anchor"})
"""Of a hosted text model: `picture` and `anchor` are pictures that it is shown, `strict` asks for its strict mode."""


class Options(NamedTuple):
    """What a provider is made with: nothing that shapes a result."""

    timeout_seconds: float = 60.0
    """The longest silence of a provider."""
    key: str = ""
    """Name of the environment variable that holds the key; empty for the provider's usual one."""


class Entry(NamedTuple):
    """One provider of one modality."""

    capability: Capability
    make: str | Callable[..., Provider]
    """`module:Class`, imported on first use, or what returns a provider."""
    takes_options: bool = True
    """Whether it is made with `Options`; a provider that makes no requests takes none."""
    placer: str | Callable[[], Placer] = ""
    """`module:Class`, or what returns a placer, where the capability `places`. It is no part of the provider, so that
    planning loads nothing that draws."""
    undrawn: str = ""
    """`module:function` that says what of a DNA and of further texts an image provider is known not to draw."""
    names: str = ""
    """`module:function` that returns which names it draws of a setting, such as `expression`; no names for free
    words."""


_TABLE: dict[tuple[str, str], Entry] = {
    (entry.capability.modality, entry.capability.name): entry
    for entry in (
        Entry(
            Capability(
                "embedded",
                "text",
                frozenset({"facts", "language", "section", "schema", "context", "seed", "prompt", "system"}),
                paid=False,
                deterministic=True,
                version="3",
                editions=(("audit", "5"),),
                label="embedded",
                mends=False,
                writes="English",
            ),
            "personaforge.providers.embedded_text:EmbeddedText",
            takes_options=False,
        ),
        Entry(
            Capability(
                "embedded",
                "image",
                frozenset(
                    {"prompt", "subject", "width", "height", "seed", "attempt", "placement", "drift", "reference"}
                ),
                paid=False,
                deterministic=True,
                version="7",
                label="embedded",
                domain=DRAWINGS.name,
                own_references=True,
                places=True,
            ),
            "personaforge.providers.embedded_images:EmbeddedImages",
            takes_options=False,
            placer="personaforge.providers.embedded_placing:EmbeddedPlacer",
            undrawn="personaforge.embedded.painter.undrawn:undrawn",
            names="personaforge.embedded.painter.names:names",
        ),
        Entry(
            Capability(
                "embedded",
                "video",
                frozenset({"prompt", "subject", "width", "height", "fps", "seconds", "seed", "attempt", "reference"}),
                paid=False,
                deterministic=True,
                version="7",
                libraries=("opencv",),  # its VP8 encoder
                label="embedded",
                domain=DRAWINGS.name,
                own_references=True,
            ),
            "personaforge.providers.embedded_clips:EmbeddedVideos",
            takes_options=False,
            names="personaforge.embedded.painter.names:names",
        ),
        Entry(
            Capability(
                "litellm",
                "text",
                _TEXT,
                remote=True,
                pings=True,
                limits=Limits(in_flight=8),
                model_accounts=True,
            ),
            "personaforge.providers.litellm_text:LiteLLMText",
        ),
    )
}

_MODULES: dict[tuple[str, str], str] = {
    ("image", "fal"): "fal:IMAGES",
    ("image", "gemini"): "gemini_images:IMAGES",
    ("image", "openai"): "openai_images:IMAGES",
    ("image", "replicate"): "replicate:IMAGES",
    ("image", "runware"): "runware:IMAGES",
    ("image", "runway"): "runway:IMAGES",
    ("speech", "elevenlabs"): "elevenlabs:SPEECH",
    ("speech", "minimax"): "minimax:SPEECH",
    ("speech", "openai"): "openai_speech:SPEECH",
    ("video", "fal"): "fal:VIDEOS",
    ("video", "kling"): "kling:VIDEOS",
    ("video", "replicate"): "replicate:VIDEOS",
    ("video", "runway"): "runway:VIDEOS",
    ("video", "veo"): "veo:VIDEOS",
}
"""(modality, name) -> `module:Entry` in personaforge.providers, imported when a plan names it: these modules load httpx
only when they call, so their capability costs nothing to read."""


def capability(modality: str, name: str) -> Capability:
    """Return what is fixed about a provider. Raises SpecError for an unknown one."""
    return entry_of(modality, name).capability


def provider(modality: str, name: str, options: Options) -> Provider:
    """Return a provider, importing its module."""
    entry = entry_of(modality, name)
    make = _made_by(entry.make, entry)
    made: Provider = make(options) if entry.takes_options else make()
    return made


def names(modality: str) -> list[str]:
    """Return the providers of a modality, in the order of their names."""
    return sorted({name for kind, name in (*_TABLE, *_MODULES) if kind == modality})


def domain_of(modality: str, name: str) -> str:
    """Return the domain of what a provider makes; empty for an unknown provider."""
    try:
        return capability(modality, name).domain
    except SpecError:
        return ""


KNOWN: Final = Domains(lambda pack: declared_of(pack).domain, domain_of)
"""The domains of packs and providers, by the declarations of packs and the capabilities of providers."""


def labels(holds: Callable[[Capability], bool]) -> frozenset[str]:
    """Return the labels of registered providers whose capability holds something. Those in `_MODULES` have none."""
    return frozenset(one.capability.label for one in _TABLE.values() if one.capability.label and holds(one.capability))


def placer(name: str) -> Placer | None:
    """Return the placer of an image provider, which measures distances of faces; None without one. Raises SpecError."""
    entry = entry_of("image", name)
    made: Placer | None = _made_by(entry.placer, entry)() if entry.capability.places else None
    return made


def undrawn(name: str) -> Callable[..., list[str]] | None:
    """Return what says which of a DNA and of further texts an image provider doesn't draw; None where nothing does.
    Raises SpecError."""
    entry = entry_of("image", name)
    found: Callable[..., list[str]] | None = imported(entry.undrawn, "") if entry.undrawn else None
    return found


def drawable(modality: str, name: str, setting: str) -> tuple[str, ...]:
    """Return the names that a provider draws of a setting such as `expression`; none where it reads any words. Raises
    SpecError."""
    entry = entry_of(modality, name)
    found: tuple[str, ...] = imported(entry.names, "")(setting) if entry.names else ()
    return found


def placers() -> Iterator[Placer]:
    """Yield the placers of all image providers that have one. Those in `_MODULES` have none, and stay unloaded."""
    found = (placer(name) for modality, name in list(_TABLE) if modality == "image")
    yield from (one for one in found if one is not None)


def register(entry: Entry) -> None:
    """Add a provider, or replace one."""
    _TABLE[(entry.capability.modality, entry.capability.name)] = entry


def withdraw(modality: str, name: str) -> None:
    """Remove a provider that was registered."""
    _TABLE.pop((modality, name), None)


def imported(reference: str, registered: str) -> Any:
    """Return what `module:name` names, for what is `registered` so. Raises PersonaForgeError where it isn't there."""
    from importlib import import_module

    module, _, name = reference.partition(":")
    hint = f"register {registered} as module:name, by names that can be imported"
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # it is there, and what it imports itself is not
        raise PersonaForgeError(
            f"{registered} is registered as {reference!r}, and there is no module {error.name}", hint=hint
        ) from None
    if not hasattr(found, name):
        raise PersonaForgeError(
            f"{registered} is registered as {reference!r}, and {module} has no {name or 'such name'}", hint=hint
        )
    return getattr(found, name)


def _made_by(make: str | Callable[..., Any], entry: Entry) -> Callable[..., Any]:
    """Return what makes something for a provider: itself, or what `module:Class` names."""
    if not isinstance(make, str):
        return make
    found: Callable[..., Any] = imported(make, f"{entry.capability.modality} provider {entry.capability.name}")
    return found


def entry_of(modality: str, name: str) -> Entry:
    """Return a provider's entry. Raises SpecError for an unknown one."""
    entry = _TABLE.get((modality, name))
    if entry is None and (modality, name) in _MODULES:
        entry = imported(f"personaforge.providers.{_MODULES[modality, name]}", f"{modality} provider {name}")
        assert isinstance(entry, Entry)
        _TABLE[modality, name] = entry
    if entry is None:
        known = names(modality)
        hint = hint_unasked(meant(name, known) or f"there is: {', '.join(known)}")
        raise SpecError(Problem("", f"{modality}.provider", f"no {modality} provider {name!r}", hint))
    return entry
