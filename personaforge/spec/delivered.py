"""The group `delivered`: what is asked of pictures and clips beside their person, and what a miss decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from personaforge.spec.values import Model

Action = Literal["retry", "flag", "advice"]
"""retry: a gate. flag: it ships, flagged. advice: it is shown. See `personaforge.identity.demand`."""


class SizeDemand(Model):
    """The size in pixels, where pixels were asked for."""

    min_scale: Annotated[float, Field(gt=0, le=1)]
    """Square root of the area over the asked one."""
    max_scale: Annotated[float, Field(ge=1, le=16)]
    action: Action
    of_clips: Action
    """The action for clips."""


class AspectDemand(Model):
    """The ratio of the sides."""

    max_error: Annotated[float, Field(ge=0, le=10)]
    """The larger of the asked and the delivered ratio over the smaller one, minus 1."""
    action: Action
    of_clips: Action
    """The action for clips."""


class CopyingDemand(Model):
    """That a picture shows the person anew, and doesn't repeat the anchor: see `personaforge.identity.copying`."""

    cosine: dict[str, Annotated[float, Field(gt=0, le=1)]]
    """Face pack -> the cosine that no two honest pictures of one person reach. With other packs nothing is demanded."""
    action: Action


class Delivered(Model):
    """What is asked of pictures and clips beside their person."""

    size: SizeDemand
    aspect: AspectDemand
    copying: CopyingDemand
