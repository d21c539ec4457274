"""Requests as a build would make them, small enough to be drawn quickly."""

from __future__ import annotations

import copy
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from personaforge.providers.protocols import Blob, Request

DNA: dict[str, Any] = {
    "face": {
        "shape": "oval",
        "forehead": "medium",
        "cheekbones": "medium",
        "jawline": "soft",
        "chin": "rounded",
        "facial_hair": "none",
    },
    "eyes": {"shape": "almond", "color": "brown", "spacing": "average"},
    "eyebrows": {"shape": "soft arch", "thickness": "medium"},
    "nose": {"bridge": "straight", "width": "medium", "tip": "rounded"},
    "lips": {"fullness": "medium", "shape": "even"},
    "skin": {"tone": "light", "undertone": "neutral", "marks": []},
    "hair": {"color": "brown", "texture": "straight", "length": "short", "style": "natural"},
    "body": {
        "height_cm": 172,
        "build": "average",
        "shoulders": "average",
        "waist_hip_ratio": 0.8,
        "posture": "relaxed",
    },
    "voice": {"pitch": "medium", "timbre": "warm", "pace": "measured", "accent": "neutral"},
}

ANCHOR: dict[str, Any] = {
    "distance": "headshot",
    "yaw": 0,
    "pitch": 0,
    "expression": "neutral",
    "gaze": "into the camera",
    "light": "even soft light",
}

OTHERS: tuple[tuple[dict[str, Any], int, str], ...] = (
    (
        {
            "face": {"shape": "square", "jawline": "angular", "chin": "square", "facial_hair": "short beard"},
            "eyes": {"color": "dark brown"},
            "eyebrows": {"shape": "straight", "thickness": "full"},
            "nose": {"bridge": "low", "width": "wide"},
            "lips": {"fullness": "full"},
            "skin": {"tone": "deep"},
            "hair": {"color": "black", "texture": "coily"},
            "body": {"build": "athletic", "shoulders": "broad"},
        },
        38,
        "man",
    ),
    (
        {
            "face": {"shape": "heart", "cheekbones": "high", "chin": "pointed"},
            "eyes": {"color": "hazel", "spacing": "wide"},
            "lips": {"fullness": "full", "shape": "defined bow"},
            "skin": {"tone": "olive", "undertone": "warm"},
            "hair": {"color": "dark brown", "texture": "wavy", "length": "long"},
            "body": {"build": "slender"},
        },
        29,
        "woman",
    ),
    (
        {
            "face": {"shape": "oblong", "forehead": "high"},
            "eyes": {"shape": "downturned", "color": "blue", "spacing": "close"},
            "eyebrows": {"shape": "rounded", "thickness": "thin"},
            "nose": {"bridge": "aquiline", "width": "narrow", "tip": "pointed"},
            "lips": {"fullness": "thin"},
            "skin": {"tone": "porcelain", "undertone": "cool"},
            "hair": {"color": "white", "length": "chin", "style": "bob with a fringe"},
            "body": {"build": "slim"},
        },
        74,
        "woman",
    ),
    (
        {
            "eyes": {"shape": "monolid", "color": "dark brown"},
            "nose": {"bridge": "low", "tip": "soft"},
            "skin": {"tone": "medium"},
            "hair": {"color": "black", "texture": "curly", "length": "shoulder"},
        },
        22,
        "nonbinary",
    ),
)
"""Changes to `DNA`, age and gender of four further people."""


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a deep copy with the changes laid over it."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        result[key] = changed(result[key], value) if isinstance(value, dict) and key in result else value
    return result


def subject(dna: dict[str, Any] | None = None, age: int = 34, gender: str = "woman", **position: Any) -> dict[str, Any]:
    """Return a subject; `position` changes the anchor's position."""
    return {
        "dna": changed(DNA, dna or {}),
        "surface": {"name": "Ana", "age": age, "gender": gender, "ethnicity": "unsaid"},
        "position": {**ANCHOR, **position},
        "clothing": {"garment": "tee", "pattern": "plain", "palette": ["#6b7f99", "#e9edf2", "#8f6f4e"]},
        "scene": {"text": "neutral light background", "colors": ["#e9e6e1", "#cfc9c1"]},
    }


def draw_request(who: dict[str, Any], reference: bytes | None = None, **fields: Any) -> Request:
    """Return a request to draw; `fields` changes its fields."""
    whole = {"prompt": "a portrait", "subject": who, "width": 288, "height": 384, "seed": 7, "attempt": 0, **fields}
    inputs = {"reference": Blob(reference, "image/png")} if reference is not None else {}
    return Request("draw", "embedded", whole, inputs)


def film_request(who: dict[str, Any], reference: bytes | None = None, **fields: Any) -> Request:
    """Return a request to film a second of a turn and a smile."""
    moving = {key: value for key, value in who.items() if key != "position"}
    moving["motion"] = {
        "seconds": 1,
        "distance": "headshot",
        "keys": [
            {"at": 0.0, "yaw": -8, "pitch": 0, "expression": "neutral"},
            {"at": 1.0, "yaw": 6, "pitch": 2, "expression": "smile"},
        ],
    }
    whole = {"prompt": "a clip", "subject": moving, "width": 144, "height": 256, "fps": 12, "seconds": 1, "seed": 7}
    inputs = {"reference": Blob(reference, "image/png")} if reference is not None else {}
    return Request("film", "embedded", {**whole, "attempt": 0, **fields}, inputs)


def pixels(png: bytes) -> NDArray[np.float32]:
    """Return a picture's pixels, RGB."""
    read = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(read, np.float32)[..., ::-1]
