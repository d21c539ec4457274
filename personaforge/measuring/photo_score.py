"""A photograph's measurement to scores of 0 to 100, and what to do about a low one. Plain arithmetic on JSON values.

The six scores and their weighted average are Inflio's photo scoring (resolution, sharpness, lighting, face detection)
with occlusion and duplicates beside them. Every bound and weight is in `PhotoPolicy`; the shipped ones are in
conf/photos. Scores are monotone: more pixels, more sharpness or a surer detection never score lower. Light is best in
a band.

What can't be measured is `Unmeasured` and in no average: the overall is then that of the other scores, and the verdict
is `no_face` or `unmeasured` and never `usable`.

Scores are rounded to 2 decimals before they are averaged, so that an average made again from a record is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from personaforge.faces.upright import ROLLED
from personaforge.identity.score import Cause, Unmeasured, in_domain, outside

SCORES = ("resolution", "sharpness", "lighting", "face_detection", "occlusion", "duplicates")


class PhotoVerdict(StrEnum):
    """What a photo is good for."""

    USABLE = "usable"
    """Every score is there, none is ruinous, and the overall is high enough."""
    POOR = "poor"
    NO_FACE = "no_face"
    """Readable, and shows no face."""
    UNMEASURED = "unmeasured"
    """Nothing could look for faces here."""
    UNREADABLE = "unreadable"
    """The file is no picture that can be decoded."""


class Ramp(NamedTuple):
    """A line from 0 to 100; falling where `zero` is above `full`."""

    zero: float
    """Where the score reaches 0."""
    full: float
    """Where it reaches 100."""

    def score(self, value: float) -> float:
        """Return the score of a value, [0, 100]."""
        return 100 * min(1.0, max(0.0, (value - self.zero) / (self.full - self.zero)))


@dataclass(frozen=True, slots=True)
class PhotoPolicy:
    """Every number of the `photos` settings."""

    count_minimum: int
    """Usable photos that a set needs."""
    count_recommended: tuple[int, int]
    """The best number of photos, from and to."""
    formats: tuple[str, ...]
    """As `faces.photo.file_format` names them."""
    min_bytes: float
    max_bytes: float
    minimum_side: float
    """Pixels of the shorter side under which a photo is never usable."""
    recommended_side: float
    """Pixels from which resolution scores 100."""
    at_minimum: float
    """What resolution scores at the minimum; linear from there to both sides."""
    face_blur: Ramp
    picture_blur: Ramp
    face_light: Mapping[str, Ramp]
    """By part: dark and bright (both of the mean), shadows, highlights, contrast, unevenness."""
    picture_light: Mapping[str, Ramp]
    """The same without unevenness."""
    face_detection: Ramp
    occlusion: Mapping[str, Ramp]
    """By part: detection, landmark_gap, beyond, others."""
    max_distance: int
    """Two pictures whose hashes differ in at most so many bits count as one."""
    weights: Mapping[str, float]
    """By score; they need not sum to 1."""
    min_overall: float
    """Overall from which a photo is usable."""
    min_score: float
    """What each of its scores must reach, too."""
    advise_below: float
    """Scores below this are advised about."""
    face_pixels: float
    """Pixels of a face's longer side below which it is called small; the recogniser itself looks at 112."""
    turned: float
    """Degrees of yaw from which a face is no longer frontal."""
    profile: float
    """Degrees of yaw from which it is a profile."""
    min_turned_share: float
    """Share of faces that should not be frontal."""

    @classmethod
    def from_settings(cls, photos: Mapping[str, Any]) -> PhotoPolicy:
        """Take the numbers from the `photos` settings, which `personaforge.spec.photos` has validated."""
        count, file, usable, advice = photos["count"], photos["file"], photos["usable"], photos["advice"]
        return cls(
            count_minimum=int(count["minimum"]),
            count_recommended=(int(count["recommended_from"]), int(count["recommended_to"])),
            formats=tuple(str(name) for name in file["formats"]),
            min_bytes=float(file["min_kilobytes"]) * 1e3,
            max_bytes=float(file["max_megabytes"]) * 1e6,
            minimum_side=float(photos["resolution"]["minimum"]),
            recommended_side=float(photos["resolution"]["recommended"]),
            at_minimum=float(photos["resolution"]["at_minimum"]),
            face_blur=_ramp(photos["sharpness"]["face"]),
            picture_blur=_ramp(photos["sharpness"]["picture"]),
            face_light={name: _ramp(pair) for name, pair in photos["lighting"]["face"].items()},
            picture_light={name: _ramp(pair) for name, pair in photos["lighting"]["picture"].items()},
            face_detection=_ramp(photos["face_detection"]),
            occlusion={name: _ramp(pair) for name, pair in photos["occlusion"].items()},
            max_distance=int(photos["duplicates"]["max_distance"]),
            weights={name: float(photos["weights"][name]) for name in SCORES},
            min_overall=float(usable["min_overall"]),
            min_score=float(usable["min_score"]),
            advise_below=float(advice["below"]),
            face_pixels=float(advice["face_pixels"]),
            turned=float(advice["turned"]),
            profile=float(advice["profile"]),
            min_turned_share=float(advice["min_turned_share"]),
        )


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """One photo's scores."""

    scores: Mapping[str, float | Unmeasured]
    """By name, in the order of SCORES; [0, 100], 2 decimals."""
    overall: float | None
    """Weighted average of the scores that are there, 2 decimals; None when there is none."""
    verdict: PhotoVerdict
    advice: tuple[str, ...]
    """Sentence parts for people, what costs most first; empty when there is nothing to say."""

    @property
    def complete(self) -> bool:
        """Whether every score is there, so that the overall is that of the whole photo."""
        return not any(isinstance(value, Unmeasured) for value in self.scores.values())

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values: null where there is no score, and why under `unmeasured`."""
        missing = {name: value.as_json() for name, value in self.scores.items() if isinstance(value, Unmeasured)}
        return {
            "overall": self.overall,
            "complete": self.complete,
            "verdict": str(self.verdict),
            "scores": {name: None if name in missing else value for name, value in self.scores.items()},
            "unmeasured": missing,
            "advice": list(self.advice),
        }


@dataclass(frozen=True, slots=True)
class Angles:
    """How many of the faces look in each direction."""

    frontal: int
    three_quarter: int
    profile: int


@dataclass(frozen=True, slots=True)
class SetScore:
    """The result for the photos as a set."""

    photos: int
    verdicts: Mapping[str, int]
    """How many there are of each verdict."""
    duplicates: int
    """Photos that another one already shows."""
    mean_overall: float | None
    """Over the photos with every score; None without one."""
    angles: Angles | None
    """None when no face's yaw is known."""
    ready: bool | None
    """Whether the minimum of usable photos is reached; None when photos that could not be measured decide it."""
    advice: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {**asdict(self), "advice": list(self.advice)}


