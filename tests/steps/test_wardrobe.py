"""What positions wear and show follows scene, climate, season, work and exclusions, in prompts and drawings alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.plan.graph import lay_out
from personaforge.plan.plan import PlanRequest
from personaforge.plan.rehearsal import rehearse
from personaforge.steps.staging import staged, worn_in
from personaforge.testing import write_project
from personaforge.workspace.workspace import BuildOptions, Workspace

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = yaml.safe_load((ROOT / "conf/fashion/contexts.yaml").read_text())["contexts"]
POSITIONS = yaml.safe_load((ROOT / "conf/matrix/heia_20.yaml").read_text())["positions"]
PLACES = yaml.safe_load((ROOT / "conf/matrix/parts/places.yaml").read_text())["places"]
WORN = yaml.safe_load((ROOT / "conf/fashion/parts/worn.yaml").read_text())
Requests = Mapping[str, Mapping[str, Any]]


def persona(
    name: str, work: str, country: str, likes: str, interest: str, holiday: str, *, gender: str = "woman", **more: Any
) -> str:
    """A persona that is pinned where it decides what is worn; `likes` is its best liked context."""
    pinned = {
        "intent": {"constraints": more.pop("constraints", [])},
        "surface": {"occupation": work, "gender": gender, "location": {"city": "Somewhere", "country": country}},
        "lifestyle": {
            "interests": dict.fromkeys(("creative", "active", "culinary", "intellectual", "social"), [interest] * 2),
            "fashion_sense": {one: 1.0 if one == likes else 0.5 for one in CONTEXTS},
            "vacation_style": {"kind": holiday, "description": "a week away from everything"},
        },
        "dna": {"skin": {"marks": more.pop("marks", [])}, "hair": {"style": "worn open"}},
    }
    body = {"id": name, "brief": "A calm gardener who talks to her roses.", "pinned": pinned, **more}
    return yaml.safe_dump(body, sort_keys=False)


PERSONAS = {
    "ida": persona("ida", "literature professor", "Iceland", "dark_academia", "old city maps", "beach", constraints=[]),
    "cook": persona("cook", "restaurant chef", "Colombia", "classic_minimalist", "salsa dancing", "city"),
    "founder": persona("founder", "startup founder", "Spain", "coastal_casual", "baking bread", "mountain"),
    "reader": persona(
        "reader", "archivist", "France", "dark_academia", "chess puzzles", "culture", marks=["round spectacles"]
    ),
    "strict": persona(
        "strict", "software engineer", "Germany", "streetwear_chic", "pottery wheel classes", "city",
        constraints=["never streetwear", "no leather, no satchels"],
        fashion={"never": ["navy"], "wears": ["red scarf"]},
    ),
    "roll": persona(
        "roll", "baker", "United Kingdom", "coastal_casual", "walking the dog", "city",
        constraints=["uses a wheelchair"],
    ),
    "glam": persona("glam", "restaurant chef", "Spain", "festival_glam", "baking bread", "city"),
    "winter": persona(
        "winter", "postman", "Poland", "business_casual", "quilting", "countryside", gender="man",
        matrix={"positions": {"18": {"season": "winter"}}, "banner_variants": ["lifestyle", "work"]},
        identity={"references": {"slots": ["silhouette"]}},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Requests]]:
    """The requests for pictures of each persona, by node, as a provider would get them that reads prompts."""
    root = write_project(tmp_path_factory.mktemp("wardrobe"), PERSONAS)
    found: dict[str, Requests] = {}
    with Workspace.open((), str(root)) as space:
        for loaded in space.load([]):
            done = rehearse(loaded.settings, lay_out(loaded.settings), space.templates)
            assert not done.problems
            found[loaded.settings.id] = {
                one.node: one.action.request for one in done.requests if one.action.kind in ("draw", "film")
            }
    yield found


def block(request: Mapping[str, Any], name: str) -> str:
    found = re.search(rf"\[{name}\] (.*)", request["prompt"])
    assert found is not None, request["prompt"]
    return found[1]


def clothes(request: Mapping[str, Any]) -> str:
    return block(request, "CLOTHING")


def test_the_best_liked_context_is_worn_where_it_suits_and_not_on_the_beach(asked: dict[str, Requests]) -> None:
    ida = asked["ida"]
    assert clothes(ida["image/02"]).startswith("tweed blazer")
    assert clothes(ida["image/18"]).startswith("tweed blazer"), "in the city, too"
    assert clothes(ida["image/17"]).startswith("crisp white"), "the second best liked at work, as the position asks"
    on_the_beach = clothes(ida["image/20"])
    assert not re.search("tweed|turtleneck|satchel|coat|boots", on_the_beach), on_the_beach
    assert "a wide sandy beach" in block(ida["image/20"], "SCENE")
    assert ida["image/20"]["subject"]["scene"]["name"] == "beach", "the painter draws one, too"
    assert ida["image/20"]["subject"]["clothing"]["garments"][0] in on_the_beach


def test_work_has_its_place_clothes_action_and_thing(asked: dict[str, Requests]) -> None:
    cook, founder = asked["cook"]["image/17"], asked["founder"]["image/17"]
    assert "a professional kitchen at service (restaurant chef)" in block(cook, "SCENE")
    assert "finishing a plate at the pass, with a spoon and a plate" in block(cook, "POSE")
    assert clothes(cook).startswith("white double-breasted chef's jacket")
    assert cook["subject"]["scene"]["name"] == "kitchen" and cook["subject"]["position"]["held"] == "bowl"
    assert "an office" in block(founder, "SCENE") and not re.search("linen shirt|straw|shell", clothes(founder))
    assert "finishing" not in block(asked["cook"]["image/11"], "POSE"), "folded arms do nothing"


def test_nobody_in_a_wheelchair_is_asked_to_stand_or_walk(asked: dict[str, Requests]) -> None:
    for node, request in asked["roll"].items():
        about = request["prompt"]
        assert "who uses a wheelchair" in block(request, "IDENTITY"), node
        shown = about.replace("walking the dog", "")  # its own word for the pastime
        assert not re.search("standing|walking|out for a walk|weight on one leg", shown), (node, about)
        assert request["subject"].get("position", request["subject"].get("motion"))["uses"] == "wheelchair", node
    assert "on the move in the wheelchair" in block(asked["roll"]["image/18"], "POSE")
    assert "sitting in the wheelchair, one hand at the hip" in block(asked["roll"]["image/04"], "POSE")
    assert block(asked["roll"]["image/20"], "POSE").count("sitting in the wheelchair") == 1
    assert "wheelchair" not in asked["ida"]["image/18"]["prompt"] and "walking" in asked["ida"]["image/18"]["prompt"]


def test_a_baker_bakes_and_a_street_is_no_beach_and_no_festival(asked: dict[str, Requests]) -> None:
    assert "a bakery with a warm oven (baker)" in block(asked["roll"]["image/17"], "SCENE")
    assert "shaping loaves at the floured table, with a bowl of dough" in block(asked["roll"]["image/17"], "POSE")
    assert not re.search("espadrilles|shell|linen", clothes(asked["roll"]["image/18"]))
    assert not re.search("sequin|glitter", clothes(asked["glam"]["image/18"]))
    assert not re.search("tweed|blazer|satchel|sequin", clothes(asked["glam"]["image/19"])), "at the kitchen table"


def test_a_clip_is_no_photograph(asked: dict[str, Requests]) -> None:
    for one in asked.values():
        for node, request in one.items():
            assert ("A photograph" in request["prompt"]) is not node.startswith("video/"), node


def test_a_pastime_is_the_personas_own(asked: dict[str, Requests]) -> None:
    shown = {name: block(one["image/19"], "SCENE") for name, one in asked.items()}
    interests = {"ida": "old city maps", "cook": "salsa dancing", "founder": "baking bread", "reader": "chess puzzles"}
    assert all(interest in shown[name] for name, interest in interests.items())
    assert "kneading" not in shown["founder"] and "stirring and tasting" in block(asked["founder"]["image/19"], "POSE")
    assert "a hall with a wooden floor" in shown["cook"]
    assert shown["ida"] == "[SCENE] a place tied to a favourite interest: old city maps; daylight."[8:], (
        "unknown: own words"
    )


def test_the_identity_tier_is_bare_and_glasses_and_hats_are_somebodys_own(asked: dict[str, Requests]) -> None:
    identity = [f"image/{slot}" for slot, one in POSITIONS.items() if one["tier"] == "identity" and slot != "01"]
    for name, requests in asked.items():
        for node in ("candidate/1", *identity):
            assert requests[node]["subject"]["clothing"]["accessories"] == [], (name, node)
        worn = {item for one in requests.values() for item in one["subject"]["clothing"]["accessories"]}
        assert not any("hat" in item.split() or "beanie" in item for item in worn), name
        assert any("glasses" in item for item in worn) is (name == "reader"), name
    frames = [one["subject"]["clothing"]["accessories"] for node, one in asked["reader"].items() if node > "image/06"]
    assert all(any("glasses" in item for item in items) for items in frames if items is not None)


def test_pearls_and_bows_are_somebodys_own_and_no_bag_is_worn_indoors(asked: dict[str, Requests]) -> None:
    for requests in asked.values():
        for node, request in requests.items():
            assert not re.search(r"pearl|hair ribbon|hair bow|butterfly clip", request["prompt"]), node
    assert "satchel" not in clothes(asked["ida"]["image/10"]), "at home"
    assert "satchel" in clothes(asked["ida"]["image/18"]), "in the city"


def test_a_street_is_in_the_personas_country_and_a_season_is_drawn(asked: dict[str, Requests]) -> None:
    winter = asked["winter"]["image/18"]["subject"]
    assert winter["scene"]["name"] == "street" and winter["scene"]["country"] == "Poland"
    assert winter["position"]["season"] == "winter"
    assert "season" not in asked["cook"]["image/18"]["subject"]["position"]
    assert "country" not in asked["cook"]["image/17"]["subject"]["scene"], "a kitchen is one anywhere"


def test_what_is_ruled_out_is_never_worn_and_what_is_always_worn_is(asked: dict[str, Requests]) -> None:
    for node, request in asked["strict"].items():
        worn = " ".join((*request["subject"]["clothing"]["garments"], *request["subject"]["clothing"]["accessories"]))
        assert not re.search("leather|satchel|navy|graphic hoodie", worn), (node, worn)
        bare = node.startswith("candidate/") or node in {"image/02", "image/03", "image/04", "image/05"}
        assert ("red scarf" in worn) is not bare, node


def test_clothes_follow_climate_and_season(asked: dict[str, Requests]) -> None:
    assert "coat" not in clothes(asked["cook"]["image/18"]), "the camel coat stays at home in Colombia"
    assert "ivory trousers" in clothes(asked["cook"]["image/18"])
    winter = asked["winter"]["image/18"]
    assert "long dark wool coat" in clothes(winter) and "winter" in block(winter, "SCENE")
    assert "coat" not in clothes(asked["winter"]["image/16"]), "that position has no season"


def test_a_silhouette_is_asked_for_without_a_face(asked: dict[str, Requests]) -> None:
    request = asked["winter"]["reference/silhouette"]
    assert "[FACE]" not in request["prompt"] and "[CLOTHING]" not in request["prompt"]
    assert "a silhouette" in block(request, "POSE") and "pores" not in request["prompt"]
    assert request["subject"]["position"]["form"] == "silhouette"
    assert "form" not in asked["winter"]["image/02"]["subject"]["position"]


def test_banner_variants_are_made_where_they_are_named_alone(asked: dict[str, Requests], tmp_path: Path) -> None:
    made = {name: {node for node in one if node.startswith("banner")} for name, one in asked.items()}
    assert made["winter"] == {"banner", "banners/lifestyle", "banners/work"} and made["ida"] == {"banner"}
    banner, clip = asked["winter"]["banners/lifestyle"], asked["winter"]["video/lifestyle"]
    assert (banner["width"], banner["height"]) == (1280, 432) and "quilting" in block(banner, "SCENE")
    assert "quilting" not in clip["prompt"], "a motion of that name is dressed and staged by itself"
    body = "id: nova\nbrief: A calm gardener.\nmatrix: {banner_variants: [lifestile]}\n"
    with Workspace.open((), str(write_project(tmp_path, {"nova": body}))) as space:
        problems, _ = space.validate([])
    assert [(one.path, one.message, one.hint) for one in problems] == [
        ("matrix.banner_variants", "found 'lifestile', which is no entry of matrix.banners", "did you mean lifestyle?")
    ]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("matrix: {places: {work: {office: {ground: ofice}}}}", "matrix.places.work.office.ground"),
        ("matrix: {places: {work: {office: {dress: scrubz}}}}", "matrix.places.work.office.dress"),
        ("fashion: {suits: {dark_academia: [beech]}}", "fashion.suits.dark_academia"),
    ],
)
def test_a_ground_or_dress_that_is_none_is_refused(tmp_path: Path, written: str, path: str) -> None:
    body = f"id: nova\nbrief: A calm gardener.\n{written}\n"
    with Workspace.open((), str(write_project(tmp_path, {"nova": body}))) as space:
        problems, _ = space.validate([])
    assert [one.path for one in problems] == [path] and "did you mean" in problems[0].hint


def repeated(prompt: str) -> list[str]:
    """Return the sentences, and the clauses between semicolons, that a prompt has more than once."""
    parts = re.split(r"[.;](?:\s+|$)|\n|\[[A-Z]+\]", prompt)
    counted = Counter(part.strip(" .;:").casefold() for part in parts)
    return [part for part, times in counted.items() if part and times > 1]


def test_no_prompt_of_a_packaged_persona_says_a_sentence_twice(tmp_path: Path) -> None:
    assert repeated("A cat. A dog; a cat.\n[POSE] x") == ["a cat"]
    (tmp_path / "drafted" / "personas").mkdir(parents=True)
    for file in (ROOT / "personas").glob("*[!k].yaml"):
        if not file.name.endswith(".lock.yaml"):
            (tmp_path / "drafted/personas" / file.name).write_bytes(file.read_bytes())
    bodies: dict[str, str] = {}
    with Workspace.open((), str(tmp_path / "drafted")) as space:
        space.build(space.plan([], PlanRequest(select=("+matrix",))), BuildOptions(jobs=1))
        for loaded in space.load([]):
            name = loaded.settings.id
            layers = yaml.safe_load((tmp_path / f"drafted/build/{name}/layers/profile.json").read_text())
            layers.pop("audit", None)
            body = {
                "id": name,
                "brief": loaded.settings.value("brief"),
                "pipeline": loaded.settings.value("pipeline.name"),
                "pinned": layers,
                "identity": {"references": {"slots": ["three_quarter", "smile", "silhouette", "natural_light"]}},
                "matrix": {"banner_variants": ["lifestyle", "work", "city", "portrait"]},
            }
            bodies[name] = yaml.safe_dump(body, allow_unicode=True)
    assert sorted(bodies) == ["kenji-watanabe", "sofia-reyes"]
    with Workspace.open((), str(write_project(tmp_path / "pinned", bodies))) as space:
        for loaded in space.load([]):
            found = rehearse(loaded.settings, lay_out(loaded.settings), space.templates)
            asked = [one for one in found.requests if one.action.kind in ("draw", "film")]
            assert len(asked) == 4 + 19 + 4 + 1 + 1 + 4 + 4
            for one in asked:
                prompt = one.action.request["prompt"]
                assert repeated(prompt) == [], one.node
                with_reference = not one.node.startswith("candidate/")
                assert ("[FACE] as in the reference" in prompt) is (with_reference and "silhouette" not in one.node)
            for attempt in (1, 2, 3):
                variables = {"profile": yaml.safe_load(bodies[loaded.settings.id])["pinned"], "attempt": attempt}
                patch = space.templates.render(
                    "image/patch.j2", {**variables, "reference": True, "corrections": ["One thing.", "Another."]}
                ).text
                assert all(repeated(f"{one.action.request['prompt']} {patch}") == [] for one in asked), attempt


def place_of(interest: str) -> dict[str, Any]:
    return staged({"shows": "pastime"}, PLACES, {"lifestyle": {"interests": {"active": [interest]}}}, "ida")


@pytest.mark.parametrize(
    ("interest", "drawn", "held", "said"),
    [
        ("forest foraging", "forest", "basket", "woodland"),
        ("mushroom walks in October", "forest", "basket", "basket of mushrooms"),
        ("sea kayaking", "kayak_shore", "paddle", "kayak"),
        ("canoe weekends", "kayak_shore", "paddle", "paddle"),
        ("sailing dinghies", "harbour", "none", "sailing boats"),
        ("surfing small waves", "surf_beach", "none", "surfboard"),
        ("cross-country skiing", "snow_slope", "stick", "snowy"),
        ("ice skating on lakes", "snow_slope", "none", "frozen lake"),
        ("bouldering after work", "gym", "none", "climbing hall"),
        ("stair climbing for views", "park", "none", "park"),
        ("trail running on the mountain", "mountain_path", "stick", "trail"),
        ("horse trekking", "countryside", "none", "riding helmet"),
        ("amateur astronomy", "countryside", "none", "telescope"),
        ("lake-side running", "park", "none", "after a run"),
        ("loose-leaf tea tastings", "home_kitchen", "cup", "pot and cups"),
        ("choro jam sessions", "music_room", "board", "instruments"),
        ("backgammon in tea gardens", "games_table", "none", "game"),
        ("ocean-pool laps", "pool", "none", "swimming hall"),
    ],
)
def test_a_pastime_is_shown_where_it_is_done_and_with_what_it_needs(
    interest: str, drawn: str, held: str, said: str
) -> None:
    found = place_of(interest)
    assert (found["drawn"], found.get("held", "")) == (drawn, held)
    assert said in f"{found['text']}; {found['action']}; {found['prop']}"


def test_who_is_about_to_paddle_wears_a_life_jacket_however_hot_it_is() -> None:
    clothes = WORN["dress"][place_of("sea kayaking")["dress"]]
    jacket = next(one for one in clothes["garments"] if "life jacket" in one)
    assert not worn_in([*WORN["rules"]["layers"], *WORN["rules"]["warm"]], jacket)


def test_a_holiday_in_the_sun_is_without_leather_and_tweed() -> None:
    for name in ("city", "culture", "countryside", "wellness"):
        ground = PLACES["holiday"][name]["ground"]
        assert WORN["grounds"][ground] == "hot"
        worn = [context for context, grounds in WORN["suits"].items() if ground in grounds]
        assert len(worn) >= 6
        for context in worn:
            for key in ("garments", "garments_man"):
                first = (CONTEXTS[context].get(key) or CONTEXTS[context]["garments"])[0]
                assert not re.search("leather|tweed|cashmere|hoodie|blazer", first), context


def test_a_style_is_worded_for_anybody_and_a_man_s_clothes_are_a_man_s() -> None:
    for name, context in CONTEXTS.items():
        assert not re.search("dress(?! code)|skirt|blouse|heels|pumps", context["style"]), name
        worn = [*(context.get("garments_man") or context["garments"]),
                *(context.get("accessories_man") or context["accessories"])]  # fmt: skip
        assert not re.search("dress|skirt|blouse|pumps|leggings|pearl|ribbon|hoop|ballet", "; ".join(worn)), name
