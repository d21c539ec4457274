"""The adapters under contract: one case each, or more where an adapter has more than one way."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from personaforge.testing import files
from personaforge.testing.contract import CANARY, REFERENCE, Case
from personaforge.testing.server import Becomes, Call, Says
from tests.server import elevenlabs, fal, gemini, kling, minimax, openai, openai_speech, replicate, runware, runway, veo

_SPOKEN = {"text": "Hi, I'm Nova. Onwards, always.", "voice": "nova", "format": "wav", "seed": 7}
_DRAWN = {"prompt": "Nova on her balcony", "width": 832, "height": 1216, "seed": 7}


def _fal_image(call: Call) -> None:
    assert call.path == "/fal-ai/flux-lora"
    assert call.headers["authorization"] == f"Key {CANARY}"
    assert call.headers["x-fal-no-retry"] == "1"
    body = call.json
    assert body["loras"] == [{"path": "https://example.org/nova.safetensors", "scale": 0.9}]
    assert body["image_urls"] == ["data:image/png;base64," + base64.b64encode(REFERENCE).decode()]
    expected = {"prompt": "Nova on her balcony", "seed": 7, "num_images": 1}
    assert {name: body[name] for name in expected} == expected
    assert body["image_size"] == {"width": 832, "height": 1216}


def _fal_video(call: Call) -> None:
    assert call.path == "/fal-ai/kling-video/image-to-video"
    body = call.json
    assert body["duration"] == "5" and body["aspect_ratio"] == "9:16"
    assert base64.b64decode(body["image_url"].partition(",")[2]) == REFERENCE


def _openai_edit(call: Call) -> None:
    assert call.path == "/v1/images/edits"
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    assert call.form["image[]"] == [("reference-1.png", REFERENCE)]
    fields = {name: parts[0][1].decode() for name, parts in call.form.items() if name != "image[]"}
    assert fields == {
        "model": "gpt-image-2",
        "prompt": "Nova on her balcony",
        "size": "1024x1536",
        "quality": "high",
        "n": "1",
    }


def _openai_generation(call: Call) -> None:
    assert call.path == "/v1/images/generations"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body)["size"] == "1024x1536"


def _runway(call: Call) -> dict[str, object]:
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    assert call.headers["x-runway-version"] == "2024-11-06"
    body: dict[str, object] = call.json
    assert body["seed"] == 7 and "ratios" not in body
    return body


def _runway_image(call: Call) -> None:
    assert call.path == "/v1/text_to_image"
    body = _runway(call)
    assert body["model"] == "gen4_image" and body["promptText"] == "Nova on her balcony"
    assert body["ratio"] == "960:1440"
    uri = "data:image/png;base64," + base64.b64encode(REFERENCE).decode()
    assert body["referenceImages"] == [{"uri": uri, "tag": "reference1"}]


def _runway_video(call: Call) -> None:
    assert call.path == "/v1/image_to_video"
    body = _runway(call)
    assert body["ratio"] == "720:1280" and body["duration"] == 5
    assert body["promptImage"] == "data:image/png;base64," + base64.b64encode(REFERENCE).decode()


def _runway_words(call: Call) -> None:
    assert call.path == "/v1/text_to_video"
    body = _runway(call)
    assert "promptImage" not in body and body["ratio"] == "720:1280"


def _kling(call: Call) -> None:
    assert call.path == "/v1/videos/image2video"
    assert CANARY not in str(call.headers), "the secret signs, and stays"
    body = dict(call.json)
    assert base64.b64decode(body.pop("image"), validate=True) == REFERENCE
    assert len(body.pop("external_task_id")) == 36
    assert body == {"model_name": "kling-v2-5-turbo", "prompt": "She smiles", "duration": "5", "mode": "pro"}


def _veo(call: Call) -> None:
    assert call.path == "/v1beta/models/veo-3.1-generate-001:predictLongRunning"
    assert call.headers["x-goog-api-key"] == CANARY and CANARY not in str(call.query)
    picture = {"bytesBase64Encoded": base64.b64encode(REFERENCE).decode(), "mimeType": "image/png"}
    assert call.json == {
        "instances": [{"prompt": "She smiles", "image": picture}],
        "parameters": {"aspectRatio": "9:16", "durationSeconds": 4, "resolution": "720p"},
    }


_FILMED = {"prompt": "She smiles", "width": 432, "height": 768, "aspect": "9:16", "seconds": 5, "seed": 7}
_RUNWAY_EMPTY = Says(400, {"error": "You do not have enough credits to run this task."})


def _openai_speech(call: Call) -> None:
    assert call.path == "/v1/audio/speech"
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    assert call.json == {
        "model": "gpt-4o-mini-tts",
        "input": "Hi, I'm Nova. Onwards, always.",
        "voice": "nova",
        "response_format": "wav",
        "instructions": "Warmly.",
    }


def _elevenlabs(call: Call) -> None:
    assert call.path == "/v1/text-to-speech/nova"
    assert call.query == {"output_format": ["wav_44100"]}
    assert call.headers["xi-api-key"] == CANARY
    assert call.json == {
        "text": "Hi, I'm Nova. Onwards, always.",
        "model_id": "eleven_multilingual_v2",
        "seed": 7,
        "voice_settings": {"stability": 0.4},
    }


def _minimax(call: Call) -> None:
    assert call.path == "/v1/t2a_v2"
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    assert call.json == {
        "model": "speech-2.8-hd",
        "text": "Hi, I'm Nova. Onwards, always.",
        "stream": False,
        "output_format": "hex",
        "voice_setting": {"speed": 1.1, "voice_id": "nova"},
        "audio_setting": {"sample_rate": 44100, "format": "wav"},
    }


def _gemini(call: Call, *before: object) -> None:
    assert call.path == "/v1beta/models/gemini-house-image:generateContent"
    assert call.headers["x-goog-api-key"] == CANARY and CANARY not in str(call.query)
    (turn,) = call.json["contents"]
    assert turn["parts"] == [*before, {"text": "Nova on her balcony"}]
    config = call.json["generationConfig"]
    assert [modality.upper() for modality in config["responseModalities"]] == ["IMAGE", "TEXT"]
    assert config["seed"] == 7


def _gemini_reference(call: Call) -> None:
    inline = {"mime_type": "image/png", "data": base64.b64encode(REFERENCE).decode()}
    _gemini(call, {"text": "Reference picture 1:"}, {"inline_data": inline})
    assert call.json["generationConfig"]["imageConfig"] == {"aspectRatio": "2:3", "imageSize": "2K"}


_URI = "data:image/png;base64," + base64.b64encode(REFERENCE).decode()


def _runware(call: Call) -> dict[str, Any]:
    assert call.path == "/v1" and call.headers["authorization"] == f"Bearer {CANARY}"
    (task,) = call.json
    assert uuid.UUID(task["taskUUID"]).version == 4
    expected = {
        "taskType": "imageInference",
        "deliveryMethod": "async",
        "outputType": "URL",
        "includeCost": True,
        "numberResults": 1,
        "positivePrompt": "Nova on her balcony",
        "width": 832,
        "height": 1216,
        "seed": 7,
    }
    assert {name: task[name] for name in expected} == expected
    assert "reference_field" not in task and "reference_with" not in task
    found: dict[str, Any] = task
    return found


def _runware_pulid(call: Call) -> None:
    task = _runware(call)
    assert task["model"] == "runware:101@1" and task["steps"] == 28
    assert task["puLID"] == {"idWeight": 1.2, "inputImages": [_URI]}


def _runware_adapters(call: Call) -> None:
    assert _runware(call)["ipAdapters"] == [{"model": "runware:55@1", "weight": 0.8, "guideImage": _URI}]


def _replicate_official(call: Call) -> None:
    assert call.path == "/v1/models/black-forest-labs/flux-kontext-pro/predictions"
    assert call.headers["authorization"] == f"Bearer {CANARY}"
    asked = {"prompt": "Nova on her balcony", "seed": 7, "aspect_ratio": "2:3"}
    assert call.json == {"input": {**asked, "output_format": "png", "input_image": _URI}}


def _replicate_version(call: Call) -> None:
    assert call.path == "/v1/predictions"
    asked = {"prompt": "She smiles", "seed": 7, "aspect_ratio": "9:16", "duration": 5}
    assert call.json == {"version": "me/nova:" + "ab" * 32, "input": {**asked, "image": _URI}}


CASES = [
    Case(
        "fal",
        "image",
        "fal-ai/flux-lora",
        {**_DRAWN, "options": {"loras": [{"path": "https://example.org/nova.safetensors", "scale": 0.9}]}},
        [*files.ROUTES, *fal.ROUTES],
        "fal.submit",
        _fal_image,
        "FORGE_FAL_URL",
        "FAL_KEY",
        price=0.035,
        usd=0.035,
        poll="fal.status",
        blocked=("fal.result", Becomes("blocked")),
        failed=("fal.status", Becomes("failed")),
        in_200=("fal.result", Becomes("error in 200")),
        no_credit=Says(403, {"detail": "User is locked. Reason: Exhausted balance. Top up your balance."}),
    ),
    Case(
        "fal",
        "video",
        "fal-ai/kling-video/image-to-video",
        _FILMED,
        [*files.ROUTES, *fal.ROUTES],
        "fal.submit",
        _fal_video,
        "FORGE_FAL_URL",
        "FAL_KEY",
        price={"second": 0.07},
        usd=0.35,
        poll="fal.status",
        blocked=("fal.result", Becomes("blocked")),
        failed=("fal.status", Becomes("failed")),
        in_200=("fal.result", Becomes("error in 200")),
        no_credit=Says(402, {"detail": "Payment required"}),
    ),
    Case(
        "openai",
        "image",
        "gpt-image-2",
        {**_DRAWN, "options": {"quality": "high"}},
        openai.ROUTES,
        "openai.submit",
        _openai_edit,
        "FORGE_OPENAI_URL",
        "OPENAI_API_KEY",
        price={"input": 5, "image_input": 10, "output": 40, "estimate": 0.25},
        usd=(100 * 5 + 500 * 10 + 4000 * 40) / 1_000_000,
        file="",
        blocked=("openai.submit", Becomes("blocked")),
        in_200=("openai.submit", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "openai",
        "image",
        "gpt-image-2",
        _DRAWN,
        openai.ROUTES,
        "openai.submit",
        _openai_generation,
        "FORGE_OPENAI_URL",
        "OPENAI_API_KEY",
        price={"image": {"1024x1536": 0.2, "default": 0.06}},
        usd=0.06,
        references=False,
        file="",
        blocked=("openai.submit", Becomes("blocked")),
        in_200=("openai.submit", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "runway",
        "image",
        "gen4_image",
        {**_DRAWN, "options": {"ratios": ["1024:1024", "960:1440", "1920:1080"]}},
        [*files.ROUTES, *runway.ROUTES],
        "runway.submit",
        _runway_image,
        "FORGE_RUNWAY_URL",
        "RUNWAYML_API_SECRET",
        price=0.08,
        usd=0.08,
        poll="runway.task",
        blocked=("runway.task", Becomes("blocked")),
        failed=("runway.task", Becomes("failed")),
        in_200=("runway.task", Becomes("error in 200")),
        no_credit=_RUNWAY_EMPTY,
    ),
    Case(
        "runway",
        "video",
        "gen4_turbo",
        _FILMED,
        [*files.ROUTES, *runway.ROUTES],
        "runway.submit",
        _runway_video,
        "FORGE_RUNWAY_URL",
        "RUNWAYML_API_SECRET",
        price={"second": 0.05},
        usd=0.25,
        poll="runway.task",
        blocked=("runway.task", Becomes("blocked input")),
        failed=("runway.task", Becomes("failed")),
        in_200=("runway.task", Becomes("error in 200")),
        no_credit=_RUNWAY_EMPTY,
    ),
    Case(
        "runway",
        "video",
        "gen4.5",
        _FILMED,
        [*files.ROUTES, *runway.ROUTES],
        "runway.submit",
        _runway_words,
        "FORGE_RUNWAY_URL",
        "RUNWAYML_API_SECRET",
        price={"second": 0.05},
        usd=0.25,
        references=False,
        poll="runway.task",
        blocked=("runway.task", Becomes("blocked")),
        failed=("runway.task", Becomes("failed")),
        in_200=("runway.task", Becomes("error in 200")),
        no_credit=_RUNWAY_EMPTY,
    ),
    Case(
        "openai",
        "speech",
        "gpt-4o-mini-tts",
        {**_SPOKEN, "options": {"instructions": "Warmly."}},
        openai_speech.ROUTES,
        "openai.speech",
        _openai_speech,
        "FORGE_OPENAI_URL",
        "OPENAI_API_KEY",
        price=0.00002,
        usd=30 * 0.00002,
        references=False,
        file="",
        blocked=("openai.speech", Becomes("blocked")),
        in_200=("openai.speech", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "elevenlabs",
        "speech",
        "eleven_multilingual_v2",
        {**_SPOKEN, "options": {"voice_settings": {"stability": 0.4}}},
        elevenlabs.ROUTES,
        "elevenlabs.speech",
        _elevenlabs,
        "FORGE_ELEVENLABS_URL",
        "ELEVENLABS_API_KEY",
        price=0.0003,
        usd=elevenlabs.CREDITS * 0.0003,
        references=False,
        file="",
        in_200=("elevenlabs.speech", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "minimax",
        "speech",
        "speech-2.8-hd",
        {**_SPOKEN, "options": {"voice_setting": {"speed": 1.1}, "audio_setting": {"sample_rate": 44100}}},
        minimax.ROUTES,
        "minimax.speech",
        _minimax,
        "FORGE_MINIMAX_URL",
        "MINIMAX_API_KEY",
        price={"character": 0.0001, "call": 0.01},
        usd=minimax.CHARACTERS * 0.0001 + 0.01,
        references=False,
        file="",
        blocked=("minimax.speech", Becomes("1026")),
        failed=("minimax.speech", Becomes("1001")),
        in_200=("minimax.speech", Becomes("error in 200")),
        no_credit=Becomes("1008"),
    ),
    Case(
        "kling",
        "video",
        "kling-v2-5-turbo",
        {**_FILMED, "options": {"mode": "pro"}},
        [*files.ROUTES, *kling.ROUTES],
        "kling.submit",
        _kling,
        "FORGE_KLING_URL",
        "KLING_SECRET_KEY",
        besides={"KLING_ACCESS_KEY": kling.ACCESS},
        price={"second": 0.07},
        usd=0.35,
        poll="kling.look",
        blocked=("kling.submit", Becomes("blocked")),
        failed=("kling.look", Becomes("failed")),
        in_200=("kling.submit", Becomes("error in 200")),
        no_credit=Says(429, {"code": 1102, "message": "Resource pack exhausted", "request_id": "r-1"}),
    ),
    Case(
        "gemini",
        "image",
        "gemini-house-image",
        {**_DRAWN, "options": {"imageSize": "2K"}},
        gemini.ROUTES,
        "gemini.submit",
        _gemini_reference,
        "FORGE_GEMINI_URL",
        "GEMINI_API_KEY",
        price={"input": 0.5, "image_input": 1, "output": 60, "estimate": 0.09},
        usd=(40 * 0.5 + 258 * 1 + 1290 * 60) / 1_000_000,
        file="",
        blocked=("gemini.submit", Becomes("blocked")),
        in_200=("gemini.submit", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "gemini",
        "image",
        "gemini-house-image",
        _DRAWN,
        gemini.ROUTES,
        "gemini.submit",
        _gemini,
        "FORGE_GEMINI_URL",
        "GEMINI_API_KEY",
        price={"image": 0.05},
        usd=0.05,
        references=False,
        file="",
        blocked=("gemini.submit", Becomes("prompt blocked")),
        in_200=("gemini.submit", Becomes("error in 200")),
        no_credit=Becomes("empty account"),
    ),
    Case(
        "veo",
        "video",
        "veo-3.1-generate-001",
        {**_FILMED, "seconds": 4, "options": {"resolution": "720p"}},
        [*files.ROUTES, *veo.ROUTES],
        "veo.submit",
        _veo,
        "FORGE_VEO_URL",
        "GEMINI_API_KEY",
        price={"second": {"720p": 0.4}},
        usd=1.6,
        poll="veo.look",
        file="veo.file",
        keyed_file=True,
        blocked=("veo.look", Becomes("filtered")),
        failed=("veo.look", Becomes("failed")),
        in_200=("veo.look", Becomes("error in 200")),
        no_credit=Says(429, {"error": {"message": "You exceeded your current quota, check your plan and billing"}}),
    ),
    *(
        Case(
            "runware",
            "image",
            model,
            {**_DRAWN, "options": options},
            [*files.ROUTES, *runware.ROUTES],
            "runware.submit",
            wire,
            "FORGE_RUNWARE_URL",
            "RUNWARE_API_KEY",
            price=0.01,
            usd=runware.COST,
            poll="runware.response",
            blocked=blocked,
            failed=("runware.response", Becomes("failed")),
            in_200=("runware.submit", Becomes("error in 200")),
            no_credit=Says(400, {"errors": [{"code": "insufficientCredits", "message": "Insufficient credits."}]}),
        )
        for model, options, wire, blocked in (
            (
                "runware:101@1",
                {"reference_field": "puLID", "reference_with": {"idWeight": 1.2}, "steps": 28},
                _runware_pulid,
                ("runware.response", Becomes("blocked")),
            ),
            (
                "civitai:101055@128078",
                {"reference_field": "ipAdapters", "reference_with": {"model": "runware:55@1", "weight": 0.8}},
                _runware_adapters,
                ("runware.submit", Becomes("moderated")),
            ),
        )
    ),
    *(
        Case(
            "replicate",
            modality,
            model,
            fields,
            [*files.ROUTES, *replicate.ROUTES],
            "replicate.submit",
            wire,
            "FORGE_REPLICATE_URL",
            "REPLICATE_API_TOKEN",
            price=price,
            usd=usd,
            poll="replicate.look",
            blocked=("replicate.look", Becomes("blocked")),
            failed=("replicate.look", Becomes("failed")),
            in_200=("replicate.look", Becomes("error in 200")),
            no_credit=Says(402, {"title": "Insufficient credit", "detail": "You have insufficient credit"}),
        )
        for modality, model, fields, wire, price, usd in (
            (
                "image",
                "black-forest-labs/flux-kontext-pro",
                {**_DRAWN, "options": {"reference_field": "input_image", "output_format": "png"}},
                _replicate_official,
                0.04,
                0.04,
            ),
            (
                "video",
                "me/nova:" + "ab" * 32,
                {"prompt": "She smiles", "width": 432, "height": 768, "aspect": "9:16", "seconds": 5, "seed": 7},
                _replicate_version,
                {"second": 0.04},
                0.2,
            ),
        )
    ),
]
