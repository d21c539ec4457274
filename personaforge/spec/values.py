"""The kinds of values that specs are made of, and the base of spec models: frozen, strict about unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, StringConstraints, Tag

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A step, a section or an entry of a table: lower case, digits and underscores."""
MachineName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
"""The name of something that the machine file defines: lower case, digits, - and _."""
Slot = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,31}$")]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*\.j2$", max_length=200)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Unit = Annotated[float, Field(ge=0, le=1)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Degrees = Annotated[float, Field(ge=-90, le=90)]
Distance = Literal["headshot", "bust", "half", "full"]
Pixels = Annotated[int, Field(ge=16, le=4096)]


class Model(BaseModel):
    """Base of all spec models: frozen, strict about keys, tuples instead of lists."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=(), allow_inf_nan=False
    )


Dollars = Annotated[float, Field(ge=0)]


def _form(value: Any) -> str:
    """Distinguish a number from a table, so that a wrong value gets one message. Tags in <> are left out of
    messages."""
    return "<table>" if isinstance(value, Mapping | Model) else "<number>"


PerUnit = Annotated[
    Annotated[Dollars, Tag("<number>")] | Annotated[dict[str, Dollars], Tag("<table>")], Discriminator(_form)
]
"""US dollars for one; or by size (`1024x1536`), resolution, quality or `quality/size`, with `default` for the rest."""


class Tariff(Model):
    """What a model costs where one number is not enough. Amounts are US dollars, tokens by the million."""

    image: PerUnit | None = None
    """US dollars for an image."""
    second: PerUnit | None = None
    """US dollars for a second of clip or sound."""
    character: PerUnit | None = None
    """US dollars for a character of speech."""
    call: PerUnit | None = None
    """US dollars for a call."""
    input: Dollars | None = None
    """US dollars for a million tokens of the request."""
    image_input: Dollars | None = None
    """Tokens of pictures in the request; without it they cost what other input tokens cost."""
    output: Dollars | None = None
    """US dollars for a million tokens of the answer."""
    estimate: Dollars | None = None
    """The amount reserved for a call that is paid by tokens, before their number is known."""


MediaPrice = Annotated[Annotated[Dollars, Tag("<number>")] | Annotated[Tariff, Tag("<table>")], Discriminator(_form)]
"""A number for the modality's own unit (an image, a second of clip, a character of speech), or a table."""


class TokenPrice(Model):
    """US dollars for a million tokens."""

    input: Annotated[float, Field(ge=0)]
    """Tokens of the prompt."""
    output: Annotated[float, Field(ge=0)]
    """Tokens of the answer."""
    cached_input: Annotated[float, Field(ge=0)] | None = None
    """Tokens of the prompt that the model had in its cache; without it they cost what other input tokens cost."""
    cache_write: Annotated[float, Field(ge=0)] | None = None
    """Tokens of the prompt that the model put into its cache; without it they cost what other input tokens cost."""


class ProviderLimits(Model):
    """How much of a provider is used at once; for what is left out the provider module's own value holds."""

    in_flight: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Calls that the provider works on at the same time."""
    per_minute: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Requests submitted in a minute."""
    deadline_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """How long a build waits for a job; after that a later build, or `forge jobs resume`, takes it up."""


class Fallback(Model):
    """A provider and model that is asked when the one before has definitely not delivered."""

    provider: Name
    """Who is asked."""
    model: Line
    """The model's name there."""


class Hosted(Model):
    """What the presets of all hosted providers may declare."""

    key: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,100}$")] | None = None
    """Name of the environment variable that holds the provider's key, never the key itself. Null for the usual one;
    otherwise a name that begins with the usual one, such as FAL_KEY_STUDIO."""
    limits: ProviderLimits = ProviderLimits()
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    """The provider's longest silence."""


class HostedMedia(Hosted):
    """What the presets of hosted pictures, clips and sounds may also declare."""

    prices: dict[str, MediaPrice]
    """By model id. A paid model without a price counts as unknown, never as free."""
    options: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """By model id: options that are passed to the model unchanged."""
    fallbacks: tuple[Fallback, ...] = ()
    """Asked in turn when the one before has definitely refused, blocked or failed."""
