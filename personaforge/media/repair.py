"""Repairs a clip's texture: super-resolution, then unsharp masking, on every frame, as a WebM that browsers play.

The result is a proposal. The caller measures its identity and its sharpness again, and it replaces nothing before that;
the order of the operations is fixed, because with sharpening first its halos would be enlarged.

A repair decodes once and holds one frame in each form at a time. The number of frames and their rate, which is assumed
to be constant, don't change; odd sides, sound and a missing rate are reported as outcomes, because the writer would
drop a row or column, lose the sound or guess a rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from personaforge.digest import digest_bytes
from personaforge.errors import SpecError
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.container import has_sound
from personaforge.media import pixels as operations
from personaforge.media.containers import clip_label
from personaforge.media.fields import problems_in
from personaforge.media.frames import open_clip
from personaforge.media.realism import UNSHARP
from personaforge.media.stills import labelled
from personaforge.media.upscale import Upscaler, find_upscaler
from personaforge.media.webm import MAX_SIDE, encode_webm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

VERSION: Final = "1"
"""To be increased when the same clip and settings would result in other bytes; part of the action's key."""
LABEL: Final = "PersonaForge repair"
MAX_FPS: Final = 240
"""The highest rate of cameras; a WebM recorded in a browser claims 1,000, whatever its rate is."""
MIN_SIDE: Final = 16
"""Pixels of a repaired frame: a VP8 macroblock, and the least that a spec can ask for."""
MAX_FRAME_PIXELS: Final = 4096 * 4096
"""Pixels of a repaired frame at most: larger than 4K, and the limit that a spec has for a picture."""


def repair_clip(
    data: bytes,
    *,
    unsharp: Mapping[str, Any] | None,
    super_resolution: Mapping[str, Any] | None,
    folders: Sequence[Path] | None = None,
) -> bytes:
    """Return the repaired clip, WebM with VP8, or `data` itself where there is nothing to do.

    `unsharp` has `radius`, `amount` and `threshold` as `pixels.unsharp`; `super_resolution` has `upscaler` and its
    fields as `upscale.UPSCALERS`; None for neither. `folders` are searched for a model, by default those of face packs.
    The file names the source's label and ours as its writer, and in the tag COMMENT what was done, and the source's
    SHA-256.

    Raises SpecError for settings, BackendError for a model that can't be used, and UnreadableClip: with the codes of
    `faces.video`, and `has_sound`, `no_rate`, `odd_sides` and `too_small` for clips that can be measured but not
    written again.
    """
    if unsharp is not None:
        problems = list(problems_in(unsharp, UNSHARP, "unsharp"))
        if problems:
            raise SpecError(problems)
        if not unsharp["amount"] or not unsharp["radius"]:
            unsharp = None
    upscaler = None if super_resolution is None else find_upscaler(super_resolution, folders)
    if unsharp is None and upscaler is None:
        return data
    # All refusals come before the first frame is decoded: a repair takes minutes.
    with open_clip(data) as clip:
        factor = 1 if upscaler is None else upscaler.factor
        width, height, fps = clip.width * factor, clip.height * factor, clip.fps
        if fps is None or fps > MAX_FPS:
            found = "no frame rate" if fps is None else f"a rate of {fps:g} frames a second, more than {MAX_FPS}"
            raise UnreadableClip("no_rate", f"the clip names {found}, so it can't be written again")
        if width % 2 or height % 2:
            raise UnreadableClip("odd_sides", f"the clip would have {width} x {height} pixels, expected even sides")
        if min(width, height) < MIN_SIDE:
            raise UnreadableClip("too_small", f"the clip would have {width} x {height} pixels, under {MIN_SIDE} a side")
        if width * height > MAX_FRAME_PIXELS or max(width, height) > MAX_SIDE:
            found = f"the repaired frames would have {width} x {height} pixels, more than {MAX_FRAME_PIXELS:,}"
            raise UnreadableClip("too_large", found)
        if has_sound(data):
            raise UnreadableClip("has_sound", "the clip has sound, which a repair would lose")
        return encode_webm(
            repaired(clip.frames, unsharp, upscaler),
            width,
            height,
            fps,
            app=labelled(clip_label(data), LABEL),
            notes={
                "repair": VERSION,
                "source": digest_bytes(data),
                "super_resolution": None if upscaler is None else [upscaler.name, upscaler.version, upscaler.factor],
                "unsharp": None if unsharp is None else {name: float(unsharp[name]) for name in UNSHARP},
            },
        )


def repaired(frames: Iterable[Frame], unsharp: Mapping[str, Any] | None, upscaler: Upscaler | None) -> Iterator[Frame]:
    """Yield each frame repaired, taking the next one only when it is asked for. Settings must be valid."""
    for frame in frames if upscaler is None else upscaler.upscale(frames):
        if unsharp is None:
            yield frame
        else:
            yield operations.unsharp(frame, unsharp["radius"], unsharp["amount"], unsharp["threshold"])
