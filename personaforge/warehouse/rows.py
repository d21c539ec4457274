"""A record to its rows, by table. Times are seconds since 1970, as records have them.

A field that a record doesn't have, because an older forge wrote it, is NULL. The tables are described in schema.sql.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from personaforge import metrics
from personaforge.digest import digest_bytes, digest_strings
from personaforge.leaves import leaves
from personaforge.warehouse.weights import embedding_weight

Row = dict[str, Any]
Rows = Iterator[tuple[str, Row]]

LONGEST_VALUE = 200
"""Characters of a key part's value that the warehouse shows."""
_ANALYZER = ("backend", "backend_version", "pack", "pack_digest", "detector_size")
_MEASURER = ("backend", "pack_digest", "backend_version", "detector_size")
"""The fields that distinguish measurements; a pack's name may change."""
_ANGLES = ("yaw", "pitch", "roll")


def rows_of(kind: str, name: str, record: Mapping[str, Any]) -> Iterable[tuple[str, Row]]:
    """Return (table, row) of a record: an action, an evaluation, a build or a piece of its events."""
    return _OF[kind](name, record)


def _builds(name: str, record: Mapping[str, Any]) -> Rows:
    fields = ("started", "seconds", "git_commit", "forge", "performed", "cost_usd", "unknown_calls", "interrupted")
    authored = record.get("git_authored")
    yield (
        "builds",
        {
            "build": name,
            **{field: record[field] for field in fields},
            "git_authored": datetime.fromisoformat(authored).timestamp() if authored else None,
            "personas": list(record["personas"]),
            "overrides": list(record["overrides"]),
        },
    )
    for node, about in record["nodes"].items():
        ends = ("end", "status", "performed", "found", "cost_usd", "seconds", "error")
        yield "build_nodes", {"build": name, "node": node, **{field: about[field] for field in ends}}


def _events(name: str, record: Mapping[str, Any]) -> Rows:
    for number, event in enumerate(record["events"], record["first"]):
        result = event.get("result")
        fields = ("type", "time", "persona", "node", "message", "progress", "error")
        yield (
            "events",
            {
                "build": record["build"],
                "number": number,
                **{field: event.get(field) for field in fields},
                "result": orjson.dumps(result).decode() if result else None,
            },
        )


def _actions(name: str, record: Mapping[str, Any]) -> Rows:
    parts, request = record["parts"], record["parts"]["request"]
    provider, _, version = parts["provider"].partition("@")
    yield (
        "actions",
        {
            "record": name,
            "key": record["key"],
            "kind": parts["kind"],
            "provider": provider,
            "provider_version": version or None,
            "model": record["details"].get("model") or request.get("model"),
            "persona": record["persona"],
            "node": record["node"],
            "build": record.get("build"),
            "take": parts["take"],
            "attempt": parts["attempt"],
            **_lasted(record),
            **{field: record[field] for field in ("paid", "cost_usd")},
            "reserved_usd": record.get("reserved_usd"),
        },
    )
    for part, field, value, in_key in _parts(record):
        digest, text = (value, None) if part in _CONTENT else _told(value)
        yield (
            "key_parts",
            {"record": name, "part": part, "name": field, "digest": digest, "value": text, "in_key": in_key},
        )
    for output, artifact in record["outputs"].items():
        about = {"digest": artifact["digest"], "media_type": artifact["media_type"], "size": artifact["size"]}
        yield "artifacts", {**about, "name": output, "record": name}
    if parts["kind"] == "score_photo":
        yield "photos", _photo(name, record)
    if parts["kind"] in ("measure", "measure_clip"):
        yield from _measurement(name, record)


def _lasted(record: Mapping[str, Any]) -> dict[str, float | None]:
    """Return when an action began and how long it took; neither if an older version noted 1970 for an unknown time."""
    known = record["started"] > 0
    return {field: record[field] if known else None for field in ("started", "seconds")}


_CONTENT = ("input", "template", "need", "pack")
"""Parts whose value is a digest already."""


def _told(value: Any) -> tuple[str, str | None]:
    """Return a value's digest, and its text where that is short. Most values are the same in thousands of records."""
    if isinstance(value, (str, int, float)) and (not isinstance(value, str) or len(value) <= LONGEST_VALUE):
        return _known(value)
    return _digested(value)


def _digested(value: Any) -> tuple[str, str | None]:
    data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    text = value if isinstance(value, str) else data.decode()
    return digest_bytes(data), text if len(text) <= LONGEST_VALUE else None


_known = lru_cache(maxsize=4096, typed=True)(_digested)


