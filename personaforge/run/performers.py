"""The performers of forge's own actions, by the kind of action: they measure, finish, repair, draw the sheet.

A performer sees an action's request and inputs, and no settings. It imports what it needs when it is needed: a build
that draws nothing never loads OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from personaforge.errors import BackendError
from personaforge.faces.parts import AGE, OF_CLIPS, UPRIGHT
from personaforge.providers import kinds
from personaforge.providers.protocols import Blob
from personaforge.run.recent import Recent
from personaforge.steps.action import Action
from personaforge.steps.measurement import share

if TYPE_CHECKING:
    from personaforge.providers.results import Fetched


class Performed(NamedTuple):
    """What performing an action resulted in, before it is kept: bytes here, digests in `steps.action.Result`.

    It stays a record of its own beside `Reply`: a measurement is no provider's reply, and a block has no artifact.
    """

    outputs: Mapping[str, Blob | Fetched]
    value: Mapping[str, Any]
    details: Mapping[str, Any] = {}
    cost_usd: float | None = 0.0
    """US dollars; None where it isn't known."""
    whole: Mapping[str, Any] = {}
    """The whole measurement that `value` is a part of. It isn't kept: the next action may be about another part."""


Inputs = Mapping[str, bytes]
AnalyzerOf = Callable[[Mapping[str, str]], Any]
"""Returns the face analyzer with an identity."""
Performer = Callable[[Action, Inputs, AnalyzerOf], Performed]


_RECENT: Final = Recent()


def performer_of(kind: str) -> Performer:
    """Return the function that performs actions of a kind. Raises BackendError."""
    if kind not in _PERFORMERS:
        raise BackendError(f"nobody performs actions of kind {kind!r}")
    return _PERFORMERS[kind]


def _measure(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    from personaforge.faces.measure import measure_image

    analyzer, data = analyzer_of(action.request["analyzer"]), inputs["artifact"]
    if action.request.get("part") == UPRIGHT:
        from personaforge.faces.upright import second_look

        return _measured(action, second_look(data, analyzer), data)
    if action.request.get("part") == AGE:
        from personaforge.faces.age import measure_ages

        return _measured(action, measure_ages(data, analyzer, action.request["model"]), data)
    value = _RECENT.get(analyzer, action.inputs["artifact"], lambda: measure_image(data, analyzer))
    return _measured(action, value, data)


def _measure_clip(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    from personaforge.faces.capture import OPENCV
    from personaforge.faces.measure import measure_clip

    data, request = inputs["artifact"], action.request
    analyzer, sampling = analyzer_of(request["analyzer"]), request.get("sampling", "uniform")
    reader = request.get("reader", OPENCV)
    if request.get("part") in OF_CLIPS:
        from personaforge.faces.looks import look_through

        return _measured(action, look_through(data, analyzer, reader=reader), data)
    value = measure_clip(data, analyzer, frames=request["frames"], sampling=sampling, reader=reader)
    return _measured(action, value, data)


def _measured(action: Action, value: Mapping[str, Any], data: bytes) -> Performed:
    """Keep the part of a measurement that the action is about."""
    from personaforge.media.provenance import with_domain

    whole = with_domain(value, data, action.request["analyzer"])
    return Performed({}, share(action, whole), whole=whole)


def _size(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    """Read a picture's or clip's size. Bytes that can't be decoded are an outcome, not an error."""
    from personaforge.faces.capture import UnreadableClip
    from personaforge.faces.picture import UnreadablePicture, picture_in_room
    from personaforge.faces.room import PIXELS
    from personaforge.faces.video import read_clip

    data = inputs["artifact"]
    try:
        if kinds.media_type(data[: kinds.HEAD]).startswith("video/"):
            with PIXELS.share() as share:
                clip = read_clip(data, frames=1, share=share)
            width, height = clip.width, clip.height
        else:
            with picture_in_room(data) as picture:
                height, width = (int(side) for side in picture.pixels.shape[:2])
    except (UnreadablePicture, UnreadableClip) as error:
        return Performed({}, {"status": "unreadable", "code": error.reason_code, "reason": error.message})
    return Performed({}, {"status": "unmeasured", "width": width, "height": height})


def _finish(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    from personaforge.faces.picture import UnreadablePicture
    from personaforge.media.realism import finish_picture

    try:
        data = finish_picture(inputs["image"], action.request["realism"], action.request["seed"])
    except UnreadablePicture as error:
        return Performed({}, {"refused": error.message})
    return Performed({"finished": _blob(data)}, {})


def _repair(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    from personaforge.faces.capture import UnreadableClip
    from personaforge.media.repair import repair_clip

    request = action.request
    try:
        data = repair_clip(inputs["clip"], unsharp=request["unsharp"], super_resolution=request["super_resolution"])
    except UnreadableClip as error:  # a clip with sound, say, which can be measured and not written again
        return Performed({}, {"refused": error.message})
    return Performed({"finished": _blob(data)}, {})


def _sheet(action: Action, inputs: Inputs, analyzer_of: AnalyzerOf) -> Performed:
    from personaforge.media.contact_sheet import Cell, draw_sheet

    request = action.request
    cells = [Cell(inputs.get(cell["name"]), cell["caption"], cell["status"]) for cell in request["cells"]]
    data = draw_sheet(cells, title=request["title"], columns=request["columns"], footer=request["footer"])
    return Performed({"sheet": _blob(data)}, {})


def _blob(data: bytes) -> Blob:
    return Blob(data, kinds.media_type(data[: kinds.HEAD]))


_PERFORMERS: Final[Mapping[str, Performer]] = {
    "measure": _measure,
    "measure_clip": _measure_clip,
    "size": _size,
    "finish": _finish,
    "repair": _repair,
    "sheet": _sheet,
}