class _Part(NamedTuple):
    """A part of a score, and the advice if this part lowers the score most."""

    score: float
    advice: str


def score_photo(
    measurement: Mapping[str, Any], policy: PhotoPolicy, *, twin_of: str | None = None, pack: str = ""
) -> PhotoScore:
    """Score one photo. `twin_of` names the better picture that it repeats, if there is one, and `pack` the face pack
    that looked at it, for messages.

    The measurement is that of `measure_photo` with `status`, `reason`, `bytes` and `format`; an unreadable file has
    nothing else.
    """
    if measurement["status"] == "unreadable":
        reason = str(measurement["reason"])
        unread: dict[str, float | Unmeasured] = dict.fromkeys(SCORES, Unmeasured(Cause.UNREADABLE, reason))
        return PhotoScore(unread, None, PhotoVerdict.UNREADABLE, (f"can't be read: {reason}",))
    duplicates = _duplicates(measurement, twin_of)
    found = {
        "resolution": _resolution(measurement, policy),
        "sharpness": _sharpness(measurement, policy),
        "lighting": _lighting(measurement, policy),
        "face_detection": _face_detection(measurement, policy, pack),
        "occlusion": _occlusion(measurement, policy, pack),
        "duplicates": duplicates,
    }
    scores: dict[str, float | Unmeasured] = {
        name: part if isinstance(part, Unmeasured) else round(part.score, 2) for name, part in found.items()
    }
    overall = weighted(scores, policy.weights)
    return PhotoScore(
        scores, overall, _verdict(measurement, scores, overall, policy), _advice(measurement, found, policy)
    )


def score_set(photos: Sequence[PhotoScore], policy: PhotoPolicy, yaws: Sequence[float | None] = ()) -> SetScore:
    """Sum up a set of photos; `yaws` are their faces' in degrees, as far as they are known."""
    verdicts = {str(verdict): sum(one.verdict is verdict for one in photos) for verdict in PhotoVerdict}
    duplicates = sum(one.scores["duplicates"] == 0 for one in photos)
    usable, unsure = verdicts[PhotoVerdict.USABLE], verdicts[PhotoVerdict.UNMEASURED]
    ready = True if usable >= policy.count_minimum else None if usable + unsure >= policy.count_minimum else False
    known = [abs(yaw) for yaw in yaws if yaw is not None]
    angles = None
    if known:
        turned = sum(policy.turned <= yaw < policy.profile for yaw in known)
        profile = sum(yaw >= policy.profile for yaw in known)
        angles = Angles(len(known) - turned - profile, turned, profile)
    whole = [one.overall for one in photos if one.complete and one.overall is not None]
    return SetScore(
        photos=len(photos),
        verdicts=verdicts,
        duplicates=duplicates,
        mean_overall=round(math.fsum(whole) / len(whole), 2) if whole else None,
        angles=angles,
        ready=ready,
        advice=tuple(_set_advice(usable, unsure, duplicates, angles, policy)),
    )