def _parts(record: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, bool]]:
    """Yield (part, name, value, whether the action key covers it) of all that shaped an action's result."""
    parts, sources = record["parts"], record.get("sources", {})
    yield "provider", "", parts["provider"], True
    for field, value in parts["request"].items():
        if field == "analyzer" and isinstance(value, Mapping):
            if value.get("pack_digest"):
                yield "pack", str(value.get("pack", "")), value["pack_digest"], True
            for name in ("backend", "backend_version", "detector_size"):
                yield "analyzer", name, value.get(name), True
        else:
            part = field if field in ("model", "prompt") else "request"
            yield part, "" if part == field else field, value, True
    for name, digest in parts["inputs"].items():
        yield "input", name, digest, True
    for name, digest in sources.get("templates", {}).items():
        yield "template", name, digest, False
    for name, digest in sources.get("needs", {}).items():
        yield "need", name, digest, False
    for path, value in leaves(sources.get("settings", {})).items():
        yield "setting", path, value, False


def _measurement(name: str, record: Mapping[str, Any]) -> Rows:
    value, analyzer = record["value"], record["parts"]["request"]["analyzer"]
    artifact, pack = record["parts"]["inputs"]["artifact"], analyzer.get("pack_digest")
    of_clip = record["parts"]["kind"] == "measure_clip"
    yield from _measured_values("video" if of_clip else "face", record, value)
    if "part" in record["parts"]["request"]:
        return  # one number more of what is a row already
    yield (
        "measurements",
        {
            "record": name,
            "artifact": artifact,
            "modality": "video" if of_clip else "face",
            **{field: value.get(field) for field in ("status", "reason", "faces", "detection", "sharpness")},
            **{field: value.get(field) for field in ("width", "height")},
            **{angle: (value.get("pose") or {}).get(angle) for angle in _ANGLES},
            **{field: analyzer.get(field) for field in _ANALYZER},
            "measured": _lasted(record)["started"],
        },
    )
    if not of_clip:
        yield from _face({"record": name, "artifact": artifact, "frame": None}, value, pack)
        return
    distances = value.get("histogram_distances") or {}
    seen = set()
    for number, frame in enumerate(value.get("frames") or ()):
        if frame["frame"] in seen:
            continue  # by time a frame is there once for each instant
        seen.add(frame["frame"])
        about = {"record": name, "artifact": artifact, "frame": frame["frame"]}
        fields = ("second", "status", "reason", "faces", "detection", "sharpness")
        yield (
            "video_frames",
            {
                **about,
                **{field: frame.get(field) for field in fields},
                **{angle: (frame.get("pose") or {}).get(angle) for angle in _ANGLES},
                **{
                    method: distances[method][number - 1] if number and method in distances else None
                    for method in ("bhattacharyya", "chi_squared", "correlation")
                },
            },
        )
        yield from _face(about, frame, pack)


