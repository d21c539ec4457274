"""Realism post-processing: what makes a picture look as if a phone had taken it, declared and seeded.

Operations always run in the order of `OPERATIONS`, whatever the order in the settings. The tone is first; sharpening is
before the noise, which it would raise above what `iso` says, and before the aberration, whose fringes it would sharpen;
the JPEG is last. Decides nothing: the caller measures identity before and after.

The settings are the group `realism` of `conf/`. An operation that is left out, null, or of strength 0 does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from personaforge.digest import derive_seed, digest_bytes, digest_json
from personaforge.errors import Problem, SpecError
from personaforge.faces.picture import UnreadablePicture, read_picture
from personaforge.media import pixels as operations
from personaforge.media.fields import Field, Number, Text, problems_in, unknown
from personaforge.media.stills import MAX_JPEG_SIDE, SUBSAMPLINGS, encode_jpeg, labelled, picture_label, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION: Final = "2"
"""To be increased when the same settings, seed and picture would result in other bytes; part of the action's key."""

LABEL: Final = "PersonaForge finishing"
MAX_PIXELS: Final = 4096 * 4096
"""The largest picture that a spec can ask for."""

UNSHARP: Final[Mapping[str, Field]] = {
    "radius": Number(0, 20),
    "amount": Number(0, 5),
    "threshold": Number(0, 255),
}

OPERATIONS: Final[Mapping[str, Mapping[str, Field]]] = {
    "white_balance": {"temperature": Number(-80, 80), "tint": Number(-50, 50)},
    "highlights": {"exposure": Number(-2, 2), "knee": Number(0.1, 1)},
    "unsharp": UNSHARP,
    "chromatic_aberration": {"pixels_at_edge": Number(-8, 8)},
    "noise": {"iso": Number(0, 12_800)},
    "jpeg": {"quality": Number(1, 95, whole=True), "subsampling": Text(SUBSAMPLINGS)},
}
"""The operations in their order, each with its fields. Units are explained at the functions, in `pixels`."""

_STRENGTH: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "white_balance": lambda given: bool(given["temperature"] or given["tint"]),
    "highlights": lambda given: bool(given["exposure"] or given["knee"] != 1),
    "unsharp": lambda given: bool(given["amount"] and given["radius"]),
    "chromatic_aberration": lambda given: bool(given["pixels_at_edge"]),
    "noise": lambda given: bool(given["iso"]),
    "jpeg": lambda given: True,
}
"""Whether an operation with these settings does anything."""


def active(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the operations that do something, in order. Raises SpecError with every problem found.

    Where there are none, `finish_picture` returns its argument; otherwise it returns a JPEG.
    """
    problems = [unknown(name, {"profile": None, **OPERATIONS}, "realism") for name in settings if not _known(name)]
    if not isinstance(settings.get("profile"), str):
        found = settings.get("profile")
        problems.append(Problem("", "realism.profile", f"found {found!r}, expected the profile's name"))
    given = {name: settings[name] for name in OPERATIONS if settings.get(name) is not None}
    for name, values in given.items():
        problems += problems_in(values, OPERATIONS[name], f"realism.{name}")
    if problems:
        raise SpecError(problems)
    names = tuple(name for name, values in given.items() if _STRENGTH[name](values))
    if names and "jpeg" not in names:
        message = f"is left out, and {', '.join(names)} can't be without it: a finished picture is a JPEG"
        raise SpecError(Problem("", "realism.jpeg", message, "jpeg: {quality: 90, subsampling: '4:2:0'}"))
    return names


def finish_picture(data: bytes, settings: Mapping[str, Any], seed: int) -> bytes:
    """Return a picture as a phone would have kept it: JPEG bytes, or `data` itself where no operation does anything.

    `data` is any picture that `read_picture` decodes, up to 4096 x 4096 pixels; `seed` an integer from 0. The noise
    depends on the seed and on the picture, so that two pictures of one seed don't share a pattern. EXIF's Software
    names the source's label and ours; the comment describes in JSON what was done: the profile's name, the digest of
    the operations' settings, the seed, and the SHA-256 of the source. Equal arguments and libraries give equal bytes.

    Raises SpecError for wrong settings, UnreadablePicture for bytes that can't be decoded.
    """
    names = active(settings)
    if not names:
        return data
    picture = read_picture(data, max_pixels=MAX_PIXELS)
    if max(picture.width, picture.height) > MAX_JPEG_SIDE:
        found = f"{picture.width} x {picture.height} pixels, and a JPEG's sides have at most {MAX_JPEG_SIDE:,}"
        raise UnreadablePicture("too_large", found)
    source = digest_bytes(data)
    pixels = picture.pixels
    for name in names:
        if name != "jpeg":
            pixels = _applied(name, pixels, settings[name], derive_seed("realism", name, seed, source))
    return encode_jpeg(
        pixels,
        quality=settings["jpeg"]["quality"],
        subsampling=settings["jpeg"]["subsampling"],
        label=labelled(picture_label(data), LABEL),
        notes={
            "profile": plain(settings["profile"]),
            "seed": seed,
            "settings": digest_json(f"realism/{VERSION}", {name: dict(settings[name]) for name in names}),
            "source": source,
        },
    )


def _applied(name: str, pixels: NDArray[np.uint8], given: Mapping[str, Any], seed: int) -> NDArray[np.uint8]:
    match name:
        case "white_balance":
            return operations.white_balance(pixels, given["temperature"], given["tint"])
        case "highlights":
            return operations.clip_highlights(pixels, given["exposure"], given["knee"])
        case "unsharp":
            return operations.unsharp(pixels, given["radius"], given["amount"], given["threshold"])
        case "chromatic_aberration":
            return operations.chromatic_aberration(pixels, given["pixels_at_edge"])
        case "noise":
            return operations.sensor_noise(pixels, given["iso"], seed)
        case _:
            raise AssertionError(name)


def _known(name: Any) -> bool:
    return name == "profile" or name in OPERATIONS