def weighted(scores: Mapping[str, float | Unmeasured], weights: Mapping[str, float]) -> float | None:
    """Return the weighted average of the scores that are there, 2 decimals; None when they carry no weight."""
    there = [(weights[name], value) for name, value in scores.items() if not isinstance(value, Unmeasured)]
    total = math.fsum(weight for weight, _ in there)
    return round(math.fsum(weight * value for weight, value in there) / total, 2) if total > 0 else None


def resolution(width: float, height: float, policy: PhotoPolicy) -> float:
    """Return the score of a size by its shorter side: linear from 0 to the minimum, and on to the recommended one."""
    side = min(width, height)
    if side < policy.minimum_side:
        return policy.at_minimum * side / policy.minimum_side
    share = min(1.0, (side - policy.minimum_side) / (policy.recommended_side - policy.minimum_side))
    return policy.at_minimum + (100 - policy.at_minimum) * share


def _resolution(photo: Mapping[str, Any], policy: PhotoPolicy) -> _Part:
    size = f"{photo['width']} x {photo['height']}"
    if _too_small(photo, policy):
        text = f"too small: {size}, and the minimum is {policy.minimum_side:g}"
    else:
        text = f"only {size}: {policy.recommended_side:g} is recommended"
    return _Part(resolution(photo["width"], photo["height"], policy), text)


def _sharpness(photo: Mapping[str, Any], policy: PhotoPolicy) -> _Part | Unmeasured:
    face = photo["face"]
    if face is not None and face["blur"] is not None:
        return _Part(policy.face_blur.score(face["blur"]), "the face is blurred: take one in focus")
    if photo["blur"] is None:
        return Unmeasured(Cause.TOO_FEW, "the picture has one tone and no edge")
    return _Part(policy.picture_blur.score(photo["blur"]), "blurred: take one in focus")


def _lighting(photo: Mapping[str, Any], policy: PhotoPolicy) -> _Part:
    face = photo["face"]
    if face is not None and face["light"] is not None:
        return min(_light_parts(face["light"], policy.face_light, "the face"))
    return min(_light_parts(photo["light"], policy.picture_light, "the picture"))


def _light_parts(light: Mapping[str, Any], ramps: Mapping[str, Ramp], what: str) -> Iterator[_Part]:
    values = {**light, "dark": light["mean"], "bright": light["mean"]}
    texts: dict[str, Callable[[float], str]] = {
        "dark": lambda value: f"{what} is too dark: add light",
        "bright": lambda value: f"{what} is too bright: expose less",
        "shadows": lambda value: f"{value:.0%} of {what} is black: add light",
        "highlights": lambda value: f"{value:.0%} of {what} is burnt out: expose less",
        "contrast": lambda value: f"{what} has hardly any contrast: look for haze or flat light",
        "unevenness": lambda value: f"one half of {what} is much darker than the other: turn to the light",
    }
    for name, ramp in ramps.items():
        if values[name] is not None:  # all is black, and the mean says so
            yield _Part(ramp.score(values[name]), texts[name](values[name]))


def _face_detection(photo: Mapping[str, Any], policy: PhotoPolicy, pack: str) -> _Part | Unmeasured:
    face = photo["face"]
    if face is None:
        return _faceless(photo, pack)
    return _Part(
        policy.face_detection.score(face["detection"]), f"a face is hard to find ({face['detection']:.2f} sure)"
    )


def _occlusion(photo: Mapping[str, Any], policy: PhotoPolicy, pack: str) -> _Part | Unmeasured:
    face = photo["face"]
    if face is None:
        return _faceless(photo, pack)
    texts = {
        "detection": f"the face may be covered, or the photo isn't upright ({face['detection']:.2f} sure)",
        "landmark_gap": "the face may be covered, or the photo isn't upright: two models disagree where eyes, nose and "
        "mouth are",
        "beyond": f"{face['beyond']:.0%} of the face is cut off by the edge: leave room around it",
        "others": f"{photo['faces']} faces: crop it to one person",
    }
    ramps = policy.occlusion
    return min(_Part(ramps[name].score(face[name]), texts[name]) for name in ramps if face[name] is not None)


