"""The group `delivered`: what is asked of pictures and clips beside their person, and what a miss decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from personaforge.spec.values import Line, Model, Unit

Action = Literal["retry", "flag", "advice"]
"""retry: a gate. flag: it ships, flagged. advice: it is shown. See `personaforge.identity.demand`."""


def _rising(share: tuple[float, float]) -> tuple[float, float]:
    if not share[0] < share[1]:
        raise ValueError(f"found {share[0]:g} and {share[1]:g}, expected the least share before the most")
    return share


class SizeDemand(Model):
    """The size in pixels, where pixels were asked for."""

    min_scale: Annotated[float, Field(gt=0, le=1)]
    """Square root of the area over the asked one."""
    max_scale: Annotated[float, Field(ge=1, le=16)]
    """The same at most."""
    action: Action
    """What a size outside the bounds decides."""
    of_clips: Action
    """The action for clips."""


class AspectDemand(Model):
    """The ratio of the sides."""

    max_error: Annotated[float, Field(ge=0, le=10)]
    """The larger of the asked and the delivered ratio over the smaller one, minus 1."""
    action: Action
    """What a larger error decides."""
    of_clips: Action
    """The action for clips."""


class CopyingDemand(Model):
    """That a picture shows the person anew, and doesn't repeat the anchor: see `personaforge.identity.copying`."""

    cosine: dict[str, Annotated[float, Field(gt=0, le=1)]]
    """Face pack -> the cosine that no two honest pictures of one person reach. With other packs nothing is demanded."""
    action: Action
    """What a copy decides."""


class AgeAdvice(Model):
    """How old a face looks beside the declared age: advice, which decides nothing. See `personaforge.identity.age`."""

    error_years: Annotated[float, Field(ge=0, le=100)]
    """Years that the estimate may be off: a picture that looks younger than declared by more is named. Chosen by us."""


class PeopleDemand(Model):
    """How many people: one."""

    action: Action
    """What another number decides."""


class AngleDemand(Model):
    """How far an angle may be from the position's."""

    max_degrees: Annotated[float, Field(ge=0, le=180)]
    """Degrees that the angle may be off."""
    action: Action
    """What a larger difference decides."""


Share = Annotated[tuple[Unit, Unit], AfterValidator(_rising)]
"""The least and the most height of a face over the picture's."""


class FramingDemand(Model):
    """How large the face is, by the position's distance."""

    action: Action
    """What a height outside the bounds decides."""
    headshot: Share
    """For headshots: least and most height of the face over the picture's, 0 to 1."""
    bust: Share
    """The same for busts."""
    half: Share
    """The same for half figures."""
    full: Share
    """The same for full figures."""


class ExpressionAsked(Model):
    """What the words of a position ask a face to show; what isn't named is not demanded."""

    smile: Literal["shown", "none"] | None = None
    """Whether the mouth is to be drawn wide."""
    mouth: Literal["open", "closed"] | None = None
    """Whether the lips are to be apart."""
    eyes: Literal["open", "closed"] | None = None
    """Whether the lids are to be apart."""
    brows: Literal["raised", "level"] | None = None
    """Whether the brows are to be raised."""


class ExpressionBounds(Model):
    """From where on one set of points tells it; null: it is measured and not compared."""

    smile: Annotated[float, Field(gt=0, le=10)] | None
    """Width of the mouth over the distance between the eyes, from which on it is a smile."""
    mouth: Annotated[float, Field(gt=0, le=10)] | None
    """Distance between the inner lips over the mouth's width, from which on it is open."""
    eyes: Annotated[float, Field(gt=0, le=10)] | None
    """Distance between the lids over the eye's width, from which on the eyes are open."""
    brows: Annotated[float, Field(gt=0, le=10)] | None
    """Height of the brows over the eyes, over the distance between the eyes, from which on they are raised."""


class ExpressionDemand(Model):
    """What a face is to show, by the position's `expression`: see `personaforge.identity.expression`."""

    action: Action
    """What another expression decides."""
    max_yaw: Annotated[float, Field(ge=0, le=90)]
    """Degrees of yaw beyond which it is not measured."""
    asks: dict[Line, ExpressionAsked]
    """A position's expression -> what it asks for. Of other words nothing is demanded."""
    bounds: dict[Literal["106", "mesh"], ExpressionBounds]
    """By set of points."""


class PostureDemands(Model):
    """What is asked of pictures beside their size."""

    people: PeopleDemand
    turn: AngleDemand
    """Of the yaw."""
    tilt: AngleDemand
    """Of the pitch, against the anchor's."""
    framing: FramingDemand | None
    """Null: the height of faces is measured and not compared."""


class Delivered(Model):
    """What is asked of pictures and clips beside their person."""

    size: SizeDemand
    aspect: AspectDemand
    copying: CopyingDemand
    age: AgeAdvice
    expression: ExpressionDemand
    """Of photographs: the points of the pack for drawings hardly follow an expression."""
    drawings: PostureDemands
    """For pictures that a pack for drawings by forge measures."""
    photographs: PostureDemands
    """For all others."""
