"""The settings group `photos`: how photographs of a person are scored before something is trained on them.

Scores go from 0 to 100. Whoever computes with these numbers is `personaforge.measuring.photo_score`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from personaforge.spec.values import Model

Number = Annotated[float, Field(strict=True, ge=0)]
"""From 0 up; a text that looks like a number is none, and neither is yes or no."""

Score = Annotated[Number, Field(le=100)]
Share = Annotated[Number, Field(le=1)]
Degrees = Annotated[Number, Field(le=180)]


def _contradiction(message: str, hint: str = "") -> PydanticCustomError:
    return PydanticCustomError("assertion", "{message}", {"message": message, "hint": hint})


class Ascent(Model):
    """A line from 0 up to 100 as a value grows."""

    zero: Number
    """The value at and below which the score is 0."""
    full: Number
    """The value at and above which it is 100."""

    @model_validator(mode="after")
    def _rises(self) -> Ascent:
        if self.full <= self.zero:
            raise _contradiction(f"found zero {self.zero:g} and full {self.full:g}, expected full above zero")
        return self


class Descent(Model):
    """A line from 100 down to 0 as a value grows."""

    zero: Number
    """The value at and above which the score is 0."""
    full: Number
    """The value at and below which it is 100."""

    @model_validator(mode="after")
    def _falls(self) -> Descent:
        if self.full >= self.zero:
            raise _contradiction(f"found zero {self.zero:g} and full {self.full:g}, expected full below zero")
        return self


class PhotoCount(Model):
    """How many usable photographs make a set."""

    minimum: Number
    """Usable photographs that a set needs."""
    recommended_from: Number
    """Number from which on there are enough."""
    recommended_to: Number
    """Number beyond which more add little."""

    @model_validator(mode="after")
    def _ordered(self) -> PhotoCount:
        if self.recommended_from > self.recommended_to:
            found = f"found {self.recommended_from:g} to {self.recommended_to:g}"
            raise _contradiction(f"{found}, expected recommended_from no larger than recommended_to")
        return self


class PhotoFile(Model):
    """What a file had better be; advice only, since a picture can be converted."""

    formats: tuple[str, ...]
    """Formats that need no conversion."""
    min_kilobytes: Number
    """Kilobytes below which a file was probably compressed too much."""
    max_megabytes: Number
    """Megabytes above which a file is larger than trainers take."""


class PhotoResolution(Model):
    """Pixels of the shorter side."""

    minimum: Number
    """Below it a photograph is never usable."""
    recommended: Number
    """From here on the score is 100."""
    at_minimum: Score
    """The score at the minimum."""

    @model_validator(mode="after")
    def _ordered(self) -> PhotoResolution:
        if not 0 < self.minimum < self.recommended:
            message = f"found minimum {self.minimum:g}, expected it between 0 and recommended, {self.recommended:g}"
            raise _contradiction(message)
        return self


class PhotoSharpness(Model):
    """Blur, where 0 is sharp."""

    face: Descent
    picture: Descent


class Lighting(Model):
    """The light of a picture: mean luma (0 to 1) between dark and bright, shares of clipped pixels, deviation over
    mean."""

    dark: Ascent
    bright: Descent
    shadows: Descent
    highlights: Descent
    contrast: Ascent


class FaceLighting(Lighting):
    """The light of a face."""

    unevenness: Descent
    """Left against right half."""


class PhotoLighting(Model):
    """The light of the face where there is one, else of the picture; the weakest part decides."""

    face: FaceLighting
    picture: Lighting


class Occlusion(Model):
    """Signs that a face is covered; the weakest part decides."""

    detection: Ascent
    """The detector's confidence."""
    landmark_gap: Descent
    """Distance of two models' landmarks, in distances between the eyes."""
    beyond: Descent
    """Share of the face beyond the picture's edge."""
    others: Descent
    """The second largest face's area over the largest's."""


class Duplicates(Model):
    """When two pictures are one."""

    max_distance: Annotated[Number, Field(le=64)]
    """Unlike bits of 64."""


class PhotoWeights(Model):
    """What each score weighs in the overall; they need not sum to 1."""

    resolution: Number
    """Weight of the resolution's score."""
    sharpness: Number
    """Weight of the sharpness's score."""
    lighting: Number
    """Weight of the lighting's score."""
    face_detection: Number
    """Weight of the score for a face that is found."""
    occlusion: Number
    """Weight of the score for an uncovered face."""
    duplicates: Number
    """Weight of the score for a photograph that is no copy."""

    @model_validator(mode="after")
    def _weighs(self) -> PhotoWeights:
        if not any(self.model_dump().values()):
            raise _contradiction("weigh nothing, expected at least one above 0")
        return self


class Usable(Model):
    """A photograph is usable when both hold."""

    min_overall: Score
    """Of the weighted mean, 0 to 100."""
    min_score: Score
    """Of each score."""


class PhotoAdvice(Model):
    """When something is advised."""

    below: Number
    """Scores; above 100 to advise on each."""
    face_pixels: Number
    """Of a face's longer side, below which it is called small."""
    turned: Degrees
    """Degrees of yaw from which a face is no longer frontal."""
    profile: Degrees
    """Degrees of yaw from which it is a profile."""
    min_turned_share: Share
    """Of faces that should not be frontal."""


class Photos(Model):
    """How photographs are scored by `forge photos score`."""

    count: PhotoCount
    file: PhotoFile
    resolution: PhotoResolution
    sharpness: PhotoSharpness
    lighting: PhotoLighting
    face_detection: Ascent
    """The detector's confidence that this is a face at all."""
    occlusion: Occlusion
    duplicates: Duplicates
    weights: PhotoWeights
    usable: Usable
    advice: PhotoAdvice