def _face(about: Row, value: Mapping[str, Any], pack: str | None) -> Rows:
    if value.get("embedding"):
        vector = base64.b64decode(value["embedding"])
        found = {"pack_digest": pack, "dimensions": len(vector) // 4, "norm": value.get("embedding_norm")}
        yield "embeddings", {**about, **found, "embedding": vector}
    for name, ratio in (value.get("ratios") or {}).items():
        yield "landmark_ratios", {**about, "landmarks": value.get("ratio_set"), "name": name, "value": ratio}


def _photo(name: str, record: Mapping[str, Any]) -> Row:
    parts, value = record["parts"], record["value"]
    analyzer = parts["request"]["analyzer"]  # `none` where nothing could look for faces
    face = value.get("face") or {}
    light, face_light, pose = value.get("light") or {}, face.get("light") or {}, face.get("pose") or {}
    whole = ("status", "reason", "format", "bytes", "width", "height", "hash", "blur", "sharpness", "faces")
    return {
        "record": name,
        "artifact": parts["inputs"]["artifact"],
        **{field: value.get(field) for field in whole},
        "mean_luma": light.get("mean"),
        **{f"face_{field}": face.get(field) for field in ("pixels", "share", "beyond", "others", "blur", "sharpness")},
        **{field: face.get(field) for field in ("detection", "landmark_gap", "embedding_norm")},
        "yaw": pose.get("yaw"),
        "face_mean_luma": face_light.get("mean"),
        "unevenness": face_light.get("unevenness"),
        **{field: analyzer.get(field) if isinstance(analyzer, Mapping) else None for field in _ANALYZER},
        "measured": _lasted(record)["started"],
    }


def _measured_values(modality: str, record: Mapping[str, Any], value: Mapping[str, Any]) -> Rows:
    parts = record["parts"]
    if value.get("status") != "measured":
        return
    about = {name: parts["request"]["analyzer"].get(name) for name in _MEASURER}
    about.update(artifact=parts["inputs"]["artifact"], version=_version(parts["provider"]))
    for one in metrics.of_modality(modality):
        number = one.value_in(value) if one.is_measured_alone else None
        if number is not None:
            yield "measured_values", {**about, "metric": one.name, "value": number}


def _version(provider: str) -> int:
    """Return the version of the code that measured: of `tiles@2 (forge-light 0.2.0)` 2."""
    version = re.match(r"[0-9]{1,9}", provider.rpartition("@")[2])
    return int(version[0]) if version is not None else 0


def _evaluations(name: str, record: Mapping[str, Any]) -> Rows:
    score, modality = record.get("score"), record.get("modality")
    parts = score if isinstance(score, Mapping) else {}
    analyzer = record.get("analyzer", {})
    unmeasured, clip = record.get("unmeasured"), record.get("clip", {})
    plain = ("build", "persona", "node", "step", "slot", "modality", "take", "attempt", "decision", "reason", "anchor")
    row = {
        "evaluation": name,
        "evaluated": record["time"],
        **{field: record.get(field) for field in plain},
        "measured": record.get("measured", score is not None),
        **{field: parts.get(field) for field in ("error_bound", "reference")},
        "frames_measured": clip.get("frames_measured"),
        "reference_set": list(record.get("references", [])),
        "unmeasured": unmeasured["reason"] if unmeasured else None,
        "out_of_domain": bool(record.get("out_of_domain")),
        "artifact": next(iter(record.get("artifacts", {}).values()), None),
        **{field: record.get(field) for field in ("model", "provider", "label")},
        **{field: analyzer.get(field) for field in _ANALYZER},
        **{field: record.get(field) for field in ("accept_threshold", "retry_threshold")},
        "embedding_weight": embedding_weight(record),
    }
    row["compared"] = _compared(metrics.shared(str(modality)), row)
    yield "judgements", row
    for one in metrics.of_modality(str(modality)):
        number = None if one.is_measured_alone else one.value_in(record)
        if number is not None:
            yield (
                "values",
                {"persona": row["persona"], "evaluation": name, "metric": one.name, "value": number},
            )
    if clip:
        yield "quality", _quality(row, clip)
    given, reasons = record.get("scores") or {}, record.get("not_judged") or {}
    for dimension in (*given, *reasons):
        fields = ("evaluation", "persona", "node", "take", "attempt", "evaluated", "model")
        yield (
            "audits",
            {
                **{field: row[field] for field in fields},
                "dimension": dimension,
                "score": given.get(dimension),
                "not_judged": reasons.get(dimension),
                "threshold": record.get("threshold"),
            },
        )


def _compared(comparability: tuple[str, ...], row: Row) -> int:
    """Return 64 bits of a digest over what all of a judgement's numbers depend on: see `metrics.SUBJECTS`.

    The weights are none of it: `series_of` in schema.sql adds them for composites, so that no other number's series
    ends with them, and a picture that is judged again under others is no further evidence.
    """
    texts = {
        "persona": [row["persona"]],
        "modality": [row["modality"]],
        "measurer": [row["pack"] or row["model"]],
        "anchor": [row["anchor"]],
        "references": row["reference_set"],
        "analyzer": [row[field] for field in _ANALYZER],
    }
    return _digest_of(
        tuple((name, *("" if one is None else str(one) for one in texts[name])) for name in comparability)
    )


@lru_cache(maxsize=20_000)
def _digest_of(parts: tuple[tuple[str, ...], ...]) -> int:
    flat = [text for part in parts for text in (str(len(part)), *part)]
    return int(digest_strings("compared/2", flat)[:16], 16)


def _quality(row: Row, clip: Mapping[str, Any]) -> Row:
    advice = clip.get("advice") or {}
    fields = ("frames_total", "frames_measured", "worst_frame", "composite_std", "cosine_min", "ratio_variance_max")
    return {
        **{field: row[field] for field in ("evaluation", "persona", "node", "artifact", "evaluated")},
        **{field: clip.get(field) for field in fields},
        "sharpness_ratio": clip.get("sharpness_ratio_mean"),
        "histogram_distance": clip.get("histogram_distance_max"),
        **{field: advice.get(field) for field in ("identity_stable", "degradation", "recommendation")},
        "advice": advice.get("text"),
    }


_OF: Mapping[str, Callable[[str, Mapping[str, Any]], Rows]] = {
    "builds": _builds,
    "events": _events,
    "actions": _actions,
    "evaluations": _evaluations,
    "refusals": lambda name, record: iter(()),  # nobody's numbers
}
