"""The group `reader`: the second reader of pictures, a vision model that answers a fixed checklist. Off by default."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from personaforge.spec.values import Line, Model, Name, TokenPrice


def _odd(votes: int) -> int:
    if votes % 2 == 0:
        raise ValueError(f"found {votes}, expected an odd number of votes, so that two answers can't tie")
    return votes


class Reader(Model):
    """The second reader of pictures. `provider: none` reads nothing; what it says is advice and decides nothing."""

    provider: Name
    """Who reads: a text provider that can be shown pictures, such as `litellm`, or `none`."""
    model: Line
    """The id of a model that can be shown pictures."""
    key: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,100}$")] | None = None
    """Name of the environment variable that holds the provider's key, never the key itself; as `text.key`."""
    votes: Annotated[int, Field(ge=1, le=9), AfterValidator(_odd)]
    """How often the model is asked about each picture, an odd number. What more than half of them say counts; each is a
    paid call. More votes keep those that there are."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """The model's temperature; with 0 all votes may be one answer, repeated."""
    max_tokens: Annotated[int, Field(ge=256, le=64_000)]
    """Tokens that an answer may have at most. A model that thinks first pays for that from them, too."""
    picture_tokens: Annotated[int, Field(ge=1, le=100_000)]
    """Tokens that a plan counts for each of the two pictures of a call. It shapes no result."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)]
    """The provider's longest silence; where `text.timeout_seconds` is longer, that."""
    prices: dict[str, TokenPrice]
    """By model id. A paid model without a price counts as unknown, never as free."""