def _duplicates(photo: Mapping[str, Any], twin_of: str | None) -> _Part | Unmeasured:
    if twin_of is not None:
        return _Part(0.0, f"the same picture as {twin_of}: keep one")
    if photo["hash"] is None:
        return Unmeasured(Cause.TOO_FEW, "the picture has one tone, so there is nothing to compare")
    return _Part(100.0, "")


def _faceless(photo: Mapping[str, Any], pack: str) -> Unmeasured:
    if not in_domain(photo):
        return outside("the photo", pack)
    if photo["faces"] is None:
        return Unmeasured(Cause.NO_MODEL, "no face pack is here")
    return Unmeasured(Cause.NO_FACE, "no face was found")


def _too_small(photo: Mapping[str, Any], policy: PhotoPolicy) -> bool:
    return bool(min(photo["width"], photo["height"]) < policy.minimum_side)


def _verdict(
    photo: Mapping[str, Any], scores: Mapping[str, float | Unmeasured], overall: float | None, policy: PhotoPolicy
) -> PhotoVerdict:
    there = [value for value in scores.values() if not isinstance(value, Unmeasured)]
    if photo["faces"] == 0:
        return PhotoVerdict.NO_FACE
    if _too_small(photo, policy) or min(there) < policy.min_score:
        return PhotoVerdict.POOR  # whatever else could be measured
    if len(there) < len(scores) or overall is None:
        return PhotoVerdict.UNMEASURED
    return PhotoVerdict.USABLE if overall >= policy.min_overall else PhotoVerdict.POOR


def _advice(photo: Mapping[str, Any], found: Mapping[str, _Part | Unmeasured], policy: PhotoPolicy) -> tuple[str, ...]:
    low: list[tuple[float, str]] = []
    for name, part in found.items():
        if not isinstance(part, Unmeasured) and part.score < policy.advise_below:
            low.append((policy.weights[name] * (100 - part.score), part.advice))
    texts = [text for _, text in sorted(low, key=lambda one: -one[0])]
    face = photo["face"]
    if photo["faces"] == 0:
        texts.insert(0, "no face was found: turn the photo upright if it isn't, or show one, larger, facing the camera")
    elif face is not None and (roll := abs((face["pose"] or {}).get("roll", 0.0))) >= ROLLED:
        texts.insert(0, f"the head lies on its side ({roll:.0f} degrees): turn the photo upright")
    if face is not None and face["pixels"] < policy.face_pixels:
        texts.append(f"the face is only {face['pixels']:.0f} px high: come closer")
    if photo["format"] not in policy.formats:
        texts.append(f"{photo['format'].upper()}: convert it to {' or '.join(name.upper() for name in policy.formats)}")
    if photo["bytes"] > policy.max_bytes:
        texts.append(f"{photo['bytes'] / 1e6:.1f} MB: more than {policy.max_bytes / 1e6:g}")
    elif photo["bytes"] < policy.min_bytes:
        texts.append(f"{photo['bytes'] / 1e3:.0f} kB: use the original if there is a larger one")
    return tuple(texts)


def _set_advice(usable: int, unsure: int, duplicates: int, angles: Angles | None, policy: PhotoPolicy) -> Iterator[str]:
    low, high = policy.count_recommended
    if unsure:
        yield f"{_photos(unsure)} without face scores can't be called usable"
    if usable < policy.count_minimum:
        needed = f"at least {policy.count_minimum} are needed, and {low} to {high} are best"
        yield f"too few: {_photos(usable, 'usable ')}; {needed}"
    elif usable < low:
        yield f"{_photos(usable, 'usable ')}: enough to start; {low} to {high} are best"
    elif usable > high:
        yield f"{_photos(usable, 'usable ')}: more than needed; {low} to {high} are best"
    if duplicates:
        yield f"too similar: {_photos(duplicates)} of what another shows already; vary moment, place and clothes"
    if angles is not None and (total := angles.frontal + angles.three_quarter + angles.profile) > 1:
        if (angles.three_quarter + angles.profile) / total < policy.min_turned_share:
            yield "nearly all faces look into the camera: add three-quarter views and a profile"
        elif not angles.frontal:
            yield "no face looks into the camera: add a frontal portrait"


def _photos(count: int, kind: str = "") -> str:
    return f"{count} {kind}photo{'' if count == 1 else 's'}"


def _ramp(pair: Mapping[str, Any]) -> Ramp:
    return Ramp(float(pair["zero"]), float(pair["full"]))
