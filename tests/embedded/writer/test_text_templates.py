"""The prompt templates: they render with little and with all, and say what they must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from personaforge.embedded.writer.bounds import bounds
from personaforge.errors import SpecError
from personaforge.steps.staging import staged
from personaforge.templating import Templates

from .text_cases import FASHION, FOUR_LAYER, ROOT, conf, persona, schema

TEMPLATES = Templates([ROOT / "templates"])
GOLDEN = Path(__file__).parent / "golden"
MATRIX = conf("matrix/heia_20.yaml")
MOTION = conf("motion/types.yaml")

PROFILE: dict[str, Any] = {
    "surface": {
        "name": "Sofía Reyes",
        "age": 26,
        "gender": "woman",
        "ethnicity": "Colombian",
        "occupation": "fashion designer",
        "location": {"city": "Medellín", "country": "Colombia"},
        "languages": ["Spanish"],
    },
    "dna": {
        "face": {
            "shape": "oval",
            "forehead": "medium",
            "cheekbones": "high",
            "jawline": "defined",
            "chin": "rounded",
            "facial_hair": "none",
        },
        "eyes": {"shape": "almond", "color": "dark brown", "spacing": "wide"},
        "eyebrows": {"shape": "soft arch", "thickness": "full"},
        "nose": {"bridge": "straight", "width": "medium", "tip": "rounded"},
        "lips": {"fullness": "full", "shape": "defined bow"},
        "skin": {"tone": "tan", "undertone": "warm", "marks": ["small mole above the left eyebrow"]},
        "hair": {"color": "dark brown", "texture": "wavy", "length": "long", "style": "waves over one shoulder"},
        "body": {
            "height_cm": 163,
            "build": "slender",
            "shoulders": "narrow",
            "waist_hip_ratio": 0.72,
            "posture": "upright",
        },
        "voice": {"pitch": "medium", "timbre": "warm", "pace": "brisk", "accent": "sing-song Medellín Spanish"},
    },
}
PLACES = conf("matrix/parts/places.yaml")["places"]
WARDROBE = {"context": "classic_minimalist", **FASHION["contexts"]["classic_minimalist"]}


def heia(
    position: str = "01", profile: dict[str, Any] = PROFILE, attempt: int = 0, reference: bool = False, **scene: str
) -> str:
    place = MATRIX["positions"].get(position) or MATRIX["utility"][position]
    variables = {
        "profile": profile,
        "position": place,
        "wardrobe": WARDROBE,
        "scene": scene or {"name": place["scene"], "text": MATRIX["scenes"][place["scene"]]["text"]},
        "staging": staged(MATRIX["scenes"].get(place["scene"], {}), PLACES, profile, "nova"),
        "attempt": attempt,
        "reference": reference,
    }
    return TEMPLATES.render("image/heia.j2", variables).text


def text(section: str, **more: Any) -> str:
    variables = {
        "brief": "",
        "persona_id": "sofia-reyes",
        "section": section,
        "pinned": {},
        "pins": {},
        "sections": {},
        "schema": schema(section) if section in FOUR_LAYER else {},
        "findings": [],
        "problems": [],
        "fashion": FASHION,
    }
    return TEMPLATES.render(f"text/{section}.j2", variables | more).text


def test_every_template_parses_and_names_what_it_includes() -> None:
    names = TEMPLATES.names()
    assert {f"text/{section}.j2" for section in (*FOUR_LAYER, "system")} <= set(names)
    for name in names:
        TEMPLATES.closure(name)


@pytest.mark.parametrize("section", [*FOUR_LAYER, "section"])
def test_a_section_renders_with_nothing_and_with_everything(section: str) -> None:
    bare = text(section)
    assert '{"type": "object"' in bare or section == "section"
    assert "<pinned>" not in bare and "second reader" not in bare and "refused" not in bare
    whole = persona("warm Kenyan nurse", seed=3)
    pinned = {"name": "Siobhán O'Neil & Söhne <3"}
    findings = [{"section": section, "problem": "It is “thin”.", "advice": "Say more."}]
    full = text(
        section, brief="it's 5 < 6", sections=whole, pinned=pinned, findings=findings, problems=["age: not an integer"]
    )
    assert '<pinned>{"name": "Siobhán O\'Neil & Söhne <3"}</pinned>' in full
    assert "it's 5 < 6" in full
    assert "It is “thin”. Say more." in full
    assert "- age: not an integer" in full
    assert "<soul>" in full and "<audit>" not in full
    assert "\n\n\n" not in full


@pytest.mark.parametrize("section", FOUR_LAYER)
def test_prompts_are_short(section: str) -> None:
    assert len(text(section)) - len(str(schema(section))) < 2600


def test_the_system_prompt_needs_no_variables_and_asks_for_json() -> None:
    assert "one JSON object" in TEMPLATES.render("text/system.j2", {}).text


def test_the_self_prompt_states_the_bounds_that_are_checked() -> None:
    prompt = text("self", sections={"soul": persona("shy", order=("soul",))["soul"]})
    for target, side in (
        ("extraversion", "most"),
        ("agreeableness", "least"),
        ("agreeableness", "most"),
        ("conscientiousness", "least"),
    ):
        bound = next(
            bound
            for bound in bounds()
            if bound.target == f"self.big_five.{target}"
            and bound.side == side
            and all(path.startswith("soul.") for path in bound.weights)
        )
        (path, weight), *_ = bound.weights.items()
        stated = f"at {side} {bound.base:g} {'-' if weight < 0 else '+'} {abs(weight):g} x {path.rpartition('.')[2]}"
        assert stated in prompt, stated
    assert "extraversion at most" not in text("self")


def test_the_anchor_prompt_is_the_golden_one() -> None:
    assert heia() == (GOLDEN / "heia_anchor.txt").read_text("utf-8")


def test_a_late_attempt_with_a_reference_is_the_golden_one() -> None:
    lifestyle = {
        "interests": {"creative": ["linocut prints"], "active": ["rowing"]},
        "vacation_style": {"kind": "beach", "description": "Ten days by the sea."},
    }
    profile = {**PROFILE, "lifestyle": lifestyle}
    assert heia("20", profile, attempt=3, reference=True) == (GOLDEN / "heia_holiday_attempt_3.txt").read_text("utf-8")


@pytest.mark.parametrize("position", [*MATRIX["positions"], *MATRIX["utility"]])
@pytest.mark.parametrize("whole", [False, True])
def test_every_position_renders_seven_blocks(position: str, whole: bool) -> None:
    profile = persona("tall bearded Swedish park ranger", seed=1) if whole else PROFILE
    for attempt, reference in ((0, False), (1, True), (2, False), (3, True), (7, False)):
        prompt = heia(position, profile, attempt, reference)
        blocks = re.findall(r"^\[([A-Z]+)\] \S", prompt, re.MULTILINE)
        assert blocks == ["IDENTITY", "FACE", "BODY", "POSE", "CLOTHING", "SCENE", "CONSTRAINTS"]
        assert "  " not in prompt and " ," not in prompt and " ." not in prompt and ".." not in prompt
        assert len(prompt) < 3000


@pytest.mark.parametrize(
    ("cm", "feet"),
    [(163, "5'4\""), (152, "5'0\""), (183, "6'0\""), (180, "5'11\""), (140, "4'7\""), (210, "6'11\""), (182, "6'0\"")],
)
def test_heights_in_feet_and_inches(cm: int, feet: str) -> None:
    body = {**PROFILE["dna"]["body"], "height_cm": cm}
    assert f"{feet} ({cm}cm)" in heia(profile={**PROFILE, "dna": {**PROFILE["dna"], "body": body}})


def test_the_patch_grows_with_the_attempt() -> None:
    prompts = [heia("07", attempt=attempt, reference=True) for attempt in range(4)]
    lengths = [len(prompt) for prompt in prompts]
    assert lengths == sorted(lengths) and len(set(lengths)) == 4
    assert all(later.startswith(prompts[0].rstrip()) for later in prompts[1:])
    assert [prompt.lower().count("identity") for prompt in prompts] == [1, 2, 2, 2]
    assert "IDENTITY FIRST" in prompts[2] and "IDENTITY ABOVE ALL ELSE" in prompts[3]
    assert heia("07", attempt=9) == heia("07", attempt=3)


def test_a_reference_is_only_spoken_of_when_there_is_one() -> None:
    for attempt in range(4):
        assert "reference" not in heia(attempt=attempt)
        assert "exactly the face of the reference image" in heia(attempt=attempt, reference=True)


@pytest.mark.parametrize(
    ("gender", "only"), [("woman", "ONE WOMAN ONLY"), ("man", "ONE MAN ONLY"), ("nonbinary", "ONE PERSON ONLY")]
)
def test_constraints_name_one_subject(gender: str, only: str) -> None:
    prompt = heia(profile={**PROFILE, "surface": {**PROFILE["surface"], "gender": gender}})
    assert only in prompt
    for must in ("2 arms", "2 legs", "10 fingers", "no other people", "No text", "skin"):
        assert must in prompt
    assert ("nonbinary person" in prompt) == (gender == "nonbinary")


def test_peoples_with_roots_read_well() -> None:
    prompt = heia(profile={**PROFILE, "surface": {**PROFILE["surface"], "ethnicity": "French with Algerian roots"}})
    assert "26-year-old woman, French with Algerian roots, 5'4\"" in prompt


def test_the_frame_decides_what_clothing_is_named() -> None:
    assert "trousers" not in heia("01")
    assert "camel coat" in heia("05")


def test_the_scene_speaks_of_this_person() -> None:
    assert "a tailor's workroom with a dress form (fashion designer)" in heia("17")
    assert "busy, looking up: choosing a cloth at the table, with a sketch book;" in heia("17")
    assert "Medellín" in heia("18")


@pytest.mark.parametrize(
    ("position", "angle"),
    [
        ("01", "frontal"),
        ("03", "face to the viewer's left; three-quarter turn"),
        ("14", "face to the viewer's left; turned almost to profile"),
        ("15", "seen from above"),
        ("16", "seen from below"),
        ("13", "three-quarter view, face to the viewer's right"),
    ],
)
def test_angles_are_said_in_words(position: str, angle: str) -> None:
    assert angle in heia(position)


@pytest.mark.parametrize("name", list(MOTION["types"]))
@pytest.mark.parametrize("whole", [False, True])
def test_clips_render(name: str, whole: bool) -> None:
    motion = MOTION["types"][name]
    profile = persona("warm Kenyan nurse", seed=1) if whole else PROFILE
    variables = {
        "profile": profile,
        "motion": motion,
        "wardrobe": WARDROBE,
        "scene": {"name": motion["scene"], "text": MATRIX["scenes"][motion["scene"]]["text"]},
        "attempt": 2,
        "reference": True,
    }
    prompt = TEMPLATES.render("video/motion.j2", variables).text
    assert motion["description"] in prompt
    assert f"{motion['seconds']}-second clip, {motion['aspect']}" in prompt
    assert "same person in every frame" in prompt and "IDENTITY FIRST" in prompt
    assert "  " not in prompt and " ." not in prompt


def test_a_missing_variable_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(SpecError, match="undefined"):
        TEMPLATES.render("image/heia.j2", {"profile": PROFILE})
    with pytest.raises(SpecError, match="undefined"):
        TEMPLATES.render("text/soul.j2", {"brief": ""})
