"""The actions that measure an artifact: keyed by the artifact, the analyzer and how a clip is sampled, nothing else.

What is measured of a face has parts, each with a version of its own. The part `embedding` (decoding, detection,
alignment, recognition) and every part whose version is the same are one action, and its key names that version. A part
whose version differs is an action of its own, whose record has nothing but that part's fields. So a new number is
measured without measuring the rest again, keys stay as they are, and calibrations, which are about embeddings, stay
valid. When the embedding's version rises, give all parts the new one: they are one action again. Parts of clips as a
whole (`parts.OF_CLIPS`) stay apart: their keys name no sampling. So do the parts that only some pictures call for
(`parts.WHERE_NEEDED`): which ones, the first record says (`needed_actions`), or what was asked of the picture
(`expression_action`) or what else is here (`age_action`), and all others have no action for them.
Keys name who decodes only where that is not OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from personaforge.faces.parts import (
    AGE,
    EXPRESSION,
    EXPRESSIVE,
    FIELDS,
    OF_CLIPS,
    OF_PICTURES,
    PEOPLE,
    UPRIGHT,
    VERSIONS,
    WHERE_NEEDED,
    embedding_version,
)
from personaforge.faces.pyav import reader
from personaforge.steps.action import Action

_OUTCOME = ("status", "code", "reason", "frame", "second")


def measure_action(
    kind: str, identity: Mapping[str, str], digest: str, request: Mapping[str, Any] | None = None
) -> Action:
    """Return the action that measures an artifact with an analyzer: all parts that have the embedding's version."""
    return _action(kind, identity, digest, request or {}, embedding_version())


def part_actions(
    kind: str, identity: Mapping[str, str], digest: str, request: Mapping[str, Any] | None = None
) -> tuple[Action, ...]:
    """Return the actions of the parts that have another version than the embedding, and of those of clips alone."""
    asked = request or {}
    whole = {name: value for name, value in asked.items() if name == "reader"}
    return tuple(
        _action(*(kind, identity, digest), {**(whole if part in OF_CLIPS else asked), "part": part}, VERSIONS[part])
        for part in _apart()
        if part not in WHERE_NEEDED and part not in (OF_PICTURES if kind == "measure_clip" else OF_CLIPS)
    )


def needed_actions(
    kind: str,
    identity: Mapping[str, str],
    digest: str,
    value: Mapping[str, Any],
    request: Mapping[str, Any] | None = None,
) -> tuple[Action, ...]:
    """Return the further actions that an artifact's first measurement calls for: `people` where a picture or frame
    shows several faces, `upright` where a picture's face may lie on its side or upside down."""
    from personaforge.faces.upright import calls_for_second_look

    parts = [PEOPLE] if any(one.get("faces", 0) > 1 for one in (value, *value.get("frames", ()))) else []
    parts += [UPRIGHT] if kind == "measure" and calls_for_second_look(value, identity) else []
    return tuple(_action(kind, identity, digest, {**(request or {}), "part": part}, VERSIONS[part]) for part in parts)


def expression_action(identity: Mapping[str, str], digest: str, value: Mapping[str, Any]) -> Action | None:
    """Return the action that measures the expressions of a picture's faces, which is asked for where an expression was;
    None where the picture's first measurement has no points that show one."""
    if value["status"] != "measured" or value["ratio_set"] not in EXPRESSIVE:
        return None
    return _action("measure", identity, digest, {"part": EXPRESSION}, VERSIONS[EXPRESSION])


def age_action(identity: Mapping[str, str], digest: str, value: Mapping[str, Any], age_model: str) -> Action | None:
    """Return the action that measures the apparent ages of a picture's faces with an age model; None where there is no
    model (`age_model` is its SHA-256, or empty) or the picture's first measurement has no face."""
    if not age_model or value["status"] != "measured":
        return None
    return _action("measure", identity, digest, {"part": AGE, "model": age_model}, VERSIONS[AGE])


def size_action(digest: str) -> Action:
    """Return the action that reads a picture's or clip's width and height where no analyzer is here to measure it. Its
    key names none: a size is the same by any."""
    return Action(kind="size", provider="forge@1", request={}, inputs={"artifact": digest})


def sampling_of(video: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a clip's first measurement is asked for by `identity.video`: all of it that measuring depends on.

    `time` begins by number, too: most clips have one rate, of which both are the same frames, and what an earlier forge
    measured is found.
    """
    return {"frames": video["frames"], "sampling": "uniform" if video["sampling"] == "time" else video["sampling"]}


def further_request(
    request: Mapping[str, Any], value: Mapping[str, Any], video: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what a clip's measurement is asked for next, once it is known what it resulted in; None where that stays.

    By PyAV, where it is installed and OpenCV doesn't have the clip's codec; by time, where `identity.video` says so and
    a sample by number misses what is shown. A record from before there was this says neither, and stays.
    """
    asked = {name: value for name, value in request.items() if name != "analyzer"}
    if value.get("code") == "unsupported" and "reader" not in asked and (found := reader()) is not None:
        return {**asked, "reader": found}
    if value.get("uneven") and video["sampling"] == "time" and asked["sampling"] == "uniform":
        return {**asked, "sampling": "time"}
    return None


def request_of(value: Mapping[str, Any], video: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a clip's measurement was asked for in the end."""
    return {**sampling_of(video), **{name: value[name] for name in ("sampling", "reader") if name in value}}


def share(action: Action, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action's record takes of a whole measurement."""
    part = action.request.get("part")
    if part is None:
        gone = {field for one in _apart() for field in FIELDS[one]}
        return _each(value, lambda name: name not in gone)
    kept = {*_OUTCOME, *FIELDS[part]}
    if part in OF_CLIPS:
        return {name: one for name, one in value.items() if name in kept}
    return _each(value, lambda name: name in kept)


def joined(value: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a measurement with the fields of a part, which take the place of what an older record had there. A second
    look that found the face better takes the place of the first."""
    found = {**value, **{name: one for name, one in part.items() if name not in (*_OUTCOME, "frames")}}
    if "frames" in found and "frames" in part:
        pairs = zip(found["frames"], part["frames"], strict=True)
        found["frames"] = [joined(frame, other) for frame, other in pairs]
    upright = found.pop(UPRIGHT, None)
    if not upright:
        return found
    return {**{name: one for name, one in found.items() if name != PEOPLE}, **upright}


def _apart() -> tuple[str, ...]:
    own = (*OF_CLIPS, *WHERE_NEEDED)
    return tuple(part for part in FIELDS if part in own or VERSIONS[part] != embedding_version())


def _action(kind: str, identity: Mapping[str, str], digest: str, request: Mapping[str, Any], version: str) -> Action:
    return Action(
        kind=kind,
        provider=f"{identity['backend']}@{version}",
        request={"analyzer": dict(identity), **request},
        inputs={"artifact": digest},
    )


def _each(value: Mapping[str, Any], keeps: Callable[[str], bool]) -> dict[str, Any]:
    """Return a measurement, and each of a clip's frames, with the fields that are kept."""
    found = {name: one for name, one in value.items() if name == "frames" or keeps(name)}
    if "frames" in found:
        found["frames"] = [_each(frame, keeps) for frame in found["frames"]]
    return found
